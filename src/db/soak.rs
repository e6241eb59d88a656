//! Minutes of writing from many sides at once: four processes with eight threads each, as four workers have eight clients.
//! Every write that was acknowledged is there in the end.
//!
//! `KALLITHEA_DB_SOAK` says how many seconds instead of sixty.

use std::env;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant, SystemTime};

use crate::conn::params;
use crate::test_servers::Server;
use crate::testing::make_fresh;
use crate::user_logs::{self, NewLogEntry};
use crate::{Db, LocalTime, UserId, users};

/// Set in a worker: its number and the URL.
const WORKER: &str = "KALLITHEA_DB_SOAK_WORKER";
const PROCESSES: usize = 4;
const THREADS: usize = 8;

fn seconds() -> u64 {
    let told = env::var("KALLITHEA_DB_SOAK").ok();
    told.and_then(|told| told.parse().ok()).unwrap_or(60)
}

fn milliseconds() -> u128 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default().as_millis()
}

/// Writes until the time is over, and says of each write whether it was kept.
fn work(url: &str, number: &str) {
    let db = Db::new(url.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds());
    scope(|threads| {
        for thread in 0..THREADS {
            let db = &db;
            threads.spawn(move || {
                let name = format!("worker-{number}-{thread}").as_str().into();
                let mut lines = String::new();
                while Instant::now() < end {
                    let start = milliseconds();
                    let written = db.write(|tx| {
                        users::set_last_login(tx, UserId(1), LocalTime::now())?;
                        let entry = NewLogEntry {
                            user: None,
                            username: &name,
                            repository: None,
                            repository_name: "",
                            user_ip: "",
                            action: "pull",
                        };
                        user_logs::insert(tx, &entry)
                    });
                    let read = db.read(users::all).map(drop);
                    for error in [written.as_ref().err(), read.as_ref().err()]
                        .into_iter()
                        .flatten()
                    {
                        assert!(error.is_unavailable(), "{error:?}");
                        lines += &format!("failed {start} {}\n", milliseconds());
                    }
                    if written.is_ok() {
                        lines += "kept\n";
                    }
                    // A client thinks, too.
                    sleep(Duration::from_millis(if written.is_ok() { 5 } else { 50 }));
                }
                std::io::stdout()
                    .lock()
                    .write_all(lines.as_bytes())
                    .unwrap();
            });
        }
    });
}

/// What the workers said: how many writes were kept, and when others failed.
struct Outcome {
    kept: i64,
    failed: Vec<(u128, u128)>,
}

fn start(test: &str, url: &str) -> Vec<Child> {
    let worker = |number| {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args([
                "--exact",
                test,
                "--nocapture",
                "--quiet",
                "--include-ignored",
            ])
            .env(WORKER, format!("{number} {url}"))
            .stdout(Stdio::piped());
        command.spawn().unwrap()
    };
    (0..PROCESSES).map(worker).collect()
}

fn outcome(workers: Vec<Child>) -> Outcome {
    let mut outcome = Outcome {
        kept: 0,
        failed: Vec::new(),
    };
    for worker in workers {
        let output = worker.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
        for line in said.lines() {
            let mut words = line.split(' ');
            match words.next() {
                Some("kept") => outcome.kept += 1,
                Some("failed") => {
                    let mut time = || words.next().unwrap().parse().unwrap();
                    outcome.failed.push((time(), time()));
                }
                _ => {}
            }
        }
    }
    outcome
}

/// In a worker: does its work and says so.
fn is_worker() -> bool {
    let Ok(told) = env::var(WORKER) else {
        return false;
    };
    let (number, url) = told.split_once(' ').unwrap();
    work(url, number);
    true
}

fn entries(db: &Db) -> i64 {
    let sql = "SELECT COUNT(*) FROM user_logs WHERE username LIKE ?";
    db.read(|conn| conn.count(sql, &params!["worker-%"]))
        .unwrap()
}

#[test]
#[ignore = "minutes long: make test-all"]
fn thirty_two_clients_on_sqlite_lose_nothing() {
    if is_worker() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:///{}/kallithea.db?timeout=60", dir.path().display());
    let db = Db::new(url.parse().unwrap());
    db.create_if_missing().unwrap();
    db.write(make_fresh).unwrap();
    let workers = start("soak::thirty_two_clients_on_sqlite_lose_nothing", &url);
    let outcome = outcome(workers);
    println!("SQLite: {} writes in {} s", outcome.kept, seconds());
    assert!(
        outcome.failed.is_empty(),
        "{} failures",
        outcome.failed.len()
    );
    assert!(outcome.kept > 100);
    assert_eq!(entries(&db), outcome.kept);
    let intact = db.read(|conn| conn.query_one("PRAGMA integrity_check", &[], |row| row.take()));
    assert_eq!(intact.unwrap(), Some("ok".to_owned()));
}

fn restarted(server: &mut Server, test: &str) {
    let url = server.url("soak");
    let db = Db::new(url.parse().unwrap());
    db.create_if_missing().unwrap();
    db.write(make_fresh).unwrap();
    let workers = start(test, &url);
    sleep(Duration::from_millis(500 * seconds()));
    let stopped = milliseconds();
    server.stop(true);
    server.start();
    let started = milliseconds();
    let outcome = outcome(workers);
    println!(
        "{}: {} writes in {} s, {} requests failed while the server was away for {} ms",
        db.url().engine(),
        outcome.kept,
        seconds(),
        outcome.failed.len(),
        started - stopped
    );
    assert!(outcome.kept > 100);
    for (from, to) in &outcome.failed {
        assert!(
            *to + 50 >= stopped && *from <= started + 1000,
            "a request failed from {from} to {to}, the server was away from {stopped} to {started}"
        );
    }
    // A commit may have been kept although its answer was lost on the way; never the other way round.
    let lost_answers = i64::try_from(PROCESSES * THREADS).unwrap();
    let kept = entries(&db);
    assert!(
        (outcome.kept..=outcome.kept + lost_answers).contains(&kept),
        "{kept} of {}",
        outcome.kept
    );
}

#[test]
#[ignore = "minutes long: make test-all"]
fn only_what_a_restart_of_postgresql_met_fails() {
    if !is_worker() {
        let test = "soak::only_what_a_restart_of_postgresql_met_fails";
        restarted(&mut Server::postgresql(), test);
    }
}

#[test]
#[ignore = "minutes long: make test-all"]
fn only_what_a_restart_of_mariadb_met_fails() {
    if !is_worker() {
        let test = "soak::only_what_a_restart_of_mariadb_met_fails";
        restarted(&mut Server::mariadb(), test);
    }
}
