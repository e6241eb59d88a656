//! Looking after repositories now and then: what the database knows of them, and what makes them fast.

use std::collections::HashSet;
use std::time::Duration;

use db::{Level, repositories};
use vcs::RepoPath;
use vcs::life::{Housekeeping, Limits, Watch};

use crate::rights::SiteAdmin;
use crate::{Error, Model, ReadableRepository};

/// A repository of the largest kind takes so long to pack anew.
const LONGEST: Duration = Duration::from_secs(6 * 3600);

impl Model {
    /// The repositories of these full names, or all of them when there is no name; names that nobody has are passed over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn repositories_named(
        &self,
        _: &SiteAdmin,
        names: &[String],
    ) -> Result<Vec<ReadableRepository>, Error> {
        let wanted: HashSet<&str> = names.iter().map(String::as_str).collect();
        let rows = self.db().read(repositories::all)?;
        Ok(rows
            .into_iter()
            .filter(|row| wanted.is_empty() || wanted.contains(row.name.as_str()))
            .filter_map(|row| ReadableRepository::new(row, Level::Admin))
            .collect())
    }

    /// Reads the newest changeset of a repository anew, for lists and feeds.
    ///
    /// # Errors
    /// When the repository cannot be read or the database cannot be written.
    pub fn update_metadata(
        &self,
        _: &SiteAdmin,
        repository: &ReadableRepository,
    ) -> Result<(), Error> {
        self.refresh_tip(repository.id())
    }

    /// Packs a repository anew (`collect`) and writes the indexes that make histories cheap.
    ///
    /// # Errors
    /// When the program fails or takes too long.
    pub fn housekeeping(
        &self,
        _: &SiteAdmin,
        repository: &ReadableRepository,
        what: Housekeeping,
    ) -> Result<(), Error> {
        let contents = self.open_repository(repository)?;
        contents
            .housekeeping(
                &self.programs()?,
                what,
                Limits::new(LONGEST, None),
                &mut Watch::nobody(),
            )
            .map_err(crate::contents::error)
    }

    /// Works out what the first page of a repository shows and keeps it, so that nobody has to wait for it.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn warm(&self, _: &SiteAdmin, repository: &ReadableRepository) -> Result<(), Error> {
        let unreadable = |error: &dyn std::fmt::Display| {
            Error::Program(format!("repository '{}': {error}", repository.name()).into())
        };
        let contents = self.open_repository(repository)?;
        let tip = contents
            .landing(&repository.row().landing_revision)
            .map_err(|error| unreadable(&error))?;
        if let Some(tip) = tip {
            let root = RepoPath::parse(b"").expect("the empty path is that of the root");
            contents
                .cached(self.cache())
                .last_changes(&tip, &root)
                .map_err(|error| unreadable(&error))?;
        }
        Ok(())
    }
}
