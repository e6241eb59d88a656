//! `pull_requests`: so far only what the deletion of a repository needs.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::{PullRequestId, RepoId};
use crate::{changeset_comments, changeset_statuses, pull_request_reviewers};

/// The pull requests from or to a repository.
pub fn of_repository(conn: &Conn, repository: RepoId) -> Result<Vec<PullRequestId>, DbError> {
    conn.query(
        "SELECT pull_request_id FROM pull_requests WHERE org_repo_id = ? OR other_repo_id = ? \
         ORDER BY pull_request_id",
        &params![repository, repository],
        |row| row.take(),
    )
}

/// Deletes a pull request with its reviewers, comments and their votes.
pub fn delete(tx: &Tx<'_>, id: PullRequestId) -> Result<bool, DbError> {
    pull_request_reviewers::delete_of_pull_request(tx, id)?;
    changeset_comments::delete_of_pull_request(tx, id)?;
    changeset_statuses::forget_pull_request(tx, id)?;
    Ok(tx.execute(
        "DELETE FROM pull_requests WHERE pull_request_id = ?",
        &params![id],
    )? > 0)
}
