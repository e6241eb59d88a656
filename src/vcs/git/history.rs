//! Which changesets touched a path.
//!
//! Both questions of this file walk from children to parents in the order of the [`View`], so that a commit is looked at
//! only after all of its children in question, and follow the rule of `git log -- path`: a merge that agrees with one of its
//! parents about the path changed nothing, and history goes on with that parent alone.

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
    /// Those of some commits that changed a file or something below a directory, as `git log [from] -- path` finds them.
    /// `starts` are the commits that the walk begins at.
    pub(super) fn touching(
        &self,
        repo: &gix::Repository,
        view: &View,
        all: &[Place],
        starts: impl Iterator<Item = Place>,
        path: &RepoPath,
    ) -> Result<Vec<Place>, ReadError> {
        let mut at = PathReader::new(self, repo, view, path);
        let mut found = Vec::new();
        let mut wanted = vec![false; view.graph.len()];
        starts.for_each(|tip| wanted[tip as usize] = true);
        for &place in all {
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
        }
        Ok(found)
    }

    pub fn last_changes(
        &self,
        id: &ChangesetId,
        directory: &RepoPath,
    ) -> Result<LastChanges, NodeError> {
        let key = (*id, directory.clone());
        if let Some(answer) = self.memory.last_changes.get(&key) {
            return Ok(answer);
        }
        let answer = self.walk_last_changes(id, directory)?;
        self.memory.last_changes.put(key, answer.clone());
        Ok(answer)
    }

    fn walk_last_changes(
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
        let mut at = PathReader::new(self, &repo, &view, directory);

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

/// Reads what lies at one path in many commits. Most commits leave most directories alone, so for each step down the path it
/// remembers what was found.
pub(super) struct PathReader<'a> {
    repository: &'a Repository,
    repo: &'a gix::Repository,
    view: &'a View,
    steps: Vec<Step>,
}

/// One component of a path.
struct Step {
    name: Vec<u8>,
    /// What lies under the name in the directories seen.
    seen: HashMap<ObjectId, Option<Item>>,
}

impl<'a> PathReader<'a> {
    /// How many directories are remembered for a step before it forgets and starts anew.
    const MOST: usize = 20_000;

    pub fn new(
        repository: &'a Repository,
        repo: &'a gix::Repository,
        view: &'a View,
        path: &RepoPath,
    ) -> Self {
        let steps = path
            .components()
            .map(|name| Step {
                name: name.to_vec(),
                seen: HashMap::new(),
            })
            .collect();
        PathReader {
            repository,
            repo,
            view,
            steps,
        }
    }

    pub fn item(&mut self, place: Place) -> Result<Option<Item>, ReadError> {
        let mut item = Item::tree(self.view.graph.tree(place));
        for Step { name, seen } in &mut self.steps {
            let child = match seen.get(&item.id) {
                Some(child) => *child,
                None => {
                    if seen.len() == Self::MOST {
                        seen.clear();
                    }
                    let child = self.repository.child(self.repo, item, name)?;
                    seen.insert(item.id, child);
                    child
                }
            };
            match child {
                Some(child) => item = child,
                None => return Ok(None),
            }
        }
        Ok(Some(item))
    }
}
