//! `repo_to_perm`: levels of accounts on repositories. The row of the default user is the base that everybody has.

use crate::conn::{Conn, Row, Tx, params};
use crate::error::DbError;
use crate::grants::{GrantTable, SQL_IN_USER_GROUPS};
use crate::ids::{DEFAULT_USER, RepoId, RepoName, UserId, Username};
use crate::level::{Level, ObjectKind};
use crate::users_group_repo_to_perm;

const TABLE: GrantTable = GrantTable {
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
}

fn levels(
    conn: &Conn,
    user: UserId,
    repository: Option<RepoId>,
) -> Result<Vec<RepositoryLevels>, DbError> {
    let base = TABLE.sql_base("r.repo_id");
    let through_groups =
        users_group_repo_to_perm::TABLE.sql_greatest("r.repo_id", SQL_IN_USER_GROUPS);
    let own = TABLE.sql_greatest("r.repo_id", "= ?");
    let which = if repository.is_some() {
        "WHERE r.repo_id = ?"
    } else {
        "ORDER BY r.repo_name"
    };
    let sql = format!(
        "SELECT r.repo_id, r.repo_name, r.user_id, r.private, {base}, {through_groups}, {own} \
         FROM repositories r {which}"
    );
    let mut values = params![DEFAULT_USER, user, true, user].to_vec();
    values.extend(repository.map(Into::into));
    conn.query(&sql, &values, |row: &Row<'_>| RepositoryLevels {
        id: row.take(),
        name: row.take(),
        owner: row.take(),
        private: row.take(),
        base: row.take(),
        through_groups: row.take(),
        own: row.take(),
    })
}

/// What the tables say about an account and every repository, in the order of their paths.
pub fn repository_levels(conn: &Conn, user: UserId) -> Result<Vec<RepositoryLevels>, DbError> {
    levels(conn, user, None)
}

/// What the tables say about an account and this repository.
pub fn repository_level(
    conn: &Conn,
    user: UserId,
    repository: RepoId,
) -> Result<Option<RepositoryLevels>, DbError> {
    Ok(levels(conn, user, Some(repository))?.pop())
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
        object: column,
        kind,
        ..
    } = table;
    let rank = kind.sql_rank();
    let sql = format!(
        "SELECT u.user_id, u.username, u.active, MAX({rank}) FROM {table} x \
         JOIN users u ON u.user_id = x.user_id JOIN permissions p ON p.permission_id = x.permission_id \
         WHERE x.{column} = ? GROUP BY u.user_id, u.username, u.active \
         ORDER BY CASE WHEN u.username = ? THEN 0 ELSE 1 END, lower(u.username), u.user_id"
    );
    conn.query(&sql, &[object, DEFAULT_USER.into()], |row| UserGrant {
        user: row.take(),
        username: row.take(),
        active: row.take(),
        level: row.take(),
    })
}

/// Gives an account this level on a repository, instead of any it had. For the default user: sets the base.
pub fn grant(tx: &Tx<'_>, user: UserId, repository: RepoId, level: Level) -> Result<(), DbError> {
    TABLE.grant(tx, user, repository, level)
}

/// Takes away the level of an account on a repository. Says whether there was one.
pub fn revoke(tx: &Tx<'_>, user: UserId, repository: RepoId) -> Result<bool, DbError> {
    TABLE.revoke(tx, user, repository)
}

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    TABLE.delete_of_subject(tx, user)
}

pub(crate) fn delete_of_repository(tx: &Tx<'_>, repository: RepoId) -> Result<usize, DbError> {
    TABLE.delete_of_object(tx, repository)
}
