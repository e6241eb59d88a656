//! The tests of this crate once more, on real servers. A test starts a server and then its own binary, told by the
//! environment to take its databases from there.

use std::env;
use std::process::Command;

use crate::processes::four_processes_on;
use crate::test_servers::{AGAIN, CODED_PASSWORD, Server};
use crate::testing::make_fresh;
use crate::{Db, Tx, settings, users};

/// Tests that bring their own processes or servers, or have nothing to do with a database.
const ELSEWHERE: [&str; 5] = ["engines::", "processes::", "url::", "session::", "value::"];

fn all_tests_on(server: &Server) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env(AGAIN, server.url("test"));
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

/// What becomes of us when the server goes away: nothing worse than "not now" for whoever asks meanwhile.
fn outlives(server: &mut Server) {
    let db = Db::new(server.url("outlived").parse().unwrap());
    db.create_if_missing().unwrap();
    db.write(make_fresh).unwrap();
    let title = |text| move |tx: &Tx<'_>| settings::set(tx, "title", Some(text), None);
    let read = |db: &Db| db.read(|conn| settings::get(conn, "title"));
    db.write(title("before")).unwrap();

    // Nobody asks while it is away: nobody notices.
    server.stop(true);
    server.start();
    assert_eq!(read(&db).unwrap().unwrap().value, "before");

    server.stop(true);
    let errors = [
        read(&db).map(drop).unwrap_err(),
        db.write(title("meanwhile")).unwrap_err(),
        db.create_if_missing().unwrap_err(),
        Db::new(db.url().clone())
            .read(users::all)
            .map(drop)
            .unwrap_err(),
    ];
    for error in errors {
        assert!(error.is_unavailable(), "{error:?}");
        let text = format!("{error} {error:?}");
        assert!(
            !text.contains(CODED_PASSWORD) && !text.contains("p@ss"),
            "{text}"
        );
    }
    server.start();
    db.write(title("after")).unwrap();
    assert_eq!(read(&db).unwrap().unwrap().value, "after");

    // In the middle of a change, as in a power cut.
    let cut = db.write(|tx| {
        title("half done")(tx)?;
        server.stop(false);
        title("done")(tx)
    });
    assert!(cut.unwrap_err().is_unavailable());
    assert!(read(&db).unwrap_err().is_unavailable());
    server.start();
    assert_ne!(read(&db).unwrap().unwrap().value, "half done");
    db.write(title("in the end")).unwrap();
    assert_eq!(read(&db).unwrap().unwrap().value, "in the end");
}

/// What an administrator may have got wrong is said, and is no defect.
fn says_what_is_wrong(server: &Server) {
    let url = server.url("test");
    for (url, wrong) in [
        (url.replace(CODED_PASSWORD, "wrong"), "password"),
        (url.replace("kallithea:", "nobody:"), "user"),
        (url.replace("127.0.0.1", "no-such-host.invalid"), "host"),
    ] {
        let error = Db::new(url.parse().unwrap()).read(users::all).unwrap_err();
        assert!(error.is_unavailable(), "{wrong}: {error:?}");
    }
    let error = Db::new(server.url("no_such_database").parse().unwrap());
    let error = error.read(users::all).unwrap_err();
    assert!(
        error.is_unavailable() && error.to_string().contains("no_such_database"),
        "{error}"
    );
}

/// Asks for TLS in all ways that the URL knows.
fn speaks_tls(server: &Server, known: &[&str], refused: &[&str]) {
    let url = server.url("test_tls");
    let place = url.split('?').next().unwrap();
    Db::new(url.parse().unwrap()).create_if_missing().unwrap();
    let open = |options: &str| {
        let options = options.replace(
            "{ca}",
            &server.folder().join("ca.crt").display().to_string(),
        );
        let db = Db::new(format!("{place}?{options}").parse().unwrap());
        db.read(|conn| conn.tables())
    };
    for options in known {
        open(options).unwrap_or_else(|error| panic!("{options}: {error:?}"));
    }
    for options in refused {
        let error = open(options).expect_err(options);
        assert!(error.is_unavailable(), "{options}: {error:?}");
    }
}

#[test]
fn every_test_passes_on_postgresql() {
    if env::var(AGAIN).is_ok() {
        return;
    }
    let mut server = Server::postgresql();
    all_tests_on(&server);
    four_processes_on(&server.url("four"));
    says_what_is_wrong(&server);
    speaks_tls(
        &server,
        &[
            "sslmode=prefer",
            "sslmode=require",
            "sslmode=require&sslrootcert={ca}",
            "sslmode=verify-full&sslrootcert={ca}",
        ],
        // The system knows nothing of our authority.
        &[
            "sslmode=verify-ca",
            "sslmode=verify-full",
            "sslmode=verify-full&sslrootcert=/nowhere",
        ],
    );
    let folder = server.folder().display();
    let socket = format!(
        "postgresql://kallithea:{CODED_PASSWORD}@/four?host={folder}&port={}",
        server.port()
    );
    let by_socket = Db::new(socket.parse().unwrap());
    assert_eq!(by_socket.read(users::all).unwrap().len(), 200);
    outlives(&mut server);
}

#[test]
fn every_test_passes_on_mariadb() {
    if env::var(AGAIN).is_ok() {
        return;
    }
    let mut server = Server::mariadb();
    all_tests_on(&server);
    four_processes_on(&server.url("four"));
    says_what_is_wrong(&server);
    speaks_tls(
        &server,
        &[
            "ssl=true",
            "ssl_ca={ca}",
            "ssl_ca={ca}&ssl_check_hostname=true",
            "ssl_mode=PREFERRED",
        ],
        &["ssl_verify_cert=true", "ssl_ca=/nowhere"],
    );
    let socket = server.folder().join("socket");
    let socket = format!(
        "mysql://kallithea:{CODED_PASSWORD}@localhost/four?unix_socket={}&charset=utf8mb4",
        socket.display()
    );
    let by_socket = Db::new(socket.parse().unwrap());
    assert_eq!(by_socket.read(users::all).unwrap().len(), 200);
    outlives(&mut server);
}
