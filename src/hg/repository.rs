//! A repository on disk, to be kept as long as it is of interest.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::{Error, LookupError};
use crate::files::Stamp;
use crate::layout::Layout;
use crate::snapshot::{Snapshot, Stage};
use crate::store::Store;

/// What a reader accepts from a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest text (file, manifest, changelog entry) in bytes that is put together in memory.
    pub max_text: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { max_text: 1 << 30 }
    }
}

/// A repository on disk.
///
/// Keep the value: [`snapshot`](Repository::snapshot) costs a few `stat` calls as long as nothing has changed.
#[derive(Debug)]
pub struct Repository {
    root: PathBuf,
    limits: Limits,
    current: Mutex<Option<Current>>,
}

#[derive(Debug)]
struct Current {
    state: State,
    snapshot: Arc<Snapshot>,
}

/// The files that a snapshot was made from, to notice when one of them changes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State([Stamp; 6]);

impl State {
    fn of(layout: &Layout) -> Result<State, Error> {
        Ok(State([
            State::of_changelog(layout)?,
            Stamp::of(&layout.store.join("phaseroots"))?,
            Stamp::of(&layout.store.join("obsstore"))?,
            Stamp::of(&layout.bookmarks)?,
            Stamp::of(&layout.dot_hg.join("localtags"))?,
            Stamp::of(&layout.dot_hg.join("dirstate"))?,
        ]))
    }

    fn of_changelog(layout: &Layout) -> Result<Stamp, Error> {
        Stamp::of(&layout.fixed("00changelog").0)
    }
}

impl Repository {
    /// Opens the repository whose working directory is `root`, that is, `root/.hg` exists.
    ///
    /// Fails when there is none, or when it needs features that this reader lacks; damage further in shows when it is read.
    pub fn open(root: &Path) -> Result<Repository, Error> {
        Repository::open_with(root, Limits::default())
    }

    /// The same with other limits.
    pub fn open_with(root: &Path, limits: Limits) -> Result<Repository, Error> {
        Layout::read(root)?;
        Ok(Repository {
            root: root.to_owned(),
            limits,
            current: Mutex::default(),
        })
    }

    /// The directory that was opened.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The present state. What writers do afterwards shows in the next snapshot, not in this one.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        let mut current = self.current();
        if let Some(current) = current.as_ref() {
            let layout = &current.snapshot.store.layout;
            if layout.is_current()? && State::of(layout)? == current.state {
                return Ok(Arc::clone(&current.snapshot));
            }
        }
        let fresh = self.load(current.as_ref().map(|current| &*current.snapshot))?;
        let snapshot = Arc::clone(&fresh.snapshot);
        *current = Some(fresh);
        Ok(snapshot)
    }

    /// What the repository will hold if the transaction that is open now succeeds; without one, the present state.
    ///
    /// This is what Mercurial shows the hooks that may still refuse a push (`HG_PENDING`). Only answers to such a hook may
    /// come from here: what is pending can vanish again.
    pub fn pending(&self) -> Result<Snapshot, Error> {
        let store = Store::new(Layout::read(&self.root)?, self.limits);
        Snapshot::load(Arc::new(store), None, Stage::Pending)
    }

    /// Runs `work` on the present state, and again on a fresh one when a writer that strips history made it fail.
    ///
    /// Writers that only add never disturb a reader. Those that take away do so for a few milliseconds, under a lock.
    /// An error that stays while nothing changes and no lock is held is reported as it is.
    pub fn read<T, E: From<Error> + MayPass>(
        &self,
        mut work: impl FnMut(&Arc<Snapshot>) -> Result<T, E>,
    ) -> Result<T, E> {
        const WAITS: [u64; 6] = [0, 1, 5, 20, 100, 300];
        let mut waits = WAITS.into_iter();
        loop {
            let result = self
                .snapshot()
                .map_err(E::from)
                .and_then(|snapshot| work(&snapshot));
            let Err(error) = result else { return result };
            let Some(wait) = waits.next().filter(|_| error.may_pass()) else {
                return Err(error);
            };
            if wait > 0 && self.is_at_rest() {
                return Err(error);
            }
            thread::sleep(Duration::from_millis(wait));
            *self.current() = None;
        }
    }

    /// Whether nothing has changed since the last snapshot, and nobody holds the store's lock (a symbolic link to nowhere).
    fn is_at_rest(&self) -> bool {
        let Ok(layout) = Layout::read(&self.root) else {
            return true;
        };
        let is_locked = fs::symlink_metadata(layout.store.join("lock")).is_ok();
        // Without a snapshot the changelog itself could not be read.
        !is_locked
            && self
                .current()
                .as_ref()
                .is_none_or(|current| State::of(&layout).is_ok_and(|now| now == current.state))
    }

    /// Reads the state afresh; what an earlier snapshot worked out is used where it still holds.
    fn load(&self, earlier: Option<&Snapshot>) -> Result<Current, Error> {
        const TRIES: u32 = 5;
        let layout = Layout::read(&self.root)?;
        let store = match earlier {
            Some(earlier) if earlier.store.layout == layout => Arc::clone(&earlier.store),
            _ => Arc::new(Store::new(layout, self.limits)),
        };
        let mut tries = 0;
        loop {
            let state = State::of(&store.layout)?;
            let snapshot = Snapshot::load(Arc::clone(&store), earlier, Stage::Committed);
            tries += 1;
            if tries == TRIES || State::of_changelog(&store.layout)? == state.0[0] {
                return Ok(Current {
                    state,
                    snapshot: Arc::new(snapshot?),
                });
            }
        }
    }

    fn current(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error that knows whether a second look can help; see [`Repository::read`].
pub trait MayPass {
    /// Whether a writer at work may be the cause.
    fn may_pass(&self) -> bool;
}

impl MayPass for Error {
    fn may_pass(&self) -> bool {
        Error::may_pass(self)
    }
}

impl MayPass for LookupError {
    fn may_pass(&self) -> bool {
        matches!(self, LookupError::Repository(error) if error.may_pass())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_and_snapshots_are_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Repository>();
        shared::<Snapshot>();
        shared::<crate::Manifest>();
    }
}
