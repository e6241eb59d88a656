//! The schema: what a Kallithea 0.7 database looks like, and making one.
//!
//! Which version a database has stands in the table `alembic_version`, one row. The old program refuses to start
//! when that is not [`HEAD`], so no other value is ever written there; our own tables carry their version in
//! `rs_version`.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;

/// The alembic revision of Kallithea 0.7.
pub const HEAD: &str = "7ba0d2cad930";

/// The version of our own tables.
const OWN_VERSION: i64 = 1;

const KALLITHEA: &str = include_str!("schema/sqlite.sql");
const OWN: &str = include_str!("schema/own.sql");

/// Revisions that earlier releases left behind, or that an upgrade by the old program passed through.
const OLDER: [&str; 9] = [
    "9358dc3d6828",
    "a020f7044fd6",
    "ad357ccd9521",
    "b74907136bc1",
    "151b4a4e8c48",
    "4851d15bc437",
    "d7ec25b66e47",
    "a0a1bf09c143",
    "f62826179f39",
];

/// What kind of database this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// Kallithea 0.7: ready for use.
    Head,
    /// An older Kallithea, which `kallithea-cli` of Kallithea 0.7 can upgrade. Holds the version found; releases
    /// before 0.4 have a number.
    Older(String),
    /// Something else: not a Kallithea database, or one from the future. Holds the versions found, if any.
    Unknown(Vec<String>),
    /// No tables but perhaps ours.
    Empty,
}

/// Tells what kind of database this is.
pub fn check(conn: &Conn) -> Result<SchemaState, DbError> {
    let tables = conn.tables()?;
    let has = |name: &str| tables.iter().any(|table| table == name);
    if tables.iter().all(|table| table.starts_with("rs_")) {
        return Ok(SchemaState::Empty);
    }
    if has("alembic_version") {
        let mut found: Vec<String> =
            conn.query("SELECT version_num FROM alembic_version", &[], |row| {
                row.take()
            })?;
        return Ok(match found.as_slice() {
            [version] if version == HEAD => SchemaState::Head,
            [version] if OLDER.contains(&version.as_str()) => SchemaState::Older(found.remove(0)),
            _ => SchemaState::Unknown(found),
        });
    }
    if has("db_migrate_version") {
        let found: Option<String> =
            conn.query_one("SELECT version FROM db_migrate_version", &[], |row| {
                row.take()
            })?;
        return Ok(found.map_or(SchemaState::Unknown(Vec::new()), SchemaState::Older));
    }
    Ok(SchemaState::Unknown(Vec::new()))
}

/// Makes the tables of Kallithea 0.7 in an empty database and says so; leaves any other alone. Of several processes
/// that come here at once, one makes them.
pub fn create_if_empty(tx: &Tx<'_>) -> Result<bool, DbError> {
    if check(tx)? != SchemaState::Empty {
        return Ok(false);
    }
    tx.batch("create the tables of Kallithea 0.7", KALLITHEA)?;
    Ok(true)
}

/// Whether our own tables are there in their present version.
pub fn has_own_tables(conn: &Conn) -> Result<bool, DbError> {
    match conn.exists(
        "SELECT 1 FROM rs_version WHERE version = ?",
        &params![OWN_VERSION],
    ) {
        Err(DbError::NoSuchTable { .. }) => Ok(false),
        answer => answer,
    }
}

/// Makes our own tables where they are missing. Ask [`has_own_tables`] first, which does not need the write lock.
pub fn create_own_tables(tx: &Tx<'_>) -> Result<(), DbError> {
    if has_own_tables(tx)? {
        return Ok(());
    }
    tx.batch("create the tables named rs_*", OWN)?;
    tx.insert_plain("rs_version", &[("version", OWN_VERSION.into())])
}
