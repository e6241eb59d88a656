//! Compares two texts line by line.
//!
//! The comparison itself is the histogram algorithm (`edits.rs`). Here lines are prepared for it, changes that lie close
//! together are gathered into hunks, and headings are looked up.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use imara_diff::{Algorithm, InternedInput};

use super::edits::Edits;
use super::places::indent_of;
use super::{Hunk, Line, LineKind, Whitespace, words};

/// What changed from one text to another, with so many unchanged lines around it: for texts that are in no repository (yet).
pub fn between(old: &[u8], new: &[u8], context: u32) -> Vec<Hunk> {
    let mut hunks = Changes::between(old, new, Whitespace::Keep).hunks(context);
    let mut effort = words::Effort::new();
    hunks
        .iter_mut()
        .for_each(|hunk| words::mark(hunk, &mut effort));
    hunks
}

/// The changes between two texts, before anybody asked to see them.
pub(super) struct Changes<'a> {
    old: Vec<&'a [u8]>,
    new: Vec<&'a [u8]>,
    edits: Edits,
    places: Vec<imara_diff::Hunk>,
}

impl<'a> Changes<'a> {
    /// Compares two texts.
    pub fn between(old: &'a [u8], new: &'a [u8], whitespace: Whitespace) -> Self {
        let [old, new] = [old, new].map(|text| {
            text.split_inclusive(|&byte| byte == b'\n')
                .collect::<Vec<_>>()
        });
        let key = |line: &&'a [u8]| Key { line, whitespace };
        let mut input = InternedInput::default();
        input.reserve(old.len() as u32, new.len() as u32);
        input.update_before(old.iter().map(key));
        input.update_after(new.iter().map(key));
        let interner = &input.interner;
        let edits = Edits::between(
            Algorithm::Histogram,
            &input.before,
            &input.after,
            interner.num_tokens(),
            |token| indent_of(interner[token].line),
        );
        let places = edits.hunks();
        Changes {
            old,
            new,
            edits,
            places,
        }
    }

    /// How many lines were added.
    pub fn added(&self) -> u64 {
        self.edits.count_added()
    }

    /// How many lines were removed.
    pub fn removed(&self) -> u64 {
        self.edits.count_removed()
    }

    /// The changes with `context` unchanged lines around them.
    pub fn hunks(&self, context: u32) -> Vec<Hunk> {
        let mut sections = Sections {
            lines: &self.old,
            seen: 0,
            last: b"",
        };
        let mut groups: Vec<Vec<imara_diff::Hunk>> = Vec::new();
        for change in self.places.iter().cloned() {
            match groups.last_mut() {
                Some(group)
                    if group.last().is_some_and(|last| {
                        change.before.start - last.before.end <= context.saturating_mul(2)
                    }) =>
                {
                    group.push(change);
                }
                _ => groups.push(vec![change]),
            }
        }
        groups
            .iter()
            .map(|group| self.hunk(group, context, &mut sections))
            .collect()
    }

    /// How many bytes of text, and how many lines, the hunks of this much context would show.
    pub fn extent(&self, context: u32) -> (u64, u64) {
        let mut shown = (0, 0);
        let mut until = 0;
        for change in &self.places {
            let after = self.lines_around(&change.after, context);
            let fresh = after.start.max(until)..after.end.max(until);
            until = until.max(after.end);
            let lines = self.new[fresh]
                .iter()
                .chain(&self.old[to_usize(&change.before)]);
            for line in lines {
                shown.0 += line.len() as u64;
                shown.1 += 1;
            }
        }
        shown
    }

    /// The lines of the new file with their context.
    fn lines_around(&self, lines: &Range<u32>, context: u32) -> Range<usize> {
        let start = lines.start.saturating_sub(context) as usize;
        let end = (lines.end.saturating_add(context) as usize).min(self.new.len());
        start..end
    }

    /// Makes a hunk of changes that lie close together.
    fn hunk(
        &self,
        changes: &[imara_diff::Hunk],
        context: u32,
        sections: &mut Sections<'a>,
    ) -> Hunk {
        let mut lines = Vec::new();
        let first = &changes[0];
        let lead = first.before.start.min(context);
        let mut old = first.before.start - lead;
        let mut new = first.after.start - lead;
        let (old_begin, new_begin) = (old, new);
        let common = |lines: &mut Vec<Line>, old: &mut u32, new: &mut u32, until: u32| {
            while *old < until {
                // Where white space does not count both sides may differ; like `git diff` we show the new one.
                lines.push(line(
                    LineKind::Context,
                    Some(*old),
                    Some(*new),
                    self.new[*new as usize],
                ));
                (*old, *new) = (*old + 1, *new + 1);
            }
        };
        for change in changes {
            common(&mut lines, &mut old, &mut new, change.before.start);
            for at in change.before.clone() {
                lines.push(line(
                    LineKind::Removed,
                    Some(at),
                    None,
                    self.old[at as usize],
                ));
            }
            for at in change.after.clone() {
                lines.push(line(LineKind::Added, None, Some(at), self.new[at as usize]));
            }
            (old, new) = (change.before.end, change.after.end);
        }
        let end = old.saturating_add(context).min(self.old.len() as u32);
        common(&mut lines, &mut old, &mut new, end);

        let (old_len, new_len) = (old - old_begin, new - new_begin);
        Hunk {
            old_start: old_begin + u32::from(old_len > 0),
            old_len,
            new_start: new_begin + u32::from(new_len > 0),
            new_len,
            section: sections.above(old_begin as usize).to_vec(),
            lines,
        }
    }
}

/// A line of a hunk; numbers come in counted from 0 and go out counted from 1.
fn line(kind: LineKind, old: Option<u32>, new: Option<u32>, text: &[u8]) -> Line {
    let stripped = text.strip_suffix(b"\n");
    Line {
        kind,
        old_no: old.map(|at| at + 1),
        new_no: new.map(|at| at + 1),
        text: stripped.unwrap_or(text).to_vec(),
        no_newline: stripped.is_none(),
        changed: Vec::new(),
        moved: None,
    }
}

fn to_usize(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// Finds the heading above a line: the last line that starts with a letter, `_` or `$`, which is `git diff`'s rule for files
/// it knows nothing about. Asked from top to bottom it reads each line once.
struct Sections<'a> {
    lines: &'a [&'a [u8]],
    seen: usize,
    last: &'a [u8],
}

impl<'a> Sections<'a> {
    fn above(&mut self, line: usize) -> &'a [u8] {
        let fresh = self.lines.get(self.seen..line).unwrap_or_default();
        let heading = |line: &&&[u8]| {
            line.first()
                .is_some_and(|&byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$')
        };
        if let Some(found) = fresh.iter().rev().find(heading) {
            self.last = found[..found.len().min(80)].trim_ascii_end();
        }
        self.seen = self.seen.max(line);
        self.last
    }
}

/// A line as far as it counts.
#[derive(Clone, Copy, Default)]
struct Key<'a> {
    line: &'a [u8],
    whitespace: Whitespace,
}

impl<'a> Key<'a> {
    /// The bytes that count, where not all do.
    fn counting(self) -> impl Iterator<Item = u8> + 'a {
        let Key { line, whitespace } = self;
        let line = match whitespace {
            Whitespace::Keep => line,
            Whitespace::LineEnd | Whitespace::Amount | Whitespace::All => line.trim_ascii_end(),
        };
        line.iter().enumerate().filter_map(move |(at, &byte)| {
            if !byte.is_ascii_whitespace() {
                return Some(byte);
            }
            match whitespace {
                Whitespace::Keep | Whitespace::LineEnd => Some(byte),
                Whitespace::All => None,
                // One blank stands for each run of them.
                Whitespace::Amount => {
                    let goes_on = at > 0 && line[at - 1].is_ascii_whitespace();
                    (!goes_on).then_some(b' ')
                }
            }
        })
    }
}

impl Hash for Key<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.whitespace {
            Whitespace::Keep => self.line.hash(state),
            _ => self.counting().for_each(|byte| state.write_u8(byte)),
        }
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        match self.whitespace {
            Whitespace::Keep => self.line == other.line,
            _ => self.counting().eq(other.counting()),
        }
    }
}

impl Eq for Key<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hunks as text, one line of `@`, ` `, `-`, `+` each.
    fn show(old: &str, new: &str, context: u32, whitespace: Whitespace) -> String {
        let changes = Changes::between(old.as_bytes(), new.as_bytes(), whitespace);
        let mut out = String::new();
        for hunk in changes.hunks(context) {
            let section = String::from_utf8_lossy(&hunk.section).into_owned();
            let numbers = [hunk.old_start, hunk.old_len, hunk.new_start, hunk.new_len];
            out += &format!("@{numbers:?}{section}\n");
            for line in &hunk.lines {
                let sign = match line.kind {
                    LineKind::Context => ' ',
                    LineKind::Added => '+',
                    LineKind::Removed => '-',
                };
                let end = if line.no_newline { "\\\n" } else { "\n" };
                out += &format!("{sign}{}{end}", String::from_utf8_lossy(&line.text));
            }
        }
        out
    }

    #[test]
    fn far_changes_are_apart_and_near_ones_together() {
        let old = "a\nb\nc\nd\ne\nf\ng\n";
        let new = "a\nB\nc\nd\ne\nF\ng\n";
        assert_eq!(
            show(old, new, 1, Whitespace::Keep),
            "@[1, 3, 1, 3]\n a\n-b\n+B\n c\n@[5, 3, 5, 3]c\n e\n-f\n+F\n g\n"
                .replace("@[5, 3, 5, 3]c", "@[5, 3, 5, 3]d")
        );
        assert_eq!(show(old, new, 2, Whitespace::Keep).matches('@').count(), 1);
        assert_eq!(
            show(old, new, u32::MAX, Whitespace::Keep)
                .matches('@')
                .count(),
            1
        );
        assert_eq!(
            show(old, new, 0, Whitespace::Keep),
            "@[2, 1, 2, 1]a\n-b\n+B\n@[6, 1, 6, 1]e\n-f\n+F\n"
        );
    }

    #[test]
    fn whole_files_come_and_go() {
        assert_eq!(
            show("", "a\nb", 3, Whitespace::Keep),
            "@[0, 0, 1, 2]\n+a\n+b\\\n"
        );
        assert_eq!(show("a\n", "", 3, Whitespace::Keep), "@[1, 1, 0, 0]\n-a\n");
        assert_eq!(show("", "", 3, Whitespace::Keep), "");
    }

    #[test]
    fn a_newline_at_the_end_counts() {
        assert_eq!(
            show("a", "a\n", 3, Whitespace::Keep),
            "@[1, 1, 1, 1]\n-a\\\n+a\n"
        );
        assert_eq!(show("a", "a\n", 3, Whitespace::All), "");
    }

    #[test]
    fn white_space_counts_as_told() {
        let (old, new) = ("a b\nc\n", "ab\nc \n");
        assert_eq!(show(old, new, 0, Whitespace::All), "");
        assert_eq!(
            show(old, new, 0, Whitespace::LineEnd),
            "@[1, 1, 1, 1]\n-a b\n+ab\n"
        );
        assert_eq!(show("a  b\n", "a \tb  \n", 0, Whitespace::Amount), "");
        assert_eq!(
            show("ab\n  c\n", "a b\n\tc\n", 0, Whitespace::Amount),
            "@[1, 1, 1, 1]\n-ab\n+a b\n"
        );
        assert_eq!(
            show("a b\nx\n", "ab\ny\n", 1, Whitespace::All),
            "@[1, 2, 1, 2]\n ab\n-x\n+y\n"
        );
    }

    #[test]
    fn counts_and_sizes_agree_with_the_hunks() {
        let old: String = (0..200).map(|n| format!("line {n}\n")).collect();
        let new = old
            .replace("line 5\n", "five\n")
            .replace("line 8\n", "")
            .replace("line 150\n", "1\n2\n");
        let changes = Changes::between(old.as_bytes(), new.as_bytes(), Whitespace::Keep);
        for context in [0, 1, 3, 1000] {
            let hunks = changes.hunks(context);
            let lines = || hunks.iter().flat_map(|hunk| &hunk.lines);
            let count = |kind| lines().filter(|line| line.kind == kind).count() as u64;
            assert_eq!(count(LineKind::Added), changes.added());
            assert_eq!(count(LineKind::Removed), changes.removed());
            let bytes: usize = lines().map(|line| line.text.len() + 1).sum();
            assert_eq!(
                (bytes as u64, lines().count() as u64),
                changes.extent(context),
                "context {context}"
            );
        }
    }
}
