//! READMEs and other text files as HTML.
//!
//! Markdown is rendered as GitHub's dialect, because that is what the files were written for, and then sanitised: only listed
//! elements, attributes, classes and address schemes come through. reStructuredText takes docutils, which the Python module brings
//! ([`use_rst`]); its HTML passes through the same guard.

mod links;
mod markdown;
mod rst;
mod sanitizer;

pub use links::Links;
pub use rst::{RstRenderer, use_rst};

use crate::escape::push_content;

/// Put before every id of a rendered file, so that none can clash with one of the page around it.
const ID_PREFIX: &str = "user-content-";

/// How a file is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Markdown.
    Markdown,
    /// reStructuredText; shown as it is where nobody renders it.
    Rst,
    /// Plain text.
    Plain,
}

/// The kind of a file by its ending, and for a `README` without one by its name; nothing for other files.
pub fn kind(file_name: &str) -> Option<Kind> {
    let name = file_name
        .rsplit('/')
        .next()
        .unwrap_or(file_name)
        .to_lowercase();
    match name.rsplit_once('.') {
        Some((_, "md" | "markdown" | "mkdn" | "mkd" | "mdown" | "mdwn")) => Some(Kind::Markdown),
        Some((_, "rst" | "rest")) => Some(Kind::Rst),
        Some((_, "txt" | "text")) => Some(Kind::Plain),
        None if name == "readme" => Some(Kind::Plain),
        _ => None,
    }
}

/// Whether a name is that of a README, with whatever ending.
fn is_readme(file_name: &str) -> bool {
    let name = file_name.rsplit('/').next().unwrap_or(file_name);
    let base = name.split_once('.').map_or(name, |(base, _)| base);
    base.eq_ignore_ascii_case("readme")
}

/// Whether a file is shown as a document rather than as source.
pub fn is_document(file_name: &str) -> bool {
    match kind(file_name) {
        Some(Kind::Markdown) => true,
        Some(Kind::Rst) => rst::available(),
        Some(Kind::Plain) | None => false,
    }
}

/// Larger texts are shown as they are.
const LARGEST_TEXT: usize = 1 << 20;

/// Renders a file as HTML; nothing if it is no file of text or markup.
///
/// What is too large, or made so that rendering it takes too long, is shown as it was written. A plain `README` is often written as
/// reStructuredText, and rendered if docutils finds no fault with it.
pub fn render(file_name: &str, text: &str, links: &Links<'_>) -> Option<String> {
    let rendered = match kind(file_name)? {
        Kind::Markdown if text.len() <= LARGEST_TEXT => markdown::render(text, links),
        Kind::Rst => rst::render(text, false, links).or_else(|| Some(preformatted("rst", text))),
        Kind::Plain if is_readme(file_name) => rst::render(text, true, links),
        Kind::Markdown | Kind::Plain => None,
    };
    Some(rendered.unwrap_or_else(|| preformatted("plain", text)))
}

/// Makes HTML from elsewhere safe to show, and its links lead into the repository. HTML that takes too long is shown as text.
pub fn sanitize(html: &str, links: &Links<'_>) -> String {
    sanitizer::clean(html, links).unwrap_or_else(|| preformatted("plain", html))
}

fn preformatted(class: &str, text: &str) -> String {
    // A parser drops the first new line after `<pre>`, so one is always written for it.
    let mut out = format!("<pre class=\"{class}\">\n");
    push_content(&mut out, text);
    out.push_str("</pre>");
    out
}

#[cfg(test)]
mod tests;
