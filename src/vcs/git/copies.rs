//! Finds out which added file was made from which other one, be that removed or changed in the same step.
//!
//! Like `git diff -C`: sources are the files that the same changeset removes or changes, as they were before. Files that it
//! leaves alone are no sources (`--find-copies-harder` would take them, and read the whole tree). Other than for renames
//! alone (`renames.rs`) there is no short cut by names:
//!
//! 1. same content: a source that nobody uses yet and one of the same last name come first;
//! 2. the most similar of all pairs, at least half alike: first sources that nobody uses, then any;
//! 3. of several files made from one removed file the last by path is the rename, the others are copies.

use std::cmp::Reverse;
use std::collections::HashMap;

use gix::ObjectId;

use super::Repository;
use super::renames::{CANDIDATES, HALF, LIMIT, Rename, Search, WHOLE, percent};
use super::tree::Item;
use super::tree_diff::Changed;
use crate::ReadError;

impl Repository {
    /// Finds the renames and copies among changes; the changes are in the order of their paths.
    pub(super) fn renames_and_copies(
        &self,
        repo: &gix::Repository,
        changed: &[Changed],
    ) -> Result<Vec<Rename>, ReadError> {
        let is_file = |item: &Item| item.mode.is_blob_or_symlink();
        let sources: Vec<(usize, Item)> = changed
            .iter()
            .enumerate()
            .filter_map(|(at, one)| Some((at, one.old.filter(is_file)?)))
            .collect();
        let targets: Vec<(usize, Item)> = changed
            .iter()
            .enumerate()
            .filter(|(_, one)| one.old.is_none())
            .filter_map(|(at, one)| Some((at, one.new.filter(is_file)?)))
            .collect();
        if sources.is_empty() || targets.is_empty() {
            return Ok(Vec::new());
        }
        let mut copies = Copies {
            // A changed file uses itself: it stays.
            users: sources
                .iter()
                .map(|&(at, _)| (at, usize::from(changed[at].new.is_some())))
                .collect(),
            search: Search::new(self, repo, changed, (Vec::new(), Vec::new())),
            found: HashMap::new(),
        };
        copies.same_content(&sources, &targets);
        copies.most_similar(&sources, &targets)?;
        Ok(copies.told())
    }
}

struct Copies<'a> {
    search: Search<'a>,
    /// How many files each source has become, itself counted in.
    users: HashMap<usize, usize>,
    /// For each target that has one its source, and how alike they are.
    found: HashMap<usize, (usize, u64)>,
}

impl Copies<'_> {
    fn take(&mut self, old: usize, new: usize, score: u64) {
        self.found.insert(new, (old, score));
        *self.users.entry(old).or_default() += 1;
    }

    fn is_used(&self, old: usize) -> bool {
        self.users.get(&old).is_some_and(|users| *users > 0)
    }

    fn same_content(&mut self, sources: &[(usize, Item)], targets: &[(usize, Item)]) {
        /// Of more files with one content the best is not looked for.
        const MOST: usize = 100;
        let mut by_content: HashMap<ObjectId, Vec<(usize, Item)>> = HashMap::new();
        for &(at, item) in sources {
            by_content.entry(item.id).or_default().push((at, item));
        }
        for &(new, item) in targets {
            let alike = by_content.get(&item.id).into_iter().flatten().take(MOST);
            let mut best: Option<(usize, usize)> = None;
            for &(old, source) in alike {
                if source.mode.is_link() != item.mode.is_link() {
                    continue;
                }
                let same_name = self.search.last_name(old) == self.search.last_name(new);
                let rank = usize::from(!self.is_used(old)) + usize::from(same_name);
                if best.is_none_or(|(best, _)| rank > best) {
                    best = Some((rank, old));
                }
            }
            if let Some((_, old)) = best {
                self.take(old, new, WHOLE);
            }
        }
    }

    fn most_similar(
        &mut self,
        sources: &[(usize, Item)],
        targets: &[(usize, Item)],
    ) -> Result<(), ReadError> {
        let open: Vec<usize> = targets
            .iter()
            .map(|(new, _)| *new)
            .filter(|new| !self.found.contains_key(new))
            .collect();
        if open.len() * sources.len() > LIMIT * LIMIT {
            return Ok(());
        }
        // Score, whether the last names agree, source, target.
        let mut pairs: Vec<(u64, bool, usize, usize)> = Vec::new();
        for new in open {
            let mut best: Vec<(u64, bool, usize, usize)> = Vec::new();
            for &(old, _) in sources {
                let score = self.search.score(old, new)?;
                if score >= HALF {
                    let same_name = self.search.last_name(old) == self.search.last_name(new);
                    best.push((score, same_name, old, new));
                }
            }
            best.sort_by_key(|&(score, same_name, ..)| Reverse((score, same_name)));
            best.truncate(CANDIDATES);
            pairs.extend(best);
        }
        pairs.sort_by_key(|&(score, same_name, ..)| Reverse((score, same_name)));
        for any in [false, true] {
            for &(score, _, old, new) in &pairs {
                if !self.found.contains_key(&new) && (any || !self.is_used(old)) {
                    self.take(old, new, score);
                }
            }
        }
        Ok(())
    }

    /// All that was found, by the path of the new file.
    fn told(mut self) -> Vec<Rename> {
        let mut found: Vec<(usize, (usize, u64))> = self.found.into_iter().collect();
        found.sort_unstable();
        let told = found.into_iter().map(|(new, (old, score))| {
            let users = self.users.entry(old).or_default();
            *users = users.saturating_sub(1);
            Rename {
                old,
                new,
                similarity: percent(score),
                copied: *users > 0,
            }
        });
        told.collect()
    }
}
