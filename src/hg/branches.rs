//! Named branches and their heads.

use crate::digest::BranchTable;
use crate::graph::Graph;
use crate::ids::Rev;
use crate::revlog::Revlog;
use crate::store::Store;
use crate::text::Text;
use crate::visibility::Visibility;

/// A named branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name.
    pub name: Text,
    /// Its heads, oldest first, closed ones included.
    pub heads: Vec<Rev>,
    /// Its newest open head, or the newest head when all are closed.
    pub tip: Rev,
    /// Whether all heads are closed.
    pub closed: bool,
}

/// The branches of the served changesets, sorted by name.
///
/// A head of a branch is a changeset without descendant *on the same branch*, be it by way of other branches. Obsolete
/// changesets do not take part, neither as heads nor as descendants.
pub(crate) fn branches(
    changelog: &Revlog,
    visibility: &Visibility,
    table: &BranchTable,
) -> Vec<Branch> {
    let mut members = visibility.served.clone();
    for rev in visibility.obsolete.iter() {
        members.remove(rev);
    }
    // First those without a child on the same branch. Whatever descendant a changeset has on its branch, the last of them
    // on that way is among these; so only these can be descendants of each other.
    let mut candidates = members.clone();
    for rev in members.iter() {
        for parent in changelog.parents(rev).into_iter().flatten() {
            if table.of_rev.get(parent.index()).map(|of| of.0)
                == table.of_rev.get(rev.index()).map(|of| of.0)
            {
                candidates.remove(parent);
            }
        }
    }
    let mut heads: Vec<Vec<Rev>> = vec![Vec::new(); table.names.len()];
    for rev in candidates.iter() {
        if let Some(heads) = table
            .of_rev
            .get(rev.index())
            .and_then(|of| heads.get_mut(of.0 as usize))
        {
            heads.push(rev);
        }
    }
    let mut branches = Vec::new();
    for (name, mut heads) in table.names.iter().zip(heads) {
        if heads.len() > 1 {
            let above: Vec<Rev> = heads
                .iter()
                .flat_map(|rev| changelog.parents(*rev))
                .flatten()
                .filter(|rev| *rev >= heads[0])
                .collect();
            let inner = changelog.ancestors_down_to(&above, heads[0]);
            heads.retain(|rev| !inner.contains(*rev));
        }
        let closes = |rev: &Rev| table.of_rev[rev.index()].1;
        let open = heads.iter().rev().find(|rev| !closes(rev));
        if let Some(tip) = open.or(heads.last()).copied() {
            branches.push(Branch {
                name: Text::from(&name[..]),
                closed: open.is_none(),
                heads,
                tip,
            });
        }
    }
    branches.sort_by(|a, b| a.name.cmp(&b.name));
    branches
}

/// The branch of every changeset from Mercurial's own cache; `None` when it is absent or not complete.
///
/// `rbc-names-v2` holds names separated by NUL, `rbc-revs-v2` eight bytes per changeset: the first four of the hash, and
/// the number of the name with the top bit set on closing changesets.
pub(crate) fn cached_table(store: &Store, changelog: &Revlog) -> Option<BranchTable> {
    let cache = store.layout.base.join("cache");
    for version in ["v2", "v1"] {
        // An unreadable cache is as good as none: the owner of the repository may have written it for himself alone.
        let read = |name: &str| {
            crate::files::read(&cache.join(format!("{name}-{version}")))
                .ok()
                .flatten()
        };
        if let (Some(names), Some(revs)) = (read("rbc-names"), read("rbc-revs"))
            && let Some(table) = parse_cache(changelog, &names, &revs)
        {
            return Some(table);
        }
    }
    None
}

fn parse_cache(changelog: &Revlog, names: &[u8], revs: &[u8]) -> Option<BranchTable> {
    const CLOSES: u32 = 0x8000_0000;
    let names: Vec<Vec<u8>> = names.split(|&byte| byte == 0).map(<[u8]>::to_vec).collect();
    let mut of_rev = Vec::with_capacity(Revlog::len(changelog));
    let mut records = revs.chunks_exact(8);
    for entry in changelog.entries() {
        let (start, number) = records.next()?.split_first_chunk::<4>()?;
        let number = u32::from_be_bytes(number.try_into().ok()?);
        // A record that was never written is all zero, which is no changeset's hash.
        if entry.node.as_bytes()[..4] != start[..] || *start == [0; 4] {
            return None;
        }
        let branch = number & !CLOSES;
        if branch as usize >= names.len() {
            return None;
        }
        of_rev.push((branch, number & CLOSES != 0));
    }
    Some(BranchTable { names, of_rev })
}
