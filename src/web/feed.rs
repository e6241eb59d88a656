//! Feeds: the same list as Atom or as RSS 2.0.

use http::header::{CONTENT_TYPE, ETAG, HeaderValue, LAST_MODIFIED};
use http::{HeaderName, StatusCode};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::conditional;
use crate::problem::Problem;
use crate::response::{Body, Response};
use crate::view::Feed as Link;
use crate::visit::Visit;

/// The two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// RFC 4287.
    Atom,
    /// RSS 2.0.
    Rss,
}

impl Format {
    /// The form of the last part of an address.
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word {
            "atom" => Some(Self::Atom),
            "rss" => Some(Self::Rss),
            _ => None,
        }
    }

    fn mime(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml",
            Self::Rss => "application/rss+xml",
        }
    }
}

/// A feed.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    /// Its name.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// The page that shows the same.
    pub link: String,
    /// Newest first.
    pub entries: Vec<Entry>,
}

/// One entry.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub title: String,
    pub link: String,
    /// HTML.
    pub description: String,
    pub author: String,
    pub email: String,
    /// Seconds since 1970.
    pub time: i64,
}

/// Answers with a feed, or with 304 to whoever has it. `tag` names its content, `make` makes it; `newest` is the time of its
/// newest entry.
pub(crate) fn answer(
    visit: &Visit<'_>,
    format: Format,
    tag: &[&[u8]],
    newest: Option<i64>,
    make: impl FnOnce() -> Result<Feed, Problem>,
) -> Result<Response, Problem> {
    let mut parts = tag.to_vec();
    parts.push(format.mime().as_bytes());
    let tag = conditional::tag(&parts);
    let mut headers = vec![(ETAG, tag.clone()), (CONTENT_TYPE, content_type(format))];
    if let Some(newest) = newest
        && let Ok(value) = HeaderValue::from_str(&http_date(newest))
    {
        headers.push((LAST_MODIFIED, value));
    }
    let held = &visit.request.headers;
    let known = if held.contains_key(http::header::IF_NONE_MATCH) {
        conditional::holds(held, &tag)
    } else {
        // Readers of feeds from before tags ask with the very date that they were given.
        let since = held.get(http::header::IF_MODIFIED_SINCE);
        since.is_some_and(|since| {
            headers
                .iter()
                .any(|(name, value)| name == LAST_MODIFIED && value == since)
        })
    };
    let mut response = if known {
        Response::empty(StatusCode::NOT_MODIFIED)
    } else {
        let feed = make()?;
        let text = match format {
            Format::Atom => atom(&feed),
            Format::Rss => rss(&feed),
        };
        let mut response = Response::text(StatusCode::OK, "");
        let length = text.len() as u64;
        response.body = Body::Bytes(std::io::Cursor::new(text.into_bytes()));
        headers.push((http::header::CONTENT_LENGTH, HeaderValue::from(length)));
        response
    };
    for (name, value) in headers {
        if !(known && name == CONTENT_TYPE) {
            response.headers.insert(HeaderName::clone(&name), value);
        }
    }
    response.headers.insert(
        http::header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache"),
    );
    Ok(response)
}

fn content_type(format: Format) -> HeaderValue {
    match format {
        Format::Atom => HeaderValue::from_static("application/atom+xml; charset=utf-8"),
        Format::Rss => HeaderValue::from_static("application/rss+xml; charset=utf-8"),
    }
}

/// The `<link>`s to both forms of a feed; `below` is its address without the last part. Whoever is signed in gets the key with it,
/// because their reader of feeds is not.
pub(crate) fn links(visit: &Visit<'_>, below: &str, title: &str) -> Result<Vec<Link>, Problem> {
    let key = match visit.viewer.signed_in() {
        Some(user) => Some(visit.model.feed_key(user)?),
        None => None,
    };
    let link = |format: Format, word: &str, name: &str| {
        let mut url = visit.url(below).join(word);
        if let Some(key) = &key {
            url = url.query("api_key", key);
        }
        Link {
            mime: format.mime().to_owned(),
            title: format!("{title} ({name})"),
            url: url.into(),
        }
    };
    Ok(vec![
        link(Format::Atom, "atom", "Atom"),
        link(Format::Rss, "rss", "RSS"),
    ])
}

fn atom(feed: &Feed) -> String {
    let updated = feed.entries.iter().map(|entry| entry.time).max();
    let updated = updated.unwrap_or_else(|| Timestamp::now().as_second());
    let mut out = Xml::new();
    out.raw("<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en-us\">");
    out.element("title", &feed.title);
    out.link(&feed.link);
    out.element("id", &feed.link);
    out.element("updated", &rfc3339(updated));
    for entry in &feed.entries {
        let time = rfc3339(entry.time);
        out.raw("<entry>");
        out.element("title", &entry.title);
        out.link(&entry.link);
        out.element("updated", &time);
        out.element("published", &time);
        out.raw("<author>");
        out.element("name", &entry.author);
        if !entry.email.is_empty() {
            out.element("email", &entry.email);
        }
        out.raw("</author>");
        out.element("id", &tag_uri(&entry.link, &time[..10]));
        out.raw("<summary type=\"html\">");
        out.text(&entry.description);
        out.raw("</summary></entry>");
    }
    out.raw("</feed>");
    out.0
}

fn rss(feed: &Feed) -> String {
    let newest = feed.entries.iter().map(|entry| entry.time).max();
    let newest = newest.unwrap_or_else(|| Timestamp::now().as_second());
    let mut out = Xml::new();
    out.raw("<rss version=\"2.0\"><channel>");
    out.element("title", &feed.title);
    out.element("link", &feed.link);
    out.element("description", &feed.description);
    out.element("language", "en-us");
    out.element("lastBuildDate", &rfc822(newest));
    out.element("ttl", "5");
    for entry in &feed.entries {
        out.raw("<item>");
        out.element("title", &entry.title);
        out.element("link", &entry.link);
        out.element("description", &entry.description);
        if entry.email.is_empty() {
            out.element("author", &entry.author);
        } else {
            out.element("author", &format!("{} ({})", entry.email, entry.author));
        }
        out.element("pubDate", &rfc822(entry.time));
        out.raw("</item>");
    }
    out.raw("</channel></rss>");
    out.0
}

/// An id for an entry that does not change, made of its link as the original does.
fn tag_uri(link: &str, day: &str) -> String {
    let tag = link.strip_prefix("http://").unwrap_or(link);
    let tag = tag.replacen('/', &format!(",{day}:/"), 1);
    format!("tag:{}", tag.replace('#', "/"))
}

fn utc(seconds: i64) -> jiff::Zoned {
    let seconds = seconds.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(seconds)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_zoned(TimeZone::UTC)
}

fn rfc3339(seconds: i64) -> String {
    utc(seconds).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn rfc822(seconds: i64) -> String {
    utc(seconds)
        .strftime("%a, %d %b %Y %H:%M:%S -0000")
        .to_string()
}

fn http_date(seconds: i64) -> String {
    utc(seconds)
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}

/// XML that is being written. Letters that XML cannot hold are replaced.
struct Xml(String);

impl Xml {
    fn new() -> Self {
        Self("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_owned())
    }

    fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\t' | '\n' => self.0.push(c),
                '\r' => self.0.push_str("&#13;"),
                c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
    }

    fn element(&mut self, name: &str, text: &str) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
        self.text(text);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    fn link(&mut self, href: &str) {
        self.0.push_str("<link rel=\"alternate\" href=\"");
        self.text(href);
        self.0.push_str("\"/>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed() -> Feed {
        Feed {
            title: "A & B".into(),
            description: "changes".into(),
            link: "http://h/r".into(),
            entries: vec![Entry {
                title: "fix\u{1} <it>".into(),
                link: "http://h/r/changeset/1#x".into(),
                description: "<b>bold</b>".into(),
                author: "Zoë".into(),
                email: "z@example.com".into(),
                time: 0,
            }],
        }
    }

    #[test]
    fn atom_holds_escaped_values() {
        let text = atom(&feed());
        for part in [
            "<title>A &amp; B</title><link rel=\"alternate\" href=\"http://h/r\"/><id>http://h/r</id>",
            "<title>fix\u{fffd} &lt;it&gt;</title>",
            "<updated>1970-01-01T00:00:00Z</updated><published>1970-01-01T00:00:00Z</published>",
            "<author><name>Zoë</name><email>z@example.com</email></author>",
            "<id>tag:h,1970-01-01:/r/changeset/1/x</id>",
            "<summary type=\"html\">&lt;b&gt;bold&lt;/b&gt;</summary></entry></feed>",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn rss_holds_the_same() {
        let text = rss(&feed());
        for part in [
            "<rss version=\"2.0\"><channel><title>A &amp; B</title>",
            "<lastBuildDate>Thu, 01 Jan 1970 00:00:00 -0000</lastBuildDate><ttl>5</ttl>",
            "<author>z@example.com (Zoë)</author>",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("<guid"));
    }

    #[test]
    fn ids_keep_the_scheme_of_secure_links_as_the_original_does() {
        assert_eq!(
            tag_uri("https://h/r", "2024-01-31"),
            "tag:https:,2024-01-31://h/r"
        );
    }
}
