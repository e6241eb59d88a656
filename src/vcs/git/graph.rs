//! Who is whose parent.
//!
//! A commit never changes, so a [`Graph`] only ever grows: after a push it is extended by the commits that came, reading
//! nothing it has seen before. With a commit-graph file those are read from there, otherwise from the commits themselves.

use gix::ObjectId;
use gix::commitgraph::Position;

use super::header::Header;
use crate::error::Cause;

/// A commit in a [`Graph`]: the place where it stands. Places mean nothing outside their graph.
pub(super) type Place = u32;

/// All commits seen so far, in columns: a history that was kept is taken over as it is, see [`super::kept`].
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    pub(super) ids: Vec<[u8; 20]>,
    pub(super) trees: Vec<[u8; 20]>,
    /// Committer dates, seconds since the epoch.
    pub(super) times: Vec<i64>,
    /// Where the parents of each commit stand in `parents`.
    pub(super) families: Vec<(u32, u32)>,
    /// The parents of all commits, one commit after the other.
    pub(super) parents: Vec<Place>,
    /// The first places, those of a kept history, ordered by id. They are not in `places`.
    pub(super) sorted: Vec<Place>,
    /// Ids are hashes already, nothing has to be hashed again.
    pub(super) places: gix::hashtable::HashMap<ObjectId, Place>,
}

impl Graph {
    /// Adds these commits and all their ancestors. Ids that are not commits of this repository must not be asked for.
    pub fn extend(
        &mut self,
        repo: &gix::Repository,
        tips: &[ObjectId],
        shallow: &[ObjectId],
    ) -> Result<(), Cause> {
        let mut missing: Vec<Unread> = Vec::new();
        for tip in tips {
            self.place_or_add(*tip, &mut missing);
        }
        if missing.is_empty() {
            return Ok(());
        }
        // A broken commit-graph file is no reason to fail: it is only a faster copy of what the commits say.
        // In a shallow clone it would name the parents that were cut off; `git` does not use it there either.
        let file = repo.commit_graph_if_enabled().ok().flatten();
        let mut file = file
            .as_ref()
            .filter(|_| shallow.is_empty())
            .map(Recorded::new);
        if let Some(file) = &file {
            let more = file.places.len().saturating_sub(self.len());
            self.ids.reserve(more);
            self.trees.reserve(more);
            self.times.reserve(more);
            self.families.reserve(more);
            self.parents.reserve(more);
            self.places.reserve(more);
        }
        let mut parents: Vec<Place> = Vec::new();
        while let Some(Unread { place, position }) = missing.pop() {
            let id = self.id(place);
            parents.clear();
            let recorded = file
                .as_mut()
                .and_then(|file| file.read(self, (place, position), &mut parents, &mut missing));
            let (tree, time) = match recorded {
                Some(recorded) => recorded,
                None => {
                    let commit = repo.find_commit(id)?;
                    let header = Header::parse(&commit.data)
                        .ok_or_else(|| format!("commit {id} does not start with a tree"))?;
                    if !shallow.contains(&id) {
                        for parent in &header.parents {
                            parents.push(self.place_or_add(*parent, &mut missing));
                        }
                    }
                    (header.tree, header.date().seconds)
                }
            };
            let start = self.parents.len() as u32;
            self.parents.append(&mut parents);
            let at = place as usize;
            self.trees[at] = bytes_of(&tree);
            self.times[at] = time;
            self.families[at] = (start, self.parents.len() as u32);
        }
        Ok(())
    }

    /// The place of a commit, made and noted as unread when it is new.
    fn place_or_add(&mut self, id: ObjectId, missing: &mut Vec<Unread>) -> Place {
        if let Some(place) = self.kept_place(&id) {
            return place;
        }
        let next = self.len() as Place;
        let place = *self.places.entry(id).or_insert(next);
        if place == next {
            self.ids.push(bytes_of(&id));
            self.trees.push([0; 20]);
            self.times.push(0);
            self.families.push((0, 0));
            missing.push(Unread {
                place,
                position: None,
            });
        }
        place
    }

    /// The place of a commit of the kept history.
    fn kept_place(&self, id: &ObjectId) -> Option<Place> {
        let wanted = bytes_of(id);
        let found = self
            .sorted
            .binary_search_by(|place| self.ids[*place as usize].cmp(&wanted));
        found.ok().map(|at| self.sorted[at])
    }

    /// How many commits there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Where a commit stands.
    pub fn place(&self, id: &ObjectId) -> Option<Place> {
        self.kept_place(id).or_else(|| self.places.get(id).copied())
    }

    /// The id of the commit at a place.
    pub fn id(&self, place: Place) -> ObjectId {
        ObjectId::Sha1(self.ids[place as usize])
    }

    /// The tree of the commit at a place.
    pub fn tree(&self, place: Place) -> ObjectId {
        ObjectId::Sha1(self.trees[place as usize])
    }

    /// The committer date of the commit at a place.
    pub fn time(&self, place: Place) -> i64 {
        self.times[place as usize]
    }

    /// The parents of the commit at a place.
    pub fn parents(&self, place: Place) -> &[Place] {
        let (start, end) = self.families[place as usize];
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

/// The bytes of an id. Repositories with longer ones are refused when they are opened.
fn bytes_of(id: &gix::oid) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&id.as_bytes()[..20]);
    bytes
}

/// A commit that has its place but is not read yet, and its position in the commit-graph file where that is known.
struct Unread {
    place: Place,
    position: Option<Position>,
}

/// A commit-graph file that is being read into a [`Graph`]. In it commits name their parents by position, so that none but the
/// first has to be searched by its id.
struct Recorded<'a> {
    file: &'a gix::commitgraph::Graph,
    /// The place of each position met so far, or [`Recorded::UNMET`].
    places: Vec<Place>,
}

impl<'a> Recorded<'a> {
    const UNMET: Place = Place::MAX;

    fn new(file: &'a gix::commitgraph::Graph) -> Self {
        Recorded {
            file,
            places: vec![Self::UNMET; file.num_commits() as usize],
        }
    }

    /// What the file knows about a commit: its tree and time, and its parents in `parents`. Nothing where it does not know it,
    /// or what it says cannot be true.
    fn read(
        &mut self,
        graph: &mut Graph,
        (place, position): (Place, Option<Position>),
        parents: &mut Vec<Place>,
        missing: &mut Vec<Unread>,
    ) -> Option<(ObjectId, i64)> {
        let position = position.or_else(|| self.file.lookup(graph.id(place)))?;
        let commit = self.file.commit_at(position);
        let time = i64::try_from(commit.committer_timestamp()).ok()?;
        let mut positions = Vec::new();
        for parent in commit.iter_parents() {
            let parent = parent.ok()?;
            self.places.get(parent.0 as usize)?;
            positions.push(parent);
        }
        for parent in positions {
            let met = &mut self.places[parent.0 as usize];
            if *met == Self::UNMET {
                let before = missing.len();
                *met = graph.place_or_add(self.file.id_at(parent).to_owned(), missing);
                if let Some(unread) = missing.get_mut(before) {
                    unread.position = Some(parent);
                }
            }
            parents.push(*met);
        }
        Some((commit.root_tree_id().to_owned(), time))
    }
}
