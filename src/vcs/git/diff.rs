//! Lists the files that differ between two commits.

use gix::ObjectId;

use super::Repository;
use super::renames::Rename;
use super::tree::Item;
use super::tree_diff::{Changed, TreeDiff};
use crate::diff::{Contents, Diff, DiffOptions, Pair, Side, compare, weight};
use crate::{ChangesetId, Kind, ReadError, RepoPath};

impl Repository {
    pub fn diff(
        &self,
        old: Option<&ChangesetId>,
        new: &ChangesetId,
        options: &DiffOptions,
    ) -> Result<Diff, ReadError> {
        let mut repo = self.local();
        repo.object_cache_size_if_unset(4 * 1024 * 1024);
        let old = old.map(|id| self.tree_of(&repo, id)).transpose()?;
        let new = Some(self.tree_of(&repo, new)?);
        let mut found = self.tree_diff(&repo, old, new, &options.paths)?;
        // What is new or gone there may have come from, or have gone to, any other place.
        let moves = |one: &Changed| one.old.is_none() || one.new.is_none();
        if !options.paths.is_empty() && found.changed.iter().any(moves) {
            found = self.tree_diff(&repo, old, new, &[])?;
        }
        let renames = if options.copies {
            self.renames_and_copies(&repo, &found.changed)?
        } else {
            self.renames(&repo, &found.changed)?
        };
        let contents = Blobs {
            repository: self,
            repo: &repo,
        };
        let TreeDiff { changed, complete } = found;
        let mut diff = compare(Kind::Git, &contents, pairs(changed, &renames), options)?;
        diff.complete = complete;
        Ok(diff)
    }

    pub fn diff_weight(
        &self,
        old: Option<&ChangesetId>,
        new: &ChangesetId,
        paths: &[RepoPath],
        most: u64,
    ) -> Result<u64, ReadError> {
        let repo = self.local();
        let old = old.map(|id| self.tree_of(&repo, id)).transpose()?;
        let new = Some(self.tree_of(&repo, new)?);
        let found = self.tree_diff(&repo, old, new, paths)?;
        let sides = found.changed.iter().flat_map(|one| {
            let sides = [one.old, one.new].into_iter().flatten();
            sides.filter_map(|item| Some(side(&one.path, Some(item))?.content))
        });
        let blobs = Blobs {
            repository: self,
            repo: &repo,
        };
        weight(&blobs, sides, most)
    }

    /// The tree of a commit.
    pub(super) fn tree_of(
        &self,
        repo: &gix::Repository,
        id: &ChangesetId,
    ) -> Result<ObjectId, ReadError> {
        let commit = self.commit(repo, id)?;
        let tree = commit.tree_id();
        Ok(tree.map_err(self.damaged(format!("commit {id}")))?.detach())
    }
}

/// A blob, or the commit a submodule is pinned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blob {
    pub id: ObjectId,
    pub submodule: bool,
}

/// Puts both sides of renames and copies together.
fn pairs(changed: Vec<Changed>, renames: &[Rename]) -> Vec<Pair<Blob>> {
    let mut sides: Vec<_> = changed
        .into_iter()
        .map(|one| (side(&one.path, one.old), side(&one.path, one.new)))
        .collect();
    let mut pairs: Vec<Pair<Blob>> = renames
        .iter()
        .map(|rename| Pair {
            old: sides[rename.old].0.clone(),
            new: sides[rename.new].1.take(),
            copied: rename.copied,
            similarity: Some(rename.similarity),
        })
        .collect();
    // A removed file that others were made from is told by these.
    for rename in renames {
        if sides[rename.old].1.is_none() {
            sides[rename.old].0 = None;
        }
    }
    let others = sides.into_iter().map(|(old, new)| Pair {
        old,
        new,
        copied: false,
        similarity: None,
    });
    pairs.extend(others.filter(|pair| pair.old.is_some() || pair.new.is_some()));
    pairs
}

fn side(path: &RepoPath, item: Option<Item>) -> Option<Side<Blob>> {
    item.map(|item| Side {
        path: path.clone(),
        mode: u32::from(item.mode.value()),
        content: Blob {
            id: item.id,
            submodule: item.mode.is_commit(),
        },
    })
}

pub(super) struct Blobs<'a> {
    pub repository: &'a Repository,
    pub repo: &'a gix::Repository,
}

impl Contents for Blobs<'_> {
    type Content = Blob;

    fn size(&self, blob: &Blob) -> Result<u64, ReadError> {
        if blob.submodule {
            return Ok(0);
        }
        let header = self
            .repo
            .find_header(blob.id)
            .map_err(self.repository.damaged(format!("blob {}", blob.id)))?;
        Ok(header.size())
    }

    fn load(&self, blob: &Blob) -> Result<Vec<u8>, ReadError> {
        if blob.submodule {
            return Ok(format!("Subproject commit {}\n", blob.id).into_bytes());
        }
        let found = self
            .repo
            .find_blob(blob.id)
            .map_err(self.repository.damaged(format!("blob {}", blob.id)))?;
        Ok(found.detach().data)
    }

    fn blob_id(&self, blob: &Blob) -> Option<String> {
        Some(blob.id.to_string())
    }
}
