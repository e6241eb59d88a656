//! Connections, transactions, values and rows: what a table file needs of the database, and all it needs.
//!
//! No other file of this crate but `sqlite` names the driver. A later engine changes how a statement is sent (its
//! placeholders, how a boolean is bound), not how it is written in the table files.

use std::cell::Cell;
use std::ops::Deref;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::error::DbError;
use crate::sqlite;
pub(crate) use crate::value::{Column, FromColumn, Value, params, placeholders};

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

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Time(time) => return Ok(time.to_string().into()),
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
    use crate::LocalTime;
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
