//! `changeset_comments`: comments on changesets and on pull requests. A vote belongs to a comment and goes with it.

use std::collections::BTreeMap;

use crate::changeset_statuses::{self, Vote};
use crate::conn::{Conn, Row, Tx, Value, params, placeholders};
use crate::error::DbError;
use crate::ids::{CommentId, PullRequestId, RepoId, UserId};
use crate::pull_requests;
use crate::time::LocalTime;
use crate::users::{self, User};

/// One comment: on a changeset or on a pull request, general or at a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// `comment_id`
    pub id: CommentId,
    /// `repo_id`: for a pull request the repository that the changesets come from.
    pub repository: RepoId,
    /// `revision`: the full id of a changeset; none for pull requests.
    pub revision: Option<String>,
    /// `pull_request_id`; none for changesets.
    pub pull_request: Option<PullRequestId>,
    /// `line_no`: `o12` or `n12`, a line of the old or of the new side; none for general comments.
    pub line: Option<String>,
    /// `f_path`; none for general comments.
    pub path: Option<String>,
    /// `user_id`
    pub author: UserId,
    /// `text`
    pub text: String,
    /// `created_on`
    pub created_on: LocalTime,
}

/// What a new comment is made of; it is created now.
#[derive(Clone, Debug)]
pub struct NewComment<'a> {
    /// `repo_id`
    pub repository: RepoId,
    /// `revision`
    pub revision: Option<&'a str>,
    /// `pull_request_id`
    pub pull_request: Option<PullRequestId>,
    /// `line_no`
    pub line: Option<&'a str>,
    /// `f_path`
    pub path: Option<&'a str>,
    /// `user_id`
    pub author: UserId,
    /// `text`
    pub text: &'a str,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT comment_id, repo_id, revision, pull_request_id, line_no, f_path, user_id, \"text\", created_on ",
            "FROM changeset_comments ",
            $rest
        )
    };
}

fn row(row: &Row<'_>) -> Comment {
    Comment {
        id: row.take(),
        repository: row.take(),
        revision: row.take(),
        pull_request: row.take(),
        line: row.take(),
        path: row.take(),
        author: row.take(),
        text: row.take(),
        created_on: row.take(),
    }
}

/// The comments on each of these pull requests, oldest first.
pub fn of_pull_requests(
    conn: &Conn,
    ids: &[PullRequestId],
) -> Result<BTreeMap<PullRequestId, Vec<Comment>>, DbError> {
    let mut all: BTreeMap<PullRequestId, Vec<Comment>> = BTreeMap::new();
    for ids in ids.chunks(pull_requests::MOST_IDS) {
        let sql = format!(
            "{} WHERE pull_request_id IN ({}) ORDER BY comment_id",
            select!(""),
            placeholders(ids.len())
        );
        let values: Vec<Value<'_>> = ids.iter().map(|id| Value::from(*id)).collect();
        for comment in conn.query(&sql, &values, row)? {
            if let Some(id) = comment.pull_request {
                all.entry(id).or_default().push(comment);
            }
        }
    }
    Ok(all)
}

/// How many comments there are on each of many changesets, and the first of them.
pub fn count_on_changesets(
    conn: &Conn,
    repository: RepoId,
    revisions: &[String],
) -> Result<Vec<(String, i64, CommentId)>, DbError> {
    if revisions.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT revision, COUNT(*), MIN(comment_id) FROM changeset_comments \
         WHERE repo_id = ? AND revision IN ({}) GROUP BY revision",
        placeholders(revisions.len())
    );
    let mut values = params![repository].to_vec();
    values.extend(revisions.iter().map(Value::from));
    conn.query(&sql, &values, |row| (row.take(), row.take(), row.take()))
}

/// Something said about a changeset, with the vote that came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The comment.
    pub comment: Comment,
    /// Who wrote it; none when the account is gone.
    pub author: Option<User>,
    /// The vote.
    pub vote: Option<Vote>,
    /// Whether that is the newest vote on the changeset.
    pub newest: bool,
}

/// What is said about a changeset, oldest first: on itself, and on pull requests in the words that came with a vote on it.
/// One statement.
pub fn of_changeset(conn: &Conn, repository: RepoId, revision: &str) -> Result<Vec<Said>, DbError> {
    let sql = format!(
        "SELECT c.comment_id, c.repo_id, c.revision, c.pull_request_id, c.line_no, c.f_path, c.user_id, c.\"text\", \
         c.created_on, s.changeset_status_id, s.status, s.version, {} FROM changeset_comments c \
         LEFT JOIN users u ON u.user_id = c.user_id LEFT JOIN changeset_statuses s \
         ON s.changeset_comment_id = c.comment_id AND s.repo_id = ? AND s.revision = ? \
         WHERE (c.repo_id = ? AND c.revision = ?) OR c.comment_id IN (\
         SELECT o.changeset_comment_id FROM changeset_statuses o WHERE o.repo_id = ? AND o.revision = ?) \
         ORDER BY c.comment_id, s.changeset_status_id DESC",
        users::COLUMNS
    );
    let values = params![
        repository, revision, repository, revision, repository, revision
    ];
    let mut said: Vec<Said> = conn.query(&sql, &values, |found| {
        let comment = row(found);
        let voted: Option<i64> = found.take();
        let (vote, version): (Vote, i64) = (found.take(), found.take());
        let author = users::row(found);
        Said {
            comment,
            vote: voted.map(|_| vote),
            newest: voted.is_some() && version == 0,
            // Columns of a row that is not there are read as 0.
            author: Some(author).filter(|author| author.id != UserId(0)),
        }
    })?;
    // A comment carries several votes on one changeset only where a database broke the rule.
    said.dedup_by_key(|said| said.comment.id);
    Ok(said)
}

/// Adds a comment.
pub fn insert(tx: &Tx<'_>, new: &NewComment<'_>) -> Result<CommentId, DbError> {
    let now = LocalTime::now();
    tx.insert(
        "changeset_comments",
        "comment_id",
        &[
            ("repo_id", new.repository.into()),
            ("revision", new.revision.into()),
            ("pull_request_id", new.pull_request.map(|id| id.0).into()),
            ("line_no", new.line.into()),
            ("f_path", new.path.into()),
            ("user_id", new.author.into()),
            ("text", new.text.into()),
            ("created_on", now.into()),
            ("modified_at", now.into()),
        ],
    )
    .map(CommentId)
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn comments_on_a_pull_request_come_in_their_order() {
        let test = TestDb::kallithea();
        let id = PullRequestId(1);
        let new = NewComment {
            repository: RepoId(10),
            revision: None,
            pull_request: Some(id),
            line: None,
            path: None,
            author: UserId(4),
            text: "Done",
        };
        let added = test.write(|tx| insert(tx, &new));
        let comments = test
            .read(|conn| of_pull_requests(conn, &[id]))
            .remove(&id)
            .unwrap_or_default();
        let ids: Vec<i64> = comments.iter().map(|comment| comment.id.0).collect();
        assert_eq!(ids, [10, 13, 14, 15, added.0]);
        assert!(comments[2].line.is_some());
        assert_eq!(comments[4].path, None);
    }

    #[test]
    fn comments_are_counted_by_changeset() {
        let test = TestDb::kallithea();
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let add = |tx: &Tx<'_>| {
            let new = NewComment {
                repository: RepoId(1),
                revision: Some(&one),
                pull_request: None,
                line: None,
                path: None,
                author: UserId(3),
                text: "so",
            };
            insert(tx, &new)
        };
        let first = test.write(|tx| {
            let first = add(tx)?;
            add(tx)?;
            Ok(first)
        });
        let asked = [one.clone(), two];
        let counted = |id| test.read(|conn| count_on_changesets(conn, id, &asked));
        assert_eq!(counted(RepoId(1)), [(one.clone(), 2, first)]);
        assert!(counted(RepoId(2)).is_empty());
    }

    #[test]
    fn what_is_said_about_a_changeset_comes_from_both_places() {
        let test = TestDb::kallithea();
        let (repository, revision) = (RepoId(10), "c".repeat(40));
        let new = |revision, text| NewComment {
            repository,
            revision,
            pull_request: None,
            line: None,
            path: None,
            author: UserId(4),
            text,
        };
        let [on_it, with_a_vote] = test.write(|tx| {
            let on_it = insert(tx, &new(Some(&revision), "here"))?;
            insert(tx, &new(Some("d"), "elsewhere"))?;
            let with_a_vote = insert(tx, &new(None, "voted"))?;
            let revisions = [revision.as_str()].into_iter();
            let vote = changeset_statuses::Vote::Approved;
            changeset_statuses::vote(
                tx,
                repository,
                revisions,
                UserId(4),
                vote,
                with_a_vote,
                None,
            )?;
            Ok::<_, DbError>([on_it, with_a_vote])
        });
        let comments = test.read(|conn| of_changeset(conn, repository, &revision));
        let told: Vec<_> = comments
            .iter()
            .map(|said| (said.comment.id, said.vote, said.newest))
            .collect();
        let approved = Some(Vote::Approved);
        assert_eq!(told, [(on_it, None, false), (with_a_vote, approved, true)]);
        let author = comments[0].author.as_ref().map(|author| author.id);
        assert_eq!(author, Some(comments[0].comment.author));
        let votes = test.read(|conn| changeset_statuses::in_comments(conn, repository, &revision));
        assert_eq!(votes, [(with_a_vote, changeset_statuses::Vote::Approved)]);
    }
}
