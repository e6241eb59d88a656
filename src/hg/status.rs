//! Which files differ between two changesets.

use std::collections::{HashMap, HashSet};

use crate::error::Error;
use crate::filelog;
use crate::ids::{Node, Rev};
use crate::manifest::{Entry, Manifest};
use crate::path::{HgPath, HgPathBuf};
use crate::revset::RevSet;
use crate::snapshot::Snapshot;

/// How a file differs between two changesets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// Only the newer changeset has it.
    Added,
    /// Both have it, with other content or kind.
    Modified,
    /// Only the older changeset has it.
    Removed,
}

/// A file that differs between two changesets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Its name.
    pub path: HgPathBuf,
    /// How it differs.
    pub kind: ChangeKind,
    /// The file in the older changeset.
    pub old: Option<Entry>,
    /// The file in the newer changeset.
    pub new: Option<Entry>,
    /// For an added file, the file of the older changeset it was copied or renamed from. It was a rename if that file is removed.
    pub copied_from: Option<HgPathBuf>,
}

impl Snapshot {
    /// The files that differ from `old` (`None`: the empty state before the first changeset) to `new`, sorted by name.
    ///
    /// Copies and renames are told for added files, whether they were made on the way from the common ancestor to `new`, or
    /// undone on the way from `old` back to it.
    pub fn status(&self, old: Option<Rev>, new: Rev) -> Result<Vec<FileChange>, Error> {
        let new_files = self.manifest(new)?;
        let old_files = match old {
            Some(old) => self.manifest(old)?,
            None => Manifest::read(&self.store, &Node::NULL)?,
        };
        let mut changes = Vec::new();
        Manifest::differences(&old_files, &new_files, &mut |path, old, new| {
            let kind = match (old, new) {
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Removed,
                _ => ChangeKind::Modified,
            };
            changes.push(FileChange {
                path: path.to_buf(),
                kind,
                old,
                new,
                copied_from: None,
            });
        })?;
        if let Some(old) = old
            && changes
                .iter()
                .any(|change| change.kind == ChangeKind::Added)
            && let Some(base) = self.ancestor(old, new)
        {
            self.add_copies(&mut changes, (old, &old_files), (new, &new_files), base)?;
        }
        Ok(changes)
    }

    fn add_copies(
        &self,
        changes: &mut [FileChange],
        (old, old_files): (Rev, &Manifest),
        (new, new_files): (Rev, &Manifest),
        base: Rev,
    ) -> Result<(), Error> {
        let base_files = match base {
            _ if base == old => old_files.clone(),
            _ if base == new => new_files.clone(),
            _ => self.manifest(base)?,
        };
        let undone = self.renames(&base_files, base, (old, old_files))?;
        let search = CopySearch {
            snapshot: self,
            tip: new,
            range: self.only(&[new], &[base]),
            base: &base_files,
        };
        for change in changes
            .iter_mut()
            .filter(|change| change.kind == ChangeKind::Added)
        {
            let Some(entry) = change.new else { continue };
            let Some(in_base) = search.source(change.path.as_path(), &entry.node)? else {
                continue;
            };
            let source = undone.get(&in_base).unwrap_or(&in_base);
            if *source != change.path && old_files.get(source.as_path())?.is_some() {
                change.copied_from = Some(source.clone());
            }
        }
        Ok(())
    }

    /// What files of `base` are called in a later changeset.
    fn renames(
        &self,
        base_files: &Manifest,
        base: Rev,
        (later, later_files): (Rev, &Manifest),
    ) -> Result<HashMap<HgPathBuf, HgPathBuf>, Error> {
        let mut renames = HashMap::new();
        if base == later {
            return Ok(renames);
        }
        let mut added = Vec::new();
        Manifest::differences(base_files, later_files, &mut |path, old, new| {
            added.extend(
                new.filter(|_| old.is_none())
                    .map(|entry| (path.to_buf(), entry.node)),
            );
        })?;
        let search = CopySearch {
            snapshot: self,
            tip: later,
            range: self.only(&[later], &[base]),
            base: base_files,
        };
        for (path, node) in added {
            if let Some(source) = search.source(path.as_path(), &node)?
                && later_files.get(source.as_path())?.is_none()
            {
                renames.insert(source, path);
            }
        }
        Ok(renames)
    }
}

/// Follows files back to the changeset that copies are told against.
struct CopySearch<'a> {
    snapshot: &'a Snapshot,
    tip: Rev,
    /// What happened since.
    range: RevSet,
    base: &'a Manifest,
}

impl CopySearch<'_> {
    /// The name in the base of the file revision that this one comes from.
    fn source(&self, path: HgPath<'_>, node: &Node) -> Result<Option<HgPathBuf>, Error> {
        let mut seen = HashSet::new();
        let mut open = vec![(path.to_buf(), *node)];
        while let Some((path, node)) = open.pop() {
            if self
                .base
                .get(path.as_path())?
                .is_some_and(|entry| entry.node == node)
            {
                return Ok(Some(path));
            }
            let (log, rev) = self.snapshot.file_revision(path.as_path(), &node)?;
            let entry = log.known(rev)?;
            let in_range = match entry.link {
                Some(link) if self.range.contains(link) => true,
                // The link names whoever made this revision first, which may have been elsewhere.
                _ => self.range.contains(self.snapshot.introducing(
                    self.tip,
                    path.as_path(),
                    &node,
                )?),
            };
            if !in_range || !seen.insert((path.clone(), node)) {
                continue;
            }
            let parents = entry.parents.into_iter().flatten().rev();
            open.extend(parents.filter_map(|parent| Some((path.clone(), log.entry(parent)?.node))));
            if let Some(source) = filelog::copied_from(&log, rev)? {
                open.push((source.path, source.node));
            }
        }
        Ok(None)
    }
}
