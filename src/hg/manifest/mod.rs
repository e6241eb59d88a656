//! The list of all files of a changeset.
//!
//! A manifest is a text of lines `path NUL forty-hex-digits [flag] LF`, sorted by the bytes of the paths. Lookups search
//! the text as it is. With the `treemanifest` requirement each directory has a manifest of its own, and an entry with
//! flag `t` names a directory.

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use crate::error::Error;
use crate::ids::Node;
use crate::path::{HgPath, HgPathBuf};
use crate::store::Store;

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

/// What a manifest with directories needs to read the others.
#[derive(Debug, Clone)]
struct Tree {
    store: Arc<Store>,
    /// The text the whole tree would have as one flat manifest.
    flat: OnceLock<Arc<[u8]>>,
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
        match &new.tree {
            Some(tree) => tree.differences(HgPath::ROOT, &old.text, &new.text, take),
            None => {
                each_difference(&old.text, &new.text, |path, old, new| {
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

impl Tree {
    /// The text of a directory's own manifest.
    fn directory(
        &self,
        root: &Arc<[u8]>,
        directory: HgPath<'_>,
    ) -> Result<Option<Arc<[u8]>>, Error> {
        let Some(parent) = directory.parent() else {
            return Ok(Some(Arc::clone(root)));
        };
        let Some(text) = self.directory(root, parent)? else {
            return Ok(None);
        };
        match find(&text, directory.file_name()).and_then(Line::tree) {
            Some(node) => read_text(&self.store, directory, &node).map(Some),
            None => Ok(None),
        }
    }

    fn flat(&self, root: &[u8]) -> Result<&Arc<[u8]>, Error> {
        if self.flat.get().is_none() {
            let mut text = Vec::new();
            self.flatten(HgPath::ROOT, root, &mut text)?;
            // Within one directory a sub-directory stands by its name without the slash that the flat order counts.
            let mut sorted: Vec<Line<'_>> = lines(&text).collect();
            sorted.sort_by(|a, b| a.path.cmp(b.path));
            let flat: Vec<u8> = sorted.iter().flat_map(|line| line.raw).copied().collect();
            let _ = self.flat.set(flat.into());
        }
        Ok(self
            .flat
            .get()
            .expect("it was set above or by another thread"))
    }

    fn flatten(&self, directory: HgPath<'_>, text: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        for line in lines(text) {
            match line.tree() {
                Some(node) => {
                    let sub = directory.join(line.path);
                    self.flatten(
                        sub.as_path(),
                        &read_text(&self.store, sub.as_path(), &node)?,
                        out,
                    )?;
                }
                None => {
                    if !directory.is_root() {
                        out.extend_from_slice(directory.as_bytes());
                        out.push(b'/');
                    }
                    out.extend_from_slice(line.raw);
                }
            }
        }
        Ok(())
    }

    fn differences(
        &self,
        directory: HgPath<'_>,
        old: &[u8],
        new: &[u8],
        take: &mut impl FnMut(HgPath<'_>, Option<Entry>, Option<Entry>),
    ) -> Result<(), Error> {
        let mut changed = Vec::new();
        each_difference(old, new, |name, old, new| {
            changed.push((name.to_vec(), old.map(Line::value), new.map(Line::value)))
        });
        for (name, old, new) in changed {
            let path = directory.join(&name);
            let path = path.as_path();
            let file = |value: Option<(Node, Flag)>| value.and_then(|(node, flag)| flag.file(node));
            if file(old).is_some() || file(new).is_some() {
                take(path, file(old), file(new));
            }
            let tree = |value: Option<(Node, Flag)>| match value {
                Some((node, Flag::Tree)) => read_text(&self.store, path, &node).map(Some),
                _ => Ok(None),
            };
            // A directory with the same hash in both has not come here at all.
            let (old, new) = (tree(old)?, tree(new)?);
            if old.is_some() || new.is_some() {
                self.differences(
                    path,
                    &old.unwrap_or_default(),
                    &new.unwrap_or_default(),
                    take,
                )?;
            }
        }
        Ok(())
    }
}

fn read_text(store: &Store, directory: HgPath<'_>, node: &Node) -> Result<Arc<[u8]>, Error> {
    if node.is_null() {
        return Ok(Arc::default());
    }
    let log = if directory.is_root() {
        store.manifest()?
    } else {
        store.dir_manifest(directory)?
    };
    let rev = log.rev(node).ok_or_else(|| Error::NoRevision {
        file: log.path().to_owned(),
        node: *node,
    })?;
    let text = log.text(rev)?;
    match check(&text) {
        Ok(()) => Ok(text),
        Err(reason) => Err(log.damaged(format!("revision {rev}: {reason}"))),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flag {
    File(FileKind),
    Tree,
}

impl Flag {
    fn file(self, node: Node) -> Option<Entry> {
        match self {
            Flag::File(kind) => Some(Entry { node, kind }),
            Flag::Tree => None,
        }
    }
}

/// One line of a manifest.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    path: &'a [u8],
    node: &'a [u8],
    flag: &'a [u8],
    /// The whole line with its line end.
    raw: &'a [u8],
}

impl<'a> Line<'a> {
    /// Takes the line at the beginning of a text, and the rest.
    fn split(text: &'a [u8]) -> Option<(Line<'a>, &'a [u8])> {
        let nul = memchr::memchr(0, text)?;
        let node = text.get(nul + 1..nul + 41)?;
        let end = nul + 41 + memchr::memchr(b'\n', &text[nul + 41..])?;
        Some((
            Line {
                path: &text[..nul],
                node,
                flag: &text[nul + 41..end],
                raw: &text[..=end],
            },
            &text[end + 1..],
        ))
    }

    fn value(self) -> (Node, Flag) {
        let flag = match self.flag {
            b"x" => Flag::File(FileKind::Executable),
            b"l" => Flag::File(FileKind::Symlink),
            b"t" => Flag::Tree,
            _ => Flag::File(FileKind::Regular),
        };
        // Whether these are forty digits was not checked; what is not names no revision.
        (Node::from_hex(self.node).unwrap_or_default(), flag)
    }

    fn file(self) -> Option<Entry> {
        let (node, flag) = self.value();
        flag.file(node)
    }

    fn tree(self) -> Option<Node> {
        let (node, flag) = self.value();
        (flag == Flag::Tree).then_some(node)
    }

    fn child(self) -> DirEntry {
        DirEntry {
            name: HgPathBuf::from(self.path.to_vec()),
            file: self.file(),
        }
    }
}

/// Whether a text consists of whole lines.
fn check(text: &[u8]) -> Result<(), &'static str> {
    if text.last().is_some_and(|&last| last != b'\n') {
        return Err("the last line has no end");
    }
    Ok(())
}

fn lines(mut text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    std::iter::from_fn(move || {
        let (line, rest) = Line::split(text)?;
        text = rest;
        Some(line)
    })
}

/// Where the first line begins whose path is not less than `path`.
fn lower_bound(text: &[u8], path: &[u8]) -> usize {
    // Both ends are always beginnings of lines.
    let (mut low, mut high) = (0, text.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = memchr::memrchr(b'\n', &text[low..middle]).map_or(low, |lf| low + lf + 1);
        let Some((line, rest)) = Line::split(&text[start..high]) else {
            return high;
        };
        if line.path < path {
            low = high - rest.len();
        } else {
            high = start;
        }
    }
    low
}

fn find<'a>(text: &'a [u8], path: &[u8]) -> Option<Line<'a>> {
    Line::split(&text[lower_bound(text, path)..])
        .map(|(line, _)| line)
        .filter(|line| line.path == path)
}

/// The lines of a flat manifest below a directory.
fn below<'a>(text: &'a [u8], directory: HgPath<'_>) -> &'a [u8] {
    if directory.is_root() {
        return text;
    }
    // `0` is the byte after `/`.
    let start = lower_bound(text, directory.join(b"").as_bytes());
    let end = lower_bound(text, &[directory.as_bytes(), b"0"].concat());
    text.get(start..end).unwrap_or_default()
}

fn flat_children(mut range: &[u8], directory: HgPath<'_>) -> Vec<DirEntry> {
    let skip = if directory.is_root() {
        0
    } else {
        directory.as_bytes().len() + 1
    };
    let mut children = Vec::new();
    while let Some((line, rest)) = Line::split(range) {
        let name = line.path.get(skip..).unwrap_or_default();
        match memchr::memchr(b'/', name) {
            None => {
                children.push(DirEntry {
                    name: HgPathBuf::from(name.to_vec()),
                    file: line.file(),
                });
                range = rest;
            }
            Some(slash) => {
                children.push(DirEntry {
                    name: HgPathBuf::from(name[..slash].to_vec()),
                    file: None,
                });
                // On to the first path that is not below this directory.
                let next = [&line.path[..skip + slash], b"0"].concat();
                let at = lower_bound(range, &next);
                // Lines out of order must not hold up the walk.
                range = &range[at.max(range.len() - rest.len())..];
            }
        }
    }
    children
}

/// Gives `take` each path whose lines differ, in order.
fn each_difference<'a>(
    old: &'a [u8],
    new: &'a [u8],
    mut take: impl FnMut(&'a [u8], Option<Line<'a>>, Option<Line<'a>>),
) {
    // Mostly almost everything is equal, so compare bytes before lines.
    let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let start = memchr::memrchr(b'\n', &old[..same]).map_or(0, |lf| lf + 1);
    let (mut old, mut new) = (&old[start..], &new[start..]);
    let same = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    // Only whole lines can be cut off at the end.
    let tail = &old[old.len() - same..];
    let cut = memchr::memchr(b'\n', tail).map_or(0, |lf| tail.len() - lf - 1);
    old = &old[..old.len() - cut];
    new = &new[..new.len() - cut];

    let (mut a, mut b) = (lines(old), lines(new));
    let (mut next_a, mut next_b) = (a.next(), b.next());
    loop {
        let order = match (next_a, next_b) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(x), Some(y)) => x.path.cmp(y.path),
        };
        match (order, next_a, next_b) {
            (Ordering::Equal, Some(x), Some(y)) if (x.node, x.flag) == (y.node, y.flag) => {}
            (Ordering::Equal, Some(x), _) => take(x.path, next_a, next_b),
            (Ordering::Less, Some(x), _) => take(x.path, next_a, None),
            (_, _, Some(y)) => take(y.path, None, next_b),
            _ => {}
        }
        if order != Ordering::Greater {
            next_a = a.next();
        }
        if order != Ordering::Less {
            next_b = b.next();
        }
    }
}

#[cfg(test)]
mod tests;
