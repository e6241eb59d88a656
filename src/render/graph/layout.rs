//! Changesets to columns and lines.

use std::collections::HashMap;

/// A changeset on the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// A number that is smaller than that of every descendant: the revision number.
    pub id: u32,
    /// Its parents.
    pub parents: Vec<Parent>,
    /// Its named branch, if it has one. A line keeps its colour along a branch.
    pub branch: Option<String>,
    /// What is special about it.
    pub flags: Flags,
}

/// A parent of a changeset, as seen from the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parent {
    /// On the page, or the nearest ancestor that is.
    Shown(u32),
    /// Neither it nor any ancestor of it is on the page: its line fades out.
    Hidden(u32),
}

impl Parent {
    fn id(self) -> u32 {
        match self {
            Parent::Shown(id) | Parent::Hidden(id) => id,
        }
    }

    /// The order of lines. A hidden parent counts as older than all shown ones, the newest hidden one as the oldest: the
    /// scrapers of these pages know it as a negative number.
    fn rank(self) -> i64 {
        match self {
            Parent::Shown(id) => i64::from(id),
            Parent::Hidden(id) => -i64::from(id) - 1,
        }
    }
}

/// What is special about a changeset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// It closes its branch.
    pub closing: bool,
    /// It was replaced by another one.
    pub obsolete: bool,
    /// Its successor came too late, the old version had been published (phase-divergent).
    pub bumped: bool,
    /// It has a rival successor (content-divergent).
    pub divergent: bool,
    /// It is obsolete and so are all its descendants.
    pub extinct: bool,
    /// It stands on an obsolete one (orphan).
    pub unstable: bool,
}

/// A line from one row to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Column in this row.
    pub from: usize,
    /// Column in the next row.
    pub to: usize,
    /// Its colour, from 1 on.
    pub colour: u32,
    /// It starts at an obsolete changeset.
    pub obsolete: bool,
    /// It leads to a parent that is not on the page.
    pub fades: bool,
}

/// One row of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Column of the changeset's dot.
    pub column: usize,
    /// Its colour, from 1 on.
    pub colour: u32,
    /// It has several parents.
    pub merge: bool,
    /// What is special about it.
    pub flags: Flags,
    /// Lines to the next row, those that pass by included.
    pub edges: Vec<Edge>,
}

#[derive(Clone, Copy)]
struct Line {
    colour: u32,
    obsolete: bool,
}

/// Lays out the changesets of a page, given newest first.
pub fn lanes(nodes: &[Node]) -> Vec<Row> {
    let branches: HashMap<u32, Option<&str>> = nodes
        .iter()
        .map(|node| (node.id, node.branch.as_deref()))
        .collect();
    let mut layout = Layout {
        branches,
        awaited: Vec::new(),
        lines: HashMap::new(),
        next_colour: 1,
    };
    nodes.iter().map(|node| layout.place(node)).collect()
}

struct Layout<'a> {
    branches: HashMap<u32, Option<&'a str>>,
    /// Which changeset the line in each column leads to.
    awaited: Vec<Parent>,
    lines: HashMap<Parent, Line>,
    next_colour: u32,
}

impl Layout<'_> {
    fn place(&mut self, node: &Node) -> Row {
        let this = Parent::Shown(node.id);
        let column = match self.awaited.iter().position(|&awaited| awaited == this) {
            Some(column) => column,
            None => {
                let colour = self.new_colour();
                self.awaited.push(this);
                self.lines.insert(
                    this,
                    Line {
                        colour,
                        obsolete: node.flags.obsolete,
                    },
                );
                self.awaited.len() - 1
            }
        };
        let colour = self.lines.get(&this).map_or(1, |line| line.colour);

        let mut new_parents: Vec<Parent> = node
            .parents
            .iter()
            .copied()
            .filter(|parent| !self.awaited.contains(parent))
            .collect();
        new_parents.sort_by_key(|parent| std::cmp::Reverse(parent.rank()));
        new_parents.dedup();
        self.colour_lines(node, colour, &new_parents);

        let next = self.next_columns(column, &new_parents);
        let edges = self.edges(node, column, &next);
        self.awaited = next;
        self.lines.remove(&this);
        Row {
            column,
            colour,
            merge: node.parents.len() > 1,
            flags: node.flags,
            edges,
        }
    }

    /// The first new line on the same branch goes on in the colour of the changeset, the others get colours of their own.
    fn colour_lines(&mut self, node: &Node, colour: u32, new_parents: &[Parent]) {
        let mut inherited = false;
        for &parent in new_parents {
            let branch = self.branches.get(&parent.id()).copied().flatten();
            let same_branch = branch.is_none() || branch == node.branch.as_deref();
            let colour = if same_branch && !inherited {
                inherited = true;
                colour
            } else {
                self.new_colour()
            };
            self.lines.insert(
                parent,
                Line {
                    colour,
                    obsolete: node.flags.obsolete,
                },
            );
        }
    }

    /// The columns of the next row: the changeset makes room for its parents, and what faded out is gone.
    fn next_columns(&self, column: usize, new_parents: &[Parent]) -> Vec<Parent> {
        let still_awaited = |columns: &[Parent]| -> Vec<Parent> {
            columns
                .iter()
                .copied()
                .filter(|parent| matches!(parent, Parent::Shown(_)))
                .collect()
        };
        let mut next = still_awaited(&self.awaited[..column]);
        next.extend(new_parents);
        next.extend(still_awaited(&self.awaited[column + 1..]));
        next
    }

    fn edges(&self, node: &Node, column: usize, next: &[Parent]) -> Vec<Edge> {
        let places: HashMap<Parent, usize> = next
            .iter()
            .enumerate()
            .map(|(place, &parent)| (parent, place))
            .collect();
        let mut parents = node.parents.clone();
        parents.sort_by_key(|parent| parent.rank());
        parents.dedup();
        let mut edges = Vec::with_capacity(next.len());
        for (from, &awaited) in self.awaited.iter().enumerate() {
            let targets = if from == column {
                parents.as_slice()
            } else {
                std::slice::from_ref(&awaited)
            };
            for target in targets {
                if let (Some(&to), Some(line)) = (places.get(target), self.lines.get(target)) {
                    let fades = matches!(target, Parent::Hidden(_));
                    edges.push(Edge {
                        from,
                        to,
                        colour: line.colour,
                        obsolete: line.obsolete,
                        fades,
                    });
                }
            }
        }
        edges
    }

    fn new_colour(&mut self) -> u32 {
        let colour = self.next_colour;
        self.next_colour += 1;
        colour
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    fn lines(row: &Row) -> Vec<(usize, usize, u32)> {
        row.edges
            .iter()
            .map(|edge| (edge.from, edge.to, edge.colour))
            .collect()
    }

    #[test]
    fn a_fork_and_its_merge() {
        // 3 merges 2 into 1, both stand on 0.
        let rows = lanes(&[node(3, &[1, 2]), node(2, &[0]), node(1, &[0]), node(0, &[])]);
        let places: Vec<_> = rows
            .iter()
            .map(|row| (row.column, row.colour, row.merge))
            .collect();
        assert_eq!(
            places,
            [(0, 1, true), (0, 1, false), (1, 2, false), (0, 1, false)]
        );
        assert_eq!(lines(&rows[0]), [(0, 1, 2), (0, 0, 1)]);
        assert_eq!(lines(&rows[1]), [(0, 0, 1), (1, 1, 2)]);
        assert_eq!(lines(&rows[2]), [(0, 0, 1), (1, 0, 1)]);
        assert_eq!(lines(&rows[3]), []);
    }

    #[test]
    fn a_line_keeps_its_colour_along_its_branch() {
        let on = |id, parents: &[u32], branch: &str| Node {
            branch: Some(branch.to_owned()),
            ..node(id, parents)
        };
        // The merge is on "stable"; its higher parent is not.
        let rows = lanes(&[
            on(2, &[0, 1], "stable"),
            on(1, &[0], "default"),
            on(0, &[], "stable"),
        ]);
        assert_eq!(lines(&rows[0]), [(0, 1, 1), (0, 0, 2)]);
        assert_eq!(rows[1].colour, 2);
        assert_eq!(rows[2].colour, 1);
    }

    #[test]
    fn a_hidden_parent_fades_and_frees_its_column() {
        let hidden = Node {
            id: 9,
            parents: vec![Parent::Hidden(3)],
            ..Node::default()
        };
        let rows = lanes(&[hidden, node(8, &[7]), node(7, &[])]);
        assert_eq!(
            rows[0].edges,
            [Edge {
                from: 0,
                to: 0,
                colour: 1,
                obsolete: false,
                fades: true
            }]
        );
        assert_eq!(lines(&rows[1]), [(1, 0, 2)]);
        assert_eq!(rows[2].column, 0);
    }

    proptest! {
        /// Each line arrives where the next row has the changeset it leads to, and no row invents columns.
        #[test]
        fn lines_connect(seed in proptest::collection::vec((0..5u32, 0..9u32), 1..40)) {
            let count = u32::try_from(seed.len()).unwrap_or(u32::MAX);
            let nodes: Vec<Node> = seed.iter().zip((0..count).rev()).map(|(&(first, second), id)| {
                let mut parents: Vec<u32> = [first + 1, second + 1].iter().filter_map(|back| id.checked_sub(*back)).collect();
                parents.dedup();
                node(id, &parents)
            }).collect();
            let rows = lanes(&nodes);
            prop_assert_eq!(rows.len(), nodes.len());
            for pair in rows.windows(2) {
                let arriving: Vec<usize> = pair[0].edges.iter().map(|edge| edge.to).collect();
                for edge in &pair[1].edges {
                    prop_assert!(arriving.contains(&edge.from) || edge.from == pair[1].column);
                }
            }
            for (row, node) in rows.iter().zip(&nodes) {
                prop_assert!(row.edges.iter().filter(|edge| edge.from == row.column).count() >= node.parents.len());
            }
        }
    }
}
