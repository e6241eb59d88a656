//! What kind of content a file has.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::FileContent;

/// Reads bytes that are no UTF-8.
static OTHER: OnceLock<fn(&[u8]) -> String> = OnceLock::new();

/// Says once per process how messages and names of people are read that are no UTF-8 and tell no encoding; without it, as Latin-1.
pub fn read_other_text_by(read: fn(&[u8]) -> String) {
    let _ = OTHER.set(read);
}

pub(crate) fn read_other(bytes: &[u8]) -> String {
    match OTHER.get() {
        Some(read) => read(bytes),
        None => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// How text is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextEncoding {
    /// UTF-8, of which ASCII is a part.
    Utf8,
    /// UTF-8 that says so by a mark at the start.
    Utf8WithMark,
    /// UTF-16 with the mark of this byte order.
    Utf16Le,
    /// UTF-16 with the mark of this byte order.
    Utf16Be,
    /// Something else without NUL bytes: read as Latin-1, which takes any bytes.
    Latin1,
}

impl TextEncoding {
    /// The name for `charset=`.
    pub fn as_str(self) -> &'static str {
        match self {
            TextEncoding::Utf8 | TextEncoding::Utf8WithMark => "utf-8",
            TextEncoding::Utf16Le => "utf-16le",
            TextEncoding::Utf16Be => "utf-16be",
            TextEncoding::Latin1 => "iso-8859-1",
        }
    }
}

/// Media types by extension, of what repositories hold and browsers know.
const MEDIA_TYPES: &[(&str, &str)] = &[
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("bz2", "application/x-bzip2"),
    ("c", "text/x-c"),
    ("cc", "text/x-c"),
    ("cpp", "text/x-c"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("go", "text/x-go"),
    ("gz", "application/gzip"),
    ("h", "text/x-c"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ico", "image/x-icon"),
    ("jar", "application/java-archive"),
    ("java", "text/x-java"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("md", "text/markdown"),
    ("mjs", "text/javascript"),
    ("mkv", "video/x-matroska"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("ogg", "audio/ogg"),
    ("ogv", "video/ogg"),
    ("opus", "audio/opus"),
    ("otf", "font/otf"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("py", "text/x-python"),
    ("rb", "text/x-ruby"),
    ("rs", "text/x-rust"),
    ("rst", "text/x-rst"),
    ("sh", "text/x-sh"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("tsv", "text/tab-separated-values"),
    ("ttf", "font/ttf"),
    ("txt", "text/plain"),
    ("wasm", "application/wasm"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("xml", "text/xml"),
    ("xz", "application/x-xz"),
    ("zip", "application/zip"),
    ("zst", "application/zstd"),
];

/// The media type by the name of a file alone; none where the name does not tell.
pub fn media_type_of(name: &[u8]) -> Option<&'static str> {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let (_, extension) = name.rsplit_once('.')?;
    let at = MEDIA_TYPES.binary_search_by_key(&extension, |(known, _)| *known);
    Some(MEDIA_TYPES[at.ok()?].1)
}

impl FileContent {
    /// How its text is stored; none where it is no text.
    pub fn encoding(&self) -> Option<TextEncoding> {
        match &self.data[..] {
            [0xff, 0xfe, ..] => Some(TextEncoding::Utf16Le),
            [0xfe, 0xff, ..] => Some(TextEncoding::Utf16Be),
            _ if self.is_binary() => None,
            data if std::str::from_utf8(data).is_err() => Some(TextEncoding::Latin1),
            [0xef, 0xbb, 0xbf, ..] => Some(TextEncoding::Utf8WithMark),
            _ => Some(TextEncoding::Utf8),
        }
    }

    /// Its text without the mark at the start; none where it is none.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        let units = |unit: fn([u8; 2]) -> u16| {
            let units: Vec<u16> = self.data[2..]
                .as_chunks()
                .0
                .iter()
                .map(|two| unit(*two))
                .collect();
            Cow::Owned(String::from_utf16_lossy(&units))
        };
        Some(match self.encoding()? {
            TextEncoding::Utf8 => String::from_utf8_lossy(&self.data),
            TextEncoding::Utf8WithMark => String::from_utf8_lossy(&self.data[3..]),
            TextEncoding::Utf16Le => units(u16::from_le_bytes),
            TextEncoding::Utf16Be => units(u16::from_be_bytes),
            TextEncoding::Latin1 => self.data.iter().map(|&byte| char::from(byte)).collect(),
        })
    }

    /// Its lines without their ends, as bytes; a carriage return before the end is kept.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.data
            .split_inclusive(|&byte| byte == b'\n')
            .map(|line| line.strip_suffix(b"\n").unwrap_or(line))
    }

    /// The media type by the name of the file, else by whether it is text.
    pub fn media_type(&self, name: &[u8]) -> &'static str {
        match (media_type_of(name), self.is_binary()) {
            (Some(known), _) => known,
            (None, true) => "application/octet-stream",
            (None, false) => "text/plain",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Storage;

    fn content(data: &[u8]) -> FileContent {
        FileContent {
            data: data.to_vec(),
            executable: false,
            symlink: false,
            storage: Storage::Here,
        }
    }

    #[test]
    fn text_is_told_from_the_rest() {
        for (data, encoding, text) in [
            (&b"plain"[..], Some(TextEncoding::Utf8), Some("plain")),
            (
                "caf\u{e9}".as_bytes(),
                Some(TextEncoding::Utf8),
                Some("caf\u{e9}"),
            ),
            (b"caf\xe9", Some(TextEncoding::Latin1), Some("caf\u{e9}")),
            (
                b"\xef\xbb\xbfx",
                Some(TextEncoding::Utf8WithMark),
                Some("x"),
            ),
            (b"\xff\xfex\0", Some(TextEncoding::Utf16Le), Some("x")),
            (b"\xfe\xff\0x", Some(TextEncoding::Utf16Be), Some("x")),
            (b"a\0b", None, None),
            (b"", Some(TextEncoding::Utf8), Some("")),
        ] {
            let content = content(data);
            assert_eq!(content.encoding(), encoding, "{data:?}");
            assert_eq!(content.text().as_deref(), text, "{data:?}");
        }
    }

    #[test]
    fn media_types_are_found() {
        assert!(MEDIA_TYPES.is_sorted_by_key(|(extension, _)| *extension));
        for (name, data, wanted) in [
            (&b"a.PNG"[..], &b"\0"[..], "image/png"),
            (b"Makefile", b"all:", "text/plain"),
            (b"core", b"\0", "application/octet-stream"),
            (b"x.unknown", b"text", "text/plain"),
        ] {
            assert_eq!(content(data).media_type(name), wanted);
        }
    }

    #[test]
    fn lines_keep_all_but_their_ends() {
        let content = content(b"a\r\n\nb");
        assert_eq!(
            content.lines().collect::<Vec<_>>(),
            [&b"a\r"[..], b"", b"b"]
        );
    }
}
