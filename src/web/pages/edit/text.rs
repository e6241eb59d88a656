//! Text between a file and a field of a form.
//!
//! A browser sends what was typed as UTF-8 with `\r\n` at the end of each line, whatever the file had. What goes back is
//! stored as it was: in the same encoding, and each line that was there before keeps its end.

use std::collections::{HashMap, VecDeque};

use render::decode::Charset;
use vcs::{FileContent, TextEncoding};

/// How a text is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As its bytes tell.
    Plain(TextEncoding),
    /// In one of the character sets that the ini file names.
    Listed(Charset),
}

impl Encoding {
    /// Its name for people.
    pub(super) fn name(self) -> String {
        match self {
            Self::Plain(encoding) => encoding.as_str().to_owned(),
            Self::Listed(charset) => charset.name(),
        }
    }
}

/// A text and how it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) encoding: Encoding,
    pub(super) text: String,
}

impl Stored {
    /// The text of a file; none where it is no text, or where bytes would get lost on the way back.
    pub(super) fn of(content: &FileContent) -> Option<Self> {
        let plain = content.encoding()?;
        let listed = (plain == TextEncoding::Latin1)
            .then(|| render::decode::charset_of(&content.data))
            .flatten();
        let read_as = |charset: Charset| {
            let text = charset.read(&content.data)?.into_owned();
            let encoding = Encoding::Listed(charset);
            Self { encoding, text }.unless_lossy(content)
        };
        listed.and_then(read_as).or_else(|| {
            let text = content.text()?.into_owned();
            let encoding = Encoding::Plain(plain);
            Self { encoding, text }.unless_lossy(content)
        })
    }

    fn unless_lossy(self, content: &FileContent) -> Option<Self> {
        let same = encode(self.encoding, &self.text).is_ok_and(|bytes| bytes == content.data);
        (same && !self.text.contains('\0')).then_some(self)
    }

    /// An empty file.
    pub(super) fn empty() -> Self {
        Self {
            encoding: Encoding::Plain(TextEncoding::Utf8),
            text: String::new(),
        }
    }

    /// The bytes of another text in the place of this one.
    ///
    /// # Errors
    /// The first letter that the encoding does not have.
    pub(super) fn replaced_by(&self, typed: &str) -> Result<Vec<u8>, char> {
        encode(self.encoding, &with_line_ends_of(&self.text, typed))
    }
}

/// The bytes of a text, or the letter that the encoding does not have.
fn encode(encoding: Encoding, text: &str) -> Result<Vec<u8>, char> {
    let encoding = match encoding {
        Encoding::Plain(encoding) => encoding,
        Encoding::Listed(charset) => return charset.write(text),
    };
    let units = |mark: u16, bytes: fn(u16) -> [u8; 2]| {
        std::iter::once(mark)
            .chain(text.encode_utf16())
            .flat_map(bytes)
            .collect()
    };
    Ok(match encoding {
        TextEncoding::Utf8 => text.as_bytes().to_vec(),
        TextEncoding::Utf8WithMark => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        TextEncoding::Utf16Le => units(0xfeff, u16::to_le_bytes),
        TextEncoding::Utf16Be => units(0xfeff, u16::to_be_bytes),
        TextEncoding::Latin1 => text
            .chars()
            .map(|char| u8::try_from(u32::from(char)).map_err(|_| char))
            .collect::<Result<_, _>>()?,
    })
}

/// A line and its end: `\r\n`, `\n`, `\r`, or nothing for the last one.
fn lines(text: &str) -> Vec<(&str, &str)> {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(['\r', '\n']).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        let length = match after.as_bytes() {
            [b'\r', b'\n', ..] => 2,
            [_, ..] => 1,
            [] => 0,
        };
        let (end, next) = after.split_at(length);
        lines.push((line, end));
        rest = next;
    }
    lines
}

/// What was typed, with the ends of lines that the old text has: the lines it had before keep theirs, new ones get that
/// of its first line.
fn with_line_ends_of(old: &str, typed: &str) -> String {
    let old = lines(old);
    let style = match old.first() {
        Some((_, end)) if !end.is_empty() => end,
        _ => "\n",
    };
    let mixed = old.iter().any(|(_, end)| !end.is_empty() && *end != style);
    let mut known: HashMap<&str, VecDeque<(usize, &str)>> = HashMap::new();
    if mixed {
        for (at, (line, end)) in old.iter().enumerate() {
            known.entry(line).or_default().push_back((at, end));
        }
    }
    let mut out = String::with_capacity(typed.len());
    let mut seen = 0;
    for (line, end) in lines(typed) {
        out.push_str(line);
        if end.is_empty() {
            continue;
        }
        // Lines are found again in their order; one that was moved up counts as new.
        let before = known.get_mut(line).and_then(|places| {
            while places.front().is_some_and(|(at, _)| *at < seen) {
                places.pop_front();
            }
            places.pop_front()
        });
        let end = match before {
            Some((at, end)) if !end.is_empty() => {
                seen = at + 1;
                end
            }
            _ => style,
        };
        // After a lone `\r`, an empty line that ends in `\n` would be no line but the rest of the end before.
        let merges = end == "\n" && line.is_empty() && out.ends_with('\r');
        out.push_str(if merges { "\r" } else { end });
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vcs::Storage;

    use super::*;

    fn file(data: &[u8]) -> FileContent {
        FileContent {
            data: data.to_vec(),
            executable: false,
            symlink: false,
            storage: Storage::Here,
        }
    }

    /// What a browser makes of a text in a field.
    fn sent(text: &str) -> String {
        text.replace("\r\n", "\n")
            .replace('\r', "\n")
            .replace('\n', "\r\n")
    }

    #[test]
    fn encodings_and_line_ends_stay() {
        for (old, typed, wanted) in [
            (&b"a\nb\n"[..], "a\r\nc\r\n", &b"a\nc\n"[..]),
            (b"a\r\nb\r\n", "a\r\nb\r\nc", b"a\r\nb\r\nc"),
            (b"a\rb", "a\r\nb\r\n", b"a\rb\r"),
            (b"", "a\r\nb", b"a\nb"),
            (b"a", "a\r\nb\r\n", b"a\nb\n"),
            (b"a\nb\r\nc\n", "a\r\nx\r\nb\r\nc\r\n", b"a\nx\nb\r\nc\n"),
            (b"caf\xe9\n", "caf\u{e9}s\r\n", b"caf\xe9s\n"),
            (b"\xef\xbb\xbfa\n", "b\r\n", b"\xef\xbb\xbfb\n"),
            (b"\xff\xfea\0\n\0", "b\r\n", b"\xff\xfeb\0\n\0"),
            (b"\xfe\xff\0a", "\u{e9}", b"\xfe\xff\0\xe9"),
        ] {
            let stored = Stored::of(&file(old)).unwrap();
            assert_eq!(stored.replaced_by(typed).unwrap(), wanted, "{old:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let stored = Stored::of(&file(b"caf\xe9")).unwrap();
        assert_eq!(stored.replaced_by("5 \u{20ac}"), Err('\u{20ac}'));
    }

    #[test]
    fn what_would_get_lost_is_no_text() {
        // Half a surrogate, half a unit, and a NUL that no field can hold.
        for data in [
            &b"\xff\xfe\x00\xd8"[..],
            b"\xff\xfea\0b",
            b"a\0",
            b"\xff\xfe\0\0",
        ] {
            assert_eq!(Stored::of(&file(data)), None, "{data:?}");
        }
    }

    proptest! {
        #[test]
        fn what_nobody_changed_comes_back_as_it_was(data in prop::collection::vec(prop_oneof![
            Just(b'\r'), Just(b'\n'), Just(b'a'), Just(0xe9_u8), any::<u8>()
        ], 0..60)) {
            if let Some(stored) = Stored::of(&file(&data)) {
                prop_assert_eq!(stored.replaced_by(&sent(&stored.text)).unwrap(), data);
            }
        }

        #[test]
        fn no_line_gets_lost(text in "[ab\r\n]{0,30}", typed in "([ab]{0,2}\r\n){0,12}[ab]?") {
            let stored = Stored { encoding: Encoding::Plain(TextEncoding::Utf8), text };
            let made = String::from_utf8(stored.replaced_by(&typed).unwrap()).unwrap();
            let words = |text: &str| lines(text).iter().map(|(line, _)| (*line).to_owned()).collect::<Vec<_>>();
            prop_assert_eq!(words(&made), words(&typed));
        }

        #[test]
        fn a_new_line_changes_no_other(text in "([ab]{0,2}\r?\n){0,12}[ab]?", at in 0_usize..10) {
            let stored = Stored { encoding: Encoding::Plain(TextEncoding::Utf8), text: text.clone() };
            let old = lines(&text);
            let at = at.min(old.iter().filter(|(_, end)| !end.is_empty()).count());
            let mut typed: Vec<String> = old.iter().map(|(line, end)| sent(&format!("{line}{end}"))).collect();
            typed.insert(at, "new\r\n".to_owned());
            let made = String::from_utf8(stored.replaced_by(&typed.concat()).unwrap()).unwrap();
            let mut left = lines(&made);
            prop_assert_eq!(left.remove(at).0, "new");
            prop_assert_eq!(left, old);
        }
    }
}
