//! Which lines of two texts belong together, by the same rules as Mercurial.
//!
//! `hg annotate` and `hg diff` have always used one particular matcher, and people compare our pages with their output. It
//! looks for the longest run of equal lines, then does the same above and below it. What makes it particular:
//!
//! * A line that occurs too often in the second text starts no run; it can only prolong one.
//! * Of equally long runs it prefers one that begins in the first half of the first text, as near to the middle as
//!   possible, and in the second text the earliest.
//! * In the end, runs are moved down as far as equal lines allow where they touch the next run.

use std::collections::HashMap;

/// Equal lines: `len` lines from `a` in the first text and from `b` in the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub a: usize,
    pub b: usize,
    pub len: usize,
}

/// Splits a text after each LF.
pub(crate) fn split_lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').collect()
}

/// Gives equal lines equal numbers, so that texts can be compared without looking at their bytes again.
#[derive(Debug, Default)]
pub(crate) struct LineNumbers(HashMap<Box<[u8]>, u32>);

impl LineNumbers {
    /// The numbers of the lines of a text.
    pub fn of(&mut self, text: &[u8]) -> Vec<u32> {
        let mut number = |line: &[u8]| {
            if let Some(number) = self.0.get(line) {
                return *number;
            }
            let number = self.0.len() as u32;
            self.0.insert(line.into(), number);
            number
        };
        let mut numbers = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |place| place + 1);
            numbers.push(number(&rest[..end]));
            rest = &rest[end..];
        }
        numbers
    }

    /// The runs of equal lines in two texts, given by their lines' numbers; in order.
    pub fn matching_runs(&self, a: &[u32], b: &[u32]) -> Vec<Run> {
        runs(a, b, self.0.len())
    }
}

/// The runs of equal lines in two texts, in order.
pub(crate) fn matching_runs(a: &[&[u8]], b: &[&[u8]]) -> Vec<Run> {
    let mut known: HashMap<&[u8], u32> = HashMap::with_capacity(b.len());
    for line in b.iter().chain(a) {
        let next = known.len() as u32;
        known.entry(line).or_insert(next);
    }
    let numbers = |lines: &[&[u8]]| lines.iter().map(|line| known[line]).collect::<Vec<u32>>();
    runs(&numbers(a), &numbers(b), known.len())
}

/// The runs of equal numbers, all of them below `end`.
fn runs(a: &[u32], b: &[u32], end: usize) -> Vec<Run> {
    let mut matcher = Matcher::new(a, b, end);
    matcher.run();
    matcher.found.sort_unstable_by_key(|run| run.a);
    let mut runs = matcher.found;
    // The end of both texts counts as a run without lines.
    runs.push(Run {
        a: a.len(),
        b: b.len(),
        len: 0,
    });
    slide_down(&mut runs, a, b);
    runs.retain(|run| run.len > 0);
    runs
}

/// No occurrence.
const NONE: u32 = u32::MAX;

struct Matcher<'a> {
    /// Equal numbers mean equal lines.
    a: &'a [u32],
    b: &'a [u32],
    /// The last line of the second text that equals this line of the first, unless there are too many.
    last_in_b: Vec<u32>,
    /// The line before this one in the second text that equals it.
    previous_in_b: Vec<u32>,
    /// For each line of the second text the run that ended there last: the line of the first text, and the run's length.
    /// Searches need not clear it: one only asks for lines that it has passed, and wrote, itself.
    ends: Vec<(u32, u32)>,
    found: Vec<Run>,
}

/// A part of each text.
#[derive(Clone, Copy)]
struct Window {
    a: (usize, usize),
    b: (usize, usize),
}

impl<'a> Matcher<'a> {
    fn new(a: &'a [u32], b: &'a [u32], end: usize) -> Matcher<'a> {
        // For each number the last line of the second text that has it, and how many have it.
        let mut lines = vec![(NONE, 0usize); end];
        let mut previous_in_b = Vec::with_capacity(b.len());
        for (place, number) in (0..).zip(b) {
            let (last, count) = &mut lines[*number as usize];
            previous_in_b.push(std::mem::replace(last, place));
            *count += 1;
        }
        let too_often = if b.len() >= 31000 {
            b.len() / 1000
        } else {
            1_000_000 / (b.len() + 1)
        };
        let last = |number: &u32| match lines[*number as usize] {
            (last, count) if count <= too_often => last,
            _ => NONE,
        };
        Matcher {
            a,
            b,
            last_in_b: a.iter().map(last).collect(),
            previous_in_b,
            ends: vec![(NONE, 0); b.len()],
            found: Vec::new(),
        }
    }

    fn run(&mut self) {
        // An own stack, as texts made for the purpose would nest as deep as they have lines.
        let mut open = vec![Window {
            a: (0, self.a.len()),
            b: (0, self.b.len()),
        }];
        while let Some(window) = open.pop() {
            let run = self.longest(window);
            if run.len == 0 {
                continue;
            }
            self.found.push(run);
            open.push(Window {
                a: (run.a + run.len, window.a.1),
                b: (run.b + run.len, window.b.1),
            });
            open.push(Window {
                a: (window.a.0, run.a),
                b: (window.b.0, run.b),
            });
        }
    }

    fn longest(&mut self, window: Window) -> Run {
        /// In larger parts only the end is searched.
        const MAX_LINES: usize = 30_000;
        let (mut a_start, a_end) = window.a;
        let (b_start, b_end) = window.b;
        let mut best = Run {
            a: a_start,
            b: b_start,
            len: 0,
        };
        if a_end == a_start || b_end == b_start {
            return best;
        }
        a_start = a_start.max(a_end.saturating_sub(MAX_LINES));
        let middle_a = (a_start + a_end - 1) / 2;
        let middle_b = (b_start + b_end - 1) / 2;
        for i in a_start..a_end {
            let mut occurrence = self.last_in_b[i];
            while occurrence != NONE && occurrence as usize >= b_end {
                occurrence = self.previous_in_b[occurrence as usize];
            }
            while occurrence != NONE && occurrence as usize >= b_start {
                let j = occurrence as usize;
                let len = self.run_length(i, j, a_start, b_start);
                self.ends[j] = (i as u32, len as u32);
                // `best` holds where the best run ends, for now.
                if len > best.len {
                    best = Run { a: i, b: j, len };
                } else if len == best.len {
                    if i > best.a && i <= middle_a && j > b_start {
                        best = Run { a: i, b: j, len };
                    } else if i == best.a && (best.b > middle_b || i == a_start) {
                        best.b = j;
                    }
                }
                occurrence = self.previous_in_b[j];
            }
        }
        if best.len > 0 {
            best.a = best.a + 1 - best.len;
            best.b = best.b + 1 - best.len;
        }
        // Lines that are too frequent to begin a run may follow one.
        while best.a + best.len < a_end
            && best.b + best.len < b_end
            && self.a[best.a + best.len] == self.b[best.b + best.len]
        {
            best.len += 1;
        }
        best
    }

    /// How many lines up to these two, themselves included, are equal.
    fn run_length(&self, i: usize, j: usize, a_start: usize, b_start: usize) -> usize {
        let mut len = 1;
        while j >= b_start + len && i >= a_start + len {
            let (end, known) = self.ends[j - len];
            if end as usize == i - len {
                return len + known as usize;
            }
            if self.a[i - len] != self.b[j - len] {
                break;
            }
            len += 1;
        }
        len
    }
}

/// Where two runs touch in one of the texts, the first one takes what it can from the second.
fn slide_down(runs: &mut [Run], a: &[u32], b: &[u32]) {
    for place in 1..runs.len() {
        let (before, after) = runs.split_at_mut(place);
        let (Some(current), Some(next)) = (before.last_mut(), after.first_mut()) else {
            continue;
        };
        if current.a + current.len != next.a && current.b + current.len != next.b {
            continue;
        }
        while next.len > 0
            && let (Some(x), Some(y)) = (
                a.get(current.a + current.len),
                b.get(current.b + current.len),
            )
            && x == y
        {
            current.len += 1;
            *next = Run {
                a: next.a + 1,
                b: next.b + 1,
                len: next.len - 1,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn runs(a: &str, b: &str) -> Vec<(usize, usize, usize)> {
        let (a, b) = (split_lines(a.as_bytes()), split_lines(b.as_bytes()));
        matching_runs(&a, &b)
            .into_iter()
            .map(|run| (run.a, run.b, run.len))
            .collect()
    }

    #[test]
    fn an_inserted_line_splits_a_run() {
        assert_eq!(runs("a\nb\nc\n", "a\nx\nb\nc\n"), [(0, 0, 1), (1, 2, 2)]);
        assert_eq!(runs("a\n", "b\n"), []);
        assert_eq!(runs("", "b\n"), []);
    }

    #[test]
    fn a_missing_line_end_makes_another_line() {
        assert_eq!(runs("a\nb", "a\nb\n"), [(0, 0, 1)]);
    }

    #[test]
    fn a_repeated_block_is_matched_from_its_beginning() {
        // The second block was added below the first one, not above it.
        assert_eq!(runs("x\n\ny\n\n", "x\n\ny\n\ny\n\n"), [(0, 0, 4)]);
    }

    proptest! {
        #[test]
        fn runs_ascend_and_are_equal(a in "([abc]?\n){0,25}", b in "([abc]?\n){0,25}") {
            let (x, y) = (split_lines(a.as_bytes()), split_lines(b.as_bytes()));
            let mut at = (0, 0);
            for run in matching_runs(&x, &y) {
                prop_assert!(run.a >= at.0 && run.b >= at.1 && run.len > 0);
                prop_assert_eq!(&x[run.a..run.a + run.len], &y[run.b..run.b + run.len]);
                at = (run.a + run.len, run.b + run.len);
            }
        }
    }
}
