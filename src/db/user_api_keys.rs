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
