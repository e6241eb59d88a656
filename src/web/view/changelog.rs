//! The list of changesets.

use super::Page;
use super::common::{ChangesetRow, Link, Paging};
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
    /// `8 260 changesets`, worded by the controller.
    pub total: String,
    /// The branch in view, if one was asked for.
    pub branch: Option<String>,
    /// The file or directory whose history this is: its parts as links.
    pub path: Vec<Link>,
    /// The revision the list ends at, when it is not the tip.
    pub revision: Option<Link>,
    /// The newest of all, when a branch, path or revision narrows the list.
    pub all_url: Option<String>,
    /// Choice of a branch.
    pub picker: Option<RefPicker>,
    /// The rows.
    pub rows: Vec<ChangesetRow>,
    /// The graph beside the rows: one SVG in which each row is [`Changelog::ROW_HEIGHT`] high; empty for none.
    pub graph_html: String,
    /// The graph's width in pixels; the style sheet has a column for each multiple of 16 up to 256.
    pub graph_width: u32,
    /// What a range is put behind (`/repo/changeset/` + `A...B`); `None` hides the check boxes.
    pub range_url: Option<String>,
    /// The way through the list.
    pub paging: Option<Paging>,
}

impl Changelog {
    /// The height of a row in pixels, the same as `--row` in the style sheet.
    pub const ROW_HEIGHT: u32 = 32;
}

impl Page for Changelog {
    const TEMPLATE: &'static str = "changelog.html";
}
