//! Connections, transactions, values and rows: what a table file needs of the database, and all it needs.
//!
//! No other file of this crate but `sqlite` names the driver. A later engine changes how a statement is sent (its
//! placeholders, how a boolean is bound), not how it is written in the table files.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Deref;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::error::DbError;
use crate::sqlite;
use crate::time::LocalTime;

/// A value to be bound to a `?`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// SQL NULL.
    Null,
    /// Any integer or id.
    Int(i64),
    /// A double, used for times in seconds since the epoch.
    Real(f64),
    /// A boolean; a column type of its own on some engines, so never write `= 1` in SQL.
    Bool(bool),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes, for BLOB columns: text in such a column makes the original fail on reading.
    Bytes(&'a [u8]),
}

macro_rules! value_from {
    ($type:ty, $name:ident => $value:expr) => {
        impl<'a> From<$type> for Value<'a> {
            fn from($name: $type) -> Self {
                $value
            }
        }
    };
}

value_from!(i64, n => Value::Int(n));
value_from!(f64, n => Value::Real(n));
value_from!(bool, flag => Value::Bool(flag));
value_from!(String, text => Value::Text(Cow::Owned(text)));
value_from!(&'a str, text => Value::Text(Cow::Borrowed(text)));
value_from!(&'a String, text => Value::Text(Cow::Borrowed(text)));
value_from!(&'a [u8], bytes => Value::Bytes(bytes));
value_from!(&'a Vec<u8>, bytes => Value::Bytes(bytes));
value_from!(LocalTime, time => Value::Text(Cow::Owned(time.to_string())));

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// The values of a statement, in the order of its `?`.
macro_rules! params {
    ($($value:expr),* $(,)?) => { [$($crate::conn::Value::from($value)),*] };
}
pub(crate) use params;

/// A value as it comes out of a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column<'a> {
    /// SQL NULL.
    Null,
    /// An integer, also a boolean.
    Int(i64),
    /// A double.
    Real(f64),
    /// Text, which SQLite does not promise to be UTF-8.
    Text(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// How a column becomes a Rust value. There is no error: old databases hold NULL in nearly every column and SQLite
/// keeps whatever it was given, and neither may make a page fail.
pub(crate) trait FromColumn {
    /// The value, or the type's notion of "nothing there".
    fn from_column(column: Column<'_>) -> Self;
}

impl FromColumn for i64 {
    fn from_column(column: Column<'_>) -> Self {
        match column {
            Column::Int(n) => n,
            Column::Real(n) => n as i64,
            Column::Text(text) => std::str::from_utf8(text)
                .ok()
                .and_then(|text| text.parse().ok())
                .unwrap_or(0),
            Column::Null | Column::Bytes(_) => 0,
        }
    }
}

impl FromColumn for f64 {
    fn from_column(column: Column<'_>) -> Self {
        match column {
            Column::Int(n) => n as f64,
            Column::Real(n) => n,
            Column::Text(text) => std::str::from_utf8(text)
                .ok()
                .and_then(|text| text.parse().ok())
                .unwrap_or(0.0),
            Column::Null | Column::Bytes(_) => 0.0,
        }
    }
}

impl FromColumn for bool {
    fn from_column(column: Column<'_>) -> Self {
        i64::from_column(column) != 0
    }
}

impl FromColumn for String {
    fn from_column(column: Column<'_>) -> Self {
        match column {
            Column::Null => String::new(),
            Column::Int(n) => n.to_string(),
            Column::Real(n) => n.to_string(),
            Column::Text(text) | Column::Bytes(text) => String::from_utf8_lossy(text).into_owned(),
        }
    }
}

impl FromColumn for Vec<u8> {
    fn from_column(column: Column<'_>) -> Self {
        match column {
            Column::Text(bytes) | Column::Bytes(bytes) => bytes.to_vec(),
            Column::Null | Column::Int(_) | Column::Real(_) => Vec::new(),
        }
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(column: Column<'_>) -> Self {
        match column {
            Column::Null => None,
            _ => Some(T::from_column(column)),
        }
    }
}

/// One row of an answer. Columns are taken in the order of the SELECT.
pub(crate) struct Row<'a> {
    raw: &'a rusqlite::Row<'a>,
    next: Cell<usize>,
}

impl Row<'_> {
    /// The next column.
    pub(crate) fn take<T: FromColumn>(&self) -> T {
        let index = self.next.replace(self.next.get() + 1);
        let raw = self.raw.get_ref(index);
        debug_assert!(raw.is_ok(), "the statement has no column {index}");
        T::from_column(match raw {
            Ok(ValueRef::Integer(n)) => Column::Int(n),
            Ok(ValueRef::Real(n)) => Column::Real(n),
            Ok(ValueRef::Text(text)) => Column::Text(text),
            Ok(ValueRef::Blob(bytes)) => Column::Bytes(bytes),
            Ok(ValueRef::Null) | Err(_) => Column::Null,
        })
    }
}

/// A connection within a transaction, for queries. Got from [`Db::read`](crate::Db::read).
pub struct Conn {
    raw: rusqlite::Connection,
    /// Set when the engine said something that another attempt on this connection will not cure.
    broken: Cell<bool>,
}

impl Conn {
    pub(crate) fn new(raw: rusqlite::Connection) -> Self {
        Self {
            raw,
            broken: Cell::new(false),
        }
    }

    /// All rows of a query.
    pub(crate) fn query<T>(
        &self,
        sql: &str,
        params: &[Value<'_>],
        mut row: impl FnMut(&Row<'_>) -> T,
    ) -> Result<Vec<T>, DbError> {
        let mut run = || -> rusqlite::Result<Vec<T>> {
            let mut statement = self.raw.prepare_cached(sql)?;
            let mut rows = statement.query(rusqlite::params_from_iter(params))?;
            let mut answer = Vec::new();
            while let Some(raw) = rows.next()? {
                answer.push(row(&Row {
                    raw,
                    next: Cell::new(0),
                }));
            }
            Ok(answer)
        };
        run().map_err(|error| self.failed(sql, error))
    }

    /// The first row of a query, if there is one.
    pub(crate) fn query_one<T>(
        &self,
        sql: &str,
        params: &[Value<'_>],
        row: impl FnOnce(&Row<'_>) -> T,
    ) -> Result<Option<T>, DbError> {
        let run = || -> rusqlite::Result<Option<T>> {
            let mut statement = self.raw.prepare_cached(sql)?;
            let mut rows = statement.query(rusqlite::params_from_iter(params))?;
            Ok(rows.next()?.map(|raw| {
                row(&Row {
                    raw,
                    next: Cell::new(0),
                })
            }))
        };
        run().map_err(|error| self.failed(sql, error))
    }

    /// The single number that a `SELECT COUNT(…)` answers.
    pub(crate) fn count(&self, sql: &str, params: &[Value<'_>]) -> Result<i64, DbError> {
        Ok(self.query_one(sql, params, |row| row.take())?.unwrap_or(0))
    }

    /// Whether a query has any row.
    pub(crate) fn exists(&self, sql: &str, params: &[Value<'_>]) -> Result<bool, DbError> {
        Ok(self.query_one(sql, params, |_| ())?.is_some())
    }

    /// The names of all tables.
    pub(crate) fn tables(&self) -> Result<Vec<String>, DbError> {
        self.query(sqlite::TABLES, &[], |row| row.take())
    }

    /// Runs a statement that takes no values and gives no rows: BEGIN, COMMIT, ROLLBACK.
    pub(crate) fn control(&self, sql: &str) -> rusqlite::Result<()> {
        self.raw.prepare_cached(sql)?.raw_execute().map(drop)
    }

    /// Looks at the file, which fixes the state that the queries of this transaction see.
    pub(crate) fn fix_state(&self) -> rusqlite::Result<()> {
        self.raw.prepare_cached(sqlite::LOOK)?.exists([]).map(drop)
    }

    /// Leaves the database as one complete file, if nobody is in the way.
    pub(crate) fn empty_log(&self, timeout: Duration) -> rusqlite::Result<()> {
        sqlite::empty_log(&self.raw, timeout)
    }

    pub(crate) fn in_transaction(&self) -> bool {
        !self.raw.is_autocommit()
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken.get()
    }

    /// Names the operation in the error and remembers when the connection is of no more use.
    pub(crate) fn failed(&self, operation: &str, error: rusqlite::Error) -> DbError {
        let error = sqlite::error(operation, error);
        if matches!(error, DbError::Unavailable { .. } | DbError::Corrupt { .. }) {
            self.broken.set(true);
        }
        error
    }
}

/// A transaction that may change rows. Got from [`Db::write`](crate::Db::write); it queries like a [`Conn`].
pub struct Tx<'a> {
    conn: &'a Conn,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(conn: &'a Conn) -> Self {
        Self { conn }
    }

    /// Runs an UPDATE or DELETE and tells how many rows it met.
    pub(crate) fn execute(&self, sql: &str, params: &[Value<'_>]) -> Result<usize, DbError> {
        let run = || {
            self.conn
                .raw
                .prepare_cached(sql)?
                .execute(rusqlite::params_from_iter(params))
        };
        run().map_err(|error| self.conn.failed(sql, error))
    }

    /// Inserts one row, given by its columns, and tells the number the database gave it in `id_column`.
    pub(crate) fn insert(
        &self,
        table: &str,
        id_column: &str,
        row: &[(&str, Value<'_>)],
    ) -> Result<i64, DbError> {
        let sql = format!("{} RETURNING \"{id_column}\"", insert_sql(table, row));
        let run = || {
            let mut statement = self.conn.raw.prepare_cached(&sql)?;
            let mut rows = statement.query(rusqlite::params_from_iter(
                row.iter().map(|(_, value)| value),
            ))?;
            let id = match rows.next()? {
                Some(row) => row.get(0)?,
                None => return Err(rusqlite::Error::QueryReturnedNoRows),
            };
            // The statement is run to its end, for only then is the insert complete.
            while rows.next()?.is_some() {}
            Ok(id)
        };
        run().map_err(|error| self.conn.failed(&sql, error))
    }

    /// Inserts one row into a table that has no number of its own.
    pub(crate) fn insert_plain(
        &self,
        table: &str,
        row: &[(&str, Value<'_>)],
    ) -> Result<(), DbError> {
        let sql = insert_sql(table, row);
        let run = || {
            let mut statement = self.conn.raw.prepare_cached(&sql)?;
            statement.execute(rusqlite::params_from_iter(
                row.iter().map(|(_, value)| value),
            ))
        };
        run()
            .map(drop)
            .map_err(|error| self.conn.failed(&sql, error))
    }

    /// Runs the statements of a schema, separated by `;`.
    pub(crate) fn batch(&self, operation: &str, sql: &str) -> Result<(), DbError> {
        self.conn
            .raw
            .execute_batch(sql)
            .map_err(|error| self.conn.failed(operation, error))
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.conn
    }
}

fn insert_sql(table: &str, row: &[(&str, Value<'_>)]) -> String {
    let columns: Vec<String> = row
        .iter()
        .map(|(column, _)| format!("\"{column}\""))
        .collect();
    format!(
        "INSERT INTO \"{table}\" ({}) VALUES ({})",
        columns.join(", "),
        placeholders(row.len())
    )
}

/// `?, ?, ?`, for lists whose length is known only at run time.
pub(crate) fn placeholders(count: usize) -> String {
    vec!["?"; count].join(", ")
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(n) => ValueRef::Integer(*n),
            Value::Real(n) => ValueRef::Real(*n),
            Value::Bool(flag) => ValueRef::Integer(i64::from(*flag)),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::TestDb;

    use super::*;

    #[test]
    fn values_come_back_as_they_went_in() {
        let test = TestDb::empty();
        let text = "Zoë 'quoted' \0 nul".to_owned();
        let row = test.read(|conn| {
            conn.query_one(
                "SELECT ?, ?, ?, ?, ?, ?, typeof(?)",
                &params![
                    42,
                    -1.5,
                    true,
                    &text,
                    &b"\xff\0"[..],
                    None::<i64>,
                    &b"x"[..]
                ],
                |row| {
                    let numbers: (i64, f64, bool) = (row.take(), row.take(), row.take());
                    let others: (String, Vec<u8>, Option<i64>, String) =
                        (row.take(), row.take(), row.take(), row.take());
                    (numbers, others)
                },
            )
        });
        let (numbers, others) = row.unwrap();
        assert_eq!(numbers, (42, -1.5, true));
        assert_eq!(others, (text, b"\xff\0".to_vec(), None, "blob".to_owned()));
    }

    #[test]
    fn reading_is_never_strict() {
        let test = TestDb::empty();
        let odd: [&str; 6] = [
            "NULL",
            "'text'",
            "7",
            "1.5",
            "X'ff'",
            "CAST(X'61ff' AS TEXT)",
        ];
        for column in odd {
            let sql = format!("SELECT {}", [column; 6].join(", "));
            test.read(|conn| {
                conn.query_one(&sql, &[], |row| {
                    let _: (i64, f64, bool, String) =
                        (row.take(), row.take(), row.take(), row.take());
                    let _: (Vec<u8>, LocalTime) = (row.take(), row.take());
                })
            });
        }
        let null: (i64, bool, String) = test
            .read(|conn| {
                conn.query_one("SELECT NULL, NULL, NULL", &[], |row| {
                    (row.take(), row.take(), row.take())
                })
            })
            .unwrap();
        assert_eq!(null, (0, false, String::new()));
        let broken = test.read(|conn| {
            conn.query_one("SELECT CAST(X'61ff' AS TEXT)", &[], |row| {
                row.take::<String>()
            })
        });
        assert_eq!(broken.unwrap(), "a\u{fffd}");
    }

    #[test]
    fn an_insert_tells_the_new_number() {
        let test = TestDb::empty();
        let numbers = test.write(|tx| {
            tx.batch(
                "prepare the test",
                "CREATE TABLE \"groups\" (\"id\" INTEGER PRIMARY KEY, \"text\" TEXT)",
            )?;
            let first = tx.insert("groups", "id", &[("text", "a".into())])?;
            Ok((first, tx.insert("groups", "id", &[("text", "b".into())])?))
        });
        assert_eq!(numbers, (1, 2));
        assert_eq!(
            test.read(|conn| conn.count("SELECT COUNT(*) FROM \"groups\"", &[])),
            2
        );
    }

    #[test]
    fn an_error_names_the_statement_but_no_value() {
        let test = TestDb::empty();
        let error = test.db.read(|conn| {
            conn.query(
                "SELECT  x\n FROM nowhere WHERE y = ?",
                &params!["secret"],
                |_| (),
            )
        });
        let text = format!("{:?}", error.unwrap_err());
        assert!(
            text.contains("SELECT x FROM nowhere WHERE y = ?") && !text.contains("secret"),
            "{text}"
        );
    }
}
