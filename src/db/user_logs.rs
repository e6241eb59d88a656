//! `user_logs`: the journal. The names of the account and of the repository are copies that outlive both.

use crate::conn::{Conn, Row, Tx, params};
use crate::error::DbError;
use crate::ids::{RepoId, RepoName, UserId, Username};
use crate::time::LocalTime;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// `user_log_id`
    pub id: i64,
    /// `user_id`; none when the account is gone.
    pub user: Option<UserId>,
    /// `username`
    pub username: Username,
    /// `repository_id`; none when the repository is gone or the entry is not about one.
    pub repository: Option<RepoId>,
    /// `repository_name`; empty when the entry is not about a repository.
    pub repository_name: RepoName,
    /// `user_ip`
    pub user_ip: Option<String>,
    /// `action`: `name` or `name:params`; only the first colon counts.
    pub action: String,
    /// `action_date`
    pub date: LocalTime,
}

/// What an entry is made of; it happens now.
#[derive(Clone, Debug)]
pub struct NewLogEntry<'a> {
    /// `user_id`
    pub user: Option<UserId>,
    /// `username`
    pub username: &'a Username,
    /// `repository_id`
    pub repository: Option<RepoId>,
    /// `repository_name`
    pub repository_name: &'a str,
    /// `user_ip`
    pub user_ip: &'a str,
    /// `action`
    pub action: &'a str,
}

fn row(row: &Row<'_>) -> LogEntry {
    LogEntry {
        id: row.take(),
        user: row.take(),
        username: row.take(),
        repository: row.take(),
        repository_name: row.take(),
        user_ip: row.take(),
        action: row.take(),
        date: row.take(),
    }
}

/// Writes an entry.
pub fn insert(tx: &Tx<'_>, new: &NewLogEntry<'_>) -> Result<i64, DbError> {
    tx.insert(
        "user_logs",
        "user_log_id",
        &[
            ("user_id", new.user.into()),
            ("username", new.username.into()),
            ("repository_id", new.repository.into()),
            ("repository_name", new.repository_name.into()),
            ("user_ip", new.user_ip.into()),
            ("action", new.action.into()),
            ("action_date", LocalTime::now().into()),
        ],
    )
}

/// The newest entries about anything, newest first.
pub fn recent(conn: &Conn, limit: u32) -> Result<Vec<LogEntry>, DbError> {
    conn.query(
        "SELECT user_log_id, user_id, username, repository_id, repository_name, user_ip, \"action\", action_date \
         FROM user_logs ORDER BY action_date DESC, user_log_id DESC LIMIT ?",
        &params![i64::from(limit)],
        row,
    )
}

/// The newest entries about a repository, newest first.
pub fn recent_of_repository(
    conn: &Conn,
    repository: RepoId,
    limit: u32,
) -> Result<Vec<LogEntry>, DbError> {
    conn.query(
        "SELECT user_log_id, user_id, username, repository_id, repository_name, user_ip, \"action\", action_date \
         FROM user_logs WHERE repository_id = ? ORDER BY action_date DESC, user_log_id DESC LIMIT ?",
        &params![repository, i64::from(limit)],
        row,
    )
}

/// Unties the entries of an account that is about to be deleted.
pub(crate) fn forget_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute(
        "UPDATE user_logs SET user_id = NULL WHERE user_id = ?",
        &params![user],
    )
}

/// Unties the entries of a repository that is about to be deleted.
pub(crate) fn forget_repository(tx: &Tx<'_>, repository: RepoId) -> Result<usize, DbError> {
    tx.execute(
        "UPDATE user_logs SET repository_id = NULL WHERE repository_id = ?",
        &params![repository],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn the_newest_entries_come_first() {
        let test = TestDb::kallithea();
        let id = test.write(|tx| {
            insert(
                tx,
                &NewLogEntry {
                    user: Some(UserId(3)),
                    username: &"alice".into(),
                    repository: Some(RepoId(1)),
                    repository_name: "tools/hgtool",
                    user_ip: "::1",
                    action: "pull",
                },
            )
        });
        let entries = test.read(|conn| recent_of_repository(conn, RepoId(1), 5));
        assert_eq!(
            (entries.len(), entries[0].id, entries[0].user),
            (5, id, Some(UserId(3)))
        );
        assert_eq!(
            (entries[0].action.as_str(), entries[0].user_ip.as_deref()),
            ("pull", Some("::1"))
        );
        assert_eq!(entries[0].username.as_str(), "alice");
        assert!(entries.is_sorted_by(|newer, older| newer.date >= older.date));
        assert!(
            entries
                .iter()
                .all(|entry| entry.repository_name.as_str() == "tools/hgtool")
        );
    }
}
