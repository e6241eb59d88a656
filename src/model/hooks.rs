//! What follows when changesets have come or gone, by whatever way: over HTTP, over SSH, made on the web, fetched from elsewhere.
//!
//! It is the same list each time: an entry of the journal, the newest changeset of the repository as lists show it, and the callback of the
//! installation's own `extensions.py`. The changesets have moved by then, so nothing of this can undo it; what goes wrong is told in the log.
//!
//! The hooks that administrators keep as rows of the table `ui` (Mercurial) and as files in `hooks/` (Git) are run by `hg` and `git` themselves. What they may
//! want to know is in their environment, in the words of the original: see [`Model::hook_environment`].

use std::ffi::OsString;

use db::repositories;
use db::{DbError, LocalTime, RepoId, Tx};
use vcs::wire::git::RefUpdate;
use vcs::wire::hg::Report;

use crate::extensions::{Callback, Value};
use crate::journal::{self, Action, Actor};
use crate::{Error, Model, ReadableRepository};

/// The variable in which the hooks of the original find who did what: JSON.
const EXTRAS: &str = "KALLITHEA_EXTRAS";
/// The variable by which child hooks see that they were started by us.
const VERSION: &str = "KALLITHEA_HOOK_VER";

impl Model {
    /// The environment of hooks that a push runs. `action` is `push`, `push_local` for what is made on the web, `push_remote` for what is fetched.
    #[must_use]
    pub fn hook_environment(
        &self,
        repository: &ReadableRepository,
        actor: &Actor,
        action: &str,
    ) -> Vec<(OsString, OsString)> {
        let extras = serde_json::json!({
            "ip": actor.address,
            "username": actor.username.as_str(),
            "action": action,
            "repository": repository.name(),
            "scm": repository.kind().as_str(),
            "config": self.ini_name(),
        });
        vec![
            (EXTRAS.into(), extras.to_string().into()),
            (VERSION.into(), env!("CARGO_PKG_VERSION").into()),
        ]
    }

    /// Somebody has fetched from a repository, or is about to.
    pub fn pulled(&self, repository: &ReadableRepository, actor: &Actor) {
        let written = self.db().write(|tx| {
            let id = Some(repository.id());
            journal::write(tx, actor, id, repository.name(), &Action::Pull)
        });
        if let Err(error) = written {
            tracing::error!(
                "a pull from '{}' could not be written down: {error}",
                repository.name()
            );
        }
        self.call(Callback::Pull, || self.facts(repository, actor, "pull"));
    }

    /// A client of Git has pushed: these updates were wanted, and the references say which of them were done.
    pub fn git_pushed(
        &self,
        repository: &ReadableRepository,
        actor: &Actor,
        updates: &[RefUpdate],
    ) {
        let recorded = self.open_repository(repository).and_then(|contents| {
            let items = contents
                .pushed(updates)
                .map_err(|error| unreadable(repository, &error))?;
            // Also a push that brought no changeset is one: a branch may have come of what was there.
            self.record_arrival(repository, actor, items.map(Action::Push))
        });
        tell("a push", repository, recorded);
    }

    /// A client of Mercurial has been answered, and this has moved.
    pub fn hg_moved(&self, repository: &ReadableRepository, actor: &Actor, report: &Report) {
        if report.sent_changesets {
            self.pulled(repository, actor);
        }
        if report.changegroups.is_empty() {
            return;
        }
        let recorded = self.open_repository(repository).and_then(|contents| {
            let mut items = Vec::new();
            for group in &report.changegroups {
                let arrived = contents
                    .arrived(group)
                    .map_err(|error| unreadable(repository, &error))?;
                items.extend(arrived);
            }
            self.record_push(repository, actor, items)
        });
        tell("a push", repository, recorded);
    }

    /// Notes that changesets were pushed, and what the newest one is now. Without items only the latter.
    ///
    /// # Errors
    /// When the repository cannot be read or the database cannot be written.
    pub fn record_push(
        &self,
        repository: &ReadableRepository,
        actor: &Actor,
        items: Vec<String>,
    ) -> Result<(), Error> {
        let action = (!items.is_empty()).then_some(Action::Push(items));
        self.record_arrival(repository, actor, action)
    }

    /// Notes how changesets arrived, by whatever way, and what the newest one is now.
    pub(crate) fn record_arrival(
        &self,
        repository: &ReadableRepository,
        actor: &Actor,
        action: Option<Action>,
    ) -> Result<(), Error> {
        let tip = self.tip(repository);
        self.db().write(|tx| {
            if let Some(action) = &action {
                let id = Some(repository.id());
                journal::write(tx, actor, id, repository.name(), action)?;
            }
            if let Ok(tip) = &tip {
                keep_tip(tx, repository.id(), tip)?;
            }
            Ok::<_, Error>(())
        })?;
        let (word, items) = match action {
            Some(Action::Push(items)) => ("push", items),
            Some(Action::Committed(items)) => ("push_local", items),
            Some(Action::PulledFromRemote(items)) => ("push_remote", items),
            _ => return tip.map(drop),
        };
        self.call(Callback::Push, || {
            let mut facts = self.facts(repository, actor, word);
            let items = items.into_iter().map(Value::Text).collect();
            facts.push(("pushed_revs", Value::List(items)));
            facts
        });
        tip.map(drop)
    }

    /// Reads the newest changeset of a repository anew.
    pub(crate) fn refresh_tip(&self, id: RepoId) -> Result<(), Error> {
        let Some(row) = self.db().read(|conn| repositories::by_id(conn, id))? else {
            return Ok(());
        };
        let Some(repository) = ReadableRepository::new(row, db::Level::Read) else {
            return Ok(());
        };
        let tip = self.tip(&repository)?;
        self.db().write(|tx| keep_tip(tx, id, &tip))?;
        Ok(())
    }

    /// What the callbacks of pull and push are told.
    fn facts(
        &self,
        repository: &ReadableRepository,
        actor: &Actor,
        action: &str,
    ) -> Vec<(&'static str, Value)> {
        vec![
            ("config", Value::text(self.ini_name())),
            ("scm", Value::text(repository.kind().as_str())),
            ("username", Value::text(actor.username.as_str())),
            ("ip", Value::text(&*actor.address)),
            ("action", Value::text(action)),
            ("repository", Value::text(repository.name())),
        ]
    }

    /// The ini file, as hooks are told; empty where there is none.
    fn ini_name(&self) -> String {
        let ini = self.config().ini_path.as_deref();
        ini.map_or_else(String::new, |path| path.display().to_string())
    }

    /// The newest changeset in the form of the column `changeset_cache`, and its date.
    fn tip(&self, repository: &ReadableRepository) -> Result<(Vec<u8>, LocalTime), Error> {
        journal::tip_of(&*self.open_repository(repository)?, repository.name())
    }
}

/// Keeps the newest changeset. A repository in which there never was one stays as it is: its row tells when it was made.
fn keep_tip(tx: &Tx<'_>, id: RepoId, (cache, date): &(Vec<u8>, LocalTime)) -> Result<(), DbError> {
    if *date != LocalTime::EPOCH || repositories::has_changeset_cache(tx, id)? {
        repositories::set_changeset_cache(tx, id, cache, *date)?;
    }
    Ok(())
}

fn unreadable(repository: &ReadableRepository, error: &vcs::ReadError) -> Error {
    Error::Program(format!("repository '{}': {error}", repository.name()).into())
}

fn tell(what: &str, repository: &ReadableRepository, result: Result<(), Error>) {
    if let Err(error) = result {
        tracing::error!(
            "{what} to '{}' could not be written down: {error}",
            repository.name()
        );
    }
}
