//! Turns pairs of files into the parts of a diff.

use crate::RepoPath;

use super::{Diff, DiffOptions};

/// One side of a pair: where a file lies and what its mode and content hash are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Side<Content> {
    pub path: RepoPath,
    pub mode: u32,
    pub content: Content,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair<Content> {
    pub old: Option<Side<Content>>,
    pub new: Option<Side<Content>>,
    /// Where `old` is still there, i.e. this is a copy.
    pub copied: bool,
}

pub(crate) fn compare<Content>(_pairs: Vec<Pair<Content>>, _options: &DiffOptions) -> Diff {
    todo!()
}
