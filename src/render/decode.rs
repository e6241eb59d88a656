//! Bytes from a repository to text that can be shown.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// A character set, by the names that the web (the WHATWG's Encoding Standard) and Python have for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Charset(&'static Encoding);

/// Nothing is known under this name.
#[derive(Debug, thiserror::Error)]
#[error("no character set is called '{0}'")]
pub struct UnknownCharset(String);

impl FromStr for Charset {
    type Err = UnknownCharset;

    fn from_str(name: &str) -> Result<Self, UnknownCharset> {
        let plain = name.trim().to_ascii_lowercase().replace('_', "-");
        // What Python calls otherwise.
        let label = match plain.as_str() {
            "latin-1" => "latin1",
            "u8" | "utf" | "utf-8-sig" => "utf-8",
            "cp932" | "ms932" => "shift_jis",
            "cp936" => "gbk",
            "cp949" | "uhc" => "euc-kr",
            "cp950" | "big5-hkscs" => "big5",
            "eucjp" | "ujis" => "euc-jp",
            "euckr" => "euc-kr",
            other => other,
        };
        Encoding::for_label_no_replacement(label.as_bytes())
            .filter(|encoding| encoding.is_ascii_compatible())
            .map(Self)
            .ok_or_else(|| UnknownCharset(name.to_owned()))
    }
}

impl fmt::Debug for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Charset({})", self.name())
    }
}

impl Charset {
    /// Its name for `charset=`.
    pub fn name(self) -> String {
        self.0.name().to_ascii_lowercase()
    }

    /// The text, where every byte means something in this character set.
    pub fn read(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        self.0
            .decode_without_bom_handling_and_without_replacement(bytes)
    }

    /// The bytes of a text, or the first letter that is not in this character set.
    ///
    /// # Errors
    /// That letter.
    pub fn write(self, text: &str) -> Result<Vec<u8>, char> {
        let (bytes, _, strange) = self.0.encode(text);
        if !strange {
            return Ok(bytes.into_owned());
        }
        let mut letter = [0; 4];
        let missing = |char: &char| self.0.encode(char.encode_utf8(&mut letter)).2;
        Err(text.chars().find(missing).unwrap_or_default())
    }

    /// For each of so many bytes where its letter begins in the text that they are, and the end; none where that cannot be told.
    pub(crate) fn places(self, text: &str, bytes: usize) -> Option<Vec<usize>> {
        let mut places = Vec::with_capacity(bytes + 1);
        let mut letter = [0; 4];
        for (at, char) in text.char_indices() {
            let width = if self.0.is_single_byte() {
                1
            } else {
                self.0.encode(char.encode_utf8(&mut letter)).0.len()
            };
            places.extend(std::iter::repeat_n(at, width));
        }
        places.push(text.len());
        (places.len() == bytes + 1).then_some(places)
    }
}

static CHARSETS: OnceLock<Vec<Charset>> = OnceLock::new();

/// Says once per process, before the first file is shown, which character sets bytes are tried as that are no UTF-8.
pub fn use_charsets(charsets: Vec<Charset>) {
    let _ = CHARSETS.set(charsets);
}

/// The character sets in use, in their order.
pub fn charsets() -> &'static [Charset] {
    CHARSETS.get().map_or(&[], Vec::as_slice)
}

/// The first character set in use that bytes which are no UTF-8 are text of.
pub fn charset_of(bytes: &[u8]) -> Option<Charset> {
    first_of(charsets(), bytes).map(|(charset, _)| charset)
}

fn first_of<'b>(charsets: &[Charset], bytes: &'b [u8]) -> Option<(Charset, Cow<'b, str>)> {
    charsets
        .iter()
        .filter(|charset| charset.0 != UTF_8)
        .find_map(|charset| Some((*charset, charset.read(bytes)?)))
}

/// Decodes bytes for display: UTF-8 where they are valid UTF-8, else the first character set in use that they are text of, else
/// windows-1252, which gives every byte some character.
///
/// A UTF-8 byte order mark at the start is dropped. The result is for reading only: writing it back could change a file.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    decode_as(charsets(), bytes).1
}

/// The same, with the character set; none for UTF-8.
pub(crate) fn decode_as<'b>(
    charsets: &[Charset],
    bytes: &'b [u8],
) -> (Option<Charset>, Cow<'b, str>) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (None, Cow::Borrowed(text));
    }
    let (charset, text) = first_of(charsets, bytes).unwrap_or_else(|| {
        let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
        (Charset(WINDOWS_1252), text)
    });
    (Some(charset), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Vec<Charset> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

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

    #[test]
    fn character_sets_are_tried_in_their_order() {
        let two = named(&["utf8", "cp932", "koi8_r"]);
        let read = |bytes: &[u8]| decode_as(&two, bytes).1.into_owned();
        assert_eq!(read("größer".as_bytes()), "größer");
        assert_eq!(read(b"\x93\xfa\x96{"), "日本");
        // No Japanese begins with this byte.
        assert_eq!(read(b"\xff\xd2\xc9\xd7\xc5\xd4"), "Ъривет");
        assert_eq!(named(&["latin-1"]), named(&["windows-1252"]));
        for unknown in ["", "klingon", "utf-16", "iso-2022-jp"] {
            assert!(unknown.parse::<Charset>().is_err(), "{unknown}");
        }
    }

    #[test]
    fn places_of_letters_are_known_in_every_width() {
        let japanese = named(&["shift_jis"])[0];
        let bytes = b"a\x93\xfab";
        let text = japanese.read(bytes).unwrap();
        assert_eq!(japanese.places(&text, 4), Some(vec![0, 1, 1, 4, 5]));
        assert_eq!(japanese.places(&text, 3), None);
        assert_eq!(japanese.write(&text).unwrap(), bytes);
        assert_eq!(japanese.write("a日💡b"), Err('💡'));
    }
}
