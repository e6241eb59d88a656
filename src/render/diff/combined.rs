//! The rows of a file that a merge changed by itself: one column of numbers for each parent.

use std::fmt::Write;

use super::marks::{Mark, Text, decoded, push_line};
use super::{Kind, Piece};
use crate::escape::push_escaped;

/// A line of a merge, or of some of its parents.
#[derive(Debug, Clone, Copy)]
pub struct CombinedLine<'a> {
    /// For each parent: added if the line is the merge's but not this parent's, removed if it is this parent's but not the merge's.
    pub marks: &'a [Kind],
    /// Its number in each parent.
    pub old_no: &'a [Option<u32>],
    /// Its number in the merge.
    pub new_no: Option<u32>,
    /// Its text without its line end.
    pub text: &'a [u8],
}

/// Writes the rows of a differing place. `name` is the first part of the ids of lines.
pub fn combined(out: &mut String, name: &str, lines: &[CombinedLine<'_>]) {
    for line in lines {
        let kind = |wanted| line.marks.contains(&wanted);
        let class = match (kind(Kind::Added), kind(Kind::Removed)) {
            (true, _) => Kind::Added.class(),
            (_, true) => Kind::Removed.class(),
            _ => Kind::Unmodified.class(),
        };
        let _ = write!(out, "<tr class=\"line {class}\">");
        for number in line.old_no {
            out.push_str("<td class=\"lineno old\">");
            if let Some(number) = number {
                let _ = write!(out, "{number}");
            }
            out.push_str("</td>");
        }
        let _ = match line.new_no {
            Some(number) => write!(
                out,
                "<td id=\"{name}_n{number}\" class=\"lineno new\"><a href=\"#{name}_n{number}\" tabindex=\"-1\">{number}</a></td>"
            ),
            None => write!(out, "<td class=\"lineno new\"></td>"),
        };
        let signs: String = line.marks.iter().map(|mark| sign(*mark)).collect();
        out.push_str("<td class=\"lineno signs\">");
        push_escaped(out, &signs);
        out.push_str("</td><td class=\"code\"><pre>");
        let (text, changed) = decoded(line.text, &[]);
        let pieces: &[Piece] = &[];
        push_line(
            out,
            &Text {
                text: &text,
                changed: &changed,
                mark: Mark::Added,
                pieces,
                blanks: false,
            },
        );
        out.push_str("</pre></td></tr>\n");
    }
}

fn sign(kind: Kind) -> char {
    match kind {
        Kind::Added => '+',
        Kind::Removed => '−',
        Kind::Unmodified | Kind::Context => '\u{a0}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parent_has_its_sign() {
        let line = CombinedLine {
            marks: &[Kind::Added, Kind::Unmodified],
            old_no: &[None, Some(4)],
            new_no: Some(5),
            text: b"a<b",
        };
        let mut out = String::new();
        combined(&mut out, "f", &[line]);
        assert_eq!(
            out,
            "<tr class=\"line add\"><td class=\"lineno old\"></td><td class=\"lineno old\">4</td>\
             <td id=\"f_n5\" class=\"lineno new\"><a href=\"#f_n5\" tabindex=\"-1\">5</a></td>\
             <td class=\"lineno signs\">+\u{a0}</td><td class=\"code\"><pre>a&lt;b</pre></td></tr>\n"
        );
    }
}
