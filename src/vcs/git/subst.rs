//! Fills in `$Format:…$` in files with the attribute `export-subst`.
//!
//! The placeholders are those of `git log --format` (`git help log`, "Pretty formats") that depend on the commit alone. Those that depend on the
//! clock (`%ar`), on configuration, on notes or on signatures are left as they stand, as Git leaves what it does not know. `%d` and `%D` are left
//! too: they would make the archive of one commit change with each tag.

use gix::bstr::ByteSlice;

use crate::ChangesetId;

/// What is known of the commit.
pub(super) struct Substitution {
    id: ChangesetId,
    /// The commit object.
    commit: Vec<u8>,
}

impl Substitution {
    pub fn new(id: ChangesetId, commit: &[u8]) -> Self {
        Substitution {
            id,
            commit: commit.to_vec(),
        }
    }

    /// The content with everything filled in.
    pub fn apply(&self, content: Vec<u8>, repo: &gix::Repository) -> Vec<u8> {
        const START: &[u8] = b"$Format:";
        if content.find(START).is_none() {
            return content;
        }
        let commit = Commit::of(&self.commit);
        let mut out = Vec::with_capacity(content.len());
        let mut rest = &content[..];
        while let Some(at) = rest.find(START) {
            let Some(length) = rest[at + START.len()..].find_byte(b'$') else {
                break;
            };
            out.extend_from_slice(&rest[..at]);
            let format = &rest[at + START.len()..at + START.len() + length];
            self.expand(format, &commit, repo, &mut out);
            rest = &rest[at + START.len() + length + 1..];
        }
        out.extend_from_slice(rest);
        out
    }

    fn expand(
        &self,
        format: &[u8],
        commit: &Commit<'_>,
        repo: &gix::Repository,
        out: &mut Vec<u8>,
    ) {
        let mut rest = format;
        while let Some(at) = rest.find_byte(b'%') {
            out.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            let used = self.placeholder(rest, commit, repo, out);
            if used == 0 {
                out.push(b'%');
            }
            rest = &rest[used..];
        }
        out.extend_from_slice(rest);
    }

    /// Writes what a placeholder stands for; returns how many bytes it takes, none when it is not known.
    fn placeholder(
        &self,
        text: &[u8],
        commit: &Commit<'_>,
        repo: &gix::Repository,
        out: &mut Vec<u8>,
    ) -> usize {
        let mut put = |bytes: &[u8]| out.extend_from_slice(bytes);
        let short = |id: &[u8]| match gix::ObjectId::from_hex(id) {
            Ok(id) => id.attach_short(repo),
            Err(_) => id.to_str_lossy().into_owned(),
        };
        match *text {
            [b'%', ..] => put(b"%"),
            [b'n', ..] => put(b"\n"),
            [b'x', high, low, ..] => {
                let digits = [high, low].map(|digit| char::from(digit).to_digit(16));
                let [Some(high), Some(low)] = digits else {
                    return 0;
                };
                put(&[(high * 16 + low) as u8]);
                return 3;
            }
            [b'H', ..] => put(self.id.to_string().as_bytes()),
            [b'h', ..] => put(short(self.id.to_string().as_bytes()).as_bytes()),
            [b'T', ..] => put(commit.tree),
            [b't', ..] => put(short(commit.tree).as_bytes()),
            [b'P', ..] => put(&commit.parents.join(&b' ')),
            [b'p', ..] => {
                let parents: Vec<String> = commit.parents.iter().map(|id| short(id)).collect();
                put(parents.join(" ").as_bytes());
            }
            [b's', ..] => put(&commit.subject()),
            [b'f', ..] => put(&sanitized(
                commit
                    .message
                    .trim_start()
                    .lines()
                    .next()
                    .unwrap_or_default(),
            )),
            [b'b', ..] => put(commit.body()),
            [b'B', ..] => put(commit.message),
            [b'e', ..] => put(commit.encoding),
            [who @ (b'a' | b'c'), what, ..] => {
                let person = if who == b'a' {
                    &commit.author
                } else {
                    &commit.committer
                };
                match what {
                    b'n' | b'N' => put(person.name),
                    b'e' | b'E' => put(person.email),
                    b'l' | b'L' => put(person.email.split_str("@").next().unwrap_or_default()),
                    b't' => put(person.seconds.to_string().as_bytes()),
                    b'd' => put(person.date(DateStyle::Usual).as_bytes()),
                    b'D' => put(person.date(DateStyle::Mail).as_bytes()),
                    b'i' => put(person.date(DateStyle::Iso).as_bytes()),
                    b'I' => put(person.date(DateStyle::IsoStrict).as_bytes()),
                    b's' => put(person.date(DateStyle::Short).as_bytes()),
                    _ => return 0,
                }
                return 2;
            }
            _ => return 0,
        }
        1
    }
}

/// Shortens an id as `git log` does.
trait Short {
    fn attach_short(self, repo: &gix::Repository) -> String;
}

impl Short for gix::ObjectId {
    fn attach_short(self, repo: &gix::Repository) -> String {
        use gix::prelude::ObjectIdExt;
        self.attach(repo).shorten_or_id().to_string()
    }
}

struct Commit<'a> {
    tree: &'a [u8],
    parents: Vec<&'a [u8]>,
    author: Signature<'a>,
    committer: Signature<'a>,
    encoding: &'a [u8],
    message: &'a [u8],
}

impl<'a> Commit<'a> {
    fn of(object: &'a [u8]) -> Self {
        let (head, message) = object.split_once_str(b"\n\n").unwrap_or((object, b""));
        let mut commit = Commit {
            tree: b"",
            parents: Vec::new(),
            author: Signature::default(),
            committer: Signature::default(),
            encoding: b"",
            message,
        };
        for line in head.lines() {
            let Some((key, value)) = line.split_once_str(b" ") else {
                continue;
            };
            match key {
                b"tree" => commit.tree = value,
                b"parent" => commit.parents.push(value),
                b"author" => commit.author = Signature::of(value),
                b"committer" => commit.committer = Signature::of(value),
                b"encoding" => commit.encoding = value,
                _ => {}
            }
        }
        commit
    }

    /// The first paragraph in one line.
    fn subject(&self) -> Vec<u8> {
        let message = self.message.trim_start();
        let lines = message.lines().take_while(|line| !line.trim().is_empty());
        lines
            .map(|line| line.trim_end())
            .collect::<Vec<_>>()
            .join(&b' ')
    }

    /// What follows the first paragraph.
    fn body(&self) -> &'a [u8] {
        let mut rest = self.message.trim_start();
        while !rest.is_empty() {
            let end = rest.find_byte(b'\n').map_or(rest.len(), |at| at + 1);
            let empty = rest[..end].trim().is_empty();
            rest = &rest[end..];
            if empty {
                break;
            }
        }
        while let Some(end) = rest
            .find_byte(b'\n')
            .filter(|&end| rest[..end].trim().is_empty())
        {
            rest = &rest[end + 1..];
        }
        rest
    }
}

/// A name for a file, made of the first line.
fn sanitized(line: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::new();
    let mut gap = false;
    for &byte in line {
        if byte == b'.' && !gap && out.last() == Some(&b'.') {
            continue;
        }
        if byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_' {
            if gap && !out.is_empty() {
                out.push(b'-');
            }
            gap = false;
            out.push(byte);
        } else {
            gap = true;
        }
    }
    while matches!(out.last(), Some(b'.' | b'-')) {
        out.pop();
    }
    out
}

#[derive(Default)]
struct Signature<'a> {
    name: &'a [u8],
    email: &'a [u8],
    seconds: i64,
    /// `+0130` as 130.
    zone: i32,
}

enum DateStyle {
    Usual,
    Mail,
    Iso,
    IsoStrict,
    Short,
}

impl<'a> Signature<'a> {
    fn of(line: &'a [u8]) -> Self {
        let (name, rest) = line.split_once_str(b"<").unwrap_or((line, b""));
        let (email, date) = rest.rsplit_once_str(b">").unwrap_or((rest, b""));
        let date = date.to_str_lossy().into_owned();
        let mut words = date.split_ascii_whitespace();
        let mut number = || {
            words
                .next()
                .and_then(|word| word.parse::<i64>().ok())
                .unwrap_or(0)
        };
        let (seconds, zone) = (number(), number());
        Signature {
            name: name.trim(),
            email: email.trim(),
            seconds,
            zone: i32::try_from(zone).unwrap_or(0),
        }
    }

    fn date(&self, style: DateStyle) -> String {
        let offset = i64::from(self.zone / 100 * 60 + self.zone % 100) * 60;
        let Ok(time) = gix::date::Time::new(self.seconds, i32::try_from(offset).unwrap_or(0))
            .format(match style {
                DateStyle::Usual => gix::date::time::format::DEFAULT,
                DateStyle::Mail => gix::date::time::format::GIT_RFC2822,
                DateStyle::Iso => gix::date::time::format::ISO8601,
                DateStyle::IsoStrict => gix::date::time::format::ISO8601_STRICT,
                DateStyle::Short => gix::date::time::format::SHORT,
            })
        else {
            return String::new();
        };
        time
    }
}
