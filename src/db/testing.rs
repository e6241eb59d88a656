//! Databases for tests.

use std::time::Duration;

use tempfile::TempDir;

use crate::fresh::{self, FreshOptions};
use crate::ids::{ApiKey, PasswordHash, UserId, Username};
use crate::users::{self, NewUser};
use crate::{Conn, DatabaseUrl, Db, DbError, Tx, schema};

/// A database in a directory of its own, which goes with it.
pub(crate) struct TestDb {
    pub(crate) db: Db,
    pub(crate) dir: TempDir,
}

impl TestDb {
    /// A database without any table.
    pub(crate) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite(dir.path().join("kallithea.db"))
            .with_timeout(Duration::from_secs(20));
        let db = Db::new(url);
        db.create_if_missing().unwrap();
        Self { db, dir }
    }

    /// A new database with the rows it starts with.
    pub(crate) fn fresh() -> Self {
        let test = Self::empty();
        test.db.write(make_fresh).unwrap();
        test
    }

    /// The database of a real Kallithea 0.7, see tests/fixtures.
    pub(crate) fn kallithea() -> Self {
        let test = Self::empty();
        test.db
            .write(|tx| tx.batch("load the fixture", &fixture()))
            .unwrap();
        test
    }

    pub(crate) fn read<T>(&self, queries: impl FnOnce(&Conn) -> Result<T, DbError>) -> T {
        self.db.read(queries).unwrap()
    }

    pub(crate) fn write<T>(&self, changes: impl FnOnce(&Tx<'_>) -> Result<T, DbError>) -> T {
        self.db.write(changes).unwrap()
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

/// The dump as statements that run within a transaction.
fn fixture() -> String {
    include_str!("../../tests/fixtures/kallithea-0.7/db.sql")
        .replace("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "")
        .replace("COMMIT;\n", "")
        .replace("@ROOT@", "/srv")
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

/// The rows whose foreign keys lead nowhere, which no deletion of ours may leave.
pub(crate) fn dangling(conn: &Conn) -> Result<Vec<String>, DbError> {
    conn.query("PRAGMA foreign_key_check", &[], |row| {
        let (table, number, parent): (String, i64, String) = (row.take(), row.take(), row.take());
        format!("row {number} of {table} without {parent}")
    })
}
