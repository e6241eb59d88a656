//! The list of all files of a changeset.
//!
//! A manifest is a text of lines `path NUL forty-hex-digits [flag] LF`, sorted by the bytes of the paths. Lookups search
//! the text as it is. With the `treemanifest` requirement each directory has a manifest of its own, and an entry with
//! flag `t` names a directory.

mod text;
mod tree;

use std::sync::{Arc, OnceLock};

use crate::error::Error;
use crate::ids::Node;
use crate::path::{HgPath, HgPathBuf};
use crate::store::Store;
use text::{Line, below, each_difference, find, flat_children, lines};
use tree::{Tree, read_text};

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
pub struct Manifest {
    /// The root directory's text; the only one unless `tree` is set.
    text: Arc<[u8]>,
    tree: Option<Tree>,
}

/// A part of a manifest: some files, and what lies below some directories.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a>(&'a [HgPathBuf]);

impl<'a> Scope<'a> {
    /// Everything.
    pub const ALL: Scope<'static> = Scope(&[]);

    /// These files and directories; everything when there are none.
    pub fn new(paths: &'a [HgPathBuf]) -> Self {
        Scope(paths)
    }

    /// Whether a path is one of these or lies below one.
    pub fn holds(self, path: &[u8]) -> bool {
        self.0.is_empty()
            || self
                .0
                .iter()
                .any(|one| is_at_or_below(path, one.as_bytes()))
    }

    /// Whether something in a directory may be.
    pub fn meets(self, directory: &[u8]) -> bool {
        let leads_there = |one: &HgPathBuf| is_at_or_below(one.as_bytes(), directory);
        self.holds(directory) || self.0.iter().any(leads_there)
    }
}

fn is_at_or_below(path: &[u8], directory: &[u8]) -> bool {
    let rest = path.strip_prefix(directory);
    directory.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

impl Manifest {
    /// Reads the manifest with this hash; the null hash is the manifest without files.
    pub(crate) fn read(store: &Arc<Store>, node: &Node) -> Result<Manifest, Error> {
        let tree = store.layout.tree_manifest.then(|| Tree {
            store: Arc::clone(store),
            flat: OnceLock::new(),
        });
        Ok(Manifest {
            text: read_text(store, HgPath::ROOT, node)?,
            tree,
        })
    }

    /// A flat manifest with this text.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn from_text(text: &[u8]) -> Manifest {
        Manifest {
            text: text.into(),
            tree: None,
        }
    }

    /// The file with this name.
    pub fn get(&self, path: HgPath<'_>) -> Result<Option<Entry>, Error> {
        let Some(tree) = &self.tree else {
            return Ok(find(&self.text, path.as_bytes()).and_then(Line::file));
        };
        let Some(parent) = path.parent() else {
            return Ok(None);
        };
        let text = tree.directory(&self.text, parent)?;
        Ok(text.and_then(|text| find(&text, path.file_name()).and_then(Line::file)))
    }

    /// The revision of a directory's own manifest, where directories have one and there is such a directory.
    pub(crate) fn directory_node(&self, directory: HgPath<'_>) -> Result<Option<Node>, Error> {
        let (Some(tree), Some(parent)) = (&self.tree, directory.parent()) else {
            return Ok(None);
        };
        let text = tree.directory(&self.text, parent)?;
        Ok(text.and_then(|text| find(&text, directory.file_name()).and_then(Line::tree)))
    }

    /// Whether there is a directory with this name. The root always is one.
    pub fn has_dir(&self, directory: HgPath<'_>) -> Result<bool, Error> {
        match &self.tree {
            Some(tree) => Ok(tree.directory(&self.text, directory)?.is_some()),
            None => Ok(directory.is_root() || !below(&self.text, directory).is_empty()),
        }
    }

    /// The direct children of a directory, sorted by the bytes of their names; `None` if there is no such directory.
    pub fn list_dir(&self, directory: HgPath<'_>) -> Result<Option<Vec<DirEntry>>, Error> {
        let mut children = match &self.tree {
            Some(tree) => match tree.directory(&self.text, directory)? {
                Some(text) => lines(&text).map(|line| line.child()).collect(),
                None => return Ok(None),
            },
            None => {
                let range = below(&self.text, directory);
                if range.is_empty() && !directory.is_root() {
                    return Ok(None);
                }
                flat_children(range, directory)
            }
        };
        // A directory stands where its first file does: `a-b` before `a/x`, although `a` is the smaller name.
        children.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Some(children))
    }

    /// Every file, sorted by the bytes of its name.
    pub fn iter(&self) -> Result<impl Iterator<Item = (HgPath<'_>, Entry)>, Error> {
        let text = match &self.tree {
            Some(tree) => tree.flat(&self.text)?,
            None => &self.text,
        };
        Ok(lines(text).filter_map(|line| Some((HgPath::new(line.path), line.file()?))))
    }

    /// Every file below a directory, sorted by the bytes of its name.
    pub fn files_below(
        &self,
        directory: HgPath<'_>,
    ) -> Result<impl Iterator<Item = (HgPath<'_>, Entry)>, Error> {
        let text = match &self.tree {
            Some(tree) => tree.flat(&self.text)?,
            None => &self.text,
        };
        Ok(lines(below(text, directory))
            .filter_map(|line| Some((HgPath::new(line.path), line.file()?))))
    }

    /// Walks over two manifests at once and gives `take` each file that differs.
    pub(crate) fn differences(
        old: &Manifest,
        new: &Manifest,
        take: &mut impl FnMut(HgPath<'_>, Option<Entry>, Option<Entry>),
    ) -> Result<(), Error> {
        Self::differences_within(old, new, Scope::ALL, take)
    }

    /// The same for a part of them; with a manifest for each directory the others are not read.
    pub(crate) fn differences_within(
        old: &Manifest,
        new: &Manifest,
        scope: Scope<'_>,
        take: &mut impl FnMut(HgPath<'_>, Option<Entry>, Option<Entry>),
    ) -> Result<(), Error> {
        match &new.tree {
            Some(tree) => tree.differences(HgPath::ROOT, (&old.text, &new.text), scope, take),
            None => {
                each_difference(&old.text, &new.text, |path, old, new| {
                    if !scope.holds(path) {
                        return;
                    }
                    take(
                        HgPath::new(path),
                        old.and_then(Line::file),
                        new.and_then(Line::file),
                    );
                });
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
