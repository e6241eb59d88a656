//! What goes back to the server: status, headers and a body that may be a stream.

use std::fs::File;
use std::io::{self, Read};

use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::request::Peer;

/// One answer.
pub struct Response {
    /// Status line.
    pub status: StatusCode,
    /// Headers, complete but for what the server itself adds (`Date`, `Connection`).
    pub headers: HeaderMap,
    /// The bytes.
    pub body: Body,
}

/// The bytes of an answer. Dropping a body ends whatever produces it.
pub enum Body {
    /// No bytes.
    Empty,
    /// Bytes that are already there.
    Bytes(io::Cursor<Vec<u8>>),
    /// A part of an open file: everything from its current position, this many bytes.
    File(File, u64),
    /// Bytes made while they are sent. Dropping it ends the child process behind it.
    Stream(Box<dyn Read + Send>),
    /// Another body, and work that is done when the answer has gone out.
    Then(Box<Body>, After),
}

/// Work that nobody who waits for an answer should wait for. It is done when this is dropped, which a server does when
/// the last byte has gone out.
pub struct After(Option<Box<dyn FnOnce() + Send>>);

impl After {
    /// Work to be done later.
    pub fn new(work: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(work)))
    }
}

impl Drop for After {
    fn drop(&mut self) {
        if let Some(work) = self.0.take() {
            // A panic here must not take the server down: the answer is out already.
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            if done.is_err() {
                tracing::error!("work after an answer panicked");
            }
        }
    }
}

impl Body {
    /// Reads the next block into `buf`; 0 means the end.
    ///
    /// # Errors
    /// When the producer failed; the connection must then be cut, since the status is already out.
    pub fn read_block(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Empty => Ok(0),
            Self::Bytes(bytes) => bytes.read(buf),
            Self::File(file, left) => {
                let most = buf.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                let n = file.read(&mut buf[..most])?;
                *left -= n as u64;
                Ok(n)
            }
            Self::Stream(stream) => stream.read(buf),
            Self::Then(body, _) => body.read_block(buf),
        }
    }
}

impl Response {
    /// An answer without a body.
    #[must_use]
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Body::Empty,
        }
    }

    /// A page.
    #[must_use]
    pub fn html(status: StatusCode, html: String) -> Self {
        Self::bytes(status, "text/html; charset=utf-8", html.into_bytes()).private()
    }

    /// A short plain text.
    #[must_use]
    pub fn text(status: StatusCode, text: impl Into<String>) -> Self {
        Self::bytes(
            status,
            "text/plain; charset=utf-8",
            text.into().into_bytes(),
        )
        .private()
    }

    /// A JSON value; like the original, only ASCII goes out.
    #[must_use]
    pub fn json(value: &serde_json::Value) -> Self {
        let text = ascii_json(&value.to_string());
        Self::bytes(
            StatusCode::OK,
            "application/json; charset=utf-8",
            text.into_bytes(),
        )
        .private()
    }

    /// Bytes of a known type.
    #[must_use]
    pub fn bytes(status: StatusCode, content_type: &'static str, bytes: Vec<u8>) -> Self {
        let mut response = Self::empty(status);
        response
            .headers
            .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
            .headers
            .insert(CONTENT_LENGTH, HeaderValue::from(bytes.len() as u64));
        response.body = Body::Bytes(io::Cursor::new(bytes));
        response
    }

    /// Bytes made while they are sent.
    #[must_use]
    pub fn stream(content_type: HeaderValue, stream: Box<dyn Read + Send>) -> Self {
        let mut response = Self::empty(StatusCode::OK);
        response.headers.insert(CONTENT_TYPE, content_type);
        response.body = Body::Stream(stream);
        response.private()
    }

    /// Sends the client elsewhere; `url` must be made by [`crate::path`], never taken from the client.
    #[must_use]
    pub fn redirect(url: &str) -> Self {
        let mut response = Self::empty(StatusCode::FOUND);
        match HeaderValue::from_str(url) {
            Ok(value) => {
                response.headers.insert(LOCATION, value);
                response
                    .headers
                    .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
                response.private()
            }
            Err(_) => Self::text(
                StatusCode::BAD_REQUEST,
                "The address to go to is not valid.\n",
            ),
        }
    }

    /// Writes the address of a redirect out in full, as programs of old want it.
    pub(crate) fn lead_from(&mut self, peer: &Peer) {
        let Some(path) = self.headers.get(LOCATION).and_then(|url| url.to_str().ok()) else {
            return;
        };
        if !path.starts_with('/') || peer.host.is_empty() {
            return;
        }
        let url = format!("{}://{}{path}", peer.scheme, peer.host);
        if let Ok(url) = HeaderValue::try_from(url) {
            self.headers.insert(LOCATION, url);
        }
    }

    /// Adds or replaces a header whose value is known to be valid.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Whoever keeps this answer must ask again each time, and then the rights are looked at again. The very words of the
    /// original: what stands in front of it may have been told to look for them.
    #[must_use]
    pub(crate) fn private(self) -> Self {
        self.with(CACHE_CONTROL, HeaderValue::from_static("no-cache"))
            .with(http::header::PRAGMA, HeaderValue::from_static("no-cache"))
    }
}

/// JSON as the original writes it: everything beyond ASCII as `\uXXXX`.
fn ascii_json(json: &str) -> String {
    use std::fmt::Write;
    if json.is_ascii() {
        return json.to_owned();
    }
    let mut out = String::with_capacity(json.len() * 2);
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("writing to a String cannot fail");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_goes_out_as_ascii() {
        assert_eq!(ascii_json("\"Zoë 😀\""), r#""Zo\u00eb \ud83d\ude00""#);
    }

    #[test]
    fn bytes_come_out_block_by_block() {
        let mut body = Body::Bytes(io::Cursor::new(b"hello".to_vec()));
        let mut buf = [0; 3];
        assert_eq!(body.read_block(&mut buf).unwrap(), 3);
        assert_eq!(body.read_block(&mut buf).unwrap(), 2);
        assert_eq!(&buf[..2], b"lo");
        assert_eq!(body.read_block(&mut buf).unwrap(), 0);
    }
}
