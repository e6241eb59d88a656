//! What a merge did itself: its files compared with those of all parents at once.
//!
//! A file that a merge took from one of its parents as it was there is not the merge's work. Of the others each line says in which
//! parents it was: that is the form of `git diff -c`, and without the places that follow one parent word for word, of
//! `git diff --cc` ("Combined diff format" in `git help diff`).

use std::collections::BTreeSet;

use imara_diff::{Algorithm, InternedInput};

use super::LineKind;
use super::edits::Edits;
use super::places::indent_of;
use crate::{ChangesetId, NodeError, ReadError, RepoPath, Repository};

/// A merge compared with all of its parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CombinedDiff {
    /// The parents, in the order of all lists below.
    pub parents: Vec<ChangesetId>,
    /// The files that are as in none of the parents, by path.
    pub files: Vec<CombinedFile>,
}

/// A file that a merge did not take over from one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CombinedFile {
    /// Its path.
    pub path: RepoPath,
    /// Whether one of the contents is no text, or too large to be compared.
    pub binary: bool,
    /// The differing places.
    pub hunks: Vec<CombinedHunk>,
}

/// A differing place with the lines around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CombinedHunk {
    /// The lines.
    pub lines: Vec<CombinedLine>,
}

/// A line of the merge, or of some of its parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CombinedLine {
    /// For each parent: [`LineKind::Added`] if the line is the merge's but not this parent's, [`LineKind::Removed`] if it is this
    /// parent's but not the merge's, else [`LineKind::Context`].
    pub marks: Vec<LineKind>,
    /// Its number in the merge, from 1; none where it is gone.
    pub new_no: Option<u32>,
    /// Its number in each parent, from 1, where it is there.
    pub old_no: Vec<Option<u32>>,
    /// The line without its newline.
    pub text: Vec<u8>,
}

/// A larger file is not compared.
const LARGEST: u64 = 4 * 1024 * 1024;

impl Repository {
    /// Compares a merge with all of its parents. `dense` leaves out the places at which it follows one of them.
    pub fn combined_diff(
        &self,
        id: &ChangesetId,
        context: u32,
        dense: bool,
    ) -> Result<CombinedDiff, ReadError> {
        let parents = self.parents(id)?;
        let mut paths: Option<Vec<RepoPath>> = None;
        for parent in &parents {
            let changed = self.changed_files(Some(parent), id)?.into_iter();
            let changed: BTreeSet<RepoPath> = changed
                .flat_map(|file| file.old_path.into_iter().chain(file.new_path))
                .collect();
            paths = Some(match paths {
                None => changed.into_iter().collect(),
                Some(paths) => paths
                    .into_iter()
                    .filter(|path| changed.contains(path))
                    .collect(),
            });
        }
        let mut files = Vec::new();
        for path in paths.unwrap_or_default() {
            let read = |id: &ChangesetId| match self.file_up_to(id, &path, LARGEST) {
                Ok(file) if !file.is_binary() => Ok(Some(file.data)),
                Err(NodeError::NotFound { .. }) => Ok(Some(Vec::new())),
                Err(NodeError::Read(error)) => Err(error),
                Ok(_) | Err(_) => Ok(None),
            };
            let new = read(id)?;
            let olds = parents
                .iter()
                .map(read)
                .collect::<Result<Option<Vec<_>>, _>>()?;
            let hunks = match (&new, &olds) {
                (Some(new), Some(olds)) => Some(combine(olds, new, context as usize, dense)),
                _ => None,
            };
            let binary = hunks.is_none();
            let hunks = hunks.unwrap_or_default();
            if binary || !hunks.is_empty() || !dense {
                files.push(CombinedFile {
                    path,
                    binary,
                    hunks,
                });
            }
        }
        Ok(CombinedDiff { parents, files })
    }
}

/// A line that some parents have and the merge has not.
struct Lost<'a> {
    text: &'a [u8],
    /// Its number in each parent that has it.
    places: Vec<Option<u32>>,
}

fn combine(olds: &[Vec<u8>], new: &[u8], context: usize, dense: bool) -> Vec<CombinedHunk> {
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
    let differs = |at: usize| {
        !lost[at].is_empty()
            || kept
                .get(at)
                .is_some_and(|line| line.iter().any(Option::is_none))
    };
    let mut marked: Vec<bool> = (0..=count).map(differs).collect();
    if dense {
        unmark_followed(&mut marked, &kept, &lost, context, olds.len());
    }
    let mut hunks = Vec::new();
    let mut at = 0;
    while let Some(first) = (at..=count).find(|&at| marked[at]) {
        let start = first.saturating_sub(context).max(at);
        let mut last = first;
        let reach = |last: usize| (last + 1)..=count.min(last + 2 * context + 1);
        while let Some(next) = reach(last).find(|&at| marked[at]) {
            last = next;
        }
        // What is gone above a line differs, the line itself may not.
        let end = match is_new(&kept, last) {
            true => last + 1,
            false => last,
        };
        let end = end.saturating_add(context).min(count);
        let mut lines = Vec::new();
        for at in start..=end {
            let shown = at < end || at <= last;
            lines.extend(lost[at].iter().filter(|_| shown).map(gone_line));
            if at < end {
                lines.push(kept_line(new_lines[at], at, &kept[at]));
            }
        }
        hunks.push(CombinedHunk { lines });
        at = end.max(last + 1);
    }
    hunks
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
    let fresh = |text: &'a [u8], number: u32| {
        let mut places = vec![None; parents];
        places[parent] = Some(number);
        Lost { text, places }
    };
    // The longest common sequence, by the table of its lengths from each place on; without one where the table got large.
    let (rows, columns) = (known.len(), gone.len());
    let table_fits = rows * columns <= 1_000_000;
    let mut table = vec![
        0u32;
        if table_fits {
            (rows + 1) * (columns + 1)
        } else {
            0
        }
    ];
    let place = |row: usize, column: usize| row * (columns + 1) + column;
    if table_fits {
        for row in (0..rows).rev() {
            for column in (0..columns).rev() {
                table[place(row, column)] = if known[row].text == gone[column].0 {
                    table[place(row + 1, column + 1)] + 1
                } else {
                    table[place(row + 1, column)].max(table[place(row, column + 1)])
                };
            }
        }
    }
    let mut merged = Vec::with_capacity(rows + columns);
    let (mut row, mut column) = (0, 0);
    let mut rest = std::mem::take(known).into_iter();
    while table_fits && row < rows && column < columns {
        let (below, right) = (table[place(row + 1, column)], table[place(row, column + 1)]);
        let here = table[place(row, column)];
        let (text, number) = gone[column];
        if here > below && here > right {
            if let Some(mut line) = rest.next() {
                line.places[parent] = Some(number);
                merged.push(line);
            }
            (row, column) = (row + 1, column + 1);
        } else if below >= right {
            merged.extend(rest.next());
            row += 1;
        } else {
            merged.push(fresh(text, number));
            column += 1;
        }
    }
    merged.extend(rest);
    merged.extend(
        gone[column..]
            .iter()
            .map(|&(text, number)| fresh(text, number)),
    );
    *known = merged;
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
    text.strip_suffix(b"\n").unwrap_or(text).to_vec()
}
