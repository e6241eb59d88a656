//! What stands around a repository on each of its pages, in one statement over four tables: its owner, how many follow it,
//! what it was forked from and what was forked from it, with what the tables give an account on those.

use crate::conn::{Conn, params};
use crate::error::DbError;
use crate::grants::SQL_IN_USER_GROUPS;
use crate::ids::{DEFAULT_USER, RepoId, UserId};
use crate::repo_to_perm::{self, RepositoryLevels};
use crate::users::{self, User};
use crate::users_group_repo_to_perm;

/// It.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The account that owns it.
    pub owner: Option<User>,
    /// How many accounts follow it.
    pub followers: i64,
    /// Whether the account follows it.
    pub following: bool,
    /// Its parent and its forks.
    pub relatives: Vec<RepositoryLevels>,
}

/// Reads it for an account; `follower` is the same, or nobody where that does not count as one who follows.
pub fn of_repository(
    conn: &Conn,
    user: Option<UserId>,
    follower: Option<UserId>,
    repository: RepoId,
) -> Result<Surroundings, DbError> {
    let sql = format!(
        "SELECT {}, (SELECT COUNT(*) FROM user_followings f JOIN users fu ON fu.user_id = f.user_id \
         WHERE f.follows_repository_id = m.repo_id), \
         (SELECT COUNT(*) FROM user_followings f WHERE f.follows_repository_id = m.repo_id AND f.user_id = ?), \
         r.repo_id, r.repo_name, r.user_id, r.private, {}, {}, {} FROM repositories m \
         LEFT JOIN users u ON u.user_id = m.user_id \
         LEFT JOIN repositories r ON r.repo_id = m.fork_id OR r.fork_id = m.repo_id \
         WHERE m.repo_id = ? ORDER BY r.repo_id",
        users::COLUMNS,
        repo_to_perm::TABLE.sql_base("r.repo_id"),
        users_group_repo_to_perm::TABLE.sql_greatest("r.repo_id", SQL_IN_USER_GROUPS),
        repo_to_perm::TABLE.sql_greatest("r.repo_id", "= ?"),
    );
    // No row has the id 0.
    let nobody = UserId(0);
    let user = user.unwrap_or(nobody);
    let values = params![
        follower.unwrap_or(nobody),
        DEFAULT_USER,
        user,
        true,
        user,
        repository
    ];
    let mut around = Surroundings::default();
    conn.query(&sql, &values, |row| {
        let owner = users::row(row);
        // Columns of a row that is not there are read as 0.
        around.owner = Some(owner).filter(|owner| owner.id != nobody);
        around.followers = row.take();
        around.following = row.take::<i64>() > 0;
        let relative = RepositoryLevels {
            id: row.take(),
            name: row.take(),
            owner: row.take(),
            private: row.take(),
            base: row.take(),
            through_groups: row.take(),
            own: row.take(),
        };
        if relative.id != RepoId(0) {
            around.relatives.push(relative);
        }
    })?;
    Ok(around)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repositories;
    use crate::testing::TestDb;

    #[test]
    fn it_says_what_the_single_questions_say() {
        let test = TestDb::kallithea();
        for repository in test.read(repositories::all) {
            for user in [1, 2, 3, 6] {
                let (user, id) = (UserId(user), repository.id);
                let around = test.read(|conn| of_repository(conn, Some(user), Some(user), id));
                assert_eq!(
                    around.owner,
                    test.read(|conn| users::by_id(conn, repository.owner))
                );
                let followers = test.read(|conn| users::following(conn, id));
                assert_eq!(around.followers, followers.len() as i64);
                assert_eq!(
                    around.following,
                    followers.iter().any(|(follower, _)| follower.id == user)
                );
                let mut relatives: Vec<RepoId> = test
                    .read(|conn| repositories::forks(conn, id))
                    .into_iter()
                    .map(|fork| fork.id)
                    .chain(repository.fork_of)
                    .collect();
                relatives.sort_unstable();
                let one = |id: &RepoId| {
                    test.read(|conn| repo_to_perm::repository_level(conn, user, *id))
                        .unwrap()
                };
                assert_eq!(
                    around.relatives,
                    relatives.iter().map(one).collect::<Vec<_>>()
                );
            }
        }
        let nobody = test.read(|conn| of_repository(conn, None, None, RepoId(99)));
        assert_eq!(nobody, Surroundings::default());
    }
}
