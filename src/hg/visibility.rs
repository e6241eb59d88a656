//! Who may see which changeset: phases, obsolescence, and what follows from them.

use std::collections::HashSet;

use crate::ids::{Node, Rev};
use crate::revlog::Revlog;
use crate::revset::RevSet;

/// How far a changeset has been spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Published; never changes again.
    Public,
    /// May still be rewritten.
    Draft,
    /// Kept from others. Archived and internal changesets count as secret, too.
    Secret,
}

/// The number of the secret phase; higher ones (32 archived, 96 internal) are kept even from the owner's view.
const SECRET: u8 = 2;

/// Phases and visibility of all revisions.
#[derive(Debug)]
pub(crate) struct Visibility {
    /// One number per revision; empty when all are public.
    phases: Vec<u8>,
    pub obsolete: RevSet,
    pub hidden: RevSet,
    pub served: RevSet,
}

impl Visibility {
    /// Works it out.
    ///
    /// * `roots` is the content of the `phaseroots` file,
    /// * `predecessors` what obsolescence markers call obsolete,
    /// * `pinned` what is shown although it is obsolete: bookmarks, local tags, working directory parents.
    pub fn new(
        changelog: &Revlog,
        roots: &[u8],
        predecessors: &HashSet<Node>,
        pinned: &[Node],
    ) -> Visibility {
        let phases = phases(changelog, roots);
        let len = Revlog::len(changelog);
        let phase = |rev: Rev| phases.get(rev.index()).copied().unwrap_or(0);
        let all = || (0..len).map(Rev::from_index);

        let mut obsolete = RevSet::with_len(len);
        for rev in predecessors
            .iter()
            .filter_map(|node| changelog.rev(node))
            .filter(|rev| phase(*rev) > 0)
        {
            obsolete.insert(rev);
        }
        let mut hidden = obsolete.clone();
        for (index, _) in phases
            .iter()
            .enumerate()
            .filter(|(_, phase)| **phase > SECRET)
        {
            hidden.insert(Rev::from_index(index));
        }
        for rev in pinned.iter().filter_map(|node| changelog.rev(node)) {
            hidden.remove(rev);
        }
        // What a visible changeset builds on must be visible, too. One sweep suffices as parents come later in it.
        if !hidden.is_empty() {
            for rev in all().rev().filter(|rev| phase(*rev) > 0) {
                if !hidden.contains(rev) {
                    for parent in changelog.parents(rev).into_iter().flatten() {
                        hidden.remove(parent);
                    }
                }
            }
        }
        let mut served = RevSet::all(len);
        for rev in hidden.iter() {
            served.remove(rev);
        }
        for rev in (0..phases.len()).map(Rev::from_index) {
            if phase(rev) >= SECRET {
                served.remove(rev);
            }
        }
        Visibility {
            phases,
            obsolete,
            hidden,
            served,
        }
    }

    /// The phase of a revision.
    pub fn phase(&self, rev: Rev) -> Phase {
        match self.phases.get(rev.index()) {
            None | Some(0) => Phase::Public,
            Some(1) => Phase::Draft,
            Some(_) => Phase::Secret,
        }
    }
}

/// The lines `number SP hash` of a `phaseroots` file.
pub(crate) fn phase_roots(content: &[u8]) -> impl Iterator<Item = (Node, u8)> {
    content.split(|&byte| byte == b'\n').filter_map(|line| {
        let space = memchr::memchr(b' ', line)?;
        let phase = std::str::from_utf8(&line[..space]).ok()?.parse().ok()?;
        Some((Node::from_hex(line[space + 1..].trim_ascii())?, phase))
    })
}

/// Reads lines `number SP hash`: the revision and all its descendants are at least in this phase.
///
/// Hashes of changesets that do not exist (any more, or yet) are skipped.
fn phases(changelog: &Revlog, roots: &[u8]) -> Vec<u8> {
    let mut roots: Vec<(Rev, u8)> = phase_roots(roots)
        .filter_map(|(node, phase)| Some((changelog.rev(&node)?, phase)))
        .collect();
    roots.sort_unstable();
    let Some((first, _)) = roots.first().copied() else {
        return Vec::new();
    };
    let mut phases = vec![0; Revlog::len(changelog)];
    for (rev, phase) in roots {
        phases[rev.index()] = phase;
    }
    for index in first.index()..phases.len() {
        for parent in changelog
            .parents(Rev::from_index(index))
            .into_iter()
            .flatten()
        {
            phases[index] = phases[index].max(phases[parent.index()]);
        }
    }
    phases
}
