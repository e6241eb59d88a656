//! Giving and taking permissions on a repository.

use db::{
    DbError, Level, UserGroupId, UserGroupName, UserId, Username, repo_to_perm, users,
    users_group_repo_to_perm, users_groups,
};

use crate::{AdminOfRepository, Error, Model};

/// Who a permission is given to, by name as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A user.
    User(String),
    /// A user group.
    UserGroup(String),
}

/// One line of the permission form.
#[derive(Debug, Clone)]
pub struct Grant {
    /// To whom.
    pub subject: Subject,
    /// How much.
    pub level: Level,
}

/// Who has which level on a repository now.
#[derive(Debug, Clone)]
pub struct Grants {
    /// The default user first, then the others by name.
    pub users: Vec<repo_to_perm::UserGrant>,
    /// User groups by name.
    pub user_groups: Vec<users_group_repo_to_perm::UserGroupGrant>,
}

impl Model {
    /// Who has which level on a repository.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn grants(&self, repository: &AdminOfRepository) -> Result<Grants, Error> {
        let id = repository.id();
        Ok(self.db().read(|conn| {
            Ok::<_, DbError>(Grants {
                users: repo_to_perm::of_repository(conn, id)?,
                user_groups: users_group_repo_to_perm::of_repository(conn, id)?,
            })
        })?)
    }

    /// Gives all these levels, or none of them when one line is wrong.
    ///
    /// On a private repository visitors get nothing, whatever is asked for.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the name that is not an active user or user group.
    pub fn grant(&self, repository: &AdminOfRepository, grants: &[Grant]) -> Result<(), Error> {
        let id = repository.id();
        self.db().write(|tx| {
            for grant in grants {
                match &grant.subject {
                    Subject::User(name) => {
                        let user = users::by_username(tx, &Username::from(name.as_str()))?
                            .filter(|user| user.active || user.is_default())
                            .ok_or_else(|| {
                                Error::invalid("user", format!("Username {name} is not valid"))
                            })?;
                        let closed = user.is_default() && repository.private();
                        repo_to_perm::grant(
                            tx,
                            user.id,
                            id,
                            if closed { Level::None } else { grant.level },
                        )?;
                    }
                    Subject::UserGroup(name) => {
                        let group = users_groups::by_name(tx, &UserGroupName::from(name.as_str()))?
                            .filter(|group| group.active)
                            .ok_or_else(|| {
                                Error::invalid(
                                    "users_group",
                                    format!("User group {name} is not valid"),
                                )
                            })?;
                        users_group_repo_to_perm::grant(tx, group.id, id, grant.level)?;
                    }
                }
            }
            Ok(())
        })
    }

    /// Takes a user's level away. The row of the default user stays, since others start from it: it becomes `none`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn revoke_user(&self, repository: &AdminOfRepository, user: UserId) -> Result<(), Error> {
        let id = repository.id();
        self.db().write(|tx| {
            if users::by_id(tx, user)?.is_some_and(|user| user.is_default()) {
                repo_to_perm::grant(tx, user, id, Level::None)?;
            } else {
                repo_to_perm::revoke(tx, user, id)?;
            }
            Ok(())
        })
    }

    /// Takes a user group's level away.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn revoke_user_group(
        &self,
        repository: &AdminOfRepository,
        group: UserGroupId,
    ) -> Result<(), Error> {
        let id = repository.id();
        self.db().write(|tx| {
            users_group_repo_to_perm::revoke(tx, group, id)
                .map(drop)
                .map_err(Error::from)
        })
    }
}
