//! What changed between two changesets, as data and as text.
//!
//! A [`Diff`] is made in two steps. The half that knows the system lists pairs of files ([`Pair`]): which path became
//! which, with which modes, and how to get the two contents. Everything below is common: comparing two contents line by
//! line into [`Hunk`]s (`lines.rs`), and writing the whole in the form of `git diff` (`unified.rs`) that `git apply`
//! and `hg import` take.

mod binary;
mod combined;
mod combined_lines;
mod combined_text;
mod compare;
mod edits;
mod lines;
mod moved;
mod options;
mod places;
mod quote;
mod unified;
mod words;

pub use combined::{CombinedDiff, CombinedFile, CombinedHunk, CombinedLine, CombinedSide};
pub use lines::between;
pub use options::{DiffLimit, DiffOptions, Whitespace};

pub(crate) use compare::{Contents, Pair, Side, compare, weight};
pub(crate) use edits::Edits;
pub(crate) use places::{Indent, indent_of};
pub(crate) use quote::unescaped;

use crate::{Kind, RepoPath};

/// The difference between two changesets, file by file in the order of their (new) paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    /// Whose diff it is: decides what [`Diff::to_unified`] does where `git apply` and `hg import` do not agree.
    pub kind: Kind,
    /// Every file that differs, up to a hundred thousand.
    pub files: Vec<FileDiff>,
    /// Whether these are all. It takes a repository made to be a trap, or a very large one, for them not to be.
    pub complete: bool,
    /// How many of them are shown without their lines because of the [`DiffLimit`].
    pub truncated_files: usize,
}

impl Diff {
    /// Lines added and removed in all files together.
    pub fn counts(&self) -> (u64, u64) {
        self.files.iter().fold((0, 0), |(added, removed), file| {
            (added + file.added, removed + file.removed)
        })
    }
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// It is new.
    Added,
    /// Its content differs, and perhaps its mode.
    Modified,
    /// It is gone.
    Removed,
    /// It lies at another path, perhaps changed.
    Renamed,
    /// It was made from another file that is still there.
    Copied,
    /// Only its mode differs.
    ModeChanged,
}

/// The difference between two states of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// The path before; none for an added file.
    pub old_path: Option<RepoPath>,
    /// The path after; none for a removed file.
    pub new_path: Option<RepoPath>,
    /// What happened.
    pub operation: Operation,
    /// The mode before as Git writes it, e.g. `0o100644`; none for an added file.
    pub old_mode: Option<u32>,
    /// The mode after; none for a removed file.
    pub new_mode: Option<u32>,
    /// The Git blob hash of the content before, forty hex digits: zeros for an added file, empty where
    /// the limit forbade to read it.
    pub old_id: String,
    /// The Git blob hash of the content after, forty hex digits: zeros for a removed file, empty where
    /// the limit forbade to read it.
    pub new_id: String,
    /// How alike both sides of a rename or copy are, in percent.
    pub similarity: Option<u8>,
    /// Whether one of the contents is no text.
    pub binary: bool,
    /// Both contents of a binary file, where [`DiffOptions::binary_content`] asked for them.
    pub binary_content: Option<BinaryContent>,
    /// How many lines were added.
    pub added: u64,
    /// How many lines were removed.
    pub removed: u64,
    /// The differing places; empty for binary files and for `truncated` ones.
    pub hunks: Vec<Hunk>,
    /// Whether the hunks were left out because of the [`DiffLimit`].
    pub truncated: bool,
    /// Why they were left out. To see them all the same, ask for this file alone ([`DiffOptions::paths`]) without a limit.
    pub cut: Option<Cut>,
}

/// Why a file is shown without its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cut {
    /// There were enough files before it.
    TooManyFiles,
    /// One of its sides has so many bytes. Above [`DiffOptions::LARGEST_FILE`] nothing is compared, limit or not.
    FileTooLarge(u64),
    /// Its lines, of so many bytes, would make the whole too long.
    TooMuchText(u64),
}

impl FileDiff {
    /// The path to show: the new one, or the old one of a removed file.
    pub fn path(&self) -> &RepoPath {
        const ROOT: &RepoPath = &RepoPath::root();
        self.new_path
            .as_ref()
            .or(self.old_path.as_ref())
            .unwrap_or(ROOT)
    }
}

/// The two contents of a binary file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryContent {
    /// Before; empty for an added file.
    pub old: Vec<u8>,
    /// After; empty for a removed file.
    pub new: Vec<u8>,
}

/// A differing place with the unchanged lines around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// First line in the old file, counted from 1; where `old_len` is 0 the line before the place.
    pub old_start: u32,
    /// Lines of the old file.
    pub old_len: u32,
    /// First line in the new file, counted from 1; where `new_len` is 0 the line before the place.
    pub new_start: u32,
    /// Lines of the new file.
    pub new_len: u32,
    /// The last line above the hunk that looks like a heading, e.g. the start of the function; may be empty.
    pub section: Vec<u8>,
    /// The lines.
    pub lines: Vec<Line>,
}

/// What a line of a hunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// In both files.
    Context,
    /// In the new file only.
    Added,
    /// In the old file only.
    Removed,
}

/// One line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which files it is in.
    pub kind: LineKind,
    /// Its number in the old file, from 1.
    pub old_no: Option<u32>,
    /// Its number in the new file, from 1.
    pub new_no: Option<u32>,
    /// The line without its newline; a carriage return before it is kept.
    pub text: Vec<u8>,
    /// Whether the file ends here without a newline.
    pub no_newline: bool,
    /// The parts of the text that are new, or gone, where the line is another form of one on the other side
    /// ([`DiffOptions::words`]).
    pub changed: Vec<std::ops::Range<usize>>,
    /// Where the line went, or came from ([`DiffOptions::moved`]).
    pub moved: Option<Moved>,
}

/// The other place of a moved line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Moved {
    /// Which of [`Diff::files`].
    pub file: usize,
    /// The number of the line there: in the new file for a removed line, in the old file for an added one.
    pub line: u32,
}
