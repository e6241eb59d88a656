//! `rs_mails`: mails that wait to be sent. A table of our own, so that a mail server that is down loses nothing.
//!
//! A mail is written into it in the transaction that gives the reason for it, and deleted when a server has taken it.
//! Whoever wants to send one moves its next try into the future first: of several workers that see the same mail one
//! succeeds in that, and should it die meanwhile, the mail is tried again when that time has come.

use crate::conn::{Conn, Row, Tx, params};
use crate::error::DbError;

/// The time of the next try of a mail that was given up.
const NEVER: i64 = 0;

/// One mail to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// A random text.
    pub id: String,
    /// The address of the sender, as the mail server is told.
    pub sender: String,
    /// The address of the recipient.
    pub recipient: String,
    /// Headers and body in ASCII, ready to be sent.
    pub message: String,
    /// When it was written, in seconds since 1970.
    pub created_at: i64,
    /// When it is to be tried again; 0 when it was given up.
    pub next_try_at: i64,
    /// How often it was tried.
    pub tries: i64,
    /// What the mail server said the last time.
    pub last_error: String,
}

/// Keeps a mail to be sent at once.
pub fn insert(tx: &Tx<'_>, mail: &Mail) -> Result<(), DbError> {
    tx.insert_plain(
        "rs_mails",
        &[
            ("mail_id", (&mail.id).into()),
            ("sender", (&mail.sender).into()),
            ("recipient", (&mail.recipient).into()),
            ("message", (&mail.message).into()),
            ("created_at", mail.created_at.into()),
            ("next_try_at", mail.next_try_at.into()),
            ("tries", mail.tries.into()),
            ("last_error", (&mail.last_error).into()),
        ],
    )
}

/// The mails to be tried by this time, the ones that wait for longest first, at most so many.
pub fn due(conn: &Conn, now: i64, most: u32) -> Result<Vec<Mail>, DbError> {
    conn.query(
        "SELECT mail_id, sender, recipient, message, created_at, next_try_at, tries, last_error FROM rs_mails \
         WHERE next_try_at > ? AND next_try_at <= ? ORDER BY next_try_at, mail_id LIMIT ?",
        &params![NEVER, now, i64::from(most)],
        |row: &Row<'_>| Mail {
            id: row.take(),
            sender: row.take(),
            recipient: row.take(),
            message: row.take(),
            created_at: row.take(),
            next_try_at: row.take(),
            tries: row.take(),
            last_error: row.take(),
        },
    )
}

/// Whether any mail is to be tried by this time.
pub fn any_due(conn: &Conn, now: i64) -> Result<bool, DbError> {
    conn.exists(
        "SELECT 1 FROM rs_mails WHERE next_try_at > ? AND next_try_at <= ?",
        &params![NEVER, now],
    )
}

/// Takes a mail for this worker until a time. Says no when another one has it.
pub fn claim(tx: &Tx<'_>, mail: &Mail, until: i64) -> Result<bool, DbError> {
    Ok(tx.execute(
        "UPDATE rs_mails SET next_try_at = ? WHERE mail_id = ? AND next_try_at = ?",
        &params![until, &mail.id, mail.next_try_at],
    )? > 0)
}

/// Notes that a try failed; the next one is at this time, or never.
pub fn failed(
    tx: &Tx<'_>,
    id: &str,
    tries: i64,
    next_try_at: Option<i64>,
    error: &str,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE rs_mails SET tries = ?, next_try_at = ?, last_error = ? WHERE mail_id = ?",
        &params![tries, next_try_at.unwrap_or(NEVER), error, id],
    )
    .map(drop)
}

/// Removes a mail that was sent.
pub fn delete(tx: &Tx<'_>, id: &str) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM rs_mails WHERE mail_id = ?", &params![id])? > 0)
}

/// How many mails wait, and how many were given up.
pub fn counts(conn: &Conn) -> Result<(i64, i64), DbError> {
    let waiting = conn.count(
        "SELECT COUNT(*) FROM rs_mails WHERE next_try_at > ?",
        &params![NEVER],
    )?;
    let all = conn.count("SELECT COUNT(*) FROM rs_mails", &[])?;
    Ok((waiting, all - waiting))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    fn mail(id: &str, next_try_at: i64) -> Mail {
        Mail {
            id: id.to_owned(),
            sender: "a@example.org".to_owned(),
            recipient: "b@example.org".to_owned(),
            message: "Subject: x\r\n\r\nbody\r\n".to_owned(),
            created_at: 100,
            next_try_at,
            tries: 0,
            last_error: String::new(),
        }
    }

    #[test]
    fn a_mail_is_taken_by_one_worker_and_comes_back_when_that_one_dies() {
        let test = TestDb::fresh();
        test.write(|tx| {
            insert(tx, &mail("late", 300))?;
            insert(tx, &mail("second", 150))?;
            insert(tx, &mail("first", 120))
        });
        let due_at = |now: i64| -> Vec<String> {
            let mails = test.read(|conn| due(conn, now, 10));
            mails.into_iter().map(|mail| mail.id).collect()
        };
        assert_eq!(due_at(200), ["first", "second"]);
        assert_eq!(test.read(|conn| due(conn, 200, 1)), [mail("first", 120)]);
        assert!(test.write(|tx| claim(tx, &mail("first", 120), 500)));
        assert!(!test.write(|tx| claim(tx, &mail("first", 120), 500)));
        assert_eq!(due_at(200), ["second"]);
        assert_eq!(due_at(500), ["second", "late", "first"]);
        test.write(|tx| {
            failed(tx, "second", 3, None, "no such mailbox")?;
            delete(tx, "late")
        });
        assert_eq!(due_at(i64::MAX), ["first"]);
        assert_eq!(test.read(counts), (1, 1));
        assert!(test.read(|conn| any_due(conn, 500)) && !test.read(|conn| any_due(conn, 499)));
    }
}
