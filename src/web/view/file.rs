//! A file at a revision, as source, rendered, or annotated.

use super::Page;
use super::common::{ChangesetRow, Link, Tab};
use super::frame::Frame;
use super::repo::{RefPicker, RepoFrame};
use serde::Serialize;

/// The view of a file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FileView {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// Short id of the revision in view.
    pub id: String,
    /// The parts of the path; the last one is the file.
    pub crumbs: Vec<Link>,
    /// The root at this revision.
    pub root_url: String,
    /// Choice of another revision.
    pub picker: RefPicker,
    /// The last changeset that changed the file.
    pub last: Option<ChangesetRow>,
    /// Its name.
    pub name: String,
    /// Its path.
    pub path: String,
    /// `1.1 KiB`.
    pub size: String,
    /// `text/x-python`.
    pub mime: String,
    /// `Python`; empty if not known.
    pub language: String,
    /// Whether it may be executed.
    pub executable: bool,
    /// `text`, `rendered`, `empty`, `binary`, `image`, `too_big`, `symlink` or `submodule`.
    pub kind: String,
    /// Source, rendered, annotation: the views this file has.
    pub views: Vec<Tab>,
    /// Each line as HTML (for `text`), without its end.
    pub lines_html: Vec<String>,
    /// For the annotated view: one entry for each line.
    pub blame: Vec<BlameLine>,
    /// The document (for `rendered`).
    pub content_html: String,
    /// Where a symbolic link points or the id of a submodule.
    pub target: String,
    /// The target's page, if it has one.
    pub target_url: Option<String>,
    /// The bytes, shown by the browser if it can.
    pub raw_url: String,
    /// The bytes as a download.
    pub download_url: String,
    /// This view by the full id, for `y`.
    pub permalink_url: String,
    /// The history of the file.
    pub history_url: String,
    /// Edit, for those who may.
    pub edit_url: Option<String>,
    /// Delete, for those who may.
    pub delete_url: Option<String>,
    /// When the file is too big to be shown: the view without the limit.
    pub full_url: Option<String>,
}

impl Page for FileView {
    const TEMPLATE: &'static str = "file.html";
}

/// Who last changed a line.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BlameLine {
    /// Whether a new block starts here: only then the words are drawn.
    pub first: bool,
    /// Short id.
    pub id: String,
    /// The changeset.
    pub url: String,
    /// First line of its message, a tooltip.
    pub subject: String,
    /// Author's name.
    pub author: String,
    /// Age in words.
    pub age: String,
    /// Age from 0 (newest in this file) to 9 (oldest), the colour of the thin bar.
    pub heat: u8,
    /// The file before this changeset.
    pub before_url: Option<String>,
}
