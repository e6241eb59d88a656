//! `changeset_statuses`: votes of reviewers; so far only what deletions need.

use crate::conn::{Tx, Value, params};
use crate::error::DbError;
use crate::ids::{PullRequestId, RepoId};

/// Deletes the votes that belong to the comments whose `column` has this value.
pub(crate) fn delete_of_comments(
    tx: &Tx<'_>,
    column: &str,
    value: Value<'_>,
) -> Result<usize, DbError> {
    let sql = format!(
        "DELETE FROM changeset_statuses WHERE changeset_comment_id IN \
         (SELECT comment_id FROM changeset_comments WHERE {column} = ?)"
    );
    tx.execute(&sql, &[value])
}

/// Deletes the votes on changesets of a repository.
pub(crate) fn delete_of_repository(tx: &Tx<'_>, repository: RepoId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM changeset_statuses WHERE repo_id = ?",
        &params![repository],
    )
}

/// Unties the votes that belong to comments elsewhere from a pull request that is about to be deleted.
pub(crate) fn forget_pull_request(tx: &Tx<'_>, id: PullRequestId) -> Result<usize, DbError> {
    tx.execute(
        "UPDATE changeset_statuses SET pull_request_id = NULL WHERE pull_request_id = ?",
        &params![id],
    )
}
