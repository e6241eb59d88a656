//! What people said about changesets: the marks beside them in a list.

use std::collections::BTreeMap;

use db::changeset_marks;

pub use db::changeset_marks::Marks;

use crate::{Error, Model, ReadableRepository};

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
        Ok(self
            .db()
            .read(|conn| changeset_marks::of_changesets(conn, repository.id(), &ids))?)
    }
}
