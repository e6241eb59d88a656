//! What a server hands us: one request, already taken out of WSGI's or C's clothes.

use std::io::{self, Read};

use http::{HeaderMap, Method};

use crate::path::RequestPath;

/// One HTTP request. Built by a binding, consumed by [`crate::Site::handle`].
pub struct Request {
    /// The method as sent; which of them are allowed is the router's decision.
    pub method: Method,
    /// The path below [`Peer::script_name`], as raw bytes, decoded exactly once.
    pub path: RequestPath,
    /// The path as it was asked for, where `path` has been turned into the one it stands for (`/_23` for the repository
    /// with the id 23). Whoever may not see the repository must not learn its name, so messages show this one.
    pub asked: Option<RequestPath>,
    /// The query string without `?`, still encoded.
    pub query: String,
    /// The request's headers. Values may hold any byte that HTTP allows.
    pub headers: HeaderMap,
    /// Who speaks to us and under which address we were called.
    pub peer: Peer,
    /// The body, read at most once and never held in memory as a whole.
    pub body: Body,
}

impl Request {
    /// The path that people have typed.
    #[must_use]
    pub fn asked_path(&self) -> &RequestPath {
        self.asked.as_ref().unwrap_or(&self.path)
    }
}

/// The connection's facts, as told by the server that loaded us.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    /// The client's address in text form, or empty when the server does not know it.
    pub remote_addr: String,
    /// `http` or `https`.
    pub scheme: String,
    /// `host[:port]` the client asked for.
    pub host: String,
    /// Mount point: empty, or starting with `/` and without a slash at its end. Percent-encoded.
    pub script_name: String,
    /// Whether request headers may name the user: the sender is a proxy that sets or clears them.
    pub may_sign_in: bool,
    /// The variables of the server that are no headers of the request: `REMOTE_USER`, `SSL_CLIENT_S_DN_CN`.
    pub variables: Vec<crate::cgi::Variable>,
}

/// The body of a request: a stream with the length that was announced.
pub struct Body {
    reader: Box<dyn Read + Send>,
    length: Option<u64>,
}

impl Body {
    /// A body without content.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            reader: Box::new(io::empty()),
            length: Some(0),
        }
    }

    /// A body of exactly `length` bytes, or of unknown length (chunked) when `None`.
    ///
    /// A stream that ends before `length` bytes is an error of kind `UnexpectedEof`;
    /// what follows after `length` bytes is never read.
    #[must_use]
    pub fn new(reader: Box<dyn Read + Send>, length: Option<u64>) -> Self {
        let reader = match length {
            Some(length) => Box::new(Exact {
                inner: reader,
                left: length,
            }),
            None => reader,
        };
        Self { reader, length }
    }

    /// The announced length, when there was one.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Reads everything, but at most `limit` bytes.
    ///
    /// # Errors
    /// [`TooLong`](BodyError::TooLong) beyond the limit, [`Io`](BodyError::Io) when the client hung up.
    pub fn read_all(&mut self, limit: u64) -> Result<Vec<u8>, BodyError> {
        if self.length.is_some_and(|length| length > limit) {
            return Err(BodyError::TooLong { limit });
        }
        let mut bytes = Vec::new();
        self.reader
            .by_ref()
            .take(limit + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(BodyError::TooLong { limit });
        }
        Ok(bytes)
    }
}

impl Read for Body {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buf)
    }
}

/// Why a body could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// More than the caller is ready to hold in memory.
    #[error("the request body is longer than {limit} bytes")]
    TooLong {
        /// The most bytes the caller accepts.
        limit: u64,
    },
    /// The connection broke, or the body ended before its announced length.
    #[error("reading the request body: {0}")]
    Io(#[from] io::Error),
}

/// Reads exactly the announced number of bytes and notices when they do not come.
struct Exact {
    inner: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Exact {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buf.is_empty() {
            return Ok(0);
        }
        let most = buf
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let got = self.inner.read(&mut buf[..most])?;
        if got == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!(
                    "the request body ended {} bytes before its Content-Length",
                    self.left
                ),
            ));
        }
        self.left -= got as u64;
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_body_is_an_error_and_not_an_end() {
        let mut body = Body::new(Box::new(&b"abc"[..]), Some(5));
        let error = body.read_all(100).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("2 bytes before its Content-Length"),
            "{error}"
        );
    }

    #[test]
    fn what_follows_the_announced_length_is_not_read() {
        let mut body = Body::new(Box::new(&b"abcdef"[..]), Some(3));
        assert_eq!(body.read_all(100).unwrap(), b"abc");
    }

    #[test]
    fn a_limit_holds_with_and_without_an_announced_length() {
        for length in [Some(6), None] {
            let mut body = Body::new(Box::new(&b"abcdef"[..]), length);
            assert!(matches!(
                body.read_all(5),
                Err(BodyError::TooLong { limit: 5 })
            ));
        }
    }
}
