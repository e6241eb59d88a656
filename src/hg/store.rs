//! The revlogs of a repository, kept open for as long as their files do not change.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::files::Stamp;
use crate::layout::Layout;
use crate::path::{HgPath, HgPathBuf};
use crate::repository::Limits;
use crate::revlog::Revlog;
use crate::snapshot::Stage;

/// Hands out revlogs of manifests and files.
#[derive(Debug)]
pub(crate) struct Store {
    pub layout: Layout,
    pub limits: Limits,
    manifest: Mutex<Option<Kept>>,
    /// Used last comes last.
    others: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    /// Kind and name of what it holds; to encode the name again would cost more than to compare it.
    name: (Kind, HgPathBuf),
    index: PathBuf,
    stamp: Stamp,
    revlog: Arc<Revlog>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Manifest,
    File,
}

/// How many revlogs besides the root's manifest stay in memory. A page about one file asks for few.
const MAX_KEPT: usize = 16;

impl Store {
    pub fn new(layout: Layout, limits: Limits) -> Store {
        Store {
            layout,
            limits,
            manifest: Mutex::default(),
            others: Mutex::default(),
        }
    }

    /// A fresh look at the changelog.
    ///
    /// While a transaction is open, its changesets are already in the data file, but in the index that Mercurial shows its
    /// hooks.
    pub fn changelog(&self, stage: Stage) -> Result<Revlog, Error> {
        let mut places = self.layout.fixed("00changelog");
        let pending = places.0.with_extension("i.a");
        if stage == Stage::Pending && pending.exists() {
            places.0 = pending;
        }
        let docket = self.layout.store.join("00changelog.n");
        Ok(Revlog::open(places, self.limits.max_text)?.with_node_map(docket))
    }

    /// The manifest of the root directory.
    pub fn manifest(&self) -> Result<Arc<Revlog>, Error> {
        let mut kept = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref()
            && let Some(revlog) = kept.current()?
        {
            return Ok(revlog);
        }
        let name = (Kind::Manifest, HgPathBuf::default());
        let fresh = Kept::open(name, self.layout.fixed("00manifest"), self.limits)?;
        Ok(Arc::clone(&kept.insert(fresh).revlog))
    }

    /// The manifest of a directory below the root, where each has its own.
    pub fn dir_manifest(&self, directory: HgPath<'_>) -> Result<Arc<Revlog>, Error> {
        self.revlog(Kind::Manifest, directory)
    }

    /// The revisions of a file.
    pub fn filelog(&self, path: HgPath<'_>) -> Result<Arc<Revlog>, Error> {
        self.revlog(Kind::File, path)
    }

    fn revlog(&self, kind: Kind, path: HgPath<'_>) -> Result<Arc<Revlog>, Error> {
        {
            let mut kept = self.lock();
            let same = |kept: &Kept| kept.name.0 == kind && kept.name.1.as_path() == path;
            if let Some(place) = kept.iter().position(same) {
                let found = kept.remove(place);
                if let Some(revlog) = found.current()? {
                    kept.push(found);
                    return Ok(revlog);
                }
            }
        }
        let places = match kind {
            Kind::Manifest => self.layout.encoded("meta/", path, "/00manifest")?,
            Kind::File => self.layout.encoded("data/", path, "")?,
        };
        let fresh = Kept::open((kind, path.to_buf()), places, self.limits)?;
        let revlog = Arc::clone(&fresh.revlog);
        let mut kept = self.lock();
        if kept.len() >= MAX_KEPT {
            kept.remove(0);
        }
        kept.push(fresh);
        Ok(revlog)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn open(
        name: (Kind, HgPathBuf),
        places: (PathBuf, PathBuf),
        limits: Limits,
    ) -> Result<Kept, Error> {
        let index = places.0.clone();
        // Before the file is read: a change in between makes the stamp stale at once, never too fresh.
        let stamp = Stamp::of(&index)?;
        let mut revlog = Revlog::open(places, limits.max_text)?;
        if name.0 == Kind::Manifest {
            revlog = revlog.with_node_map(index.with_extension("n"));
        }
        let revlog = Arc::new(revlog);
        Ok(Kept {
            name,
            index,
            stamp,
            revlog,
        })
    }

    /// The revlog, if its file is still as it was.
    fn current(&self) -> Result<Option<Arc<Revlog>>, Error> {
        Ok((Stamp::of(&self.index)? == self.stamp).then(|| Arc::clone(&self.revlog)))
    }
}
