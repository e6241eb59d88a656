//! Small pieces that many pages share.

use serde::Serialize;

/// A word that leads somewhere.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Link {
    /// What is read.
    pub text: String,
    /// Where it leads.
    pub url: String,
}

/// A moment, in the three forms a page needs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct When {
    /// Machine form with offset: `2025-11-21T23:40:00+01:00`.
    pub iso: String,
    /// The age as read: `5 minutes ago`.
    pub age: String,
    /// The exact local time, shown as a tooltip: `2025-11-21 23:40:00`.
    pub exact: String,
}

/// Somebody who wrote or owns something.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Person {
    /// The shown name: local user name, or the author's name.
    pub name: String,
    /// The full form, shown as a tooltip: `First Last <mail@example.com>`.
    pub full: String,
    /// A picture (an SVG or `<img>` without inline style); empty for none. It is decoration: the name stands beside it.
    pub avatar_html: String,
}

/// A name that points at a changeset, or a mark of its state, drawn as a chip.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Chip {
    /// `branch`, `closed-branch`, `tag`, `bookmark`, `phase`, `merge`, `bumped`, `divergent`, `extinct` or `unstable`.
    pub kind: String,
    /// The name.
    pub text: String,
    /// Where it leads, if anywhere.
    pub url: Option<String>,
}

/// The review status of a changeset.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Status {
    /// `approved`, `rejected`, `under_review` or `not_reviewed`.
    pub kind: String,
    /// The words: `Approved by alice`.
    pub text: String,
    /// The pull request or comment that set it.
    pub url: Option<String>,
}

/// A changeset as one row of a list.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChangesetRow {
    /// The id as shown: `0123456789ab` or `r12:0123456789ab`.
    pub id: String,
    /// All 40 digits.
    pub raw_id: String,
    /// Its page.
    pub url: String,
    /// First line of the message as plain text; may be empty.
    pub subject: String,
    /// The same with links, also to its page; empty where nobody made it.
    pub subject_html: String,
    /// The rest of the message as plain text; `None` if there is only one line.
    pub body: Option<String>,
    /// The same with links; empty where nobody made it.
    pub body_html: String,
    /// Who wrote it.
    pub author: Person,
    /// When.
    pub when: When,
    /// Branches, tags, bookmarks, phase.
    pub chips: Vec<Chip>,
    /// Whether it has two parents.
    pub merge: bool,
    /// The review status, if anybody voted.
    pub status: Option<Status>,
    /// Number of comments.
    pub comments: u64,
    /// The first comment; needed when `comments` is not 0.
    pub comments_url: Option<String>,
    /// What happened to the name of the file whose history this is.
    pub notice: Option<String>,
}

/// The way through a long list. `None` when all fits on one page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Paging {
    /// `101–200 of 8 260`.
    pub summary: String,
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
    /// Numbers and gaps, in order.
    pub pages: Vec<PageNumber>,
}

/// One number in a [`Paging`].
#[derive(Clone, Debug, Default, Serialize)]
pub struct PageNumber {
    /// The number; `None` draws a gap.
    pub number: Option<u64>,
    /// Its address; `None` for the current page and for gaps.
    pub url: Option<String>,
}

/// A choice in a list, a set of radio buttons or a row of tabs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Choice {
    /// The posted value.
    pub value: String,
    /// What is read.
    pub text: String,
    /// Whether it is the chosen one.
    pub selected: bool,
}

/// A list of links of which one may be where we are: sub-navigation, view switches.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tab {
    /// What is read.
    pub text: String,
    /// Where it leads.
    pub url: String,
    /// Whether this is the current one.
    pub current: bool,
    /// A number beside the word.
    pub count: Option<u64>,
}

/// A README or another document as HTML.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Document {
    /// File name: `README.md`.
    pub name: String,
    /// The file's page.
    pub url: String,
    /// The sanitised HTML.
    pub content_html: String,
}
