//! The history of a repository, kept in the cache for workers to come.
//!
//! To read a hundred thousand commits takes a second, to read what somebody else wrote down about them a few milliseconds. There is one entry
//! for each repository, named by its folder: the commits that were seen, who is whose parent, and the order of all that the names of that day reached. Unlike
//! the other entries of the cache it may be behind the repository, but it cannot be wrong: commits never change, and what names
//! reach today is worked out from today's names. Only the order is taken over, and only where the names point at the same commits.
//!
//! It is written anew when a good deal has come since; until then each worker reads the few new commits by itself.

use super::Repository;
use super::graph::{Graph, Place};
use crate::{Cache, CacheKey, ChangesetId};

/// A history as it is kept.
#[derive(Debug)]
pub(super) struct Kept {
    pub graph: Graph,
    /// What the names pointed at.
    pub tips: Vec<ChangesetId>,
    /// All that these reach, newest first.
    pub order: Vec<Place>,
}

/// Shorter histories are read at once.
pub(super) const SHORTEST: usize = 300;

impl Repository {
    /// Keeps histories here from now on.
    pub fn keep_history_in(&mut self, cache: Cache) {
        self.histories = Some(cache);
    }

    fn history_key(&self) -> CacheKey {
        use std::os::unix::ffi::OsStrExt;
        CacheKey::new("history", 1, &[self.path.as_os_str().as_bytes()])
    }

    /// What somebody has kept.
    pub(super) fn kept_history(&self) -> Option<Kept> {
        let cache = self.histories.as_ref()?;
        Kept::decode(&cache.get(&self.history_key())?)
    }

    /// Keeps a history of which `known` commits are kept already, if that is worth it. Gives how many are now.
    pub(super) fn keep_history(
        &self,
        graph: &Graph,
        known: usize,
        tips: &[ChangesetId],
        order: &[Place],
    ) -> usize {
        let Some(cache) = &self.histories else {
            return known;
        };
        let fresh = graph.len() - known.min(graph.len());
        // A graph that is mostly about what was thrown away is of no use to others.
        let worth = graph.len() >= SHORTEST && order.len() * 2 >= graph.len();
        if worth && fresh > SHORTEST - 1 + known / 100 {
            cache.put(&self.history_key(), &encode(graph, tips, order));
            return graph.len();
        }
        known
    }
}

fn put_numbers(into: &mut Vec<u8>, numbers: impl Iterator<Item = u32>) {
    numbers.for_each(|number| into.extend_from_slice(&number.to_le_bytes()));
}

fn encode(graph: &Graph, tips: &[ChangesetId], order: &[Place]) -> Vec<u8> {
    let count = graph.len();
    let mut bytes = Vec::with_capacity(count * 64);
    let places = || 0..count as Place;
    let parents: usize = places().map(|place| graph.parents(place).len()).sum();
    let lengths = [count, parents, order.len(), tips.len()];
    put_numbers(&mut bytes, lengths.iter().map(|length| *length as u32));
    bytes.extend_from_slice(graph.ids.as_flattened());
    bytes.extend_from_slice(graph.trees.as_flattened());
    for time in &graph.times {
        bytes.extend_from_slice(&time.to_le_bytes());
    }
    let mut end = 0;
    put_numbers(
        &mut bytes,
        places().map(|place| {
            end += graph.parents(place).len() as u32;
            end
        }),
    );
    put_numbers(
        &mut bytes,
        places().flat_map(|place| graph.parents(place)).copied(),
    );
    put_numbers(&mut bytes, order.iter().copied());
    let mut sorted: Vec<Place> = places().collect();
    sorted.sort_unstable_by_key(|place| &graph.ids[*place as usize]);
    put_numbers(&mut bytes, sorted.into_iter());
    for tip in tips {
        bytes.extend_from_slice(tip.as_bytes());
    }
    bytes
}

/// Takes columns off the front of some bytes.
struct Columns<'a>(&'a [u8]);

impl<'a> Columns<'a> {
    fn take<const WIDTH: usize>(&mut self, count: usize) -> Option<&'a [[u8; WIDTH]]> {
        let (column, rest) = self.0.split_at_checked(count.checked_mul(WIDTH)?)?;
        self.0 = rest;
        Some(column.as_chunks().0)
    }

    /// Numbers that are all below a limit.
    fn numbers(&mut self, count: usize, limit: usize) -> Option<Vec<u32>> {
        let column = self.take::<4>(count)?.iter();
        let numbers: Vec<u32> = column.map(|bytes| u32::from_le_bytes(*bytes)).collect();
        let fits = |number: &u32| (*number as usize) < limit;
        numbers.iter().all(fits).then_some(numbers)
    }
}

impl Kept {
    /// None where the bytes do not make sense, whoever wrote them.
    fn decode(bytes: &[u8]) -> Option<Kept> {
        let mut columns = Columns(bytes);
        let lengths = columns.take::<4>(4)?;
        let [count, parents, order, tips] =
            [0, 1, 2, 3].map(|at| u32::from_le_bytes(lengths[at]) as usize);
        let ids = columns.take(count)?.to_vec();
        let trees = columns.take(count)?.to_vec();
        let times = columns.take::<8>(count)?.iter();
        let times = times.map(|time| i64::from_le_bytes(*time)).collect();
        let mut start = 0;
        let mut families = Vec::with_capacity(count);
        for end in columns.take::<4>(count)? {
            let end = u32::from_le_bytes(*end);
            if end < start || end as usize > parents {
                return None;
            }
            families.push((start, end));
            start = end;
        }
        let graph = Graph {
            ids,
            trees,
            times,
            families,
            parents: columns.numbers(parents, count)?,
            ..Graph::default()
        };
        let order = columns.numbers(order, count)?;
        let sorted = columns.numbers(count, count)?;
        let tips = columns.take::<20>(tips)?.iter();
        let tips = tips.map(|id| ChangesetId::from_bytes(*id)).collect();
        columns.0.is_empty().then_some(Kept {
            graph: Graph { sorted, ..graph },
            tips,
            order,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_comes_back() {
        let ids: Vec<[u8; 20]> = [7, 3, 9].map(|byte| [byte; 20]).into();
        let graph = Graph {
            trees: ids.iter().rev().copied().collect(),
            ids,
            times: vec![-1, 0, 1 << 40],
            families: vec![(2, 2), (1, 2), (0, 1)],
            parents: vec![1, 0],
            ..Graph::default()
        };
        let tips = vec![ChangesetId::from_bytes([9; 20])];
        let bytes = encode(&graph, &tips, &[2, 1, 0]);
        let kept = Kept::decode(&bytes).unwrap();
        assert_eq!((kept.tips, kept.order), (tips, vec![2, 1, 0]));
        for place in 0..3 {
            assert_eq!(kept.graph.id(place), graph.id(place));
            assert_eq!(kept.graph.tree(place), graph.tree(place));
            assert_eq!(kept.graph.time(place), graph.time(place));
            assert_eq!(kept.graph.parents(place), graph.parents(place));
            assert_eq!(kept.graph.place(&graph.id(place)), Some(place));
        }
        // Whatever is not whole is nothing, and no number leads out of the columns.
        for end in 0..bytes.len() {
            assert!(Kept::decode(&bytes[..end]).is_none(), "{end}");
        }
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 0x55;
            if let Some(kept) = Kept::decode(&other) {
                let parents = (0..3).flat_map(|place| kept.graph.parents(place));
                assert!(parents.chain(&kept.order).all(|place| *place < 3));
            }
        }
    }
}
