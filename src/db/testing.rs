//! Databases for tests: of SQLite, or of a server when the environment names one (see `engines`).

mod fixture;

use std::time::Duration;

use tempfile::TempDir;

use crate::fresh::{self, FreshOptions};
use crate::ids::{ApiKey, PasswordHash, UserId, Username};
use crate::users::{self, NewUser};
use crate::{Conn, DatabaseUrl, Db, DbError, Engine, LocalTime, Tx, schema, test_servers};

/// How long a test waits for a lock.
const PATIENCE: Duration = Duration::from_secs(20);

/// A database of its own, which goes with it.
pub(crate) struct TestDb {
    pub(crate) db: Db,
    pub(crate) dir: TempDir,
    own_file: bool,
}

impl TestDb {
    /// A database without any table.
    pub(crate) fn empty() -> Self {
        match test_servers::own_url() {
            Some(url) => Self::on_server(&url),
            None => Self::sqlite(),
        }
    }

    /// The same, of SQLite in any case: for tests about files.
    pub(crate) fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite(dir.path().join("kallithea.db")).with_timeout(PATIENCE);
        Self::make(url, dir, true)
    }

    fn on_server(url: &str) -> Self {
        let url: DatabaseUrl = url.parse().unwrap();
        Self::make(
            url.with_timeout(PATIENCE),
            tempfile::tempdir().unwrap(),
            false,
        )
    }

    fn make(url: DatabaseUrl, dir: TempDir, own_file: bool) -> Self {
        let db = Db::new(url);
        db.create_if_missing().unwrap();
        Self { db, dir, own_file }
    }

    /// A new database with the rows it starts with.
    pub(crate) fn fresh() -> Self {
        Self::empty().filled()
    }

    /// The same, of SQLite in any case: for tests about files.
    pub(crate) fn fresh_sqlite() -> Self {
        Self::sqlite().filled()
    }

    fn filled(self) -> Self {
        self.write(make_fresh);
        self
    }

    /// The database of a real Kallithea 0.7, see tests/fixtures.
    pub(crate) fn kallithea() -> Self {
        let test = Self::empty();
        fixture::restore(&test);
        test
    }

    /// The same, of SQLite in any case, as the original wrote it: tables and all.
    pub(crate) fn kallithea_sqlite() -> Self {
        let test = Self::sqlite();
        fixture::restore(&test);
        test
    }

    /// A time as it comes back: to the second on an engine that keeps no more.
    pub(crate) fn as_stored(&self, time: LocalTime) -> LocalTime {
        match self.engine() {
            Engine::MySql => {
                let text = time.to_string();
                text.split('.').next().unwrap_or(&text).parse().unwrap()
            }
            Engine::Sqlite | Engine::PostgreSql => time,
        }
    }

    pub(crate) fn engine(&self) -> Engine {
        self.db.url().engine()
    }

    pub(crate) fn read<T>(&self, queries: impl FnOnce(&Conn) -> Result<T, DbError>) -> T {
        self.db.read(queries).unwrap()
    }

    pub(crate) fn write<T>(&self, changes: impl FnOnce(&Tx<'_>) -> Result<T, DbError>) -> T {
        self.db.write(changes).unwrap()
    }

    /// Changes that violate foreign keys, as databases that once were SQLite's or had their keys dropped may hold.
    pub(crate) fn write_orphans<T>(
        &self,
        changes: impl FnOnce(&Tx<'_>) -> Result<T, DbError>,
    ) -> T {
        let (off, on) = match self.engine() {
            Engine::Sqlite => ("SELECT 1", "SELECT 1"),
            Engine::PostgreSql => (
                "SET session_replication_role = replica",
                "SET session_replication_role = origin",
            ),
            Engine::MySql => ("SET foreign_key_checks = 0", "SET foreign_key_checks = 1"),
        };
        self.write(|tx| {
            tx.batch("allow orphans", off)?;
            let answer = changes(tx)?;
            tx.batch("allow orphans no more", on)?;
            Ok(answer)
        })
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if !self.own_file {
            self.db.close_idle();
        }
    }
}

/// Makes all tables and the rows of a new database, unless another process has.
pub(crate) fn make_fresh(tx: &Tx<'_>) -> Result<(), DbError> {
    if schema::create_if_empty(tx)? {
        fresh::fill(
            tx,
            &FreshOptions {
                repositories_root: "/srv/repos",
                public_access: true,
                default_user_password: &PasswordHash::from("$2b$10$nobody"),
                default_user_api_key: &ApiKey::from("0123456789abcdef0123456789abcdef01234567"),
            },
        )?;
    }
    schema::create_own_tables(tx)
}

/// Makes an active account without an e-mail address.
pub(crate) fn add_user(tx: &Tx<'_>, name: &str) -> Result<UserId, DbError> {
    users::insert(
        tx,
        &NewUser {
            username: &Username::from(name),
            password: &PasswordHash::from(""),
            active: true,
            admin: false,
            firstname: "",
            lastname: "",
            email: None,
            extern_type: Some("internal"),
            extern_name: None,
            api_key: &ApiKey::from(name),
        },
    )
}

/// The rows whose foreign keys lead nowhere, which no deletion of ours may leave. Servers allow none to begin with.
pub(crate) fn dangling(conn: &Conn) -> Result<Vec<String>, DbError> {
    if conn.engine() != Engine::Sqlite {
        return Ok(Vec::new());
    }
    conn.query("PRAGMA foreign_key_check", &[], |row| {
        let (table, number, parent): (String, i64, String) = (row.take(), row.take(), row.take());
        format!("row {number} of {table} without {parent}")
    })
}
