//! What can go wrong while reading, always with the name of the file it went wrong in.

use std::io;
use std::path::{Path, PathBuf};

use crate::ids::{Node, Rev};
use crate::requirements::explain;

/// Why a repository could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no repository at this place.
    #[error("no Mercurial repository at {path}")]
    NotFound {
        /// Where one was looked for.
        path: PathBuf,
    },
    /// The repository needs abilities that this reader lacks.
    #[error(
        "repository {path} needs features this program does not have: {}",
        explain(requirements)
    )]
    Unsupported {
        /// The repository.
        path: PathBuf,
        /// The requirements that stand in the way, sorted.
        requirements: Vec<String>,
    },
    /// A file could not be read.
    #[error("cannot read {file}: {source}")]
    Io {
        /// The file.
        file: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A file holds what Mercurial would not write - or is being rewritten at this very moment.
    #[error("{file} is damaged{}: {reason}", place(revision, offset))]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The revision that cannot be read, if it is about one: its number in this file, not that of a changeset.
        revision: Option<Rev>,
        /// Where in the file, in bytes, if that is known.
        offset: Option<u64>,
        /// What is wrong with it.
        reason: String,
    },
    /// A revision that others refer to is not in its revlog.
    #[error("{file} has no revision {node}")]
    NoRevision {
        /// The revlog's index.
        file: PathBuf,
        /// The revision looked for.
        node: Node,
    },
    /// A text is larger than the reader was told to accept.
    #[error("a text of {size} bytes in {file}{} exceeds the limit of {limit} bytes", place(revision, &None))]
    TooLarge {
        /// The revlog's index.
        file: PathBuf,
        /// Its revision there, if it is about one.
        revision: Option<Rev>,
        /// The size announced.
        size: u64,
        /// The limit.
        limit: u64,
    },
}

impl Error {
    pub(crate) fn io(file: &Path, source: io::Error) -> Error {
        Error::Io {
            file: file.to_owned(),
            source,
        }
    }

    pub(crate) fn damaged(file: &Path, reason: impl Into<String>) -> Error {
        Fault::new(reason).in_file(file)
    }

    /// Whether a writer that strips or rewrites history at this moment may be the cause, so that a second look at
    /// a fresh snapshot can succeed.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Error::Damaged { .. }
                | Error::NoRevision { .. }
                | Error::Io { .. }
                | Error::TooLarge { .. }
        )
    }
}

/// Why a text names no changeset.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// Nothing that is served goes by this name.
    #[error("unknown revision {text:?}")]
    Unknown {
        /// What was asked for.
        text: String,
    },
    /// The hash prefix fits several changesets.
    #[error("ambiguous revision {text:?}")]
    Ambiguous {
        /// What was asked for.
        text: String,
        /// The served changesets it could mean.
        candidates: Vec<Node>,
    },
    /// The repository could not be read.
    #[error(transparent)]
    Repository(#[from] Error),
}

fn place(revision: &Option<Rev>, offset: &Option<u64>) -> String {
    match (revision, offset) {
        (None, None) => String::new(),
        (Some(revision), None) => format!(" at revision {revision}"),
        (None, Some(offset)) => format!(" at offset {offset}"),
        (Some(revision), Some(offset)) => format!(" at revision {revision}, offset {offset}"),
    }
}

/// What is wrong with a file's content, found by code that does not know the file's name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    revision: Option<Rev>,
    offset: Option<u64>,
    reason: String,
}

impl Fault {
    pub fn new(reason: impl Into<String>) -> Fault {
        Fault {
            revision: None,
            offset: None,
            reason: reason.into(),
        }
    }

    pub fn at_revision(mut self, revision: Rev) -> Fault {
        self.revision = Some(revision);
        self
    }

    pub fn at_offset(mut self, offset: u64) -> Fault {
        self.offset = Some(offset);
        self
    }

    pub fn in_file(self, file: &Path) -> Error {
        Error::Damaged {
            file: file.to_owned(),
            revision: self.revision,
            offset: self.offset,
            reason: self.reason,
        }
    }
}
