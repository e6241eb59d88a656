//! The one type callers hold.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diff::{Diff, DiffOptions};
use crate::{
    Cache, Changeset, ChangesetId, Entry, FileContent, FileNames, Kind, LastChanges, Listing,
    LogPage, LogQuery, Node, NodeError, OpenError, ReadError, RefFilter, Refs, RepoPath,
    RevisionError, TagMessage, Tip, borrowing, git, mercurial,
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
    Hg(Arc<mercurial::Repository>),
}

/// Sends a call to the system the repository belongs to.
macro_rules! either {
    ($repository:expr, $system:ident => $call:expr) => {
        match &$repository.system {
            $crate::repository::System::Git($system) => $call,
            $crate::repository::System::Hg($system) => $call,
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
            Kind::Hg => System::Hg(Arc::new(mercurial::Repository::open(path)?)),
        };
        Ok(Repository {
            path: path.to_owned(),
            system,
        })
    }

    /// The same for a repository that may borrow only from inside `root`, the directory of all repositories: alternates of Git,
    /// the place that a `.git` file names, the source of a Mercurial share. What leads elsewhere is [`OpenError::Outside`].
    pub fn open_within(path: &Path, kind: Kind, root: &Path) -> Result<Self, OpenError> {
        borrowing::check(path, kind, root)?;
        Self::open(path, kind)
    }

    /// The same repository, of which in Git only what these refs reach is listed. Mercurial knows no such choice.
    #[must_use]
    pub fn with_ref_filter(mut self, filter: RefFilter) -> Self {
        if let System::Git(git) = &mut self.system {
            git.set_ref_filter(filter);
        }
        self
    }

    /// The same repository, which keeps in this cache what it has learnt of its history, and takes from there what others have: of Git the
    /// whole history, which then is read once and not by each worker. The index of Mercurial is that already.
    #[must_use]
    pub fn with_history_in(mut self, cache: &Cache) -> Self {
        if let System::Git(git) = &mut self.system {
            git.keep_history_in(cache.clone());
        }
        self
    }

    /// A handle on the same repository whose branches and tags, in Git, are those of one moment: of when it is first asked about them. For
    /// a request, which asks a dozen times; a hundred thousand refs then are read once. What it remembers it shares with this one.
    #[must_use]
    pub fn at_one_moment(&self) -> Self {
        self.with(|git| git.at_one_moment())
    }

    /// The opposite: each call sees what is there. For those who change something and then look.
    #[must_use]
    pub(crate) fn afresh(&self) -> Self {
        self.with(|git| git.afresh())
    }

    fn with(&self, of_git: impl FnOnce(&git::Repository) -> git::Repository) -> Self {
        Repository {
            path: self.path.clone(),
            system: match &self.system {
                System::Git(git) => System::Git(Box::new(of_git(git))),
                System::Hg(hg) => System::Hg(Arc::clone(hg)),
            },
        }
    }

    /// How often the names of a Git repository were read from disk, by all handles that come from one opening together.
    pub fn readings_of_names(&self) -> u64 {
        match &self.system {
            System::Git(git) => git.readings(),
            System::Hg(_) => 0,
        }
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

    /// Finds the changeset a word means. The first rule that fits decides:
    ///
    /// * Git: nothing, `tip`, `HEAD` and `head` are the newest changeset of all branches and tags; a branch; a tag; either
    ///   spelt out (`heads/x`, `refs/tags/x`, `refs/pull/3/head`); a full id; a number below twelve digits, or zeros alone,
    ///   that is a place in the log; the beginning of an id, of seven digits or more.
    /// * Mercurial: `tip` and `.`; a number, counted from the end where negative; a full id; a bookmark; a tag; a branch; the
    ///   beginning of an id.
    ///
    /// A beginning that several changesets share is an error that lists them.
    pub fn resolve(&self, text: &str) -> Result<ChangesetId, RevisionError> {
        either!(self, system => system.resolve(text))
    }

    /// The changeset of Git's HEAD, or else of its default branch; Mercurial's tip. None in an empty repository.
    pub fn head(&self) -> Result<Option<ChangesetId>, ReadError> {
        either!(self, system => system.head())
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

    /// How many changesets a query finds, whatever the page. Cheap where only `from`, `branch` or nothing is asked.
    pub fn count(&self, query: &LogQuery) -> Result<usize, ReadError> {
        Ok(self.log(&query.without_page())?.total)
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
        Ok(self.listing(id, path, 0, usize::MAX)?.entries)
    }

    /// A part of a directory in the order of [`Repository::directory`]: `limit` entries after the first `skip`. Sizes are looked
    /// up for these only, so a part of a directory with a million entries costs little more than reading their names.
    pub fn listing(
        &self,
        id: &ChangesetId,
        path: &RepoPath,
        skip: usize,
        limit: usize,
    ) -> Result<Listing, NodeError> {
        either!(self, system => system.listing(id, path, skip, limit))
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

    /// Reads a file or the target of a symbolic link, whole. [`Repository::node`] tells its size beforehand; what has more
    /// than a gibibyte is not read.
    pub fn file(&self, id: &ChangesetId, path: &RepoPath) -> Result<FileContent, NodeError> {
        const LARGEST: u64 = 1 << 30;
        self.file_up_to(id, path, LARGEST)
    }

    /// The same for at most so many bytes: a larger file is [`NodeError::TooLarge`], told without reading it.
    pub fn file_up_to(
        &self,
        id: &ChangesetId,
        path: &RepoPath,
        most: u64,
    ) -> Result<FileContent, NodeError> {
        either!(self, system => system.file_up_to(id, path, most))
    }

    /// The paths of the files below a directory, up to a million; submodules are not among them.
    pub fn file_names(
        &self,
        id: &ChangesetId,
        directory: &RepoPath,
    ) -> Result<FileNames, NodeError> {
        either!(self, system => {
            let mut names = system.file_names(id, directory)?;
            names.paths.sort_unstable();
            Ok(names)
        })
    }

    /// What the annotated tag of this name says; none for light tags, of which Mercurial's are all.
    pub fn tag_message(&self, name: &str) -> Result<Option<TagMessage>, ReadError> {
        match &self.system {
            System::Git(git) => git.tag_message(name),
            System::Hg(_) => Ok(None),
        }
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

    /// How many bytes the contents have that [`Repository::diff`] would compare, told without reading them; anything above `most` where
    /// they are more than that.
    pub fn diff_weight(
        &self,
        old: Option<&ChangesetId>,
        new: &ChangesetId,
        paths: &[RepoPath],
        most: u64,
    ) -> Result<u64, ReadError> {
        either!(self, system => system.diff_weight(old, new, paths, most))
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
}
