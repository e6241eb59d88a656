//! Mercurial, read with our own reader, the crate `hg`. None of its types leave this folder but to `wire::hg`, which
//! answers clients of Mercurial and pushes what was made here.
//!
//! Each call reads one snapshot of the repository, and only what it serves to others: a changeset that is hidden or secret
//! does not exist here. A call that a history-stripping writer disturbs is repeated by [`hg::Repository::read`].

mod archive;
mod blame;
mod changeset;
mod commit;
mod diff;
mod drawing;
mod error;
mod history;
mod merge;
mod names;
mod pair;
mod pushed;
mod relations;
mod signature;
mod tree;
mod turn;

pub(crate) use archive::ArchiveSource;
pub(crate) use pair::Pair;

use std::path::Path;
use std::sync::{Arc, Mutex};

use hg::{Node, Rev, Snapshot};

use crate::{ChangesetId, OpenError, ReadError, Refs};

/// A Mercurial repository.
#[derive(Debug)]
pub(crate) struct Repository {
    hg: hg::Repository,
    lists: history::Lists,
    /// The names of a state, in the form that callers see.
    names: Mutex<Option<(Arc<Snapshot>, Refs)>>,
}

impl Repository {
    /// Opens the repository whose `.hg` lies in this directory.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        if !path.is_dir() {
            return Err(OpenError::Missing {
                path: path.to_owned(),
            });
        }
        Ok(Repository {
            hg: hg::Repository::open(path)?,
            lists: Default::default(),
            names: Mutex::default(),
        })
    }

    /// Runs a reading on the present state of the repository.
    pub fn read<T, E>(&self, work: impl FnMut(&Arc<Snapshot>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<hg::Error> + hg::MayPass,
    {
        self.hg.read(work)
    }

    /// The directory it was opened from.
    pub fn root(&self) -> &Path {
        self.hg.root()
    }

    /// The number of a served changeset.
    fn rev(&self, snapshot: &Snapshot, id: &ChangesetId) -> Result<Rev, ReadError> {
        let node = Node::new(*id.as_bytes());
        snapshot
            .served_rev(&node)
            .ok_or_else(|| ReadError::UnknownChangeset {
                path: self.hg.root().to_owned(),
                id: *id,
            })
    }
}

/// The id of a changeset.
fn id(snapshot: &Snapshot, rev: Rev) -> ChangesetId {
    from_node(&snapshot.node(rev))
}

fn from_node(node: &Node) -> ChangesetId {
    ChangesetId::from_bytes(*node.as_bytes())
}
