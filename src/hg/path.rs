//! File names in a repository: bytes, separated by slashes, relative to its root.
//!
//! Mercurial gives names no encoding, so neither do we. Names come from whoever could push; see
//! [`HgPath::is_safe`] for the check that stands before any of them touches the file system.

use std::borrow::Borrow;
use std::fmt;

/// A borrowed file or directory name. The root directory is the empty name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HgPath<'a>(&'a [u8]);

/// An owned file or directory name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HgPathBuf(Vec<u8>);

impl<'a> HgPath<'a> {
    /// The root directory.
    pub const ROOT: HgPath<'static> = HgPath(b"");

    /// Takes the bytes as they are; a name that no manifest holds is simply never found.
    pub fn new(bytes: &'a (impl AsRef<[u8]> + ?Sized)) -> HgPath<'a> {
        HgPath(bytes.as_ref())
    }

    /// The bytes.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// True for the root directory.
    pub const fn is_root(self) -> bool {
        self.0.is_empty()
    }

    /// An owned copy.
    pub fn to_buf(self) -> HgPathBuf {
        HgPathBuf(self.0.to_vec())
    }

    /// The part after the last slash.
    pub fn file_name(self) -> &'a [u8] {
        match memchr::memrchr(b'/', self.0) {
            Some(slash) => &self.0[slash + 1..],
            None => self.0,
        }
    }

    /// The directory that holds this name; `None` for the root.
    pub fn parent(self) -> Option<HgPath<'a>> {
        if self.is_root() {
            return None;
        }
        Some(HgPath(
            memchr::memrchr(b'/', self.0).map_or(b"", |slash| &self.0[..slash]),
        ))
    }

    /// The name below this directory, or `None` when it lies elsewhere.
    ///
    /// `dir/sub/file` below `dir` is `sub/file`; everything lies below the root.
    pub fn strip_dir(self, directory: HgPath<'_>) -> Option<HgPath<'a>> {
        if directory.is_root() {
            return Some(self);
        }
        let rest = self.0.strip_prefix(directory.0)?;
        rest.strip_prefix(b"/").map(HgPath)
    }

    /// This directory's name joined with a name below it.
    pub fn join(self, name: &[u8]) -> HgPathBuf {
        let mut joined = self.0.to_vec();
        if !joined.is_empty() {
            joined.push(b'/');
        }
        joined.extend_from_slice(name);
        HgPathBuf(joined)
    }

    /// Whether the name is one Mercurial itself would store: no empty, `.` or `..` part, no NUL, LF or CR.
    ///
    /// A manifest made by hand can hold `../../etc/passwd`; only the longest of the five store encodings would
    /// defuse that, so nothing is opened for a name that fails here.
    pub fn is_safe(self) -> bool {
        !self.0.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r'))
            && self
                .0
                .split(|&byte| byte == b'/')
                .all(|part| !matches!(part, b"" | b"." | b".."))
    }
}

impl fmt::Display for HgPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        String::from_utf8_lossy(self.0).fmt(f)
    }
}

impl fmt::Debug for HgPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&String::from_utf8_lossy(self.0), f)
    }
}

impl HgPathBuf {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The borrowed form.
    pub fn as_path(&self) -> HgPath<'_> {
        HgPath(&self.0)
    }

    /// The bytes, owned.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl From<Vec<u8>> for HgPathBuf {
    fn from(bytes: Vec<u8>) -> HgPathBuf {
        HgPathBuf(bytes)
    }
}

impl From<&str> for HgPathBuf {
    fn from(text: &str) -> HgPathBuf {
        HgPathBuf(text.as_bytes().to_vec())
    }
}

impl AsRef<[u8]> for HgPathBuf {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<[u8]> for HgPathBuf {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for HgPathBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_path().fmt(f)
    }
}

impl fmt::Debug for HgPathBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_path(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_name() {
        let path = HgPath::new("dir/sub/file");
        assert_eq!(path.file_name(), b"file");
        assert_eq!(path.parent(), Some(HgPath::new("dir/sub")));
        assert_eq!(HgPath::new("top").parent(), Some(HgPath::ROOT));
        assert_eq!(HgPath::ROOT.parent(), None);
        assert_eq!(
            path.strip_dir(HgPath::new("dir")),
            Some(HgPath::new("sub/file"))
        );
        assert_eq!(path.strip_dir(HgPath::new("di")), None);
        assert_eq!(path.strip_dir(HgPath::ROOT), Some(path));
        assert_eq!(HgPath::ROOT.join(b"a").as_path(), HgPath::new("a"));
        assert_eq!(HgPath::new("a").join(b"b").as_path(), HgPath::new("a/b"));
    }

    #[test]
    fn a_name_that_would_leave_the_store_is_not_safe() {
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a/./b",
            "a//b",
            "a/",
            "a\0b",
            "a\nb",
            "a\rb",
        ] {
            assert!(!HgPath::new(bad).is_safe(), "{bad:?}");
        }
        for good in ["a", "a/b", "...", "a/.b", "a b", "\\", "caf\u{e9}"] {
            assert!(HgPath::new(good).is_safe(), "{good:?}");
        }
    }
}
