//! Two buffers that bound what a child process can make us keep in memory.

use std::io::{self, Read, Seek, SeekFrom, Write};
use tempfile::SpooledTempFile;

/// Output that a child wrote while it was still being fed: the first [`Spool::IN_MEMORY`] bytes in memory, from then on in a temporary file.
pub(super) struct Spool {
    file: Option<SpooledTempFile>,
    read: u64,
    written: u64,
}

impl Spool {
    const IN_MEMORY: usize = 1 << 20;

    pub(super) fn new() -> Self {
        Spool {
            file: None,
            read: 0,
            written: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.read == self.written
    }

    /// Adds at the end.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = self
            .file
            .get_or_insert_with(|| SpooledTempFile::new(Self::IN_MEMORY));
        file.seek(SeekFrom::Start(self.written))?;
        file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Takes from the front; 0 means that nothing is kept at the moment.
    pub(super) fn pop(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(file) = self.file.as_mut().filter(|_| self.read < self.written) else {
            return Ok(0);
        };
        file.seek(SeekFrom::Start(self.read))?;
        let count = file.read(buffer)?;
        self.read += count as u64;
        if self.read == self.written {
            // Give memory or disk back as soon as everything was handed on.
            *self = Spool::new();
        }
        Ok(count)
    }
}

/// The last bytes of an error output.
pub(super) struct Tail {
    bytes: Vec<u8>,
}

impl Tail {
    const LIMIT: usize = 8 << 10;

    pub(super) fn new() -> Self {
        Tail { bytes: Vec::new() }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        // Cut only at twice the limit, so that many small writes do not move the buffer each time.
        if self.bytes.len() > 2 * Self::LIMIT {
            self.bytes.drain(..self.bytes.len() - Self::LIMIT);
        }
    }

    pub(super) fn text(&self) -> String {
        let from = self.bytes.len().saturating_sub(Self::LIMIT);
        String::from_utf8_lossy(&self.bytes[from..])
            .trim()
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spool_gives_back_in_order_what_outgrew_the_memory() {
        let mut spool = Spool::new();
        let block: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let mut buffer = vec![0; 70_000];
        let mut out = Vec::new();
        for _ in 0..20 {
            spool.push(&block).unwrap();
            let count = spool.pop(&mut buffer).unwrap();
            out.extend_from_slice(&buffer[..count]);
        }
        loop {
            let count = spool.pop(&mut buffer).unwrap();
            if count == 0 {
                break;
            }
            out.extend_from_slice(&buffer[..count]);
        }
        assert!(spool.is_empty());
        assert_eq!(out, block.repeat(20));
    }

    #[test]
    fn tail_keeps_the_end() {
        let mut tail = Tail::new();
        for number in 0..10_000 {
            tail.push(format!("line {number}\n").as_bytes());
        }
        let text = tail.text();
        assert!(text.ends_with("line 9999"));
        assert!(text.len() <= Tail::LIMIT);
        assert!(tail.bytes.len() <= 2 * Tail::LIMIT);
    }
}
