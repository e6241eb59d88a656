//! The text of one manifest, searched as it is.

use std::cmp::Ordering;

use super::{DirEntry, Entry, FileKind};
use crate::ids::Node;
use crate::path::{HgPath, HgPathBuf};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    File(FileKind),
    Tree,
}

impl Flag {
    pub fn file(self, node: Node) -> Option<Entry> {
        match self {
            Flag::File(kind) => Some(Entry { node, kind }),
            Flag::Tree => None,
        }
    }
}

/// One line of a manifest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub path: &'a [u8],
    node: &'a [u8],
    flag: &'a [u8],
    /// The whole line with its line end.
    pub raw: &'a [u8],
}

impl<'a> Line<'a> {
    /// Takes the line at the beginning of a text, and the rest.
    fn split(text: &'a [u8]) -> Option<(Line<'a>, &'a [u8])> {
        let nul = memchr::memchr(0, text)?;
        let node = text.get(nul + 1..nul + 41)?;
        let end = nul + 41 + memchr::memchr(b'\n', &text[nul + 41..])?;
        Some((
            Line {
                path: &text[..nul],
                node,
                flag: &text[nul + 41..end],
                raw: &text[..=end],
            },
            &text[end + 1..],
        ))
    }

    pub fn value(self) -> (Node, Flag) {
        let flag = match self.flag {
            b"x" => Flag::File(FileKind::Executable),
            b"l" => Flag::File(FileKind::Symlink),
            b"t" => Flag::Tree,
            _ => Flag::File(FileKind::Regular),
        };
        // Whether these are forty digits was not checked; what is not names no revision.
        (Node::from_hex(self.node).unwrap_or_default(), flag)
    }

    pub fn file(self) -> Option<Entry> {
        let (node, flag) = self.value();
        flag.file(node)
    }

    pub fn tree(self) -> Option<Node> {
        let (node, flag) = self.value();
        (flag == Flag::Tree).then_some(node)
    }

    pub fn child(self) -> DirEntry {
        DirEntry {
            name: HgPathBuf::from(self.path.to_vec()),
            file: self.file(),
        }
    }
}

/// Whether a text consists of whole lines.
pub(super) fn check(text: &[u8]) -> Result<(), &'static str> {
    if text.last().is_some_and(|&last| last != b'\n') {
        return Err("the last line has no end");
    }
    Ok(())
}

pub(super) fn lines(mut text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    std::iter::from_fn(move || {
        let (line, rest) = Line::split(text)?;
        text = rest;
        Some(line)
    })
}

/// Where the first line begins whose path is not less than `path`.
fn lower_bound(text: &[u8], path: &[u8]) -> usize {
    // Both ends are always beginnings of lines.
    let (mut low, mut high) = (0, text.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = memchr::memrchr(b'\n', &text[low..middle]).map_or(low, |lf| low + lf + 1);
        let Some((line, rest)) = Line::split(&text[start..high]) else {
            return high;
        };
        if line.path < path {
            low = high - rest.len();
        } else {
            high = start;
        }
    }
    low
}

pub(super) fn find<'a>(text: &'a [u8], path: &[u8]) -> Option<Line<'a>> {
    Line::split(&text[lower_bound(text, path)..])
        .map(|(line, _)| line)
        .filter(|line| line.path == path)
}

/// The lines of a flat manifest below a directory.
pub(super) fn below<'a>(text: &'a [u8], directory: HgPath<'_>) -> &'a [u8] {
    if directory.is_root() {
        return text;
    }
    // `0` is the byte after `/`.
    let start = lower_bound(text, directory.join(b"").as_bytes());
    let end = lower_bound(text, &[directory.as_bytes(), b"0"].concat());
    text.get(start..end).unwrap_or_default()
}

pub(super) fn flat_children(mut range: &[u8], directory: HgPath<'_>) -> Vec<DirEntry> {
    let skip = if directory.is_root() {
        0
    } else {
        directory.as_bytes().len() + 1
    };
    let mut children = Vec::new();
    while let Some((line, rest)) = Line::split(range) {
        let name = line.path.get(skip..).unwrap_or_default();
        match memchr::memchr(b'/', name) {
            None => {
                children.push(DirEntry {
                    name: HgPathBuf::from(name.to_vec()),
                    file: line.file(),
                });
                range = rest;
            }
            Some(slash) => {
                children.push(DirEntry {
                    name: HgPathBuf::from(name[..slash].to_vec()),
                    file: None,
                });
                // On to the first path that is not below this directory.
                let next = [&line.path[..skip + slash], b"0"].concat();
                let at = lower_bound(range, &next);
                // Lines out of order must not hold up the walk.
                range = &range[at.max(range.len() - rest.len())..];
            }
        }
    }
    children
}

/// Gives `take` each path whose lines differ, in order.
pub(super) fn each_difference<'a>(
    old: &'a [u8],
    new: &'a [u8],
    mut take: impl FnMut(&'a [u8], Option<Line<'a>>, Option<Line<'a>>),
) {
    // Mostly almost everything is equal, so compare bytes before lines.
    let same = common_start(old, new);
    let start = memchr::memrchr(b'\n', &old[..same]).map_or(0, |lf| lf + 1);
    let (mut old, mut new) = (&old[start..], &new[start..]);
    let same = common_end(old, new);
    // Only whole lines can be cut off at the end.
    let tail = &old[old.len() - same..];
    let cut = memchr::memchr(b'\n', tail).map_or(0, |lf| tail.len() - lf - 1);
    old = &old[..old.len() - cut];
    new = &new[..new.len() - cut];

    let (mut a, mut b) = (lines(old), lines(new));
    let (mut next_a, mut next_b) = (a.next(), b.next());
    loop {
        let order = match (next_a, next_b) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(x), Some(y)) => x.path.cmp(y.path),
        };
        match (order, next_a, next_b) {
            (Ordering::Equal, Some(x), Some(y)) if (x.node, x.flag) == (y.node, y.flag) => {}
            (Ordering::Equal, Some(x), _) => take(x.path, next_a, next_b),
            (Ordering::Less, Some(x), _) => take(x.path, next_a, None),
            (_, _, Some(y)) => take(y.path, None, next_b),
            _ => {}
        }
        if order != Ordering::Greater {
            next_a = a.next();
        }
        if order != Ordering::Less {
            next_b = b.next();
        }
    }
}

/// How many bytes at the beginning are equal. Whole blocks are compared first, many times faster than bytes.
fn common_start(a: &[u8], b: &[u8]) -> usize {
    let blocks = a
        .chunks(BLOCK)
        .zip(b.chunks(BLOCK))
        .take_while(|(a, b)| a == b);
    let equal: usize = blocks.map(|(a, _)| a.len()).sum();
    equal
        + a[equal..]
            .iter()
            .zip(&b[equal..])
            .take_while(|(a, b)| a == b)
            .count()
}

/// How many bytes at the end are equal.
fn common_end(a: &[u8], b: &[u8]) -> usize {
    let blocks = a
        .rchunks(BLOCK)
        .zip(b.rchunks(BLOCK))
        .take_while(|(a, b)| a == b);
    let equal: usize = blocks.map(|(a, _)| a.len()).sum();
    let (a, b) = (&a[..a.len() - equal], &b[..b.len() - equal]);
    equal
        + a.iter()
            .rev()
            .zip(b.iter().rev())
            .take_while(|(a, b)| a == b)
            .count()
}

const BLOCK: usize = 256;
