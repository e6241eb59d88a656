//! `user_followings`: who follows which repository, and which account.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::{RepoId, UserId};
use crate::time::LocalTime;

/// Whether an account follows a repository.
pub fn follows(conn: &Conn, user: UserId, repository: RepoId) -> Result<bool, DbError> {
    conn.exists(
        "SELECT 1 FROM user_followings WHERE user_id = ? AND follows_repository_id = ?",
        &params![user, repository],
    )
}

/// How many accounts follow a repository.
pub fn count_followers(conn: &Conn, repository: RepoId) -> Result<i64, DbError> {
    conn.count(
        "SELECT COUNT(*) FROM user_followings f JOIN users u ON u.user_id = f.user_id \
         WHERE f.follows_repository_id = ?",
        &params![repository],
    )
}

/// The repositories that an account follows.
pub fn followed(conn: &Conn, user: UserId) -> Result<Vec<RepoId>, DbError> {
    conn.query(
        "SELECT follows_repository_id FROM user_followings \
         WHERE user_id = ? AND follows_repository_id IS NOT NULL ORDER BY user_following_id",
        &params![user],
        |row| row.take(),
    )
}

/// The repositories and the accounts that an account follows, in one statement.
pub fn followed_both(conn: &Conn, user: UserId) -> Result<(Vec<RepoId>, Vec<UserId>), DbError> {
    let rows: Vec<(Option<RepoId>, Option<UserId>)> = conn.query(
        "SELECT follows_repository_id, follows_user_id FROM user_followings WHERE user_id = ? \
         ORDER BY user_following_id",
        &params![user],
        |row| (row.take(), row.take()),
    )?;
    let repositories = rows.iter().filter_map(|(repository, _)| *repository);
    let accounts = rows.iter().filter_map(|(_, account)| *account);
    Ok((repositories.collect(), accounts.collect()))
}

/// Makes an account follow a repository. Says whether it did not before.
pub fn follow(tx: &Tx<'_>, user: UserId, repository: RepoId) -> Result<bool, DbError> {
    if follows(tx, user, repository)? {
        return Ok(false);
    }
    tx.insert(
        "user_followings",
        "user_following_id",
        &[
            ("user_id", user.into()),
            ("follows_repository_id", repository.into()),
            ("follows_from", LocalTime::now().into()),
        ],
    )?;
    Ok(true)
}

/// Makes an account follow a repository no more. Says whether it did before.
pub fn unfollow(tx: &Tx<'_>, user: UserId, repository: RepoId) -> Result<bool, DbError> {
    let sql = "DELETE FROM user_followings WHERE user_id = ? AND follows_repository_id = ?";
    Ok(tx.execute(sql, &params![user, repository])? > 0)
}

/// Makes an account follow another, or follow it no more. Says which.
pub fn toggle_account(tx: &Tx<'_>, user: UserId, other: UserId) -> Result<bool, DbError> {
    let sql = "DELETE FROM user_followings WHERE user_id = ? AND follows_user_id = ?";
    if tx.execute(sql, &params![user, other])? > 0 {
        return Ok(false);
    }
    tx.insert(
        "user_followings",
        "user_following_id",
        &[
            ("user_id", user.into()),
            ("follows_user_id", other.into()),
            ("follows_from", LocalTime::now().into()),
        ],
    )?;
    Ok(true)
}

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM user_followings WHERE user_id = ? OR follows_user_id = ?",
        &params![user, user],
    )
}

pub(crate) fn delete_of_repository(tx: &Tx<'_>, repository: RepoId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM user_followings WHERE follows_repository_id = ?",
        &params![repository],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn an_account_follows_another_until_it_does_not() {
        let test = TestDb::kallithea();
        let (frank, other) = (UserId(8), UserId(2));
        assert!(test.write(|tx| toggle_account(tx, frank, other)));
        assert!(
            test.read(|conn| followed(conn, frank))
                .iter()
                .all(|id| id.0 > 0)
        );
        assert_eq!(test.read(|conn| followed_both(conn, frank)).1, [other]);
        assert!(!test.write(|tx| toggle_account(tx, frank, other)));
        assert!(test.read(|conn| followed_both(conn, frank)).1.is_empty());
    }

    #[test]
    fn following_twice_is_following_once() {
        let test = TestDb::kallithea();
        let (frank, repository) = (UserId(8), RepoId(1));
        let before = test.read(|conn| count_followers(conn, repository));
        assert!(!test.read(|conn| follows(conn, frank, repository)));
        assert!(test.write(|tx| follow(tx, frank, repository)));
        assert!(!test.write(|tx| follow(tx, frank, repository)));
        assert!(test.read(|conn| follows(conn, frank, repository)));
        assert!(
            test.read(|conn| crate::users::following(conn, repository))
                .iter()
                .any(|(user, _)| user.id == frank)
        );
        assert!(
            test.read(|conn| followed(conn, frank))
                .contains(&repository)
        );
        assert_eq!(
            test.read(|conn| count_followers(conn, repository)),
            before + 1
        );
        let around = test.read(|conn| {
            crate::surroundings::of_repository(conn, Some(frank), Some(frank), repository)
        });
        assert_eq!((around.followers, around.following), (before + 1, true));
        assert!(test.write(|tx| unfollow(tx, frank, repository)));
        assert!(!test.write(|tx| unfollow(tx, frank, repository)));
        assert_eq!(test.read(|conn| count_followers(conn, repository)), before);
    }
}
