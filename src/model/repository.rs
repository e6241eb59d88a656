//! The life of a repository: made, changed, followed, deleted.
//!
//! A new repository is made in a hidden folder beside its place and moved there within the transaction that writes its
//! row. Whatever dies in between, there is never a row without a folder, and never half a repository at its name.

use std::fs;
use std::path::{Path, PathBuf};

use db::repo_to_perm::RepositoryLevels;
use db::repositories::{self, RepoState, RepoType, Repository, RepositorySettings};
use db::{
    CloneUri, DbError, GroupId, GroupName, Level, ObjectKind, RepoId, RepoName, Tx, UserId,
    creations, groups, repo_to_perm, surroundings, user_followings, user_repo_group_to_perm,
    user_to_perm, users, users_group_repo_group_to_perm, users_group_repo_to_perm,
};
use vcs::Kind;
use vcs::life::Watch;

use crate::contents::{self, Beginning, Contents};
use crate::folder::Move;
use crate::gate::repository_rule;
use crate::group::Place;
use crate::journal::{self, Action, Actor};
use crate::{
    AdminOfRepository, Error, Gate, Model, ReadableRepository, Settings, Viewer, name, say,
};

/// What a new repository is made of.
#[derive(Debug, Clone)]
pub struct NewRepository<'a> {
    /// The last part of its name as typed; its slug is taken.
    pub name: &'a str,
    /// Mercurial or Git.
    pub kind: Kind,
    /// Empty: the name.
    pub description: &'a str,
    /// Whether visitors without a permission of their own are kept out.
    pub private: bool,
    /// Whether the permissions of the group are copied.
    pub copy_permissions: bool,
}

/// What the settings form changes.
#[derive(Debug, Clone)]
pub struct RepositoryUpdate<'a> {
    /// Empty: the name.
    pub description: &'a str,
    /// `kind:name`.
    pub landing_revision: &'a str,
    /// User name of the owner.
    pub owner: &'a str,
    /// Private or not.
    pub private: bool,
    /// Whether statistics are made.
    pub statistics: bool,
    /// Whether archives may be downloaded.
    pub downloads: bool,
}

/// What becomes of the forks of a repository that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForkChoice {
    /// Nobody chose: refuse when there are any.
    Refuse,
    /// They stand for themselves from now on.
    Detach,
}

/// Numbers and names around a repository, as the head of its pages shows them.
#[derive(Debug, Clone, Default)]
pub struct RepositoryFacts {
    /// How many accounts follow it.
    pub followers: u64,
    /// How many forks of it the viewer may read.
    pub forks: u64,
    /// Whether the viewer follows it.
    pub following: bool,
    /// Full name of what it was forked from, if the viewer may read that.
    pub fork_of: Option<String>,
    /// Its owner; none when the account is gone.
    pub owner: Option<crate::User>,
}

impl Model {
    /// Makes an empty repository at a place where the viewer may.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is not allowed or taken, [`Error::Program`] when git or hg is missing.
    pub fn create_repository(
        &self,
        place: &Place,
        owner: UserId,
        actor: &Actor,
        new: &NewRepository<'_>,
    ) -> Result<(RepoId, String), Error> {
        self.create_repository_with(place, owner, actor, new, &Beginning::default())
    }

    /// Makes a repository that does not begin empty, or whose settings are not the site's defaults.
    ///
    /// # Errors
    /// As [`Self::create_repository`]; [`Error::Invalid`] on `clone_uri` for an address that may not be fetched from.
    pub fn create_repository_with(
        &self,
        place: &Place,
        owner: UserId,
        actor: &Actor,
        new: &NewRepository<'_>,
        beginning: &Beginning<'_>,
    ) -> Result<(RepoId, String), Error> {
        let Named { short, full, path } = self.named(place, new, beginning)?;
        let settings = self.settings()?;
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        fs::create_dir_all(&folder).map_err(|error| Error::disk("create", &folder, error))?;
        let draft = self.draft(&folder, new.kind, &beginning.contents, &mut Watch::nobody())?;
        let mut moved = false;
        let id = self.db().write(|tx| {
            let row = Row {
                state: RepoState::Created,
                place,
                owner,
                short: &short,
                full: &full,
                settings: &settings,
            };
            let id = insert(tx, &row, actor, new, beginning)?;
            draft.move_to(&path).map_err(contents::error)?;
            moved = true;
            Ok::<_, Error>(id)
        });
        if id.is_err() && moved {
            // The row could not be kept after all; the name must not stay taken on disk.
            let _ = fs::remove_dir_all(&path);
        }
        let id = id?;
        if !matches!(beginning.contents, Contents::Empty)
            && let Err(error) = self.refresh_tip(id)
        {
            tracing::warn!("the newest changeset of {full} cannot be read: {error}");
        }
        self.tell_of_repository(id);
        Ok((id, full))
    }

    /// What a new repository will be called and where it will lie, if it may.
    pub(crate) fn named(
        &self,
        place: &Place,
        new: &NewRepository<'_>,
        beginning: &Beginning<'_>,
    ) -> Result<Named, Error> {
        let short = name::slug(new.name);
        let parent = place.group_name();
        name::check("repo_name", &short, parent)?;
        let full = name::full(parent, &short);
        let path = self.path_below_root(&full)?;
        self.refuse_taken("repo_name", &full, &path)?;
        if !beginning.landing_revision.unwrap_or(LANDING).contains(':') {
            return Err(Error::invalid(
                "repo_landing_rev",
                "Expected kind:name, such as branch:default",
            ));
        }
        Ok(Named { short, full, path })
    }

    /// Makes a repository in the name of its owner; what the command line and the demo use.
    ///
    /// # Errors
    /// As [`Self::create_repository`]; [`Error::NotFound`] for an unknown owner or group.
    pub fn create_repository_as(
        &self,
        owner: &str,
        full_name: &str,
        kind: &str,
        description: &str,
    ) -> Result<RepoId, Error> {
        let not_found = |what, name: &str| Error::NotFound {
            what,
            name: name.to_owned(),
        };
        let user = self
            .user_by_name(owner)?
            .ok_or_else(|| not_found("User", owner))?;
        let kind = kind.parse().map_err(|_| {
            Error::invalid(
                "kind",
                say!("expected 'hg' or 'git', found '{kind}'", kind = kind),
            )
        })?;
        let viewer = Viewer::User(user.clone());
        let (group, short) = match full_name.rsplit_once('/') {
            Some((group, short)) => {
                let row = self
                    .db()
                    .read(|conn| groups::by_name(conn, &GroupName::from(group)))?;
                (
                    Some(row.ok_or_else(|| not_found("Repository group", group))?.id),
                    short,
                )
            }
            None => (None, full_name),
        };
        let place = Gate::new(self).place_for_repository(&viewer, group)?;
        let actor = Actor::new(&viewer, "");
        let new = NewRepository {
            name: short,
            kind,
            description,
            private: false,
            copy_permissions: false,
        };
        self.create_repository(&place, user.id, &actor, &new)
            .map(|(id, _)| id)
    }

    /// Changes what the settings form changes.
    ///
    /// # Errors
    /// [`Error::Invalid`] beside the field that is wrong.
    pub fn update_repository(
        &self,
        repository: &AdminOfRepository,
        actor: &Actor,
        update: &RepositoryUpdate<'_>,
    ) -> Result<(), Error> {
        let clone_uri = repository.row().clone_uri.as_ref();
        update.check()?;
        self.db()
            .write(|tx| update_rows(tx, repository, actor, update, clone_uri))
    }

    /// Deletes a repository: its rows go, its folder is renamed so that nobody finds it but an administrator.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `forks` when there are forks and nobody chose, [`Error::Disk`] when the folder cannot be moved.
    pub fn delete_repository(
        &self,
        repository: &AdminOfRepository,
        actor: &Actor,
        forks: ForkChoice,
    ) -> Result<(), Error> {
        let path = self.repository_path(repository)?;
        let grave = deleted_name(&path);
        let mut burial = Move::new(path, grave);
        let result = self.db().write(|tx| {
            if repositories::count_forks(tx, repository.id())? > 0 {
                if forks == ForkChoice::Refuse {
                    let message = say!(
                        "Cannot delete repository {name} which still has forks",
                        name = repository.name()
                    );
                    return Err(Error::invalid("forks", message));
                }
                repositories::detach_forks(tx, repository.id())?;
            }
            creations::delete(tx, repository.id())?;
            repositories::delete(tx, repository.id())?;
            journal::write(
                tx,
                actor,
                None,
                repository.name(),
                &Action::DeletedRepository,
            )?;
            burial.go("repo_name")
        });
        burial.settle(self, result)?;
        self.tell_of_deleted(repository.row(), Some(actor));
        Ok(())
    }

    /// Numbers and names for the head of a repository's pages.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn repository_facts(
        &self,
        repository: &ReadableRepository,
        viewer: &Viewer,
    ) -> Result<RepositoryFacts, Error> {
        let follower = viewer.signed_in().map(|user| user.id);
        let around = self.db().read(|conn| {
            surroundings::of_repository(conn, viewer.user_id(), follower, repository.id())
        })?;
        let readable = |levels: &&RepositoryLevels| {
            viewer.user_id().is_some() && repository_rule(viewer, levels) >= Level::Read
        };
        let (parents, forks): (Vec<_>, Vec<_>) = around
            .relatives
            .iter()
            .filter(readable)
            .partition(|levels| Some(levels.id) == repository.row().fork_of);
        Ok(RepositoryFacts {
            followers: u64::try_from(around.followers).unwrap_or(0),
            forks: forks.len() as u64,
            following: around.following,
            fork_of: parents.first().map(|parent| parent.name.to_string()),
            owner: around.owner,
        })
    }

    /// Forks of a repository, by full name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn forks(&self, repository: &AdminOfRepository) -> Result<Vec<Repository>, Error> {
        Ok(self
            .db()
            .read(|conn| repositories::forks(conn, repository.id()))?)
    }

    /// The full name behind one that may begin with the permanent address of a repository, `_23`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn name_behind(&self, name: &str) -> Result<String, Error> {
        let (first, rest) = match name.split_once('/') {
            Some((first, rest)) => (first, Some(rest)),
            None => (name, None),
        };
        let id = first
            .strip_prefix('_')
            .filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|id| id.parse().ok());
        let found = match id {
            Some(id) => self.repository_name_by_id(id)?,
            None => None,
        };
        Ok(match (found, rest) {
            (Some(found), Some(rest)) => format!("{found}/{rest}"),
            (Some(found), None) => found,
            (None, _) => name.to_owned(),
        })
    }

    /// The full name of the repository with this id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn repository_name_by_id(&self, id: i64) -> Result<Option<String>, Error> {
        Ok(self
            .db()
            .read(|conn| repositories::by_id(conn, RepoId(id)))?
            .map(|row| row.name.into_string()))
    }

    /// Whether a repository has this full name, and if so whether it is a fork.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn repository_called(&self, full_name: &str) -> Result<Option<bool>, Error> {
        Ok(self
            .db()
            .read(|conn| repositories::by_name(conn, &RepoName::from(full_name)))?
            .map(|row| row.fork_of.is_some()))
    }

    /// Whether there is a repository of this full name that is not private, whoever may read it. The API of 0.7 tells that
    /// much when it denies access to changesets.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn is_closed_openly(&self, full_name: &str) -> Result<bool, Error> {
        Ok(self
            .db()
            .read(|conn| repositories::by_name(conn, &RepoName::from(full_name)))?
            .is_some_and(|row| !row.private))
    }

    /// The longest of these names that a repository has; for finding the repository in a path.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn longest_repository_name(&self, names: &[&str]) -> Result<Option<String>, Error> {
        let names: Vec<_> = names.iter().map(|name| RepoName::from(*name)).collect();
        Ok(self
            .db()
            .read(|conn| repositories::longest_of(conn, &names))?
            .map(|row| row.name.into_string()))
    }

    /// The user who owns a row.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn owner(&self, user: UserId) -> Result<Option<crate::User>, Error> {
        Ok(self.db().read(|conn| users::by_id(conn, user))?)
    }

    /// Refuses a full name that a repository, a group or a folder has.
    pub(crate) fn refuse_taken(
        &self,
        field: &'static str,
        full: &str,
        path: &Path,
    ) -> Result<(), Error> {
        self.db()
            .read(|conn| refuse_taken_rows(conn, field, full))?;
        if fs::symlink_metadata(path).is_ok() {
            let message = say!(
                "A folder named {name} exists on the server without being in the database",
                name = full
            );
            return Err(Error::invalid(field, message));
        }
        Ok(())
    }
}

/// What a repository shows first when nobody chose.
const LANDING: &str = "rev:tip";

/// What a new repository is called and where it lies.
pub(crate) struct Named {
    pub short: String,
    pub full: String,
    pub path: PathBuf,
}

/// What its row is made of, besides what somebody asked for.
pub(crate) struct Row<'a> {
    pub state: RepoState,
    pub place: &'a Place,
    pub owner: UserId,
    pub short: &'a str,
    pub full: &'a str,
    pub settings: &'a Settings,
}

/// Writes the row of a new repository, its first permissions, its first follower, and the journal.
pub(crate) fn insert(
    tx: &Tx<'_>,
    row: &Row<'_>,
    actor: &Actor,
    new: &NewRepository<'_>,
    beginning: &Beginning<'_>,
) -> Result<RepoId, Error> {
    let Row { place, full, .. } = row;
    // Asked again under the lock of the database: four workers may have been asked for the same name.
    refuse_taken_rows(tx, "repo_name", full)?;
    let fork_of = beginning.fork_of();
    let description = if new.description.trim().is_empty() {
        row.short
    } else {
        new.description
    };
    let defaults = row.settings;
    let id = repositories::insert(
        tx,
        &repositories::NewRepository {
            name: &RepoName::from(*full),
            state: row.state,
            repo_type: match new.kind {
                Kind::Hg => RepoType::Mercurial,
                Kind::Git => RepoType::Git,
            },
            fork_of: fork_of.map(ReadableRepository::id),
            group: place.group_id(),
            settings: RepositorySettings {
                owner: row.owner,
                clone_uri: beginning.clone_uri().as_ref(),
                private: new.private,
                statistics: beginning.statistics.unwrap_or(defaults.default_statistics),
                downloads: beginning.downloads.unwrap_or(defaults.default_downloads),
                description,
                landing_revision: beginning.landing_revision.unwrap_or(LANDING),
            },
        },
    )?;
    match (new.copy_permissions, fork_of) {
        (true, Some(source)) => copy_levels(tx, source.id(), id, new.private)?,
        (true, None) => grant_initial(tx, id, new.private, place.group_id())?,
        (false, _) => grant_initial(tx, id, new.private, None)?,
    }
    user_followings::follow(tx, row.owner, id)?;
    // Whose it is counts as who made it, also where an administrator made it for them.
    let owner = users::by_id(tx, row.owner)?;
    let owner = Actor {
        user: Some(row.owner),
        username: owner.map_or_else(|| actor.username.clone(), |owner| owner.username),
        address: actor.address.clone(),
    };
    journal::write(tx, &owner, Some(id), full, &Action::StartedFollowing)?;
    match fork_of {
        Some(source) => {
            let action = Action::ForkedRepository((*full).to_owned());
            journal::write(tx, &owner, Some(source.id()), source.name(), &action)?;
        }
        None => journal::write(tx, &owner, Some(id), full, &Action::CreatedRepository)?,
    }
    Ok(id)
}

impl RepositoryUpdate<'_> {
    /// What can be told without asking the database.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.landing_revision.contains(':') {
            return Ok(());
        }
        Err(Error::invalid(
            "repo_landing_rev",
            "Expected kind:name, such as branch:default",
        ))
    }
}

/// The rows of an update.
pub(crate) fn update_rows(
    tx: &Tx<'_>,
    repository: &AdminOfRepository,
    actor: &Actor,
    update: &RepositoryUpdate<'_>,
    clone_uri: Option<&CloneUri>,
) -> Result<(), Error> {
    let row = repository.row();
    let owner = users::by_username(tx, &update.owner.into())?
        .filter(|user| !user.is_default() && (user.active || user.id == row.owner))
        .ok_or_else(|| {
            Error::invalid(
                "owner",
                say!("Username {name} is not valid", name = update.owner),
            )
        })?;
    repositories::update(
        tx,
        repository.id(),
        &RepositorySettings {
            owner: owner.id,
            clone_uri,
            private: update.private,
            statistics: update.statistics,
            downloads: update.downloads,
            description: update.description.trim(),
            landing_revision: update.landing_revision,
        },
    )?;
    if update.private
        && !row.private
        && let Some(default) = users::default_user(tx)?
    {
        repo_to_perm::grant(tx, default.id, repository.id(), Level::None)?;
    }
    journal::write(
        tx,
        actor,
        Some(repository.id()),
        repository.name(),
        &Action::UpdatedRepository,
    )?;
    Ok(())
}

/// Refuses a full name that a repository or a group has, in any case.
pub(crate) fn refuse_taken_rows(
    conn: &db::Conn,
    field: &'static str,
    full: &str,
) -> Result<(), Error> {
    if repositories::is_name_taken(conn, &RepoName::from(full))? {
        return Err(Error::invalid(
            field,
            say!("Repository named {name} already exists", name = full),
        ));
    }
    if groups::is_name_taken(conn, &GroupName::from(full))? {
        return Err(Error::invalid(
            field,
            say!(
                "Repository group with name \"{name}\" already exists",
                name = full
            ),
        ));
    }
    Ok(())
}

/// The permissions a repository starts with: those of its group, or the default for everybody; visitors never get
/// anything on a private one.
pub(crate) fn grant_initial(
    tx: &Tx<'_>,
    id: RepoId,
    private: bool,
    copied: Option<GroupId>,
) -> Result<(), DbError> {
    let Some(default) = users::default_user(tx)? else {
        return Ok(());
    };
    if let Some(group) = copied {
        for row in user_repo_group_to_perm::of_group(tx, group)? {
            let closed = private && row.user == default.id;
            repo_to_perm::grant(
                tx,
                row.user,
                id,
                if closed { Level::None } else { row.level },
            )?;
        }
        for row in users_group_repo_group_to_perm::of_group(tx, group)? {
            users_group_repo_to_perm::grant(tx, row.group, id, row.level)?;
        }
        return Ok(());
    }
    let level = if private {
        Level::None
    } else {
        let names = user_to_perm::of_user(tx, default.id)?;
        names
            .iter()
            .filter_map(|name| Level::of(name, ObjectKind::Repository))
            .max()
            .unwrap_or(Level::Read)
    };
    repo_to_perm::grant(tx, default.id, id, level)
}

/// The levels that somebody has on the repository that a fork is made of.
fn copy_levels(tx: &Tx<'_>, source: RepoId, id: RepoId, private: bool) -> Result<(), DbError> {
    let mut rows = repo_to_perm::of_repository(tx, source)?;
    rows.sort_by_key(|row| row.row);
    for row in rows {
        let closed = private && row.username.as_str() == db::ids::DEFAULT_USER;
        let level = if closed { Level::None } else { row.level };
        repo_to_perm::grant(tx, row.user, id, level)?;
    }
    let mut rows = users_group_repo_to_perm::of_repository(tx, source)?;
    rows.sort_by_key(|row| row.row);
    for row in rows {
        users_group_repo_to_perm::grant(tx, row.group, id, row.level)?;
    }
    Ok(())
}

/// `a/b` → `a/rm__20200102_030405_000006__b`, as the original names what it deletes.
#[must_use]
pub fn deleted_name(path: &Path) -> PathBuf {
    let now = jiff::Zoned::now().strftime("%Y%m%d_%H%M%S_%6f").to_string();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("rm__{now}__{name}"))
}
