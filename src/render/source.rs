//! The rows of a table of source text, with and without who wrote them.
//!
//! A row has the anchors of both views of the original: `L7` of the source, `L-7` of the annotated source.

use std::fmt::Write;

use crate::escape::{push_escaped, start_of};

/// Longer lines are cut: no browser draws one of fifty megabytes.
const LONGEST_SHOWN: usize = 20_000;

/// Where a line comes from, told at the first row of a block.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The changeset's page.
    pub url: String,
    /// Its id as shown.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// Who made it.
    pub author: String,
    /// The moment: machine form, age, exact.
    pub when: (String, String, String),
    /// Age from 0, newest, to 9, oldest: the colour of the bar.
    pub heat: u8,
    /// The file before this changeset, and what the link says; none at the first changeset of all.
    pub before: Option<(String, String)>,
}

/// The part of a line that is shown, and how many bytes are not. It is cut at a character, and the end of the line is left out.
pub fn shown(line: &str) -> (&str, usize) {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let start = start_of(line, LONGEST_SHOWN);
    (start, line.len() - start.len())
}

/// Appends the row of a line, given as HTML; `hidden` bytes of it are not shown.
pub fn row(out: &mut String, number: usize, html: &str, hidden: usize) {
    let _ = write!(out, "<tr id=\"L{number}\">");
    cells(out, number, html, hidden);
}

/// The same with the cell that tells where the line comes from; `first` in a block of lines of the same origin.
pub fn annotated_row(
    out: &mut String,
    number: usize,
    html: &str,
    hidden: usize,
    origin: &Origin,
    first: bool,
) {
    let class = if first { " class=\"first\"" } else { "" };
    let _ = write!(
        out,
        "<tr id=\"L{number}\"{class}><td class=\"blame heat-{}\">",
        origin.heat.min(9)
    );
    if first {
        out.push_str("<span><a class=\"hash\" href=\"");
        push_escaped(out, &origin.url);
        out.push_str("\" title=\"");
        push_escaped(out, &origin.subject);
        out.push_str("\">");
        push_escaped(out, &origin.id);
        out.push_str("</a><bdi class=\"blame-who\">");
        push_escaped(out, &origin.author);
        let (iso, age, exact) = &origin.when;
        out.push_str("</bdi><time class=\"blame-age\" datetime=\"");
        push_escaped(out, iso);
        out.push_str("\" title=\"");
        push_escaped(out, exact);
        out.push_str("\">");
        push_escaped(out, age);
        out.push_str("</time>");
        if let Some((url, words)) = &origin.before {
            out.push_str("<a class=\"before\" rel=\"nofollow\" href=\"");
            push_escaped(out, url);
            out.push_str("\" title=\"");
            push_escaped(out, words);
            out.push_str("\">↶<span class=\"vh\">");
            push_escaped(out, words);
            out.push_str("</span></a>");
        }
        out.push_str("</span>");
    }
    out.push_str("</td>");
    cells(out, number, html, hidden);
}

fn cells(out: &mut String, number: usize, html: &str, hidden: usize) {
    let _ = write!(
        out,
        "<td class=\"linenos\"><a id=\"L-{number}\" href=\"#L{number}\" tabindex=\"-1\">{number}</a></td><td class=\"code code-highlight\">{html}"
    );
    if hidden > 0 {
        let _ = write!(
            out,
            "<span class=\"cut\">… +{}</span>",
            crate::size(hidden as u64)
        );
    }
    out.push_str("</td></tr>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_at_a_character() {
        let line = format!("{}\r\n", "é".repeat(LONGEST_SHOWN));
        let (start, hidden) = shown(&line);
        assert_eq!((start.len(), hidden), (LONGEST_SHOWN, LONGEST_SHOWN));
        assert_eq!(shown("a\r\n"), ("a", 0));
        let mut out = String::new();
        row(&mut out, 3, start, hidden);
        assert!(out.contains("… +19.5 KiB"), "{}", &out[out.len() - 60..]);
    }

    #[test]
    fn rows_carry_both_anchors_and_nothing_unescaped() {
        let origin = Origin {
            url: "/r/changeset/1".into(),
            subject: "a \"b\" <c>".into(),
            author: "<Eve>".into(),
            before: Some(("/b".into(), "Before".into())),
            ..Origin::default()
        };
        let mut out = String::new();
        annotated_row(&mut out, 7, "x", 0, &origin, true);
        annotated_row(&mut out, 8, "y", 0, &origin, false);
        for part in [
            "id=\"L7\"",
            "id=\"L-7\"",
            "&lt;Eve&gt;",
            "a &quot;b&quot; &lt;c&gt;",
            "href=\"#L8\"",
        ] {
            assert!(out.contains(part), "{part}: {out}");
        }
        assert_eq!(out.matches("<Eve>").count() + out.matches("<c>").count(), 0);
        assert_eq!(
            out.matches("class=\"before\"").count(),
            1,
            "told once for a block"
        );
    }
}
