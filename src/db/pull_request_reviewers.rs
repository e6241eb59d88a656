//! `pull_request_reviewers`: who is asked to vote on a pull request.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::{PullRequestId, UserId};

/// The reviewers of a pull request, in the order in which they were asked.
pub fn of_pull_request(conn: &Conn, id: PullRequestId) -> Result<Vec<UserId>, DbError> {
    conn.query(
        "SELECT user_id FROM pull_request_reviewers WHERE pull_request_id = ? ORDER BY pull_requests_reviewers_id",
        &params![id],
        |row| row.take(),
    )
}

/// Asks somebody. Says whether they were not asked before.
pub fn add(tx: &Tx<'_>, id: PullRequestId, user: UserId) -> Result<bool, DbError> {
    let known = tx.exists(
        "SELECT 1 FROM pull_request_reviewers WHERE pull_request_id = ? AND user_id = ?",
        &params![id, user],
    )?;
    if !known {
        tx.insert(
            "pull_request_reviewers",
            "pull_requests_reviewers_id",
            &[("pull_request_id", id.into()), ("user_id", user.into())],
        )?;
    }
    Ok(!known)
}

/// Asks somebody no more. Says whether they were asked.
pub fn remove(tx: &Tx<'_>, id: PullRequestId, user: UserId) -> Result<bool, DbError> {
    let sql = "DELETE FROM pull_request_reviewers WHERE pull_request_id = ? AND user_id = ?";
    Ok(tx.execute(sql, &params![id, user])? > 0)
}

pub(crate) fn delete_of_pull_request(tx: &Tx<'_>, id: PullRequestId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM pull_request_reviewers WHERE pull_request_id = ?",
        &params![id],
    )
}

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM pull_request_reviewers WHERE user_id = ?",
        &params![user],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn reviewers_are_asked_once_and_keep_their_order() {
        let test = TestDb::kallithea();
        let id = PullRequestId(1);
        assert!(!test.write(|tx| add(tx, id, UserId(5))));
        assert!(test.write(|tx| add(tx, id, UserId(4))));
        assert_eq!(
            test.read(|conn| of_pull_request(conn, id)),
            [UserId(3), UserId(5), UserId(4)]
        );
        assert!(test.write(|tx| remove(tx, id, UserId(5))));
        assert!(!test.write(|tx| remove(tx, id, UserId(5))));
    }
}
