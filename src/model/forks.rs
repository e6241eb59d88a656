//! The forks of a repository, as far as a viewer may know of them.

use db::repo_to_perm;
use db::{DbError, Level, repositories};

use crate::rule::{self, Sources};
use crate::{Error, Model, ReadableRepository, Viewer};

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
        let (mut rows, sources) = self.db().read(|conn| {
            let rows = repositories::forks(conn, repository.id())?;
            // Most have none, and need not be asked about.
            let sources = if rows.is_empty() {
                Default::default()
            } else {
                repo_to_perm::sources(conn, user)?
            };
            Ok::<_, DbError>((rows, sources))
        })?;
        rows.sort_by_key(|row| (row.created_on, row.id));
        let level = |row: &repositories::Repository| {
            let found = sources.get(&row.id).copied().unwrap_or_default();
            let sources = Sources {
                base: found.base,
                through_groups: found.through_groups,
                own: found.own,
            };
            rule::on_repository(viewer, row.owner, row.private, sources)
        };
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let level = level(&row);
                ReadableRepository::new(row, level).filter(|_| level >= Level::Read)
            })
            .collect())
    }
}
