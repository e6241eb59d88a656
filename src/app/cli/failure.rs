//! How a command fails: the exit codes of the original, and one line that says why.

use std::io;

use crate::ConfigError;

/// The command was used wrongly.
pub(crate) const USAGE: i32 = 2;

/// A command that did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It went wrong: exit code 1.
    #[error("{0}")]
    Failed(String),
    /// Everything has been said; the exit code is this.
    #[error("exit code {0}")]
    Told(i32),
    /// The ini file is missing or broken.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The model refused, or disk or database do not work.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// The terminal or a file.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Failure {
    /// It went wrong, and this is why.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// What the shell is told.
    pub(crate) fn exit_code(&self) -> i32 {
        match self {
            Self::Told(code) => *code,
            Self::Failed(_) | Self::Config(_) | Self::Model(_) | Self::Io(_) => 1,
        }
    }

    /// A file that could not be read or written.
    pub(crate) fn file(action: &str, path: &std::path::Path, error: &io::Error) -> Self {
        Self::Failed(format!("cannot {action} {}: {error}", path.display()))
    }
}
