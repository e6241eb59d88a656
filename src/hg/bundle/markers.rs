//! Obsolescence markers for a client: those that have to do with what it pulls.
//!
//! Markers of version 1, as they lie in the `obsstore` file, are the ones sent. See [`crate::obsstore`] for their form.

use std::collections::{HashMap, HashSet};

use crate::ids::Node;

/// One marker: what it says about hashes, and its bytes.
#[derive(Debug)]
struct Marker<'a> {
    predecessor: Node,
    successors: Vec<Node>,
    parents: Vec<Node>,
    raw: &'a [u8],
}

/// Size u32 of the whole marker, date f64, zone i16, flags u16, counts u8 of successors, parents and metadata.
const FIXED: usize = 4 + 8 + 2 + 2 + 3;
/// Hashes have 32 bytes, of a kind that no changelog we read has.
const LONG_HASHES: u16 = 2;
/// The number of parents that says: not recorded.
const NO_PARENTS: u8 = 3;

impl<'a> Marker<'a> {
    /// Takes the marker at the beginning; `None` at the end or before one that is still being written.
    fn split(content: &'a [u8]) -> Option<(Marker<'a>, &'a [u8])> {
        let head = content.first_chunk::<FIXED>()?;
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let (raw, rest) = content.split_at_checked(size.max(FIXED))?;
        let long = u16::from_be_bytes([head[14], head[15]]) & LONG_HASHES != 0;
        let width = if long { 32 } else { 20 };
        let mut hashes = raw[FIXED..].chunks_exact(width).map(|hash| {
            // Long hashes name nothing here.
            Node::from_slice(hash).unwrap_or_default()
        });
        let predecessor = hashes.next()?;
        let successors: Vec<Node> = hashes.by_ref().take(usize::from(head[16])).collect();
        let parents = match head[17] {
            NO_PARENTS => Vec::new(),
            count => hashes.take(usize::from(count)).collect(),
        };
        let marker = Marker {
            predecessor,
            successors,
            parents,
            raw,
        };
        Some((marker, rest))
    }
}

/// The content of a part `obsmarkers` for a client that knows these changesets, `None` when there is nothing to tell.
/// `content` is the file, `is_sent` tells which changesets are known there afterwards.
///
/// What belongs together: markers that made something, markers that pruned it or its children, and the same for
/// their predecessors.
pub(crate) fn relevant(content: &[u8], is_sent: impl Fn(&Node) -> bool) -> Option<Vec<u8>> {
    let mut rest = content.strip_prefix(&[1])?;
    let mut markers = Vec::new();
    while let Some((marker, after)) = Marker::split(rest) {
        markers.push(marker);
        rest = after;
    }
    // From a hash to the numbers of the markers that lead on from there.
    let mut leads: HashMap<Node, Vec<usize>> = HashMap::new();
    for (number, marker) in markers.iter().enumerate() {
        for successor in &marker.successors {
            leads.entry(*successor).or_default().push(number);
        }
        if marker.successors.is_empty() {
            leads.entry(marker.predecessor).or_default().push(number);
            for parent in &marker.parents {
                leads.entry(*parent).or_default().push(number);
            }
        }
    }
    let mut pending: Vec<Node> = leads.keys().filter(|node| is_sent(node)).copied().collect();
    let mut seen: HashSet<Node> = pending.iter().copied().collect();
    let mut chosen = vec![false; markers.len()];
    while let Some(node) = pending.pop() {
        for number in leads.get(&node).into_iter().flatten() {
            chosen[*number] = true;
            let predecessor = markers[*number].predecessor;
            if seen.insert(predecessor) {
                pending.push(predecessor);
            }
        }
    }
    let mut out = vec![1];
    for (marker, _) in markers.iter().zip(&chosen).filter(|(_, chosen)| **chosen) {
        out.extend_from_slice(marker.raw);
    }
    (out.len() > 1).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marker(predecessor: u8, successors: &[u8], parents: Option<&[u8]>) -> Vec<u8> {
        let mut tail = vec![predecessor; 20];
        for hash in successors.iter().chain(parents.unwrap_or_default()) {
            tail.extend([*hash; 20]);
        }
        let size = (FIXED + tail.len()) as u32;
        let parents = parents.map_or(NO_PARENTS, |parents| parents.len() as u8);
        let counts = [successors.len() as u8, parents, 0];
        [&size.to_be_bytes()[..], &[0; 12], &counts, &tail].concat()
    }

    #[test]
    fn markers_are_followed_back_from_what_is_sent() {
        let made = marker(2, &[3], None);
        let before = marker(1, &[2], None);
        let pruned_child = marker(9, &[], Some(&[3]));
        let other = marker(7, &[8], Some(&[3]));
        let all = [&[1][..], &other, &made, &before, &pruned_child, &made[..30]].concat();
        let chosen = relevant(&all, |node| *node == Node::new([3; 20])).unwrap();
        let expected = [&[1][..], &made, &before, &pruned_child].concat();
        assert_eq!(chosen, expected);
        assert_eq!(relevant(&all, |node| *node == Node::new([6; 20])), None);
        assert_eq!(relevant(b"", |_| true), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_markers_or_not(content in proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(60), any::<u8>()], 0..300)) {
            let content = [&[1][..], &content].concat();
            if let Some(chosen) = relevant(&content, |_| true) {
                prop_assert!(chosen.len() <= content.len());
            }
        }
    }
}
