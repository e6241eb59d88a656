//! Every class name this crate may write, so that a style sheet can be tested against the list.

/// Classes of highlighted source text: the short names of Pygments.
pub const HIGHLIGHT: &[&str] = crate::highlight::CLASSES;

/// Classes of rows and marks in differences; the row classes are those of [`Kind::class`](crate::diff::Kind::class).
pub const DIFF: &[&str] = &[
    "unmod",
    "add",
    "del",
    "context",
    "cr",
    "sp",
    "turn",
    "line",
    "lineno",
    "old",
    "new",
    "code",
    "half",
    "gone",
    "note",
    "moved",
    "moved-link",
    "expand",
    "up",
    "down",
    "all",
    "inline-comments",
    "signs",
    "vh",
];

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
    use crate::diff::{Hunk, Kind, Line, Page, Words, side_by_side, unified};
    use crate::graph::{Flags, Node, lanes, svg};
    use crate::markup::{Links, render};
    use crate::message::{LinkContext, urlify};

    fn difference() -> String {
        let line = Line {
            kind: Kind::Added,
            old_no: None,
            new_no: Some(9),
            text: "a \r\u{202e}".as_bytes(),
            changed: &[],
            moved: None,
            no_newline: true,
        };
        let hunk = Hunk {
            old: (8, 0),
            new: (9, 1),
            section: b"",
            lines: vec![line],
        };
        let page = Page {
            facts: &[],
            name: "a",
            syntax: None,
            blanks: true,
            context: 3,
            words: Words {
                no_newline: "",
                moved_to: "",
                moved_from: "",
                more: "",
                between: "",
            },
            more: Some(&|_, _| String::new()),
            below: &std::collections::HashMap::new(),
        };
        let mut out = String::new();
        unified(&mut out, std::slice::from_ref(&hunk), &page);
        side_by_side(&mut out, &[hunk], &page);
        out
    }

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
            difference(),
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
