//! What of somebody's HTML may be shown: only what is listed here.

use super::{ID_PREFIX, Links};
use crate::css;
use crate::stopwatch::Stopwatch;
use ammonia::Builder;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io;
use std::time::Duration;

/// How long reading the HTML may take. A parser of HTML looks through all open elements at many a tag, so a file of nothing but
/// opening tags takes it time that grows with the square of the size: half a minute for 200 KB.
const BUDGET: Duration = Duration::from_secs(1);

const TAGS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "input",
    "ins",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
];

/// On every element. There is no `style` and no event attribute, here or below.
const ATTRIBUTES: &[&str] = &["id", "class", "title", "lang", "dir", "aria-label"];

const ATTRIBUTES_OF: &[(&str, &[&str])] = &[
    ("a", &["href", "name"]),
    ("img", &["src", "alt", "width", "height"]),
    ("input", &["checked", "disabled"]),
    ("ol", &["start"]),
    ("td", &["align", "colspan", "rowspan"]),
    ("th", &["align", "colspan", "rowspan", "scope"]),
    ("h1", &["align"]),
    ("h2", &["align"]),
    ("h3", &["align"]),
    ("p", &["align"]),
    ("div", &["align"]),
    ("details", &["open"]),
];

/// Sanitises, and sends links and images where [`Links`] says; nothing if it takes too long.
pub(super) fn clean(html: &str, links: &Links<'_>) -> Option<String> {
    // The filter must own what it uses.
    let (files, raw, directory) = (
        links.files.to_owned(),
        links.raw.to_owned(),
        links.directory.to_owned(),
    );
    let mut builder = Builder::empty();
    builder
        .tags(TAGS.iter().copied().collect())
        .clean_content_tags(HashSet::from(["script", "style", "svg", "math"]))
        .generic_attributes(ATTRIBUTES.iter().copied().collect())
        .tag_attributes(
            ATTRIBUTES_OF
                .iter()
                .map(|(tag, attributes)| (*tag, attributes.iter().copied().collect()))
                .collect(),
        )
        // Whatever is written as an input is a box, and there is no form that it could belong to.
        .set_tag_attribute_values(HashMap::from([(
            "input",
            HashMap::from([("type", "checkbox")]),
        )]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(Some("nofollow noopener"))
        .id_prefix(Some(ID_PREFIX))
        .attribute_filter(move |element, attribute, value| {
            let links = Links {
                files: &files,
                raw: &raw,
                directory: &directory,
            };
            attribute_value(&links, element, attribute, value)
        });
    let reader = Hourglass {
        rest: html.as_bytes(),
        watch: Stopwatch::start(),
    };
    // The reader's end of time is the only error there is.
    builder
        .clean_from_reader(reader)
        .ok()
        .map(|document| document.to_string())
        // A box has to have a name, and what stands beside it in a list of tasks is not its label.
        .map(|html| html.replace("<input ", "<input aria-label=\"task\" "))
}

/// Hands out text in small pieces until the time is over.
struct Hourglass<'a> {
    rest: &'a [u8],
    watch: Stopwatch,
}

impl io::Read for Hourglass<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.watch.elapsed() > BUDGET {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.rest.read(buffer)
    }
}

/// The value an attribute gets, nothing to drop it.
fn attribute_value<'v>(
    links: &Links<'_>,
    element: &str,
    attribute: &str,
    value: &'v str,
) -> Option<Cow<'v, str>> {
    match (element, attribute) {
        ("input", "aria-label") => None,
        ("a", "href") => links.link(value).map(Cow::Owned),
        ("img", "src") => links.image(value).map(Cow::Owned),
        ("a", "name") => Some(if value.starts_with(ID_PREFIX) {
            value.into()
        } else {
            format!("{ID_PREFIX}{value}").into()
        }),
        // A class of the site's own would let a README dress up as a part of the page.
        (_, "class") => {
            let kept: Vec<&str> = value
                .split_ascii_whitespace()
                .filter(|class| may_use(class))
                .collect();
            (!kept.is_empty()).then(|| kept.join(" ").into())
        }
        _ => Some(value.into()),
    }
}

fn may_use(class: &str) -> bool {
    [css::MARKUP, css::HIGHLIGHT, css::DOCUTILS]
        .iter()
        .any(|list| list.contains(&class))
}
