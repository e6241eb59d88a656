//! Whether a repository keeps within the directory of all repositories.
//!
//! A repository can borrow: Git's objects from *alternates*, all of it through a `.git` file; Mercurial's store through
//! `sharedpath`. Such a file may come with a repository that somebody unpacked here. If it named a directory elsewhere we would
//! show what is there, with the rights of the server.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::{Kind, OpenError};

/// As many alternates of alternates as `git` follows.
const DEEPEST: usize = 5;

/// Checks where a repository leads. What is missing or broken is for the opening itself to tell.
pub(crate) fn check(path: &Path, kind: Kind, root: &Path) -> Result<(), OpenError> {
    let root = root.canonicalize().map_err(|source| OpenError::Io {
        path: root.to_owned(),
        source,
    })?;
    let own = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let limits = Limits { path, own, root };
    match kind {
        Kind::Git => limits.check_git(),
        Kind::Hg => limits.check_hg(),
    }
}

struct Limits<'a> {
    path: &'a Path,
    /// Where it really lies: an administrator may have put it on another disk, with a link in its place.
    own: PathBuf,
    root: PathBuf,
}

impl Limits<'_> {
    fn check_git(&self) -> Result<(), OpenError> {
        let dot_git = self.path.join(".git");
        let mut git_dir = if dot_git.is_dir() {
            dot_git
        } else if let Some(text) = read(&dot_git)? {
            let named = text.strip_prefix(b"gitdir:").unwrap_or(&text).trim_ascii();
            let place = self.path.join(OsStr::from_bytes(named));
            self.inside(&place)?;
            place
        } else {
            self.path.to_owned()
        };
        if let Some(text) = read(&git_dir.join("commondir"))? {
            git_dir = git_dir.join(OsStr::from_bytes(text.trim_ascii()));
            self.inside(&git_dir)?;
        }
        let mut todo = vec![(git_dir.join("objects"), 0)];
        let mut seen = HashSet::new();
        while let Some((objects, depth)) = todo.pop() {
            self.inside(&objects)?;
            // A ring of alternates ends here; `git` warns and goes on as well.
            if depth > DEEPEST || !seen.insert(objects.canonicalize().unwrap_or(objects.clone())) {
                continue;
            }
            let list = read(&objects.join("info/alternates"))?.unwrap_or_default();
            for line in list.split(|&byte| byte == b'\n') {
                if !line.is_empty() && !line.starts_with(b"#") {
                    let place = unquoted(line);
                    todo.push((objects.join(OsStr::from_bytes(&place)), depth + 1));
                }
            }
        }
        Ok(())
    }

    fn check_hg(&self) -> Result<(), OpenError> {
        let dot_hg = self.path.join(".hg");
        self.inside(&dot_hg)?;
        if let Some(text) = read(&dot_hg.join("sharedpath"))? {
            let place = text.strip_suffix(b"\n").unwrap_or(&text);
            self.inside(&dot_hg.join(OsStr::from_bytes(place)))?;
        }
        self.inside(&dot_hg.join("store"))
    }

    /// Whether a place, if it exists, lies inside the root or the repository itself, links followed.
    fn inside(&self, place: &Path) -> Result<(), OpenError> {
        match place.canonicalize() {
            Ok(target) if !target.starts_with(&self.root) && !target.starts_with(&self.own) => {
                Err(OpenError::Outside {
                    path: self.path.to_owned(),
                    target,
                })
            }
            Ok(_) => Ok(()),
            Err(error) if is_absent(&error) => Ok(()),
            Err(source) => Err(OpenError::Io {
                path: place.to_owned(),
                source,
            }),
        }
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory
    )
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, OpenError> {
    match std::fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(source) => Err(OpenError::Io {
            path: path.to_owned(),
            source,
        }),
    }
}

/// A line of `alternates`; one in double quotes has C escapes.
fn unquoted(line: &[u8]) -> Vec<u8> {
    let Some(inner) = line
        .strip_prefix(b"\"")
        .and_then(|line| line.strip_suffix(b"\""))
    else {
        return line.to_vec();
    };
    crate::diff::unescaped(inner)
}
