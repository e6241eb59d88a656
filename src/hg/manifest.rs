//! The list of all files of a changeset.

use crate::error::Error;
use crate::ids::Node;
use crate::path::{HgPath, HgPathBuf};

/// What kind of file an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// An ordinary file.
    Regular,
    /// A file with the executable bit.
    Executable,
    /// A symbolic link; its text is the target.
    Symlink,
}

/// A file in a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The revision of the file.
    pub node: Node,
    /// What kind of file it is.
    pub kind: FileKind,
}

/// A direct child of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirEntry {
    /// The name in its directory, without any slash.
    pub name: HgPathBuf,
    /// The file; `None` for a directory.
    pub file: Option<Entry>,
}

/// All files of one changeset, sorted by the bytes of their names.
#[derive(Debug, Clone)]
pub struct Manifest {}

impl Manifest {
    /// The file with this name.
    pub fn get(&self, _path: HgPath<'_>) -> Result<Option<Entry>, Error> {
        todo!()
    }

    /// Whether there is a directory with this name. The root always is one.
    pub fn has_dir(&self, _directory: HgPath<'_>) -> Result<bool, Error> {
        todo!()
    }

    /// The direct children of a directory, sorted by the bytes of their names; `None` if there is no such directory.
    pub fn list_dir(&self, _directory: HgPath<'_>) -> Result<Option<Vec<DirEntry>>, Error> {
        todo!()
    }

    /// Every file, sorted by the bytes of its name.
    pub fn iter(&self) -> Result<impl Iterator<Item = (HgPath<'_>, Entry)>, Error> {
        Ok(std::iter::empty())
    }
}
