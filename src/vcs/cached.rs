//! The questions whose answers are kept in a [`Cache`].
//!
//! Each answer is kept under the id of its changeset and everything else it depends on. Answers of a shallow clone are not kept: what its changesets descend
//! from changes when it becomes less shallow.

use std::io::Read;
use std::sync::Arc;

use crate::blame::{Blame, BlameLine, BlameOptions};
use crate::cache::{Cache, CacheKey, Kept};
use crate::{
    ArchiveOptions, ChangesetId, DiffOptions, LastChanges, NodeError, ReadError, RepoPath,
    Repository,
};

/// A repository together with a cache.
#[derive(Debug, Clone, Copy)]
pub struct Cached<'a> {
    repository: &'a Repository,
    cache: Option<&'a Cache>,
}

impl Repository {
    /// The same repository, with a cache for what takes long.
    pub fn cached<'a>(&'a self, cache: &'a Cache) -> Cached<'a> {
        let folders = [
            self.path().join("shallow"),
            self.path().join(".git/shallow"),
        ];
        let shallow = folders.iter().any(|file| file.exists());
        Cached {
            repository: self,
            cache: (!shallow).then_some(cache),
        }
    }
}

/// An archive as it is read.
pub struct ArchiveStream {
    /// How many bytes it has, where somebody has read it before.
    pub length: Option<u64>,
    /// Its bytes.
    pub reader: Box<dyn Read + Send>,
}

impl Cached<'_> {
    fn key(&self, kind: &'static str, version: u32, id: &ChangesetId, rest: &[&[u8]]) -> CacheKey {
        let system = self.repository.kind();
        let mut parts = vec![system.as_str().as_bytes(), id.as_bytes()];
        parts.extend(rest);
        CacheKey::new(kind, version, &parts)
    }

    /// [`Repository::last_changes`]
    pub fn last_changes(
        &self,
        id: &ChangesetId,
        directory: &RepoPath,
    ) -> Result<LastChanges, NodeError> {
        let make = || self.repository.last_changes(id, directory);
        let Some(cache) = self.cache else {
            return make();
        };
        let key = self.key("last-changes", 1, id, &[directory.as_bytes()]);
        cache.get_or_make(&key, decode_last_changes, encode_last_changes, make)
    }

    /// [`Repository::blame`]
    pub fn blame(
        &self,
        id: &ChangesetId,
        path: &RepoPath,
        options: &BlameOptions,
    ) -> Result<Blame, NodeError> {
        let make = || self.repository.blame(id, path, options);
        let Some(cache) = self.cache else {
            return make();
        };
        let BlameOptions {
            ignore,
            renames,
            most_bytes,
        } = options;
        let mut ignored: Vec<_> = ignore.iter().map(|id| *id.as_bytes()).collect();
        ignored.sort_unstable();
        let rest = [
            path.as_bytes(),
            &[u8::from(*renames)],
            &most_bytes.to_le_bytes(),
            ignored.as_flattened(),
        ];
        let key = self.key("blame", 1, id, &rest);
        cache.get_or_make(&key, decode_blame, encode_blame, make)
    }

    /// The text of [`Repository::diff`] in the form of `git diff`.
    pub fn unified(
        &self,
        old: Option<&ChangesetId>,
        new: &ChangesetId,
        options: &DiffOptions,
    ) -> Result<Vec<u8>, ReadError> {
        let make = || {
            let mut text = Vec::new();
            self.repository
                .diff(old, new, options)?
                .to_unified(&mut text)
                .map_err(|source| ReadError::Io {
                    path: "memory".into(),
                    source,
                })?;
            Ok(text)
        };
        let Some(cache) = self.cache else {
            return make();
        };
        let old = old.unwrap_or(&ChangesetId::NULL);
        // All options are part of this text, those to come as well.
        let options = format!("{options:?}");
        let key = self.key("unified", 2, new, &[old.as_bytes(), options.as_bytes()]);
        cache.get_or_make(&key, |bytes| Some(bytes.to_vec()), Clone::clone, make)
    }

    /// [`Repository::archive`], from the cache, or made while it is read and then kept.
    pub fn archive(
        &self,
        id: &ChangesetId,
        options: &ArchiveOptions,
    ) -> Result<ArchiveStream, NodeError> {
        let make = || self.repository.archive(id, options);
        let unknown = |reader| ArchiveStream {
            length: None,
            reader,
        };
        let Some(cache) = self.cache else {
            return Ok(unknown(Box::new(make()?)));
        };
        let ArchiveOptions {
            format,
            prefix,
            path,
        } = options;
        let rest = [
            format.extension().as_bytes(),
            prefix.as_bytes(),
            path.as_bytes(),
            &self.repository.archive_surroundings()?,
        ];
        let key = self.key("archive", 2, id, &rest);
        if let Some(known) = cache.open(&key) {
            return Ok(ArchiveStream {
                length: Some(known.length()),
                reader: Box::new(known),
            });
        }
        let (archive, writer) = (make()?, cache.writer(&key));
        let kept = Kept::if_worth(archive, writer, |archive| !archive.varies());
        Ok(unknown(Box::new(kept)))
    }

    /// An answer of [`Cached::bytes`], if it is there.
    pub fn known(
        &self,
        kind: &'static str,
        version: u32,
        id: &ChangesetId,
        rest: &[&[u8]],
    ) -> Option<Vec<u8>> {
        self.cache?.get(&self.key(kind, version, id, rest))
    }

    /// Any other answer about a changeset, for example its statistics: `kind` and `version` name the code that makes it, `rest` what else it depends on.
    pub fn bytes<E>(
        &self,
        kind: &'static str,
        version: u32,
        id: &ChangesetId,
        rest: &[&[u8]],
        make: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        match self.cache {
            None => make(),
            Some(cache) => {
                let key = self.key(kind, version, id, rest);
                cache.get_or_make(&key, |bytes| Some(bytes.to_vec()), Clone::clone, make)
            }
        }
    }
}

/// Puts numbers and texts one after the other.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: usize) -> &mut Self {
        self.0.extend_from_slice(&(number as u64).to_le_bytes());
        self
    }

    fn text(&mut self, text: &[u8]) -> &mut Self {
        self.number(text.len()).0.extend_from_slice(text);
        self
    }

    fn id(&mut self, id: &ChangesetId) -> &mut Self {
        self.0.extend_from_slice(id.as_bytes());
        self
    }
}

/// Takes them again; none where the bytes end too early.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<usize> {
        let bytes = self.take(8)?.try_into().ok()?;
        usize::try_from(u64::from_le_bytes(bytes)).ok()
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    fn id(&mut self) -> Option<ChangesetId> {
        Some(ChangesetId::from_bytes(self.take(20)?.try_into().ok()?))
    }
}

fn encode_last_changes(changes: &LastChanges) -> Vec<u8> {
    let mut writer = Writer::default();
    for (name, id) in changes {
        writer.text(name).id(id);
    }
    writer.0
}

fn decode_last_changes(bytes: &[u8]) -> Option<LastChanges> {
    let mut reader = Reader(bytes);
    let mut changes = LastChanges::new();
    while !reader.0.is_empty() {
        changes.insert(reader.text()?.to_vec(), reader.id()?);
    }
    Some(changes)
}

fn encode_blame(blame: &Blame) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.text(&blame.content);
    let mut last: Option<&BlameLine> = None;
    for line in &blame.lines {
        let BlameLine {
            id,
            number,
            path,
            text,
        } = line;
        writer
            .id(id)
            .number(*number as usize)
            .number(text.start)
            .number(text.end);
        // Neighbours come from the same file as a rule.
        let same = last.is_some_and(|last| Arc::ptr_eq(&last.path, path) || last.path == *path);
        writer.number(usize::from(same));
        if !same {
            writer.text(path.as_bytes());
        }
        last = Some(line);
    }
    writer.0
}

fn decode_blame(bytes: &[u8]) -> Option<Blame> {
    let mut reader = Reader(bytes);
    let content = reader.text()?.to_vec();
    let mut lines: Vec<BlameLine> = Vec::new();
    while !reader.0.is_empty() {
        let id = reader.id()?;
        let number = u32::try_from(reader.number()?).ok()?;
        let text = reader.number()?..reader.number()?;
        let path = match reader.number()? {
            1 => Arc::clone(&lines.last()?.path),
            _ => Arc::new(RepoPath::parse(reader.text()?).ok()?),
        };
        if text.start > text.end || text.end > content.len() {
            return None;
        }
        lines.push(BlameLine {
            id,
            number,
            path,
            text,
        });
    }
    Some(Blame { content, lines })
}
