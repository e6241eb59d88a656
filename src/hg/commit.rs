//! A new changeset, as Mercurial itself would commit it, to be given to Mercurial.
//!
//! We never write to a repository. What [`Snapshot::commit`] makes are the three kinds of texts of a commit (files, manifest,
//! changeset) with the hashes they will have, packed into a bundle like the one that a client pushes. Mercurial takes that in: with its locks and
//! hooks, and only if the heads are still those of the snapshot.

use std::collections::{BTreeMap, BTreeSet};

use sha1::{Digest, Sha1};

use crate::bundle::upload::{Piece, Upload};
use crate::changeset::Timestamp;
use crate::error::Error;
use crate::filelog::FileStorage;
use crate::graph::Graph;
use crate::ids::{Node, Rev};
use crate::manifest::{Entry, FileKind, Manifest};
use crate::path::{HgPath, HgPathBuf};
use crate::revlog::sending::delta;
use crate::snapshot::Snapshot;

/// What happens to one file, seen from the first parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileEdit {
    /// It has this content, whether it was there before or not.
    Write {
        /// The content; of a symbolic link its target.
        data: Vec<u8>,
        /// What kind of file it is.
        kind: FileKind,
        /// The file it was copied or renamed from. A renamed file's old name is to be removed, too.
        copied_from: Option<HgPathBuf>,
    },
    /// It is not there any more.
    Remove,
}

/// A changeset to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChangeset {
    /// First and second parent; none at all for the first changeset of a repository.
    pub parents: [Option<Node>; 2],
    /// Who makes it, usually `Name <address>`.
    pub user: String,
    /// When.
    pub time: Timestamp,
    /// The commit message. Space at the ends of lines, and empty lines around it, are taken away, as Mercurial does.
    pub description: String,
    /// The named branch.
    pub branch: String,
    /// Whether it closes the branch head that its first parent is.
    pub closes_branch: bool,
    /// Further things to record, by key.
    pub extras: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The files. For a merge all that differ from the first parent, also those that are as in the second.
    pub files: BTreeMap<HgPathBuf, FileEdit>,
}

/// A changeset that is ready to be pushed.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The hash it will have.
    pub node: Node,
    /// The bundle that brings it, as a client would push it.
    pub bundle: Vec<u8>,
}

/// Why a changeset cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A parent is not there, or not to be seen.
    #[error("unknown parent {0}")]
    UnknownParent(Node),
    /// There is a second parent without a first, or both are the same.
    #[error("these parents make no merge")]
    BadParents,
    /// A name that Mercurial would refuse.
    #[error("a file cannot be named {0:?}")]
    BadName(HgPathBuf),
    /// There is both a file and a directory of that name.
    #[error("{0:?} would be a file and a directory")]
    FileAndDirectory(HgPathBuf),
    /// A user that is empty or has several lines.
    #[error("a user must have one line of text")]
    BadUser,
    /// A branch name that means something else.
    #[error("a branch cannot be named {0:?}")]
    BadBranch(String),
    /// Nothing would change.
    #[error("nothing changed")]
    Nothing,
    /// A file to copy from is not there.
    #[error("there is no {0:?} to copy from")]
    NoCopySource(HgPathBuf),
    /// The format of the repository.
    #[error("changesets cannot be made in a repository with manifests of directories")]
    Format,
    /// The repository could not be read.
    #[error(transparent)]
    Repository(#[from] Error),
}

impl crate::MayPass for CommitError {
    fn may_pass(&self) -> bool {
        matches!(self, CommitError::Repository(error) if error.may_pass())
    }
}

impl Snapshot {
    /// Makes a changeset out of what it shall be.
    pub fn commit(&self, new: &NewChangeset) -> Result<Commit, CommitError> {
        if self.has_tree_manifest() {
            return Err(CommitError::Format);
        }
        let parents = match new.parents {
            [None, Some(_)] => return Err(CommitError::BadParents),
            [Some(first), Some(second)] if first == second => return Err(CommitError::BadParents),
            parents => parents,
        };
        let mut revs = [None; 2];
        for (rev, node) in revs.iter_mut().zip(parents) {
            *rev = match node {
                None => None,
                Some(node) => {
                    let served = self.served_rev(&node);
                    Some(served.ok_or(CommitError::UnknownParent(node))?)
                }
            };
        }
        let writer = Writer::new(self, revs)?;
        writer.write(new, parents.map(Option::unwrap_or_default))
    }
}

/// What is being made.
struct Writer<'a> {
    snapshot: &'a Snapshot,
    revs: [Option<Rev>; 2],
    /// The parents' manifests and their hashes.
    manifests: [Manifest; 2],
    manifest_nodes: [Node; 2],
    /// The names that go into the changeset.
    touched: BTreeSet<HgPathBuf>,
    /// The lines of the manifest that are not those of the first parent.
    entries: BTreeMap<HgPathBuf, Option<Entry>>,
    files: Vec<(HgPathBuf, Piece)>,
}

impl<'a> Writer<'a> {
    fn new(snapshot: &'a Snapshot, revs: [Option<Rev>; 2]) -> Result<Self, Error> {
        let node = |rev: Option<Rev>| match rev {
            Some(rev) => Ok(snapshot.changeset(rev)?.manifest),
            None => Ok::<_, Error>(Node::NULL),
        };
        let manifest_nodes = [node(revs[0])?, node(revs[1])?];
        let manifest = |node: &Node| Manifest::read(&snapshot.store, node);
        Ok(Writer {
            snapshot,
            revs,
            manifests: [manifest(&manifest_nodes[0])?, manifest(&manifest_nodes[1])?],
            manifest_nodes,
            touched: BTreeSet::new(),
            entries: BTreeMap::new(),
            files: Vec::new(),
        })
    }

    fn write(mut self, new: &NewChangeset, parents: [Node; 2]) -> Result<Commit, CommitError> {
        for (path, edit) in &new.files {
            match edit {
                FileEdit::Remove => self.remove(path)?,
                FileEdit::Write {
                    data,
                    kind,
                    copied_from,
                } => self.put(path, data, *kind, copied_from.as_ref())?,
            }
        }
        let manifest = self.manifest()?;
        let manifest_node = manifest
            .as_ref()
            .map_or(self.manifest_nodes[0], |piece| piece.node);
        let branch_before = match self.revs[0] {
            Some(rev) => self.snapshot.branch_name(rev)?.to_vec(),
            None => b"default".to_vec(),
        };
        let is_merge = self.revs[1].is_some();
        let changes_branch = branch_before != new.branch.as_bytes();
        if self.touched.is_empty() && !is_merge && !new.closes_branch && !changes_branch {
            return Err(CommitError::Nothing);
        }
        let text = changeset_text(new, &manifest_node, &self.touched)?;
        let changeset = Piece::full(parents, text);
        let node = changeset.node;
        let mut heads: Vec<Node> = self
            .snapshot
            .heads()
            .into_iter()
            .map(|rev| self.snapshot.node(rev))
            .collect();
        if heads.is_empty() {
            heads.push(Node::NULL);
        }
        let upload = Upload {
            heads,
            changeset,
            manifest,
            files: self.files,
        };
        Ok(Commit {
            node,
            bundle: upload.encode(),
        })
    }

    fn entry(&self, parent: usize, path: &HgPathBuf) -> Result<Option<Entry>, Error> {
        self.manifests[parent].get(path.as_path())
    }

    /// Takes a file away. In a merge it is not named when the other parent's side has done that already.
    fn remove(&mut self, path: &HgPathBuf) -> Result<(), CommitError> {
        let (first, second) = (self.entry(0, path)?, self.entry(1, path)?);
        if first.is_none() && second.is_none() {
            return Ok(());
        }
        if first.is_some() {
            self.entries.insert(path.clone(), None);
        }
        let inherited = match (self.revs, first, second) {
            ([Some(a), Some(b)], first, second) => {
                let kept = first.or(second);
                let only_one = first.is_none() || second.is_none();
                only_one && self.is_as_in_all_bases(a, b, path, kept)?
            }
            _ => false,
        };
        if !inherited {
            self.touched.insert(path.clone());
        }
        Ok(())
    }

    fn is_as_in_all_bases(
        &self,
        a: Rev,
        b: Rev,
        path: &HgPathBuf,
        kept: Option<Entry>,
    ) -> Result<bool, Error> {
        let bases = self.snapshot.common_ancestor_heads(&[a, b]);
        for base in &bases {
            if self.snapshot.manifest(*base)?.get(path.as_path())? != kept {
                return Ok(false);
            }
        }
        Ok(!bases.is_empty())
    }

    /// Gives a file its content.
    fn put(
        &mut self,
        path: &HgPathBuf,
        data: &[u8],
        kind: FileKind,
        copied_from: Option<&HgPathBuf>,
    ) -> Result<(), CommitError> {
        let bad = |byte: &u8| matches!(byte, b'\n' | b'\r' | 0);
        // A clone would write it into its own settings, as file systems see it.
        let mut parts = path.as_bytes().split(|byte| *byte == b'/');
        let is_own = parts.any(|part| part.eq_ignore_ascii_case(b".hg"));
        if !path.as_path().is_safe() || is_own || path.as_bytes().iter().any(bad) {
            return Err(CommitError::BadName(path.clone()));
        }
        let (first, second) = (self.entry(0, path)?, self.entry(1, path)?);
        let mut parents = [first, second].map(|entry| entry.map(|entry| entry.node));
        let mut header = None;
        let log = self.snapshot.store.filelog(path.as_path())?;
        let copied_from = copied_from.filter(|source| *source != path);
        if let Some(source) = copied_from {
            // Where the copy was made on the other side of a merge, its source is looked up there.
            let mut node = self.entry(0, source)?;
            let mut parent = parents[1];
            if self.revs[1].is_some() && (parents[1].is_none() || node.is_none()) {
                let theirs = self.entry(1, source)?;
                if theirs.is_some() {
                    node = theirs;
                    parent = parents[0];
                }
            }
            let node = node
                .ok_or_else(|| CommitError::NoCopySource(source.clone()))?
                .node;
            header = Some((source, node));
            parents = [None, parent];
        } else if parents[0].is_none() {
            parents.swap(0, 1);
        } else if let [Some(a), Some(b)] = parents {
            let rev = |node: Node| {
                log.rev(&node).ok_or_else(|| Error::NoRevision {
                    file: log.path().to_owned(),
                    node,
                })
            };
            let bases = log.common_ancestor_heads(&[rev(a)?, rev(b)?]);
            if bases.contains(rev(a)?) {
                parents = [Some(b), None];
            } else if bases.contains(rev(b)?) {
                parents = [Some(a), None];
            }
        }
        let same = match (parents, &header) {
            ([Some(parent), None], None) => {
                let old = self.snapshot.file(path.as_path(), &parent)?;
                (old.storage == FileStorage::Here && old.data == data).then_some(parent)
            }
            _ => None,
        };
        let node = match same {
            Some(node) => {
                // Nothing new but perhaps the kind.
                if first.is_some_and(|entry| entry.kind != kind) {
                    self.touched.insert(path.clone());
                }
                node
            }
            None => {
                self.touched.insert(path.clone());
                let text = file_text(data, header);
                let piece = Piece::full(parents.map(Option::unwrap_or_default), text);
                let node = piece.node;
                if log.rev(&node).is_none() {
                    self.files.push((path.clone(), piece));
                }
                node
            }
        };
        self.entries
            .insert(path.clone(), Some(Entry { node, kind }));
        Ok(())
    }

    /// The new manifest; `None` when it is the first parent's.
    fn manifest(&self) -> Result<Option<Piece>, CommitError> {
        let mut lines: BTreeMap<HgPath<'_>, Entry> = self.manifests[0].iter()?.collect();
        for (path, entry) in &self.entries {
            match entry {
                Some(entry) => lines.insert(path.as_path(), *entry),
                None => lines.remove(&path.as_path()),
            };
        }
        let mut text = Vec::new();
        let mut new_directories = BTreeSet::new();
        for (path, entry) in &lines {
            text.extend_from_slice(path.as_bytes());
            text.push(0);
            text.extend(entry.node.to_string().into_bytes());
            text.extend_from_slice(match entry.kind {
                FileKind::Regular => b"",
                FileKind::Executable => b"x",
                FileKind::Symlink => b"l",
            });
            text.push(b'\n');
        }
        for path in self
            .entries
            .iter()
            .filter_map(|(path, entry)| entry.map(|_| path))
        {
            let mut at = path.as_path().parent();
            while let Some(directory) = at.filter(|directory| !directory.is_root()) {
                new_directories.insert(directory);
                at = directory.parent();
            }
            let inside = path.as_path().join(b"");
            let next = lines.range(HgPath::new(inside.as_bytes())..).next();
            if next.is_some_and(|(next, _)| next.as_bytes().starts_with(inside.as_bytes())) {
                return Err(CommitError::FileAndDirectory(path.clone()));
            }
        }
        if let Some(directory) = new_directories.iter().find(|path| lines.contains_key(path)) {
            return Err(CommitError::FileAndDirectory(directory.to_buf()));
        }
        let old = self.text_of_first()?;
        if self.touched.is_empty() && text == old {
            return Ok(None);
        }
        let mut piece = Piece::full(self.manifest_nodes, text);
        if self.snapshot.store.manifest()?.rev(&piece.node).is_some() {
            // It was there before, and is named all the same.
            piece.is_known = true;
        } else if !self.manifest_nodes[0].is_null() {
            piece.base = self.manifest_nodes[0];
            piece.difference = delta(&old, &piece.text);
        }
        Ok(Some(piece))
    }

    fn text_of_first(&self) -> Result<Vec<u8>, Error> {
        let node = self.manifest_nodes[0];
        if node.is_null() {
            return Ok(Vec::new());
        }
        let log = self.snapshot.store.manifest()?;
        let rev = log.rev(&node).ok_or_else(|| Error::NoRevision {
            file: log.path().to_owned(),
            node,
        })?;
        Ok(log.text(rev)?.to_vec())
    }
}

/// The hash of a text with these parents.
pub(crate) fn hash(parents: [Node; 2], text: &[u8]) -> Node {
    let [first, second] = parents;
    let mut hash = Sha1::new();
    hash.update(first.min(second).as_bytes());
    hash.update(first.max(second).as_bytes());
    hash.update(text);
    Node::new(hash.finalize().into())
}

/// The stored text of a file: a header in front of a copy, and of content that itself begins like one.
fn file_text(data: &[u8], copy: Option<(&HgPathBuf, Node)>) -> Vec<u8> {
    const MARK: &[u8] = b"\x01\n";
    let mut text = Vec::with_capacity(data.len() + 4);
    if let Some((source, node)) = copy {
        text.extend_from_slice(MARK);
        text.extend_from_slice(b"copy: ");
        text.extend_from_slice(source.as_bytes());
        text.extend(format!("\ncopyrev: {node}\n").into_bytes());
        text.extend_from_slice(MARK);
    } else if data.starts_with(MARK) {
        text.extend_from_slice(MARK);
        text.extend_from_slice(MARK);
    }
    text.extend_from_slice(data);
    text
}

/// The text of the changelog entry.
fn changeset_text(
    new: &NewChangeset,
    manifest: &Node,
    touched: &BTreeSet<HgPathBuf>,
) -> Result<Vec<u8>, CommitError> {
    let user = new
        .user
        .trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    if user.is_empty() || user.contains(['\n', '\r', '\0']) {
        return Err(CommitError::BadUser);
    }
    let mut extras = new.extras.clone();
    extras.remove(&b"branch"[..]);
    let branch = new.branch.trim();
    match branch {
        "" | "default" => {}
        "." | "null" | "tip" => return Err(CommitError::BadBranch(branch.to_owned())),
        _ if branch.contains([':', '\0', '\n', '\r']) || branch.parse::<i64>().is_ok() => {
            return Err(CommitError::BadBranch(branch.to_owned()));
        }
        _ => {
            extras.insert(b"branch".to_vec(), branch.as_bytes().to_vec());
        }
    }
    if new.closes_branch {
        extras.insert(b"close".to_vec(), b"1".to_vec());
    }
    let mut text = format!(
        "{manifest}\n{user}\n{} {}",
        new.time.seconds, new.time.offset_west
    )
    .into_bytes();
    for (place, (key, value)) in extras.iter().enumerate() {
        text.push(if place == 0 { b' ' } else { 0 });
        escape(key, &mut text);
        text.push(b':');
        escape(value, &mut text);
    }
    text.push(b'\n');
    for path in touched {
        text.extend_from_slice(path.as_bytes());
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend(strip_description(&new.description).into_bytes());
    Ok(text)
}

/// The escapes of extras.
fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        match byte {
            b'\\' => out.extend(b"\\\\"),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            0 => out.extend(b"\\0"),
            other => out.push(*other),
        }
    }
}

/// Takes away space at the ends of lines and empty lines at both ends.
fn strip_description(description: &str) -> String {
    let unified = description.replace("\r\n", "\n").replace('\r', "\n");
    let space = |c: char| c.is_ascii_whitespace() || c == '\x0b';
    let lines: Vec<&str> = unified
        .split('\n')
        .map(|line| line.trim_end_matches(space))
        .collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_stripped_like_mercurial_does() {
        assert_eq!(
            strip_description("\n\n a \t\r\nb  \n\nc\r\n\n"),
            " a\nb\n\nc"
        );
        assert_eq!(strip_description(""), "");
    }

    #[test]
    fn headers_stand_before_copies_and_what_looks_like_them() {
        assert_eq!(file_text(b"plain", None), b"plain");
        assert_eq!(file_text(b"\x01\nx", None), b"\x01\n\x01\n\x01\nx");
        let source = HgPathBuf::from("a b");
        let text = file_text(b"x", Some((&source, Node::NULL)));
        let expected = format!("\x01\ncopy: a b\ncopyrev: {}\n\x01\nx", Node::NULL);
        assert_eq!(text, expected.as_bytes());
    }
}
