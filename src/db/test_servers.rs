//! Real database servers for tests, of this crate and of others: each in a folder of its own and on a free port, stopped when they go out of use.
//!
//! This is always compiled: as a feature that only tests ask for, it made Cargo build this crate and all above it twice, once with
//! and once without. The product calls nothing here, so the linker leaves it out.
//!
//! PostgreSQL refuses to be run by root, so root lends it another user. The password is real, so that the ways of
//! proving it are tested with everything else.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::types::ValueRef;
use tempfile::TempDir;

use crate::conn::Tx;
use crate::value::Value;
use crate::{DatabaseUrl, Db, DbError, schema};

/// With the letters that a URL has to code.
const PASSWORD: &str = "p@ss/wörd:%";
/// The password as it stands in [`Server::url`].
pub const CODED_PASSWORD: &str = "p%40ss%2Fw%C3%B6rd%3A%25";

/// Tells a test binary that was started again the URL of a database on a server. Each test makes others beside it.
pub(crate) const AGAIN: &str = "KALLITHEA_TEST_SERVER";

/// A running server.
pub struct Server {
    dir: TempDir,
    port: u16,
    kind: Kind,
    process: Option<Child>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    PostgreSql,
    MariaDb,
}

impl Server {
    /// A PostgreSQL server.
    pub fn postgresql() -> Self {
        let dir = folder("postgres");
        make_certificates(&dir, "postgres");
        let password = dir.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        run(
            command(&dir, "postgres", &postgresql_program("initdb")).args([
                "--username=kallithea",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                &format!("--pwfile={}", password.display()),
                &format!("--pgdata={}", dir.path().join("data").display()),
            ]),
        );
        Self::started(Kind::PostgreSql, dir)
    }

    /// A MariaDB server.
    pub fn mariadb() -> Self {
        let dir = folder("mysql");
        make_certificates(&dir, "mysql");
        run(
            command(&dir, "mysql", Path::new("mariadb-install-db")).args([
                "--no-defaults",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                &format!("--datadir={}", dir.path().join("data").display()),
            ]),
        );
        let server = Self::started(Kind::MariaDb, dir);
        let root = format!(
            "mysql://root@localhost/mysql?unix_socket={}",
            server.dir.path().join("socket").display()
        );
        let root = Db::new(root.parse().unwrap());
        root.write(|tx| {
            tx.batch(
                "make the user",
                &format!(
                    "CREATE USER kallithea@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO kallithea@'%'"
                ),
            )
        })
        .unwrap();
        server
    }

    fn started(kind: Kind, dir: TempDir) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .unwrap()
            .port();
        let mut server = Self {
            dir,
            port,
            kind,
            process: None,
        };
        server.start();
        server
    }

    /// Starts it again, at the same place.
    pub fn start(&mut self) {
        let data = self.dir.path().join("data");
        let folder = self.dir.path().display().to_string();
        let port = self.port.to_string();
        let mut program = match self.kind {
            Kind::PostgreSql => {
                let mut program = command(&self.dir, "postgres", &postgresql_program("postgres"));
                program
                    .arg("-D")
                    .arg(&data)
                    .args(["-p", &port, "-k", &folder]);
                for setting in [
                    "listen_addresses=127.0.0.1",
                    "fsync=off",
                    "full_page_writes=off",
                    "synchronous_commit=off",
                    "autovacuum=off",
                    "shared_buffers=64MB",
                    "ssl=on",
                    &format!("ssl_cert_file={folder}/server.crt"),
                    &format!("ssl_key_file={folder}/server.key"),
                ] {
                    program.args(["-c", setting]);
                }
                program
            }
            Kind::MariaDb => {
                let mut program = command(&self.dir, "mysql", Path::new("/usr/sbin/mariadbd"));
                program.args([
                    "--no-defaults",
                    "--bind-address=127.0.0.1",
                    "--innodb-flush-log-at-trx-commit=0",
                    "--innodb-buffer-pool-size=64M",
                    "--innodb-doublewrite=0",
                    // Nothing here has to outlive a power cut, and making a table waits for the disk five times.
                    "--innodb-flush-method=nosync",
                    "--sync-frm=0",
                    "--innodb-use-native-aio=0",
                    // What distributions set, and what old instances were made with.
                    "--character-set-server=latin1",
                    &format!("--port={port}"),
                    &format!("--datadir={}", data.display()),
                    &format!("--socket={folder}/socket"),
                    &format!("--pid-file={folder}/pid"),
                    &format!("--ssl-cert={folder}/server.crt"),
                    &format!("--ssl-key={folder}/server.key"),
                ]);
                program
            }
        };
        let log = fs::File::create(self.dir.path().join("log")).unwrap();
        program
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null());
        self.process = Some(program.spawn().unwrap());
        let end = Instant::now() + Duration::from_secs(60);
        while !self.answers() {
            let ended = self.process.as_mut().unwrap().try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < end,
                "the server does not start:\n{}",
                fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
            );
            sleep(Duration::from_millis(50));
        }
    }

    fn answers(&self) -> bool {
        let url = match self.kind {
            Kind::PostgreSql => self.url("postgres"),
            Kind::MariaDb => format!(
                "mysql://root@localhost/mysql?unix_socket={}",
                self.dir.path().join("socket").display()
            ),
        };
        let url: DatabaseUrl = url.parse().unwrap();
        Db::new(url).create_if_missing().is_ok()
    }

    /// Stops it as an administrator would, or as a power cut.
    pub fn stop(&mut self, gently: bool) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        if gently {
            // To PostgreSQL this means: now, but in good order.
            let signal = match self.kind {
                Kind::PostgreSql => "-INT",
                Kind::MariaDb => "-TERM",
            };
            let id = process.id().to_string();
            run(Command::new("kill").args([signal, &id]));
        } else {
            process.kill().unwrap();
        }
        process.wait().unwrap();
    }

    /// The folder with its socket and the certificate of its authority, `ca.crt`.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of one of its databases, which need not exist.
    pub fn url(&self, database: &str) -> String {
        let (scheme, options) = match self.kind {
            Kind::PostgreSql => ("postgresql+psycopg2", "sslmode=disable"),
            Kind::MariaDb => ("mysql+pymysql", "charset=utf8mb4"),
        };
        let port = self.port;
        format!("{scheme}://kallithea:{CODED_PASSWORD}@127.0.0.1:{port}/{database}?{options}")
    }

    /// Runs tests of the calling binary once more, those with one of `cases` in their names, in a process whose databases
    /// are on this server: where they ask [`own_url`].
    pub fn run_again(&self, cases: &[&str]) {
        let mut command = Command::new(env::current_exe().unwrap());
        let output = command
            .args(cases)
            .env(AGAIN, self.url("test"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        for case in cases {
            let ran = said
                .lines()
                .any(|line| line.contains(case) && line.ends_with("... ok"));
            assert!(
                output.status.success() && ran,
                "{case}\n{said}{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }

    /// A database of the name with the tables of Kallithea 0.7 and our own, and no rows.
    pub fn database(&self, name: &str) -> Db {
        let url: DatabaseUrl = self.url(name).parse().expect("a URL of ours");
        let db = Db::new(url);
        db.create_if_missing().unwrap();
        db.write(|tx| {
            schema::create_if_empty(tx)?;
            schema::create_own_tables(tx)
        })
        .unwrap();
        db
    }
}

/// The URL of a database of its own, for a test that runs once more on a server.
pub fn own_url() -> Option<String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server = env::var(AGAIN).ok()?;
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let (before, options) = server.split_once('?').unwrap_or((&server, ""));
    Some(format!("{before}_{number}?{options}"))
}

/// Makes a database with the rows of a dump of SQLite, in the tables of the engine that the URL names.
pub fn restore(url: &str, dump: &str) {
    let from = rusqlite::Connection::open_in_memory().unwrap();
    from.execute_batch(dump).unwrap();
    let url: DatabaseUrl = url.parse().expect("a URL of ours");
    let mysql = url.engine() == crate::Engine::MySql;
    let db = Db::new(url);
    db.create_if_missing().unwrap();
    db.write(|tx| {
        schema::create_if_empty(tx)?;
        schema::create_own_tables(tx)?;
        // The tables of a dump come in no particular order.
        let (off, on) = if mysql {
            ("SET foreign_key_checks = 0", "SET foreign_key_checks = 1")
        } else {
            (
                "SET session_replication_role = replica",
                "SET session_replication_role = origin",
            )
        };
        tx.execute(off, &[])?;
        for table in texts(
            &from,
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
        ) {
            copy(&from, tx, &table, mysql)?;
        }
        tx.execute(on, &[])?;
        Ok::<_, DbError>(())
    })
    .unwrap();
}

fn texts(from: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let mut statement = from.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn copy(from: &rusqlite::Connection, tx: &Tx<'_>, table: &str, mysql: bool) -> Result<(), DbError> {
    let quoted = |name: &str| {
        if mysql {
            format!("`{name}`")
        } else {
            format!("\"{name}\"")
        }
    };
    let names = texts(
        from,
        &format!("SELECT name FROM pragma_table_info('{table}')"),
    );
    let kinds = texts(
        from,
        &format!("SELECT type FROM pragma_table_info('{table}')"),
    );
    let columns: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let insert = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        quoted(table),
        columns.join(", "),
        vec!["?"; names.len()].join(", ")
    );
    tx.execute(&format!("DELETE FROM {}", quoted(table)), &[])?;
    let mut statement = from.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let values: Vec<Value<'_>> = kinds
            .iter()
            .enumerate()
            .map(|(at, kind)| match row.get_ref(at).unwrap() {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) if kind == "BOOLEAN" => Value::Bool(number != 0),
                ValueRef::Integer(number) => Value::Int(number),
                ValueRef::Real(number) => Value::Real(number),
                ValueRef::Text(text) if kind == "DATETIME" => {
                    let text = std::str::from_utf8(text).unwrap();
                    Value::Time(text.parse().unwrap())
                }
                ValueRef::Text(text) if kind == "BLOB" => Value::Bytes(text),
                ValueRef::Text(text) => Value::from(std::str::from_utf8(text).unwrap()),
                ValueRef::Blob(bytes) => Value::Bytes(bytes),
            })
            .collect();
        tx.execute(&insert, &values)?;
    }
    let key = &names[0];
    if !mysql && kinds[0] == "INTEGER" {
        // What was not counted by the engine would be counted once more.
        let next = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{key}'), (SELECT COALESCE(MAX({key}), 1) FROM {}))",
            quoted(table)
        );
        tx.query(&next, &[], |_| ())?;
    }
    Ok(())
}

/// Reads the first column of an answer as text, as any other program might.
pub fn column(db: &Db, sql: &str) -> Vec<String> {
    let rows = db.read(|conn| conn.query(sql, &[], |row| row.take()));
    rows.unwrap_or_else(|error: DbError| panic!("{sql}: {error:?}"))
}

/// Changes rows behind the back of whoever else uses the database.
pub fn change(db: &Db, sql: &str) {
    let changed = db.write(|tx| tx.execute(sql, &[]));
    changed.unwrap_or_else(|error: DbError| panic!("{sql}: {error:?}"));
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop(true);
    }
}

/// An authority, and a certificate by it for the server at 127.0.0.1.
fn make_certificates(dir: &TempDir, user: &str) {
    let request = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ];
    let openssl = || {
        let mut openssl = command(dir, user, Path::new("openssl"));
        openssl.args(request);
        openssl
    };
    run(openssl().args([
        "-keyout",
        "ca.key",
        "-out",
        "ca.crt",
        "-subj",
        "/CN=an authority",
    ]));
    run(openssl()
        .args([
            "-CA",
            "ca.crt",
            "-CAkey",
            "ca.key",
            "-keyout",
            "server.key",
            "-out",
            "server.crt",
        ])
        .args([
            "-subj",
            "/CN=a server",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .args(["-addext", "subjectAltName=IP:127.0.0.1"]));
}

/// PostgreSQL's programs are not in the path, and there may be several versions.
fn postgresql_program(name: &str) -> PathBuf {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .expect("PostgreSQL is installed (.ci/need postgresql)")
        .map(|entry| entry.unwrap())
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin").join(name)))
        })
        .filter(|(_, program)| program.exists())
        .collect();
    versions.sort();
    versions.pop().expect("PostgreSQL is installed").1
}

/// The user to run a server as, when we are root.
fn lent_user(name: &str) -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let account = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_wanted = fields.next() == Some(name);
        let ids = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        is_wanted.then_some(ids)
    });
    Some(account.unwrap_or((65534, 65534)))
}

/// A folder in memory, where there is room for the few hundred megabytes of a run: making a table waits for a disk, and the
/// tests make thousands.
fn folder(user: &str) -> TempDir {
    let memory = Path::new("/dev/shm");
    let dir = if free_megabytes(memory) >= 2000 {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    let dir = dir.unwrap();
    if let Some((user, group)) = lent_user(user) {
        chown(dir.path(), Some(user), Some(group)).unwrap();
    }
    dir
}

fn free_megabytes(folder: &Path) -> u64 {
    let output = Command::new("df")
        .args(["--output=avail", "-m"])
        .arg(folder)
        .output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let last = said
        .ok()
        .and_then(|said| said.split_whitespace().last()?.parse().ok());
    last.unwrap_or(0)
}

/// A program that runs in the folder, as its owner, and that ends with us whatever happens.
fn command(dir: &TempDir, user: &str, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "INT", "--"])
        .arg(program)
        .current_dir(dir.path())
        .env("HOME", dir.path());
    if let Some((user, group)) = lent_user(user) {
        command.uid(user).gid(group);
    }
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
