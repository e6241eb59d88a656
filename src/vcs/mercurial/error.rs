//! The reader's errors in our words.

use std::path::PathBuf;

use crate::{Kind, NodeError, OpenError, ReadError, RevisionError};

impl From<hg::Error> for OpenError {
    fn from(error: hg::Error) -> Self {
        match error {
            hg::Error::NotFound { path } => OpenError::NotARepository {
                path,
                kind: Kind::Hg,
            },
            hg::Error::Unsupported { path, requirements } => {
                OpenError::Unsupported { path, requirements }
            }
            hg::Error::Io { file, source } => OpenError::Io { path: file, source },
            other => OpenError::Damaged {
                path: file_of(&other),
                source: other.into(),
            },
        }
    }
}

impl From<hg::Error> for ReadError {
    fn from(error: hg::Error) -> Self {
        match error {
            hg::Error::NotFound { .. } | hg::Error::Unsupported { .. } => {
                ReadError::Gone(error.into())
            }
            hg::Error::Io { file, source } => ReadError::Io { path: file, source },
            other => ReadError::Damaged {
                path: file_of(&other),
                what: "a revision".to_owned(),
                source: other.into(),
            },
        }
    }
}

/// The file an error is about.
fn file_of(error: &hg::Error) -> PathBuf {
    match error {
        hg::Error::Damaged { file, .. }
        | hg::Error::NoRevision { file, .. }
        | hg::Error::TooLarge { file, .. } => file.clone(),
        _ => PathBuf::new(),
    }
}

impl From<hg::Error> for NodeError {
    fn from(error: hg::Error) -> Self {
        NodeError::Read(error.into())
    }
}

impl From<hg::Error> for RevisionError {
    fn from(error: hg::Error) -> Self {
        RevisionError::Read(error.into())
    }
}

impl hg::MayPass for ReadError {
    /// What a writer may cause for a moment: records that do not fit together, files that are not there.
    fn may_pass(&self) -> bool {
        matches!(self, ReadError::Damaged { .. } | ReadError::Io { .. })
    }
}

impl hg::MayPass for NodeError {
    fn may_pass(&self) -> bool {
        matches!(self, NodeError::Read(error) if error.may_pass())
    }
}

impl hg::MayPass for RevisionError {
    fn may_pass(&self) -> bool {
        matches!(self, RevisionError::Read(error) if error.may_pass())
    }
}
