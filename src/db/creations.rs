//! `rs_creations`: how far the making of a repository is, while its row says `repo_state_pending`. A table of our own.
//!
//! Whoever makes it tells every few seconds that it is still at work; a row that has been silent for long was left by a
//! process that is gone. Times are seconds since 1970.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::{RepoId, UserId};

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    /// What is being done, in the words of the program; may be empty.
    pub stage: String,
    /// How much of it.
    pub percent: Option<u8>,
    /// When its maker was last heard of.
    pub beat_at: i64,
    /// Why it failed; empty while it has not.
    pub failed: String,
}

/// What is known about the making of a repository.
pub fn by_id(conn: &Conn, repository: RepoId) -> Result<Option<Creation>, DbError> {
    conn.query_one(
        "SELECT stage, percent, beat_at, failed FROM rs_creations WHERE repo_id = ?",
        &params![repository],
        |row| Creation {
            stage: row.take(),
            percent: u8::try_from(row.take::<i64>()).ok(),
            beat_at: row.take(),
            failed: row.take(),
        },
    )
}

/// How many repositories of an owner are being made by somebody who was heard of since this time.
pub fn count_at_work(conn: &Conn, owner: UserId, since: i64) -> Result<i64, DbError> {
    conn.count(
        "SELECT COUNT(*) FROM rs_creations c JOIN repositories r ON r.repo_id = c.repo_id \
         WHERE r.user_id = ? AND c.beat_at >= ? AND c.failed = ''",
        &params![owner, since],
    )
}

/// Begins to make a repository.
pub fn begin(tx: &Tx<'_>, repository: RepoId, now: i64) -> Result<(), DbError> {
    delete(tx, repository)?;
    tx.insert_plain(
        "rs_creations",
        &[
            ("repo_id", repository.into()),
            ("stage", "".into()),
            ("percent", (-1_i64).into()),
            ("beat_at", now.into()),
            ("failed", "".into()),
        ],
    )
}

/// Notes how far it is. Says whether there still is such a repository to make.
pub fn beat(
    tx: &Tx<'_>,
    repository: RepoId,
    stage: &str,
    percent: Option<u8>,
    now: i64,
) -> Result<bool, DbError> {
    let stage: String = stage.chars().take(200).collect();
    let percent = percent.map_or(-1, i64::from);
    let sql = "UPDATE rs_creations SET stage = ?, percent = ?, beat_at = ? WHERE repo_id = ?";
    Ok(tx.execute(sql, &params![stage.as_str(), percent, now, repository])? > 0)
}

/// Notes that it failed, and why.
pub fn fail(tx: &Tx<'_>, repository: RepoId, why: &str) -> Result<(), DbError> {
    let sql = "UPDATE rs_creations SET failed = ? WHERE repo_id = ?";
    tx.execute(sql, &params![why, repository])?;
    Ok(())
}

/// Forgets it: it is made, or gone.
pub fn delete(tx: &Tx<'_>, repository: RepoId) -> Result<bool, DbError> {
    let sql = "DELETE FROM rs_creations WHERE repo_id = ?";
    Ok(tx.execute(sql, &params![repository])? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn a_creation_is_followed_to_its_end() {
        let test = TestDb::fresh();
        let id = RepoId(1);
        assert_eq!(test.read(|conn| by_id(conn, id)), None);
        assert!(!test.write(|tx| beat(tx, id, "x", None, 5)), "nobody began");
        test.write(|tx| begin(tx, id, 1));
        assert!(test.write(|tx| beat(tx, id, "Receiving", Some(42), 5)));
        let known = test.read(|conn| by_id(conn, id)).unwrap();
        assert_eq!(
            (known.stage.as_str(), known.percent, known.beat_at),
            ("Receiving", Some(42), 5)
        );
        test.write(|tx| fail(tx, id, "no route"));
        let known = test.read(|conn| by_id(conn, id)).unwrap();
        assert_eq!(known.failed, "no route");
        test.write(|tx| begin(tx, id, 9));
        let known = test.read(|conn| by_id(conn, id)).unwrap();
        assert_eq!((known.percent, known.failed.as_str()), (None, ""));
        assert!(test.write(|tx| delete(tx, id)));
        assert!(!test.write(|tx| delete(tx, id)));
    }
}
