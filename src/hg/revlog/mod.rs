//! A revlog: all revisions of one text, stored as differences.
//!
//! `NAME.i` holds the index. The data lies in `NAME.d`, or, while it is small, between the index entries. The header of
//! the index alone decides where; a killed writer may leave a `.d` file beside an index that is complete in itself.
//!
//! What a revlog may cost: 52 bytes per revision for the index and four more once hashes were looked up; while a text is
//! put together, the text itself and [`BATCH`] bytes of differences.

mod chunk;
mod delta;
mod index;
mod node_map;
pub(crate) mod sending;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sha1::{Digest, Sha1};

use crate::error::{Error, Fault};
use crate::files::{self, PieceFile};
use crate::ids::{Node, Rev};
use delta::Patch;
use index::Index;
pub(crate) use index::IndexEntry;
use node_map::NodeMap;

/// The text was replaced because it had to disappear.
pub(crate) const CENSORED: u16 = 0x8000;
/// Narrow clones: parents were left out, so that the hash cannot match.
const ELLIPSIS: u16 = 0x4000;
/// The text is a pointer to content kept elsewhere; the hash is that of the content.
pub(crate) const EXTERNAL: u16 = 0x2000;
/// The flags that have a meaning today; those not named here do not matter to a reader.
const KNOWN_FLAGS: u16 = 0xffc0;

/// How many bytes of differences are held at once, and of chunks read at once.
const BATCH: u64 = 4 << 20;

/// A revlog whose index is in memory.
#[derive(Debug)]
pub(crate) struct Revlog {
    path: PathBuf,
    index: Index,
    data: PieceFile,
    max_text: u64,
    /// Revisions in the order of their hashes.
    by_node: OnceLock<Vec<u32>>,
    /// Mercurial's own table, if this revlog may have one.
    node_map: Option<NodeMap>,
    /// How often the table was asked.
    asked: AtomicU32,
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
        Revlog::from_content(path, content, data, max_text)
    }

    /// The same from the content of an index.
    pub fn from_content(
        path: PathBuf,
        content: Vec<u8>,
        data: PathBuf,
        max_text: u64,
    ) -> Result<Revlog, Error> {
        let index = Index::parse(content).map_err(|fault| fault.in_file(&path))?;
        Ok(Revlog {
            path,
            index,
            data: PieceFile::new(data),
            max_text,
            by_node: OnceLock::new(),
            node_map: None,
            asked: AtomicU32::new(0),
            recent: Mutex::default(),
        })
    }

    /// The same with a table of hashes that Mercurial may have written.
    pub fn with_node_map(self, docket: PathBuf) -> Revlog {
        Revlog {
            node_map: Some(NodeMap::new(docket)),
            ..self
        }
    }

    /// The index file's place.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many revisions there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// What the index tells about a revision.
    pub fn entry(&self, rev: Rev) -> Option<IndexEntry> {
        self.index.entry(rev)
    }

    /// The hash of a revision.
    pub fn node(&self, rev: Rev) -> Option<Node> {
        self.index.node(rev)
    }

    /// All hashes, by revision number.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = Node> + ExactSizeIterator + '_ {
        self.index.nodes()
    }

    /// Whether the first revisions of this revlog are all those of another one.
    pub fn begins_with(&self, other: &Revlog) -> bool {
        self.index.begins_with(&other.index)
    }

    /// All index entries, by revision number.
    #[allow(dead_code, reason = "for those who send whole revlogs")]
    pub fn entries(&self) -> impl Iterator<Item = IndexEntry> + '_ {
        self.index.entries()
    }

    /// First and second parent; none for a number that does not occur.
    pub fn parents(&self, rev: Rev) -> [Option<Rev>; 2] {
        self.index.parents(rev)
    }

    /// The revision with this hash.
    pub fn rev(&self, node: &Node) -> Option<Rev> {
        /// Looking through this many entries is faster than making a table.
        const SMALL: usize = 64;
        /// So many questions are worth a table of our own.
        const MANY: u32 = 32;
        if self.len() <= SMALL {
            return self
                .index
                .nodes()
                .position(|other| other == *node)
                .map(Rev::from_index);
        }
        if self.by_node.get().is_none() && self.asked.fetch_add(1, Ordering::Relaxed) < MANY {
            // What Mercurial's table finds is compared with the index. That it finds nothing is no proof: a cache may be
            // wrong, and must never change an answer.
            let found = self
                .node_map
                .as_ref()
                .and_then(|map| map.find(&self.index, node));
            if found.is_some() {
                return found;
            }
            // A few questions about new revisions need no table either.
            let end = self.len();
            let near = (end - SMALL..end).rev().map(Rev::from_index);
            if let Some(rev) = near
                .into_iter()
                .find(|rev| self.index.node(*rev) == Some(*node))
            {
                return Some(rev);
            }
        }
        let table = self.table();
        let place = table.partition_point(|rev| self.node_at(*rev) < *node);
        let found = *table.get(place)?;
        (self.node_at(found) == *node).then(|| Rev::new(found))
    }

    /// The revisions whose hash in hex begins with this prefix of at most forty digits, in order of their hashes.
    pub fn revs_with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = Rev> + 'a {
        let mut lowest = [0; 20];
        for (place, digit) in prefix.bytes().take(40).enumerate() {
            let value = crate::ids::hex_digit(digit).unwrap_or(0);
            lowest[place / 2] |= if place % 2 == 0 { value << 4 } else { value };
        }
        let lowest = Node::new(lowest);
        let table = self.table();
        let start = table.partition_point(|rev| self.node_at(*rev) < lowest);
        let prefix = prefix.to_ascii_lowercase();
        table[start..]
            .iter()
            .take_while(move |rev| self.node_at(**rev).to_string().starts_with(&prefix))
            .map(|rev| Rev::new(*rev))
    }

    /// All revisions, sorted by hash.
    fn table(&self) -> &[u32] {
        self.by_node.get_or_init(|| {
            // Sorting by the first eight bytes is several times faster than by the hashes where they lie.
            let key = |node: Node| {
                u64::from_be_bytes(
                    *node
                        .as_bytes()
                        .first_chunk()
                        .expect("twenty bytes hold eight"),
                )
            };
            let mut keyed: Vec<(u64, u32)> = self.index.nodes().map(key).zip(0..).collect();
            keyed.sort_unstable();
            let mut table: Vec<u32> = keyed.into_iter().map(|(_, rev)| rev).collect();
            // Where those eight bytes are equal, the rest decides; with honest hashes that never happens.
            if !table.is_sorted_by_key(|rev| self.node_at(*rev)) {
                table.sort_by_key(|rev| self.node_at(*rev));
            }
            table
        })
    }

    fn node_at(&self, rev: u32) -> Node {
        self.index.node(Rev::new(rev)).unwrap_or_default()
    }

    /// The entry of a revision that somebody else named.
    pub fn known(&self, rev: Rev) -> Result<IndexEntry, Error> {
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
        self.check(rev, &entry, &text)?;
        self.recent().put(rev, &text);
        Ok(text)
    }

    /// Gives every text from revision `start` on to `take`, reading the data in large pieces.
    pub fn each_text(
        &self,
        start: usize,
        mut take: impl FnMut(Rev, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        const AT_ONCE: usize = 256;
        let mut previous: Option<Vec<u8>> = None;
        let mut chunks = Chunks::default();
        for begin in (start..self.len()).step_by(AT_ONCE) {
            let end = self.len().min(begin + AT_ONCE);
            let batch: Vec<Rev> = (begin..end).map(Rev::from_index).collect();
            for (place, rev) in batch.iter().copied().enumerate() {
                let entry = self.known(rev)?;
                let text = match (self.delta_parent(rev, &entry), previous.take()) {
                    (None, _) => self.full_text(rev, &entry, chunks.get(self, &batch, place)?)?,
                    (Some(parent), Some(text)) if parent.index() + 1 == rev.index() => {
                        let raw = chunks.get(self, &batch, place)?;
                        let delta = self.delta(rev, &entry, raw, text.len())?;
                        self.patch(rev, &entry, &delta, text.len())?.apply(&text)
                    }
                    // Texts that take turns find each other among those read last.
                    _ => {
                        let text = self.text(rev)?;
                        take(rev, &text)?;
                        previous = Some(text.to_vec());
                        continue;
                    }
                };
                self.check(rev, &entry, &text)?;
                take(rev, &text)?;
                previous = Some(text);
            }
        }
        Ok(())
    }

    /// Refuses a text that is not what its index entry announces.
    fn check(&self, rev: Rev, entry: &IndexEntry, text: &[u8]) -> Result<(), Error> {
        if entry.flags & !KNOWN_FLAGS != 0 {
            return Err(self.damaged_at(rev, format!("unknown flags {:#06x}", entry.flags)));
        }
        if entry.flags & ELLIPSIS != 0 {
            return Err(self.damaged_at(
                rev,
                "it is an ellipsis of a narrow clone, which this program does not read",
            ));
        }
        if let Some(len) = entry.text_len.filter(|len| *len as usize != text.len()) {
            return Err(self.damaged_at(
                rev,
                format!("a text of {} bytes where {len} were announced", text.len()),
            ));
        }
        if entry.flags & (CENSORED | EXTERNAL) == 0 && self.hash(entry, text) != entry.node {
            return Err(self.damaged_at(rev, "the text does not match its hash"));
        }
        Ok(())
    }

    /// The hash that a text has at the place of this entry: over the parents' hashes, smaller first, and the text.
    pub fn hash(&self, entry: &IndexEntry, text: &[u8]) -> Node {
        let node =
            |parent: Option<Rev>| parent.map_or(Node::NULL, |rev| self.node_at(rev.number()));
        let [first, second] = entry.parents.map(node);
        let mut hash = Sha1::new();
        hash.update(first.min(second).as_bytes());
        hash.update(first.max(second).as_bytes());
        hash.update(text);
        Node::new(hash.finalize().into())
    }

    /// What a revision's chunk is a difference to; `None` when it is the full text.
    pub fn delta_parent(&self, rev: Rev, entry: &IndexEntry) -> Option<Rev> {
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
            chain.push(rev);
            // Delta parents are older, so this ends.
            at = self.delta_parent(rev, &self.known(rev)?);
        }
        chain.reverse();
        let mut chunks = Chunks::default();
        let mut place = 0;
        let mut text = match start {
            Some(text) => text.to_vec(),
            None => {
                let first = chain[0];
                place = 1;
                self.full_text(first, &self.known(first)?, chunks.get(self, &chain, 0)?)?
            }
        };
        // Chains can be long and their deltas large, so only so much of them is held at once.
        while place < chain.len() {
            let mut deltas: Vec<(Rev, Vec<u8>)> = Vec::new();
            let (mut held, mut len) = (0, text.len());
            while place < chain.len() && held < BATCH {
                let rev = chain[place];
                let entry = self.known(rev)?;
                let raw = chunks.get(self, &chain, place)?;
                let delta = self.delta(rev, &entry, raw, len)?;
                len = self.patch(rev, &entry, &delta, len)?.len();
                held += delta.len() as u64 + 64;
                deltas.push((rev, delta));
                place += 1;
            }
            let mut patches: Vec<Patch<'_>> = Vec::with_capacity(deltas.len());
            for (rev, delta) in &deltas {
                let len = patches.last().map_or(text.len(), Patch::len);
                patches.push(self.patch(*rev, &self.known(*rev)?, delta, len)?);
            }
            if let Some(patch) = Patch::fold(&patches) {
                text = patch.apply(&text);
            }
        }
        Ok(text)
    }

    /// A full text out of its chunk. Whatever the chunk says, it yields no more than the index announces.
    fn full_text(&self, rev: Rev, entry: &IndexEntry, raw: Vec<u8>) -> Result<Vec<u8>, Error> {
        let limit = match entry.text_len {
            Some(len) => {
                self.check_size(rev, u64::from(len))?;
                u64::from(len)
            }
            None => self.max_text,
        };
        chunk::decode(raw, limit as usize).map_err(|reason| self.damaged_at(rev, reason))
    }

    /// A delta out of its chunk. Its own length is announced nowhere, but follows from those of the two texts: it replaces at
    /// most every byte of the base by every byte of the text, each with the three numbers of a hunk.
    fn delta(
        &self,
        rev: Rev,
        entry: &IndexEntry,
        raw: Vec<u8>,
        base_len: usize,
    ) -> Result<Vec<u8>, Error> {
        const HUNK: u64 = 12;
        let text_len = entry.text_len.map_or(self.max_text, u64::from);
        self.check_size(rev, text_len)?;
        let most = text_len + (text_len + base_len as u64 + 1).saturating_mul(HUNK);
        let limit = most.min(self.max_text.saturating_add(1 << 16));
        chunk::decode(raw, limit as usize).map_err(|reason| self.damaged_at(rev, reason))
    }

    fn patch<'a>(
        &self,
        rev: Rev,
        entry: &IndexEntry,
        delta: &'a [u8],
        base_len: usize,
    ) -> Result<Patch<'a>, Error> {
        let patch = Patch::parse(delta, base_len).map_err(|reason| self.damaged_at(rev, reason))?;
        self.check_size(rev, patch.len() as u64)?;
        if let Some(len) = entry.text_len.filter(|len| *len as usize != patch.len()) {
            return Err(self.damaged_at(
                rev,
                format!(
                    "a delta that makes {} bytes where {len} were announced",
                    patch.len()
                ),
            ));
        }
        Ok(patch)
    }

    fn check_size(&self, rev: Rev, size: u64) -> Result<(), Error> {
        if size <= self.max_text {
            return Ok(());
        }
        Err(Error::TooLarge {
            file: self.path.clone(),
            revision: Some(rev),
            size,
            limit: self.max_text,
        })
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file with the chunks.
    fn chunk_file(&self) -> &Path {
        if self.index.inline.is_some() {
            &self.path
        } else {
            self.data.path()
        }
    }

    /// An error about this revlog.
    pub fn damaged(&self, reason: impl Into<String>) -> Error {
        Fault::new(reason).in_file(&self.path)
    }

    /// An error about a revision, which says where its chunk lies.
    pub fn damaged_at(&self, rev: Rev, reason: impl Into<String>) -> Error {
        let fault = Fault::new(reason).at_revision(rev);
        match self.entry(rev) {
            Some(entry) => fault.at_offset(entry.offset),
            None => fault,
        }
        .in_file(self.chunk_file())
    }
}

/// Stored chunks of a list of revisions, read ahead as far as they lie together.
#[derive(Default)]
struct Chunks {
    /// The piece of the data file that was read last, and where it begins.
    piece: Vec<u8>,
    start: u64,
}

impl Chunks {
    /// The chunk of the revision at this place of the list.
    fn get(&mut self, log: &Revlog, list: &[Rev], place: usize) -> Result<Vec<u8>, Error> {
        let rev = list[place];
        let entry = log.known(rev)?;
        let len = entry.chunk_len as usize;
        if let Some(content) = &log.index.inline {
            let start = entry.offset as usize;
            let chunk = content.get(start..start + len);
            return chunk
                .map(<[u8]>::to_vec)
                .ok_or_else(|| log.damaged_at(rev, "its chunk lies outside the file"));
        }
        if len == 0 {
            return Ok(Vec::new());
        }
        let held = |chunks: &Chunks| {
            let from = usize::try_from(entry.offset.checked_sub(chunks.start)?).ok()?;
            chunks
                .piece
                .get(from..from.checked_add(len)?)
                .map(<[u8]>::to_vec)
        };
        if let Some(chunk) = held(self) {
            return Ok(chunk);
        }
        self.read(log, &list[place..])?;
        if self.start == entry.offset && self.piece.len() == len {
            // Nothing but this chunk was read; it may be large, so it is not held twice.
            return Ok(std::mem::take(&mut self.piece));
        }
        held(self).ok_or_else(|| log.damaged_at(rev, "its chunk lies outside the file"))
    }

    /// Reads the chunk of the first of these revisions, and those of the next ones that lie near behind it.
    fn read(&mut self, log: &Revlog, list: &[Rev]) -> Result<(), Error> {
        const GAP: u64 = 4096;
        const AT_ONCE: u64 = 1 << 20;
        let (mut start, mut end) = (0, 0);
        for (place, rev) in list.iter().enumerate() {
            let entry = log.known(*rev)?;
            let next_end = entry.offset + u64::from(entry.chunk_len);
            if place == 0 {
                (start, end) = (entry.offset, next_end);
                continue;
            }
            if entry.offset < end || entry.offset - end > GAP || next_end - start > AT_ONCE {
                break;
            }
            end = next_end;
        }
        self.start = start;
        self.piece = Vec::new();
        self.piece = match log.data.read_at(start, (end - start) as usize) {
            Ok(piece) => piece,
            // A later chunk may be what is missing; the error is to name the revision it belongs to.
            Err(Error::Damaged { .. }) => {
                let first = log.known(list[0])?;
                log.data
                    .read_at(start, first.chunk_len as usize)
                    .map_err(|error| match error {
                        Error::Damaged { reason, .. } => log.damaged_at(list[0], reason),
                        other => other,
                    })?
            }
            Err(other) => return Err(other),
        };
        Ok(())
    }
}

/// What fuzzers reach of the inner forms.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing {
    use super::delta::Patch;

    pub(crate) use super::chunk::decode as chunk_decode;

    /// Applies two deltas one by one and at once.
    pub(crate) fn delta_apply(base: &[u8], first: &[u8], second: &[u8]) {
        let Ok(first) = Patch::parse(first, base.len()) else {
            return;
        };
        let text = first.apply(base);
        assert_eq!(text.len(), first.len());
        let Ok(second) = Patch::parse(second, text.len()) else {
            return;
        };
        let one_by_one = second.apply(&text);
        let folded = Patch::fold(&[first, second]).map(|patch| patch.apply(base));
        assert_eq!(folded, Some(one_by_one));
    }
}

#[cfg(test)]
mod tests;
