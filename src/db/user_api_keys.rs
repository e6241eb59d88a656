//! `user_api_keys`: extra API keys of accounts; the built-in one stands in `users`.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::{ApiKey, UserId};
use crate::time::LocalTime;

/// The value of `expires` of a key that never does.
pub const NEVER: f64 = -1.0;

/// One extra key.
#[derive(Clone, Debug, PartialEq)]
pub struct ExtraKey {
    /// `api_key`
    pub key: ApiKey,
    /// `description`
    pub description: String,
    /// `expires`: seconds since 1970, or [`NEVER`].
    pub expires: f64,
    /// `created_on`
    pub created_on: LocalTime,
}

impl ExtraKey {
    /// Whether the key has ended by this time (seconds since 1970).
    pub fn has_expired(&self, now: f64) -> bool {
        self.expires != NEVER && self.expires < now
    }
}

/// The extra keys of an account, those that have expired among them.
pub fn of_user(conn: &Conn, user: UserId) -> Result<Vec<ExtraKey>, DbError> {
    conn.query(
        "SELECT api_key, description, expires, created_on FROM user_api_keys WHERE user_id = ? ORDER BY user_api_key_id",
        &params![user],
        |row| ExtraKey {
            key: row.take(),
            description: row.take(),
            expires: row.take(),
            created_on: row.take(),
        },
    )
}

/// Adds a key.
pub fn insert(
    tx: &Tx<'_>,
    user: UserId,
    key: &ApiKey,
    description: &str,
    expires: f64,
) -> Result<(), DbError> {
    tx.insert(
        "user_api_keys",
        "user_api_key_id",
        &[
            ("user_id", user.into()),
            ("api_key", key.into()),
            ("description", description.into()),
            ("expires", expires.into()),
            ("created_on", LocalTime::now().into()),
        ],
    )
    .map(drop)
}

/// Deletes a key of the account it belongs to. Says whether that account had it.
pub fn delete(tx: &Tx<'_>, user: UserId, key: &ApiKey) -> Result<bool, DbError> {
    let sql = "DELETE FROM user_api_keys WHERE api_key = ? AND user_id = ?";
    Ok(tx.execute(sql, &params![key, user])? > 0)
}

/// The account that this key opens at a time (seconds since 1970). A key counts to the very second it expires.
pub fn owner(conn: &Conn, key: &ApiKey, now: f64) -> Result<Option<UserId>, DbError> {
    conn.query_one(
        "SELECT user_id FROM user_api_keys WHERE api_key = ? AND (expires = ? OR expires >= ?)",
        &params![key, NEVER, now],
        |row| row.take(),
    )
}

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM user_api_keys WHERE user_id = ?",
        &params![user],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn a_key_opens_its_account_until_it_expires() {
        let test = TestDb::fresh();
        test.write(|tx| {
            tx.batch(
                "prepare the test",
                "INSERT INTO user_api_keys (user_id, api_key, description, expires, created_on) VALUES \
                 (1, 'forever', '', -1, '2026-11-21 00:00:00'), (1, 'until', '', 1000.5, '2026-11-21 00:00:00'), \
                 (1, 'ended', '', 0, '2026-11-21 00:00:00')",
            )
        });
        let opens = |key: &str, now: f64| test.read(|conn| owner(conn, &key.into(), now)).is_some();
        assert!(opens("forever", 1e12));
        assert!(opens("until", 1000.5) && !opens("until", 1001.0));
        assert!(!opens("ended", 1.0) && !opens("unknown", 0.0) && !opens("", 0.0));
    }

    #[test]
    fn a_key_is_added_listed_and_deleted_by_its_owner_only() {
        let test = TestDb::kallithea();
        let (bob, carol, key) = (UserId(4), UserId(5), ApiKey::from("k".repeat(40)));
        test.write(|tx| insert(tx, bob, &key, "for the robot", 1000.0));
        let keys = test.read(|conn| of_user(conn, bob));
        let mine = keys.iter().find(|own| own.key == key).unwrap();
        assert_eq!(mine.description, "for the robot");
        assert!(mine.has_expired(1000.5) && !mine.has_expired(1000.0));
        assert!(!test.write(|tx| delete(tx, carol, &key)));
        assert!(test.write(|tx| delete(tx, bob, &key)));
        assert_eq!(test.read(|conn| owner(conn, &key, 0.0)), None);
    }
}
