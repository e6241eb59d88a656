//! Where each line of a file comes from.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use crate::error::Error;
use crate::graph::Graph;
use crate::history::file_parents;
use crate::ids::{Node, Rev};
use crate::line_match::{LineNumbers, Run, split_lines};
use crate::path::{HgPath, HgPathBuf};
use crate::snapshot::Snapshot;

/// A line of a file and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnotatedLine {
    /// The changeset that brought the line into its present form.
    pub rev: Rev,
    /// The number of the line in that changeset, from one.
    pub line: u32,
    /// The name the file had then.
    pub path: Arc<HgPathBuf>,
    /// The line with its line end.
    pub text: Vec<u8>,
}

/// A revision of the file, or of one it was copied from.
type Key = (HgPathBuf, Node);

/// The origin of a line: an index into [`Walk::steps`], and the line's number there.
type Origin = (usize, u32);

/// A revision in the file's history.
struct Step {
    key: Key,
    parents: Vec<usize>,
    /// How many children still need this revision's origins.
    waiting: usize,
}

impl Snapshot {
    /// Where each line of a file comes from, exactly as `hg annotate` tells; `None` if the changeset has no such file.
    ///
    /// Whether it makes sense for the content, that is, whether it is text, is for the caller to decide.
    pub fn annotate(
        &self,
        rev: Rev,
        path: HgPath<'_>,
    ) -> Result<Option<Vec<AnnotatedLine>>, Error> {
        self.annotate_skipping(rev, path, &HashSet::new())
    }

    /// The same as if some changesets had not been made: `hg annotate --skip`. A line that one of them changed is taken for the
    /// line in its place before, or, where more lines were added than removed, for the last of these or the one above.
    pub fn annotate_skipping(
        &self,
        rev: Rev,
        path: HgPath<'_>,
        skip: &HashSet<Rev>,
    ) -> Result<Option<Vec<AnnotatedLine>>, Error> {
        let Some(entry) = self.manifest(rev)?.get(path)? else {
            return Ok(None);
        };
        let walk = Walk::new(self, (path.to_buf(), entry.node))?;
        let skipped = walk.made_by(self, rev, skip)?;
        let (text, origins) = walk.origins(self, &skipped)?;
        let introduced = walk.introduced(self, rev, &origins)?;
        let paths: HashMap<usize, Arc<HgPathBuf>> = introduced
            .keys()
            .map(|step| (*step, Arc::new(walk.steps[*step].key.0.clone())))
            .collect();
        let lines = split_lines(&text)
            .into_iter()
            .zip(origins)
            .map(|(text, (step, line))| AnnotatedLine {
                rev: introduced[&step],
                line,
                path: Arc::clone(&paths[&step]),
                text: text.to_vec(),
            });
        Ok(Some(lines.collect()))
    }
}

/// Lines of a parent that were replaced, and what stands in their place.
struct Change {
    old: Range<usize>,
    new: Range<usize>,
}

impl Change {
    fn grows(&self) -> bool {
        self.new.len() > self.old.len()
    }

    /// Takes new lines that are still the own ones of a step for the old ones.
    fn pass_on(&self, step: usize, parent: &[Origin], origins: &mut [Origin]) {
        let Some(last) = parent.len().checked_sub(1) else {
            return;
        };
        for (offset, line) in self.new.clone().enumerate() {
            if origins[line].0 == step {
                let same_place = self.old.start + offset;
                // Above the first line Mercurial finds the last one.
                let end = self.old.end.checked_sub(1).unwrap_or(last);
                origins[line] = parent[same_place.min(end)];
            }
        }
    }
}

/// What stands between equal runs of two texts of so many lines.
fn between(runs: &[Run], ends: (usize, usize)) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut at = (0, 0);
    let starts = runs.iter().map(|run| (run.a, run.b, run.len));
    for (a, b, len) in starts.chain([(ends.0, ends.1, 0)]) {
        if a > at.0 || b > at.1 {
            changes.push(Change {
                old: at.0..a,
                new: at.1..b,
            });
        }
        at = (a + len, b + len);
    }
    changes
}

/// The whole history of a file, parents before children; the last step is the revision asked for.
struct Walk {
    steps: Vec<Step>,
}

impl Walk {
    fn new(snapshot: &Snapshot, start: Key) -> Result<Walk, Error> {
        let mut steps: Vec<Step> = Vec::new();
        let mut done: HashMap<Key, usize> = HashMap::new();
        // Depth first: a revision is put in place after everything it comes from.
        let mut open: Vec<(Key, Option<Vec<Key>>)> = vec![(start, None)];
        while let Some((key, parents)) = open.pop() {
            if done.contains_key(&key) {
                continue;
            }
            match parents {
                None => {
                    let parents = file_parents(snapshot, key.0.as_path(), &key.1)?;
                    let missing: Vec<_> = parents
                        .iter()
                        .filter(|parent| !done.contains_key(*parent))
                        .map(|key| (key.clone(), None))
                        .collect();
                    open.push((key, Some(parents)));
                    open.extend(missing);
                }
                Some(parents) => {
                    // A parent that is missing here leads back to this revision; hashes make that impossible but for copy
                    // sources, which are mere text in a header.
                    let parents: Vec<usize> = parents
                        .iter()
                        .filter_map(|parent| done.get(parent).copied())
                        .collect();
                    for parent in &parents {
                        steps[*parent].waiting += 1;
                    }
                    done.insert(key.clone(), steps.len());
                    steps.push(Step {
                        key,
                        parents,
                        waiting: 0,
                    });
                }
            }
        }
        Ok(Walk { steps })
    }

    /// The content of the last step and the origin of each of its lines.
    ///
    /// A line is a revision's own unless a parent has it, too; of two parents that do the second counts.
    ///
    /// The steps in `skipped` own as few lines as can be.
    fn origins(
        &self,
        snapshot: &Snapshot,
        skipped: &HashSet<usize>,
    ) -> Result<(Vec<u8>, Vec<Origin>), Error> {
        let mut waiting: Vec<usize> = self.steps.iter().map(|step| step.waiting).collect();
        let mut numbers = LineNumbers::default();
        let mut known: BTreeMap<usize, (Vec<u32>, Vec<Origin>)> = BTreeMap::new();
        let mut text = Vec::new();
        for (place, step) in self.steps.iter().enumerate() {
            text = snapshot.file(step.key.0.as_path(), &step.key.1)?.data;
            let lines = numbers.of(&text);
            let mut origins: Vec<Origin> =
                (1..).take(lines.len()).map(|line| (place, line)).collect();
            let mut changes: Vec<(&[Origin], Vec<Change>)> = Vec::new();
            for parent in &step.parents {
                if let Some((parent_lines, parent_origins)) = known.get(parent) {
                    let runs = numbers.matching_runs(parent_lines, &lines);
                    for run in &runs {
                        origins[run.b..run.b + run.len]
                            .copy_from_slice(&parent_origins[run.a..run.a + run.len]);
                    }
                    if skipped.contains(&place) {
                        let ends = (parent_lines.len(), lines.len());
                        changes.push((parent_origins, between(&runs, ends)));
                    }
                }
            }
            // The second parent counts more here, too.
            changes.reverse();
            for repeat in [false, true] {
                for (parent_origins, changes) in &changes {
                    for change in changes.iter().filter(|change| change.grows() == repeat) {
                        change.pass_on(place, parent_origins, &mut origins);
                    }
                }
            }
            for parent in &step.parents {
                waiting[*parent] -= 1;
                if waiting[*parent] == 0 {
                    known.remove(parent);
                }
            }
            known.insert(place, (lines, origins));
        }
        let origins = known.pop_last().map(|(_, (_, origins))| origins);
        Ok((text, origins.unwrap_or_default()))
    }

    /// The steps that some changesets made, as seen from `rev`.
    fn made_by(
        &self,
        snapshot: &Snapshot,
        rev: Rev,
        changesets: &HashSet<Rev>,
    ) -> Result<HashSet<usize>, Error> {
        let mut made = HashSet::new();
        if changesets.is_empty() {
            return Ok(made);
        }
        for (place, step) in self.steps.iter().enumerate() {
            let (path, node) = &step.key;
            if changesets.contains(&snapshot.introducing(rev, path.as_path(), node)?) {
                made.insert(place);
            }
        }
        Ok(made)
    }

    /// The changesets of those steps that own lines, as seen from `rev`.
    ///
    /// Like Mercurial we look from the changeset that made the last step, which may be older than `rev`.
    fn introduced(
        &self,
        snapshot: &Snapshot,
        rev: Rev,
        origins: &[Origin],
    ) -> Result<HashMap<usize, Rev>, Error> {
        let mut introduced = HashMap::new();
        let Some(last) = self.steps.last() else {
            return Ok(introduced);
        };
        let seen_from = snapshot.introducing(rev, last.key.0.as_path(), &last.key.1)?;
        let above = snapshot.changelog.ancestors(&[seen_from]);
        for (step, _) in origins {
            if introduced.contains_key(step) {
                continue;
            }
            let (path, node) = &self.steps[*step].key;
            let (log, file_rev) = snapshot.file_revision(path.as_path(), node)?;
            let found = match log.known(file_rev)?.link {
                Some(link) if above.contains(link) => link,
                _ => snapshot.introducing(seen_from, path.as_path(), node)?,
            };
            introduced.insert(*step, found);
        }
        Ok(introduced)
    }
}
