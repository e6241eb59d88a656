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
    /// All forty digits of it.
    pub raw_id: String,
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
    /// Its path as people read it.
    pub shown_path: String,
    /// `1.1 KiB`.
    pub size: String,
    /// `text/x-python`.
    pub mime: String,
    /// `Python`; empty if not known.
    pub language: String,
    /// Whether it may be executed.
    pub executable: bool,
    /// `LFS` or `largefile` when its content is kept beside the history.
    pub storage: String,
    /// `text`, `annotated`, `rendered`, `table`, `empty`, `binary`, `image`, `pdf`, `audio`, `video`, `too_big`, `elsewhere`, `symlink` or
    /// `submodule`.
    pub kind: String,
    /// Source, rendered, annotation: the views this file has.
    pub views: Vec<Tab>,
    /// How many lines the source, or rows the table, has.
    pub lines: u64,
    /// The place of the rows of the source, which are made while the page goes out.
    pub rows_html: String,
    /// Whether there is more of the table than is shown.
    pub cut: bool,
    /// For the annotated view: whether changesets named by the repository are passed over.
    pub ignore: Option<Switch>,
    /// The document (for `rendered`) or the table.
    pub content_html: String,
    /// Where a symbolic link points or the id of a submodule.
    pub target: String,
    /// The target's page, if it has one.
    pub target_url: Option<String>,
    /// The bytes, shown by the browser if it can.
    pub raw_url: String,
    /// The bytes for the browser's own viewers.
    pub embed_url: String,
    /// The bytes as a download.
    pub download_url: String,
    /// This view by the full id, for `y`.
    pub permalink_url: String,
    /// The history of the file.
    pub history_url: String,
    /// The same as JSON, for the choice of what to compare with.
    pub history_data_url: String,
    /// Who wrote it.
    pub authors_url: String,
    /// The difference to another revision: a GET form with `diff1` and `diff2`.
    pub compare_url: Option<String>,
    /// `/<repo>/nodelist/…`, read by the finder `t`.
    pub finder_url: Option<String>,
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

/// The same without the frame.
#[derive(Serialize)]
#[serde(transparent)]
pub struct FilePart(pub FileView);

impl Page for FilePart {
    const TEMPLATE: &'static str = "file_part.html";
}

/// Something that is on or off, and the page with the other.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Switch {
    /// Whether it is on here.
    pub on: bool,
    /// The same page the other way.
    pub url: String,
}
