//! Every command that writes, by two administrators at the same moment: one of them does it, or both do, and nothing is done twice or by half.

use std::fs;
use std::path::Path;
use std::sync::Barrier;

use super::place::Place;
use super::typed;

type Outcome = (i32, String, String);

/// Runs it twice at once. Whoever does not do it says who is at it.
fn twice(command: &str, run: impl Fn() -> Outcome + Sync) -> Vec<Outcome> {
    let ready = Barrier::new(2);
    let one = || {
        ready.wait();
        run()
    };
    let outcomes = std::thread::scope(|scope| {
        let other = scope.spawn(one);
        vec![one(), other.join().unwrap()]
    });
    for (code, _, err) in &outcomes {
        let waits = err.starts_with("Error: another kallithea-cli is at the same work");
        assert!(
            *code == 0 || (*code == 1 && waits),
            "{command}: {outcomes:?}"
        );
    }
    assert!(
        outcomes.iter().any(|(code, _, _)| *code == 0),
        "{command}: {outcomes:?}"
    );
    outcomes
}

fn count(place: &Place, sql: &str) -> i64 {
    let file = place.0.path().join("kallithea.db");
    let database = rusqlite::Connection::open(file).unwrap();
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn scans_add_each_repository_once() {
    let place = Place::with_database();
    for number in 0..20 {
        place.git(&format!("group/r{number}"));
    }
    let outcomes = twice("repo-scan", || place.run("repo-scan", &[]));
    let added = outcomes
        .iter()
        .filter(|(_, out, _)| out.contains("Added: group/r0,"));
    assert_eq!(added.count(), 1, "{outcomes:?}");
    assert_eq!(count(&place, "SELECT COUNT(*) FROM repositories"), 20);
    assert_eq!(count(&place, "SELECT COUNT(*) FROM groups"), 1);
    assert_eq!(
        count(
            &place,
            "SELECT COUNT(*) FROM repositories WHERE repo_state <> 'repo_state_created'"
        ),
        0
    );
}

#[test]
fn deleted_repositories_are_purged_once() {
    let place = Place::with_database();
    for number in 0..10 {
        place.git(&format!("rm__20200102_030405_00000{number}__r"));
    }
    let outcomes = twice("repo-purge-deleted", || {
        place.run("repo-purge-deleted", &["--no-ask"])
    });
    let purged: usize = outcomes
        .iter()
        .map(|(_, out, _)| out.matches("Purging repository").count())
        .sum();
    assert_eq!(purged, 10, "{outcomes:?}");
    let left = fs::read_dir(place.repos()).unwrap();
    assert_eq!(
        left.filter(|entry| entry.as_ref().unwrap().file_name() != ".cache")
            .count(),
        0
    );
}

#[test]
fn databases_are_made_and_upgraded_by_one() {
    let place = Place::new();
    place.git("one");
    twice("db-create", || place.create(&["--force-yes"]));
    assert_eq!(
        count(&place, "SELECT COUNT(*) FROM users"),
        2,
        "the administrator and the default user"
    );
    assert_eq!(count(&place, "SELECT COUNT(*) FROM repositories"), 1);
    let database = rusqlite::Connection::open(place.0.path().join("kallithea.db")).unwrap();
    database
        .execute(
            "UPDATE alembic_version SET version_num = 'f62826179f39'",
            [],
        )
        .unwrap();
    drop(database);
    twice("db-upgrade", || place.run("db-upgrade", &["--yes"]));
    assert_eq!(
        count(
            &place,
            "SELECT COUNT(*) FROM alembic_version WHERE version_num = '7ba0d2cad930'"
        ),
        1
    );
}

#[test]
fn upkeep_is_done_for_all() {
    let place = Place::with_database();
    for number in 0..5 {
        place.git(&format!("r{number}"));
    }
    place.run("repo-scan", &[]);
    for command in [
        "repo-update-metadata",
        "repo-update-cache",
        "repo-housekeeping",
    ] {
        let outcomes = twice(command, || place.run(command, &[]));
        for (code, out, _) in &outcomes {
            assert_eq!(
                out.contains("\nr0\nr1\nr2\nr3\nr4\n"),
                *code == 0,
                "{outcomes:?}"
            );
        }
        if command == "repo-update-metadata" {
            assert!(
                outcomes.iter().all(|(code, _, _)| *code == 0),
                "hooks call it: {outcomes:?}"
            );
        }
    }
    twice("celery-run", || place.run("celery-run", &["--once"]));
}

/// What a command leaves in a file, and nothing beside it.
fn files_of(folder: &Path, start: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(start)).collect()
}

#[test]
fn files_are_whole_whoever_was_last() {
    let place = Place::with_database();
    twice("extensions-create", || {
        place.run("extensions-create", &["--force"])
    });
    assert_eq!(files_of(place.0.path(), "extensions.py"), ["extensions.py"]);
    let text = fs::read_to_string(place.0.path().join("extensions.py")).unwrap();
    assert!(text.starts_with("\"\"\"Code of your own") && text.ends_with("\"\"\"\n"));

    let keys = place.0.path().join("ssh");
    let ini = fs::read_to_string(place.ini()).unwrap();
    let ssh = format!(
        "{ini}ssh_enabled = true\nssh_authorized_keys = {}\n",
        keys.join("authorized_keys").display()
    );
    fs::write(place.ini(), ssh).unwrap();
    let outcomes = twice("ssh-update-authorized-keys", || {
        place.run("ssh-update-authorized-keys", &[])
    });
    assert!(
        outcomes.iter().all(|(code, _, _)| *code == 0),
        "{outcomes:?}"
    );
    assert_eq!(files_of(&keys, "authorized_keys"), ["authorized_keys"]);
    let text = fs::read_to_string(keys.join("authorized_keys")).unwrap();
    assert!(text.starts_with("# WARNING: This .ssh/authorized_keys file is managed by Kallithea."));

    let new = place.0.path().join("new.ini");
    let name = new.to_str().unwrap();
    let ready = Barrier::new(2);
    let make = || {
        ready.wait();
        typed(&["config-create", name], &[])
    };
    let codes = std::thread::scope(|scope| {
        let other = scope.spawn(make);
        let mut codes = [make().0, other.join().unwrap().0];
        codes.sort_unstable();
        codes
    });
    assert_eq!(
        codes,
        [0, 1],
        "one of them writes it, the other one does not write over it"
    );
    assert_eq!(files_of(place.0.path(), "new.ini"), ["new.ini"]);
    assert!(
        fs::read_to_string(&new)
            .unwrap()
            .ends_with("handlers = null\n")
    );
}
