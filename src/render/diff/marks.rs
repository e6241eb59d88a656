//! One line of a difference as HTML: escaped, with invisible characters made visible, changed words wrapped and the code coloured.

use crate::decode::{charsets, decode_as};
use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

/// Which element wraps the changed words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// `<del>`, in the old version of a line.
    Removed,
    /// `<ins>`, in the new version of a line.
    Added,
}

impl Mark {
    fn tags(self) -> (&'static str, &'static str) {
        match self {
            Mark::Removed => ("<del>", "</del>"),
            Mark::Added => ("<ins>", "</ins>"),
        }
    }
}

/// A piece of code: where it ends, and the class of what it is.
pub(crate) type Piece = (usize, Option<&'static str>);

/// A line as bytes of the repository, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    /// The text, without its line end.
    pub text: &'a str,
    /// The parts that changed: byte ranges, ascending and disjoint. A range that is not one of this text is left out.
    pub changed: &'a [Range<usize>],
    /// What wraps these.
    pub mark: Mark,
    /// The pieces of code, ascending, the last one to the end; empty where the language is not known.
    pub pieces: &'a [Piece],
    /// Whether blanks between words are made visible too.
    pub blanks: bool,
}

/// A line that may be in another encoding, decoded; its ranges go with it.
pub(super) fn decoded<'a>(
    bytes: &'a [u8],
    changed: &'a [Range<usize>],
) -> (Cow<'a, str>, Cow<'a, [Range<usize>]>) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), Cow::Borrowed(changed));
    }
    let (charset, text) = decode_as(charsets(), bytes);
    let places = charset.and_then(|charset| charset.places(&text, bytes.len()));
    let places = places.unwrap_or_default();
    let moved = changed
        .iter()
        .filter_map(|range| Some(*places.get(range.start)?..*places.get(range.end)?));
    let moved = moved.collect();
    (text, Cow::Owned(moved))
}

/// Writes a line.
///
/// A tab becomes `<u>TAB</u>`, a carriage return `<u class="cr"></u>`, and after a tab or blank at the very end stands `<i></i>`;
/// the style sheet draws something there, and copying the text gives what is in the file. A character that turns the direction of
/// reading is named and kept from doing so, for it can make code read as what it is not.
pub(super) fn push_line(out: &mut String, line: &Text<'_>) {
    let (open, close) = line.mark.tags();
    let text = line.text;
    let mut pieces = line.pieces.iter().copied().peekable();
    let mut at = 0;
    let mut put = |out: &mut String, until: usize| {
        while at < until {
            while pieces.next_if(|(end, _)| *end <= at).is_some() {}
            let (end, class) = pieces.peek().copied().unwrap_or((text.len(), None));
            let end = end.min(until);
            let Some(part) = text.get(at..end) else { break };
            match class {
                Some(class) => {
                    out.push_str("<span class=\"");
                    out.push_str(class);
                    out.push_str("\">");
                    push_marked(out, part, line.blanks);
                    out.push_str("</span>");
                }
                None => push_marked(out, part, line.blanks),
            }
            at = end;
        }
    };
    let mut done = 0;
    for range in line.changed {
        let known = range.start >= done
            && range.start < range.end
            && text.is_char_boundary(range.start)
            && text.is_char_boundary(range.end);
        if !known {
            continue;
        }
        put(out, range.start);
        out.push_str(open);
        put(out, range.end);
        if range.end == text.len() {
            push_trailing(out, text);
        }
        out.push_str(close);
        done = range.end;
    }
    put(out, text.len());
    if done < text.len() {
        push_trailing(out, text);
    }
}

fn push_trailing(out: &mut String, line: &str) {
    if line.ends_with([' ', '\t']) {
        out.push_str("<i></i>");
    }
}

fn push_marked(out: &mut String, text: &str, blanks: bool) {
    let mut copied = 0;
    let mut at = 0;
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        let mut length = 1;
        let replacement = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'\t' => "<u>\t</u>",
            b'\r' => "<u class=\"cr\"></u>",
            b' ' if blanks => {
                length = bytes[at..].iter().take_while(|&&byte| byte == b' ').count();
                out.push_str(&text[copied..at]);
                out.push_str("<u class=\"sp\">");
                out.push_str(&text[at..at + length]);
                "</u>"
            }
            // U+200E, U+200F, U+202A to U+202E and U+2066 to U+2069, all E2 80 or E2 81 and a byte.
            0xe2 => match text[at..].chars().next().filter(|c| turns(*c)) {
                Some(c) => {
                    length = c.len_utf8();
                    out.push_str(&text[copied..at]);
                    let _ = write!(
                        out,
                        "<u class=\"turn\" title=\"U+{:04X}\">{c}",
                        u32::from(c)
                    );
                    "</u>"
                }
                None => {
                    at += 1;
                    continue;
                }
            },
            _ => {
                at += 1;
                continue;
            }
        };
        if !matches!(byte, b' ' | 0xe2) {
            out.push_str(&text[copied..at]);
        }
        out.push_str(replacement);
        at += length;
        copied = at;
    }
    out.push_str(&text[copied..]);
}

/// Whether a character turns the direction of reading.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str, changed: &[Range<usize>], mark: Mark, pieces: &[Piece]) -> String {
        let mut out = String::new();
        let blanks = false;
        push_line(
            &mut out,
            &Text {
                text,
                changed,
                mark,
                pieces,
                blanks,
            },
        );
        out
    }

    fn plain(line: &str) -> String {
        written(line, &[], Mark::Added, &[])
    }

    #[test]
    fn invisible_characters() {
        assert_eq!(plain("foo\t"), "foo<u>\t</u><i></i>");
        assert_eq!(plain("  "), "  <i></i>");
        assert_eq!(plain("\t  "), "<u>\t</u>  <i></i>");
        assert_eq!(
            plain("foo\rbar\r"),
            "foo<u class=\"cr\"></u>bar<u class=\"cr\"></u>"
        );
        assert_eq!(plain(""), "");
        assert_eq!(
            plain("a\u{202e}b…"),
            "a<u class=\"turn\" title=\"U+202E\">\u{202e}</u>b…"
        );
    }

    #[test]
    fn special_characters() {
        assert_eq!(plain("a<b> && \"c\""), "a&lt;b&gt; &amp;&amp; \"c\"");
    }

    #[test]
    fn blanks_on_demand() {
        let mut out = String::new();
        let (changed, mark, pieces) = (&[][..], Mark::Added, &[][..]);
        push_line(
            &mut out,
            &Text {
                text: " a  b",
                changed,
                mark,
                pieces,
                blanks: true,
            },
        );
        assert_eq!(out, "<u class=\"sp\"> </u>a<u class=\"sp\">  </u>b");
    }

    #[test]
    fn wrapped_words() {
        assert_eq!(
            written("a<b>c ", &[1..4, 5..6], Mark::Removed, &[]),
            "a<del>&lt;b&gt;</del>c<del> <i></i></del>"
        );
        assert_eq!(
            written("abcd", &[0..1, 2..3], Mark::Added, &[]),
            "<ins>a</ins>b<ins>c</ins>d"
        );
    }

    #[test]
    fn code_is_coloured_inside_and_outside_of_marks() {
        let pieces = [(3, Some("k")), (4, None), (7, Some("nf"))];
        assert_eq!(
            written(
                "def one",
                std::slice::from_ref(&(2..5)),
                Mark::Added,
                &pieces
            ),
            "<span class=\"k\">de</span><ins><span class=\"k\">f</span> <span class=\"nf\">o</span></ins><span class=\"nf\">ne</span>"
        );
    }

    #[test]
    fn wrong_ranges_are_ignored() {
        assert_eq!(
            written("éa", &[0..1, 2..3], Mark::Added, &[]),
            "é<ins>a</ins>"
        );
        assert_eq!(
            written("abc", &[2..9, 0..1], Mark::Added, &[]),
            "<ins>a</ins>bc"
        );
    }

    #[test]
    fn ranges_go_with_another_encoding() {
        let ranges = vec![1..3, 4..5];
        let (text, ranges) = decoded(b"a\xf6\x80 x", &ranges);
        assert_eq!(text, "aö€ x");
        let parts: Vec<&str> = ranges.iter().map(|range| &text[range.clone()]).collect();
        assert_eq!(parts, ["ö€", "x"]);
    }

    proptest! {
        /// Without its tags a line is what it was, but for carriage returns.
        #[test]
        fn nothing_is_lost(text in "[ab <&\t é\u{202e}]{0,12}", cuts in proptest::collection::vec(0..14usize, 0..5), blanks: bool) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            let pieces: Vec<Piece> = cuts.iter().map(|at| (*at, Some("k"))).collect();
            let changed: Vec<_> = cuts.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect();
            let mut out = String::new();
            let aligned = pieces.iter().all(|(end, _)| text.is_char_boundary(*end));
            let pieces = if aligned { &pieces[..] } else { &[] };
            push_line(&mut out, &Text { text: &text, changed: &changed, mark: Mark::Added, pieces, blanks });
            let bare = out.split('<').map(|part| part.split_once('>').map_or(part, |(_, rest)| rest));
            let bare = bare.collect::<String>().replace("&lt;", "<").replace("&amp;", "&");
            prop_assert_eq!(bare, text);
        }
    }
}
