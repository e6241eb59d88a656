//! Questions about who descends from whom.
//!
//! Parents always have smaller numbers than their children, so every answer is one sweep over the numbers.

use std::collections::BTreeMap;

use crate::ids::Rev;
use crate::revlog::Revlog;
use crate::revset::RevSet;

/// Revisions and their parents.
pub(crate) trait Graph {
    /// How many revisions there are.
    fn len(&self) -> usize;

    /// First and second parent; none for a number that does not occur.
    fn parents(&self, rev: Rev) -> [Option<Rev>; 2];

    /// These revisions and all their ancestors.
    fn ancestors(&self, revs: &[Rev]) -> RevSet {
        self.ancestors_down_to(revs, Rev::new(0))
    }

    /// These revisions and their ancestors as far as they are not older than `floor`.
    fn ancestors_down_to(&self, revs: &[Rev], floor: Rev) -> RevSet {
        let mut set = self.set_of(revs);
        let Some(max) = set.max() else { return set };
        for number in (floor.number()..=max.number()).rev() {
            let rev = Rev::new(number);
            if set.contains(rev) {
                for parent in self
                    .parents(rev)
                    .into_iter()
                    .flatten()
                    .filter(|parent| *parent >= floor)
                {
                    set.insert(parent);
                }
            }
        }
        set
    }

    /// Ancestors of the first set that are not ancestors of the second, each set counting itself.
    fn only(&self, include: &[Rev], exclude: &[Rev]) -> RevSet {
        let mut wanted = self.set_of(include);
        let mut excluded = self.set_of(exclude);
        // How many revisions below the sweep are wanted and not yet known to be excluded.
        let mut pending = wanted.iter().filter(|rev| !excluded.contains(*rev)).count();
        let Some(max) = wanted.max().max(excluded.max()) else {
            return wanted;
        };
        let mut result = RevSet::with_len(self.len());
        for number in (0..=max.number()).rev() {
            if pending == 0 {
                break;
            }
            let rev = Rev::new(number);
            let (is_wanted, is_excluded) = (wanted.contains(rev), excluded.contains(rev));
            if is_wanted && !is_excluded {
                pending -= 1;
                result.insert(rev);
            }
            for parent in self.parents(rev).into_iter().flatten() {
                if is_excluded && excluded.insert(parent) && wanted.contains(parent) {
                    pending -= 1;
                }
                if is_wanted && wanted.insert(parent) && !excluded.contains(parent) {
                    pending += 1;
                }
            }
        }
        result
    }

    /// Whether the first is the second or an ancestor of it.
    fn is_ancestor(&self, ancestor: Rev, descendant: Rev) -> bool {
        if ancestor == descendant {
            return true;
        }
        if ancestor > descendant {
            return false;
        }
        // Straight runs of history need no set.
        let mut seen = RevSet::default();
        let mut at = descendant;
        loop {
            for parent in self.parents(at).into_iter().flatten() {
                if parent == ancestor {
                    return true;
                }
                if parent > ancestor {
                    seen.insert(parent);
                }
            }
            match seen.max() {
                Some(next) => {
                    seen.remove(next);
                    seen.truncate(next);
                    at = next;
                }
                None => return false,
            }
        }
    }

    /// The members that are not ancestors of other members of a set that holds all ancestors of its members.
    fn heads_of(&self, set: &RevSet) -> RevSet {
        let mut heads = set.clone();
        for rev in set.iter() {
            for parent in self.parents(rev).into_iter().flatten() {
                heads.remove(parent);
            }
        }
        heads
    }

    /// The newest common ancestors of all these revisions. Looks at nothing below the last of them.
    fn common_ancestor_heads(&self, revs: &[Rev]) -> RevSet {
        /// Whom a revision is an ancestor of, a bit for each of `revs`, and whether it is one of a common ancestor.
        const STALE: u64 = 1 << 63;
        let mut found = RevSet::default();
        let Some(all) = 1u64.checked_shl(revs.len() as u32).map(|bit| bit - 1) else {
            let mut common = self.ancestors(&revs[..1]);
            for other in &revs[1..] {
                common.intersect(&self.ancestors(&[*other]));
            }
            return self.heads_of(&common);
        };
        let mut waiting: BTreeMap<Rev, u64> = BTreeMap::new();
        for (at, rev) in revs.iter().enumerate() {
            if rev.index() >= self.len() {
                return found;
            }
            *waiting.entry(*rev).or_default() |= 1 << at;
        }
        // How many of those that wait may still be an answer.
        let mut open = waiting.len();
        while open > 0
            && let Some((rev, mut marks)) = waiting.pop_last()
        {
            open -= usize::from(marks & STALE == 0);
            if marks == all {
                found.insert(rev);
                marks |= STALE;
            }
            for parent in self.parents(rev).into_iter().flatten() {
                let known = waiting.entry(parent).or_default();
                let before = *known != 0 && *known & STALE == 0;
                *known |= marks;
                let after = *known & STALE == 0;
                open = open + usize::from(after) - usize::from(before);
            }
        }
        found
    }

    /// The members of a set that are farthest from the root, counted along the longest way. Where there are several
    /// roots, the oldest that a member descends from counts.
    fn deepest(&self, set: &RevSet) -> Vec<Rev> {
        let members: Vec<Rev> = set.iter().collect();
        let Some(root) = self.ancestors(&members).iter().next() else {
            return Vec::new();
        };
        let Some(max) = members.last() else {
            return Vec::new();
        };
        // How far each revision from the root on is away from it, if it descends from it.
        let mut ways: Vec<Option<u32>> = vec![Some(0)];
        for number in root.number() + 1..=max.number() {
            let parents = self
                .parents(Rev::new(number))
                .into_iter()
                .flatten()
                .filter(|parent| *parent >= root);
            let longest = parents
                .filter_map(|parent| ways[parent.index() - root.index()])
                .max();
            ways.push(longest.map(|way| way + 1));
        }
        let way = |rev: &Rev| ways[rev.index() - root.index()];
        let longest = members.iter().filter_map(way).max();
        members
            .into_iter()
            .filter(|rev| way(rev) == longest)
            .collect()
    }

    /// These revisions and all their descendants.
    fn descendants(&self, revs: &[Rev]) -> RevSet {
        let mut set = self.set_of(revs);
        let Some(first) = set.iter().next() else {
            return set;
        };
        for index in first.index()..self.len() {
            let rev = Rev::from_index(index);
            if self
                .parents(rev)
                .into_iter()
                .flatten()
                .any(|parent| set.contains(parent))
            {
                set.insert(rev);
            }
        }
        set
    }

    /// The revisions that exist, as a set.
    fn set_of(&self, revs: &[Rev]) -> RevSet {
        let mut set = RevSet::with_len(self.len());
        for rev in revs.iter().filter(|rev| rev.index() < self.len()) {
            set.insert(*rev);
        }
        set
    }
}

impl Graph for Revlog {
    fn len(&self) -> usize {
        Revlog::len(self)
    }

    fn parents(&self, rev: Rev) -> [Option<Rev>; 2] {
        Revlog::parents(self, rev)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    impl Graph for Vec<[Option<Rev>; 2]> {
        fn len(&self) -> usize {
            self.len()
        }

        fn parents(&self, rev: Rev) -> [Option<Rev>; 2] {
            self.get(rev.index()).copied().unwrap_or_default()
        }
    }

    type Parents = Vec<[Option<Rev>; 2]>;

    prop_compose! {
        /// Graphs where each parent is older than its child.
        fn graphs()(draws in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..40)) -> Parents {
            let parent = |index: &prop::sample::Index, child: usize| {
                // One more choice than there are older revisions: none.
                let number = index.index(child + 1);
                (number < child).then(|| Rev::from_index(number))
            };
            draws.iter().enumerate().map(|(child, (a, b))| [parent(a, child), parent(b, child)]).collect()
        }
    }

    fn slow_ancestors(graph: &Parents, rev: Rev) -> BTreeSet<Rev> {
        let (mut set, mut open) = (BTreeSet::new(), vec![rev]);
        while let Some(rev) = open.pop() {
            if set.insert(rev) {
                open.extend(graph.parents(rev).into_iter().flatten());
            }
        }
        set
    }

    proptest! {
        #[test]
        fn the_sweeps_agree_with_walks_along_parents(graph in graphs(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
            let (a, b) = (Rev::from_index(a.index(graph.len())), Rev::from_index(b.index(graph.len())));
            let (above_a, above_b) = (slow_ancestors(&graph, a), slow_ancestors(&graph, b));
            let list = |set: RevSet| set.iter().collect::<Vec<_>>();
            prop_assert_eq!(list(graph.ancestors(&[a])), above_a.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(list(graph.only(&[a], &[b])), above_a.difference(&above_b).copied().collect::<Vec<_>>());
            prop_assert_eq!(graph.is_ancestor(a, b), above_b.contains(&a));
            let common: BTreeSet<Rev> = above_a.intersection(&above_b).copied().collect();
            let heads: Vec<Rev> = common
                .iter()
                .copied()
                .filter(|rev| !common.iter().any(|other| other != rev && slow_ancestors(&graph, *other).contains(rev)))
                .collect();
            prop_assert_eq!(list(graph.common_ancestor_heads(&[a, b])), heads);
            let below: Vec<Rev> = (0..graph.len()).map(Rev::from_index).filter(|rev| slow_ancestors(&graph, *rev).contains(&a)).collect();
            prop_assert_eq!(list(graph.descendants(&[a])), below);
        }
    }

    #[test]
    fn the_deepest_counts_the_longest_way() {
        let rev = |n| Some(Rev::new(n));
        let deepest = |graph: &Parents, numbers: &[u32]| {
            graph.deepest(&numbers.iter().copied().map(Rev::new).collect())
        };
        // 0-1-2 and 0-3: 3 has the higher number, 2 the longer way.
        let graph: Parents = vec![[None, None], [rev(0), None], [rev(1), None], [rev(0), None]];
        assert_eq!(deepest(&graph, &[2, 3]), [Rev::new(2)]);
        assert!(deepest(&graph, &[]).is_empty());
        // 1 is a root of its own: however far 2 is from it, 0 comes first.
        let graph: Parents = vec![[None, None], [None, None], [rev(1), None]];
        assert_eq!(deepest(&graph, &[0, 2]), [Rev::new(0)]);
    }

    #[test]
    fn numbers_that_do_not_occur_are_left_out() {
        let graph: Parents = vec![[None, None]];
        assert!(graph.ancestors(&[Rev::new(7)]).is_empty());
        assert!(graph.only(&[Rev::new(7)], &[Rev::new(9)]).is_empty());
        assert!(graph.descendants(&[Rev::new(7)]).is_empty());
        assert!(!graph.is_ancestor(Rev::new(0), Rev::new(7)));
    }
}
