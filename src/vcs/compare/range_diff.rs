//! Which changeset became which, when some work was done anew.
//!
//! The method is that of `git range-diff`: each changeset is written as a text without what moves by itself (line numbers, ids). Those with equal changes
//! belong together. For all others it costs as much as their texts differ to call two the same, and some to call one new or gone; of all ways to pair
//! them the cheapest is taken.

use std::collections::HashMap;

use imara_diff::{Algorithm, Diff, InternedInput};

use super::Comparison;
use crate::diff::{DiffOptions, LineKind, Operation};
use crate::{ChangesetId, ReadError};

/// A line of the comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangePair {
    /// The changeset of the old version; none when it is new.
    pub old: Option<ChangesetId>,
    /// The changeset of the new version; none when it is gone.
    pub new: Option<ChangesetId>,
    /// How they relate.
    pub relation: RangeRelation,
    /// How the text of the change has changed: a diff of the two patches, where both are there and differ.
    pub difference: Option<String>,
}

/// How two changesets relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RangeRelation {
    /// The same change with the same message: `=`.
    Same,
    /// One was made from the other: `!`.
    Changed,
    /// There in the old version only: `<`.
    Gone,
    /// There in the new version only: `>`.
    New,
}

/// To call a changeset new or gone costs this part, in percent, of its size: Git's `--creation-factor`.
const CREATION_FACTOR: u64 = 60;
/// Pairing takes the third power of the number of changesets; more are paired by equal changes alone.
const MOST: usize = 600;
/// No pair.
const NEVER: u64 = 1 << 40;

struct Patch {
    id: ChangesetId,
    /// Header, message and change.
    text: String,
    /// Where the change begins.
    change: usize,
    partner: Option<usize>,
}

impl Patch {
    fn change(&self) -> &str {
        &self.text[self.change..]
    }

    /// The lines of the change; those that part its files do not count.
    fn size(&self) -> u64 {
        let lines = self.change().lines();
        lines.filter(|line| !line.is_empty()).count() as u64
    }
}

pub(super) fn range_diff(
    comparison: &Comparison<'_>,
    old: &[ChangesetId],
    new: &[ChangesetId],
) -> Result<Vec<RangePair>, ReadError> {
    let read = |ids: &[ChangesetId]| {
        let mut patches = Vec::new();
        for id in ids {
            patches.extend(patch(comparison, id)?);
        }
        Ok::<_, ReadError>(patches)
    };
    let (mut old, mut new) = (read(old)?, read(new)?);
    pair_equal(&mut old, &mut new);
    if old.len() + new.len() <= MOST {
        pair_cheapest(&mut old, &mut new);
    }
    Ok(in_order(&old, &new))
}

/// Writes a changeset as a text; none for a merge.
fn patch(comparison: &Comparison<'_>, id: &ChangesetId) -> Result<Option<Patch>, ReadError> {
    let changeset = comparison.changeset(id)?;
    if changeset.is_merge() {
        return Ok(None);
    }
    let mut text = format!(
        " ## Metadata ##\nAuthor: {}\n\n ## Commit message ##\n",
        changeset.author.raw
    );
    for line in changeset.message.trim_end().lines() {
        let line = line.trim_end();
        let indent = if line.is_empty() { "" } else { "    " };
        text += &format!("{indent}{line}\n");
    }
    let change = text.len();
    let diff = comparison.diff(changeset.parents.first(), id, &DiffOptions::default())?;
    for file in &diff.files {
        let (old, new) = (file.old_path.as_ref(), file.new_path.as_ref());
        let path = file.path();
        let mut title = match (file.operation, old) {
            (Operation::Added, _) => format!("{path} (new)"),
            (Operation::Removed, _) => format!("{path} (deleted)"),
            (Operation::Renamed | Operation::Copied, Some(old)) => format!("{old} => {path}"),
            _ => path.to_string(),
        };
        if let (Some(before), Some(after), Some(_), Some(_)) =
            (file.old_mode, file.new_mode, old, new)
            && before != after
        {
            title += &format!(" (mode change {before:06o} => {after:06o})");
        }
        text += &format!("\n ## {title} ##\n");
        if file.binary {
            let name = |path: Option<&crate::RepoPath>| {
                path.map_or_else(|| "/dev/null".to_owned(), ToString::to_string)
            };
            text += &format!(" Binary files {} and {} differ\n", name(old), name(new));
        }
        for hunk in &file.hunks {
            text += "@@";
            if !hunk.section.is_empty() {
                text += &format!(" {path}: {}", String::from_utf8_lossy(&hunk.section));
            }
            text.push('\n');
            for line in &hunk.lines {
                text.push(match line.kind {
                    LineKind::Context => ' ',
                    LineKind::Added => '+',
                    LineKind::Removed => '-',
                });
                text += &String::from_utf8_lossy(&line.text);
                text.push('\n');
                if line.no_newline {
                    text += " \\ No newline at end of file\n";
                }
            }
        }
    }
    Ok(Some(Patch {
        id: *id,
        text,
        change,
        partner: None,
    }))
}

fn pair_equal(old: &mut [Patch], new: &mut [Patch]) {
    let mut known: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, patch) in old.iter().enumerate().rev() {
        known.entry(patch.change().to_owned()).or_default().push(at);
    }
    for (at, patch) in new.iter_mut().enumerate() {
        let same = known.get_mut(patch.change()).and_then(Vec::pop);
        if let Some(partner) = same {
            patch.partner = Some(partner);
            old[partner].partner = Some(at);
        }
    }
}

/// Pairs the rest so that the whole costs least.
fn pair_cheapest(old: &mut [Patch], new: &mut [Patch]) {
    let lonely = |patches: &[Patch]| -> Vec<usize> {
        let all = 0..patches.len();
        all.filter(|&at| patches[at].partner.is_none()).collect()
    };
    let (rows, columns) = (lonely(old), lonely(new));
    if rows.is_empty() || columns.is_empty() {
        return;
    }
    let size = rows.len() + columns.len();
    let alone = |patch: &Patch| patch.size() * CREATION_FACTOR / 100;
    let mut costs = vec![vec![0; size]; size];
    for (row, costs) in costs.iter_mut().enumerate() {
        for (column, cost) in costs.iter_mut().enumerate() {
            *cost = match (rows.get(row), columns.get(column)) {
                (Some(&a), Some(&b)) => difference(old[a].change(), new[b].change()).0,
                (Some(&a), None) => alone(&old[a]),
                (None, Some(&b)) => alone(&new[b]),
                (None, None) => 0,
            };
        }
    }
    for (row, column) in assign(&costs).into_iter().enumerate() {
        if let (Some(&a), Some(&b)) = (rows.get(row), columns.get(column)) {
            old[a].partner = Some(b);
            new[b].partner = Some(a);
        }
    }
}

/// How many lines the difference of two texts has, with three lines of context, and the difference.
fn difference(old: &str, new: &str) -> (u64, String) {
    const CONTEXT: u32 = 3;
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut input = InternedInput::default();
    input.update_before(a.iter().copied());
    input.update_after(b.iter().copied());
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_no_heuristic(&input);
    let mut out = String::new();
    let mut put = |sign: char, line: &str| {
        out.push(sign);
        out.push_str(line);
        out.push('\n');
    };
    let opening = |start: u32| match heading(&a[..start as usize]) {
        Some(heading) => format!("@ {heading}"),
        None => "@".to_owned(),
    };
    let mut count = 0;
    let mut last: Option<u32> = None;
    let end = a.len() as u32;
    let tail = |from: u32| from..from.saturating_add(CONTEXT).min(end);
    for hunk in diff.hunks() {
        let start = hunk.before.start.saturating_sub(CONTEXT);
        let from = match last {
            Some(last) if start <= last.saturating_add(CONTEXT) => last,
            Some(last) => {
                for at in tail(last) {
                    put(' ', a[at as usize]);
                    count += 1;
                }
                put('@', &opening(start));
                count += 1;
                start
            }
            None => {
                put('@', &opening(start));
                count += 1;
                start
            }
        };
        for at in from..hunk.before.start {
            put(' ', a[at as usize]);
            count += 1;
        }
        for at in hunk.before.clone() {
            put('-', a[at as usize]);
            count += 1;
        }
        for at in hunk.after.clone() {
            put('+', b[at as usize]);
            count += 1;
        }
        last = Some(hunk.before.end);
    }
    if let Some(last) = last {
        for at in tail(last) {
            put(' ', a[at as usize]);
            count += 1;
        }
    }
    (count, out)
}

/// Which part of a patch the lines after these belong to: a file, or what its hunk stands in.
fn heading<'a>(before: &[&'a str]) -> Option<&'a str> {
    /// `git` cuts there.
    const LONGEST: usize = 80;
    let told = before.iter().rev().find_map(|line| {
        let file = line
            .strip_prefix(" ## ")
            .and_then(|line| line.strip_suffix(" ##"));
        let hunk = || {
            let sign = line.chars().next().map_or(0, char::len_utf8);
            let inside = line.strip_prefix("@@ ");
            inside.or_else(|| line[sign..].strip_prefix("@@ "))
        };
        file.or_else(hunk)
    })?;
    let mut end = told.len().min(LONGEST);
    while !told.is_char_boundary(end) {
        end -= 1;
    }
    Some(told[..end].trim_end())
}

/// For each row a column so that each column is taken once and the sum is smallest: the Hungarian method, in the form with potentials.
fn assign(costs: &[Vec<u64>]) -> Vec<usize> {
    let size = costs.len();
    let cost = |row: usize, column: usize| costs[row - 1][column - 1].min(NEVER) as i64;
    let (mut rows, mut columns) = (vec![0i64; size + 1], vec![0i64; size + 1]);
    // The row that has each column; 0 is nobody, and column 0 the place where the search for a new row begins.
    let mut holder = vec![0usize; size + 1];
    for row in 1..=size {
        holder[0] = row;
        let mut column = 0;
        let mut least = vec![i64::MAX; size + 1];
        let mut way = vec![0usize; size + 1];
        let mut seen = vec![false; size + 1];
        while holder[column] != 0 {
            seen[column] = true;
            let here = holder[column];
            let (mut delta, mut next) = (i64::MAX, 0);
            for other in 1..=size {
                if seen[other] {
                    continue;
                }
                let reduced = cost(here, other) - rows[here] - columns[other];
                if reduced < least[other] {
                    least[other] = reduced;
                    way[other] = column;
                }
                if least[other] < delta {
                    delta = least[other];
                    next = other;
                }
            }
            for other in 0..=size {
                if seen[other] {
                    rows[holder[other]] += delta;
                    columns[other] -= delta;
                } else {
                    least[other] = least[other].saturating_sub(delta);
                }
            }
            column = next;
        }
        while column != 0 {
            holder[column] = holder[way[column]];
            column = way[column];
        }
    }
    let mut found = vec![0; size];
    for column in 1..=size {
        found[holder[column] - 1] = column - 1;
    }
    found
}

/// The order of the new version, with what is gone where it was.
fn in_order(old: &[Patch], new: &[Patch]) -> Vec<RangePair> {
    let mut pairs = Vec::new();
    let mut shown = vec![false; old.len()];
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        while i < old.len() && shown[i] {
            i += 1;
        }
        if let Some(gone) = old.get(i).filter(|patch| patch.partner.is_none()) {
            pairs.push(RangePair {
                old: Some(gone.id),
                new: None,
                relation: RangeRelation::Gone,
                difference: None,
            });
            i += 1;
            continue;
        }
        while let Some(fresh) = new.get(j).filter(|patch| patch.partner.is_none()) {
            pairs.push(RangePair {
                old: None,
                new: Some(fresh.id),
                relation: RangeRelation::New,
                difference: None,
            });
            j += 1;
        }
        if let Some(patch) = new.get(j)
            && let Some(partner) = patch.partner
        {
            let before = &old[partner];
            let same = before.text == patch.text;
            pairs.push(RangePair {
                old: Some(before.id),
                new: Some(patch.id),
                relation: if same {
                    RangeRelation::Same
                } else {
                    RangeRelation::Changed
                },
                difference: (!same).then(|| difference(&before.text, &patch.text).1),
            });
            shown[partner] = true;
            j += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cheapest_by_trying(costs: &[Vec<u64>], row: usize, taken: &mut Vec<bool>) -> u64 {
        if row == costs.len() {
            return 0;
        }
        let mut best = u64::MAX;
        for column in 0..costs.len() {
            if !std::mem::replace(&mut taken[column], true) {
                best = best.min(costs[row][column] + cheapest_by_trying(costs, row + 1, taken));
                taken[column] = false;
            }
        }
        best
    }

    proptest! {
        #[test]
        fn the_cheapest_way_is_found(costs in (1usize..6).prop_flat_map(|size| prop::collection::vec(prop::collection::vec(0u64..20, size), size))) {
            let found = assign(&costs);
            let sum: u64 = found.iter().enumerate().map(|(row, &column)| costs[row][column]).sum();
            let mut columns = found.clone();
            columns.sort_unstable();
            prop_assert_eq!(columns, (0..costs.len()).collect::<Vec<_>>());
            prop_assert_eq!(sum, cheapest_by_trying(&costs, 0, &mut vec![false; costs.len()]));
        }
    }

    #[test]
    fn differences_are_counted_with_their_context() {
        let old: Vec<String> = (0..30).map(|n| format!("{n}\n")).collect();
        let mut new = old.clone();
        new[10] = "x\n".into();
        assert_eq!(difference(&old.concat(), &new.concat()).0, 9);
        new[13] = "y\n".into();
        assert_eq!(
            difference(&old.concat(), &new.concat()).0,
            1 + 3 + 2 + 2 + 2 + 3
        );
        new[25] = "z\n".into();
        assert_eq!(difference(&old.concat(), &new.concat()).0, 13 + 9);
        assert_eq!(difference("a\n", "a\n").0, 0);
    }
}
