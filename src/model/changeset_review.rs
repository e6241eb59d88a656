//! What is said and voted about one changeset.

use std::collections::BTreeMap;

use db::changeset_comments::{self, Comment};
use db::changeset_statuses::{self, Vote};
use db::{DbError, UserId, users};

use crate::viewer::User;
use crate::{Error, Model, ReadableRepository};

/// A comment, as those may see it who may read the repository.
#[derive(Debug, Clone)]
pub struct ChangesetComment {
    /// The comment.
    pub comment: Comment,
    /// Who wrote it; none when the account is gone.
    pub author: Option<User>,
    /// The vote that came with it.
    pub vote: Option<Vote>,
}

impl Model {
    /// What is said about a changeset, oldest first: on itself, and on pull requests in the words that came with a vote on it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn comments_on_changeset(
        &self,
        repository: &ReadableRepository,
        id: &vcs::ChangesetId,
    ) -> Result<Vec<ChangesetComment>, Error> {
        let revision = id.to_string();
        Ok(self.db().read(|conn| {
            let comments = changeset_comments::of_changeset(conn, repository.id(), &revision)?;
            if comments.is_empty() {
                return Ok(Vec::new());
            }
            let votes = changeset_statuses::in_comments(conn, repository.id(), &revision)?;
            let mut authors: BTreeMap<UserId, Option<User>> = BTreeMap::new();
            for comment in &comments {
                if let std::collections::btree_map::Entry::Vacant(place) =
                    authors.entry(comment.author)
                {
                    place.insert(users::by_id(conn, comment.author)?);
                }
            }
            let named = comments.into_iter().map(|comment| ChangesetComment {
                author: authors.get(&comment.author).cloned().flatten(),
                vote: votes
                    .iter()
                    .find(|(id, _)| *id == comment.id)
                    .map(|(_, vote)| *vote),
                comment,
            });
            Ok::<_, DbError>(named.collect())
        })?)
    }
}
