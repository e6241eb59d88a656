//! Databases that break the rules: rows that old releases, other programs or hands have left behind. Whatever it is,
//! reading goes on, and nobody but the account or the repository with the odd row notices.

use crate::conn::{Conn, params};
use crate::ids::{GroupId, PullRequestId, RepoId, UserGroupId, UserId};
use crate::testing::{TestDb, add_user};
use crate::{
    Db, DbError, Engine, Level, LocalTime, changeset_comments, changeset_statuses, gists, groups,
    pull_request_reviewers, pull_requests, repo_to_perm, repositories, repositories_fields,
    settings, statistics, ui, user_api_keys, user_email_map, user_followings, user_ip_map,
    user_logs, user_repo_group_to_perm, user_ssh_keys, user_to_perm, user_user_group_to_perm,
    users, users_groups, users_groups_members,
};

/// Reads everything that pages read, for an account.
fn read_all(conn: &Conn, user: UserId) -> Result<usize, DbError> {
    let mut read = 0;
    read += settings::all(conn)?.len() + ui::all(conn)?.len();
    read += users::all(conn)?.len() + users_groups::all(conn)?.len();
    read += usize::from(users::by_id(conn, user)?.is_some());
    read += user_to_perm::reaching(conn, user)?.len();
    read += user_ip_map::allowed_for(conn, user)?.len();
    read += user_email_map::all(conn)?.len();
    read += user_ssh_keys::of_active_users(conn)?.len();
    read += usize::from(user_api_keys::owner(conn, &"key".into(), 0.0)?.is_some());
    read += repo_to_perm::repository_levels(conn, user)?.len();
    read += user_repo_group_to_perm::group_levels(conn, user)?.len();
    read += user_user_group_to_perm::user_group_levels(conn, user)?.len();
    read += users_groups_members::counts(conn)?.len();
    read += gists::of_user(conn, user, 0.0)?.len();
    for group in groups::all(conn)? {
        read += groups::ancestors(conn, group.id)?.len();
        read += user_repo_group_to_perm::of_group(conn, group.id)?.len();
    }
    for repository in repositories::all(conn)? {
        let id = repository.id;
        read += repo_to_perm::of_repository(conn, id)?.len();
        read += repositories_fields::of_repository(conn, id)?.len();
        read += user_logs::recent_of_repository(conn, id, 100)?.len();
        read += users::following(conn, id)?.len();
        read += crate::surroundings::of_repository(conn, Some(user), Some(user), id)?
            .relatives
            .len();
        read += user_followings::followed_both(conn, user)?.0.len();
        read += usize::from(statistics::of_repository(conn, id)?.is_some());
        for request in pull_requests::to_repository(conn, id)? {
            read += changeset_comments::of_pull_requests(conn, &[request.id])?.len();
            read += changeset_statuses::of_pull_requests(conn, &[request.id])?.len();
            read += pull_request_reviewers::of_pull_requests(conn, &[request.id])?.len();
        }
    }
    Ok(read)
}

#[test]
fn rows_without_their_others_are_passed_over() {
    let test = TestDb::kallithea();
    let alice = UserId(3);
    test.write(crate::schema::create_own_tables);
    let before = test.read(|conn| read_all(conn, alice));
    // Everything that a repository, a group, an account and a user group had is left, they themselves are gone.
    test.write_orphans(|tx| {
        tx.execute("DELETE FROM users WHERE user_id = ?", &params![UserId(4)])?;
        tx.execute(
            "DELETE FROM repositories WHERE repo_id = ?",
            &params![RepoId(1)],
        )?;
        tx.execute(
            "DELETE FROM \"groups\" WHERE group_id = ?",
            &params![GroupId(1)],
        )?;
        tx.execute(
            "DELETE FROM users_groups WHERE users_group_id = ?",
            &params![UserGroupId(2)],
        )?;
        tx.execute(
            "DELETE FROM permissions WHERE permission_name = 'repository.write'",
            &[],
        )?;
        tx.execute(
            "DELETE FROM pull_requests WHERE pull_request_id = ?",
            &params![PullRequestId(2)],
        )
    });
    let after = test.read(|conn| read_all(conn, alice));
    assert!(0 < after && after < before);
    for user in test.read(users::all) {
        test.read(|conn| read_all(conn, user.id));
    }
    // What is left of them can be deleted, too, and new ones can be made.
    test.write_orphans(|tx| {
        users::delete(tx, UserId(4))?;
        repositories::delete(tx, RepoId(1))?;
        groups::delete(tx, GroupId(1))?;
        users_groups::delete(tx, UserGroupId(2))?;
        add_user(tx, "new")
    });
}

#[test]
fn without_the_default_user_the_others_keep_what_is_theirs() {
    let test = TestDb::kallithea();
    test.write_orphans(|tx| tx.execute("DELETE FROM users WHERE username = 'default'", &[]));
    assert_eq!(test.read(users::default_user), None);
    let levels = test.read(|conn| repo_to_perm::repository_levels(conn, UserId(9)));
    assert!(levels.iter().all(|levels| levels.base.is_none()));
    let own = levels
        .iter()
        .find(|levels| levels.name.as_str() == "sandbox-git");
    assert_eq!(own.and_then(|levels| levels.own), Some(Level::Write));
    test.read(|conn| read_all(conn, UserId(9)));
}

#[test]
fn doubled_rows_count_once() {
    let test = TestDb::kallithea();
    let alice = UserId(3);
    let before = test.read(|conn| repo_to_perm::repository_levels(conn, alice));
    let reaching = test.read(|conn| user_to_perm::reaching(conn, alice));
    test.write(|tx| {
        // Names of permissions, half of the grants pointing to the doubles, and memberships.
        tx.execute(
            "INSERT INTO permissions (permission_name) SELECT permission_name FROM permissions p",
            &[],
        )?;
        tx.execute(
            "UPDATE repo_to_perm SET permission_id = (SELECT MAX(twin.permission_id) FROM permissions twin \
             JOIN permissions p ON p.permission_name = twin.permission_name \
             WHERE p.permission_id = repo_to_perm.permission_id) WHERE repo_to_perm_id > ?",
            &params![10],
        )?;
        tx.execute(
            "INSERT INTO users_groups_members (users_group_id, user_id) \
             SELECT m.users_group_id, m.user_id FROM users_groups_members m",
            &[],
        )
    });
    assert_eq!(
        test.read(|conn| repo_to_perm::repository_levels(conn, alice)),
        before
    );
    assert_eq!(
        test.read(|conn| user_to_perm::reaching(conn, alice)).len(),
        reaching.len()
    );
    let members = test.read(|conn| users_groups_members::of_user_group(conn, UserGroupId(1)));
    assert_eq!(members, [alice, UserId(4)]);
    assert_eq!(test.read(users::all).len(), 9);
}

#[test]
fn names_may_hold_anything_that_fits() {
    let test = TestDb::kallithea();
    test.write(crate::schema::create_own_tables);
    let long = "ß".repeat(255);
    let names = [
        "o'brien",
        "a\"b",
        "\\",
        "%",
        "_",
        "?",
        "$1",
        "-- x",
        "'; DROP TABLE users; --",
        &long,
    ];
    for name in names {
        let id = test.write(|tx| add_user(tx, name));
        let found = test
            .read(|conn| users::by_username(conn, &name.into()))
            .unwrap();
        assert_eq!((found.id, found.username.as_str()), (id, name));
        let found = test
            .read(|conn| users::by_username_in_any_case(conn, &name.into()))
            .unwrap();
        assert_eq!(found.id, id);
        test.read(|conn| read_all(conn, id));
        assert!(test.write(|tx| users::delete(tx, id)));
    }
}

#[test]
fn odd_dates_are_read_or_the_epoch() {
    let test = TestDb::kallithea();
    let created = |test: &TestDb| {
        test.read(|conn| users::by_id(conn, UserId(3)))
            .unwrap()
            .created_on
    };
    let dates: &[(&str, &str)] = match test.engine() {
        Engine::Sqlite => &[
            ("'2020-01-02T03:04:05'", "2020-01-02 03:04:05"),
            ("'2020-01-02 03:04:05+02:00'", "2020-01-02 03:04:05"),
            ("'2020-01-02 03:04:05Z'", "2020-01-02 03:04:05"),
            ("'2020-01-02'", "2020-01-02 00:00:00"),
            ("'2020-01-02 03:04'", "2020-01-02 03:04:00"),
            ("'2020-1-2 3:4:5.5'", "2020-01-02 03:04:05.5"),
            ("''", "1970-01-01 00:00:00"),
            ("'0000-00-00 00:00:00'", "1970-01-01 00:00:00"),
            ("'yesterday'", "1970-01-01 00:00:00"),
            ("X'ff'", "1970-01-01 00:00:00"),
            ("1577934245", "1970-01-01 00:00:00"),
        ],
        Engine::PostgreSql => &[
            ("'infinity'", "1970-01-01 00:00:00"),
            ("'-infinity'", "1970-01-01 00:00:00"),
            ("'20000-01-01'", "1970-01-01 00:00:00"),
            ("'4000-01-01 BC'", "-003999-01-01 00:00:00"),
        ],
        Engine::MySql => &[
            ("'0000-00-00 00:00:00'", "1970-01-01 00:00:00"),
            ("'2020-00-00 00:00:00'", "1970-01-01 00:00:00"),
            ("'9999-12-31 23:59:59'", "9999-12-31 23:59:59"),
        ],
    };
    for (stored, wanted) in dates {
        test.write(|tx| {
            if tx.engine() == Engine::MySql {
                // As old servers were set up.
                tx.batch("prepare the test", "SET SESSION sql_mode = 'ANSI_QUOTES'")?;
            }
            tx.batch(
                "prepare the test",
                &format!("UPDATE users SET created_on = {stored} WHERE user_id = 3"),
            )
        });
        assert_eq!(
            created(&test),
            wanted.parse::<LocalTime>().unwrap(),
            "{stored}"
        );
        assert_eq!(test.read(users::all).len(), 9);
    }
}

#[test]
fn columns_of_json_may_hold_anything() {
    let test = TestDb::kallithea();
    for bytes in [&b""[..], b"{", b"null", b"\xff\xfe\0", b"[1, 2]"] {
        test.write(|tx| {
            tx.execute(
                "UPDATE repositories SET changeset_cache = ?",
                &params![bytes],
            )?;
            tx.execute("UPDATE users_groups SET group_data = ?", &params![bytes])?;
            tx.execute("UPDATE users SET user_data = ?", &params![bytes])?;
            tx.execute("UPDATE statistics SET languages = ?", &params![bytes])
        });
        let repository = test
            .read(|conn| repositories::by_id(conn, RepoId(1)))
            .unwrap();
        assert_eq!(repository.changeset_cache.as_deref(), Some(bytes));
        test.read(|conn| read_all(conn, UserId(3)));
    }
}

/// An instance whose database was made by hand, with the old default of the server.
#[test]
fn tables_in_latin1_hold_what_they_can() {
    let test = TestDb::empty();
    if test.engine() != Engine::MySql {
        return;
    }
    let name: String = test
        .read(|conn| conn.query_one("SELECT DATABASE()", &[], |row| row.take()))
        .unwrap();
    test.write(|tx| {
        tx.batch(
            "prepare the test",
            &format!("ALTER DATABASE \"{name}\" CHARACTER SET latin1 COLLATE latin1_swedish_ci"),
        )
    });
    test.write(crate::testing::make_fresh);
    let zoe = test.write(|tx| add_user(tx, "Zoë"));
    let found = test
        .read(|conn| users::by_username(conn, &"Zoë".into()))
        .unwrap();
    assert_eq!((found.id, found.username.as_str()), (zoe, "Zoë"));
    let any_case = |name: &str| {
        let found = test.read(|conn| users::by_username_in_any_case(conn, &name.into()));
        found.map(|user| user.id)
    };
    assert_eq!(any_case("ZOË"), Some(zoe));
    // What such a table cannot hold is not found in it, and refused when it is written.
    for name in ["日本", "🦀", "Zoë🦀", "Łukasz"] {
        assert_eq!(any_case(name), None, "{name}");
        assert_eq!(
            test.read(|conn| users::by_username(conn, &name.into())),
            None,
            "{name}"
        );
        assert_eq!(
            test.read(|conn| users::by_email(conn, name)),
            None,
            "{name}"
        );
        assert_eq!(
            test.read(|conn| repositories::by_name(conn, &name.into())),
            None,
            "{name}"
        );
        let refused = test.db.write(|tx| add_user(tx, name)).unwrap_err();
        assert!(
            matches!(refused, DbError::Unfit { .. }),
            "{name}: {refused:?}"
        );
    }
    test.read(|conn| read_all(conn, zoe));
    let other = Db::new(test.db.url().clone());
    assert_eq!(other.read(users::all).unwrap().len(), 1);
}
