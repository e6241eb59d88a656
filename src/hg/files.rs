//! Reading files that other programs write at the same time.
//!
//! Everything is copied into owned buffers by positioned reads. A memory map would turn a truncation by `hg strip`
//! into a signal that kills the process.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::error::Error;

/// What tells whether a file has changed; `None` inside when there is no such file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Stamp(Option<[i64; 7]>);

impl Stamp {
    /// Looks at the file behind a path.
    pub fn of(path: &Path) -> Result<Stamp, Error> {
        match fs::metadata(path) {
            Ok(found) => Ok(Stamp(Some([
                found.dev() as i64,
                found.ino() as i64,
                found.size() as i64,
                found.mtime(),
                found.mtime_nsec(),
                found.ctime(),
                found.ctime_nsec(),
            ]))),
            Err(error) if is_absent(&error) => Ok(Stamp(None)),
            Err(error) => Err(Error::io(path, error)),
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// The whole content of a file; `None` when there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(Error::io(path, error)),
    }
}

/// The first `limit` bytes of a file, or fewer when it is shorter; `None` when there is none.
pub(crate) fn read_start(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(Error::io(path, error)),
    };
    let mut content = Vec::new();
    file.take(limit)
        .read_to_end(&mut content)
        .map_err(|error| Error::io(path, error))?;
    Ok(Some(content))
}

/// A file that is read in pieces, opened when the first piece is asked for.
#[derive(Debug)]
pub(crate) struct PieceFile {
    path: PathBuf,
    file: OnceLock<File>,
}

impl PieceFile {
    pub fn new(path: PathBuf) -> PieceFile {
        PieceFile {
            path,
            file: OnceLock::new(),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn file(&self) -> Result<&File, Error> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let opened = File::open(&self.path).map_err(|error| Error::io(&self.path, error))?;
        Ok(self.file.get_or_init(|| opened))
    }

    /// Exactly these bytes; a file that ends before them is damaged.
    ///
    /// The length comes from an index that may be wrong, so the file's own size decides before memory is taken.
    pub fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>, Error> {
        const TRUSTED: usize = 1 << 16;
        let file = self.file()?;
        let short = || {
            Error::damaged(
                &self.path,
                format!("it ends before the {len} bytes at offset {offset}"),
            )
        };
        if len > TRUSTED {
            let size = file
                .metadata()
                .map_err(|error| Error::io(&self.path, error))?
                .len();
            if size
                .checked_sub(offset)
                .is_none_or(|rest| rest < len as u64)
            {
                return Err(short());
            }
        }
        let mut piece = vec![0; len];
        match file.read_exact_at(&mut piece, offset) {
            Ok(()) => Ok(piece),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(short()),
            Err(error) => Err(Error::io(&self.path, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_changes_with_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let absent = Stamp::of(&path).unwrap();
        fs::write(&path, "1").unwrap();
        let one = Stamp::of(&path).unwrap();
        assert_ne!(absent, one);
        assert_eq!(one, Stamp::of(&path).unwrap());
        fs::write(&path, "12").unwrap();
        assert_ne!(one, Stamp::of(&path).unwrap());
    }

    #[test]
    fn a_piece_beyond_the_end_is_damage_and_takes_no_memory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "content").unwrap();
        let file = PieceFile::new(path);
        assert_eq!(file.read_at(3, 4).unwrap(), b"tent");
        assert!(matches!(file.read_at(3, 5), Err(Error::Damaged { .. })));
        assert!(matches!(
            file.read_at(0, usize::MAX / 4),
            Err(Error::Damaged { .. })
        ));
        assert!(matches!(
            file.read_at(u64::MAX, 1 << 20),
            Err(Error::Damaged { .. })
        ));
    }

    #[test]
    fn an_absent_file_is_no_error() {
        assert_eq!(read(Path::new("/nonexistent/file")).unwrap(), None);
        assert_eq!(read_start(Path::new("/nonexistent/file"), 9).unwrap(), None);
    }
}
