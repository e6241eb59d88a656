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

/// All user groups by name.
pub fn all(conn: &Conn) -> Result<Vec<UserGroup>, DbError> {
    conn.query(
        select!("ORDER BY lower(users_group_name), users_group_id"),
        &[],
        row,
    )
}

/// The user groups that an account is a member of, by name, active or not.
pub fn of_member(conn: &Conn, user: UserId) -> Result<Vec<UserGroup>, DbError> {
    conn.query(
        select!(
            "WHERE users_group_id IN (SELECT m.users_group_id FROM users_groups_members m WHERE m.user_id = ?) \
             ORDER BY lower(users_group_name), users_group_id"
        ),
        &params![user],
        row,
    )
}

/// The user group that has a name in any case, for forms that refuse a second one.
pub fn by_name_in_any_case(
    conn: &Conn,
    name: &UserGroupName,
) -> Result<Option<UserGroup>, DbError> {
    conn.query_one(
        select!("WHERE lower(users_group_name) = lower(?) ORDER BY users_group_id"),
        &params![name],
        row,
    )
}

/// Changes what the form changes.
pub fn update(
    tx: &Tx<'_>,
    id: UserGroupId,
    name: &UserGroupName,
    description: &str,
    active: bool,
    owner: UserId,
) -> Result<bool, DbError> {
    let sql = "UPDATE users_groups SET users_group_name = ?, user_group_description = ?, users_group_active = ?, \
               user_id = ? WHERE users_group_id = ?";
    Ok(tx.execute(sql, &params![name, description, active, owner, id])? > 0)
}

/// Sets the JSON object that tells which login source manages the group.
pub fn set_group_data(tx: &Tx<'_>, id: UserGroupId, data: &[u8]) -> Result<bool, DbError> {
    let sql = "UPDATE users_groups SET group_data = ? WHERE users_group_id = ?";
    Ok(tx.execute(sql, &params![data, id])? > 0)
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
        let in_other_case = test.read(|conn| by_name(conn, &"Reviewers".into()));
        assert_eq!(
            in_other_case.is_some(),
            test.engine() == crate::Engine::MySql
        );
    }

    #[test]
    fn a_user_group_is_changed_and_found_in_any_case() {
        let test = TestDb::kallithea();
        let group = test.write(|tx| insert(tx, &"New".into(), "some words", UserId(2)));
        let any_case = |name: &str| test.read(|conn| by_name_in_any_case(conn, &name.into()));
        assert_eq!(any_case("nEW").map(|found| found.id), Some(group));
        test.write(|tx| {
            users_groups_members::add(tx, group, UserId(4))?;
            set_group_data(tx, group, br#"{"extern_type": "ldap"}"#)?;
            update(tx, group, &"old".into(), "other words", false, UserId(3))
        });
        let found = test.read(|conn| by_id(conn, group)).unwrap();
        assert_eq!((found.name.as_str(), found.active), ("old", false));
        assert_eq!(
            found.group_data.as_deref(),
            Some(&br#"{"extern_type": "ldap"}"#[..])
        );
        assert!(
            test.read(|conn| of_member(conn, UserId(4)))
                .contains(&found)
        );
        assert!(test.read(all).contains(&found));
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
        test.write_orphans(|tx| {
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
