//! The home page and the page of a repository group: groups and repositories in one table.

use super::Page;
use super::common::{Link, Paging, Person, Tab, When};
use super::frame::Frame;
use serde::Serialize;

/// The list of groups and repositories, at the top or in one group.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Home {
    /// The frame.
    pub frame: Frame,
    /// The group in view; `None` on the home page.
    pub group: Option<GroupHead>,
    /// The filter in view (`?filter=`).
    pub filter: String,
    /// All, mine, followed, recent; empty draws none.
    pub tabs: Vec<Tab>,
    /// The columns that sort: name, last change, owner.
    pub columns: Vec<Column>,
    /// What the filter's form keeps of the address: field and value.
    pub kept: Vec<(&'static str, &'static str)>,
    /// Whether all rows there are stand on this page, so that a script can filter them.
    pub all_here: bool,
    /// Groups, in tree order.
    pub groups: Vec<GroupRow>,
    /// Repositories.
    pub repositories: Vec<RepositoryRow>,
    /// Both as data, for programs.
    pub data_html: String,
    /// The way through a long list.
    pub paging: Option<Paging>,
    /// Whether the instance has neither groups nor repositories: says how to begin.
    pub fresh: bool,
    /// New repository here.
    pub new_repository: Option<String>,
    /// New group here.
    pub new_group: Option<String>,
}

impl Page for Home {
    const TEMPLATE: &'static str = "home.html";
}

/// The head of a column that sorts.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Column {
    /// Its name.
    pub text: String,
    /// The list sorted by it; the other way round when it is already.
    pub url: String,
    /// `ascending`, `descending`, or empty when another column rules.
    pub sorted: &'static str,
}

/// The head of a group's page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GroupHead {
    /// The last part of its name.
    pub name: String,
    /// Its page.
    pub url: String,
    /// The groups above, outermost first.
    pub parents: Vec<Link>,
    /// The description as HTML; empty for none.
    pub description_html: String,
    /// Settings, for its administrators.
    pub settings_url: Option<String>,
}

/// A group as a row.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GroupRow {
    /// The last part of its name.
    pub name: String,
    /// The full name, what the filter looks at.
    pub full_name: String,
    /// Its page.
    pub url: String,
    /// Plain text.
    pub description: String,
    /// Depth below the page in view: 0, 1, … up to 5.
    pub depth: u8,
    /// Repositories in it and below that the visitor may read.
    pub repositories: u64,
    /// Groups directly in it.
    pub groups: u64,
    /// Who owns it.
    pub owner: Option<Person>,
}

/// A repository as a row.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RepositoryRow {
    /// The name shown: the last part, or the full one in flat lists.
    pub name: String,
    /// The full name, what the filter looks at.
    pub full_name: String,
    /// Its page.
    pub url: String,
    /// `hg` or `git`.
    pub kind: String,
    /// Plain text, one line.
    pub description: String,
    /// Whether it is private.
    pub private: bool,
    /// Its parent, if it is a fork.
    pub fork_of: Option<Link>,
    /// Whether it is still being made.
    pub pending: bool,
    /// Whether the visitor follows it.
    pub following: bool,
    /// The newest changeset; `None` if there is none yet.
    pub last: Option<LastChange>,
    /// Who owns it.
    pub owner: Person,
}

/// The newest change of a thing, in short.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LastChange {
    /// Short id.
    pub id: String,
    /// First line of the message.
    pub subject: String,
    /// The changeset.
    pub url: String,
    /// Who made it.
    pub author: Person,
    /// When.
    pub when: When,
}
