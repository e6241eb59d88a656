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

/// Where the content of a file really is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Storage {
    /// In the repository itself.
    #[default]
    Here,
    /// In a Git LFS (or Mercurial lfs) store; what lies in the repository is a pointer to it.
    Lfs {
        /// The SHA-256 of the content, in hex.
        oid: String,
        /// Its size in bytes.
        size: u64,
    },
    /// With Mercurial's largefiles extension; what lies in the repository, below `.hglf`, is the hash.
    Largefile {
        /// The SHA-1 of the content, in hex.
        hash: String,
    },
}

/// A pointer of Git LFS: three lines or more, of which the first tells the version (`docs/spec.md` of Git LFS).
pub(crate) fn lfs_pointer(content: &[u8]) -> Option<Storage> {
    if !LFS_POINTER_SIZES.contains(&(content.len() as u64)) {
        return None;
    }
    let text = std::str::from_utf8(content).ok()?;
    let mut lines = text.lines();
    let version = lines.next()?.strip_prefix("version ")?;
    if !matches!(
        version,
        "https://git-lfs.github.com/spec/v1" | "https://hawser.github.com/spec/v1"
    ) {
        return None;
    }
    let (mut oid, mut size) = (None, None);
    for line in lines {
        match line.split_once(' ')? {
            ("oid", value) => oid = value.strip_prefix("sha256:"),
            ("size", value) => size = value.parse().ok(),
            _ => {}
        }
    }
    let is_hash = |oid: &&str| oid.len() == 64 && oid.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some(Storage::Lfs {
        oid: oid.filter(is_hash)?.to_owned(),
        size: size?,
    })
}

/// Pointers have this many bytes; others need not be looked at.
pub(crate) const LFS_POINTER_SIZES: std::ops::Range<u64> = 100..1024;

/// Names the bytes of a file: what has the same id has the same content. Git's object id, Mercurial's file node.
///
/// Files with the same content may have different ids in Mercurial, whose ids know where a file comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentId([u8; 20]);

impl ContentId {
    /// The id with these bytes.
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        ContentId(bytes)
    }

    /// The bytes of the id.
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl std::fmt::Display for ContentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// One thing at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it lies.
    pub path: RepoPath,
    /// What it is.
    pub kind: NodeKind,
    /// Bytes of content in the repository; none for directories and submodules.
    pub size: Option<u64>,
    /// Where the content really is.
    pub storage: Storage,
    /// What its content is called in the repository; none for directories and submodules.
    pub content: Option<ContentId>,
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
    /// Where the content of a file really is.
    pub storage: Storage,
}

/// A part of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The entries of this part: submodules, then directories, then files, each ordered by the bytes of the name.
    pub entries: Vec<Entry>,
    /// How many the directory has.
    pub total: usize,
}

/// The files below a directory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileNames {
    /// Their paths, ordered by their bytes.
    pub paths: Vec<RepoPath>,
    /// Whether these are all; otherwise there were too many.
    pub complete: bool,
}

impl FileNames {
    /// More files are not listed. A few trees that hold each other again and again can pretend to be any number.
    pub(crate) const MOST: usize = 1_000_000;
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
    /// Where the content really is. For a Git LFS pointer `data` is the pointer; for Mercurial's largefiles and lfs the content
    /// where the repository has it, else what stands in for it.
    pub storage: Storage,
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
