//! The data of the drawn history.

use super::Repository;
use super::graph::Place;
use crate::graph::lines;
use crate::{ChangesetId, GraphNode, ReadError};

impl Repository {
    pub fn graph(&self, list: &[ChangesetId]) -> Result<Vec<GraphNode>, ReadError> {
        let repo = self.local();
        let numbers: Vec<u32>;
        let rows;
        let top = self.top(&self.heads(&repo)?);
        let in_top = top.as_deref().and_then(|top| {
            let numbers = list.iter().map(|id| top.number(id));
            Some((top, numbers.collect::<Option<Vec<_>>>()?))
        });
        if let Some((top, found)) = in_top {
            rows = lines(&found, |of| top.parents(of).to_vec());
            numbers = found;
        } else {
            let view = self.view(&repo)?;
            let last = view.order.len() as u32;
            let number = |place: Place| view.rank(place).map_or(0, |rank| last - 1 - rank);
            let place_of = |number: u32| view.order[(last - 1 - number) as usize];
            let found = list.iter().map(|id| Ok(number(self.place(&view, id)?)));
            numbers = found.collect::<Result<Vec<_>, ReadError>>()?;
            rows = lines(&numbers, |of| {
                let parents = view.graph.parents(place_of(of)).iter();
                parents.map(|&parent| number(parent)).collect()
            });
        }
        let nodes = list.iter().zip(numbers).zip(rows);
        Ok(nodes
            .map(|((id, number), parents)| GraphNode {
                id: *id,
                number,
                parents,
                branch: None,
                closes_branch: false,
                obsolete: false,
            })
            .collect())
    }
}
