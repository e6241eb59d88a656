//! Reads Mercurial repositories from disk.
//!
//! Mercurial keeps history in *revlogs*: files that only grow, each a list of texts stored as differences. One
//! revlog holds the changesets (the *changelog*), one the lists of files (the *manifest*), and one each tracked file.
//! A changeset names its manifest by hash, a manifest the revisions of its files.
//!
//! Open a [`Repository`] once and keep it. Each [`Repository::snapshot`] is the state at one moment: immutable,
//! consistent, and cheap as long as nothing changed on disk.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let repository = hg::Repository::open("/srv/hg/project".as_ref())?;
//! let snapshot = repository.snapshot()?;
//! for rev in snapshot.served().iter().rev().take(40) {
//!     println!("{} {}", snapshot.node(rev).short(), snapshot.changeset(rev)?.description);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The reader takes no locks, writes nothing, runs no program and maps no file: a writer that truncates a file at the
//! wrong moment gives an error that a second look resolves ([`Repository::read`]), never a crash.

mod changeset;
mod error;
mod files;
mod ids;
mod layout;
mod manifest;
mod path;
mod repository;
mod requirements;
mod revlog;
mod revset;
mod snapshot;
mod store_name;
mod text;

pub use changeset::{Changeset, Timestamp};
pub use error::{Error, LookupError};
pub use ids::{Node, NodeParseError, Rev};
pub use manifest::{DirEntry, Entry, FileKind, Manifest};
pub use path::{HgPath, HgPathBuf};
pub use repository::{Limits, MayPass, Repository};
pub use revset::RevSet;
pub use snapshot::{
    AnnotatedLine, Bookmark, Branch, ChangeKind, CopySource, FileChange, FileRevision, FileStep,
    FileStorage, Phase, Snapshot, Tag,
};
pub use text::Text;
