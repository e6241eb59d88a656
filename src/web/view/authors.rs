//! Who wrote a file.

use super::Page;
use super::common::{Link, Person};
use super::frame::Frame;
use super::repo::{RefPicker, RepoFrame};
use serde::Serialize;

/// The page of the authors of a file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Authors {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// The parts of the path; the last one is the file.
    pub crumbs: Vec<Link>,
    /// The root at this revision.
    pub root_url: String,
    /// Choice of another revision.
    pub picker: RefPicker,
    /// The path.
    pub path: String,
    /// The file's page.
    pub file_url: String,
    /// Those with most changesets first.
    pub authors: Vec<AuthorRow>,
}

impl Page for Authors {
    const TEMPLATE: &'static str = "authors.html";
}

/// The same as a piece that scripts put into another page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AuthorsPiece {
    /// Those with most changesets first.
    pub authors: Vec<AuthorRow>,
}

impl Page for AuthorsPiece {
    const TEMPLATE: &'static str = "authors_piece.html";
}

/// Somebody who changed the file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AuthorRow {
    /// Who.
    pub person: Person,
    /// How many changesets of the file are theirs.
    pub changesets: u64,
}
