//! What of somebody's HTML may be shown: only what is listed here.

use super::{ID_PREFIX, Links};
use crate::css;
use ammonia::Builder;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

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
    ("input", &["checked"]),
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

/// Sanitises, and sends links and images where [`Links`] says.
pub(super) fn clean(html: &str, links: &Links<'_>) -> String {
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
        // Whatever is written as an input is the box of a task list that nobody can tick.
        .set_tag_attribute_values(HashMap::from([(
            "input",
            HashMap::from([("type", "checkbox"), ("disabled", "")]),
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
    builder.clean(html).to_string()
}

/// The value an attribute gets, nothing to drop it.
fn attribute_value<'v>(
    links: &Links<'_>,
    element: &str,
    attribute: &str,
    value: &'v str,
) -> Option<Cow<'v, str>> {
    match (element, attribute) {
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
