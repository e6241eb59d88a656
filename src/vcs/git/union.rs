//! Two repositories read as one.
//!
//! A temporary folder that looks like a repository: it has no objects of its own but names the folders of both, and two branches, one for each end. Neither of the
//! two is written to, and everything that reads a repository reads this one.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;

use super::Repository;
use crate::{ChangesetId, OpenError, ReadError};

/// The union of two repositories, as long as it is needed.
#[derive(Debug)]
pub(crate) struct Union {
    repository: Repository,
    _folder: tempfile::TempDir,
}

impl Union {
    pub fn new(
        one: &Repository,
        base: Option<ChangesetId>,
        other: &Repository,
        head: Option<ChangesetId>,
    ) -> Result<Union, ReadError> {
        let make = || -> io::Result<tempfile::TempDir> {
            let folder = tempfile::Builder::new()
                .prefix("kallithea-union-")
                .tempdir()?;
            let at = |name: &str| folder.path().join(name);
            fs::create_dir_all(at("objects/info"))?;
            fs::create_dir(at("refs"))?;
            fs::write(at("HEAD"), "ref: refs/heads/base\n")?;
            fs::write(
                at("config"),
                "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
            )?;
            // By way of links: a line of `alternates` has rules of its own for odd characters.
            let objects = |repository: &Repository| -> io::Result<std::path::PathBuf> {
                let path = repository.local().objects.store_ref().path().to_owned();
                fs::canonicalize(path)
            };
            symlink(objects(one)?, at("one"))?;
            symlink(objects(other)?, at("other"))?;
            fs::write(at("objects/info/alternates"), "../one\n../other\n")?;
            let mut refs = "# pack-refs with: sorted \n".to_owned();
            for (name, id) in [("base", base), ("head", head)] {
                if let Some(id) = id {
                    refs += &format!("{id} refs/heads/{name}\n");
                }
            }
            fs::write(at("packed-refs"), refs)?;
            Ok(folder)
        };
        let folder = make().map_err(|source| ReadError::Io {
            path: std::env::temp_dir(),
            source,
        })?;
        let repository =
            Repository::open(folder.path()).map_err(|error: OpenError| match error {
                OpenError::Io { path, source } => ReadError::Io { path, source },
                other => ReadError::Gone(other),
            })?;
        Ok(Union {
            repository,
            _folder: folder,
        })
    }

    /// The two as one.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }
}
