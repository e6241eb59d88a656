//! Walks from children to parents, as far as a question needs.
//!
//! In [`View::order`] every commit stands before its parents, whatever the dates say. A walk that always takes the commit
//! that stands first has therefore seen all descendants of a commit when it comes to it: its marks are final, nothing has to
//! be visited twice, and the walk may stop as soon as nothing that is left can matter.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use super::Repository;
use super::graph::Place;
use super::view::View;
use crate::{ChangesetId, ReadError, RefName};

/// Reached from the first side.
const LEFT: u8 = 1;
/// Reached from the second side.
const RIGHT: u8 = 2;
/// Below a common ancestor that was found.
const STALE: u8 = 4;

/// Commits still to be visited, with their marks.
struct Walk<'a> {
    view: &'a View,
    /// By rank.
    waiting: BTreeMap<u32, u8>,
    /// How many of them may still be part of the answer.
    open: usize,
    /// Whether a commit with these marks may be.
    matters: fn(u8) -> bool,
}

impl<'a> Walk<'a> {
    fn new(view: &'a View, matters: fn(u8) -> bool) -> Self {
        Walk {
            view,
            waiting: BTreeMap::new(),
            open: 0,
            matters,
        }
    }

    fn mark(&mut self, place: Place, marks: u8) {
        let Some(rank) = self.view.rank(place) else {
            return;
        };
        let known = self.waiting.entry(rank).or_insert(0);
        let before = *known != 0 && (self.matters)(*known);
        *known |= marks;
        let after = (self.matters)(*known);
        self.open = self.open + usize::from(after) - usize::from(before);
    }

    /// The next commit; none when the rest does not matter.
    fn next(&mut self) -> Option<(Place, u8)> {
        if self.open == 0 {
            return None;
        }
        let (rank, marks) = self.waiting.pop_first()?;
        self.open -= usize::from((self.matters)(marks));
        Some((self.view.order[rank as usize], marks))
    }

    fn mark_parents(&mut self, place: Place, marks: u8) {
        for &parent in self.view.graph.parents(place) {
            self.mark(parent, marks);
        }
    }
}

impl View {
    /// The newest common ancestors of two commits, newest first as `git merge-base --all` lists them.
    fn common_ancestors(&self, a: Place, b: Place) -> Vec<Place> {
        let mut walk = Walk::new(self, |marks| marks & STALE == 0);
        walk.mark(a, LEFT);
        walk.mark(b, RIGHT);
        let mut found = Vec::new();
        while let Some((place, mut marks)) = walk.next() {
            if marks == LEFT | RIGHT {
                found.push(place);
                marks |= STALE;
            }
            walk.mark_parents(place, marks);
        }
        found.sort_by_key(|&place| Reverse(self.graph.time(place)));
        found
    }

    /// What `include` reaches and `exclude` does not, newest first.
    pub fn only(&self, include: &[Place], exclude: &[Place]) -> Vec<Place> {
        let mut walk = Walk::new(self, |marks| marks & RIGHT == 0);
        include.iter().for_each(|&place| walk.mark(place, LEFT));
        exclude.iter().for_each(|&place| walk.mark(place, RIGHT));
        let mut found = Vec::new();
        while let Some((place, marks)) = walk.next() {
            if marks == LEFT {
                found.push(place);
            }
            walk.mark_parents(place, marks);
        }
        found
    }

    /// Whether the first is the second or an ancestor of it. Looks at nothing below the first.
    fn is_ancestor(&self, ancestor: Place, descendant: Place) -> bool {
        let Some(floor) = self.rank(ancestor) else {
            return false;
        };
        let mut seen = HashSet::from([descendant]);
        let mut todo = vec![descendant];
        while let Some(place) = todo.pop() {
            if place == ancestor {
                return true;
            }
            for &parent in self.graph.parents(place) {
                if self.rank(parent).is_some_and(|rank| rank <= floor) && seen.insert(parent) {
                    todo.push(parent);
                }
            }
        }
        false
    }
}

impl Repository {
    pub fn common_ancestors(
        &self,
        a: &ChangesetId,
        b: &ChangesetId,
    ) -> Result<Vec<ChangesetId>, ReadError> {
        let view = self.view(&self.local())?;
        let found = view.common_ancestors(self.place(&view, a)?, self.place(&view, b)?);
        Ok(found.into_iter().map(|place| view.id(place)).collect())
    }

    pub fn is_ancestor(
        &self,
        ancestor: &ChangesetId,
        descendant: &ChangesetId,
    ) -> Result<bool, ReadError> {
        let view = self.view(&self.local())?;
        Ok(view.is_ancestor(self.place(&view, ancestor)?, self.place(&view, descendant)?))
    }

    pub fn only(
        &self,
        include: &[ChangesetId],
        exclude: &[ChangesetId],
    ) -> Result<Vec<ChangesetId>, ReadError> {
        let view = self.view(&self.local())?;
        let places = |ids: &[ChangesetId]| {
            let places = ids.iter().map(|id| self.place(&view, id));
            places.collect::<Result<Vec<_>, _>>()
        };
        let found = view.only(&places(include)?, &places(exclude)?);
        Ok(found.into_iter().map(|place| view.id(place)).collect())
    }

    pub fn range(
        &self,
        first: &ChangesetId,
        last: &ChangesetId,
    ) -> Result<Vec<ChangesetId>, ReadError> {
        let view = self.view(&self.local())?;
        let rank = |id| {
            let rank = view.rank(self.place(&view, id)?);
            Ok::<_, ReadError>(rank.unwrap_or_default() as usize)
        };
        let (first, last) = (rank(first)?, rank(last)?);
        let part = view.order.get(last..=first).unwrap_or_default();
        Ok(part.iter().rev().map(|&place| view.id(place)).collect())
    }

    pub fn neighbour(
        &self,
        id: &ChangesetId,
        branch: Option<&RefName>,
        newer: bool,
    ) -> Result<Option<ChangesetId>, ReadError> {
        let repo = self.local();
        if branch.is_none()
            && let Some(top) = self.top(&self.heads(&repo)?)
            && let Some(number) = top.number(id)
        {
            let beside = if newer {
                Some(number + 1)
            } else {
                number.checked_sub(1)
            };
            let found = beside.and_then(|beside| top.numbered(beside));
            if found.is_some() || newer {
                return Ok(found);
            }
        }
        let view = self.view(&repo)?;
        let place = self.place(&view, id)?;
        let within = match branch.map(|name| view.heads.refs.branch(name.as_str())) {
            None => None,
            Some(None) => return Ok(None),
            Some(Some(branch)) => Some(view.graph.reachable(view.reached(&branch.id))),
        };
        let rank = view.rank(place).unwrap_or_default() as usize;
        let fits = |other: &&Place| {
            let within = within.as_ref();
            within.is_none_or(|within| within[**other as usize])
        };
        let found = if newer {
            view.order[..rank].iter().rev().find(fits)
        } else {
            view.order[rank + 1..].iter().find(fits)
        };
        Ok(found.map(|&place| view.id(place)))
    }

    /// Where a changeset stands that a name reaches.
    pub(super) fn place(&self, view: &View, id: &ChangesetId) -> Result<Place, ReadError> {
        view.reached(id).ok_or_else(|| self.unknown(id))
    }
}
