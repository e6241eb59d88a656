//! Mercurial's persistent table from hashes to revisions.
//!
//! `00changelog.n` is the docket: version u8 = 1, length of the id u8, tip revision u64, length of the data u64, unused
//! bytes u64, length of the tip's hash u64, the id, the tip's hash. `00changelog-<id>.nd` holds blocks of sixteen i32, one
//! for each value of the next hex digit of a hash; the last block is the root. A value from zero on is the number of another
//! block, -1 says that there is no such hash, and -(r + 2) that revision r is the only one that can have it.
//!
//! A lookup reads four or five blocks, no matter how long history is. So where few hashes are looked up in a long history
//! this saves sorting them all. Nothing in these files is believed: what they lead to is compared with the index.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::index::Index;
use crate::files::{self, PieceFile};
use crate::ids::{Node, Rev};

/// The table beside one revlog, looked for when it is first asked.
#[derive(Debug)]
pub(super) struct NodeMap {
    docket: PathBuf,
    open: OnceLock<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    data: PieceFile,
    blocks: u32,
    tip: Rev,
    tip_node: Node,
}

const BLOCK: u64 = 64;

impl NodeMap {
    pub fn new(docket: PathBuf) -> NodeMap {
        NodeMap {
            docket,
            open: OnceLock::new(),
        }
    }

    /// The revision with this hash, if the table is about this index and knows it, or if it is newer than the table.
    pub fn find(&self, index: &Index, node: &Node) -> Option<Rev> {
        /// The revisions after the table's last are looked through one by one; Mercurial lets them be few.
        const MAX_NEWER: usize = 10_000;
        let open = self
            .open
            .get_or_init(|| Open::read(&self.docket))
            .as_ref()?;
        let newer = open.tip.index() + 1..index.len();
        if index.node(open.tip)? != open.tip_node || newer.len() > MAX_NEWER {
            return None;
        }
        open.find(node)
            .filter(|rev| index.node(*rev) == Some(*node))
            .or_else(|| {
                newer
                    .map(Rev::from_index)
                    .find(|rev| index.node(*rev) == Some(*node))
            })
    }
}

impl Open {
    fn read(docket: &Path) -> Option<Open> {
        /// Far longer than any docket.
        const LIMIT: u64 = 4096;
        // A cache that cannot be read is as good as none.
        let content = files::read_start(docket, LIMIT).ok()??;
        let (&[version, id_len], rest) = content.split_first_chunk::<2>()?;
        let (numbers, rest) = rest.split_first_chunk::<32>()?;
        let number = |place: usize| {
            u64::from_be_bytes(std::array::from_fn(|byte| numbers[place * 8 + byte]))
        };
        let (tip, data_len, tip_node_len) = (number(0), number(1), number(3));
        let (id, rest) = rest.split_at_checked(usize::from(id_len))?;
        let tip_node = Node::from_slice(rest.get(..usize::try_from(tip_node_len).ok()?)?)?;
        if version != 1 || !id.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let name = docket.file_stem()?.to_str()?;
        let id = std::str::from_utf8(id).ok()?;
        Some(Open {
            data: PieceFile::new(docket.with_file_name(format!("{name}-{id}.nd"))),
            blocks: u32::try_from(data_len / BLOCK).ok()?,
            tip: Rev::new(u32::try_from(tip).ok()?),
            tip_node,
        })
    }

    /// The only revision that the table thinks can have this hash.
    fn find(&self, node: &Node) -> Option<Rev> {
        let mut block = self.blocks.checked_sub(1)?;
        // At most one block per digit: blocks that lead to each other cannot hold this up.
        for digit in node
            .as_bytes()
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
        {
            let at = u64::from(block) * BLOCK + u64::from(digit) * 4;
            let value = self.data.read_at(at, 4).ok()?;
            let value = i32::from_be_bytes(value.try_into().ok()?);
            match u32::try_from(value) {
                Ok(next) if next < self.blocks => block = next,
                Ok(_) => return None,
                Err(_) if value == -1 => return None,
                Err(_) => return Some(Rev::new(value.wrapping_add(2).unsigned_abs())),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    fn docket(id: &str, tip: u64, data_len: u64, node: &[u8]) -> Vec<u8> {
        let numbers = [tip, data_len, 0, node.len() as u64].map(u64::to_be_bytes);
        [
            &[1, id.len() as u8],
            &numbers.concat()[..],
            id.as_bytes(),
            node,
        ]
        .concat()
    }

    #[test]
    fn blocks_are_followed_digit_by_digit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("00changelog.n");
        fs::write(&path, docket("ab", 7, 128, &[9; 20])).unwrap();
        let mut first = [-1i32; 16];
        first[5] = -2 - 7;
        let mut root = [-1i32; 16];
        (root[1], root[2], root[3]) = (0, 1, 99);
        let data: Vec<u8> = first
            .iter()
            .chain(&root)
            .flat_map(|v| v.to_be_bytes())
            .collect();
        fs::write(dir.path().join("00changelog-ab.nd"), data).unwrap();
        let open = Open::read(&path).unwrap();
        let node = |start: u8| {
            let mut node = [0; 20];
            node[0] = start;
            Node::new(node)
        };
        assert_eq!(open.find(&node(0x15)), Some(Rev::new(7)));
        assert_eq!(open.find(&node(0x16)), None);
        assert_eq!(open.find(&node(0x00)), None);
        assert_eq!(open.find(&node(0x30)), None, "a block beyond the end");
        assert_eq!(open.find(&node(0x22)), None, "a block that leads to itself");
    }

    #[test]
    fn a_docket_that_is_short_or_of_another_kind_is_no_table() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("00changelog.n");
        let whole = docket("ab", 7, 128, &[9; 20]);
        for bad in [
            &whole[..0],
            &whole[..20],
            &whole[..50],
            &[&[2], &whole[1..]].concat(),
            &docket("../x", 7, 128, &[9; 20]),
            &docket("ab", u64::MAX, u64::MAX, &[9; 20]),
            &docket("ab", 7, 128, &[9; 32]),
        ] {
            fs::write(&path, bad).unwrap();
            assert!(Open::read(&path).is_none());
        }
        assert!(Open::read(&dir.path().join("none.n")).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn any_bytes_lead_nowhere_or_to_a_revision(data in proptest::collection::vec(prop_oneof![Just(-1i32), -9i32..9, any::<i32>()], 0..64), node in any::<[u8; 20]>()) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("00changelog.n");
            fs::write(&path, docket("ab", 7, data.len() as u64 * 4, &[9; 20])).unwrap();
            let data: Vec<u8> = data.iter().flat_map(|value| value.to_be_bytes()).collect();
            fs::write(dir.path().join("00changelog-ab.nd"), data).unwrap();
            Open::read(&path).unwrap().find(&Node::new(node));
        }
    }
}
