//! What people said about changesets: the marks beside them in a list.

use std::collections::BTreeMap;

use db::changeset_statuses::{self, Vote};
use db::{CommentId, DbError, PullRequestId, Username, changeset_comments};

use crate::person::usernames;
use crate::{Error, Model, ReadableRepository};

/// More changesets than this are not asked for at once.
const MOST: usize = 500;

/// The marks of one changeset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// The newest vote, who gave it, and on which pull request.
    pub vote: Option<(Vote, Option<Username>, Option<PullRequestId>)>,
    /// How many comments there are on the changeset itself, and the first of them.
    pub comments: Option<(u64, CommentId)>,
}

impl Model {
    /// The marks of these changesets, by their full ids; those that have none are missing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn marks_of_changesets(
        &self,
        repository: &ReadableRepository,
        ids: &[vcs::ChangesetId],
    ) -> Result<BTreeMap<String, Marks>, Error> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        Ok(self.db().read(|conn| {
            let mut marks: BTreeMap<String, Marks> = BTreeMap::new();
            for ids in ids.chunks(MOST) {
                let id = repository.id();
                let votes = changeset_statuses::newest_of_changesets(conn, id, ids)?;
                let names = usernames(conn, votes.iter().map(|vote| vote.user))?;
                for vote in votes {
                    let Some(revision) = vote.revision else {
                        continue;
                    };
                    let voter = names.get(&vote.user).cloned();
                    marks.entry(revision).or_default().vote =
                        Some((vote.vote, voter, vote.pull_request));
                }
                let comments = changeset_comments::count_on_changesets(conn, id, ids)?;
                for (revision, count, first) in comments {
                    let count = u64::try_from(count).unwrap_or(0);
                    marks.entry(revision).or_default().comments = Some((count, first));
                }
            }
            Ok::<_, DbError>(marks)
        })?)
    }
}
