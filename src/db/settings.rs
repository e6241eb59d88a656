//! `settings`: what administrators set in forms. A row overrides the ini key of the same name.

use crate::conn::{Conn, Row, Tx, params};
use crate::error::DbError;

/// One setting, its value still as text. What the type makes of it is the model's to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// `app_settings_name`
    pub name: String,
    /// `app_settings_value`
    pub value: String,
    /// `app_settings_type`: `str`, `int`, `unicode`, `bool` or `list`; none means `unicode`.
    pub kind: Option<String>,
}

pub(crate) fn row(row: &Row<'_>) -> Setting {
    Setting {
        name: row.take(),
        value: row.take(),
        kind: row.take(),
    }
}

/// All settings by name.
pub fn all(conn: &Conn) -> Result<Vec<Setting>, DbError> {
    conn.query(
        "SELECT app_settings_name, app_settings_value, app_settings_type FROM settings ORDER BY app_settings_name",
        &[],
        row,
    )
}

/// The setting of this name.
pub fn get(conn: &Conn, name: &str) -> Result<Option<Setting>, DbError> {
    conn.query_one(
        "SELECT app_settings_name, app_settings_value, app_settings_type FROM settings WHERE app_settings_name = ?",
        &params![name],
        row,
    )
}

/// Creates or changes a setting. A value or type not given stays as it is; in a new row it is empty and `unicode`.
pub fn set(
    tx: &Tx<'_>,
    name: &str,
    value: Option<&str>,
    kind: Option<&str>,
) -> Result<(), DbError> {
    let changed = tx.execute(
        "UPDATE settings SET app_settings_value = COALESCE(?, app_settings_value), \
         app_settings_type = COALESCE(?, app_settings_type) WHERE app_settings_name = ?",
        &params![value, kind, name],
    )?;
    if changed == 0 {
        insert(
            tx,
            name,
            value.unwrap_or_default(),
            kind.unwrap_or("unicode"),
        )?;
    }
    Ok(())
}

pub(crate) fn insert(tx: &Tx<'_>, name: &str, value: &str, kind: &str) -> Result<(), DbError> {
    tx.insert(
        "settings",
        "app_settings_id",
        &[
            ("app_settings_name", name.into()),
            ("app_settings_value", value.into()),
            ("app_settings_type", kind.into()),
        ],
    )
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn what_is_not_given_stays_as_it_is() {
        let test = TestDb::kallithea();
        assert_eq!(test.read(all).len(), 22);
        let stored = |name: &str| {
            test.read(|conn| get(conn, name))
                .map(|setting| (setting.value, setting.kind))
        };
        let pair = |value: &str, kind: &str| Some((value.to_owned(), Some(kind.to_owned())));
        assert_eq!(stored("dashboard_items"), pair("100", "int"));
        test.write(|tx| set(tx, "dashboard_items", Some("50"), None));
        assert_eq!(stored("dashboard_items"), pair("50", "int"));
        test.write(|tx| set(tx, "dashboard_items", None, Some("unicode")));
        assert_eq!(stored("dashboard_items"), pair("50", "unicode"));
        assert_eq!(stored("auth_ldap_host"), None);
        test.write(|tx| set(tx, "auth_ldap_host", None, None));
        assert_eq!(stored("auth_ldap_host"), pair("", "unicode"));
        test.write(|tx| set(tx, "auth_ldap_port", Some("389"), Some("int")));
        assert_eq!(stored("auth_ldap_port"), pair("389", "int"));
    }
}
