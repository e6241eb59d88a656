//! What a push has brought, told by Mercurial's own hook as the first and the last of consecutive changesets.

use super::{Repository, id};
use crate::{ChangesetId, ReadError};

impl Repository {
    /// The ids of the changesets from `first` to `last`, by local number. Secret ones are left out: their ids are nobody's
    /// business, and a server takes none in.
    pub fn arrived(&self, first: &str, last: &str) -> Result<Vec<String>, ReadError> {
        let parse = |hex: &str| hex.parse::<ChangesetId>().ok();
        let (Some(first), Some(last)) = (parse(first), parse(last)) else {
            return Ok(Vec::new());
        };
        self.read(|snapshot| {
            let (first, last) = (self.rev(snapshot, &first)?, self.rev(snapshot, &last)?);
            let ids = (first.number()..=last.number())
                .map(hg::Rev::new)
                .filter(|rev| snapshot.is_served(*rev))
                .map(|rev| id(snapshot, rev).to_string())
                .collect();
            Ok(ids)
        })
    }

    /// How many changesets are stored, hidden ones too.
    pub fn length(&self) -> Result<u32, ReadError> {
        self.read(|snapshot| Ok(snapshot.len() as u32))
    }

    /// The changesets that were added when there were this many, oldest first.
    pub fn added_since(&self, length: u32) -> Result<Vec<crate::ChangesetId>, ReadError> {
        self.read(|snapshot| {
            let fresh = (length..snapshot.len() as u32).map(hg::Rev::new);
            let served = fresh.filter(|rev| snapshot.is_served(*rev));
            Ok(served.map(|rev| super::id(snapshot, rev)).collect())
        })
    }
}
