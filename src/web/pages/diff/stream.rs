//! Pages that are sent while they are made.
//!
//! A diff may be long. Whatever stands above it goes out at once, then file after file; no more than one of them is held as text.

use std::io::{self, Cursor, Read};

use http::StatusCode;
use http::header::{CONTENT_LANGUAGE, HeaderValue, VARY};

use crate::i18n::Language;
use crate::problem::Problem;
use crate::response::Response;
use crate::template;

/// Stands in a page for what is drawn later. No text of a repository can hold it where a page shows it: a page has no NUL.
pub(in crate::pages) const PLACE: &str = "\0";

/// A page around pieces. One of no more than `patience` bytes is made before it goes out, what is longer while it is sent.
pub(in crate::pages) fn page(
    language: Language,
    html: &str,
    pieces: impl Iterator<Item = Result<String, Problem>> + Send + 'static,
    patience: usize,
) -> Result<Response, Problem> {
    let (head, tail) = html.split_once(PLACE).unwrap_or((html, ""));
    let mut head = head.to_owned();
    let mut pieces = pieces.fuse();
    if patience > 0 {
        let most = head.len().saturating_add(patience);
        while head.len() <= most {
            match pieces.next() {
                Some(piece) => head.push_str(&piece?),
                None => {
                    head.push_str(tail);
                    return Ok(template::answer(StatusCode::OK, language, head));
                }
            }
        }
    }
    let head = std::iter::once(Ok(head));
    let tail = std::iter::once(Ok(tail.to_owned()));
    let pieces = Pieces {
        begun: false,
        current: Cursor::new(Vec::new()),
        rest: Box::new(head.chain(pieces).chain(tail)),
    };
    let page = template::answer(StatusCode::OK, language, String::new());
    let mut response = Response::stream(
        HeaderValue::from_static("text/html; charset=utf-8"),
        Box::new(pieces),
    );
    for name in [CONTENT_LANGUAGE, VARY] {
        if let Some(value) = page.headers.get(&name) {
            response.headers.insert(name, value.clone());
        }
    }
    Ok(response)
}

struct Pieces {
    /// Whether the first of them has gone out.
    begun: bool,
    current: Cursor<Vec<u8>>,
    rest: Box<dyn Iterator<Item = Result<String, Problem>> + Send>,
}

impl Pieces {
    /// The bytes of the next piece; none when all have been sent.
    fn next(&mut self) -> Option<Vec<u8>> {
        Some(match self.rest.next()? {
            Ok(piece) => piece.into_bytes(),
            // The status has gone out already; the page at least says that something is missing.
            Err(problem) => {
                if let Problem::Internal(message) = &problem {
                    tracing::error!("{message}");
                }
                let words = problem.detail().unwrap_or(problem.sentence()).to_owned();
                let notice = format!(
                    "<div class=\"notice notice-error\" role=\"alert\"><p>{}</p></div>",
                    render::escape(&words)
                );
                notice.into_bytes()
            }
        })
    }
}

impl Read for Pieces {
    /// Gives what stands above the diff as soon as it is asked, then full blocks: each is a packet and a turn of the server.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            let count = self.current.read(&mut buf[filled..])?;
            filled += count;
            if count > 0 {
                continue;
            }
            if !self.begun && filled > 0 {
                self.begun = true;
                break;
            }
            let Some(piece) = self.next() else { break };
            self.current = Cursor::new(piece);
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::ENGLISH;

    fn read(mut response: Response) -> String {
        let mut out = Vec::new();
        let mut block = [0; 5];
        loop {
            match response.body.read_block(&mut block).unwrap() {
                0 => break,
                n => out.extend_from_slice(&block[..n]),
            }
        }
        String::from_utf8(out).unwrap()
    }

    fn pieces(broken: bool) -> impl Iterator<Item = Result<String, Problem>> + Send + 'static {
        (0..3).map(move |at| match at {
            1 if broken => Err(Problem::Unavailable("<gone>".into())),
            at => Ok(format!("{at},")),
        })
    }

    #[test]
    fn pieces_stand_at_their_place() {
        for patience in [usize::MAX, 7, 6, 5, 3, 1, 0] {
            let made = page(ENGLISH, "<a>\0<b>", pieces(false), patience).unwrap();
            let whole = matches!(made.body, crate::response::Body::Bytes(_));
            assert_eq!(whole, patience >= 6, "{patience}");
            assert_eq!(read(made), "<a>0,1,2,<b>");
        }
    }

    #[test]
    fn what_breaks_is_told() {
        assert!(page(ENGLISH, "<a>\0<b>", pieces(true), usize::MAX).is_err());
        let text = read(page(ENGLISH, "<a>\0<b>", pieces(true), 0).unwrap());
        assert!(
            text.contains("&lt;gone&gt;") && text.ends_with("2,<b>"),
            "{text}"
        );
    }
}
