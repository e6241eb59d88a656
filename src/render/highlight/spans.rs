//! The HTML of a highlighted line.

use crate::escape::push_content;

/// Writes text in flat spans: neighbours of the same class share one, with the blanks between them.
pub(super) struct Spans<'a> {
    out: String,
    open: Option<&'static str>,
    /// Blanks that go into the open span only if it goes on behind them.
    blanks: &'a str,
}

impl<'a> Spans<'a> {
    /// An empty line, with room for this many bytes of text.
    pub fn new(length: usize) -> Spans<'a> {
        Spans {
            out: String::with_capacity(length * 2),
            open: None,
            blanks: "",
        }
    }

    /// Appends text of a class.
    pub fn text(&mut self, text: &'a str, class: Option<&'static str>) {
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

    /// The line.
    pub fn finish(mut self) -> String {
        self.close();
        self.out
    }
}
