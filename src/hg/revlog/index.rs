//! The index of a revlog: one entry of fixed size per revision.
//!
//! Version 1 has 64 bytes per entry and, in small revlogs, the revision's data between the entries ("inline").
//! Version 0 of 2005 has 76 bytes and names parents by hash. All numbers are big-endian.
//!
//! In memory every index has the form of version 1, without chunks and without the twelve zeros that fill up an entry: 52
//! bytes per revision, read where they lie. That is all an index costs, and what is read from it has been checked once,
//! when it was loaded.

use std::collections::HashMap;

use crate::error::Fault;
use crate::ids::{Node, Rev};

/// What the index tells about one revision. Parents and base are checked to be older than the revision itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    /// Where the revision's chunk begins: in the data file, or in the index file when that is inline.
    pub offset: u64,
    /// How long the chunk is.
    pub chunk_len: u32,
    /// How long the text is, if recorded.
    pub text_len: Option<u32>,
    /// Revision flags; see the constants in [`super`].
    pub flags: u16,
    /// What the chunk is a difference to, as stored: the revision itself or nothing for a full text.
    pub base: Option<Rev>,
    /// The changeset that introduced the revision.
    pub link: Option<Rev>,
    /// The parents.
    pub parents: [Option<Rev>; 2],
    /// The hash.
    pub node: Node,
}

/// A whole index.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    /// Entries of version 1 back to back, without what fills them up; their offsets are places in the file that holds the chunks.
    raw: Vec<u8>,
    /// The file itself, when the chunks lie between its entries.
    pub inline: Option<Vec<u8>>,
    /// Whether a delta may have any base, rather than the revision before it.
    pub general_delta: bool,
}

const INLINE: u16 = 1;
const GENERAL_DELTA: u16 = 2;
const FILELOG_META: u16 = 4;
const DELTA_INFO: u16 = 8;

const V0_LEN: usize = 76;
const V1_LEN: usize = 64;
/// What is kept of an entry of version 1.
const KEPT_LEN: usize = 52;

impl Index {
    /// Reads an index file. What follows the last complete entry is being written or was left by a crash: it is ignored.
    pub fn parse(content: Vec<u8>) -> Result<Index, Fault> {
        let Some(header) = content.first_chunk::<4>() else {
            return Ok(Index::default());
        };
        let flags = u16::from_be_bytes([header[0], header[1]]);
        let version = u16::from_be_bytes([header[2], header[3]]);
        match version {
            0 if flags == 0 => parse_v0(&content),
            1 if flags & !(INLINE | GENERAL_DELTA | FILELOG_META | DELTA_INFO) == 0 => {
                let general_delta = flags & GENERAL_DELTA != 0;
                if flags & INLINE == 0 {
                    parse_v1(&content, general_delta)
                } else {
                    parse_inline(content, general_delta)
                }
            }
            0 | 1 => Err(Fault::new(format!(
                "revlog version {version} with unknown flags {flags:#06x}"
            ))
            .at_offset(0)),
            0xdead => Err(Fault::new("the unstable revlog version 2 (0xdead)").at_offset(0)),
            0xd34d => Err(Fault::new("the unstable changelog version 2 (0xd34d)").at_offset(0)),
            _ => Err(Fault::new(format!("unknown revlog version {version:#06x}")).at_offset(0)),
        }
    }

    /// How many revisions there are.
    pub fn len(&self) -> usize {
        self.raw.len() / KEPT_LEN
    }

    /// Whether the first entries are all those of another index.
    pub fn begins_with(&self, other: &Index) -> bool {
        self.inline.is_some() == other.inline.is_some() && self.raw.starts_with(&other.raw)
    }

    fn raw(&self, rev: Rev) -> Option<&[u8; KEPT_LEN]> {
        self.raw
            .get(rev.index().checked_mul(KEPT_LEN)?..)?
            .first_chunk()
    }

    /// Everything about a revision.
    pub fn entry(&self, rev: Rev) -> Option<IndexEntry> {
        self.raw(rev).map(decode)
    }

    /// All entries, by revision number.
    #[allow(dead_code, reason = "for those who send whole revlogs")]
    pub fn entries(&self) -> impl Iterator<Item = IndexEntry> + '_ {
        let (entries, _) = self.raw.as_chunks::<KEPT_LEN>();
        entries.iter().map(decode)
    }

    /// The hash of a revision.
    pub fn node(&self, rev: Rev) -> Option<Node> {
        Some(Node::new(array(self.raw(rev)?, 32)))
    }

    /// All hashes, by revision number.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = Node> + ExactSizeIterator + '_ {
        let (entries, _) = self.raw.as_chunks::<KEPT_LEN>();
        entries.iter().map(|raw| Node::new(array(raw, 32)))
    }

    /// The parents of a revision.
    pub fn parents(&self, rev: Rev) -> [Option<Rev>; 2] {
        self.raw(rev)
            .map_or([None; 2], |raw| [number(raw, 24), number(raw, 28)])
    }
}

/// Reads an entry that was checked when the index was loaded.
fn decode(raw: &[u8; KEPT_LEN]) -> IndexEntry {
    let offset_and_flags = u64::from_be_bytes(array(raw, 0));
    IndexEntry {
        offset: offset_and_flags >> 16,
        flags: (offset_and_flags & 0xffff) as u16,
        chunk_len: int(raw, 8).unsigned_abs(),
        text_len: u32::try_from(int(raw, 12)).ok(),
        base: number(raw, 16),
        link: number(raw, 20),
        parents: [number(raw, 24), number(raw, 28)],
        node: Node::new(array(raw, 32)),
    }
}

fn number(raw: &[u8], at: usize) -> Option<Rev> {
    u32::try_from(int(raw, at)).ok().map(Rev::new)
}

fn parse_v1(content: &[u8], general_delta: bool) -> Result<Index, Fault> {
    let (entries, _) = content.as_chunks::<V1_LEN>();
    let mut kept = Vec::with_capacity(entries.len() * KEPT_LEN);
    for (rev, raw) in entries.iter().enumerate() {
        check(raw, rev, rev * V1_LEN)?;
        kept.extend_from_slice(&raw[..KEPT_LEN]);
    }
    // The header lies over the top of the first offset.
    if let Some(first) = kept.first_chunk_mut::<6>() {
        *first = [0; 6];
    }
    Ok(Index {
        raw: kept,
        inline: None,
        general_delta,
    })
}

fn parse_inline(content: Vec<u8>, general_delta: bool) -> Result<Index, Fault> {
    let mut entries = Vec::new();
    let mut at = 0;
    while let Some(raw) = content
        .get(at..)
        .and_then(|rest| rest.first_chunk::<V1_LEN>())
    {
        let mut raw = *raw;
        check(&raw, entries.len() / KEPT_LEN, at)?;
        at += V1_LEN;
        // The stored offset counts chunks alone; what is wanted is the place in this file.
        raw[..6].copy_from_slice(&(at as u64).to_be_bytes()[2..]);
        at += int(&raw, 8).unsigned_abs() as usize;
        if at > content.len() {
            break;
        }
        entries.extend_from_slice(&raw[..KEPT_LEN]);
    }
    entries.shrink_to_fit();
    Ok(Index {
        raw: entries,
        inline: Some(content),
        general_delta,
    })
}

/// That every reference points back is what lets all walks end.
fn check(raw: &[u8; V1_LEN], rev: usize, at: usize) -> Result<(), Fault> {
    let fault = |reason: String, field: usize| {
        Fault::new(reason)
            .at_revision(Rev::from_index(rev))
            .at_offset((at + field) as u64)
    };
    if int(raw, 8) < 0 {
        return Err(fault(format!("a negative chunk length {}", int(raw, 8)), 8));
    }
    for (field, end, what) in [
        (16, rev + 1, "delta base"),
        (24, rev, "parent"),
        (28, rev, "parent"),
    ] {
        check_reference(int(raw, field), end, what).map_err(|reason| fault(reason, field))?;
    }
    Ok(())
}

/// A revision number below `end`, or -1 for none.
fn check_reference(number: i32, end: usize, what: &str) -> Result<(), String> {
    match usize::try_from(number) {
        Ok(number) if number < end => Ok(()),
        Err(_) if number == -1 => Ok(()),
        Ok(_) => Err(format!(
            "{what} {number} is not older than the revision: a cycle, or a reference beyond the end"
        )),
        Err(_) => Err(format!("a negative {what} {number}")),
    }
}

/// Brings version 0 into the form of version 1.
fn parse_v0(content: &[u8]) -> Result<Index, Fault> {
    let (entries, _) = content.as_chunks::<V0_LEN>();
    let mut raw = Vec::with_capacity(entries.len() * KEPT_LEN);
    let mut revs: HashMap<[u8; 20], i32> = HashMap::with_capacity(entries.len());
    for (rev, old) in (0..).zip(entries) {
        let at = rev as usize * V0_LEN;
        let fault = |reason: String, field: usize| {
            Fault::new(reason)
                .at_revision(Rev::new(rev as u32))
                .at_offset((at + field) as u64)
        };
        let parent = |field: usize| {
            let node: [u8; 20] = array(old, field);
            if node == [0; 20] {
                return Ok(-1);
            }
            revs.get(&node).copied().ok_or_else(|| {
                fault(
                    "a parent that is no earlier revision: a cycle, or it is missing".to_owned(),
                    field,
                )
            })
        };
        let offset = u64::try_from(int(old, 0))
            .map_err(|_| fault(format!("a negative chunk offset {}", int(old, 0)), 0))?;
        let mut new = [0; V1_LEN];
        new[..8].copy_from_slice(&(offset << 16).to_be_bytes());
        for (field, value) in [
            (8, int(old, 4)),
            (12, -1),
            (16, int(old, 8)),
            (20, int(old, 12)),
            (24, parent(16)?),
            (28, parent(36)?),
        ] {
            new[field..field + 4].copy_from_slice(&value.to_be_bytes());
        }
        let node: [u8; 20] = array(old, 56);
        new[32..52].copy_from_slice(&node);
        check(&new, rev as usize, at)?;
        revs.insert(node, rev);
        raw.extend_from_slice(&new[..KEPT_LEN]);
    }
    Ok(Index {
        raw,
        inline: None,
        general_delta: false,
    })
}

/// The bytes at a place that the caller's fixed entry length covers.
fn array<const N: usize>(raw: &[u8], at: usize) -> [u8; N] {
    raw[at..at + N]
        .try_into()
        .expect("a slice of N bytes is an array of N bytes")
}

fn int(raw: &[u8], at: usize) -> i32 {
    i32::from_be_bytes(array(raw, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An entry in version 1 form.
    fn v1(offset: u64, chunk_len: i32, base: i32, parents: [i32; 2], node: u8) -> Vec<u8> {
        let mut raw = (offset << 16).to_be_bytes().to_vec();
        for number in [chunk_len, -1, base, 7, parents[0], parents[1]] {
            raw.extend(number.to_be_bytes());
        }
        raw.extend([node; 20]);
        raw.extend([0; 12]);
        raw
    }

    fn with_header(mut raw: Vec<u8>, header: u32) -> Vec<u8> {
        raw[..4].copy_from_slice(&header.to_be_bytes());
        raw
    }

    fn entry(index: &Index, rev: u32) -> IndexEntry {
        index.entry(Rev::new(rev)).unwrap()
    }

    fn refusal(content: Vec<u8>) -> String {
        let error = Index::parse(content).unwrap_err();
        error.in_file(std::path::Path::new("f.i")).to_string()
    }

    #[test]
    fn an_inline_index_skips_the_chunks_between_its_entries() {
        let mut content = with_header(v1(0, 3, 0, [-1, -1], 1), 0x0003_0001);
        content.extend(b"abc");
        content.extend(v1(3, 2, 0, [0, -1], 2));
        content.extend(b"de");
        let index = Index::parse(content.clone()).unwrap();
        assert!(index.inline.is_some() && index.general_delta);
        assert_eq!(index.len(), 2);
        assert_eq!(entry(&index, 1).offset, 64 + 3 + 64);
        assert_eq!(entry(&index, 1).parents, [Some(Rev::new(0)), None]);
        assert_eq!(entry(&index, 1).node, Node::new([2; 20]));
        // A chunk that is still being written does not count.
        content.pop();
        assert_eq!(Index::parse(content).unwrap().len(), 1);
    }

    #[test]
    fn the_header_is_not_part_of_the_first_offset() {
        let mut content = with_header(v1(0, 3, 0, [-1, -1], 1), 0x0002_0001);
        content.extend(v1(3, 2, -1, [0, -1], 2));
        content.extend([0; 63]);
        let index = Index::parse(content).unwrap();
        assert_eq!(
            (
                entry(&index, 0).offset,
                entry(&index, 1).offset,
                index.len()
            ),
            (0, 3, 2)
        );
        assert_eq!(entry(&index, 1).base, None);
        assert_eq!(index.entry(Rev::new(2)), None);
    }

    #[test]
    fn references_forward_and_negative_numbers_are_damage_that_names_its_place() {
        for (base, parents, want) in [
            (
                1,
                [-1, -1],
                "f.i is damaged at revision 0, offset 16: delta base 1 is not older",
            ),
            (
                0,
                [0, -1],
                "f.i is damaged at revision 0, offset 24: parent 0 is not older",
            ),
            (
                0,
                [-1, 5],
                "f.i is damaged at revision 0, offset 28: parent 5 is not older",
            ),
            (
                -2,
                [-1, -1],
                "f.i is damaged at revision 0, offset 16: a negative delta base -2",
            ),
            (
                0,
                [-1, -7],
                "f.i is damaged at revision 0, offset 28: a negative parent -7",
            ),
        ] {
            let told = refusal(with_header(v1(0, 3, base, parents, 1), 1));
            assert!(told.starts_with(want), "{told}");
        }
        assert_eq!(
            refusal(with_header(v1(0, -3, 0, [-1, -1], 1), 1)),
            "f.i is damaged at revision 0, offset 8: a negative chunk length -3"
        );
    }

    #[test]
    fn unknown_versions_are_named() {
        for (header, want) in [
            (0xdead, "0xdead"),
            (0xd34d, "0xd34d"),
            (2, "0x0002"),
            (0x0010_0001, "0x0010"),
        ] {
            let told = refusal(with_header(v1(0, 0, 0, [-1, -1], 1), header));
            assert!(told.contains(want), "{told}");
        }
        assert_eq!(Index::parse(Vec::new()).unwrap(), Index::default());
    }

    #[test]
    fn version_0_names_parents_by_hash() {
        let v0 = |parent: u8, node: u8| {
            let mut raw = Vec::new();
            for number in [0, 5, 0, 3] {
                raw.extend(i32::to_be_bytes(number));
            }
            raw.extend([[parent; 20], [0; 20], [node; 20]].concat());
            raw
        };
        let index = Index::parse([v0(0, 1), v0(1, 2)].concat()).unwrap();
        assert_eq!(entry(&index, 1).parents, [Some(Rev::new(0)), None]);
        assert_eq!(entry(&index, 1).link, Some(Rev::new(3)));
        assert_eq!(entry(&index, 1).chunk_len, 5);
        assert_eq!(entry(&index, 1).text_len, None);
        let told = refusal([v0(0, 1), v0(9, 2)].concat());
        assert!(
            told.contains("at revision 1, offset 92: a parent that is no earlier revision"),
            "{told}"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_index_or_refused(mut content in proptest::collection::vec(any::<u8>(), 0..400), header in prop_oneof![Just(0u32), Just(1), Just(0x1_0001), Just(0x3_0001), Just(0xf_0001), any::<u32>()]) {
            if content.len() >= 4 {
                content[..4].copy_from_slice(&header.to_be_bytes());
            }
            if let Ok(index) = Index::parse(content) {
                for (rev, entry) in index.entries().enumerate() {
                    prop_assert!(entry.parents.iter().flatten().all(|parent| parent.index() < rev));
                    prop_assert!(entry.base.is_none_or(|base| base.index() <= rev));
                }
            }
        }

        #[test]
        fn inline_entries_with_any_lengths_do_not_panic(lengths in proptest::collection::vec(prop_oneof![0i32..20, any::<i32>()], 1..8)) {
            let mut content = Vec::new();
            for len in lengths {
                content.extend(v1(0, len, -1, [-1, -1], 1));
                content.extend(vec![b'x'; len.clamp(0, 20) as usize]);
            }
            let _ = Index::parse(with_header(content, 0x1_0001));
        }
    }
}
