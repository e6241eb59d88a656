//! Making repositories and groups.

use super::Page;
use super::common::Choice;
use super::form::FormError;
use super::frame::Frame;
use serde::Serialize;

/// Fields `repo_name`, `clone_uri`, `repo_description`, `repo_group`, `repo_copy_permissions`, `repo_type`,
/// `repo_landing_rev`, `repo_private`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewRepository {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action_url: String,
    /// Where "Cancel" leads.
    pub cancel_url: String,
    /// What was typed.
    pub repo_name: String,
    /// What was typed.
    pub clone_uri: String,
    /// What was typed.
    pub repo_description: String,
    /// The groups this user may create in; `-1` is the top.
    pub repo_group: Vec<Choice>,
    /// Whether permissions are copied from the group.
    pub repo_copy_permissions: bool,
    /// `hg` and `git`, as far as both can be made here.
    pub repo_type: Vec<Choice>,
    /// Whether it is private.
    pub repo_private: bool,
    /// What was wrong.
    pub errors: Vec<FormError>,
}

impl Page for NewRepository {
    const TEMPLATE: &'static str = "new_repository.html";
}

/// Fields `group_name`, `group_description`, `parent_group_id`, `group_copy_permissions`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewGroup {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action_url: String,
    /// Where "Cancel" leads.
    pub cancel_url: String,
    /// What was typed.
    pub group_name: String,
    /// What was typed.
    pub group_description: String,
    /// The groups it may be put in; `-1` is the top.
    pub parent_group_id: Vec<Choice>,
    /// Whether permissions are copied from the parent.
    pub group_copy_permissions: bool,
    /// What was wrong.
    pub errors: Vec<FormError>,
}

impl Page for NewGroup {
    const TEMPLATE: &'static str = "new_group.html";
}
