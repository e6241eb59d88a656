//! The one type callers hold.

use std::path::{Path, PathBuf};

use crate::diff::{Diff, DiffOptions};
use crate::{
    Changeset, ChangesetId, Entry, FileContent, Kind, LastChanges, LogPage, LogQuery, Node,
    NodeError, OpenError, ReadError, Refs, RepoPath, RevisionError, Tip, git, mercurial,
};

/// An open repository of either kind.
///
/// It may be kept for as long as one likes and used from several threads at once: nothing in it goes stale, see the
/// promises of the crate.
#[derive(Debug)]
pub struct Repository {
    path: PathBuf,
    pub(crate) system: System,
}

#[derive(Debug)]
pub(crate) enum System {
    Git(Box<git::Repository>),
    Hg(Box<mercurial::Repository>),
}

/// Sends a call to the system the repository belongs to.
macro_rules! either {
    ($repository:expr, $system:ident => $call:expr) => {
        match &$repository.system {
            System::Git($system) => $call,
            System::Hg($system) => $call,
        }
    };
}
pub(crate) use either;

impl Repository {
    /// Opens the repository in a directory: the one that holds `.hg`, a bare Git repository, or one with `.git` in it.
    /// Directories above are not looked at.
    pub fn open(path: &Path, kind: Kind) -> Result<Self, OpenError> {
        let system = match kind {
            Kind::Git => System::Git(Box::new(git::Repository::open(path)?)),
            Kind::Hg => System::Hg(Box::new(mercurial::Repository::open(path)?)),
        };
        Ok(Repository {
            path: path.to_owned(),
            system,
        })
    }

    /// Which system it belongs to.
    pub fn kind(&self) -> Kind {
        match self.system {
            System::Git(_) => Kind::Git,
            System::Hg(_) => Kind::Hg,
        }
    }

    /// The directory it was opened from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its Mercurial half, if it is one of these.
    pub(crate) fn mercurial(&self) -> Option<&mercurial::Repository> {
        match &self.system {
            System::Git(_) => None,
            System::Hg(hg) => Some(hg),
        }
    }

    /// Whether there is no changeset in it.
    pub fn is_empty(&self) -> Result<bool, ReadError> {
        either!(self, system => system.is_empty())
    }

    /// All branches, tags and bookmarks.
    pub fn refs(&self) -> Result<Refs, ReadError> {
        either!(self, system => system.refs())
    }

    /// Finds the changeset a word means.
    ///
    /// Git: nothing, `tip`, `HEAD` and `head` are the changeset of HEAD (or else of the branch that was changed last); then
    /// come branches, tags, full ids, and beginnings of ids from seven digits on. Mercurial: what `hg log -r` takes for a
    /// name: `tip`, numbers, bookmarks, tags, branches, ids and their beginnings.
    pub fn resolve(&self, text: &str) -> Result<ChangesetId, RevisionError> {
        either!(self, system => system.resolve(text))
    }

    /// Reads a changeset. Where the id came from outside, let [`Repository::resolve`] check it first: that also refuses what
    /// no branch and no tag of a Git repository reaches.
    pub fn changeset(&self, id: &ChangesetId) -> Result<Changeset, ReadError> {
        either!(self, system => system.changeset(id))
    }

    /// Lists changesets, newest first: Git by date (as `git log --date-order --branches --tags` does), Mercurial by number.
    pub fn log(&self, query: &LogQuery) -> Result<LogPage, ReadError> {
        either!(self, system => system.log(query))
    }

    /// The parents of a changeset.
    pub fn parents(&self, id: &ChangesetId) -> Result<Vec<ChangesetId>, ReadError> {
        either!(self, system => system.parents(id))
    }

    /// The changesets that have this one as a parent, newest first.
    pub fn children(&self, id: &ChangesetId) -> Result<Vec<ChangesetId>, ReadError> {
        either!(self, system => system.children(id))
    }

    /// The number people see: Mercurial's local revision, or in Git the place in the whole log counted from the oldest, 0.
    /// None where no branch or tag reaches the changeset. Git's numbers shift when refs change: never store them.
    pub fn number_of(&self, id: &ChangesetId) -> Result<Option<u32>, ReadError> {
        either!(self, system => system.number_of(id))
    }

    /// What lies at a path.
    pub fn node(&self, id: &ChangesetId, path: &RepoPath) -> Result<Node, NodeError> {
        either!(self, system => system.node(id, path))
    }

    /// What lies directly in a directory: submodules, then directories, then files, each ordered by the bytes of the name.
    pub fn directory(&self, id: &ChangesetId, path: &RepoPath) -> Result<Vec<Entry>, NodeError> {
        either!(self, system => {
            let mut entries = system.directory(id, path)?;
            entries.sort_by(|a, b| (a.kind.rank(), &a.name).cmp(&(b.kind.rank(), &b.name)));
            Ok(entries)
        })
    }

    /// For each name in a directory the newest ancestor of the changeset (itself included) that changed it. The search is
    /// one walk through history with an end; names it did not decide until then are missing in the answer.
    pub fn last_changes(
        &self,
        id: &ChangesetId,
        directory: &RepoPath,
    ) -> Result<LastChanges, NodeError> {
        either!(self, system => system.last_changes(id, directory))
    }

    /// Reads a file or the target of a symbolic link, whole. [`Repository::node`] tells its size beforehand.
    pub fn file(&self, id: &ChangesetId, path: &RepoPath) -> Result<FileContent, NodeError> {
        either!(self, system => system.file(id, path))
    }

    /// The paths of all files below a directory, ordered by their bytes; submodules are not among them.
    pub fn file_names(
        &self,
        id: &ChangesetId,
        directory: &RepoPath,
    ) -> Result<Vec<RepoPath>, NodeError> {
        either!(self, system => {
            let mut names = system.file_names(id, directory)?;
            names.sort_unstable();
            Ok(names)
        })
    }

    /// Compares two changesets; `None` is the empty tree, the state before a root.
    pub fn diff(
        &self,
        old: Option<&ChangesetId>,
        new: &ChangesetId,
        options: &DiffOptions,
    ) -> Result<Diff, ReadError> {
        either!(self, system => system.diff(old, new, options))
    }

    /// The newest changeset as `repositories.changeset_cache` keeps it; none in an empty repository.
    pub fn summary_cache(&self) -> Result<Option<Tip>, ReadError> {
        let id = match self.resolve("tip") {
            Ok(id) => id,
            Err(RevisionError::Read(error)) => return Err(error),
            Err(
                RevisionError::Empty
                | RevisionError::Unknown { .. }
                | RevisionError::Ambiguous { .. },
            ) => return Ok(None),
        };
        let changeset = self.changeset(&id)?;
        let number = self.number_of(&id)?.unwrap_or_default();
        Ok(Some(Tip {
            id,
            number,
            message: changeset.message,
            date: changeset.date,
            author: changeset.author.raw,
        }))
    }

    /// How many bytes the files of the repository take on disk. Stops counting after a million files.
    pub fn size_on_disk(&self) -> Result<u64, ReadError> {
        const MOST_FILES: usize = 1_000_000;
        let mut bytes = 0;
        let mut files = 0;
        let mut directories = vec![self.path.clone()];
        while let Some(directory) = directories.pop() {
            let io = |source| ReadError::Io {
                path: directory.clone(),
                source,
            };
            // What vanishes while we count (a repack, a finished transaction) simply does not count.
            let entries = match std::fs::read_dir(&directory) {
                Err(error)
                    if error.kind() == std::io::ErrorKind::NotFound && directory != self.path =>
                {
                    continue;
                }
                entries => entries.map_err(io)?,
            };
            for entry in entries {
                let entry = entry.map_err(io)?;
                let Ok(meta) = entry.metadata() else { continue };
                if meta.is_dir() {
                    directories.push(entry.path());
                } else {
                    bytes += meta.len();
                }
                files += 1;
                if files == MOST_FILES {
                    return Ok(bytes);
                }
            }
        }
        Ok(bytes)
    }
}
