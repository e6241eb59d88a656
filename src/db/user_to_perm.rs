//! `user_to_perm`: global permissions of accounts. Those of the default user are a floor for everybody and also tell
//! the level that a new object gives to all.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::{DEFAULT_USER, PermissionName, UserId};
use crate::permissions;

/// The names of all global permissions that reach an account: of the default user, of the active user groups it is a
/// member of, and its own. Several of one kind may be among them.
pub fn reaching(conn: &Conn, user: UserId) -> Result<Vec<PermissionName>, DbError> {
    conn.query(
        "SELECT p.permission_name FROM permissions p WHERE p.permission_id IN (\
           SELECT t.permission_id FROM user_to_perm t \
           WHERE t.user_id = ? OR t.user_id IN (SELECT user_id FROM users WHERE username = ?) \
           UNION SELECT g.permission_id FROM users_group_to_perm g WHERE g.users_group_id IN (\
             SELECT m.users_group_id FROM users_groups_members m \
             JOIN users_groups ug ON ug.users_group_id = m.users_group_id \
             WHERE m.user_id = ? AND ug.users_group_active = ?)) \
         ORDER BY p.permission_name",
        &params![user, DEFAULT_USER, user, true],
        |row| row.take(),
    )
}

/// The global permissions of an account itself.
pub fn of_user(conn: &Conn, user: UserId) -> Result<Vec<PermissionName>, DbError> {
    conn.query(
        "SELECT p.permission_name FROM user_to_perm t JOIN permissions p ON p.permission_id = t.permission_id \
         WHERE t.user_id = ? ORDER BY t.user_to_perm_id",
        &params![user],
        |row| row.take(),
    )
}

/// Gives an account a global permission.
pub fn insert(tx: &Tx<'_>, user: UserId, name: &PermissionName) -> Result<(), DbError> {
    let permission = permissions::id_for_write(tx, name)?;
    tx.insert(
        "user_to_perm",
        "user_to_perm_id",
        &[
            ("user_id", user.into()),
            ("permission_id", permission.into()),
        ],
    )
    .map(drop)
}

/// Takes all global permissions from an account.
pub fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute("DELETE FROM user_to_perm WHERE user_id = ?", &params![user])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    fn names(names: Vec<PermissionName>) -> Vec<String> {
        names.into_iter().map(PermissionName::into_string).collect()
    }

    #[test]
    fn permissions_reach_an_account_three_ways() {
        let test = TestDb::kallithea();
        let floor = names(test.read(|conn| reaching(conn, UserId(1))));
        assert_eq!(floor.len(), 7);
        // dave has "no" of his own, which takes nothing away.
        let dave = names(test.read(|conn| reaching(conn, UserId(6))));
        for name in floor
            .iter()
            .map(String::as_str)
            .chain(["hg.create.none", "hg.fork.none"])
        {
            assert!(dave.iter().any(|own| own == name), "{name}");
        }
        // alice gets "yes" through the developers.
        let usergroup = |active: bool| {
            test.write(|tx| {
                tx.execute(
                    "UPDATE users_groups SET users_group_active = ?",
                    &params![active],
                )?;
                tx.execute("DELETE FROM user_to_perm", &[])
            });
            names(test.read(|conn| reaching(conn, UserId(3))))
        };
        assert!(
            usergroup(true)
                .iter()
                .any(|name| name == "hg.create.repository")
        );
        assert_eq!(usergroup(false), Vec::<String>::new());
    }

    #[test]
    fn permissions_are_given_and_taken() {
        let test = TestDb::kallithea();
        test.write(|tx| delete_of_user(tx, UserId(6)));
        test.write(|tx| insert(tx, UserId(6), &"hg.usergroup.create.true".into()));
        assert_eq!(
            names(test.read(|conn| of_user(conn, UserId(6)))),
            ["hg.usergroup.create.true"]
        );
        let twice = test
            .db
            .write(|tx| insert(tx, UserId(6), &"hg.usergroup.create.true".into()));
        assert!(twice.unwrap_err().is_unique_violation());
    }
}
