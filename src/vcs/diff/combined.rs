//! What a merge did itself: its files compared with those of all parents at once.
//!
//! A file that a merge took from one of its parents as it was there is not the merge's work. Of the others each line says in which
//! parents it was: that is the form of `git diff -c`, and without the places that follow one parent word for word, of
//! `git diff --cc` ("Combined diff format" in `git help diff`).

use std::collections::BTreeMap;

use super::combined_lines::combine;
use super::compare::{NO_BLOB, blob_id};
use super::{DiffOptions, FileDiff, LineKind};
use crate::{ChangesetId, NodeError, ReadError, RepoPath, Repository};

/// A merge compared with all of its parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CombinedDiff {
    /// The parents, in the order of all lists below.
    pub parents: Vec<ChangesetId>,
    /// The files that are as in none of the parents, by path.
    pub files: Vec<CombinedFile>,
    /// Whether the places at which the merge follows one of its parents are left out.
    pub dense: bool,
}

/// A file that a merge did not take over from one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CombinedFile {
    /// Its path.
    pub path: RepoPath,
    /// Its mode in the merge; none where it is gone.
    pub mode: Option<u32>,
    /// The Git blob hash of its content in the merge; zeros where it is gone, empty where it was too large to be read.
    pub id: String,
    /// What it was in each of the parents.
    pub sides: Vec<CombinedSide>,
    /// Whether one of the contents is no text, or too large to be compared.
    pub binary: bool,
    /// The differing places.
    pub hunks: Vec<CombinedHunk>,
}

/// What a file was in one of the parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CombinedSide {
    /// Where it was: elsewhere where the merge has it under another name. None where it was not.
    pub path: Option<RepoPath>,
    /// Its mode.
    pub mode: Option<u32>,
    /// The Git blob hash of its content; zeros where it was not, empty where it was too large to be read.
    pub id: String,
}

impl CombinedFile {
    /// Whether the merge has brought it: no parent had it.
    pub fn is_new(&self) -> bool {
        self.mode.is_some() && self.sides.iter().all(|side| side.mode.is_none())
    }

    /// Whether its mode is not that of all parents.
    pub fn mode_differs(&self) -> bool {
        self.sides.iter().any(|side| side.mode != self.mode)
    }
}

/// A differing place with the lines around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CombinedHunk {
    /// Its first line in the merge, counted from 1, and how many there are.
    pub new: (u32, u32),
    /// The same in each parent.
    pub old: Vec<(u32, u32)>,
    /// The last line above it, since the hunk before, that looks like a heading; may be empty.
    pub section: Vec<u8>,
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
/// The mode of a submodule.
const SUBMODULE: u32 = 0o160_000;

impl Repository {
    /// Compares a merge with all of its parents. `dense` leaves out the places at which it follows one of them. Files that the merge
    /// has under another name than a parent are compared with what they were there, as `git show` does.
    pub fn combined_diff(
        &self,
        id: &ChangesetId,
        context: u32,
        dense: bool,
    ) -> Result<CombinedDiff, ReadError> {
        let parents = self.parents(id)?;
        let mut common: Option<BTreeMap<RepoPath, Vec<Change>>> = None;
        for parent in &parents {
            let mut changed = self.changes_since(parent, id)?;
            common = Some(match common {
                None => changed
                    .into_iter()
                    .map(|(path, one)| (path, vec![one]))
                    .collect(),
                Some(common) => common
                    .into_iter()
                    .filter_map(|(path, mut all)| {
                        all.push(changed.remove(&path)?);
                        Some((path, all))
                    })
                    .collect(),
            });
        }
        let mut files = Vec::new();
        for (path, changes) in common.unwrap_or_default() {
            let file = self.combined_file(id, &parents, path, changes, (context, dense))?;
            files.extend(file);
        }
        Ok(CombinedDiff {
            parents,
            files,
            dense,
        })
    }

    /// What differs from a parent, by the path that the merge has for it.
    fn changes_since(
        &self,
        parent: &ChangesetId,
        id: &ChangesetId,
    ) -> Result<BTreeMap<RepoPath, Change>, ReadError> {
        let options = DiffOptions {
            names_only: true,
            ..DiffOptions::default()
        };
        let mut changes: BTreeMap<RepoPath, Change> = BTreeMap::new();
        for file in self.diff(Some(parent), id, &options)?.files {
            let change = changes.entry(file.path().clone()).or_default();
            change.add(file);
        }
        Ok(changes)
    }

    fn combined_file(
        &self,
        id: &ChangesetId,
        parents: &[ChangesetId],
        path: RepoPath,
        changes: Vec<Change>,
        (context, dense): (u32, bool),
    ) -> Result<Option<CombinedFile>, ReadError> {
        let mut new = changes
            .first()
            .map(|one| one.new.clone())
            .unwrap_or_default();
        let mut sides: Vec<CombinedSide> = changes.into_iter().map(|one| one.old).collect();
        let content = self.side_content(id, &mut new)?;
        let mut contents = Vec::new();
        for (parent, side) in parents.iter().zip(&mut sides) {
            contents.push(self.side_content(parent, side)?);
        }
        let is_same = |side: &CombinedSide| {
            side.path == new.path && side.mode == new.mode && side.id == new.id
        };
        if !new.id.is_empty() && sides.iter().any(is_same) {
            // Mercurial may tell a new revision of a file with the content of the one before.
            return Ok(None);
        }
        let olds: Option<Vec<Vec<u8>>> = contents.into_iter().collect();
        let hunks = match (content, olds) {
            (Some(new), Some(olds)) => Some(combine(&olds, &new, context as usize, dense)),
            _ => None,
        };
        let file = CombinedFile {
            path,
            mode: new.mode,
            id: new.id,
            binary: hunks.is_none(),
            hunks: hunks.unwrap_or_default(),
            sides,
        };
        let shown = file.binary || !file.hunks.is_empty() || file.mode_differs();
        Ok(shown.then_some(file))
    }

    /// The content of one side, empty where it has none; none where it is no text or too large. Its id is filled in where only the
    /// content tells it.
    fn side_content(
        &self,
        id: &ChangesetId,
        side: &mut CombinedSide,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        let (Some(path), Some(mode)) = (&side.path, side.mode) else {
            return Ok(Some(Vec::new()));
        };
        if mode == SUBMODULE {
            return Ok(Some(
                format!("Subproject commit {}\n", side.id).into_bytes(),
            ));
        }
        match self.file_up_to(id, path, LARGEST) {
            Ok(file) => {
                if side.id.is_empty() {
                    side.id = blob_id(&file.data);
                }
                Ok((!file.is_binary()).then_some(file.data))
            }
            Err(NodeError::Read(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }
}

impl Default for CombinedSide {
    /// A file that is not there.
    fn default() -> Self {
        CombinedSide {
            path: None,
            mode: None,
            id: NO_BLOB.to_owned(),
        }
    }
}

/// A file of the merge and of one parent.
#[derive(Default)]
struct Change {
    old: CombinedSide,
    new: CombinedSide,
}

impl Change {
    /// A file that has become a link is told as one that is gone and one that is new; here it is the same.
    fn add(&mut self, file: FileDiff) {
        if file.old_mode.is_some() {
            self.old = CombinedSide {
                path: file.old_path,
                mode: file.old_mode,
                id: file.old_id,
            };
        }
        if file.new_mode.is_some() {
            self.new = CombinedSide {
                path: file.new_path,
                mode: file.new_mode,
                id: file.new_id,
            };
        }
    }
}
