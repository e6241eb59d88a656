//! Sessions: rows of `rs_sessions`, found by the hash of a token that only the browser knows.

use db::UserId;
use db::sessions::{self, Session};
use jiff::Timestamp;

use crate::{Error, Model};

/// A session ends at the latest after a year, however often it is used.
const LONGEST: i64 = 365 * 24 * 3600;
/// How many ended sessions are removed when a new one is made.
const SWEEP: u32 = 20;

impl Model {
    /// The data of a session that has not ended; notes once a minute that it is in use.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn load_session(&self, token_hash: &str) -> Result<Option<String>, Error> {
        let now = Timestamp::now().as_second();
        let idle = self.config().session_timeout;
        let Some(session) = self
            .db()
            .read(|conn| sessions::load(conn, token_hash, now, idle))?
        else {
            return Ok(None);
        };
        if session.needs_touch(now) {
            self.db().write(|tx| sessions::touch(tx, token_hash, now))?;
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
    ) -> Result<(), Error> {
        let now = Timestamp::now().as_second();
        let idle = self.config().session_timeout;
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
                    expires_at: now + LONGEST,
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
}
