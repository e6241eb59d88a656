//! Words that people wrote: user names, descriptions, names of branches, tags and bookmarks.

use std::borrow::Cow;
use std::fmt;

/// Bytes that ought to be UTF-8.
///
/// Repositories from before 2007 and badly converted ones hold other bytes; like Mercurial we read these as
/// Latin-1, so that reading never fails. The bytes are kept for links and for comparing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(Vec<u8>);

impl Text {
    /// The bytes as they are stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The words: UTF-8 if the bytes are, else each byte as one Latin-1 character.
    pub fn to_str(&self) -> Cow<'_, str> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(self.0.iter().map(|&byte| char::from(byte)).collect()),
        }
    }

    /// True when there is no byte at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Text {
        Text(bytes.to_vec())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(text.as_bytes().to_vec())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.to_str() == *other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_str().fmt(f)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_utf8_are_latin1() {
        assert_eq!(Text::from("Üser").to_str(), "Üser");
        assert_eq!(Text::from(&b"\xdcser"[..]).to_str(), "Üser");
        assert_eq!(
            Text::from(&b"\xdcser"[..]),
            "Üser",
            "words are compared as they are shown"
        );
        assert_eq!(Text::from(&b"\xdcser"[..]).as_bytes(), b"\xdcser");
    }
}
