//! `ui`: items of the Mercurial configuration that administrators set, and the root of all repositories.

use crate::conn::{Conn, Row, Tx, params};
use crate::error::DbError;

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UiItem {
    /// `ui_section`
    pub section: String,
    /// `ui_key`
    pub key: String,
    /// `ui_value`; NULL is read as empty.
    pub value: String,
    /// `ui_active`: an inactive item counts as absent.
    pub active: bool,
}

fn row(row: &Row<'_>) -> UiItem {
    UiItem {
        section: row.take(),
        key: row.take(),
        value: row.take(),
        active: row.take(),
    }
}

/// All items in the order they were made.
pub fn all(conn: &Conn) -> Result<Vec<UiItem>, DbError> {
    conn.query(
        "SELECT ui_section, ui_key, ui_value, ui_active FROM ui ORDER BY ui_id",
        &[],
        row,
    )
}

/// The items that count.
pub fn active(conn: &Conn) -> Result<Vec<UiItem>, DbError> {
    conn.query(
        "SELECT ui_section, ui_key, ui_value, ui_active FROM ui WHERE ui_active = ? ORDER BY ui_id",
        &params![true],
        row,
    )
}

/// The root of all repositories: the item with the key `/`.
pub fn repositories_root(conn: &Conn) -> Result<Option<String>, DbError> {
    conn.query_one(
        "SELECT ui_value FROM ui WHERE ui_section = ? AND ui_key = ? ORDER BY ui_id",
        &params!["paths", "/"],
        |row| row.take(),
    )
}

pub(crate) fn insert(
    tx: &Tx<'_>,
    section: &str,
    key: &str,
    value: &str,
    active: bool,
) -> Result<(), DbError> {
    tx.insert(
        "ui",
        "ui_id",
        &[
            ("ui_section", section.into()),
            ("ui_key", key.into()),
            ("ui_value", value.into()),
            ("ui_active", active.into()),
        ],
    )
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn inactive_items_do_not_count() {
        let test = TestDb::kallithea();
        assert_eq!(test.read(all).len(), 7);
        let active = test.read(active);
        assert_eq!(active.len(), 5);
        assert!(active.iter().all(|item| item.active && item.key != "hggit"));
        assert_eq!(test.read(repositories_root).as_deref(), Some("/srv/repos"));
    }
}
