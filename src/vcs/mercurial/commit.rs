//! Makes a changeset and pushes it.

use super::Repository;
use crate::commit::{CommitError, CommitRequest, Committed, Edit};
use crate::wire::hg::HgProgram;

impl Repository {
    pub fn make_commit(
        &self,
        _program: &HgProgram,
        _request: &CommitRequest,
        _edits: &[Edit],
    ) -> Result<Committed, CommitError> {
        Err(CommitError::Refused {
            reason: "changesets cannot be made in Mercurial repositories yet".into(),
            said: String::new(),
        })
    }
}
