//! Git, read with gix.
use crate::diff::{Diff, DiffOptions};
use crate::{
    Changeset, ChangesetId, Entry, FileContent, LastChanges, LogPage, LogQuery, Node, NodeError,
    OpenError, ReadError, Refs, RepoPath, RevisionError,
};
use std::path::Path;
#[derive(Debug)]
pub(crate) struct Repository;
#[allow(unused_variables)]
impl Repository {
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        todo!()
    }
    pub fn is_empty(&self) -> Result<bool, ReadError> {
        todo!()
    }
    pub fn refs(&self) -> Result<Refs, ReadError> {
        todo!()
    }
    pub fn resolve(&self, text: &str) -> Result<ChangesetId, RevisionError> {
        todo!()
    }
    pub fn changeset(&self, id: &ChangesetId) -> Result<Changeset, ReadError> {
        todo!()
    }
    pub fn log(&self, query: &LogQuery) -> Result<LogPage, ReadError> {
        todo!()
    }
    pub fn parents(&self, id: &ChangesetId) -> Result<Vec<ChangesetId>, ReadError> {
        todo!()
    }
    pub fn children(&self, id: &ChangesetId) -> Result<Vec<ChangesetId>, ReadError> {
        todo!()
    }
    pub fn number_of(&self, id: &ChangesetId) -> Result<Option<u32>, ReadError> {
        todo!()
    }
    pub fn node(&self, id: &ChangesetId, path: &RepoPath) -> Result<Node, NodeError> {
        todo!()
    }
    pub fn directory(&self, id: &ChangesetId, path: &RepoPath) -> Result<Vec<Entry>, NodeError> {
        todo!()
    }
    pub fn last_changes(
        &self,
        id: &ChangesetId,
        directory: &RepoPath,
    ) -> Result<LastChanges, NodeError> {
        todo!()
    }
    pub fn file(&self, id: &ChangesetId, path: &RepoPath) -> Result<FileContent, NodeError> {
        todo!()
    }
    pub fn file_names(
        &self,
        id: &ChangesetId,
        directory: &RepoPath,
    ) -> Result<Vec<RepoPath>, NodeError> {
        todo!()
    }
    pub fn diff(
        &self,
        old: Option<&ChangesetId>,
        new: &ChangesetId,
        options: &DiffOptions,
    ) -> Result<Diff, ReadError> {
        todo!()
    }
}
