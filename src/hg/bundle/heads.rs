//! The small parts: what is told about the heads that are sent.

use std::fmt::Write as _;

use super::outgoing::Outgoing;
use crate::bookmarks::Bookmark;
use crate::error::Error;
use crate::files;
use crate::graph::Graph;
use crate::ids::{Node, Rev};
use crate::path::HgPath;
use crate::revset::RevSet;
use crate::snapshot::Snapshot;
use crate::tags;
use crate::visibility::Phase;

/// The part `phase-heads`: records of a phase as i32 and a hash, sorted.
///
/// What is pulled from a *publishing* server is public from then on, at the client. From another one drafts stay drafts;
/// then the newest public changesets below them are told, too.
pub(super) fn phases(snapshot: &Snapshot, heads: &[Rev], publishing: bool) -> Vec<u8> {
    let (drafts, mut public): (Vec<Rev>, Vec<Rev>) = heads
        .iter()
        .partition(|head| !publishing && snapshot.phase(**head) > Phase::Public);
    if !drafts.is_empty() {
        let below = snapshot.changelog.only(&drafts, &public);
        let is_public = |rev: &Rev| snapshot.phase(*rev) == Phase::Public;
        let below: RevSet = below.iter().filter(is_public).collect();
        public.extend(snapshot.changelog.heads_of(&below).iter());
    }
    let mut out = Vec::new();
    for (phase, revs) in [(0_i32, public), (1, drafts)] {
        let mut nodes: Vec<Node> = revs.into_iter().map(|rev| snapshot.node(rev)).collect();
        nodes.sort_unstable();
        nodes.dedup();
        for node in nodes {
            out.extend(phase.to_be_bytes());
            out.extend_from_slice(node.as_bytes());
        }
    }
    out
}

/// The bookmarks that are shown to others. Those named `name@somewhere` stand for another repository's opinion.
pub(super) fn exported_bookmarks(snapshot: &Snapshot) -> impl Iterator<Item = &Bookmark> {
    snapshot.bookmarks().iter().filter(|bookmark| {
        let name = bookmark.name.as_bytes();
        !name.contains(&b'@') || name.ends_with(b"@")
    })
}

/// The part `bookmarks`: records of a hash, the length of the name as u16, and the name.
pub(super) fn bookmarks(snapshot: &Snapshot) -> Vec<u8> {
    let mut out = Vec::new();
    for bookmark in exported_bookmarks(snapshot) {
        let name = bookmark.name.as_bytes();
        let Ok(length) = u16::try_from(name.len()) else {
            continue;
        };
        out.extend_from_slice(bookmark.node.as_bytes());
        out.extend(length.to_be_bytes());
        out.extend_from_slice(name);
    }
    out
}

/// The part `hgtagsfnodes`: for each head that has one, its hash and that of its `.hgtags`. Only from Mercurial's own cache:
/// the client works out what is not told.
pub(super) fn tag_files(snapshot: &Snapshot, outgoing: &Outgoing) -> Result<Vec<u8>, Error> {
    let place = snapshot.store.layout.base.join("cache/hgtagsfnodes1");
    // An unreadable cache is as good as none.
    let Ok(Some(cache)) = files::read(&place) else {
        return Ok(Vec::new());
    };
    let log = snapshot.store.filelog(HgPath::new(".hgtags"))?;
    let mut out = Vec::new();
    for head in &outgoing.heads {
        let node = snapshot.node(*head);
        let cached = tags::cached_revision(&cache, *head, &node);
        if let Some(file) = cached.filter(|file| log.rev(file).is_some()) {
            out.extend_from_slice(node.as_bytes());
            out.extend_from_slice(file.as_bytes());
        }
    }
    Ok(out)
}

impl Snapshot {
    /// Whether each directory has its own manifest. Clients then need a changegroup of version 03.
    pub fn has_tree_manifest(&self) -> bool {
        self.store.layout.tree_manifest
    }

    /// What the key namespace `bookmarks` tells other repositories: lines of a name, a tab and a hash.
    pub fn bookmark_keys(&self) -> Vec<u8> {
        let lines = exported_bookmarks(self).map(|bookmark| {
            let mut line = bookmark.name.as_bytes().to_vec();
            line.push(b'\t');
            line.extend(bookmark.node.to_string().into_bytes());
            line
        });
        lines.collect::<Vec<_>>().join(&b'\n')
    }

    /// What the key namespace `phases` tells: the roots of the draft phase, hidden ones too, and whether what is pulled
    /// from here becomes public.
    pub fn phase_keys(&self, publishing: bool) -> Vec<u8> {
        let mut roots: Vec<Node> = Vec::new();
        for rev in (0..self.len()).map(Rev::from_index) {
            let is_draft = |rev: Rev| self.phase(rev) == Phase::Draft;
            if is_draft(rev) && !self.parents(rev).into_iter().flatten().any(is_draft) {
                roots.push(self.node(rev));
            }
        }
        roots.sort_unstable();
        let mut text = String::new();
        for root in roots {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{root}\t1");
        }
        if publishing {
            text.push_str("publishing\tTrue\n");
        }
        text.pop();
        text.into_bytes()
    }
}
