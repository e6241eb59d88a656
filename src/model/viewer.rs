//! Who asks.

use db::{DbError, UserId, user_ip_map, users};

use crate::{Error, Model, ip};

/// A row of `users`.
pub use db::users::User;

/// The user a request acts as.
#[derive(Debug, Clone)]
pub enum Viewer {
    /// Nobody is signed in, and the site is closed to visitors.
    Nobody,
    /// Nobody is signed in, and though the site is open to visitors, it is not to those from this address. Signing in is
    /// possible: addresses that are closed to visitors may be open to some users.
    Elsewhere,
    /// Nobody is signed in; the site is open, and the permissions of the user `default` apply.
    Visitor(User),
    /// A person.
    User(User),
}

impl Viewer {
    /// The person, when there is one.
    #[must_use]
    pub fn signed_in(&self) -> Option<&User> {
        match self {
            Self::User(user) => Some(user),
            Self::Nobody | Self::Elsewhere | Self::Visitor(_) => None,
        }
    }

    /// The user whose permission rows apply.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        match self {
            Self::User(user) | Self::Visitor(user) => Some(user),
            Self::Nobody | Self::Elsewhere => None,
        }
    }

    /// The id of [`Self::user`].
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        self.user().map(|user| user.id)
    }

    /// Whether pages that are open to visitors are open to this one.
    #[must_use]
    pub fn may_enter(&self) -> bool {
        !matches!(self, Self::Nobody | Self::Elsewhere)
    }

    /// Whether this is an administrator of the site.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.signed_in().is_some_and(|user| user.admin)
    }
}

impl Model {
    /// The person with this id, if the account is active and the address allowed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn viewer(&self, user: UserId, address: &str) -> Result<Option<Viewer>, Error> {
        let user = self.db().read(|conn| match users::by_id(conn, user)? {
            Some(user) if user.active && !user.is_default() && allowed(conn, user.id, address)? => {
                Ok(Some(user))
            }
            _ => Ok::<_, DbError>(None),
        })?;
        Ok(user.map(Viewer::User))
    }

    /// Who asks: the person with this id, or without one, or when they may not come in, whoever comes without signing in.
    /// Also, whether there is an administrator. One statement.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn arrival(&self, user: Option<UserId>, address: &str) -> Result<(Viewer, bool), Error> {
        let arriving = self.db().read(|conn| users::arriving(conn, user))?;
        let default = arriving.default.as_ref().map(|default| default.id);
        let allows = |user: &User| {
            let lists = arriving
                .networks
                .iter()
                .filter(|(owner, _)| *owner == user.id || Some(*owner) == default);
            let networks: Vec<&str> = lists.map(|(_, network)| network.as_str()).collect();
            ip::allows(&networks, address)
        };
        let viewer = match (&arriving.user, &arriving.default) {
            (Some(user), _) if user.active && !user.is_default() && allows(user) => {
                Viewer::User(user.clone())
            }
            (_, Some(default)) if default.active && allows(default) => {
                Viewer::Visitor(default.clone())
            }
            (_, Some(default)) if default.active => Viewer::Elsewhere,
            _ => Viewer::Nobody,
        };
        Ok((viewer, arriving.has_admin))
    }

    /// Who comes without signing in: the user `default` while it is active and the address allowed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn visitor(&self, address: &str) -> Result<Viewer, Error> {
        Ok(self.db().read(|conn| match users::default_user(conn)? {
            Some(user) if user.active && allowed(conn, user.id, address)? => {
                Ok(Viewer::Visitor(user))
            }
            Some(user) if user.active => Ok(Viewer::Elsewhere),
            _ => Ok::<_, DbError>(Viewer::Nobody),
        })?)
    }
}

/// Whether a user may come from an address, by the user's own list and that of everybody.
pub(crate) fn allowed(conn: &db::Conn, user: UserId, address: &str) -> Result<bool, DbError> {
    Ok(ip::allows(&user_ip_map::allowed_for(conn, user)?, address))
}
