//! Which words of a changed line changed.
//!
//! Where as many lines were put in as were taken out, each is taken for the new form of the one in its place. Where their
//! numbers differ, a line taken out goes with the next one put in that is mostly the same. Both are split into words
//! (letters, digits, `_`, and everything beyond ASCII) and single other characters, and these are compared.

use std::ops::Range;

use imara_diff::{Algorithm, Interner, Token};

use super::edits::Edits;
use super::{Hunk, Line, LineKind};

/// Longer lines get no marks: comparing them costs more than the marks are worth.
const LONGEST: usize = 2000;
/// Lines that share less than this part of what can be seen of them get none either: all would be marked.
const LEAST_SHARED_PERCENT: usize = 30;
/// In blocks of different sizes lines belong together only when so much is shared.
const PARTNER_PERCENT: usize = 50;
/// In larger blocks of different sizes nobody looks for partners.
const LARGEST_UNEVEN: usize = 20;

/// Parts of a line.
type Parts = Vec<Range<usize>>;

/// How much comparing a whole diff is worth, in products of the lengths of lines. Ten thousand ordinary pairs stay below; lines
/// made to be slow would take a millisecond each.
pub(super) struct Effort(usize);

impl Effort {
    pub(super) const fn new() -> Self {
        Effort(80_000_000)
    }

    /// Whether two lines may still be compared.
    fn spend(&mut self, old: &Line, new: &Line) -> bool {
        let product = old.text.len().saturating_mul(new.text.len());
        let longest = old.text.len().max(new.text.len());
        if longest > LONGEST || product > self.0 {
            return false;
        }
        self.0 -= product;
        true
    }
}

/// Marks the changed words of the lines of a hunk.
pub(super) fn mark(hunk: &mut Hunk, effort: &mut Effort) {
    let kinds: Vec<LineKind> = hunk.lines.iter().map(|line| line.kind).collect();
    let mut at = 0;
    while at < kinds.len() {
        let run = |from: usize, kind: LineKind| {
            kinds[from..]
                .iter()
                .take_while(|other| **other == kind)
                .count()
        };
        let removed = run(at, LineKind::Removed);
        let added = run(at + removed, LineKind::Added);
        if removed > 0 && added > 0 {
            let (old, new) = hunk.lines[at..].split_at_mut(removed);
            let new = &mut new[..added];
            if removed == added {
                for (old, new) in old.iter_mut().zip(new) {
                    mark_pair(old, new, LEAST_SHARED_PERCENT, effort);
                }
            } else if removed.max(added) <= LARGEST_UNEVEN {
                find_partners(old, new, effort);
            }
        }
        at += (removed + added).max(1);
    }
}

/// Marks each removed line together with the next added one that is mostly the same.
fn find_partners(old: &mut [Line], mut new: &mut [Line], effort: &mut Effort) {
    for old in old {
        let partner =
            (0..new.len()).find(|&at| mark_pair(old, &mut new[at], PARTNER_PERCENT, effort));
        if let Some(at) = partner {
            new = &mut new[at + 1..];
        }
    }
}

/// Marks two lines as two forms of one, if they have enough in common; whether they have.
fn mark_pair(old: &mut Line, new: &mut Line, least_percent: usize, effort: &mut Effort) -> bool {
    if !effort.spend(old, new) {
        return false;
    }
    let Some((removed, added)) = changed_words(&old.text, &new.text, least_percent) else {
        return false;
    };
    (old.changed, new.changed) = (removed, added);
    true
}

/// The parts of two lines that the other has not, as bytes; none where they share too little.
fn changed_words<'a>(old: &'a [u8], new: &'a [u8], least_percent: usize) -> Option<(Parts, Parts)> {
    let (old_words, new_words) = (words(old), words(new));
    let mut numbers = Interner::new(old_words.len() + new_words.len());
    let mut number = |text: &'a [u8], words: &[Range<usize>]| -> Vec<Token> {
        let words = words.iter().map(|word| numbers.intern(&text[word.clone()]));
        words.collect()
    };
    let (before, after) = (number(old, &old_words), number(new, &new_words));
    let count = numbers.num_tokens();
    // White space does not count: any two indented lines share that.
    let visible = |text: &[u8]| {
        text.iter()
            .filter(|byte| !byte.is_ascii_whitespace())
            .count()
    };
    let enough = visible(old).max(visible(new)) * least_percent;
    // In order they share no more than in any order, which is known at once.
    let mut had = vec![0_u32; count as usize];
    for token in &before {
        had[token.0 as usize] += 1;
    }
    let common: usize = after
        .iter()
        .zip(&new_words)
        .map(|(token, word)| {
            let left = &mut had[token.0 as usize];
            let found = *left > 0;
            *left -= u32::from(found);
            visible(&new[word.clone()]) * usize::from(found)
        })
        .sum();
    if common * 100 < enough {
        return None;
    }
    let edits = Edits::between(Algorithm::Myers, &before, &after, count, |_| Some(0));
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    for hunk in edits.hunks() {
        for (place, words, found) in [
            (hunk.before, &old_words, &mut removed),
            (hunk.after, &new_words, &mut added),
        ] {
            if let Some(last) = place.end.checked_sub(1).filter(|_| !place.is_empty()) {
                found.push(words[place.start as usize].start..words[last as usize].end);
            }
        }
    }
    let kept = |text: &[u8], found: &[Range<usize>]| {
        let marked: usize = found.iter().map(|part| visible(&text[part.clone()])).sum();
        visible(text) - marked
    };
    let shared = kept(old, &removed).max(kept(new, &added));
    (shared * 100 >= enough).then_some((removed, added))
}

/// The words of a line, and what is between them.
fn words(text: &[u8]) -> Vec<Range<usize>> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
    let mut words: Vec<Range<usize>> = Vec::new();
    for (at, &byte) in text.iter().enumerate() {
        match words.last_mut() {
            Some(word) if is_word(byte) && is_word(text[at - 1]) => word.end = at + 1,
            _ => words.push(at..at + 1),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(old: &str, new: &str) -> (Vec<String>, Vec<String>) {
        let found = changed_words(old.as_bytes(), new.as_bytes(), LEAST_SHARED_PERCENT);
        let (removed, added) = found.unwrap_or_default();
        let texts = |of: &str, found: Vec<Range<usize>>| {
            found.into_iter().map(|part| of[part].to_owned()).collect()
        };
        (texts(old, removed), texts(new, added))
    }

    fn hunk(lines: &[&str]) -> Hunk {
        let line = |text: &&str| Line {
            kind: if text.starts_with('-') {
                LineKind::Removed
            } else {
                LineKind::Added
            },
            old_no: None,
            new_no: None,
            text: text.as_bytes()[1..].to_vec(),
            no_newline: false,
            changed: Vec::new(),
            moved: None,
        };
        Hunk {
            old_start: 1,
            old_len: 0,
            new_start: 1,
            new_len: 0,
            section: Vec::new(),
            lines: lines.iter().map(line).collect(),
        }
    }

    /// Which lines of a hunk got marks.
    fn marked_lines(lines: &[&str], effort: &mut Effort) -> Vec<usize> {
        let mut hunk = hunk(lines);
        mark(&mut hunk, effort);
        let marked = |at: &usize| !hunk.lines[*at].changed.is_empty();
        (0..lines.len()).filter(marked).collect()
    }

    #[test]
    fn partners_are_found_in_blocks_of_different_sizes() {
        let lines = [
            "-let width = read(x);",
            "+// The size.",
            "+let height = read(x);",
        ];
        assert_eq!(marked_lines(&lines, &mut Effort::new()), [0, 2]);
        let lines = ["-a one b", "-c two d", "+a 1 b", "+c 2 d"];
        assert_eq!(marked_lines(&lines, &mut Effort::new()), [0, 1, 2, 3]);
    }

    #[test]
    fn effort_ends() {
        let lines = ["-a one b", "-c two d", "+a 1 b", "+c 2 d"];
        assert_eq!(marked_lines(&lines, &mut Effort(50)), [0, 2]);
        let long = format!("-{}", "word ".repeat(401));
        let other = format!("+{}x", "word ".repeat(401));
        assert_eq!(
            marked_lines(&[&long, &other], &mut Effort::new()),
            [0usize; 0]
        );
    }

    #[test]
    fn words_that_came_and_went() {
        let none = Vec::<String>::new();
        assert_eq!(
            marked("foo(bar, baz)", "foo(bar, qux, baz)"),
            (none.clone(), vec!["qux, ".to_owned()])
        );
        assert_eq!(
            marked("let caf\u{e9} = one;", "let th\u{e9} = one;"),
            (vec!["caf\u{e9}".to_owned()], vec!["th\u{e9}".to_owned()])
        );
        assert_eq!(marked("all of it", "}"), (none.clone(), none.clone()));
        assert_eq!(
            marked(" ", "   "),
            (none, vec!["  ".to_owned()]),
            "white space alone"
        );
    }

    proptest! {
        #[test]
        fn what_is_not_marked_is_the_same(old in "[ab (),.é]{0,40}", new in "[ab (),.é]{0,40}") {
            let found = changed_words(old.as_bytes(), new.as_bytes(), LEAST_SHARED_PERCENT);
            let (removed, added) = found.unwrap_or_default();
            let rest = |text: &str, parts: &[Range<usize>]| -> Vec<u8> {
                let is_marked = |at: &usize| parts.iter().any(|part| part.contains(at));
                (0..text.len()).filter(|at| !is_marked(at)).map(|at| text.as_bytes()[at]).collect()
            };
            if !(removed.is_empty() && added.is_empty()) {
                prop_assert_eq!(rest(&old, &removed), rest(&new, &added));
            }
        }
    }
}
