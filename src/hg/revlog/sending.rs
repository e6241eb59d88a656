//! Stored data as it is, for another clone.
//!
//! Whoever sends history wants the differences as they lie in the file: making texts of them only to compare these again
//! would cost most of the time that a clone takes.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::delta::Patch;
use super::index::IndexEntry;
use super::{CENSORED, Chunks, ELLIPSIS, EXTERNAL, Revlog};
use crate::error::Error;
use crate::ids::Rev;
use crate::line_match::{matching_runs, split_lines};

/// The text is not what the hash is of. Such a revision can only be sent together with its flags.
pub(crate) const NEED_FLAGS: u16 = CENSORED | ELLIPSIS | EXTERNAL;
/// The text begins with a header, and its first parent stands where others have it. Only newest formats know this flag.
pub(crate) const HAS_HEADER: u16 = 0x0800;

impl Revlog {
    /// What the stored data of a revision is a difference to; `None` when it is the full text.
    pub fn stored_base(&self, rev: Rev) -> Result<Option<Rev>, Error> {
        Ok(self.delta_parent(rev, &self.known(rev)?))
    }

    /// The stored data of these revisions, decompressed: differences and full texts, see
    /// [`stored_base`](Revlog::stored_base).
    pub fn stored(&self, revs: &[Rev]) -> Result<Vec<Vec<u8>>, Error> {
        let mut chunks = Chunks::default();
        let read = |(place, rev): (usize, &Rev)| {
            let entry = self.known(*rev)?;
            let raw = chunks.get(self, revs, place)?;
            match self.delta_parent(*rev, &entry) {
                None => self.full_text(*rev, &entry, raw),
                Some(base) => {
                    let base = self.known(base)?.text_len.map_or(self.max_text, u64::from);
                    self.delta(*rev, &entry, raw, base as usize)
                }
            }
        };
        revs.iter().enumerate().map(read).collect()
    }

    /// About how much memory the stored data of a revision takes: more than this is rare, as deltas hardly compress.
    pub fn stored_size(&self, rev: Rev) -> u64 {
        let Some(entry) = self.entry(rev) else {
            return 0;
        };
        let stored = u64::from(entry.chunk_len);
        let text = entry.text_len.map_or(0, u64::from);
        match self.delta_parent(rev, &entry) {
            None => stored.max(text),
            Some(_) => stored.saturating_mul(4).min(stored.max(text)),
        }
    }

    /// A text from the one that its stored data is a difference to. It is not checked against its hash.
    pub fn patched(&self, rev: Rev, base: &[u8], stored: &[u8]) -> Result<Vec<u8>, Error> {
        match Patch::parse(stored, base.len()) {
            Ok(patch) => Ok(patch.apply(base)),
            Err(reason) => Err(self.damaged_at(rev, reason)),
        }
    }

    /// How long index and data file are, counting only revisions that came with one of the first `changesets` changesets.
    ///
    /// Revisions of a transaction that is still open stand at the end, so cutting there leaves what was before it.
    pub fn sizes(&self, changesets: usize) -> (u64, u64) {
        const ENTRY: u64 = 64;
        let end = |entry: &IndexEntry| entry.offset + u64::from(entry.chunk_len);
        let (mut count, mut data, mut kept) = (0, 0, 0);
        for (place, entry) in self.entries().enumerate() {
            data = data.max(end(&entry));
            if entry.link.is_some_and(|link| link.index() < changesets) {
                (count, kept) = (place + 1, data);
            }
        }
        if self.index.inline.is_some() {
            (kept, 0)
        } else {
            (count as u64 * ENTRY, kept)
        }
    }

    /// Whether the last revision still stands at its place in the file: nothing was taken away since the index was read.
    pub fn is_untouched(&self) -> Result<bool, Error> {
        let last = self.len().checked_sub(1).map(Rev::from_index);
        let Some(last) = last.and_then(|last| self.entry(last)) else {
            return Ok(true);
        };
        let file = File::open(&self.path).map_err(|error| Error::io(&self.path, error))?;
        let read = |bytes: &mut [u8], at: u64| match file.read_exact_at(bytes, at) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(Error::io(&self.path, error)),
        };
        let mut header = [0; 4];
        if !read(&mut header, 0)? {
            return Ok(false);
        }
        let (version, inline) = (header[3], header[1] & 1 != 0);
        // An index that has outgrown its one file is of the usual form then, which takes nothing away.
        if inline && self.index.inline.is_none() {
            return Ok(false);
        }
        let before = self.len() as u64 - 1;
        let place = match (version, inline) {
            (0, _) => before * 76 + 56,
            (_, false) => before * 64 + 32,
            (_, true) => last.offset - 32,
        };
        let mut node = [0; 20];
        Ok(read(&mut node, place)? && node == *last.node.as_bytes())
    }
}

/// The difference between two texts in the form of a stored delta: `start, end, length` of what is replaced, and by what.
///
/// What both texts begin and end with is left out in whole lines; what is between goes through Mercurial's own matcher
/// unless it is so long that one big replacement is better.
pub(crate) fn delta(old: &[u8], new: &[u8]) -> Vec<u8> {
    const MAX_LINES: usize = 20_000;
    let mut out = Vec::new();
    if old == new {
        return out;
    }
    let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let start = memchr::memrchr(b'\n', &old[..same]).map_or(0, |end| end + 1);
    let (a, b) = (&old[start..], &new[start..]);
    let same = a.iter().rev().zip(b.iter().rev());
    let mut tail = same.take_while(|(a, b)| a == b).count();
    // The end begins with a whole line in both.
    let line = memchr::memchr(b'\n', &a[a.len() - tail..]);
    tail = line.map_or(0, |end| tail - end - 1);
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);

    let (lines_a, lines_b) = (split_lines(a), split_lines(b));
    let runs = if lines_a.len().max(lines_b.len()) > MAX_LINES {
        Vec::new()
    } else {
        matching_runs(&lines_a, &lines_b)
    };
    let size = |lines: &[&[u8]]| lines.iter().map(|line| line.len()).sum::<usize>();
    // Lines and bytes that are done with.
    let (mut line_a, mut line_b, mut byte_a, mut byte_b) = (0, 0, 0, 0);
    let ends = runs.iter().map(|run| (run.a, run.b, run.len));
    for (run_a, run_b, len) in ends.chain([(lines_a.len(), lines_b.len(), 0)]) {
        let (cut, put) = (size(&lines_a[line_a..run_a]), size(&lines_b[line_b..run_b]));
        if cut > 0 || put > 0 {
            let from = start + byte_a;
            hunk(&mut out, from, from + cut, &b[byte_b..byte_b + put]);
        }
        let kept = size(&lines_a[run_a..run_a + len]);
        byte_a += cut + kept;
        byte_b += put + kept;
        (line_a, line_b) = (run_a + len, run_b + len);
    }
    out
}

/// How long the numbers before the bytes of a replacement are.
pub(crate) const HUNK: usize = 12;

/// One replacement of a stored delta. Texts are shorter than 2 GiB, as their lengths are stored in an i32.
pub(crate) fn hunk(out: &mut Vec<u8>, start: usize, end: usize, bytes: &[u8]) {
    for number in [start, end, bytes.len()] {
        out.extend((number as u32).to_be_bytes());
    }
    out.extend_from_slice(bytes);
}

/// Adds a full text as a difference to nothing.
pub(crate) fn full(text: &[u8], out: &mut Vec<u8>) {
    if !text.is_empty() {
        hunk(out, 0, 0, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn apply(old: &[u8], new: &[u8]) -> Vec<u8> {
        let made = delta(old, new);
        Patch::parse(&made, old.len()).unwrap().apply(old)
    }

    #[test]
    fn a_delta_holds_the_changed_lines_only() {
        let old = b"one\ntwo\nthree\nfour\n";
        let new = b"one\n2\nthree\nfour\nfive\n";
        assert_eq!(apply(old, new), new);
        let made = delta(old, new);
        let mut wanted = Vec::new();
        hunk(&mut wanted, 4, 8, b"2\n");
        hunk(&mut wanted, 19, 19, b"five\n");
        assert_eq!(made, wanted);
        assert!(delta(old, old).is_empty());
        assert_eq!(apply(b"", b"x"), b"x");
        assert_eq!(apply(b"x", b""), b"");
    }

    proptest! {
        #[test]
        fn a_delta_makes_the_new_text(
            old in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), Just(b'b')], 0..60),
            new in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), Just(b'b')], 0..60),
        ) {
            prop_assert_eq!(apply(&old, &new), new);
        }
    }
}
