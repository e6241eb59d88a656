//! Which changesets touched a path.
//!
//! Both questions of this file walk from children to parents in the order of the [`View`], so that a commit is looked at
//! only after all of its children in question, and follow the rule of `git log -- path`: a merge that agrees with one of its
//! parents about the path changed nothing, and history goes on with that parent alone.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use gix::ObjectId;

use super::Repository;
use super::graph::Place;
use super::tree::Item;
use super::view::View;
use crate::{ChangesetId, LastChanges, NodeError, ReadError, RepoPath};

/// After so many commits [`Repository::last_changes`] answers with what it has.
const FARTHEST: usize = 50_000;

impl Repository {
    /// The commits that changed a file or something below a directory, newest first: those that `git log [from] -- path`
    /// lists.
    pub(super) fn touching<'view>(
        &self,
        repo: &gix::Repository,
        view: &'view View,
        from: Option<Place>,
        branch: Option<Place>,
        path: &RepoPath,
    ) -> Result<Cow<'view, [Place]>, ReadError> {
        let all = view.within(from, branch);
        if path.is_root() {
            return Ok(all);
        }
        let mut at = PathReader {
            repository: self,
            repo,
            view,
            path,
            seen: HashMap::new(),
        };
        let mut found = Vec::new();
        // History is followed from every branch and tag, or else from the newest changesets within the limits.
        let mut wanted = vec![false; view.graph.len()];
        if from.or(branch).is_none() {
            view.tips().for_each(|tip| wanted[tip as usize] = true);
        } else {
            all.iter().for_each(|&place| wanted[place as usize] = true);
            let parents = all.iter().flat_map(|&place| view.graph.parents(place));
            parents.for_each(|&parent| wanted[parent as usize] = false);
        }
        for &place in all.iter() {
            if !wanted[place as usize] {
                continue;
            }
            let here = at.item(place)?;
            let parents = view.graph.parents(place);
            let mut same = None;
            for &parent in parents {
                if at.item(parent)? == here {
                    same = Some(parent);
                    break;
                }
            }
            match same {
                Some(parent) => wanted[parent as usize] = true,
                None => {
                    parents
                        .iter()
                        .for_each(|&parent| wanted[parent as usize] = true);
                    if here.is_some() || !parents.is_empty() {
                        found.push(place);
                    }
                }
            }
            at.forget(place);
        }
        Ok(found.into())
    }

    pub fn last_changes(
        &self,
        id: &ChangesetId,
        directory: &RepoPath,
    ) -> Result<LastChanges, NodeError> {
        let mut repo = self.local();
        // The same trees come by again and again: as a parent's, then as the commit's own.
        repo.object_cache_size_if_unset(4 * 1024 * 1024);
        let view = self.view(&repo)?;
        let names: Vec<(Vec<u8>, Item)> = self.items(&repo, id, directory)?;
        let start = view.reached(id).ok_or_else(|| self.unknown(id))?;
        let mut at = PathReader {
            repository: self,
            repo: &repo,
            view: &view,
            path: directory,
            seen: HashMap::new(),
        };

        let mut answer = LastChanges::new();
        // For each commit still to be visited, by rank, the names (as indices) whose last change is at or below it.
        let mut waiting: BTreeMap<u32, (Place, Vec<u32>)> = BTreeMap::new();
        waiting.insert(
            view.rank(start).unwrap_or_default(),
            (start, (0..names.len() as u32).collect()),
        );
        for _ in 0..FARTHEST {
            let Some((_, (place, mut open))) = waiting.pop_first() else {
                break;
            };
            for &parent in view.graph.parents(place) {
                if open.is_empty() {
                    break;
                }
                let (here, there) = (at.item(place)?, at.item(parent)?);
                let (same, differing) = if here == there {
                    (std::mem::take(&mut open), Vec::new())
                } else {
                    let there = self.entries(&repo, there)?;
                    open.into_iter().partition(|&name| {
                        let (name, item) = &names[name as usize];
                        there.get(name).is_some_and(|other| other == item)
                    })
                };
                open = differing;
                if !same.is_empty()
                    && let Some(rank) = view.rank(parent)
                {
                    waiting
                        .entry(rank)
                        .or_insert((parent, Vec::new()))
                        .1
                        .extend(same);
                }
            }
            for name in open {
                answer.insert(names[name as usize].0.clone(), view.id(place));
            }
            at.forget(place);
        }
        Ok(answer)
    }

    /// The entries of a directory by name; none where it is no directory.
    fn entries(
        &self,
        repo: &gix::Repository,
        item: Option<Item>,
    ) -> Result<HashMap<Vec<u8>, Item>, ReadError> {
        match item {
            Some(item) if item.mode.is_tree() => {
                Ok(self.read_tree(repo, item.id)?.into_iter().collect())
            }
            _ => Ok(HashMap::new()),
        }
    }
}

/// Reads what lies at one path in many commits, each only once.
struct PathReader<'a> {
    repository: &'a Repository,
    repo: &'a gix::Repository,
    view: &'a View,
    path: &'a RepoPath,
    seen: HashMap<ObjectId, Option<Item>>,
}

impl PathReader<'_> {
    fn item(&mut self, place: Place) -> Result<Option<Item>, ReadError> {
        let tree = *self.view.graph.tree(place);
        if let Some(item) = self.seen.get(&tree) {
            return Ok(*item);
        }
        let item = self.repository.item_below(self.repo, tree, self.path)?;
        self.seen.insert(tree, item);
        Ok(item)
    }

    /// Says that a commit will not be asked for again, to keep memory small on long walks.
    fn forget(&mut self, place: Place) {
        if self.seen.len() > 10_000 {
            self.seen.remove(self.view.graph.tree(place));
        }
    }
}
