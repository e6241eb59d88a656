//! The data of the drawn history.

use hg::Rev;

use super::Repository;
use crate::graph::lines;
use crate::{ChangesetId, GraphNode, ReadError, RefName};

impl Repository {
    pub fn graph(&self, list: &[ChangesetId]) -> Result<Vec<GraphNode>, ReadError> {
        self.read(|snapshot| {
            let revs = list.iter().map(|id| self.rev(snapshot, id));
            let revs = revs.collect::<Result<Vec<Rev>, ReadError>>()?;
            let numbers: Vec<u32> = revs.iter().map(|rev| rev.number()).collect();
            let rows = lines(&numbers, |of| {
                let parents = snapshot.parents(Rev::new(of)).into_iter();
                parents.flatten().map(Rev::number).collect()
            });
            let mut nodes = Vec::with_capacity(list.len());
            for ((id, rev), parents) in list.iter().zip(revs).zip(rows) {
                let changeset = snapshot.changeset(rev)?;
                nodes.push(GraphNode {
                    id: *id,
                    number: rev.number(),
                    parents,
                    branch: Some(RefName::new(changeset.branch.to_str())),
                    closes_branch: changeset.closes_branch,
                    obsolete: snapshot.is_obsolete(rev),
                });
            }
            Ok(nodes)
        })
    }
}
