//! The permission table of a repository or a repository group.

use super::Page;
use super::common::{Choice, Tab};
use super::form::FormError;
use super::frame::Frame;
use super::home::GroupHead;
use super::repo::RepoFrame;
use serde::Serialize;

/// Fields `u_perm_<user>`, `g_perm_<user group>`, `perm_new_member_<n>`, `perm_new_member_name_<n>`,
/// `perm_new_member_type_<n>`, `repo_private` (repositories), `recursive` (groups).
#[derive(Clone, Debug, Default, Serialize)]
pub struct Permissions {
    /// The frame.
    pub frame: Frame,
    /// The repository, if it is one.
    pub repo: Option<RepoFrame>,
    /// The group, if it is one.
    pub group: Option<GroupHead>,
    /// The pages of the settings.
    pub tabs: Vec<Tab>,
    /// Where the form posts to.
    pub action_url: String,
    /// Where a revocation posts to: `obj_type` and `user_id` or `user_group_id`.
    pub revoke_url: String,
    /// The levels, weakest first: values `repository.none` … `repository.admin` or `group.none` … `group.admin`.
    pub levels: Vec<Choice>,
    /// Who has a permission now. The first row is everybody who is not named ([`PermissionRow::kind`] `default`).
    pub rows: Vec<PermissionRow>,
    /// Empty rows for new members, refilled after an error; at least one.
    pub new_rows: Vec<NewMemberRow>,
    /// Whether the repository is private (repositories only).
    pub private: bool,
    /// `none`, `repos`, `groups`, `all` (groups only; empty hides it).
    pub recursive: Vec<Choice>,
    /// `/_users_and_groups`, read by the name field.
    pub people_data_url: Option<String>,
    /// What was wrong.
    pub errors: Vec<FormError>,
}

impl Page for Permissions {
    const TEMPLATE: &'static str = "permissions.html";
}

/// One who has a permission.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PermissionRow {
    /// The field: `u_perm_alice`, `g_perm_devs`.
    pub field: String,
    /// `default`, `user` or `user_group`.
    pub kind: String,
    /// The database id, for revoking.
    pub id: i64,
    /// User name or name of the user group.
    pub name: String,
    /// Full name, `12 members`, or what the row means.
    pub detail: String,
    /// The picture; empty for none.
    pub avatar_html: String,
    /// The level held: one of [`Permissions::levels`].
    pub level: String,
    /// Why it cannot be changed: `Owner`, `Site administrator`.
    pub locked: Option<String>,
    /// Whether it may be taken away as a whole.
    pub revocable: bool,
}

/// A row for a new member.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewMemberRow {
    /// The number in the field names.
    pub n: u32,
    /// What was typed.
    pub name: String,
    /// `user` or `users_group`.
    pub kind: String,
    /// The level chosen.
    pub level: String,
}
