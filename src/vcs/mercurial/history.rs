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

/// Lists asked for lately that are not worked out in no time, for the next page.
#[derive(Debug, Default)]
pub(super) struct Lists(Mutex<Kept>);

/// What is kept holds for one snapshot.
#[derive(Debug, Default)]
struct Kept {
    snapshot: Weak<Snapshot>,
    lists: HashMap<LogQuery, Arc<Vec<Rev>>>,
}

impl Lists {
    /// How many are kept.
    const MOST: usize = 16;

    fn get(
        &self,
        snapshot: &Arc<Snapshot>,
        query: LogQuery,
        make: impl FnOnce() -> Result<Vec<Rev>, ReadError>,
    ) -> Result<Arc<Vec<Rev>>, ReadError> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_current = |kept: &Kept| std::ptr::eq(kept.snapshot.as_ptr(), Arc::as_ptr(snapshot));
        let known = {
            let mut kept = lock();
            if !is_current(&kept) || kept.lists.len() >= Self::MOST {
                *kept = Kept {
                    snapshot: Arc::downgrade(snapshot),
                    lists: HashMap::new(),
                };
            }
            kept.lists.get(&query).cloned()
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let made = Arc::new(make()?);
        let mut kept = lock();
        if is_current(&kept) {
            kept.lists.insert(query, made.clone());
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
            let asked = query.without_page();
            let everything = LogQuery {
                from: query.from,
                ..LogQuery::default().without_page()
            };
            if asked == everything {
                return Ok(LogPage {
                    changesets: page(&mut scope.iter().rev())?,
                    total: scope.count(),
                });
            }
            let revs = self
                .lists
                .get(snapshot, asked, || self.list(snapshot, scope, query))?;
            Ok(LogPage {
                changesets: page(&mut revs.iter().copied())?,
                total: revs.len(),
            })
        })
    }

    /// Those of some changesets that a query finds, newest first.
    fn list(
        &self,
        snapshot: &Snapshot,
        mut scope: hg::RevSet,
        query: &LogQuery,
    ) -> Result<Vec<Rev>, ReadError> {
        let limit = |id: &Option<ChangesetId>| id.map(|id| self.rev(snapshot, &id)).transpose();
        let (newest, oldest) = (limit(&query.newest)?, limit(&query.oldest)?);
        let between = |rev: &Rev| {
            newest.is_none_or(|newest| *rev <= newest) && oldest.is_none_or(|oldest| oldest <= *rev)
        };
        scope = scope.iter().filter(between).collect();
        if let Some(branch) = &query.branch {
            scope = of_branch(snapshot, &scope, branch)?;
        }
        if let Some(path) = query.path.as_ref().filter(|path| !path.is_root()) {
            scope = snapshot.touching(&scope, hg_path(path))?;
        }
        let mut found: Vec<Rev> = scope.iter().rev().collect();
        if query.author.is_some() || query.since.is_some() || query.until.is_some() {
            let mut fitting = Vec::new();
            for rev in found {
                let changeset = snapshot.changeset(rev)?;
                if query.fits_time(changeset.time.seconds)
                    && query.fits_author(&changeset.user.to_str())
                {
                    fitting.push(rev);
                }
            }
            found = fitting;
        }
        Ok(found)
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
