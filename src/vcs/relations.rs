//! Who descends from whom, and what stands beside what in the list of all changesets.

use crate::repository::either;
use crate::{ChangesetId, ReadError, RefName, Repository};

impl Repository {
    /// The newest common ancestors of two changesets, each counting as its own ancestor: those that no other common ancestor
    /// descends from. Usually one; several after criss-cross merges, the one that [`Repository::common_ancestor`] chooses
    /// first; none where the histories have nothing in common.
    pub fn common_ancestors(
        &self,
        a: &ChangesetId,
        b: &ChangesetId,
    ) -> Result<Vec<ChangesetId>, ReadError> {
        either!(self, system => system.common_ancestors(a, b))
    }

    /// The common ancestor that the system takes as the base of a merge: the first that `git merge-base` prints, what
    /// `hg log -r "ancestor(a, b)"` shows.
    pub fn common_ancestor(
        &self,
        a: &ChangesetId,
        b: &ChangesetId,
    ) -> Result<Option<ChangesetId>, ReadError> {
        Ok(self.common_ancestors(a, b)?.into_iter().next())
    }

    /// Whether the first changeset is the second or an ancestor of it.
    pub fn is_ancestor(
        &self,
        ancestor: &ChangesetId,
        descendant: &ChangesetId,
    ) -> Result<bool, ReadError> {
        either!(self, system => system.is_ancestor(ancestor, descendant))
    }

    /// The changesets that `include` reach and `exclude` do not, newest first in the order of [`Repository::log`]: `git rev-list
    /// --date-order include --not exclude`, `hg log -r "reverse(only(include, exclude))"`. The work grows with the answer and
    /// the distance to the last common ancestor, not with the history below.
    pub fn only(
        &self,
        include: &[ChangesetId],
        exclude: &[ChangesetId],
    ) -> Result<Vec<ChangesetId>, ReadError> {
        either!(self, system => system.only(include, exclude))
    }

    /// The changesets from `first` to `last` in the order of the log, both included, oldest first. That is the part of the list
    /// between the two and may hold changesets that neither descends from; it is empty where `last` is the older one.
    pub fn range(
        &self,
        first: &ChangesetId,
        last: &ChangesetId,
    ) -> Result<Vec<ChangesetId>, ReadError> {
        either!(self, system => system.range(first, last))
    }

    /// The changeset above this one in the log, among those of a branch (as [`LogQuery::branch`](crate::LogQuery::branch)
    /// understands it) where one is given; none for the newest.
    pub fn next(
        &self,
        id: &ChangesetId,
        branch: Option<&RefName>,
    ) -> Result<Option<ChangesetId>, ReadError> {
        either!(self, system => system.neighbour(id, branch, true))
    }

    /// The changeset below this one in the log, see [`Repository::next`]; none for the oldest.
    pub fn previous(
        &self,
        id: &ChangesetId,
        branch: Option<&RefName>,
    ) -> Result<Option<ChangesetId>, ReadError> {
        either!(self, system => system.neighbour(id, branch, false))
    }
}
