//! A changeset's files as one file to download.
//!
//! An [`Archive`] is a stream: the first bytes come out before the last file was looked for, and what is in memory is one file and
//! its compressed block, however large the changeset is. The bytes depend on nothing but the changeset and the
//! [`ArchiveOptions`]: no clock, no user, no order of a directory on disk. So the same archive has the same checksum
//! on every machine, and it may be kept by these as key.
//!
//! The half that knows the system walks the files and decides what belongs in ([`Source`]); the container is made here, `tar.rs` and
//! `container.rs`. What is in an archive is what the system's own program puts there:
//!
//! * Git: a tar is byte for byte that of `git archive`, `export-ignore`, `export-subst`, `eol=crlf` and `ident` of the `.gitattributes` files in
//!   the changeset and the repository's
//!   `info/attributes` included. Filters (`filter=`, `working-tree-encoding=`) are not obeyed.
//! * Mercurial: the files and the `.hg_archival.txt` of `hg archive`.
//!
//! Submodules are empty folders (as in `git archive`), sub-repositories are left out (as in `hg archive` without `--subrepos`).

mod container;
mod tar;

use std::collections::HashSet;
use std::io::{self, Read};

use crate::repository::System;
use crate::{ChangesetId, Kind, NodeError, ReadError, RepoPath, Repository, git, mercurial};
use container::Container;

/// The kinds of archives there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArchiveFormat {
    /// A tar without compression.
    Tar,
    /// A tar compressed by gzip.
    TarGz,
    /// A tar compressed by bzip2.
    TarBz2,
    /// A tar compressed by Zstandard.
    TarZst,
    /// A zip.
    Zip,
}

impl ArchiveFormat {
    /// All of them, the ones people choose most first.
    pub const ALL: [ArchiveFormat; 5] = [
        ArchiveFormat::Zip,
        ArchiveFormat::TarGz,
        ArchiveFormat::TarBz2,
        ArchiveFormat::TarZst,
        ArchiveFormat::Tar,
    ];

    /// How the name of such a file ends, e.g. `.tar.gz`.
    pub fn extension(self) -> &'static str {
        match self {
            ArchiveFormat::Tar => ".tar",
            ArchiveFormat::TarGz => ".tar.gz",
            ArchiveFormat::TarBz2 => ".tar.bz2",
            ArchiveFormat::TarZst => ".tar.zst",
            ArchiveFormat::Zip => ".zip",
        }
    }

    /// The media type Kallithea announces it with.
    pub fn media_type(self) -> &'static str {
        match self {
            ArchiveFormat::Tar => "application/x-tar",
            ArchiveFormat::TarGz => "application/x-gzip",
            ArchiveFormat::TarBz2 => "application/x-bzip2",
            ArchiveFormat::TarZst => "application/zstd",
            ArchiveFormat::Zip => "application/zip",
        }
    }

    /// Splits a file name into what stands before the extension and the format: `0.7.tar.gz` is `0.7` as `.tar.gz`. The longest extension
    /// counts.
    pub fn of_file_name(name: &str) -> Option<(&str, ArchiveFormat)> {
        let fitting = Self::ALL
            .into_iter()
            .filter_map(|format| Some((name.strip_suffix(format.extension())?, format)));
        fitting
            .min_by_key(|(stem, _)| stem.len())
            .filter(|(stem, _)| !stem.is_empty())
    }
}

/// What to put into an archive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArchiveOptions {
    /// The container.
    pub format: ArchiveFormat,
    /// The folder inside the archive that everything lies in; none when it is the root.
    pub prefix: RepoPath,
    /// Only this file or what lies below this directory; everything when it is the root. Paths in the archive stay whole.
    pub path: RepoPath,
}

impl Repository {
    /// What an archive depends on besides its changeset and the options.
    pub(crate) fn archive_surroundings(&self) -> Result<Vec<u8>, ReadError> {
        match &self.system {
            System::Git(git) => git.archive_surroundings(),
            System::Hg(_) => Ok(Vec::new()),
        }
    }

    /// Begins an archive of a changeset.
    ///
    /// Errors that come later, when the stream is read, cut it off with an [`io::Error`]: tell the client by breaking the connection.
    pub fn archive(
        &self,
        id: &ChangesetId,
        options: &ArchiveOptions,
    ) -> Result<Archive, NodeError> {
        let source: Box<dyn Source> = match &self.system {
            System::Git(git) => Box::new(git::ArchiveSource::new(git, id, options)?),
            System::Hg(hg) => Box::new(mercurial::ArchiveSource::new(hg, id, options)?),
        };
        Ok(Archive::new(source, options.format)?)
    }
}

/// Where the entries of an archive come from.
pub(crate) trait Source: Send {
    /// What the whole archive says about itself.
    fn about(&self) -> About;

    /// Whether what has come so far depends on more than the changeset: on a clock, on names that move.
    fn varies(&self) -> bool {
        false
    }

    /// The next entry; none at the end.
    fn next(&mut self) -> Result<Option<Entry>, ReadError>;
}

/// What an archive says about itself.
pub(crate) struct About {
    /// Seconds since the epoch: the time of all entries.
    pub time: i64,
    /// A comment that names the changeset; Git's archives have one.
    pub comment: Option<String>,
    /// Whose conventions hold for modes and owners.
    pub kind: Kind,
}

/// A file, folder or symbolic link in an archive.
pub(crate) struct Entry {
    /// Where it lies, with the prefix; folders end in a slash.
    pub path: Vec<u8>,
    pub node: Body,
    /// What the headers of names that are too long for a tar are called, as in `git archive`: the id of the object.
    pub id: String,
}

pub(crate) enum Body {
    Directory,
    /// The target.
    Symlink(Vec<u8>),
    File {
        executable: bool,
        content: Content,
    },
}

/// The bytes of a file.
pub(crate) enum Content {
    Whole(Vec<u8>),
    /// Too large to be held in memory.
    Stream {
        size: u64,
        reader: Box<dyn Read + Send>,
    },
}

impl Content {
    pub fn size(&self) -> u64 {
        match self {
            Content::Whole(bytes) => bytes.len() as u64,
            Content::Stream { size, .. } => *size,
        }
    }
}

/// An archive that is being made while it is read.
pub struct Archive {
    source: Box<dyn Source>,
    container: Option<Container>,
    /// What is left of the file at hand.
    content: Option<Content>,
    out: Vec<u8>,
    read: usize,
    entries: u64,
    /// The symbolic links so far.
    links: HashSet<Vec<u8>>,
    failed: bool,
}

/// How much of a file is handed to the compression at once.
const BLOCK: usize = 128 << 10;

impl Archive {
    fn new(source: Box<dyn Source>, format: ArchiveFormat) -> Result<Self, ReadError> {
        let container =
            Container::new(format, &source.about()).map_err(|source| ReadError::Io {
                path: "archive".into(),
                source,
            })?;
        Ok(Archive {
            source,
            container: Some(container),
            content: None,
            out: Vec::new(),
            read: 0,
            entries: 0,
            links: HashSet::new(),
            failed: false,
        })
    }

    /// Whether what was read so far would be something else tomorrow: see `export-subst` in `gitattributes(5)`.
    pub fn varies(&self) -> bool {
        self.source.varies()
    }

    /// Does one step of work, after which there may be something to read.
    fn step(&mut self) -> io::Result<()> {
        let Some(container) = &mut self.container else {
            return Ok(());
        };
        match &mut self.content {
            Some(Content::Whole(bytes)) => {
                container.write(bytes)?;
                self.content = None;
                container.end_file()
            }
            Some(Content::Stream { size, reader }) => {
                let mut block = vec![0; BLOCK.min(usize::try_from(*size).unwrap_or(BLOCK))];
                reader.read_exact(&mut block)?;
                container.write(&block)?;
                *size -= block.len() as u64;
                if *size == 0 {
                    self.content = None;
                    container.end_file()?;
                }
                Ok(())
            }
            None => match self.source.next().map_err(io::Error::other)? {
                // A manifest that somebody has forged may have a link and files below it. Whoever unpacks those writes to where it leads.
                Some(entry) if lies_below(&self.links, &entry.path) => Ok(()),
                Some(entry) => {
                    self.entries += 1;
                    if self.entries > container.most_entries() {
                        return Err(io::Error::other(
                            "the changeset has too many files for an archive",
                        ));
                    }
                    if let Body::Symlink(_) = entry.node {
                        self.links.insert(entry.path.clone());
                    }
                    self.content = container.begin(entry)?;
                    Ok(())
                }
                None => {
                    let container = self.container.take().expect("it was there above");
                    self.out = container.finish()?;
                    self.read = 0;
                    Ok(())
                }
            },
        }
    }
}

/// Whether a path leads through one of these.
fn lies_below(links: &HashSet<Vec<u8>>, path: &[u8]) -> bool {
    let mut slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    !links.is_empty() && slashes.any(|(at, _)| links.contains(&path[..at]))
}

impl Read for Archive {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.failed {
            return Err(io::Error::other("the archive was cut off by an error"));
        }
        while self.read == self.out.len() {
            let Some(container) = &mut self.container else {
                return Ok(0);
            };
            self.out.clear();
            self.read = 0;
            container.take(&mut self.out);
            if self.out.is_empty() {
                let done = self.step();
                self.failed = done.is_err();
                done?;
            }
        }
        let count = buffer.len().min(self.out.len() - self.read);
        buffer[..count].copy_from_slice(&self.out[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_the_name() {
        assert_eq!(
            ArchiveFormat::of_file_name("0.7.tar.gz"),
            Some(("0.7", ArchiveFormat::TarGz))
        );
        assert_eq!(
            ArchiveFormat::of_file_name("a.tar"),
            Some(("a", ArchiveFormat::Tar))
        );
        assert_eq!(
            ArchiveFormat::of_file_name("a.tar.zip"),
            Some(("a.tar", ArchiveFormat::Zip))
        );
        for name in ["tip", ".zip", "a.tar.xz", ""] {
            assert_eq!(ArchiveFormat::of_file_name(name), None, "{name}");
        }
    }
}
