//! The forks of a repository, as far as a viewer may know of them.

use std::collections::HashSet;

use db::{Level, UserId, repo_to_perm, repositories, users};

use crate::gate::repository_rule;
use crate::{Error, Model, ReadableRepository, User, Viewer};

/// More relatives than this are not looked for.
const LARGEST_FAMILY: usize = 2_000;

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

    /// All repositories that came of the same original as far as a viewer may read them: this one first, then by path.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn readable_family(
        &self,
        repository: &ReadableRepository,
        viewer: &Viewer,
    ) -> Result<Vec<ReadableRepository>, Error> {
        let Some(user) = viewer.user_id() else {
            return Ok(vec![repository.clone()]);
        };
        let found = self.db().read(|conn| {
            let original = repositories::original_of(conn, repository.id())?;
            let mut known = HashSet::from([original]);
            let mut family = repo_to_perm::by_ids(conn, Some(user), &[original])?;
            let mut parents = vec![original];
            while !parents.is_empty() && family.len() < LARGEST_FAMILY {
                let mut forks = repo_to_perm::forks_of_any(conn, user, &parents)?;
                // Rows that are forks of each other, which nothing of ours makes, are met once.
                forks.retain(|fork| known.insert(fork.repository.id));
                parents = forks.iter().map(|fork| fork.repository.id).collect();
                family.append(&mut forks);
            }
            Ok::<_, db::DbError>(family)
        })?;
        let mut family: Vec<ReadableRepository> = found
            .into_iter()
            .filter_map(|found| {
                let level = repository_rule(viewer, &found.levels);
                ReadableRepository::new(found.repository, level).filter(|_| level >= Level::Read)
            })
            .collect();
        family.sort_by_cached_key(|member| {
            (member.id() != repository.id(), member.name().to_lowercase())
        });
        Ok(family)
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
