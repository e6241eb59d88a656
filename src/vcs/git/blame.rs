//! Where each line of a file comes from, as `git blame` tells.
//!
//! The file is followed from its changeset to the parents in the order of the [`View`]: when a commit's turn comes, everything
//! that descends from it has passed on what it can. A line that a parent has, too, is the parent's; what no parent has was
//! made here. A parent that has the very same file takes all.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::sync::Arc;

use gix::ObjectId;
use imara_diff::{Algorithm, Token};

use super::Repository;
use super::graph::Place;
use super::history::PathReader;
use super::tree::Item;
use super::view::View;
use crate::blame::line_ranges;
use crate::diff::{Edits, Indent, indent_of};
use crate::{Blame, BlameLine, BlameOptions, ChangesetId, NodeError, ReadError, RepoPath};

/// No more parents of one commit are looked at, as in Git.
const MOST_PARENTS: usize = 16;

/// A run of lines whose origin is looked for.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Where it stands in the file asked for.
    at: u32,
    /// Where it stands in the version that is held responsible for it now.
    there: u32,
    len: u32,
}

/// A version of the file that may have made some lines.
#[derive(Debug)]
struct Suspect {
    path: Arc<RepoPath>,
    blob: ObjectId,
    runs: Vec<Run>,
}

impl Repository {
    pub fn blame(
        &self,
        id: &ChangesetId,
        path: &RepoPath,
        options: &BlameOptions,
    ) -> Result<Blame, NodeError> {
        let mut repo = self.local();
        // The trees of a commit come by as a parent's first, then as its own.
        repo.object_cache_size_if_unset(4 * 1024 * 1024);
        let view = self.view(&repo)?;
        let content = self.file_up_to(id, path, options.most_bytes)?.data;
        let start = view.known(id).ok_or_else(|| self.unknown(id))?;
        let mut walk = Walk {
            repository: self,
            repo: &repo,
            view: &view,
            options,
            readers: HashMap::new(),
            versions: Versions::default(),
            waiting: BTreeMap::new(),
            origins: Vec::new(),
        };
        let ranges = line_ranges(&content);
        let path = Arc::new(path.clone());
        let Some(item) = walk.item(&path, start)? else {
            return Err(self.unknown(id).into());
        };
        let whole = Run {
            at: 0,
            there: 0,
            len: ranges.len() as u32,
        };
        walk.suspect(start, &path, item.id, vec![whole]);
        while let Some((place, suspects)) = walk.next() {
            for suspect in suspects {
                walk.pass_on(place, suspect)?;
            }
        }
        let mut lines: Vec<Option<BlameLine>> = vec![None; ranges.len()];
        for (place, path, run) in walk.origins {
            for offset in 0..run.len {
                let at = (run.at + offset) as usize;
                lines[at] = Some(BlameLine {
                    id: view.id(place),
                    number: run.there + offset + 1,
                    path: path.clone(),
                    text: ranges[at].clone(),
                });
            }
        }
        let lines = lines.into_iter().flatten().collect();
        Ok(Blame { content, lines })
    }
}

struct Walk<'a> {
    repository: &'a Repository,
    repo: &'a gix::Repository,
    view: &'a View,
    options: &'a BlameOptions,
    readers: HashMap<Arc<RepoPath>, PathReader<'a>>,
    versions: Versions,
    /// By turn.
    waiting: BTreeMap<u64, (Place, Vec<Suspect>)>,
    origins: Vec<(Place, Arc<RepoPath>, Run)>,
}

impl Walk<'_> {
    fn next(&mut self) -> Option<(Place, Vec<Suspect>)> {
        self.waiting.pop_first().map(|(_, next)| next)
    }

    /// What lies at a path in a commit.
    fn item(&mut self, path: &Arc<RepoPath>, place: Place) -> Result<Option<Item>, ReadError> {
        let (repository, repo, view) = (self.repository, self.repo, self.view);
        let reader = self
            .readers
            .entry(path.clone())
            .or_insert_with(|| PathReader::new(repository, repo, view, path));
        reader.item(place)
    }

    /// Holds a version responsible for lines.
    fn suspect(&mut self, place: Place, path: &Arc<RepoPath>, blob: ObjectId, runs: Vec<Run>) {
        if runs.is_empty() {
            return;
        }
        let (_, suspects) = self
            .waiting
            .entry(self.view.turn(place))
            .or_insert_with(|| (place, Vec::new()));
        match suspects.iter_mut().find(|suspect| suspect.path == *path) {
            Some(suspect) => suspect.runs.extend(runs),
            None => suspects.push(Suspect {
                path: path.clone(),
                blob,
                runs,
            }),
        }
    }

    /// Gives the parents what is theirs; the rest was made here.
    fn pass_on(&mut self, place: Place, suspect: Suspect) -> Result<(), ReadError> {
        let Suspect {
            path,
            blob,
            mut runs,
        } = suspect;
        let view = self.view;
        let parents = view.graph.parents(place);
        let parents = &parents[..parents.len().min(MOST_PARENTS)];
        let mut versions: Vec<Option<(Arc<RepoPath>, ObjectId)>> = vec![None; parents.len()];
        // Under the same name first, in all parents; then under another.
        for renamed in [false, true] {
            if renamed && !self.options.renames {
                break;
            }
            for (at, &parent) in parents.iter().enumerate() {
                if versions[at].is_some() {
                    continue;
                }
                let found = if renamed {
                    self.under_other_name(parent, place, &path)?
                } else {
                    let item = self.item(&path, parent)?;
                    let file = item.filter(|item| item.mode.is_blob_or_symlink());
                    file.map(|item| (path.clone(), item.id))
                };
                let Some((old_path, old_blob)) = found else {
                    continue;
                };
                if old_blob == blob {
                    self.suspect(parent, &old_path, blob, runs);
                    return Ok(());
                }
                let same = |other: &Option<(_, ObjectId)>| {
                    other.as_ref().is_some_and(|(_, other)| *other == old_blob)
                };
                // Two parents with the same file: the first one gets what it can, the other would get no more.
                if !versions.iter().any(same) {
                    versions[at] = Some((old_path, old_blob));
                }
            }
        }
        let ignored = self.options.ignore.contains(&view.id(place));
        for guess in [false, true] {
            if guess && !ignored {
                break;
            }
            for (version, &parent) in versions.iter().zip(parents) {
                let Some((old_path, old_blob)) = version else {
                    continue;
                };
                if runs.is_empty() {
                    break;
                }
                let changes = self
                    .versions
                    .changes(self.repository, self.repo, *old_blob, blob)?;
                let (theirs, ours) = split(&runs, &changes, guess);
                self.suspect(parent, old_path, *old_blob, theirs);
                runs = ours;
            }
        }
        let made = runs.into_iter().map(|run| (place, path.clone(), run));
        self.origins.extend(made);
        Ok(())
    }

    /// The file of a parent that was renamed to this path.
    fn under_other_name(
        &mut self,
        parent: Place,
        place: Place,
        path: &Arc<RepoPath>,
    ) -> Result<Option<(Arc<RepoPath>, ObjectId)>, ReadError> {
        let (old, new) = (self.view.graph.tree(parent), self.view.graph.tree(place));
        let source = self.repository.renamed_from(self.repo, old, new, path)?;
        Ok(source.map(|(path, item)| (Arc::new(path), item.id)))
    }
}

impl Repository {
    /// The file of an older tree that became the one at `path` in a newer tree under this new name.
    pub(super) fn renamed_from(
        &self,
        repo: &gix::Repository,
        old: ObjectId,
        new: ObjectId,
        path: &RepoPath,
    ) -> Result<Option<(RepoPath, Item)>, ReadError> {
        let mut found = self.tree_diff(repo, Some(old), Some(new), &[])?.changed;
        let Ok(at) = found.binary_search_by(|one| one.path.cmp(path)) else {
            return Ok(None);
        };
        if found[at].old.is_some() || !found.iter().any(|one| one.new.is_none()) {
            return Ok(None);
        }
        let renames = self.renames(repo, &found)?;
        let Some(rename) = renames.iter().find(|rename| rename.new == at) else {
            return Ok(None);
        };
        let source = found.swap_remove(rename.old);
        Ok(source.old.map(|item| (source.path, item)))
    }
}

/// Splits runs of a version into those that an older version has, and those that are new.
fn split(runs: &[Run], changes: &[imara_diff::Hunk], guess: bool) -> (Vec<Run>, Vec<Run>) {
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for run in runs {
        let end = run.there + run.len;
        let mut at = run.there;
        // How far the older version's lines are off, from the changes above.
        let first = changes.partition_point(|change| change.after.end <= at);
        let mut shift = match first.checked_sub(1).map(|above| &changes[above]) {
            Some(above) => i64::from(above.before.end) - i64::from(above.after.end),
            None => 0,
        };
        let part = |from: u32, to: u32, there: u32| Run {
            at: run.at + (from - run.there),
            there,
            len: to - from,
        };
        for change in &changes[first..] {
            if at >= end || change.after.start >= end {
                break;
            }
            if at < change.after.start {
                let there = (i64::from(at) + shift) as u32;
                theirs.push(part(at, change.after.start, there));
                at = change.after.start;
            }
            let until = change.after.end.min(end);
            if until > at {
                if guess && !change.before.is_empty() {
                    for line in at..until {
                        let same_place = change.before.start + (line - change.after.start);
                        let there = same_place.min(change.before.end - 1);
                        theirs.push(part(line, line + 1, there));
                    }
                } else {
                    ours.push(part(at, until, at));
                }
                at = until;
            }
            shift = i64::from(change.before.end) - i64::from(change.after.end);
        }
        if at < end {
            let there = (i64::from(at) + shift) as u32;
            theirs.push(part(at, end, there));
        }
    }
    (theirs, ours)
}

/// Versions of the file, each line a number that stands for its text.
#[derive(Default)]
struct Versions {
    known: HashMap<ObjectId, Arc<[Token]>>,
    tokens: HashMap<Box<[u8]>, Token, LineHash>,
    indents: Vec<Indent>,
}

impl Versions {
    /// What changed from one version to another, as `git blame` compares: Myers, changes moved to where indentation says.
    fn changes(
        &mut self,
        repository: &Repository,
        repo: &gix::Repository,
        old: ObjectId,
        new: ObjectId,
    ) -> Result<Vec<imara_diff::Hunk>, ReadError> {
        let before = self.version(repository, repo, old)?;
        let after = self.version(repository, repo, new)?;
        let count = self.indents.len() as u32;
        let indent = |token: Token| self.indents[token.0 as usize];
        Ok(Edits::between(Algorithm::Myers, &before, &after, count, indent).hunks())
    }

    fn version(
        &mut self,
        repository: &Repository,
        repo: &gix::Repository,
        id: ObjectId,
    ) -> Result<Arc<[Token]>, ReadError> {
        /// Each version is needed twice, soon after each other; merges need some more.
        const MOST: usize = 64;
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let blob = repo
            .find_blob(id)
            .map_err(repository.damaged(format!("blob {id}")))?;
        let lines = line_ranges(&blob.data);
        let tokens = lines.into_iter().map(|Range { start, end }| {
            let line = &blob.data[start..end];
            if let Some(&token) = self.tokens.get(line) {
                return token;
            }
            let token = Token(self.indents.len() as u32);
            let indent = indent_of(line);
            self.indents.push(indent);
            self.tokens.insert(line.into(), token);
            token
        });
        let tokens: Arc<[Token]> = tokens.collect();
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(id, tokens.clone());
        Ok(tokens)
    }
}

/// Hashes lines eight bytes at a time, with a key of its own in each process so that nobody can make lines that fall together.
#[derive(Clone)]
struct LineHash(u64);

impl Default for LineHash {
    fn default() -> Self {
        LineHash(std::hash::RandomState::new().hash_one(0) | 1)
    }
}

impl BuildHasher for LineHash {
    type Hasher = LineHasher;

    fn build_hasher(&self) -> LineHasher {
        LineHasher {
            key: self.0,
            state: self.0,
        }
    }
}

struct LineHasher {
    key: u64,
    state: u64,
}

impl Hasher for LineHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut mix = |word: u64| {
            let product =
                u128::from(self.state ^ word) * u128::from(self.key ^ 0x9e37_79b9_7f4a_7c15);
            self.state = (product as u64) ^ ((product >> 64) as u64);
        };
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| mix(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        mix(u64::from_le_bytes(last));
        mix(bytes.len() as u64);
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hunk(before: Range<u32>, after: Range<u32>) -> imara_diff::Hunk {
        imara_diff::Hunk { before, after }
    }

    /// Runs as (at, there, len).
    fn plain(runs: Vec<Run>) -> Vec<(u32, u32, u32)> {
        runs.iter()
            .map(|run| (run.at, run.there, run.len))
            .collect()
    }

    #[test]
    fn runs_are_split_at_changes() {
        // Lines 2..4 are new, of old lines 2..3; after line 6 two old ones are gone.
        let changes = [hunk(2..3, 2..4), hunk(5..7, 6..6)];
        let whole = Run {
            at: 10,
            there: 0,
            len: 9,
        };
        let (theirs, ours) = split(&[whole], &changes, false);
        assert_eq!(plain(theirs), [(10, 0, 2), (14, 3, 2), (16, 7, 3)]);
        assert_eq!(plain(ours), [(12, 2, 2)]);
        let (theirs, ours) = split(&[whole], &changes, true);
        let guessed = [(10, 0, 2), (12, 2, 1), (13, 2, 1), (14, 3, 2), (16, 7, 3)];
        assert_eq!(plain(theirs), guessed);
        assert_eq!(plain(ours), []);
        let part = Run {
            at: 0,
            there: 3,
            len: 2,
        };
        let (theirs, ours) = split(&[part], &changes, false);
        assert_eq!(
            (plain(theirs), plain(ours)),
            (vec![(1, 3, 1)], vec![(0, 3, 1)])
        );
        let (theirs, _) = split(&[whole], &[], false);
        assert_eq!(plain(theirs), [(10, 0, 9)]);
    }
}
