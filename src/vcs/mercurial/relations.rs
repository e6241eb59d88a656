//! Who descends from whom; asked of the numbers, which every parent has smaller than its children.

use hg::{Rev, Text};

use super::{Repository, id};
use crate::{ChangesetId, ReadError, RefName};

impl Repository {
    pub fn common_ancestors(
        &self,
        a: &ChangesetId,
        b: &ChangesetId,
    ) -> Result<Vec<ChangesetId>, ReadError> {
        self.read(|snapshot| {
            let (a, b) = (self.rev(snapshot, a)?, self.rev(snapshot, b)?);
            let chosen = snapshot.ancestor(a, b);
            let others = snapshot.common_ancestor_heads(&[a, b]);
            let others = others.into_iter().rev().filter(|rev| Some(*rev) != chosen);
            let found = chosen.into_iter().chain(others);
            Ok(found.map(|rev| id(snapshot, rev)).collect())
        })
    }

    pub fn is_ancestor(
        &self,
        ancestor: &ChangesetId,
        descendant: &ChangesetId,
    ) -> Result<bool, ReadError> {
        self.read(|snapshot| {
            let (ancestor, descendant) = (
                self.rev(snapshot, ancestor)?,
                self.rev(snapshot, descendant)?,
            );
            Ok(snapshot.is_ancestor(ancestor, descendant))
        })
    }

    pub fn only(
        &self,
        include: &[ChangesetId],
        exclude: &[ChangesetId],
    ) -> Result<Vec<ChangesetId>, ReadError> {
        self.read(|snapshot| {
            let revs = |ids: &[ChangesetId]| {
                let revs = ids.iter().map(|id| self.rev(snapshot, id));
                revs.collect::<Result<Vec<_>, _>>()
            };
            let mut found = snapshot.only(&revs(include)?, &revs(exclude)?);
            found.intersect(snapshot.served());
            Ok(found.iter().rev().map(|rev| id(snapshot, rev)).collect())
        })
    }

    pub fn range(
        &self,
        first: &ChangesetId,
        last: &ChangesetId,
    ) -> Result<Vec<ChangesetId>, ReadError> {
        self.read(|snapshot| {
            let (first, last) = (self.rev(snapshot, first)?, self.rev(snapshot, last)?);
            let between = (first.number()..=last.number()).map(Rev::new);
            let served = between.filter(|rev| snapshot.is_served(*rev));
            Ok(served.map(|rev| id(snapshot, rev)).collect())
        })
    }

    pub fn neighbour(
        &self,
        of: &ChangesetId,
        branch: Option<&RefName>,
        newer: bool,
    ) -> Result<Option<ChangesetId>, ReadError> {
        self.read(|snapshot| {
            let rev = self.rev(snapshot, of)?;
            let last = snapshot.len() as u32;
            let numbers: &mut dyn Iterator<Item = u32> = if newer {
                &mut (rev.number() + 1..last)
            } else {
                &mut (0..rev.number()).rev()
            };
            for rev in numbers.map(Rev::new).filter(|rev| snapshot.is_served(*rev)) {
                if let Some(branch) = branch
                    && Text::from(snapshot.branch_name(rev)?) != *branch.as_str()
                {
                    continue;
                }
                return Ok(Some(id(snapshot, rev)));
            }
            Ok(None)
        })
    }
}
