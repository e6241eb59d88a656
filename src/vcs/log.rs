//! Lists of changesets, a page at a time.

use crate::{Changeset, ChangesetId, RefName, RepoPath};

/// Which changesets to list. The default is the first page of everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// Only this changeset and its ancestors.
    pub from: Option<ChangesetId>,
    /// Only changesets of this branch: what a Git branch reaches, what a Mercurial changeset names. A branch that does not
    /// exist has none.
    pub branch: Option<RefName>,
    /// Only changesets that changed this file or something below this directory.
    pub path: Option<RepoPath>,
    /// How many of the newest to pass over.
    pub skip: usize,
    /// How many to return at most.
    pub limit: usize,
}

impl Default for LogQuery {
    fn default() -> Self {
        LogQuery {
            from: None,
            branch: None,
            path: None,
            skip: 0,
            limit: 100,
        }
    }
}

/// One page of a list of changesets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// The changesets of the page, newest first; no changeset stands above one of its children.
    pub changesets: Vec<Changeset>,
    /// How many the whole list has.
    pub total: usize,
}
