//! User groups: sets of accounts to which permissions can be given together.

use db::{
    DbError, Level, ObjectKind, Tx, UserGroupId, UserGroupName, UserId, Username, user_to_perm,
    user_user_group_to_perm, users, users_group_repo_to_perm, users_groups, users_groups_members,
};

use crate::journal::{self, Action, Actor};
use crate::rights::{AdminOfUserGroup, MakerOfUserGroups, ReadableUserGroup};
use crate::{Error, Model, User, say};

/// What a new user group is made of.
#[derive(Debug, Clone, Copy)]
pub struct NewUserGroup<'a> {
    /// One line of any characters but control characters, up to 255 bytes: programs bring the groups of a directory.
    pub name: &'a str,
    /// Any text.
    pub description: &'a str,
    /// User name of the owner; `None` for the maker. Only administrators of the site may name somebody else.
    pub owner: Option<&'a str>,
    /// Whether its permissions reach its members.
    pub active: bool,
}

/// What changes about a user group; `None` leaves a value as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct UserGroupUpdate<'a> {
    /// The name.
    pub name: Option<&'a str>,
    /// The description.
    pub description: Option<&'a str>,
    /// User name of the owner. Only administrators of the site may change it.
    pub owner: Option<&'a str>,
    /// Whether its permissions reach its members.
    pub active: Option<bool>,
    /// The ids of all its members, in place of those it has.
    pub members: Option<&'a [UserId]>,
}

impl Model {
    /// Makes a user group. Its owner administers it, and everybody has on it what the default permissions say.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is not allowed or taken and an owner that may not be named.
    pub fn create_user_group(
        &self,
        maker: &MakerOfUserGroups,
        actor: &Actor,
        new: &NewUserGroup<'_>,
    ) -> Result<UserGroupId, Error> {
        let name = checked_name(new.name)?;
        let maker = maker.user();
        self.db().write(|tx| {
            refuse_taken(tx, &name, None)?;
            let owner = match new.owner {
                Some(owner) => named_owner(tx, owner, maker.id, maker.admin)?,
                None => maker.id,
            };
            let id = users_groups::insert(tx, &name, new.description, owner)?;
            if !new.active {
                users_groups::update(tx, id, &name, new.description, false, owner)?;
            }
            grant_initial(tx, id, owner)?;
            let action = Action::CreatedUserGroup(name.to_string());
            journal::write(tx, actor, None, "", &action)?;
            Ok(id)
        })
    }

    /// Whether a user group has this name already, in any case.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn user_group_name_is_taken(
        &self,
        _: &MakerOfUserGroups,
        name: &str,
    ) -> Result<bool, Error> {
        let name = UserGroupName::from(name.trim());
        Ok(self
            .db()
            .read(|conn| users_groups::by_name_in_any_case(conn, &name))?
            .is_some())
    }

    /// Changes a user group. `by_admin` tells whether an administrator of the site asks.
    ///
    /// # Errors
    /// [`Error::Invalid`] beside the field that is wrong.
    pub fn update_user_group(
        &self,
        group: &AdminOfUserGroup,
        by: &User,
        actor: &Actor,
        update: &UserGroupUpdate<'_>,
    ) -> Result<(), Error> {
        self.db().write(|tx| {
            let row = users_groups::by_id(tx, group.id())?.ok_or_else(|| gone(group))?;
            let name = match update.name.map(str::trim) {
                Some(name) if name != row.name.as_str() => {
                    let name = checked_name(name)?;
                    refuse_taken(tx, &name, Some(row.id))?;
                    name
                }
                _ => row.name.clone(),
            };
            let owner = match update.owner {
                Some(owner) => named_owner(tx, owner, row.owner, by.admin)?,
                None => row.owner,
            };
            let description = update
                .description
                .unwrap_or(row.description.as_deref().unwrap_or_default());
            let active = update.active.unwrap_or(row.active);
            users_groups::update(tx, row.id, &name, description, active, owner)?;
            if let Some(members) = update.members {
                set_members(tx, row.id, members)?;
            }
            let action = Action::UpdatedUserGroup(name.to_string());
            journal::write(tx, actor, None, "", &action)?;
            Ok(())
        })
    }

    /// Deletes a user group with all it was given and all that was given on it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] while it has a permission on a repository, which names the repositories.
    pub fn delete_user_group(&self, group: &AdminOfUserGroup, actor: &Actor) -> Result<(), Error> {
        self.db().write(|tx| {
            let assigned = users_group_repo_to_perm::repositories_of(tx, group.id())?;
            if !assigned.is_empty() {
                let names: Vec<&str> = assigned.iter().map(db::RepoName::as_str).collect();
                return Err(Error::Forbidden(say!(
                    "User Group assigned to {list}",
                    list = names.join(", ")
                )));
            }
            if !users_groups::delete(tx, group.id())? {
                return Err(gone(group));
            }
            let action = Action::DeletedUserGroup(group.name().to_owned());
            journal::write(tx, actor, None, "", &action)?;
            Ok(())
        })
    }

    /// The members of a user group, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn members(&self, group: &ReadableUserGroup) -> Result<Vec<User>, Error> {
        let mut members = self.db().read(|conn| users::members(conn, group.id()))?;
        members.sort_by_cached_key(|user| user.username.as_str().to_lowercase());
        Ok(members)
    }

    /// Makes an account a member. Says whether it was not one before.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no such account; visitors are members of nothing.
    pub fn add_member(&self, group: &AdminOfUserGroup, user: UserId) -> Result<bool, Error> {
        self.db().write(|tx| {
            check_member(tx, user)?;
            Ok(users_groups_members::add(tx, group.id(), user)?)
        })
    }

    /// Makes an account a member no more. Says whether it was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn remove_member(&self, group: &AdminOfUserGroup, user: UserId) -> Result<bool, Error> {
        Ok(self
            .db()
            .write(|tx| users_groups_members::remove(tx, group.id(), user))?)
    }
}

/// The permissions that a user group starts with.
pub(crate) fn grant_initial(tx: &Tx<'_>, id: UserGroupId, owner: UserId) -> Result<(), DbError> {
    grant_default(tx, id)?;
    user_user_group_to_perm::grant(tx, owner, id, Level::Admin)
}

/// What everybody may do with a new user group.
pub(crate) fn grant_default(tx: &Tx<'_>, id: UserGroupId) -> Result<(), DbError> {
    if let Some(default) = users::default_user(tx)? {
        let names = user_to_perm::of_user(tx, default.id)?;
        let level = names
            .iter()
            .filter_map(|name| Level::of(name, ObjectKind::UserGroup))
            .max()
            .unwrap_or(Level::Read);
        user_user_group_to_perm::grant(tx, default.id, id, level)?;
    }
    Ok(())
}

fn set_members(tx: &Tx<'_>, id: UserGroupId, members: &[UserId]) -> Result<(), Error> {
    for old in users_groups_members::of_user_group(tx, id)? {
        if !members.contains(&old) {
            users_groups_members::remove(tx, id, old)?;
        }
    }
    for new in members {
        check_member(tx, *new)?;
        users_groups_members::add(tx, id, *new)?;
    }
    Ok(())
}

fn check_member(tx: &Tx<'_>, user: UserId) -> Result<(), Error> {
    match users::by_id(tx, user)? {
        Some(user) if !user.is_default() => Ok(()),
        _ => Err(Error::invalid(
            "users_group_members",
            say!("User {name} is not valid", name = user),
        )),
    }
}

/// The account of a name as the owner. Naming another one than `present` takes an administrator of the site.
fn named_owner(tx: &Tx<'_>, name: &str, present: UserId, by_admin: bool) -> Result<UserId, Error> {
    let owner = users::by_username(tx, &Username::from(name))?
        .filter(|user| !user.is_default())
        .filter(|user| user.active || user.id == present)
        .ok_or_else(|| {
            Error::invalid("owner", say!("Username {name} is not valid", name = name))
        })?;
    if owner.id != present && !by_admin {
        return Err(Error::invalid(
            "owner",
            "Only administrators of this site may name another owner",
        ));
    }
    Ok(owner.id)
}

fn checked_name(name: &str) -> Result<UserGroupName, Error> {
    let name = name.trim();
    let field = "users_group_name";
    if name.is_empty() {
        return Err(Error::invalid(field, "Please enter a value"));
    }
    if name.eq_ignore_ascii_case("default") {
        return Err(Error::invalid(field, "Invalid user group name"));
    }
    if name.chars().any(char::is_control) || name.len() > 255 {
        return Err(Error::invalid(
            field,
            "User group name may not contain control characters and be at most 255 bytes long",
        ));
    }
    Ok(UserGroupName::from(name))
}

fn refuse_taken(tx: &Tx<'_>, name: &UserGroupName, own: Option<UserGroupId>) -> Result<(), Error> {
    match users_groups::by_name_in_any_case(tx, name)? {
        Some(group) if Some(group.id) != own => Err(Error::invalid(
            "users_group_name",
            say!("User group \"{name}\" already exists", name = name),
        )),
        _ => Ok(()),
    }
}

fn gone(group: &ReadableUserGroup) -> Error {
    Error::NotFound {
        what: "User group",
        name: group.name().to_owned(),
    }
}
