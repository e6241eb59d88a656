//! Bookmarks: names that move along with commits. Also the other small files of lines `hash SP name`.

use crate::ids::{Node, Rev};
use crate::text::Text;

/// A bookmark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// Its name.
    pub name: Text,
    /// What it points at.
    pub rev: Rev,
    /// The same as hash.
    pub node: Node,
}

/// The lines `forty hex digits SP name` of a file; other lines are ignored, names trimmed.
pub(crate) fn named_nodes(content: &[u8]) -> impl Iterator<Item = (Node, &[u8])> {
    content.split(|&byte| byte == b'\n').filter_map(|line| {
        let space = memchr::memchr(b' ', line)?;
        let name = line[space + 1..].trim_ascii();
        Some((Node::from_hex(&line[..space])?, name)).filter(|_| !name.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_that_are_not_hash_and_name_are_ignored() {
        let hash = "00ff1234567890abcdef00112233445566778899";
        let content = format!("{hash} a name \n\nbroken\n{hash}\n{hash} \nff x\n{hash} last");
        let names: Vec<_> = named_nodes(content.as_bytes())
            .map(|(_, name)| name)
            .collect();
        assert_eq!(names, [b"a name".as_slice(), b"last"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(content in proptest::collection::vec(any::<u8>(), 0..100)) {
            named_nodes(&content).count();
        }
    }
}
