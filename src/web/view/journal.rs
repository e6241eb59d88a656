//! The journal.

use super::Page;
use super::common::{Paging, Person, When};
use super::frame::Frame;
use serde::Serialize;

/// What happened, by day.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Journal {
    /// Whether this is the page for everybody.
    pub public: bool,
    /// How many entries there are.
    pub total: u64,
    /// The filter as it was typed.
    pub filter: String,
    /// What is wrong with it.
    pub filter_error: Option<String>,
    /// Where the filter form leads.
    pub url: String,
    /// The Atom feed.
    pub feed_url: String,
    /// The entries, and the frame.
    #[serde(flatten)]
    pub list: JournalList,
}

impl Page for Journal {
    const TEMPLATE: &'static str = "journal.html";
}

/// The entries alone, as scripts ask for them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct JournalList {
    /// The frame.
    pub frame: Frame,
    /// The days, newest first.
    pub days: Vec<JournalDay>,
    /// The way through the list.
    pub paging: Option<Paging>,
}

impl Page for JournalList {
    const TEMPLATE: &'static str = "journal_list.html";
}

/// A day.
#[derive(Clone, Debug, Default, Serialize)]
pub struct JournalDay {
    /// `2024-01-31`
    pub date: String,
    /// What was done, by people in turn.
    pub runs: Vec<JournalRun>,
}

/// What one person did without another in between.
#[derive(Clone, Debug, Default, Serialize)]
pub struct JournalRun {
    /// Who.
    pub person: Person,
    /// Whether the account is gone.
    pub deleted: bool,
    /// What.
    pub entries: Vec<JournalRow>,
}

/// One thing done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct JournalRow {
    /// The name of its icon.
    pub icon: String,
    /// What was done, with links.
    pub text_html: String,
    /// The changesets it is about.
    pub changesets: Vec<JournalChangeset>,
    /// More of them.
    pub more: Vec<JournalChangeset>,
    /// How many more there are, those that are not listed among them.
    pub more_count: u64,
    /// All of them as one.
    pub range_url: Option<String>,
    /// When.
    pub when: When,
}

/// A changeset, or a branch or tag that came or went.
#[derive(Clone, Debug, Default, Serialize)]
pub struct JournalChangeset {
    /// `0123abcd`, or `Deleted branch: x`.
    pub text: String,
    /// Its page; none for what has none.
    pub url: Option<String>,
    /// The whole id, for scripts that ask for more about it.
    pub raw_id: String,
    /// The repository it is in.
    pub repository: String,
}
