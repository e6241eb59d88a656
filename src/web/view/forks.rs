//! Forks and followers.

use super::Page;
use super::common::{Choice, Link, Paging, Person, When};
use super::form::FormError;
use super::frame::Frame;
use super::repo::RepoFrame;
use serde::Serialize;

/// The list of forks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Forks {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// What the list holds.
    pub list: ForkList,
}

impl Page for Forks {
    const TEMPLATE: &'static str = "forks.html";
}

/// The list alone, for scripts that ask for a part of the page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ForkList {
    /// The forks of this page.
    pub forks: Vec<Fork>,
    /// The way to the other pages.
    pub paging: Option<Paging>,
}

/// What a script gets of the page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ForksPart {
    /// What the list holds.
    pub list: ForkList,
}

impl Page for ForksPart {
    const TEMPLATE: &'static str = "forks_part.html";
}

/// One fork.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Fork {
    /// Who owns it.
    pub owner: Person,
    /// Its full name and its summary.
    pub link: Link,
    /// Empty when nobody wrote one.
    pub description_html: String,
    /// When it was made.
    pub when: When,
    /// What it has that the original has not.
    pub compare_url: String,
}

/// The list of followers.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Followers {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// What the list holds.
    pub list: FollowerList,
}

impl Page for Followers {
    const TEMPLATE: &'static str = "followers.html";
}

/// The list alone.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FollowerList {
    /// The followers of this page.
    pub followers: Vec<Follower>,
    /// The way to the other pages.
    pub paging: Option<Paging>,
}

/// What a script gets of the page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FollowersPart {
    /// What the list holds.
    pub list: FollowerList,
}

impl Page for FollowersPart {
    const TEMPLATE: &'static str = "followers_part.html";
}

/// One follower.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Follower {
    /// Who.
    pub user: Person,
    /// Since when.
    pub when: When,
}

/// The form that makes a fork. Fields `repo_name`, `repo_type`, `fork_parent_id`, `description`, `repo_group`, `landing_rev`,
/// `private`, `copy_permissions`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewFork {
    /// The frame.
    pub frame: Frame,
    /// The repository that is forked.
    pub repo: RepoFrame,
    /// Where the form posts to.
    pub action_url: String,
    /// Where "Cancel" leads.
    pub cancel_url: String,
    /// What was typed.
    pub repo_name: String,
    /// What was typed.
    pub description: String,
    /// The groups this user may create in; `-1` is the top.
    pub repo_group: Vec<Choice>,
    /// Whether it is private.
    pub private: bool,
    /// Whether the permissions of the original are copied.
    pub copy_permissions: bool,
    /// What was wrong.
    pub errors: Vec<FormError>,
}

impl Page for NewFork {
    const TEMPLATE: &'static str = "new_fork.html";
}
