//! The list of changesets.

use super::Page;
use super::common::{ChangesetRow, Choice, Link, Paging};
use super::frame::Frame;
use super::repo::{RefPicker, RepoFrame};
use serde::Serialize;

/// The changelog of a repository, a branch or a file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Changelog {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// `8 260 changesets`, worded by the controller; empty where nobody counted.
    pub total: String,
    /// The branch in view, if one was asked for.
    pub branch: Option<String>,
    /// The file or directory whose history this is: its parts as links.
    pub path: Vec<Link>,
    /// The file or directory itself at the newest of its changesets.
    pub path_url: Option<String>,
    /// The revision the list ends at, when it is not the tip.
    pub revision: Option<Link>,
    /// The newest of all, when a branch, path or revision narrows the list.
    pub all_url: Option<String>,
    /// Choice of a branch.
    pub picker: Option<RefPicker>,
    /// What the list can be narrowed by.
    pub filter: ChangelogFilter,
    /// The rows.
    pub rows: Vec<ChangesetRow>,
    /// The graph beside the rows: one SVG in which each row is [`Changelog::ROW_HEIGHT`] high; empty for none.
    pub graph_html: String,
    /// The same as the data that scrapers of these pages look for; empty for none.
    pub graph_data_html: String,
    /// The graph's width in pixels; the style sheet has a column for each multiple of 16 up to 256.
    pub graph_width: u32,
    /// What a range is put behind (`/repo/changeset/` + `A...B`); `None` hides the check boxes.
    pub range_url: Option<String>,
    /// What the id of a changeset is put behind to learn which files it touched.
    pub details_url: String,
    /// The way through the list.
    pub paging: Option<Paging>,
}

/// The filter form: a GET to `url`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChangelogFilter {
    /// Where the form leads.
    pub url: String,
    /// Whether anything but the branch is set, so that the form is shown open.
    pub open: bool,
    /// Open branches.
    pub branches: Vec<Choice>,
    /// Closed branches.
    pub closed_branches: Vec<Choice>,
    /// A part of the author.
    pub author: String,
    /// The first day, `2024-01-31`.
    pub since: String,
    /// The last day.
    pub until: String,
    /// Rows on a page.
    pub size: usize,
}

impl Changelog {
    /// The height of a row in pixels, the same as `--row` in the style sheet.
    pub const ROW_HEIGHT: u32 = 32;
}

impl Page for Changelog {
    const TEMPLATE: &'static str = "changelog.html";
}

/// How many files a changeset touched, for scripts.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChangelogDetails {
    /// `removed`, `changed` and `added`.
    pub counts: Vec<DetailsCount>,
}

/// Files of one kind.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DetailsCount {
    /// `removed`, `changed` or `added`: its class.
    pub kind: &'static str,
    /// The number, or `!` for very many.
    pub text: String,
    /// Their names.
    pub title: String,
}

impl Page for ChangelogDetails {
    const TEMPLATE: &'static str = "changelog_details.html";
}
