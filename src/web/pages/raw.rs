//! The bytes of a file, so that nothing in them can run in our origin.

use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue,
    IF_NONE_MATCH,
};
use model::ReadableRepository;

use super::revision;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::visit::Visit;
use crate::words;

/// Whatever a file holds, a browser that shows it gives it no rights.
const SANDBOX: HeaderValue = HeaderValue::from_static(
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
);

/// Types by the end of a name; for everything else the contents decide between text and bytes.
const TYPES: &[(&str, &str)] = &[
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".gif", "image/gif"),
    (".webp", "image/webp"),
    (".svg", "image/svg+xml"),
    (".ico", "image/x-icon"),
    (".bmp", "image/bmp"),
    (".pdf", "application/pdf"),
    (".zip", "application/zip"),
    (".gz", "application/gzip"),
    (".json", "application/json"),
    (".html", "text/html"),
    (".htm", "text/html"),
    (".css", "text/css"),
    (".js", "text/javascript"),
    (".xml", "application/xml"),
    (".py", "text/x-python"),
    (".rs", "text/x-rust"),
    (".c", "text/x-c"),
    (".h", "text/x-c"),
    (".md", "text/markdown"),
    (".rst", "text/x-rst"),
    (".txt", "text/plain"),
];

/// Types that `raw` lets the browser show as what they are.
const SHOWN: &[&str] = &[
    "image/png",
    "image/gif",
    "image/jpeg",
    "image/webp",
    "image/svg+xml",
    "image/x-icon",
];

/// The media type of a file by its name, else by its kind of contents.
pub(super) fn mime_type(name: &str, binary: bool) -> &'static str {
    let lower = name.to_ascii_lowercase();
    let known = TYPES
        .iter()
        .find(|(end, _)| lower.ends_with(end))
        .map(|(_, mime)| *mime);
    known.unwrap_or(if binary {
        "application/octet-stream"
    } else {
        "text/plain"
    })
}

/// `GET /<repo>/raw/<revision>/<path>`: images are shown, text is plain text, the rest is a download.
pub fn inline(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    serve(visit, repository, captures, |mime, binary| {
        if SHOWN.contains(&mime) {
            (mime, false)
        } else if binary {
            ("application/octet-stream", true)
        } else {
            ("text/plain; charset=utf-8", false)
        }
    })
}

/// `GET /<repo>/rawfile/<revision>/<path>`: a download.
pub fn attachment(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    serve(visit, repository, captures, |mime, _| (mime, true))
}

fn serve(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
    choose: impl Fn(&'static str, bool) -> (&'static str, bool),
) -> Answer {
    let contents = visit.model.open_repository(repository)?;
    let (id, text, path) = revision::split(&contents, captures.bytes("rest"))?;
    let path = revision::path(path)?;
    // Only under its full id does a file never change.
    let immutable = text == id.to_string();
    let etag = words::header(&format!("\"{id}\""))?;
    let known = visit
        .request
        .headers
        .get(IF_NONE_MATCH)
        .is_some_and(|tags| {
            tags.to_str()
                .is_ok_and(|tags| tags.split(',').any(|tag| tag.trim() == etag))
        });
    let caching = if immutable {
        "private, max-age=31536000, immutable"
    } else {
        "private, no-cache"
    };
    if known {
        contents.node(&id, &path)?;
        return Ok(Response::empty(StatusCode::NOT_MODIFIED)
            .with(ETAG, etag)
            .with(CACHE_CONTROL, HeaderValue::from_static(caching)));
    }
    let file = contents.file(&id, &path)?;
    let name = String::from_utf8_lossy(path.file_name().unwrap_or_default()).into_owned();
    let (mime, download) = choose(mime_type(&name, file.is_binary()), file.is_binary());
    let kind = if download { "attachment" } else { "inline" };
    let mut response = Response::bytes(StatusCode::OK, mime, file.data)
        .with(CONTENT_TYPE, HeaderValue::from_static(mime))
        .with(CONTENT_SECURITY_POLICY, SANDBOX)
        .with(ETAG, etag)
        .with(CACHE_CONTROL, HeaderValue::from_static(caching))
        .with(
            CONTENT_DISPOSITION,
            words::header(&disposition(kind, &name))?,
        );
    response.headers.remove(http::header::PRAGMA);
    Ok(response)
}

/// `attachment; filename="x"`, with the full name beside it when it is not plain ASCII.
fn disposition(kind: &str, name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%' | ';') || c == ' ' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if plain == name {
        return format!("{kind}; filename=\"{plain}\"");
    }
    let encoded = crate::path::encode(name.as_bytes());
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_headers_are_plain_with_the_full_one_beside() {
        assert_eq!(
            disposition("inline", "a b.txt"),
            "inline; filename=\"a b.txt\""
        );
        assert_eq!(
            disposition("attachment", "é\".x"),
            "attachment; filename=\"__.x\"; filename*=UTF-8''%C3%A9%22.x"
        );
    }

    #[test]
    fn the_end_of_a_name_decides_the_type() {
        assert_eq!(mime_type("A.PNG", true), "image/png");
        assert_eq!(mime_type("Makefile", false), "text/plain");
        assert_eq!(mime_type("blob", true), "application/octet-stream");
    }
}
