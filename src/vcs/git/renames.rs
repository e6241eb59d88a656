//! Finds out which added file is a removed one under a new name.
//!
//! Git does not record renames; everybody who shows them guesses. We guess like `git diff -M` (described in `git help
//! gitdiffcore`, "diffcore-rename"), so that people see the same names and percentages as at home:
//!
//! 1. same content: the removed file of the same last name if there is one, else the first;
//! 2. same last name, if only one removed and one added file have it, and at least three quarters alike;
//! 3. the most similar of all pairs, at least half alike, unless there are too many pairs to compare.
//!
//! How alike two files are is estimated by counting the bytes of pieces both have, where a piece is a line, or 64 bytes of a
//! longer one.

use std::collections::HashMap;

use gix::ObjectId;

use super::Repository;
use super::tree::Item;
use super::tree_diff::Changed;
use crate::ReadError;

/// Scores are counted in these, as in Git, where they decide what is rounded off.
pub(super) const WHOLE: u64 = 60_000;
pub(super) const HALF: u64 = WHOLE / 2;
const THREE_QUARTERS: u64 = HALF + HALF / 2;
/// More pairs than this squared are not compared (`diff.renameLimit`).
pub(super) const LIMIT: usize = 1000;
/// For each added file so many of the best are kept.
pub(super) const CANDIDATES: usize = 4;
/// Larger files are only renamed when they stay as they are.
const LARGEST: u64 = 16 * 1024 * 1024;
/// No more than this is read to compare contents.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// A removed file that came back as an added one: places in the list of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rename {
    pub old: usize,
    pub new: usize,
    /// How alike, in percent.
    pub similarity: u8,
    /// Whether the old file is still there, or others were made from it as well.
    pub copied: bool,
}

impl Repository {
    /// Finds the renames among changes.
    pub(super) fn renames(
        &self,
        repo: &gix::Repository,
        changed: &[Changed],
    ) -> Result<Vec<Rename>, ReadError> {
        let is_file = |item: &Option<Item>| item.is_some_and(|item| item.mode.is_blob_or_symlink());
        let places = |wanted: fn(&Changed) -> bool| -> Vec<usize> {
            (0..changed.len())
                .filter(|&at| wanted(&changed[at]))
                .collect()
        };
        let removed: Vec<usize> = places(|one| one.new.is_none())
            .into_iter()
            .filter(|&at| is_file(&changed[at].old))
            .collect();
        let added: Vec<usize> = places(|one| one.old.is_none())
            .into_iter()
            .filter(|&at| is_file(&changed[at].new))
            .collect();
        if removed.is_empty() || added.is_empty() {
            return Ok(Vec::new());
        }
        let mut search = Search::new(self, repo, changed, (removed, added));
        search.same_content();
        search.same_name()?;
        search.most_similar()?;
        Ok(search.found)
    }
}

impl<'a> Search<'a> {
    pub fn new(
        repository: &'a Repository,
        repo: &'a gix::Repository,
        changed: &'a [Changed],
        (removed, added): (Vec<usize>, Vec<usize>),
    ) -> Self {
        Search {
            repository,
            repo,
            changed,
            removed,
            added,
            found: Vec::new(),
            pieces: HashMap::new(),
            budget: MOST_BYTES,
        }
    }
}

pub(super) struct Search<'a> {
    repository: &'a Repository,
    repo: &'a gix::Repository,
    changed: &'a [Changed],
    /// Removed files that are nobody's source yet.
    removed: Vec<usize>,
    /// Added files without a source.
    added: Vec<usize>,
    found: Vec<Rename>,
    pieces: HashMap<ObjectId, Option<Pieces>>,
    /// How many bytes may still be read.
    budget: u64,
}

impl Search<'_> {
    fn before(&self, at: usize) -> Option<Item> {
        self.changed[at].old
    }

    fn after(&self, at: usize) -> Option<Item> {
        self.changed[at].new
    }

    pub fn last_name(&self, at: usize) -> &[u8] {
        self.changed[at].path.file_name().unwrap_or_default()
    }

    fn take(&mut self, old: usize, new: usize, score: u64) {
        self.found.push(Rename {
            old,
            new,
            similarity: percent(score),
            copied: false,
        });
        self.removed.retain(|&at| at != old);
        self.added.retain(|&at| at != new);
    }

    fn same_content(&mut self) {
        let mut by_content: HashMap<ObjectId, Vec<usize>> = HashMap::new();
        for &old in &self.removed {
            if let Some(item) = self.before(old) {
                by_content.entry(item.id).or_default().push(old);
            }
        }
        let mut used = Vec::new();
        for &new in &self.added {
            let Some(item) = self.after(new) else {
                continue;
            };
            let Some(sources) = by_content.get_mut(&item.id) else {
                continue;
            };
            let fits = |old: &usize| {
                self.before(*old)
                    .is_some_and(|old| old.mode.is_link() == item.mode.is_link())
            };
            let same_name = |old: &usize| fits(old) && self.last_name(*old) == self.last_name(new);
            let first = sources.iter().position(same_name);
            if let Some(at) = first.or_else(|| sources.iter().position(fits)) {
                used.push((sources.remove(at), new));
            }
        }
        // All at once: taking one out of a list of thousands for each of thousands would be quadratic.
        let sources: std::collections::HashSet<usize> = used.iter().map(|(old, _)| *old).collect();
        let targets: std::collections::HashSet<usize> = used.iter().map(|(_, new)| *new).collect();
        self.removed.retain(|at| !sources.contains(at));
        self.added.retain(|at| !targets.contains(at));
        self.found.extend(used.into_iter().map(|(old, new)| Rename {
            old,
            new,
            similarity: 100,
            copied: false,
        }));
    }

    fn same_name(&mut self) -> Result<(), ReadError> {
        let unique = |places: &[usize]| {
            let mut by_name: HashMap<&[u8], Option<usize>> = HashMap::new();
            for &at in places {
                let name = self.changed[at].path.file_name().unwrap_or_default();
                by_name
                    .entry(name)
                    .and_modify(|place| *place = None)
                    .or_insert(Some(at));
            }
            by_name
        };
        let (olds, news) = (unique(&self.removed), unique(&self.added));
        let mut pairs: Vec<(usize, usize)> = olds
            .iter()
            .filter_map(|(name, old)| Some(((*old)?, (*news.get(name)?)?)))
            .collect();
        pairs.sort_unstable();
        for (old, new) in pairs {
            let score = self.score(old, new)?;
            if score >= THREE_QUARTERS {
                self.take(old, new, score);
            }
        }
        Ok(())
    }

    fn most_similar(&mut self) -> Result<(), ReadError> {
        if self.removed.len() * self.added.len() > LIMIT * LIMIT {
            return Ok(());
        }
        let (removed, added) = (self.removed.clone(), self.added.clone());
        // Score, whether the last names agree, source, target.
        let mut pairs: Vec<(u64, bool, usize, usize)> = Vec::new();
        for &new in &added {
            let mut best: Vec<(u64, bool, usize, usize)> = Vec::new();
            for &old in &removed {
                let score = self.score(old, new)?;
                if score >= HALF {
                    let same_name = self.last_name(old) == self.last_name(new);
                    best.push((score, same_name, old, new));
                }
            }
            best.sort_by_key(|&(score, same_name, ..)| std::cmp::Reverse((score, same_name)));
            best.truncate(CANDIDATES);
            pairs.extend(best);
        }
        pairs.sort_by_key(|&(score, same_name, ..)| std::cmp::Reverse((score, same_name)));
        for (score, _, old, new) in pairs {
            if self.removed.contains(&old) && self.added.contains(&new) {
                self.take(old, new, score);
            }
        }
        Ok(())
    }

    /// How alike two files are; 0 for links and for what is too large.
    pub fn score(&mut self, old: usize, new: usize) -> Result<u64, ReadError> {
        let (Some(old), Some(new)) = (self.before(old), self.after(new)) else {
            return Ok(0);
        };
        if !old.mode.is_blob() || !new.mode.is_blob() {
            return Ok(0);
        }
        let (old_size, new_size) = (self.size(old.id)?, self.size(new.id)?);
        let largest = old_size.max(new_size);
        let difference = largest - old_size.min(new_size);
        if largest == 0 || largest > LARGEST || largest * (WHOLE - HALF) < difference * WHOLE {
            return Ok(0);
        }
        self.load(old.id, old_size)?;
        self.load(new.id, new_size)?;
        let pieces = |id| self.pieces.get(&id).and_then(Option::as_ref);
        let (Some(old), Some(new)) = (pieces(old.id), pieces(new.id)) else {
            return Ok(0);
        };
        Ok(old.shared_with(new) * WHOLE / largest)
    }

    fn size(&self, id: ObjectId) -> Result<u64, ReadError> {
        let header = self.repo.find_header(id);
        let header = header.map_err(self.repository.damaged(format!("blob {id}")))?;
        Ok(header.size())
    }

    fn load(&mut self, id: ObjectId, size: u64) -> Result<(), ReadError> {
        if self.pieces.contains_key(&id) {
            return Ok(());
        }
        let made = match self.budget.checked_sub(size) {
            None => None,
            Some(rest) => {
                self.budget = rest;
                let blob = self.repo.find_blob(id);
                let blob = blob.map_err(self.repository.damaged(format!("blob {id}")))?;
                Some(Pieces::of(&blob.data))
            }
        };
        self.pieces.insert(id, made);
        Ok(())
    }
}

/// A score as it is shown.
pub(super) fn percent(score: u64) -> u8 {
    (score * 100 / WHOLE) as u8
}

/// The pieces of a content: for each hash of a piece how many bytes the pieces with it have, by hash.
#[derive(Debug, PartialEq, Eq)]
struct Pieces(Vec<(u32, u32)>);

impl Pieces {
    fn of(content: &[u8]) -> Self {
        /// A piece is never longer.
        const LONGEST: u32 = 64;
        /// Git's hash table has so many places; what falls together there must fall together here.
        const PLACES: u32 = 107_927;
        let is_text = memchr::memchr(0, &content[..content.len().min(8000)]).is_none();
        let mut counts: HashMap<u32, u32> = HashMap::new();
        let (mut low, mut high, mut length) = (0u32, 0u32, 0u32);
        let mut bytes = content.iter().peekable();
        while let Some(&byte) = bytes.next() {
            // Line ends of both kinds are alike.
            if is_text && byte == b'\r' && bytes.peek() == Some(&&b'\n') {
                continue;
            }
            // A 64-bit number, rotated by seven bits for each byte.
            let carry = low >> 25;
            low = (low << 7) ^ (high >> 25);
            high = (high << 7) ^ carry;
            low = low.wrapping_add(u32::from(byte));
            length += 1;
            if length == LONGEST || byte == b'\n' {
                let hash = low.wrapping_add(high.wrapping_mul(0x61)) % PLACES;
                *counts.entry(hash).or_default() += length;
                (low, high, length) = (0, 0, 0);
            }
        }
        if length > 0 {
            let hash = low.wrapping_add(high.wrapping_mul(0x61)) % PLACES;
            *counts.entry(hash).or_default() += length;
        }
        let mut pieces: Vec<_> = counts.into_iter().collect();
        pieces.sort_unstable();
        Pieces(pieces)
    }

    /// How many bytes both have.
    fn shared_with(&self, other: &Pieces) -> u64 {
        let mut others = other.0.iter().peekable();
        let mut shared = 0;
        for &(hash, bytes) in &self.0 {
            while others.peek().is_some_and(|(other, _)| *other < hash) {
                others.next();
            }
            if let Some(&&(other, other_bytes)) = others.peek()
                && other == hash
            {
                shared += u64::from(bytes.min(other_bytes));
            }
        }
        shared
    }
}
