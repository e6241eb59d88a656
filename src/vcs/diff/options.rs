//! How to compare.

use crate::RepoPath;

/// Which white space counts when lines are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Whitespace {
    /// All of it.
    #[default]
    Keep,
    /// None of it, like `git diff -w`.
    All,
    /// That there is some, but not how much and of what kind, and none at the end of a line; like `git diff -b`.
    Amount,
    /// All but that at the end of a line, like `git diff --ignore-space-at-eol`.
    LineEnd,
}

/// How to compare two changesets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffOptions {
    /// How many unchanged lines to show around each change.
    pub context: u32,
    /// Which white space counts.
    pub ignore_whitespace: Whitespace,
    /// Only these files, or what lies below these directories; all when empty. Nothing else is compared then, unless a file
    /// was added or removed there: it may have come from elsewhere, or have gone there.
    pub paths: Vec<RepoPath>,
    /// Whether to look for copies in Git, too, like `git diff -C`: among the files that are changed or removed at the same time.
    /// Mercurial's copies are recorded and always told.
    pub copies: bool,
    /// When to leave out lines; `None` shows everything.
    pub limit: Option<DiffLimit>,
    /// Whether to keep the contents of binary files, so that the text form can be applied to them too.
    pub binary_content: bool,
    /// Whether to mark the changed words of changed lines.
    pub words: bool,
    /// Whether to tell which lines were moved.
    pub moved: bool,
    /// Whether to list the files only: no contents are read, there are no lines and no counts.
    pub names_only: bool,
}

impl DiffOptions {
    /// A file larger than this on either side is never compared: there is no page for it.
    pub const LARGEST_FILE: u64 = 64 * 1024 * 1024;
}

impl Default for DiffOptions {
    fn default() -> Self {
        DiffOptions {
            context: 3,
            ignore_whitespace: Whitespace::Keep,
            paths: Vec::new(),
            copies: false,
            limit: None,
            binary_content: false,
            words: false,
            moved: false,
            names_only: false,
        }
    }
}

/// When a diff is too large to be shown whole. Files are always listed; only their lines are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiffLimit {
    /// After this many files, nothing is compared any more: no lines, no counts.
    pub files: usize,
    /// A file larger than this on either side is not compared: no lines, no counts.
    pub blob_bytes: u64,
    /// A file whose hunks would bring the text of the whole diff above this many bytes is shown with counts only. Smaller
    /// ones after it are still shown.
    pub text_bytes: u64,
    /// The same for lines: each takes a row of a page, however short it is.
    pub lines: u64,
}
