//! Finds references in a text, from left to right; at each place the first rule that fits wins.

use super::{LinkContext, label};
use crate::escape::push_escaped;
use std::ops::Range;

/// A piece of the text with its HTML.
#[derive(Debug)]
pub(super) struct Piece {
    pub range: Range<usize>,
    pub html: String,
    /// Whether the HTML holds a link of its own, so that no other link may go around it.
    pub is_link: bool,
}

/// What was found: pieces that do not overlap, ascending, and ranges of bold text that may hold pieces.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub pieces: Vec<Piece>,
    pub bold: Vec<Range<usize>>,
}

impl Found {
    /// The pieces that a range touches.
    pub fn touched(&self, range: &Range<usize>) -> &[Piece] {
        touched(&self.pieces, range)
    }

    /// Whether a border of bold text, or the star beside it, lies inside a range.
    pub fn crosses_bold(&self, range: &Range<usize>) -> bool {
        let first = self.bold.partition_point(|bold| bold.end <= range.start);
        let near = self.bold[first..]
            .iter()
            .take_while(|bold| bold.start < range.end);
        let inside = |border: usize| range.start < border && border < range.end;
        near.flat_map(|bold| [bold.start, bold.start + 1, bold.end - 1, bold.end])
            .any(inside)
    }
}

/// The pieces that a range touches. They are ascending and disjoint, so there is no need to look at all of them.
pub(super) fn touched<'p>(pieces: &'p [Piece], range: &Range<usize>) -> &'p [Piece] {
    let first = pieces.partition_point(|piece| piece.range.end <= range.start);
    let after = pieces.partition_point(|piece| piece.range.start < range.end);
    &pieces[first..after.max(first)]
}

/// Scans a whole text.
pub(super) fn scan(text: &str, context: &LinkContext<'_>) -> Found {
    let mut found = Found::default();
    let mut at = 0;
    // The next position where bold text may start again: bold text does not nest.
    let mut bold_from = 0;
    while at < text.len() {
        if let Some(piece) = reference(text, at, context) {
            at = piece.range.end;
            found.pieces.push(piece);
            continue;
        }
        if at >= bold_from
            && let Some(range) = bold(text, at)
        {
            bold_from = range.end;
            found.bold.push(range);
        }
        at += char_at(text, at).map_or(1, char::len_utf8);
    }
    // An address that starts inside bold text may run past its end; there the stars were part of the address.
    let Found { pieces, bold } = &mut found;
    bold.retain(|range| {
        touched(pieces, range)
            .last()
            .is_none_or(|piece| piece.range.end <= range.end)
    });
    found
}

fn reference(text: &str, at: usize, context: &LinkContext<'_>) -> Option<Piece> {
    let rest = &text.as_bytes()[at..];
    match rest[0] {
        b'h' | b'H' => url(text, at),
        b'@' if context.mentions => mention(text, at),
        b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' => hash(text, at, context.changeset_url?),
        b'[' if context.labels => label::label(text, at),
        _ => None,
    }
}

/// `http://` or `https://` at the start of a word, a host, and as much of a path as ends in a character an address may end in.
fn url(text: &str, at: usize) -> Option<Piece> {
    let rest = &text[at..];
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        rest.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })?;
    if char_before(text, at).is_some_and(is_word) {
        return None;
    }
    let bytes = rest.as_bytes();
    let run = |from: usize, fits: fn(u8) -> bool| {
        bytes[from..].iter().take_while(|&&byte| fits(byte)).count()
    };
    let host = run(scheme.len(), |byte| {
        byte.is_ascii_alphanumeric() || b"@:.-".contains(&byte)
    });
    if host == 0 {
        return None;
    }
    let host_end = scheme.len() + host;
    let path = run(host_end, |byte| {
        may_end_url(byte) || b"&+%.,:;?!*()-".contains(&byte)
    });
    let longest = &bytes[..host_end + path];
    let end = match longest.iter().rposition(|&byte| may_end_url(byte)) {
        Some(last) if last >= scheme.len() => last + 1,
        _ => return None,
    };
    let mut html = String::from("<a href=\"");
    push_escaped(&mut html, &rest[..end]);
    html.push_str("\">");
    push_escaped(&mut html, &rest[..end]);
    html.push_str("</a>");
    Some(Piece {
        range: at..at + end,
        html,
        is_link: true,
    })
}

fn may_end_url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/_=@#~".contains(&byte)
}

/// `@` and a name of at least two characters that starts and ends with a letter or digit.
fn mention(text: &str, at: usize) -> Option<Piece> {
    if char_before(text, at).is_some_and(char::is_alphanumeric) {
        return None;
    }
    let name = &text.as_bytes()[at + 1..];
    let length = name
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        .count();
    let last = name[..length].iter().rposition(u8::is_ascii_alphanumeric)?;
    if last == 0 || !name[0].is_ascii_alphanumeric() {
        return None;
    }
    let range = at..at + 2 + last;
    Some(Piece {
        html: format!("<b>{}</b>", &text[range.clone()]),
        range,
        is_link: false,
    })
}

/// Twelve to forty hex digits that are not part of a longer word.
fn hash(text: &str, at: usize, changeset_url: &str) -> Option<Piece> {
    let joins = |c: char| is_word(c) || c == '-';
    if char_before(text, at).is_some_and(joins) {
        return None;
    }
    let length = text.as_bytes()[at..]
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    if !(12..=40).contains(&length) || char_at(text, at + length).is_some_and(joins) {
        return None;
    }
    let hash = &text[at..at + length];
    let mut html = String::from("<a class=\"changeset_hash\" href=\"");
    push_escaped(&mut html, changeset_url);
    html.push_str(hash);
    html.push_str("\">");
    html.push_str(hash);
    html.push_str("</a>");
    Some(Piece {
        range: at..at + length,
        html,
        is_link: true,
    })
}

/// `*text*` in one line, not glued to other words, without blanks just inside the stars.
fn bold(text: &str, at: usize) -> Option<Range<usize>> {
    let inside = text[at..].strip_prefix('*')?;
    if char_before(text, at).is_some_and(|before| !before.is_whitespace()) {
        return None;
    }
    let length = inside.find(['*', '\n'])?;
    let (inside, after) = inside.split_at(length);
    let after = after.strip_prefix('*')?;
    let glued = after
        .chars()
        .next()
        .is_some_and(|next| next == '*' || is_word(next));
    let blank = inside.is_empty()
        || inside.starts_with(char::is_whitespace)
        || inside.ends_with(char::is_whitespace);
    (!glued && !blank).then(|| at..at + length + 2)
}

fn char_before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back()
}

fn char_at(text: &str, at: usize) -> Option<char> {
    text[at..].chars().next()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
