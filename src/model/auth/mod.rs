//! Login sources: who says that somebody is who they say they are.
//!
//! A *source* (the original's word is plugin) is the own table of accounts, an LDAP directory, PAM, a Crowd server, or
//! the web server in front of us. The setting `auth_plugins` lists sources in the order in which they are asked, and
//! each has settings of its own, `auth_<source>_<key>`; the table of all of them is [`fields`].
//!
//! An account belongs to one source, its `extern_type`, and no other is asked about it. A name that nobody has is tried
//! against all sources but the internal one; the first that says yes makes the account. A source that fails (a server is
//! down, a certificate is wrong) is written into the log and the next one is asked, so a dead directory never locks out
//! the administrator with a local account.
//!
//! Nothing of the database is held while a source is asked: it may take seconds.

mod container;
mod crowd;
mod external;
pub mod fields;
mod ldap;
mod pam;
mod save;
mod tls;

use std::collections::HashMap;
use std::time::Duration;

use db::{Conn, DbError, Username, settings, users};

pub use container::HeaderSource;
pub use fields::{Field, FieldKind, SourceKind};
pub use save::{SourceSettings, SourcesForm};

use crate::config::parse_bool;
use crate::{Error, Model, User, password};

/// What an HTTP client needs to know to trust the system's certificates.
pub(crate) fn tls_for_http() -> Result<ureq::tls::TlsConfig, String> {
    let roots: Vec<_> = tls::trusted("")?
        .iter()
        .map(|der| ureq::tls::Certificate::from_der(der).to_owned())
        .collect();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    Ok(ureq::tls::TlsConfig::builder()
        .root_certs(ureq::tls::RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(provider)
        .build())
}

/// The certificates of a PEM file, or of a folder of such files, in their binary form.
pub(crate) fn trusted_certificates(path: &std::path::Path) -> Result<Vec<Vec<u8>>, String> {
    Ok(tls::from_path(path)?
        .iter()
        .map(|certificate| certificate.to_vec())
        .collect())
}

/// Longer names and passwords are sent to no other server. Nobody has one.
const MAX_SENT: usize = 4096;

/// What a source that is not the internal one knows about somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The user name.
    pub(crate) username: String,
    /// The first name; none when the source does not know it, and then what the account has stays.
    pub(crate) firstname: Option<String>,
    /// The last name, likewise.
    pub(crate) lastname: Option<String>,
    /// The mail address, likewise.
    pub(crate) email: Option<String>,
    /// The names of the source's groups that the person is in.
    pub(crate) groups: Vec<String>,
    /// What the source calls the person: a distinguished name, a user name. For people to read; nothing looks it up.
    pub(crate) extern_name: String,
    /// Whether the person administers the site; none leaves that as it is.
    pub(crate) admin: Option<bool>,
}

/// Why a source could not answer. A wrong password is no such thing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// The server cannot be reached, or broke off.
    #[error("{0}")]
    Down(String),
    /// A setting does not make sense.
    #[error("setting '{key}': {problem}")]
    Setting {
        /// Name of the setting without `auth_<source>_`.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

/// The settings of one source, as text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values(HashMap<String, String>);

impl Values {
    /// A value without surrounding blanks; a missing one is empty.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.raw(key).trim()
    }

    /// A value as it is: passwords may begin with a blank.
    pub(crate) fn raw(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        parse_bool(self.text(key)).unwrap_or(false)
    }

    /// How long to wait for an answer.
    pub(crate) fn timeout(&self) -> Duration {
        let seconds = self.text("timeout").parse().unwrap_or(10);
        Duration::from_secs(u64::clamp(seconds, 1, 60))
    }

    /// The parts of a comma list, without blanks around them and without empty ones.
    pub(crate) fn list<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.text(key)
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
    }
}

/// One listed source with its settings.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) kind: SourceKind,
    pub(crate) values: Values,
}

/// The sources that are listed and enabled, in their order, from rows of `settings`.
///
/// Third-party sources of the original, which are Python modules, cannot be asked and are named in the log.
pub(crate) fn listed<'a>(rows: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Vec<Listed> {
    let names = rows
        .clone()
        .find(|(name, _)| *name == fields::LIST)
        .map_or(SourceKind::Internal.module(), |(_, value)| value);
    let mut sources: Vec<Listed> = Vec::new();
    for module in names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let Some(kind) = SourceKind::from_module(module) else {
            tracing::warn!("the login source '{module}' is not one of ours; it is passed over");
            continue;
        };
        if sources.iter().any(|source| source.kind == kind) {
            continue;
        }
        let values = values(kind, rows.clone());
        if values.flag(fields::ENABLED) {
            sources.push(Listed { kind, values });
        }
    }
    sources
}

/// The settings of one source out of all rows.
fn values<'a>(kind: SourceKind, rows: impl Iterator<Item = (&'a str, &'a str)>) -> Values {
    let prefix = format!("auth_{}_", kind.name());
    Values(
        rows.filter_map(|(name, value)| {
            Some((name.strip_prefix(&prefix)?.to_owned(), value.to_owned()))
        })
        .collect(),
    )
}

fn load(conn: &Conn) -> Result<Vec<Listed>, DbError> {
    let rows = settings::all(conn)?;
    Ok(listed(rows.iter().map(|row| (&*row.name, &*row.value))))
}

/// The account of a login name: a user name in any case, or a mail address.
fn find(conn: &Conn, name: &str) -> Result<Option<User>, DbError> {
    let user = users::by_username_in_any_case(conn, &Username::from(name))?;
    match user {
        None if name.contains('@') => users::by_email(conn, name),
        found => Ok(found),
    }
}

/// Whether an account may be asked about at a source: it is the source's own, or nobody's.
fn belongs(user: &User, kind: SourceKind) -> bool {
    match user.extern_type.as_deref() {
        Some("") | None => match kind {
            SourceKind::Internal => true,
            // An account of an old database that has a password is a local one, whoever else knows its name.
            _ => user.password.as_str().is_empty(),
        },
        Some(other) => other == kind.name(),
    }
}

impl Model {
    /// Asks the sources, in their order, whether this is the password of this name (or mail address). An account that
    /// another source knows is brought up to date, or made. Whether the account is active is for the caller to look at.
    ///
    /// # Errors
    /// When the database does not answer. A source that fails is none.
    pub(crate) fn ask_sources(&self, given: &str, password: &str) -> Result<Option<User>, Error> {
        let given = given.trim();
        if given.is_empty() || given.contains('\0') {
            return Ok(None);
        }
        let (sources, found) = self
            .db()
            .read(|conn| Ok::<_, DbError>((load(conn)?, find(conn, given)?)))?;
        // The account of visitors has no password, whatever its row says.
        let found = found.filter(|user| !user.is_default());
        let name = found.as_ref().map_or(given, |user| user.username.as_str());
        let sendable =
            password.len() <= MAX_SENT && name.len() <= MAX_SENT && !password.contains('\0');
        for source in &sources {
            let kind = source.kind;
            let user = found
                .as_ref()
                .filter(|user| user.active && belongs(user, kind));
            if kind == SourceKind::Internal {
                // Asked also about nobody, so that the time tells nothing.
                if self.ask_internal(user, password)? {
                    return Ok(found);
                }
                continue;
            }
            if (found.is_some() && user.is_none()) || !sendable || password.is_empty() {
                continue;
            }
            let answer = match kind {
                SourceKind::Ldap => ldap::ask(&source.values, name, password),
                SourceKind::Crowd => crowd::ask(&source.values, name, password, user),
                SourceKind::Pam => pam::ask(&source.values, name, password, user),
                // The web server has done its part before any form is filled in.
                SourceKind::Container | SourceKind::Internal => Ok(None),
            };
            match answer {
                Ok(Some(identity)) => {
                    if let Some(user) = self.bring_in(kind, &identity)? {
                        tracing::info!("user {} was recognised by {}", user.id, kind.name());
                        return Ok(Some(user));
                    }
                }
                Ok(None) => {
                    tracing::debug!("{} does not recognise a name and password", kind.name())
                }
                Err(error) => tracing::error!(
                    "login source {}: {error}; the next one is asked",
                    kind.name()
                ),
            }
        }
        Ok(None)
    }

    fn ask_internal(&self, user: Option<&User>, password: &str) -> Result<bool, Error> {
        let right = self
            .passwords()
            .verify(password, user.map(|user| &user.password));
        let Some(user) = user.filter(|_| right) else {
            return Ok(false);
        };
        if password::is_outdated(&user.password) && !password.contains('\0') {
            let hash = password::rehash(password)?;
            self.db()
                .write(|tx| users::set_password(tx, user.id, &hash))?;
            tracing::info!("the password hash of user {} was renewed", user.id);
        }
        Ok(true)
    }
}
