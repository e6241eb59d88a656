//! `users_group_repo_to_perm`: levels of user groups on repositories.

use crate::conn::{Conn, Tx, Value, params};
use crate::error::DbError;
use crate::grants::GrantTable;
use crate::ids::{RepoId, RepoName, UserGroupId, UserGroupName};
use crate::level::{Level, ObjectKind};

pub(crate) const TABLE: GrantTable = GrantTable {
    table: "users_group_repo_to_perm",
    id: "users_group_to_perm_id",
    subject: "users_group_id",
    object: "repository_id",
    kind: ObjectKind::Repository,
};

/// A user group's level on one repository or repository group, for the permission form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserGroupGrant {
    /// The user group.
    pub group: UserGroupId,
    /// Its name.
    pub name: UserGroupName,
    /// Whether it is active.
    pub active: bool,
    /// The level.
    pub level: Level,
    /// The number of its first row: the order of the API.
    pub row: i64,
}

/// The user groups with a level on a repository, by name. Rows of user groups that are gone are passed over.
pub fn of_repository(conn: &Conn, repository: RepoId) -> Result<Vec<UserGroupGrant>, DbError> {
    user_group_grants(conn, &TABLE, repository.into())
}

pub(crate) fn user_group_grants(
    conn: &Conn,
    table: &GrantTable,
    object: Value<'_>,
) -> Result<Vec<UserGroupGrant>, DbError> {
    let GrantTable {
        table,
        id,
        subject,
        object: column,
        kind,
        ..
    } = table;
    let rank = kind.sql_rank();
    let sql = format!(
        "SELECT g.users_group_id, g.users_group_name, g.users_group_active, MAX({rank}), MIN(x.{id}) FROM {table} x \
         JOIN users_groups g ON g.users_group_id = x.{subject} \
         JOIN permissions p ON p.permission_id = x.permission_id \
         WHERE x.{column} = ? GROUP BY g.users_group_id, g.users_group_name, g.users_group_active \
         ORDER BY lower(g.users_group_name), g.users_group_id"
    );
    conn.query(&sql, &[object], |row| UserGroupGrant {
        group: row.take(),
        name: row.take(),
        active: row.take(),
        level: row.take(),
        row: row.take(),
    })
}

/// The repositories on which a user group has a level, by path.
pub fn repositories_of(conn: &Conn, group: UserGroupId) -> Result<Vec<RepoName>, DbError> {
    conn.query(
        "SELECT r.repo_name FROM repositories r WHERE r.repo_id IN \
         (SELECT x.repository_id FROM users_group_repo_to_perm x WHERE x.users_group_id = ?) ORDER BY r.repo_name",
        &params![group],
        |row| row.take(),
    )
}

/// Gives a user group this level on a repository, instead of any it had.
pub fn grant(
    tx: &Tx<'_>,
    group: UserGroupId,
    repository: RepoId,
    level: Level,
) -> Result<(), DbError> {
    TABLE.grant(tx, group, repository, level)
}

/// Takes away the level of a user group on a repository. Says whether there was one.
pub fn revoke(tx: &Tx<'_>, group: UserGroupId, repository: RepoId) -> Result<bool, DbError> {
    TABLE.revoke(tx, group, repository)
}

pub(crate) fn delete_of_user_group(tx: &Tx<'_>, group: UserGroupId) -> Result<usize, DbError> {
    TABLE.delete_of_subject(tx, group)
}

pub(crate) fn delete_of_repository(tx: &Tx<'_>, repository: RepoId) -> Result<usize, DbError> {
    TABLE.delete_of_object(tx, repository)
}
