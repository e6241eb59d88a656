//! What can go wrong with a rule, in a form that pages, API and command line can each put into their words.

use std::path::PathBuf;

use db::DbError;

use crate::Text;

/// An operation of the model that did not come about.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database; see [`DbError::is_unavailable`] for "try again later".
    #[error(transparent)]
    Db(#[from] DbError),
    /// The thing does not exist, or this user may not know that it does.
    #[error("{what} '{name}' does not exist")]
    NotFound {
        /// `Repository`, `Repository group`, …
        what: &'static str,
        /// As it was asked for.
        name: String,
    },
    /// The user may see the thing, but not do this with it.
    #[error("{0}")]
    Forbidden(Text),
    /// Too many wrong credentials came from there, or for that name.
    #[error("Too many attempts. Try again in {seconds} seconds.")]
    TooManyAttempts {
        /// How long to wait.
        seconds: u64,
    },
    /// A value that somebody typed. `field` is the form's name of it, empty when the whole is meant.
    #[error("{message}")]
    Invalid {
        /// Name of the form field.
        field: &'static str,
        /// What is wrong with it, to be shown beside it.
        message: Text,
    },
    /// A file or folder of ours could not be made, read or moved.
    #[error("cannot {action} {}: {source}", path.display())]
    Disk {
        /// What was tried: `create`, `write`, `rename`.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The repository is in the database, but cannot be opened on disk.
    #[error("the repository '{name}' cannot be opened: {source}")]
    Open {
        /// Full name of the repository.
        name: String,
        /// Why not.
        source: vcs::OpenError,
    },
    /// A program that does the work is missing or failed.
    #[error("{0}")]
    Program(Text),
    /// The database was made by another version.
    #[error("{0}")]
    Schema(String),
}

impl Error {
    /// An error beside a form field.
    pub fn invalid(field: &'static str, message: impl Into<Text>) -> Self {
        Self::Invalid {
            field,
            message: message.into(),
        }
    }

    /// An error about a file.
    pub(crate) fn disk(
        action: &'static str,
        path: impl Into<PathBuf>,
        source: std::io::Error,
    ) -> Self {
        Self::Disk {
            action,
            path: path.into(),
            source,
        }
    }

    /// Whether the answer is "not now" rather than "this is broken".
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Db(error) => error.is_unavailable(),
            Self::Disk { .. } | Self::Schema(_) => true,
            _ => false,
        }
    }
}
