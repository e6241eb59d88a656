//! Puts the found pieces and the text between them together.

use super::scan::{Found, Piece, touched};
use crate::escape::push_escaped;

/// Writes the text as HTML.
pub(super) fn write(text: &str, found: Found, default_link: Option<&str>) -> String {
    let mut writer = Writer {
        out: String::with_capacity(text.len() * 2),
        default_link,
        open: String::new(),
    };
    let Found { pieces, mut bold } = found;
    if default_link.is_some() {
        // A link cannot stand in a link, so bold text that holds one would have to be cut up; it is shown plain instead.
        bold.retain(|range| !touched(&pieces, range).iter().any(|piece| piece.is_link));
    }
    let mut borders: Vec<(usize, &str)> = bold
        .iter()
        .flat_map(|range| [(range.start, "<b>"), (range.end, "</b>")])
        .collect();
    borders.reverse();

    let mut at = 0;
    for Piece {
        range,
        html,
        is_link,
    } in &pieces
    {
        writer.text(text, at, range.start, &mut borders);
        if *is_link {
            writer.finish_default_link();
            writer.out.push_str(html);
        } else {
            writer.open.push_str(html);
        }
        at = range.end;
    }
    writer.text(text, at, text.len(), &mut borders);
    writer.finish_default_link();
    writer.out
}

struct Writer<'a> {
    out: String,
    default_link: Option<&'a str>,
    /// What was written since the last link and belongs into one default link.
    open: String,
}

impl Writer<'_> {
    /// Writes plain text, with the borders of bold text that lie in it or at its end; `borders` has the next one last.
    fn text(&mut self, text: &str, start: usize, end: usize, borders: &mut Vec<(usize, &str)>) {
        let mut at = start;
        while let Some(&(border, tag)) = borders.last() {
            // A `<b>` at the end of this text opens before the piece that follows.
            if border > end {
                break;
            }
            borders.pop();
            self.lines(&text[at..border]);
            self.open.push_str(tag);
            at = border;
        }
        self.lines(&text[at..end]);
    }

    fn lines(&mut self, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.open.push_str("<br/>");
            }
            // Only a return right before a new line belongs to the line end, and a piece never starts between the two.
            push_escaped(&mut self.open, line.strip_suffix('\r').unwrap_or(line));
        }
    }

    fn finish_default_link(&mut self) {
        let open = std::mem::take(&mut self.open);
        let is_blank = open.split("<br/>").all(|line| line.trim().is_empty());
        match self.default_link {
            Some(link) if !is_blank => {
                self.out.push_str("<a class=\"message-link\" href=\"");
                push_escaped(&mut self.out, link);
                self.out.push_str("\">");
                self.out.push_str(&open);
                self.out.push_str("</a>");
            }
            _ => self.out.push_str(&open),
        }
    }
}
