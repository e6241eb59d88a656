//! Where a file lies inside a repository.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// A path inside a repository: components of bytes joined with `/`; empty for the root directory.
///
/// There is no leading or trailing slash, no NUL, and no component is empty, `.` or `..`, so joining a `RepoPath` to
/// something can never lead out of it. The bytes need not be UTF-8.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct RepoPath(Vec<u8>);

/// Bytes that are not a [`RepoPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} is not a path inside a repository: {why}")]
pub struct BadRepoPath {
    /// The bytes, made readable.
    pub path: String,
    /// Which rule they break.
    pub why: &'static str,
}

impl RepoPath {
    /// Checks the bytes of a path. Empty bytes are the root directory.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadRepoPath> {
        let bad = |why| BadRepoPath {
            path: String::from_utf8_lossy(bytes).into_owned(),
            why,
        };
        if bytes.is_empty() {
            return Ok(Self::root());
        }
        if memchr::memchr(0, bytes).is_some() {
            return Err(bad("it holds a NUL byte"));
        }
        for component in bytes.split(|&byte| byte == b'/') {
            match component {
                b"" => return Err(bad("a component is empty")),
                b"." | b".." => return Err(bad("a component is \".\" or \"..\"")),
                _ => {}
            }
        }
        Ok(RepoPath(bytes.to_vec()))
    }

    /// The top directory.
    pub const fn root() -> Self {
        RepoPath(Vec::new())
    }

    /// Whether this is the top directory.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path `name` (one or more components) below this one.
    pub fn join(&self, name: &[u8]) -> Result<Self, BadRepoPath> {
        let RepoPath(below) = Self::parse(name)?;
        Ok(match (self.is_root(), below.is_empty()) {
            (_, true) => self.clone(),
            (true, false) => RepoPath(below),
            (false, false) => RepoPath([&self.0[..], b"/", &below].concat()),
        })
    }

    /// The directory this path lies in; none for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let end = memchr::memrchr(b'/', &self.0).unwrap_or(0);
        Some(RepoPath(self.0[..end].to_vec()))
    }

    /// The last component; none for the root.
    pub fn file_name(&self) -> Option<&[u8]> {
        self.components().next_back()
    }

    /// The components from the top; none for the root.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0
            .split(|&byte| byte == b'/')
            .filter(|component| !component.is_empty())
    }

    /// Whether this path is `directory` itself or lies somewhere below it.
    pub fn is_within(&self, directory: &RepoPath) -> bool {
        directory.is_root()
            || self
                .0
                .strip_prefix(&directory.0[..])
                .is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
    }

    /// The bytes of the path.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as text: bytes that are not UTF-8 become U+FFFD. For people there is [`Display`](fmt::Display).
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

/// The path as people see it, see [`shown_name`].
impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown_name(&self.0))
    }
}

/// A name as people see it, in one line and in the order of its letters, whatever it is made of.
///
/// Control characters become their pictures (`␊`), bytes that are not UTF-8 U+FFFD, and what turns the direction of the letters around, with
/// which `exe.jpg` is made to look like a picture, its number (`⟨U+202E⟩`). Marks that right-to-left names need to be read stay.
pub fn shown_name(name: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(name);
    if !text.chars().any(is_misleading) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match char {
            '\0'..='\x1f' => out.extend(char::from_u32(0x2400 + u32::from(char))),
            '\x7f' => out.push('\u{2421}'),
            char if is_misleading(char) => {
                let _ = write!(out, "⟨U+{:04X}⟩", u32::from(char));
            }
            char => out.push(char),
        }
    }
    Cow::Owned(out)
}

/// What no name is shown with: control characters, ends of lines, and what embeds, isolates or overrides directions.
fn is_misleading(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn walking_up_and_down() {
        let file = path("src/vcs/lib.rs");
        assert_eq!(file.parent(), Some(path("src/vcs")));
        assert_eq!(file.file_name(), Some(&b"lib.rs"[..]));
        assert_eq!(path("src").parent(), Some(RepoPath::root()));
        assert_eq!(RepoPath::root().parent(), None);
        assert_eq!(RepoPath::root().file_name(), None);
        assert_eq!(
            RepoPath::root()
                .join(b"src")
                .unwrap()
                .join(b"vcs/lib.rs")
                .unwrap(),
            file
        );
        assert_eq!(file.join(b"").unwrap(), file);
    }

    #[test]
    fn names_are_shown_in_one_line_and_in_their_order() {
        for (name, shown) in [
            (&b"plain \xc3\xa9.txt"[..], "plain é.txt"),
            (b"new\nline\ttab\x1b[31m\x7f", "new␊line␉tab␛[31m␡"),
            (b"caf\xe9", "caf\u{fffd}"),
            ("\u{202e}gpj.exe".as_bytes(), "⟨U+202E⟩gpj.exe"),
            ("a\u{2028}b\u{85}".as_bytes(), "a⟨U+2028⟩b⟨U+0085⟩"),
            ("שלום\u{200f}.txt".as_bytes(), "שלום\u{200f}.txt"),
        ] {
            assert_eq!(shown_name(name), shown);
        }
        assert_eq!(path("a\nb/c").to_string(), "a␊b/c");
        assert_eq!(path("a\nb/c").to_string_lossy(), "a\nb/c");
    }

    #[test]
    fn within_respects_component_borders() {
        assert!(path("a/b").is_within(&path("a")));
        assert!(path("a").is_within(&path("a")));
        assert!(path("a").is_within(&RepoPath::root()));
        assert!(!path("ab").is_within(&path("a")));
    }

    #[test]
    fn ways_out_are_refused() {
        for bad in [
            "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a\0b", "/",
        ] {
            assert!(RepoPath::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(path("a").join(b"../b").is_err());
        assert!(
            RepoPath::parse(b"caf\xe9/...").is_ok(),
            "bytes and three dots are a name like any other"
        );
    }
}
