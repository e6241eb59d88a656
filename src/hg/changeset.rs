//! One changelog entry: who changed what, when and why.
//!
//! The text of an entry is
//!
//! ```text
//! <manifest, forty hex digits> LF
//! <user> LF
//! <seconds> SP <offset west of UTC> [SP <extras>] LF
//! <file> LF …
//! LF
//! <description, to the end>
//! ```

use std::collections::BTreeMap;

use crate::ids::{Node, Rev};
use crate::path::HgPathBuf;
use crate::text::Text;

/// A changeset as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changeset {
    /// Its number in this clone.
    pub rev: Rev,
    /// Its hash.
    pub node: Node,
    /// Its parents, first and second.
    pub parents: [Option<Rev>; 2],
    /// The manifest; [`Node::NULL`] when the changeset holds no files at all.
    pub manifest: Node,
    /// Who made it, usually `Name <address>`.
    pub user: Text,
    /// When it was made.
    pub time: Timestamp,
    /// The names it touched, sorted, removed ones included.
    ///
    /// For a merge these are only the files that differ from both parents; ask
    /// [`Snapshot::status`](crate::Snapshot::status) for the difference to a parent.
    pub files: Vec<HgPathBuf>,
    /// The commit message.
    pub description: Text,
    /// The named branch it belongs to.
    pub branch: Text,
    /// Whether it closes the branch head that its first parent was.
    pub closes_branch: bool,
    /// Everything else that was recorded, by key: `source`, `rebase_source`, `topic`, …; values are arbitrary bytes.
    pub extras: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// A moment and the clock it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970 in UTC; the fraction that very old tools wrote is cut off.
    pub seconds: i64,
    /// The offset of the local clock in seconds *west* of UTC: -3600 in Berlin, 18000 in New York.
    pub offset_west: i32,
}

/// The parts of an entry, still in its bytes.
pub(crate) struct RawChangeset<'a> {
    pub manifest: Node,
    user: &'a [u8],
    date: &'a [u8],
    files: &'a [u8],
    description: &'a [u8],
}

impl<'a> RawChangeset<'a> {
    /// Splits an entry; says what is wrong with one that Mercurial would not have written.
    pub fn parse(text: &'a [u8]) -> Result<RawChangeset<'a>, &'static str> {
        if text.is_empty() {
            // The text of the null revision; some converters wrote it for real.
            return Ok(RawChangeset {
                manifest: Node::NULL,
                user: b"",
                date: b"",
                files: b"",
                description: b"",
            });
        }
        let (manifest, rest) = line(text).ok_or("no end of the manifest line")?;
        let manifest = Node::from_hex(manifest).ok_or("the first line is no hash")?;
        let (user, rest) = line(rest).ok_or("no end of the user line")?;
        let (date, rest) = line(rest).ok_or("no end of the date line")?;
        let (files, description) = match rest.strip_prefix(b"\n") {
            Some(description) => (&rest[..0], description),
            None => {
                let end = memchr::memmem::find(rest, b"\n\n").ok_or("no end of the file list")?;
                (&rest[..end], &rest[end + 2..])
            }
        };
        Ok(RawChangeset {
            manifest,
            user,
            date,
            files,
            description,
        })
    }

    /// The names touched, in the order of the entry.
    pub fn files(&self) -> impl Iterator<Item = &'a [u8]> {
        self.files
            .split(|&byte| byte == b'\n')
            .filter(|name| !name.is_empty())
    }

    /// Branch name and whether the changeset closes it, without decoding anything else.
    pub fn branch(&self) -> (Vec<u8>, bool) {
        let mut extras = self.extras();
        let closes = extras.contains_key(&b"close"[..]);
        (
            extras
                .remove(&b"branch"[..])
                .unwrap_or_else(|| b"default".to_vec()),
            closes,
        )
    }

    /// The date line: seconds, offset, and all the rest, as extras contain spaces.
    fn date_parts(&self) -> (&'a [u8], &'a [u8], &'a [u8]) {
        let mut parts = self.date.splitn(3, |&byte| byte == b' ');
        let mut next = || parts.next().unwrap_or_default();
        (next(), next(), next())
    }

    fn extras(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let (_, _, extras) = self.date_parts();
        parse_extras(extras)
    }

    fn time(&self) -> Timestamp {
        let (seconds, offset, _) = self.date_parts();
        let seconds = std::str::from_utf8(seconds).unwrap_or_default().trim();
        // `as` saturates and turns NaN into zero, which is all one can do with such a date.
        let seconds = seconds
            .parse()
            .unwrap_or_else(|_| seconds.parse::<f64>().unwrap_or(0.0) as i64);
        let offset_west = std::str::from_utf8(offset)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(0);
        Timestamp {
            seconds,
            offset_west,
        }
    }

    /// The owned form.
    pub fn to_changeset(&self, rev: Rev, node: Node, parents: [Option<Rev>; 2]) -> Changeset {
        let extras = self.extras();
        Changeset {
            rev,
            node,
            parents,
            manifest: self.manifest,
            user: Text::from(self.user),
            time: self.time(),
            files: self
                .files()
                .map(|name| HgPathBuf::from(name.to_vec()))
                .collect(),
            description: Text::from(self.description),
            branch: extras
                .get(&b"branch"[..])
                .map_or_else(|| Text::from("default"), |name| Text::from(&name[..])),
            closes_branch: extras.contains_key(&b"close"[..]),
            extras,
        }
    }
}

/// The bytes before the first LF and those after it.
fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', text)?;
    Some((&text[..end], &text[end + 1..]))
}

/// Reads `key:value` items separated by NUL.
fn parse_extras(text: &[u8]) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut extras = BTreeMap::new();
    for item in text
        .split(|&byte| byte == 0)
        .filter(|item| !item.is_empty())
    {
        let item = unescape(item);
        if let Some(colon) = memchr::memchr(b':', &item) {
            extras.insert(item[..colon].to_vec(), item[colon + 1..].to_vec());
        }
    }
    extras
}

/// Undoes the escapes of an extras item in one pass from the left.
///
/// Replacing one escape after the other would turn a backslash followed by the digit zero into NUL.
fn unescape(item: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(item.len());
    let mut rest = item.iter();
    while let Some(&byte) = rest.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'\\') => out.push(b'\\'),
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b'0') => out.push(0),
            Some(&other) => out.extend([b'\\', other]),
            None => out.push(b'\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MANIFEST: &str = "00ff1234567890abcdef00112233445566778899";

    fn parse(rest: &str) -> Changeset {
        let text = format!("{MANIFEST}\n{rest}");
        RawChangeset::parse(text.as_bytes()).unwrap().to_changeset(
            Rev::new(0),
            Node::NULL,
            [None; 2],
        )
    }

    #[test]
    fn an_entry_is_split_into_its_parts() {
        let entry =
            parse("Üser <u@x>\n12 -3600 branch:dead; br ä\0close:1\na file\nb\n\nfirst\n\nthird");
        assert_eq!(entry.manifest.to_string(), MANIFEST);
        assert_eq!(entry.user, "Üser <u@x>");
        assert_eq!(
            entry.time,
            Timestamp {
                seconds: 12,
                offset_west: -3600
            }
        );
        assert_eq!(
            entry.files,
            [HgPathBuf::from("a file"), HgPathBuf::from("b")]
        );
        assert_eq!(entry.description, "first\n\nthird");
        assert_eq!(entry.branch, "dead; br ä");
        assert!(entry.closes_branch);
    }

    #[test]
    fn an_entry_without_files_has_its_description_after_one_empty_line() {
        let entry = parse("u\n0 0\n\n\n\nafter two more\n\nx");
        assert!(entry.files.is_empty());
        assert_eq!(entry.description, "\n\nafter two more\n\nx");
        assert_eq!(entry.branch, "default");
    }

    #[test]
    fn dates_are_floats_negative_or_broken() {
        assert_eq!(
            parse("u\n1234.75 18000\n\nd").time,
            Timestamp {
                seconds: 1234,
                offset_west: 18000
            }
        );
        assert_eq!(parse("u\n-5 0\n\nd").time.seconds, -5);
        assert_eq!(
            parse("u\n7 west\n\nd").time,
            Timestamp {
                seconds: 7,
                offset_west: 0
            }
        );
        assert_eq!(
            parse("u\nnever\n\nd").time,
            Timestamp {
                seconds: 0,
                offset_west: 0
            }
        );
    }

    #[test]
    fn extras_keep_every_byte() {
        let extras =
            parse_extras(b"k:nl\\n nul\\0 0 bs\\\\ cr\\r bs0\\\\0 colon:x\0topic:t\0\0odd");
        assert_eq!(extras[&b"k"[..]], b"nl\n nul\0 0 bs\\ cr\r bs0\\0 colon:x");
        assert_eq!(extras[&b"topic"[..]], b"t");
        assert_eq!(extras.len(), 2);
    }

    #[test]
    fn an_entry_cut_short_is_told() {
        for cut in ["", "u", "u\n0 0", "u\n0 0\nfile\n"] {
            assert!(
                RawChangeset::parse(format!("{MANIFEST}\n{cut}").as_bytes()).is_err(),
                "{cut:?}"
            );
        }
        assert!(RawChangeset::parse(b"no hash\nu\n0 0\n\nd").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_split_or_refused(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut entry = format!("{MANIFEST}\n").into_bytes();
            entry.extend(&text);
            for candidate in [&text, &entry] {
                if let Ok(raw) = RawChangeset::parse(candidate) {
                    raw.to_changeset(Rev::new(0), Node::NULL, [None; 2]);
                }
            }
        }
    }
}
