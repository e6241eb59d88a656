//! `user_user_group_to_perm`: levels of accounts on user groups. They decide who sees a user group, who may give it
//! permissions, and who may change it; they have nothing to do with being a member.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::grants::{self, GrantTable, SQL_IN_USER_GROUPS};
use crate::ids::{DEFAULT_USER, UserGroupId, UserGroupName, UserId};
use crate::level::{Level, ObjectKind};
use crate::repo_to_perm::{self, UserGrant};
use crate::user_group_user_group_to_perm;

const TABLE: GrantTable = GrantTable {
    table: "user_user_group_to_perm",
    id: "user_user_group_to_perm_id",
    subject: "user_id",
    object: "user_group_id",
    kind: ObjectKind::UserGroup,
};

/// What the tables say about one account and one user group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserGroupLevels {
    /// The user group, which may be inactive.
    pub id: UserGroupId,
    /// Its name.
    pub name: UserGroupName,
    /// What the default user's row gives; none if there is no row.
    pub base: Option<Level>,
    /// The most that an active user group gives, of which the account is a member.
    pub through_groups: Option<Level>,
    /// The most that a row of the account gives.
    pub own: Option<Level>,
}

/// What the tables say about an account and every user group, by name.
pub fn user_group_levels(conn: &Conn, user: UserId) -> Result<Vec<UserGroupLevels>, DbError> {
    let sources = grants::sources(conn, &TABLE, &user_group_user_group_to_perm::TABLE, user)?;
    let mut levels = conn.query(
        "SELECT users_group_id, users_group_name FROM users_groups",
        &[],
        |row| {
            let id: UserGroupId = row.take();
            let found = sources.get(&id.0).copied().unwrap_or_default();
            UserGroupLevels {
                id,
                name: row.take(),
                base: found.base,
                through_groups: found.through_groups,
                own: found.own,
            }
        },
    )?;
    levels.sort_by_cached_key(|levels| (levels.name.as_str().to_lowercase(), levels.id));
    Ok(levels)
}

/// What the tables say about an account and this user group.
pub fn user_group_level(
    conn: &Conn,
    user: UserId,
    group: UserGroupId,
) -> Result<Option<UserGroupLevels>, DbError> {
    let base = TABLE.sql_base("g.users_group_id");
    let through_groups =
        user_group_user_group_to_perm::TABLE.sql_greatest("g.users_group_id", SQL_IN_USER_GROUPS);
    let own = TABLE.sql_greatest("g.users_group_id", "= ?");
    conn.query_one(
        &format!(
            "SELECT g.users_group_id, g.users_group_name, {base}, {through_groups}, {own} \
             FROM users_groups g WHERE g.users_group_id = ?"
        ),
        &params![DEFAULT_USER, user, true, user, group],
        |row| UserGroupLevels {
            id: row.take(),
            name: row.take(),
            base: row.take(),
            through_groups: row.take(),
            own: row.take(),
        },
    )
}

/// The accounts with a level on a user group: the default user, if it has one, and then the others by name.
pub fn of_user_group(conn: &Conn, group: UserGroupId) -> Result<Vec<UserGrant>, DbError> {
    repo_to_perm::user_grants(conn, &TABLE, group.into())
}

/// Gives an account this level on a user group, instead of any it had. For the default user: sets the base.
pub fn grant(tx: &Tx<'_>, user: UserId, group: UserGroupId, level: Level) -> Result<(), DbError> {
    TABLE.grant(tx, user, group, level)
}

/// Takes away the level of an account on a user group. Says whether there was one.
pub fn revoke(tx: &Tx<'_>, user: UserId, group: UserGroupId) -> Result<bool, DbError> {
    TABLE.revoke(tx, user, group)
}

/// Sets the base on every user group, also where there was none.
pub fn set_base_of_all(tx: &Tx<'_>, default: UserId, level: Level) -> Result<(), DbError> {
    let objects = "SELECT users_group_id FROM users_groups";
    TABLE.grant_on_all(tx, default, objects, &[], level)
}

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    TABLE.delete_of_subject(tx, user)
}

pub(crate) fn delete_of_user_group(tx: &Tx<'_>, group: UserGroupId) -> Result<usize, DbError> {
    TABLE.delete_of_object(tx, group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestDb, add_user};
    use crate::{
        user_group_user_group_to_perm as by_user_group, users_groups, users_groups_members,
    };

    #[test]
    fn each_source_is_told_apart() {
        let test = TestDb::fresh();
        let (default, user, target, members) = test.write(|tx| {
            let (user, owner) = (add_user(tx, "alice")?, add_user(tx, "bob")?);
            let target = users_groups::insert(tx, &"target".into(), "", owner)?;
            let members = users_groups::insert(tx, &"members".into(), "", owner)?;
            users_groups_members::add(tx, members, user)?;
            Ok((UserId(1), user, target, members))
        });
        let levels = || {
            let one = test
                .read(|conn| user_group_level(conn, user, target))
                .unwrap();
            let all = test.read(|conn| user_group_levels(conn, user));
            assert!(all.contains(&one), "one and all agree");
            [one.base, one.through_groups, one.own]
        };
        assert_eq!(levels(), [None; 3]);
        test.write(|tx| {
            grant(tx, default, target, Level::Read)?;
            by_user_group::grant(tx, members, target, Level::Write)?;
            grant(tx, user, target, Level::Admin)
        });
        assert_eq!(
            levels(),
            [Some(Level::Read), Some(Level::Write), Some(Level::Admin)]
        );
        assert_eq!(test.read(|conn| of_user_group(conn, target)).len(), 2);
        assert_eq!(
            test.read(|conn| by_user_group::of_user_group(conn, target))[0].group,
            members
        );
        test.write(|tx| {
            assert!(by_user_group::revoke(tx, members, target)?);
            assert!(revoke(tx, user, target)?);
            Ok(())
        });
        assert_eq!(levels(), [Some(Level::Read), None, None]);
    }
}
