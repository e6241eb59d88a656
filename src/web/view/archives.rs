//! Revisions as files to download.

use super::Page;
use super::common::{Choice, Link};
use super::frame::Frame;
use super::repo::RepoFrame;
use serde::Serialize;

/// The page that offers archives.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Archives {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// Whether the repository offers none.
    pub disabled: bool,
    /// Branches and tags.
    pub rows: Vec<ArchiveRow>,
    /// The kinds of archives.
    pub formats: Vec<Choice>,
    /// Where the form for any other revision goes to (GET).
    pub form_url: String,
    /// What stands in its field.
    pub revision: String,
}

impl Page for Archives {
    const TEMPLATE: &'static str = "archives.html";
}

/// A name and its archives.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ArchiveRow {
    /// `branch` or `tag`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// Short id.
    pub id: String,
    /// The changeset.
    pub url: String,
    /// One for each kind of archive.
    pub links: Vec<Link>,
}
