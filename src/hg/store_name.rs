//! How a tracked file's name becomes the name of its revlog.
//!
//! The store must survive file systems that ignore case, refuse `aux` or a trailing dot, or limit the length of a path;
//! so names are escaped, and long ones replaced by a digest. The `.i` and the `.d` file of a revlog are encoded each by itself:
//! in the digest form they share nothing but the directory.

use sha1::{Digest, Sha1};

use crate::requirements::Requirements;

/// The five ways names have been encoded since 2005.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameEncoding {
    /// Before `store`: only directories that look like revlogs are renamed.
    NoStore,
    /// `store` alone: upper case and special bytes escaped, any length.
    Store,
    /// `fncache`: also reserved names, and digests for long names.
    Fncache,
    /// `dotencode`: also a leading dot or space.
    Dotencode,
    /// An experiment that only keeps directories and files apart.
    Plain,
}

/// The longest encoded name; longer ones get a digest.
const MAX_LEN: usize = 120;
/// How much of each directory the digest form keeps, and of all of them joined.
const DIR_LEN: usize = 8;
const DIRS_LEN: usize = 68;

impl NameEncoding {
    #[cfg(any(test, feature = "fuzzing"))]
    pub const ALL: [NameEncoding; 5] = [
        NameEncoding::NoStore,
        NameEncoding::Store,
        NameEncoding::Fncache,
        NameEncoding::Dotencode,
        NameEncoding::Plain,
    ];

    /// The encoding these requirements ask for.
    pub fn of(requirements: &Requirements) -> NameEncoding {
        if requirements.has("exp-very-fragile-and-unsafe-plain-store-encoding") {
            NameEncoding::Plain
        } else if requirements.has("fileindex-v1") {
            // It replaces both of the following and is written without them.
            NameEncoding::Dotencode
        } else if requirements.has("fncache") {
            if requirements.has("dotencode") {
                NameEncoding::Dotencode
            } else {
                NameEncoding::Fncache
            }
        } else if requirements.has("store") || requirements.has("share-safe") {
            NameEncoding::Store
        } else {
            NameEncoding::NoStore
        }
    }

    /// Encodes a store path such as `data/README.i` or `meta/dir/00manifest.i`.
    pub fn encode(self, path: &[u8]) -> Vec<u8> {
        match self {
            NameEncoding::Plain => plain(path),
            NameEncoding::NoStore => rename_dirs(path),
            NameEncoding::Store => escape(&rename_dirs(path), Case::Underscore),
            NameEncoding::Fncache => bounded(path, false),
            NameEncoding::Dotencode => bounded(path, true),
        }
    }
}

/// `data/a/b.i` becomes `data/a_/b.i`.
fn plain(path: &[u8]) -> Vec<u8> {
    let start = memchr::memchr(b'/', path).map_or(0, |slash| slash + 1);
    let mut out = path[..start].to_vec();
    for &byte in &path[start..] {
        if byte == b'/' {
            out.push(b'_');
        }
        out.push(byte);
    }
    out
}

/// Keeps a directory `x.i` apart from the revlog of a file `x`.
fn rename_dirs(path: &[u8]) -> Vec<u8> {
    let mut path = path.to_vec();
    for suffix in [b".hg/", b".i/" as &[u8], b".d/"] {
        let with_hg = [&suffix[..suffix.len() - 1], b".hg/"].concat();
        let mut out = Vec::with_capacity(path.len());
        let mut rest = &path[..];
        while let Some(found) = memchr::memmem::find(rest, suffix) {
            out.extend_from_slice(&rest[..found]);
            out.extend_from_slice(&with_hg);
            rest = &rest[found + suffix.len()..];
        }
        out.extend_from_slice(rest);
        path = out;
    }
    path
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    /// `A` is `_a`, `_` is `__`.
    Underscore,
    /// `A` is `a`, as the digest keeps names apart.
    Lower,
}

fn escape(path: &[u8], case: Case) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len() + 16);
    for &byte in path {
        match byte {
            b'A'..=b'Z' => {
                if case == Case::Underscore {
                    out.push(b'_');
                }
                out.push(byte.to_ascii_lowercase());
            }
            b'_' if case == Case::Underscore => out.extend(b"__"),
            0..=0x1f | 0x7e..=0xff | b'\\' | b':' | b'*' | b'?' | b'"' | b'<' | b'>' | b'|' => {
                push_hex(&mut out, byte)
            }
            _ => out.push(byte),
        }
    }
    out
}

fn push_hex(out: &mut Vec<u8>, byte: u8) {
    out.extend(format!("~{byte:02x}").into_bytes());
}

/// Escapes what Windows reserves: device names, leading (with `dots`) and trailing dots and spaces.
fn escape_reserved(component: &[u8], dots: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(component.len() + 4);
    match component.first() {
        Some(&first @ (b'.' | b' ')) if dots => {
            push_hex(&mut out, first);
            out.extend_from_slice(&component[1..]);
        }
        _ => {
            let stem = component
                .split(|&byte| byte == b'.')
                .next()
                .unwrap_or_default();
            if is_device(stem) {
                out.extend_from_slice(&component[..2]);
                push_hex(&mut out, component[2]);
                out.extend_from_slice(&component[3..]);
            } else {
                out.extend_from_slice(component);
            }
        }
    }
    if let Some(&last @ (b'.' | b' ')) = out.last() {
        out.pop();
        push_hex(&mut out, last);
    }
    out
}

fn is_device(stem: &[u8]) -> bool {
    matches!(
        stem,
        b"con"
            | b"prn"
            | b"aux"
            | b"nul"
            | [b'c', b'o', b'm', b'1'..=b'9']
            | [b'l', b'p', b't', b'1'..=b'9']
    )
}

fn bounded(path: &[u8], dots: bool) -> Vec<u8> {
    let path = rename_dirs(path);
    if path.len() <= MAX_LEN {
        let escaped = escape(&path, Case::Underscore);
        let parts: Vec<Vec<u8>> = escaped
            .split(|&byte| byte == b'/')
            .map(|part| escape_reserved(part, dots))
            .collect();
        let encoded = parts.join(&b'/');
        if encoded.len() <= MAX_LEN {
            return encoded;
        }
    }
    digest_form(&path, dots)
}

fn digest_form(path: &[u8], dots: bool) -> Vec<u8> {
    let digest = Sha1::digest(path);
    let lowered = escape(path.get(5..).unwrap_or_default(), Case::Lower);
    let parts: Vec<Vec<u8>> = lowered
        .split(|&byte| byte == b'/')
        .map(|part| escape_reserved(part, dots))
        .collect();
    let (name, dirs) = match parts.split_last() {
        Some((name, dirs)) => (name.as_slice(), dirs),
        None => (&b""[..], &[][..]),
    };
    let mut kept: Vec<u8> = Vec::new();
    for dir in dirs {
        let mut cut = dir[..dir.len().min(DIR_LEN)].to_vec();
        if let Some(last @ (b'.' | b' ')) = cut.last_mut() {
            *last = b'_';
        }
        let separator = usize::from(!kept.is_empty());
        if kept.len() + separator + cut.len() > DIRS_LEN {
            break;
        }
        if separator == 1 {
            kept.push(b'/');
        }
        kept.extend(cut);
    }
    let mut out = b"dh/".to_vec();
    out.extend(&kept);
    if !kept.is_empty() {
        out.push(b'/');
    }
    let extension = memchr::memrchr(b'.', name).map_or(&b""[..], |dot| &name[dot..]);
    let room = MAX_LEN.saturating_sub(out.len() + 40 + extension.len());
    out.extend_from_slice(&name[..name.len().min(room)]);
    for byte in digest {
        out.extend(format!("{byte:02x}").into_bytes());
    }
    out.extend_from_slice(extension);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bytes stand as Latin-1 characters in the list.
    fn bytes(value: &serde_json::Value) -> Vec<u8> {
        value
            .as_str()
            .unwrap()
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap())
            .collect()
    }

    /// The list was read from repositories that real Mercurial made in all five encodings.
    #[test]
    fn names_are_where_mercurial_puts_them() {
        let list: serde_json::Value =
            serde_json::from_str(include_str!("fixtures/store-names.json")).unwrap();
        let list = list["vectors"].as_array().unwrap();
        assert_eq!(list.len(), 43);
        for vector in list {
            let path = [b"data/", &bytes(&vector["path"])[..], b".i"].concat();
            for (key, encoding) in [
                ("dotencode", NameEncoding::Dotencode),
                ("fncache", NameEncoding::Fncache),
                ("store", NameEncoding::Store),
                ("nostore", NameEncoding::NoStore),
                ("plain", NameEncoding::Plain),
            ] {
                let (want, got) = (bytes(&vector[key]), encoding.encode(&path));
                assert_eq!(
                    String::from_utf8_lossy(&got),
                    String::from_utf8_lossy(&want),
                    "{key}"
                );
            }
        }
    }

    #[test]
    fn index_and_data_file_have_different_digests() {
        let name = "q".repeat(130);
        let index = NameEncoding::Dotencode.encode(format!("data/{name}.i").as_bytes());
        let data = NameEncoding::Dotencode.encode(format!("data/{name}.d").as_bytes());
        assert_eq!(index.len(), 120);
        assert_ne!(index[..118], data[..118]);
    }

    proptest! {
        #[test]
        fn any_name_stays_within_the_limit(name in proptest::collection::vec(any::<u8>(), 0..200)) {
            for start in [&b"data/"[..], b"meta/", b""] {
                let path = [start, &name, b".i"].concat();
                for encoding in [NameEncoding::Dotencode, NameEncoding::Fncache] {
                    prop_assert!(encoding.encode(&path).len() <= MAX_LEN);
                }
                for encoding in [NameEncoding::Store, NameEncoding::NoStore, NameEncoding::Plain] {
                    prop_assert!(encoding.encode(&path).len() >= path.len());
                }
            }
        }
    }
}
