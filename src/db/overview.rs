//! What one account has to do with everything there is, for pages that list it: two statements over many tables (on MySQL three).

use std::collections::HashMap;

use crate::conn::{Conn, params};
use crate::error::DbError;
use crate::grants::{GrantTable, InUserGroups, SQL_DEFAULT_USER, Sources};
use crate::groups::RepoGroup;
use crate::ids::{DEFAULT_USER, PermissionName, RepoId, UserId};
use crate::level::Level;
use crate::repo_to_perm::RepositoryLevels;
use crate::user_repo_group_to_perm::GroupLevels;
use crate::{
    repo_to_perm, user_repo_group_to_perm, users_group_repo_group_to_perm, users_group_repo_to_perm,
};

/// What there is, and what the tables give an account on it.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Every repository, in the order of their paths.
    pub repositories: Vec<RepositoryLevels>,
    /// Every repository group, in the order of their paths.
    pub groups: Vec<(RepoGroup, GroupLevels)>,
    /// The names of all global permissions that reach the account.
    pub globals: Vec<PermissionName>,
}

/// Rows that carry a name of a permission.
const NAMES: i64 = 0;
/// Rows about global permissions.
const GLOBALS: i64 = 10;
/// Rows about repositories and groups come from here on, three sources each: base, own, user groups.
const REPOSITORIES: i64 = 20;
const GROUPS: i64 = 30;

fn grants(
    source: i64,
    users: &GrantTable,
    user_groups: &GrantTable,
    in_user_groups: &InUserGroups,
) -> String {
    let part = |source: i64, table: &GrantTable, subjects: &str| {
        let GrantTable {
            table, id, object, ..
        } = table;
        format!(
            "UNION ALL SELECT {source}, x.{object}, x.permission_id, x.{id}, NULL FROM {table} x \
             WHERE {subjects} "
        )
    };
    [
        part(
            source,
            users,
            &format!("x.{} = {SQL_DEFAULT_USER}", users.subject),
        ),
        part(source + 1, users, &format!("x.{} = ?", users.subject)),
        part(
            source + 2,
            user_groups,
            &in_user_groups.sql(&format!("x.{}", user_groups.subject)),
        ),
    ]
    .concat()
}

/// Reads it.
pub fn of_user(conn: &Conn, user: UserId) -> Result<Overview, DbError> {
    let in_user_groups = InUserGroups::read(conn, user)?;
    let sql = format!(
        "SELECT {NAMES} AS source, 0 AS object, p.permission_id, 0 AS id, p.permission_name FROM permissions p \
         UNION ALL SELECT {GLOBALS}, 0, t.permission_id, 0, NULL FROM user_to_perm t \
         WHERE t.user_id = ? OR t.user_id = {SQL_DEFAULT_USER} \
         UNION ALL SELECT {GLOBALS}, 0, t.permission_id, 0, NULL FROM users_group_to_perm t \
         WHERE {} {}{}",
        in_user_groups.sql("t.users_group_id"),
        grants(
            REPOSITORIES,
            &repo_to_perm::TABLE,
            &users_group_repo_to_perm::TABLE,
            &in_user_groups,
        ),
        grants(
            GROUPS,
            &user_repo_group_to_perm::TABLE,
            &users_group_repo_group_to_perm::TABLE,
            &in_user_groups,
        ),
    );
    let mut values = params![user, DEFAULT_USER].to_vec();
    values.extend(in_user_groups.values());
    for _ in [REPOSITORIES, GROUPS] {
        values.extend(params![DEFAULT_USER, user]);
        values.extend(in_user_groups.values());
    }
    let mut names: HashMap<i64, PermissionName> = HashMap::new();
    let mut globals: Vec<i64> = Vec::new();
    let mut rows: Vec<(i64, i64, i64, i64)> = Vec::new();
    conn.query(&sql, &values, |row| {
        match (row.take(), row.take(), row.take(), row.take()) {
            (NAMES, _, permission, _) => {
                let name: PermissionName = row.take();
                names.insert(permission, name);
            }
            (GLOBALS, _, permission, _) => globals.push(permission),
            row => rows.push(row),
        }
    })?;
    let levels = |table: &GrantTable| -> HashMap<i64, Level> {
        let known = names
            .iter()
            .filter_map(|(id, name)| Some((*id, Level::of(name, table.kind)?)));
        known.collect()
    };
    let on_repositories = levels(&repo_to_perm::TABLE);
    let on_groups = levels(&user_repo_group_to_perm::TABLE);
    let mut repositories: HashMap<i64, (Sources, i64)> = HashMap::with_capacity(rows.len());
    let mut groups: HashMap<i64, (Sources, i64)> = HashMap::new();
    for (source, object, permission, id) in rows {
        let (table, level) = if source < GROUPS {
            (&mut repositories, on_repositories.get(&permission))
        } else {
            (&mut groups, on_groups.get(&permission))
        };
        let (sources, newest) = table
            .entry(object)
            .or_insert((Sources::default(), i64::MIN));
        match source % 10 {
            // Of several rows of the default user the newest counts, as in the original.
            0 if id > *newest => (sources.base, *newest) = (level.copied(), id),
            0 => {}
            1 => sources.own = sources.own.max(level.copied()),
            _ => sources.through_groups = sources.through_groups.max(level.copied()),
        }
    }
    globals.sort_unstable();
    globals.dedup();
    let mut overview = Overview {
        globals: globals
            .iter()
            .filter_map(|id| names.get(id).cloned())
            .collect(),
        ..Overview::default()
    };
    conn.query(
        "SELECT 0 AS kind, r.repo_id, r.repo_name, r.user_id, r.group_id, r.created_on, r.private, NULL AS description \
         FROM repositories r UNION ALL \
         SELECT 1, g.group_id, g.group_name, g.user_id, g.group_parent_id, g.created_on, NULL, g.group_description \
         FROM \"groups\" g",
        &[],
        |row| {
            let (kind, id): (i64, i64) = (row.take(), row.take());
            let name: String = row.take();
            let (owner, parent) = (row.take(), row.take());
            if kind == 0 {
                let found = repositories.get(&id).copied().unwrap_or_default().0;
                // Nobody asks when it was made; reading the time would be half of the work.
                row.skip();
                overview.repositories.push(RepositoryLevels {
                    id: RepoId(id),
                    name: name.into(),
                    owner,
                    private: row.take(),
                    base: found.base,
                    through_groups: found.through_groups,
                    own: found.own,
                });
                return;
            }
            let found = groups.get(&id).copied().unwrap_or_default().0;
            let created_on = row.take();
            row.skip();
            let levels = GroupLevels {
                id: crate::GroupId(id),
                name: name.as_str().into(),
                parent,
                base: found.base,
                through_groups: found.through_groups,
                own: found.own,
            };
            let group = RepoGroup {
                id: levels.id,
                name: name.into(),
                parent,
                description: row.take(),
                owner,
                created_on,
            };
            overview.groups.push((group, levels));
        },
    )?;
    overview
        .repositories
        .sort_unstable_by(|a, b| a.name.cmp(&b.name));
    overview
        .groups
        .sort_unstable_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    Ok(overview)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;
    use crate::{groups, user_to_perm};

    #[test]
    fn it_says_what_the_single_questions_say() {
        let test = TestDb::kallithea();
        for user in 1..=9 {
            let user = UserId(user);
            let overview = test.read(|conn| of_user(conn, user));
            assert_eq!(
                overview.repositories,
                test.read(|conn| repo_to_perm::repository_levels(conn, user))
            );
            let (rows, levels): (Vec<_>, Vec<_>) = overview.groups.into_iter().unzip();
            assert_eq!(
                levels,
                test.read(|conn| user_repo_group_to_perm::group_levels(conn, user))
            );
            let mut all = test.read(groups::all);
            all.sort_by(|a, b| a.name.cmp(&b.name));
            assert_eq!(rows, all);
            let (mut globals, mut reaching) = (
                overview.globals,
                test.read(|conn| user_to_perm::reaching(conn, user)),
            );
            globals.sort();
            reaching.sort();
            assert_eq!(globals, reaching);
        }
    }
}
