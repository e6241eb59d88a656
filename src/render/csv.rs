//! Tables kept as text (CSV, TSV) to HTML.
//!
//! Fields follow RFC 4180: quoted ones may hold separators, quotes written twice, and ends of lines. What people really write is
//! taken too: rows of different lengths, semicolons, quotes in the middle of a field.

use std::fmt::Write;

use crate::escape::{push_content, start_of};

/// More rows are not shown.
const MOST_ROWS: usize = 2_000;
/// More columns of a row are not shown.
const MOST_COLUMNS: usize = 100;
/// Longer fields are cut.
const LONGEST_FIELD: usize = 2_000;
/// More than this is not looked at.
const MOST_BYTES: usize = 1 << 20;

/// A table that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// A `<table class="csv">`. The rows have the anchors of the lines they begin at.
    pub html: String,
    /// How many rows are shown, the head not counted.
    pub rows: usize,
    /// Whether there is more in the text.
    pub cut: bool,
}

/// The separator that a file of this name has; none for a file that is no table.
pub fn separator(file_name: &str, text: &str) -> Option<char> {
    let name = file_name.to_ascii_lowercase();
    if name.ends_with(".tsv") || name.ends_with(".tab") {
        return Some('\t');
    }
    if !name.ends_with(".csv") {
        return None;
    }
    // A comma unless the first line has more of something else.
    let first = text.lines().next().unwrap_or_default();
    let count = |separator: char| {
        let mut quoted = false;
        first
            .chars()
            .filter(|&c| {
                quoted ^= c == '"';
                c == separator && !quoted
            })
            .count()
    };
    [',', ';', '\t', '|']
        .into_iter()
        .rev()
        .max_by_key(|separator| count(*separator))
}

/// Draws a table. The first row is its head.
pub fn table(text: &str, separator: char) -> Table {
    let shown = start_of(text, MOST_BYTES);
    let mut reader = Reader {
        rest: shown,
        line: 1,
        separator,
    };
    let mut html = String::with_capacity(shown.len() * 2);
    html.push_str("<table class=\"csv\">");
    let mut rows = 0;
    let mut cut = shown.len() < text.len();
    while let Some((line, fields)) = reader.row() {
        if rows > MOST_ROWS {
            cut = true;
            break;
        }
        let cell = match rows {
            0 => "th scope=\"col\"",
            _ => "td",
        };
        match rows {
            0 => html.push_str("<thead>"),
            1 => html.push_str("<tbody>"),
            _ => {}
        }
        let _ = write!(
            html,
            "<tr id=\"L{line}\"><td class=\"linenos\"><a href=\"#L{line}\" tabindex=\"-1\">{line}</a></td>"
        );
        cut |= fields.len() > MOST_COLUMNS;
        for field in fields.iter().take(MOST_COLUMNS) {
            let _ = write!(html, "<{cell}>");
            if field.len() > LONGEST_FIELD {
                push_content(&mut html, start_of(field, LONGEST_FIELD));
                html.push('…');
            } else {
                push_content(&mut html, field);
            }
            html.push_str(if rows == 0 { "</th>" } else { "</td>" });
        }
        html.push_str("</tr>");
        if rows == 0 {
            html.push_str("</thead>");
        }
        rows += 1;
    }
    if rows > 1 {
        html.push_str("</tbody>");
    }
    html.push_str("</table>");
    Table {
        html,
        rows: rows.saturating_sub(1),
        cut,
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    separator: char,
}

impl Reader<'_> {
    /// The number of the line at which the next row begins, and its fields. Empty lines are passed over.
    fn row(&mut self) -> Option<(usize, Vec<String>)> {
        while let Some(rest) = self
            .rest
            .strip_prefix("\r\n")
            .or_else(|| self.rest.strip_prefix('\n'))
        {
            self.rest = rest;
            self.line += 1;
        }
        if self.rest.is_empty() {
            return None;
        }
        let start = self.line;
        let mut fields = Vec::new();
        let mut field = String::new();
        let (mut quoted, mut fresh) = (false, true);
        let mut used = 0;
        let mut chars = self.rest.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            used = at + c.len_utf8();
            self.line += usize::from(c == '\n');
            match c {
                '"' if quoted && chars.peek().is_some_and(|(_, next)| *next == '"') => {
                    chars.next();
                    used += 1;
                    field.push('"');
                }
                '"' if quoted => quoted = false,
                '"' if fresh => quoted = true,
                '\n' if !quoted => {
                    if field.ends_with('\r') {
                        field.pop();
                    }
                    break;
                }
                c if c == self.separator && !quoted => {
                    fields.push(std::mem::take(&mut field));
                    fresh = true;
                    continue;
                }
                c => field.push(c),
            }
            fresh = false;
        }
        fields.push(field);
        self.rest = &self.rest[used..];
        Some((start, fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(text: &str, separator: char) -> Vec<(usize, Vec<String>)> {
        let mut reader = Reader {
            rest: text,
            line: 1,
            separator,
        };
        std::iter::from_fn(|| reader.row()).collect()
    }

    #[test]
    fn fields_are_found() {
        let text = "a,\"b, \"\"c\"\"\nd\",e\r\n\n1,in \"the\" middle,\n";
        let found = rows(text, ',');
        assert_eq!(
            found,
            [
                (1, vec!["a".into(), "b, \"c\"\nd".into(), "e".into()]),
                (
                    4,
                    vec!["1".into(), "in \"the\" middle".into(), String::new()]
                ),
            ]
        );
    }

    #[test]
    fn the_separator_is_guessed() {
        for (name, text, wanted) in [
            ("a.csv", "a,b;c,d", Some(',')),
            ("a.CSV", "a;b;c,d", Some(';')),
            ("a.csv", "\"x;y;z\",b", Some(',')),
            ("a.csv", "one", Some(',')),
            ("a.tsv", "a,b", Some('\t')),
            ("a.txt", "a,b", None),
        ] {
            assert_eq!(separator(name, text), wanted, "{name} {text}");
        }
    }

    #[test]
    fn a_table_is_escaped_and_bounded() {
        let table = table(&"<b>,\"&\"\n".repeat(5_000), ',');
        assert!(table.cut);
        assert_eq!(table.rows, MOST_ROWS);
        assert!(table.html.contains("<th scope=\"col\">&lt;b&gt;</th>"));
        assert!(!table.html.contains("<b>"));
        assert!(table.html.contains("<tr id=\"L2\">"));
        let wide = super::table(&"x,".repeat(5_000), ',');
        assert!(wide.cut && wide.html.len() < 10_000);
        let unclosed = super::table(&format!("\"{}", "y".repeat(3 << 20)), ',');
        assert!(unclosed.cut && unclosed.html.len() < 10_000);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn what_is_written_is_read(cells in proptest::collection::vec(proptest::collection::vec("[a-c,;\"\r\n é]{0,6}", 1..5), 1..6)) {
            let quote = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let text: String = cells.iter().map(|row| row.iter().map(quote).collect::<Vec<_>>().join(",") + "\r\n").collect();
            let read: Vec<Vec<String>> = rows(&text, ',').into_iter().map(|(_, row)| row).collect();
            prop_assert_eq!(read, cells);
        }
    }
}
