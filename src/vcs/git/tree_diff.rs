//! Which files differ between two trees.

use std::collections::HashMap;

use gix::ObjectId;

use super::Repository;
use super::tree::{Item, is_name};
use crate::{ReadError, RepoPath};

/// A path at which two trees hold different files, or only one of them a file. Directories are told by their files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Changed {
    pub path: RepoPath,
    pub old: Option<Item>,
    pub new: Option<Item>,
}

/// Changes in the order of their paths.
#[derive(Debug, Default)]
pub(super) struct TreeDiff {
    pub changed: Vec<Changed>,
    /// Whether these are all. A few trees that hold each other again and again can pretend to hold any number of files.
    pub complete: bool,
}

/// More changes are not listed.
pub(super) const MOST: usize = 100_000;

impl Repository {
    /// Compares two trees; `None` is the empty one. With `paths`, only what lies there or below is looked at.
    pub(super) fn tree_diff(
        &self,
        repo: &gix::Repository,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        paths: &[RepoPath],
    ) -> Result<TreeDiff, ReadError> {
        let mut found = TreeDiff {
            complete: true,
            ..TreeDiff::default()
        };
        let mut looked_at = 0;
        let mut todo = vec![(RepoPath::root(), old, new)];
        while let Some((directory, old, new)) = todo.pop() {
            if found.changed.len() >= MOST || looked_at >= MOST {
                found.complete = false;
                break;
            }
            looked_at += 1;
            let read = |tree: Option<ObjectId>| match tree {
                Some(tree) => self.read_tree(repo, tree),
                None => Ok(Vec::new()),
            };
            let mut before: HashMap<Vec<u8>, Item> = read(old)?.into_iter().collect();
            let mut names = Vec::new();
            for (name, item) in read(new)? {
                let other = before.remove(&name);
                if other != Some(item) {
                    names.push((name, other, Some(item)));
                }
            }
            names.extend(
                before
                    .into_iter()
                    .map(|(name, item)| (name, Some(item), None)),
            );
            for (name, old, new) in names {
                // Names that lead elsewhere are not ours to show, see `tree.rs`.
                let Ok(path) = directory.join(&name) else {
                    continue;
                };
                if !is_name(&name) {
                    continue;
                }
                let is_chosen =
                    paths.is_empty() || paths.iter().any(|wanted| path.is_within(wanted));
                let leads_there = || paths.iter().any(|wanted| wanted.is_within(&path));
                if !is_chosen && !leads_there() {
                    continue;
                }
                let split = |item: Option<Item>| match item {
                    Some(item) if item.mode.is_tree() => (None, Some(item.id)),
                    other => (other, None),
                };
                let ((old, old_tree), (new, new_tree)) = (split(old), split(new));
                if old_tree.is_some() || new_tree.is_some() {
                    todo.push((path.clone(), old_tree, new_tree));
                }
                if is_chosen && (old.is_some() || new.is_some()) {
                    found.changed.push(Changed { path, old, new });
                }
            }
        }
        found.changed.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }
}
