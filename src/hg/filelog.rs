//! A file's revisions: content, and what it was copied from.
//!
//! A stored text may begin with a header between two marks `01 0A`, lines `key: value` that tell the copy source. Content
//! that begins with such a mark itself gets an empty header, so that stripping once is always right.

use std::borrow::Cow;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::files;
use crate::ids::{Node, Rev};
use crate::path::{HgPath, HgPathBuf};
use crate::revlog::{self, Revlog};
use crate::store::Store;

/// A file at one of its revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRevision {
    /// The content. For a symbolic link the target; for content kept elsewhere see `storage`.
    pub data: Vec<u8>,
    /// What the file was copied or renamed from.
    pub copied_from: Option<CopySource>,
    /// Where the content is.
    pub storage: FileStorage,
}

/// The revision of another file that a file was copied or renamed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    /// The other file's name.
    pub path: HgPathBuf,
    /// The other file's revision.
    pub node: Node,
}

/// Where the content of a file revision is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileStorage {
    /// In the repository; `data` is the content.
    Here,
    /// Removed by the `censor` command; `data` is empty.
    Censored,
    /// Kept by the lfs extension. `data` is the content if `present`, otherwise the pointer's text.
    Lfs {
        /// SHA-256 of the content, in hex.
        oid: String,
        /// Size of the content in bytes.
        size: u64,
        /// Whether the content was found beside the repository and matches its hash.
        present: bool,
    },
}

const MARK: &[u8] = b"\x01\n";

/// Splits a stored text into header and content.
pub(crate) fn split_header(text: &[u8]) -> (&[u8], &[u8]) {
    let Some(rest) = text.strip_prefix(MARK) else {
        return (b"", text);
    };
    match memchr::memmem::find(rest, MARK) {
        Some(end) => (&rest[..end], &rest[end + MARK.len()..]),
        None => (b"", text),
    }
}

/// The copy source that a header names; it needs both name and revision.
fn copy_in_header(header: &[u8]) -> Option<CopySource> {
    let value = |key: &[u8]| {
        header
            .split(|&byte| byte == b'\n')
            .find_map(|line| line.strip_prefix(key))
    };
    let path = value(b"copy: ")?;
    Some(CopySource {
        path: HgPathBuf::from(path.to_vec()),
        node: Node::from_hex(value(b"copyrev: ")?)?,
    })
}

/// The text that stands in for content kept by the lfs extension: lines `key value`.
struct LfsPointer<'a> {
    oid: &'a str,
    size: u64,
    copied_from: Option<CopySource>,
}

impl<'a> LfsPointer<'a> {
    fn parse(text: &'a [u8]) -> Option<LfsPointer<'a>> {
        let value = |key: &[u8]| {
            text.split(|&byte| byte == b'\n')
                .find_map(|line| line.strip_prefix(key))
        };
        let oid = std::str::from_utf8(value(b"oid sha256:")?).ok()?;
        if oid.len() != 64
            || !oid
                .bytes()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        {
            return None;
        }
        let size = std::str::from_utf8(value(b"size ")?).ok()?.parse().ok()?;
        let copied_from = value(b"x-hg-copy ")
            .zip(value(b"x-hg-copyrev ").and_then(Node::from_hex))
            .map(|(path, node)| CopySource {
                path: HgPathBuf::from(path.to_vec()),
                node,
            });
        Some(LfsPointer {
            oid,
            size,
            copied_from,
        })
    }

    /// The text that a revision with this content would have, the one its hash is about.
    fn text_of<'c>(&self, content: &'c [u8]) -> Cow<'c, [u8]> {
        let header = match &self.copied_from {
            Some(source) => [
                b"copy: ",
                source.path.as_bytes(),
                format!("\ncopyrev: {}\n", source.node).as_bytes(),
            ]
            .concat(),
            None if content.starts_with(MARK) => Vec::new(),
            None => return Cow::Borrowed(content),
        };
        Cow::Owned([MARK, &header, MARK, content].concat())
    }

    /// The content, if it lies in the repository and is what the pointer says.
    fn content(&self, store: &Store) -> Result<Option<Vec<u8>>, Error> {
        let place = store
            .layout
            .store
            .join("lfs/objects")
            .join(&self.oid[..2])
            .join(&self.oid[2..]);
        if self.size > store.limits.max_text {
            return Ok(None);
        }
        let content = files::read_start(&place, self.size + 1)?;
        Ok(content
            .filter(|content| content.len() as u64 == self.size && sha256(content) == self.oid))
    }
}

fn sha256(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Reads one revision of a file.
pub(crate) fn read(store: &Store, log: &Revlog, rev: Rev) -> Result<FileRevision, Error> {
    let entry = log.known(rev)?;
    let text = log.text(rev)?;
    if entry.flags & revlog::CENSORED != 0 {
        return Ok(FileRevision {
            data: Vec::new(),
            copied_from: None,
            storage: FileStorage::Censored,
        });
    }
    if entry.flags & revlog::EXTERNAL != 0 {
        let pointer = LfsPointer::parse(&text)
            .ok_or_else(|| log.damaged_at(rev, "it is kept elsewhere, but does not tell where"))?;
        let content = pointer
            .content(store)?
            .filter(|content| log.hash(&entry, &pointer.text_of(content)) == entry.node);
        let storage = FileStorage::Lfs {
            oid: pointer.oid.to_owned(),
            size: pointer.size,
            present: content.is_some(),
        };
        let copied_from = pointer.copied_from;
        return Ok(FileRevision {
            data: content.unwrap_or_else(|| text.to_vec()),
            copied_from,
            storage,
        });
    }
    let (header, data) = split_header(&text);
    Ok(FileRevision {
        data: data.to_vec(),
        copied_from: copy_source(log, rev, header),
        storage: FileStorage::Here,
    })
}

/// SHA-256 and size of a content that the lfs extension keeps elsewhere.
pub(crate) fn lfs_pointer(log: &Revlog, rev: Rev) -> Result<Option<(String, u64)>, Error> {
    let text = log.text(rev)?;
    Ok(LfsPointer::parse(&text).map(|pointer| (pointer.oid.to_owned(), pointer.size)))
}

/// The size of the content, mostly from the index alone.
pub(crate) fn size(log: &Revlog, rev: Rev) -> Result<u64, Error> {
    let entry = log.known(rev)?;
    if entry.flags & revlog::CENSORED != 0 {
        return Ok(0);
    }
    if entry.flags & revlog::EXTERNAL != 0 {
        let text = log.text(rev)?;
        return Ok(LfsPointer::parse(&text).map_or(text.len() as u64, |pointer| pointer.size));
    }
    match entry.text_len {
        // Headers stand in revisions without first parent. (And before content that itself begins with the mark;
        // like Mercurial we let the size of such files be four bytes off rather than read every file.)
        Some(len) if entry.parents[0].is_some() => Ok(u64::from(len)),
        _ => Ok(split_header(&log.text(rev)?).1.len() as u64),
    }
}

/// What a revision was copied from, without its content.
pub(crate) fn copied_from(log: &Revlog, rev: Rev) -> Result<Option<CopySource>, Error> {
    let entry = log.known(rev)?;
    if entry.flags & revlog::CENSORED != 0 || entry.parents[0].is_some() {
        return Ok(None);
    }
    let text = log.text(rev)?;
    if entry.flags & revlog::EXTERNAL != 0 {
        return Ok(LfsPointer::parse(&text).and_then(|pointer| pointer.copied_from));
    }
    Ok(copy_source(log, rev, split_header(&text).0))
}

/// Only a revision without first parent is a copy. An old merge bug stored headers elsewhere; they mean nothing there.
fn copy_source(log: &Revlog, rev: Rev, header: &[u8]) -> Option<CopySource> {
    let first_parent = log.entry(rev)?.parents[0];
    if first_parent.is_some() {
        None
    } else {
        copy_in_header(header)
    }
}

/// Where the largefiles extension keeps the content that stands behind a path, if that path is a *standin*:
/// a small file below `.hglf` that holds the SHA-1 of the content.
pub fn largefile_of_standin(path: HgPath<'_>) -> Option<HgPath<'_>> {
    path.strip_dir(HgPath::new(".hglf"))
        .filter(|real| !real.is_root())
}

/// Reads the content that a standin's text names; `None` when it is not in this repository.
pub(crate) fn read_largefile(
    base: &Path,
    standin: &[u8],
    max: u64,
) -> Result<Option<Vec<u8>>, Error> {
    let Some(hash) = Node::from_hex(standin.trim_ascii()) else {
        return Ok(None);
    };
    let content = files::read_start(&base.join("largefiles").join(hash.to_string()), max)?;
    Ok(content.filter(|content| sha1::Sha1::digest(content)[..] == hash.as_bytes()[..]))
}

/// All that is read from the beginning of a text.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn fuzz(text: &[u8]) {
    let (header, content) = split_header(text);
    assert!(header.len() + content.len() <= text.len());
    copy_in_header(header);
    if let Some(pointer) = LfsPointer::parse(text) {
        // A name that ends in the first half of a mark ends the header early; the hash then does not fit, and that is all.
        let name = pointer
            .copied_from
            .as_ref()
            .map(|source| source.path.as_bytes());
        if !name.unwrap_or_default().contains(&MARK[0]) {
            assert_eq!(split_header(&pointer.text_of(content)).1, content);
        }
    }
    largefile_of_standin(HgPath::new(text));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_header_is_stripped_once() {
        assert_eq!(split_header(b"plain"), (&b""[..], &b"plain"[..]));
        assert_eq!(
            split_header(b"\x01\ncopy: a\n\x01\nrest"),
            (&b"copy: a\n"[..], &b"rest"[..])
        );
        assert_eq!(
            split_header(b"\x01\n\x01\n\x01\nfake\n"),
            (&b""[..], &b"\x01\nfake\n"[..])
        );
        assert_eq!(
            split_header(b"\x01\nno end"),
            (&b""[..], &b"\x01\nno end"[..])
        );
    }

    #[test]
    fn a_copy_needs_name_and_revision() {
        let hash = "9095b45a33039f9717a59a2dc0cffcc4d05f79a3";
        let copy = copy_in_header(format!("copy: a: b\ncopyrev: {hash}\n").as_bytes()).unwrap();
        assert_eq!(
            (copy.path.as_bytes(), copy.node.to_string().as_str()),
            (&b"a: b"[..], hash)
        );
        assert!(copy_in_header(b"copy: a\n").is_none());
        assert!(copy_in_header(format!("copyrev: {hash}\n").as_bytes()).is_none());
        assert!(copy_in_header(b"copy: a\ncopyrev: short\n").is_none());
    }

    #[test]
    fn a_pointer_that_is_no_hash_names_no_file() {
        let pointer = |oid: &str| {
            format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12\n")
        };
        assert_eq!(
            LfsPointer::parse(pointer(&"a".repeat(64)).as_bytes())
                .unwrap()
                .size,
            12
        );
        for bad in ["../../../etc/passwd", &"é".repeat(32), &"A".repeat(64), ""] {
            assert!(
                LfsPointer::parse(pointer(bad).as_bytes()).is_none(),
                "{bad}"
            );
        }
    }

    #[test]
    fn standins_are_known_by_their_directory() {
        assert_eq!(
            largefile_of_standin(HgPath::new(".hglf/dir/big")),
            Some(HgPath::new("dir/big"))
        );
        assert_eq!(largefile_of_standin(HgPath::new("dir/.hglf/big")), None);
        assert_eq!(largefile_of_standin(HgPath::new(".hglf")), None);
    }

    proptest! {
        #[test]
        fn any_text_is_split(text in proptest::collection::vec(prop_oneof![Just(1u8), Just(b'\n'), any::<u8>()], 0..60)) {
            let (header, content) = split_header(&text);
            prop_assert!(header.len() + content.len() <= text.len());
            copy_in_header(header);
            LfsPointer::parse(&text);
        }
    }
}
