//! `user_group_user_group_to_perm`: levels of user groups on other user groups.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::grants::GrantTable;
use crate::ids::UserGroupId;
use crate::level::{Level, ObjectKind};
use crate::users_group_repo_to_perm::{self, UserGroupGrant};

pub(crate) const TABLE: GrantTable = GrantTable {
    table: "user_group_user_group_to_perm",
    id: "user_group_user_group_to_perm_id",
    subject: "user_group_id",
    object: "target_user_group_id",
    kind: ObjectKind::UserGroup,
};

/// The user groups with a level on a user group, by name.
pub fn of_user_group(conn: &Conn, target: UserGroupId) -> Result<Vec<UserGroupGrant>, DbError> {
    users_group_repo_to_perm::user_group_grants(conn, &TABLE, target.into())
}

/// Gives a user group this level on another, instead of any it had.
pub fn grant(
    tx: &Tx<'_>,
    group: UserGroupId,
    target: UserGroupId,
    level: Level,
) -> Result<(), DbError> {
    TABLE.grant(tx, group, target, level)
}

/// Takes away the level of a user group on another. Says whether there was one.
pub fn revoke(tx: &Tx<'_>, group: UserGroupId, target: UserGroupId) -> Result<bool, DbError> {
    TABLE.revoke(tx, group, target)
}

/// Deletes what was given on a user group and what it was given.
pub(crate) fn delete_of_user_group(tx: &Tx<'_>, group: UserGroupId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM user_group_user_group_to_perm WHERE target_user_group_id = ? OR user_group_id = ?",
        &params![group, group],
    )
}
