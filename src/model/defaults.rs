//! What everybody may do, and what an account or a user group may do beyond that; also, whether visitors are let in.

use db::{
    DbError, Level, ObjectKind, PermissionName, Tx, UserGroupId, UserId, repo_to_perm,
    user_repo_group_to_perm, user_to_perm, user_user_group_to_perm, users, users_group_to_perm,
    users_groups,
};

use crate::rights::SiteAdmin;
use crate::rule::{Globals, Registration};
use crate::{Error, Model};

/// The permissions of the user `default`: a floor for everybody, and what new objects give to all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// Whether visitors are let in.
    pub anonymous: bool,
    /// What a new repository gives to all.
    pub repository: Level,
    /// What a new repository group gives to all.
    pub group: Level,
    /// What a new user group gives to all.
    pub user_group: Level,
    /// What all may do.
    pub abilities: Abilities,
    /// What becomes of those who register.
    pub registration: Registration,
    /// Whether accounts that login sources outside bring can be used at once.
    pub activate_external: bool,
}

/// What an account or a user group may do that is not about one object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Make repositories outside of all groups.
    pub create_repositories: bool,
    /// Make user groups.
    pub create_user_groups: bool,
    /// Fork repositories.
    pub fork: bool,
}

/// On which objects that exist the defaults are set too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overwrite {
    /// On all repositories that are not private.
    pub repositories: bool,
    /// On all repository groups.
    pub groups: bool,
    /// On all user groups.
    pub user_groups: bool,
}

impl Abilities {
    fn of(globals: &Globals) -> Self {
        Self {
            create_repositories: globals.has("hg.create.repository"),
            create_user_groups: globals.has("hg.usergroup.create.true"),
            fork: globals.has("hg.fork.repository"),
        }
    }

    /// One name of each kind: "no" is a row too.
    fn names(self) -> [&'static str; 3] {
        let one = |yes: bool, names: [&'static str; 2]| names[usize::from(!yes)];
        [
            one(
                self.create_repositories,
                ["hg.create.repository", "hg.create.none"],
            ),
            one(
                self.create_user_groups,
                ["hg.usergroup.create.true", "hg.usergroup.create.false"],
            ),
            one(self.fork, ["hg.fork.repository", "hg.fork.none"]),
        ]
    }
}

impl Model {
    /// Lets visitors in, or keeps them out: the user `default` is active or not.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_anonymous_access(&self, open: bool) -> Result<(), Error> {
        self.db().write(|tx| {
            if let Some(default) = users::default_user(tx)? {
                users::set_active(tx, default.id, open)?;
            }
            Ok(())
        })
    }

    /// Whether visitors are let in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn anonymous_access(&self) -> Result<bool, Error> {
        Ok(self
            .db()
            .read(users::default_user)?
            .is_some_and(|user| user.active))
    }

    /// What everybody may do.
    ///
    /// # Errors
    /// When the database does not answer or has no default user.
    pub fn defaults(&self, _: &SiteAdmin) -> Result<Defaults, Error> {
        let (default, names) = self.db().read(|conn| {
            let default = users::default_user(conn)?.ok_or_else(no_default_user)?;
            let names = user_to_perm::of_user(conn, default.id)?;
            Ok::<_, Error>((default, names))
        })?;
        let level = |kind| {
            let levels = names.iter().filter_map(|name| Level::of(name, kind));
            levels.max().unwrap_or(Level::Read)
        };
        let (repository, group, user_group) = (
            level(ObjectKind::Repository),
            level(ObjectKind::RepositoryGroup),
            level(ObjectKind::UserGroup),
        );
        let globals = Globals::strongest(names);
        Ok(Defaults {
            anonymous: default.active,
            repository,
            group,
            user_group,
            abilities: Abilities::of(&globals),
            registration: globals.registration(),
            activate_external: globals.activates_external_accounts(),
        })
    }

    /// Sets what everybody may do.
    ///
    /// # Errors
    /// When the database cannot be written or has no default user.
    pub fn set_defaults(
        &self,
        _: &SiteAdmin,
        defaults: &Defaults,
        overwrite: Overwrite,
    ) -> Result<(), Error> {
        let registration = match defaults.registration {
            Registration::Closed => "hg.register.none",
            Registration::Manual => "hg.register.manual_activate",
            Registration::Automatic => "hg.register.auto_activate",
        };
        let external = if defaults.activate_external {
            "hg.extern_activate.auto"
        } else {
            "hg.extern_activate.manual"
        };
        let mut names = vec![
            defaults.repository.on(ObjectKind::Repository),
            defaults.group.on(ObjectKind::RepositoryGroup),
            defaults.user_group.on(ObjectKind::UserGroup),
        ];
        let words = defaults.abilities.names();
        names.extend(
            words
                .into_iter()
                .chain([registration, external])
                .map(PermissionName::from),
        );
        self.db().write(|tx| {
            let default = users::default_user(tx)?.ok_or_else(no_default_user)?;
            users::set_active(tx, default.id, defaults.anonymous)?;
            replace_of_user(tx, default.id, &names)?;
            if overwrite.repositories {
                repo_to_perm::set_base_of_all_public(tx, default.id, defaults.repository)?;
            }
            if overwrite.groups {
                user_repo_group_to_perm::set_base_of_all(tx, default.id, defaults.group)?;
            }
            if overwrite.user_groups {
                user_user_group_to_perm::set_base_of_all(tx, default.id, defaults.user_group)?;
            }
            Ok(())
        })
    }

    /// What the rows of an account itself say. What everybody may do it may do in any case.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn abilities_of_user(&self, _: &SiteAdmin, user: UserId) -> Result<Abilities, Error> {
        let names = self.db().read(|conn| user_to_perm::of_user(conn, user))?;
        Ok(Abilities::of(&Globals::strongest(names)))
    }

    /// Sets what an account may do.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such an account, and for the one of visitors.
    pub fn set_abilities_of_user(
        &self,
        _: &SiteAdmin,
        user: UserId,
        abilities: Abilities,
    ) -> Result<(), Error> {
        self.db().write(|tx| {
            match users::by_id(tx, user)? {
                Some(user) if !user.is_default() => {}
                _ => {
                    return Err(Error::NotFound {
                        what: "User",
                        name: user.to_string(),
                    });
                }
            }
            replace_of_user(tx, user, &abilities.names().map(PermissionName::from))?;
            Ok(())
        })
    }

    /// What the rows of a user group say.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn abilities_of_user_group(
        &self,
        _: &SiteAdmin,
        group: UserGroupId,
    ) -> Result<Abilities, Error> {
        let names = self
            .db()
            .read(|conn| users_group_to_perm::of_user_group(conn, group))?;
        Ok(Abilities::of(&Globals::strongest(names)))
    }

    /// Sets what the members of a user group may do. Takes an administrator of the site: whoever administers only the
    /// group could give themselves more that way.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a user group.
    pub fn set_abilities_of_user_group(
        &self,
        _: &SiteAdmin,
        group: UserGroupId,
        abilities: Abilities,
    ) -> Result<(), Error> {
        self.db().write(|tx| {
            if users_groups::by_id(tx, group)?.is_none() {
                return Err(Error::NotFound {
                    what: "User group",
                    name: group.to_string(),
                });
            }
            users_group_to_perm::delete_of_user_group(tx, group)?;
            for name in abilities.names() {
                users_group_to_perm::insert(tx, group, &PermissionName::from(name))?;
            }
            Ok(())
        })
    }
}

fn replace_of_user(tx: &Tx<'_>, user: UserId, names: &[PermissionName]) -> Result<(), DbError> {
    user_to_perm::delete_of_user(tx, user)?;
    for name in names {
        user_to_perm::insert(tx, user, name)?;
    }
    Ok(())
}

fn no_default_user() -> Error {
    Error::Schema(
        "the table users has no row with the name 'default', as which visitors act".into(),
    )
}
