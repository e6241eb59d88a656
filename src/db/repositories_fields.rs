//! `repositories_fields`: extra fields of repositories. A key is stored bare; forms and the API show it as `ex_<key>`.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::{FieldId, RepoId};
use crate::time::LocalTime;

/// One field of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraField {
    /// `repo_field_id`
    pub id: FieldId,
    /// `field_key`
    pub key: String,
    /// `field_label`
    pub label: String,
    /// `field_value`
    pub value: String,
    /// `field_desc`
    pub description: String,
    /// `field_type`: `str`, `unicode`, `list` or `tuple`; the value is text whatever it says.
    pub kind: String,
}

/// What a new field is made of; it is created now.
#[derive(Clone, Debug)]
pub struct NewField<'a> {
    /// `field_key`
    pub key: &'a str,
    /// `field_label`
    pub label: &'a str,
    /// `field_value`
    pub value: &'a str,
    /// `field_desc`
    pub description: &'a str,
    /// `field_type`
    pub kind: &'a str,
}

/// The fields of a repository, in the order in which they were made.
pub fn of_repository(conn: &Conn, repository: RepoId) -> Result<Vec<ExtraField>, DbError> {
    conn.query(
        "SELECT repo_field_id, field_key, field_label, field_value, field_desc, field_type \
         FROM repositories_fields WHERE repository_id = ? ORDER BY repo_field_id",
        &params![repository],
        |row| ExtraField {
            id: row.take(),
            key: row.take(),
            label: row.take(),
            value: row.take(),
            description: row.take(),
            kind: row.take(),
        },
    )
}

/// The fields of all repositories, each repository's in the order in which they were made.
pub fn all(conn: &Conn) -> Result<Vec<(RepoId, ExtraField)>, DbError> {
    conn.query(
        "SELECT repository_id, repo_field_id, field_key, field_label, field_value, field_desc, field_type \
         FROM repositories_fields ORDER BY repo_field_id",
        &[],
        |row| {
            let repository = row.take();
            let field = ExtraField {
                id: row.take(),
                key: row.take(),
                label: row.take(),
                value: row.take(),
                description: row.take(),
                kind: row.take(),
            };
            (repository, field)
        },
    )
}

/// Adds a field. A repository has a key once.
pub fn insert(tx: &Tx<'_>, repository: RepoId, new: &NewField<'_>) -> Result<FieldId, DbError> {
    tx.insert(
        "repositories_fields",
        "repo_field_id",
        &[
            ("repository_id", repository.into()),
            ("field_key", new.key.into()),
            ("field_label", new.label.into()),
            ("field_value", new.value.into()),
            ("field_desc", new.description.into()),
            ("field_type", new.kind.into()),
            ("created_on", LocalTime::now().into()),
        ],
    )
    .map(FieldId)
}

/// Sets the value of a field of this repository. Says whether it has such a field.
pub fn set_value(tx: &Tx<'_>, repository: RepoId, key: &str, value: &str) -> Result<bool, DbError> {
    let sql =
        "UPDATE repositories_fields SET field_value = ? WHERE repository_id = ? AND field_key = ?";
    Ok(tx.execute(sql, &params![value, repository, key])? > 0)
}

/// Deletes a field of the repository it belongs to. Says whether that repository had it.
pub fn delete(tx: &Tx<'_>, repository: RepoId, id: FieldId) -> Result<bool, DbError> {
    let sql = "DELETE FROM repositories_fields WHERE repo_field_id = ? AND repository_id = ?";
    Ok(tx.execute(sql, &params![id, repository])? > 0)
}

pub(crate) fn delete_of_repository(tx: &Tx<'_>, repository: RepoId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM repositories_fields WHERE repository_id = ?",
        &params![repository],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn a_field_is_made_filled_and_deleted_in_its_own_repository_only() {
        let test = TestDb::kallithea();
        let new = NewField {
            key: "ticket-url",
            label: "Tickets",
            value: "",
            description: "",
            kind: "str",
        };
        let before = test.read(|conn| of_repository(conn, RepoId(1))).len();
        let id = test.write(|tx| insert(tx, RepoId(1), &new));
        let twice = test.db.write(|tx| insert(tx, RepoId(1), &new));
        assert!(twice.unwrap_err().is_unique_violation());
        assert!(test.write(|tx| set_value(tx, RepoId(1), "ticket-url", "https://x")));
        assert!(!test.write(|tx| set_value(tx, RepoId(2), "ticket-url", "https://x")));
        let fields = test.read(|conn| of_repository(conn, RepoId(1)));
        assert_eq!(fields.last().unwrap().value, "https://x");
        assert!(!test.write(|tx| delete(tx, RepoId(2), id)));
        assert!(test.write(|tx| delete(tx, RepoId(1), id)));
        assert_eq!(
            test.read(|conn| of_repository(conn, RepoId(1))).len(),
            before
        );
    }
}
