//! Reads a large blob piece by piece.
//!
//! Git keeps large files whole, not as differences (`core.bigFileThreshold`, 512 MiB), in a file of their own or in a pack. So they can be unpacked while
//! they are read. What is stored as a difference has to be put together in memory, and there `gix` does that, up to a size.

use std::fs::{self, File};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::bufread::ZlibDecoder;
use gix::ObjectId;

use crate::error::Cause;

/// From this size on it is tried.
pub(super) const LARGE: u64 = 32 << 20;
/// Up to this size a file is put together in memory.
const LARGEST: u64 = 1 << 30;

/// A stream of a blob's content, where it is stored whole.
pub(super) fn open(
    repo: &gix::Repository,
    id: ObjectId,
    size: u64,
) -> Result<Option<Box<dyn Read + Send>>, Cause> {
    let hex = id.to_string();
    let (folder, name) = hex.split_at(2);
    let mut places = vec![repo.objects.store_ref().path().to_owned()];
    places.extend(
        repo.objects
            .store_ref()
            .alternate_db_paths()
            .unwrap_or_default(),
    );
    for place in places {
        if let Ok(file) = File::open(place.join(folder).join(name)) {
            return loose(file, size).map(Some);
        }
        if let Some(stream) = packed(&place.join("pack"), id, size)? {
            return Ok(Some(stream));
        }
    }
    if size > LARGEST {
        return Err("it is stored as a difference and too large to be put together".into());
    }
    Ok(None)
}

fn loose(file: File, size: u64) -> Result<Box<dyn Read + Send>, Cause> {
    let mut reader = ZlibDecoder::new(BufReader::with_capacity(64 << 10, file));
    // `blob 123\0` comes first.
    let mut header = Vec::new();
    let mut byte = [0];
    while header.len() < 32 && header.last() != Some(&0) {
        reader.read_exact(&mut byte)?;
        header.push(byte[0]);
    }
    if header != format!("blob {size}\0").as_bytes() {
        return Err("its file does not start like a blob of that size".into());
    }
    Ok(Box::new(reader))
}

/// Looks for a blob in the packs of a folder. One that cannot be read is passed over: another may have the blob as well.
fn packed(folder: &Path, id: ObjectId, size: u64) -> Result<Option<Box<dyn Read + Send>>, Cause> {
    /// The type of an entry that holds a blob whole; see `gitformat-pack(5)`.
    const BLOB: u8 = 3;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let index = entry.path();
        if index.extension().is_none_or(|extension| extension != "idx") {
            continue;
        }
        let Ok(found) = gix::odb::pack::index::File::at(&index, id.kind()) else {
            continue;
        };
        let Some(at) = found.lookup(id) else {
            continue;
        };
        let Ok(mut pack) = File::open(index.with_extension("pack")) else {
            continue;
        };
        pack.seek(SeekFrom::Start(found.pack_offset_at_index(at)))?;
        let mut reader = BufReader::with_capacity(64 << 10, pack);
        let mut byte = [0];
        reader.read_exact(&mut byte)?;
        let kind = byte[0] >> 4 & 7;
        let (mut told, mut shift) = (u64::from(byte[0] & 15), 4);
        while byte[0] & 0x80 != 0 && shift < 60 {
            reader.read_exact(&mut byte)?;
            told |= u64::from(byte[0] & 0x7f) << shift;
            shift += 7;
        }
        if kind != BLOB {
            continue;
        }
        if told != size {
            return Err("its entry in the pack tells another size".into());
        }
        return Ok(Some(Box::new(ZlibDecoder::new(reader))));
    }
    Ok(None)
}
