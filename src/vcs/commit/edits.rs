//! What a list of changes comes to.

use std::collections::BTreeMap;

use super::{CommitError, FileChange, names};
use crate::{ChangesetId, NodeError, NodeKind, RepoPath, Repository};

/// What becomes of one path, all changes together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub path: RepoPath,
    /// What lies there afterwards; nothing when it was deleted.
    pub file: Option<NewFile>,
}

/// A file as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewFile {
    pub executable: bool,
    pub symlink: bool,
    pub content: NewContent,
    /// The path in the parent that it was renamed from.
    pub renamed_from: Option<RepoPath>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NewContent {
    /// Given.
    Bytes(Vec<u8>),
    /// What this path of the parent holds.
    Kept(RepoPath),
}

/// Checks the changes against a changeset and puts them together, by path. There is at least one.
pub(crate) fn edits(
    repository: &Repository,
    parent: Option<&ChangesetId>,
    changes: &[FileChange],
) -> Result<Vec<Edit>, CommitError> {
    let mut state = State {
        repository,
        parent,
        changed: BTreeMap::new(),
    };
    for change in changes {
        state.apply(change)?;
    }
    let before = state
        .changed
        .keys()
        .map(|path| state.original(path))
        .collect::<Result<Vec<_>, _>>()?;
    let mut edits = Vec::new();
    for ((path, file), before) in state.changed.into_iter().zip(before) {
        if !same(repository, parent, before.as_ref(), file.as_ref())? {
            edits.push(Edit { path, file });
        }
    }
    if edits.is_empty() {
        return Err(CommitError::Unchanged);
    }
    Ok(edits)
}

/// Whether a file is after all as it was.
fn same(
    repository: &Repository,
    parent: Option<&ChangesetId>,
    before: Option<&NewFile>,
    after: Option<&NewFile>,
) -> Result<bool, CommitError> {
    let (before, after) = match (before, after) {
        (None, None) => return Ok(true),
        (Some(before), Some(after)) => (before, after),
        _ => return Ok(false),
    };
    if (before.executable, before.symlink) != (after.executable, after.symlink) {
        return Ok(false);
    }
    match (&before.content, &after.content, parent) {
        (NewContent::Kept(path), NewContent::Bytes(bytes), Some(parent)) => {
            let content = repository
                .file(parent, path)
                .map_err(CommitError::of_node)?;
            Ok(content.data == *bytes)
        }
        (before, after, _) => Ok(before == after),
    }
}

struct State<'a> {
    repository: &'a Repository,
    parent: Option<&'a ChangesetId>,
    changed: BTreeMap<RepoPath, Option<NewFile>>,
}

impl State<'_> {
    fn apply(&mut self, change: &FileChange) -> Result<(), CommitError> {
        match change {
            FileChange::Create {
                path,
                content,
                executable,
            } => {
                self.is_free(path)?;
                let file = NewFile {
                    executable: *executable,
                    symlink: false,
                    content: NewContent::Bytes(content.clone()),
                    renamed_from: None,
                };
                self.changed.insert(path.clone(), Some(file));
            }
            FileChange::Edit { path, content } => {
                let mut file = self.file(path)?;
                if file.symlink {
                    let path = path.clone();
                    return Err(CommitError::NotAFile { path });
                }
                file.content = NewContent::Bytes(content.clone());
                self.changed.insert(path.clone(), Some(file));
            }
            FileChange::SetExecutable { path, executable } => {
                let mut file = self.file(path)?;
                if file.symlink {
                    let path = path.clone();
                    return Err(CommitError::NotAFile { path });
                }
                file.executable = *executable;
                self.changed.insert(path.clone(), Some(file));
            }
            FileChange::Rename { from, to, content } => {
                let mut file = self.file(from)?;
                self.changed.insert(from.clone(), None);
                self.is_free(to)?;
                if file.renamed_from.is_none() && self.original(from)?.is_some() {
                    file.renamed_from = Some(from.clone());
                }
                if let Some(content) = content {
                    if file.symlink {
                        let path = from.clone();
                        return Err(CommitError::NotAFile { path });
                    }
                    file.content = NewContent::Bytes(content.clone());
                }
                self.changed.insert(to.clone(), Some(file));
            }
            FileChange::Delete { path } => {
                self.file(path)?;
                self.changed.insert(path.clone(), None);
            }
        }
        Ok(())
    }

    /// The file at a path, as it is by now.
    fn file(&self, path: &RepoPath) -> Result<NewFile, CommitError> {
        let not_found = || CommitError::NotFound { path: path.clone() };
        match self.changed.get(path) {
            Some(file) => file.clone().ok_or_else(not_found),
            None => self.original(path)?.ok_or_else(not_found),
        }
    }

    /// The file at a path in the parent.
    fn original(&self, path: &RepoPath) -> Result<Option<NewFile>, CommitError> {
        let (executable, symlink) = match self.kind(path)? {
            None => return Ok(None),
            Some(NodeKind::File { executable }) => (executable, false),
            Some(NodeKind::Symlink) => (false, true),
            // For one who makes a file here afterwards there is nothing, unless what lies there is still there; `is_free` has looked.
            Some(_) if self.changed.contains_key(path) => return Ok(None),
            Some(NodeKind::Directory | NodeKind::Submodule { .. }) => {
                let path = path.clone();
                return Err(CommitError::NotAFile { path });
            }
        };
        Ok(Some(NewFile {
            executable,
            symlink,
            content: NewContent::Kept(path.clone()),
            renamed_from: None,
        }))
    }

    /// What lies at a path in the parent.
    fn kind(&self, path: &RepoPath) -> Result<Option<NodeKind>, CommitError> {
        let Some(parent) = self.parent else {
            return Ok(None);
        };
        match self.repository.node(parent, path) {
            Ok(node) => Ok(Some(node.kind)),
            Err(NodeError::Read(error)) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// Refuses a path where a file cannot be made: something is there, or a file stands where a folder of the path must be.
    fn is_free(&self, path: &RepoPath) -> Result<(), CommitError> {
        names::check(path)?;
        let exists = |path: &RepoPath| Err(CommitError::Exists { path: path.clone() });
        let mut above = path.parent();
        while let Some(folder) = above.filter(|folder| !folder.is_root()) {
            let blocks = match self.changed.get(&folder) {
                Some(file) => file.is_some(),
                None => !matches!(self.kind(&folder)?, None | Some(NodeKind::Directory)),
            };
            if blocks {
                return exists(&folder);
            }
            above = folder.parent();
        }
        match self.changed.get(path) {
            Some(Some(_)) => return exists(path),
            Some(None) => {}
            None => match self.kind(path)? {
                None | Some(NodeKind::Directory) => {}
                Some(_) => return exists(path),
            },
        }
        // A folder without files is none.
        let made_below = self
            .changed
            .iter()
            .any(|(other, file)| file.is_some() && other != path && other.is_within(path));
        if made_below || self.folder_has_files(path)? {
            return exists(path);
        }
        Ok(())
    }

    /// Whether the parent has a folder here with something that was not deleted meanwhile.
    fn folder_has_files(&self, path: &RepoPath) -> Result<bool, CommitError> {
        let (Some(parent), Some(NodeKind::Directory)) = (self.parent, self.kind(path)?) else {
            return Ok(false);
        };
        let mut folders = vec![path.clone()];
        while let Some(folder) = folders.pop() {
            let entries = self
                .repository
                .directory(parent, &folder)
                .map_err(CommitError::of_node)?;
            for entry in entries {
                match entry.kind {
                    NodeKind::Directory => folders.push(entry.path),
                    _ if self.changed.get(&entry.path) != Some(&None) => return Ok(true),
                    _ => {}
                }
            }
        }
        Ok(false)
    }
}
