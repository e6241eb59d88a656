//! `permissions`: the names of permissions. Ids differ between databases and the schema does not make names unique, so
//! a name is turned into an id within the statement that needs it, never kept.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::PermissionName;

/// The names in the order of a fresh database, where their ids count from 1.
pub const NAMES: [&str; 24] = [
    "hg.admin",
    "repository.none",
    "repository.read",
    "repository.write",
    "repository.admin",
    "group.none",
    "group.read",
    "group.write",
    "group.admin",
    "usergroup.none",
    "usergroup.read",
    "usergroup.write",
    "usergroup.admin",
    "hg.usergroup.create.false",
    "hg.usergroup.create.true",
    "hg.create.none",
    "hg.create.repository",
    "hg.fork.none",
    "hg.fork.repository",
    "hg.register.none",
    "hg.register.manual_activate",
    "hg.register.auto_activate",
    "hg.extern_activate.manual",
    "hg.extern_activate.auto",
];

/// All names in the database, with the leftovers of older versions.
pub fn names(conn: &Conn) -> Result<Vec<PermissionName>, DbError> {
    conn.query(
        "SELECT permission_name FROM permissions ORDER BY permission_id",
        &[],
        |row| row.take(),
    )
}

/// Adds those of [`NAMES`] that are missing.
pub fn insert_missing(tx: &Tx<'_>) -> Result<(), DbError> {
    let present = names(tx)?;
    for name in NAMES {
        if !present.iter().any(|present| present.as_str() == name) {
            tx.insert(
                "permissions",
                "permission_id",
                &[("permission_name", name.into())],
            )?;
        }
    }
    Ok(())
}

/// The id of a name for a row about to be written, adding the name when an old database lacks it. The lowest id, where
/// a name is there twice.
pub(crate) fn id_for_write(tx: &Tx<'_>, name: &PermissionName) -> Result<i64, DbError> {
    let id = tx.query_one(
        "SELECT permission_id FROM permissions WHERE permission_name = ? ORDER BY permission_id",
        &params![name],
        |row| row.take(),
    )?;
    match id {
        Some(id) => Ok(id),
        None => tx.insert(
            "permissions",
            "permission_id",
            &[("permission_name", name.into())],
        ),
    }
}
