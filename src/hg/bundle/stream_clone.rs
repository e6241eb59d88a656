//! A stream clone: the files of the store as they are.
//!
//! Version 2 is a part of bundle2. For each file: where it belongs (`s`, the store), the length of its name and of its
//! content as numbers to the base 128, the name, the content. Version 1 has lines `name NUL size` instead.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use super::source::{BundleError, Source};
use super::store_files::{self, StoreFile, encode_directories};
use crate::error::Error;
use crate::snapshot::Snapshot;

/// Why the files of a repository cannot be copied as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamRefusal {
    /// Hidden and secret changesets lie in the same files as the others.
    #[error("some changesets are not for everybody")]
    Withheld,
    /// The format cannot be listed.
    #[error("the format of the repository is too old or too new to be copied")]
    Format,
}

/// Demands that only matter to who reads the repository in its place.
const LOCAL: &[&str] = &[
    "dirstate-tracked-key-v1",
    "dirstate-v2",
    "dotencode",
    "exp-sparse",
    "exp-very-fragile-and-unsafe-plain-store-encoding",
    "fileindex-v1",
    "fncache",
    "persistent-nodemap",
    "relshared",
    "share-safe",
    "shared",
    "store",
];

impl Snapshot {
    /// What a clone that copies the files has to understand, sorted; or why there can be none.
    pub fn stream_requirements(&self) -> Result<Vec<&str>, StreamRefusal> {
        if self.served().count() != self.len() {
            return Err(StreamRefusal::Withheld);
        }
        let requirements = &self.store.layout.requirements;
        // The list of files is in `fncache`; other formats have it elsewhere, or nowhere. What extensions keep lies
        // beside the store and would not come along.
        let unlisted = ["fileindex-v1", "largefiles", "lfs"];
        if ["revlogv1", "store", "fncache"]
            .iter()
            .any(|name| !requirements.has(name))
            || unlisted.iter().any(|name| requirements.has(name))
        {
            return Err(StreamRefusal::Format);
        }
        let needed = |name: &&str| !LOCAL.contains(name);
        Ok(requirements.names().filter(needed).collect())
    }
}

/// How the files are put into one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    V1,
    V2,
}

/// The files on their way.
pub(super) struct StreamClone {
    snapshot: Arc<Snapshot>,
    form: Form,
    files: std::vec::IntoIter<StoreFile>,
    current: Option<(File, StoreFile, u64)>,
    /// Small files whose content is known: phases.
    extra: Vec<(&'static str, Vec<u8>)>,
    done: bool,
    pub count: usize,
    pub bytes: u64,
}

impl StreamClone {
    /// Looks at the files. `extra` are contents of further files of the store.
    pub fn new(
        snapshot: &Arc<Snapshot>,
        form: Form,
        extra: Vec<(&'static str, Vec<u8>)>,
    ) -> Result<StreamClone, BundleError> {
        let files = store_files::list(snapshot)?;
        let sizes = files.iter().map(|file| file.size);
        let extra_sizes = extra.iter().map(|(_, content)| content.len() as u64);
        Ok(StreamClone {
            snapshot: Arc::clone(snapshot),
            form,
            count: files.len() + extra.len(),
            bytes: sizes.chain(extra_sizes).sum(),
            files: files.into_iter(),
            current: None,
            extra,
            done: false,
        })
    }

    fn header(&self, name: &[u8], size: u64, out: &mut Vec<u8>) {
        match self.form {
            Form::V1 => {
                out.extend(encode_directories(name));
                out.push(0);
                out.extend(size.to_string().into_bytes());
                out.push(b'\n');
            }
            Form::V2 => {
                out.push(b's');
                number(name.len() as u64, out);
                number(size, out);
                out.extend_from_slice(name);
            }
        }
    }

    fn open(&mut self, file: StoreFile, out: &mut Vec<u8>) -> Result<(), BundleError> {
        let failed = |error| Error::io(&file.place, error);
        let opened = File::open(&file.place).map_err(failed)?;
        let metadata = opened.metadata().map_err(failed)?;
        // Files only grow, unless history is taken away, or a file outgrows its form and is replaced.
        if (metadata.dev(), metadata.ino()) != file.identity || metadata.len() < file.size {
            return Err(BundleError::Rewritten);
        }
        self.header(&file.name, file.size, out);
        self.current = Some((opened, file, 0));
        Ok(())
    }
}

impl Source for StreamClone {
    fn fill(&mut self, out: &mut Vec<u8>) -> Result<bool, BundleError> {
        const BLOCK: u64 = 128 << 10;
        if let Some((opened, file, at)) = &mut self.current {
            let count = (file.size - *at).min(BLOCK);
            let before = out.len();
            let read = opened.take(count).read_to_end(out);
            read.map_err(|error| Error::io(&file.place, error))?;
            if (out.len() - before) as u64 != count {
                return Err(BundleError::Rewritten);
            }
            *at += count;
            if *at == file.size {
                self.current = None;
            }
            return Ok(true);
        }
        if let Some(file) = self.files.next() {
            self.open(file, out)?;
            return Ok(true);
        }
        if let Some((name, content)) = self.extra.pop() {
            self.header(name.as_bytes(), content.len() as u64, out);
            out.extend(content);
            return Ok(true);
        }
        if self.done {
            return Ok(false);
        }
        self.done = true;
        // What was cut off and grew again while we were reading is noticed here.
        if !self.snapshot.changelog.is_untouched()? {
            return Err(BundleError::Rewritten);
        }
        Ok(false)
    }
}

/// The first bytes of a stream of version 1: yes, and how much will come.
pub(super) fn old_start(clone: &StreamClone) -> Vec<u8> {
    format!("0\n{} {}\n", clone.count, clone.bytes).into_bytes()
}

/// A number to the base 128, lowest digit first, all but the last with the top bit set.
fn number(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_lowest_digit_first() {
        let encoded = |value| {
            let mut out = Vec::new();
            number(value, &mut out);
            out
        };
        assert_eq!(encoded(0), [0]);
        assert_eq!(encoded(127), [127]);
        assert_eq!(encoded(128), [0x80, 1]);
        assert_eq!(encoded(1 << 21), [0x80, 0x80, 0x80, 1]);
    }
}
