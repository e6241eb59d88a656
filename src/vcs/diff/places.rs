//! Where a run of changed lines reads best, of the places it could be moved to.
//!
//! Git's "indent heuristic" (`diff.indentHeuristic`, on by default): a run should begin and end where the indentation says that
//! something begins or ends. Each place is rated at both of its edges by the indentation of the lines and the blank lines
//! around; the weights are Git's, which were found by trying them on a large number of changes that people had rated.

use imara_diff::Token;
use std::ops::Range;

/// The indentation of a line in columns; none for one with nothing but blanks.
pub(crate) type Indent = Option<u8>;

/// A run is not moved further than this.
const FARTHEST: usize = 100;
/// More blank lines than this count as the end of the file.
const MOST_BLANKS: i32 = 20;

const AT_START: i32 = 1;
const AT_END: i32 = 21;
const PER_BLANK: i32 = -30;
const PER_BLANK_BELOW: i32 = 6;
/// Deeper than the line above, without and with blank lines there.
const DEEPER: [i32; 2] = [-4, 10];
/// Less deep than the line above but than the next one, too.
const OUTDENTED: [i32; 2] = [24, 17];
/// Less deep than the line above.
const DEDENTED: [i32; 2] = [23, 17];
const PER_INDENT: i32 = 60;

/// The indentation of a line. Tabs go to every eighth column.
pub(crate) fn indent_of(line: &[u8]) -> Indent {
    const DEEPEST: u8 = 200;
    let mut columns = 0;
    for byte in line {
        match byte {
            b' ' => columns += 1,
            b'\t' => columns += 8 - columns % 8,
            byte if byte.is_ascii_whitespace() || *byte == 0x0b => {}
            _ => return Some(columns),
        }
        if columns >= DEEPEST {
            return Some(DEEPEST);
        }
    }
    None
}

/// The end of the best place for a run that may move up until it ends at `highest`.
pub(super) fn best_end(
    tokens: &[Token],
    run: Range<usize>,
    highest: usize,
    indent: &impl Fn(Token) -> Indent,
) -> usize {
    let length = run.len();
    let first = highest
        .max(run.start.saturating_sub(1))
        .max(run.end.saturating_sub(FARTHEST));
    let mut best: Option<(Rating, usize)> = None;
    for end in first..=run.end {
        let mut rating = Rating::default();
        for edge in [end - length, end] {
            rating.add(&Edge::at(tokens, edge, indent));
        }
        // Of equal places the lower one.
        if best.is_none_or(|(best, _)| !best.is_better_than(rating)) {
            best = Some((rating, end));
        }
    }
    best.map_or(run.end, |(_, end)| end)
}

/// What there is around an edge, which lies above a line.
struct Edge {
    at_end: bool,
    line: Indent,
    above: Indent,
    blanks_above: i32,
    below: Indent,
    blanks_below: i32,
}

impl Edge {
    fn at(tokens: &[Token], at: usize, indent: &impl Fn(Token) -> Indent) -> Self {
        let indent = |token: &Token| indent(*token);
        let (above, blanks_above) = beyond_blanks(tokens[..at].iter().rev().map(indent));
        let below = tokens.get(at + 1..).unwrap_or_default();
        let (below, blanks_below) = beyond_blanks(below.iter().map(indent));
        Edge {
            at_end: at >= tokens.len(),
            line: tokens.get(at).and_then(indent),
            above,
            blanks_above,
            below,
            blanks_below,
        }
    }
}

/// The first indentation of lines, and how many blank ones come before it.
fn beyond_blanks(lines: impl Iterator<Item = Indent>) -> (Indent, i32) {
    let mut blanks = 0;
    for line in lines {
        if line.is_some() {
            return (line, blanks);
        }
        blanks += 1;
        if blanks == MOST_BLANKS {
            return (Some(0), blanks);
        }
    }
    (None, blanks)
}

#[derive(Clone, Copy, Default)]
struct Rating {
    indent: i32,
    penalty: i32,
}

impl Rating {
    fn add(&mut self, edge: &Edge) {
        if edge.above.is_none() && edge.blanks_above == 0 {
            self.penalty += AT_START;
        }
        if edge.at_end {
            self.penalty += AT_END;
        }
        let below = match edge.line {
            Some(_) => 0,
            None => 1 + edge.blanks_below,
        };
        let blanks = edge.blanks_above + below;
        self.penalty += PER_BLANK * blanks + PER_BLANK_BELOW * below;
        let with_blanks = usize::from(blanks != 0);
        let line = edge.line.or(edge.below);
        self.indent += line.map_or(-1, i32::from);
        if let (Some(line), Some(above)) = (line, edge.above) {
            self.penalty += match line.cmp(&above) {
                std::cmp::Ordering::Greater => DEEPER[with_blanks],
                std::cmp::Ordering::Equal => 0,
                std::cmp::Ordering::Less if edge.below.is_some_and(|below| below > line) => {
                    OUTDENTED[with_blanks]
                }
                std::cmp::Ordering::Less => DEDENTED[with_blanks],
            };
        }
    }

    fn is_better_than(self, other: Rating) -> bool {
        let indents = self.indent.cmp(&other.indent) as i32;
        PER_INDENT * indents + self.penalty - other.penalty < 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indentation_in_columns() {
        for (line, columns) in [
            (&b"x"[..], Some(0)),
            (b"  x", Some(2)),
            (b" \tx", Some(8)),
            (b"\t \tx", Some(16)),
            (b"  \r\n", None),
            (b"", None),
        ] {
            assert_eq!(indent_of(line), columns, "{line:?}");
        }
        assert_eq!(indent_of(&[b' '; 500]), Some(200));
    }
}
