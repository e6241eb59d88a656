//! Repositories that this process has open. A handle is cheap to keep and notices by itself what changes on disk.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use vcs::{Kind, RefFilter, Repository};

use crate::{Error, Model, ReadableRepository};

/// More handles than this are not kept; each holds some memory of its repository.
const MAX_OPEN: usize = 64;

/// Handles by path; the one not used for longest goes first.
#[derive(Default)]
pub(crate) struct Repositories(Mutex<Open>);

#[derive(Default)]
struct Open {
    handles: HashMap<(PathBuf, Kind), (u64, Arc<Repository>)>,
    clock: u64,
}

impl Repositories {
    fn get(
        &self,
        path: PathBuf,
        kind: Kind,
        (root, refs, cache): (&Path, &RefFilter, &vcs::Cache),
    ) -> Result<Arc<Repository>, vcs::OpenError> {
        let key = (path, kind);
        {
            let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            open.clock += 1;
            let now = open.clock;
            if let Some((used, handle)) = open.handles.get_mut(&key) {
                if key.0.is_dir() {
                    *used = now;
                    return Ok(Arc::clone(handle));
                }
                open.handles.remove(&key);
            }
        }
        // Opened without the lock: one slow disk must not stop the other threads.
        let handle = Repository::open_within(&key.0, kind, root)?;
        let handle = handle.with_ref_filter(refs.clone());
        let handle = Arc::new(handle.with_history_in(cache));
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = open.clock;
        if open.handles.len() >= MAX_OPEN
            && let Some(oldest) = open
                .handles
                .iter()
                .min_by_key(|(_, (used, _))| *used)
                .map(|(key, _)| key.clone())
        {
            open.handles.remove(&oldest);
        }
        open.handles.insert(key, (now, Arc::clone(&handle)));
        Ok(handle)
    }

    /// Forgets a path and all below it.
    pub(crate) fn forget_below(&self, path: &Path) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.handles.retain(|(held, _), _| !held.starts_with(path));
    }
}

impl Model {
    /// The contents of a repository, with the names as they are when they are first asked for: ask anew after changing something.
    ///
    /// # Errors
    /// [`Error::Open`] when the folder is missing, of another kind, or of a format that is not supported.
    pub fn open_repository(
        &self,
        repository: &ReadableRepository,
    ) -> Result<Arc<Repository>, Error> {
        let root = match repository.root() {
            Some(root) => root.to_owned(),
            None => self.repositories_root()?,
        };
        let path = below(&root, repository.name())?;
        let handle = self.repositories.get(
            path,
            repository.kind(),
            (&root, &self.config().git_refs, self.cache()),
        );
        handle
            .map(|handle| Arc::new(handle.at_one_moment()))
            .map_err(|source| Error::Open {
                name: repository.name().to_owned(),
                source,
            })
    }

    /// The folder of a repository.
    ///
    /// # Errors
    /// When the database does not say where repositories lie.
    pub fn repository_path(&self, repository: &ReadableRepository) -> Result<PathBuf, Error> {
        match repository.root() {
            Some(root) => below(root, repository.name()),
            None => self.path_below_root(repository.name()),
        }
    }

    /// The folder that belongs to a full name. Names of the database are checked too: others write it.
    pub(crate) fn path_below_root(&self, full_name: &str) -> Result<PathBuf, Error> {
        below(&self.repositories_root()?, full_name)
    }
}

fn below(root: &Path, full_name: &str) -> Result<PathBuf, Error> {
    let inside = !full_name.is_empty()
        && Path::new(full_name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        return Err(Error::NotFound {
            what: "Repository",
            name: full_name.to_owned(),
        });
    }
    Ok(root.join(full_name))
}
