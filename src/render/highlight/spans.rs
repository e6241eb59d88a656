//! The HTML of a highlighted line.

use crate::diff::Piece;
use crate::escape::push_content;

/// Writes text in flat spans: neighbours of the same class share one, with the blanks between them.
pub(super) struct Spans<'a> {
    out: String,
    open: Option<&'static str>,
    /// Blanks that go into the open span only if it goes on behind them.
    blanks: &'a str,
    /// Kept in place of HTML, where somebody else writes that.
    pieces: Option<Vec<Piece>>,
}

impl<'a> Spans<'a> {
    /// An empty line, with room for this many bytes of text.
    pub fn new(length: usize) -> Spans<'a> {
        Spans {
            out: String::with_capacity(length * 2),
            open: None,
            blanks: "",
            pieces: None,
        }
    }

    /// An empty line that keeps its pieces only.
    pub fn pieces() -> Spans<'a> {
        Spans {
            pieces: Some(Vec::new()),
            ..Spans::new(0)
        }
    }

    /// Appends text of a class.
    pub fn text(&mut self, text: &'a str, class: Option<&'static str>) {
        if let Some(pieces) = &mut self.pieces {
            let start = pieces.last().map_or(0, |(end, _)| *end);
            match pieces.last_mut().filter(|(_, last)| *last == class) {
                Some((end, _)) => *end += text.len(),
                None => pieces.push((start + text.len(), class)),
            }
            return;
        }
        let is_blank = text.bytes().all(|byte| byte == b' ' || byte == b'\t');
        if is_blank && class != self.open {
            self.flush_blanks();
            self.blanks = text;
            return;
        }
        if class != self.open {
            self.close();
            if let Some(class) = class {
                self.out.push_str("<span class=\"");
                self.out.push_str(class);
                self.out.push_str("\">");
            }
            self.open = class;
        }
        self.flush_blanks();
        push_content(&mut self.out, text);
    }

    fn flush_blanks(&mut self) {
        self.out.push_str(std::mem::take(&mut self.blanks));
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.out.push_str("</span>");
        }
        self.flush_blanks();
    }

    /// The pieces, where they were kept.
    pub fn into_pieces(self) -> Vec<Piece> {
        self.pieces.unwrap_or_default()
    }

    /// The line.
    pub fn finish(mut self) -> String {
        self.close();
        self.out
    }
}
