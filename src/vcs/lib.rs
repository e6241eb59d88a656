//! One face for Git and Mercurial repositories.
//!
//! A [`Repository`] is opened once from a directory and kept. It answers the questions a web page asks: which names exist
//! ([`Repository::refs`]), which changeset a word means ([`Repository::resolve`]), what a changeset says
//! ([`Repository::changeset`]), which changesets there are ([`Repository::log`]), what lies in a directory
//! ([`Repository::directory`]), what a file holds ([`Repository::file`]), where it comes from ([`Repository::blame`],
//! [`Repository::file_history`]), what changed ([`Repository::diff`], [`Repository::combined_diff`]) and who descends from whom
//! ([`Repository::common_ancestor`], [`Repository::only`]).
//! The answers are plain data in the words both systems share: a *changeset* has an id, parents, an author, a message
//! and a tree of files; *branches*, *tags* and *bookmarks* are names for changesets.
//!
//! Four promises hold for everything here:
//!
//! * **Nothing is stale.** What `git` or `hg` do to the repository behind our back shows at the next call. Caches inside a
//!   `Repository` are keyed by what cannot change (a changeset id) or by the state of all refs, read anew each time.
//! * **Nothing runs.** Reading starts no process (but for [`Repository::verify`], which says so), writes no file and obeys no configuration of the machine, the user or
//!   the repository: a hostile repository can only be wrong, never act.
//! * **Nothing hidden comes out.** Mercurial's secret and obsolete changesets do not exist for callers; of Git only what a
//!   branch, a tag or a pull request reaches can be named.
//! * **Bytes stay bytes.** Paths and file contents are never assumed to be UTF-8; messages and names of people, which are
//!   made to be read, are decoded once.
//!
//! Beyond reading one repository there are: [`Repository::archive`], a changeset as one file; [`compare`], two changesets of one family, also of a
//! repository and its fork; [`commit`], changesets made without a clone; [`life`], how repositories come and go; [`Cache`], answers that took long. Of
//! these only `commit` and `life` start programs and write. Comparing two Git repositories makes a small folder elsewhere that names both.
//!
//! The Git half is built on `gix` and stands in `git/`, the Mercurial half on our own reader and stands in `mercurial/`;
//! neither crate's types appear in this interface. [`diff`] is common to both: it sees two blobs, never a repository.

mod about;
mod archive;
mod blame;
mod borrowing;
mod cache;
mod cached;
mod changed_files;
mod changeset;
pub mod commit;
pub mod compare;
mod content;
pub mod diff;
mod elsewhere;
mod error;
mod file_history;
mod git;
mod graph;
mod id;
mod kind;
pub mod life;
mod log;
mod mailmap;
mod mercurial;
mod packed;
mod path;
mod pushed;
mod ref_filter;
mod refs;
mod relations;
mod repository;
mod signature;
mod tree;
pub mod wire;

pub use archive::{Archive, ArchiveFormat, ArchiveOptions};
pub use blame::{Blame, BlameLine, BlameOptions};
pub use cache::{Cache, CacheKey, CacheWriter, CachedFile, Kept};
pub use cached::{ArchiveStream, Cached};
pub use changed_files::ChangedFile;
pub use changeset::{Changeset, Evolution, Person, Phase, TagMessage, Timestamp, Tip};
pub use commit::{CommitError, CommitRequest, Committed, FileChange, Programs};
pub use content::{TextEncoding, media_type_of, read_other_text_by};
pub use diff::{Diff, DiffLimit, DiffOptions, FileDiff, Whitespace};
pub use error::{NodeError, OpenError, ReadError, RevisionError};
pub use file_history::{FileAuthor, FileHistory, FileStep};
pub use graph::{GraphNode, GraphParent};
pub use id::{BadChangesetId, ChangesetId};
pub use kind::{Kind, UnknownKind};
pub use log::{LogPage, LogQuery};
pub use mailmap::Mailmap;
pub use packed::{PackedBlocks, PackedWriter};
pub use path::{BadRepoPath, RepoPath, shown_name};
pub use ref_filter::{BadRefFilter, RefFilter};
pub use refs::{Bookmark, Branch, Head, Labels, Pull, RefLists, RefName, Refs, Tag};
pub use repository::Repository;
pub use signature::{Keyring, Signature, SignatureFormat, Verdict};
pub use tree::{
    ContentId, Entry, FileContent, FileNames, LastChanges, Listing, Node, NodeKind, Storage,
};
