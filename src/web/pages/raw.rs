//! The bytes of a file, so that nothing in them can run in our origin.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Cursor, Seek, SeekFrom};

use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue, IF_RANGE, RANGE,
};
use http::{HeaderMap, StatusCode};
use model::ReadableRepository;
use render::decode::Charset;
use vcs::{FileContent, Kind, NodeKind, Storage, TextEncoding};

use super::revision;
use crate::conditional;
use crate::problem::Problem;
use crate::response::{Body, Response};
use crate::routes::{Answer, Captures};
use crate::visit::Visit;
use crate::words;

/// Whatever a file holds, a browser that shows it gives it no rights.
const SANDBOX: HeaderValue = HeaderValue::from_static(
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
);

/// The same for what browsers show in viewers of their own, which do not work in a sandbox. These run no script of the document in
/// our origin.
const VIEWER: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'; object-src 'self'; frame-ancestors 'self'",
);

/// Types that `raw` lets the browser show as what they are.
const SHOWN: &[&str] = &[
    "image/png",
    "image/gif",
    "image/jpeg",
    "image/webp",
    "image/avif",
    "image/bmp",
    "image/svg+xml",
    "image/x-icon",
];

/// The media type of a file by its name, else by its kind of contents.
pub(super) fn mime_type(name: &str, binary: bool) -> &'static str {
    vcs::media_type_of(name.as_bytes()).unwrap_or(if binary {
        "application/octet-stream"
    } else {
        "text/plain"
    })
}

/// The text of a file as it is read by people.
pub(super) fn shown_text(content: &FileContent) -> Cow<'_, str> {
    match content.encoding() {
        Some(TextEncoding::Utf16Le | TextEncoding::Utf16Be) => content.text().unwrap_or_default(),
        _ => render::decode(&content.data),
    }
}

/// How the bytes are announced.
struct Form {
    kind: String,
    download: bool,
    policy: HeaderValue,
}

/// `GET /<repo>/raw/<revision>/<path>`: images are shown, text is plain text, the rest is a download. With `view=inline` also what
/// browsers have their own viewers for, as our pages embed it.
pub fn inline(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    let embedded = visit.query.get("view") == Some("inline");
    serve(visit, repository, captures, |mime, charset| {
        let viewer =
            mime == "application/pdf" || mime.starts_with("audio/") || mime.starts_with("video/");
        if SHOWN.contains(&mime) || (embedded && viewer) {
            return Form {
                kind: mime.to_owned(),
                download: false,
                policy: if viewer { VIEWER } else { SANDBOX },
            };
        }
        let download = charset.is_none();
        Form {
            kind: match charset {
                Some(charset) => format!("text/plain; charset={charset}"),
                None => "application/octet-stream".to_owned(),
            },
            download,
            policy: SANDBOX,
        }
    })
}

/// What the bytes of a text are announced as.
fn charset(encoding: TextEncoding, bytes: &[u8]) -> String {
    let listed = match encoding {
        TextEncoding::Latin1 => render::decode::charset_of(bytes),
        _ => None,
    };
    listed.map_or_else(|| encoding.as_str().to_owned(), Charset::name)
}

/// `GET /<repo>/rawfile/<revision>/<path>`: a download.
pub fn attachment(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    serve(visit, repository, captures, |mime, _| Form {
        kind: mime.to_owned(),
        download: true,
        policy: SANDBOX,
    })
}

fn serve(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
    choose: impl Fn(&'static str, Option<String>) -> Form,
) -> Answer {
    let contents = visit.model.open_repository(repository)?;
    let (id, text, path) = revision::split(&contents, captures.bytes("rest"))?;
    let path = revision::path(path)?;
    let node = contents.node(&id, &path)?;
    if node.kind == NodeKind::Directory {
        return Err(Problem::NotFound(
            visit.t("given path is a directory").to_owned(),
        ));
    }
    // Only under its full id does a file never change.
    let caching = if text == id.to_string() {
        "private, max-age=31536000, immutable"
    } else {
        "private, no-cache"
    };
    let caching = HeaderValue::from_static(caching);
    let headers = &visit.request.headers;
    let pointed = contents.content_of_pointer(&node.storage)?;
    // What stands in for content may be followed by the content itself one day.
    let tag = match (&node.content, &node.storage) {
        (Some(content), Storage::Here) => Some(words::header(&format!("\"{content}\""))?),
        (Some(content), Storage::Lfs { .. }) if contents.kind() == Kind::Git => {
            let here = if pointed.is_some() { "-content" } else { "" };
            Some(words::header(&format!("\"{content}{here}\""))?)
        }
        _ => None,
    };
    if let Some(tag) = &tag
        && conditional::holds(headers, tag)
    {
        return Ok(Response::empty(StatusCode::NOT_MODIFIED)
            .with(ETAG, tag.clone())
            .with(CACHE_CONTROL, caching));
    }
    let name = path.file_name().unwrap_or_default();
    let shown = String::from_utf8_lossy(name).into_owned();
    let (form, body, tag) = match pointed {
        Some(file) => {
            let length = match &node.storage {
                Storage::Lfs { size, .. } => *size,
                _ => 0,
            };
            let form = choose(mime_type(&shown, true), None);
            (form, Source::File(file, length), tag)
        }
        None => {
            let content = contents.file(&id, &path)?;
            let encoding = content.encoding();
            let charset = encoding.map(|encoding| charset(encoding, &content.data));
            let form = choose(mime_type(&shown, encoding.is_none()), charset);
            let tag = tag.unwrap_or_else(|| conditional::tag(&[&content.data]));
            (form, Source::Bytes(content.data), Some(tag))
        }
    };
    // What is looked at needs no name: the address ends in it.
    let disposition = if form.download {
        attached(name)
    } else {
        "inline".to_owned()
    };
    let mut response = Response::empty(StatusCode::OK)
        .with(CONTENT_TYPE, words::header(&form.kind)?)
        .with(CONTENT_SECURITY_POLICY, form.policy)
        .with(CACHE_CONTROL, caching)
        .with(ACCEPT_RANGES, HeaderValue::from_static("bytes"))
        .with(CONTENT_DISPOSITION, words::header(&disposition)?);
    if let Some(tag) = tag {
        if conditional::holds(headers, &tag) {
            return Ok(conditional::unchanged(response.with(ETAG, tag)));
        }
        response = response.with(ETAG, tag);
    }
    Ok(part(headers, response, body))
}

enum Source {
    Bytes(Vec<u8>),
    File(File, u64),
}

impl Source {
    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, length) => *length,
        }
    }

    /// Some of the bytes; nothing when the file cannot be moved through.
    fn part(self, from: u64, count: u64) -> Option<Body> {
        Some(match self {
            Self::Bytes(bytes) if count == bytes.len() as u64 => Body::Bytes(Cursor::new(bytes)),
            Self::Bytes(mut bytes) => {
                let from = usize::try_from(from).ok()?;
                bytes.truncate(from + usize::try_from(count).ok()?);
                bytes.drain(..from);
                Body::Bytes(Cursor::new(bytes))
            }
            Self::File(mut file, _) => {
                file.seek(SeekFrom::Start(from)).ok()?;
                Body::File(file, count)
            }
        })
    }
}

/// The body, or the part of it that is asked for (RFC 9110, 14.2: one range; a list of ranges is answered with everything).
fn part(request: &HeaderMap, mut response: Response, source: Source) -> Response {
    let length = source.length();
    let is_same = match request.get(IF_RANGE) {
        Some(tag) => response.headers.get(ETAG) == Some(tag),
        None => true,
    };
    let asked = request.get(RANGE).filter(|_| is_same);
    let (from, count) = match asked.and_then(|range| parse_range(range, length)) {
        None => (0, length),
        Some(Some((from, count))) => {
            let last = from + count - 1;
            response.status = StatusCode::PARTIAL_CONTENT;
            if let Ok(range) = HeaderValue::try_from(format!("bytes {from}-{last}/{length}")) {
                response.headers.insert(CONTENT_RANGE, range);
            }
            (from, count)
        }
        Some(None) => {
            response.status = StatusCode::RANGE_NOT_SATISFIABLE;
            if let Ok(range) = HeaderValue::try_from(format!("bytes */{length}")) {
                response.headers.insert(CONTENT_RANGE, range);
            }
            response.headers.insert(CONTENT_LENGTH, 0.into());
            return response;
        }
    };
    response.headers.insert(CONTENT_LENGTH, count.into());
    match source.part(from, count) {
        Some(body) => response.body = body,
        None => {
            return Response::text(
                StatusCode::SERVICE_UNAVAILABLE,
                "The file cannot be read.\n",
            );
        }
    }
    response
}

/// First byte and number of bytes of a range; `Some(None)` for one outside, nothing for what is no single range.
fn parse_range(range: &HeaderValue, length: u64) -> Option<Option<(u64, u64)>> {
    let (first, last) = range
        .to_str()
        .ok()?
        .strip_prefix("bytes=")?
        .split_once('-')?;
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        let count: u64 = last.parse().ok()?;
        let count = count.min(length);
        return Some((count > 0).then(|| (length - count, count)));
    }
    let first: u64 = first.parse().ok()?;
    let last: u64 = match last {
        "" => u64::MAX,
        last => last.parse().ok()?,
    };
    if last < first {
        return None;
    }
    Some((first < length).then(|| (first, last.min(length - 1) - first + 1)))
}

/// `attachment; filename=x`, in quotes where it is more than a word, with the full name beside it when it is not plain ASCII.
pub(super) fn attached(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    let plain: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%' | ';') || c == ' ' {
                c
            } else {
                '_'
            }
        })
        .collect();
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '~');
    if !plain.is_empty() && plain == text && plain.chars().all(word) {
        return format!("attachment; filename={plain}");
    }
    if plain == text {
        return format!("attachment; filename=\"{plain}\"");
    }
    let encoded = crate::path::encode(text.as_bytes());
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_headers_are_plain_with_the_full_one_beside() {
        assert_eq!(attached(b"a b.txt"), "attachment; filename=\"a b.txt\"");
        assert_eq!(
            attached(b"setup-1.0.py"),
            "attachment; filename=setup-1.0.py"
        );
        assert_eq!(
            attached("é\".x".as_bytes()),
            "attachment; filename=\"__.x\"; filename*=UTF-8''%C3%A9%22.x"
        );
        assert_eq!(
            attached(b"a\r\nb: c"),
            "attachment; filename=\"a__b: c\"; filename*=UTF-8''a%0D%0Ab%3A%20c"
        );
    }

    #[test]
    fn the_end_of_a_name_decides_the_type() {
        assert_eq!(mime_type("A.PNG", true), "image/png");
        assert_eq!(mime_type("Makefile", false), "text/plain");
        assert_eq!(mime_type("blob", true), "application/octet-stream");
    }

    #[test]
    fn ranges_are_parts_of_what_is_there() {
        let range = |text| parse_range(&HeaderValue::from_static(text), 10);
        assert_eq!(range("bytes=0-0"), Some(Some((0, 1))));
        assert_eq!(range("bytes=4-"), Some(Some((4, 6))));
        assert_eq!(range("bytes=8-99"), Some(Some((8, 2))));
        assert_eq!(range("bytes=-3"), Some(Some((7, 3))));
        assert_eq!(range("bytes=-99"), Some(Some((0, 10))));
        for outside in ["bytes=10-", "bytes=-0"] {
            assert_eq!(range(outside), Some(None), "{outside}");
        }
        for none in ["bytes=3-1", "bytes=0-1,3-4", "lines=1-2", "bytes=x-"] {
            assert_eq!(range(none), None, "{none}");
        }
    }
}
