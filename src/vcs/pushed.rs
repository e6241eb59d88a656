//! What a push has brought, for the journal.

use crate::repository::System;
use crate::wire::git::RefUpdate;
use crate::wire::hg::Changegroup;
use crate::{ReadError, Repository};

impl Repository {
    /// What became of the updates that a client of Git asked for, in the words of the journal: ids of changesets that
    /// were not there before, oldest first, `delete_branch=>name` and `tag=>name`; none where nothing took effect. To be
    /// asked when the push is through.
    pub fn pushed(&self, updates: &[RefUpdate]) -> Result<Option<Vec<String>>, ReadError> {
        match &self.system {
            System::Git(git) => git.pushed(updates),
            System::Hg(_) => Ok(None),
        }
    }

    /// The ids of the changesets of a changegroup that Mercurial has taken in, oldest first.
    pub fn arrived(&self, group: &Changegroup) -> Result<Vec<String>, ReadError> {
        match &self.system {
            System::Git(_) => Ok(Vec::new()),
            System::Hg(hg) => hg.arrived(group.first.as_str(), group.last.as_str()),
        }
    }
}
