//! What is stored, as it is stored: the texts of revlogs by their own numbers, for checks and tools.

use std::sync::Arc;

use crate::error::Error;
use crate::ids::{Node, Rev};
use crate::path::HgPath;
use crate::snapshot::Snapshot;

/// One of the revlogs of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoredLog<'a> {
    /// The changesets.
    Changelog,
    /// The manifests of a directory; the root's are the only ones unless the repository has the requirement `treemanifest`.
    Manifest(HgPath<'a>),
    /// The revisions of a file.
    File(HgPath<'a>),
}

impl Snapshot {
    /// A text as it is stored, by its number in its own revlog: what `hg debugdata` prints. A file's may begin with a header, or
    /// be a pointer to its content.
    ///
    /// Numbers of manifests and files are not those of changesets, and may belong to changesets that are not served.
    pub fn stored_text(&self, log: StoredLog<'_>, rev: Rev) -> Result<Arc<[u8]>, Error> {
        match log {
            StoredLog::Changelog => self.changelog.text(rev),
            StoredLog::Manifest(directory) if directory.is_root() => {
                self.store.manifest()?.text(rev)
            }
            StoredLog::Manifest(directory) => self.store.dir_manifest(directory)?.text(rev),
            StoredLog::File(path) => self.store.filelog(path)?.text(rev),
        }
    }

    /// The hashes of all revisions of a revlog, by number; none for a revlog that does not exist.
    pub fn stored_nodes(&self, log: StoredLog<'_>) -> Result<Vec<Node>, Error> {
        Ok(match log {
            StoredLog::Changelog => self.changelog.nodes().collect(),
            StoredLog::Manifest(directory) if directory.is_root() => {
                self.store.manifest()?.nodes().collect()
            }
            StoredLog::Manifest(directory) => self.store.dir_manifest(directory)?.nodes().collect(),
            StoredLog::File(path) => self.store.filelog(path)?.nodes().collect(),
        })
    }
}
