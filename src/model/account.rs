//! Accounts: making, changing and deleting them.
//!
//! What a person may change about their own account, and an administrator about anybody's, takes an [`Account`]; what
//! only administrators may do takes a [`SiteAdmin`]. The functions without such a value belong to the program itself: the
//! command line, the set-up page, registration (which has its own rule), login sources.

use std::fmt::Display;

use db::users::{UserDetails, another_active_admin_exists};
use db::{ApiKey, LocalTime, PasswordHash, Tx, UserId, Username, sessions, user_email_map, users};

use crate::extension_events::Candidate;
use crate::journal::{self, Action, Actor};
use crate::name::check_email;
use crate::rights::{Account, SiteAdmin};
use crate::{Error, Model, Text, User, password, random, say};

/// A user to be created.
#[derive(Debug, Clone, Copy)]
pub struct NewUser<'a> {
    /// Letters, digits, `-`, `_`, `.`.
    pub username: &'a str,
    /// Mail address; stored in lower case.
    pub email: &'a str,
    /// In clear; only its hash is kept.
    pub password: &'a str,
    /// Nobody can sign in with a password then, whatever stands in the field above.
    pub without_password: bool,
    /// First name.
    pub firstname: &'a str,
    /// Last name.
    pub lastname: &'a str,
    /// Whether the account may be used.
    pub active: bool,
    /// Whether the user administers the site.
    pub admin: bool,
    /// The login source that the account belongs to.
    pub extern_type: &'a str,
    /// The account's name there.
    pub extern_name: &'a str,
}

impl Default for NewUser<'_> {
    /// An active account of the internal login source.
    fn default() -> Self {
        Self {
            username: "",
            email: "",
            password: "",
            without_password: false,
            firstname: "",
            lastname: "",
            active: true,
            admin: false,
            extern_type: "internal",
            extern_name: "",
        }
    }
}

/// What changes about an account; `None` leaves a value as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct UserUpdate<'a> {
    /// The name; journal entries keep the old one.
    pub username: Option<&'a str>,
    /// Main mail address.
    pub email: Option<&'a str>,
    /// A new password. Ends the account's sessions.
    pub password: Option<&'a str>,
    /// First name.
    pub firstname: Option<&'a str>,
    /// Last name.
    pub lastname: Option<&'a str>,
    /// Whether the account may be used. Deactivating it ends its sessions.
    pub active: Option<bool>,
    /// Whether the user administers the site.
    pub admin: Option<bool>,
    /// The login source that the account belongs to.
    pub extern_type: Option<&'a str>,
    /// The account's name there.
    pub extern_name: Option<&'a str>,
}

/// Names that mean something else.
pub(crate) const RESERVED: &[&str] = &["default", "new_user"];

impl Model {
    /// Creates a user.
    ///
    /// # Errors
    /// [`Error::Invalid`] beside the field that is not valid or already taken.
    pub fn create_user(&self, new: &NewUser<'_>) -> Result<UserId, Error> {
        let prepared = Prepared::check(new)?;
        self.ask_about_user(&prepared.candidate(), None)?;
        let id = self.db().write(|tx| prepared.insert(tx))?;
        self.tell_of_user(id, None);
        Ok(id)
    }

    /// Creates a user in the name of an administrator.
    ///
    /// # Errors
    /// As [`Self::create_user`].
    pub fn create_user_as(
        &self,
        _: &SiteAdmin,
        actor: &Actor,
        new: &NewUser<'_>,
    ) -> Result<UserId, Error> {
        let prepared = Prepared::check(new)?;
        self.ask_about_user(&prepared.candidate(), Some(actor))?;
        let id = self.db().write(|tx| {
            let id = prepared.insert(tx)?;
            let action = Action::CreatedUser(prepared.username.to_string());
            journal::write(tx, actor, None, "", &action)?;
            Ok::<_, Error>(id)
        })?;
        self.tell_of_user(id, Some(actor));
        Ok(id)
    }

    /// Creates the first administrator; refuses once there is one, however many workers are asked at the same time.
    ///
    /// # Errors
    /// As [`Self::create_user`]; [`Error::Forbidden`] when an administrator exists.
    pub fn create_first_admin(&self, new: &NewUser<'_>) -> Result<UserId, Error> {
        let new = NewUser {
            firstname: "Kallithea",
            lastname: "Admin",
            admin: true,
            ..*new
        };
        let prepared = Prepared::check(&new)?;
        self.db().write(|tx| {
            if users::any_admin_exists(tx)? {
                return Err(Error::Forbidden(
                    "This site has an administrator already.".into(),
                ));
            }
            prepared.insert(tx)
        })
    }

    /// Changes an account in the name of an administrator.
    ///
    /// # Errors
    /// [`Error::Invalid`] beside the field that is not valid, taken, or would leave the site without an administrator.
    pub fn update_user(
        &self,
        _: &SiteAdmin,
        actor: &Actor,
        id: UserId,
        update: &UserUpdate<'_>,
    ) -> Result<(), Error> {
        let hash = update.password.map(password::hash).transpose()?;
        self.db().write(|tx| {
            let user = change(tx, id, update, hash.as_ref(), None)?;
            let action = Action::UpdatedUser(user.to_string());
            journal::write(tx, actor, None, "", &action)?;
            Ok::<_, Error>(())
        })?;
        if update.active.is_some() {
            self.keys_changed();
        }
        Ok(())
    }

    /// Changes what people may change about their own account: name, address, first and last name. Everything else of
    /// `update` is ignored. Which of these the login source manages is for the caller to know.
    ///
    /// # Errors
    /// [`Error::Invalid`] beside the field that is not valid or taken.
    pub fn update_profile(&self, account: &Account, update: &UserUpdate<'_>) -> Result<(), Error> {
        let update = UserUpdate {
            username: update.username,
            email: update.email,
            firstname: update.firstname,
            lastname: update.lastname,
            ..UserUpdate::default()
        };
        self.db().write(|tx| {
            change(tx, account.id(), &update, None, None)?;
            Ok(())
        })
    }

    /// Sets a new password and ends all sessions of the account but the one whose token hash is `kept`.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `password`.
    pub fn change_password(
        &self,
        account: &Account,
        new: &str,
        kept: Option<&str>,
    ) -> Result<(), Error> {
        self.set_password(account.id(), new, kept)
    }

    /// Sets a new password for whoever has proved in another way to be entitled to, such as by a mailed token.
    ///
    /// # Errors
    /// As [`Self::change_password`].
    pub fn set_password(&self, id: UserId, new: &str, kept: Option<&str>) -> Result<(), Error> {
        let hash = password::hash(new)?;
        let update = UserUpdate::default();
        self.db().write(|tx| {
            change(tx, id, &update, Some(&hash), kept)?;
            Ok(())
        })
    }

    /// Deletes an account with everything that hangs on it; the journal keeps its name.
    ///
    /// # Errors
    /// [`Error::Forbidden`] while something belongs to the account, for the account of visitors, and for the last
    /// administrator.
    pub fn delete_user(&self, _: &SiteAdmin, actor: &Actor, id: UserId) -> Result<(), Error> {
        let facts = self.user_facts(id);
        self.db().write(|tx| {
            let user = users::by_id(tx, id)?.ok_or_else(|| no_user(id))?;
            if user.is_default() {
                return Err(Error::Forbidden(
                    "The default user cannot be deleted: visitors act as it.".into(),
                ));
            }
            keep_an_admin(tx, &user, false)?;
            if let Some(obstacle) = obstacle(&user, &users::owned(tx, id)?) {
                return Err(Error::Forbidden(obstacle));
            }
            users::delete(tx, id)?;
            let action = Action::DeletedUser(user.username.to_string());
            // Whoever deletes their own account is no user any more when the entry is written.
            let actor = Actor {
                user: actor.user.filter(|user| *user != id),
                ..actor.clone()
            };
            journal::write(tx, &actor, None, "", &action)?;
            Ok::<_, Error>(())
        })?;
        self.keys_changed();
        self.tell_of_deleted_user(facts, actor);
        Ok(())
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

    /// The user of exactly this name, active or not.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn user_by_name(&self, name: &str) -> Result<Option<User>, Error> {
        Ok(self
            .db()
            .read(|conn| users::by_username(conn, &Username::from(name)))?)
    }

    /// Whether somebody has this name already, in any case.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn username_is_taken(&self, _: &SiteAdmin, name: &str) -> Result<bool, Error> {
        let name = Username::from(name.trim());
        Ok(self
            .db()
            .read(|conn| users::by_username_in_any_case(conn, &name))?
            .is_some())
    }

    /// The user with this main or extra mail address.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn user_by_email(&self, email: &str) -> Result<Option<User>, Error> {
        Ok(self.db().read(|conn| users::by_email(conn, email))?)
    }

    /// All accounts but the one of visitors, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn users(&self, _: &SiteAdmin) -> Result<Vec<User>, Error> {
        Ok(self.db().read(users::all)?)
    }

    /// When somebody last did anything with an account, as far as anything of it is kept: signed in, used a session, or
    /// came with an SSH key.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn last_activity(&self, account: &Account) -> Result<Option<LocalTime>, Error> {
        let (id, login) = (account.id(), account.user().last_login);
        let now = jiff::Timestamp::now().as_second();
        let idle = self.config().session_timeout;
        Ok(self.db().read(|conn| {
            let session = sessions::of_user(conn, id, now, idle)?.into_iter().next();
            let key = db::user_ssh_keys::of_user(conn, id)?
                .into_iter()
                .filter_map(|key| key.last_seen)
                .max();
            let session = session.map(|session| LocalTime::from_unix(session.last_used_at));
            Ok::<_, db::DbError>(login.max(session).max(key))
        })?)
    }
}

/// What keeps an account from being deleted, by its kind and name.
fn obstacle(user: &User, owned: &users::Owned) -> Option<Text> {
    let fill = |names: &[String], text: fn(&dyn Display, &dyn Display, &dyn Display) -> Text| {
        text(&user.username, &names.len(), &names.join(", "))
    };
    if !owned.repositories.is_empty() {
        return Some(fill(&owned.repositories, |name, n, list| {
            say!(
                "User \"{name}\" still owns {n} repositories and cannot be removed. Switch owners or remove those repositories: {list}",
                name = name,
                n = n,
                list = list
            )
        }));
    }
    if !owned.groups.is_empty() {
        return Some(fill(&owned.groups, |name, n, list| {
            say!(
                "User \"{name}\" still owns {n} repository groups and cannot be removed. Switch owners or remove those repository groups: {list}",
                name = name,
                n = n,
                list = list
            )
        }));
    }
    if !owned.user_groups.is_empty() {
        return Some(fill(&owned.user_groups, |name, n, list| {
            say!(
                "User \"{name}\" still owns {n} user groups and cannot be removed. Switch owners or remove those user groups: {list}",
                name = name,
                n = n,
                list = list
            )
        }));
    }
    if !owned.gists.is_empty() {
        return Some(fill(&owned.gists, |name, n, list| {
            say!(
                "User \"{name}\" still owns {n} gists and cannot be removed. Switch owners or remove those gists: {list}",
                name = name,
                n = n,
                list = list
            )
        }));
    }
    (!owned.pull_requests.is_empty()).then(|| fill(&owned.pull_requests, |name, n, list| say!("User \"{name}\" still owns {n} pull requests and cannot be removed. Switch owners or remove those pull requests: {list}", name = name, n = n, list = list)))
}

/// Applies a change and returns the name the account has now.
fn change(
    tx: &Tx<'_>,
    id: UserId,
    update: &UserUpdate<'_>,
    hash: Option<&PasswordHash>,
    kept: Option<&str>,
) -> Result<Username, Error> {
    let user = users::by_id(tx, id)?.ok_or_else(|| no_user(id))?;
    if user.is_default() {
        return Err(Error::Forbidden("The default user cannot be edited".into()));
    }
    let username = match update.username.map(str::trim) {
        Some(name) if name != user.username.as_str() => {
            check_username(name)?;
            let name = Username::from(name);
            refuse_taken_name(tx, &name, Some(id))?;
            name
        }
        _ => user.username.clone(),
    };
    let email = match update.email.map(|email| email.trim().to_lowercase()) {
        Some(email) if Some(email.as_str()) != user.email.as_deref() => {
            check_email("email", &email)?;
            refuse_taken_email(tx, "email", &email, Some(id))?;
            Some(email)
        }
        _ => user.email.clone(),
    };
    let active = update.active.unwrap_or(user.active);
    let admin = update.admin.unwrap_or(user.admin);
    keep_an_admin(tx, &user, active && admin)?;
    let text = |new: Option<&str>, old: &Option<String>| match new {
        Some(new) => Some(new.to_owned()),
        None => old.clone(),
    };
    let extern_type = text(update.extern_type, &user.extern_type);
    let extern_name = text(update.extern_name, &user.extern_name);
    users::update(
        tx,
        id,
        &UserDetails {
            username: &username,
            active,
            admin,
            firstname: update.firstname.unwrap_or(&user.firstname),
            lastname: update.lastname.unwrap_or(&user.lastname),
            email: email.as_deref(),
            extern_type: extern_type.as_deref(),
            extern_name: extern_name.as_deref(),
        },
    )?;
    if let Some(hash) = hash {
        users::set_password(tx, id, hash)?;
    }
    if hash.is_some() || (user.active && !active) {
        match kept {
            Some(kept) if active => sessions::delete_of_user_but(tx, id, kept)?,
            _ => sessions::delete_of_user(tx, id)?,
        };
    }
    Ok(username)
}

/// Refuses a change that would leave the site without anybody who can administer it.
fn keep_an_admin(tx: &Tx<'_>, user: &User, stays: bool) -> Result<(), Error> {
    let counts = user.active && user.admin;
    if counts && !stays && !another_active_admin_exists(tx, user.id)? {
        return Err(Error::invalid(
            "admin",
            say!(
                "{name} is the only active administrator of this site",
                name = user.username
            ),
        ));
    }
    Ok(())
}

fn no_user(id: UserId) -> Error {
    Error::NotFound {
        what: "User",
        name: id.to_string(),
    }
}

/// A new user whose values hold, with the slow work (the hash) done before the database is locked.
pub(crate) struct Prepared<'a> {
    new: NewUser<'a>,
    username: Username,
    email: String,
    hash: PasswordHash,
}

impl<'a> Prepared<'a> {
    /// What the installation is asked about.
    pub(crate) fn candidate(&self) -> Candidate<'_> {
        Candidate {
            username: self.username.as_str(),
            password: self.new.password,
            email: &self.email,
            firstname: self.new.firstname,
            lastname: self.new.lastname,
            active: self.new.active,
            admin: self.new.admin,
        }
    }

    pub(crate) fn check(new: &NewUser<'a>) -> Result<Self, Error> {
        let username = new.username.trim();
        check_username(username)?;
        let email = new.email.trim().to_lowercase();
        check_email("email", &email)?;
        Ok(Self {
            new: *new,
            username: Username::from(username),
            email,
            hash: if new.without_password {
                PasswordHash::from("")
            } else {
                password::hash(new.password)?
            },
        })
    }

    /// The same, for whoever may choose a password of any length.
    pub(crate) fn check_but_length(new: &NewUser<'a>) -> Result<Self, Error> {
        let mut prepared = Self::check(&NewUser {
            without_password: true,
            ..*new
        })?;
        prepared.new = *new;
        prepared.hash = password::hash_short(new.password)?;
        Ok(prepared)
    }

    pub(crate) fn insert(&self, tx: &Tx<'_>) -> Result<UserId, Error> {
        refuse_taken_name(tx, &self.username, None)?;
        refuse_taken_email(tx, "email", &self.email, None)?;
        let some = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        Ok(users::insert(
            tx,
            &users::NewUser {
                username: &self.username,
                password: &self.hash,
                active: self.new.active,
                admin: self.new.admin,
                firstname: self.new.firstname,
                lastname: self.new.lastname,
                email: Some(&self.email),
                extern_type: some(self.new.extern_type),
                extern_name: Some(self.new.extern_name),
                api_key: &ApiKey::from(random::hex(20)),
            },
        )?)
    }
}

/// The rules for names of accounts that people type. Login sources may bring others.
fn check_username(username: &str) -> Result<(), Error> {
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
            say!("Username \"{name}\" cannot be used", name = username),
        ));
    }
    Ok(())
}

fn refuse_taken_name(tx: &Tx<'_>, name: &Username, own: Option<UserId>) -> Result<(), Error> {
    match users::by_username_in_any_case(tx, name)? {
        Some(user) if Some(user.id) != own => Err(Error::invalid(
            "username",
            say!("Username \"{name}\" already exists", name = name),
        )),
        _ => Ok(()),
    }
}

/// Refuses an address that is the main or an extra one of anybody; `own` may have it as the main one.
pub(crate) fn refuse_taken_email(
    tx: &Tx<'_>,
    field: &'static str,
    email: &str,
    own: Option<UserId>,
) -> Result<(), Error> {
    let main = users::by_main_email(tx, email)?.is_some_and(|user| Some(user.id) != own);
    if main || user_email_map::owner(tx, email)?.is_some() {
        return Err(Error::invalid(
            field,
            "This email address is already in use",
        ));
    }
    Ok(())
}
