//! The lines of a file in a merge and in all of its parents.
//!
//! The form is that of "Combined diff format" in `git help diff`, and which places are told, with how many lines around them, is
//! what `git diff -c` and `--cc` tell. Each line of the merge knows in which parents it is; what parents have and the merge has
//! not hangs above the line that follows.

use imara_diff::{Algorithm, InternedInput};

use super::LineKind;
use super::combined::{CombinedHunk, CombinedLine};
use super::edits::Edits;
use super::places::indent_of;

/// A line that some parents have and the merge has not.
struct Lost<'a> {
    text: &'a [u8],
    /// Its number in each parent that has it.
    places: Vec<Option<u32>>,
}

/// Compares a text with those of all parents.
pub(super) fn combine(
    olds: &[Vec<u8>],
    new: &[u8],
    context: usize,
    dense: bool,
) -> Vec<CombinedHunk> {
    let lines = |text| <[u8]>::split_inclusive(text, |&byte| byte == b'\n').collect::<Vec<&[u8]>>();
    let new_lines = lines(new);
    let count = new_lines.len();
    // For each line of the merge its number in each parent.
    let mut kept: Vec<Vec<Option<u32>>> = vec![vec![None; olds.len()]; count];
    // Above each line, and below the last, what is gone there.
    let mut lost: Vec<Vec<Lost<'_>>> = (0..=count).map(|_| Vec::new()).collect();
    for (parent, old) in olds.iter().enumerate() {
        let old_lines = lines(old);
        let mut input = InternedInput::default();
        input.update_before(old_lines.iter().copied());
        input.update_after(new_lines.iter().copied());
        let interner = &input.interner;
        let edits = Edits::between(
            Algorithm::Histogram,
            &input.before,
            &input.after,
            interner.num_tokens(),
            |token| indent_of(interner[token]),
        );
        let (mut before, mut after) = (0, 0);
        let end = imara_diff::Hunk {
            before: old_lines.len() as u32..old_lines.len() as u32,
            after: count as u32..count as u32,
        };
        for hunk in edits.hunks().into_iter().chain([end]) {
            while after < hunk.after.start {
                kept[after as usize][parent] = Some(before + 1);
                (before, after) = (before + 1, after + 1);
            }
            let gone = hunk
                .before
                .clone()
                .map(|at| (old_lines[at as usize], at + 1));
            add_lost(
                &mut lost[after as usize],
                gone.collect(),
                parent,
                olds.len(),
            );
            (before, after) = (hunk.before.end, hunk.after.end);
        }
    }
    let mut marked: Vec<bool> = (0..=count)
        .map(|at| !lost[at].is_empty() || is_new(&kept, at))
        .collect();
    if dense {
        unmark_followed(&mut marked, &kept, &lost, context, olds.len());
    }
    let bare = mark_context(&mut marked, &kept, context);
    let starts = starts(&kept, &lost, olds.len());
    let mut hunks = Vec::new();
    let mut at = 0;
    while let Some(first) = (at..=count).find(|&at| marked[at]) {
        let end = (first..=count).find(|&at| !marked[at]).unwrap_or(count + 1);
        // Without context a line is in a hunk only because of what is gone above it.
        let is_shown = |at: usize| at < count && (context > 0 || is_new(&kept, at));
        let hidden = (first..end)
            .filter(|&at| at < count && !is_shown(at))
            .count();
        let mut lines = Vec::new();
        for at in first..end {
            if !bare[at] {
                lines.extend(lost[at].iter().map(gone_line));
            }
            if is_shown(at) {
                lines.push(kept_line(new_lines[at], at, &kept[at]));
            }
        }
        let old = (0..olds.len()).map(|parent| {
            let (start, next) = (starts[first][parent], starts[end][parent]);
            (start, (next - start).saturating_sub(hidden as u32))
        });
        let shown = end.min(count) - first - hidden;
        hunks.push(CombinedHunk {
            new: (first as u32 + 1, shown as u32),
            old: old.collect(),
            section: section(&new_lines[at..first]),
            lines,
        });
        at = end;
    }
    hunks
}

/// The last of some lines that begins as a function of C does, as far as the form has room for it: 40 bytes, and of these the last
/// that is no blank is cut off, as `git` does.
fn section(lines: &[&[u8]]) -> Vec<u8> {
    let is_heading = |line: &&&[u8]| {
        line.first()
            .is_some_and(|&byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$')
    };
    let Some(line) = lines.iter().rev().find(is_heading) else {
        return Vec::new();
    };
    let line = without_end(line);
    let line = &line[..line.len().min(40)];
    let last = line.iter().rposition(|byte| !byte.is_ascii_whitespace());
    line[..last.unwrap_or(0)].to_vec()
}

/// For each line of the merge, and for what follows the last, with which line each parent goes on there: that which is gone above
/// it first.
fn starts(kept: &[Vec<Option<u32>>], lost: &[Vec<Lost<'_>>], parents: usize) -> Vec<Vec<u32>> {
    let mut next = vec![1; parents];
    let mut starts = vec![next.clone()];
    for (at, gone) in lost.iter().enumerate() {
        for (parent, next) in next.iter_mut().enumerate() {
            let gone = gone.iter().filter(|line| line.places[parent].is_some());
            *next += gone.count() as u32;
            *next += u32::from(kept.get(at).is_some_and(|line| line[parent].is_some()));
        }
        starts.push(next.clone());
    }
    starts
}

/// Marks the lines around the differing places, and those of a gap that is too small. The answer tells above which lines nothing
/// gone is shown: those above a place are there for context only.
fn mark_context(marked: &mut [bool], kept: &[Vec<Option<u32>>], context: usize) -> Vec<bool> {
    let all = marked.len();
    let mut bare = vec![false; all];
    let next = |marked: &[bool], from: usize, wanted: bool| {
        (from..all).find(|&at| marked[at] == wanted).unwrap_or(all)
    };
    let mut place = next(marked, 0, true);
    while place < all {
        for at in place.saturating_sub(context)..place {
            bare[at] = bare[at] || !marked[at];
            marked[at] = true;
        }
        loop {
            let end = next(marked, place, false);
            if end == all {
                return bare;
            }
            let following = next(marked, end, true);
            // What is gone above a line differs, the line itself may not: then it is the first line of context.
            let tail = if is_new(kept, end - 1) { end } else { end - 1 };
            let until = (tail + context).min(all);
            if following < tail + context {
                marked[tail..following].fill(true);
                place = following;
            } else {
                marked[tail..until].fill(true);
                place = following;
                break;
            }
        }
    }
    bare
}

/// Whether a line of the merge is missing in one of the parents.
fn is_new(kept: &[Vec<Option<u32>>], at: usize) -> bool {
    kept.get(at)
        .is_some_and(|line| line.iter().any(Option::is_none))
}

/// Takes the marks from the places at which the merge follows one of its parents. Marked lines with fewer than `context` others
/// between them are one place.
fn unmark_followed(
    marked: &mut [bool],
    kept: &[Vec<Option<u32>>],
    lost: &[Vec<Lost<'_>>],
    context: usize,
    parents: usize,
) {
    let mut at = 0;
    while let Some(first) = (at..marked.len()).find(|&at| marked[at]) {
        let mut end = first + 1;
        while end < marked.len() {
            if !marked[end] {
                // Where lines are gone only, the line below them counts as one of those between.
                let from = if is_new(kept, end - 1) { end } else { end - 1 };
                let until = (from + context).min(marked.len());
                match (end..until).rev().find(|&at| marked[at]) {
                    Some(next) => end = next,
                    None => break,
                }
            }
            end += 1;
        }
        if !is_own_work(kept, lost, first..end, parents) {
            marked[first..end].fill(false);
        }
        at = end;
    }
}

/// Puts a parent's lost lines among those of the parents before: equal ones, in the same order, are one.
fn add_lost<'a>(
    known: &mut Vec<Lost<'a>>,
    gone: Vec<(&'a [u8], u32)>,
    parent: usize,
    parents: usize,
) {
    let fresh = |(text, number): (&'a [u8], u32)| {
        let mut places = vec![None; parents];
        places[parent] = Some(number);
        Lost { text, places }
    };
    let (rows, columns) = (known.len(), gone.len());
    // Where the table would be large they are told one after the other.
    if rows == 0 || columns == 0 || rows * columns > 1_000_000 {
        known.extend(gone.into_iter().map(fresh));
        return;
    }
    let same = |row: usize, column: usize| line_of(known[row].text) == line_of(gone[column].0);
    // The length of the longest common sequence of the first lines of both, for every number of first lines.
    let place = |row: usize, column: usize| row * (columns + 1) + column;
    let mut table = vec![0u32; (rows + 1) * (columns + 1)];
    for row in 1..=rows {
        for column in 1..=columns {
            table[place(row, column)] = if same(row - 1, column - 1) {
                table[place(row - 1, column - 1)] + 1
            } else {
                table[place(row - 1, column)].max(table[place(row, column - 1)])
            };
        }
    }
    // Read backwards: which of both comes last.
    let mut steps = Vec::with_capacity(rows + columns);
    let (mut row, mut column) = (rows, columns);
    while row > 0 || column > 0 {
        let both = row > 0 && column > 0 && same(row - 1, column - 1);
        let theirs = column > 0
            && (row == 0 || table[place(row, column - 1)] >= table[place(row - 1, column)]);
        let step = (both || !theirs, both || theirs);
        row -= usize::from(step.0);
        column -= usize::from(step.1);
        steps.push(step);
    }
    let mut olds = std::mem::take(known).into_iter();
    let mut news = gone.into_iter();
    for (old, new) in steps.into_iter().rev() {
        let (old, new) = (old.then(|| olds.next()), new.then(|| news.next()));
        match (old.flatten(), new.flatten()) {
            (Some(mut line), new) => {
                if let Some((_, number)) = new {
                    line.places[parent] = Some(number);
                }
                known.push(line);
            }
            (None, new) => known.extend(new.map(fresh)),
        }
    }
}

/// Whether a place is more than what one parent and the others disagree about.
fn is_own_work(
    kept: &[Vec<Option<u32>>],
    lost: &[Vec<Lost<'_>>],
    place: std::ops::Range<usize>,
    parents: usize,
) -> bool {
    let mut sets: Vec<Vec<bool>> = Vec::new();
    for at in place {
        let gone = lost[at]
            .iter()
            .map(|line| line.places.iter().map(Option::is_some).collect());
        sets.extend(gone);
        if let Some(line) = kept.get(at) {
            sets.push(line.iter().map(Option::is_none).collect());
        }
    }
    sets.retain(|set| set.contains(&true));
    let all_alike = sets.windows(2).all(|pair| pair[0] == pair[1]);
    !all_alike || sets.first().is_some_and(|set| *set == vec![true; parents])
}

fn gone_line(line: &Lost<'_>) -> CombinedLine {
    let mark = |place: &Option<u32>| match place {
        Some(_) => LineKind::Removed,
        None => LineKind::Context,
    };
    CombinedLine {
        marks: line.places.iter().map(mark).collect(),
        new_no: None,
        old_no: line.places.clone(),
        text: without_end(line.text),
    }
}

fn kept_line(text: &[u8], at: usize, places: &[Option<u32>]) -> CombinedLine {
    let mark = |place: &Option<u32>| match place {
        Some(_) => LineKind::Context,
        None => LineKind::Added,
    };
    CombinedLine {
        marks: places.iter().map(mark).collect(),
        new_no: Some(at as u32 + 1),
        old_no: places.to_vec(),
        text: without_end(text),
    }
}

fn without_end(text: &[u8]) -> Vec<u8> {
    line_of(text).to_vec()
}

fn line_of(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\n").unwrap_or(text)
}
