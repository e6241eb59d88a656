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
//!
//! # What it does not read
//!
//! * Repositories that are incomplete (narrow clones, remotefilelog), live in Git, or use the unstable changelog-v2 and
//!   revlog-v2 formats: [`Repository::open`] refuses them and names what is missing ([`Error::Unsupported`]).
//! * Transactions that are still open. What `hg` shows its hooks with `HG_PENDING` is invisible here until it is committed.
//! * The working directory, but for its parents, which stay visible when they are obsolete.
//! * Who made an obsolete changeset from which, and whether successors diverge.
//! * The persistent node map: a sorted table is made faster than that is checked, below some hundred thousand changesets.

mod annotate;
mod bookmarks;
mod branch_cache;
mod branches;
mod bundle;
mod changeset;
mod commit;
mod digest;
mod error;
mod filelog;
mod files;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod graph;
mod history;
mod ids;
mod last_changes;
mod layout;
mod line_match;
mod listing;
mod lookup;
mod manifest;
mod obsolescence;
mod obsstore;
mod origins;
mod path;
mod relations;
mod repository;
mod requirements;
mod revlog;
mod revset;
mod snapshot;
mod status;
mod store;
mod store_name;
mod stored;
mod subrepositories;
mod tags;
mod text;
mod topics;
mod visibility;

pub use annotate::AnnotatedLine;
pub use bookmarks::Bookmark;
pub use branches::Branch;
pub use bundle::{
    BadArgument, Bundle, BundleCapabilities, BundleError, BundleRequest, PushRefusal, PushReply,
    Sender, StreamRefusal,
};
pub use changeset::{Changeset, Timestamp};
pub use commit::{Commit, CommitError, FileEdit, NewChangeset};
pub use error::{Error, LookupError};
pub use filelog::{CopySource, FileRevision, FileStorage, largefile_of_standin};
pub use history::{FileHistory, FileStep};
pub use ids::{Node, NodeParseError, Rev};
pub use listing::{Listed, ListedKind};
pub use manifest::{DirEntry, Entry, FileKind, Manifest};
pub use obsolescence::Instabilities;
pub use obsstore::Marker;
pub use origins::Origin;
pub use path::{HgPath, HgPathBuf};
pub use repository::{Limits, MayPass, Repository};
pub use requirements::{Treatment, requirement};
pub use revset::RevSet;
pub use snapshot::Snapshot;
pub use status::{ChangeKind, FileChange};
pub use stored::StoredLog;
pub use subrepositories::{Subrepository, SubrepositoryKind};
pub use tags::Tag;
pub use text::Text;
pub use topics::Topic;
pub use visibility::Phase;
