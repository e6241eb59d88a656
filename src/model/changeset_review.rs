//! What is said and voted about one changeset.

use db::changeset_comments;

pub use db::changeset_comments::Said;

use crate::{Error, Model, ReadableRepository};

impl Model {
    /// What is said about a changeset, oldest first: on itself, and on pull requests in the words that came with a vote on it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn comments_on_changeset(
        &self,
        repository: &ReadableRepository,
        id: &vcs::ChangesetId,
    ) -> Result<Vec<Said>, Error> {
        let revision = id.to_string();
        Ok(self
            .db()
            .read(|conn| changeset_comments::of_changeset(conn, repository.id(), &revision))?)
    }
}
