use super::*;
use crate::testing::{TestDb, add_user, dangling};
use crate::users_groups_members;

fn name(user: Option<User>) -> Option<String> {
    user.map(|user| user.username.into_string())
}

#[test]
fn a_real_account_is_read_in_full() {
    let test = TestDb::kallithea();
    let user = test.read(|conn| by_id(conn, UserId(9))).unwrap();
    assert_eq!(
        (
            user.username.as_str(),
            user.firstname.as_str(),
            user.lastname.as_str()
        ),
        ("zoe", "Zoë", "Ångström")
    );
    assert_eq!(
        (user.active, user.admin, user.is_default()),
        (true, false, false)
    );
    assert_eq!(user.email.as_deref(), Some("zoe@example.com"));
    assert_eq!(user.extern_type.as_deref(), Some("internal"));
    assert_eq!(
        user.api_key.as_str(),
        "0a9a9d76e0d0bcc185e79ae0cf33cc5706d7201b"
    );
    let time = |text: &str| test.as_stored(text.parse().unwrap());
    assert_eq!(user.last_login, Some(time("2026-11-21 21:37:18.028098")));
    assert_eq!(user.created_on, time("2026-11-21 21:37:12.801106"));
    assert!(user.password.as_str().starts_with("$2b$10$"));
}

#[test]
fn login_ignores_case_and_forms_do_not() {
    let test = TestDb::fresh();
    test.write(|tx| {
        add_user(tx, "Alice")?;
        add_user(tx, "Bob")
    });
    let twin = test.db.write(|tx| add_user(tx, "alice"));
    if test.engine() == crate::Engine::MySql {
        assert!(
            twin.unwrap_err().is_unique_violation(),
            "one name in any case"
        );
        let exact = test.read(|conn| by_username(conn, &"bob".into()));
        assert_eq!(name(exact).as_deref(), Some("Bob"));
        return;
    }
    twin.unwrap();
    let any_case = |text: &str| name(test.read(|conn| by_username_in_any_case(conn, &text.into())));
    assert_eq!(any_case("alice").as_deref(), Some("alice"));
    assert_eq!(any_case("ALICE").as_deref(), Some("Alice"), "the older one");
    assert_eq!(any_case("bob").as_deref(), Some("Bob"));
    assert_eq!(
        name(test.read(|conn| by_username(conn, &"bob".into()))),
        None
    );
    assert_eq!(any_case("b%"), None);
}

#[test]
fn an_address_is_looked_up_in_both_tables() {
    let test = TestDb::kallithea();
    let owner = |email: &str| name(test.read(|conn| by_email(conn, email)));
    assert_eq!(owner("Alice@Example.com").as_deref(), Some("alice"));
    let extra = test.read(|conn| user_email_map::of_user(conn, UserId(3)));
    assert_eq!(extra.len(), 2);
    for email in extra {
        assert_eq!(
            owner(&email.email.to_uppercase()).as_deref(),
            Some("alice"),
            "{email:?}"
        );
    }
    assert_eq!(owner("nobody@example.com"), None);
    assert_eq!(owner(""), None);
}

#[test]
fn an_address_beyond_ascii_is_found_in_any_case() {
    let test = TestDb::kallithea();
    test.write(|tx| {
        tx.execute(
            "UPDATE users SET email = 'jürgen@example.com' WHERE user_id = 4",
            &[],
        )?;
        tx.execute(
            "UPDATE user_email_map SET email = 'åsa@example.com' WHERE email_id = 1",
            &[],
        )
    });
    for email in [
        "JÜRGEN@example.com",
        "jürgen@EXAMPLE.com",
        "Åsa@example.com",
    ] {
        assert!(test.read(|conn| by_email(conn, email)).is_some(), "{email}");
    }
}

#[test]
fn an_address_is_kept_in_lower_case_and_an_empty_one_not_at_all() {
    let test = TestDb::fresh();
    let new = NewUser {
        username: &"alice".into(),
        password: &"".into(),
        active: true,
        admin: true,
        firstname: "Alice",
        lastname: "Allen",
        email: Some("Alice@Example.COM"),
        extern_type: Some("internal"),
        extern_name: None,
        api_key: &"key".into(),
    };
    let id = test.write(|tx| insert(tx, &new));
    let user = test.read(|conn| by_id(conn, id)).unwrap();
    assert_eq!(user.email.as_deref(), Some("alice@example.com"));
    assert!(user.admin && test.read(any_admin_exists));
    let second = NewUser {
        username: &"bob".into(),
        email: Some(""),
        ..new.clone()
    };
    let id = test.write(|tx| insert(tx, &second));
    assert_eq!(test.read(|conn| by_id(conn, id)).unwrap().email, None);
    let clash = NewUser {
        username: &"carol".into(),
        ..new
    };
    assert!(
        test.db
            .write(|tx| insert(tx, &clash))
            .unwrap_err()
            .is_unique_violation()
    );
}

#[test]
fn a_key_of_two_accounts_opens_neither() {
    let test = TestDb::kallithea();
    let key = ApiKey::from("883598eca4c199f83849a303754baefebafe5f6c");
    let owner = || name(test.read(|conn| by_api_key(conn, &key)));
    assert_eq!(owner().as_deref(), Some("alice"));
    test.write(|tx| {
        tx.execute(
            "UPDATE users SET api_key = ? WHERE user_id = 4",
            &params![&key],
        )
    });
    assert_eq!(owner(), None);
    test.write(|tx| tx.execute("UPDATE users SET api_key = '' WHERE user_id = 4", &[]));
    assert_eq!(name(test.read(|conn| by_api_key(conn, &"".into()))), None);
}

#[test]
fn changes_are_kept() {
    let test = TestDb::kallithea();
    let time: LocalTime = "2026-11-22 01:02:03.000004".parse().unwrap();
    test.write(|tx| {
        assert!(set_last_login(tx, UserId(7), time)?);
        assert!(set_password(tx, UserId(7), &"new hash".into())?);
        assert!(set_active(tx, UserId(7), true)?);
        assert!(!set_active(tx, UserId(77), true)?);
        Ok(())
    });
    let erin = test.read(|conn| by_id(conn, UserId(7))).unwrap();
    assert_eq!(
        (erin.last_login, erin.password.as_str(), erin.active),
        (Some(test.as_stored(time)), "new hash", true)
    );
    assert_eq!(test.read(first_admin).unwrap().username.as_str(), "admin");
    assert_eq!(test.read(all).len(), 9);
}

#[test]
fn who_arrives_is_read_at_once() {
    let test = TestDb::kallithea();
    test.write(|tx| {
        user_ip_map::insert(tx, UserId(1), "10.0.0.0/8")?;
        user_ip_map::insert(tx, UserId(4), "192.0.2.0/24")?;
        user_ip_map::insert(tx, UserId(2), "198.51.100.0/24")
    });
    let found = test.read(|conn| arriving(conn, Some(UserId(4))));
    assert_eq!(found.user, test.read(|conn| by_id(conn, UserId(4))));
    assert_eq!(found.default, test.read(default_user));
    assert!(found.has_admin);
    let mut networks: Vec<&str> = found.networks.iter().map(|(_, n)| n.as_str()).collect();
    networks.sort_unstable();
    assert_eq!(
        networks,
        ["10.0.0.0/8", "192.0.2.0/24"],
        "not those of others"
    );
    let nobody = test.read(|conn| arriving(conn, None));
    assert!(nobody.user.is_none() && nobody.default == found.default);
    assert_eq!(
        test.read(|conn| arriving(conn, Some(UserId(99)))).user,
        None
    );
}

#[test]
fn an_account_is_changed_and_tells_what_it_owns() {
    let test = TestDb::kallithea();
    let (bob, key) = (UserId(4), ApiKey::from("new key"));
    let details = UserDetails {
        username: &"robert".into(),
        active: false,
        admin: true,
        firstname: "Robert",
        lastname: "",
        email: Some("Robert@Example.com"),
        extern_type: Some("ldap"),
        extern_name: Some("cn=robert"),
    };
    test.write(|tx| {
        assert!(update(tx, bob, &details)? && set_api_key(tx, bob, &key)?);
        update(tx, UserId(77), &details).map(|changed| assert!(!changed))
    });
    let user = test.read(|conn| by_id(conn, bob)).unwrap();
    assert_eq!(
        (user.username.as_str(), user.active, user.admin),
        ("robert", false, true)
    );
    assert_eq!(user.email.as_deref(), Some("robert@example.com"));
    assert_eq!(
        (user.extern_name.as_deref(), user.api_key),
        (Some("cn=robert"), key)
    );
    assert!(test.read(|conn| another_active_admin_exists(conn, bob)));
    assert!(
        !test.read(|conn| another_active_admin_exists(conn, UserId(2))),
        "an inactive one does not count"
    );
    let owned = test.read(|conn| owned(conn, bob));
    let count = [
        &owned.repositories,
        &owned.groups,
        &owned.user_groups,
        &owned.gists,
        &owned.pull_requests,
    ]
    .map(Vec::len)
    .iter()
    .sum::<usize>();
    assert_eq!(
        i64::try_from(count),
        Ok(test.read(|conn| count_owned(conn, bob)))
    );
}

#[test]
fn rows_of_very_old_databases_are_read() {
    let test = TestDb::empty();
    test.write(|tx| {
        tx.batch(
            "prepare the test",
            "CREATE TABLE users (user_id INTEGER PRIMARY KEY, username VARCHAR(255), password VARCHAR(255), \
             active BOOLEAN, \"admin\" BOOLEAN, firstname VARCHAR(255), lastname VARCHAR(255), email VARCHAR(255), \
             last_login TIMESTAMP NULL, extern_type VARCHAR(255), extern_name VARCHAR(255), api_key VARCHAR(255), \
             created_on TIMESTAMP NULL); INSERT INTO users (user_id) VALUES (1)",
        )
    });
    let user = test.read(|conn| by_id(conn, UserId(1))).unwrap();
    assert_eq!(
        (user.username.as_str(), user.active, user.admin),
        ("", false, false)
    );
    assert_eq!(user.created_on, LocalTime::EPOCH);
}

#[test]
fn a_deleted_account_leaves_nothing_but_its_name_in_the_journal() {
    let test = TestDb::kallithea();
    let entries = "SELECT COUNT(*) FROM user_logs WHERE username = 'bob'";
    let before = test.read(|conn| conn.count(entries, &[]));
    assert!(before > 0 && test.read(|conn| count_owned(conn, UserId(4))) > 0);
    test.write(crate::schema::create_own_tables);
    test.write(|tx| {
        for table in [
            "repositories",
            "\"groups\"",
            "users_groups",
            "gists",
            "pull_requests",
        ] {
            tx.execute(
                &format!("UPDATE {table} SET user_id = 2 WHERE user_id = 4"),
                &[],
            )?;
        }
        assert_eq!(count_owned(tx, UserId(4))?, 0);
        assert!(delete(tx, UserId(4))?);
        assert!(!delete(tx, UserId(4))?);
        Ok(())
    });
    assert_eq!(test.read(dangling), Vec::<String>::new());
    assert_eq!(test.read(|conn| conn.count(entries, &[])), before);
    assert_eq!(
        test.read(|conn| users_groups_members::of_user_group(conn, crate::UserGroupId(1))),
        [UserId(3)]
    );
}

#[test]
fn accounts_are_known_by_all_their_addresses() {
    let test = TestDb::kallithea();
    let bob = test.read(|conn| by_id(conn, UserId(4))).unwrap();
    let main = bob.email.clone().unwrap().to_lowercase();
    test.write(|tx| crate::user_email_map::insert(tx, UserId(4), "Bob@Work.example"));
    let asked = [
        main.clone(),
        "bob@work.example".to_owned(),
        "no@one".to_owned(),
    ];
    let names = test.read(|conn| names_by_email(conn, &asked));
    assert_eq!(names.len(), 2);
    assert!(names.values().all(|name| *name == bob.username));
    assert!(test.read(|conn| names_by_email(conn, &[])).is_empty());
}
