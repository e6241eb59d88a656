//! `pull_requests`: changesets of one repository ("org") offered to another ("other"), with reviewers and votes.

use crate::conn::{Column, Conn, FromColumn, Row, Tx, params};
use crate::error::DbError;
use crate::ids::{PullRequestId, RepoId, UserId};
use crate::time::LocalTime;
use crate::{changeset_comments, changeset_statuses, pull_request_reviewers};

/// `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PullRequestStatus {
    /// Open. Also what a word means that no program writes.
    New,
    /// Closed: no votes, no changes.
    Closed,
}

impl PullRequestStatus {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Closed => "closed",
        }
    }
}

impl FromColumn for PullRequestStatus {
    fn from_column(column: Column<'_>) -> Self {
        match String::from_column(column).as_str() {
            "closed" => Self::Closed,
            _ => Self::New,
        }
    }
}

/// One pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// `pull_request_id`
    pub id: PullRequestId,
    /// `title`
    pub title: String,
    /// `description`
    pub description: String,
    /// `status`
    pub status: PullRequestStatus,
    /// `created_on`
    pub created_on: LocalTime,
    /// `updated_on`
    pub updated_on: LocalTime,
    /// `user_id`
    pub owner: UserId,
    /// `revisions`: full ids of the changesets, oldest first, joined by colons.
    pub revisions: String,
    /// `org_repo_id`: where the changesets come from.
    pub org_repository: RepoId,
    /// `org_ref`: `<kind>:<name>:<full id>`.
    pub org_ref: String,
    /// `other_repo_id`: where they shall go; the pull request belongs there.
    pub other_repository: RepoId,
    /// `other_ref`: `<kind>:<name>:<full id of the common ancestor>`.
    pub other_ref: String,
}

impl PullRequest {
    /// The full ids of its changesets.
    pub fn changesets(&self) -> impl Iterator<Item = &str> {
        self.revisions.split(':').filter(|id| !id.is_empty())
    }

    /// Kind, name and full id of the side the changesets come from.
    pub fn org(&self) -> (&str, &str, &str) {
        parts(&self.org_ref)
    }

    /// Kind and name of the side they go to, and the full id of the common ancestor.
    pub fn other(&self) -> (&str, &str, &str) {
        parts(&self.other_ref)
    }
}

/// A name may hold colons, kind and id never do.
fn parts(reference: &str) -> (&str, &str, &str) {
    let (kind, rest) = reference.split_once(':').unwrap_or(("", reference));
    let (name, id) = rest.rsplit_once(':').unwrap_or((rest, ""));
    (kind, name, id)
}

/// What a new pull request is made of; it is open and created now.
#[derive(Clone, Debug)]
pub struct NewPullRequest<'a> {
    /// `title`
    pub title: &'a str,
    /// `description`
    pub description: &'a str,
    /// `user_id`
    pub owner: UserId,
    /// `revisions`
    pub revisions: &'a str,
    /// `org_repo_id`
    pub org_repository: RepoId,
    /// `org_ref`
    pub org_ref: &'a str,
    /// `other_repo_id`
    pub other_repository: RepoId,
    /// `other_ref`
    pub other_ref: &'a str,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT pull_request_id, title, description, status, created_on, updated_on, user_id, revisions, ",
            "org_repo_id, org_ref, other_repo_id, other_ref FROM pull_requests ",
            $rest
        )
    };
}

fn row(row: &Row<'_>) -> PullRequest {
    PullRequest {
        id: row.take(),
        title: row.take(),
        description: row.take(),
        status: row.take(),
        created_on: row.take(),
        updated_on: row.take(),
        owner: row.take(),
        revisions: row.take(),
        org_repository: row.take(),
        org_ref: row.take(),
        other_repository: row.take(),
        other_ref: row.take(),
    }
}

/// More pull requests than these are not asked about in one statement.
pub(crate) const MOST_IDS: usize = 500;

/// The pull request with this number.
pub fn by_id(conn: &Conn, id: PullRequestId) -> Result<Option<PullRequest>, DbError> {
    conn.query_one(select!("WHERE pull_request_id = ?"), &params![id], row)
}

/// The pull requests to a repository, open and closed, oldest first.
pub fn to_repository(conn: &Conn, repository: RepoId) -> Result<Vec<PullRequest>, DbError> {
    conn.query(
        select!("WHERE other_repo_id = ? ORDER BY pull_request_id"),
        &params![repository],
        row,
    )
}

/// The pull requests from a repository, open and closed, oldest first.
pub fn from_repository(conn: &Conn, repository: RepoId) -> Result<Vec<PullRequest>, DbError> {
    conn.query(
        select!("WHERE org_repo_id = ? ORDER BY pull_request_id"),
        &params![repository],
        row,
    )
}

/// The pull requests from or to a repository.
pub fn of_repository(conn: &Conn, repository: RepoId) -> Result<Vec<PullRequestId>, DbError> {
    conn.query(
        "SELECT pull_request_id FROM pull_requests WHERE org_repo_id = ? OR other_repo_id = ? \
         ORDER BY pull_request_id",
        &params![repository, repository],
        |row| row.take(),
    )
}

/// Adds a pull request.
pub fn insert(tx: &Tx<'_>, new: &NewPullRequest<'_>) -> Result<PullRequestId, DbError> {
    let now = LocalTime::now();
    tx.insert(
        "pull_requests",
        "pull_request_id",
        &[
            ("title", new.title.into()),
            ("description", new.description.into()),
            ("status", PullRequestStatus::New.as_str().into()),
            ("created_on", now.into()),
            ("updated_on", now.into()),
            ("user_id", new.owner.into()),
            ("revisions", new.revisions.into()),
            ("org_repo_id", new.org_repository.into()),
            ("org_ref", new.org_ref.into()),
            ("other_repo_id", new.other_repository.into()),
            ("other_ref", new.other_ref.into()),
        ],
    )
    .map(PullRequestId)
}

/// Opens or closes a pull request, now.
pub fn set_status(
    tx: &Tx<'_>,
    id: PullRequestId,
    status: PullRequestStatus,
) -> Result<bool, DbError> {
    let sql = "UPDATE pull_requests SET status = ?, updated_on = ? WHERE pull_request_id = ?";
    Ok(tx.execute(sql, &params![status.as_str(), LocalTime::now(), id])? > 0)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn pull_requests_of_a_real_instance_are_read() {
        let test = TestDb::kallithea();
        let ids = |list: Vec<PullRequest>| list.iter().map(|pr| pr.id.0).collect::<Vec<_>>();
        assert_eq!(
            ids(test.read(|conn| to_repository(conn, RepoId(2)))),
            [2, 3, 4]
        );
        assert_eq!(
            ids(test.read(|conn| from_repository(conn, RepoId(10)))),
            [1, 6]
        );
        let menu = test.read(|conn| by_id(conn, PullRequestId(2))).unwrap();
        assert_eq!(menu.status, PullRequestStatus::Closed);
        assert_eq!(menu.changesets().count(), 3);
        let (kind, name, id) = menu.org();
        assert_eq!((kind, name, id.len()), ("branch", "feature/menu", 40));
    }

    #[test]
    fn a_pull_request_is_made_closed_and_opened_again() {
        let test = TestDb::kallithea();
        let new = NewPullRequest {
            title: "t",
            description: "d",
            owner: UserId(3),
            revisions: "a:b",
            org_repository: RepoId(10),
            org_ref: "branch:x:y:aa",
            other_repository: RepoId(1),
            other_ref: "branch:default:bb",
        };
        let id = test.write(|tx| insert(tx, &new));
        let read = || test.read(|conn| by_id(conn, id)).unwrap();
        assert_eq!(read().org(), ("branch", "x:y", "aa"));
        assert_eq!(read().status, PullRequestStatus::New);
        test.write(|tx| set_status(tx, id, PullRequestStatus::Closed));
        assert_eq!(read().status, PullRequestStatus::Closed);
        assert!(test.write(|tx| delete(tx, id)));
    }
}
