//! Lists of changesets, and what touched a path last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use hg::{Rev, Snapshot};

use super::changeset::read_changeset;
use super::tree::hg_path;
use super::{Repository, id};
use crate::{ChangesetId, LastChanges, LogPage, LogQuery, NodeError, ReadError, RefName, RepoPath};

/// After so many changesets [`Repository::last_changes`] answers with what it has.
const FARTHEST: usize = 50_000;

/// The logs of paths asked for lately, for the next page.
#[derive(Debug, Default)]
pub(super) struct PathLogs(Mutex<Kept>);

/// What is kept holds for one snapshot.
#[derive(Debug, Default)]
struct Kept {
    snapshot: Weak<Snapshot>,
    logs: HashMap<PathQuery, Arc<Vec<Rev>>>,
}

/// What a log of a path depends on besides the snapshot.
type PathQuery = (Option<Rev>, Option<RefName>, RepoPath);

impl PathLogs {
    /// How many are kept.
    const MOST: usize = 16;

    fn get(
        &self,
        snapshot: &Arc<Snapshot>,
        query: PathQuery,
        make: impl FnOnce() -> Result<Vec<Rev>, ReadError>,
    ) -> Result<Arc<Vec<Rev>>, ReadError> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_current = |kept: &Kept| std::ptr::eq(kept.snapshot.as_ptr(), Arc::as_ptr(snapshot));
        let known = {
            let mut kept = lock();
            if !is_current(&kept) || kept.logs.len() >= Self::MOST {
                *kept = Kept {
                    snapshot: Arc::downgrade(snapshot),
                    logs: HashMap::new(),
                };
            }
            kept.logs.get(&query).cloned()
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let made = Arc::new(make()?);
        let mut kept = lock();
        if is_current(&kept) {
            kept.logs.insert(query, made.clone());
        }
        Ok(made)
    }
}

impl Repository {
    pub fn log(&self, query: &LogQuery) -> Result<LogPage, ReadError> {
        self.read(|snapshot| {
            let from = query.from.map(|id| self.rev(snapshot, &id)).transpose()?;
            let page = |revs: &mut dyn Iterator<Item = Rev>| {
                let wanted = revs.skip(query.skip).take(query.limit);
                wanted
                    .map(|rev| read_changeset(snapshot, rev))
                    .collect::<Result<Vec<_>, _>>()
            };
            let mut scope = match from {
                Some(from) => snapshot.ancestors(&[from]),
                None => snapshot.served().clone(),
            };
            scope.intersect(snapshot.served());
            if let Some(branch) = &query.branch {
                scope = of_branch(snapshot, &scope, branch)?;
            }
            let Some(path) = query.path.as_ref().filter(|path| !path.is_root()) else {
                return Ok(LogPage {
                    changesets: page(&mut scope.iter().rev())?,
                    total: scope.count(),
                });
            };
            let asked = (from, query.branch.clone(), path.clone());
            let revs = self
                .paths
                .get(snapshot, asked, || touching(snapshot, &scope, path))?;
            Ok(LogPage {
                changesets: page(&mut revs.iter().copied())?,
                total: revs.len(),
            })
        })
    }

    pub fn last_changes(
        &self,
        of: &ChangesetId,
        directory: &RepoPath,
    ) -> Result<LastChanges, NodeError> {
        self.read(|snapshot| {
            let rev = self.rev(snapshot, of)?;
            let manifest = snapshot.manifest(rev)?;
            let at = hg_path(directory);
            if !manifest.has_dir(at)? {
                let (path, id) = (directory.clone(), *of);
                return Err(match manifest.get(at)? {
                    Some(_) => NodeError::NotADirectory { path, id },
                    None => NodeError::NotFound { path, id },
                });
            }
            let found = snapshot.last_changes(rev, at, FARTHEST)?;
            Ok(found
                .into_iter()
                .map(|(name, rev)| (name.into_bytes(), id(snapshot, rev)))
                .collect())
        })
    }
}

/// The changesets of a named branch.
fn of_branch(
    snapshot: &Snapshot,
    scope: &hg::RevSet,
    branch: &RefName,
) -> Result<hg::RevSet, ReadError> {
    let mut found = hg::RevSet::with_len(snapshot.len());
    let Some(known) = snapshot
        .branches()?
        .iter()
        .find(|known| known.name.to_str() == branch.as_str())
    else {
        return Ok(found);
    };
    let name = known.name.as_bytes();
    for rev in scope.iter() {
        if snapshot.branch_name(rev)? == name {
            found.insert(rev);
        }
    }
    Ok(found)
}

/// The changesets that say they touched a path or something below it, newest first: what `hg log PATH` lists.
fn touching(
    snapshot: &Snapshot,
    scope: &hg::RevSet,
    path: &RepoPath,
) -> Result<Vec<Rev>, ReadError> {
    let mut found = Vec::new();
    for rev in scope.iter().rev() {
        let at = hg_path(path);
        if snapshot.changeset(rev)?.files.iter().any(|file| {
            let file = file.as_path();
            file == at || file.strip_dir(at).is_some()
        }) {
            found.push(rev);
        }
    }
    Ok(found)
}
