//! Settings of a repository and of a repository group.

use super::Page;
use super::common::{Choice, Link, Tab};
use super::form::FormError;
use super::frame::Frame;
use super::home::GroupHead;
use super::repo::RepoFrame;
use serde::Serialize;

/// Fields `repo_name`, `clone_uri`, `clone_uri_hidden`, `repo_group`, `repo_landing_rev`, `owner`, `repo_description`,
/// `repo_private`, `repo_enable_statistics`, `repo_enable_downloads`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RepoSettings {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// The pages of the settings.
    pub tabs: Vec<Tab>,
    /// Where the form posts to: `/_admin/repos/<repo>`.
    pub action_url: String,
    /// The last part of the name.
    pub repo_name: String,
    /// The remote with the password hidden.
    pub clone_uri: String,
    /// The same as it was when the form was made.
    pub clone_uri_hidden: String,
    /// The groups it may be moved to; `-1` is the top.
    pub repo_group: Vec<Choice>,
    /// `rev:tip`, `branch:x`, `book:x`, `tag:x`.
    pub repo_landing_rev: Vec<Choice>,
    /// User name of the owner.
    pub owner: String,
    /// The description.
    pub repo_description: String,
    /// Whether it is private.
    pub repo_private: bool,
    /// Whether statistics are made.
    pub repo_enable_statistics: bool,
    /// Whether archives may be downloaded.
    pub repo_enable_downloads: bool,
    /// The address that survives a rename.
    pub permanent_url: String,
    /// What was wrong.
    pub errors: Vec<FormError>,
}

impl Page for RepoSettings {
    const TEMPLATE: &'static str = "repo_settings.html";
}

/// Deleting a repository. Fields `confirm_name` and, when there are forks, `forks` (`detach_forks`, `delete_forks`).
#[derive(Clone, Debug, Default, Serialize)]
pub struct RepoDelete {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// The pages of the settings.
    pub tabs: Vec<Tab>,
    /// Where the form posts to: `/_admin/repos/<repo>/delete`.
    pub action_url: String,
    /// Forks that hang on it.
    pub forks: Vec<Link>,
    /// What is done with the files, one sentence: where the folder goes and how to get it back.
    pub aftermath: String,
    /// What was wrong.
    pub errors: Vec<FormError>,
}

impl Page for RepoDelete {
    const TEMPLATE: &'static str = "repo_delete.html";
}

/// Fields `group_name`, `group_description`, `parent_group_id`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GroupSettings {
    /// The frame.
    pub frame: Frame,
    /// The group.
    pub group: GroupHead,
    /// The pages of the settings.
    pub tabs: Vec<Tab>,
    /// Where the form posts to: `/_admin/repo_groups/<group>`.
    pub action_url: String,
    /// The last part of the name.
    pub group_name: String,
    /// The description.
    pub group_description: String,
    /// The groups it may be moved to; `-1` is the top.
    pub parent_group_id: Vec<Choice>,
    /// What was wrong.
    pub errors: Vec<FormError>,
}

impl Page for GroupSettings {
    const TEMPLATE: &'static str = "group_settings.html";
}

/// Deleting a group. Field `confirm_name`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GroupDelete {
    /// The frame.
    pub frame: Frame,
    /// The group.
    pub group: GroupHead,
    /// The full name, which must be typed.
    pub full_name: String,
    /// The pages of the settings.
    pub tabs: Vec<Tab>,
    /// Where the form posts to: `/_admin/repo_groups/<group>/delete`.
    pub action_url: String,
    /// Why it cannot be deleted now: `This group contains 3 repositories.`
    pub obstacle: Option<String>,
    /// What was wrong.
    pub errors: Vec<FormError>,
}

impl Page for GroupDelete {
    const TEMPLATE: &'static str = "group_delete.html";
}
