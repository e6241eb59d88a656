//! Reads directories and files.

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::tree::{EntryKind, EntryMode};

use super::{Repository, to_git};
use crate::error::Cause;
use crate::tree::{LFS_POINTER_SIZES, lfs_pointer};
use crate::{
    ChangesetId, ContentId, Entry, FileContent, FileNames, Listing, Node, NodeError, NodeKind,
    ReadError, RepoPath, Storage,
};

/// What a tree says about one of its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    pub mode: EntryMode,
    pub id: ObjectId,
}

impl Item {
    /// The directory this tree describes.
    pub fn tree(id: ObjectId) -> Self {
        Item {
            mode: EntryKind::Tree.into(),
            id,
        }
    }
}

impl Repository {
    pub fn node(&self, id: &ChangesetId, path: &RepoPath) -> Result<Node, NodeError> {
        let repo = self.local();
        let item = self.item(&repo, id, path)?;
        let modules = Modules::new(self, &repo, id);
        let kind = modules.kind_of(item, path);
        let size = self.size(&repo, item, &kind)?;
        Ok(Node {
            path: path.clone(),
            storage: self.storage(&repo, item, size)?,
            content: content_id(item).filter(|_| kind.is_file()),
            kind,
            size,
        })
    }

    pub fn listing(
        &self,
        id: &ChangesetId,
        path: &RepoPath,
        skip: usize,
        limit: usize,
    ) -> Result<Listing, NodeError> {
        let repo = self.local();
        let modules = Modules::new(self, &repo, id);
        let mut items = self.items(&repo, id, path)?;
        // Git itself refuses to make such names; who makes them anyway wants to lead somebody out of the directory.
        items.retain(|(name, _)| is_name(name));
        items.sort_by(|(a, one), (b, other)| (rank(one.mode), a).cmp(&(rank(other.mode), b)));
        items.dedup_by(|(a, _), (b, _)| a == b);
        let total = items.len();
        let mut entries = Vec::new();
        for (name, item) in items.into_iter().skip(skip).take(limit) {
            let Ok(path) = path.join(&name) else { continue };
            let kind = modules.kind_of(item, &path);
            let size = self.size(&repo, item, &kind)?;
            entries.push(Entry {
                name,
                path,
                storage: self.storage(&repo, item, size)?,
                kind,
                size,
                mode: u32::from(item.mode.value()),
            });
        }
        Ok(Listing { entries, total })
    }

    pub fn file_up_to(
        &self,
        id: &ChangesetId,
        path: &RepoPath,
        most: u64,
    ) -> Result<FileContent, NodeError> {
        let repo = self.local();
        let item = self.item(&repo, id, path)?;
        if !item.mode.is_blob_or_symlink() {
            return Err(NodeError::NotAFile {
                path: path.clone(),
                id: *id,
            });
        }
        let damaged = || self.damaged(format!("file {path:?} of {id}"));
        let size = repo.find_header(item.id).map_err(damaged())?.size();
        if size > most {
            return Err(NodeError::TooLarge {
                path: path.clone(),
                id: *id,
                size,
                most,
            });
        }
        let blob = repo.find_blob(item.id).map_err(damaged())?;
        let data = blob.detach().data;
        Ok(FileContent {
            storage: lfs_pointer(&data).unwrap_or_default(),
            data,
            executable: item.mode.is_executable(),
            symlink: item.mode.is_link(),
        })
    }

    pub fn file_names(
        &self,
        id: &ChangesetId,
        directory: &RepoPath,
    ) -> Result<FileNames, NodeError> {
        let repo = self.local();
        let item = self.item(&repo, id, directory)?;
        if !item.mode.is_tree() {
            return Err(NodeError::NotADirectory {
                path: directory.clone(),
                id: *id,
            });
        }
        let mut names = FileNames {
            complete: true,
            ..FileNames::default()
        };
        // Trees that hold nothing but trees could make as many directories as they like.
        let mut directories = 0;
        let mut todo = vec![(directory.clone(), item.id)];
        while let Some((path, tree)) = todo.pop() {
            directories += 1;
            for (name, item) in self.read_tree(&repo, tree)? {
                if names.paths.len() >= FileNames::MOST || directories >= FileNames::MOST {
                    names.complete = false;
                    return Ok(names);
                }
                let Ok(path) = path.join(&name) else { continue };
                if !is_name(&name) {
                    continue;
                }
                if item.mode.is_tree() {
                    todo.push((path, item.id));
                } else if item.mode.is_blob_or_symlink() {
                    names.paths.push(path);
                }
            }
        }
        Ok(names)
    }

    /// The entries of a directory.
    pub(super) fn items(
        &self,
        repo: &gix::Repository,
        id: &ChangesetId,
        path: &RepoPath,
    ) -> Result<Vec<(Vec<u8>, Item)>, NodeError> {
        let item = self.item(repo, id, path)?;
        if !item.mode.is_tree() {
            return Err(NodeError::NotADirectory {
                path: path.clone(),
                id: *id,
            });
        }
        Ok(self.read_tree(repo, item.id)?)
    }

    fn item(
        &self,
        repo: &gix::Repository,
        id: &ChangesetId,
        path: &RepoPath,
    ) -> Result<Item, NodeError> {
        let commit = self.commit(repo, id)?;
        let tree = commit
            .tree_id()
            .map_err(self.damaged(format!("commit {id}")))?
            .detach();
        self.item_below(repo, tree, path)?
            .ok_or_else(|| NodeError::NotFound {
                path: path.clone(),
                id: *id,
            })
    }

    /// What lies at a path below a tree.
    pub(super) fn item_below(
        &self,
        repo: &gix::Repository,
        tree: ObjectId,
        path: &RepoPath,
    ) -> Result<Option<Item>, ReadError> {
        let mut item = Item::tree(tree);
        for component in path.components() {
            match self.child(repo, item, component)? {
                Some(child) => item = child,
                None => return Ok(None),
            }
        }
        Ok(Some(item))
    }

    /// What lies directly in a directory under a name; nothing where it is no directory.
    pub(super) fn child(
        &self,
        repo: &gix::Repository,
        directory: Item,
        name: &[u8],
    ) -> Result<Option<Item>, ReadError> {
        if !directory.mode.is_tree() {
            return Ok(None);
        }
        let tree = repo
            .find_tree(directory.id)
            .map_err(self.damaged(format!("tree {}", directory.id)))?;
        Ok(tree.find_entry(name).map(|entry| Item {
            mode: entry.mode(),
            id: entry.object_id(),
        }))
    }

    /// The entries of a tree object.
    pub(super) fn read_tree(
        &self,
        repo: &gix::Repository,
        id: ObjectId,
    ) -> Result<Vec<(Vec<u8>, Item)>, ReadError> {
        let tree = repo
            .find_tree(id)
            .map_err(self.damaged(format!("tree {id}")))?;
        let entries = tree.iter().map(|entry| {
            let entry = entry?;
            Ok((
                entry.filename().to_vec(),
                Item {
                    mode: entry.mode(),
                    id: entry.object_id(),
                },
            ))
        });
        entries
            .collect::<Result<_, gix::Error>>()
            .map_err(self.damaged(format!("tree {id}")))
    }

    /// Where the content of a file really is.
    fn storage(
        &self,
        repo: &gix::Repository,
        item: Item,
        size: Option<u64>,
    ) -> Result<Storage, ReadError> {
        let may_point = item.mode.is_blob() && size.is_some_and(|s| LFS_POINTER_SIZES.contains(&s));
        if !may_point {
            return Ok(Storage::Here);
        }
        let blob = repo
            .find_blob(item.id)
            .map_err(self.damaged(format!("blob {}", item.id)))?;
        Ok(lfs_pointer(&blob.data).unwrap_or_default())
    }

    /// The bytes of content, read from the object's header without its content.
    fn size(
        &self,
        repo: &gix::Repository,
        item: Item,
        kind: &NodeKind,
    ) -> Result<Option<u64>, ReadError> {
        if !kind.is_file() {
            return Ok(None);
        }
        let header = repo
            .find_header(item.id)
            .map_err(self.damaged(format!("blob {}", item.id)))?;
        Ok(Some(header.size()))
    }
}

/// The id of the blob. Repositories whose ids are longer than those of SHA-1 are not opened.
fn content_id(item: Item) -> Option<ContentId> {
    item.id
        .as_slice()
        .try_into()
        .ok()
        .map(ContentId::from_bytes)
}

/// Whether this is the name of one thing in a directory.
pub(super) fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && !name.contains(&b'/') && RepoPath::parse(name).is_ok()
}

/// The place in a listing, as [`NodeKind::rank`] has it.
fn rank(mode: EntryMode) -> u8 {
    match mode.kind() {
        EntryKind::Commit => 0,
        EntryKind::Tree => 1,
        EntryKind::Link | EntryKind::Blob | EntryKind::BlobExecutable => 2,
    }
}

/// The `.gitmodules` of a changeset, read when the first submodule asks for it.
struct Modules<'a> {
    repository: &'a Repository,
    repo: &'a gix::Repository,
    id: &'a ChangesetId,
    file: std::cell::OnceCell<Option<gix::config::File>>,
}

impl<'a> Modules<'a> {
    fn new(repository: &'a Repository, repo: &'a gix::Repository, id: &'a ChangesetId) -> Self {
        Modules {
            repository,
            repo,
            id,
            file: Default::default(),
        }
    }

    fn kind_of(&self, item: Item, path: &RepoPath) -> NodeKind {
        match item.mode.kind() {
            EntryKind::Tree => NodeKind::Directory,
            EntryKind::Link => NodeKind::Symlink,
            EntryKind::Commit => NodeKind::Submodule {
                url: self.url(path),
                commit: item.id.to_string(),
            },
            EntryKind::Blob | EntryKind::BlobExecutable => NodeKind::File {
                executable: item.mode.is_executable(),
            },
        }
    }

    /// The `url` of the section whose `path` this is.
    fn url(&self, path: &RepoPath) -> Option<String> {
        let file = self.file.get_or_init(|| self.read()).as_ref()?;
        let mut sections = file.sections_by_name("submodule")?;
        let section = sections.find(|section| {
            section
                .value("path")
                .is_some_and(|value| value.as_bytes() == path.as_bytes())
        })?;
        Some(section.value("url")?.to_str_lossy().into_owned())
    }

    /// A `.gitmodules` that is missing or cannot be parsed names no URL; the listing is shown without.
    fn read(&self) -> Option<gix::config::File> {
        let tree = self
            .repo
            .find_commit(to_git(self.id))
            .ok()?
            .tree_id()
            .ok()?
            .detach();
        let path = RepoPath::parse(b".gitmodules").ok()?;
        let item = self.repository.item_below(self.repo, tree, &path).ok()??;
        let blob = self.repo.find_blob(item.id).ok()?;
        let meta = gix::config::file::Metadata::api();
        let parsed: Result<_, Cause> =
            gix::config::File::from_bytes_no_includes(&blob.data, meta, Default::default())
                .map_err(Into::into);
        parsed.ok()
    }
}
