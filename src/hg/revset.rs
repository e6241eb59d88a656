//! A set of changesets: one bit per revision number.

use crate::ids::Rev;

/// A set of revisions of one snapshot, in order of their numbers.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RevSet {
    words: Vec<u64>,
}

impl RevSet {
    /// The empty set with room for this many revisions.
    pub fn with_len(len: usize) -> RevSet {
        RevSet {
            words: vec![0; len.div_ceil(64)],
        }
    }

    /// The set of the first `len` revisions.
    pub(crate) fn all(len: usize) -> RevSet {
        let mut set = RevSet {
            words: vec![u64::MAX; len / 64 + 1],
        };
        set.truncate(Rev::from_index(len));
        set
    }

    /// Adds a revision; true when it was not a member before.
    pub fn insert(&mut self, rev: Rev) -> bool {
        let (word, bit) = (rev.index() / 64, 1 << (rev.index() % 64));
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        new
    }

    /// Takes a revision out; true when it was a member.
    pub fn remove(&mut self, rev: Rev) -> bool {
        let (word, bit) = (rev.index() / 64, 1 << (rev.index() % 64));
        match self.words.get_mut(word) {
            Some(word) if *word & bit != 0 => {
                *word &= !bit;
                true
            }
            _ => false,
        }
    }

    /// Whether the revision is a member.
    pub fn contains(&self, rev: Rev) -> bool {
        self.words
            .get(rev.index() / 64)
            .is_some_and(|word| word & (1 << (rev.index() % 64)) != 0)
    }

    /// Keeps only what the other set holds, too.
    pub fn intersect(&mut self, other: &RevSet) {
        self.words.truncate(other.words.len());
        for (word, theirs) in self.words.iter_mut().zip(&other.words) {
            *word &= theirs;
        }
    }

    /// Takes out this revision and all newer ones, and forgets the room for them.
    pub(crate) fn truncate(&mut self, end: Rev) {
        self.words.truncate(end.index() / 64 + 1);
        if let Some(last) = self.words.get_mut(end.index() / 64) {
            *last &= (1 << (end.index() % 64)) - 1;
        }
    }

    /// Whether both sets have the same members among the first `end` revisions.
    pub(crate) fn equals_below(&self, other: &RevSet, end: usize) -> bool {
        let word = |set: &RevSet, place: usize| set.words.get(place).copied().unwrap_or(0);
        let whole = end / 64;
        let rest = (1u64 << (end % 64)) - 1;
        (0..whole).all(|place| word(self, place) == word(other, place))
            && word(self, whole) & rest == word(other, whole) & rest
    }

    /// How many members there are.
    pub fn count(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// True when there is no member.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// The member with the highest number.
    pub fn max(&self) -> Option<Rev> {
        self.iter().next_back()
    }

    /// The members, oldest first; `rev()` gives the newest first.
    pub fn iter(&self) -> Iter<'_> {
        Iter {
            set: self,
            front: 0,
            back: self.words.len() * 64,
        }
    }
}

impl FromIterator<Rev> for RevSet {
    fn from_iter<I: IntoIterator<Item = Rev>>(revs: I) -> RevSet {
        let mut set = RevSet::default();
        for rev in revs {
            set.insert(rev);
        }
        set
    }
}

impl std::fmt::Debug for RevSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(Rev::number)).finish()
    }
}

/// Walks over the members of a [`RevSet`].
#[derive(Clone)]
pub struct Iter<'a> {
    set: &'a RevSet,
    front: usize,
    back: usize,
}

impl Iterator for Iter<'_> {
    type Item = Rev;

    fn next(&mut self) -> Option<Rev> {
        while self.front < self.back {
            let rest = self.set.words[self.front / 64] >> (self.front % 64);
            if rest == 0 {
                self.front = (self.front / 64 + 1) * 64;
                continue;
            }
            let found = self.front + rest.trailing_zeros() as usize;
            self.front = found + 1;
            return (found < self.back).then(|| Rev::from_index(found));
        }
        None
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Rev> {
        while self.front < self.back {
            let last = self.back - 1;
            let rest = self.set.words[last / 64] << (63 - last % 64);
            if rest == 0 {
                self.back = last / 64 * 64;
                continue;
            }
            let found = last - rest.leading_zeros() as usize;
            self.back = found;
            return (found >= self.front).then(|| Rev::from_index(found));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn behaves_like_a_sorted_set(numbers in proptest::collection::vec(0u32..300, 0..60), removed in proptest::collection::vec(0u32..300, 0..20)) {
            let mut set: RevSet = numbers.iter().map(|&n| Rev::new(n)).collect();
            let mut model: BTreeSet<u32> = numbers.into_iter().collect();
            for n in removed {
                prop_assert_eq!(set.remove(Rev::new(n)), model.remove(&n));
            }
            prop_assert_eq!(set.iter().map(Rev::number).collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.iter().rev().map(Rev::number).collect::<Vec<_>>(), model.iter().rev().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.count(), model.len());
            prop_assert_eq!(set.max().map(Rev::number), model.last().copied());
            let mut even = set.clone();
            even.intersect(&(0..150).map(|n| Rev::new(2 * n)).collect());
            prop_assert_eq!(even.iter().map(Rev::number).collect::<Vec<_>>(), model.iter().copied().filter(|n| n % 2 == 0).collect::<Vec<_>>());
            for end in [0, 64, 100] {
                let mut start = set.clone();
                start.truncate(Rev::new(end));
                prop_assert!(start.equals_below(&set, end as usize));
                if let Some(last) = start.max() {
                    let last_out = last.index();
                    start.remove(last);
                    prop_assert!(start.equals_below(&set, last_out) && !start.equals_below(&set, last_out + 1));
                }
            }
            set.truncate(Rev::new(100));
            prop_assert_eq!(set.iter().map(Rev::number).collect::<Vec<_>>(), model.range(..100).copied().collect::<Vec<_>>());
        }

        #[test]
        fn both_ends_meet_without_overlap(numbers in proptest::collection::btree_set(0u32..200, 0..40), turns in proptest::collection::vec(any::<bool>(), 45)) {
            let set: RevSet = numbers.iter().map(|&n| Rev::new(n)).collect();
            let mut walk = set.iter();
            let mut seen = BTreeSet::new();
            for front in turns {
                let Some(rev) = (if front { walk.next() } else { walk.next_back() }) else { break };
                prop_assert!(seen.insert(rev.number()));
            }
            prop_assert!(seen.is_subset(&numbers));
            if walk.next().is_none() {
                prop_assert_eq!(seen.len(), numbers.len());
            }
        }
    }
}
