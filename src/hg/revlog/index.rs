//! The index of a revlog: one entry of fixed size per revision.
//!
//! Version 1 has 64 bytes per entry and, in small revlogs, the revision's data between the entries ("inline").
//! Version 0 of 2005 has 76 bytes and names parents by hash. All numbers are big-endian.

use std::collections::HashMap;

use crate::ids::{Node, Rev};

/// What the index tells about one revision. Parents and base are checked to be older than the revision itself.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub entries: Vec<IndexEntry>,
    pub inline: bool,
    /// Whether a delta may have any base, rather than the revision before it.
    pub general_delta: bool,
}

const INLINE: u16 = 1;
const GENERAL_DELTA: u16 = 2;
const FILELOG_META: u16 = 4;
const DELTA_INFO: u16 = 8;

const V0_LEN: usize = 76;
const V1_LEN: usize = 64;

impl Index {
    /// Reads an index file. What follows the last complete entry is being written or was left by a crash: it is ignored.
    pub fn parse(content: &[u8]) -> Result<Index, String> {
        let Some(header) = content.first_chunk::<4>() else {
            return Ok(Index::default());
        };
        let flags = u16::from_be_bytes([header[0], header[1]]);
        let version = u16::from_be_bytes([header[2], header[3]]);
        match version {
            0 if flags == 0 => parse_v0(content),
            1 if flags & !(INLINE | GENERAL_DELTA | FILELOG_META | DELTA_INFO) == 0 => {
                parse_v1(content, flags)
            }
            0 | 1 => Err(format!(
                "revlog version {version} with unknown flags {flags:#06x}"
            )),
            _ => Err(format!("unknown revlog version {version:#06x}")),
        }
    }
}

fn parse_v1(content: &[u8], flags: u16) -> Result<Index, String> {
    let inline = flags & INLINE != 0;
    let mut entries = Vec::with_capacity(if inline { 0 } else { content.len() / V1_LEN });
    let mut at = 0;
    while let Some(raw) = content
        .get(at..)
        .and_then(|rest| rest.first_chunk::<V1_LEN>())
    {
        let rev = entries.len();
        let mut entry = v1_entry(raw, rev)?;
        at += V1_LEN;
        if rev == 0 {
            // The header lies over the top of the first offset.
            entry.offset = 0;
        }
        if inline {
            entry.offset = at as u64;
            at += entry.chunk_len as usize;
            if at > content.len() {
                break;
            }
        }
        entries.push(entry);
    }
    Ok(Index {
        entries,
        inline,
        general_delta: flags & GENERAL_DELTA != 0,
    })
}

fn v1_entry(raw: &[u8; V1_LEN], rev: usize) -> Result<IndexEntry, String> {
    let offset_and_flags = u64::from_be_bytes(array(raw, 0));
    Ok(IndexEntry {
        offset: offset_and_flags >> 16,
        flags: (offset_and_flags & 0xffff) as u16,
        chunk_len: u32::try_from(int(raw, 8))
            .map_err(|_| format!("revision {rev} has a negative length"))?,
        text_len: u32::try_from(int(raw, 12)).ok(),
        base: older(int(raw, 16), rev + 1, "delta base")?,
        link: u32::try_from(int(raw, 20)).ok().map(Rev::new),
        parents: [
            older(int(raw, 24), rev, "parent")?,
            older(int(raw, 28), rev, "parent")?,
        ],
        node: Node::new(array(raw, 32)),
    })
}

fn parse_v0(content: &[u8]) -> Result<Index, String> {
    let mut entries = Vec::with_capacity(content.len() / V0_LEN);
    let mut revs = HashMap::new();
    for (rev, raw) in content.chunks_exact(V0_LEN).enumerate() {
        let parent = |at: usize| {
            let node = Node::new(array(raw, at));
            if node.is_null() {
                return Ok(None);
            }
            revs.get(&node)
                .copied()
                .map(Some)
                .ok_or_else(|| format!("revision {rev} has an unknown parent"))
        };
        let entry = IndexEntry {
            offset: u64::try_from(int(raw, 0))
                .map_err(|_| format!("revision {rev} has a negative offset"))?,
            flags: 0,
            chunk_len: u32::try_from(int(raw, 4))
                .map_err(|_| format!("revision {rev} has a negative length"))?,
            text_len: None,
            base: older(int(raw, 8), rev + 1, "delta base")?,
            link: u32::try_from(int(raw, 12)).ok().map(Rev::new),
            parents: [parent(16)?, parent(36)?],
            node: Node::new(array(raw, 56)),
        };
        revs.insert(entry.node, Rev::from_index(rev));
        entries.push(entry);
    }
    Ok(Index {
        entries,
        inline: false,
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

/// A revision number below `end`, or none. That every reference points back is what lets all walks end.
fn older(number: i32, end: usize, what: &str) -> Result<Option<Rev>, String> {
    match u32::try_from(number) {
        Ok(number) if (number as usize) < end => Ok(Some(Rev::new(number))),
        Err(_) if number == -1 => Ok(None),
        _ => Err(format!(
            "a {what} {number} where only numbers below {end} are possible"
        )),
    }
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

    #[test]
    fn an_inline_index_skips_the_chunks_between_its_entries() {
        let mut content = with_header(v1(0, 3, 0, [-1, -1], 1), 0x0003_0001);
        content.extend(b"abc");
        content.extend(v1(3, 2, 0, [0, -1], 2));
        content.extend(b"de");
        let index = Index::parse(&content).unwrap();
        assert!(index.inline && index.general_delta);
        assert_eq!(index.entries.len(), 2);
        assert_eq!(index.entries[1].offset, 64 + 3 + 64);
        assert_eq!(index.entries[1].parents, [Some(Rev::new(0)), None]);
        assert_eq!(index.entries[1].node, Node::new([2; 20]));
        // A chunk that is still being written does not count.
        content.pop();
        assert_eq!(Index::parse(&content).unwrap().entries.len(), 1);
    }

    #[test]
    fn the_header_is_not_part_of_the_first_offset() {
        let mut content = with_header(v1(0, 3, 0, [-1, -1], 1), 0x0002_0001);
        content.extend(v1(3, 2, -1, [0, -1], 2));
        content.extend([0; 63]);
        let index = Index::parse(&content).unwrap();
        assert_eq!(
            (
                index.entries[0].offset,
                index.entries[1].offset,
                index.entries.len()
            ),
            (0, 3, 2)
        );
        assert_eq!(index.entries[1].base, None);
    }

    #[test]
    fn references_forward_are_damage() {
        for (base, parents) in [
            (1, [-1, -1]),
            (0, [0, -1]),
            (0, [-1, 5]),
            (-2, [-1, -1]),
            (0, [-1, -7]),
        ] {
            assert!(
                Index::parse(&with_header(v1(0, 3, base, parents, 1), 1)).is_err(),
                "{base} {parents:?}"
            );
        }
        assert!(Index::parse(&with_header(v1(0, -3, 0, [-1, -1], 1), 1)).is_err());
    }

    #[test]
    fn unknown_versions_are_named() {
        assert!(
            Index::parse(&with_header(v1(0, 0, 0, [-1, -1], 1), 0xdead))
                .unwrap_err()
                .contains("0xdead")
        );
        assert!(
            Index::parse(&with_header(v1(0, 0, 0, [-1, -1], 1), 0x0010_0001))
                .unwrap_err()
                .contains("0x0010")
        );
        assert_eq!(Index::parse(b"").unwrap(), Index::default());
    }

    #[test]
    fn version_0_names_parents_by_hash() {
        let entry = |parent: u8, node: u8| {
            let mut raw = Vec::new();
            for number in [0, 5, 0, 3] {
                raw.extend(i32::to_be_bytes(number));
            }
            raw.extend([[parent; 20], [0; 20], [node; 20]].concat());
            raw
        };
        let index = Index::parse(&[entry(0, 1), entry(1, 2)].concat()).unwrap();
        assert_eq!(index.entries[1].parents, [Some(Rev::new(0)), None]);
        assert_eq!(index.entries[1].link, Some(Rev::new(3)));
        assert!(
            Index::parse(&[entry(0, 1), entry(9, 2)].concat())
                .unwrap_err()
                .contains("unknown parent")
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_index_or_refused(mut content in proptest::collection::vec(any::<u8>(), 0..400), header in prop_oneof![Just(0u32), Just(1), Just(0x1_0001), Just(0x3_0001), Just(0xf_0001), any::<u32>()]) {
            if content.len() >= 4 {
                content[..4].copy_from_slice(&header.to_be_bytes());
            }
            if let Ok(index) = Index::parse(&content) {
                for (rev, entry) in index.entries.iter().enumerate() {
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
            let _ = Index::parse(&with_header(content, 0x1_0001));
        }
    }
}
