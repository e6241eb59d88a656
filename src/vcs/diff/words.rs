//! Which words of a changed line changed.
//!
//! Where as many lines were put in as were taken out, each is taken for the new form of the one in its place. Both are split into
//! words (letters, digits, `_`, and everything beyond ASCII) and single other characters, and these are compared.

use std::collections::HashMap;
use std::ops::Range;

use imara_diff::{Algorithm, Token};

use super::edits::Edits;
use super::{Hunk, Line, LineKind};

/// Longer lines get no marks: comparing them costs more than the marks are worth.
const LONGEST: usize = 2000;
/// Lines that share less than this part of their bytes get none either: all would be marked.
const LEAST_SHARED_PERCENT: usize = 30;

/// Marks the changed words of the lines of a hunk.
pub(super) fn mark(hunk: &mut Hunk) {
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
        if removed > 0 && removed == added {
            let (old, new) = hunk.lines[at..].split_at_mut(removed);
            old.iter_mut()
                .zip(&mut new[..added])
                .for_each(|(old, new)| mark_pair(old, new));
        }
        at += (removed + added).max(1);
    }
}

fn mark_pair(old: &mut Line, new: &mut Line) {
    let (removed, added) = changed_words(&old.text, &new.text);
    (old.changed, new.changed) = (removed, added);
}

/// The parts of two lines that the other has not, as bytes.
pub(super) fn changed_words(old: &[u8], new: &[u8]) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    if old.len() > LONGEST || new.len() > LONGEST {
        return (Vec::new(), Vec::new());
    }
    let (old_words, new_words) = (words(old), words(new));
    let mut numbers: HashMap<&[u8], Token> = HashMap::new();
    let mut before = Vec::with_capacity(old_words.len());
    for word in &old_words {
        let next = Token(numbers.len() as u32);
        before.push(*numbers.entry(&old[word.clone()]).or_insert(next));
    }
    let mut after = Vec::with_capacity(new_words.len());
    for word in &new_words {
        let next = Token(numbers.len() as u32);
        after.push(*numbers.entry(&new[word.clone()]).or_insert(next));
    }
    let count = numbers.len() as u32;
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
    let marked = |found: &[Range<usize>]| found.iter().map(Range::len).sum::<usize>();
    let shared = (old.len() - marked(&removed)).min(new.len() - marked(&added));
    if shared * 100 < old.len().max(new.len()) * LEAST_SHARED_PERCENT {
        return (Vec::new(), Vec::new());
    }
    (removed, added)
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
        let (removed, added) = changed_words(old.as_bytes(), new.as_bytes());
        let texts = |of: &str, found: Vec<Range<usize>>| {
            found.into_iter().map(|part| of[part].to_owned()).collect()
        };
        (texts(old, removed), texts(new, added))
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
        let long = "word ".repeat(401);
        assert_eq!(marked(&long, &format!("{long}x")), (none.clone(), none));
    }

    proptest! {
        #[test]
        fn what_is_not_marked_is_the_same(old in "[ab (),.é]{0,40}", new in "[ab (),.é]{0,40}") {
            let (removed, added) = changed_words(old.as_bytes(), new.as_bytes());
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
