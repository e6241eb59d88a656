//! What became of rewritten changesets, and who is left behind or competes.
//!
//! A rewrite does not remove a changeset; it makes it *obsolete* and names its successors. That can leave changesets in
//! states that want to be resolved, by the words of Mercurial:
//!
//! * *orphan*: it builds on an obsolete changeset;
//! * *phase-divergent*: it stands for a changeset that has been published after all;
//! * *content-divergent*: others stand for the same changeset, too.

use std::collections::{HashMap, HashSet};

use crate::error::Error;
use crate::ids::{Node, Rev};
use crate::obsstore::{self, Marker};
use crate::revset::RevSet;
use crate::snapshot::Snapshot;
use crate::visibility::Phase;

/// The markers of a repository, by predecessor and by successor.
#[derive(Debug, Default)]
pub(crate) struct Rewrites {
    pub markers: Vec<Marker>,
    of: HashMap<Node, Vec<u32>>,
    into: HashMap<Node, Vec<u32>>,
}

/// Groups of changesets that together stand for one.
type SuccessorSets = Vec<Vec<Node>>;

/// How many groups are told at most. Markers can be made so that there are more groups than atoms; people make two or three.
const MAX_SETS: usize = 1000;

impl Rewrites {
    pub fn new(mut markers: Vec<Marker>) -> Rewrites {
        let order = |a: &Marker, b: &Marker| {
            (a.predecessor, &a.successors, a.flags, &a.metadata)
                .cmp(&(b.predecessor, &b.successors, b.flags, &b.metadata))
                .then(a.seconds.total_cmp(&b.seconds))
        };
        // The same marker is often told by several people.
        markers.sort_by(order);
        markers.dedup();
        let mut of: HashMap<Node, Vec<u32>> = HashMap::new();
        let mut into: HashMap<Node, Vec<u32>> = HashMap::new();
        for (number, marker) in (0..).zip(&markers) {
            of.entry(marker.predecessor).or_default().push(number);
            for successor in &marker.successors {
                let numbers = into.entry(*successor).or_default();
                if numbers.last() != Some(&number) {
                    numbers.push(number);
                }
            }
        }
        Rewrites { markers, of, into }
    }

    /// The markers that name this changeset as predecessor.
    pub fn of(&self, node: &Node) -> impl Iterator<Item = &Marker> {
        self.pick(self.of.get(node))
    }

    /// The markers that name this changeset as a successor.
    pub fn into(&self, node: &Node) -> impl Iterator<Item = &Marker> {
        self.pick(self.into.get(node))
    }

    fn pick(&self, numbers: Option<&Vec<u32>>) -> impl Iterator<Item = &Marker> {
        let numbers = numbers.into_iter().flatten();
        numbers.map(|number| &self.markers[*number as usize])
    }

    /// What stands for a changeset in the end, as groups that each do so as a whole; `known` tells what is in the repository.
    ///
    /// A changeset that was never rewritten stands for itself. No group: it was pruned, or its successors are unknown here.
    /// Several groups: people rewrote it differently. `done` keeps answers for further questions.
    pub fn successor_sets<'d>(
        &self,
        node: &Node,
        known: &impl Fn(&Node) -> bool,
        done: &'d mut HashMap<Node, SuccessorSets>,
    ) -> &'d SuccessorSets {
        self.sets_until(node, known, &|_| false, done)
    }

    /// The same, where a changeset that `ends` is not asked any further what became of it; the one in question always is.
    fn sets_until<'d>(
        &self,
        node: &Node,
        known: &impl Fn(&Node) -> bool,
        ends: &impl Fn(&Node) -> bool,
        done: &'d mut HashMap<Node, SuccessorSets>,
    ) -> &'d SuccessorSets {
        // An own stack: rewriting the same changeset over and over nests deeper than ours would hold.
        let mut open = vec![*node];
        let mut is_open: HashSet<Node> = HashSet::from([*node]);
        while let Some(&current) = open.last() {
            if done.contains_key(&current) {
                is_open.remove(&current);
                open.pop();
            } else if current != *node && ends(&current) {
                done.insert(current, vec![vec![current]]);
            } else if !self.of.contains_key(&current) {
                let itself = known(&current).then(|| vec![current]);
                done.insert(current, itself.into_iter().collect());
            } else {
                let mut successors = self.of(&current).flat_map(|marker| &marker.successors);
                match successors.find(|next| !done.contains_key(*next)) {
                    // Changesets that stand for each other: this way leads nowhere.
                    Some(next) if is_open.contains(next) => {
                        done.insert(*next, Vec::new());
                    }
                    Some(next) => {
                        is_open.insert(*next);
                        open.push(*next);
                    }
                    None => {
                        let sets = self.combine(&current, done);
                        done.insert(current, sets);
                    }
                }
            }
        }
        done.entry(*node).or_default()
    }

    /// The groups of a changeset out of those of its direct successors.
    fn combine(&self, node: &Node, done: &HashMap<Node, SuccessorSets>) -> SuccessorSets {
        let mut sets: SuccessorSets = Vec::new();
        for marker in self.of(node) {
            let mut groups: SuccessorSets = vec![Vec::new()];
            for successor in &marker.successors {
                let mut longer = Vec::new();
                let suffixes = done.get(successor).map_or(&[][..], Vec::as_slice);
                'full: for group in &groups {
                    for suffix in suffixes {
                        if longer.len() == MAX_SETS {
                            break 'full;
                        }
                        let mut joined = group.clone();
                        joined.extend(suffix.iter().filter(|node| !group.contains(node)));
                        longer.push(joined);
                    }
                }
                // A successor without any of its own takes nothing away from the others.
                if !longer.is_empty() {
                    groups = longer;
                }
            }
            sets.extend(groups);
            sets.truncate(MAX_SETS);
        }
        // A group that is part of another says nothing more.
        sets.retain(|group| !group.is_empty());
        sets.sort_by_key(|group| std::cmp::Reverse(group.len()));
        let mut kept: Vec<(Vec<Node>, HashSet<Node>)> = Vec::new();
        for group in sets {
            let members: HashSet<Node> = group.iter().copied().collect();
            if !kept.iter().any(|(_, larger)| members.is_subset(larger)) {
                kept.push((group, members));
            }
        }
        kept.into_iter().rev().map(|(group, _)| group).collect()
    }

    /// Whether a changeset that was published is among those that this one stands for.
    fn stands_for_a_public_one(&self, node: &Node, is_public: &impl Fn(&Node) -> bool) -> bool {
        let (mut open, mut seen) = (vec![*node], HashSet::from([*node]));
        while let Some(current) = open.pop() {
            if is_public(&current) {
                return true;
            }
            for marker in self.into(&current) {
                let counts = marker.flags & Marker::FIXES_PHASE_DIVERGENCE == 0;
                if counts && seen.insert(marker.predecessor) {
                    open.push(marker.predecessor);
                }
            }
        }
        false
    }

    /// Whether others stand for one of the changesets that this one stands for.
    fn competes(
        &self,
        node: &Node,
        known: &impl Fn(&Node) -> bool,
        done: &mut HashMap<Node, SuccessorSets>,
    ) -> bool {
        let (mut open, mut seen) = (vec![*node], HashSet::new());
        while let Some(current) = open.pop() {
            for marker in self.into(&current) {
                let before = marker.predecessor;
                if !seen.insert(before) {
                    continue;
                }
                let sets = self.successor_sets(&before, known, done);
                if sets.len() > 1 && sets.iter().any(|group| !group.contains(node)) {
                    return true;
                }
                open.push(before);
            }
        }
        false
    }
}

/// The changesets that rewriting left in a state to be resolved, and what became of the rewritten ones.
#[derive(Debug, Default)]
pub struct Instabilities {
    /// They build on obsolete changesets.
    pub orphan: RevSet,
    /// They stand for changesets that have been published.
    pub phase_divergent: RevSet,
    /// Others stand for the same changesets.
    pub content_divergent: RevSet,
    /// Obsolete, but orphans build on them.
    pub suspended: RevSet,
    /// Obsolete, and nobody needs them.
    pub extinct: RevSet,
}

impl Snapshot {
    /// All markers of rewrites, in order of what was rewritten; each once, however often it was received.
    pub fn markers(&self) -> Result<&[Marker], Error> {
        Ok(&self.rewrites()?.markers)
    }

    /// The changesets that this one directly stands for, whether they are in the repository or not; sorted.
    pub fn predecessors(&self, node: &Node) -> Result<Vec<Node>, Error> {
        let markers = self.rewrites()?.into(node);
        let mut found: Vec<Node> = markers.map(|marker| marker.predecessor).collect();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// What directly replaced a changeset: one list per rewrite, an empty one where it was pruned.
    pub fn successors(&self, node: &Node) -> Result<Vec<Vec<Node>>, Error> {
        let markers = self.rewrites()?.of(node);
        let mut found: Vec<Vec<Node>> = markers.map(|marker| marker.successors.clone()).collect();
        found.dedup();
        Ok(found)
    }

    /// What stands for a changeset in the end: groups of changesets that each do so as a whole.
    ///
    /// Itself when it was never rewritten; no group when it was pruned; one group of several changesets when it was split;
    /// several groups when people rewrote it differently.
    pub fn successor_sets(&self, node: &Node) -> Result<Vec<Vec<Node>>, Error> {
        let known = |node: &Node| self.rev(node).is_some();
        let mut done = HashMap::new();
        Ok(self
            .rewrites()?
            .successor_sets(node, &known, &mut done)
            .clone())
    }

    /// The nearest changesets that this one stands for and that others may see, looking through those that they may not.
    pub fn served_predecessors(&self, node: &Node) -> Result<Vec<Node>, Error> {
        let rewrites = self.rewrites()?;
        let (mut open, mut seen) = (vec![*node], HashSet::from([*node]));
        let mut found = Vec::new();
        while let Some(current) = open.pop() {
            for marker in rewrites.into(&current) {
                let before = marker.predecessor;
                if !seen.insert(before) {
                    continue;
                }
                match self.served_rev(&before) {
                    Some(_) => found.push(before),
                    None => open.push(before),
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// What stands for a changeset, as [`Snapshot::successor_sets`] has it, but as near as possible: the first of each line of
    /// rewrites that others may see. No group where the changeset was never rewritten.
    pub fn served_successor_sets(&self, node: &Node) -> Result<Vec<Vec<Node>>, Error> {
        let served = |node: &Node| self.served_rev(node).is_some();
        let mut done = HashMap::new();
        let mut sets = self
            .rewrites()?
            .sets_until(node, &served, &served, &mut done)
            .clone();
        sets.retain(|group| *group != [*node]);
        Ok(sets)
    }

    /// Whether there is any marker of a rewrite, so that one need not ask about each changeset.
    pub fn has_rewrites(&self) -> bool {
        !self.obsstore.is_empty()
    }

    /// The changesets that rewriting left in a state to be resolved.
    pub fn instabilities(&self) -> Result<&Instabilities, Error> {
        if let Some(found) = self.instabilities.get() {
            return Ok(found);
        }
        let found = self.find_instabilities()?;
        Ok(self.instabilities.get_or_init(|| found))
    }

    fn find_instabilities(&self) -> Result<Instabilities, Error> {
        let mut found = Instabilities::default();
        let all = || (0..self.len()).map(Rev::from_index);
        if self.obsstore.is_empty() {
            return Ok(found);
        }
        let mutable = |rev: &Rev| self.phase(*rev) > Phase::Public;
        for rev in all().filter(mutable).filter(|rev| !self.is_obsolete(*rev)) {
            let left = |parent: &Rev| self.is_obsolete(*parent) || found.orphan.contains(*parent);
            if self.parents(rev).iter().flatten().any(left) {
                found.orphan.insert(rev);
            }
        }
        let orphans: Vec<Rev> = found.orphan.iter().collect();
        let below_orphans = self.ancestors(&orphans);
        for rev in all().filter(|rev| self.is_obsolete(*rev)) {
            if below_orphans.contains(rev) {
                found.suspended.insert(rev);
            } else {
                found.extinct.insert(rev);
            }
        }
        let rewrites = self.rewrites()?;
        let known = |node: &Node| self.rev(node).is_some();
        let is_public = |node: &Node| {
            self.rev(node)
                .is_some_and(|rev| self.phase(rev) == Phase::Public)
        };
        let mut done = HashMap::new();
        for rev in all().filter(mutable).filter(|rev| !self.is_obsolete(*rev)) {
            let node = self.node(rev);
            if rewrites.stands_for_a_public_one(&node, &is_public) {
                found.phase_divergent.insert(rev);
            }
            if rewrites.competes(&node, &known, &mut done) {
                found.content_divergent.insert(rev);
            }
        }
        Ok(found)
    }

    fn rewrites(&self) -> Result<&Rewrites, Error> {
        if let Some(rewrites) = self.rewrites.get() {
            return Ok(rewrites);
        }
        let markers = obsstore::markers(&self.obsstore)
            .map_err(|fault| fault.in_file(&self.store.layout.store.join("obsstore")))?;
        let rewrites = Rewrites::new(markers);
        Ok(self.rewrites.get_or_init(|| rewrites))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn node(byte: u8) -> Node {
        Node::new([byte; 20])
    }

    fn rewrites(list: &[(u8, &[u8])]) -> Rewrites {
        let marker = |(predecessor, successors): &(u8, &[u8])| Marker {
            predecessor: node(*predecessor),
            successors: successors.iter().copied().map(node).collect(),
            flags: 0,
            seconds: 0.0,
            offset_west: 0,
            parents: None,
            metadata: Vec::new(),
        };
        Rewrites::new(list.iter().map(marker).collect())
    }

    fn sets(list: &[(u8, &[u8])], of: u8) -> Vec<Vec<u8>> {
        let known = |node: &Node| node.as_bytes()[0] < 100;
        let rewrites = rewrites(list);
        let mut done = HashMap::new();
        let sets = rewrites.successor_sets(&node(of), &known, &mut done);
        let bytes = |group: &Vec<Node>| group.iter().map(|node| node.as_bytes()[0]).collect();
        sets.iter().map(bytes).collect()
    }

    #[test]
    fn successors_are_followed_to_the_end() {
        assert_eq!(sets(&[], 1), [[1]]);
        assert_eq!(sets(&[], 100), [[0u8; 0]; 0], "unknown here");
        assert_eq!(sets(&[(1, &[2]), (2, &[3])], 1), [[3]]);
        assert_eq!(sets(&[(1, &[])], 1), [[0u8; 0]; 0], "pruned");
        assert_eq!(sets(&[(1, &[2, 3]), (3, &[4])], 1), [[2, 4]], "split");
        assert_eq!(sets(&[(1, &[2]), (1, &[3])], 1), [[3], [2]], "divergent");
        assert_eq!(
            sets(&[(1, &[2]), (1, &[2, 3])], 1),
            [[2, 3]],
            "a part says nothing more"
        );
        assert_eq!(sets(&[(1, &[2, 100])], 1), [[2]]);
        assert_eq!(sets(&[(1, &[2]), (2, &[1])], 1), [[0u8; 0]; 0], "a circle");
    }

    #[test]
    fn markers_made_to_multiply_do_not() {
        // Each of forty changesets was rewritten in two ways, and the first was split into all of them: 2^40 groups.
        let mut list: Vec<(u8, Vec<u8>)> = (2..42)
            .flat_map(|n| [(n, vec![50 + n]), (n, vec![n + 150])])
            .collect();
        list.push((1, (2..42).collect()));
        let known = |_: &Node| true;
        let list: Vec<(u8, &[u8])> = list.iter().map(|(n, s)| (*n, s.as_slice())).collect();
        let rewrites = rewrites(&list);
        let mut done = HashMap::new();
        assert!(rewrites.successor_sets(&node(1), &known, &mut done).len() <= MAX_SETS);
    }

    proptest! {
        #[test]
        fn any_markers_have_an_end(list in proptest::collection::vec((0u8..12, proptest::collection::vec(0u8..12, 0..3)), 0..30)) {
            let list: Vec<(u8, &[u8])> = list.iter().map(|(n, s)| (*n, s.as_slice())).collect();
            let rewrites = rewrites(&list);
            let mut done = HashMap::new();
            for n in 0..12 {
                rewrites.successor_sets(&node(n), &|_| true, &mut done);
                rewrites.competes(&node(n), &|_| true, &mut done);
                rewrites.stands_for_a_public_one(&node(n), &|node| node.as_bytes()[0] == 11);
            }
        }
    }
}
