//! What a merge comes to.

use crate::{ChangesetId, RepoPath};

/// A merge that was tried in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// What people must decide, by path; empty when it merges cleanly.
    pub conflicts: Vec<Conflict>,
    /// Git: the id of the tree that a clean merge has, where one had to be made.
    pub tree: Option<ChangesetId>,
}

impl Merge {
    pub(crate) fn clean() -> Self {
        Merge {
            conflicts: Vec::new(),
            tree: None,
        }
    }

    pub(crate) fn of(mut conflicts: Vec<Conflict>, tree: Option<ChangesetId>) -> Self {
        conflicts.sort();
        conflicts.dedup();
        let tree = tree.filter(|_| conflicts.is_empty());
        Merge { conflicts, tree }
    }

    /// Whether nobody needs to decide anything.
    pub fn is_clean(&self) -> bool {
        self.conflicts.is_empty()
    }
}

/// A file that both sides have changed in ways that do not fit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The file.
    pub path: RepoPath,
    /// What does not fit.
    pub kind: ConflictKind,
}

/// What does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConflictKind {
    /// Both have changed the same lines, or a content that has no lines.
    Content,
    /// Both have made a file here, each another one.
    BothAdded,
    /// One has changed it, the other removed.
    ChangedAndRemoved,
    /// Both have renamed it, or something to it, differently.
    Renames,
    /// It is a file here and a folder, a link or a submodule there.
    Types,
    /// Both have set a submodule, each to another changeset.
    Submodule,
}
