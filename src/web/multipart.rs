//! Forms with files: `multipart/form-data`, read as it comes.
//!
//! The body is never held as a whole beside its parts: each part grows where it ends up. What a client may send is
//! bounded by the caller; see RFC 7578 for the format and WHATWG's HTML for what browsers make of it.

use std::io::Read;

use crate::form::FormError;
use crate::request::{Body, BodyError};

/// More parts than this are no form of ours.
const MOST_PARTS: usize = 2000;
/// The lines above a part may have so many bytes.
const LONGEST_HEAD: usize = 8 * 1024;
/// How much is read at once.
const BLOCK: usize = 64 * 1024;

/// A file that came with a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The name of the field.
    pub field: String,
    /// What the file is called where it comes from, without the folders above it.
    pub file_name: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// Everything a form of this kind holds.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// Names and values in their order.
    pub fields: Vec<(String, String)>,
    /// The files; a file field in which nothing was chosen is none.
    pub uploads: Vec<Upload>,
}

/// The boundary that a content type names.
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let (essence, parameters) = content_type.split_once(';')?;
    if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("boundary")
            .then(|| value.trim().trim_matches('"'))
    })?;
    (1..=70).contains(&value.len()).then_some(value)
}

/// Reads a form to its end, at most so many bytes of it.
pub(crate) fn read(body: &mut Body, boundary: &str, limit: u64) -> Result<Parts, FormError> {
    if body.length().is_some_and(|length| length > limit) {
        return Err(BodyError::TooLong { limit }.into());
    }
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    let mut scanner = Scanner {
        input: body,
        // The first boundary has no line before it.
        buffer: b"\r\n".to_vec(),
        start: 0,
        left: limit,
        limit,
    };
    scanner.until(&delimiter, &mut Vec::new(), LONGEST_HEAD)?;
    let mut parts = Parts::default();
    for _ in 0..MOST_PARTS {
        let mut line = Vec::new();
        scanner.until(b"\r\n", &mut line, LONGEST_HEAD)?;
        if line.starts_with(b"--") {
            return Ok(parts);
        }
        let head = scanner.head()?;
        let mut content = Vec::new();
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        scanner.until(&delimiter, &mut content, most)?;
        let Some((field, file_name)) = head else {
            continue;
        };
        match file_name {
            None => {
                let value = String::from_utf8(content)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
                parts.fields.push((field, value));
            }
            Some(file_name) if file_name.is_empty() && content.is_empty() => {}
            Some(file_name) => parts.uploads.push(Upload {
                field,
                file_name,
                content,
            }),
        }
    }
    Err(FormError::Broken("it has too many parts"))
}

/// Looks for marks in a stream.
struct Scanner<'a> {
    input: &'a mut Body,
    buffer: Vec<u8>,
    /// What stands before this in the buffer is done.
    start: usize,
    left: u64,
    limit: u64,
}

impl Scanner<'_> {
    /// Moves what stands before the next `mark` to `out` and goes behind the mark.
    fn until(&mut self, mark: &[u8], out: &mut Vec<u8>, most: usize) -> Result<(), FormError> {
        loop {
            let rest = &self.buffer[self.start..];
            let found = memchr::memmem::find(rest, mark);
            // The beginning of a mark may stand at the end of what is here.
            let sure = found.unwrap_or_else(|| rest.len().saturating_sub(mark.len() - 1));
            if out.len() + sure > most {
                return Err(FormError::Broken("a line of it is too long"));
            }
            out.extend_from_slice(&rest[..sure]);
            self.start += sure;
            if found.is_some() {
                self.start += mark.len();
                return Ok(());
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<(), FormError> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let kept = self.buffer.len();
        self.buffer.resize(kept + BLOCK, 0);
        let got = self
            .input
            .read(&mut self.buffer[kept..])
            .map_err(BodyError::Io)?;
        self.buffer.truncate(kept + got);
        if got == 0 {
            return Err(FormError::Broken("it ends in the middle"));
        }
        self.left = self
            .left
            .checked_sub(got as u64)
            .ok_or(BodyError::TooLong { limit: self.limit })?;
        Ok(())
    }

    /// The lines above a part: the field's name, and the name of the file if it is one. None when it has no name.
    fn head(&mut self) -> Result<Option<(String, Option<String>)>, FormError> {
        let mut found = None;
        let mut length = 0;
        loop {
            let mut line = Vec::new();
            self.until(b"\r\n", &mut line, LONGEST_HEAD)?;
            if line.is_empty() {
                return Ok(found);
            }
            length += line.len();
            if length > LONGEST_HEAD {
                return Err(FormError::Broken("the head of a part is too long"));
            }
            let line = String::from_utf8_lossy(&line);
            if let Some((name, value)) = line.split_once(':')
                && name.trim().eq_ignore_ascii_case("content-disposition")
                && let Some(field) = parameter(value, "name")
            {
                let file_name = parameter(value, "filename");
                found = Some((field, file_name.map(|name| base_name(&name).to_owned())));
            }
        }
    }
}

/// The value of a parameter of a header, in quotes or not. Browsers write the quote, and ends of lines, as `%22` and the
/// like; others put a backslash before the quote.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let mut value = String::new();
                let mut chars = quoted.char_indices().peekable();
                let mut end = quoted.len();
                while let Some((at, char)) = chars.next() {
                    match char {
                        '"' => {
                            end = at + 1;
                            break;
                        }
                        '\\' if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                            value.push('"');
                            chars.next();
                        }
                        other => value.push(other),
                    }
                }
                (value, &quoted[end..])
            }
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            let value = value.replace("%22", "\"");
            return Some(value.replace("%0D", "\r").replace("%0A", "\n"));
        }
        rest = next.trim_start().strip_prefix(';')?;
    }
}

/// Some clients send the whole path, in the manner of their system.
fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor};

    use super::*;

    /// Gives one byte after the other, so that every mark is cut somewhere.
    struct Drops(Cursor<Vec<u8>>);

    impl Read for Drops {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let most = buf.len().min(1);
            self.0.read(&mut buf[..most])
        }
    }

    fn parse(body: &[u8], limit: u64) -> Result<Parts, FormError> {
        let whole = read(
            &mut Body::new(Box::new(Cursor::new(body.to_vec())), None),
            "XX",
            limit,
        );
        let drops = Box::new(Drops(Cursor::new(body.to_vec())));
        let slow = read(&mut Body::new(drops, None), "XX", limit);
        assert_eq!(whole.is_ok(), slow.is_ok());
        if let (Ok(whole), Ok(slow)) = (&whole, &slow) {
            assert_eq!(whole.fields, slow.fields);
            assert_eq!(whole.uploads, slow.uploads);
        }
        whole
    }

    const FORM: &[u8] = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n2\r\n--XX\r\n\
        content-disposition: form-data; name=up; filename=\"C:\\dir\\a %22b%22.bin\"\r\nContent-Type: x/y\r\n\r\n\0\r\n--X\xff\r\n--XX\r\n\
        Content-Disposition: form-data; name=\"none\"; filename=\"\"\r\n\r\n\r\n--XX--\r\n";

    #[test]
    fn fields_and_files_come_apart() {
        let parts = parse(FORM, 10_000).unwrap();
        assert_eq!(parts.fields, [("a".to_owned(), "1\r\n2".to_owned())]);
        assert_eq!(
            parts.uploads,
            [Upload {
                field: "up".into(),
                file_name: "a \"b\".bin".into(),
                content: b"\0\r\n--X\xff".to_vec(),
            }]
        );
    }

    #[test]
    fn what_is_cut_short_or_too_long_is_refused() {
        for end in 0..FORM.len() - 2 {
            assert!(parse(&FORM[..end], 10_000).is_err(), "cut at {end}");
        }
        assert!(matches!(
            parse(FORM, 100),
            Err(FormError::Body(BodyError::TooLong { limit: 100 }))
        ));
        let announced = &mut Body::new(Box::new(io::empty()), Some(101));
        assert!(matches!(
            read(announced, "XX", 100),
            Err(FormError::Body(BodyError::TooLong { limit: 100 }))
        ));
    }

    #[test]
    fn boundaries_are_found() {
        for (content_type, wanted) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            (
                "Multipart/Form-Data;charset=utf-8; BOUNDARY=\"a b\"",
                Some("a b"),
            ),
            ("multipart/form-data", None),
            ("multipart/mixed; boundary=abc", None),
            ("multipart/form-data; boundary=", None),
        ] {
            assert_eq!(boundary(content_type), wanted, "{content_type}");
        }
    }
}
