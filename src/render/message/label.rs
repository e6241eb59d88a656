//! Tags in descriptions: `[license => GPL]`, `[requires => other/repo]`, `[stale]`.

use super::scan::Piece;
use crate::escape::push_escaped;

/// Tags are short. Without a limit a text of nothing but opening brackets would take time with the square of its length.
const LONGEST: usize = 200;

/// A tag at this place.
pub(super) fn label(text: &str, at: usize) -> Option<Piece> {
    let inside = text[at..].strip_prefix('[')?;
    let end = inside
        .char_indices()
        .take(LONGEST)
        .find(|(_, c)| matches!(c, ']' | '\n'))?
        .0;
    let inside = &inside[..end];
    if !text[at + 1 + inside.len()..].starts_with(']') {
        return None;
    }
    let (html, is_link) = match inside.split_once("=>") {
        Some((key, value)) => tag_with_value(key.trim(), value.trim())?,
        None if !inside.is_empty() && inside.chars().all(|c| c.is_ascii_alphabetic()) => {
            (div(inside, None, inside), false)
        }
        None => return None,
    };
    Some(Piece {
        range: at..at + inside.len() + 2,
        html,
        is_link,
    })
}

fn tag_with_value(key: &str, value: &str) -> Option<(String, bool)> {
    let is_value = |c: char| c.is_ascii_alphanumeric() || "/_-.+#?:=&, ".contains(c);
    if value.is_empty() || !value.chars().all(is_value) {
        return None;
    }
    Some(match key {
        "see" => (div("see", None, &format!("see => {value}")), false),
        "lang" | "language" => (div("lang", None, value), false),
        "license" => (
            div(
                "license",
                Some(&format!("http://www.opensource.org/licenses/{value}")),
                value,
            ),
            true,
        ),
        "requires" | "recommends" | "conflicts" | "base" => {
            // One slash only: a value that starts with one would make the address lead to another host.
            let target = format!("/{}", value.trim_start_matches('/'));
            (tag_and_link(key, &target, value), true)
        }
        _ => return None,
    })
}

fn div(tag: &str, link: Option<&str>, text: &str) -> String {
    let mut html = format!("<div class=\"label label-meta\" data-tag=\"{tag}\">");
    match link {
        Some(link) => push_link(&mut html, link, text),
        None => push_escaped(&mut html, text),
    }
    html.push_str("</div>");
    html
}

fn tag_and_link(tag: &str, link: &str, text: &str) -> String {
    let mut html = format!("<div class=\"label label-meta\" data-tag=\"{tag}\">{tag} =&gt; ");
    push_link(&mut html, link, text);
    html.push_str("</div>");
    html
}

fn push_link(html: &mut String, link: &str, text: &str) {
    html.push_str("<a href=\"");
    push_escaped(html, link);
    html.push_str("\">");
    push_escaped(html, text);
    html.push_str("</a>");
}

#[cfg(test)]
mod tests {
    use super::super::{LinkContext, urlify};

    #[test]
    fn known_tags() {
        let context = LinkContext {
            labels: true,
            ..LinkContext::default()
        };
        let cases = [
            (
                "[see => this]",
                "<div class=\"label label-meta\" data-tag=\"see\">see =&gt; this</div>",
            ),
            (
                "[license => GPL]",
                "<div class=\"label label-meta\" data-tag=\"license\"><a href=\"http://www.opensource.org/licenses/GPL\">GPL</a></div>",
            ),
            (
                "[requires => //a/b]",
                "<div class=\"label label-meta\" data-tag=\"requires\">requires =&gt; <a href=\"/a/b\">//a/b</a></div>",
            ),
            (
                "[language => python]",
                "<div class=\"label label-meta\" data-tag=\"lang\">python</div>",
            ),
            (
                "[stale]",
                "<div class=\"label label-meta\" data-tag=\"stale\">stale</div>",
            ),
            ("[not a tag]", "[not a tag]"),
            ("[see => <x>]", "[see =&gt; &lt;x&gt;]"),
        ];
        for (text, html) in cases {
            assert_eq!(urlify(text, &context), html);
        }
    }
}
