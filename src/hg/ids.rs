//! The two names a changeset has: its number in this clone and its hash.

use std::fmt;
use std::str::FromStr;

/// The number of a revision in one revlog of one clone, counted from zero.
///
/// Numbers differ between clones and change when history is stripped: show them, but never keep them.
/// A `Rev` belongs to the snapshot that gave it out. "No revision" is `None`, never a negative number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Rev(u32);

impl Rev {
    /// The revision with this number.
    pub const fn new(number: u32) -> Rev {
        Rev(number)
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The number as an index into tables that have one item per revision.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The revision at this place of a table; tables never exceed 2^31 entries, as the file format counts in i32.
    pub(crate) fn from_index(index: usize) -> Rev {
        Rev(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

impl fmt::Display for Rev {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The hash of a changeset, manifest or file revision: the only identity that holds across clones.
///
/// `Display` writes forty hexadecimal digits, `FromStr` reads them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Node([u8; 20]);

impl Node {
    /// Twenty zero bytes: "no revision".
    pub const NULL: Node = Node([0; 20]);

    /// The node with these bytes.
    pub const fn new(bytes: [u8; 20]) -> Node {
        Node(bytes)
    }

    /// The twenty bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// True for [`Node::NULL`].
    pub fn is_null(&self) -> bool {
        *self == Node::NULL
    }

    /// The first twelve digits, as Mercurial prints hashes for people.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(12);
        text
    }

    /// Reads exactly forty hexadecimal digits.
    pub fn from_hex(digits: &[u8]) -> Option<Node> {
        if digits.len() != 40 {
            return None;
        }
        let mut bytes = [0; 20];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
        }
        Some(Node(bytes))
    }

    /// Reads twenty bytes; `None` when the slice has another length.
    pub fn from_slice(bytes: &[u8]) -> Option<Node> {
        bytes.try_into().ok().map(Node)
    }
}

/// The value of one hexadecimal digit in either case.
pub(crate) fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(40);
        for byte in self.0 {
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        f.write_str(&text)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({self})")
    }
}

/// A text that is not forty hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a full hash of forty hexadecimal digits: {0:?}")]
pub struct NodeParseError(pub String);

impl FromStr for Node {
    type Err = NodeParseError;

    fn from_str(text: &str) -> Result<Node, NodeParseError> {
        Node::from_hex(text.as_bytes()).ok_or_else(|| NodeParseError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_read_and_written_as_forty_digits() {
        let text = "00ff1234567890abcdef00112233445566778899";
        let node: Node = text.parse().unwrap();
        assert_eq!(node.to_string(), text);
        assert_eq!(node.short(), "00ff12345678");
        assert_eq!(text.to_uppercase().parse::<Node>().unwrap(), node);
        assert!("00ff".parse::<Node>().is_err());
        assert!("zz".repeat(20).parse::<Node>().is_err());
        assert!(Node::NULL.is_null() && !node.is_null());
    }
}
