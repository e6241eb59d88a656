//! The lanes beside a list of changesets.

use render::graph::{Flags, Node, Parent, Row};
use vcs::{ChangesetId, GraphParent, Repository};

use crate::problem::Problem;

/// The rows of a list as lanes: newest first, as the repository lists them.
pub(super) fn lanes(contents: &Repository, ids: &[ChangesetId]) -> Result<Vec<Row>, Problem> {
    let nodes: Vec<Node> = contents
        .graph(ids)?
        .into_iter()
        .map(|node| Node {
            id: node.number,
            parents: node
                .parents
                .into_iter()
                .map(|parent| match parent {
                    GraphParent::Shown(number) => Parent::Shown(number),
                    GraphParent::Hidden(number) => Parent::Hidden(number),
                })
                .collect(),
            branch: node.branch.map(|branch| branch.to_string()),
            flags: Flags {
                closing: node.closes_branch,
                obsolete: node.obsolete,
                ..Flags::default()
            },
        })
        .collect();
    Ok(render::graph::lanes(&nodes))
}
