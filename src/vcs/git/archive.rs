//! Walks the tree of a commit in the order and with the rules of `git archive`.
//!
//! A folder gets an entry of its own as soon as something in it is not excluded as a folder; files then follow in the order of the tree. The
//! `.gitattributes` files are those of the tree itself. Source: the manual `git-archive(1)`, "Attributes".

use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;

use gix::ObjectId;

use super::attributes::{Attributes, Wanted};
use super::large::{self, LARGE};
use super::subst::Substitution;
use super::tree::Item;
use super::{Repository, header::Header};
use crate::archive::{About, ArchiveOptions, Body, Content, Entry, Source};
use crate::error::Cause;
use crate::{ChangesetId, Kind, NodeError, ReadError, RepoPath};

/// How deep folders may lie: as deep as Git takes them (`core.maxTreeDepth`). All names above are in the name of each.
const DEEPEST: usize = 4096;

/// The files of a commit, one after the other.
pub(crate) struct ArchiveSource {
    root: PathBuf,
    repo: gix::Repository,
    id: ChangesetId,
    time: i64,
    substitution: Substitution,
    attributes: Attributes,
    prefix: Vec<u8>,
    /// What is wanted below the top.
    path: RepoPath,
    /// The folders between the top and where we are.
    levels: Vec<Level>,
    /// Entries that are ready.
    ready: VecDeque<Entry>,
}

/// A folder being walked.
struct Level {
    /// Its path with a slash at the end; empty for the top.
    path: Vec<u8>,
    tree: ObjectId,
    entries: std::vec::IntoIter<(Vec<u8>, Item)>,
    /// Whether its entry has been written.
    told: bool,
    /// Whether it brought a `.gitattributes`.
    has_attributes: bool,
}

impl ArchiveSource {
    pub fn new(
        repository: &Repository,
        id: &ChangesetId,
        options: &ArchiveOptions,
    ) -> Result<Self, NodeError> {
        let repo = repository.local();
        let commit = repository.commit(&repo, id)?;
        let header = Header::parse(&commit.data)
            .ok_or("it does not start with a tree")
            .map_err(repository.damaged(format!("commit {id}")))?;
        let (tree, time) = (header.tree, header.date().seconds);
        let substitution = Substitution::new(repository, *id, &commit.data);
        drop(commit);
        if repository.item_below(&repo, tree, &options.path)?.is_none() {
            let (path, id) = (options.path.clone(), *id);
            return Err(NodeError::NotFound { path, id });
        }
        let info = info_attributes(&repo)?.unwrap_or_default();
        let mut source = ArchiveSource {
            root: repository.path.clone(),
            repo,
            id: *id,
            time,
            substitution,
            attributes: Attributes::new(info),
            prefix: options.prefix.as_bytes().to_vec(),
            path: options.path.clone(),
            levels: Vec::new(),
            ready: VecDeque::new(),
        };
        if !source.prefix.is_empty() {
            source.prefix.push(b'/');
            let entry = source.directory(b"", tree);
            source.ready.push_back(entry);
        }
        source.enter(Vec::new(), tree)?;
        // The top is the prefix itself, or nothing.
        source.levels[0].told = true;
        Ok(source)
    }

    fn damaged<E: Into<Cause>>(&self, what: String) -> impl FnOnce(E) -> ReadError + use<E> {
        let path = self.root.clone();
        move |error| ReadError::Damaged {
            path,
            what,
            source: error.into(),
        }
    }

    fn directory(&self, path: &[u8], id: ObjectId) -> Entry {
        Entry {
            path: [&self.prefix[..], path].concat(),
            node: Body::Directory,
            id: id.to_string(),
        }
    }

    /// Goes down into a folder.
    fn enter(&mut self, path: Vec<u8>, id: ObjectId) -> Result<(), ReadError> {
        let tree = self
            .repo
            .find_tree(id)
            .map_err(self.damaged(format!("tree {id}")))?;
        if self.levels.len() >= DEEPEST {
            return Err(self.damaged(format!("tree {id}"))("it lies too deep"));
        }
        let mut entries = Vec::new();
        let mut names = HashSet::new();
        for entry in tree.iter() {
            let entry = entry.map_err(self.damaged(format!("tree {id}")))?;
            let name = entry.filename();
            // Of two of one name the first: whoever unpacks a link and then a folder in its place writes to where the link leads.
            if is_harmless(name) && names.insert(name.to_vec()) {
                let item = Item {
                    mode: entry.mode(),
                    id: entry.object_id(),
                };
                entries.push((name.to_vec(), item));
            }
        }
        drop(tree);
        let file = entries
            .iter()
            .find(|(name, item)| name == b".gitattributes" && item.mode.is_blob());
        let has_attributes = match file {
            Some((_, item)) => {
                let content = self
                    .repo
                    .find_blob(item.id)
                    .map_err(self.damaged(format!("blob {}", item.id)))?
                    .detach()
                    .data;
                self.attributes.enter(&path, &content);
                true
            }
            None => false,
        };
        self.levels.push(Level {
            path,
            tree: id,
            entries: entries.into_iter(),
            told: false,
            has_attributes,
        });
        Ok(())
    }

    /// Whether a path is asked for, or leads there.
    fn is_wanted(&self, path: &[u8], is_directory: bool) -> bool {
        let wanted = self.path.as_bytes();
        if wanted.is_empty() || path == wanted {
            return true;
        }
        let below = |inner: &[u8], outer: &[u8]| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.first() == Some(&b'/'))
        };
        below(path, wanted) || is_directory && below(wanted, path)
    }

    /// Puts the entries of the folders on the way here before that of what lies in them.
    fn tell_folders(&mut self) {
        let mut entries = Vec::new();
        for level in &self.levels {
            if !level.told {
                let path = &level.path;
                entries.push(self.directory(path, level.tree));
            }
        }
        self.levels.iter_mut().for_each(|level| level.told = true);
        self.ready.extend(entries);
    }

    fn file(&mut self, path: Vec<u8>, item: Item) -> Result<Option<Entry>, ReadError> {
        let wanted = self.attributes.of(&path, item.mode.is_commit());
        if wanted.ignore {
            return Ok(None);
        }
        let id = item.id;
        let mut path = [&self.prefix[..], &path].concat();
        let node = if item.mode.is_commit() {
            path.push(b'/');
            Body::Directory
        } else if item.mode.is_link() {
            Body::Symlink(self.blob(id)?)
        } else {
            Body::File {
                executable: item.mode.is_executable(),
                content: self.content(id, &wanted)?,
            }
        };
        Ok(Some(Entry {
            path,
            node,
            id: id.to_string(),
        }))
    }

    fn content(&self, id: ObjectId, wanted: &Wanted) -> Result<Content, ReadError> {
        let size = self
            .repo
            .find_header(id)
            .map_err(self.damaged(format!("blob {id}")))?
            .size();
        // From `core.bigFileThreshold` on Git leaves everything as it is.
        const UNTOUCHED: u64 = 512 << 20;
        if size > UNTOUCHED || size >= LARGE && !wanted.changes() {
            let stream =
                large::open(&self.repo, id, size).map_err(self.damaged(format!("blob {id}")))?;
            if let Some(reader) = stream {
                return Ok(Content::Stream { size, reader });
            }
        }
        let mut content = self.blob(id)?;
        wanted.convert(&mut content, &id);
        if wanted.substitute {
            content = self.substitution.apply(content, &self.repo);
        }
        Ok(Content::Whole(content))
    }

    fn blob(&self, id: ObjectId) -> Result<Vec<u8>, ReadError> {
        let blob = self
            .repo
            .find_blob(id)
            .map_err(self.damaged(format!("blob {id}")))?;
        Ok(blob.detach().data)
    }
}

/// The attributes that the administrator of a repository has set for all of its changesets.
pub(super) fn info_attributes(repo: &gix::Repository) -> Result<Option<Vec<u8>>, ReadError> {
    let path = repo.common_dir().join("info/attributes");
    match std::fs::read(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ReadError::Io { path, source }),
    }
}

impl Repository {
    /// What an archive depends on besides its changeset and the options.
    pub fn archive_surroundings(&self) -> Result<Vec<u8>, ReadError> {
        Ok(info_attributes(&self.local())?.unwrap_or_default())
    }

    /// The text of the `.mailmap` of a commit; none where there is none.
    pub(super) fn mailmap_of(&self, repo: &gix::Repository, id: &ChangesetId) -> Option<Vec<u8>> {
        let tree = self.commit(repo, id).ok()?.tree_id().ok()?.detach();
        let path = RepoPath::parse(b".mailmap").ok()?;
        let item = self.item_below(repo, tree, &path).ok()??;
        let file = item
            .mode
            .is_blob()
            .then(|| repo.find_blob(item.id).ok())??;
        Some(file.detach().data)
    }
}

impl Source for ArchiveSource {
    fn varies(&self) -> bool {
        self.substitution.varies()
    }

    fn about(&self) -> About {
        About {
            time: self.time,
            comment: Some(self.id.to_string()),
            kind: Kind::Git,
        }
    }

    fn next(&mut self) -> Result<Option<Entry>, ReadError> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Ok(Some(entry));
            }
            let Some(level) = self.levels.last_mut() else {
                return Ok(None);
            };
            let Some((name, item)) = level.entries.next() else {
                if level.has_attributes {
                    self.attributes.leave();
                }
                self.levels.pop();
                continue;
            };
            let mut path = [&level.path[..], &name].concat();
            if !self.is_wanted(&path, item.mode.is_tree()) {
                continue;
            }
            if item.mode.is_tree() {
                if !self.attributes.of(&path, true).ignore {
                    path.push(b'/');
                    self.enter(path, item.id)?;
                }
                continue;
            }
            self.tell_folders();
            let file = self.file(path, item)?;
            self.ready.extend(file);
        }
    }
}

/// Whether whoever unpacks the archive gets a file in the folder it seems to be in. Git itself makes no other names; a broken or hostile tree may.
fn is_harmless(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..")
        && !name.eq_ignore_ascii_case(b".git")
        && !name.contains(&b'/')
        && !name.contains(&0)
}
