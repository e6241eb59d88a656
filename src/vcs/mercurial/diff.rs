//! The files that differ between two changesets.

use std::collections::HashSet;

use hg::{ChangeKind, Entry, HgPath, HgPathBuf, Node, Snapshot};

use super::Repository;
use super::tree::mode_of;
use crate::diff::{Contents, Diff, DiffOptions, Pair, Side, compare, weight};
use crate::{ChangesetId, Kind, ReadError, RepoPath};

impl Repository {
    pub fn diff(
        &self,
        old: Option<&ChangesetId>,
        new: &ChangesetId,
        options: &DiffOptions,
    ) -> Result<Diff, ReadError> {
        self.read(|snapshot| {
            let old = old.map(|id| self.rev(snapshot, id)).transpose()?;
            let paths: Vec<HgPathBuf> = options
                .paths
                .iter()
                .map(|path| HgPathBuf::from(path.as_bytes().to_vec()))
                .collect();
            let changes = snapshot.status_within(old, self.rev(snapshot, new)?, &paths)?;
            let old_files = old.map(|rev| snapshot.manifest(rev)).transpose()?;

            // A removed file that others were made from is the old side of a rename, once; further ones are copies.
            let removed: HashSet<&HgPathBuf> = changes
                .iter()
                .filter(|change| change.kind == ChangeKind::Removed)
                .map(|change| &change.path)
                .collect();
            let mut renamed = HashSet::new();
            let mut pairs = Vec::new();
            for change in &changes {
                let source = change.copied_from.as_ref();
                let Some(source) = source.filter(|_| change.kind == ChangeKind::Added) else {
                    continue;
                };
                let Some(files) = &old_files else { continue };
                let Some(entry) = files.get(source.as_path())? else {
                    continue;
                };
                let copied = !(removed.contains(source) && renamed.insert(source));
                let (old, new) = (side(source, Some(entry)), side(&change.path, change.new));
                pairs.push(Pair {
                    old,
                    new,
                    copied,
                    similarity: None,
                });
            }
            let told: HashSet<RepoPath> = pairs
                .iter()
                .filter_map(|pair| Some(pair.new.as_ref()?.path.clone()))
                .collect();
            for change in changes
                .iter()
                .filter(|change| !renamed.contains(&change.path))
            {
                let (old, new) = (
                    side(&change.path, change.old),
                    side(&change.path, change.new),
                );
                let told = new.as_ref().is_some_and(|side| told.contains(&side.path));
                if !told && (old.is_some() || new.is_some()) {
                    pairs.push(Pair {
                        old,
                        new,
                        copied: false,
                        similarity: None,
                    });
                }
            }
            compare(Kind::Hg, &Files(snapshot), pairs, options)
        })
    }

    pub fn diff_weight(
        &self,
        old: Option<&ChangesetId>,
        new: &ChangesetId,
        paths: &[RepoPath],
        most: u64,
    ) -> Result<u64, ReadError> {
        self.read(|snapshot| {
            let old = old.map(|id| self.rev(snapshot, id)).transpose()?;
            let paths: Vec<HgPathBuf> = paths
                .iter()
                .map(|path| HgPathBuf::from(path.as_bytes().to_vec()))
                .collect();
            let changes = snapshot.status_within(old, self.rev(snapshot, new)?, &paths)?;
            let sides = changes.iter().flat_map(|change| {
                let sides = [change.old, change.new].into_iter();
                sides.filter_map(|entry| Some(side(&change.path, entry)?.content))
            });
            weight(&Files(snapshot), sides, most)
        })
    }
}

/// A revision of a file.
type File = (HgPathBuf, Node);

fn side(path: &HgPathBuf, entry: Option<Entry>) -> Option<Side<File>> {
    let entry = entry?;
    let content = (path.clone(), entry.node);
    Some(Side {
        path: RepoPath::parse(path.as_bytes()).ok()?,
        mode: mode_of(entry.kind),
        content,
    })
}

struct Files<'a>(&'a Snapshot);

impl Contents for Files<'_> {
    type Content = File;

    fn size(&self, (path, node): &File) -> Result<u64, ReadError> {
        Ok(self.0.file_size(HgPath::new(path.as_bytes()), node)?)
    }

    fn load(&self, (path, node): &File) -> Result<Vec<u8>, ReadError> {
        Ok(self.0.file(HgPath::new(path.as_bytes()), node)?.data)
    }

    fn blob_id(&self, _file: &File) -> Option<String> {
        None
    }
}
