//! Which changesets touched a path.
//!
//! Both questions of this file walk from children to parents in the order of the [`View`], so that a commit is looked at
//! only after all of its children in question, and follow the rule of `git log -- path`: a merge that agrees with one of its
//! parents about the path changed nothing, and history goes on with that parent alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// lists. Answered from memory when asked again, as for the next page.
    pub(super) fn touching(
        &self,
        repo: &gix::Repository,
        view: &View,
        query: PathQuery,
    ) -> Result<Arc<Vec<Place>>, ReadError> {
        if let Some(known) = view.paths.get(&query) {
            return Ok(known);
        }
        let found = Arc::new(self.find_touching(repo, view, &query)?);
        view.paths.keep(query, found.clone());
        Ok(found)
    }

    fn find_touching(
        &self,
        repo: &gix::Repository,
        view: &View,
        query: &PathQuery,
    ) -> Result<Vec<Place>, ReadError> {
        let PathQuery { from, branch, path } = query;
        let all = view.within(*from, *branch);
        let mut at = PathReader::new(self, repo, view, path);
        let mut found = Vec::new();
        // History is followed from every branch and tag, or else from the newest changesets within the limits.
        let mut wanted = vec![false; view.graph.len()];
        if from.or(*branch).is_none() {
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
        }
        Ok(found)
    }

    pub fn last_changes(
        &self,
        id: &ChangesetId,
        directory: &RepoPath,
    ) -> Result<LastChanges, NodeError> {
        let key = (*id, directory.clone());
        if let Some(answer) = self.last_changes.get(&key) {
            return Ok(answer);
        }
        let answer = self.walk_last_changes(id, directory)?;
        self.last_changes.put(key, answer.clone());
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
struct PathReader<'a> {
    repository: &'a Repository,
    repo: &'a gix::Repository,
    view: &'a View,
    steps: Vec<Step<'a>>,
}

/// One component of a path.
struct Step<'a> {
    name: &'a [u8],
    /// What lies under the name in the directories seen.
    seen: HashMap<ObjectId, Option<Item>>,
}

impl<'a> PathReader<'a> {
    /// How many directories are remembered for a step before it forgets and starts anew.
    const MOST: usize = 20_000;

    fn new(
        repository: &'a Repository,
        repo: &'a gix::Repository,
        view: &'a View,
        path: &'a RepoPath,
    ) -> Self {
        let steps = path
            .components()
            .map(|name| Step {
                name,
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

    fn item(&mut self, place: Place) -> Result<Option<Item>, ReadError> {
        let mut item = Item::tree(*self.view.graph.tree(place));
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

/// What the log of a path depends on besides the view.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PathQuery {
    pub from: Option<Place>,
    pub branch: Option<Place>,
    pub path: RepoPath,
}

/// The logs of paths asked for lately.
#[derive(Debug, Default)]
pub(super) struct PathLogs(Mutex<HashMap<PathQuery, Arc<Vec<Place>>>>);

impl PathLogs {
    /// How many are kept. When there are more all are dropped: it is only for turning pages.
    const MOST: usize = 16;

    fn get(&self, query: &PathQuery) -> Option<Arc<Vec<Place>>> {
        self.lock().get(query).cloned()
    }

    fn keep(&self, query: PathQuery, found: Arc<Vec<Place>>) {
        let mut kept = self.lock();
        if kept.len() == Self::MOST {
            kept.clear();
        }
        kept.insert(query, found);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathQuery, Arc<Vec<Place>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
