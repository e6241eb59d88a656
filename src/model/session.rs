//! Sessions: rows of `rs_sessions`, found by the hash of a token that only the browser knows.

use db::sessions::{self, Session};
use db::{LocalTime, UserId};
use jiff::Timestamp;

use crate::rights::Account;
use crate::{Error, Model, Settings};

/// A session of somebody who wants to be remembered ends at the latest after a year, however often it is used.
const LONGEST: i64 = 365 * 24 * 3600;
/// Any other one ends after 30 days, or after the idle time where that is longer: the browser forgets it when it is
/// closed, but who restores what was open yesterday never closes it.
const LONGEST_UNREMEMBERED: i64 = 30 * 24 * 3600;
/// How many ended sessions are removed when a new one is made.
const SWEEP: u32 = 20;

/// A session as its owner sees it.
#[derive(Debug, Clone)]
pub struct OwnSession {
    /// The hash of its token; names it and is worth nothing to anybody.
    pub token_hash: String,
    /// From which address it was begun; empty when it does not know.
    pub address: String,
    /// What the browser called itself then.
    pub agent: String,
    /// When it began.
    pub created_on: LocalTime,
    /// When it was last used, give or take a minute.
    pub last_used: LocalTime,
    /// When it ends at the latest.
    pub expires: LocalTime,
}

impl Model {
    /// The data of a session that has not ended; notes once a minute that it is in use.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn load_session(&self, token_hash: &str) -> Result<Option<String>, Error> {
        let now = Timestamp::now().as_second();
        let idle = self.config().session_timeout;
        let session = self
            .db()
            .read(|conn| sessions::load(conn, token_hash, now, idle))?;
        self.used(session, now)
    }

    /// The settings, as if there were an administrator, and what a session holds: one statement for both, since every
    /// page needs them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn settings_and_session(
        &self,
        token_hash: &str,
    ) -> Result<(Settings, Option<String>), Error> {
        let now = Timestamp::now().as_second();
        let idle = self.config().session_timeout;
        let (settings, session) = self
            .db()
            .read(|conn| sessions::load_with_settings(conn, token_hash, now, idle))?;
        Ok((Settings::of(&settings, true), self.used(session, now)?))
    }

    /// Notes that a session was used, and opens it.
    fn used(&self, session: Option<Session>, now: i64) -> Result<Option<String>, Error> {
        let Some(session) = session else {
            return Ok(None);
        };
        if session.needs_touch(now) {
            self.db()
                .write(|tx| sessions::touch(tx, &session.token_hash, now))?;
        }
        Ok(Some(session.data))
    }

    /// Keeps a new session, and removes a few that have ended.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn create_session(
        &self,
        token_hash: &str,
        user: Option<UserId>,
        data: &str,
        remember: bool,
    ) -> Result<(), Error> {
        let now = Timestamp::now().as_second();
        let idle = self.config().session_timeout;
        let longest = if remember {
            LONGEST
        } else {
            LONGEST_UNREMEMBERED.max(idle).min(LONGEST)
        };
        Ok(self.db().write(|tx| {
            sessions::delete_expired(tx, now, idle, SWEEP)?;
            sessions::create(
                tx,
                &Session {
                    token_hash: token_hash.to_owned(),
                    user,
                    data: data.to_owned(),
                    created_at: now,
                    last_used_at: now,
                    expires_at: now + longest,
                },
            )
        })?)
    }

    /// Changes what a session holds, if it still holds what was seen; says whether it did.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn update_session(&self, token_hash: &str, seen: &str, data: &str) -> Result<bool, Error> {
        Ok(self
            .db()
            .write(|tx| sessions::update_data(tx, token_hash, seen, data))?)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn delete_session(&self, token_hash: &str) -> Result<(), Error> {
        Ok(self
            .db()
            .write(|tx| sessions::delete(tx, token_hash).map(drop))?)
    }

    /// The sessions of an account, the one used last first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn sessions(&self, account: &Account) -> Result<Vec<OwnSession>, Error> {
        let now = Timestamp::now().as_second();
        let idle = self.config().session_timeout;
        let sessions = self
            .db()
            .read(|conn| sessions::of_user(conn, account.id(), now, idle))?;
        Ok(sessions
            .into_iter()
            .map(|session| OwnSession {
                address: client(&session.data, "address"),
                agent: client(&session.data, "agent"),
                token_hash: session.token_hash,
                created_on: LocalTime::from_unix(session.created_at),
                last_used: LocalTime::from_unix(session.last_used_at),
                expires: LocalTime::from_unix(session.expires_at),
            })
            .collect())
    }

    /// Ends one session of an account.
    ///
    /// # Errors
    /// [`Error::NotFound`] when this account has no such session.
    pub fn end_session(&self, account: &Account, token_hash: &str) -> Result<(), Error> {
        let had = self
            .db()
            .write(|tx| sessions::delete_own(tx, account.id(), token_hash))?;
        if had {
            Ok(())
        } else {
            Err(Error::NotFound {
                what: "Session",
                name: token_hash.chars().take(12).collect(),
            })
        }
    }

    /// Ends all sessions of an account but the one whose token hash is `kept`. Says how many.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn end_sessions(&self, account: &Account, kept: Option<&str>) -> Result<usize, Error> {
        Ok(self.db().write(|tx| match kept {
            Some(kept) => sessions::delete_of_user_but(tx, account.id(), kept),
            None => sessions::delete_of_user(tx, account.id()),
        })?)
    }
}

/// What a session's data say about where it was begun.
fn client(data: &str, key: &str) -> String {
    let data: serde_json::Value = serde_json::from_str(data).unwrap_or_default();
    data["client"][key].as_str().unwrap_or_default().to_owned()
}
