//! `user_user_group_to_perm`: levels of accounts on user groups; so far only what deletions need.

use crate::conn::{Tx, params};
use crate::error::DbError;
use crate::ids::{UserGroupId, UserId};

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM user_user_group_to_perm WHERE user_id = ?",
        &params![user],
    )
}

pub(crate) fn delete_of_user_group(tx: &Tx<'_>, group: UserGroupId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM user_user_group_to_perm WHERE user_group_id = ?",
        &params![group],
    )
}
