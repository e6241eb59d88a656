//! The files of the store as a list: what a stream clone copies, and how much of each.
//!
//! Mercurial takes its lock while it looks at the sizes. We do not: while nobody else holds it, and the changelog is the
//! one of the snapshot before and after, the sizes on disk are right. Otherwise each index is read, and each file cut
//! behind the last revision that came with a changeset of the snapshot.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::source::BundleError;
use crate::error::Error;
use crate::files;
use crate::layout::Layout;
use crate::path::{HgPath, HgPathBuf};
use crate::revlog::Revlog;
use crate::snapshot::Snapshot;

/// A file to copy.
#[derive(Debug)]
pub(super) struct StoreFile {
    /// Its un-encoded name below the store, such as `data/README.i`.
    pub name: Vec<u8>,
    /// Where it is.
    pub place: PathBuf,
    /// How many of its bytes belong to the snapshot.
    pub size: u64,
    /// Device and number, to notice that it was replaced.
    pub identity: (u64, u64),
}

/// The revlogs of the store: files first, then manifests, and the changelog at last.
pub(super) fn list(snapshot: &Snapshot) -> Result<Vec<StoreFile>, BundleError> {
    let layout = &snapshot.store.layout;
    let quiet = is_quiet(snapshot)?;
    let mut names = names(layout)?;
    names.push(b"00manifest".to_vec());
    let mut found = Vec::new();
    for name in &names {
        let places = places(layout, name)?;
        if quiet {
            add(&mut found, name, b".i", &places.0, None)?;
            add(&mut found, name, b".d", &places.1, None)?;
        } else {
            let log = Revlog::open(places.clone(), snapshot.store.limits.max_text)?;
            let (index, data) = log.sizes(snapshot.len());
            add(&mut found, name, b".i", &places.0, Some(index))?;
            add(&mut found, name, b".d", &places.1, Some(data))?;
        }
    }
    if quiet && !is_quiet(snapshot)? {
        // Somebody came in between. What they added can be told apart by what it is linked to.
        return Err(BundleError::Rewritten);
    }
    let places = layout.fixed("00changelog");
    let (index, data) = snapshot.changelog.sizes(snapshot.len());
    add(&mut found, b"00changelog", b".i", &places.0, Some(index))?;
    add(&mut found, b"00changelog", b".d", &places.1, Some(data))?;
    Ok(found)
}

/// Whether no writer is at work, none has left something behind, and the changelog ends where the snapshot does.
fn is_quiet(snapshot: &Snapshot) -> Result<bool, Error> {
    let layout = &snapshot.store.layout;
    // A lock is a link to nowhere, so whether it leads to a file does not matter.
    let is_there = |name: &str| fs::symlink_metadata(layout.store.join(name)).is_ok();
    if is_there("lock") || is_there("journal") {
        return Ok(false);
    }
    let index = layout.fixed("00changelog").0;
    let size = match fs::metadata(&index) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(Error::io(&index, error)),
    };
    Ok(size == snapshot.changelog.sizes(snapshot.len()).0)
}

/// Adds a file with as many bytes as told, or all it has. One that is absent or empty is left out.
fn add(
    found: &mut Vec<StoreFile>,
    name: &[u8],
    extension: &[u8],
    place: &Path,
    size: Option<u64>,
) -> Result<(), Error> {
    if size == Some(0) {
        return Ok(());
    }
    let metadata = match fs::metadata(place) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io(place, error)),
    };
    let size = size.unwrap_or(metadata.len());
    if size > metadata.len() {
        return Err(Error::damaged(place, "it ends before its last revision"));
    }
    if size > 0 {
        found.push(StoreFile {
            name: [name, extension].concat(),
            place: place.to_owned(),
            size,
            identity: (metadata.dev(), metadata.ino()),
        });
    }
    Ok(())
}

fn places(layout: &Layout, name: &[u8]) -> Result<(PathBuf, PathBuf), Error> {
    let place = |extension: &[u8]| {
        let whole = [name, extension].concat();
        layout.place(HgPath::new(&whole))
    };
    Ok((place(b".i")?, place(b".d")?))
}

/// The names of all revlogs of files and directories, sorted, without extension. They come from the file `fncache`, one in
/// a line.
fn names(layout: &Layout) -> Result<Vec<Vec<u8>>, Error> {
    let place = layout.store.join("fncache");
    let content = files::read(&place)?.unwrap_or_default();
    Ok(listed_names(&content))
}

/// The names in the content of that file.
pub(crate) fn listed_names(content: &[u8]) -> Vec<Vec<u8>> {
    let mut names = BTreeSet::new();
    for line in content.split(|byte| *byte == b'\n') {
        let name = decode_directories(line);
        let stem = name
            .strip_suffix(b".i")
            .or_else(|| name.strip_suffix(b".d"))
            .filter(|stem| stem.starts_with(b"data/") || stem.starts_with(b"meta/"));
        if let Some(stem) = stem {
            names.insert(HgPathBuf::from(stem.to_vec()));
        }
    }
    names.into_iter().map(HgPathBuf::into_bytes).collect()
}

/// A directory `x.i` is called `x.i.hg` in the list.
fn decode_directories(name: &[u8]) -> Vec<u8> {
    let mut name = name.to_vec();
    for suffix in [&b".d"[..], b".i", b".hg"] {
        let long = [suffix, b".hg/"].concat();
        let mut out = Vec::with_capacity(name.len());
        let mut rest = &name[..];
        while let Some(found) = memchr::memmem::find(rest, &long) {
            out.extend_from_slice(&rest[..found + suffix.len()]);
            out.push(b'/');
            rest = &rest[found + long.len()..];
        }
        out.extend_from_slice(rest);
        name = out;
    }
    name
}

/// The reverse, for the old form of stream clones.
pub(super) fn encode_directories(name: &[u8]) -> Vec<u8> {
    crate::store_name::NameEncoding::NoStore.encode(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn directories_that_look_like_revlogs_are_renamed_back() {
        for (encoded, plain) in [
            ("data/a.i", "data/a.i"),
            ("data/dir.i.hg/f.i", "data/dir.i/f.i"),
            ("data/dir.d.hg/f.d.i", "data/dir.d/f.d.i"),
            ("data/dir.hg.hg/f.i", "data/dir.hg/f.i"),
            ("data/dir.i.hg.hg/g.i", "data/dir.i.hg/g.i"),
        ] {
            assert_eq!(decode_directories(encoded.as_bytes()), plain.as_bytes());
            assert_eq!(encode_directories(plain.as_bytes()), encoded.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn any_name_comes_back(parts in proptest::collection::vec(prop_oneof![Just(".i"), Just(".d"), Just(".hg"), Just("/"), Just("a")], 0..8)) {
            let name = parts.concat();
            prop_assert_eq!(decode_directories(&encode_directories(name.as_bytes())), name.as_bytes());
        }
    }
}
