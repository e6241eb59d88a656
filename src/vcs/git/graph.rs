//! Who is whose parent.
//!
//! A commit never changes, so a [`Graph`] only ever grows: after a push it is extended by the commits that came, reading
//! nothing it has seen before. With a commit-graph file those are read from there, otherwise from the commits themselves.

use std::collections::HashMap;
use std::ops::Range;

use gix::ObjectId;

use super::header::Header;
use crate::error::Cause;

/// A commit in a [`Graph`]: the place where it stands. Places mean nothing outside their graph.
pub(super) type Place = u32;

/// What is known about one commit.
#[derive(Debug, Clone)]
struct Commit {
    id: ObjectId,
    tree: ObjectId,
    /// Committer date, seconds since the epoch.
    time: i64,
    parents: Range<u32>,
}

/// All commits seen so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    commits: Vec<Commit>,
    places: HashMap<ObjectId, Place>,
    /// The parents of all commits, one commit after the other.
    parents: Vec<Place>,
}

impl Graph {
    /// Adds these commits and all their ancestors. Ids that are not commits of this repository must not be asked for.
    pub fn extend(
        &mut self,
        repo: &gix::Repository,
        tips: &[ObjectId],
        shallow: &[ObjectId],
    ) -> Result<(), Cause> {
        let mut missing: Vec<Place> = Vec::new();
        for tip in tips {
            self.place_or_add(*tip, &mut missing);
        }
        if missing.is_empty() {
            return Ok(());
        }
        // A broken commit-graph file is no reason to fail: it is only a faster copy of what the commits say.
        let file = repo.commit_graph_if_enabled().ok().flatten();
        let mut parents: Vec<ObjectId> = Vec::new();
        while let Some(place) = missing.pop() {
            let id = self.commits[place as usize].id;
            parents.clear();
            let recorded = file
                .as_ref()
                .and_then(|file| from_file(file, &id, &mut parents));
            let (tree, time) = match recorded {
                Some(recorded) => recorded,
                None => {
                    let commit = repo.find_commit(id)?;
                    let header = Header::parse(&commit.data)
                        .ok_or_else(|| format!("commit {id} does not start with a tree"))?;
                    parents.clone_from(&header.parents);
                    (header.tree, header.date().seconds)
                }
            };
            if shallow.contains(&id) {
                parents.clear();
            }
            let start = self.parents.len() as u32;
            for parent in &parents {
                let parent = self.place_or_add(*parent, &mut missing);
                self.parents.push(parent);
            }
            let commit = &mut self.commits[place as usize];
            (commit.tree, commit.time) = (tree, time);
            commit.parents = start..self.parents.len() as u32;
        }
        Ok(())
    }

    /// The place of a commit, made and noted as unread when it is new.
    fn place_or_add(&mut self, id: ObjectId, missing: &mut Vec<Place>) -> Place {
        let next = self.commits.len() as Place;
        let place = *self.places.entry(id).or_insert(next);
        if place == next {
            let null = ObjectId::null(id.kind());
            self.commits.push(Commit {
                id,
                tree: null,
                time: 0,
                parents: 0..0,
            });
            missing.push(place);
        }
        place
    }

    /// How many commits there are.
    pub fn len(&self) -> usize {
        self.commits.len()
    }

    /// Where a commit stands.
    pub fn place(&self, id: &ObjectId) -> Option<Place> {
        self.places.get(id).copied()
    }

    /// The id of the commit at a place.
    pub fn id(&self, place: Place) -> &ObjectId {
        &self.commits[place as usize].id
    }

    /// The tree of the commit at a place.
    pub fn tree(&self, place: Place) -> &ObjectId {
        &self.commits[place as usize].tree
    }

    /// The committer date of the commit at a place.
    pub fn time(&self, place: Place) -> i64 {
        self.commits[place as usize].time
    }

    /// The parents of the commit at a place.
    pub fn parents(&self, place: Place) -> &[Place] {
        let Range { start, end } = self.commits[place as usize].parents;
        &self.parents[start as usize..end as usize]
    }

    /// Marks these commits and all their ancestors.
    pub fn reachable(&self, from: impl IntoIterator<Item = Place>) -> Vec<bool> {
        let mut reached = vec![false; self.len()];
        let mut todo: Vec<Place> = from.into_iter().collect();
        while let Some(place) = todo.pop() {
            if !std::mem::replace(&mut reached[place as usize], true) {
                todo.extend_from_slice(self.parents(place));
            }
        }
        reached
    }
}

/// What a commit-graph file knows about a commit: its tree and time, and its parents in `parents`.
fn from_file(
    file: &gix::commitgraph::Graph,
    id: &ObjectId,
    parents: &mut Vec<ObjectId>,
) -> Option<(ObjectId, i64)> {
    let commit = file.commit_by_id(id)?;
    for parent in commit.iter_parents() {
        parents.push(file.id_at(parent.ok()?).to_owned());
    }
    Some((
        commit.root_tree_id().to_owned(),
        i64::try_from(commit.committer_timestamp()).ok()?,
    ))
}
