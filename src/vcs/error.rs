//! What can go wrong, one type per question asked.

use std::path::PathBuf;

use crate::{ChangesetId, Kind, RepoPath};

/// The cause below one of our errors, for the log.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a repository could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such directory.
    #[error("there is no directory {}", path.display())]
    Missing {
        /// The directory asked for.
        path: PathBuf,
    },
    /// The directory exists but holds no repository of that kind.
    #[error("{} is not a {kind} repository", path.display())]
    NotARepository {
        /// The directory asked for.
        path: PathBuf,
        /// The kind asked for.
        kind: Kind,
    },
    /// The repository uses a format we cannot read.
    #[error("the repository {} uses a format that is not supported: {}", path.display(), requirements.join(", "))]
    Unsupported {
        /// The repository.
        path: PathBuf,
        /// The names of what is not supported, as the system itself calls them.
        requirements: Vec<String>,
    },
    /// The repository borrows from a place that it must not.
    #[error("the repository {} leads out of the directory of all repositories, to {}", path.display(), target.display())]
    Outside {
        /// The repository.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// The repository is there but its own records cannot be understood.
    #[error("the repository {} is damaged", path.display())]
    Damaged {
        /// The repository.
        path: PathBuf,
        /// What was found.
        source: Cause,
    },
    /// The operating system refused.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file or directory that was being read.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Why something in an open repository could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such changeset, or it is hidden.
    #[error("there is no changeset {id} in {}", path.display())]
    UnknownChangeset {
        /// The repository.
        path: PathBuf,
        /// The id asked for.
        id: ChangesetId,
    },
    /// The repository was there when it was opened and cannot be opened now.
    #[error("the repository cannot be read any more")]
    Gone(#[from] OpenError),
    /// A record is broken or missing.
    #[error("cannot read {what} in {}", path.display())]
    Damaged {
        /// The repository.
        path: PathBuf,
        /// What was being read, e.g. `the tree of 0123…`.
        what: String,
        /// What was found.
        source: Cause,
    },
    /// The operating system refused.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file or directory that was being read.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Why a word does not name a changeset.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// The repository has no changesets at all.
    #[error("the repository is empty")]
    Empty,
    /// Nothing has this name.
    #[error("there is no changeset {text:?}")]
    Unknown {
        /// The word asked for.
        text: String,
    },
    /// More than one changeset starts with these digits.
    #[error("{text:?} may be any of {} changesets", candidates.len())]
    Ambiguous {
        /// The word asked for.
        text: String,
        /// Some of the changesets it may mean.
        candidates: Vec<ChangesetId>,
    },
    /// Looking it up failed.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why a path in a changeset could not be read.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Nothing lies at this path.
    #[error("there is no file or directory {path:?} in changeset {}", id.short())]
    NotFound {
        /// The path asked for.
        path: RepoPath,
        /// The changeset asked for.
        id: ChangesetId,
    },
    /// A directory was wanted and something else lies there.
    #[error("{path:?} is not a directory in changeset {}", id.short())]
    NotADirectory {
        /// The path asked for.
        path: RepoPath,
        /// The changeset asked for.
        id: ChangesetId,
    },
    /// A file was wanted and a directory or submodule lies there.
    #[error("{path:?} is not a file in changeset {}", id.short())]
    NotAFile {
        /// The path asked for.
        path: RepoPath,
        /// The changeset asked for.
        id: ChangesetId,
    },
    /// The content is larger than the caller, or we, can hold.
    #[error("{path:?} in changeset {} is too large: {size} bytes, at most {most} are read", id.short())]
    TooLarge {
        /// The path asked for.
        path: RepoPath,
        /// The changeset asked for.
        id: ChangesetId,
        /// How many bytes it has.
        size: u64,
        /// How many would have been read.
        most: u64,
    },
    /// Reading failed.
    #[error(transparent)]
    Read(#[from] ReadError),
}
