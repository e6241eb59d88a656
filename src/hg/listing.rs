//! A directory as people see it.
//!
//! A manifest knows files alone. What extensions and subrepositories put in their place - a small file that stands for a
//! large one, two files that tell of whole repositories - is shown here as what it stands for.

use crate::error::Error;
use crate::filelog;
use crate::ids::{Node, Rev};
use crate::manifest::{Entry, Manifest};
use crate::path::{HgPath, HgPathBuf};
use crate::revlog;
use crate::snapshot::Snapshot;
use crate::subrepositories::Subrepository;

/// One child of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name in the directory.
    pub name: HgPathBuf,
    /// What it is.
    pub kind: ListedKind,
}

/// What the child of a directory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedKind {
    /// A directory.
    Directory,
    /// A file, a link or a program whose content is in the store.
    File(Entry),
    /// A file whose content the lfs extension keeps elsewhere; see [`Snapshot::file`].
    Lfs {
        /// The file.
        entry: Entry,
        /// SHA-256 of the content, in hex.
        oid: String,
        /// Size of the content in bytes.
        size: u64,
    },
    /// A file whose content the largefiles extension keeps elsewhere; see [`Snapshot::largefile`].
    Largefile {
        /// Where the small file is that stands for it.
        standin: HgPathBuf,
        /// The small file.
        entry: Entry,
        /// SHA-1 of the content; none when the small file is not what the extension writes.
        hash: Option<Node>,
    },
    /// Another repository.
    Subrepository(Subrepository),
}

const STANDINS: &str = ".hglf";

impl Snapshot {
    /// The children of a directory of a changeset as people see them, sorted by name; `None` if there is no such directory.
    ///
    /// Large files stand under their own names, and the directory `.hglf` of what stands for them is left out.
    pub fn list(&self, rev: Rev, directory: HgPath<'_>) -> Result<Option<Vec<Listed>>, Error> {
        let manifest = self.manifest(rev)?;
        let standins = HgPath::new(STANDINS);
        let large = match directory.strip_dir(standins) {
            None if directory != standins => {
                let place =
                    HgPathBuf::from([STANDINS.as_bytes(), b"/", directory.as_bytes()].concat());
                let place = if directory.is_root() {
                    standins.to_buf()
                } else {
                    place
                };
                manifest
                    .list_dir(place.as_path())?
                    .map(|children| (place, children))
            }
            _ => None,
        };
        let nested: Vec<Subrepository> = self
            .subrepositories_of(&manifest)?
            .into_iter()
            .filter(|nested| nested.path.as_path().strip_dir(directory).is_some())
            .collect();
        let own = manifest.list_dir(directory)?;
        if own.is_none() && large.is_none() && nested.is_empty() {
            return Ok(None);
        }
        let mut listed = Vec::new();
        for child in own.unwrap_or_default() {
            if directory.is_root() && child.file.is_none() && child.name.as_path() == standins {
                continue;
            }
            let kind = match child.file {
                Some(entry) => {
                    self.kind_of(directory.join(child.name.as_bytes()).as_path(), entry)?
                }
                None => ListedKind::Directory,
            };
            listed.push(Listed {
                name: child.name,
                kind,
            });
        }
        if let Some((place, children)) = large {
            for child in children {
                let standin = place.as_path().join(child.name.as_bytes());
                let kind = match child.file {
                    Some(entry) => ListedKind::Largefile {
                        hash: Node::from_hex(
                            self.file(standin.as_path(), &entry.node)?.data.trim_ascii(),
                        ),
                        standin,
                        entry,
                    },
                    None => ListedKind::Directory,
                };
                listed.push(Listed {
                    name: child.name,
                    kind,
                });
            }
        }
        for nested in nested {
            let below = nested
                .path
                .as_path()
                .strip_dir(directory)
                .unwrap_or(HgPath::ROOT);
            let (name, kind) = match memchr::memchr(b'/', below.as_bytes()) {
                // The repository lies deeper; the way there may hold no file of ours.
                Some(slash) => (&below.as_bytes()[..slash], ListedKind::Directory),
                None => (below.as_bytes(), ListedKind::Subrepository(nested.clone())),
            };
            let name = HgPathBuf::from(name.to_vec());
            listed.push(Listed { name, kind });
        }
        // Directories can be told by several sources; a file of our own goes before what only stands for one.
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        listed.dedup_by(|later, first| later.name == first.name);
        Ok(Some(listed))
    }

    fn kind_of(&self, path: HgPath<'_>, entry: Entry) -> Result<ListedKind, Error> {
        if !self.store.layout.may_have_lfs {
            return Ok(ListedKind::File(entry));
        }
        let (log, rev) = self.file_revision(path, &entry.node)?;
        if log.known(rev)?.flags & revlog::EXTERNAL == 0 {
            return Ok(ListedKind::File(entry));
        }
        Ok(match filelog::lfs_pointer(&log, rev)? {
            Some((oid, size)) => ListedKind::Lfs { entry, oid, size },
            None => ListedKind::File(entry),
        })
    }

    /// The repositories that a changeset nests in its directories, sorted by path. They are not among the files.
    pub fn subrepositories(&self, rev: Rev) -> Result<Vec<Subrepository>, Error> {
        self.subrepositories_of(&self.manifest(rev)?)
    }

    fn subrepositories_of(&self, manifest: &Manifest) -> Result<Vec<Subrepository>, Error> {
        let content = |name: &str| match manifest.get(HgPath::new(name))? {
            Some(entry) => Ok(self.file(HgPath::new(name), &entry.node)?.data),
            None => Ok::<_, Error>(Vec::new()),
        };
        Ok(crate::subrepositories::parse(
            &content(".hgsub")?,
            &content(".hgsubstate")?,
        ))
    }
}
