//! `user_api_keys`: extra API keys of accounts; the built-in one stands in `users`.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::{ApiKey, UserId};

/// The value of `expires` of a key that never does.
const NEVER: f64 = -1.0;

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
}
