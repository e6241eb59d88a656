//! Where the parts of a repository are.
//!
//! Usually everything lies below `.hg`. A *share* is a second working directory that borrows the store of another
//! repository; old repositories have no `store` directory at all.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::files::{self, Stamp};
use crate::path::HgPath;
use crate::requirements::Requirements;
use crate::store_name::NameEncoding;

/// The places of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The repository's own `.hg`.
    pub dot_hg: PathBuf,
    /// The `.hg` that owns the store; another repository's for a share.
    pub base: PathBuf,
    /// The directory of the revlogs.
    pub store: PathBuf,
    /// The bookmarks file.
    pub bookmarks: PathBuf,
    /// Whether each directory has its own manifest.
    pub tree_manifest: bool,
    /// Whether files may be kept by the lfs extension.
    pub may_have_lfs: bool,
    /// What the repository demands of its readers.
    pub requirements: Requirements,
    encoding: NameEncoding,
    /// The files that all of this was read from, to notice when it changes.
    sources: Vec<(PathBuf, Stamp)>,
}

impl Layout {
    /// Reads the layout of the repository with working directory `root`.
    pub fn read(root: &Path) -> Result<Layout, Error> {
        let dot_hg = root.join(".hg");
        if !dot_hg.is_dir() {
            return Err(Error::NotFound {
                path: root.to_owned(),
            });
        }
        let mut sources = Vec::new();
        let mut requirements = read_requires(&dot_hg, &mut sources)?;
        let share_safe = requirements.has("share-safe");
        let shared = requirements.has("shared") || requirements.has("relshared");
        let base = if shared {
            shared_base(&dot_hg, &requirements, &mut sources)?
        } else {
            dot_hg.clone()
        };
        let store = if share_safe || requirements.has("store") {
            base.join("store")
        } else {
            base.clone()
        };
        if share_safe {
            requirements = requirements.merge(read_requires(&store, &mut sources)?);
        }
        requirements.check(root)?;
        let bookmarks = if requirements.has("bookmarksinstore") {
            store.join("bookmarks")
        } else if shared && !shares_bookmarks(&dot_hg, &mut sources)? {
            dot_hg.join("bookmarks")
        } else {
            base.join("bookmarks")
        };
        Ok(Layout {
            bookmarks,
            tree_manifest: requirements.has("treemanifest"),
            may_have_lfs: requirements.has("lfs"),
            encoding: NameEncoding::of(&requirements),
            requirements,
            dot_hg,
            base,
            store,
            sources,
        })
    }

    /// Whether the files that describe the layout are as they were when it was read.
    pub fn is_current(&self) -> Result<bool, Error> {
        for (path, stamp) in &self.sources {
            if Stamp::of(path)? != *stamp {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The places of a revlog's index and data, by its un-encoded name without extension, such as `data/README`.
    ///
    /// `path` is the part of the name that came from the repository; see [`HgPath::is_safe`].
    pub fn encoded(
        &self,
        prefix: &str,
        path: HgPath<'_>,
        suffix: &str,
    ) -> Result<(PathBuf, PathBuf), Error> {
        if !path.is_safe() {
            return Err(Error::damaged(
                &self.store,
                format!("it cannot hold a file named {path:?}"),
            ));
        }
        let name = [prefix.as_bytes(), path.as_bytes(), suffix.as_bytes()].concat();
        let place = |extension: &[u8]| {
            let encoded = self.encoding.encode(&[&name[..], extension].concat());
            self.store.join(OsStr::from_bytes(&encoded))
        };
        Ok((place(b".i"), place(b".d")))
    }

    /// The place of a file of the store, by its whole un-encoded name such as `data/README.i`.
    pub fn place(&self, name: HgPath<'_>) -> Result<PathBuf, Error> {
        if !name.is_safe() {
            return Err(Error::damaged(
                &self.store,
                format!("it cannot hold a file named {name:?}"),
            ));
        }
        let encoded = self.encoding.encode(name.as_bytes());
        Ok(self.store.join(OsStr::from_bytes(&encoded)))
    }

    /// The places of a revlog whose name is never encoded.
    pub fn fixed(&self, name: &str) -> (PathBuf, PathBuf) {
        (
            self.store.join(format!("{name}.i")),
            self.store.join(format!("{name}.d")),
        )
    }
}

/// A repository without the file is older than 2006 and demands nothing.
fn read_requires(
    directory: &Path,
    sources: &mut Vec<(PathBuf, Stamp)>,
) -> Result<Requirements, Error> {
    let path = directory.join("requires");
    sources.push((path.clone(), Stamp::of(&path)?));
    Requirements::parse(&path, &files::read(&path)?.unwrap_or_default())
}

/// Follows `.hg/sharedpath`, exactly one level.
fn shared_base(
    dot_hg: &Path,
    requirements: &Requirements,
    sources: &mut Vec<(PathBuf, Stamp)>,
) -> Result<PathBuf, Error> {
    let pointer = dot_hg.join("sharedpath");
    sources.push((pointer.clone(), Stamp::of(&pointer)?));
    let content = files::read(&pointer)?.ok_or_else(|| Error::NotFound {
        path: pointer.clone(),
    })?;
    let target = OsStr::from_bytes(content.strip_suffix(b"\n").unwrap_or(&content));
    // An absolute path replaces the directory it is joined to.
    let base = dot_hg.join(target);
    if !base.is_dir() {
        return Err(Error::NotFound { path: base });
    }
    let theirs = read_requires(&base, sources)?;
    if theirs.has("shared") || theirs.has("relshared") {
        return Err(Error::damaged(
            &pointer,
            "it leads to a repository that borrows its store itself",
        ));
    }
    if theirs.has("share-safe") != requirements.has("share-safe") {
        return Err(Error::damaged(
            &pointer,
            "only one of the share and its source is share-safe",
        ));
    }
    Ok(base)
}

fn shares_bookmarks(dot_hg: &Path, sources: &mut Vec<(PathBuf, Stamp)>) -> Result<bool, Error> {
    let path = dot_hg.join("shared");
    sources.push((path.clone(), Stamp::of(&path)?));
    let content = files::read(&path)?.unwrap_or_default();
    Ok(content
        .split(|&byte| byte == b'\n')
        .any(|line| line == b"bookmarks"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn make(root: &Path, files: &[(&str, &str)]) {
        for (name, content) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }

    #[test]
    fn share_safe_demands_stand_in_two_files() {
        let dir = tempfile::tempdir().unwrap();
        make(
            dir.path(),
            &[
                (".hg/requires", "share-safe\n"),
                (".hg/store/requires", "fncache\nunheard-of\n"),
            ],
        );
        let error = Layout::read(dir.path()).unwrap_err();
        assert!(
            matches!(error, Error::Unsupported { requirements, .. } if requirements == ["unheard-of"])
        );
        make(
            dir.path(),
            &[(
                ".hg/store/requires",
                "fncache\ndotencode\nstore\nbookmarksinstore\n",
            )],
        );
        let layout = Layout::read(dir.path()).unwrap();
        assert_eq!(layout.encoding, NameEncoding::Dotencode);
        assert_eq!(layout.bookmarks, dir.path().join(".hg/store/bookmarks"));
        assert!(layout.is_current().unwrap());
        make(dir.path(), &[(".hg/store/requires", "fncache\nstore\n")]);
        assert!(!layout.is_current().unwrap());
    }

    #[test]
    fn a_share_borrows_store_and_says_whose_bookmarks() {
        let dir = tempfile::tempdir().unwrap();
        let (source, share) = (dir.path().join("source"), dir.path().join("share"));
        make(&source, &[(".hg/requires", "store\nfncache\n")]);
        make(
            &share,
            &[
                (".hg/requires", "store\nfncache\nrelshared\n"),
                (".hg/sharedpath", "../../source/.hg\n"),
            ],
        );
        let layout = Layout::read(&share).unwrap();
        assert_eq!(layout.store, share.join(".hg/../../source/.hg/store"));
        assert_eq!(layout.bookmarks, share.join(".hg/bookmarks"));
        make(&share, &[(".hg/shared", "bookmarks\n")]);
        assert_eq!(
            Layout::read(&share).unwrap().bookmarks,
            layout.base.join("bookmarks")
        );
    }

    #[test]
    fn a_share_of_a_share_of_a_missing_or_of_another_kind_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (source, share) = (dir.path().join("source"), dir.path().join("share"));
        make(
            &share,
            &[
                (".hg/requires", "store\nshared\n"),
                (".hg/sharedpath", source.join(".hg").to_str().unwrap()),
            ],
        );
        assert!(matches!(Layout::read(&share), Err(Error::NotFound { .. })));
        make(
            &source,
            &[
                (".hg/requires", "store\nshared\n"),
                (".hg/sharedpath", share.join(".hg").to_str().unwrap()),
            ],
        );
        assert!(matches!(Layout::read(&share), Err(Error::Damaged { .. })));
        make(
            &source,
            &[
                (".hg/requires", "store\nshare-safe\n"),
                (".hg/store/requires", "fncache\n"),
            ],
        );
        assert!(matches!(Layout::read(&share), Err(Error::Damaged { .. })));
    }

    #[test]
    fn no_name_leaves_the_store() {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path(), &[(".hg/requires", "")]);
        let layout = Layout::read(dir.path()).unwrap();
        assert_eq!(layout.encoding, NameEncoding::NoStore);
        assert!(layout.encoded("data/", HgPath::new("../../x"), "").is_err());
        assert!(layout.encoded("data/", HgPath::new("a/b"), "").is_ok());
    }
}
