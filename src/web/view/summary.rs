//! The first page of a repository.

use super::Page;
use super::common::{ChangesetRow, Document, Link, Paging, Person, When};
use super::frame::Frame;
use super::repo::RepoFrame;
use super::statistics::SummaryFacts;
use serde::Serialize;

/// README on the left, facts on the right; or the first steps, if the repository is empty ([`RepoFrame::empty`]).
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// The README at the landing revision.
    pub readme: Option<Document>,
    /// The landing revision: its name and the files there.
    pub landing: Option<Link>,
    /// Who owns it.
    pub owner: Person,
    /// When it was made.
    pub created: Option<When>,
    /// Sum of file sizes, `1.2 MB`.
    pub size: Option<String>,
    /// What tells the size, when it is not known yet.
    pub size_url: Option<String>,
    /// Languages and activity.
    #[serde(flatten)]
    pub facts: SummaryFacts,
    /// What has them, when they are not known yet.
    pub facts_url: Option<String>,
    /// Whether nothing is counted here.
    pub statistics_disabled: bool,
    /// The newest changesets, a page of them.
    pub latest: Vec<ChangesetRow>,
    /// The way to the older ones.
    pub paging: Option<Paging>,
    /// How many changesets there are.
    pub changesets: Option<u64>,
    /// Open branches, newest first, about five.
    pub branches: Vec<RefRow>,
    /// How many there are.
    pub branch_count: u64,
    /// Tags, newest first, about five.
    pub tags: Vec<RefRow>,
    /// How many there are.
    pub tag_count: u64,
    /// Bookmarks, about five.
    pub bookmarks: Vec<RefRow>,
    /// How many there are.
    pub bookmark_count: u64,
    /// Archives of the landing revision: `zip`, `tar.gz`.
    pub downloads: Vec<Link>,
    /// Whether nobody may download any.
    pub downloads_disabled: bool,
    /// Where the first file of an empty repository is made, for those who may.
    pub add_file_url: Option<String>,
    /// The Atom feed.
    pub feed_url: Option<String>,
}

impl Page for Summary {
    const TEMPLATE: &'static str = "summary.html";
}

/// A language's share.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Language {
    /// Its name.
    pub name: String,
    /// Its share in percent, `42.1`.
    pub percent: f64,
    /// The same for people to read, in the figures of their language.
    pub share: String,
    /// The sum of the shares before it: where its piece of the bar starts.
    pub start: f64,
    /// How many files are written in it.
    pub files: u64,
}

/// A branch, tag or bookmark in short.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RefRow {
    /// Its name.
    pub name: String,
    /// The changelog up to it.
    pub url: String,
    /// Short id of the changeset it points at.
    pub id: String,
    /// That changeset.
    pub changeset_url: String,
    /// Its age.
    pub when: Option<When>,
}
