//! Named branches and their heads.

use crate::branch_cache::KnownHeads;
use crate::error::Error;
use crate::graph::Graph;
use crate::ids::Rev;
use crate::revlog::Revlog;
use crate::text::Text;
use crate::visibility::Visibility;

/// A named branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name.
    pub name: Text,
    /// Its heads, oldest first, closed ones included.
    pub heads: Vec<Rev>,
    /// Those of them that close the branch.
    pub closed_heads: Vec<Rev>,
    /// Its newest open head, or the newest head when all are closed.
    pub tip: Rev,
    /// Whether all heads are closed.
    pub closed: bool,
}

/// The heads of the served branches, beginning with what was known of the first changesets.
///
/// A head of a branch is a changeset without descendant *on the same branch*, be it by way of other branches. Obsolete
/// changesets do not take part, neither as heads nor as descendants.
pub(crate) fn heads(
    changelog: &Revlog,
    visibility: &Visibility,
    known: KnownHeads,
    mut branch_of: impl FnMut(Rev) -> Result<(Vec<u8>, bool), Error>,
) -> Result<KnownHeads, Error> {
    let mut found = known;
    let start = std::mem::replace(&mut found.end, changelog.len());
    for rev in (start..changelog.len()).map(Rev::from_index) {
        if !visibility.served.contains(rev) || visibility.obsolete.contains(rev) {
            continue;
        }
        let (name, closes) = branch_of(rev)?;
        let parents = changelog.parents(rev);
        // Those with a child on the same branch are no heads. Whatever descendant a changeset has on its branch, the last
        // of them on that way stays; so only these can be descendants of each other.
        match found.heads.get_mut(&name) {
            Some(heads) => {
                heads.retain(|(head, _)| !parents.contains(&Some(*head)));
                heads.push((rev, closes));
            }
            None => {
                found.heads.insert(name, vec![(rev, closes)]);
            }
        }
    }
    for heads in found.heads.values_mut() {
        heads.sort_unstable();
        heads.dedup();
        if let [(oldest, _), _, ..] = heads[..] {
            let above: Vec<Rev> = heads
                .iter()
                .flat_map(|(rev, _)| changelog.parents(*rev))
                .flatten()
                .filter(|rev| *rev >= oldest)
                .collect();
            let inner = changelog.ancestors_down_to(&above, oldest);
            heads.retain(|(rev, _)| !inner.contains(*rev));
        }
    }
    Ok(found)
}

/// The branches with these heads, sorted by name.
pub(crate) fn branches(known: &KnownHeads) -> Vec<Branch> {
    let branch = |(name, heads): (&Vec<u8>, &Vec<(Rev, bool)>)| {
        let open = heads.iter().rev().find(|(_, closes)| !closes);
        let (tip, _) = open.or(heads.last())?;
        Some(Branch {
            name: Text::from(&name[..]),
            heads: heads.iter().map(|(rev, _)| *rev).collect(),
            closed_heads: heads
                .iter()
                .filter(|(_, closes)| *closes)
                .map(|(rev, _)| *rev)
                .collect(),
            tip: *tip,
            closed: open.is_none(),
        })
    };
    let mut branches: Vec<Branch> = known.heads.iter().filter_map(branch).collect();
    branches.sort_by(|a, b| a.name.cmp(&b.name));
    branches
}
