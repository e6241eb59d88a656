//! Bytes from a repository to text that can be shown.

use std::borrow::Cow;

/// What the bytes 0x80 to 0x9F mean in windows-1252. The five that it leaves undefined keep their latin-1 control character.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Decodes bytes for display: UTF-8 where they are valid UTF-8, else windows-1252, which gives every byte some character.
///
/// A UTF-8 byte order mark at the start is dropped. The result is for reading only: writing it back could change a file, so editors
/// must refuse bytes that are not UTF-8.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|&byte| windows_1252(byte)).collect()),
    }
}

fn windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_is_borrowed_and_loses_its_mark() {
        assert!(matches!(
            decode("größer".as_bytes()),
            Cow::Borrowed("größer")
        ));
        assert_eq!(decode(b"\xef\xbb\xbfx"), "x");
    }

    #[test]
    fn other_bytes_are_windows_1252() {
        assert_eq!(decode(b"gr\xf6\xdfer \x80 5 \x96 6"), "größer € 5 – 6");
    }

    #[test]
    fn every_byte_has_a_character() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&all).chars().count(), 256);
    }
}
