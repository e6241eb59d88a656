//! The history of one file, under all its names.

use std::collections::HashMap;

use crate::repository::either;
use crate::{ChangesetId, NodeError, Person, RepoPath, Repository};

/// A step in the history of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStep {
    /// The changeset that changed the file.
    pub id: ChangesetId,
    /// The name that the file has there.
    pub path: RepoPath,
}

/// A part of the history of a file, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileHistory {
    /// The steps.
    pub steps: Vec<FileStep>,
    /// Whether there are more below.
    pub more: bool,
}

/// Somebody who changed a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAuthor {
    /// Who, as in their newest changeset.
    pub person: Person,
    /// How many of the changesets are theirs.
    pub changesets: usize,
}

impl Repository {
    /// The changesets that made a file what it is, itself included, across renames: like `git log --follow`, `hg log --follow`.
    /// What merges only took over from a side is no step. The walk ends with the part that was asked for.
    pub fn file_history(
        &self,
        id: &ChangesetId,
        path: &RepoPath,
        skip: usize,
        limit: usize,
    ) -> Result<FileHistory, NodeError> {
        either!(self, system => system.file_history(id, path, skip, limit))
    }

    /// Who wrote a file: everybody with a changeset in its history, those with most first. Looks at ten thousand changesets.
    pub fn authors(&self, id: &ChangesetId, path: &RepoPath) -> Result<Vec<FileAuthor>, NodeError> {
        const MOST: usize = 10_000;
        let mut authors: Vec<FileAuthor> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for step in self.file_history(id, path, 0, MOST)?.steps {
            let person = self.changeset(&step.id)?.author;
            let key = if person.email.is_empty() {
                person.name.clone()
            } else {
                person.email.to_lowercase()
            };
            let at = *places.entry(key).or_insert(authors.len());
            match authors.get_mut(at) {
                Some(author) => author.changesets += 1,
                None => authors.push(FileAuthor {
                    person,
                    changesets: 1,
                }),
            }
        }
        authors.sort_by_key(|author| std::cmp::Reverse(author.changesets));
        Ok(authors)
    }
}
