//! A repository on disk, to be kept as long as it is of interest.

use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::snapshot::Snapshot;

/// What a reader accepts from a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest text (file, manifest, changelog entry) in bytes that is put together in memory.
    pub max_text: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { max_text: 1 << 30 }
    }
}

/// A repository on disk.
///
/// Keep the value: [`snapshot`](Repository::snapshot) costs a few `stat` calls as long as nothing has changed.
#[derive(Debug)]
pub struct Repository {}

impl Repository {
    /// Opens the repository whose working directory is `root`, that is, `root/.hg` exists.
    pub fn open(root: &Path) -> Result<Repository, Error> {
        Repository::open_with(root, Limits::default())
    }

    /// The same with other limits.
    pub fn open_with(_root: &Path, _limits: Limits) -> Result<Repository, Error> {
        todo!()
    }

    /// The directory that was opened.
    pub fn root(&self) -> &Path {
        todo!()
    }

    /// The present state. What writers do afterwards shows in the next snapshot, not in this one.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        todo!()
    }

    /// Runs `work` on the present state, and again on a fresh one when a writer that strips history made it fail.
    pub fn read<T, E: From<Error> + MayPass>(
        &self,
        _work: impl FnMut(&Arc<Snapshot>) -> Result<T, E>,
    ) -> Result<T, E> {
        todo!()
    }
}

/// An error that knows whether a second look can help; see [`Repository::read`].
pub trait MayPass {
    /// Whether a writer at work may be the cause.
    fn may_pass(&self) -> bool;
}

impl MayPass for Error {
    fn may_pass(&self) -> bool {
        Error::may_pass(self)
    }
}

impl MayPass for crate::error::LookupError {
    fn may_pass(&self) -> bool {
        matches!(self, crate::error::LookupError::Repository(error) if error.may_pass())
    }
}
