//! `groups`: repository groups, the directories that repositories are in. `group_name` is the full path and always
//! agrees with `group_parent_id`.

use std::collections::{BTreeMap, BTreeSet};

use crate::conn::{Conn, Row, Tx, params};
use crate::error::DbError;
use crate::ids::{GroupId, GroupName, UserId};
use crate::time::LocalTime;
use crate::{user_repo_group_to_perm, users_group_repo_group_to_perm};

/// One repository group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoGroup {
    /// `group_id`
    pub id: GroupId,
    /// `group_name`
    pub name: GroupName,
    /// `group_parent_id`; none at top level.
    pub parent: Option<GroupId>,
    /// `group_description`
    pub description: String,
    /// `user_id`
    pub owner: UserId,
    /// `created_on`
    pub created_on: LocalTime,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT group_id, group_name, group_parent_id, group_description, user_id, created_on FROM \"groups\" ",
            $rest
        )
    };
}

pub(crate) fn row(row: &Row<'_>) -> RepoGroup {
    RepoGroup {
        id: row.take(),
        name: row.take(),
        parent: row.take(),
        description: row.take(),
        owner: row.take(),
        created_on: row.take(),
    }
}

/// Letter by letter, whatever order of words the database follows.
fn by_path(mut rows: Vec<RepoGroup>) -> Vec<RepoGroup> {
    rows.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    rows
}

/// The group with this id.
pub fn by_id(conn: &Conn, id: GroupId) -> Result<Option<RepoGroup>, DbError> {
    conn.query_one(select!("WHERE group_id = ?"), &params![id], row)
}

/// The group at exactly this path.
pub fn by_name(conn: &Conn, name: &GroupName) -> Result<Option<RepoGroup>, DbError> {
    conn.query_one(select!("WHERE group_name = ?"), &params![name], row)
}

/// The full paths of these groups; those that are gone are missing.
pub fn names_of(
    conn: &Conn,
    ids: &BTreeSet<GroupId>,
) -> Result<BTreeMap<GroupId, GroupName>, DbError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(GroupId, GroupName)> =
        conn.query("SELECT group_id, group_name FROM \"groups\"", &[], |row| {
            (row.take(), row.take())
        })?;
    Ok(rows
        .into_iter()
        .filter(|(id, _)| ids.contains(id))
        .collect())
}

/// The groups directly in a group, or those at top level, by path.
pub fn children(conn: &Conn, parent: Option<GroupId>) -> Result<Vec<RepoGroup>, DbError> {
    let found = match parent {
        Some(parent) => conn.query(select!("WHERE group_parent_id = ?"), &params![parent], row),
        None => conn.query(select!("WHERE group_parent_id IS NULL"), &[], row),
    }?;
    Ok(by_path(found))
}

/// All groups by path.
pub fn all(conn: &Conn) -> Result<Vec<RepoGroup>, DbError> {
    conn.query(select!(""), &[], row).map(by_path)
}

/// The groups around a group, outermost first, without itself. Ends quietly at a parent that is gone, and at a circle,
/// which only a damaged database has.
pub fn ancestors(conn: &Conn, id: GroupId) -> Result<Vec<RepoGroup>, DbError> {
    let mut ancestors: Vec<RepoGroup> = Vec::new();
    let mut parent = by_id(conn, id)?.and_then(|group| group.parent);
    while let Some(group) = parent.map_or(Ok(None), |id| by_id(conn, id))? {
        if group.id == id || ancestors.iter().any(|known| known.id == group.id) {
            break;
        }
        parent = group.parent;
        ancestors.push(group);
    }
    ancestors.reverse();
    Ok(ancestors)
}

/// Whether a path is taken by a group, in any case.
pub fn is_name_taken(conn: &Conn, name: &GroupName) -> Result<bool, DbError> {
    conn.exists(
        "SELECT 1 FROM \"groups\" WHERE lower(group_name) = lower(?)",
        &params![name],
    )
}

/// Whether there is no repository and no group in a group.
pub fn is_empty(conn: &Conn, id: GroupId) -> Result<bool, DbError> {
    let inside = conn.exists(
        "SELECT 1 FROM repositories WHERE group_id = ? UNION ALL SELECT 1 FROM \"groups\" WHERE group_parent_id = ?",
        &params![id, id],
    )?;
    Ok(!inside)
}

/// Makes a group. Its permissions are rows of their own, see [`user_repo_group_to_perm::grant`].
pub fn insert(
    tx: &Tx<'_>,
    name: &GroupName,
    parent: Option<GroupId>,
    description: &str,
    owner: UserId,
) -> Result<GroupId, DbError> {
    tx.insert(
        "groups",
        "group_id",
        &[
            ("group_name", name.into()),
            ("group_parent_id", parent.into()),
            ("group_description", description.into()),
            ("user_id", owner.into()),
            ("created_on", LocalTime::now().into()),
        ],
    )
    .map(GroupId)
}

/// Changes the description.
pub fn set_description(tx: &Tx<'_>, id: GroupId, description: &str) -> Result<bool, DbError> {
    let sql = "UPDATE \"groups\" SET group_description = ? WHERE group_id = ?";
    Ok(tx.execute(sql, &params![description, id])? > 0)
}

/// Changes the owner.
pub fn set_owner(tx: &Tx<'_>, id: GroupId, owner: UserId) -> Result<bool, DbError> {
    let sql = "UPDATE \"groups\" SET user_id = ? WHERE group_id = ?";
    Ok(tx.execute(sql, &params![owner, id])? > 0)
}

/// Gives a group another path, in this group. What lies below it is for the caller to rename too.
pub fn rename(
    tx: &Tx<'_>,
    id: GroupId,
    name: &GroupName,
    parent: Option<GroupId>,
) -> Result<bool, DbError> {
    let sql = "UPDATE \"groups\" SET group_name = ?, group_parent_id = ? WHERE group_id = ?";
    Ok(tx.execute(sql, &params![name, parent, id])? > 0)
}

/// Deletes a group and the permissions on it. It must be empty, see [`is_empty`].
pub fn delete(tx: &Tx<'_>, id: GroupId) -> Result<bool, DbError> {
    user_repo_group_to_perm::delete_of_group(tx, id)?;
    users_group_repo_group_to_perm::delete_of_group(tx, id)?;
    Ok(tx.execute("DELETE FROM \"groups\" WHERE group_id = ?", &params![id])? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestDb, dangling};
    use crate::{Level, UserGroupId};

    fn names(groups: &[RepoGroup]) -> Vec<&str> {
        groups.iter().map(|group| group.name.as_str()).collect()
    }

    #[test]
    fn the_tree_is_walked_both_ways() {
        let test = TestDb::kallithea();
        assert_eq!(
            names(&test.read(|conn| children(conn, None))),
            ["secret", "tools", "web"]
        );
        let tools = test.read(|conn| by_name(conn, &"tools".into())).unwrap();
        assert_eq!(
            names(&test.read(|conn| children(conn, Some(tools.id)))),
            ["tools/backend"]
        );
        let deep = test
            .read(|conn| by_name(conn, &"tools/backend/deep".into()))
            .unwrap();
        assert_eq!(deep.owner, UserId(3));
        assert_eq!(
            names(&test.read(|conn| ancestors(conn, deep.id))),
            ["tools", "tools/backend"]
        );
        assert_eq!(test.read(|conn| ancestors(conn, tools.id)), []);
        assert_eq!(test.read(all).len(), 5);
        let candidates = ["tools", "tools/backend", "tools/backend/nowhere"].map(GroupName::from);
        let longest =
            test.read(|conn| user_repo_group_to_perm::longest_of(conn, None, &candidates));
        let (longest, levels) = longest.unwrap();
        assert_eq!((longest.name.as_str(), levels.own), ("tools/backend", None));
        assert_eq!(test.read(|conn| by_id(conn, longest.id)), Some(longest));
        assert!(test.read(|conn| is_name_taken(conn, &"TOOLS".into())));
    }

    #[test]
    fn a_circle_or_a_lost_parent_ends_the_walk() {
        let test = TestDb::kallithea();
        let deep = test
            .read(|conn| by_name(conn, &"tools/backend/deep".into()))
            .unwrap();
        let tools = test.read(|conn| by_name(conn, &"tools".into())).unwrap();
        let parent = "UPDATE \"groups\" SET group_parent_id = ? WHERE group_id = ?";
        test.write(|tx| tx.execute(parent, &params![deep.id, tools.id]));
        assert_eq!(
            names(&test.read(|conn| ancestors(conn, deep.id))),
            ["tools", "tools/backend"]
        );
        test.write_orphans(|tx| tx.execute(parent, &params![GroupId(99), tools.id]));
        assert_eq!(
            names(&test.read(|conn| ancestors(conn, deep.id))),
            ["tools", "tools/backend"]
        );
    }

    #[test]
    fn a_group_is_made_changed_and_deleted() {
        let test = TestDb::kallithea();
        let tools = test.read(|conn| by_name(conn, &"tools".into())).unwrap();
        let id =
            test.write(|tx| insert(tx, &"tools/new".into(), Some(tools.id), "first", UserId(3)));
        test.write(|tx| {
            user_repo_group_to_perm::grant(tx, UserId(1), id, Level::Read)?;
            users_group_repo_group_to_perm::grant(tx, UserGroupId(1), id, Level::Write)?;
            set_description(tx, id, "second")
        });
        test.write(|tx| {
            assert!(set_owner(tx, id, UserId(4))?);
            rename(tx, id, &"tools/newer".into(), Some(tools.id))
        });
        let group = test.read(|conn| by_id(conn, id)).unwrap();
        assert_eq!(
            (group.name.as_str(), group.description.as_str()),
            ("tools/newer", "second")
        );
        assert_eq!((group.parent, group.owner), (Some(tools.id), UserId(4)));
        assert!(
            test.read(|conn| is_empty(conn, id)) && !test.read(|conn| is_empty(conn, tools.id))
        );
        assert!(test.write(|tx| delete(tx, id)));
        assert_eq!(test.read(dangling), Vec::<String>::new());
        assert_eq!(test.read(|conn| by_id(conn, id)), None);
    }
}
