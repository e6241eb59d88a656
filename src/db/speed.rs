//! How long the question takes that every page asks: what may this account do with which repository.

use std::time::{Duration, Instant};

use crate::conn::{Tx, params};
use crate::repositories::{self, NewRepository, RepoState, RepoType, RepositorySettings};
use crate::testing::{TestDb, add_user};
use crate::{
    DbError, Engine, Level, UserId, repo_to_perm, users_group_repo_to_perm, users_groups,
    users_groups_members,
};

const REPOSITORIES: i64 = 10_000;
const USER_GROUPS: i64 = 50;

/// The numbers from 0 below 10 000, as `n` of `numbers`.
fn numbers() -> String {
    let digits = (0..10)
        .map(|digit| format!("SELECT {digit} AS d"))
        .collect::<Vec<_>>();
    let digits = format!("({})", digits.join(" UNION ALL "));
    format!(
        "(SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS n \
         FROM {digits} AS a, {digits} AS b, {digits} AS c, {digits} AS e) AS numbers"
    )
}

/// Ten thousand repositories that everybody may read, and an account in fifty user groups, each of which may write to
/// two hundred of them.
fn large(tx: &Tx<'_>) -> Result<UserId, DbError> {
    let owner = add_user(tx, "owner")?;
    let user = add_user(tx, "user")?;
    let settings = RepositorySettings {
        owner,
        clone_uri: None,
        private: false,
        statistics: false,
        downloads: false,
        description: "a description of usual length, two or three dozen words of which nobody reads more than one",
        landing_revision: "rev:tip",
    };
    let new = NewRepository {
        name: &"first".into(),
        state: RepoState::Created,
        repo_type: RepoType::Git,
        fork_of: None,
        group: None,
        settings,
    };
    let first = repositories::insert(tx, &new)?;
    repo_to_perm::grant(tx, UserId(1), first, Level::Read)?;
    let numbers = numbers();
    let columns = "repo_state, repo_type, user_id, private, statistics, downloads, description, created_on, updated_on, landing_revision";
    tx.execute(
        &format!(
            "INSERT INTO repositories (repo_name, {columns}) SELECT concat('group/repository-', n), {columns} \
             FROM repositories r, {numbers} WHERE r.repo_id = ? AND n < ?"
        ),
        &params![first, REPOSITORIES - 1],
    )?;
    tx.execute(
        "INSERT INTO repo_to_perm (user_id, permission_id, repository_id) \
         SELECT x.user_id, x.permission_id, r.repo_id FROM repo_to_perm x, repositories r \
         WHERE x.repository_id = ? AND r.repo_id <> ?",
        &params![first, first],
    )?;
    for n in 0..USER_GROUPS {
        let name = format!("group-{n}");
        let group = users_groups::insert(tx, &name.as_str().into(), "", owner)?;
        users_groups_members::add(tx, group, user)?;
        if n == 0 {
            users_group_repo_to_perm::grant(tx, group, first, Level::Write)?;
        }
        tx.execute(
            "INSERT INTO users_group_repo_to_perm (users_group_id, permission_id, repository_id) \
             SELECT g.users_group_id, p.permission_id, r.repo_id \
             FROM users_groups g, permissions p, repositories r \
             WHERE g.users_group_id = ? AND p.permission_name = 'repository.write' \
             AND r.repo_id > ? AND r.repo_id <= ?",
            &params![group, first.0 + n * 200, first.0 + n * 200 + 200],
        )?;
    }
    Ok(user)
}

fn fastest(mut run: impl FnMut()) -> Duration {
    let times = (0..7).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

/// A fresh database with all that, and statistics about it as a server gathers them on its own while it is idle.
fn filled() -> (TestDb, UserId) {
    let test = TestDb::fresh();
    let user = test.write(large);
    let gather = match test.engine() {
        Engine::Sqlite => return (test, user),
        Engine::MySql => "ANALYZE TABLE",
        Engine::PostgreSql => "ANALYZE",
    };
    for table in [
        "repositories",
        "repo_to_perm",
        "users_group_repo_to_perm",
        "users_groups_members",
    ] {
        test.write(|tx| tx.batch("gather statistics", &format!("{gather} {table}")));
    }
    (test, user)
}

#[test]
fn what_an_account_may_is_asked_for_all_at_once() {
    let (test, user) = filled();
    let levels = test.read(|conn| repo_to_perm::repository_levels(conn, user));
    assert_eq!(levels.len() as i64, REPOSITORIES);
    assert!(levels.iter().all(|levels| levels.base == Some(Level::Read)));
    assert!(
        levels
            .iter()
            .filter(|levels| levels.through_groups == Some(Level::Write))
            .count()
            > 9_900
    );
}

#[test]
#[ignore = "prints figures, for a release build on a machine at rest; the aim is 15 ms for all"]
fn how_long_it_takes_to_ask_what_an_account_may() {
    let (test, user) = filled();
    let one = test.read(|conn| repo_to_perm::repository_levels(conn, user))[4711].id;
    let all = fastest(|| drop(test.read(|conn| repo_to_perm::sources(conn, user))));
    let named = fastest(|| drop(test.read(|conn| repo_to_perm::repository_levels(conn, user))));
    let one = fastest(|| drop(test.read(|conn| repo_to_perm::repository_level(conn, user, one))));
    println!(
        "{}: all {all:?}, with names {named:?}, one {one:?}",
        test.engine()
    );
}
