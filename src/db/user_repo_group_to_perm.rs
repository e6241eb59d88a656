//! `user_repo_group_to_perm`: levels of accounts on repository groups. They decide who sees the group and who may put
//! something into it; they do not reach what is in it.

use crate::conn::{Conn, Tx, Value, params, placeholders};
use crate::error::DbError;
use crate::grants::{self, GrantTable, SQL_IN_USER_GROUPS};
use crate::groups::{self, RepoGroup};
use crate::ids::{DEFAULT_USER, GroupId, GroupName, UserId};
use crate::level::{Level, ObjectKind};
use crate::repo_to_perm::{self, UserGrant};
use crate::users_group_repo_group_to_perm;

pub(crate) const TABLE: GrantTable = GrantTable {
    table: "user_repo_group_to_perm",
    id: "group_to_perm_id",
    subject: "user_id",
    object: "group_id",
    kind: ObjectKind::RepositoryGroup,
};

/// What the tables say about one account and one repository group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLevels {
    /// The repository group.
    pub id: GroupId,
    /// Its full path.
    pub name: GroupName,
    /// The group it is in.
    pub parent: Option<GroupId>,
    /// What the default user's row gives; none if there is no row.
    pub base: Option<Level>,
    /// The most that an active user group gives.
    pub through_groups: Option<Level>,
    /// The most that a row of the account gives.
    pub own: Option<Level>,
}

/// What the tables say about an account and every repository group, in the order of their paths.
pub fn group_levels(conn: &Conn, user: UserId) -> Result<Vec<GroupLevels>, DbError> {
    let sources = grants::sources(conn, &TABLE, &users_group_repo_group_to_perm::TABLE, user)?;
    let mut levels = conn.query(
        "SELECT group_id, group_name, group_parent_id FROM \"groups\"",
        &[],
        |row| {
            let id: GroupId = row.take();
            let found = sources.get(&id.0).copied().unwrap_or_default();
            GroupLevels {
                id,
                name: row.take(),
                parent: row.take(),
                base: found.base,
                through_groups: found.through_groups,
                own: found.own,
            }
        },
    )?;
    levels.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(levels)
}

/// The repository group with the longest path among these, which are the beginnings of a URL, and what the tables say about
/// an account and it. Without an account nothing is given but the row.
pub fn longest_of(
    conn: &Conn,
    user: Option<UserId>,
    candidates: &[GroupName],
) -> Result<Option<(RepoGroup, GroupLevels)>, DbError> {
    if candidates.is_empty() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT g.group_id, g.group_name, g.group_parent_id, g.group_description, g.user_id, g.created_on, {}, {}, {} \
         FROM \"groups\" g WHERE g.group_name IN ({}) ORDER BY length(g.group_name) DESC LIMIT 1",
        TABLE.sql_base("g.group_id"),
        users_group_repo_group_to_perm::TABLE.sql_greatest("g.group_id", SQL_IN_USER_GROUPS),
        TABLE.sql_greatest("g.group_id", "= ?"),
        placeholders(candidates.len()),
    );
    // No row has the id 0.
    let user = user.unwrap_or(UserId(0));
    let mut values = params![DEFAULT_USER, user, true, user].to_vec();
    values.extend(candidates.iter().map(Value::from));
    conn.query_one(&sql, &values, |row| {
        let group = groups::row(row);
        let levels = GroupLevels {
            id: group.id,
            name: group.name.clone(),
            parent: group.parent,
            base: row.take(),
            through_groups: row.take(),
            own: row.take(),
        };
        (group, levels)
    })
}

/// What the tables say about an account and this repository group.
pub fn group_level(
    conn: &Conn,
    user: UserId,
    group: GroupId,
) -> Result<Option<GroupLevels>, DbError> {
    let base = TABLE.sql_base("g.group_id");
    let through_groups =
        users_group_repo_group_to_perm::TABLE.sql_greatest("g.group_id", SQL_IN_USER_GROUPS);
    let own = TABLE.sql_greatest("g.group_id", "= ?");
    conn.query_one(
        &format!(
            "SELECT g.group_id, g.group_name, g.group_parent_id, {base}, {through_groups}, {own} \
             FROM \"groups\" g WHERE g.group_id = ?"
        ),
        &params![DEFAULT_USER, user, true, user, group],
        |row| GroupLevels {
            id: row.take(),
            name: row.take(),
            parent: row.take(),
            base: row.take(),
            through_groups: row.take(),
            own: row.take(),
        },
    )
}

/// The accounts with a level on a repository group: the default user, if it has one, and then the others by name.
pub fn of_group(conn: &Conn, group: GroupId) -> Result<Vec<UserGrant>, DbError> {
    repo_to_perm::user_grants(conn, &TABLE, group.into())
}

/// Gives an account this level on a repository group, instead of any it had. For the default user: sets the base.
pub fn grant(tx: &Tx<'_>, user: UserId, group: GroupId, level: Level) -> Result<(), DbError> {
    TABLE.grant(tx, user, group, level)
}

/// Takes away the level of an account on a repository group. Says whether there was one.
pub fn revoke(tx: &Tx<'_>, user: UserId, group: GroupId) -> Result<bool, DbError> {
    TABLE.revoke(tx, user, group)
}

/// Sets the base on every repository group, also where there was none.
pub fn set_base_of_all(tx: &Tx<'_>, default: UserId, level: Level) -> Result<(), DbError> {
    let objects = "SELECT group_id FROM \"groups\"";
    TABLE.grant_on_all(tx, default, objects, &[], level)
}

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    TABLE.delete_of_subject(tx, user)
}

pub(crate) fn delete_of_group(tx: &Tx<'_>, group: GroupId) -> Result<usize, DbError> {
    TABLE.delete_of_object(tx, group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;
    use crate::users_group_repo_group_to_perm as by_user_group;
    use crate::{UserGroupId, groups};

    #[test]
    fn what_was_granted_is_read_listed_and_revoked() {
        let test = TestDb::kallithea();
        let (alice, developers) = (UserId(3), UserGroupId(1));
        let group = test.write(|tx| groups::insert(tx, &"new".into(), None, "", alice));
        let levels = || {
            let one = test.read(|conn| group_level(conn, alice, group)).unwrap();
            let all = test.read(|conn| group_levels(conn, alice));
            assert_eq!(
                all.iter().find(|levels| levels.id == group),
                Some(&one),
                "one and all agree"
            );
            [one.base, one.through_groups, one.own]
        };
        assert_eq!(levels(), [None; 3]);
        test.write(|tx| {
            grant(tx, UserId(1), group, Level::None)?;
            grant(tx, alice, group, Level::Read)?;
            grant(tx, alice, group, Level::Admin)?;
            by_user_group::grant(tx, developers, group, Level::Read)?;
            by_user_group::grant(tx, developers, group, Level::Write)
        });
        assert_eq!(
            levels(),
            [Some(Level::None), Some(Level::Write), Some(Level::Admin)]
        );
        let users: Vec<(UserId, Level)> = test
            .read(|conn| of_group(conn, group))
            .into_iter()
            .map(|grant| (grant.user, grant.level))
            .collect();
        assert_eq!(users, [(UserId(1), Level::None), (alice, Level::Admin)]);
        let user_groups = test.read(|conn| by_user_group::of_group(conn, group));
        assert_eq!(
            (
                user_groups.len(),
                user_groups[0].group,
                user_groups[0].level
            ),
            (1, developers, Level::Write)
        );
        assert!(test.write(|tx| revoke(tx, alice, group)));
        assert!(test.write(|tx| by_user_group::revoke(tx, developers, group)));
        assert_eq!(levels(), [Some(Level::None), None, None]);
    }
}
