//! Renaming and moving repositories and groups: rows, folders and everything below, together or not at all.

use db::{GroupId, GroupName, RepoName, Tx, Username, groups, repositories, users};

use crate::folder::Move;
use crate::group::Place;
use crate::journal::{self, Action, Actor};
use crate::repository::{RepositoryUpdate, refuse_taken_rows, update_rows};
use crate::rights::SiteAdmin;
use crate::{AdminOfGroup, AdminOfRepository, Error, Model, name, say};

impl Model {
    /// Gives a repository another name, in another place or (`None`) in the group where it is. Its address by id stays the
    /// same. Returns its full name.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `repo_name` for a name that is not allowed or taken, [`Error::Disk`] when the folder cannot be
    /// moved; nothing has changed then.
    pub fn relocate_repository(
        &self,
        repository: &AdminOfRepository,
        actor: &Actor,
        place: Option<&Place>,
        new_name: &str,
    ) -> Result<String, Error> {
        let mut moving = self.moving(repository, place, new_name)?;
        let done = self.db().write(|tx| moving.go(tx, repository, actor));
        moving.folder.settle(self, done)?;
        Ok(moving.full)
    }

    /// Changes what the settings form changes, where the repository is kept in step with, and its name and place: all or
    /// nothing. `clone_uri` empty for nowhere. Returns its full name.
    ///
    /// # Errors
    /// As [`Self::update_repository`], [`Self::set_clone_uri`] and [`Self::relocate_repository`].
    pub fn change_repository(
        &self,
        repository: &AdminOfRepository,
        actor: &Actor,
        update: &RepositoryUpdate<'_>,
        clone_uri: Option<&str>,
        to: Option<(Option<&Place>, &str)>,
    ) -> Result<String, Error> {
        update.check()?;
        let uri = match clone_uri {
            Some(uri) => self.clone_uri(repository.kind(), uri)?,
            None => repository.row().clone_uri.clone(),
        };
        let (place, name) = to.unwrap_or((None, name::last(repository.name())));
        let mut moving = self.moving(repository, place, name)?;
        let done = self.db().write(|tx| {
            update_rows(tx, repository, actor, update, uri.as_ref())?;
            moving.go(tx, repository, actor)
        });
        moving.folder.settle(self, done)?;
        Ok(moving.full)
    }

    fn moving(
        &self,
        repository: &AdminOfRepository,
        place: Option<&Place>,
        new_name: &str,
    ) -> Result<Moving, Error> {
        let old = repository.name();
        let (parent, group) = match place {
            Some(place) => (place.group_name(), place.group_id()),
            None => (
                old.rsplit_once('/').map(|(parent, _)| parent),
                repository.row().group,
            ),
        };
        let full = target(old, parent, new_name, "repo_name")?;
        let (from, to) = (self.path_below_root(old)?, self.path_below_root(&full)?);
        Ok(Moving {
            group,
            folder: Move::new(from, to),
            full,
        })
    }

    /// Gives a group another name, in another place or (`None`) where it is, and with it everything below. Returns its full
    /// name.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is not allowed or taken, for a place within the group itself, and when a name
    /// below would become too long; [`Error::Disk`] when the folder cannot be moved. Nothing has changed then.
    pub fn relocate_group(
        &self,
        group: &AdminOfGroup,
        actor: &Actor,
        place: Option<&Place>,
        new_name: &str,
    ) -> Result<String, Error> {
        let old = group.name();
        let id = group.row().id;
        let (parent, parent_id) = match place {
            Some(place) => (place.group_name(), place.group_id()),
            None => (
                old.rsplit_once('/').map(|(parent, _)| parent),
                group.row().parent,
            ),
        };
        let inside = |full: &str| {
            full.strip_prefix(old)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        if parent_id == Some(id) || parent.is_some_and(|parent| parent == old || inside(parent)) {
            return Err(Error::invalid(
                "parent_group_id",
                "Cannot assign this group as parent",
            ));
        }
        let full = target(old, parent, new_name, "group_name")?;
        if full == old {
            return Ok(full);
        }
        if name::last(&full).bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::invalid(
                "group_name",
                "Name must not contain only digits",
            ));
        }
        let (from, to) = (self.path_below_root(old)?, self.path_below_root(&full)?);
        let mut folder = Move::new(from, to);
        let done = self.db().write(|tx| {
            refuse_other(tx, "group_name", old, &full)?;
            if !groups::rename(tx, id, &GroupName::from(full.as_str()), parent_id)? {
                return Err(gone("Repository group", old));
            }
            rename_below(tx, old, &full)?;
            let action = Action::MovedGroup(old.to_owned(), full.clone());
            journal::write(tx, actor, None, "", &action)?;
            folder.go("group_name")
        });
        folder.settle(self, done)?;
        Ok(full)
    }

    /// Changes the owner of a group. Owning a group gives nothing by itself.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `owner` when there is no such active user.
    pub fn set_group_owner(
        &self,
        _: &SiteAdmin,
        group: &AdminOfGroup,
        owner: &str,
    ) -> Result<(), Error> {
        self.db().write(|tx| {
            let user = users::by_username(tx, &Username::from(owner))?
                .filter(|user| !user.is_default())
                .filter(|user| user.active || user.id == group.row().owner)
                .ok_or_else(|| {
                    Error::invalid("owner", say!("Username {name} is not valid", name = owner))
                })?;
            groups::set_owner(tx, group.row().id, user.id)?;
            Ok(())
        })
    }
}

/// A repository on its way to another name.
struct Moving {
    full: String,
    group: Option<GroupId>,
    folder: Move,
}

impl Moving {
    /// The rows, and then the folder. Nothing, where the name stays.
    fn go(
        &mut self,
        tx: &Tx<'_>,
        repository: &AdminOfRepository,
        actor: &Actor,
    ) -> Result<(), Error> {
        let (old, full) = (repository.name(), self.full.as_str());
        if full == old {
            return Ok(());
        }
        refuse_other(tx, "repo_name", old, full)?;
        let name = RepoName::from(full);
        if !repositories::rename(tx, repository.id(), &name, self.group)? {
            return Err(gone("Repository", old));
        }
        let action = Action::MovedRepository(old.to_owned());
        journal::write(tx, actor, Some(repository.id()), full, &action)?;
        self.folder.go("repo_name")
    }
}

/// The full name for what is called `old` now.
fn target(
    old: &str,
    parent: Option<&str>,
    new_name: &str,
    field: &'static str,
) -> Result<String, Error> {
    let short = name::slug(new_name);
    let full = name::full(parent, &short);
    if full != old {
        name::check(field, &short, parent)?;
    }
    Ok(full)
}

/// Refuses a name that something else has. Another case of the own name is no other name.
fn refuse_other(tx: &Tx<'_>, field: &'static str, old: &str, full: &str) -> Result<(), Error> {
    if old.to_lowercase() == full.to_lowercase() {
        return Ok(());
    }
    refuse_taken_rows(tx, field, full)
}

/// The names of everything below a group, which begin with its name.
fn rename_below(tx: &Tx<'_>, old: &str, full: &str) -> Result<(), Error> {
    let renamed = |name: &str| {
        let rest = name.strip_prefix(old)?;
        rest.starts_with('/').then(|| format!("{full}{rest}"))
    };
    let check = |name: String| {
        if name.len() > name::MAX_FULL_NAME {
            return Err(Error::invalid(
                "group_name",
                say!(
                    "{name} would be longer than {n} bytes",
                    name = name,
                    n = name::MAX_FULL_NAME
                ),
            ));
        }
        Ok(name)
    };
    for row in groups::all(tx)? {
        if let Some(name) = renamed(row.name.as_str()) {
            let name = GroupName::from(check(name)?);
            groups::rename(tx, row.id, &name, row.parent)?;
        }
    }
    for row in repositories::all(tx)? {
        if let Some(name) = renamed(row.name.as_str()) {
            let name = RepoName::from(check(name)?);
            repositories::rename(tx, row.id, &name, row.group)?;
        }
    }
    Ok(())
}

fn gone(what: &'static str, name: &str) -> Error {
    Error::NotFound {
        what,
        name: name.to_owned(),
    }
}
