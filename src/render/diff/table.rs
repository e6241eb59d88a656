//! Hunks to table rows, unified and side by side.

use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;

use super::marks::{Mark, Text, decoded, push_line};
use super::syntax::{Sides, Syntax};
use crate::escape::push_escaped;

/// What a line of a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// In both versions.
    Unmodified,
    /// Only in the new version.
    Added,
    /// Only in the old version.
    Removed,
    /// No line of the file: the head of a hunk, the note about a missing new line at the end.
    Context,
}

impl Kind {
    /// The class name of a row of this kind.
    pub fn class(self) -> &'static str {
        match self {
            Kind::Unmodified => "unmod",
            Kind::Added => "add",
            Kind::Removed => "del",
            Kind::Context => "context",
        }
    }
}

/// A line of a hunk.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its number in the old version.
    pub old_no: Option<u32>,
    /// Its number in the new version.
    pub new_no: Option<u32>,
    /// Its text without its line end.
    pub text: &'a [u8],
    /// The parts that changed, where it is another form of a line of the other version.
    pub changed: &'a [Range<usize>],
    /// Where it went or came from.
    pub moved: Option<Move<'a>>,
    /// Whether the file ends with it, without a line end.
    pub no_newline: bool,
}

/// The other place of a moved line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move<'a> {
    /// The name of the lines there, see [`anchor_name`](super::anchor_name).
    pub name: &'a str,
    /// The path of the file there.
    pub path: &'a str,
    /// The line there: of the new version for a removed line, of the old one for an added one.
    pub line: u32,
}

/// A differing place.
#[derive(Debug, Clone)]
pub struct Hunk<'a> {
    /// First line and number of lines in the old version.
    pub old: (u32, u32),
    /// First line and number of lines in the new version.
    pub new: (u32, u32),
    /// The heading above.
    pub section: &'a [u8],
    /// The lines.
    pub lines: Vec<Line<'a>>,
}

/// Unchanged lines that are not shown: above a hunk, or below the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first of them, in the old version.
    pub old: u32,
    /// The first of them, in the new version.
    pub new: u32,
    /// How many they are; none where that is not known, up to the end of the file.
    pub length: Option<u32>,
}

/// The words that stand in a table, in the reader's language.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// `No newline at end of file`
    pub no_newline: &'a str,
    /// `Moved to {path}, line {line}`
    pub moved_to: &'a str,
    /// `Moved from {path}, line {line}`
    pub moved_from: &'a str,
    /// `Show {n} lines more`
    pub more: &'a str,
    /// `Show the {n} lines between`
    pub between: &'a str,
}

/// What a table needs to know besides its hunks.
pub struct Page<'a> {
    /// The first part of the ids of lines, see [`anchor_name`](super::anchor_name).
    pub name: &'a str,
    /// What happened to the file besides its lines: `new file 100644`. Each is a row without numbers above all others.
    pub facts: &'a [String],
    /// The language, if the code is to be coloured.
    pub syntax: Option<Syntax>,
    /// Whether all blanks are made visible.
    pub blanks: bool,
    /// How many unchanged lines stand around a change; where there are fewer below the last one the file ends.
    pub context: u32,
    /// The words.
    pub words: Words<'a>,
    /// The address that shows lines of a gap: which ones, counted in the new version, and of which gap. None where there is nothing to
    /// be asked.
    pub more: Option<&'a dyn Fn(Range<u32>, Gap) -> String>,
    /// HTML that goes below lines, by the last part of the line's id: `o12`, `n12`, or the number of a line without numbers.
    pub below: &'a HashMap<String, String>,
}

/// A gap that is no longer than this is shown all at once, and of others so much at a time.
const STEP: u32 = 20;

/// How many cells of the table the number and the text of a row without numbers take.
type Columns = (u32, u32);
const ONE_COLUMN: Columns = (2, 1);
const TWO_COLUMNS: Columns = (1, 3);

/// Writes the rows of a file in one column.
pub fn unified(out: &mut String, hunks: &[Hunk<'_>], page: &Page<'_>) {
    draw(out, hunks, page, ONE_COLUMN, |out, lines, contexts| {
        for (at, (line, html)) in lines.iter().enumerate() {
            let begins = moved_begins(lines, at);
            unified_row(out, line, html, begins, page);
            if line.no_newline {
                note_row(out, page, contexts, ONE_COLUMN);
            }
        }
    });
}

/// Writes the rows of a file in two columns, the old version first.
///
/// Removed lines stand beside the added ones that follow them, as far as there are any.
pub fn side_by_side(out: &mut String, hunks: &[Hunk<'_>], page: &Page<'_>) {
    draw(out, hunks, page, TWO_COLUMNS, |out, lines, contexts| {
        let mut at = 0;
        while at < lines.len() {
            let run = |from: usize, kind: Kind| {
                lines[from..]
                    .iter()
                    .take_while(|(line, _)| line.kind == kind)
                    .count()
            };
            let removed = run(at, Kind::Removed);
            let added = run(at + removed, Kind::Added);
            if removed + added == 0 {
                pair_row(out, Some((lines, at)), Some((lines, at)), page);
                if lines[at].0.no_newline {
                    note_row(out, page, contexts, TWO_COLUMNS);
                }
                at += 1;
                continue;
            }
            for row in 0..removed.max(added) {
                let left = (row < removed).then_some((lines, at + row));
                let right = (row < added).then_some((lines, at + removed + row));
                pair_row(out, left, right, page);
                let lacks = |side: Option<(&[Written<'_>], usize)>| {
                    side.is_some_and(|(lines, at)| lines[at].0.no_newline)
                };
                if lacks(left) || lacks(right) {
                    note_row(out, page, contexts, TWO_COLUMNS);
                }
            }
            at += removed + added;
        }
    });
}

/// Writes unchanged lines, for a gap that somebody opened: rows of one column or two. `lines` begin at `gap`, and what is left of
/// the gap above and below stays one.
pub fn unchanged(
    out: &mut String,
    lines: &[&[u8]],
    shown: Range<u32>,
    gap: Gap,
    two_columns: bool,
    page: &Page<'_>,
) {
    let above = shown.start.saturating_sub(gap.new);
    let end = gap.length.map(|length| gap.new.saturating_add(length));
    let below_length = end.map(|end| end.saturating_sub(shown.end));
    let columns = if two_columns { TWO_COLUMNS } else { ONE_COLUMN };
    if above > 0 {
        let rest = Gap {
            length: Some(above),
            ..gap
        };
        gap_row(out, rest, None, columns, true, page);
    }
    let mut sides = page.syntax.map(Sides::new);
    for (number, text) in (shown.start..shown.end).zip(lines) {
        let line = Line {
            kind: Kind::Unmodified,
            old_no: Some((number - gap.new).saturating_add(gap.old)),
            new_no: Some(number),
            text,
            changed: &[],
            moved: None,
            no_newline: false,
        };
        let written = [(line, written(&line, &mut sides, page))];
        if two_columns {
            pair_row(out, Some((&written, 0)), Some((&written, 0)), page);
        } else {
            unified_row(out, &line, &written[0].1, false, page);
        }
    }
    if below_length != Some(0) && (shown.end - shown.start) as usize == lines.len() {
        let rest = Gap {
            old: (shown.end - gap.new).saturating_add(gap.old),
            new: shown.end,
            length: below_length,
        };
        gap_row(out, rest, None, columns, false, page);
    }
}

/// A line and its HTML.
type Written<'a> = (Line<'a>, String);

fn draw<'a>(
    out: &mut String,
    hunks: &[Hunk<'a>],
    page: &Page<'_>,
    columns: Columns,
    rows: impl Fn(&mut String, &[Written<'a>], &mut u32),
) {
    // Lines without a number are counted, for comments on them.
    let mut contexts = 0;
    for fact in page.facts {
        text_row(out, "code", fact, page, &mut contexts, columns);
    }
    let mut above = (1, 1);
    for hunk in hunks {
        head_row(out, hunk, above, &mut contexts, columns, page);
        let mut sides = page.syntax.map(Sides::new);
        let lines: Vec<Written<'a>> = hunk
            .lines
            .iter()
            .map(|line| (*line, written(line, &mut sides, page)))
            .collect();
        rows(out, &lines, &mut contexts);
        above = (end(hunk.old), end(hunk.new));
    }
    let Some(last) = hunks.last() else { return };
    let trailing = last.lines.iter().rev();
    let trailing = trailing.take_while(|line| line.kind == Kind::Unmodified);
    let ends = last.lines.iter().any(|line| line.no_newline);
    if last.new.1 > 0 && last.old.1 > 0 && !ends && trailing.count() >= page.context as usize {
        let gap = Gap {
            old: above.0,
            new: above.1,
            length: None,
        };
        gap_row(out, gap, None, columns, false, page);
    }
}

/// The line below a range; where it is empty its start is the line above.
fn end((start, length): (u32, u32)) -> u32 {
    start + length + u32::from(length == 0)
}

fn written(line: &Line<'_>, sides: &mut Option<Sides>, page: &Page<'_>) -> String {
    let (text, changed) = decoded(line.text, line.changed);
    let pieces = match sides {
        Some(sides) => sides.pieces(line.kind, &text),
        None => Vec::new(),
    };
    let mut out = String::with_capacity(text.len() + text.len() / 2);
    push_line(
        &mut out,
        &Text {
            text: &text,
            changed: &changed,
            mark: if line.kind == Kind::Removed {
                Mark::Removed
            } else {
                Mark::Added
            },
            pieces: &pieces,
            blanks: page.blanks,
        },
    );
    out
}

/// Whether a moved block begins with this line.
fn moved_begins(lines: &[Written<'_>], at: usize) -> bool {
    let here = lines[at].0;
    let above = at.checked_sub(1).map(|above| lines[above].0);
    match (here.moved, above.and_then(|above| above.moved)) {
        (Some(here), Some(above)) => {
            here.name != above.name || here.line != above.line.saturating_add(1)
        }
        (moved, _) => moved.is_some(),
    }
}

fn unified_row(out: &mut String, line: &Line<'_>, html: &str, begins: bool, page: &Page<'_>) {
    let _ = write!(out, "<tr class=\"line {}\">", line.kind.class());
    number_cell(out, page.name, 'o', line.old_no);
    number_cell(out, page.name, 'n', line.new_no);
    out.push_str(if line.moved.is_some() {
        "<td class=\"code moved\">"
    } else {
        "<td class=\"code\">"
    });
    moved_link(out, line, begins, page);
    out.push_str("<pre>");
    out.push_str(html);
    out.push_str("</pre></td></tr>\n");
    push_below(out, line, page, ONE_COLUMN);
}

fn pair_row(
    out: &mut String,
    left: Option<(&[Written<'_>], usize)>,
    right: Option<(&[Written<'_>], usize)>,
    page: &Page<'_>,
) {
    out.push_str("<tr class=\"line\">");
    for (side, place) in [('o', left), ('n', right)] {
        let Some((lines, at)) = place else {
            out.push_str("<td class=\"lineno\"></td><td class=\"code half gone\"></td>");
            continue;
        };
        let (line, html) = &lines[at];
        let number = if side == 'o' {
            line.old_no
        } else {
            line.new_no
        };
        number_cell(out, page.name, side, number);
        let moved = if line.moved.is_some() { " moved" } else { "" };
        let _ = write!(out, "<td class=\"code half {}{moved}\">", line.kind.class());
        moved_link(out, line, moved_begins(lines, at), page);
        out.push_str("<pre>");
        out.push_str(html);
        out.push_str("</pre></td>");
    }
    out.push_str("</tr>\n");
    // An unchanged line stands on both sides and is asked once.
    let both = right.filter(|(lines, at)| lines[*at].0.kind == Kind::Unmodified);
    let left = left.filter(|_| both.is_none());
    for (lines, at) in left.into_iter().chain(right) {
        push_below(out, &lines[at].0, page, TWO_COLUMNS);
    }
}

fn number_cell(out: &mut String, name: &str, side: char, number: Option<u32>) {
    let class = if side == 'o' {
        "lineno old"
    } else {
        "lineno new"
    };
    let _ = match number {
        Some(number) => write!(
            out,
            "<td id=\"{name}_{side}{number}\" class=\"{class}\"><a href=\"#{name}_{side}{number}\" tabindex=\"-1\">{number}</a></td>"
        ),
        None => write!(out, "<td class=\"{class}\"></td>"),
    };
}

fn moved_link(out: &mut String, line: &Line<'_>, begins: bool, page: &Page<'_>) {
    let Some(moved) = line.moved.filter(|_| begins) else {
        return;
    };
    let (words, side) = match line.kind {
        Kind::Removed => (page.words.moved_to, 'n'),
        _ => (page.words.moved_from, 'o'),
    };
    let words = words
        .replace("{line}", &moved.line.to_string())
        .replace("{path}", moved.path);
    let mut title = String::new();
    push_escaped(&mut title, &words);
    let _ = write!(
        out,
        "<a class=\"moved-link\" href=\"#{}_{side}{}\" title=\"{title}\"><span class=\"vh\">{title}</span></a>",
        moved.name, moved.line
    );
}

fn push_below(out: &mut String, line: &Line<'_>, page: &Page<'_>, columns: Columns) {
    if page.below.is_empty() {
        return;
    }
    for (side, number) in [('o', line.old_no), ('n', line.new_no)] {
        if let Some(number) = number {
            push_html_below(out, page, &format!("{side}{number}"), columns);
        }
    }
}

fn push_html_below(out: &mut String, page: &Page<'_>, line: &str, (lead, rest): Columns) {
    if let Some(html) = page.below.get(line) {
        let columns = lead + rest;
        let _ = writeln!(
            out,
            "<tr class=\"inline-comments\"><td colspan=\"{columns}\">{html}</td></tr>"
        );
    }
}

/// The head of a hunk: where it is, and what is left out above it.
fn head_row(
    out: &mut String,
    hunk: &Hunk<'_>,
    above: (u32, u32),
    contexts: &mut u32,
    columns: Columns,
    page: &Page<'_>,
) {
    let old_start = hunk.old.0 + u32::from(hunk.old.1 == 0);
    let new_start = hunk.new.0 + u32::from(hunk.new.1 == 0);
    let whole = hunk.old.1 == 0 || hunk.new.1 == 0;
    // A hunk at the very top says nothing that the numbers do not.
    if old_start <= 1 && new_start <= 1 || (whole && above == (1, 1)) {
        return;
    }
    let mut text = format!(
        "@@ -{},{} +{},{} @@",
        hunk.old.0, hunk.old.1, hunk.new.0, hunk.new.1
    );
    if !hunk.section.is_empty() {
        text.push(' ');
        text.push_str(&crate::decode(hunk.section));
    }
    let gap = Gap {
        old: above.0,
        new: above.1,
        length: Some(new_start.saturating_sub(above.1)),
    };
    let id = format!(" id=\"{}_{contexts}\"", page.name);
    // Above the first hunk there is only its own side to be shown.
    let first = above == (1, 1);
    gap_row(out, gap, Some((&id, &text)), columns, first, page);
    push_html_below(out, page, &contexts.to_string(), columns);
    *contexts += 1;
}

fn note_row(out: &mut String, page: &Page<'_>, contexts: &mut u32, columns: Columns) {
    let text = format!("\\ {}", page.words.no_newline);
    text_row(out, "code note", &text, page, contexts, columns);
}

/// A row that is no line of the file.
fn text_row(
    out: &mut String,
    class: &str,
    text: &str,
    page: &Page<'_>,
    contexts: &mut u32,
    columns: Columns,
) {
    let (lead, rest) = columns;
    let _ = write!(
        out,
        "<tr class=\"line context\"><td id=\"{}_{contexts}\" class=\"lineno\" colspan=\"{lead}\"></td><td class=\"{class}\" colspan=\"{rest}\"><pre>",
        page.name
    );
    push_escaped(out, text);
    out.push_str("</pre></td></tr>\n");
    push_html_below(out, page, &contexts.to_string(), columns);
    *contexts += 1;
}

/// A row for what is left out; its head, where it has one, is an id and a text.
fn gap_row(
    out: &mut String,
    gap: Gap,
    head: Option<(&str, &str)>,
    (lead, rest): Columns,
    only_below: bool,
    page: &Page<'_>,
) {
    let links = links(gap, only_below, page);
    if head.is_none() && links.is_empty() {
        return;
    }
    let (id, text) = head.unwrap_or(("", ""));
    let _ = write!(
        out,
        "<tr class=\"line context\"><td{id} class=\"lineno\" colspan=\"{lead}\">{links}</td><td class=\"code\" colspan=\"{rest}\"><pre>"
    );
    push_escaped(out, text);
    out.push_str("</pre></td></tr>\n");
}

/// The links that show what is left out: all of a short gap, else some below what is above it and some above what is below.
fn links(gap: Gap, only_below: bool, page: &Page<'_>) -> String {
    let mut out = String::new();
    let Some(more) = page.more else { return out };
    let mut link = |class: &str, lines: Range<u32>, words: &str| {
        let count = lines.end - lines.start;
        let mut title = String::new();
        push_escaped(&mut title, &words.replace("{n}", &count.to_string()));
        let mut href = String::new();
        push_escaped(&mut href, &more(lines, gap));
        let _ = write!(
            out,
            "<a class=\"expand {class}\" href=\"{href}\" title=\"{title}\"><span class=\"vh\">{title}</span></a>"
        );
    };
    match gap.length {
        Some(0) => {}
        Some(length) if length <= STEP => {
            link("all", gap.new..gap.new + length, page.words.between);
        }
        Some(length) => {
            let end = gap.new.saturating_add(length);
            if !only_below {
                link("down", gap.new..gap.new + STEP, page.words.more);
            }
            link("up", end - STEP..end, page.words.more);
        }
        None => link(
            "down",
            gap.new..gap.new.saturating_add(STEP),
            page.words.more,
        ),
    }
    out
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
