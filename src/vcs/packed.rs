//! Long texts in the cache, packed.
//!
//! A drawn diff of four megabytes says the same things over and over: packed it is a twentieth of that, which is read, checked and unpacked in a
//! few milliseconds. It comes in blocks, as it went in, and no more than one of them is in memory.

use std::io::{self, Read, Write};

use zstd::stream::{read, write};

use crate::cache::{Cache, CacheKey, CacheWriter, CachedFile};

/// The fastest level; the next ones cost more time than the bytes are worth.
const LEVEL: i32 = 1;
/// What a writer gives is never longer. A longer block is no block of ours.
const LONGEST: u32 = 256 << 20;

impl Cache {
    /// Begins an answer that is kept packed. As with [`Cache::writer`], it is there for others once it is finished.
    pub fn packed_writer(&self, key: &CacheKey) -> PackedWriter {
        PackedWriter(write::Encoder::new(Sink(self.writer(key)), LEVEL).ok())
    }

    /// The blocks of such an answer.
    pub fn packed(&self, key: &CacheKey) -> Option<PackedBlocks> {
        let file = self.open(key)?;
        Some(PackedBlocks(Some(read::Decoder::new(file).ok()?)))
    }
}

/// A packed entry that is being written.
pub struct PackedWriter(Option<write::Encoder<'static, Sink>>);

impl PackedWriter {
    /// Adds a block.
    pub fn block(&mut self, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).ok();
        let length = length.filter(|length| *length <= LONGEST);
        let (Some(packer), Some(length)) = (&mut self.0, length) else {
            self.0 = None;
            return;
        };
        let written = packer.write_all(&length.to_le_bytes());
        if written.and_then(|()| packer.write_all(bytes)).is_err() {
            self.0 = None;
        }
    }

    /// Makes the entry visible.
    pub fn finish(self) {
        if let Some(Ok(Sink(writer))) = self.0.map(write::Encoder::finish) {
            writer.finish();
        }
    }
}

struct Sink(CacheWriter);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.take(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The blocks of a packed entry, in the order in which they were written. Its checksum was right before the first of them is given.
pub struct PackedBlocks(Option<read::Decoder<'static, io::BufReader<CachedFile>>>);

impl PackedBlocks {
    fn block(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(packed) = &mut self.0 else {
            return Ok(None);
        };
        let mut length = [0; 4];
        if packed.read(&mut length[..1])? == 0 {
            self.0 = None;
            return Ok(None);
        }
        packed.read_exact(&mut length[1..])?;
        let length = u32::from_le_bytes(length);
        let mut block = Vec::new();
        packed.take(u64::from(length)).read_to_end(&mut block)?;
        match block.len() == length as usize {
            true => Ok(Some(block)),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Iterator for PackedBlocks {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = self.block().transpose();
        if let Some(Err(_)) = block {
            self.0 = None;
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> CacheKey {
        CacheKey::new("test", 1, &[])
    }

    #[test]
    fn blocks_come_as_they_went_in() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), 1 << 20);
        let blocks = [vec![b'a'; 100_000], Vec::new(), b"b".to_vec()];
        let mut writer = cache.packed_writer(&key());
        blocks.iter().for_each(|block| writer.block(block));
        assert!(cache.packed(&key()).is_none(), "unfinished is not there");
        writer.finish();
        let read: Result<Vec<_>, _> = cache.packed(&key()).unwrap().collect();
        assert_eq!(read.unwrap(), blocks);
        let packed = cache.open(&key()).unwrap().length();
        assert!(packed < 1000, "{packed} bytes");
    }

    #[test]
    fn what_is_no_packed_entry_is_an_error_and_then_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), 1 << 20);
        for content in [
            &b"no such thing"[..],
            &packed(&[9, 0, 0, 0, 1]),
            &packed(&[1]),
        ] {
            cache.put(&key(), content);
            let mut blocks = cache.packed(&key()).unwrap();
            assert!(blocks.next().unwrap().is_err(), "{content:?}");
            assert!(blocks.next().is_none());
        }
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, LEVEL).unwrap()
    }
}
