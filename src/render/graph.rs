//! The history graph beside a list of changesets.
//!
//! [`lanes`] lays changesets out in columns, one row per changeset, newest first; [`json`] gives that in the form scrapers of these
//! pages know, and [`svg`] draws it. The layout is made in one pass from top to bottom: a row knows which changesets the rows above
//! are still waiting for, and each waiting one holds a column.

mod drawing;
mod layout;

pub use drawing::{svg, width};
pub use layout::{Edge, Flags, Node, Parent, Row, lanes};

use std::fmt::Write;

/// The rows as JSON: per row `[[column, colour], [[from, to, colour, obsolete], …], closing, obsolete, bumped, divergent, extinct,
/// unstable]`, all numbers, flags as 0 or 1.
pub fn json(rows: &[Row]) -> String {
    let mut out = String::from("[");
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        // Writing to a String cannot fail.
        let _ = write!(out, "[[{}, {}], [", row.column, row.colour);
        for (index, edge) in row.edges.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            let _ = write!(
                out,
                "{comma}[{}, {}, {}, {}]",
                edge.from,
                edge.to,
                edge.colour,
                u8::from(edge.obsolete)
            );
        }
        out.push(']');
        let flags = row.flags;
        for flag in [
            flags.closing,
            flags.obsolete,
            flags.bumped,
            flags.divergent,
            flags.extinct,
            flags.unstable,
        ] {
            let _ = write!(out, ", {}", u8::from(flag));
        }
        out.push(']');
    }
    out.push(']');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_of_a_short_history() {
        let node = |id, parents: &[u32]| Node {
            id,
            parents: parents.iter().map(|&p| Parent::Shown(p)).collect(),
            ..Node::default()
        };
        let rows = lanes(&[node(1, &[0]), node(0, &[])]);
        assert_eq!(
            json(&rows),
            "[[[0, 1], [[0, 0, 1, 0]], 0, 0, 0, 0, 0, 0], [[0, 1], [], 0, 0, 0, 0, 0, 0]]"
        );
    }
}
