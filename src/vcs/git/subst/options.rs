//! The options of placeholders: `%(describe:tags,match=v*)`, `%C(red)`.

use gix::bstr::ByteSlice;

use super::names::{Decoration, Description};
use super::trailers::Trailers;

/// How many bytes a colour takes; none is written.
pub(super) fn colour(text: &[u8]) -> usize {
    if text.starts_with(b"C(") {
        return text.find_byte(b')').map_or(0, |end| end + 1);
    }
    let names = [&b"red"[..], b"green", b"blue", b"reset"];
    let named = names.iter().find(|name| text[1..].starts_with(name));
    named.map_or(0, |name| name.len() + 1)
}

/// An option: its key, and what follows `=`.
type Choice<'a> = (&'a [u8], Option<&'a [u8]>);

/// The options of `(name)` or `(name:key=value,flag)`, and how many bytes all takes.
fn parse<'a>(text: &'a [u8], name: &str) -> Option<(Vec<Choice<'a>>, usize)> {
    let rest = text.strip_prefix(b"(")?.strip_prefix(name.as_bytes())?;
    let end = rest.find_byte(b')')?;
    let used = 1 + name.len() + end + 1;
    let list = match &rest[..end] {
        b"" => return Some((Vec::new(), used)),
        list => list.strip_prefix(b":")?,
    };
    let options = list.split(|&byte| byte == b',');
    let options = options.filter(|option| !option.is_empty());
    let options = options.map(|option| match option.split_once_str("=") {
        Some((key, value)) => (key, Some(value)),
        None => (option, None),
    });
    Some((options.collect(), used))
}

/// Whether a flag is set; none where it is neither.
fn flag(value: Option<&[u8]>) -> Option<bool> {
    match value {
        None => Some(true),
        Some(value) => match value.to_ascii_lowercase().as_slice() {
            b"true" | b"yes" | b"on" | b"1" => Some(true),
            b"false" | b"no" | b"off" | b"0" | b"" => Some(false),
            _ => None,
        },
    }
}

/// Text with `%n` and `%x2C` filled in.
fn literal(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = value;
    while let Some(at) = rest.find_byte(b'%') {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let hex = |digits: &[u8]| {
            let text = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(text, 16).ok()
        };
        match *rest {
            [b'n', ..] => {
                out.push(b'\n');
                rest = &rest[1..];
            }
            [b'%', ..] => {
                out.push(b'%');
                rest = &rest[1..];
            }
            [b'x', high, low, ..] if hex(&[high, low]).is_some() => {
                out.extend(hex(&[high, low]));
                rest = &rest[3..];
            }
            _ => out.push(b'%'),
        }
    }
    out.extend_from_slice(rest);
    out
}

pub(super) fn description(text: &[u8]) -> Option<(Description, usize)> {
    let (options, used) = parse(text, "describe")?;
    let mut how = Description::default();
    for (key, value) in options {
        match (key, value) {
            (b"tags", value) => how.all_tags = flag(value)?,
            (b"abbrev", Some(value)) => {
                how.abbreviation = Some(std::str::from_utf8(value).ok()?.parse().ok()?);
            }
            (b"match", Some(value)) => how.matching.push(value.to_vec()),
            (b"exclude", Some(value)) => how.excluded.push(value.to_vec()),
            _ => return None,
        }
    }
    Some((how, used))
}

pub(super) fn decoration(text: &[u8]) -> Option<(Decoration, usize)> {
    let (options, used) = parse(text, "decorate")?;
    let mut how = Decoration::default();
    for (key, value) in options {
        let value = literal(value?);
        match key {
            b"prefix" => how.prefix = value,
            b"suffix" => how.suffix = value,
            b"separator" => how.separator = value,
            b"pointer" => how.pointer = value,
            b"tag" => how.tag = value,
            _ => return None,
        }
    }
    Some((how, used))
}

pub(super) fn trailers(text: &[u8]) -> Option<(Trailers, usize)> {
    let (options, used) = parse(text, "trailers")?;
    let mut how = Trailers::default();
    for (key, value) in options {
        match (key, value) {
            (b"key", Some(value)) => {
                how.keys.push(value.to_vec());
                how.only = true;
            }
            (b"only", value) => how.only = flag(value)?,
            (b"unfold", value) => how.unfold = flag(value)?,
            (b"keyonly", value) => how.key_only = flag(value)?,
            (b"valueonly", value) => how.value_only = flag(value)?,
            (b"separator", Some(value)) => how.separator = Some(literal(value)),
            (b"key_value_separator", Some(value)) => how.key_value_separator = Some(literal(value)),
            _ => return None,
        }
    }
    Some((how, used))
}
