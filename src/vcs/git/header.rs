//! Takes a commit object apart.
//!
//! A commit is lines of `key value` (`tree`, `parent`…, `author`, `committer`, `encoding` and others), an empty line, and
//! the message (gitformat: `git help git-cat-file`, `Documentation/gitformat-commit`). Old tools wrote authors without
//! an address, dates that are no numbers and other oddities. `git log` shows those commits, so we never refuse one for
//! them: what cannot be understood is empty or zero.

use gix::ObjectId;

use crate::{Person, Timestamp};

/// The parts of a commit, undecoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header<'a> {
    pub tree: ObjectId,
    pub parents: Vec<ObjectId>,
    author: &'a [u8],
    committer: &'a [u8],
    encoding: Option<&'a [u8]>,
    message: &'a [u8],
}

impl<'a> Header<'a> {
    /// Splits the bytes of a commit; none when it does not start with its tree, i.e. is no commit at all.
    pub fn parse(commit: &'a [u8]) -> Option<Self> {
        let id = |hex: &[u8]| ObjectId::from_hex(hex).ok();
        let (tree, mut rest) = split_line(commit);
        let mut header = Header {
            tree: id(tree.strip_prefix(b"tree ")?)?,
            parents: Vec::new(),
            author: b"",
            committer: b"",
            encoding: None,
            message: b"",
        };
        while !rest.is_empty() {
            let (line, after) = split_line(rest);
            rest = after;
            let Some(space) = memchr::memchr(b' ', line) else {
                if line.is_empty() {
                    header.message = rest;
                    break;
                }
                continue;
            };
            let value = &line[space + 1..];
            match &line[..space] {
                b"parent" => header.parents.extend(id(value)),
                b"author" if header.author.is_empty() => header.author = value,
                b"committer" if header.committer.is_empty() => header.committer = value,
                b"encoding" if header.encoding.is_none() => header.encoding = Some(value),
                // Signatures, merged tags (their further lines start with a space) and whatever is invented next.
                _ => {}
            }
        }
        Some(header)
    }

    /// Who wrote it.
    pub fn author(&self) -> Person {
        Person::parse(&self.decode(signature(self.author).0))
    }

    /// Who recorded it.
    pub fn committer(&self) -> Person {
        Person::parse(&self.decode(signature(self.committer).0))
    }

    /// When it was recorded.
    pub fn date(&self) -> Timestamp {
        signature(self.committer).1
    }

    /// What it says.
    pub fn message(&self) -> String {
        self.decode(self.message)
    }

    /// Text as UTF-8 if it is, else in the encoding the commit names, else as Latin-1, which takes any bytes.
    fn decode(&self, bytes: &[u8]) -> String {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return text.to_owned();
        }
        let label = self.encoding.unwrap_or(b"latin1");
        match gix::filter::plumbing::worktree::encoding::for_label(label) {
            Ok(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Err(_) => bytes.iter().map(|&byte| byte as char).collect(),
        }
    }
}

/// The first line without its end, and what follows.
fn split_line(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'\n', text) {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, b""),
    }
}

/// Splits `Name <address> 1700000000 +0100` into the person and the date.
fn signature(line: &[u8]) -> (&[u8], Timestamp) {
    let end = memchr::memrchr(b'>', line).map_or(line.len(), |at| at + 1);
    let (person, date) = line.split_at(end);
    let mut words = std::str::from_utf8(date)
        .unwrap_or_default()
        .split_ascii_whitespace();
    let seconds = words
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or_default();
    let offset_east = words.next().and_then(offset).unwrap_or_default();
    (
        person,
        Timestamp {
            seconds,
            offset_east,
        },
    )
}

/// `+0130` as 5400 seconds.
fn offset(text: &str) -> Option<i32> {
    let number: i32 = text.parse().ok()?;
    let seconds = (number / 100 * 60 + number % 100) * 60;
    // No clock on earth is a day off; such numbers come from broken importers.
    (seconds.abs() < 24 * 3600).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n";

    fn commit(rest: &[u8]) -> Vec<u8> {
        [TREE.as_bytes(), rest].concat()
    }

    #[test]
    fn an_ordinary_commit() {
        let bytes = commit(
            b"parent 1111111111111111111111111111111111111111\n\
              author Alice <alice@example.com> 1700000000 +0130\n\
              committer Bob <bob@example.com> 1700000001 -0500\n\
              gpgsig -----BEGIN\n parent 2222222222222222222222222222222222222222\n\
              \nSubject\n\nauthor is a word like any other\n",
        );
        let header = Header::parse(&bytes).unwrap();
        assert_eq!(header.parents, [ObjectId::from_hex(&[b'1'; 40]).unwrap()]);
        assert_eq!(header.author().name, "Alice");
        assert_eq!(header.committer().email, "bob@example.com");
        assert_eq!(
            header.date(),
            Timestamp {
                seconds: 1_700_000_001,
                offset_east: -5 * 3600
            }
        );
        assert_eq!(
            header.message(),
            "Subject\n\nauthor is a word like any other\n"
        );
        assert_eq!(signature(header.author).1.offset_east, 5400);
    }

    #[test]
    fn oddities_of_old_tools_are_shown_not_refused() {
        for (author, person, seconds) in [
            (&b"Alice"[..], "Alice", 0),
            (b"Alice <alice@example.com>", "Alice <alice@example.com>", 0),
            (
                b"Alice <alice@example.com> yesterday",
                "Alice <alice@example.com>",
                0,
            ),
            (
                b"Alice <a>b@example.com> 12 +9999",
                "Alice <a>b@example.com>",
                12,
            ),
            (b"", "", 0),
        ] {
            let line = [b"committer ", author, b"\n\nm"].concat();
            let bytes = commit(&line);
            let header = Header::parse(&bytes).unwrap();
            assert_eq!(header.committer().raw, person);
            assert_eq!(
                header.date(),
                Timestamp {
                    seconds,
                    offset_east: 0
                }
            );
        }
        assert_eq!(Header::parse(b"not a commit"), None);
        assert_eq!(Header::parse(TREE.as_bytes()).unwrap().message(), "");
    }

    #[test]
    fn text_is_decoded_by_utf8_then_header_then_latin1() {
        let decoded = |rest: &[u8]| Header::parse(&commit(rest)).unwrap().message();
        assert_eq!(decoded("\ncafé".as_bytes()), "café");
        assert_eq!(decoded(b"\ncaf\xe9"), "café");
        assert_eq!(decoded(b"encoding windows-1251\n\n\xcf\xf0"), "Пр");
        assert_eq!(decoded(b"encoding no-such-thing\n\ncaf\xe9"), "café");
    }
}
