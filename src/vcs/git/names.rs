//! Branches, tags and HEAD as they stand on disk.

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use super::Repository;
use super::ref_files::{RefFiles, Unreadable};
use crate::{OpenError, ReadError};

/// What the refs said at one moment, unpeeled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    /// `refs/heads/…`, `refs/pull/…` and `refs/tags/…`, by name.
    pub refs: Vec<(BString, Target)>,
    /// Where HEAD points.
    pub head: Option<Target>,
    /// Commits whose parents are cut off, in a shallow clone.
    pub shallow: Vec<ObjectId>,
}

/// Where a ref points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// At an object.
    Object(ObjectId),
    /// At another ref.
    Ref(BString),
}

impl Names {
    pub fn new(files: &RefFiles) -> Self {
        Names {
            refs: files.refs(),
            head: files.head.clone(),
            shallow: files.shallow.clone(),
        }
    }

    /// The target of a ref of this whole name.
    pub fn find(&self, name: &[u8]) -> Option<&Target> {
        let at = self
            .refs
            .binary_search_by(|(other, _)| other.as_slice().cmp(name));
        Some(&self.refs[at.ok()?].1)
    }

    /// Follows refs to refs. Five steps, as many as `git` takes.
    pub fn follow(&self, target: &Target) -> Option<ObjectId> {
        let mut target = target;
        for _ in 0..=5 {
            match target {
                Target::Object(id) => return Some(*id),
                Target::Ref(name) => target = self.find(name)?,
            }
        }
        None
    }
}

impl Repository {
    /// Reads the names from disk.
    pub(super) fn read_names(&self, repo: &gix::Repository) -> Result<RefFiles, ReadError> {
        self.memory.count_reading();
        let files = RefFiles::read(repo.git_dir(), repo.common_dir())
            .map_err(|Unreadable { path, source }| ReadError::Io { path, source })?;
        // A folder that is gone has no refs either, but that is not what an empty repository is.
        if files.is_empty() && !repo.common_dir().join("objects").is_dir() {
            let path = self.path.clone();
            return Err(ReadError::Gone(OpenError::Missing { path }));
        }
        Ok(files)
    }
}

/// The part of a ref's name that people see.
pub(super) fn shorten(name: &[u8]) -> String {
    let short = [&b"refs/heads/"[..], b"refs/tags/", b"refs/pull/"]
        .iter()
        .find_map(|prefix| name.strip_prefix(*prefix));
    short.unwrap_or(name).to_str_lossy().into_owned()
}
