//! The frame of bundle2.
//!
//! `HG20`, the length of the stream's parameters (none here), then parts, and a zero at the end. A part is a header
//! with its length in front, then chunks with theirs; a chunk of length zero ends the part. A name in upper case says that
//! a client which does not know the part must give up. All lengths are big-endian i32, or u8 within a header.

use super::source::{BundleError, Bytes, Source};

/// How long chunks are at most. Mercurial's own have this size; a client keeps one in memory.
const CHUNK: usize = 32 << 10;

/// Name and parameters of a part.
#[derive(Debug, Default)]
pub(super) struct PartHeader {
    name: String,
    mandatory: Vec<(&'static str, String)>,
    advisory: Vec<(&'static str, String)>,
}

impl PartHeader {
    /// A part that the client has to understand.
    pub fn mandatory(name: &str) -> PartHeader {
        PartHeader {
            name: name.to_ascii_uppercase(),
            ..PartHeader::default()
        }
    }

    /// A part that the client may skip.
    pub fn advisory(name: &str) -> PartHeader {
        PartHeader {
            name: name.to_ascii_lowercase(),
            ..PartHeader::default()
        }
    }

    /// Adds a parameter that the client has to understand.
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> PartHeader {
        self.mandatory.push((key, value.into()));
        self
    }

    /// Adds a parameter that the client may ignore.
    pub fn with_advisory(mut self, key: &'static str, value: impl Into<String>) -> PartHeader {
        self.advisory.push((key, value.into()));
        self
    }

    /// Lengths have one byte in the format, so overlong values are cut; none that we send comes near.
    fn encode(&self, id: u32) -> Vec<u8> {
        fn cut(text: &str) -> &[u8] {
            &text.as_bytes()[..text.len().min(255)]
        }
        let name = cut(&self.name);
        let mut header = vec![name.len() as u8];
        header.extend_from_slice(name);
        header.extend(id.to_be_bytes());
        header.push(self.mandatory.len() as u8);
        header.push(self.advisory.len() as u8);
        let parameters = || self.mandatory.iter().chain(&self.advisory);
        for (key, value) in parameters() {
            header.push(key.len() as u8);
            header.push(cut(value).len() as u8);
        }
        for (key, value) in parameters() {
            header.extend_from_slice(key.as_bytes());
            header.extend_from_slice(cut(value));
        }
        let mut out = (header.len() as u32).to_be_bytes().to_vec();
        out.append(&mut header);
        out
    }
}

/// Parts in the order in which they are sent.
#[derive(Default)]
pub(super) struct Parts {
    sources: Vec<Box<dyn Source>>,
    count: u32,
}

impl Parts {
    /// Adds a part whose content is known.
    pub fn add(&mut self, header: PartHeader, content: Vec<u8>) {
        self.add_source(header, Box::new(Bytes(content)));
    }

    /// Adds a part whose content is made while it is sent.
    pub fn add_source(&mut self, header: PartHeader, content: Box<dyn Source>) {
        self.sources.push(Box::new(Part {
            header: Some(header.encode(self.count)),
            content: Some(content),
            pending: Vec::new(),
            at: 0,
            open: true,
        }));
        self.count += 1;
    }

    /// The whole bundle.
    pub fn finish(self) -> Vec<Box<dyn Source>> {
        let start: Box<dyn Source> = Box::new(Bytes(b"HG20\0\0\0\0".to_vec()));
        let end: Box<dyn Source> = Box::new(Bytes(vec![0; 4]));
        let mut all = vec![start];
        all.extend(self.sources);
        all.push(end);
        all
    }
}

struct Part {
    header: Option<Vec<u8>>,
    /// Taken away when it has ended.
    content: Option<Box<dyn Source>>,
    pending: Vec<u8>,
    /// How much of it was sent.
    at: usize,
    /// Whether the chunk that ends the part is still to be sent.
    open: bool,
}

impl Part {
    /// Reads on, unless there is enough for a chunk.
    fn read_ahead(&mut self) -> Result<(), BundleError> {
        if self.pending.len() - self.at >= CHUNK {
            return Ok(());
        }
        self.pending.drain(..self.at);
        self.at = 0;
        // What one large revision took is given back.
        self.pending.shrink_to(4 * CHUNK);
        while self.pending.len() < CHUNK
            && let Some(content) = &mut self.content
        {
            if !content.fill(&mut self.pending)? {
                self.content = None;
            }
        }
        Ok(())
    }
}

impl Source for Part {
    fn fill(&mut self, out: &mut Vec<u8>) -> Result<bool, BundleError> {
        if let Some(header) = self.header.take() {
            out.extend(header);
            return Ok(true);
        }
        if !self.open {
            return Ok(false);
        }
        self.read_ahead()?;
        // One chunk at a time, so that a large revision is not held twice.
        let rest = &self.pending[self.at..];
        let chunk = &rest[..rest.len().min(CHUNK)];
        // The chunk that ends the part is empty.
        out.extend((chunk.len() as u32).to_be_bytes());
        out.extend_from_slice(chunk);
        self.at += chunk.len();
        self.open = !chunk.is_empty();
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Bundle;
    use std::io::Read;

    #[test]
    fn parts_are_framed() {
        let mut parts = Parts::default();
        let header = PartHeader::mandatory("listkeys")
            .with("namespace", "phases")
            .with_advisory("n", "1");
        parts.add(header, b"content".to_vec());
        parts.add(PartHeader::advisory("Empty"), Vec::new());
        let mut read = Vec::new();
        Bundle::new(parts.finish()).read_to_end(&mut read).unwrap();
        let expected = [
            &b"HG20\0\0\0\0"[..],
            b"\0\0\0\x24\x08LISTKEYS\0\0\0\0\x01\x01\x09\x06\x01\x01namespacephasesn1",
            b"\0\0\0\x07content\0\0\0\0",
            b"\0\0\0\x0c\x05empty\0\0\0\x01\0\0",
            b"\0\0\0\0",
            b"\0\0\0\0",
        ]
        .concat();
        assert_eq!(read, expected);
    }

    /// Gives pieces of one length, some times.
    struct Pieces(usize, usize);

    impl Source for Pieces {
        fn fill(&mut self, out: &mut Vec<u8>) -> Result<bool, BundleError> {
            let Some(left) = self.1.checked_sub(1) else {
                return Ok(false);
            };
            self.1 = left;
            out.extend(vec![7; self.0]);
            Ok(true)
        }
    }

    #[test]
    fn content_of_any_length_becomes_chunks() {
        for (length, count) in [(1, 70_000), (CHUNK, 2), (100_000, 3), (0, 5)] {
            let mut parts = Parts::default();
            parts.add_source(PartHeader::mandatory("x"), Box::new(Pieces(length, count)));
            let mut read = Vec::new();
            Bundle::new(parts.finish()).read_to_end(&mut read).unwrap();
            let mut rest = &read[8 + 4 + 8..];
            let mut total = 0;
            loop {
                let (size, after) = rest.split_first_chunk::<4>().unwrap();
                let size = u32::from_be_bytes(*size) as usize;
                if size == 0 {
                    rest = after;
                    break;
                }
                assert!(size <= CHUNK);
                total += size;
                rest = &after[size..];
            }
            assert_eq!((total, rest), (length * count, &[0; 4][..]));
        }
    }
}
