//! `changeset_statuses`: votes on changesets, each with the comment it was given in.
//!
//! A vote on a pull request is one row for each of its changesets, in the repository they come from. The newest vote on
//! a changeset has the version 0; whoever votes raises the version of all that were there before.

use std::collections::BTreeMap;

use crate::conn::{Column, Conn, FromColumn, Row, Tx, Value, params, placeholders};
use crate::error::DbError;
use crate::ids::{CommentId, PullRequestId, RepoId, UserId};
use crate::pull_requests;
use crate::time::LocalTime;

/// A vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vote {
    /// Nobody looked yet.
    NotReviewed,
    /// Somebody is looking.
    UnderReview,
    /// Yes.
    Approved,
    /// No.
    Rejected,
    /// A word that means nothing; the original stored whatever an API client sent.
    Unknown,
}

impl Vote {
    /// All that can be given.
    pub const ALL: [Self; 4] = [
        Self::NotReviewed,
        Self::UnderReview,
        Self::Approved,
        Self::Rejected,
    ];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotReviewed => "not_reviewed",
            Self::UnderReview => "under_review",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }

    /// The vote of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vote| vote.as_str() == word)
    }
}

impl FromColumn for Vote {
    fn from_column(column: Column<'_>) -> Self {
        Self::from_word(&String::from_column(column)).unwrap_or(Self::Unknown)
    }
}

/// One vote on one changeset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// `user_id`
    pub user: UserId,
    /// `revision`: the full id of the changeset.
    pub revision: Option<String>,
    /// `status`
    pub vote: Vote,
    /// `modified_at`
    pub modified_at: LocalTime,
    /// `version`: 0 for the newest vote on the changeset.
    pub version: i64,
    /// `pull_request_id`: the pull request it was given on.
    pub pull_request: Option<PullRequestId>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT user_id, revision, status, modified_at, version, pull_request_id FROM changeset_statuses ",
            $rest
        )
    };
}

fn row(row: &Row<'_>) -> Status {
    Status {
        user: row.take(),
        revision: row.take(),
        vote: row.take(),
        modified_at: row.take(),
        version: row.take(),
        pull_request: row.take(),
    }
}

/// All votes on each of these pull requests, oldest first, those that newer ones have replaced among them.
pub fn of_pull_requests(
    conn: &Conn,
    ids: &[PullRequestId],
) -> Result<BTreeMap<PullRequestId, Vec<Status>>, DbError> {
    let mut all: BTreeMap<PullRequestId, Vec<Status>> = BTreeMap::new();
    for ids in ids.chunks(pull_requests::MOST_IDS) {
        let sql = format!(
            "{} WHERE pull_request_id IN ({}) ORDER BY changeset_status_id",
            select!(""),
            placeholders(ids.len())
        );
        let values: Vec<Value<'_>> = ids.iter().map(|id| Value::from(*id)).collect();
        for status in conn.query(&sql, &values, row)? {
            if let Some(id) = status.pull_request {
                all.entry(id).or_default().push(status);
            }
        }
    }
    Ok(all)
}

/// The newest vote on a changeset; more than one only in a database that broke the rule.
pub fn newest_of_changeset(
    conn: &Conn,
    repository: RepoId,
    revision: &str,
) -> Result<Vec<Status>, DbError> {
    conn.query(
        select!("WHERE repo_id = ? AND revision = ? AND version = ? ORDER BY changeset_status_id"),
        &params![repository, revision, 0],
        row,
    )
}

/// The newest votes on many changesets, by their full ids.
pub fn newest_of_changesets(
    conn: &Conn,
    repository: RepoId,
    revisions: &[String],
) -> Result<Vec<Status>, DbError> {
    if revisions.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT user_id, revision, status, modified_at, version, pull_request_id FROM changeset_statuses \
         WHERE repo_id = ? AND version = ? AND revision IN ({}) ORDER BY changeset_status_id",
        placeholders(revisions.len())
    );
    let mut values = params![repository, 0].to_vec();
    values.extend(revisions.iter().map(Value::from));
    conn.query(&sql, &values, row)
}

/// The comments that carry a vote on a changeset, each with it.
pub fn in_comments(
    conn: &Conn,
    repository: RepoId,
    revision: &str,
) -> Result<Vec<(CommentId, Vote)>, DbError> {
    conn.query(
        "SELECT changeset_comment_id, status FROM changeset_statuses WHERE repo_id = ? AND revision = ? \
         ORDER BY changeset_status_id",
        &params![repository, revision],
        |row| (row.take(), row.take()),
    )
}

/// Gives a vote on these changesets, in a comment.
pub fn vote<'a>(
    tx: &Tx<'_>,
    repository: RepoId,
    revisions: impl Iterator<Item = &'a str>,
    user: UserId,
    vote: Vote,
    comment: CommentId,
    pull_request: Option<PullRequestId>,
) -> Result<(), DbError> {
    let now = LocalTime::now();
    for revision in revisions {
        // One at a time from the oldest on: no version may be there twice, not even for a moment.
        let older = tx.query(
            "SELECT changeset_status_id FROM changeset_statuses WHERE repo_id = ? AND revision = ? \
             ORDER BY version DESC, changeset_status_id",
            &params![repository, revision],
            |row| row.take::<i64>(),
        )?;
        for id in older {
            tx.execute(
                "UPDATE changeset_statuses SET version = version + 1 WHERE changeset_status_id = ?",
                &params![id],
            )?;
        }
        tx.insert(
            "changeset_statuses",
            "changeset_status_id",
            &[
                ("repo_id", repository.into()),
                ("user_id", user.into()),
                ("revision", revision.into()),
                ("status", vote.as_str().into()),
                ("changeset_comment_id", comment.into()),
                ("modified_at", now.into()),
                ("version", 0.into()),
                ("pull_request_id", pull_request.map(|id| id.0).into()),
            ],
        )?;
    }
    Ok(())
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;
    use crate::{changeset_comments, pull_requests};

    #[test]
    fn a_new_vote_raises_the_versions_of_all_before() {
        let test = TestDb::kallithea();
        let id = PullRequestId(1);
        let request = test.read(|conn| pull_requests::by_id(conn, id)).unwrap();
        let before = test
            .read(|conn| of_pull_requests(conn, &[id]))
            .remove(&id)
            .unwrap_or_default();
        test.write(|tx| {
            let comment = changeset_comments::insert(
                tx,
                &changeset_comments::NewComment {
                    repository: request.org_repository,
                    revision: None,
                    pull_request: Some(id),
                    line: None,
                    path: None,
                    author: UserId(3),
                    text: "",
                },
            )?;
            vote(
                tx,
                request.org_repository,
                request.changesets(),
                UserId(3),
                Vote::Rejected,
                comment,
                Some(id),
            )
        });
        let after = test
            .read(|conn| of_pull_requests(conn, &[id]))
            .remove(&id)
            .unwrap_or_default();
        assert_eq!(after.len(), before.len() + 2);
        for (old, new) in before.iter().zip(&after) {
            assert_eq!((old.vote, old.version + 1), (new.vote, new.version));
        }
        for revision in request.changesets() {
            let newest =
                test.read(|conn| newest_of_changeset(conn, request.org_repository, revision));
            assert_eq!((newest.len(), newest[0].vote), (1, Vote::Rejected));
        }
        let all: Vec<String> = request.changesets().map(str::to_owned).collect();
        let newest = test.read(|conn| newest_of_changesets(conn, request.org_repository, &all));
        assert_eq!(newest.len(), all.len());
        assert!(newest.iter().all(|status| status.vote == Vote::Rejected));
        let none = test.read(|conn| newest_of_changesets(conn, request.org_repository, &[]));
        assert!(none.is_empty());
    }
}
