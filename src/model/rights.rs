//! Rights over the site, over accounts and over user groups, as values that only the gate makes.

use std::ops::Deref;

use db::user_user_group_to_perm::{self, UserGroupLevels};
use db::users_groups::{self, UserGroup};
use db::{DbError, Level, UserGroupId, UserGroupName, UserId, users};

use crate::gate::Gate;
use crate::rule::{self, Globals, Sources};
use crate::{Error, User, Viewer};

/// The right to administer the site.
#[derive(Debug, Clone)]
pub struct SiteAdmin(User);

/// The right to look after an account: one's own, or anybody's for administrators of the site.
#[derive(Debug, Clone)]
pub struct Account(User);

/// The right to see a user group.
#[derive(Debug, Clone)]
pub struct ReadableUserGroup {
    row: UserGroup,
    level: Level,
}

/// The right to administer a user group.
#[derive(Debug, Clone)]
pub struct AdminOfUserGroup(ReadableUserGroup);

/// The right to make user groups.
#[derive(Debug, Clone)]
pub struct MakerOfUserGroups(User);

impl crate::Model {
    /// The right of whoever runs programs on the server as its own user: they read the ini file and the database anyway.
    /// What they do is done in the name of the first administrator.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when the site has no administrator yet.
    pub fn operator(&self) -> Result<SiteAdmin, Error> {
        self.db()
            .read(users::first_admin)?
            .map(SiteAdmin)
            .ok_or_else(|| Error::Forbidden("This site has no administrator yet.".into()))
    }
}

impl Gate<'_> {
    /// What a viewer may do that is not about one object. Those of the default user reach everybody, also while the site
    /// is closed to visitors.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn globals(&self, viewer: &Viewer) -> Result<Globals, Error> {
        if viewer.is_admin() {
            return Ok(Globals::of_admin());
        }
        let user = viewer.user_id();
        Ok(self.model().db().read(|conn| Globals::read(conn, user))?)
    }

    /// The right to administer the site.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn site_admin(&self, viewer: &Viewer) -> Result<SiteAdmin, Error> {
        match viewer.signed_in() {
            Some(user) if user.admin || self.globals(viewer)?.is_admin() => {
                Ok(SiteAdmin(user.clone()))
            }
            _ => Err(Error::Forbidden(
                "Only administrators of this site may do this.".into(),
            )),
        }
    }

    /// The right to look after one's own account.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for visitors.
    pub fn own_account(&self, viewer: &Viewer) -> Result<Account, Error> {
        viewer
            .signed_in()
            .map(|user| Account(user.clone()))
            .ok_or_else(|| Error::Forbidden("Sign in to change your account.".into()))
    }

    /// The right of an administrator to look after somebody's account.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such account, and for the one of visitors.
    pub fn account(&self, _: &SiteAdmin, id: UserId) -> Result<Account, Error> {
        self.model()
            .db()
            .read(|conn| users::by_id(conn, id))?
            .filter(|user| !user.is_default())
            .map(Account)
            .ok_or_else(|| Error::NotFound {
                what: "User",
                name: id.to_string(),
            })
    }

    /// The right to make user groups.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn maker_of_user_groups(&self, viewer: &Viewer) -> Result<MakerOfUserGroups, Error> {
        match viewer.signed_in() {
            Some(user) if self.globals(viewer)?.may_create_user_groups() => {
                Ok(MakerOfUserGroups(user.clone()))
            }
            _ => Err(Error::Forbidden(
                "You have no permission to create user groups.".into(),
            )),
        }
    }

    /// The right to see the user group with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`], in the same words whether it does not exist or this viewer may not see it.
    pub fn read_user_group(
        &self,
        viewer: &Viewer,
        id: UserGroupId,
    ) -> Result<ReadableUserGroup, Error> {
        self.user_group(viewer, &id.to_string(), |conn| {
            users_groups::by_id(conn, id)
        })
    }

    /// The right to see the user group of exactly this name.
    ///
    /// # Errors
    /// As [`Self::read_user_group`].
    pub fn read_user_group_by_name(
        &self,
        viewer: &Viewer,
        name: &str,
    ) -> Result<ReadableUserGroup, Error> {
        self.user_group(viewer, name, |conn| {
            let found = users_groups::by_name(conn, &UserGroupName::from(name))?;
            Ok(found.filter(|group| group.name.as_str() == name))
        })
    }

    fn user_group(
        &self,
        viewer: &Viewer,
        asked: &str,
        find: impl FnOnce(&db::Conn) -> Result<Option<UserGroup>, DbError>,
    ) -> Result<ReadableUserGroup, Error> {
        let found = self.model().db().read(|conn| {
            let Some(row) = find(conn)? else {
                return Ok(None);
            };
            let level = level_on_user_group(conn, viewer, row.id)?;
            Ok::<_, DbError>(Some(ReadableUserGroup { row, level }))
        })?;
        found
            .filter(|group| group.level >= Level::Read)
            .ok_or_else(|| Error::NotFound {
                what: "User group",
                name: asked.to_owned(),
            })
    }

    /// Every user group on which the viewer has at least this level, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn user_groups_with(
        &self,
        viewer: &Viewer,
        least: Level,
    ) -> Result<Vec<ReadableUserGroup>, Error> {
        let Some(user) = viewer.user_id() else {
            return Ok(Vec::new());
        };
        let (rows, levels) = self.model().db().read(|conn| {
            Ok::<_, DbError>((
                users_groups::all(conn)?,
                user_user_group_to_perm::user_group_levels(conn, user)?,
            ))
        })?;
        let levels: std::collections::HashMap<UserGroupId, Level> = levels
            .iter()
            .map(|levels| (levels.id, user_group_rule(viewer, levels)))
            .collect();
        let mut groups: Vec<ReadableUserGroup> = rows
            .into_iter()
            .map(|row| ReadableUserGroup {
                level: levels.get(&row.id).copied().unwrap_or(Level::None),
                row,
            })
            .filter(|group| group.level >= least.max(Level::Read))
            .collect();
        groups.sort_by_cached_key(|group| group.name().to_lowercase());
        Ok(groups)
    }
}

/// The level of a viewer on a user group, read from the tables.
pub(crate) fn level_on_user_group(
    conn: &db::Conn,
    viewer: &Viewer,
    id: UserGroupId,
) -> Result<Level, DbError> {
    let Some(user) = viewer.user_id() else {
        return Ok(Level::None);
    };
    let levels = user_user_group_to_perm::user_group_level(conn, user, id)?;
    Ok(levels.map_or(Level::None, |levels| user_group_rule(viewer, &levels)))
}

/// What the rules make of the rows.
pub(crate) fn user_group_rule(viewer: &Viewer, levels: &UserGroupLevels) -> Level {
    rule::on_group(viewer, sources(levels))
}

fn sources(levels: &UserGroupLevels) -> Sources {
    Sources {
        base: levels.base,
        through_groups: levels.through_groups,
        own: levels.own,
    }
}

impl SiteAdmin {
    /// Who administers.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.0
    }
}

impl Account {
    /// The account as it was when the gate was asked.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.0
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> UserId {
        self.0.id
    }
}

impl MakerOfUserGroups {
    /// Who makes them.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.0
    }
}

impl ReadableUserGroup {
    /// The right to administer, if the level suffices.
    #[must_use]
    pub fn administrable(&self) -> Option<AdminOfUserGroup> {
        (self.level >= Level::Admin).then(|| AdminOfUserGroup(self.clone()))
    }

    /// The level held.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Everything stored about it.
    #[must_use]
    pub fn row(&self) -> &UserGroup {
        &self.row
    }

    /// The database id.
    #[must_use]
    pub fn id(&self) -> UserGroupId {
        self.row.id
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.row.name.as_str()
    }
}

impl Deref for AdminOfUserGroup {
    type Target = ReadableUserGroup;
    fn deref(&self) -> &ReadableUserGroup {
        &self.0
    }
}
