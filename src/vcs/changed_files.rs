//! Which files a changeset touches.

use crate::diff::Operation;
use crate::{ChangesetId, DiffOptions, ReadError, RepoPath, Repository};

/// A file that differs between two changesets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// The path before; none for an added file.
    pub old_path: Option<RepoPath>,
    /// The path after; none for a removed file.
    pub new_path: Option<RepoPath>,
    /// What happened.
    pub operation: Operation,
    /// The mode before as Git writes it.
    pub old_mode: Option<u32>,
    /// The mode after.
    pub new_mode: Option<u32>,
}

impl ChangedFile {
    /// The path to show: the new one, or the old one of a removed file.
    pub fn path(&self) -> &RepoPath {
        const ROOT: &RepoPath = &RepoPath::root();
        let path = self.new_path.as_ref().or(self.old_path.as_ref());
        path.unwrap_or(ROOT)
    }
}

impl Repository {
    /// The files that differ between two changesets, in the order of their paths, up to a hundred thousand. Contents are read
    /// only to tell renames.
    pub fn changed_files(
        &self,
        old: Option<&ChangesetId>,
        new: &ChangesetId,
    ) -> Result<Vec<ChangedFile>, ReadError> {
        let options = DiffOptions {
            names_only: true,
            ..DiffOptions::default()
        };
        let files = self.diff(old, new, &options)?.files.into_iter();
        Ok(files
            .map(|file| ChangedFile {
                old_path: file.old_path,
                new_path: file.new_path,
                operation: file.operation,
                old_mode: file.old_mode,
                new_mode: file.new_mode,
            })
            .collect())
    }
}
