//! `pull_request_reviewers`: who is asked to vote on a pull request.

use std::collections::BTreeMap;

use crate::conn::{Conn, Tx, Value, params, placeholders};
use crate::error::DbError;
use crate::ids::{PullRequestId, UserId};
use crate::pull_requests;

/// The reviewers of each of these pull requests, in the order in which they were asked.
pub fn of_pull_requests(
    conn: &Conn,
    ids: &[PullRequestId],
) -> Result<BTreeMap<PullRequestId, Vec<UserId>>, DbError> {
    let mut all: BTreeMap<PullRequestId, Vec<UserId>> = BTreeMap::new();
    for ids in ids.chunks(pull_requests::MOST_IDS) {
        let sql = format!(
            "SELECT pull_request_id, user_id FROM pull_request_reviewers WHERE pull_request_id IN ({}) \
             ORDER BY pull_requests_reviewers_id",
            placeholders(ids.len())
        );
        let values: Vec<Value<'_>> = ids.iter().map(|id| Value::from(*id)).collect();
        let rows: Vec<(PullRequestId, UserId)> =
            conn.query(&sql, &values, |row| (row.take(), row.take()))?;
        for (id, user) in rows {
            all.entry(id).or_default().push(user);
        }
    }
    Ok(all)
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
            test.read(|conn| of_pull_requests(conn, &[id]))[&id],
            [UserId(3), UserId(5), UserId(4)]
        );
        assert!(test.write(|tx| remove(tx, id, UserId(5))));
        assert!(!test.write(|tx| remove(tx, id, UserId(5))));
    }
}
