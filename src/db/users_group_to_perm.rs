//! `users_group_to_perm`: global permissions of user groups. What of them reaches an account is read together with
//! the rest by [`user_to_perm::reaching`](crate::user_to_perm::reaching).

use crate::conn::{Tx, params};
use crate::error::DbError;
use crate::ids::UserGroupId;

pub(crate) fn delete_of_user_group(tx: &Tx<'_>, group: UserGroupId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM users_group_to_perm WHERE users_group_id = ?",
        &params![group],
    )
}
