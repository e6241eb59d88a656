//! `users_groups_members`: who is in which user group. The schema allows a member twice; we neither write nor show it.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::{UserGroupId, UserId};

/// The members of a user group, each once. Members whose account is gone are passed over.
pub fn of_user_group(conn: &Conn, group: UserGroupId) -> Result<Vec<UserId>, DbError> {
    conn.query(
        "SELECT user_id FROM users WHERE user_id IN \
         (SELECT user_id FROM users_groups_members WHERE users_group_id = ?) ORDER BY user_id",
        &params![group],
        |row| row.take(),
    )
}

/// Makes an account a member, unless it is one.
pub fn add(tx: &Tx<'_>, group: UserGroupId, user: UserId) -> Result<(), DbError> {
    let member = tx.exists(
        "SELECT 1 FROM users_groups_members WHERE users_group_id = ? AND user_id = ?",
        &params![group, user],
    )?;
    if !member {
        tx.insert(
            "users_groups_members",
            "users_group_member_id",
            &[("users_group_id", group.into()), ("user_id", user.into())],
        )?;
    }
    Ok(())
}

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM users_groups_members WHERE user_id = ?",
        &params![user],
    )
}

pub(crate) fn delete_of_user_group(tx: &Tx<'_>, group: UserGroupId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM users_groups_members WHERE users_group_id = ?",
        &params![group],
    )
}
