//! `user_group_user_group_to_perm`: levels of user groups on user groups; so far only what deletions need.

use crate::conn::{Tx, params};
use crate::error::DbError;
use crate::ids::UserGroupId;

/// Deletes what was given on a user group and what it was given.
pub(crate) fn delete_of_user_group(tx: &Tx<'_>, group: UserGroupId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM user_group_user_group_to_perm WHERE target_user_group_id = ? OR user_group_id = ?",
        &params![group, group],
    )
}
