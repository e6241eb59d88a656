//! Changesets made on the web: committed as a push is, and written down like one.

use vcs::{ChangesetId, CommitRequest, Committed, FileChange, Person, RefName, Timestamp};

use crate::journal::{Action, Actor};
use crate::{Error, Model, User, WritableRepository};

/// A changeset as its author has asked for it.
#[derive(Debug, Clone)]
pub struct NewChangeset {
    /// The branch it is for.
    pub branch: RefName,
    /// What the author saw; none for the first changeset of an empty repository.
    pub parent: Option<ChangesetId>,
    /// Why.
    pub message: String,
    /// What.
    pub changes: Vec<FileChange>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum CommitFailure {
    /// The repository, or a rule of it, does not take it. Nothing was written.
    #[error(transparent)]
    Refused(#[from] vcs::CommitError),
    /// Everything around it.
    #[error(transparent)]
    Model(#[from] Error),
}

impl Model {
    /// Makes a changeset in the name of a user, runs all that a push of it would run, and writes it into the journal.
    ///
    /// # Errors
    /// [`CommitFailure`]. Once the changeset is there, nothing that follows undoes it: what cannot be written down is told
    /// in the log.
    pub fn commit(
        &self,
        repository: &WritableRepository,
        author: &User,
        actor: &Actor,
        new: NewChangeset,
    ) -> Result<Committed, CommitFailure> {
        let contents = self.open_repository(repository)?;
        let mut programs = self.programs()?;
        let environment = self.hook_environment(repository, actor, "push_local");
        programs.git.environment.clone_from(&environment);
        programs.hg.environment = environment;
        let request = CommitRequest {
            branch: new.branch,
            new_branch: new.parent.is_none(),
            parent: new.parent,
            author: person(author),
            date: now(),
            message: new.message,
            changes: new.changes,
        };
        let committed = contents.commit(&programs, &request)?;
        let action = Action::Committed(committed.journal.clone());
        if let Err(error) = self.record_arrival(repository, actor, Some(action)) {
            tracing::error!(
                "changeset {} of '{}' could not be written down: {error}",
                committed.id,
                repository.name()
            );
        }
        Ok(committed)
    }
}

/// `First Last <address>`; who has told neither name goes by that of the account.
pub(crate) fn person(user: &User) -> Person {
    let full = format!("{} {}", user.firstname, user.lastname);
    let name = match full.trim() {
        "" => user.username.as_str(),
        full => full,
    };
    Person {
        name: name.to_owned(),
        email: user.email.clone().unwrap_or_default(),
        raw: String::new(),
    }
}

/// This moment, in the server's zone.
fn now() -> Timestamp {
    let now = jiff::Zoned::now();
    Timestamp {
        seconds: now.timestamp().as_second(),
        offset_east: now.offset().seconds(),
    }
}
