//! A revlog: all revisions of one text, stored as differences.
//!
//! `NAME.i` holds the index. The data lies in `NAME.d`, or, while it is small, between the index entries. The header of
//! the index alone decides where; a killed writer may leave a `.d` file beside an index that is complete in itself.

mod chunk;
mod delta;
mod index;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sha1::{Digest, Sha1};

use crate::error::Error;
use crate::files::{self, PieceFile};
use crate::ids::{Node, Rev};
use delta::Patch;
use index::Index;
pub(crate) use index::IndexEntry;

/// The text was replaced because it had to disappear.
pub(crate) const CENSORED: u16 = 0x8000;
/// Narrow clones: parents were left out, so that the hash cannot match.
const ELLIPSIS: u16 = 0x4000;
/// The text is a pointer to content kept elsewhere; the hash is that of the content.
pub(crate) const EXTERNAL: u16 = 0x2000;
/// The flags that have a meaning today; those not named here do not matter to a reader.
const KNOWN_FLAGS: u16 = 0xffc0;

/// A revlog whose index is in memory.
#[derive(Debug)]
pub(crate) struct Revlog {
    path: PathBuf,
    index: Index,
    /// The index file with the chunks in it, when it is inline.
    inline: Option<Vec<u8>>,
    data: PieceFile,
    max_text: u64,
    by_node: OnceLock<Vec<(u64, Rev)>>,
    recent: Mutex<Recent>,
}

/// The texts read last: history is mostly read in order, where the next text is one delta away.
#[derive(Debug, Default)]
struct Recent(VecDeque<(Rev, Arc<[u8]>)>);

impl Recent {
    const TEXTS: usize = 4;
    const MAX_LEN: usize = 4 << 20;

    fn get(&self, rev: Rev) -> Option<Arc<[u8]>> {
        self.0
            .iter()
            .find(|(kept, _)| *kept == rev)
            .map(|(_, text)| Arc::clone(text))
    }

    fn put(&mut self, rev: Rev, text: &Arc<[u8]>) {
        if text.len() > Recent::MAX_LEN {
            return;
        }
        if self.0.len() == Recent::TEXTS {
            self.0.pop_front();
        }
        self.0.push_back((rev, Arc::clone(text)));
    }
}

impl Revlog {
    /// Reads the index; an absent file is a revlog without revisions.
    pub fn open((path, data): (PathBuf, PathBuf), max_text: u64) -> Result<Revlog, Error> {
        let content = files::read(&path)?.unwrap_or_default();
        let index = Index::parse(&content).map_err(|reason| Error::damaged(&path, reason))?;
        Ok(Revlog {
            inline: index.inline.then_some(content),
            path,
            index,
            data: PieceFile::new(data),
            max_text,
            by_node: OnceLock::new(),
            recent: Mutex::default(),
        })
    }

    /// The index file's place.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many revisions there are.
    pub fn len(&self) -> usize {
        self.index.entries.len()
    }

    /// What the index tells about a revision.
    pub fn entry(&self, rev: Rev) -> Option<&IndexEntry> {
        self.index.entries.get(rev.index())
    }

    /// All index entries, by revision number.
    pub fn entries(&self) -> &[IndexEntry] {
        &self.index.entries
    }

    /// The revision with this hash.
    pub fn rev(&self, node: &Node) -> Option<Rev> {
        /// Looking through this many entries is faster than making a table.
        const SMALL: usize = 1000;
        if self.len() <= SMALL {
            return self
                .index
                .entries
                .iter()
                .position(|entry| entry.node == *node)
                .map(Rev::from_index);
        }
        let table = self.table();
        let key = sort_key(node.as_bytes());
        let start = table.partition_point(|(other, _)| *other < key);
        let same = table[start..].iter().take_while(|(other, _)| *other == key);
        same.map(|(_, rev)| *rev)
            .find(|rev| self.index.entries[rev.index()].node == *node)
    }

    /// The revisions whose hash in hex begins with this prefix of at most forty digits, in order of their hashes.
    pub fn revs_with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = Rev> + 'a {
        let mut lowest = [0; 20];
        for (place, digit) in prefix.bytes().take(40).enumerate() {
            let value = crate::ids::hex_digit(digit).unwrap_or(0);
            lowest[place / 2] |= if place % 2 == 0 { value << 4 } else { value };
        }
        let table = self.table();
        // Entries with the same first eight bytes stand in any order, so begin before all of them.
        let start = table.partition_point(|(other, _)| *other < sort_key(&lowest));
        let head = prefix[..prefix.len().min(16)].to_ascii_lowercase();
        let prefix = prefix.to_ascii_lowercase();
        table[start..]
            .iter()
            .take_while(move |(key, _)| format!("{key:016x}").starts_with(&head))
            .map(|(_, rev)| *rev)
            .filter(move |rev| {
                self.index.entries[rev.index()]
                    .node
                    .to_string()
                    .starts_with(&prefix)
            })
    }

    /// The first eight bytes of every hash with its revision, sorted.
    fn table(&self) -> &[(u64, Rev)] {
        self.by_node.get_or_init(|| {
            let entries = self.index.entries.iter().enumerate();
            let mut table: Vec<_> = entries
                .map(|(rev, entry)| (sort_key(entry.node.as_bytes()), Rev::from_index(rev)))
                .collect();
            table.sort_unstable();
            table
        })
    }

    /// The entry of a revision that somebody else named.
    pub fn known(&self, rev: Rev) -> Result<&IndexEntry, Error> {
        self.entry(rev)
            .ok_or_else(|| self.damaged(format!("there is no revision {rev}")))
    }

    /// A text as it is stored, checked against its hash unless the flags say that the hash is of something else.
    pub fn text(&self, rev: Rev) -> Result<Arc<[u8]>, Error> {
        if let Some(text) = self.recent().get(rev) {
            return Ok(text);
        }
        let entry = self.known(rev)?;
        let text: Arc<[u8]> = self.put_together(rev)?.into();
        self.check(rev, entry, &text)?;
        self.recent().put(rev, &text);
        Ok(text)
    }

    /// Gives every text from revision `start` on to `take`, reading the data in large pieces.
    pub fn each_text(
        &self,
        start: usize,
        mut take: impl FnMut(Rev, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        const BATCH: usize = 256;
        let mut previous: Option<Vec<u8>> = None;
        for begin in (start..self.len()).step_by(BATCH) {
            let batch: Vec<&IndexEntry> = self.index.entries[begin..].iter().take(BATCH).collect();
            for (place, chunk) in self.read_chunks(&batch)?.into_iter().enumerate() {
                let (rev, entry) = (Rev::from_index(begin + place), batch[place]);
                let text = match (self.delta_parent(rev, entry), previous.take()) {
                    (None, _) => chunk,
                    (Some(parent), Some(text)) if parent.index() + 1 == rev.index() => {
                        Patch::parse(&chunk, text.len())
                            .map_err(|reason| self.damaged(format!("revision {rev}: {reason}")))?
                            .apply(&text)
                    }
                    _ => self.put_together(rev)?,
                };
                self.check(rev, entry, &text)?;
                take(rev, &text)?;
                previous = Some(text);
            }
        }
        Ok(())
    }

    /// Refuses a text that is not what its index entry announces.
    fn check(&self, rev: Rev, entry: &IndexEntry, text: &[u8]) -> Result<(), Error> {
        if entry.flags & !KNOWN_FLAGS != 0 {
            return Err(self.damaged(format!(
                "revision {rev} has unknown flags {:#06x}",
                entry.flags
            )));
        }
        if entry.text_len.is_some_and(|len| len as usize != text.len()) {
            return Err(self.damaged(format!("revision {rev} has another length than announced")));
        }
        if entry.flags & (CENSORED | ELLIPSIS | EXTERNAL) == 0
            && self.hash(entry, text) != entry.node
        {
            return Err(self.damaged(format!("revision {rev} does not match its hash")));
        }
        Ok(())
    }

    /// The hash that a text has at the place of this entry: over the parents' hashes, smaller first, and the text.
    pub fn hash(&self, entry: &IndexEntry, text: &[u8]) -> Node {
        let node = |parent: Option<Rev>| {
            parent.map_or(Node::NULL, |rev| self.index.entries[rev.index()].node)
        };
        let [first, second] = entry.parents.map(node);
        let mut hash = Sha1::new();
        hash.update(first.min(second).as_bytes());
        hash.update(first.max(second).as_bytes());
        hash.update(text);
        Node::new(hash.finalize().into())
    }

    /// What a revision's chunk is a difference to; `None` when it is the full text.
    fn delta_parent(&self, rev: Rev, entry: &IndexEntry) -> Option<Rev> {
        let base = entry.base.filter(|base| *base != rev)?;
        if self.index.general_delta {
            Some(base)
        } else {
            Some(Rev::new(rev.number() - 1))
        }
    }

    fn put_together(&self, rev: Rev) -> Result<Vec<u8>, Error> {
        let mut chain = Vec::new();
        let mut start: Option<Arc<[u8]>> = None;
        let mut at = Some(rev);
        while let Some(rev) = at {
            start = self.recent().get(rev);
            if start.is_some() {
                break;
            }
            let entry = self.known(rev)?;
            chain.push(entry);
            // Delta parents are older, so this ends.
            at = self.delta_parent(rev, entry);
        }
        chain.reverse();
        let mut chunks = self.read_chunks(&chain)?.into_iter();
        let start = match start {
            Some(text) => text,
            None => chunks.next().unwrap_or_default().into(),
        };
        let deltas: Vec<Vec<u8>> = chunks.collect();
        let mut patches: Vec<Patch<'_>> = Vec::with_capacity(deltas.len());
        for delta in &deltas {
            let len = patches.last().map_or(start.len(), Patch::len);
            let patch = Patch::parse(delta, len)
                .map_err(|reason| self.damaged(format!("revision {rev}: {reason}")))?;
            self.check_size(patch.len() as u64)?;
            patches.push(patch);
        }
        Ok(match Patch::fold(&patches) {
            Some(patch) => patch.apply(&start),
            None => start.to_vec(),
        })
    }

    /// The decompressed chunks of these revisions, in their order.
    fn read_chunks(&self, chain: &[&IndexEntry]) -> Result<Vec<Vec<u8>>, Error> {
        // A chain of honest deltas never adds up to much more than its text.
        let mut budget = self.max_text.saturating_mul(4);
        let mut chunks = Vec::with_capacity(chain.len());
        for (place, raw) in self.read_raw(chain)?.into_iter().enumerate() {
            if let Some(len) = chain[place].text_len {
                self.check_size(u64::from(len))?;
            }
            let limit = budget.min(self.max_text.saturating_add(1 << 16)) as usize;
            let chunk = chunk::decode(raw, limit).map_err(|reason| self.damaged(reason))?;
            budget -= chunk.len() as u64;
            chunks.push(chunk);
        }
        Ok(chunks)
    }

    /// The stored chunks. Neighbours in the data file are read at once.
    fn read_raw(&self, chain: &[&IndexEntry]) -> Result<Vec<Vec<u8>>, Error> {
        const GAP: u64 = 4096;
        const AT_ONCE: u64 = 1 << 20;
        if let Some(content) = &self.inline {
            let piece = |entry: &&IndexEntry| {
                let start = entry.offset as usize;
                content
                    .get(start..start + entry.chunk_len as usize)
                    .map(<[u8]>::to_vec)
            };
            return chain
                .iter()
                .map(|entry| {
                    piece(entry).ok_or_else(|| self.damaged("a chunk lies outside the file"))
                })
                .collect();
        }
        let mut chunks = Vec::with_capacity(chain.len());
        let mut rest = chain;
        while let Some(first) = rest.first() {
            let start = first.offset;
            let mut end = start;
            let mut count = 0;
            for entry in rest {
                let next_end = entry.offset + u64::from(entry.chunk_len);
                let near =
                    entry.offset >= end && entry.offset - end <= GAP && next_end - start <= AT_ONCE;
                if count > 0 && !near {
                    break;
                }
                end = next_end;
                count += 1;
            }
            let (group, others) = rest.split_at(count);
            let piece = if end == start {
                Vec::new()
            } else {
                self.data.read_at(start, (end - start) as usize)?
            };
            for entry in group {
                let from = (entry.offset - start) as usize;
                chunks.push(piece[from..from + entry.chunk_len as usize].to_vec());
            }
            rest = others;
        }
        Ok(chunks)
    }

    fn check_size(&self, size: u64) -> Result<(), Error> {
        if size <= self.max_text {
            return Ok(());
        }
        Err(Error::TooLarge {
            file: self.path.clone(),
            size,
            limit: self.max_text,
        })
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An error about this revlog.
    pub fn damaged(&self, reason: impl Into<String>) -> Error {
        let path = if self.inline.is_some() {
            &self.path
        } else {
            self.data.path()
        };
        Error::damaged(path, reason)
    }
}

fn sort_key(node: &[u8; 20]) -> u64 {
    u64::from_be_bytes(*node.first_chunk().expect("twenty bytes hold eight"))
}

#[cfg(test)]
mod tests;
