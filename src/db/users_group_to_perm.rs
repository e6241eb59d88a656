//! `users_group_to_perm`: global permissions of user groups. What of them reaches an account is read together with
//! the rest by [`user_to_perm::reaching`](crate::user_to_perm::reaching).

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::{PermissionName, UserGroupId};
use crate::permissions;

/// The global permissions of a user group.
pub fn of_user_group(conn: &Conn, group: UserGroupId) -> Result<Vec<PermissionName>, DbError> {
    conn.query(
        "SELECT p.permission_name FROM users_group_to_perm t JOIN permissions p ON p.permission_id = t.permission_id \
         WHERE t.users_group_id = ? ORDER BY t.users_group_to_perm_id",
        &params![group],
        |row| row.take(),
    )
}

/// Gives a user group a global permission.
pub fn insert(tx: &Tx<'_>, group: UserGroupId, name: &PermissionName) -> Result<(), DbError> {
    let permission = permissions::id_for_write(tx, name)?;
    tx.insert(
        "users_group_to_perm",
        "users_group_to_perm_id",
        &[
            ("users_group_id", group.into()),
            ("permission_id", permission.into()),
        ],
    )
    .map(drop)
}

/// Takes all global permissions from a user group.
pub fn delete_of_user_group(tx: &Tx<'_>, group: UserGroupId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM users_group_to_perm WHERE users_group_id = ?",
        &params![group],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;
    use crate::{UserId, users_groups};

    #[test]
    fn permissions_are_given_and_taken() {
        let test = TestDb::fresh();
        let group = test.write(|tx| users_groups::insert(tx, &"new".into(), "", UserId(1)));
        test.write(|tx| insert(tx, group, &"hg.fork.none".into()));
        test.write(|tx| insert(tx, group, &"hg.create.repository".into()));
        let names = test.read(|conn| of_user_group(conn, group));
        assert_eq!(
            names,
            ["hg.fork.none", "hg.create.repository"].map(PermissionName::from)
        );
        assert_eq!(test.write(|tx| delete_of_user_group(tx, group)), 2);
    }
}
