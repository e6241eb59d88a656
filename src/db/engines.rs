//! The tests of this crate once more, on real servers. A test starts a server and then its own binary, told by the
//! environment to take its databases from there.

use std::env;
use std::process::Command;

use crate::testing::SERVER;
use crate::testing::servers::Server;

/// Tests that bring their own processes or servers, or have nothing to do with a database.
const ELSEWHERE: [&str; 5] = ["engines::", "processes::", "url::", "session::", "value::"];

fn all_tests_on(server: &Server) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env(SERVER, server.url("test"));
    for module in ELSEWHERE {
        command.args(["--skip", module]);
    }
    if let Ok(only) = env::var("KALLITHEA_DB_TEST_ONLY") {
        command.arg(only);
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn every_test_passes_on_postgresql() {
    if env::var(SERVER).is_err() {
        all_tests_on(&Server::postgresql());
    }
}

#[test]
fn every_test_passes_on_mariadb() {
    if env::var(SERVER).is_err() {
        all_tests_on(&Server::mariadb());
    }
}
