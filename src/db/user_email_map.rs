//! `user_email_map`: extra e-mail addresses of accounts; the main one stands in `users`.

use crate::conn::{Conn, Tx, Value, params, placeholders};
use crate::error::DbError;
use crate::ids::{EmailId, UserId};

/// One extra address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraEmail {
    /// `email_id`
    pub id: EmailId,
    /// `email`, lower case in rows written by Kallithea.
    pub email: String,
}

/// The account that has this extra address, in any case.
pub fn owner(conn: &Conn, email: &str) -> Result<Option<UserId>, DbError> {
    conn.query_one(
        "SELECT user_id FROM user_email_map WHERE lower(email) = ? ORDER BY email_id",
        &params![email.to_lowercase()],
        |row| row.take(),
    )
}

/// The extra addresses of an account.
pub fn of_user(conn: &Conn, user: UserId) -> Result<Vec<ExtraEmail>, DbError> {
    conn.query(
        "SELECT email_id, email FROM user_email_map WHERE user_id = ? ORDER BY email_id",
        &params![user],
        |row| ExtraEmail {
            id: row.take(),
            email: row.take(),
        },
    )
}

/// More accounts than this are not named: all addresses are read.
const MOST_IDS: usize = 500;

/// The extra addresses of these accounts, each with its account, in one statement.
pub fn of_users(conn: &Conn, users: &[UserId]) -> Result<Vec<(UserId, String)>, DbError> {
    if users.is_empty() || users.len() > MOST_IDS {
        let mut rows = if users.is_empty() {
            Vec::new()
        } else {
            all(conn)?
        };
        rows.retain(|(user, _)| users.contains(user));
        return Ok(rows);
    }
    let sql = format!(
        "SELECT user_id, email FROM user_email_map WHERE user_id IN ({}) ORDER BY email_id",
        placeholders(users.len())
    );
    let values: Vec<Value<'_>> = users.iter().map(|user| Value::from(*user)).collect();
    conn.query(&sql, &values, |row| (row.take(), row.take()))
}

/// Every extra address with its account, for pages that show many accounts.
pub fn all(conn: &Conn) -> Result<Vec<(UserId, String)>, DbError> {
    conn.query(
        "SELECT user_id, email FROM user_email_map ORDER BY email_id",
        &[],
        |row| (row.take(), row.take()),
    )
}

/// Adds an address; it is stored in lower case.
pub fn insert(tx: &Tx<'_>, user: UserId, email: &str) -> Result<EmailId, DbError> {
    tx.insert(
        "user_email_map",
        "email_id",
        &[
            ("user_id", user.into()),
            ("email", email.to_lowercase().into()),
        ],
    )
    .map(EmailId)
}

/// Takes an address away from the account it belongs to. Says whether that account had it.
pub fn delete(tx: &Tx<'_>, user: UserId, id: EmailId) -> Result<bool, DbError> {
    let sql = "DELETE FROM user_email_map WHERE email_id = ? AND user_id = ?";
    Ok(tx.execute(sql, &params![id, user])? > 0)
}

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM user_email_map WHERE user_id = ?",
        &params![user],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn an_address_is_added_in_lower_case_and_deleted_by_its_owner_only() {
        let test = TestDb::kallithea();
        let (bob, carol) = (UserId(4), UserId(5));
        let id = test.write(|tx| insert(tx, bob, "Bob@Work.example"));
        assert_eq!(test.read(|conn| owner(conn, "BOB@work.EXAMPLE")), Some(bob));
        assert!(!test.write(|tx| delete(tx, carol, id)));
        assert!(test.read(|conn| of_user(conn, bob)).contains(&ExtraEmail {
            id,
            email: "bob@work.example".to_owned()
        }));
        assert!(test.write(|tx| delete(tx, bob, id)));
        assert!(!test.write(|tx| delete(tx, bob, id)));
    }
}
