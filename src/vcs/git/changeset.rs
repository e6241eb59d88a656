//! Reads commits as changesets.

use std::collections::BTreeMap;

use super::header::Header;
use super::{Repository, from_git};
use crate::{Changeset, ChangesetId, Evolution, Phase, ReadError};

impl Repository {
    pub fn changeset(&self, id: &ChangesetId) -> Result<Changeset, ReadError> {
        self.read_changeset(&self.local(), id)
    }

    pub fn parents(&self, id: &ChangesetId) -> Result<Vec<ChangesetId>, ReadError> {
        Ok(self.changeset(id)?.parents)
    }

    /// Reads one of many with the same handle.
    pub(super) fn read_changeset(
        &self,
        repo: &gix::Repository,
        id: &ChangesetId,
    ) -> Result<Changeset, ReadError> {
        let commit = self.commit(repo, id)?;
        let header = Header::parse(&commit.data)
            .ok_or("it does not start with a tree")
            .map_err(self.damaged(format!("commit {id}")))?;
        Ok(Changeset {
            id: *id,
            parents: header
                .parents
                .iter()
                .map(|parent| from_git(parent))
                .collect(),
            author: header.author(),
            committer: Some(header.committer()),
            date: header.date(),
            author_date: header.author_date(),
            signature: header.signature_format(),
            message: header.message(),
            number: None,
            branch: None,
            closes_branch: false,
            phase: Phase::Public,
            obsolete: false,
            evolution: Evolution::default(),
            extras: BTreeMap::new(),
        })
    }
}
