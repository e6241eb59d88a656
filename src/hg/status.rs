//! Which files differ between two changesets.

use std::collections::{BinaryHeap, HashMap, HashSet};

use crate::error::Error;
use crate::history::file_parents;
use crate::ids::{Node, Rev};
use crate::manifest::{Entry, Manifest, Scope};
use crate::path::{HgPath, HgPathBuf};
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
        self.changes(old, new, Scope::ALL)
    }

    /// The same, where only what happened at or below these paths is of interest; nothing else need be in the answer.
    ///
    /// It is, though, when a file was added or removed there: that may have come from elsewhere, or have gone there.
    pub fn status_within(
        &self,
        old: Option<Rev>,
        new: Rev,
        paths: &[HgPathBuf],
    ) -> Result<Vec<FileChange>, Error> {
        let changes = self.changes(old, new, Scope::new(paths))?;
        let stays = |change: &FileChange| change.kind == ChangeKind::Modified;
        match paths.is_empty() || changes.iter().all(stays) {
            true => Ok(changes),
            false => self.status(old, new),
        }
    }

    fn changes(
        &self,
        old: Option<Rev>,
        new: Rev,
        scope: Scope<'_>,
    ) -> Result<Vec<FileChange>, Error> {
        let old_files = match old {
            Some(old) => self.manifest(old)?,
            None => Manifest::read(&self.store, &Node::NULL)?,
        };
        // The older one first: the newer is then mostly one difference away from it.
        let new_files = self.manifest(new)?;
        let mut changes = Vec::new();
        Manifest::differences_within(&old_files, &new_files, scope, &mut |path, old, new| {
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
        // Trees are walked directory by directory: `b/x` before `b-c/x`, which by its bytes comes first.
        changes.sort_by(|a, b| a.path.cmp(&b.path));
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
        let search = CopySearch {
            snapshot: self,
            base: &base_files,
            other: Some(old_files),
        };
        let undone = if base == old {
            HashMap::new()
        } else {
            self.undone_renames(&search, old_files, new_files)?
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

    /// What files of the common base, which `old` renamed, are called there. What `new` did just so is not undone.
    fn undone_renames(
        &self,
        search: &CopySearch<'_>,
        old: &Manifest,
        new: &Manifest,
    ) -> Result<HashMap<HgPathBuf, HgPathBuf>, Error> {
        let mut added = Vec::new();
        Manifest::differences(search.base, old, &mut |path, before, after| {
            added.extend(
                after
                    .filter(|_| before.is_none())
                    .map(|entry| (path.to_buf(), entry.node)),
            );
        })?;
        let in_old = CopySearch {
            snapshot: self,
            base: search.base,
            other: None,
        };
        let mut renames = HashMap::new();
        for (path, node) in added {
            let Some(source) = in_old.source(path.as_path(), &node)? else {
                continue;
            };
            if old.get(source.as_path())?.is_some() {
                continue;
            }
            if let Some(entry) = new.get(path.as_path())?
                && search.source(path.as_path(), &entry.node)?.as_ref() == Some(&source)
            {
                continue;
            }
            renames.insert(source, path);
        }
        Ok(renames)
    }
}

/// Follows files back to the changeset that copies are told against.
struct CopySearch<'a> {
    snapshot: &'a Snapshot,
    /// Its files.
    base: &'a Manifest,
    /// The files of another changeset that may be met on the way.
    other: Option<&'a Manifest>,
}

impl CopySearch<'_> {
    /// The name in the base of the file that this one comes from.
    ///
    /// Like Mercurial we go from the newest file revision to the oldest, to the first that the base holds just so.
    fn source(&self, path: HgPath<'_>, node: &Node) -> Result<Option<HgPathBuf>, Error> {
        if self.base.get(path)?.is_some() {
            return Ok(Some(path.to_buf()));
        }
        let mut seen = HashSet::new();
        let mut open = BinaryHeap::new();
        let mut next = (path.to_buf(), *node);
        loop {
            for (path, node) in file_parents(self.snapshot, next.0.as_path(), &next.1)? {
                let (log, rev) = self.snapshot.file_revision(path.as_path(), &node)?;
                if seen.insert((path.clone(), node)) {
                    open.push((log.known(rev)?.link, node, path));
                }
            }
            let Some((_, node, path)) = open.pop() else {
                return Ok(None);
            };
            for files in std::iter::once(self.base).chain(self.other) {
                if files
                    .get(path.as_path())?
                    .is_some_and(|entry| entry.node == node)
                {
                    return Ok(Some(path));
                }
            }
            next = (path, node);
        }
    }
}
