//! What lists of changesets show beside each: the newest vote and how much was said, in one statement over both tables.

use std::collections::BTreeMap;

use crate::changeset_statuses::Vote;
use crate::conn::{Conn, Value, params, placeholders};
use crate::error::DbError;
use crate::ids::{CommentId, PullRequestId, RepoId, Username};

/// The marks of one changeset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// The newest vote, who gave it, and on which pull request.
    pub vote: Option<(Vote, Option<Username>, Option<PullRequestId>)>,
    /// How many comments there are on the changeset itself, and the first of them.
    pub comments: Option<(u64, CommentId)>,
}

/// More changesets than this are not asked for at once.
const MOST: usize = 500;

/// The marks of these changesets, by their full ids; those that have none are missing.
pub fn of_changesets(
    conn: &Conn,
    repository: RepoId,
    revisions: &[String],
) -> Result<BTreeMap<String, Marks>, DbError> {
    let mut marks: BTreeMap<String, Marks> = BTreeMap::new();
    for revisions in revisions.chunks(MOST) {
        let places = placeholders(revisions.len());
        let sql = format!(
            "SELECT s.revision, s.changeset_status_id, s.status, u.username, s.pull_request_id, 0, 0 \
             FROM changeset_statuses s LEFT JOIN users u ON u.user_id = s.user_id \
             WHERE s.repo_id = ? AND s.version = ? AND s.revision IN ({places}) \
             UNION ALL SELECT c.revision, 0, NULL, NULL, NULL, COUNT(*), MIN(c.comment_id) \
             FROM changeset_comments c WHERE c.repo_id = ? AND c.revision IN ({places}) GROUP BY c.revision"
        );
        let mut values = params![repository, 0].to_vec();
        values.extend(revisions.iter().map(Value::from));
        values.push(repository.into());
        values.extend(revisions.iter().map(Value::from));
        // Several newest votes stand only in a database that broke the rule; the latest of them counts.
        let mut newest: BTreeMap<String, i64> = BTreeMap::new();
        conn.query(&sql, &values, |row| {
            let revision: String = row.take();
            let status: i64 = row.take();
            let vote = (row.take(), row.take(), row.take());
            let entry = marks.entry(revision.clone()).or_default();
            if status == 0 {
                let count: i64 = row.take();
                entry.comments = Some((u64::try_from(count).unwrap_or(0), row.take()));
                return;
            }
            let known = newest.entry(revision).or_insert(status);
            if *known <= status {
                *known = status;
                entry.vote = Some(vote);
            }
        })?;
    }
    Ok(marks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;
    use crate::{changeset_comments, changeset_statuses, users};

    #[test]
    fn they_are_what_the_tables_say_one_by_one() {
        let test = TestDb::kallithea();
        let mut seen = 0;
        for repository in [1, 2, 10, 11].map(RepoId) {
            let revisions: Vec<String> = test.read(|conn| {
                conn.query(
                    "SELECT s.revision FROM changeset_statuses s WHERE s.repo_id = ? AND s.revision IS NOT NULL \
                     UNION SELECT c.revision FROM changeset_comments c \
                     WHERE c.repo_id = ? AND c.revision IS NOT NULL",
                    &params![repository, repository],
                    |row| row.take(),
                )
            });
            let marks = test.read(|conn| of_changesets(conn, repository, &revisions));
            let counts = test
                .read(|conn| changeset_comments::count_on_changesets(conn, repository, &revisions));
            assert!(!marks.is_empty() && marks.len() <= revisions.len());
            for revision in &revisions {
                let one = marks.get(revision).cloned().unwrap_or_default();
                let count = counts.iter().find(|(other, ..)| other == revision);
                assert_eq!(
                    one.comments,
                    count.map(|(_, count, first)| (*count as u64, *first))
                );
                let votes = test.read(|conn| {
                    changeset_statuses::newest_of_changeset(conn, repository, revision)
                });
                let voter = |id| {
                    test.read(|conn| users::by_id(conn, id))
                        .map(|user| user.username)
                };
                let vote = votes
                    .last()
                    .map(|status| (status.vote, voter(status.user), status.pull_request));
                assert_eq!(one.vote, vote, "{revision}");
                seen += usize::from(one.vote.is_some()) + usize::from(one.comments.is_some());
            }
        }
        assert!(seen > 10, "{seen}");
        assert!(
            test.read(|conn| of_changesets(conn, RepoId(1), &[]))
                .is_empty()
        );
    }
}
