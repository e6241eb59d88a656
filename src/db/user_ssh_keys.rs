//! `user_ssh_keys`: SSH keys of accounts; so far only what deletions need.

use crate::conn::{Tx, params};
use crate::error::DbError;
use crate::ids::UserId;

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM user_ssh_keys WHERE user_id = ?",
        &params![user],
    )
}
