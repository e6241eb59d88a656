//! A commit as the placeholders see it: in UTF-8, whatever it was written in.

use gix::bstr::ByteSlice;

/// A commit in UTF-8, where it says in which other encoding it is.
pub(super) fn in_utf8(commit: &[u8]) -> Vec<u8> {
    let head = commit.find(b"\n\n").map_or(commit, |end| &commit[..end]);
    let named = head
        .lines()
        .find_map(|line| line.strip_prefix(b"encoding "));
    let encoding =
        named.and_then(|name| gix::filter::plumbing::worktree::encoding::for_label(name).ok());
    let text = encoding
        .and_then(|encoding| encoding.decode_without_bom_handling_and_without_replacement(commit));
    text.map_or_else(|| commit.to_vec(), |text| text.into_owned().into_bytes())
}

pub(super) struct Commit<'a> {
    pub tree: &'a [u8],
    pub parents: Vec<&'a [u8]>,
    pub author: Signature<'a>,
    pub committer: Signature<'a>,
    pub encoding: &'a [u8],
    pub message: &'a [u8],
    /// Whether it carries a signature.
    pub signed: bool,
}

impl<'a> Commit<'a> {
    pub fn of(object: &'a [u8]) -> Self {
        let (head, message) = object.split_once_str(b"\n\n").unwrap_or((object, b""));
        let mut commit = Commit {
            tree: b"",
            parents: Vec::new(),
            author: Signature::default(),
            committer: Signature::default(),
            encoding: b"",
            message,
            signed: false,
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
                b"gpgsig" => commit.signed = true,
                _ => {}
            }
        }
        commit
    }

    /// The first paragraph in one line.
    pub fn subject(&self) -> Vec<u8> {
        let message = self.message.trim_start();
        let lines = message.lines().take_while(|line| !line.trim().is_empty());
        lines
            .map(|line| line.trim_end())
            .collect::<Vec<_>>()
            .join(&b' ')
    }

    /// What follows the first paragraph.
    pub fn body(&self) -> &'a [u8] {
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
pub(super) fn sanitized(line: &[u8]) -> Vec<u8> {
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

/// Who, and when.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Signature<'a> {
    pub name: &'a [u8],
    pub email: &'a [u8],
    pub seconds: i64,
    /// `+0130` as 130.
    pub zone: i32,
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
}
