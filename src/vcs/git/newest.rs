//! Which changeset `tip` means: the first of the log.
//!
//! Dates do not tell: who works with a wrong clock has a branch whose head looks older than what it descends from. So where several names point at
//! different commits the log is asked, of which the newest part is kept for other workers.

use std::sync::Arc;

use super::Repository;
use super::heads::Heads;
use crate::{ChangesetId, ReadError};

impl Repository {
    /// The newest changeset that a branch or tag reaches; none in an empty repository.
    pub(super) fn newest(
        &self,
        repo: &gix::Repository,
        heads: &Arc<Heads>,
    ) -> Result<Option<ChangesetId>, ReadError> {
        let tips = heads.tip_ids();
        let Some(first) = tips.first() else {
            return Ok(None);
        };
        if tips.iter().all(|tip| tip == first) {
            return Ok(Some(*first));
        }
        if let Some(newest) = self.top(heads).and_then(|top| top.part(0, 1)) {
            return Ok(newest.first().copied());
        }
        let view = self.view(repo)?;
        Ok(view.order.first().map(|&place| view.id(place)))
    }
}
