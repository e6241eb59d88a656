//! `rs_secrets`: random texts that all workers of an instance share. A table of our own.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;

/// The secret of this name.
pub fn get(conn: &Conn, name: &str) -> Result<Option<String>, DbError> {
    conn.query_one(
        "SELECT secret FROM rs_secrets WHERE name = ?",
        &params![name],
        |row| row.take(),
    )
}

/// The secret of this name; `new` is kept when there is none yet.
pub fn get_or_insert(tx: &Tx<'_>, name: &str, new: &str) -> Result<String, DbError> {
    if let Some(secret) = get(tx, name)? {
        return Ok(secret);
    }
    tx.insert_plain(
        "rs_secrets",
        &[("name", name.into()), ("secret", new.into())],
    )?;
    Ok(new.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn the_first_secret_stays() {
        let test = TestDb::fresh();
        assert_eq!(test.write(|tx| get_or_insert(tx, "a", "one")), "one");
        assert_eq!(test.write(|tx| get_or_insert(tx, "a", "two")), "one");
        assert_eq!(test.read(|conn| get(conn, "b")), None);
    }
}
