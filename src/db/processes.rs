//! Tests with several processes, as servers have them. A test starts its own binary again, told by the environment
//! to run the same test as a worker.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use crate::testing::{TestDb, add_user, make_fresh};
use crate::{Db, schema, settings, users};

/// Set in a worker: the database and the worker's number.
const WORKER: &str = "KALLITHEA_DB_TEST_WORKER";

/// What a worker is told, or nothing in the test itself.
fn worker() -> Option<(Db, String)> {
    let told = env::var(WORKER).ok()?;
    let (number, url) = told.split_once(' ').unwrap();
    Some((Db::new(url.parse().unwrap()), number.to_owned()))
}

fn start(
    program: &Path,
    test: &str,
    number: usize,
    database: &str,
    change: impl Fn(&mut Command),
) -> Child {
    let mut command = Command::new(program);
    command
        .args(["--exact", test, "--nocapture", "--quiet"])
        .env(WORKER, format!("{number} {database}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    change(&mut command);
    command.spawn().unwrap()
}

fn integrity(test: &Db) -> String {
    test.read(|conn| conn.query_one("PRAGMA integrity_check", &[], |row| row.take::<String>()))
        .unwrap()
        .unwrap()
}

#[test]
fn four_processes_start_on_nothing_and_lose_no_write() {
    if let Some((db, number)) = worker() {
        db.create_if_missing().unwrap();
        db.write(make_fresh).unwrap();
        for n in 0..50 {
            db.write(|tx| add_user(tx, &format!("user-{number}-{n}")))
                .unwrap();
            assert!(db.read(users::all).unwrap().len() > n);
        }
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let db = four_processes_on(&sqlite_url(&dir.path().join("kallithea.db")));
    assert_eq!(integrity(&db), "ok");
}

fn sqlite_url(path: &Path) -> String {
    format!("sqlite:///{}", path.display())
}

/// Four processes find no database, make it, and write into it all at once.
pub(crate) fn four_processes_on(url: &str) -> Db {
    let program = env::current_exe().unwrap();
    let workers: Vec<Child> = (0..4)
        .map(|n| {
            start(
                &program,
                "processes::four_processes_start_on_nothing_and_lose_no_write",
                n,
                url,
                |_| (),
            )
        })
        .collect();
    for worker in workers {
        let output = worker.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    let db = Db::new(url.parse().unwrap());
    assert_eq!(db.read(schema::check).unwrap(), schema::SchemaState::Head);
    assert!(db.read(schema::has_own_tables).unwrap());
    assert_eq!(
        db.read(settings::all).unwrap().len(),
        19,
        "one process filled it"
    );
    assert_eq!(db.read(users::all).unwrap().len(), 200);
    db
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    if let Some((db, number)) = worker() {
        for n in 0.. {
            db.write(|tx| add_user(tx, &format!("user-{number}-{n}")))
                .unwrap();
            println!("done {n}");
        }
    }
    let test = TestDb::fresh_sqlite();
    let program = env::current_exe().unwrap();
    let mut acknowledged = 0;
    for round in 0..4 {
        let mut worker = start(
            &program,
            "processes::what_was_acknowledged_survives_a_kill",
            round,
            &sqlite_url(test.db.url().file().unwrap()),
            |_| (),
        );
        let mut output = BufReader::new(worker.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        // Killed in the middle of whatever it does then.
        let before = output
            .by_ref()
            .filter(|line| line.starts_with("done "))
            .take(20 + 7 * round)
            .count();
        worker.kill().unwrap();
        acknowledged += before + output.filter(|line| line.starts_with("done ")).count();
        worker.wait().unwrap();

        let kept = test.read(users::all).len();
        // The kill may have come between the write and the word about it, once per round.
        assert!(
            (acknowledged..=acknowledged + round + 1).contains(&kept),
            "{kept} of {acknowledged} in round {round}"
        );
        assert_eq!(integrity(&test.db), "ok");
    }
}

#[test]
fn a_read_only_file_is_unavailable_until_it_is_writable() {
    if let Some((db, _)) = worker() {
        let mut line = String::new();
        assert_eq!(db.read(users::all).unwrap().len(), 0, "reading works");
        let error = db.write(|tx| add_user(tx, "alice")).unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");
        println!("refused");
        std::io::stdin().read_line(&mut line).unwrap();
        db.write(|tx| add_user(tx, "alice")).unwrap();
        return;
    }
    let test = TestDb::fresh_sqlite();
    test.db.close_idle();
    let (dir, database) = (test.dir.path(), test.db.url().file().unwrap());
    // Nothing is read-only to root, so the worker runs as nobody, from a copy of the program that nobody may start.
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let nobody = is_root.then_some(65534);
    let program: PathBuf = dir.join("program");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    for (path, mode) in [(dir, 0o755), (&program, 0o755), (database, 0o444)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        chown(path, nobody, nobody).unwrap();
    }
    let test_name = "processes::a_read_only_file_is_unavailable_until_it_is_writable";
    let mut worker = start(&program, test_name, 0, &sqlite_url(database), |command| {
        if let Some(nobody) = nobody {
            command.uid(nobody).gid(nobody);
        }
    });
    let mut output = BufReader::new(worker.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("refused") {
        line.clear();
        assert!(
            output.read_line(&mut line).unwrap() > 0,
            "the worker ended early: {:?}",
            worker.wait()
        );
    }
    // The engine gave the files it made beside the database the same mode.
    for entry in fs::read_dir(dir).unwrap() {
        fs::set_permissions(entry.unwrap().path(), fs::Permissions::from_mode(0o755)).unwrap();
    }
    worker.stdin.take().unwrap().write_all(b"go on\n").unwrap();
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(worker.wait().unwrap().success(), "{rest}");
    assert_eq!(test.read(users::all).len(), 1);
}
