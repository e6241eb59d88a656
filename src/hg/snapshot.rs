//! The state of a repository at one moment.

use std::collections::BTreeMap;

use crate::changeset::Changeset;
use crate::error::{Error, LookupError};
use crate::ids::{Node, Rev};
use crate::manifest::{Entry, Manifest};
use crate::path::{HgPath, HgPathBuf};
use crate::revset::RevSet;
use crate::text::Text;

/// How far a changeset has been spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Phase {
    /// Published; never changes again.
    Public,
    /// May still be rewritten.
    Draft,
    /// Kept from others. Archived and internal changesets count as secret, too.
    Secret,
}

/// A named branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name.
    pub name: Text,
    /// Its heads, oldest first, closed ones included.
    pub heads: Vec<Rev>,
    /// Its newest open head, or the newest head when all are closed.
    pub tip: Rev,
    /// Whether all heads are closed.
    pub closed: bool,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: Text,
    /// What it points at.
    pub rev: Rev,
    /// The same as hash.
    pub node: Node,
    /// Whether it is known in this clone only.
    pub local: bool,
}

/// A bookmark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// Its name.
    pub name: Text,
    /// What it points at.
    pub rev: Rev,
    /// The same as hash.
    pub node: Node,
}

/// A file at one of its revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRevision {
    /// The content. For a symbolic link the target; for content kept elsewhere see `storage`.
    pub data: Vec<u8>,
    /// What the file was copied or renamed from.
    pub copied_from: Option<CopySource>,
    /// Where the content is.
    pub storage: FileStorage,
}

/// The revision of another file that a file was copied or renamed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    /// The other file's name.
    pub path: HgPathBuf,
    /// The other file's revision.
    pub node: Node,
}

/// Where the content of a file revision is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileStorage {
    /// In the repository; `data` is the content.
    Here,
    /// Removed by the `censor` command; `data` is empty.
    Censored,
    /// Kept by the lfs extension. `data` is the content if `present`, otherwise the pointer's text.
    Lfs {
        /// SHA-256 of the content, in hex.
        oid: String,
        /// Size of the content in bytes.
        size: u64,
        /// Whether the content was found beside the repository and matches its hash.
        present: bool,
    },
}

/// How a file differs between two changesets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// Only the newer changeset has it.
    Added,
    /// Both have it, with other content or kind.
    Modified,
    /// Only the older changeset has it.
    Removed,
}

/// A file that differs between two changesets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Its name.
    pub path: HgPathBuf,
    /// How it differs.
    pub kind: ChangeKind,
    /// The file in the older changeset.
    pub old: Option<Entry>,
    /// The file in the newer changeset.
    pub new: Option<Entry>,
    /// For an added file, the file of the older changeset it was copied or renamed from. It was a rename if that file is removed.
    pub copied_from: Option<HgPathBuf>,
}

/// One step in the history of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStep {
    /// The changeset that made this revision of the file.
    pub rev: Rev,
    /// The name the file had then.
    pub path: HgPathBuf,
    /// The revision of the file.
    pub node: Node,
}

/// A line of a file and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnotatedLine {
    /// The changeset that brought the line into its present form.
    pub rev: Rev,
    /// The number of the line in that changeset, from one.
    pub line: u32,
    /// The name the file had then.
    pub path: HgPathBuf,
    /// The line with its line end.
    pub text: Vec<u8>,
}

/// What a repository holds at one moment: immutable, shared between threads, consistent in itself.
///
/// A changeset is *served* unless it is hidden (rewritten) or secret. Everything that yields changesets by name or in
/// bulk yields served ones only; methods that take a [`Rev`] answer for any revision, so ask
/// [`is_served`](Snapshot::is_served) before showing what did not come from here.
#[derive(Debug)]
pub struct Snapshot {}

impl Snapshot {
    /// How many changesets are stored, unserved ones included: one more than the highest number.
    pub fn len(&self) -> usize {
        todo!()
    }

    /// True when there is no changeset at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The hash of a changeset; [`Node::NULL`] for a number that does not occur.
    pub fn node(&self, _rev: Rev) -> Node {
        todo!()
    }

    /// The number of a changeset, served or not.
    pub fn rev(&self, _node: &Node) -> Option<Rev> {
        todo!()
    }

    /// The number of a served changeset.
    pub fn served_rev(&self, _node: &Node) -> Option<Rev> {
        todo!()
    }

    /// First and second parent.
    pub fn parents(&self, _rev: Rev) -> [Option<Rev>; 2] {
        todo!()
    }

    /// The phase of a changeset.
    pub fn phase(&self, _rev: Rev) -> Phase {
        todo!()
    }

    /// Whether a changeset has been rewritten or pruned. It may still be shown while others build on it.
    pub fn is_obsolete(&self, _rev: Rev) -> bool {
        todo!()
    }

    /// Whether a changeset is hidden because it was rewritten or pruned.
    pub fn is_hidden(&self, _rev: Rev) -> bool {
        todo!()
    }

    /// Whether others may see a changeset: neither hidden nor secret.
    pub fn is_served(&self, _rev: Rev) -> bool {
        todo!()
    }

    /// The served changesets; `.iter().rev()` walks them newest first.
    pub fn served(&self) -> &RevSet {
        todo!()
    }

    /// The newest served changeset.
    pub fn tip(&self) -> Option<Rev> {
        todo!()
    }

    /// The served changesets without served children, newest first.
    pub fn heads(&self) -> Vec<Rev> {
        todo!()
    }

    /// A changeset's stored text, decoded.
    pub fn changeset(&self, _rev: Rev) -> Result<Changeset, Error> {
        todo!()
    }

    /// The named branches with served heads, sorted by name.
    pub fn branches(&self) -> Result<&[Branch], Error> {
        todo!()
    }

    /// The tags of served changesets, sorted by name; the synthetic `tip` is not among them.
    pub fn tags(&self) -> Result<&[Tag], Error> {
        todo!()
    }

    /// The bookmarks of served changesets, sorted by name.
    pub fn bookmarks(&self) -> &[Bookmark] {
        todo!()
    }

    /// Finds a served changeset by `tip`, number, hash, bookmark, tag, branch or hash prefix, in Mercurial's order.
    pub fn lookup(&self, _text: &str) -> Result<Rev, LookupError> {
        todo!()
    }

    /// The files of a changeset.
    pub fn manifest(&self, _rev: Rev) -> Result<Manifest, Error> {
        todo!()
    }

    /// The content of a file revision, as named by a manifest entry.
    pub fn file(&self, _path: HgPath<'_>, _node: &Node) -> Result<FileRevision, Error> {
        todo!()
    }

    /// The size of a file revision's content; mostly without reading it.
    pub fn file_size(&self, _path: HgPath<'_>, _node: &Node) -> Result<u64, Error> {
        todo!()
    }

    /// The files that differ from `old` (`None`: the empty state before the first changeset) to `new`, sorted by name.
    pub fn status(&self, _old: Option<Rev>, _new: Rev) -> Result<Vec<FileChange>, Error> {
        todo!()
    }

    /// The changeset that brought this revision of a file into the history of `seen_from`.
    pub fn introducing(
        &self,
        _seen_from: Rev,
        _path: HgPath<'_>,
        _node: &Node,
    ) -> Result<Rev, Error> {
        todo!()
    }

    /// The history of a file as seen from a changeset, newest first, across copies and renames; `None` if the
    /// changeset has no such file. The walk is lazy: take only as many steps as you show.
    pub fn file_history(
        &self,
        _rev: Rev,
        _path: HgPath<'_>,
    ) -> Result<Option<impl Iterator<Item = Result<FileStep, Error>>>, Error> {
        Ok(Some(std::iter::empty()))
    }

    /// For each direct child of a directory the newest changeset, among `rev` and its ancestors, that touched it or
    /// something below it. Gives up after looking at `limit` changesets and leaves out what it has not found by then.
    pub fn last_changes(
        &self,
        _rev: Rev,
        _directory: HgPath<'_>,
        _limit: usize,
    ) -> Result<BTreeMap<HgPathBuf, Rev>, Error> {
        todo!()
    }

    /// Where each line of a file comes from, exactly as `hg annotate` tells; `None` if the changeset has no such file.
    pub fn annotate(
        &self,
        _rev: Rev,
        _path: HgPath<'_>,
    ) -> Result<Option<Vec<AnnotatedLine>>, Error> {
        todo!()
    }

    /// These changesets and all their ancestors.
    pub fn ancestors(&self, _revs: &[Rev]) -> RevSet {
        todo!()
    }

    /// The served changesets among these and their descendants.
    pub fn descendants(&self, _revs: &[Rev]) -> RevSet {
        todo!()
    }

    /// The ancestors of `include` that are not ancestors of `exclude`, each set counting itself.
    pub fn only(&self, _include: &[Rev], _exclude: &[Rev]) -> RevSet {
        todo!()
    }

    /// Whether `ancestor` is `descendant` or an ancestor of it.
    pub fn is_ancestor(&self, _ancestor: Rev, _descendant: Rev) -> bool {
        todo!()
    }

    /// The newest common ancestors of all these changesets: those that are no ancestor of another common one.
    pub fn common_ancestor_heads(&self, _revs: &[Rev]) -> Vec<Rev> {
        todo!()
    }

    /// The one common ancestor that Mercurial picks as base: the farthest from the root, then the smallest hash.
    pub fn ancestor(&self, _a: Rev, _b: Rev) -> Option<Rev> {
        todo!()
    }

    /// The served children of a changeset, oldest first.
    pub fn children(&self, _rev: Rev) -> Vec<Rev> {
        todo!()
    }
}
