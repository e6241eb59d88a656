//! `rs_failed_logins`: how often somebody was refused lately. A table of our own, shared by all workers.
//!
//! A row counts for one subject, a text that the caller makes of an account's name or of an address. Times are seconds
//! since 1970.

use crate::conn::{Conn, Tx, Value, params, placeholders};
use crate::error::DbError;

/// What is known about one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failures {
    /// Whom it is about.
    pub subject: String,
    /// How many there were.
    pub count: i64,
    /// When the last one was.
    pub last_at: i64,
}

/// What is known about these subjects; those without a row are left out.
pub fn of(conn: &Conn, subjects: &[&str]) -> Result<Vec<Failures>, DbError> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT subject, failures, last_at FROM rs_failed_logins WHERE subject IN ({})",
        placeholders(subjects.len())
    );
    let subjects: Vec<Value<'_>> = subjects.iter().map(|subject| (*subject).into()).collect();
    conn.query(&sql, &subjects, |row| Failures {
        subject: row.take(),
        count: row.take(),
        last_at: row.take(),
    })
}

/// Sets the count of a subject as of this time.
pub fn set(tx: &Tx<'_>, subject: &str, count: i64, now: i64) -> Result<(), DbError> {
    let sql = "UPDATE rs_failed_logins SET failures = ?, last_at = ? WHERE subject = ?";
    if tx.execute(sql, &params![count, now, subject])? > 0 {
        return Ok(());
    }
    tx.insert_plain(
        "rs_failed_logins",
        &[
            ("subject", subject.into()),
            ("failures", count.into()),
            ("last_at", now.into()),
        ],
    )
}

/// Forgets a subject. Says whether anything was known about it.
pub fn forget(tx: &Tx<'_>, subject: &str) -> Result<bool, DbError> {
    let sql = "DELETE FROM rs_failed_logins WHERE subject = ?";
    Ok(tx.execute(sql, &params![subject])? > 0)
}

/// Removes what is older than this time, at most so many rows, so that the write is short. Says how many.
pub fn delete_older(tx: &Tx<'_>, time: i64, limit: u32) -> Result<usize, DbError> {
    // The inner SELECT within a SELECT is for MySQL, which knows no LIMIT directly behind IN.
    tx.execute(
        "DELETE FROM rs_failed_logins WHERE subject IN (SELECT subject FROM (\
         SELECT subject FROM rs_failed_logins WHERE last_at < ? LIMIT ?) AS old)",
        &params![time, i64::from(limit)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn a_subject_is_counted_forgotten_and_outlived() {
        let test = TestDb::fresh();
        test.write(|tx| {
            set(tx, "name:a", 1, 100)?;
            set(tx, "name:a", 2, 110)?;
            set(tx, "address:b", 7, 50)
        });
        let known = test.read(|conn| of(conn, &["name:a", "name:c"]));
        assert_eq!(
            known,
            [Failures {
                subject: "name:a".to_owned(),
                count: 2,
                last_at: 110
            }]
        );
        assert_eq!(test.write(|tx| delete_older(tx, 100, 10)), 1);
        assert!(test.read(|conn| of(conn, &["address:b"])).is_empty());
        assert!(test.write(|tx| forget(tx, "name:a")));
        assert!(!test.write(|tx| forget(tx, "name:a")));
        assert!(test.read(|conn| of(conn, &[])).is_empty());
    }
}
