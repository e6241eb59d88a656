//! Paths and URLs: decoded once on the way in, encoded once on the way out.
//!
//! A path is bytes, because names inside a repository are bytes. Routing works on its canonical
//! percent-encoded form (everything but unreserved characters and `/` encoded), which is plain ASCII.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// All but `A-Za-z0-9-._~` and `/`, as Kallithea writes its URLs.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The path of a request in canonical percent-encoded form, beginning with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPath(String);

/// Why a path is refused before anybody looks at it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadPath {
    /// Does not begin with a slash.
    #[error("the path does not begin with a slash")]
    NotAbsolute,
    /// A zero byte, which no name holds and programs end names at.
    #[error("the path holds a zero byte")]
    Zero,
    /// `.` or `..` as a component: a client resolves those itself, so whoever sends them tries something.
    #[error("the path holds a component '.' or '..'")]
    Dots,
}

impl RequestPath {
    /// Takes a decoded path, as WSGI's `PATH_INFO` carries it.
    ///
    /// # Errors
    /// [`BadPath`] for zero bytes and dot components. An empty path is the root. Other control characters are part of names
    /// like any other byte; they stand nowhere but in the encoded form.
    pub fn from_bytes(path: &[u8]) -> Result<Self, BadPath> {
        if path.is_empty() {
            return Ok(Self("/".to_owned()));
        }
        if path[0] != b'/' {
            return Err(BadPath::NotAbsolute);
        }
        if memchr::memchr(0, path).is_some() {
            return Err(BadPath::Zero);
        }
        if path
            .split(|&b| b == b'/')
            .any(|part| part == b"." || part == b"..")
        {
            return Err(BadPath::Dots);
        }
        Ok(Self(percent_encode(path, PATH).to_string()))
    }

    /// The canonical encoded form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The components without empty ones, still encoded.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// The same path with other components in front.
    #[must_use]
    pub(crate) fn replace_first_segment(&self, name: &str) -> Self {
        let rest = self.0[1..].split_once('/').map(|(_, rest)| rest);
        let mut path = format!("/{}", encode(name.as_bytes()));
        if let Some(rest) = rest {
            path.push('/');
            path.push_str(rest);
        }
        Self(path)
    }
}

/// Percent-encodes a path or one component of it; slashes stay.
#[must_use]
pub fn encode(path: &[u8]) -> String {
    percent_encode(path, PATH).to_string()
}

/// Decodes a captured part of a canonical path into bytes.
#[must_use]
pub fn decode(encoded: &str) -> Vec<u8> {
    percent_decode_str(encoded).collect()
}

/// Decodes a captured part that must be text.
#[must_use]
pub fn decode_text(encoded: &str) -> Option<String> {
    String::from_utf8(decode(encoded)).ok()
}

/// The first value of a name in a query string, as the bytes it stands for: a path need not be text.
#[must_use]
pub fn query_bytes(query: &str, name: &str) -> Option<Vec<u8>> {
    let decode = |text: &str| -> Vec<u8> {
        let blanks: Vec<u8> = text
            .bytes()
            .map(|b| if b == b'+' { b' ' } else { b })
            .collect();
        percent_encoding::percent_decode(&blanks).collect()
    };
    query.split('&').find_map(|pair| {
        let (found, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(found) == name.as_bytes()).then(|| decode(value))
    })
}

/// Builds a URL below the mount point: `Url::to(prefix).path(..).query(..)`.
#[derive(Debug, Clone)]
pub struct Url(String);

impl Url {
    /// Starts at the mount point (`SCRIPT_NAME`, already encoded).
    #[must_use]
    pub fn below(script_name: &str) -> Self {
        Self(script_name.to_owned())
    }

    /// Appends `/` and the encoded path; empty parts are left out.
    #[must_use]
    pub fn join(mut self, path: impl AsRef<[u8]>) -> Self {
        if !path.as_ref().is_empty() {
            write!(self.0, "/{}", percent_encode(path.as_ref(), PATH))
                .expect("writing to a String cannot fail");
        }
        self
    }

    /// Appends `name=value` to the query in form encoding.
    #[must_use]
    pub fn query(self, name: &str, value: &str) -> Self {
        self.query_bytes(name, value.as_bytes())
    }

    /// The same with a value that may be any bytes, as paths are.
    #[must_use]
    pub fn query_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.0.push(if self.0.contains('?') { '&' } else { '?' });
        self.0
            .extend(form_urlencoded::byte_serialize(name.as_bytes()));
        self.0.push('=');
        // Forms leave the star as it is; addresses made by the original never hold one.
        for piece in form_urlencoded::byte_serialize(value) {
            self.0.push_str(&piece.replace('*', "%2A"));
        }
        self
    }
}

impl From<Url> for String {
    fn from(url: Url) -> Self {
        if url.0.is_empty() {
            "/".to_owned()
        } else {
            url.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_any_kind_survive_a_round_trip() {
        let path = RequestPath::from_bytes(b"/a b/\xe9?#%2F").unwrap();
        assert_eq!(path.as_str(), "/a%20b/%E9%3F%23%252F");
        assert_eq!(decode(path.as_str()), b"/a b/\xe9?#%2F");
    }

    #[test]
    fn control_characters_are_bytes_of_names() {
        let path = RequestPath::from_bytes(b"/a\nb\x1b\x7f\t").unwrap();
        assert_eq!(path.as_str(), "/a%0Ab%1B%7F%09");
    }

    #[test]
    fn dots_and_zero_bytes_are_refused() {
        for (path, why) in [
            (&b"/a/../b"[..], BadPath::Dots),
            (b"/..", BadPath::Dots),
            (b"/a/./b", BadPath::Dots),
            (b"/a\0b", BadPath::Zero),
            (b"a", BadPath::NotAbsolute),
        ] {
            assert_eq!(RequestPath::from_bytes(path).unwrap_err(), why, "{path:?}");
        }
        assert!(RequestPath::from_bytes(b"/a..b/...").is_ok());
    }

    #[test]
    fn bytes_come_back_out_of_a_query() {
        let url: String = Url::below("")
            .query("a b", "x")
            .query_bytes("path", b"caf\xe9/ +&=\n")
            .into();
        assert_eq!(url, "?a+b=x&path=caf%E9%2F+%2B%26%3D%0A");
        assert_eq!(query_bytes(&url[1..], "path").unwrap(), b"caf\xe9/ +&=\n");
        assert_eq!(query_bytes(&url[1..], "a b").unwrap(), b"x");
        assert_eq!(query_bytes("path", "path").unwrap(), b"");
        assert_eq!(query_bytes("x=1", "path"), None);
    }

    #[test]
    fn urls_are_encoded_as_the_original_does() {
        let url: String = Url::below("/hg")
            .join("grp/my repo")
            .join("files")
            .query("at", "a/b c")
            .into();
        assert_eq!(url, "/hg/grp/my%20repo/files?at=a%2Fb+c");
    }

    #[test]
    fn a_permanent_url_gets_the_name_in_place_of_the_id() {
        let path = RequestPath::from_bytes(b"/_23/files/tip/").unwrap();
        assert_eq!(
            path.replace_first_segment("grp/repo").as_str(),
            "/grp/repo/files/tip/"
        );
        assert_eq!(
            RequestPath::from_bytes(b"/_23")
                .unwrap()
                .replace_first_segment("r")
                .as_str(),
            "/r"
        );
    }
}
