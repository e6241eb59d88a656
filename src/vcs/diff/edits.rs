//! Which lines to take out and which to put in.
//!
//! `imara-diff` finds the lines that two texts do not share. Often a run of such lines can be moved up or down a bit (of two
//! equal blocks either may be called the new one). Where it goes follows Git's rules, in Git's order, old text first, so that
//! the same place comes out: runs that touch become one; a run goes where the other text changed, too; otherwise where the
//! indentation says that a block begins.

use std::ops::Range;

use imara_diff::{Algorithm, Hunk, Token};

use super::places::{Indent, best_end};

/// The lines that only one of two texts has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edits {
    removed: Vec<bool>,
    added: Vec<bool>,
}

impl Edits {
    /// Compares two texts, given as a number for each line. `tokens` is how many different numbers there are.
    pub fn between(
        algorithm: Algorithm,
        before: &[Token],
        after: &[Token],
        tokens: u32,
        indent: impl Fn(Token) -> Indent,
    ) -> Self {
        let mut diff = imara_diff::Diff::default();
        diff.compute_with(algorithm, before, after, tokens);
        let mut edits = Edits {
            removed: (0..before.len() as u32)
                .map(|at| diff.is_removed(at))
                .collect(),
            added: (0..after.len() as u32)
                .map(|at| diff.is_added(at))
                .collect(),
        };
        compact(&mut edits.removed, &edits.added, before, &indent);
        compact(&mut edits.added, &edits.removed, after, &indent);
        edits
    }

    /// How many lines were added.
    pub fn count_added(&self) -> u64 {
        self.added.iter().filter(|added| **added).count() as u64
    }

    /// How many lines were removed.
    pub fn count_removed(&self) -> u64 {
        self.removed.iter().filter(|removed| **removed).count() as u64
    }

    /// The places that differ, from the top.
    pub fn hunks(&self) -> Vec<Hunk> {
        let mut hunks = Vec::new();
        let (mut old, mut new) = (0, 0);
        loop {
            let (from_old, from_new) = (old, new);
            old += run_length(&self.removed[old..]);
            new += run_length(&self.added[new..]);
            if old > from_old || new > from_new {
                hunks.push(Hunk {
                    before: from_old as u32..old as u32,
                    after: from_new as u32..new as u32,
                });
            }
            if old >= self.removed.len() || new >= self.added.len() {
                break;
            }
            // Both texts have this line.
            (old, new) = (old + 1, new + 1);
        }
        hunks
    }
}

fn run_length(changed: &[bool]) -> usize {
    changed.iter().take_while(|changed| **changed).count()
}

/// Walks over the gaps between the lines that both texts have: a gap holds the run of changed lines that stands there, which
/// may be empty. The n-th gap of one text belongs to the n-th of the other.
struct Gap(Range<usize>);

impl Gap {
    fn first(changed: &[bool]) -> Self {
        Gap(0..run_length(changed))
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes to the next gap; false after the last.
    fn down(&mut self, changed: &[bool]) -> bool {
        if self.0.end >= changed.len() {
            return false;
        }
        let start = self.0.end + 1;
        self.0 = start..start + run_length(&changed[start..]);
        true
    }

    /// Goes back to the gap before.
    fn up(&mut self, changed: &[bool]) {
        let Some(end) = self.0.start.checked_sub(1) else {
            return;
        };
        let above = changed[..end].iter().rev();
        let length = above.take_while(|changed| **changed).count();
        self.0 = end - length..end;
    }

    /// Moves the run one line up, if the lines at its ends are equal; a run that it touches then becomes part of it.
    fn slide_up(&mut self, changed: &mut [bool], tokens: &[Token]) -> bool {
        let Range { start, end } = self.0;
        if start == 0 || tokens[start - 1] != tokens[end - 1] {
            return false;
        }
        (changed[start - 1], changed[end - 1]) = (true, false);
        let above = changed[..start - 1].iter().rev();
        let length = above.take_while(|changed| **changed).count();
        self.0 = start - 1 - length..end - 1;
        true
    }

    /// Moves the run one line down.
    fn slide_down(&mut self, changed: &mut [bool], tokens: &[Token]) -> bool {
        let Range { start, end } = self.0;
        if end >= tokens.len() || tokens[start] != tokens[end] {
            return false;
        }
        (changed[start], changed[end]) = (false, true);
        self.0 = start + 1..end + 1 + run_length(&changed[end + 1..]);
        true
    }
}

/// Moves the changed runs of one text to where they read best.
fn compact(
    changed: &mut [bool],
    other: &[bool],
    tokens: &[Token],
    indent: &impl Fn(Token) -> Indent,
) {
    let (mut gap, mut facing) = (Gap::first(changed), Gap::first(other));
    loop {
        if !gap.is_empty() {
            place(&mut gap, &mut facing, changed, other, tokens, indent);
        }
        if !gap.down(changed) {
            break;
        }
        facing.down(other);
    }
}

fn place(
    gap: &mut Gap,
    facing: &mut Gap,
    changed: &mut [bool],
    other: &[bool],
    tokens: &[Token],
    indent: &impl Fn(Token) -> Indent,
) {
    let (mut highest, mut faces_change);
    loop {
        let length = gap.0.len();
        while gap.slide_up(changed, tokens) {
            facing.up(other);
        }
        highest = gap.0.end;
        faces_change = !facing.is_empty();
        while gap.slide_down(changed, tokens) {
            facing.down(other);
            faces_change |= !facing.is_empty();
        }
        // A run that has grown may be able to go further up than before.
        if length == gap.0.len() {
            break;
        }
    }
    if gap.0.end == highest {
        return;
    }
    if faces_change {
        while facing.is_empty() && gap.slide_up(changed, tokens) {
            facing.up(other);
        }
        return;
    }
    let best = best_end(tokens, gap.0.clone(), highest, indent);
    while gap.0.end > best && gap.slide_up(changed, tokens) {
        facing.up(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edits(before: &[u32], after: &[u32]) -> Edits {
        let [before, after] =
            [before, after].map(|text| text.iter().map(|&line| Token(line)).collect::<Vec<_>>());
        Edits::between(Algorithm::Myers, &before, &after, 10, |_| Some(0))
    }

    #[test]
    fn a_run_goes_down_and_to_where_the_other_text_changed() {
        // The second `1 2` is the new one.
        let hunks = edits(&[1, 2, 3], &[1, 2, 1, 2, 3]).hunks();
        assert_eq!((hunks.len(), hunks[0].after.clone()), (1, 2..4));
        assert_eq!(edits(&[], &[]).hunks().len(), 0);
        let hunks = edits(&[], &[4]).hunks();
        assert_eq!((hunks.len(), hunks[0].after.clone()), (1, 0..1));
    }

    proptest! {
        #[test]
        fn edits_make_the_new_text_of_the_old(
            before in proptest::collection::vec(0u32..5, 0..30),
            after in proptest::collection::vec(0u32..5, 0..30),
        ) {
            let edits = edits(&before, &after);
            let mut made = Vec::new();
            let mut at = 0;
            for hunk in edits.hunks() {
                made.extend_from_slice(&before[at..hunk.before.start as usize]);
                made.extend_from_slice(&after[hunk.after.start as usize..hunk.after.end as usize]);
                at = hunk.before.end as usize;
            }
            made.extend_from_slice(&before[at..]);
            prop_assert_eq!(made, after);
        }
    }
}
