//! `user_email_map`: extra e-mail addresses of accounts; the main one stands in `users`.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::UserId;

/// The account that has this extra address, in any case.
pub fn owner(conn: &Conn, email: &str) -> Result<Option<UserId>, DbError> {
    conn.query_one(
        "SELECT user_id FROM user_email_map WHERE lower(email) = ? ORDER BY email_id",
        &params![email.to_lowercase()],
        |row| row.take(),
    )
}

/// The extra addresses of an account.
pub fn of_user(conn: &Conn, user: UserId) -> Result<Vec<String>, DbError> {
    conn.query(
        "SELECT email FROM user_email_map WHERE user_id = ? ORDER BY email_id",
        &params![user],
        |row| row.take(),
    )
}

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM user_email_map WHERE user_id = ?",
        &params![user],
    )
}
