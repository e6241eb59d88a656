//! `changeset_comments`: so far only what deletions need. A vote belongs to a comment and goes with it.

use crate::changeset_statuses;
use crate::conn::{Tx, Value};
use crate::error::DbError;
use crate::ids::{PullRequestId, RepoId, UserId};

pub(crate) fn delete_of_repository(tx: &Tx<'_>, repository: RepoId) -> Result<(), DbError> {
    delete_where(tx, "repo_id", repository.into())
}

pub(crate) fn delete_of_pull_request(tx: &Tx<'_>, id: PullRequestId) -> Result<(), DbError> {
    delete_where(tx, "pull_request_id", id.into())
}

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<(), DbError> {
    delete_where(tx, "user_id", user.into())
}

fn delete_where(tx: &Tx<'_>, column: &str, value: Value<'_>) -> Result<(), DbError> {
    changeset_statuses::delete_of_comments(tx, column, value.clone())?;
    tx.execute(
        &format!("DELETE FROM changeset_comments WHERE {column} = ?"),
        &[value],
    )
    .map(drop)
}
