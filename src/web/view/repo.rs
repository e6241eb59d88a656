//! The frame of a repository, below the frame of the site.

use super::common::Link;
use serde::Serialize;

/// What the head of every page of a repository shows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RepoFrame {
    /// The database id, posted by the follow button.
    pub id: i64,
    /// The full name: `group/sub/repo`.
    pub name: String,
    /// The last part of the name.
    pub short_name: String,
    /// The summary page.
    pub url: String,
    /// The groups above, outermost first.
    pub groups: Vec<Link>,
    /// `hg` or `git`.
    pub kind: String,
    /// Whether visitors without a permission of their own are kept out.
    pub private: bool,
    /// The parent, if it is a fork of something this visitor may read.
    pub fork_of: Option<Link>,
    /// What it has that its parent has not; none where it is no fork.
    pub fork_compare_url: Option<String>,
    /// The remote it was cloned from, without credentials.
    pub clone_of: Option<String>,
    /// The description as HTML with links; empty for none.
    pub description_html: String,
    /// Whether the repository has no changeset.
    pub empty: bool,
    /// Whether this visitor may push.
    pub can_write: bool,
    /// Whether this visitor may change settings.
    pub can_admin: bool,
    /// Whether this visitor follows it.
    pub following: bool,
    /// Where the follow button posts `follows_repository_id` to (`/_admin/toggle_following`); `None` for anonymous visitors.
    pub follow_url: Option<String>,
    /// Number of followers.
    pub followers: u64,
    /// The list of followers.
    pub followers_url: Option<String>,
    /// Number of forks this visitor may read.
    pub forks: u64,
    /// Number of open pull requests to it.
    pub pull_requests: u64,
    /// The current tab: `summary`, `files`, `changelog`, `compare`, `pull_requests`, `forks`, `settings` or empty.
    pub tab: String,
    /// The files at the revision in view.
    pub files_url: String,
    /// The changelog.
    pub changelog_url: String,
    /// Compare.
    pub compare_url: Option<String>,
    /// Pull requests.
    pub pull_requests_url: Option<String>,
    /// List of forks.
    pub forks_url: Option<String>,
    /// Make a fork.
    pub fork_url: Option<String>,
    /// Settings; `None` for those who may not change them.
    pub settings_url: Option<String>,
    /// Search in this repository.
    pub search_url: Option<String>,
    /// `/<repo>/refs-data`, read by the branch selector.
    pub refs_data_url: String,
    /// Ways to clone, the preferred one first.
    pub clone_urls: Vec<CloneUrl>,
}

/// One way to clone.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CloneUrl {
    /// `HTTP`, `ID` or `SSH`.
    pub label: String,
    /// The address as typed after `hg clone` or `git clone`.
    pub url: String,
}

/// The choice of another revision for the page in view.
///
/// A few links stand in the page, so that it works without script; the script loads the rest from
/// [`RepoFrame::refs_data_url`] and makes addresses of `url_template`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RefPicker {
    /// What is in view: a branch, a tag, or a short id.
    pub current: String,
    /// `branch`, `tag`, `bookmark` or `revision`.
    pub kind: String,
    /// The address with `{id}` for the full id and `{name}` for the name, both percent-encoded by the script.
    pub url_template: String,
    /// Branches first, newest tags after; at most about thirty.
    pub links: Vec<RefLink>,
}

/// One entry of a [`RefPicker`].
#[derive(Clone, Debug, Default, Serialize)]
pub struct RefLink {
    /// `branch`, `closed-branch`, `tag` or `bookmark`.
    pub kind: String,
    /// Its name.
    pub text: String,
    /// The page at that revision.
    pub url: String,
    /// Whether it is the one in view.
    pub current: bool,
}
