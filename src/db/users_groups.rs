//! `users_groups`: user groups. An inactive one gives its members nothing.

use crate::conn::{Conn, Row, Tx, params};
use crate::error::DbError;
use crate::ids::{UserGroupId, UserGroupName, UserId};
use crate::time::LocalTime;
use crate::{
    user_group_user_group_to_perm, user_user_group_to_perm, users_group_repo_group_to_perm,
    users_group_repo_to_perm, users_group_to_perm, users_groups_members,
};

/// One user group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserGroup {
    /// `users_group_id`
    pub id: UserGroupId,
    /// `users_group_name`
    pub name: UserGroupName,
    /// `user_group_description`
    pub description: Option<String>,
    /// `users_group_active`
    pub active: bool,
    /// `user_id`
    pub owner: UserId,
    /// `created_on`
    pub created_on: LocalTime,
    /// `group_data`: a JSON object or nothing; `extern_type` in it names the auth plugin that manages the group.
    pub group_data: Option<Vec<u8>>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT users_group_id, users_group_name, user_group_description, users_group_active, user_id, ",
            "created_on, group_data FROM users_groups ",
            $rest
        )
    };
}

fn row(row: &Row<'_>) -> UserGroup {
    UserGroup {
        id: row.take(),
        name: row.take(),
        description: row.take(),
        active: row.take(),
        owner: row.take(),
        created_on: row.take(),
        group_data: row.take(),
    }
}

/// The user group with this id.
pub fn by_id(conn: &Conn, id: UserGroupId) -> Result<Option<UserGroup>, DbError> {
    conn.query_one(select!("WHERE users_group_id = ?"), &params![id], row)
}

/// The user group with exactly this name.
pub fn by_name(conn: &Conn, name: &UserGroupName) -> Result<Option<UserGroup>, DbError> {
    conn.query_one(select!("WHERE users_group_name = ?"), &params![name], row)
}

/// Makes a user group, active and without members.
pub fn insert(
    tx: &Tx<'_>,
    name: &UserGroupName,
    description: &str,
    owner: UserId,
) -> Result<UserGroupId, DbError> {
    tx.insert(
        "users_groups",
        "users_group_id",
        &[
            ("users_group_name", name.into()),
            ("user_group_description", description.into()),
            ("users_group_active", true.into()),
            ("user_id", owner.into()),
            ("created_on", LocalTime::now().into()),
        ],
    )
    .map(UserGroupId)
}

/// Deletes a user group with all it was given and all that was given on it.
pub fn delete(tx: &Tx<'_>, id: UserGroupId) -> Result<bool, DbError> {
    users_groups_members::delete_of_user_group(tx, id)?;
    users_group_to_perm::delete_of_user_group(tx, id)?;
    users_group_repo_to_perm::delete_of_user_group(tx, id)?;
    users_group_repo_group_to_perm::delete_of_user_group(tx, id)?;
    user_user_group_to_perm::delete_of_user_group(tx, id)?;
    user_group_user_group_to_perm::delete_of_user_group(tx, id)?;
    Ok(tx.execute(
        "DELETE FROM users_groups WHERE users_group_id = ?",
        &params![id],
    )? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestDb, dangling};

    #[test]
    fn a_real_user_group_is_read_in_full() {
        let test = TestDb::kallithea();
        let group = test
            .read(|conn| by_name(conn, &"reviewers".into()))
            .unwrap();
        assert_eq!((group.owner, group.active), (UserId(5), true));
        assert_eq!(
            test.read(|conn| users_groups_members::of_user_group(conn, group.id)),
            [UserId(5), UserId(7)]
        );
        assert_eq!(test.read(|conn| by_id(conn, group.id)), Some(group));
        assert_eq!(test.read(|conn| by_name(conn, &"Reviewers".into())), None);
    }

    #[test]
    fn a_member_is_added_and_shown_once() {
        let test = TestDb::kallithea();
        let group = test.write(|tx| insert(tx, &"new".into(), "some words", UserId(2)));
        test.write(|tx| {
            users_groups_members::add(tx, group, UserId(4))?;
            users_groups_members::add(tx, group, UserId(4))
        });
        let rows = "SELECT COUNT(*) FROM users_groups_members WHERE users_group_id = ?";
        assert_eq!(test.read(|conn| conn.count(rows, &params![group])), 1);
        // What the original may have left: a row twice, and an account that is gone.
        test.write(|tx| {
            tx.execute(
                "INSERT INTO users_groups_members (users_group_id, user_id) VALUES (?, 4), (?, 99)",
                &params![group, group],
            )
        });
        assert_eq!(
            test.read(|conn| users_groups_members::of_user_group(conn, group)),
            [UserId(4)]
        );
    }

    #[test]
    fn every_user_group_can_be_deleted_and_leaves_nothing_behind() {
        let test = TestDb::kallithea();
        for id in 1..=3 {
            let group = test.read(|conn| {
                conn.query_one("SELECT MIN(users_group_id) FROM users_groups", &[], |row| {
                    row.take()
                })
            });
            assert!(test.write(|tx| delete(tx, group.unwrap())), "{id}");
            assert_eq!(test.read(dangling), Vec::<String>::new());
        }
        assert_eq!(
            test.read(|conn| conn.count("SELECT COUNT(*) FROM users_groups", &[])),
            0
        );
    }
}
