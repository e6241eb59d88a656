//! The other direction: a bundle with one new changeset, as a client pushes it.

use super::capabilities::BundleCapabilities;
use super::part::{PartHeader, Parts};
use super::source::Bundle;
use crate::commit::hash;
use crate::ids::Node;
use crate::path::HgPathBuf;
use crate::revlog::sending::full;
use std::io::Read;

/// A new revision.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Its hash.
    pub node: Node,
    /// Its parents.
    pub parents: [Node; 2],
    /// Its text.
    pub text: Vec<u8>,
    /// What it is described against, and how.
    pub base: Node,
    /// The difference.
    pub difference: Vec<u8>,
    /// Whether the repository has it already, so that it need not be sent.
    pub is_known: bool,
}

impl Piece {
    /// A revision that is sent as a whole.
    pub fn full(parents: [Node; 2], text: Vec<u8>) -> Piece {
        let mut difference = Vec::new();
        full(&text, &mut difference);
        Piece {
            node: hash(parents, &text),
            parents,
            base: Node::NULL,
            difference,
            text,
            is_known: false,
        }
    }

    fn encode(&self, changeset: &Node, out: &mut Vec<u8>) {
        if self.is_known {
            return;
        }
        out.extend(((4 + 100 + self.difference.len()) as u32).to_be_bytes());
        for node in [
            &self.node,
            &self.parents[0],
            &self.parents[1],
            &self.base,
            changeset,
        ] {
            out.extend_from_slice(node.as_bytes());
        }
        out.extend_from_slice(&self.difference);
    }
}

/// Everything that is pushed.
pub(crate) struct Upload {
    /// The heads that there must be, or the push comes too late.
    pub heads: Vec<Node>,
    pub changeset: Piece,
    pub manifest: Option<Piece>,
    pub files: Vec<(HgPathBuf, Piece)>,
}

impl Upload {
    /// The whole bundle.
    pub fn encode(&self) -> Vec<u8> {
        let mut parts = Parts::default();
        let abilities = BundleCapabilities::new([
            ("HG20", &[][..]),
            (
                "error",
                &["abort", "unsupportedcontent", "pushraced", "pushkey"][..],
            ),
        ]);
        let told = PartHeader::mandatory("replycaps");
        parts.add(told, abilities.lines().into_bytes());
        let heads = self.heads.iter().flat_map(|node| *node.as_bytes());
        parts.add(PartHeader::mandatory("check:heads"), heads.collect());
        let header = PartHeader::mandatory("changegroup")
            .with("version", "02")
            .with_advisory("nbchanges", "1");
        parts.add(header, self.changegroup());
        let mut out = Vec::new();
        // All of it is in memory already, and reading from there does not fail.
        let _ = Bundle::new(parts.finish()).read_to_end(&mut out);
        out
    }

    fn changegroup(&self) -> Vec<u8> {
        const END: [u8; 4] = [0; 4];
        let link = &self.changeset.node;
        let mut out = Vec::new();
        self.changeset.encode(link, &mut out);
        out.extend(END);
        if let Some(manifest) = &self.manifest {
            manifest.encode(link, &mut out);
        }
        out.extend(END);
        for (path, piece) in &self.files {
            out.extend(((4 + path.as_bytes().len()) as u32).to_be_bytes());
            out.extend_from_slice(path.as_bytes());
            piece.encode(link, &mut out);
            out.extend(END);
        }
        out.extend(END);
        out
    }
}
