//! Files that one side of a merge has put into a folder which the other side has moved.
//!
//! `gix-merge` leaves them where they were put. Git asks (`merge.directoryRenames`, by default `conflict`): they probably belong where the folder went. A folder
//! has moved where nothing is left of it and most of its renamed files went to one other folder. Source: `git-config(1)`,
//! `Documentation/technical/directory-rename-detection` of Git.

use std::collections::{HashMap, HashSet};

use super::{Repository, to_git};
use crate::compare::{Conflict, ConflictKind};
use crate::diff::Operation;
use crate::error::Cause;
use crate::{ChangesetId, DiffOptions, RepoPath};

/// What one side of a merge did.
struct Side {
    /// Where folders went, without slashes at the end; the empty name is the top.
    moved: HashMap<Vec<u8>, Vec<u8>>,
    /// Paths where something new lies.
    new: Vec<Vec<u8>>,
}

impl Repository {
    /// The places that such files would have. With several common ancestors Git itself looks at made-up ones; these are passed over here.
    pub(super) fn in_moved_folders(
        &self,
        repo: &gix::Repository,
        ours: &ChangesetId,
        theirs: &ChangesetId,
    ) -> Result<Vec<Conflict>, Cause> {
        let ancestors = self.common_ancestors(ours, theirs)?;
        let [base] = ancestors[..] else {
            return Ok(Vec::new());
        };
        let mut sides = [
            self.folders_moved(repo, &base, ours)?,
            self.folders_moved(repo, &base, theirs)?,
        ];
        // Git looks at a folder only where the other side has put something right into it.
        let into = |side: &Side| -> HashSet<Vec<u8>> {
            let folders = side.new.iter().map(|path| parent(path).to_vec());
            folders.collect()
        };
        let [by_us, by_them] = [into(&sides[0]), into(&sides[1])];
        sides[0].moved.retain(|folder, _| by_them.contains(folder));
        sides[1].moved.retain(|folder, _| by_us.contains(folder));
        // A folder that both have moved is left to the renames of its files.
        let both: HashSet<Vec<u8>> = sides[0].moved.keys().cloned().collect();
        let both: HashSet<Vec<u8>> = sides[1]
            .moved
            .keys()
            .filter(|folder| both.contains(*folder))
            .cloned()
            .collect();
        for side in &mut sides {
            side.moved.retain(|folder, _| !both.contains(folder));
        }
        let mut conflicts = Vec::new();
        for (mover, maker) in [(&sides[0], &sides[1]), (&sides[1], &sides[0])] {
            for path in &maker.new {
                let Some(to) = followed(path, &mover.moved, &maker.moved) else {
                    continue;
                };
                if let Ok(path) = RepoPath::parse(&to) {
                    let kind = ConflictKind::Renames;
                    conflicts.push(Conflict { path, kind });
                }
            }
        }
        Ok(conflicts)
    }

    fn folders_moved(
        &self,
        repo: &gix::Repository,
        base: &ChangesetId,
        side: &ChangesetId,
    ) -> Result<Side, Cause> {
        let options = DiffOptions {
            names_only: true,
            limit: None,
            ..DiffOptions::default()
        };
        let diff = self.diff(Some(base), side, &options)?;
        let mut new = Vec::new();
        let mut counts: HashMap<Vec<u8>, HashMap<Vec<u8>, usize>> = HashMap::new();
        for file in &diff.files {
            let (old_path, new_path) = (file.old_path.as_ref(), file.new_path.as_ref());
            match (file.operation, old_path, new_path) {
                (Operation::Added, _, Some(path)) => new.push(path.as_bytes().to_vec()),
                (Operation::Renamed, Some(from), Some(to)) => {
                    new.push(to.as_bytes().to_vec());
                    for (from, to) in folders(from.as_bytes(), to.as_bytes()) {
                        let targets = counts.entry(from.to_vec()).or_default();
                        *targets.entry(to.to_vec()).or_default() += 1;
                    }
                }
                _ => {}
            }
        }
        let tree = repo.find_commit(to_git(side))?.tree_id()?.detach();
        let mut moved = HashMap::new();
        for (from, targets) in counts {
            let most = targets.values().copied().max().unwrap_or_default();
            let mut best = targets.iter().filter(|(_, count)| **count == most);
            let (Some((to, _)), None) = (best.next(), best.next()) else {
                continue;
            };
            let still_there = match RepoPath::parse(&from) {
                Ok(path) => self
                    .item_below(repo, tree, &path)?
                    .is_some_and(|item| item.mode.is_tree()),
                Err(_) => true,
            };
            if !still_there && *to != from {
                moved.insert(from, to.clone());
            }
        }
        Ok(Side { moved, new })
    }
}

/// The folder that a path lies in.
fn parent(path: &[u8]) -> &[u8] {
    memchr::memrchr(b'/', path).map_or(b"", |at| &path[..at])
}

/// The folders that a rename tells about: those that the two names lie in, and as long as these are called the same those above.
fn folders<'a>(from: &'a [u8], to: &'a [u8]) -> Vec<(&'a [u8], &'a [u8])> {
    let mut pairs = Vec::new();
    let (mut from, mut to) = (parent(from), parent(to));
    loop {
        if from.is_empty() || from == to {
            return pairs;
        }
        pairs.push((from, to));
        let name = |folder: &'a [u8]| {
            &folder[folder.len()
                - folder
                    .rsplit(|&byte| byte == b'/')
                    .next()
                    .map_or(0, <[u8]>::len)..]
        };
        if to.is_empty() || name(from) != name(to) {
            return pairs;
        }
        (from, to) = (parent(from), parent(to));
    }
}

/// Where a path would be if it had moved with its folder; not where the folder went into one that the other side has moved in turn.
fn followed(
    path: &[u8],
    moved: &HashMap<Vec<u8>, Vec<u8>>,
    excluded: &HashMap<Vec<u8>, Vec<u8>>,
) -> Option<Vec<u8>> {
    let mut folder = parent(path);
    while !folder.is_empty() {
        if let Some(to) = moved.get(folder) {
            if excluded.contains_key(to) {
                return None;
            }
            let rest = &path[folder.len() + 1..];
            return Some(match to.is_empty() {
                true => rest.to_vec(),
                false => [&to[..], b"/", rest].concat(),
            });
        }
        folder = parent(folder);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_tells_about_the_folders_that_keep_their_names() {
        let told = |from: &str, to: &str| -> Vec<String> {
            let pairs = folders(from.as_bytes(), to.as_bytes());
            let text = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
            pairs
                .iter()
                .map(|(from, to)| format!("{} {}", text(from), text(to)))
                .collect()
        };
        assert_eq!(
            told("a/b/c/d/e/f", "a/b/x/e/g"),
            ["a/b/c/d/e a/b/x/e", "a/b/c/d a/b/x"]
        );
        assert_eq!(told("a/f", "f"), ["a "]);
        assert_eq!(told("f", "a/f"), [""; 0]);
        assert_eq!(told("a/f", "a/g"), [""; 0]);
        let moved = HashMap::from([(b"a".to_vec(), b"z".to_vec()), (b"b".to_vec(), Vec::new())]);
        let none = HashMap::new();
        assert_eq!(followed(b"a/x/y", &moved, &none).unwrap(), b"z/x/y");
        assert_eq!(followed(b"b/x", &moved, &none).unwrap(), b"x");
        assert_eq!(followed(b"c/x", &moved, &none), None);
        let turned = HashMap::from([(b"z".to_vec(), b"q".to_vec())]);
        assert_eq!(followed(b"a/x", &moved, &turned), None);
    }
}
