//! The forks of a repository, as far as a viewer may know of them.

use db::{Level, UserId, repo_to_perm, users};

use crate::gate::repository_rule;
use crate::{Error, Model, ReadableRepository, User, Viewer};

impl Model {
    /// The forks that a viewer may read, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn readable_forks(
        &self,
        repository: &ReadableRepository,
        viewer: &Viewer,
    ) -> Result<Vec<ReadableRepository>, Error> {
        let Some(user) = viewer.user_id() else {
            return Ok(Vec::new());
        };
        let found = self
            .db()
            .read(|conn| repo_to_perm::forks_of(conn, user, repository.id()))?;
        Ok(found
            .into_iter()
            .filter_map(|found| {
                let level = repository_rule(viewer, &found.levels);
                ReadableRepository::new(found.repository, level).filter(|_| level >= Level::Read)
            })
            .collect())
    }

    /// The owners of these repositories; those that are gone are missing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn owners<'r>(
        &self,
        repositories: impl IntoIterator<Item = &'r ReadableRepository>,
    ) -> Result<Vec<User>, Error> {
        let mut ids: Vec<UserId> = repositories
            .into_iter()
            .map(|repository| repository.row().owner)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(self.db().read(|conn| users::by_ids(conn, &ids))?)
    }
}
