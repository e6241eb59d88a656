//! Diffs, and what is said about them. They are drawn piece by piece, see `pages/diff`.

use serde::Serialize;

use super::Page;
use super::common::{Person, Status, Tab, When};
use super::frame::Assets;

/// What a piece of a page needs of the frame.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Fragment {
    /// Static files.
    pub assets: Assets,
}

/// What stands above the files: the switches and the list of files.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DiffHead {
    /// The frame.
    pub frame: Fragment,
    /// What tells it from others on the page; may be empty.
    pub key: String,
    /// Whether there is a list of files.
    pub listed: bool,
    /// Number of files.
    pub file_count: u64,
    /// Lines added in all.
    pub added: u64,
    /// Lines removed in all.
    pub deleted: u64,
    /// Whether it is shown in two columns.
    pub side_by_side: bool,
    /// The page in one column.
    pub unified_url: String,
    /// The page in two columns.
    pub side_by_side_url: String,
    /// Whether some white space does not count.
    pub ignore_whitespace: bool,
    /// The choices about white space.
    pub whitespace: Vec<Tab>,
    /// Whether blanks are made visible.
    pub blanks: bool,
    /// The page with that turned.
    pub blanks_url: String,
    /// Lines of context.
    pub context: u32,
    /// The page with more context.
    pub more_context_url: String,
    /// The page with less context, if it can be less.
    pub less_context_url: Option<String>,
    /// When bodies were left out because all is too big: the page in full.
    pub full_url: Option<String>,
    /// Whether bodies were left out.
    pub cut: bool,
    /// The files.
    pub entries: Vec<DiffEntry>,
}

impl Page for DiffHead {
    const TEMPLATE: &'static str = "diff_head.html";
}

/// A file in the list.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DiffEntry {
    /// The id of the file below: `C-0123456789ab-826e8142e6ba`.
    pub id: String,
    /// `A`, `M`, `D` or `R`.
    pub letter: String,
    /// `added`, `removed`, `modified`, `renamed` or `copied`.
    pub operation: String,
    /// The path now (or before, if it was removed).
    pub path: String,
    /// The path before, if it was renamed or copied.
    pub old_path: Option<String>,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub deleted: u64,
    /// In place of counts.
    pub note: String,
}

/// One file's differences.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DiffFile {
    /// The id of the file: `C-0123456789ab-826e8142e6ba`.
    pub id: String,
    /// Another id that links from elsewhere use.
    pub other_id: Option<String>,
    /// The prefix of line ids: lines are `<anchor>_o12` and `<anchor>_n12`.
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
    /// What lines do not tell: `100644 → 100755`, `binary`.
    pub notes: Vec<String>,
    /// The rows; empty where there is a message.
    pub body_html: String,
    /// Instead of a body: `Binary file`.
    pub message: Option<String>,
    /// When the body was left out because it is too big: where it is.
    pub load_url: Option<String>,
    /// The file before.
    pub old_url: Option<String>,
    /// The file after.
    pub new_url: Option<String>,
    /// This file's diff as text.
    pub raw_url: Option<String>,
    /// The same as a download.
    pub download_url: Option<String>,
    /// This file's diff on its own page.
    pub full_url: Option<String>,
    /// The same in two columns.
    pub two_way_url: Option<String>,
    /// The picture before.
    pub old_image_url: Option<String>,
    /// The picture after.
    pub new_image_url: Option<String>,
    /// Whether it starts folded.
    pub folded: bool,
}

/// One file's differences as a piece of a page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DiffPiece {
    /// The frame.
    pub frame: Fragment,
    /// The file.
    pub file: DiffFile,
    /// Whether it has two columns.
    pub side_by_side: bool,
}

impl Page for DiffPiece {
    const TEMPLATE: &'static str = "diff_file.html";
}

/// One comment.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CommentView {
    /// Its number.
    pub id: i64,
    /// Who wrote it.
    pub author: Person,
    /// When.
    pub when: When,
    /// What it says.
    pub text_html: String,
    /// The vote that came with it.
    pub status: Option<Status>,
    /// The pull request it was written on: its page, where it has one.
    pub pull_request: Option<i64>,
}

/// The comments at one line.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CommentChunk {
    /// The frame.
    pub frame: Fragment,
    /// The path of the file.
    pub path: String,
    /// `n12` or `o12`.
    pub line: String,
    /// The id of the line.
    pub target: String,
    /// Oldest first.
    pub comments: Vec<CommentView>,
}

impl Page for CommentChunk {
    const TEMPLATE: &'static str = "comment_chunk.html";
}

/// The comments below a diff.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CommentList {
    /// The frame.
    pub frame: Fragment,
    /// Those on the whole.
    pub general: Vec<CommentView>,
    /// Those at lines that the diff does not show.
    pub outside: Vec<CommentChunk>,
}

impl Page for CommentList {
    const TEMPLATE: &'static str = "comment_list.html";
}
