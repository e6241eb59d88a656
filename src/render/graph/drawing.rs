//! Rows of the graph to one SVG picture.

use super::layout::{Edge, Row};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

/// How many lane colours the style sheet has.
const COLOURS: u32 = 8;
const WIDEST_COLUMN: usize = 14;
/// A page with very many parallel lines gets narrow columns instead of a graph wider than the text.
const WIDEST_GRAPH: usize = 240;
const NARROWEST_COLUMN: usize = 3;
const RADIUS: &str = "4";

/// How wide the picture of these rows is, in pixels.
pub fn width(rows: &[Row]) -> usize {
    let columns = columns(rows);
    let column_width = column_width(columns);
    columns * column_width + WIDEST_COLUMN - column_width
}

fn columns(rows: &[Row]) -> usize {
    let used = |row: &Row| {
        row.edges
            .iter()
            .flat_map(|edge| [edge.from, edge.to])
            .chain([row.column])
            .max()
    };
    rows.iter()
        .filter_map(used)
        .max()
        .map_or(0, |last| last + 1)
}

fn column_width(columns: usize) -> usize {
    (WIDEST_GRAPH / columns.max(1)).clamp(NARROWEST_COLUMN, WIDEST_COLUMN)
}

/// Draws rows of equal height as one SVG, column 0 at the left.
///
/// Colours come from the classes `lane-1` to `lane-8` alone (as `stroke`, and as `fill` of the dots). Merges are hollow, a changeset
/// that closes its branch is a bar, lines of obsolete changesets and lines to what is not on the page are dashed. The picture only
/// repeats what the list beside it says, so it is hidden from screen readers.
pub fn svg(rows: &[Row], row_height: u32) -> String {
    let columns = columns(rows);
    let canvas = Canvas {
        column_width: column_width(columns),
        row_height: row_height as usize,
    };
    let (width, height) = (width(rows), rows.len() * canvas.row_height);
    let mut out = format!(
        "<svg class=\"graph\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\">"
    );

    // All lines of one look are one path, and a straight one goes through as many rows as it can: a tenth of the elements for the
    // browser, and of the bytes.
    let mut paths: BTreeMap<Look, String> = BTreeMap::new();
    let mut straight: BTreeMap<(Look, usize), Vec<Range<usize>>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        for edge in &row.edges {
            let look = (lane(edge.colour), edge.obsolete || edge.fades);
            if edge.from == edge.to && !edge.fades {
                extend(straight.entry((look, edge.from)).or_default(), index);
            } else {
                canvas.line(paths.entry(look).or_default(), index, edge);
            }
        }
    }
    for ((look, column), runs) in &straight {
        let path = paths.entry(*look).or_default();
        for run in runs {
            canvas.straight(path, *column, run);
        }
    }
    // Writing to a String cannot fail.
    for ((lane, dashed), path) in &paths {
        let dashes = if *dashed {
            " stroke-dasharray=\"2 3\""
        } else {
            ""
        };
        let _ = write!(
            out,
            "<path class=\"lane-{lane}\" fill=\"none\" stroke-width=\"2\"{dashes} d=\"{path}\"/>"
        );
    }
    for (index, row) in rows.iter().enumerate() {
        canvas.dot(&mut out, index, row);
    }
    out.push_str("</svg>");
    out
}

/// The lane whose colour a line has, and whether it is dashed.
type Look = (u32, bool);

/// Another row of a straight line: goes on with the last of the runs, or begins one.
fn extend(runs: &mut Vec<Range<usize>>, row: usize) {
    match runs.last_mut() {
        Some(last) if last.end >= row => last.end = row + 1,
        _ => runs.push(row..row + 1),
    }
}

fn lane(colour: u32) -> u32 {
    colour.saturating_sub(1) % COLOURS + 1
}

struct Canvas {
    column_width: usize,
    row_height: usize,
}

impl Canvas {
    fn x(&self, column: usize) -> usize {
        column * self.column_width + WIDEST_COLUMN / 2
    }

    fn y(&self, row: usize) -> usize {
        row * self.row_height + self.row_height / 2
    }

    /// A line from one row to the next that bends or fades.
    fn line(&self, path: &mut String, row: usize, edge: &Edge) {
        let (x1, y1, x2) = (self.x(edge.from), self.y(row), self.x(edge.to));
        let (full, half) = (self.row_height, self.row_height / 2);
        let _ = if edge.fades {
            write!(path, "M{x1} {y1}L{x2} {}", y1 + half)
        } else {
            let aside = x2 as isize - x1 as isize;
            write!(path, "M{x1} {y1}c0 {half} {aside} {half} {aside} {full}")
        };
    }

    /// A line straight down through rows.
    fn straight(&self, path: &mut String, column: usize, rows: &Range<usize>) {
        let (x, y) = (self.x(column), self.y(rows.start));
        let _ = write!(path, "M{x} {y}v{}", rows.len() * self.row_height);
    }

    fn dot(&self, out: &mut String, index: usize, row: &Row) {
        let (x, y, lane) = (self.x(row.column), self.y(index), lane(row.colour));
        let mut class = format!("dot lane-{lane}");
        for (holds, name) in [
            (row.merge, " merge"),
            (row.flags.obsolete, " obsolete"),
            (row.flags.unstable, " unstable"),
        ] {
            if holds {
                class.push_str(name);
            }
        }
        let _ = if row.flags.closing {
            write!(
                out,
                "<path class=\"{class}\" stroke-width=\"3\" d=\"M{} {y}h10\"/>",
                x.saturating_sub(5)
            )
        } else {
            write!(
                out,
                "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{RADIUS}\"/>"
            )
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Flags, Node, Parent, lanes};
    use super::*;

    fn node(id: u32, parents: &[u32]) -> Node {
        Node {
            id,
            parents: parents
                .iter()
                .map(|&parent| Parent::Shown(parent))
                .collect(),
            ..Node::default()
        }
    }

    #[test]
    fn a_straight_history() {
        let drawn = svg(&lanes(&[node(1, &[0]), node(0, &[])]), 30);
        assert_eq!(
            drawn,
            "<svg class=\"graph\" width=\"14\" height=\"60\" viewBox=\"0 0 14 60\" aria-hidden=\"true\">\
             <path class=\"lane-1\" fill=\"none\" stroke-width=\"2\" d=\"M7 15v30\"/>\
             <circle class=\"dot lane-1\" cx=\"7\" cy=\"15\" r=\"4\"/><circle class=\"dot lane-1\" cx=\"7\" cy=\"45\" r=\"4\"/></svg>"
        );
    }

    #[test]
    fn a_straight_line_is_drawn_once_and_interrupted_where_it_is() {
        let drawn = svg(
            &lanes(&[node(3, &[2]), node(2, &[1]), node(1, &[0]), node(0, &[])]),
            30,
        );
        assert!(drawn.contains("d=\"M7 15v90\""), "{drawn}");
        let apart = svg(
            &lanes(&[node(4, &[3]), node(3, &[]), node(2, &[1]), node(1, &[])]),
            30,
        );
        assert!(
            apart.contains("d=\"M7 15v30\"") && apart.contains("d=\"M7 75v30\""),
            "{apart}"
        );
        let fork = svg(&lanes(&[node(2, &[0]), node(1, &[0]), node(0, &[])]), 30);
        assert!(
            fork.contains("M7 15v60") && fork.contains("M21 45c0 15 -14 15 -14 30"),
            "{fork}"
        );
    }

    #[test]
    fn merges_and_closing_heads_look_different() {
        let closing = Node {
            flags: Flags {
                closing: true,
                ..Flags::default()
            },
            ..node(3, &[1, 2])
        };
        let drawn = svg(
            &lanes(&[closing, node(2, &[1, 0]), node(1, &[0]), node(0, &[])]),
            30,
        );
        assert!(drawn.contains("<path class=\"dot lane-1 merge\" stroke-width=\"3\""));
        assert!(drawn.contains("<circle class=\"dot lane-1 merge\""));
    }

    #[test]
    fn many_lines_stay_narrow_and_use_eight_colours() {
        let heads: Vec<Node> = (1..=100).rev().map(|id| node(id, &[0])).collect();
        let drawn = svg(&lanes(&heads), 30);
        assert!(drawn.contains("lane-8") && !drawn.contains("lane-9"));
        let many: Vec<Node> = (50..100).rev().map(|id| node(id, &[id - 50])).collect();
        assert!(svg(&lanes(&many), 30).contains("width=\"210\""));
    }
}
