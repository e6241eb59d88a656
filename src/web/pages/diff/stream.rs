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

/// A page around pieces: made at once if `whole`, else while it is sent.
pub(in crate::pages) fn page(
    language: Language,
    html: &str,
    pieces: impl Iterator<Item = Result<String, Problem>> + Send + 'static,
    whole: bool,
) -> Result<Response, Problem> {
    let (head, tail) = html.split_once(PLACE).unwrap_or((html, ""));
    if whole {
        let mut out = head.to_owned();
        for piece in pieces {
            out.push_str(&piece?);
        }
        out.push_str(tail);
        return Ok(template::answer(StatusCode::OK, language, out));
    }
    let head = std::iter::once(Ok(head.to_owned()));
    let tail = std::iter::once(Ok(tail.to_owned()));
    let pieces = Pieces {
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
    current: Cursor<Vec<u8>>,
    rest: Box<dyn Iterator<Item = Result<String, Problem>> + Send>,
}

impl Read for Pieces {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.current.read(buf)?;
            if count > 0 || buf.is_empty() {
                return Ok(count);
            }
            match self.rest.next() {
                None => return Ok(0),
                Some(Ok(piece)) => self.current = Cursor::new(piece.into_bytes()),
                // The status has gone out already; the page at least says that something is missing.
                Some(Err(problem)) => {
                    if let Problem::Internal(message) = &problem {
                        tracing::error!("{message}");
                    }
                    let words = problem.detail().unwrap_or(problem.sentence()).to_owned();
                    let notice = format!(
                        "<div class=\"notice notice-error\" role=\"alert\"><p>{}</p></div>",
                        render::escape(&words)
                    );
                    self.current = Cursor::new(notice.into_bytes());
                }
            }
        }
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
        for whole in [true, false] {
            assert_eq!(
                read(page(ENGLISH, "<a>\0<b>", pieces(false), whole).unwrap()),
                "<a>0,1,2,<b>"
            );
        }
    }

    #[test]
    fn what_breaks_is_told() {
        assert!(page(ENGLISH, "<a>\0<b>", pieces(true), true).is_err());
        let text = read(page(ENGLISH, "<a>\0<b>", pieces(true), false).unwrap());
        assert!(
            text.contains("&lt;gone&gt;") && text.ends_with("2,<b>"),
            "{text}"
        );
    }
}
