//! Content that a repository keeps beside its history.

use std::fs::File;

use crate::{Kind, ReadError, Repository, Storage};

impl Repository {
    /// The content that a pointer of Git LFS stands for, opened, if the repository keeps it: `lfs/objects/ab/cd/abcd…`, as the
    /// program of Git LFS does. Mercurial's largefiles and lfs need no such question: [`Repository::file`] answers with the content.
    pub fn content_of_pointer(&self, storage: &Storage) -> Result<Option<File>, ReadError> {
        let Storage::Lfs { oid, size } = storage else {
            return Ok(None);
        };
        let is_hash = oid.len() == 64 && oid.bytes().all(|byte| byte.is_ascii_hexdigit());
        if self.kind() != Kind::Git || !is_hash {
            return Ok(None);
        }
        for folder in ["lfs/objects", ".git/lfs/objects"] {
            let path = self
                .path()
                .join(folder)
                .join(&oid[..2])
                .join(&oid[2..4])
                .join(oid);
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(source) => return Err(ReadError::Io { path, source }),
            };
            let found = file
                .metadata()
                .map_err(|source| ReadError::Io { path, source })?;
            // What is half there is not there.
            if found.is_file() && found.len() == *size {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }
}
