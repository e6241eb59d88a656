//! A directory at a revision.

use super::Page;
use super::common::{ChangesetRow, Document, Link, Paging};
use super::frame::Frame;
use super::home::LastChange;
use super::repo::{RefPicker, RepoFrame};
use serde::Serialize;

/// A directory listing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Files {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// Short id of the revision in view.
    pub id: String,
    /// The parts of the path; the last one is the directory in view. Empty at the root.
    pub crumbs: Vec<Link>,
    /// The root at this revision.
    pub root_url: String,
    /// Choice of another revision.
    pub picker: RefPicker,
    /// The changeset in view, or the last one that changed this directory.
    pub last: Option<ChangesetRow>,
    /// The history of this directory.
    pub history_url: String,
    /// This page by the full id, for `y`.
    pub permalink_url: String,
    /// The directory above; `None` at the root.
    pub parent_url: Option<String>,
    /// Directories first.
    pub entries: Vec<Entry>,
    /// The way through a very long listing.
    pub paging: Option<Paging>,
    /// Whether the repository has no changeset yet: then there is nothing else here.
    pub no_changesets: bool,
    /// The README of this directory.
    pub readme: Option<Document>,
    /// Archives of this revision.
    pub downloads: Vec<Link>,
    /// Add a file here, for those who may.
    pub add_url: Option<String>,
    /// `/<repo>/nodelist/…`, read by the finder `t`.
    pub finder_url: Option<String>,
}

impl Page for Files {
    const TEMPLATE: &'static str = "files.html";
}

/// The same without the frame.
#[derive(Serialize)]
#[serde(transparent)]
pub struct FilesPart(pub Files);

impl Page for FilesPart {
    const TEMPLATE: &'static str = "files_part.html";
}

/// A row of the listing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Entry {
    /// `dir`, `file`, `exec`, `symlink` or `submodule`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its page; `None` for a submodule whose address leads nowhere.
    pub url: Option<String>,
    /// `1.1 KiB`; empty for directories.
    pub size: String,
    /// `LFS` or `largefile` when its content is kept beside the history.
    pub storage: String,
    /// Where a symbolic link points, or the short id of a submodule.
    pub target: Option<String>,
    /// The last change.
    pub last: Option<LastChange>,
}
