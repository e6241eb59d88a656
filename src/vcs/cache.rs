//! Answers that took long to work out, kept on disk for everybody.
//!
//! A [`Cache`] is a folder (below `cache_dir`) shared by all workers and, where it lies on a shared disk, by all machines. What is in it is named by what
//! it was made from: ids of changesets, which never come to mean something else, the options, and the version of the code
//! that made it. So an entry is never wrong and never out of date, and there is nothing to tell other workers when a repository changes.
//!
//! * An entry is written beside its place and moved there: a reader sees all of it or nothing.
//! * It carries a checksum. One that was damaged, or cut off by a full disk, is the same as none.
//! * All of it may be deleted at any moment, by hand too. A reader that has an entry open keeps it.
//! * It is bounded: when it has grown by a part of what it may hold, those not used for longest are deleted down to nine tenths.
//! * Nothing fails because of it. Where it cannot be written (no folder, no space) answers are worked out each time, with a word in the log.
//!
//! Whether somebody may see an answer is decided before it is asked for; the cache does not know whose it is. That is safe because the key has
//! the id of a changeset, and who may name a changeset in a repository may see it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// Names one answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    digest: [u8; 32],
}

impl CacheKey {
    /// A key of a kind of answer, the version of the code that makes these, and all that the answer depends on.
    pub fn new(kind: &'static str, version: u32, parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        let mut put = |part: &[u8]| {
            // With the length, or `ab`, `c` would be `a`, `bc`.
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        };
        put(kind.as_bytes());
        put(&version.to_le_bytes());
        parts.iter().for_each(|part| put(part));
        CacheKey {
            digest: hasher.finalize().into(),
        }
    }

    fn place(&self) -> String {
        let hex: String = self
            .digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{}/{}", &hex[..2], &hex[2..])
    }
}

/// A folder of answers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cache(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    limit: u64,
    /// Bytes written by this process since it last looked at the whole.
    written: AtomicU64,
    complained: AtomicBool,
}

/// The end of each entry: what it is and the checksum of what comes before.
const MARK: &[u8; 8] = b"kallcac1";
const TAIL: u64 = 8 + 32;
/// The name of files that are being written.
const UNFINISHED: &str = ".new-";
/// When an entry counts as used anew. Not at each use, to spare the disk.
const FRESH: Duration = Duration::from_secs(3600);
/// Unfinished files older than this were left by a process that died.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

impl Cache {
    /// A cache in this folder, made when it is needed, that holds about `limit` bytes.
    pub fn new(folder: impl Into<PathBuf>, limit: u64) -> Self {
        Cache(Arc::new(Shared {
            folder: folder.into(),
            limit,
            // The first process to write looks soon, for nobody knows what the ones before it have left.
            written: AtomicU64::new(limit / 16),
            complained: AtomicBool::new(false),
        }))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// An answer, if it is there and whole.
    pub fn get(&self, key: &CacheKey) -> Option<Vec<u8>> {
        let mut file = self.open(key)?;
        let mut content = Vec::with_capacity(usize::try_from(file.length).ok()?);
        file.read_to_end(&mut content).ok()?;
        Some(content)
    }

    /// An answer as a stream, checked as a whole before its first byte is given.
    pub fn open(&self, key: &CacheKey) -> Option<CachedFile> {
        let path = self.0.folder.join(key.place());
        let mut file = File::open(&path).ok()?;
        match check(&mut file) {
            Ok(length) => {
                touch(&file);
                Some(CachedFile {
                    file,
                    length,
                    rest: length,
                })
            }
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a damaged entry of the cache is deleted");
                let _ = fs::remove_file(&path);
                None
            }
        }
    }

    /// Keeps an answer.
    pub fn put(&self, key: &CacheKey, content: &[u8]) {
        let mut writer = self.writer(key);
        writer.take(content);
        writer.finish();
    }

    /// An answer from the cache, or worked out and kept. What is in the cache but cannot be understood is worked out again.
    pub fn get_or_make<T, E>(
        &self,
        key: &CacheKey,
        decode: impl FnOnce(&[u8]) -> Option<T>,
        encode: impl FnOnce(&T) -> Vec<u8>,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        if let Some(known) = self.get(key).and_then(|bytes| decode(&bytes)) {
            return Ok(known);
        }
        let made = make()?;
        self.put(key, &encode(&made));
        Ok(made)
    }

    /// Begins an answer that comes in pieces. It is there for others once it is finished; dropped before that it never was.
    pub fn writer(&self, key: &CacheKey) -> CacheWriter {
        let path = self.0.folder.join(key.place());
        let begun = path.parent().map(|folder| {
            fs::create_dir_all(folder)?;
            tempfile::Builder::new()
                .prefix(UNFINISHED)
                .tempfile_in(folder)
        });
        let file = match begun {
            Some(Ok(file)) => Some(file),
            Some(Err(error)) => {
                self.complain(&error);
                None
            }
            None => None,
        };
        CacheWriter {
            cache: self.clone(),
            path,
            file,
            hasher: Sha256::new(),
            length: 0,
        }
    }

    /// Says once that it cannot be written.
    fn complain(&self, error: &io::Error) {
        if !self.0.complained.swap(true, Ordering::Relaxed) {
            tracing::warn!(folder = %self.0.folder.display(), %error, "the cache cannot be written: everything is worked out each time");
        }
    }

    /// Counts what was written and tidies up when it is a sixteenth of the limit.
    fn grew(&self, bytes: u64) {
        let written = self.0.written.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if written > self.0.limit / 16 {
            self.0.written.store(0, Ordering::Relaxed);
            if let Err(error) = self.tidy() {
                self.complain(&error);
            }
        }
    }

    /// Deletes what has not been used for longest until nine tenths of the limit are left, if it is above the limit, and what died writers
    /// have left. Returns how many bytes it holds. Does nothing while another process is at it.
    pub fn tidy(&self) -> io::Result<u64> {
        fs::create_dir_all(&self.0.folder)?;
        let lock = File::create(self.0.folder.join("tidy.lock"))?;
        if lock.try_lock().is_err() {
            return Ok(0);
        }
        let now = SystemTime::now();
        let age = |time: SystemTime| now.duration_since(time).unwrap_or_default();
        let mut entries: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for folder in fs::read_dir(&self.0.folder)?.flatten() {
            // Whatever vanishes meanwhile was deleted by somebody else.
            let Ok(files) = fs::read_dir(folder.path()) else {
                continue;
            };
            for file in files.flatten() {
                let Ok(meta) = file.metadata() else { continue };
                let used = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                if !file.file_name().to_string_lossy().starts_with(UNFINISHED) {
                    entries.push((used, meta.len(), file.path()));
                } else if age(used) > ABANDONED {
                    let _ = fs::remove_file(file.path());
                }
            }
        }
        let mut total: u64 = entries.iter().map(|(_, length, _)| length).sum();
        if total > self.0.limit {
            entries.sort_unstable();
            for (_, length, path) in entries {
                if total <= self.0.limit / 10 * 9 {
                    break;
                }
                let _ = fs::remove_file(path);
                total -= length;
            }
        }
        Ok(total)
    }
}

/// Reads the whole entry; gives the length of its content, the file standing at the start.
fn check(file: &mut File) -> io::Result<u64> {
    let damaged = |what| io::Error::new(io::ErrorKind::InvalidData, what);
    let size = file.metadata()?.len();
    let length = size
        .checked_sub(TAIL)
        .ok_or_else(|| damaged("it is too short"))?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; usize::try_from(length.min(256 << 10)).unwrap_or(0)];
    let mut rest = length;
    while rest > 0 {
        let part = usize::try_from(rest)
            .unwrap_or(block.len())
            .min(block.len());
        file.read_exact(&mut block[..part])?;
        hasher.update(&block[..part]);
        rest -= part as u64;
    }
    let mut tail = [0; TAIL as usize];
    file.read_exact(&mut tail)?;
    if tail[..8] != MARK[..] || tail[8..] != hasher.finalize()[..] {
        return Err(damaged("the checksum does not fit"));
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(length)
}

/// Notes that an entry is of use.
fn touch(file: &File) {
    let now = SystemTime::now();
    let used = file.metadata().and_then(|meta| meta.modified());
    if used.is_ok_and(|used| now.duration_since(used).is_ok_and(|age| age > FRESH)) {
        let _ = file.set_modified(now);
    }
}

/// The content of an entry.
#[derive(Debug)]
pub struct CachedFile {
    file: File,
    length: u64,
    rest: u64,
}

impl CachedFile {
    /// Bytes of content.
    pub fn length(&self) -> u64 {
        self.length
    }
}

impl Read for CachedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.rest)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let count = self.file.read(&mut buffer[..most])?;
        self.rest -= count as u64;
        Ok(count)
    }
}

/// An entry that is being written.
#[derive(Debug)]
pub struct CacheWriter {
    cache: Cache,
    path: PathBuf,
    /// None when it could not be begun, or a write has failed.
    file: Option<NamedTempFile>,
    hasher: Sha256,
    length: u64,
}

impl CacheWriter {
    /// Adds a piece. An entry of more than an eighth of the limit is given up: it would drive out too many others.
    pub fn take(&mut self, bytes: &[u8]) {
        let Some(file) = &mut self.file else { return };
        self.length += bytes.len() as u64;
        let written = file.write_all(bytes);
        self.hasher.update(bytes);
        if let Err(error) = &written {
            self.cache.complain(error);
        }
        if written.is_err() || self.length > self.cache.0.limit / 8 {
            self.file = None;
        }
    }

    /// Makes the entry visible.
    pub fn finish(mut self) {
        let Some(mut file) = self.file.take() else {
            return;
        };
        let digest = self.hasher.finalize();
        let done = file
            .write_all(MARK)
            .and_then(|()| file.write_all(&digest))
            .and_then(|()| {
                file.persist(&self.path)
                    .map_err(|error| error.error)
                    .map(drop)
            });
        match done {
            Ok(()) => self.cache.grew(self.length + TAIL),
            Err(error) => self.cache.complain(&error),
        }
    }
}

/// A stream that goes to its reader and into the cache at once; an entry is made of it when it was read to its end without an error.
pub struct Kept<R> {
    stream: R,
    writer: Option<CacheWriter>,
    worth: fn(&R) -> bool,
}

impl<R: Read> Kept<R> {
    /// Keeps what is read from a stream.
    pub fn new(stream: R, writer: CacheWriter) -> Self {
        Kept {
            stream,
            writer: Some(writer),
            worth: |_| true,
        }
    }

    /// The same, unless the stream turns out not to be worth it at its end.
    pub fn if_worth(stream: R, writer: CacheWriter, worth: fn(&R) -> bool) -> Self {
        Kept {
            worth,
            ..Kept::new(stream, writer)
        }
    }
}

impl<R: Read> Read for Kept<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        match self.stream.read(buffer) {
            Ok(0) => {
                if let Some(writer) = self.writer.take()
                    && (self.worth)(&self.stream)
                {
                    writer.finish();
                }
                Ok(0)
            }
            Ok(count) => {
                if let Some(writer) = &mut self.writer {
                    writer.take(&buffer[..count]);
                }
                Ok(count)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.writer = None;
                }
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> CacheKey {
        CacheKey::new("test", 1, &[&number.to_le_bytes()])
    }

    fn fresh(limit: u64) -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("below/it"), limit);
        (folder, cache)
    }

    fn only_entry(cache: &Cache, number: u32) -> PathBuf {
        cache.folder().join(key(number).place())
    }

    #[test]
    fn what_was_put_is_got_by_its_key_alone() {
        let (_folder, cache) = fresh(1 << 20);
        assert_eq!(cache.get(&key(1)), None);
        cache.put(&key(1), b"one");
        cache.put(&key(2), b"");
        assert_eq!(cache.get(&key(1)).as_deref(), Some(&b"one"[..]));
        assert_eq!(cache.get(&key(2)).as_deref(), Some(&b""[..]));
        assert_ne!(
            CacheKey::new("a", 1, &[b"ab", b"c"]),
            CacheKey::new("a", 1, &[b"a", b"bc"])
        );
        assert_ne!(CacheKey::new("a", 1, &[]), CacheKey::new("a", 2, &[]));
        assert_ne!(CacheKey::new("a", 1, &[b""]), CacheKey::new("a", 1, &[]));
    }

    #[test]
    fn damage_of_any_byte_is_as_good_as_nothing() {
        let (_folder, cache) = fresh(1 << 20);
        cache.put(&key(1), b"some content");
        let path = only_entry(&cache, 1);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert_eq!(cache.get(&key(1)), None, "byte {at} changed");
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(cache.get(&key(1)), None, "cut off at {at}");
        }
        assert!(!path.exists(), "what is damaged is deleted");
    }

    #[test]
    fn it_may_be_deleted_at_any_moment() {
        let (folder, cache) = fresh(1 << 20);
        cache.put(&key(1), b"one");
        let mut open = cache.open(&key(1)).unwrap();
        let mut writer = cache.writer(&key(2));
        writer.take(b"tw");
        fs::remove_dir_all(folder.path()).unwrap();
        writer.take(b"o");
        writer.finish();
        assert_eq!(cache.get(&key(2)), None);
        let mut content = String::new();
        open.read_to_string(&mut content).unwrap();
        assert_eq!(content, "one");
        cache.put(&key(3), b"three");
        assert_eq!(cache.get(&key(3)).as_deref(), Some(&b"three"[..]));
    }

    #[test]
    fn it_forgets_what_was_not_used_for_longest() {
        let (_folder, cache) = fresh(100_000);
        let content = vec![7; 5_000];
        let old = SystemTime::now() - Duration::from_secs(1_000_000);
        for number in 0..10 {
            cache.put(&key(number), &content);
            let file = File::options()
                .write(true)
                .open(only_entry(&cache, number))
                .unwrap();
            file.set_modified(old + Duration::from_secs(u64::from(number)))
                .unwrap();
        }
        assert!(cache.get(&key(0)).is_some(), "used now");
        for number in 10..21 {
            cache.put(&key(number), &content);
        }
        assert!(cache.tidy().unwrap() <= 100_000);
        assert!(cache.get(&key(0)).is_some());
        assert!(cache.get(&key(1)).is_none());
        assert!(cache.get(&key(20)).is_some());
        cache.put(&key(100), &vec![0; 20_000]);
        assert!(cache.get(&key(100)).is_none(), "too large to be kept");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_no_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let cache = Cache::new(file.path(), 1 << 20);
        cache.put(&key(1), b"one");
        assert_eq!(cache.get(&key(1)), None);
    }

    #[test]
    fn a_stream_is_kept_when_it_was_read_to_its_end() {
        let (_folder, cache) = fresh(1 << 20);
        let mut stream = Kept::new(&b"stream"[..], cache.writer(&key(1)));
        stream.read_exact(&mut [0; 3]).unwrap();
        drop(stream);
        assert_eq!(cache.get(&key(1)), None);
        let mut stream = Kept::new(&b"stream"[..], cache.writer(&key(1)));
        io::copy(&mut stream, &mut io::sink()).unwrap();
        assert_eq!(cache.get(&key(1)).as_deref(), Some(&b"stream"[..]));
        let broken = (&b"half"[..]).chain(Broken);
        let mut stream = Kept::new(broken, cache.writer(&key(2)));
        io::copy(&mut stream, &mut io::sink()).unwrap_err();
        drop(stream);
        assert_eq!(cache.get(&key(2)), None);
    }

    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }
}
