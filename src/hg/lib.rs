//! Reads Mercurial repositories from disk.
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
//! Open a [`Repository`] once and keep it. Each [`Repository::snapshot`] is the state at one moment: immutable,
//! consistent, and cheap as long as nothing changed on disk.
//!
//! # The store on one page
//!
//! Mercurial keeps history in *revlogs*: files that only grow, each a list of texts stored as differences. `NAME.i` is the
//! index, 64 bytes per revision: where its data lie, what they are a difference to, the parents, and the [`Node`], a SHA-1
//! over both parents' nodes and the text. `NAME.d` holds the data, or, while they are small, the index itself does. Revisions
//! are numbered as they came ([`Rev`]); numbers hold for one clone only, nodes everywhere. Parents have smaller numbers than
//! their children, so every question about ancestors is one sweep over the index.
//!
//! ```text
//! .hg/requires, .hg/store/requires     what a reader must know: see `requirement`
//! .hg/store/00changelog.i (.d)         the changesets
//! .hg/store/00manifest.i (.d)          the lists of files
//! .hg/store/data/dir/_r_e_a_d_m_e.i    the revisions of dir/README; names are escaped in one of five ways
//! .hg/store/phaseroots                 from where on changesets are drafts or secret
//! .hg/store/obsstore                   what was rewritten into what
//! .hg/bookmarks, .hg/localtags         names for changesets; other tags are in the tracked file .hgtags
//! .hg/cache/                           what Mercurial has found out and could find out again
//! ```
//!
//! A [`Changeset`] is a text: the node of its manifest, author, date with *extras*, the files it touched, the description. Its
//! named branch is one of the extras. The [`Manifest`] lists path, node and kind of each file; a file's text may begin with a
//! header that tells what it was copied from. So a file at a changeset is read in three steps, and each text is checked
//! against its node:
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let snapshot = hg::Repository::open("/srv/hg/project".as_ref())?.snapshot()?;
//! let rev = snapshot.lookup("stable")?;
//! let readme = hg::HgPath::new("README");
//! if let Some(entry) = snapshot.manifest(rev)?.get(readme)? {
//!     let content = snapshot.file(readme, &entry.node)?.data;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Not every changeset is for everybody. A *phase* says how far it has been spread ([`Phase`]); *obsolescence markers* say that
//! it was rewritten ([`Marker`]), and then it is hidden unless others build on it. What is neither secret nor hidden is
//! *served*: names, heads, branches and searches yield served changesets only.
//!
//! A [`Sender`] writes served history for other clones, as bundles without any HTTP or SSH around them.
//!
//! # Beside writers
//!
//! The changelog's index is written last. So a snapshot reads it first and has, with it, everything that those changesets
//! need. Who only adds never disturbs a reader. Who strips or amends takes away, for milliseconds, what a reader may be about to
//! read; [`Repository::read`] then looks again, and reports damage only when it lasts while nobody writes.
//! The reader takes no locks, writes nothing, runs no program and maps no file.
//!
//! # What bad bytes cost
//!
//! Nothing that lies in a repository makes this crate panic, hang, or take more memory than it announces: a text has at
//! most the length in its index entry and at most [`Limits::max_text`], a compressed piece yields no more than that length
//! allows, and references that do not point back are refused when an index is loaded. An [`Error`] names the file, and where
//! they are known the revision in it and the offset.
//!
//! # What it does not read
//!
//! * Repositories that are incomplete (narrow clones, remotefilelog), live in Git, or use the unstable changelog-v2 and
//!   revlog-v2 formats: [`Repository::open`] refuses them and names what is missing ([`Error::Unsupported`]).
//! * The working directory, but for its parents, which stay visible when they are obsolete.
//! * Contents that the lfs and largefiles extensions keep outside of the repository.

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
mod three_way;
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
pub use three_way::merges_cleanly;
pub use topics::Topic;
pub use visibility::Phase;
