//! What a reader has already need not be sent again: validators, 304s, and how long an answer may be kept.

use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, ETAG, HeaderValue, IF_NONE_MATCH, PRAGMA,
    SET_COOKIE, VARY,
};
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};

use crate::path::RequestPath;
use crate::response::{Body, Response};

/// How long caches between us and strangers may keep the page of one immutable changeset. What they keep is seen by
/// strangers even after the repository was closed to them, so it is minutes.
const FOR_STRANGERS: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The header with which a script asks for a page without its frame.
const PART: &str = "x-partial-xhr";

/// What the page of an address depends on besides the address.
const DEPENDS_ON: HeaderValue = HeaderValue::from_static("Cookie, Authorization, Accept-Language");

/// A strong tag for whatever the parts name together.
pub(crate) fn tag(parts: &[&[u8]]) -> HeaderValue {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut text = String::with_capacity(34);
    text.push('"');
    for byte in &hash.finalize()[..16] {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
    }
    text.push('"');
    HeaderValue::try_from(text).expect("hexadecimal digits in quotes are a header value")
}

/// Whether the asker holds what this tag names (RFC 9110, 13.1.2: compared without regard to weakness).
pub(crate) fn holds(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let bare = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
    let wanted = bare(tag.as_bytes());
    request.get_all(IF_NONE_MATCH).iter().any(|held| {
        held.as_bytes()
            .split(|&b| b == b',')
            .map(<[u8]>::trim_ascii)
            .any(|held| held == b"*" || bare(held) == wanted)
    })
}

/// `304`, with the headers that the whole answer would have had.
pub(crate) fn unchanged(mut whole: Response) -> Response {
    whole.status = StatusCode::NOT_MODIFIED;
    whole.body = Body::Empty;
    whole.headers.remove(CONTENT_LENGTH);
    whole.headers.remove(CONTENT_TYPE);
    whole
}

/// Gives a finished page its tag, and spares whoever has this very page the bytes.
///
/// `stranger`: nobody is signed in, so that everybody else without a cookie gets the same.
pub(crate) fn validate(
    request: &HeaderMap,
    path: &RequestPath,
    stranger: bool,
    mut page: Response,
) -> Response {
    let html = page
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if page.status != StatusCode::OK || !html || page.headers.contains_key(SET_COOKIE) {
        return page;
    }
    page.headers.entry(VARY).or_insert(DEPENDS_ON);
    let part = request.contains_key(PART);
    if stranger && !part && !request.contains_key(COOKIE) && path.segments().any(is_full_id) {
        page.headers.insert(CACHE_CONTROL, FOR_STRANGERS);
        page.headers.remove(PRAGMA);
        page.headers.append(VARY, HeaderValue::from_static(PART));
    }
    if let Body::Bytes(bytes) = &page.body
        && !page.headers.contains_key(ETAG)
    {
        let tag = tag(&[bytes.get_ref()]);
        page.headers.insert(ETAG, tag);
    }
    match page.headers.get(ETAG) {
        Some(tag) if holds(request, tag) => unchanged(page),
        _ => page,
    }
}

/// Whether a part of a path can only be the whole id of a changeset.
fn is_full_id(segment: &str) -> bool {
    segment.len() == 40
        && segment
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "/repo/changeset/0123456789abcdef0123456789abcdef01234567";

    fn path(text: &str) -> RequestPath {
        RequestPath::from_bytes(text.as_bytes()).expect("a path")
    }

    fn page() -> Response {
        Response::html(StatusCode::OK, "<p>hello</p>".into())
    }

    fn holding(tag: &str) -> HeaderMap {
        HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_str(tag).unwrap())])
    }

    #[test]
    fn who_has_the_page_is_told_so() {
        let first = validate(&HeaderMap::new(), &path("/repo"), false, page());
        assert_eq!(first.status, StatusCode::OK);
        let tag = first.headers[ETAG].to_str().unwrap().to_owned();
        for held in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"x\", {tag}"),
            "*".into(),
        ] {
            let again = validate(&holding(&held), &path("/repo"), false, page());
            assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{held}");
            assert!(matches!(again.body, Body::Empty));
            assert_eq!(again.headers[ETAG], tag);
            assert!(!again.headers.contains_key(CONTENT_LENGTH));
        }
        let other = validate(&holding("\"other\""), &path("/repo"), false, page());
        assert_eq!(other.status, StatusCode::OK);
    }

    #[test]
    fn only_strangers_pages_of_one_changeset_may_be_kept_by_others() {
        let kept = |request: &HeaderMap, at: &str, stranger| {
            validate(request, &path(at), stranger, page()).headers[CACHE_CONTROL] == FOR_STRANGERS
        };
        let nothing = HeaderMap::new();
        assert!(kept(&nothing, ID, true));
        assert!(!kept(&nothing, ID, false));
        assert!(!kept(&nothing, "/repo/changeset/tip", true));
        let cookie = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("a=b"))]);
        assert!(!kept(&cookie, ID, true));
    }

    #[test]
    fn errors_and_new_sessions_are_never_confirmed() {
        let missing = Response::html(StatusCode::NOT_FOUND, "no".into());
        let answer = validate(&HeaderMap::new(), &path(ID), true, missing);
        assert!(!answer.headers.contains_key(ETAG));
        let session = page().with(SET_COOKIE, HeaderValue::from_static("a=b"));
        let answer = validate(&holding("*"), &path(ID), true, session);
        assert_eq!(answer.status, StatusCode::OK);
    }
}
