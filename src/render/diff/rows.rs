//! Lines of a hunk to table rows, unified and side by side.

use super::words::{LEAST_COMMON_PERCENT, LONGEST_LINE, words_if_common};
use super::{Mark, mark};
use std::ops::Range;

/// What a line of a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// In both versions.
    Unmodified,
    /// Only in the new version.
    Added,
    /// Only in the old version.
    Removed,
    /// No line of the file: the head of a hunk, the note about a missing new line at the end.
    Context,
}

impl Kind {
    /// The class name of a row of this kind.
    pub fn class(self) -> &'static str {
        match self {
            Kind::Unmodified => "unmod",
            Kind::Added => "add",
            Kind::Removed => "del",
            Kind::Context => "context",
        }
    }
}

/// A line as it comes in: kind, number in the old version, number in the new version, text without its line end.
pub type Line<'a> = (Kind, Option<u32>, Option<u32>, &'a str);

/// A line as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What the line is.
    pub kind: Kind,
    /// Its number in the old version.
    pub old_no: Option<u32>,
    /// Its number in the new version.
    pub new_no: Option<u32>,
    /// Its text as HTML.
    pub html: String,
}

/// In larger blocks of different sizes no partners are looked for.
const LARGEST_UNEVEN_BLOCK: usize = 20;

/// In blocks of different sizes lines are partners only when half of them is common.
const PARTNER_PERCENT: usize = 50;

/// How much comparing one hunk is worth, in products of line lengths. Ten thousand ordinary pairs of lines stay below; lines made
/// to be slow would take a millisecond each.
const MOST_EFFORT: usize = 40_000_000;

/// Turns the lines of a hunk into rows.
///
/// In a block of removed lines directly followed by added ones, lines that are two versions of one another get their changed words
/// marked. If there are as many of both, the first goes with the first and so on; else each removed line goes with the next added
/// one that is mostly the same. After very much comparing the rest is left unmarked.
pub fn hunk_rows(lines: &[Line<'_>]) -> Vec<Row> {
    let mut marking = Marking {
        lines,
        changed: vec![Vec::new(); lines.len()],
        left: MOST_EFFORT,
    };
    let mut at = 0;
    while at < lines.len() {
        let removed = run(lines, at, Kind::Removed);
        let added = run(lines, removed.end, Kind::Added);
        at = added.end.max(at + 1);
        if removed.len() == added.len() {
            for (old, new) in removed.zip(added) {
                marking.compare(old, new, LEAST_COMMON_PERCENT);
            }
        } else if removed.len().max(added.len()) <= LARGEST_UNEVEN_BLOCK {
            marking.find_partners(removed, added);
        }
    }
    lines
        .iter()
        .zip(&marking.changed)
        .map(|(line, ranges)| row(line, ranges))
        .collect()
}

/// The changed words of each line, as far as they are known.
struct Marking<'a> {
    lines: &'a [Line<'a>],
    changed: Vec<Vec<Range<usize>>>,
    left: usize,
}

impl Marking<'_> {
    /// Marks two lines as versions of one another, if they have enough in common; whether they have.
    fn compare(&mut self, old: usize, new: usize, least_percent: usize) -> bool {
        let (old_text, new_text) = (self.lines[old].3, self.lines[new].3);
        let effort = old_text.len() * new_text.len();
        if old_text.len().max(new_text.len()) > LONGEST_LINE || effort > self.left {
            return false;
        }
        self.left -= effort;
        let (old_words, new_words) = words_if_common(old_text, new_text, least_percent);
        let marked = !old_words.is_empty() || !new_words.is_empty();
        if marked {
            (self.changed[old], self.changed[new]) = (old_words, new_words);
        }
        marked
    }

    fn find_partners(&mut self, removed: Range<usize>, added: Range<usize>) {
        let mut candidates = added;
        for old in removed {
            if let Some(new) = candidates
                .clone()
                .find(|&new| self.compare(old, new, PARTNER_PERCENT))
            {
                candidates.start = new + 1;
            }
        }
    }
}

/// The lines of one kind from a position on.
fn run(lines: &[Line<'_>], start: usize, kind: Kind) -> Range<usize> {
    let length = lines[start..]
        .iter()
        .take_while(|line| line.0 == kind)
        .count();
    start..start + length
}

fn row(&(kind, old_no, new_no, text): &Line<'_>, ranges: &[Range<usize>]) -> Row {
    let side = if kind == Kind::Removed {
        Mark::Removed
    } else {
        Mark::Added
    };
    Row {
        kind,
        old_no,
        new_no,
        html: mark(text, ranges, side),
    }
}

/// Puts rows side by side: old version left, new version right.
///
/// Removed lines stand beside the added ones that follow them, as far as there are any; lines of both versions and hunk heads stand
/// on both sides.
pub fn pair(rows: &[Row]) -> Vec<(Option<&Row>, Option<&Row>)> {
    let mut pairs = Vec::with_capacity(rows.len());
    let mut rest = rows;
    while let Some((first, after)) = rest.split_first() {
        if !matches!(first.kind, Kind::Removed | Kind::Added) {
            pairs.push((Some(first), Some(first)));
            rest = after;
            continue;
        }
        let (old, new);
        (old, rest) = split_run(rest, Kind::Removed);
        (new, rest) = split_run(rest, Kind::Added);
        pairs.extend((0..old.len().max(new.len())).map(|at| (old.get(at), new.get(at))));
    }
    pairs
}

fn split_run(rows: &[Row], kind: Kind) -> (&[Row], &[Row]) {
    rows.split_at(rows.iter().take_while(|row| row.kind == kind).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EXAMPLE: [Line<'static>; 6] = [
        (Kind::Context, None, None, "@@ -1,3 +1,4 @@"),
        (Kind::Unmodified, Some(1), Some(1), "a"),
        (Kind::Removed, Some(2), None, "foo(bar, baz)"),
        (Kind::Added, None, Some(2), "foo(bar, qux, baz)"),
        (Kind::Unmodified, Some(3), Some(3), "b"),
        (Kind::Added, None, Some(4), "c\t"),
    ];

    #[test]
    fn rows_keep_order_and_numbers() {
        let rows = hunk_rows(&EXAMPLE);
        let kept: Vec<_> = rows
            .iter()
            .map(|row| (row.kind, row.old_no, row.new_no))
            .collect();
        let given: Vec<_> = EXAMPLE
            .iter()
            .map(|line| (line.0, line.1, line.2))
            .collect();
        assert_eq!(kept, given);
        assert_eq!(rows[2].html, "foo(bar, baz)");
        assert_eq!(rows[3].html, "foo(bar, <ins>qux, </ins>baz)");
        assert_eq!(rows[5].html, "c<u>\t</u><i></i>");
    }

    #[test]
    fn equal_blocks_are_compared_line_by_line() {
        let rows = hunk_rows(&[
            (Kind::Removed, Some(1), None, "let a = one();"),
            (Kind::Removed, Some(2), None, "let b = two();"),
            (Kind::Added, None, Some(1), "let a = 1();"),
            (Kind::Added, None, Some(2), "let b = 2();"),
        ]);
        let html: Vec<_> = rows.iter().map(|row| row.html.as_str()).collect();
        assert_eq!(
            html,
            [
                "let a = <del>one</del>();",
                "let b = <del>two</del>();",
                "let a = <ins>1</ins>();",
                "let b = <ins>2</ins>();"
            ]
        );
    }

    #[test]
    fn in_uneven_blocks_partners_are_found() {
        let rows = hunk_rows(&[
            (Kind::Removed, Some(1), None, "let total = sum(values);"),
            (Kind::Added, None, Some(1), "// Only what is known."),
            (Kind::Added, None, Some(2), "let total = sum(known_values);"),
        ]);
        let html: Vec<_> = rows.iter().map(|row| row.html.as_str()).collect();
        assert_eq!(
            html,
            [
                "let total = sum(<del>values</del>);",
                "// Only what is known.",
                "let total = sum(<ins>known_values</ins>);"
            ]
        );
    }

    #[test]
    fn side_by_side() {
        let rows = hunk_rows(&EXAMPLE);
        let numbers: Vec<_> = pair(&rows)
            .into_iter()
            .map(|(old, new)| {
                (
                    old.and_then(|row| row.old_no),
                    new.and_then(|row| row.new_no),
                )
            })
            .collect();
        assert_eq!(
            numbers,
            [
                (None, None),
                (Some(1), Some(1)),
                (Some(2), Some(2)),
                (Some(3), Some(3)),
                (None, Some(4))
            ]
        );
    }

    proptest! {
        #[test]
        fn no_line_is_lost(kinds in proptest::collection::vec(0..4u8, 0..30)) {
            let kind = |k: &u8| [Kind::Unmodified, Kind::Added, Kind::Removed, Kind::Context][usize::from(*k)];
            let lines: Vec<Line> = kinds.iter().zip(1..).map(|(k, n)| (kind(k), Some(n), Some(n), "x")).collect();
            let rows = hunk_rows(&lines);
            prop_assert!(rows.iter().map(|row| row.old_no).eq(lines.iter().map(|line| line.1)));
            let on_sides = |wanted: Kind| pair(&rows).iter().filter(|(old, new)| {
                let side = if wanted == Kind::Removed { old } else { new };
                side.is_some_and(|row| row.kind == wanted)
            }).count();
            for wanted in [Kind::Removed, Kind::Added, Kind::Unmodified, Kind::Context] {
                prop_assert_eq!(on_sides(wanted), rows.iter().filter(|row| row.kind == wanted).count());
            }
        }
    }
}
