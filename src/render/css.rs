//! Every class name this crate may write, so that a style sheet can be tested against the list.

/// Classes of highlighted source text: the short names of Pygments.
pub const HIGHLIGHT: &[&str] = crate::highlight::CLASSES;

/// Classes of rows and marks in differences; the row classes are those of [`Kind::class`](crate::diff::Kind::class).
pub const DIFF: &[&str] = &["unmod", "add", "del", "context", "cr"];

/// Classes in messages.
pub const MESSAGE: &[&str] = &[
    "changeset_hash",
    "message-link",
    "issue-tracker-link",
    "label",
    "label-meta",
];

/// Classes around and in rendered files. Classes that docutils writes pass the sanitiser too, see [`DOCUTILS`].
pub const MARKUP: &[&str] = &[
    "markdown",
    "rst",
    "plain",
    "code-highlight",
    "anchor",
    "footnotes",
    "footnote-ref",
    "footnote-backref",
    "task-list-item",
];

/// Classes that docutils writes and that are worth a style.
pub const DOCUTILS: &[&str] = &[
    "admonition",
    "admonition-title",
    "attention",
    "caution",
    "danger",
    "error",
    "hint",
    "important",
    "note",
    "tip",
    "warning",
    "topic",
    "topic-title",
    "sidebar",
    "sidebar-title",
    "title",
    "subtitle",
    "literal",
    "literal-block",
    "line-block",
    "line",
    "contents",
    "docinfo",
    "field-list",
    "field-name",
    "field-body",
    "option-list",
    "footnote-reference",
    "citation-reference",
    "align-left",
    "align-center",
    "align-right",
    "figure",
    "caption",
    "epigraph",
    "attribution",
];

/// Classes of the history graph.
pub const GRAPH: &[&str] = &[
    "graph", "dot", "merge", "obsolete", "unstable", "lane-1", "lane-2", "lane-3", "lane-4",
    "lane-5", "lane-6", "lane-7", "lane-8",
];

/// Classes of pictures of people.
pub const AVATAR: &[&str] = &["identicon"];

/// All of them.
pub fn classes() -> impl Iterator<Item = &'static str> {
    [HIGHLIGHT, DIFF, MESSAGE, MARKUP, DOCUTILS, GRAPH, AVATAR]
        .into_iter()
        .flatten()
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{Kind, hunk_rows};
    use crate::graph::{Flags, Node, lanes, svg};
    use crate::markup::{Links, render};
    use crate::message::{LinkContext, urlify};

    /// Something of everything that has classes.
    fn sample() -> String {
        let flags = Flags {
            obsolete: true,
            unstable: true,
            ..Flags::default()
        };
        let nodes = [Node {
            id: 1,
            flags,
            ..Node::default()
        }];
        let context = LinkContext {
            changeset_url: Some("/r/changeset/"),
            labels: true,
            default_link: Some("#x"),
            ..LinkContext::default()
        };
        let links = Links {
            files: "/f",
            raw: "/r",
            directory: "",
        };
        let text = "# a\n\n- [ ] b[^c]\n\n[^c]: d\n\n```rust\nfn f() {}\n```\n";
        [
            hunk_rows(&[(Kind::Added, None, Some(1), "a\r")])
                .remove(0)
                .html,
            urlify("0123456789ab [stale] text", &context),
            render("a.md", text, &links).unwrap_or_default(),
            render("a.rst", text, &links).unwrap_or_default(),
            render("a.txt", text, &links).unwrap_or_default(),
            svg(&lanes(&nodes), 30),
            crate::avatar::identicon("alice"),
        ]
        .concat()
    }

    #[test]
    fn every_class_written_is_listed() {
        let sample = sample();
        let written = sample
            .split("class=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        let written: Vec<&str> = written.flat_map(str::split_whitespace).collect();
        assert!(written.len() > 20, "{sample}");
        for class in written {
            assert!(classes().any(|listed| listed == class), "{class}");
        }
    }
}
