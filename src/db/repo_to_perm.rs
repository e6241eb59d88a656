//! `repo_to_perm`: levels of accounts on repositories. The row of the default user is the base that everybody has.

use std::collections::HashMap;

use crate::conn::{Conn, Row, Tx, Value, params, placeholders};
use crate::error::DbError;
use crate::grants::{self, GrantTable, SQL_IN_USER_GROUPS, Sources};
use crate::groups::RepoGroup;
use crate::ids::{DEFAULT_USER, GroupId, GroupName, RepoId, RepoName, UserId, Username};
use crate::level::{Level, ObjectKind};
use crate::repositories::{self, Repository};
use crate::user_repo_group_to_perm::{self as by_group, GroupLevels};
use crate::{users_group_repo_group_to_perm, users_group_repo_to_perm};

pub(crate) const TABLE: GrantTable = GrantTable {
    table: "repo_to_perm",
    id: "repo_to_perm_id",
    subject: "user_id",
    object: "repository_id",
    kind: ObjectKind::Repository,
};

/// What the tables say about one account and one repository. What follows from it (the greatest counts, the owner and
/// administrators may all, a private repository has no base) is the model's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryLevels {
    /// The repository.
    pub id: RepoId,
    /// Its full path.
    pub name: RepoName,
    /// Its owner.
    pub owner: UserId,
    /// Whether it is private.
    pub private: bool,
    /// What the default user's row gives; none if there is no row.
    pub base: Option<Level>,
    /// The most that an active user group gives.
    pub through_groups: Option<Level>,
    /// The most that a row of the account gives.
    pub own: Option<Level>,
}

/// An account's level on one repository or repository group, for the permission form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserGrant {
    /// The account.
    pub user: UserId,
    /// Its name.
    pub username: Username,
    /// Whether it is active.
    pub active: bool,
    /// The level.
    pub level: Level,
    /// The number of its first row: the order of the API.
    pub row: i64,
}

/// What the tables say about an account and the repositories that any row speaks of: all that a list of repositories needs
/// besides the owner and whether it is private. A repository that is not among them gives nothing.
pub fn sources(conn: &Conn, user: UserId) -> Result<HashMap<RepoId, Sources>, DbError> {
    let found = grants::sources(conn, &TABLE, &users_group_repo_to_perm::TABLE, user)?;
    Ok(found
        .into_iter()
        .map(|(id, sources)| (RepoId(id), sources))
        .collect())
}

/// What the tables say about an account and every repository, in the order of their paths.
pub fn repository_levels(conn: &Conn, user: UserId) -> Result<Vec<RepositoryLevels>, DbError> {
    let sources = grants::sources(conn, &TABLE, &users_group_repo_to_perm::TABLE, user)?;
    let mut levels = conn.query(
        "SELECT repo_id, repo_name, user_id, private FROM repositories",
        &[],
        |row| {
            let id: RepoId = row.take();
            let found = sources.get(&id.0).copied().unwrap_or_default();
            RepositoryLevels {
                id,
                name: row.take(),
                owner: row.take(),
                private: row.take(),
                base: found.base,
                through_groups: found.through_groups,
                own: found.own,
            }
        },
    )?;
    levels.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(levels)
}

/// What the tables say about an account and this repository.
pub fn repository_level(
    conn: &Conn,
    user: UserId,
    repository: RepoId,
) -> Result<Option<RepositoryLevels>, DbError> {
    let base = TABLE.sql_base("r.repo_id");
    let through_groups =
        users_group_repo_to_perm::TABLE.sql_greatest("r.repo_id", SQL_IN_USER_GROUPS);
    let own = TABLE.sql_greatest("r.repo_id", "= ?");
    conn.query_one(
        &format!(
            "SELECT r.repo_id, r.repo_name, r.user_id, r.private, {base}, {through_groups}, {own} \
             FROM repositories r WHERE r.repo_id = ?"
        ),
        &params![DEFAULT_USER, user, true, user, repository],
        |row| RepositoryLevels {
            id: row.take(),
            name: row.take(),
            owner: row.take(),
            private: row.take(),
            base: row.take(),
            through_groups: row.take(),
            own: row.take(),
        },
    )
}

/// A repository as a request finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Everything stored about it.
    pub repository: Repository,
    /// What the tables say about the account and it.
    pub levels: RepositoryLevels,
    /// The folder in which all repositories lie.
    pub root: Option<String>,
}

/// The repository with the longest path among these, which are the beginnings of a URL, and all that a page of it asks
/// for first. Without an account nothing is given but the row.
pub fn longest_of(
    conn: &Conn,
    user: Option<UserId>,
    candidates: &[RepoName],
) -> Result<Option<Found>, DbError> {
    if candidates.is_empty() {
        return Ok(None);
    }
    let sql = format!(
        "{}{REPOSITORIES} WHERE r.repo_name IN ({}) ORDER BY length(r.repo_name) DESC LIMIT 1",
        found_sql(),
        placeholders(candidates.len()),
    );
    let mut values = found_values(user);
    values.extend(candidates.iter().map(Value::from));
    conn.query_one(&sql, &values, found_row)
}

/// What lies at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A repository.
    Repository(Box<Found>),
    /// A repository group.
    Group(RepoGroup, GroupLevels),
}

/// The repository with the longest path among these, the longest first, or the repository group at the first of them; with
/// what the tables say about an account and it.
pub fn place_of(
    conn: &Conn,
    user: Option<UserId>,
    candidates: &[RepoName],
) -> Result<Option<Place>, DbError> {
    let Some(whole) = candidates.first() else {
        return Ok(None);
    };
    let sql = format!(
        "{}, 0{REPOSITORIES} WHERE r.repo_name IN ({}) UNION ALL \
         SELECT g.group_id, g.group_name, NULL, NULL, NULL, g.user_id, NULL, NULL, NULL, g.group_description, \
         g.created_on, NULL, NULL, NULL, NULL, g.group_parent_id, {}, {}, {}, NULL, 1 \
         FROM \"groups\" g WHERE g.group_name = ?",
        found_sql(),
        placeholders(candidates.len()),
        by_group::TABLE.sql_base("g.group_id"),
        users_group_repo_group_to_perm::TABLE.sql_greatest("g.group_id", SQL_IN_USER_GROUPS),
        by_group::TABLE.sql_greatest("g.group_id", "= ?"),
    );
    let mut values = found_values(user);
    values.extend(candidates.iter().map(Value::from));
    let user = user.unwrap_or(UserId(0));
    values.extend(
        params![DEFAULT_USER, user, true, user, whole]
            .iter()
            .cloned(),
    );
    let rows: Vec<(Found, bool)> = conn.query(&sql, &values, |row| (found_row(row), row.take()))?;
    let length = |(found, group): &(Found, bool)| {
        // A repository that has the name of a group, which nothing of ours makes, goes before it.
        (found.repository.name.as_str().len(), !group)
    };
    Ok(rows.into_iter().max_by_key(length).map(|(found, group)| {
        if !group {
            return Place::Repository(Box::new(found));
        }
        let (row, levels) = (found.repository, found.levels);
        let name = GroupName::from(row.name.as_str());
        let parent = row.group;
        let group = RepoGroup {
            id: GroupId(row.id.0),
            name: name.clone(),
            parent,
            description: row.description,
            owner: row.owner,
            created_on: row.created_on,
        };
        let levels = GroupLevels {
            id: group.id,
            name,
            parent,
            base: levels.base,
            through_groups: levels.through_groups,
            own: levels.own,
        };
        Place::Group(group, levels)
    }))
}

/// The forks of a repository, oldest first, with what the tables say about an account and them.
pub fn forks_of(conn: &Conn, user: UserId, repository: RepoId) -> Result<Vec<Found>, DbError> {
    let sql = format!(
        "{}{REPOSITORIES} WHERE r.fork_id = ? ORDER BY r.created_on, r.repo_id",
        found_sql()
    );
    let mut values = found_values(Some(user));
    values.push(repository.into());
    conn.query(&sql, &values, found_row)
}

/// These repositories with what the tables say about an account and them; without an account nothing is given but the rows.
/// Those that are gone are missing.
pub fn by_ids(
    conn: &Conn,
    user: Option<UserId>,
    repositories: &[RepoId],
) -> Result<Vec<Found>, DbError> {
    found_where(conn, user, "r.repo_id", repositories)
}

fn found_where(
    conn: &Conn,
    user: Option<UserId>,
    column: &str,
    ids: &[RepoId],
) -> Result<Vec<Found>, DbError> {
    // No engine takes any number of places.
    const AT_ONCE: usize = 500;
    let mut found = Vec::new();
    for ids in ids.chunks(AT_ONCE) {
        let sql = format!(
            "{}{REPOSITORIES} WHERE {column} IN ({}) ORDER BY r.created_on, r.repo_id",
            found_sql(),
            placeholders(ids.len())
        );
        let mut values = found_values(user);
        values.extend(ids.iter().copied().map(Value::from));
        found.extend(conn.query(&sql, &values, found_row)?);
    }
    Ok(found)
}

const REPOSITORIES: &str = " FROM repositories r";

/// The columns of a statement about repositories and what an account has on them.
fn found_sql() -> String {
    format!(
        "SELECT r.repo_id, r.repo_name, r.repo_state, r.clone_uri, r.repo_type, r.user_id, r.private, r.statistics, \
         r.downloads, r.description, r.created_on, r.updated_on, r.landing_revision, r.changeset_cache, r.fork_id, \
         r.group_id, {}, {}, {}, (SELECT MIN(c.ui_value) FROM ui c WHERE c.ui_section = ? AND c.ui_key = ?)",
        TABLE.sql_base("r.repo_id"),
        users_group_repo_to_perm::TABLE.sql_greatest("r.repo_id", SQL_IN_USER_GROUPS),
        TABLE.sql_greatest("r.repo_id", "= ?"),
    )
}

fn found_values(user: Option<UserId>) -> Vec<Value<'static>> {
    // No row has the id 0.
    let user = user.unwrap_or(UserId(0));
    params![DEFAULT_USER, user, true, user, "paths", "/"].to_vec()
}

fn found_row(row: &Row<'_>) -> Found {
    let repository = repositories::row(row);
    Found {
        levels: RepositoryLevels {
            id: repository.id,
            name: repository.name.clone(),
            owner: repository.owner,
            private: repository.private,
            base: row.take(),
            through_groups: row.take(),
            own: row.take(),
        },
        root: row.take(),
        repository,
    }
}

/// The accounts with a level on a repository: the default user, if it has one, and then the others by name. Rows of
/// accounts that are gone are passed over.
pub fn of_repository(conn: &Conn, repository: RepoId) -> Result<Vec<UserGrant>, DbError> {
    user_grants(conn, &TABLE, repository.into())
}

pub(crate) fn user_grants(
    conn: &Conn,
    table: &GrantTable,
    object: crate::conn::Value<'_>,
) -> Result<Vec<UserGrant>, DbError> {
    let GrantTable {
        table,
        id,
        object: column,
        kind,
        ..
    } = table;
    let rank = kind.sql_rank();
    let sql = format!(
        "SELECT u.user_id, u.username, u.active, MAX({rank}), MIN(x.{id}) FROM {table} x \
         JOIN users u ON u.user_id = x.user_id JOIN permissions p ON p.permission_id = x.permission_id \
         WHERE x.{column} = ? GROUP BY u.user_id, u.username, u.active \
         ORDER BY CASE WHEN u.username = ? THEN 0 ELSE 1 END, lower(u.username), u.user_id"
    );
    conn.query(&sql, &[object, DEFAULT_USER.into()], |row| UserGrant {
        user: row.take(),
        username: row.take(),
        active: row.take(),
        level: row.take(),
        row: row.take(),
    })
}

/// Gives an account this level on a repository, instead of any it had. For the default user: sets the base.
pub fn grant(tx: &Tx<'_>, user: UserId, repository: RepoId, level: Level) -> Result<(), DbError> {
    TABLE.grant(tx, user, repository, level)
}

/// Writes a row without looking for others, as other programs leave several; for imports and tests.
pub fn insert(tx: &Tx<'_>, user: UserId, repository: RepoId, level: Level) -> Result<(), DbError> {
    let permission = crate::permissions::id_for_write(tx, &level.on(ObjectKind::Repository))?;
    tx.insert(
        "repo_to_perm",
        "repo_to_perm_id",
        &[
            ("user_id", user.into()),
            ("repository_id", repository.into()),
            ("permission_id", permission.into()),
        ],
    )
    .map(drop)
}

/// Takes away the level of an account on a repository. Says whether there was one.
pub fn revoke(tx: &Tx<'_>, user: UserId, repository: RepoId) -> Result<bool, DbError> {
    TABLE.revoke(tx, user, repository)
}

/// Sets the base on every repository that is not private, also where there was none.
pub fn set_base_of_all_public(tx: &Tx<'_>, default: UserId, level: Level) -> Result<(), DbError> {
    let objects = "SELECT repo_id FROM repositories WHERE private = ?";
    TABLE.grant_on_all(tx, default, objects, &params![false], level)
}

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    TABLE.delete_of_subject(tx, user)
}

pub(crate) fn delete_of_repository(tx: &Tx<'_>, repository: RepoId) -> Result<usize, DbError> {
    TABLE.delete_of_object(tx, repository)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestDb, add_user};
    use crate::{
        permissions, repositories, user_repo_group_to_perm, users, users_groups,
        users_groups_members,
    };

    const DEFAULT: UserId = UserId(1);

    /// A fresh database with a user in a user group, and one repository owned by somebody else.
    fn setting() -> (TestDb, UserId, crate::UserGroupId, RepoId) {
        let test = TestDb::fresh();
        let (user, group, repository) = test.write(|tx| {
            let (user, owner) = (add_user(tx, "alice")?, add_user(tx, "bob")?);
            let group = users_groups::insert(tx, &"developers".into(), "", owner)?;
            users_groups_members::add(tx, group, user)?;
            let new = repositories::NewRepository {
                name: &"repo".into(),
                state: repositories::RepoState::Created,
                repo_type: repositories::RepoType::Git,
                fork_of: None,
                group: None,
                settings: repositories::RepositorySettings {
                    owner,
                    clone_uri: None,
                    private: false,
                    statistics: false,
                    downloads: false,
                    description: "",
                    landing_revision: "rev:tip",
                },
            };
            Ok((user, group, repositories::insert(tx, &new)?))
        });
        (test, user, group, repository)
    }

    #[test]
    fn a_request_finds_all_it_needs_at_once() {
        let test = TestDb::kallithea();
        let names = ["secret", "secret/hidden", "secret/hidden/files"].map(RepoName::from);
        for user in [1, 2, 3, 5] {
            let user = UserId(user);
            let found = test
                .read(|conn| longest_of(conn, Some(user), &names))
                .unwrap();
            let id = found.repository.id;
            assert_eq!(found.repository.name.as_str(), "secret/hidden");
            assert_eq!(
                test.read(|conn| repositories::by_id(conn, id)),
                Some(found.repository)
            );
            assert_eq!(
                test.read(|conn| repository_level(conn, user, id)),
                Some(found.levels)
            );
            assert_eq!(found.root, test.read(crate::ui::repositories_root));
        }
        assert_eq!(test.read(|conn| longest_of(conn, None, &[])), None);
    }

    #[test]
    fn a_path_leads_to_a_repository_or_to_a_group() {
        let test = TestDb::kallithea();
        let at = |user: Option<i64>, path: &str| {
            let mut names = vec![RepoName::from(path)];
            let ends = path.rmatch_indices('/');
            names.extend(ends.map(|(end, _)| RepoName::from(&path[..end])));
            test.read(|conn| place_of(conn, user.map(UserId), &names))
        };
        for user in [1, 2, 3, 5] {
            let names = ["secret/hidden".into()];
            let one = test.read(|conn| longest_of(conn, Some(UserId(user)), &names));
            let found = at(Some(user), "secret/hidden/files/tip");
            assert_eq!(found, one.map(|one| Place::Repository(Box::new(one))));
            let groups = ["tools/backend".into()];
            let group = test.read(|conn| by_group::longest_of(conn, Some(UserId(user)), &groups));
            let expected = group.map(|(group, levels)| Place::Group(group, levels));
            assert!(expected.is_some());
            assert_eq!(at(Some(user), "tools/backend"), expected);
        }
        assert_eq!(at(Some(2), "tools/backend/nowhere"), None);
        assert_eq!(test.read(|conn| place_of(conn, None, &[])), None);
    }

    fn levels_of(test: &TestDb, user: UserId, repository: RepoId) -> [Option<Level>; 3] {
        let one = test
            .read(|conn| repository_level(conn, user, repository))
            .unwrap();
        let all = test.read(|conn| repository_levels(conn, user));
        assert_eq!(
            all.iter().find(|levels| levels.id == repository),
            Some(&one),
            "one and all agree"
        );
        [one.base, one.through_groups, one.own]
    }

    #[test]
    fn each_source_is_told_apart() {
        let (test, user, group, repository) = setting();
        assert_eq!(
            levels_of(&test, user, repository),
            [None; 3],
            "not even a base row"
        );
        test.write(|tx| grant(tx, DEFAULT, repository, Level::Read));
        test.write(|tx| users_group_repo_to_perm::grant(tx, group, repository, Level::Write));
        test.write(|tx| grant(tx, user, repository, Level::None));
        assert_eq!(
            levels_of(&test, user, repository),
            [Some(Level::Read), Some(Level::Write), Some(Level::None)]
        );
        assert_eq!(
            levels_of(&test, DEFAULT, repository),
            [Some(Level::Read), None, Some(Level::Read)]
        );
        assert_eq!(
            test.read(|conn| repository_level(conn, user, RepoId(99))),
            None
        );
    }

    #[test]
    fn an_inactive_user_group_gives_nothing() {
        let (test, user, group, repository) = setting();
        test.write(|tx| users_group_repo_to_perm::grant(tx, group, repository, Level::Admin));
        assert_eq!(levels_of(&test, user, repository)[1], Some(Level::Admin));
        test.write(|tx| {
            tx.execute(
                "UPDATE users_groups SET users_group_active = ?",
                &params![false],
            )
        });
        assert_eq!(levels_of(&test, user, repository)[1], None);
    }

    #[test]
    fn of_several_rows_the_greatest_counts_but_of_base_rows_the_newest() {
        let (test, user, _, repository) = setting();
        test.write(|tx| {
            for subject in [user, DEFAULT] {
                for level in ["repository.write", "repository.none", "repository.read"] {
                    let permission = permissions::id_for_write(tx, &level.into())?;
                    let row = [
                        ("user_id", subject.into()),
                        ("repository_id", repository.into()),
                        ("permission_id", permission.into()),
                    ];
                    tx.insert("repo_to_perm", "repo_to_perm_id", &row)?;
                }
            }
            Ok(())
        });
        assert_eq!(
            levels_of(&test, user, repository),
            [Some(Level::Read), None, Some(Level::Write)]
        );
        assert_eq!(
            levels_of(&test, DEFAULT, repository),
            [Some(Level::Read), None, Some(Level::Write)]
        );
        // A grant leaves one row of them.
        test.write(|tx| grant(tx, user, repository, Level::Write));
        let rows = "SELECT COUNT(*) FROM repo_to_perm WHERE user_id = ?";
        assert_eq!(test.read(|conn| conn.count(rows, &params![user])), 1);
        assert_eq!(levels_of(&test, user, repository)[2], Some(Level::Write));
    }

    #[test]
    fn names_that_no_program_knows_give_nothing() {
        let (test, user, _, repository) = setting();
        test.write(|tx| {
            let permission = permissions::id_for_write(tx, &"repository.owner".into())?;
            let row = [
                ("user_id", user.into()),
                ("repository_id", repository.into()),
                ("permission_id", permission.into()),
            ];
            tx.insert("repo_to_perm", "repo_to_perm_id", &row)
        });
        assert_eq!(levels_of(&test, user, repository), [None; 3]);
    }

    #[test]
    fn what_was_granted_is_listed_and_can_be_revoked() {
        let (test, user, group, repository) = setting();
        test.write_orphans(|tx| {
            grant(tx, user, repository, Level::Write)?;
            grant(tx, DEFAULT, repository, Level::Read)?;
            grant(tx, UserId(99), repository, Level::Admin)?;
            users_group_repo_to_perm::grant(tx, group, repository, Level::Admin)
        });
        let listed: Vec<(String, Level)> = test
            .read(|conn| of_repository(conn, repository))
            .into_iter()
            .map(|grant| (grant.username.into_string(), grant.level))
            .collect();
        assert_eq!(
            listed,
            [
                ("default".to_owned(), Level::Read),
                ("alice".to_owned(), Level::Write)
            ]
        );
        let groups = test.read(|conn| users_group_repo_to_perm::of_repository(conn, repository));
        assert_eq!(
            (groups.len(), groups[0].name.as_str(), groups[0].level),
            (1, "developers", Level::Admin)
        );

        assert!(test.write(|tx| revoke(tx, user, repository)));
        assert!(!test.write(|tx| revoke(tx, user, repository)));
        assert!(test.write(|tx| users_group_repo_to_perm::revoke(tx, group, repository)));
        assert_eq!(
            levels_of(&test, user, repository),
            [Some(Level::Read), None, None]
        );
    }

    #[test]
    fn a_real_database_gives_the_levels_that_its_pages_showed() {
        let test = TestDb::kallithea();
        let level = |user: &str, repository: &str| {
            let user = test
                .read(|conn| users::by_username(conn, &user.into()))
                .unwrap()
                .id;
            let repository = test
                .read(|conn| repositories::by_name(conn, &repository.into()))
                .unwrap()
                .id;
            levels_of(&test, user, repository)
        };
        assert_eq!(level("zoe", "sandbox-git")[2], Some(Level::Write));
        assert_eq!(
            level("bob", "secret/hidden"),
            [Some(Level::None), None, None]
        );
        assert_eq!(level("dave", "sandbox-hg")[0], Some(Level::Write));
        let all = test.read(|conn| repository_levels(conn, UserId(3)));
        assert_eq!(all.len(), 11);
        assert!(
            all.iter().any(|levels| levels.through_groups.is_some()),
            "alice is a developer"
        );
        let groups = test.read(|conn| user_repo_group_to_perm::group_levels(conn, UserId(5)));
        let secret = groups
            .iter()
            .find(|levels| levels.name.as_str() == "secret")
            .unwrap();
        assert_eq!(
            (secret.base, secret.own),
            (Some(Level::None), Some(Level::Read))
        );
    }
}
