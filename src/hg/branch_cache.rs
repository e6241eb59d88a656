//! Mercurial's own notes on branches, used where they fit the repository as it is now.
//!
//! * `branch2-served`: first `tip-node SP tip-rev [SP hash]`, then `node SP o|c SP branch` for every branch head, `c` for
//!   closed ones. The hash is SHA-1 over the numbers, each followed by `;`, of the changesets that are not served or obsolete.
//! * `branch3-served`: first items `key=value`, among them CRC-32 sums of the numbers (i32, little-endian) of what is not
//!   served (`filtered-hash`) and of what is served but obsolete (`obsolete-hash`). Heads of the whole history are left out: with
//!   `topo-mode=pure` they all belong to the branch that the next line names, otherwise each to its own branch; with
//!   `topo-mode=mixed` names of branches follow up to an empty line.
//! * `rbc-names-v2`, `rbc-revs-v2`: the branch of every changeset.
//!
//! All of them may be absent, unreadable, older than history, or wrong. What they say about a head is compared with that
//! changeset.

use std::collections::BTreeMap;
use std::path::Path;

use sha1::{Digest, Sha1};

use crate::digest::BranchTable;
use crate::files;
use crate::graph::Graph;
use crate::ids::{Node, Rev};
use crate::revlog::Revlog;
use crate::revset::RevSet;
use crate::visibility::Visibility;

/// Branch heads as they were when history had `end` changesets; per branch every head and whether it closes the branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KnownHeads {
    pub end: usize,
    pub heads: BTreeMap<Vec<u8>, Vec<(Rev, bool)>>,
}

/// Tells branch and closing of a changeset from the changeset itself.
pub(crate) type BranchOf<'a> = &'a dyn Fn(Rev) -> Option<(Vec<u8>, bool)>;

/// The served branch heads that Mercurial noted, if the note still fits.
pub(crate) fn noted_heads(
    cache: &Path,
    changelog: &Revlog,
    visibility: &Visibility,
    branch_of: BranchOf<'_>,
) -> Option<KnownHeads> {
    type Parse = fn(&[u8], &Revlog, &Visibility, BranchOf<'_>) -> Option<KnownHeads>;
    let kinds: [(&str, Parse); 2] = [("branch3-served", version_3), ("branch2-served", version_2)];
    kinds.into_iter().find_map(|(name, parse)| {
        // An unreadable cache is as good as none: the owner of the repository may have written it for himself alone.
        let content = files::read(&cache.join(name)).ok()??;
        parse(&content, changelog, visibility, branch_of)
    })
}

fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split(|&byte| byte == b'\n')
}

fn decimal(digits: &[u8]) -> Option<Rev> {
    std::str::from_utf8(digits).ok()?.parse().ok().map(Rev::new)
}

fn version_2(
    content: &[u8],
    changelog: &Revlog,
    visibility: &Visibility,
    branch_of: BranchOf<'_>,
) -> Option<KnownHeads> {
    let mut lines = lines(content);
    let mut key = lines.next()?.splitn(3, |&byte| byte == b' ');
    let node = Node::from_hex(key.next()?)?;
    let tip = decimal(key.next()?)?;
    if changelog.node(tip)? != node {
        return None;
    }
    let aside: Vec<Rev> = all(tip)
        .filter(|rev| !visibility.served.contains(*rev) || visibility.obsolete.contains(*rev))
        .collect();
    if key.next().map(<[u8]>::to_vec) != hash_of(&aside) {
        return None;
    }
    let mut known = KnownHeads {
        end: tip.index() + 1,
        heads: BTreeMap::new(),
    };
    read_heads(lines, &mut known, changelog, visibility, branch_of)?;
    Some(known)
}

fn version_3(
    content: &[u8],
    changelog: &Revlog,
    visibility: &Visibility,
    branch_of: BranchOf<'_>,
) -> Option<KnownHeads> {
    let mut lines = lines(content);
    let mut items: BTreeMap<&[u8], &[u8]> = BTreeMap::new();
    for item in lines.next()?.split(|&byte| byte == b' ') {
        let equals = memchr::memchr(b'=', item)?;
        items.insert(&item[..equals], &item[equals + 1..]);
    }
    let tip = decimal(items.remove(&b"tip-rev"[..])?)?;
    if changelog.node(tip)? != Node::from_hex(items.remove(&b"tip-node"[..])?)? {
        return None;
    }
    let served = |rev: &Rev| visibility.served.contains(*rev);
    let obsolete = |rev: &Rev| visibility.obsolete.contains(*rev);
    let hidden: Vec<Rev> = all(tip).filter(|rev| !served(rev)).collect();
    let kept: Vec<Rev> = all(tip)
        .filter(|rev| served(rev) && obsolete(rev))
        .collect();
    for (key, revs) in [(&b"filtered-hash"[..], hidden), (b"obsolete-hash", kept)] {
        if items.remove(key).map(<[u8]>::to_vec) != checksum_of(&revs) {
            return None;
        }
    }
    let pure = match items.remove(&b"topo-mode"[..]) {
        Some(b"pure") => Some(lines.next()?.to_vec()),
        Some(b"mixed") => {
            lines.by_ref().find(|line| line.is_empty())?;
            None
        }
        None => None,
        Some(_) => return None,
    };
    // A key that a later version added may change what the rest means.
    if !items.is_empty() {
        return None;
    }
    let mut known = KnownHeads {
        end: tip.index() + 1,
        heads: BTreeMap::new(),
    };
    read_heads(lines, &mut known, changelog, visibility, branch_of)?;
    let served: RevSet = all(tip).filter(served).collect();
    for head in changelog
        .heads_of(&served)
        .iter()
        .filter(|rev| !obsolete(rev))
    {
        let (name, closes) = branch_of(head)?;
        if pure.as_ref().is_some_and(|pure| *pure != name) {
            return None;
        }
        known.heads.entry(name).or_default().push((head, closes));
    }
    Some(known)
}

fn all(tip: Rev) -> impl Iterator<Item = Rev> {
    (0..=tip.number()).map(Rev::new)
}

/// Reads lines `node SP o|c SP branch`; `None` when one of them does not fit the changeset it names.
fn read_heads<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
    known: &mut KnownHeads,
    changelog: &Revlog,
    visibility: &Visibility,
    branch_of: BranchOf<'_>,
) -> Option<()> {
    for line in lines.filter(|line| !line.is_empty()) {
        let mut parts = line.splitn(3, |&byte| byte == b' ');
        let rev = changelog.rev(&Node::from_hex(parts.next()?)?)?;
        let closes = match parts.next()? {
            b"o" => false,
            b"c" => true,
            _ => return None,
        };
        let name = parts.next()?;
        let fits = visibility.served.contains(rev)
            && !visibility.obsolete.contains(rev)
            && rev.index() < known.end
            && branch_of(rev).is_some_and(|(branch, closing)| branch == name && closing == closes);
        if !fits {
            return None;
        }
        known
            .heads
            .entry(name.to_vec())
            .or_default()
            .push((rev, closes));
    }
    Some(())
}

/// The hash by which `branch2` and `tags2` know a set of changesets; none for no changeset.
pub(crate) fn hash_of(revs: &[Rev]) -> Option<Vec<u8>> {
    if revs.is_empty() {
        return None;
    }
    let mut hash = Sha1::new();
    for rev in revs {
        hash.update(format!("{rev};"));
    }
    Some(Node::new(hash.finalize().into()).to_string().into_bytes())
}

fn checksum_of(revs: &[Rev]) -> Option<Vec<u8>> {
    if revs.is_empty() {
        return None;
    }
    let mut sum = flate2::Crc::new();
    for rev in revs {
        sum.update(&rev.number().to_le_bytes());
    }
    Some(format!("{:08x}", sum.sum()).into_bytes())
}

/// The branches of the first changesets, as many as Mercurial's `rbc` cache tells in a row.
///
/// `rbc-names-v2` holds names separated by NUL, `rbc-revs-v2` eight bytes per changeset: the first four of the hash, and
/// the number of the name with the top bit set on closing changesets.
pub(crate) fn noted_branches(cache: &Path, changelog: &Revlog) -> BranchTable {
    let mut best = BranchTable::default();
    for version in ["v2", "v1"] {
        let read = |name: &str| {
            files::read(&cache.join(format!("{name}-{version}")))
                .ok()
                .flatten()
        };
        if let (Some(names), Some(revs)) = (read("rbc-names"), read("rbc-revs")) {
            let table = parse_rbc(changelog, &names, &revs);
            if table.len() > best.len() {
                best = table;
            }
        }
    }
    best
}

fn parse_rbc(changelog: &Revlog, names: &[u8], revs: &[u8]) -> BranchTable {
    const CLOSES: u32 = 0x8000_0000;
    let names: Vec<&[u8]> = names.split(|&byte| byte == 0).collect();
    let mut table = BranchTable::default();
    let (records, _) = revs.as_chunks::<8>();
    for (node, record) in changelog.nodes().zip(records) {
        let [a, b, c, d, number @ ..] = *record;
        let number = u32::from_be_bytes(number);
        let name = names.get((number & !CLOSES) as usize);
        // A record that was never written is all zero, which is no changeset's hash.
        let fits = node.as_bytes()[..4] == [a, b, c, d] && [a, b, c, d] != [0; 4];
        match name.filter(|_| fits) {
            Some(name) => table.push(name, number & CLOSES != 0),
            None => break,
        }
    }
    table
}
