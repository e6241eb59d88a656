//! Pages with the lines of a file: the rows are made while they go out, so that a long file costs no memory and its first
//! lines come at once.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use http::StatusCode;
use http::header::{ETAG, HeaderValue};
use vcs::{Cache, CacheKey, CacheWriter, CachedFile, ContentId};

use crate::conditional;
use crate::edition::edition;
use crate::problem::Problem;
use crate::response::Response;

/// Where the rows go in what the template makes. Nothing from outside can look like it: it would be escaped.
pub(super) const MARK: &str = "<!--rows-->";

/// More lines are not drawn.
const MOST_LINES: usize = 200_000;
/// Rows are made in pieces of about this size.
const PIECE: usize = 32 << 10;
/// What is shorter goes out as a whole, with its length.
const SHORT: usize = 96 << 10;
/// The same where lines are slow to come: nobody waits for more than the first screens of them.
const FIRST: usize = 24 << 10;

/// The lines of a text as HTML, one after the other.
pub(super) struct Lines {
    text: String,
    at: usize,
    how: How,
}

enum How {
    Painted(render::highlight::Painter<'static>),
    /// By a grammar; kept for the next reader when the last line has been made.
    Kept(render::highlight::Painter<'static>, CacheWriter),
    /// Highlighted before, by us or by another worker.
    Known(BufReader<CachedFile>),
    /// What was known ended before the text.
    Plain,
}

/// A line that is shown.
pub(super) struct Line {
    pub html: String,
    /// Bytes that are not shown.
    pub hidden: usize,
}

impl Lines {
    /// The lines of the text of a file. What a grammar has to look at is kept under the id of the content.
    pub fn new(cache: &Cache, name: &str, content: Option<ContentId>, text: String) -> Self {
        let first = text.lines().next().unwrap_or_default();
        let highlighter = render::highlight::shared();
        let painter = highlighter.painter(name, first, text.len());
        let how = match content.filter(|_| painter.is_dear()) {
            None => How::Painted(painter),
            Some(id) => {
                let parts = [id.as_bytes(), name.as_bytes()];
                let key = CacheKey::new("highlight", edition(), &parts);
                match cache.open(&key) {
                    Some(known) => How::Known(BufReader::with_capacity(PIECE, known)),
                    None => How::Kept(painter, cache.writer(&key)),
                }
            }
        };
        Self { text, at: 0, how }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.text.split_inclusive('\n').count()
    }

    /// Whether each line takes its time.
    fn is_slow(&self) -> bool {
        match &self.how {
            How::Painted(painter) | How::Kept(painter, _) => painter.is_dear(),
            How::Known(_) | How::Plain => false,
        }
    }

    /// The next one.
    pub fn next(&mut self) -> io::Result<Option<Line>> {
        let rest = &self.text[self.at..];
        let Some(line) = rest.split_inclusive('\n').next() else {
            if let How::Kept(painter, writer) = std::mem::replace(&mut self.how, How::Plain)
                && !painter.is_lost()
            {
                writer.finish();
            }
            return Ok(None);
        };
        self.at += line.len();
        let (shown, hidden) = render::source::shown(line);
        let html = match &mut self.how {
            How::Painted(painter) => Some(painter.line(shown)),
            How::Kept(painter, writer) => {
                let html = painter.line(shown);
                writer.take(html.as_bytes());
                writer.take(b"\n");
                Some(html)
            }
            How::Plain => None,
            How::Known(known) => {
                let mut html = String::new();
                match known.read_line(&mut html)? {
                    0 => None,
                    _ => {
                        html.truncate(html.trim_end_matches('\n').len());
                        Some(html)
                    }
                }
            }
        };
        let html = html.unwrap_or_else(|| {
            self.how = How::Plain;
            render::escape(shown).into_owned()
        });
        Ok(Some(Line { html, hidden }))
    }
}

/// The page whose template has left room for rows at [`MARK`]. `name` names the rows: what has the same name and stands in the same
/// page has the same rows.
pub(super) fn page(
    html: &str,
    name: &[u8],
    lines: Lines,
    draw: impl FnMut(&mut String, usize, &Line) + Send + 'static,
) -> Result<Response, Problem> {
    let (head, tail) = html
        .split_once(MARK)
        .ok_or_else(|| Problem::Internal("the template has no place for rows".into()))?;
    let tag = conditional::tag(&[
        b"rows",
        &edition().to_be_bytes(),
        head.as_bytes(),
        tail.as_bytes(),
        name,
    ]);
    let mut rows = Rows {
        lines,
        draw,
        number: 0,
        piece: head.to_owned(),
        at: 0,
        done: false,
    };
    let first = match rows.lines.is_slow() {
        true => rows.piece.len() + FIRST,
        false => SHORT,
    };
    rows.fill(first).map_err(|error| {
        Problem::Unavailable(format!("the highlighted text cannot be read: {error}"))
    })?;
    if rows.done {
        rows.piece.push_str(tail);
        return Ok(Response::html(StatusCode::OK, rows.piece).with(ETAG, tag));
    }
    let tail = Cursor::new(tail.as_bytes().to_vec());
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    Ok(Response::stream(kind, Box::new(rows.chain(tail))).with(ETAG, tag))
}

/// Rows that are made while they are read.
struct Rows<F> {
    lines: Lines,
    draw: F,
    number: usize,
    piece: String,
    at: usize,
    done: bool,
}

impl<F: FnMut(&mut String, usize, &Line)> Rows<F> {
    /// Makes rows until the piece is so long, or there are no more.
    fn fill(&mut self, length: usize) -> io::Result<()> {
        while !self.done && self.piece.len() < length {
            match self.lines.next()? {
                Some(line) if self.number < MOST_LINES => {
                    self.number += 1;
                    (self.draw)(&mut self.piece, self.number, &line);
                }
                Some(_) => {
                    self.piece.push_str("<tr><td class=\"code\">…</td></tr>\n");
                    self.done = true;
                }
                None => self.done = true,
            }
        }
        Ok(())
    }
}

impl<F: FnMut(&mut String, usize, &Line)> Read for Rows<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() {
            self.piece.clear();
            self.at = 0;
            self.fill(PIECE)?;
        }
        let rest = &self.piece.as_bytes()[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::Body;

    fn read(response: Response) -> String {
        let mut body = response.body;
        let (mut bytes, mut block) = (Vec::new(), [0; 1_000]);
        loop {
            match body.read_block(&mut block).unwrap() {
                0 => return String::from_utf8(bytes).unwrap(),
                n => bytes.extend_from_slice(&block[..n]),
            }
        }
    }

    fn made(name: &str, text: &str, cache: &Cache, id: Option<ContentId>) -> (bool, String) {
        let lines = Lines::new(cache, name, id, text.to_owned());
        let response = page("<a><!--rows--></a>", b"x", lines, |out, number, line| {
            render::source::row(out, number, &line.html, line.hidden);
        })
        .unwrap();
        (matches!(response.body, Body::Stream(_)), read(response))
    }

    #[test]
    fn long_files_stream_and_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), 1 << 20);
        for name in ["a.rs", "a.txt", "a.rb"] {
            let text: String = (0..20_000)
                .map(|n| format!("let x{n} = \"{n}\"; // <{n}>\n"))
                .collect();
            let (streamed, html) = made(name, &text, &cache, None);
            assert!(streamed, "{name}");
            assert!(html.starts_with("<a><tr id=\"L1\">") && html.ends_with("</tr>\n</a>"));
            assert_eq!(html.matches("<tr id=").count(), 20_000, "{name}");
            assert!(!html.contains("<1>"));
            let (streamed, html) = made(name, "x = 1\n", &cache, None);
            assert!(!streamed && html.contains("L1"), "{name}");
        }
    }

    #[test]
    fn one_endless_line_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), 1 << 20);
        let text = "y".repeat(8 << 20);
        for name in ["a.rs", "a.txt", "a.rb"] {
            let (_, html) = made(name, &text, &cache, None);
            assert!(
                html.len() < 60_000 && html.contains("class=\"cut\""),
                "{name}"
            );
        }
        assert!(
            made("a", &"\n".repeat(300_000), &cache, None)
                .1
                .contains("…")
        );
    }

    #[test]
    fn what_a_grammar_made_is_kept_when_it_was_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), 32 << 20);
        let id = ContentId::from_bytes([7; 20]);
        let text = "def f(x)\n  puts \"#{x}\" # <why>\nend\n".repeat(400);
        let lines = || Lines::new(&cache, "a.rb", Some(id), text.clone());
        let mut broken = lines();
        assert!(broken.is_slow() && broken.next().unwrap().is_some());
        drop(broken);
        let mut first = lines();
        assert!(first.is_slow(), "a reader who leaves keeps nothing");
        let mut htmls = Vec::new();
        while let Some(line) = first.next().unwrap() {
            htmls.push(line.html);
        }
        assert!(htmls.len() == 1_200 && htmls[0].contains("<span class="));
        let mut second = lines();
        assert!(!second.is_slow(), "the next reader has what was made");
        for html in htmls {
            assert_eq!(second.next().unwrap().unwrap().html, html);
        }
        assert!(second.next().unwrap().is_none());
    }

    #[test]
    fn the_first_lines_of_a_slow_language_do_not_wait_for_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), 32 << 20);
        let text = "  puts \"#{x}\" # why\n".repeat(20_000);
        let lines = Lines::new(&cache, "a.rb", None, text);
        let rows = page("<!--rows-->", b"x", lines, |out, number, line| {
            render::source::row(out, number, &line.html, line.hidden);
        });
        let Body::Stream(mut stream) = rows.unwrap().body else {
            panic!("a long file is no stream");
        };
        let mut first = vec![0; 1 << 20];
        let length = stream.read(&mut first).unwrap();
        let rows = String::from_utf8_lossy(&first[..length])
            .matches("<tr")
            .count();
        assert!(
            (20..2_000).contains(&rows),
            "{rows} rows before the first byte"
        );
    }
}
