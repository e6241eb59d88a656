//! What touched a file or directory, and what touched the children of a directory last.

use std::collections::{BTreeMap, HashMap};

use crate::error::Error;
use crate::ids::Rev;
use crate::path::{HgPath, HgPathBuf};
use crate::revset::RevSet;
use crate::snapshot::Snapshot;

impl Snapshot {
    /// Those of some changesets that touched a path or something below it, by what they say themselves: the names a changeset
    /// gives are those it changed, and for a merge only those that differ from both sides.
    pub fn touching(&self, revs: &RevSet, path: HgPath<'_>) -> Result<RevSet, Error> {
        let digest = self.digest()?;
        let mut numbers = Vec::new();
        for (number, touched) in (0..).zip(digest.paths()) {
            if touched == path || touched.strip_dir(path).is_some() {
                numbers.push(number);
            }
        }
        let touches = |rev: &Rev| {
            digest
                .files(*rev)
                .iter()
                .any(|file| numbers.binary_search(file).is_ok())
        };
        Ok(revs.iter().filter(touches).collect())
    }

    /// For each direct child of a directory the newest changeset, among `rev` and its ancestors, that touched it or
    /// something below it. Gives up after looking at `limit` changesets and leaves out what it has not found by then.
    ///
    /// A directory that does not exist has no children.
    pub fn last_changes(
        &self,
        rev: Rev,
        directory: HgPath<'_>,
        limit: usize,
    ) -> Result<BTreeMap<HgPathBuf, Rev>, Error> {
        let Some(children) = self.manifest(rev)?.list_dir(directory)? else {
            return Ok(BTreeMap::new());
        };
        let digest = self.digest()?;
        let numbers: HashMap<&[u8], u32> = children
            .iter()
            .map(|child| child.name.as_bytes())
            .zip(0..)
            .collect();
        // Which child each path that was ever touched belongs to.
        let child_of: Vec<Option<u32>> = digest
            .paths()
            .map(|path| {
                let below = path.strip_dir(directory)?.as_bytes();
                let name = &below[..memchr::memchr(b'/', below).unwrap_or(below.len())];
                numbers.get(name).copied()
            })
            .collect();
        let mut last: Vec<Option<Rev>> = vec![None; children.len()];
        let mut missing = children.len();
        let mut reached = RevSet::with_len(rev.index() + 1);
        reached.insert(rev);
        let mut looked_at = 0;
        for number in (0..=rev.number()).rev() {
            if missing == 0 || looked_at == limit {
                break;
            }
            let rev = Rev::new(number);
            if !reached.contains(rev) {
                continue;
            }
            looked_at += 1;
            for parent in self.changelog.parents(rev).into_iter().flatten() {
                reached.insert(parent);
            }
            for path in digest.files(rev) {
                let Some(child) = child_of.get(*path as usize).copied().flatten() else {
                    continue;
                };
                let found = &mut last[child as usize];
                if found.is_none() {
                    *found = Some(rev);
                    missing -= 1;
                }
            }
        }
        Ok(children
            .into_iter()
            .zip(last)
            .filter_map(|(child, rev)| Some((child.name, rev?)))
            .collect())
    }
}
