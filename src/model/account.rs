//! Accounts: creating them, signing in, and the very first administrator.

use db::{ApiKey, LocalTime, UserId, Username, user_email_map, users};

use crate::{Error, Model, User, password, random, viewer};

/// A user to be created with the internal login source.
#[derive(Debug, Clone, Copy)]
pub struct NewUser<'a> {
    /// Letters, digits, `-`, `_`, `.`.
    pub username: &'a str,
    /// Mail address; stored in lower case.
    pub email: &'a str,
    /// In clear; only its hash is kept.
    pub password: &'a str,
    /// Whether the user administers the site.
    pub admin: bool,
}

/// Names that mean something else.
pub(crate) const RESERVED: &[&str] = &["default", "new_user"];

impl Model {
    /// Creates an active user.
    ///
    /// # Errors
    /// [`Error::Invalid`] beside the field that is not valid or already taken.
    pub fn create_user(&self, new: &NewUser<'_>) -> Result<UserId, Error> {
        let prepared = Prepared::check(new)?;
        self.db().write(|tx| prepared.insert(tx, new.admin))
    }

    /// Creates the first administrator; refuses once there is one, however many workers are asked at the same time.
    ///
    /// # Errors
    /// As [`Self::create_user`]; [`Error::Forbidden`] when an administrator exists.
    pub fn create_first_admin(&self, new: &NewUser<'_>) -> Result<UserId, Error> {
        let prepared = Prepared::check(new)?;
        self.db().write(|tx| {
            if users::any_admin_exists(tx)? {
                return Err(Error::Forbidden(
                    "This site has an administrator already.".into(),
                ));
            }
            prepared.insert(tx, true)
        })
    }

    /// The person of a name (or mail address) and password from an address, or none. Which part was wrong is never told,
    /// neither by the answer nor by the time it takes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn authenticate(
        &self,
        name: &str,
        password: &str,
        address: &str,
    ) -> Result<Option<User>, Error> {
        let found = self.ask_sources(name, password)?;
        let Some(user) = found.filter(|user| user.active) else {
            return Ok(None);
        };
        let allowed = self
            .db()
            .read(|conn| viewer::allowed(conn, user.id, address))?;
        Ok(allowed.then_some(user))
    }

    /// Notes that a user has signed in just now.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn signed_in(&self, user: UserId) -> Result<(), Error> {
        self.db().write(|tx| {
            users::set_last_login(tx, user, LocalTime::now())
                .map(drop)
                .map_err(Error::from)
        })
    }

    /// The active person of this name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn user_by_name(&self, name: &str) -> Result<Option<User>, Error> {
        Ok(self
            .db()
            .read(|conn| users::by_username(conn, &Username::from(name)))?)
    }

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
}

/// A new user whose values hold, with the slow work (the hash) done before the database is locked.
struct Prepared {
    username: Username,
    email: String,
    hash: db::PasswordHash,
}

impl Prepared {
    fn check(new: &NewUser<'_>) -> Result<Self, Error> {
        let username = new.username.trim();
        let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let starts_well = username.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if username.is_empty() {
            return Err(Error::invalid("username", "Please enter a value"));
        }
        if !starts_well || !username.chars().all(ok) || username.len() > 255 {
            return Err(Error::invalid(
                "username",
                "Username may only contain alphanumeric characters underscores, periods or dashes and must begin with \
                 an alphanumeric character or underscore",
            ));
        }
        if RESERVED.contains(&username.to_ascii_lowercase().as_str()) {
            return Err(Error::invalid(
                "username",
                format!("Username \"{username}\" cannot be used"),
            ));
        }
        let email = new.email.trim().to_lowercase();
        let valid = email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        }) && !email.contains(char::is_whitespace);
        if !valid {
            return Err(Error::invalid(
                "email",
                "An email address must contain a single @",
            ));
        }
        Ok(Self {
            username: Username::from(username),
            email,
            hash: password::hash(new.password)?,
        })
    }

    fn insert(&self, tx: &db::Tx<'_>, admin: bool) -> Result<UserId, Error> {
        if users::by_username_in_any_case(tx, &self.username)?.is_some() {
            return Err(Error::invalid(
                "username",
                format!("Username \"{}\" already exists", self.username),
            ));
        }
        if users::by_email(tx, &self.email)?.is_some()
            || user_email_map::owner(tx, &self.email)?.is_some()
        {
            return Err(Error::invalid(
                "email",
                "This email address is already in use",
            ));
        }
        let (firstname, lastname) = if admin {
            ("Kallithea", "Admin")
        } else {
            ("", "")
        };
        Ok(users::insert(
            tx,
            &users::NewUser {
                username: &self.username,
                password: &self.hash,
                active: true,
                admin,
                firstname,
                lastname,
                email: Some(&self.email),
                extern_type: Some("internal"),
                extern_name: None,
                api_key: &ApiKey::from(random::hex(20)),
            },
        )?)
    }
}
