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

/// The user groups that an account is a member of, active or not.
pub fn groups_of_user(conn: &Conn, user: UserId) -> Result<Vec<UserGroupId>, DbError> {
    conn.query(
        "SELECT users_group_id FROM users_groups WHERE users_group_id IN \
         (SELECT users_group_id FROM users_groups_members WHERE user_id = ?) ORDER BY users_group_id",
        &params![user],
        |row| row.take(),
    )
}

/// How many members each user group has, for lists. Groups without any are not in it.
pub fn counts(conn: &Conn) -> Result<Vec<(UserGroupId, i64)>, DbError> {
    conn.query(
        "SELECT m.users_group_id, COUNT(DISTINCT m.user_id) FROM users_groups_members m \
         JOIN users u ON u.user_id = m.user_id GROUP BY m.users_group_id",
        &[],
        |row| (row.take(), row.take()),
    )
}

/// Makes an account a member. Says whether it was not one before.
pub fn add(tx: &Tx<'_>, group: UserGroupId, user: UserId) -> Result<bool, DbError> {
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
    Ok(!member)
}

/// Makes an account a member no more. Says whether it was one.
pub fn remove(tx: &Tx<'_>, group: UserGroupId, user: UserId) -> Result<bool, DbError> {
    let sql = "DELETE FROM users_groups_members WHERE users_group_id = ? AND user_id = ?";
    Ok(tx.execute(sql, &params![group, user])? > 0)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;
    use crate::users_groups;

    #[test]
    fn members_come_and_go_once() {
        let test = TestDb::kallithea();
        let group = test.write(|tx| users_groups::insert(tx, &"new".into(), "", UserId(2)));
        assert!(test.write(|tx| add(tx, group, UserId(4))));
        assert!(!test.write(|tx| add(tx, group, UserId(4))));
        assert!(
            test.read(|conn| groups_of_user(conn, UserId(4)))
                .contains(&group)
        );
        assert!(test.read(counts).contains(&(group, 1)));
        assert!(test.write(|tx| remove(tx, group, UserId(4))));
        assert!(!test.write(|tx| remove(tx, group, UserId(4))));
        assert!(test.read(counts).iter().all(|(id, _)| *id != group));
    }
}
