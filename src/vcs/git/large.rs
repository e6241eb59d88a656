//! Reads a large blob piece by piece.
//!
//! Git keeps large files whole, not as differences: `core.bigFileThreshold`, 512 MiB. So they can be unpacked while they are read. What is stored as
//! a difference has to be put together in memory, and there `gix` does that.

use std::fs::File;
use std::io::{BufReader, Read};

use flate2::bufread::ZlibDecoder;
use gix::ObjectId;

use crate::error::Cause;

/// From this size on it is tried.
pub(super) const LARGE: u64 = 32 << 20;

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
        let Ok(file) = File::open(place.join(folder).join(name)) else {
            continue;
        };
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
        return Ok(Some(Box::new(reader)));
    }
    Ok(None)
}
