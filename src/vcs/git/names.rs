//! Branches, tags and HEAD as they stand on disk.

use gix::ObjectId;
use gix::bstr::{BString, ByteSlice};

use super::Repository;
use crate::{OpenError, ReadError};

/// What the refs said at one moment, unpeeled. Equal values mean that nothing happened, which is how a push, a
/// deleted branch or `git tag` in the directory is noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    /// `refs/heads/…`, `refs/tags/…` and `refs/pull/…` in this order, each by name.
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

impl From<gix::refs::TargetRef<'_>> for Target {
    fn from(target: gix::refs::TargetRef<'_>) -> Self {
        match target {
            gix::refs::TargetRef::Object(id) => Target::Object(id.to_owned()),
            gix::refs::TargetRef::Symbolic(name) => Target::Ref(name.as_bstr().to_owned()),
        }
    }
}

impl Repository {
    /// Reads the names from disk.
    pub(super) fn names(&self, repo: &gix::Repository) -> Result<Names, ReadError> {
        let damaged = || self.damaged("the refs");
        let platform = repo.references().map_err(damaged())?;
        let mut refs = Vec::new();
        let pulls = platform.prefixed("refs/pull/");
        for iter in [platform.local_branches(), platform.tags(), pulls] {
            // A ref file that cannot be parsed is passed over, as `git` does with a warning: one broken ref must not hide
            // the rest of the repository.
            for reference in iter.map_err(damaged())?.flatten() {
                refs.push((
                    reference.name().as_bstr().to_owned(),
                    reference.target().into(),
                ));
            }
        }
        let head = repo
            .try_find_reference("HEAD")
            .ok()
            .flatten()
            .map(|head| Target::from(head.target()));
        let shallow = match repo.shallow_commits().map_err(damaged())? {
            Some(commits) => commits.iter().copied().collect(),
            None => Vec::new(),
        };
        // A folder that is gone has no refs either, but that is not what an empty repository is.
        if head.is_none() && refs.is_empty() && !repo.common_dir().join("objects").is_dir() {
            let path = self.path.clone();
            return Err(ReadError::Gone(OpenError::Missing { path }));
        }
        Ok(Names {
            refs,
            head,
            shallow,
        })
    }
}

/// The part of a ref's name that people see.
pub(super) fn shorten(name: &[u8]) -> String {
    let short = [&b"refs/heads/"[..], b"refs/tags/", b"refs/pull/"]
        .iter()
        .find_map(|prefix| name.strip_prefix(*prefix));
    short.unwrap_or(name).to_str_lossy().into_owned()
}
