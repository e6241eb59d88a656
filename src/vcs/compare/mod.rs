//! Two changesets of one family: of a repository, or of it and a fork of it.
//!
//! A [`Comparison`] holds both ends. It tells what each has that the other lacks, what differs, whether one could be merged into the other, and, for two
//! versions of the same work, which changeset became which. Nothing is written into either repository for that: Git's objects are looked up in both
//! through a folder that names the two, Mercurial's changesets are told by their nodes, which are the same everywhere.

mod merge;
mod range_diff;

use crate::diff::{Diff, DiffOptions};
use crate::repository::System;
use crate::{Changeset, ChangesetId, Kind, ReadError, Repository, git, mercurial};

pub use merge::{Conflict, ConflictKind, Merge};
pub use range_diff::{RangePair, RangeRelation};

/// Why two changesets cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// One is Git's, the other Mercurial's.
    #[error("a {base} repository and a {head} repository have nothing in common")]
    DifferentKinds {
        /// The kind of the base.
        base: Kind,
        /// The kind of the head.
        head: Kind,
    },
    /// Their histories have nothing in common.
    #[error("the two changesets have no common ancestor")]
    Unrelated,
    /// Reading one of them failed.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// One end.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// The changeset; none for the empty state before any.
    pub id: Option<ChangesetId>,
}

/// Two ends held against each other. The base is what would be merged into.
#[derive(Debug)]
pub struct Comparison<'a> {
    base: End<'a>,
    head: End<'a>,
    both: Both<'a>,
}

/// Where changesets of both ends can be read.
#[derive(Debug)]
enum Both<'a> {
    One(&'a Repository),
    Git(Box<git::Union>),
    Hg(mercurial::Pair<'a>),
}

/// What stands on each side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    /// What the head has and the base lacks, newest first: what a merge would bring.
    pub ahead: Vec<ChangesetId>,
    /// What the base has and the head lacks, newest first.
    pub behind: Vec<ChangesetId>,
    /// The newest common ancestors; the one the system would choose first. None where the histories are unrelated, several after criss-cross merges.
    pub ancestors: Vec<ChangesetId>,
}

impl<'a> Comparison<'a> {
    /// Puts two ends side by side.
    pub fn new(base: End<'a>, head: End<'a>) -> Result<Self, CompareError> {
        let both = match (&base.repository.system, &head.repository.system) {
            _ if base.repository.path() == head.repository.path()
                && base.repository.kind() == head.repository.kind() =>
            {
                Both::One(base.repository)
            }
            (System::Git(one), System::Git(other)) => {
                Both::Git(Box::new(git::Union::new(one, base.id, other, head.id)?))
            }
            (System::Hg(one), System::Hg(other)) => Both::Hg(mercurial::Pair::new(one, other)),
            _ => {
                return Err(CompareError::DifferentKinds {
                    base: base.repository.kind(),
                    head: head.repository.kind(),
                });
            }
        };
        Ok(Comparison { base, head, both })
    }

    /// What stands on each side.
    pub fn sides(&self) -> Result<Sides, ReadError> {
        let (base, head) = (self.base.id, self.head.id);
        let (Some(base), Some(head)) = (base, head) else {
            let all = |end: &End<'_>| match &end.id {
                Some(id) => end.repository.only(&[*id], &[]),
                None => Ok(Vec::new()),
            };
            return Ok(Sides {
                ahead: all(&self.head)?,
                behind: all(&self.base)?,
                ancestors: Vec::new(),
            });
        };
        match &self.both {
            Both::One(repository) => Ok(Sides {
                ahead: repository.only(&[head], &[base])?,
                behind: repository.only(&[base], &[head])?,
                ancestors: repository.common_ancestors(&base, &head)?,
            }),
            Both::Git(union) => Ok(Sides {
                ahead: union.repository().only(&[head], &[base])?,
                behind: union.repository().only(&[base], &[head])?,
                ancestors: union.repository().common_ancestors(&base, &head)?,
            }),
            Both::Hg(pair) => pair.sides(&base, &head),
        }
    }

    /// Reads a changeset of either side.
    pub fn changeset(&self, id: &ChangesetId) -> Result<Changeset, ReadError> {
        match &self.both {
            Both::One(repository) => repository.changeset(id),
            Both::Git(union) => union.repository().changeset(id),
            Both::Hg(pair) => pair.changeset(id),
        }
    }

    /// Compares two changesets of either side; `None` is the empty tree.
    pub fn diff(
        &self,
        old: Option<&ChangesetId>,
        new: &ChangesetId,
        options: &DiffOptions,
    ) -> Result<Diff, ReadError> {
        match &self.both {
            Both::One(repository) => repository.diff(old, new, options),
            Both::Git(union) => union.repository().diff(old, new, options),
            Both::Hg(pair) => pair.diff(old, new, options),
        }
    }

    /// What a merge of the head into the base would change in the base: the difference from the common ancestor to the head.
    pub fn merge_diff(&self, options: &DiffOptions) -> Result<Option<Diff>, CompareError> {
        let Some(head) = self.head.id else {
            return Ok(None);
        };
        let ancestors = self.sides()?.ancestors;
        if ancestors.is_empty() && self.base.id.is_some() {
            return Err(CompareError::Unrelated);
        }
        Ok(Some(self.diff(ancestors.first(), &head, options)?))
    }

    /// Merges the head into the base, in memory, and tells what stands in the way.
    pub fn merge(&self) -> Result<Merge, CompareError> {
        let (Some(base), Some(head)) = (self.base.id, self.head.id) else {
            // One of them is nothing: the other is the result.
            return Ok(Merge::clean());
        };
        let sides = self.sides()?;
        if sides.ancestors.is_empty() {
            return Err(CompareError::Unrelated);
        }
        if sides.ancestors == [base] || sides.ancestors == [head] {
            return Ok(Merge::clean());
        }
        let merged = match &self.both {
            Both::One(repository) => match &repository.system {
                System::Git(git) => git.merge(&base, &head)?,
                System::Hg(hg) => {
                    mercurial::Pair::new(hg, hg).merge(&sides.ancestors, &base, &head)?
                }
            },
            Both::Git(union) => union.repository().merge(&base, &head)?,
            Both::Hg(pair) => pair.merge(&sides.ancestors, &base, &head)?,
        };
        Ok(merged)
    }

    /// Finds for each changeset of an old version of some work the one that became of it in the new version. Both lists are oldest first; merges are
    /// left out. The pairs come in the order of `git range-diff`.
    pub fn range_diff(
        &self,
        old: &[ChangesetId],
        new: &[ChangesetId],
    ) -> Result<Vec<RangePair>, ReadError> {
        range_diff::range_diff(self, old, new)
    }
}
