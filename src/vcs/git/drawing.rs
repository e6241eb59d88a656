//! The data of the drawn history.

use super::Repository;
use super::graph::Place;
use crate::graph::lines;
use crate::{ChangesetId, GraphNode, ReadError};

impl Repository {
    pub fn graph(&self, list: &[ChangesetId]) -> Result<Vec<GraphNode>, ReadError> {
        let view = self.view(&self.local())?;
        let last = view.order.len() as u32;
        let number = |place: Place| view.rank(place).map_or(0, |rank| last - 1 - rank);
        let place_of = |number: u32| view.order[(last - 1 - number) as usize];
        let numbers = list
            .iter()
            .map(|id| Ok(number(self.place(&view, id)?)))
            .collect::<Result<Vec<_>, ReadError>>()?;
        let rows = lines(&numbers, |of| {
            let parents = view.graph.parents(place_of(of)).iter();
            parents.map(|&parent| number(parent)).collect()
        });
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
