//! What lies at a path in a changeset.

use crate::{ChangesetId, RepoPath};

/// What kind of thing lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// A regular file.
    File {
        /// Whether it may be run.
        executable: bool,
    },
    /// A symbolic link; its content is the target.
    Symlink,
    /// A directory.
    Directory,
    /// Another repository, pinned to one of its changesets.
    Submodule {
        /// Where it comes from, when the repository says so.
        url: Option<String>,
        /// The changeset it is pinned to, as written.
        commit: String,
    },
}

impl NodeKind {
    /// Whether this has content of its own: a file or a symbolic link.
    pub fn is_file(&self) -> bool {
        matches!(self, NodeKind::File { .. } | NodeKind::Symlink)
    }

    /// The place in a listing: submodules, then directories, then files.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            NodeKind::Submodule { .. } => 0,
            NodeKind::Directory => 1,
            NodeKind::File { .. } | NodeKind::Symlink => 2,
        }
    }
}

/// One thing at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it lies.
    pub path: RepoPath,
    /// What it is.
    pub kind: NodeKind,
    /// Bytes of content; none for directories and submodules.
    pub size: Option<u64>,
}

/// A line of a directory listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the directory.
    pub name: Vec<u8>,
    /// Its whole path.
    pub path: RepoPath,
    /// What it is.
    pub kind: NodeKind,
    /// Bytes of content; none for directories and submodules.
    pub size: Option<u64>,
    /// The mode as Git writes it: `0o100644`, `0o100755`, `0o120000`, `0o040000` or `0o160000`.
    pub mode: u32,
}

/// The content of a file or symbolic link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    /// The bytes; for a symbolic link the target.
    pub data: Vec<u8>,
    /// Whether it may be run.
    pub executable: bool,
    /// Whether it is a symbolic link.
    pub symlink: bool,
}

impl FileContent {
    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.data.len() as u64
    }

    /// Whether this is no text: it holds a NUL byte.
    pub fn is_binary(&self) -> bool {
        memchr::memchr(0, &self.data).is_some()
    }
}

/// For each name in a directory the newest changeset that changed it.
pub type LastChanges = std::collections::HashMap<Vec<u8>, ChangesetId>;
