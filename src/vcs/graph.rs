//! What the drawing of history beside a list of changesets needs.
//!
//! A drawing has one row per changeset of the list and lines to parents. Where the list leaves out a parent, its line goes on to
//! the nearest ancestors that are in the list; where there is none, it fades out. That is the data the original's drawing is
//! made from, so the same list gives the same picture.

use std::collections::{HashMap, HashSet};

use crate::repository::either;
use crate::{ChangesetId, ReadError, RefName, Repository};

/// A row of the drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphNode {
    /// The changeset.
    pub id: ChangesetId,
    /// Its number, larger than those of all its ancestors: see [`Repository::number_of`].
    pub number: u32,
    /// Where its lines lead, each once, first parent first.
    pub parents: Vec<GraphParent>,
    /// Mercurial's named branch: a line keeps its colour along it.
    pub branch: Option<RefName>,
    /// Whether it closes its branch.
    pub closes_branch: bool,
    /// Whether a newer changeset replaces it.
    pub obsolete: bool,
}

/// Where a line of the drawing leads, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GraphParent {
    /// To a row of the list: a parent, or the nearest ancestor beyond a parent that is not in the list.
    Shown(u32),
    /// Out of the picture: neither this parent nor an ancestor of it is in the list.
    Hidden(u32),
}

impl Repository {
    /// The rows for these changesets, which must be listed newest first as [`Repository::log`] lists them.
    pub fn graph(&self, list: &[ChangesetId]) -> Result<Vec<GraphNode>, ReadError> {
        either!(self, system => system.graph(list))
    }
}

/// Finds where the lines of a list's changesets lead. `parents` are a changeset's, all by number.
pub(crate) fn lines(list: &[u32], parents: impl Fn(u32) -> Vec<u32>) -> Vec<Vec<GraphParent>> {
    let shown: HashSet<u32> = list.iter().copied().collect();
    let lowest = list.iter().copied().min().unwrap_or_default();
    let mut beyond: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut rows = Vec::with_capacity(list.len());
    for &number in list {
        let mut row: Vec<GraphParent> = Vec::new();
        let mut add = |parent: GraphParent| {
            if !row.contains(&parent) {
                row.push(parent);
            }
        };
        let all = parents(number);
        let (inside, outside): (Vec<u32>, Vec<u32>) =
            all.iter().partition(|parent| shown.contains(parent));
        inside
            .into_iter()
            .map(GraphParent::Shown)
            .for_each(&mut add);
        for parent in outside {
            let nearest = beyond
                .entry(parent)
                .or_insert_with(|| nearest_shown(parent, lowest, &shown, &parents));
            if nearest.is_empty() {
                add(GraphParent::Hidden(parent));
            }
            nearest
                .iter()
                .map(|&number| GraphParent::Shown(number))
                .for_each(&mut add);
        }
        rows.push(row);
    }
    rows
}

/// The nearest ancestors of a changeset that are in the list, newest first. What is older than the whole list is not looked at.
fn nearest_shown(
    from: u32,
    lowest: u32,
    shown: &HashSet<u32>,
    parents: impl Fn(u32) -> Vec<u32>,
) -> Vec<u32> {
    let (mut todo, mut seen) = (vec![from], HashSet::from([from]));
    let mut found = Vec::new();
    while let Some(number) = todo.pop() {
        if number < lowest {
            continue;
        }
        if shown.contains(&number) {
            found.push(number);
            continue;
        }
        let fresh = parents(number)
            .into_iter()
            .filter(|parent| seen.insert(*parent));
        todo.extend(fresh);
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found
}

#[cfg(test)]
mod tests {
    use super::GraphParent::{Hidden, Shown};
    use super::*;

    #[test]
    fn lines_lead_past_what_is_left_out() {
        // 0 - 1 - 2 - 3 - 5 - 6, and 1 - 4 - 6.
        let parents = |number| match number {
            0 => vec![],
            4 => vec![1],
            5 => vec![3],
            6 => vec![5, 4],
            number => vec![number - 1],
        };
        assert_eq!(
            lines(&[6, 5, 4, 3], parents),
            [
                vec![Shown(5), Shown(4)],
                vec![Shown(3)],
                vec![Hidden(1)],
                vec![Hidden(2)]
            ]
        );
        assert_eq!(
            lines(&[6, 2, 1, 0], parents),
            [
                vec![Shown(2), Shown(1)],
                vec![Shown(1)],
                vec![Shown(0)],
                vec![]
            ]
        );
        assert_eq!(lines(&[6], parents), [[Hidden(5), Hidden(4)]]);
    }
}
