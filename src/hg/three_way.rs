//! Whether two changes of one text fit together, as Mercurial judges it.
//!
//! Where all three texts agree they are in step. Between two such places a change of one side alone is taken, and so is the same change of both; anything else
//! is a conflict. That is the merge Mercurial tries before it asks for a tool (`internal:merge`).

use crate::line_match::{Run, matching_runs, split_lines};

/// Whether the changes from `base` to `ours` and from `base` to `theirs` can both be made.
pub fn merges_cleanly(base: &[u8], ours: &[u8], theirs: &[u8]) -> bool {
    if ours == theirs || base == ours || base == theirs {
        return true;
    }
    let [base, ours, theirs] = [base, ours, theirs].map(split_lines);
    let mut at = (0, 0, 0);
    for sync in in_step(&base, &ours, &theirs) {
        let before = &base[at.0..sync.base];
        let (mine, yours) = (&ours[at.1..sync.ours], &theirs[at.2..sync.theirs]);
        if mine != before && yours != before && mine != yours {
            return false;
        }
        at = (
            sync.base + sync.len,
            sync.ours + sync.len,
            sync.theirs + sync.len,
        );
    }
    true
}

/// Lines that all three texts have.
struct Sync {
    base: usize,
    ours: usize,
    theirs: usize,
    len: usize,
}

fn in_step(base: &[&[u8]], ours: &[&[u8]], theirs: &[&[u8]]) -> Vec<Sync> {
    let (mine, yours) = (matching_runs(base, ours), matching_runs(base, theirs));
    let (mut mine, mut yours) = (mine.iter().peekable(), yours.iter().peekable());
    let mut found = Vec::new();
    while let (Some(&&one), Some(&&other)) = (mine.peek(), yours.peek()) {
        let start = one.a.max(other.a);
        let end = end(one).min(end(other));
        if start < end {
            found.push(Sync {
                base: start,
                ours: one.b + (start - one.a),
                theirs: other.b + (start - other.a),
                len: end - start,
            });
        }
        if self::end(one) < self::end(other) {
            mine.next();
        } else {
            yours.next();
        }
    }
    found.push(Sync {
        base: base.len(),
        ours: ours.len(),
        theirs: theirs.len(),
        len: 0,
    });
    found
}

fn end(run: Run) -> usize {
    run.a + run.len
}

#[cfg(test)]
mod tests {
    use super::merges_cleanly;

    #[test]
    fn changes_fit_when_an_untouched_line_lies_between() {
        let merge = |base: &str, ours: &str, theirs: &str| {
            let forth = merges_cleanly(base.as_bytes(), ours.as_bytes(), theirs.as_bytes());
            let back = merges_cleanly(base.as_bytes(), theirs.as_bytes(), ours.as_bytes());
            assert_eq!(forth, back);
            forth
        };
        let base = "a\nb\nc\nd\ne\n";
        assert!(merge(base, "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n"));
        assert!(merge(base, "A\nb\nc\nd\ne\n", "a\nb\nC\nd\ne\n"));
        assert!(!merge(base, "A\nb\nc\nd\ne\n", "a\nB\nc\nd\ne\n"));
        assert!(!merge(base, "A\nb\nc\nd\ne\n", "Z\nb\nc\nd\ne\n"));
        assert!(merge(base, "A\nb\nc\nd\ne\n", "A\nb\nc\nd\nE\n"));
        assert!(merge(base, "a\nc\nd\ne\n", "a\nb\nc\nd\n"));
        assert!(!merge(base, "", "a\nb\nX\nd\ne\n"));
        assert!(!merge("", "a\n", "b\n"));
        assert!(merge("", "a\n", "a\n"));
    }
}
