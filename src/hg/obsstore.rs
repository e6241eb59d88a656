//! Which changesets were rewritten: the `obsstore` file.
//!
//! Every rewrite appends a *marker* that names the changeset that is obsolete now (the predecessor) and what replaces
//! it. For what is shown and served only the predecessors count.

use std::collections::HashSet;

use crate::ids::Node;

/// The predecessors of all markers.
///
/// A marker that is cut off at the end of the file is being written and ignored.
pub(crate) fn predecessors(content: &[u8]) -> Result<HashSet<Node>, String> {
    match content.split_first() {
        None => Ok(HashSet::new()),
        Some((0, markers)) => version_0(markers),
        Some((1, markers)) => version_1(markers),
        Some((version, _)) => Err(format!("unknown version {version}")),
    }
}

/// Successor count u8, metadata size u32, flags u8, predecessor, successors, metadata.
fn version_0(mut markers: &[u8]) -> Result<HashSet<Node>, String> {
    const FIXED: usize = 1 + 4 + 1;
    let mut found = HashSet::new();
    while let Some(head) = markers.first_chunk::<FIXED>() {
        let metadata = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let size = FIXED + 20 * (1 + usize::from(head[0])) + metadata;
        let Some((marker, rest)) = markers.split_at_checked(size) else {
            break;
        };
        found.extend(Node::from_slice(&marker[FIXED..FIXED + 20]));
        markers = rest;
    }
    Ok(found)
}

/// Size u32 of the whole marker, date f64, zone i16, flags u16, three counts u8, predecessor, the rest.
fn version_1(mut markers: &[u8]) -> Result<HashSet<Node>, String> {
    const FIXED: usize = 4 + 8 + 2 + 2 + 3;
    /// Hashes have 32 bytes, of a kind that no changelog we read has.
    const LONG_HASHES: u16 = 2;
    let mut found = HashSet::new();
    while let Some(head) = markers.first_chunk::<FIXED>() {
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if size < FIXED + 20 {
            return Err(format!("a marker of {size} bytes is too short"));
        }
        let Some((marker, rest)) = markers.split_at_checked(size) else {
            break;
        };
        if u16::from_be_bytes([head[14], head[15]]) & LONG_HASHES == 0 {
            found.extend(Node::from_slice(&marker[FIXED..FIXED + 20]));
        }
        markers = rest;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marker_1(predecessor: u8, tail: &[u8]) -> Vec<u8> {
        let size = (39 + tail.len()) as u32;
        [&size.to_be_bytes()[..], &[0; 15], &[predecessor; 20], tail].concat()
    }

    #[test]
    fn predecessors_of_both_versions() {
        let one = [
            &[1][..],
            &marker_1(7, b""),
            &marker_1(8, b"tail"),
            &marker_1(9, b"cut")[..20],
        ]
        .concat();
        assert_eq!(
            predecessors(&one).unwrap(),
            HashSet::from([Node::new([7; 20]), Node::new([8; 20])])
        );
        let marker = [&[1, 0, 0, 0, 3, 0][..], &[5; 20], &[6; 20], b"k:v"].concat();
        let zero = [&[0][..], &marker, &marker[..30]].concat();
        assert_eq!(
            predecessors(&zero).unwrap(),
            HashSet::from([Node::new([5; 20])])
        );
        assert!(predecessors(b"").unwrap().is_empty());
        assert!(predecessors(b"\x02").is_err());
        assert!(predecessors(&[&[1][..], &[0; 40]].concat()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_markers_or_refused(version in 0u8..3, markers in proptest::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..200)) {
            let _ = predecessors(&[&[version][..], &markers].concat());
        }
    }
}
