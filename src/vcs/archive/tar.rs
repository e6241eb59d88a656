//! The tar format as `git archive` writes it: ustar, with pax headers for what does not fit.
//!
//! A tar is blocks of 512 bytes: a header, then the content filled up with zeros. A name of more than 100 bytes is split at a slash into prefix and
//! name where that helps. Otherwise, and for long link targets and files above 8 GiB, an extra entry of type `x` comes before, whose
//! content is lines `length key=value`. The format is that of POSIX `pax`; the choices (owner `root`, modes 0664 and 0775, names of the extra
//! entries) are those of Git, so that archives of Git repositories are the same bytes.

use std::io::{self, Write};

use super::{About, Body, Entry};
use crate::Kind;

const BLOCK: usize = 512;
/// A tar is a whole number of these.
const RECORD: u64 = 20 * BLOCK as u64;
const LARGEST_NUMBER: u64 = 0o77_777_777_777;

/// Writes headers and contents one after the other.
pub(super) struct Tar<W> {
    out: W,
    written: u64,
    time: u64,
    kind: Kind,
}

impl<W: Write> Tar<W> {
    /// Begins a tar.
    pub fn new(out: W, about: &About) -> io::Result<Self> {
        let time = u64::try_from(about.time).unwrap_or(0);
        let mut tar = Tar {
            out,
            written: 0,
            time: time.min(LARGEST_NUMBER),
            kind: about.kind,
        };
        let mut records = Vec::new();
        if let Some(comment) = &about.comment {
            record(&mut records, "comment", comment.as_bytes());
        }
        if time > LARGEST_NUMBER {
            record(&mut records, "mtime", time.to_string().as_bytes());
        }
        if !records.is_empty() {
            tar.extra(b'g', b"pax_global_header", &records)?;
        }
        Ok(tar)
    }

    /// Writes the header of an entry. The content of a file must follow.
    pub fn begin(&mut self, entry: &Entry) -> io::Result<()> {
        let mut header = Header([0; BLOCK]);
        let mut records = Vec::new();
        let path = &entry.path[..];
        if path.len() <= 100 {
            header.put(0, path);
        } else {
            let split = prefix_length(path);
            if split > 0 && path.len() - split - 1 <= 100 {
                header.put(345, &path[..split]);
                header.put(0, &path[split + 1..]);
            } else {
                header.put(0, format!("{}.data", entry.id).as_bytes());
                record(&mut records, "path", path);
            }
        }
        let (shared, private) = match self.kind {
            Kind::Git => (0o775, 0o664),
            Kind::Hg => (0o755, 0o644),
        };
        let (kind, mode, size) = match &entry.node {
            Body::Directory => (b'5', shared, 0),
            Body::Symlink(target) => {
                if target.len() > 100 {
                    header.put(157, format!("see {}.paxheader", entry.id).as_bytes());
                    record(&mut records, "linkpath", target);
                } else {
                    header.put(157, target);
                }
                (b'2', 0o777, 0)
            }
            Body::File {
                executable,
                content,
            } => {
                let mode = if *executable { shared } else { private };
                (b'0', mode, content.size())
            }
        };
        let size_told = if size > LARGEST_NUMBER {
            record(&mut records, "size", size.to_string().as_bytes());
            0
        } else {
            size
        };
        if !records.is_empty() {
            self.extra(b'x', format!("{}.paxheader", entry.id).as_bytes(), &records)?;
        }
        header.finish(kind, mode, size_told, self.time);
        self.write(&header.0)
    }

    /// Writes a part of the content.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// Fills the last block of the content.
    pub fn end_file(&mut self) -> io::Result<()> {
        let over = self.written % BLOCK as u64;
        if over > 0 {
            self.zeros(BLOCK as u64 - over)?;
        }
        Ok(())
    }

    /// Ends the tar with at least two blocks of zeros.
    pub fn finish(mut self) -> io::Result<W> {
        let tail = RECORD - self.written % RECORD;
        self.zeros(tail)?;
        if tail < 2 * BLOCK as u64 {
            self.zeros(RECORD)?;
        }
        Ok(self.out)
    }

    fn extra(&mut self, kind: u8, name: &[u8], records: &[u8]) -> io::Result<()> {
        let mut header = Header([0; BLOCK]);
        header.put(0, name);
        header.finish(kind, 0o666, records.len() as u64, self.time);
        self.write(&header.0)?;
        self.write(records)?;
        self.end_file()
    }

    fn zeros(&mut self, count: u64) -> io::Result<()> {
        const ZEROS: [u8; RECORD as usize] = [0; RECORD as usize];
        self.write(&ZEROS[..count as usize])
    }
}

struct Header([u8; BLOCK]);

impl Header {
    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn finish(&mut self, kind: u8, mode: u32, size: u64, time: u64) {
        self.put(100, format!("{mode:07o}").as_bytes());
        self.put(108, b"0000000\0");
        self.put(116, b"0000000\0");
        self.put(124, format!("{size:011o}").as_bytes());
        self.put(136, format!("{time:011o}").as_bytes());
        self.0[156] = kind;
        self.put(257, b"ustar\0");
        self.put(263, b"00");
        self.put(265, b"root");
        self.put(297, b"root");
        self.put(329, b"0000000\0");
        self.put(337, b"0000000\0");
        // The sum is taken with blanks where it will stand.
        self.put(148, b"        ");
        let sum: u32 = self.0.iter().map(|&byte| u32::from(byte)).sum();
        self.put(148, format!("{sum:07o}\0").as_bytes());
    }
}

/// Where to split a long path into prefix and name: at the last slash within reach.
fn prefix_length(path: &[u8]) -> usize {
    let mut at = path.len();
    if at > 1 && path[at - 1] == b'/' {
        at -= 1;
    }
    at = at.min(155);
    loop {
        at -= 1;
        if at == 0 || path[at] == b'/' {
            return at;
        }
    }
}

/// Adds a pax record: its length counts the digits of the length too.
fn record(records: &mut Vec<u8>, key: &str, value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length += 1;
    }
    records.extend_from_slice(format!("{length} {key}=").as_bytes());
    records.extend_from_slice(value);
    records.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_counts_its_own_length() {
        for length in [1, 80, 88, 89, 90, 91, 92, 985, 990, 10_000] {
            let mut records = Vec::new();
            record(&mut records, "path", &vec![b'x'; length]);
            let text = String::from_utf8(records).unwrap();
            let (told, _) = text.split_once(' ').unwrap();
            assert_eq!(told.parse(), Ok(text.len()), "{length}");
        }
    }
}
