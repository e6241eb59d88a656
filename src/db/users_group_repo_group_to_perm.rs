//! `users_group_repo_group_to_perm`: levels of user groups on repository groups.

use crate::conn::{Conn, Tx};
use crate::error::DbError;
use crate::grants::GrantTable;
use crate::ids::{GroupId, UserGroupId};
use crate::level::{Level, ObjectKind};
use crate::users_group_repo_to_perm::{self, UserGroupGrant};

pub(crate) const TABLE: GrantTable = GrantTable {
    table: "users_group_repo_group_to_perm",
    id: "users_group_repo_group_to_perm_id",
    subject: "users_group_id",
    object: "group_id",
    kind: ObjectKind::RepositoryGroup,
};

/// The user groups with a level on a repository group, by name.
pub fn of_group(conn: &Conn, group: GroupId) -> Result<Vec<UserGroupGrant>, DbError> {
    users_group_repo_to_perm::user_group_grants(conn, &TABLE, group.into())
}

/// Gives a user group this level on a repository group, instead of any it had.
pub fn grant(
    tx: &Tx<'_>,
    user_group: UserGroupId,
    group: GroupId,
    level: Level,
) -> Result<(), DbError> {
    TABLE.grant(tx, user_group, group, level)
}

/// Takes away the level of a user group on a repository group. Says whether there was one.
pub fn revoke(tx: &Tx<'_>, user_group: UserGroupId, group: GroupId) -> Result<bool, DbError> {
    TABLE.revoke(tx, user_group, group)
}

pub(crate) fn delete_of_user_group(tx: &Tx<'_>, user_group: UserGroupId) -> Result<usize, DbError> {
    TABLE.delete_of_subject(tx, user_group)
}

pub(crate) fn delete_of_group(tx: &Tx<'_>, group: GroupId) -> Result<usize, DbError> {
    TABLE.delete_of_object(tx, group)
}
