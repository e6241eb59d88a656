//! Diffs, as they stand on the pages of changesets, comparisons and pull requests.

use serde::Serialize;

/// Several files' differences, with the switches above them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DiffView {
    /// The files.
    pub files: Vec<DiffFile>,
    /// Number of files changed, also when some are left out.
    pub file_count: u64,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub deleted: u64,
    /// Whether old and new stand side by side.
    pub side_by_side: bool,
    /// The page as unified diff.
    pub unified_url: String,
    /// The page side by side; `None` hides the switch.
    pub side_by_side_url: Option<String>,
    /// Whether white space is ignored.
    pub ignore_whitespace: bool,
    /// The page with that switch turned.
    pub whitespace_url: String,
    /// Lines of context.
    pub context: u32,
    /// The page with more context.
    pub more_context_url: String,
    /// The page with less context, if it can be less.
    pub less_context_url: Option<String>,
    /// When bodies were left out because all is too big: the page in full.
    pub full_url: Option<String>,
}

/// One file's differences.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DiffFile {
    /// The anchor of the file: `C-0123456789ab-826e8142e6ba`.
    pub id: String,
    /// The prefix of line anchors: lines are `<anchor>_o12` and `<anchor>_n12`.
    pub anchor: String,
    /// The path now (or before, if it was removed).
    pub path: String,
    /// The path before, if it was renamed or copied.
    pub old_path: Option<String>,
    /// `added`, `removed`, `modified`, `renamed` or `copied`.
    pub operation: String,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub deleted: u64,
    /// What lines do not tell: `mode 644 → 755`, `binary`, `new file`.
    pub notes: Vec<String>,
    /// The body's rows when unified.
    pub rows: Vec<DiffRow>,
    /// The body's rows when side by side.
    pub pairs: Vec<DiffPair>,
    /// Instead of a body: `Binary file`, `No changes besides white space`.
    pub message: Option<String>,
    /// When the body was left out because it is too big: where it is.
    pub load_url: Option<String>,
    /// The file before.
    pub old_url: Option<String>,
    /// The file after.
    pub new_url: Option<String>,
    /// This file's diff as text.
    pub raw_url: Option<String>,
    /// This file's diff on its own page.
    pub full_url: Option<String>,
    /// The image before.
    pub old_image_url: Option<String>,
    /// The image after.
    pub new_image_url: Option<String>,
    /// Whether it starts folded.
    pub folded: bool,
}

/// One line of a unified diff.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DiffRow {
    /// `same`, `add`, `del`, `hunk` (the `@@` line) or `note` (`\ No newline at end of file`).
    pub kind: String,
    /// Line number before.
    pub old_no: Option<u64>,
    /// Line number after.
    pub new_no: Option<u64>,
    /// The line as HTML without its sign, changed words in `<del>` and `<ins>`.
    pub line_html: String,
}

/// One row of a side-by-side diff. A `hunk` or `note` row has only `left`, and is drawn across.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DiffPair {
    /// Before.
    pub left: Option<DiffRow>,
    /// After.
    pub right: Option<DiffRow>,
}
