//! Which changesets were rewritten: the `obsstore` file.
//!
//! Every rewrite appends a *marker* that names the changeset that is obsolete now (the predecessor) and what replaces it
//! (the successors; none when it was pruned). A version byte stands first, then the markers:
//!
//! * version 1: size u32 of the whole marker, date f64, zone i16 in minutes, flags u16, counts u8 of successors, parents
//!   (3: not recorded) and metadata pairs, predecessor, successors, parents, the sizes (u8, u8) of all pairs, their bytes;
//! * version 0: count u8 of successors, size u32 of the metadata, flags u8, predecessor, successors, and the metadata as
//!   `key:value` separated by NUL, among them the date and the parents.
//!
//! A marker that is cut off at the end of the file is being written and ignored.

use std::collections::HashSet;

use crate::error::Fault;
use crate::ids::Node;

/// One rewrite.
#[derive(Debug, Clone, PartialEq)]
pub struct Marker {
    /// What was rewritten. Often unknown here: others rewrote it before they pushed.
    pub predecessor: Node,
    /// What stands for it now; empty when it was pruned, several when it was split.
    pub successors: Vec<Node>,
    /// See [`Marker::FIXES_PHASE_DIVERGENCE`].
    pub flags: u16,
    /// When, in seconds since 1970.
    pub seconds: f64,
    /// The zone of that clock in seconds west of UTC.
    pub offset_west: i32,
    /// The predecessor's parents, where they were recorded.
    pub parents: Option<Vec<Node>>,
    /// What else is known, such as `user` and `operation`, in the order of the file.
    pub metadata: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Marker {
    /// The successor only carries over what a public predecessor lacks, and competes with nobody.
    pub const FIXES_PHASE_DIVERGENCE: u16 = 1;
    /// Hashes have 32 bytes, of a kind that no changelog we read has.
    const LONG_HASHES: u16 = 2;
}

/// The predecessors of all markers.
pub(crate) fn predecessors(content: &[u8]) -> Result<HashSet<Node>, Fault> {
    let mut found = HashSet::new();
    for raw in raw_markers(content)? {
        let raw = raw?;
        found.extend(raw.predecessor());
    }
    Ok(found)
}

/// All markers, but for those with hashes of another kind.
pub(crate) fn markers(content: &[u8]) -> Result<Vec<Marker>, Fault> {
    let mut found = Vec::new();
    for raw in raw_markers(content)? {
        let raw = raw?;
        let offset = raw.offset;
        if raw.is_ours() {
            found.push(raw.decode().ok_or_else(|| {
                Fault::new("a marker with sizes that do not add up").at_offset(offset)
            })?);
        }
    }
    Ok(found)
}

/// A whole marker, its inside not yet looked at.
struct RawMarker<'a> {
    version: u8,
    offset: u64,
    bytes: &'a [u8],
}

const FIXED_0: usize = 1 + 4 + 1;
const FIXED_1: usize = 4 + 8 + 2 + 2 + 3;

fn raw_markers(
    content: &[u8],
) -> Result<impl Iterator<Item = Result<RawMarker<'_>, Fault>>, Fault> {
    let version = content.first().copied().unwrap_or(1);
    if version > 1 {
        return Err(Fault::new(format!("unknown version {version}")).at_offset(0));
    }
    let mut rest = content.get(1..).unwrap_or_default();
    Ok(std::iter::from_fn(move || {
        let offset = (content.len() - rest.len()) as u64;
        let size = match version {
            0 => {
                let head = rest.first_chunk::<FIXED_0>()?;
                let metadata = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
                FIXED_0 + 20 * (1 + usize::from(head[0])) + metadata
            }
            _ => {
                let head = rest.first_chunk::<FIXED_1>()?;
                u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize
            }
        };
        if size < FIXED_0 + 20 || version == 1 && size < FIXED_1 + 20 {
            rest = &[];
            let fault = Fault::new(format!("a marker of {size} bytes is too short"));
            return Some(Err(fault.at_offset(offset)));
        }
        let (bytes, others) = rest.split_at_checked(size)?;
        rest = others;
        Some(Ok(RawMarker {
            version,
            offset,
            bytes,
        }))
    }))
}

impl RawMarker<'_> {
    fn is_ours(&self) -> bool {
        self.version == 0
            || u16::from_be_bytes([self.bytes[14], self.bytes[15]]) & Marker::LONG_HASHES == 0
    }

    fn predecessor(&self) -> Option<Node> {
        let at = if self.version == 0 { FIXED_0 } else { FIXED_1 };
        Node::from_slice(self.bytes.get(at..at + 20)?).filter(|_| self.is_ours())
    }

    fn decode(&self) -> Option<Marker> {
        if self.version == 0 {
            decode_0(self.bytes)
        } else {
            decode_1(self.bytes)
        }
    }
}

fn take_nodes(rest: &mut &[u8], count: usize) -> Option<Vec<Node>> {
    let (nodes, after) = rest.split_at_checked(count * 20)?;
    *rest = after;
    nodes.chunks_exact(20).map(Node::from_slice).collect()
}

fn decode_1(marker: &[u8]) -> Option<Marker> {
    /// The count of parents that says they were not recorded.
    const NOT_RECORDED: u8 = 3;
    let (head, mut rest) = marker.split_first_chunk::<FIXED_1>()?;
    let seconds = f64::from_be_bytes(head[4..12].try_into().ok()?);
    let zone = i16::from_be_bytes([head[12], head[13]]);
    let [successors, parents, pairs] = [head[16], head[17], head[18]];
    let predecessor = take_nodes(&mut rest, 1)?.pop()?;
    let successors = take_nodes(&mut rest, usize::from(successors))?;
    let parents = match parents {
        NOT_RECORDED => None,
        count => Some(take_nodes(&mut rest, usize::from(count))?),
    };
    let (sizes, mut bytes) = rest.split_at_checked(2 * usize::from(pairs))?;
    let mut take = |size: u8| {
        let (piece, after) = bytes.split_at_checked(usize::from(size))?;
        bytes = after;
        Some(piece.to_vec())
    };
    let mut metadata = Vec::with_capacity(sizes.len() / 2);
    for size in sizes.chunks_exact(2) {
        metadata.push((take(size[0])?, take(size[1])?));
    }
    Some(Marker {
        predecessor,
        successors,
        flags: u16::from_be_bytes([head[14], head[15]]),
        seconds,
        offset_west: i32::from(zone) * 60,
        parents,
        metadata,
    })
}

fn decode_0(marker: &[u8]) -> Option<Marker> {
    let (head, mut rest) = marker.split_first_chunk::<FIXED_0>()?;
    let predecessor = take_nodes(&mut rest, 1)?.pop()?;
    let successors = take_nodes(&mut rest, usize::from(head[0]))?;
    let mut metadata: Vec<(Vec<u8>, Vec<u8>)> = rest
        .split(|&byte| byte == 0)
        .filter_map(|item| {
            let colon = memchr::memchr(b':', item)?;
            Some((item[..colon].to_vec(), item[colon + 1..].to_vec()))
        })
        .collect();
    let mut remove = |key: &[u8]| {
        let place = metadata.iter().position(|(other, _)| other == key)?;
        Some(metadata.remove(place).1)
    };
    let date = remove(b"date").and_then(|date| {
        let (seconds, offset) = std::str::from_utf8(&date).ok()?.split_once(' ')?;
        Some((seconds.parse::<f64>().ok()?, offset.parse::<i32>().ok()?))
    });
    let (first, second, none) = (remove(b"p1"), remove(b"p2"), remove(b"p0"));
    let named = match (first, second, none) {
        (first, Some(second), _) => Some(vec![first.unwrap_or_default(), second]),
        (Some(first), None, _) => Some(vec![first]),
        (None, None, Some(_)) => Some(Vec::new()),
        (None, None, None) => None,
    };
    let parents = named.and_then(|named| named.iter().map(|hex| Node::from_hex(hex)).collect());
    let (seconds, offset_west) = date.unwrap_or((0.0, 0));
    metadata.sort();
    Some(Marker {
        predecessor,
        successors,
        flags: u16::from(head[5]),
        seconds,
        offset_west,
        parents,
        metadata,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn node(byte: u8) -> Node {
        Node::new([byte; 20])
    }

    fn version_1(predecessor: u8, counts: [u8; 3], tail: &[u8]) -> Vec<u8> {
        let size = (39 + tail.len()) as u32;
        [
            &size.to_be_bytes()[..],
            &1.5f64.to_be_bytes(),
            &(-60i16).to_be_bytes(),
            &1u16.to_be_bytes(),
            &counts,
            &[predecessor; 20],
            tail,
        ]
        .concat()
    }

    #[test]
    fn version_1_is_read_to_the_last_byte() {
        let tail = [&[8; 20][..], &[9; 20], &[4, 1], b"userx"].concat();
        let content = [
            &[1][..],
            &version_1(7, [1, 1, 1], &tail),
            &version_1(6, [0, 3, 0], b""),
            &version_1(5, [0, 3, 0], b"")[..20],
        ]
        .concat();
        let found = markers(&content).unwrap();
        assert_eq!(found.len(), 2, "the last one is being written");
        assert_eq!(
            found[0],
            Marker {
                predecessor: node(7),
                successors: vec![node(8)],
                flags: Marker::FIXES_PHASE_DIVERGENCE,
                seconds: 1.5,
                offset_west: -3600,
                parents: Some(vec![node(9)]),
                metadata: vec![(b"user".to_vec(), b"x".to_vec())],
            }
        );
        assert_eq!(
            (found[1].parents.as_ref(), found[1].successors.len()),
            (None, 0)
        );
        assert_eq!(
            predecessors(&content).unwrap(),
            HashSet::from([node(7), node(6)])
        );
    }

    #[test]
    fn version_0_hides_date_and_parents_in_its_metadata() {
        let metadata = format!("user:x\0date:3 -3600\0p1:{}\0a:b:c", node(9));
        let head = [&[1][..], &(metadata.len() as u32).to_be_bytes(), &[0]].concat();
        let marker = [&head[..], &[5; 20], &[6; 20], metadata.as_bytes()].concat();
        let content = [&[0][..], &marker, &marker[..30]].concat();
        let found = markers(&content).unwrap();
        assert_eq!(found.len(), 1);
        let pair = |key: &str, value: &str| (key.as_bytes().to_vec(), value.as_bytes().to_vec());
        assert_eq!(found[0].metadata, [pair("a", "b:c"), pair("user", "x")]);
        assert_eq!((found[0].seconds, found[0].offset_west), (3.0, -3600));
        assert_eq!(found[0].parents, Some(vec![node(9)]));
        assert_eq!(found[0].successors, [node(6)]);
        assert_eq!(predecessors(&content).unwrap(), HashSet::from([node(5)]));
    }

    #[test]
    fn what_cannot_be_a_marker_is_told_with_its_place() {
        let told = |content: &[u8]| {
            let error = markers(content).unwrap_err().in_file("obsstore".as_ref());
            error.to_string()
        };
        assert_eq!(
            told(b"\x02"),
            "obsstore is damaged at offset 0: unknown version 2"
        );
        assert_eq!(
            told(&[&[1][..], &version_1(1, [0, 3, 0], b""), &[0; 40]].concat()),
            "obsstore is damaged at offset 40: a marker of 0 bytes is too short"
        );
        assert_eq!(
            told(&[&[1][..], &version_1(1, [9, 3, 0], b"")].concat()),
            "obsstore is damaged at offset 1: a marker with sizes that do not add up"
        );
        assert!(markers(b"").unwrap().is_empty());
        let mut long = version_1(1, [0, 3, 0], &[0; 12]);
        long[15] = 2;
        assert!(markers(&[&[1][..], &long].concat()).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_markers_or_refused(version in 0u8..3, markers_ in proptest::collection::vec(prop_oneof![Just(0u8), 0u8..60, any::<u8>()], 0..200)) {
            let content = [&[version][..], &markers_].concat();
            let (all, before) = (markers(&content), predecessors(&content));
            if let Ok(all) = all {
                let of_all: HashSet<Node> = all.iter().map(|marker| marker.predecessor).collect();
                prop_assert_eq!(of_all, before.unwrap());
            }
        }
    }
}
