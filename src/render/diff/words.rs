//! Which words of a line changed.

use imara_diff::{Algorithm, Diff, InternedInput};
use std::ops::Range;

/// Longer lines get no word marks: comparing them costs more than the marks are worth.
pub(super) const LONGEST_LINE: usize = 1_000;

/// Two lines are seen as versions of one another when at least this share of the visible characters of the longer one is kept.
pub(super) const LEAST_COMMON_PERCENT: usize = 30;

/// The byte ranges that differ between two versions of a line: what to mark as removed in the old one and as added in the new one.
///
/// Both are empty when the lines are equal, when one is longer than 1,000 bytes, or when they have so little in common that marking
/// almost everything would say nothing. The comparison is between words: runs of word characters, and every other character by itself.
pub fn words(old: &str, new: &str) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    words_if_common(old, new, LEAST_COMMON_PERCENT)
}

/// The same, with another share of visible characters that must be common.
pub(super) fn words_if_common(
    old: &str,
    new: &str,
    least_percent: usize,
) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    if old.len() > LONGEST_LINE || new.len() > LONGEST_LINE || old == new {
        return (Vec::new(), Vec::new());
    }
    let (old_ends, new_ends) = (token_ends(old), token_ends(new));
    let mut input = InternedInput::default();
    input.update_before(tokens(old, &old_ends));
    input.update_after(tokens(new, &new_ends));
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_no_heuristic(&input);

    let (mut removed, mut added) = (Vec::new(), Vec::new());
    for hunk in diff.hunks() {
        push_range(&mut removed, &old_ends, hunk.before);
        push_range(&mut added, &new_ends, hunk.after);
    }
    if common_percent(old, &removed, new, &added) >= least_percent {
        (removed, added)
    } else {
        (Vec::new(), Vec::new())
    }
}

/// Where each token ends; a token starts where the one before it ends.
fn token_ends(line: &str) -> Vec<usize> {
    let mut ends = Vec::with_capacity(line.len() / 3 + 1);
    let mut in_word = false;
    for (at, c) in line.char_indices() {
        let is_word = c.is_alphanumeric() || c == '_';
        if at > 0 && !(in_word && is_word) {
            ends.push(at);
        }
        in_word = is_word;
    }
    if !line.is_empty() {
        ends.push(line.len());
    }
    ends
}

fn tokens<'a>(line: &'a str, ends: &[usize]) -> impl Iterator<Item = &'a str> {
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts.zip(ends).map(|(start, &end)| &line[start..end])
}

/// Turns a range of tokens into a range of bytes.
fn push_range(ranges: &mut Vec<Range<usize>>, ends: &[usize], tokens: Range<u32>) {
    if tokens.is_empty() {
        return;
    }
    let end_of = |token: u32| ends[token as usize];
    let start = if tokens.start == 0 {
        0
    } else {
        end_of(tokens.start - 1)
    };
    ranges.push(start..end_of(tokens.end - 1));
}

/// How much of the longer line is common. White space does not count: any two indented lines share that.
fn common_percent(old: &str, removed: &[Range<usize>], new: &str, added: &[Range<usize>]) -> usize {
    let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    let kept = |line: &str, ranges: &[Range<usize>]| {
        let changed: usize = ranges
            .iter()
            .map(|range| visible(&line[range.clone()]))
            .sum();
        visible(line) - changed
    };
    let longer = visible(old).max(visible(new));
    (kept(old, removed).max(kept(new, added)) * 100)
        .checked_div(longer)
        .unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Shows the marks as brackets.
    fn shown(old: &str, new: &str) -> (String, String) {
        let (removed, added) = words(old, new);
        (bracketed(old, &removed), bracketed(new, &added))
    }

    fn bracketed(line: &str, ranges: &[Range<usize>]) -> String {
        let mut out = line.to_owned();
        for range in ranges.iter().rev() {
            out.insert(range.end, ']');
            out.insert(range.start, '[');
        }
        out
    }

    #[test]
    fn an_inserted_argument() {
        let (old, new) = shown("foo(bar, baz)", "foo(bar, qux, baz)");
        assert_eq!(
            (old.as_str(), new.as_str()),
            ("foo(bar, baz)", "foo(bar, [qux, ]baz)")
        );
    }

    #[test]
    fn a_renamed_word() {
        let (old, new) = shown("let größe = lese(x);", "let weite = lese(x);");
        assert_eq!(
            (old.as_str(), new.as_str()),
            ("let [größe] = lese(x);", "let [weite] = lese(x);")
        );
    }

    #[test]
    fn different_lines_are_not_marked() {
        assert_eq!(
            words("    return Ok(());", "    if x { panic!() }"),
            (vec![], vec![])
        );
    }

    #[test]
    fn white_space_alone() {
        let (old, new) = shown("a = 1", "a  = 1");
        assert_eq!((old.as_str(), new.as_str()), ("a = 1", "a [ ]= 1"));
        assert_eq!(shown(" ", "   ").1, " [  ]");
    }

    #[test]
    fn long_lines_are_left_alone() {
        let long = "word ".repeat(201);
        assert_eq!(words(&long, &format!("{long}x")), (vec![], vec![]));
    }

    /// The line without the marked pieces.
    fn rest(line: &str, ranges: &[Range<usize>]) -> String {
        let mut out = line.to_owned();
        for range in ranges.iter().rev() {
            out.replace_range(range.clone(), "");
        }
        out
    }

    proptest! {
        #[test]
        fn what_is_not_marked_is_common(old in "[ab é,(]{0,40}", new in "[ab é,(]{0,40}") {
            let (removed, added) = words(&old, &new);
            if !(removed.is_empty() && added.is_empty()) {
                prop_assert_eq!(rest(&old, &removed), rest(&new, &added));
            }
        }
    }
}
