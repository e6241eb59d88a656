//! Repositories that take their time to be made: copies from elsewhere and forks.
//!
//! The row comes first, in the state "pending", so that the name is taken and everybody can be shown how far it is. Then
//! somebody ([`Model::finish_creation`], in a thread of its own) makes the repository in a hidden folder and moves it to its
//! place. What it is made of stands in the row; so a second try, after a failure or the end of the process, is the same
//! call again.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use db::repositories::{self, RepoState, Repository};
use db::{CloneUri, Level, RepoId, RepoName, UserId, creations};
use vcs::life::{Progress as Step, Watch};

use crate::contents::{self, Beginning, Contents};
use crate::group::Place;
use crate::journal::Actor;
use crate::repository::{self, Named, NewRepository, Row};
use crate::{AdminOfRepository, Error, Gate, Model, ReadableRepository, Text, Viewer, say};

/// Whoever makes a repository is heard of so often, and after so many silent seconds is taken for gone.
const BEAT: Duration = Duration::from_secs(5);
const SILENT: i64 = 60;
/// So many may be made for one owner at the same time.
const MOST_AT_ONCE: i64 = 4;

/// How far a repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It is there.
    Done,
    /// It is being made.
    AtWork {
        /// What is being done, in the words of the program; may be empty.
        stage: String,
        /// How much of it.
        percent: Option<u8>,
    },
    /// It could not be made, for this reason.
    Failed(Text),
    /// Nobody is making it any more: the process ended.
    Abandoned,
}

impl Model {
    /// Takes the name of a repository that is yet to be made; [`Self::finish_creation`] is what remains.
    ///
    /// # Errors
    /// As [`Self::create_repository_with`], and on `repo_name` when too many of this owner are being made.
    pub fn begin_repository(
        &self,
        place: &Place,
        owner: UserId,
        actor: &Actor,
        new: &NewRepository<'_>,
        beginning: &Beginning<'_>,
    ) -> Result<(RepoId, String), Error> {
        if let Contents::Remote(uri) = beginning.contents {
            self.check_remote(uri)?;
        }
        let Named { short, full, .. } = self.named(place, new, beginning)?;
        let settings = self.settings()?;
        let now = now();
        let id = self.db().write(|tx| {
            if creations::count_at_work(tx, owner, now - SILENT)? >= MOST_AT_ONCE {
                return Err(Error::invalid(
                    "repo_name",
                    "Other repositories of yours are still being made; wait for them",
                ));
            }
            let row = Row {
                state: RepoState::Pending,
                place,
                owner,
                short: &short,
                full: &full,
                settings: &settings,
            };
            let id = repository::insert(tx, &row, actor, new, beginning)?;
            creations::begin(tx, id, now)?;
            Ok(id)
        })?;
        Ok((id, full))
    }

    /// Makes a repository whose row is pending. What goes wrong is written down for [`Self::creation_progress`].
    pub fn finish_creation(&self, id: RepoId) {
        let Err(error) = self.try_creation(id) else {
            return;
        };
        tracing::error!("repository {id} could not be made: {error}");
        let why = match &error {
            // The words of the program, without passwords, or what is wrong with the address.
            Error::Program(message) | Error::Invalid { message, .. } => message.clone(),
            _ => say!("The server could not make it; the log knows more."),
        };
        let why = why.to_stored();
        if let Err(error) = self.db().write(|tx| creations::fail(tx, id, &why)) {
            tracing::error!("the failure of repository {id} could not be written down: {error}");
        }
    }

    fn try_creation(&self, id: RepoId) -> Result<(), Error> {
        let Some(row) = self.pending(id)? else {
            return Ok(());
        };
        let source = match row.fork_of {
            Some(source) => self.db().read(|conn| repositories::by_id(conn, source))?,
            None => None,
        };
        // Who forks it was asked for the right when this began.
        let source = source.and_then(|source| ReadableRepository::new(source, Level::Read));
        let contents = match (&source, row.clone_uri.as_ref().map(CloneUri::as_str)) {
            (Some(source), _) => Contents::Fork(source),
            (None, Some(uri)) if !uri.is_empty() => Contents::Remote(uri),
            (None, _) => Contents::Empty,
        };
        let kind = ReadableRepository::new(row.clone(), Level::Read)
            .ok_or_else(|| Error::Program("it is of no known kind".into()))?
            .kind();
        let path = self.path_below_root(row.name.as_str())?;
        // Whoever put it there was killed before the row could say so.
        let signature = id.0.to_string();
        if vcs::life::is_signed(&path, kind, &signature) {
            self.db().write(|tx| {
                repositories::set_state(tx, id, RepoState::Created)?;
                creations::delete(tx, id)
            })?;
            self.after_creation(id, kind, &path);
            return Ok(());
        }
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        fs::create_dir_all(&folder).map_err(|error| Error::disk("create", &folder, error))?;
        let mut heard: Option<(Instant, Step)> = None;
        let draft = {
            let mut watch = Watch::new(|step: &Step| {
                let due = match &heard {
                    None => true,
                    Some((at, known)) => {
                        at.elapsed() > BEAT || (at.elapsed() > BEAT / 5 && known != step)
                    }
                };
                if !due {
                    return true;
                }
                heard = Some((Instant::now(), step.clone()));
                let beat = self
                    .db()
                    .write(|tx| creations::beat(tx, id, &step.stage, step.percent, now()));
                // It is ended when somebody has deleted the repository meanwhile, not for a moment without a database.
                beat.unwrap_or(true)
            });
            self.draft(&folder, kind, &contents, &mut watch)?
        };
        draft.sign(&signature).map_err(contents::error)?;
        let mut moved = None;
        let done = self.db().write(|tx| {
            // It may have been renamed, or deleted, since.
            let Some(row) = repositories::by_id(tx, id)?.filter(is_pending) else {
                return Ok(());
            };
            let path = self.path_below_root(row.name.as_str())?;
            repositories::set_state(tx, id, RepoState::Created)?;
            creations::delete(tx, id)?;
            draft.move_to(&path).map_err(contents::error)?;
            moved = Some(path);
            Ok::<_, Error>(())
        });
        if let (Err(_), Some(path)) = (&done, &moved) {
            let _ = fs::remove_dir_all(path);
        }
        done?;
        if let Some(path) = moved {
            self.after_creation(id, kind, &path);
        }
        Ok(())
    }

    /// What follows when the repository is in its place and its row says so.
    fn after_creation(&self, id: RepoId, kind: vcs::Kind, path: &Path) {
        vcs::life::unsign(path, kind);
        if let Err(error) = self.refresh_tip(id) {
            tracing::warn!("the newest changeset of repository {id} cannot be read: {error}");
        }
        self.tell_of_repository(id);
    }

    fn pending(&self, id: RepoId) -> Result<Option<Repository>, Error> {
        let row = self.db().read(|conn| repositories::by_id(conn, id))?;
        Ok(row.filter(is_pending))
    }

    /// How far a repository is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn creation_progress(&self, repository: &ReadableRepository) -> Result<Progress, Error> {
        if !repository.pending() {
            return Ok(Progress::Done);
        }
        let id = repository.id();
        let known = self.db().read(|conn| creations::by_id(conn, id))?;
        let begun = repository.row().created_on.to_unix();
        Ok(match known {
            Some(known) if !known.failed.is_empty() => {
                Progress::Failed(Text::from_stored(known.failed))
            }
            Some(known) if known.beat_at >= now() - SILENT => Progress::AtWork {
                stage: known.stage,
                percent: known.percent,
            },
            // The original is making it, or did.
            None if begun >= now() - SILENT => Progress::AtWork {
                stage: String::new(),
                percent: None,
            },
            _ => Progress::Abandoned,
        })
    }

    /// Takes up again the making of a repository that nobody is making; [`Self::finish_creation`] is what remains. Says whether
    /// there is anything to do.
    ///
    /// # Errors
    /// [`Error::NotFound`] when this viewer may not read what it is to be a fork of.
    pub fn retry_creation(
        &self,
        repository: &AdminOfRepository,
        viewer: &Viewer,
    ) -> Result<bool, Error> {
        if let Some(source) = repository.row().fork_of
            && let Some(source) = self.db().read(|conn| repositories::by_id(conn, source))?
        {
            Gate::new(self).read_repository(viewer, source.name.as_str())?;
        }
        let id = repository.id();
        let name = RepoName::from(repository.name());
        self.db().write(|tx| {
            let row = repositories::by_name(tx, &name)?;
            if !row.is_some_and(|row| row.id == id && is_pending(&row)) {
                return Ok(false);
            }
            let known = creations::by_id(tx, id)?;
            let at_work = known
                .is_some_and(|known| known.failed.is_empty() && known.beat_at >= now() - SILENT);
            if !at_work {
                creations::begin(tx, id, now())?;
            }
            Ok(!at_work)
        })
    }
}

fn is_pending(row: &Repository) -> bool {
    row.state == RepoState::Pending
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}
