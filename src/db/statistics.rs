//! `statistics`: counted commits and languages of repositories, one row for each. The original counts in the background, some
//! hundred changesets at a time, and goes on where it stopped.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::RepoId;

/// What has been counted in one repository. The three texts are JSON as bytes; what cannot be read as such is for the
/// caller to count anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// `stat_on_revision`: the number of the last changeset that was counted.
    pub on_revision: i64,
    /// `commit_activity`: an object from name to `{"label", "data", "schema"}`.
    pub commit_activity: Vec<u8>,
    /// `commit_activity_combined`: a list of `[day, commits]`.
    pub commit_activity_combined: Vec<u8>,
    /// `languages`: an object from file name extension to count.
    pub languages: Vec<u8>,
}

/// What has been counted in a repository so far.
pub fn of_repository(conn: &Conn, repository: RepoId) -> Result<Option<Statistics>, DbError> {
    conn.query_one(
        "SELECT stat_on_revision, commit_activity, commit_activity_combined, languages FROM statistics \
         WHERE repository_id = ?",
        &params![repository],
        |row| Statistics {
            on_revision: row.take(),
            commit_activity: row.take(),
            commit_activity_combined: row.take(),
            languages: row.take(),
        },
    )
}

/// Keeps what has been counted in a repository, instead of what was known before.
pub fn set(tx: &Tx<'_>, repository: RepoId, counted: &Statistics) -> Result<(), DbError> {
    let changed = tx.execute(
        "UPDATE statistics SET stat_on_revision = ?, commit_activity = ?, commit_activity_combined = ?, languages = ? \
         WHERE repository_id = ?",
        &params![
            counted.on_revision,
            &counted.commit_activity,
            &counted.commit_activity_combined,
            &counted.languages,
            repository
        ],
    )?;
    if changed > 0 {
        return Ok(());
    }
    tx.insert(
        "statistics",
        "stat_id",
        &[
            ("repository_id", repository.into()),
            ("stat_on_revision", counted.on_revision.into()),
            ("commit_activity", (&counted.commit_activity).into()),
            (
                "commit_activity_combined",
                (&counted.commit_activity_combined).into(),
            ),
            ("languages", (&counted.languages).into()),
        ],
    )
    .map(drop)
}

/// Forgets what has been counted, so that it is counted anew.
pub fn delete_of_repository(tx: &Tx<'_>, repository: RepoId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM statistics WHERE repository_id = ?",
        &params![repository],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn what_was_counted_is_kept_once() {
        let test = TestDb::kallithea();
        let theirs = test.read(|conn| {
            let sql = "SELECT repository_id FROM statistics";
            conn.query_one(sql, &[], |row| row.take::<RepoId>())
        });
        let theirs = test
            .read(|conn| of_repository(conn, theirs.unwrap()))
            .unwrap();
        for json in [
            &theirs.commit_activity,
            &theirs.commit_activity_combined,
            &theirs.languages,
        ] {
            serde_json::from_slice::<serde_json::Value>(json).unwrap();
        }
        let repository = RepoId(7);
        assert_eq!(test.read(|conn| of_repository(conn, repository)), None);
        test.write(|tx| set(tx, repository, &theirs));
        // More than fits into what the engine calls a BLOB without a length.
        let more = Statistics {
            on_revision: theirs.on_revision + 1,
            commit_activity: vec![b' '; 70_000],
            ..theirs
        };
        test.write(|tx| set(tx, repository, &more));
        assert_eq!(
            test.read(|conn| of_repository(conn, repository)),
            Some(more)
        );
        assert_eq!(test.write(|tx| delete_of_repository(tx, repository)), 1);
    }
}
