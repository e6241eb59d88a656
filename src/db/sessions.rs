//! `rs_sessions`: who is logged in. A table of our own, shared by all workers.
//!
//! The cookie holds a random token and the table only its hash, so nobody can become somebody else by reading the
//! database or a backup of it. Times are seconds since 1970; a session ends at `expires_at`, and earlier when it was
//! not used for longer than the idle timeout.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::UserId;
use crate::settings::{self, Setting};

/// A session that is used all the time is noted as used so often, in seconds, to spare a write per request.
const TOUCH_INTERVAL: i64 = 60;

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Lower-case hexadecimal SHA-256 of the cookie's value.
    pub token_hash: String,
    /// The account that is logged in, if any. It may have been deleted since.
    pub user: Option<UserId>,
    /// What the session holds, a JSON object.
    pub data: String,
    /// When it began.
    pub created_at: i64,
    /// When it was last used, give or take a minute.
    pub last_used_at: i64,
    /// When it ends at the latest.
    pub expires_at: i64,
}

impl Session {
    /// Whether the use at this time is to be noted with [`touch`]. Mostly it is not, and no write is needed.
    pub fn needs_touch(&self, now: i64) -> bool {
        self.last_used_at <= now - TOUCH_INTERVAL
    }
}

/// Keeps a new session.
pub fn create(tx: &Tx<'_>, session: &Session) -> Result<(), DbError> {
    tx.insert_plain(
        "rs_sessions",
        &[
            ("token_hash", (&session.token_hash).into()),
            ("user_id", session.user.into()),
            ("data", (&session.data).into()),
            ("created_at", session.created_at.into()),
            ("last_used_at", session.last_used_at.into()),
            ("expires_at", session.expires_at.into()),
        ],
    )
}

/// The session of a token, if it has not ended by this time.
pub fn load(
    conn: &Conn,
    token_hash: &str,
    now: i64,
    idle_timeout: i64,
) -> Result<Option<Session>, DbError> {
    conn.query_one(
        "SELECT token_hash, user_id, data, created_at, last_used_at, expires_at FROM rs_sessions \
         WHERE token_hash = ? AND expires_at > ? AND last_used_at > ?",
        &params![token_hash, now, now - idle_timeout],
        |row| Session {
            token_hash: row.take(),
            user: row.take(),
            data: row.take(),
            created_at: row.take(),
            last_used_at: row.take(),
            expires_at: row.take(),
        },
    )
}

/// All settings, and the session of a token if it has not ended by this time: what every request begins with, in one
/// statement.
pub fn load_with_settings(
    conn: &Conn,
    token_hash: &str,
    now: i64,
    idle_timeout: i64,
) -> Result<(Vec<Setting>, Option<Session>), DbError> {
    let mut session = None;
    let settings = conn.query(
        "SELECT s.app_settings_name, s.app_settings_value, s.app_settings_type, \
         r.user_id, r.data, r.created_at, r.last_used_at, r.expires_at FROM settings s \
         LEFT JOIN rs_sessions r ON r.token_hash = ? AND r.expires_at > ? AND r.last_used_at > ?",
        &params![token_hash, now, now - idle_timeout],
        |row| {
            let setting = settings::row(row);
            let user = row.take();
            if session.is_none()
                && let Some(data) = row.take()
            {
                session = Some(Session {
                    token_hash: token_hash.to_owned(),
                    user,
                    data,
                    created_at: row.take(),
                    last_used_at: row.take(),
                    expires_at: row.take(),
                });
            }
            setting
        },
    )?;
    Ok((settings, session))
}

/// Notes that a session was used at this time. Another worker that noted a later time is not contradicted.
pub fn touch(tx: &Tx<'_>, token_hash: &str, now: i64) -> Result<(), DbError> {
    let sql = "UPDATE rs_sessions SET last_used_at = ? WHERE token_hash = ? AND last_used_at < ?";
    tx.execute(sql, &params![now, token_hash, now]).map(drop)
}

/// Changes what a session holds, if it still holds what the caller saw. Says no when another request was faster or
/// the session has ended: load it again then.
pub fn update_data(tx: &Tx<'_>, token_hash: &str, seen: &str, data: &str) -> Result<bool, DbError> {
    let sql = "UPDATE rs_sessions SET data = ? WHERE token_hash = ? AND data = ?";
    Ok(tx.execute(sql, &params![data, token_hash, seen])? > 0)
}

/// Ends a session.
pub fn delete(tx: &Tx<'_>, token_hash: &str) -> Result<bool, DbError> {
    Ok(tx.execute(
        "DELETE FROM rs_sessions WHERE token_hash = ?",
        &params![token_hash],
    )? > 0)
}

/// Ends all sessions of an account.
pub fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute("DELETE FROM rs_sessions WHERE user_id = ?", &params![user])
}

/// Ends all sessions of an account but one.
pub fn delete_of_user_but(tx: &Tx<'_>, user: UserId, kept: &str) -> Result<usize, DbError> {
    let sql = "DELETE FROM rs_sessions WHERE user_id = ? AND token_hash <> ?";
    tx.execute(sql, &params![user, kept])
}

/// Ends a session of the account it belongs to. Says whether that account had it.
pub fn delete_own(tx: &Tx<'_>, user: UserId, token_hash: &str) -> Result<bool, DbError> {
    let sql = "DELETE FROM rs_sessions WHERE token_hash = ? AND user_id = ?";
    Ok(tx.execute(sql, &params![token_hash, user])? > 0)
}

/// The sessions of an account that have not ended by this time, the one used last first.
pub fn of_user(
    conn: &Conn,
    user: UserId,
    now: i64,
    idle_timeout: i64,
) -> Result<Vec<Session>, DbError> {
    conn.query(
        "SELECT token_hash, user_id, data, created_at, last_used_at, expires_at FROM rs_sessions \
         WHERE user_id = ? AND expires_at > ? AND last_used_at > ? ORDER BY last_used_at DESC, token_hash",
        &params![user, now, now - idle_timeout],
        |row| Session {
            token_hash: row.take(),
            user: row.take(),
            data: row.take(),
            created_at: row.take(),
            last_used_at: row.take(),
            expires_at: row.take(),
        },
    )
}

/// Removes sessions that have ended by this time, at most so many, so that the write is short. Says how many.
pub fn delete_expired(
    tx: &Tx<'_>,
    now: i64,
    idle_timeout: i64,
    limit: u32,
) -> Result<usize, DbError> {
    // The inner SELECT within a SELECT is for MySQL, which knows no LIMIT directly behind IN.
    tx.execute(
        "DELETE FROM rs_sessions WHERE token_hash IN (SELECT token_hash FROM (\
         SELECT token_hash FROM rs_sessions WHERE expires_at <= ? OR last_used_at <= ? LIMIT ?) AS ended)",
        &params![now, now - idle_timeout, i64::from(limit)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    const IDLE: i64 = 1000;

    fn session(token_hash: &str) -> Session {
        Session {
            token_hash: token_hash.to_owned(),
            user: Some(UserId(2)),
            data: "{}".to_owned(),
            created_at: 10_000,
            last_used_at: 10_000,
            expires_at: 20_000,
        }
    }

    fn load_at(test: &TestDb, token_hash: &str, now: i64) -> Option<Session> {
        test.read(|conn| load(conn, token_hash, now, IDLE))
    }

    #[test]
    fn a_session_lives_until_it_is_ended_or_too_old() {
        let test = TestDb::fresh();
        test.write(|tx| create(tx, &session("a")));
        assert_eq!(load_at(&test, "a", 10_001), Some(session("a")));
        assert_eq!(load_at(&test, "b", 10_001), None);
        assert_eq!(
            load_at(&test, "a", 10_000 + IDLE),
            None,
            "not used for too long"
        );
        test.write(|tx| touch(tx, "a", 19_500));
        assert!(load_at(&test, "a", 19_999).is_some());
        assert_eq!(load_at(&test, "a", 20_000), None, "at its end");
        test.write(|tx| touch(tx, "a", 15_000));
        assert_eq!(
            load_at(&test, "a", 19_999).unwrap().last_used_at,
            19_500,
            "time does not run backwards"
        );
        assert!(test.write(|tx| delete(tx, "a")));
        assert_eq!(load_at(&test, "a", 19_999), None);
    }

    #[test]
    fn a_session_in_use_is_noted_once_a_minute() {
        let session = session("a");
        assert!(!session.needs_touch(10_059));
        assert!(session.needs_touch(10_060));
    }

    #[test]
    fn of_two_requests_that_change_a_session_one_is_told_to_try_again() {
        let test = TestDb::fresh();
        test.write(|tx| create(tx, &session("a")));
        assert!(test.write(|tx| update_data(tx, "a", "{}", r#"{"n": 1}"#)));
        assert!(!test.write(|tx| update_data(tx, "a", "{}", r#"{"n": 2}"#)));
        assert_eq!(load_at(&test, "a", 10_001).unwrap().data, r#"{"n": 1}"#);
        assert!(!test.write(|tx| update_data(tx, "gone", "{}", "{}")));
    }

    #[test]
    fn a_token_is_used_once() {
        let test = TestDb::fresh();
        test.write(|tx| create(tx, &session("a")));
        assert!(
            test.db
                .write(|tx| create(tx, &session("a")))
                .unwrap_err()
                .is_unique_violation()
        );
    }

    #[test]
    fn an_account_sees_and_ends_its_own_sessions() {
        let test = TestDb::fresh();
        let other = Session {
            user: Some(UserId(3)),
            ..session("other")
        };
        test.write(|tx| {
            for name in ["a", "b", "c"] {
                create(tx, &session(name))?;
            }
            create(tx, &other)
        });
        let mine = |now| test.read(|conn| of_user(conn, UserId(2), now, IDLE)).len();
        assert_eq!((mine(10_001), mine(10_000 + IDLE)), (3, 0));
        assert!(!test.write(|tx| delete_own(tx, UserId(2), "other")));
        assert!(test.write(|tx| delete_own(tx, UserId(2), "c")));
        assert_eq!(test.write(|tx| delete_of_user_but(tx, UserId(2), "a")), 1);
        assert_eq!(mine(10_001), 1);
        assert!(load_at(&test, "a", 10_001).is_some() && load_at(&test, "other", 10_001).is_some());
    }

    #[test]
    fn ended_sessions_are_removed_a_few_at_a_time() {
        let test = TestDb::fresh();
        test.write(|tx| {
            for n in 0..5 {
                create(tx, &session(&format!("old-{n}")))?;
            }
            create(
                tx,
                &Session {
                    last_used_at: 30_000,
                    expires_at: 40_000,
                    ..session("young")
                },
            )
        });
        let remove = |limit| test.write(|tx| delete_expired(tx, 30_001, IDLE, limit));
        assert_eq!([remove(3), remove(3), remove(3)], [3, 2, 0]);
        assert!(load_at(&test, "young", 30_001).is_some());
        assert_eq!(test.write(|tx| delete_of_user(tx, UserId(2))), 1);
        assert_eq!(load_at(&test, "young", 30_001), None);
    }
}
