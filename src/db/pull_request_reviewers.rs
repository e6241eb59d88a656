//! `pull_request_reviewers`: so far only what deletions need.

use crate::conn::{Tx, params};
use crate::error::DbError;
use crate::ids::{PullRequestId, UserId};

pub(crate) fn delete_of_pull_request(tx: &Tx<'_>, id: PullRequestId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM pull_request_reviewers WHERE pull_request_id = ?",
        &params![id],
    )
}

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM pull_request_reviewers WHERE user_id = ?",
        &params![user],
    )
}
