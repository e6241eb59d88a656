//! Giving and taking permissions on repositories, repository groups and user groups.

use db::repo_to_perm::UserGrant;
use db::repositories::Repository;
use db::users_group_repo_to_perm::UserGroupGrant;
use db::{
    Conn, DbError, GroupId, Level, RepoId, Tx, UserGroupId, UserGroupName, UserId, Username,
    groups, repo_to_perm, repositories, user_group_user_group_to_perm, user_repo_group_to_perm,
    user_user_group_to_perm, users, users_group_repo_group_to_perm, users_group_repo_to_perm,
    users_groups,
};

use crate::rights::{AdminOfUserGroup, level_on_user_group};
use crate::{AdminOfGroup, AdminOfRepository, Error, Model, User, Viewer, say};

/// Who a permission is given to, by name as typed or as the thing itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A user; inactive ones are taken only where they are named already.
    User(String),
    /// A user group; inactive ones are taken only where they are named already.
    UserGroup(String),
    /// Whoever is meant by an id, active or not.
    Holder(Holder),
}

/// One line of the permission form.
#[derive(Debug, Clone)]
pub struct Grant {
    /// To whom.
    pub subject: Subject,
    /// How much.
    pub level: Level,
}

/// From whom a permission is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A user.
    User(UserId),
    /// A user group.
    UserGroup(UserGroupId),
}

/// Who has which level on an object now.
#[derive(Debug, Clone)]
pub struct Grants {
    /// The default user first, then the others by name.
    pub users: Vec<UserGrant>,
    /// User groups by name.
    pub user_groups: Vec<UserGroupGrant>,
}

/// What a permission on a repository group is set on besides the group itself, at every depth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Recursion {
    /// Nothing.
    #[default]
    None,
    /// The repositories below.
    Repositories,
    /// The groups below.
    Groups,
    /// Both.
    All,
}

impl Recursion {
    /// The choice called by this word in forms and in the API.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "none" => Self::None,
            "repos" => Self::Repositories,
            "groups" => Self::Groups,
            "all" => Self::All,
            _ => return None,
        })
    }
}

impl Model {
    /// Who has which level on a repository.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn grants(&self, repository: &AdminOfRepository) -> Result<Grants, Error> {
        self.grants_on(Target::repository(repository.row()))
    }

    /// Who has which level on a repository group.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn grants_on_group(&self, group: &AdminOfGroup) -> Result<Grants, Error> {
        self.grants_on(Target::Group(group.row().id))
    }

    /// Who has which level on a user group.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn grants_on_user_group(&self, group: &AdminOfUserGroup) -> Result<Grants, Error> {
        self.grants_on(Target::UserGroup(group.id()))
    }

    /// Gives all these levels on a repository, or none of them when one line is wrong.
    ///
    /// On a private repository visitors get nothing, whatever is asked for. Lines about a user group that `by` may not see
    /// change nothing when it is named already, and are wrong like a name that nobody has when it is not.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the name that is not an active user or user group.
    pub fn grant(
        &self,
        repository: &AdminOfRepository,
        by: &Viewer,
        grants: &[Grant],
    ) -> Result<(), Error> {
        let target = Target::repository(repository.row());
        self.db().write(|tx| apply(tx, by, &target, &[], grants))
    }

    /// Gives all these levels on a repository group and on what the choice says below it, as [`Self::grant`] does. Nobody
    /// asks whether `by` administers what lies below: the group is enough.
    ///
    /// # Errors
    /// As [`Self::grant`]; [`Error::Forbidden`] when somebody who is no administrator of the site would lose the group.
    pub fn grant_on_group(
        &self,
        group: &AdminOfGroup,
        by: &Viewer,
        grants: &[Grant],
        recursion: Recursion,
    ) -> Result<(), Error> {
        keep_own(by, grants)?;
        let target = Target::Group(group.row().id);
        self.db().write(|tx| {
            let below = below(tx, group.name(), recursion)?;
            apply(tx, by, &target, &below, grants)
        })
    }

    /// Gives all these levels on a user group, as [`Self::grant`] does.
    ///
    /// # Errors
    /// As [`Self::grant_on_group`]; [`Error::Invalid`] when the group would get a permission on itself.
    pub fn grant_on_user_group(
        &self,
        group: &AdminOfUserGroup,
        by: &Viewer,
        grants: &[Grant],
    ) -> Result<(), Error> {
        keep_own(by, grants)?;
        let target = Target::UserGroup(group.id());
        self.db().write(|tx| apply(tx, by, &target, &[], grants))
    }

    /// Takes a level on a repository away. The row of the default user stays, since others start from it: it becomes
    /// `none`. Says whether there was anything to take.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a user group that `by` may not see, as for one that does not exist.
    pub fn revoke(
        &self,
        repository: &AdminOfRepository,
        by: &Viewer,
        holder: Holder,
    ) -> Result<bool, Error> {
        let target = Target::repository(repository.row());
        self.db().write(|tx| take(tx, by, &[target], holder))
    }

    /// Takes a level on a repository group away, and on what the choice says below it.
    ///
    /// # Errors
    /// As [`Self::revoke`]; [`Error::Forbidden`] when somebody who is no administrator of the site would lose the group.
    pub fn revoke_on_group(
        &self,
        group: &AdminOfGroup,
        by: &Viewer,
        holder: Holder,
        recursion: Recursion,
    ) -> Result<bool, Error> {
        keep_own_row(by, holder)?;
        self.db().write(|tx| {
            let mut targets = vec![Target::Group(group.row().id)];
            targets.extend(below(tx, group.name(), recursion)?);
            take(tx, by, &targets, holder)
        })
    }

    /// Takes a level on a user group away.
    ///
    /// # Errors
    /// As [`Self::revoke_on_group`].
    pub fn revoke_on_user_group(
        &self,
        group: &AdminOfUserGroup,
        by: &Viewer,
        holder: Holder,
    ) -> Result<bool, Error> {
        keep_own_row(by, holder)?;
        let target = Target::UserGroup(group.id());
        self.db().write(|tx| take(tx, by, &[target], holder))
    }

    fn grants_on(&self, target: Target) -> Result<Grants, Error> {
        let mut grants = self.db().read(|conn| target.grants(conn))?;
        grants.users.sort_by_cached_key(|grant| {
            (
                grant.username.as_str() != db::ids::DEFAULT_USER,
                grant.username.as_str().to_lowercase(),
            )
        });
        grants
            .user_groups
            .sort_by_cached_key(|grant| grant.name.as_str().to_lowercase());
        Ok(grants)
    }
}

/// An object that has levels.
#[derive(Clone, Copy)]
enum Target {
    Repository { id: RepoId, private: bool },
    Group(GroupId),
    UserGroup(UserGroupId),
}

impl Target {
    fn repository(row: &Repository) -> Self {
        Self::Repository {
            id: row.id,
            private: row.private,
        }
    }

    fn grants(self, conn: &Conn) -> Result<Grants, DbError> {
        let (users, user_groups) = match self {
            Self::Repository { id, .. } => (
                repo_to_perm::of_repository(conn, id)?,
                users_group_repo_to_perm::of_repository(conn, id)?,
            ),
            Self::Group(id) => (
                user_repo_group_to_perm::of_group(conn, id)?,
                users_group_repo_group_to_perm::of_group(conn, id)?,
            ),
            Self::UserGroup(id) => (
                user_user_group_to_perm::of_user_group(conn, id)?,
                user_group_user_group_to_perm::of_user_group(conn, id)?,
            ),
        };
        Ok(Grants { users, user_groups })
    }

    fn grant_user(self, tx: &Tx<'_>, user: &User, level: Level) -> Result<(), DbError> {
        match self {
            // Closed to visitors, whatever is asked for.
            Self::Repository { id, private: true } if user.is_default() => {
                repo_to_perm::grant(tx, user.id, id, Level::None)
            }
            Self::Repository { id, .. } => repo_to_perm::grant(tx, user.id, id, level),
            Self::Group(id) => user_repo_group_to_perm::grant(tx, user.id, id, level),
            Self::UserGroup(id) => user_user_group_to_perm::grant(tx, user.id, id, level),
        }
    }

    fn grant_user_group(self, tx: &Tx<'_>, group: UserGroupId, level: Level) -> Result<(), Error> {
        match self {
            Self::Repository { id, .. } => users_group_repo_to_perm::grant(tx, group, id, level)?,
            Self::Group(id) => users_group_repo_group_to_perm::grant(tx, group, id, level)?,
            Self::UserGroup(id) if id == group => {
                return Err(Error::invalid(
                    "users_group",
                    "Target group cannot be the same",
                ));
            }
            Self::UserGroup(id) => user_group_user_group_to_perm::grant(tx, group, id, level)?,
        }
        Ok(())
    }

    fn revoke_user(self, tx: &Tx<'_>, user: UserId) -> Result<bool, DbError> {
        match self {
            Self::Repository { id, .. } => repo_to_perm::revoke(tx, user, id),
            Self::Group(id) => user_repo_group_to_perm::revoke(tx, user, id),
            Self::UserGroup(id) => user_user_group_to_perm::revoke(tx, user, id),
        }
    }

    fn revoke_user_group(self, tx: &Tx<'_>, group: UserGroupId) -> Result<bool, DbError> {
        match self {
            Self::Repository { id, .. } => users_group_repo_to_perm::revoke(tx, group, id),
            Self::Group(id) => users_group_repo_group_to_perm::revoke(tx, group, id),
            Self::UserGroup(id) => user_group_user_group_to_perm::revoke(tx, group, id),
        }
    }
}

/// What lies below a group, as far as the choice says.
fn below(conn: &Conn, group: &str, recursion: Recursion) -> Result<Vec<Target>, DbError> {
    let inside = |full: &str| {
        full.strip_prefix(group)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    let mut targets = Vec::new();
    if matches!(recursion, Recursion::Groups | Recursion::All) {
        let all = groups::all(conn)?;
        let below = all.iter().filter(|row| inside(row.name.as_str()));
        targets.extend(below.map(|row| Target::Group(row.id)));
    }
    if matches!(recursion, Recursion::Repositories | Recursion::All) {
        let all = repositories::all(conn)?;
        let below = all.iter().filter(|row| inside(row.name.as_str()));
        targets.extend(below.map(Target::repository));
    }
    Ok(targets)
}

fn apply(
    tx: &Tx<'_>,
    by: &Viewer,
    target: &Target,
    below: &[Target],
    grants: &[Grant],
) -> Result<(), Error> {
    let present = target.grants(tx)?;
    for grant in grants {
        match &grant.subject {
            Subject::User(name) => {
                let user = users::by_username(tx, &Username::from(name.as_str()))?;
                let named = |id| present.users.iter().any(|present| present.user == id);
                let user = user
                    .filter(|user| user.active || user.is_default() || named(user.id))
                    .ok_or_else(|| {
                        Error::invalid("user", say!("Username {name} is not valid", name = name))
                    })?;
                target.grant_user(tx, &user, grant.level)?;
                for child in below {
                    child.grant_user(tx, &user, grant.level)?;
                }
            }
            Subject::UserGroup(name) => {
                let group = users_groups::by_name(tx, &UserGroupName::from(name.as_str()))?;
                let named = |id| {
                    let mut groups = present.user_groups.iter();
                    groups.any(|present| present.group == id)
                };
                let visible = match &group {
                    Some(group) => level_on_user_group(tx, by, group.id)? >= Level::Read,
                    None => false,
                };
                let Some(group) =
                    group.filter(|group| named(group.id) || (group.active && visible))
                else {
                    return Err(no_user_group(name));
                };
                if !visible {
                    continue;
                }
                target.grant_user_group(tx, group.id, grant.level)?;
                for child in below {
                    child.grant_user_group(tx, group.id, grant.level)?;
                }
            }
            Subject::Holder(holder) => {
                give(tx, by, target, *holder, grant.level)?;
                for child in below {
                    give(tx, by, child, *holder, grant.level)?;
                }
            }
        }
    }
    Ok(())
}

/// Gives a level to whoever is meant by an id.
fn give(
    tx: &Tx<'_>,
    by: &Viewer,
    target: &Target,
    holder: Holder,
    level: Level,
) -> Result<(), Error> {
    match holder {
        Holder::User(id) => {
            let user = users::by_id(tx, id)?.ok_or_else(|| {
                Error::invalid("user", say!("User {name} is not valid", name = id))
            })?;
            Ok(target.grant_user(tx, &user, level)?)
        }
        Holder::UserGroup(id) => {
            let visible = users_groups::by_id(tx, id)?.is_some()
                && level_on_user_group(tx, by, id)? >= Level::Read;
            if !visible {
                return Err(no_user_group(&id.to_string()));
            }
            target.grant_user_group(tx, id, level)
        }
    }
}

fn take(tx: &Tx<'_>, by: &Viewer, targets: &[Target], holder: Holder) -> Result<bool, Error> {
    let mut had = false;
    match holder {
        Holder::User(id) => {
            let user = users::by_id(tx, id)?;
            for target in targets {
                match &user {
                    Some(user) if user.is_default() => {
                        target.grant_user(tx, user, Level::None)?;
                        had = true;
                    }
                    _ => had |= target.revoke_user(tx, id)?,
                }
            }
        }
        Holder::UserGroup(id) => {
            let visible = users_groups::by_id(tx, id)?.is_some()
                && level_on_user_group(tx, by, id)? >= Level::Read;
            if !visible {
                return Err(no_user_group(&id.to_string()));
            }
            for target in targets {
                had |= target.revoke_user_group(tx, id)?;
            }
        }
    }
    Ok(had)
}

fn no_user_group(name: &str) -> Error {
    Error::invalid(
        "users_group",
        say!("User group {name} is not valid", name = name),
    )
}

const OWN: &str = "Cannot revoke permission for yourself as admin";

/// Refuses lines by which somebody would lower their own `admin`.
fn keep_own(by: &Viewer, grants: &[Grant]) -> Result<(), Error> {
    let lowers = |user: &User| {
        let own = Subject::Holder(Holder::User(user.id));
        let named = |subject: &Subject| {
            *subject == own || *subject == Subject::User(user.username.to_string())
        };
        grants
            .iter()
            .any(|grant| grant.level < Level::Admin && named(&grant.subject))
    };
    match by.signed_in() {
        Some(user) if !user.admin && lowers(user) => Err(Error::Forbidden(OWN.into())),
        _ => Ok(()),
    }
}

/// Refuses to take somebody's own row.
fn keep_own_row(by: &Viewer, holder: Holder) -> Result<(), Error> {
    match by.signed_in() {
        Some(user) if !user.admin && holder == Holder::User(user.id) => {
            Err(Error::Forbidden(OWN.into()))
        }
        _ => Ok(()),
    }
}
