//! What a snapshot tells about who descends from whom.

use crate::graph::Graph;
use crate::ids::Rev;
use crate::revset::RevSet;
use crate::snapshot::Snapshot;

impl Snapshot {
    /// The served changesets without served children, newest first.
    pub fn heads(&self) -> Vec<Rev> {
        self.changelog
            .heads_of(self.served())
            .iter()
            .rev()
            .collect()
    }

    /// These changesets and all their ancestors.
    pub fn ancestors(&self, revs: &[Rev]) -> RevSet {
        self.changelog.ancestors(revs)
    }

    /// The served changesets among these and their descendants.
    pub fn descendants(&self, revs: &[Rev]) -> RevSet {
        let mut found = self.changelog.descendants(revs);
        found.intersect(self.served());
        found
    }

    /// The served changesets between two, both included: those that descend from `first` and that `last` descends from.
    pub fn between(&self, first: Rev, last: Rev) -> RevSet {
        if first > last {
            return RevSet::default();
        }
        let mut found = self.changelog.ancestors_down_to(&[last], first);
        found.intersect(&self.descendants(&[first]));
        found
    }

    /// The ancestors of `include` that are not ancestors of `exclude`, each set counting itself.
    pub fn only(&self, include: &[Rev], exclude: &[Rev]) -> RevSet {
        self.changelog.only(include, exclude)
    }

    /// Whether `ancestor` is `descendant` or an ancestor of it.
    pub fn is_ancestor(&self, ancestor: Rev, descendant: Rev) -> bool {
        self.changelog.is_ancestor(ancestor, descendant)
    }

    /// The newest common ancestors of all these changesets, oldest first: those that are no ancestor of another common one.
    pub fn common_ancestor_heads(&self, revs: &[Rev]) -> Vec<Rev> {
        self.changelog.common_ancestor_heads(revs).iter().collect()
    }

    /// The one common ancestor that Mercurial picks as base: the farthest from the root, then the smallest hash.
    pub fn ancestor(&self, a: Rev, b: Rev) -> Option<Rev> {
        let heads = self.changelog.common_ancestor_heads(&[a, b]);
        if heads.count() < 2 {
            return heads.max();
        }
        self.changelog
            .deepest(&heads)
            .into_iter()
            .min_by_key(|rev| self.node(*rev))
    }

    /// The served children of a changeset, oldest first.
    pub fn children(&self, rev: Rev) -> Vec<Rev> {
        let newer = (rev.index() + 1..self.len()).map(Rev::from_index);
        newer
            .filter(|child| self.is_served(*child) && self.parents(*child).contains(&Some(rev)))
            .collect()
    }
}
