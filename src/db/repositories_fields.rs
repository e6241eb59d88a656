//! `repositories_fields`: extra fields of repositories; so far only what deletions need.

use crate::conn::{Tx, params};
use crate::error::DbError;
use crate::ids::RepoId;

pub(crate) fn delete_of_repository(tx: &Tx<'_>, repository: RepoId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM repositories_fields WHERE repository_id = ?",
        &params![repository],
    )
}
