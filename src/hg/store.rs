//! The revlogs of a repository, kept open for as long as their files do not change.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Error;
use crate::files::Stamp;
use crate::layout::Layout;
use crate::path::HgPath;
use crate::repository::Limits;
use crate::revlog::Revlog;

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
    place: PathBuf,
    stamp: Stamp,
    revlog: Arc<Revlog>,
}

/// How many revlogs besides the manifest stay in memory. A page about one file asks for few.
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
    pub fn changelog(&self) -> Result<Revlog, Error> {
        Revlog::open(self.layout.fixed("00changelog"), self.limits.max_text)
    }

    /// The manifest of the root directory.
    pub fn manifest(&self) -> Result<Arc<Revlog>, Error> {
        let places = self.layout.fixed("00manifest");
        let stamp = Stamp::of(&places.0)?;
        let mut kept = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.stamp == stamp) {
            return Ok(Arc::clone(&kept.revlog));
        }
        let place = places.0.clone();
        let revlog = Arc::new(Revlog::open(places, self.limits.max_text)?);
        *kept = Some(Kept {
            place,
            stamp,
            revlog: Arc::clone(&revlog),
        });
        Ok(revlog)
    }

    /// The manifest of a directory below the root, where each has its own.
    pub fn dir_manifest(&self, directory: HgPath<'_>) -> Result<Arc<Revlog>, Error> {
        self.revlog(self.layout.encoded("meta/", directory, "/00manifest")?)
    }

    /// The revisions of a file.
    pub fn filelog(&self, path: HgPath<'_>) -> Result<Arc<Revlog>, Error> {
        self.revlog(self.layout.encoded("data/", path, "")?)
    }

    fn revlog(&self, places: (PathBuf, PathBuf)) -> Result<Arc<Revlog>, Error> {
        // The stamp is taken before the file is read: a change in between makes it stale at once, never too fresh.
        let stamp = Stamp::of(&places.0)?;
        {
            let mut kept = self.others.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = kept.iter().position(|kept| kept.place == places.0) {
                let found = kept.remove(found);
                if found.stamp == stamp {
                    let revlog = Arc::clone(&found.revlog);
                    kept.push(found);
                    return Ok(revlog);
                }
            }
        }
        let place = places.0.clone();
        let revlog = Arc::new(Revlog::open(places, self.limits.max_text)?);
        let mut kept = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.remove(0);
        }
        kept.push(Kept {
            place,
            stamp,
            revlog: Arc::clone(&revlog),
        });
        Ok(revlog)
    }
}
