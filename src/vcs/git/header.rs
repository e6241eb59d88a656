//! Takes a commit object apart.
//!
//! A commit is lines of `key value` (`tree`, `parent`…, `author`, `committer`, `encoding` and others), an empty line, and
//! the message (gitformat: `git help git-cat-file`, `Documentation/gitformat-commit`). Old tools wrote authors without
//! an address, dates that are no numbers and other oddities. `git log` shows those commits, so we never refuse one for
//! them: what cannot be understood is empty or zero.

use gix::ObjectId;

use crate::{Person, SignatureFormat, Timestamp};

/// The parts of a commit, undecoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header<'a> {
    pub tree: ObjectId,
    pub parents: Vec<ObjectId>,
    author: &'a [u8],
    committer: &'a [u8],
    encoding: Option<&'a [u8]>,
    signature: &'a [u8],
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
            signature: b"",
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
                b"gpgsig" if header.signature.is_empty() => header.signature = value,
                // Merged tags (their further lines start with a space) and whatever is invented next.
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

    /// When it was written; what was amended or picked keeps this date.
    pub fn author_date(&self) -> Timestamp {
        signature(self.author).1
    }

    /// What it says.
    pub fn message(&self) -> String {
        self.decode(self.message)
    }

    /// The kind of its signature; none where it has none.
    pub fn signature_format(&self) -> Option<SignatureFormat> {
        SignatureFormat::of(self.signature)
    }

    fn decode(&self, bytes: &[u8]) -> String {
        decode(bytes, self.encoding)
    }
}

/// Text as UTF-8 if it is, else in the encoding that is named, else as the site reads such text.
fn decode(bytes: &[u8], encoding: Option<&[u8]>) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let named =
        encoding.and_then(|name| gix::filter::plumbing::worktree::encoding::for_label(name).ok());
    match named {
        Some(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
        None => crate::content::read_other(bytes),
    }
}

/// Takes the signature out of a commit: it and what was signed, which is all but it.
pub(super) fn split_signature(commit: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut armour, mut signed) = (Vec::new(), Vec::with_capacity(commit.len()));
    let mut rest = commit;
    let mut target: Option<bool> = None;
    while !rest.is_empty() {
        let (line, after) = split_line(rest);
        if line.is_empty() {
            break;
        }
        // Lines that go on start with a blank.
        let (of, text) = match line.strip_prefix(b" ") {
            Some(more) => (target, more),
            None if line.starts_with(b"gpgsig ") => (Some(true), &line[b"gpgsig ".len()..]),
            // A signature of the same commit in a repository with longer hashes.
            None if line.starts_with(b"gpgsig-sha256 ") => (Some(false), &b""[..]),
            None => (None, line),
        };
        target = of;
        match target {
            Some(true) => {
                armour.extend_from_slice(text);
                armour.push(b'\n');
            }
            Some(false) => {}
            None => {
                let whole = rest.len() - after.len();
                signed.extend_from_slice(&rest[..whole]);
            }
        }
        rest = after;
    }
    signed.extend_from_slice(rest);
    (armour, signed)
}

/// The parts of a tag object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TagHeader<'a> {
    pub target: ObjectId,
    tagger: &'a [u8],
    encoding: Option<&'a [u8]>,
    /// The message with its signature.
    body: &'a [u8],
    /// All before the body.
    head: &'a [u8],
}

impl<'a> TagHeader<'a> {
    /// Splits the bytes of a tag; none when it does not start with what it tags.
    pub fn parse(tag: &'a [u8]) -> Option<Self> {
        let (object, mut rest) = split_line(tag);
        let target = ObjectId::from_hex(object.strip_prefix(b"object ")?).ok()?;
        let (mut tagger, mut encoding) = (&b""[..], None);
        while !rest.is_empty() {
            let (line, after) = split_line(rest);
            rest = after;
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix(b"tagger ") {
                tagger = value;
            } else if let Some(value) = line.strip_prefix(b"encoding ") {
                encoding = Some(value);
            }
        }
        Some(TagHeader {
            target,
            tagger,
            encoding,
            body: rest,
            head: &tag[..tag.len() - rest.len()],
        })
    }

    /// Who made it; very old tags do not tell.
    pub fn tagger(&self) -> Option<Person> {
        (!self.tagger.is_empty())
            .then(|| Person::parse(&decode(signature(self.tagger).0, self.encoding)))
    }

    /// When it was made; tags that do not tell who do not tell this.
    pub fn date(&self) -> Option<Timestamp> {
        (!self.tagger.is_empty()).then(|| signature(self.tagger).1)
    }

    /// What it says, without the signature.
    pub fn message(&self) -> String {
        let end = self.signature().map_or(self.body.len(), |(at, _, _)| at);
        decode(&self.body[..end], self.encoding)
    }

    /// Where in the body its signature starts, the signature, and its kind.
    pub fn signature(&self) -> Option<(usize, &'a [u8], SignatureFormat)> {
        let starts = memchr::memchr_iter(b'\n', self.body).map(|at| at + 1);
        std::iter::once(0).chain(starts).find_map(|at| {
            let armour = &self.body[at..];
            let begins = armour.starts_with(b"-----BEGIN ");
            Some((at, armour, SignatureFormat::of(armour).filter(|_| begins)?))
        })
    }

    /// What was signed.
    pub fn signed(&self) -> Vec<u8> {
        let end = self.signature().map_or(self.body.len(), |(at, _, _)| at);
        [self.head, &self.body[..end]].concat()
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
    let seconds = (i64::from(number / 100) * 60 + i64::from(number % 100)) * 60;
    // No clock on earth is a day off; such numbers come from broken importers.
    i32::try_from(seconds)
        .ok()
        .filter(|seconds| seconds.abs() < 24 * 3600)
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
