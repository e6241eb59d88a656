//! Which changesets a client lacks.

use super::source::BundleError;
use crate::graph::Graph;
use crate::ids::{Node, Rev};
use crate::revset::RevSet;
use crate::snapshot::Snapshot;

/// What is to be sent, and what need not be.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// The heads that were asked for.
    pub heads: Vec<Rev>,
    /// What the client lacks.
    pub missing: RevSet,
    /// What it has, as far as both sides know.
    pub common: RevSet,
    /// Whether among the older ones are changesets that are neither: hidden, secret, or not asked for. Content that is sent may
    /// have come with those first.
    pub elsewhere: bool,
}

impl Outgoing {
    /// Works it out. Of `common` only what is served counts; no `heads` means all of them.
    pub fn new(
        snapshot: &Snapshot,
        heads: &[Node],
        common: &[Node],
    ) -> Result<Outgoing, BundleError> {
        let heads = match heads {
            [] => snapshot.heads(),
            _ => heads
                .iter()
                .filter(|node| !node.is_null())
                .map(|node| {
                    // Whether it is not there or not to be seen is nobody's business.
                    snapshot
                        .served_rev(node)
                        .ok_or_else(|| BundleError::Refused(format!("unknown revision '{node}'")))
                })
                .collect::<Result<_, _>>()?,
        };
        let common: Vec<Rev> = common
            .iter()
            .filter_map(|node| snapshot.served_rev(node))
            .collect();
        let mut missing = snapshot.changelog.only(&heads, &common);
        // Ancestors of what is served are served. Should that ever fail, nothing secret may leave.
        missing.intersect(snapshot.served());
        Ok(Outgoing::with(snapshot, heads, missing, &common))
    }

    /// For the commands of 2006: what descends from `roots` and is not newer than `heads`.
    pub fn between(
        snapshot: &Snapshot,
        roots: &[Node],
        heads: &[Node],
    ) -> Result<Outgoing, BundleError> {
        let mut bases = Vec::new();
        for node in roots.iter().filter(|node| !node.is_null()) {
            let rev = snapshot
                .served_rev(node)
                .ok_or_else(|| BundleError::Refused(format!("unknown revision '{node}'")))?;
            // The client has the parents of a root, or there is none.
            bases.extend(snapshot.parents(rev).into_iter().flatten());
        }
        let common: Vec<Node> = bases.iter().map(|rev| snapshot.node(*rev)).collect();
        Outgoing::new(snapshot, heads, &common)
    }

    fn with(snapshot: &Snapshot, heads: Vec<Rev>, missing: RevSet, common: &[Rev]) -> Outgoing {
        let common = snapshot.changelog.ancestors(common);
        let newest = missing.max().map_or(0, Rev::index);
        let among = |rev: Rev| missing.contains(rev) || common.contains(rev);
        let elsewhere = !(0..newest).map(Rev::from_index).all(among);
        Outgoing {
            heads,
            missing,
            common,
            elsewhere,
        }
    }
}
