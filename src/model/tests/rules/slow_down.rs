//! Who guesses is slowed down, and nobody else is.

use db::{Db, failed_logins};
use kallithea_model::Error;

use crate::support::Instance;

/// As many failures of one name as cost nothing.
const FREE: usize = 10;

#[test]
fn a_guesser_has_to_wait_and_the_owner_at_home_does_not() {
    let instance = Instance::new();
    let model = &instance.model;
    let (home, away) = ("192.0.2.1", "192.0.2.2");
    assert!(
        model
            .authenticate("admin", "secret1", home)
            .unwrap()
            .is_some()
    );
    for name in ["admin", "nobody"] {
        for n in 0..FREE {
            let found = model.authenticate(name, "wrong12", away).unwrap();
            assert!(found.is_none(), "{n}");
        }
        // The first waits are short, and a machine may be busy for as long.
        let told = (0..10)
            .find_map(|_| model.authenticate(name, "wrong12", away).err())
            .unwrap();
        assert!(matches!(told, Error::TooManyAttempts { seconds: 1..=60 }));
    }
    // Another address does not help, neither does another case of the name.
    let told = (0..10)
        .find_map(|_| model.authenticate("ADMIN", "wrong12", "192.0.2.3").err())
        .unwrap();
    assert!(matches!(told, Error::TooManyAttempts { .. }));
    let found = model.authenticate("admin", "secret1", home).unwrap();
    assert!(found.is_some(), "whose address is known");
    let found = model.authenticate("admin", "secret1", away).unwrap();
    assert!(found.is_some(), "signing in forgives");
}

#[test]
fn an_address_that_fails_at_everything_has_to_wait_too() {
    let instance = Instance::new();
    let db = Db::new(instance.model.config().database_url.parse().unwrap());
    let now = jiff::Timestamp::now().as_second();
    db.write(|tx| {
        failed_logins::set(tx, "address:192.0.2.9", 500, now)?;
        failed_logins::set(tx, "keys:192.0.2.9", 500, now)
    })
    .unwrap();
    for wait in [
        instance
            .model
            .authenticate("admin", "secret1", "192.0.2.9")
            .map(drop),
        instance.model.viewer_by_key("x", "192.0.2.9").map(drop),
    ] {
        assert!(matches!(wait, Err(Error::TooManyAttempts { .. })));
    }
    let key = instance
        .model
        .user_by_name("admin")
        .unwrap()
        .unwrap()
        .api_key;
    let known = instance
        .model
        .viewer_by_key(key.as_str(), "192.0.2.9")
        .unwrap();
    assert!(
        known.is_some(),
        "the right key does not wait for those who guess"
    );
    assert!(
        instance
            .model
            .authenticate("admin", "secret1", "192.0.2.8")
            .unwrap()
            .is_some()
    );
}

#[test]
fn a_failure_stands_in_the_journal_without_what_was_typed() {
    let instance = Instance::new();
    let model = &instance.model;
    model.authenticate("admin", "wrong12", "192.0.2.1").unwrap();
    model
        .authenticate("my password", "admin", "192.0.2.1")
        .unwrap();
    let db = Db::new(model.config().database_url.parse().unwrap());
    let entries = db.read(|conn| db::user_logs::recent(conn, 10)).unwrap();
    let entries: Vec<_> = entries
        .iter()
        .filter(|entry| entry.action == "failed_login")
        .map(|entry| (entry.username.as_str(), entry.user_ip.as_deref()))
        .collect();
    assert_eq!(
        entries,
        [
            ("(unknown)", Some("192.0.2.1")),
            ("admin", Some("192.0.2.1"))
        ]
    );
}
