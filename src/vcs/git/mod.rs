//! Git, read with `gix`. No type of `gix` leaves this folder.
//!
//! * `open.rs`: which directories are Git repositories we can read;
//! * `ref_files.rs`, `names.rs`: branches, tags and HEAD as they are on disk at this moment;
//! * `graph.rs`: who is whose parent, for every commit seen so far; grows, never changes;
//! * `kept.rs`, `top.rs`: the same, and the newest part of the log, for other workers, in the cache;
//! * `heads.rs`: what the names point at, and what words mean; `newest.rs`: which changeset is the newest;
//! * `view.rs`: all together: what is reachable from the names, in which order, with which number. Everything else asks it.

mod archive;
mod attributes;
mod blame;
mod changeset;
mod commit;
mod copies;
mod diff;
mod drawing;
mod file_history;
mod graph;
mod header;
mod heads;
mod history;
mod kept;
mod large;
mod lists;
mod merge;
mod moved_folders;
mod names;
mod newest;
mod open;
mod pushed;
mod ref_files;
mod relations;
mod renames;
mod signature;
mod subst;
mod tags;
mod top;
mod tree;
mod tree_diff;
mod union;
mod view;

pub(crate) use archive::ArchiveSource;
pub(crate) use union::Union;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::error::Cause;
use crate::{ChangesetId, LastChanges, ReadError, RefFilter, RepoPath};

/// What one call may keep of unpacked objects.
const PACK_CACHE_BYTES: usize = 16 * 1024 * 1024;

/// A Git repository.
pub(crate) struct Repository {
    path: PathBuf,
    shared: gix::ThreadSafeRepository,
    filter: RefFilter,
    memory: Arc<Memory>,
    /// Set where the names shall be those of one moment.
    moment: Option<Moment>,
    /// Where histories are kept for other workers.
    histories: Option<crate::Cache>,
}

/// What all handles of a repository remember together.
#[derive(Default)]
struct Memory {
    /// The names as they were found last, and what they led to.
    heads: Mutex<Option<(ref_files::RefFiles, Arc<heads::Heads>)>>,
    view: Mutex<Option<Arc<view::View>>>,
    last_changes: Remembered,
    top: Mutex<Option<(Arc<heads::Heads>, Arc<top::Top>)>>,
    /// How often the names were read.
    readings: AtomicU64,
}

impl Memory {
    fn count_reading(&self) {
        self.readings.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a handle for one moment has found then.
#[derive(Default)]
struct Moment {
    heads: OnceLock<Arc<heads::Heads>>,
    view: OnceLock<Arc<view::View>>,
}

/// Listings of directories with their last changes. What a changeset's id stands for never changes, so neither do they.
#[derive(Default)]
struct Remembered(Mutex<HashMap<(ChangesetId, RepoPath), LastChanges>>);

impl Remembered {
    /// More listings than this are not kept.
    const MOST: usize = 64;

    fn get(&self, key: &(ChangesetId, RepoPath)) -> Option<LastChanges> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned()
    }

    fn put(&self, key: (ChangesetId, RepoPath), answer: LastChanges) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= Self::MOST {
            held.clear();
        }
        held.insert(key, answer);
    }
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("git::Repository")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Repository {
    /// Which refs count from now on.
    pub fn set_ref_filter(&mut self, filter: RefFilter) {
        self.filter = filter;
        self.memory = Arc::default();
    }

    /// A handle that reads the names once, when it first needs them.
    pub fn at_one_moment(&self) -> Self {
        self.handle(Some(Moment::default()))
    }

    /// A handle that reads the names for each call.
    pub fn afresh(&self) -> Self {
        self.handle(None)
    }

    fn handle(&self, moment: Option<Moment>) -> Self {
        Repository {
            path: self.path.clone(),
            shared: self.shared.clone(),
            filter: self.filter.clone(),
            memory: Arc::clone(&self.memory),
            moment,
            histories: self.histories.clone(),
        }
    }

    /// How often all handles together have read the names.
    pub fn readings(&self) -> u64 {
        self.memory.readings.load(Ordering::Relaxed)
    }

    /// A handle for this thread and this call. Making one is cheap: it shares what is open already.
    fn local(&self) -> gix::Repository {
        let mut repo = self.shared.to_thread_local();
        // Objects in packs are chains of differences. Neighbours on a chain are asked for one after the other, above all
        // trees and older versions of a file; without this cache each would unpack the whole chain again.
        repo.objects.set_pack_cache(|| {
            let cache = gix::odb::pack::cache::lru::MemoryCappedHashmap::new(PACK_CACHE_BYTES);
            Box::new(cache)
        });
        repo
    }

    /// Turns an error of `gix` into ours; `what` tells what was being read.
    fn damaged<E: Into<Cause>>(&self, what: impl Into<String>) -> impl FnOnce(E) -> ReadError {
        let what = what.into();
        move |error| ReadError::Damaged {
            path: self.path.clone(),
            what,
            source: error.into(),
        }
    }

    fn unknown(&self, id: &ChangesetId) -> ReadError {
        ReadError::UnknownChangeset {
            path: self.path.clone(),
            id: *id,
        }
    }

    /// Finds the commit with this id.
    fn commit<'repo>(
        &self,
        repo: &'repo gix::Repository,
        id: &ChangesetId,
    ) -> Result<gix::Commit<'repo>, ReadError> {
        let object = repo
            .try_find_object(to_git(id))
            .map_err(self.damaged(format!("commit {id}")))?
            .ok_or_else(|| self.unknown(id))?;
        object.try_into_commit().map_err(|_| self.unknown(id))
    }
}

/// Our id as `gix` wants it.
fn to_git(id: &ChangesetId) -> gix::ObjectId {
    gix::ObjectId::Sha1(*id.as_bytes())
}

/// An id of `gix` as ours. Repositories with other hashes are refused when they are opened.
fn from_git(id: &gix::oid) -> ChangesetId {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&id.as_bytes()[..20]);
    ChangesetId::from_bytes(bytes)
}
