//! Connections, transactions and rows: what a table file needs of the database, and all it needs.
//!
//! The drivers stand behind [`Session`]. What differs between engines (how a value is bound, how an id comes back) is
//! settled there, not in the table files.

use std::cell::{Cell, RefCell};
use std::ops::{ControlFlow, Deref};

use crate::error::DbError;
use crate::session::{Access, Columns, Failure, FailureKind, Session};
use crate::url::Engine;
pub(crate) use crate::value::{Column, FromColumn, Value, params, placeholders};
use crate::{mysql, postgresql, sqlite};

/// One row of an answer. Columns are taken in the order of the SELECT.
pub(crate) struct Row<'a> {
    raw: &'a dyn Columns,
    next: Cell<usize>,
}

impl Row<'_> {
    /// Passes over the next column.
    pub(crate) fn skip(&self) {
        self.next.set(self.next.get() + 1);
    }

    /// The next column.
    pub(crate) fn take<T: FromColumn>(&self) -> T {
        let index = self.next.replace(self.next.get() + 1);
        T::from_column(self.raw.column(index))
    }
}

thread_local! {
    static STATEMENTS: Cell<u64> = const { Cell::new(0) };
}

/// How many statements this thread has run so far, for those who keep an eye on what a page costs.
pub fn statements() -> u64 {
    STATEMENTS.get()
}

/// From now on the statements of this thread are written down, for those who want to say which are too many.
pub fn listen() {
    HEARD.set(Some(Vec::new()));
}

/// The statements that this thread has run since it was told to [`listen`], which it does no longer.
pub fn heard() -> Vec<String> {
    HEARD.take().unwrap_or_default()
}

thread_local! {
    static HEARD: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

fn count_one(sql: &str) {
    STATEMENTS.set(STATEMENTS.get() + 1);
    HEARD.with_borrow_mut(|heard| {
        if let Some(heard) = heard {
            heard.push(sql.to_owned());
        }
    });
}

/// A connection within a transaction, for queries. Got from [`Db::read`](crate::Db::read).
pub struct Conn {
    /// Borrowed while a statement runs, so a closure that reads rows must not ask for others.
    session: RefCell<Box<dyn Session>>,
    engine: Engine,
    /// The transaction that is open.
    open: Cell<Option<Access>>,
    /// Set when the engine said something that another attempt on this connection will not cure.
    broken: Cell<bool>,
    /// Set when a statement of the transaction failed, which ends it on some engines and so on all.
    spoilt: Cell<bool>,
}

impl Conn {
    pub(crate) fn new(session: impl Session + 'static, engine: Engine) -> Self {
        Self {
            session: RefCell::new(Box::new(session)),
            engine,
            open: Cell::new(None),
            broken: Cell::new(false),
            spoilt: Cell::new(false),
        }
    }

    /// The engine, for the few places where one SQL does not do for all.
    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    /// All rows of a query.
    pub(crate) fn query<T>(
        &self,
        sql: &str,
        params: &[Value<'_>],
        mut row: impl FnMut(&Row<'_>) -> T,
    ) -> Result<Vec<T>, DbError> {
        let mut answer = Vec::new();
        self.each(sql, params, &mut |raw| {
            answer.push(row(&Row {
                raw,
                next: Cell::new(0),
            }));
            ControlFlow::Continue(())
        })?;
        Ok(answer)
    }

    /// The first row of a query, if there is one.
    pub(crate) fn query_one<T>(
        &self,
        sql: &str,
        params: &[Value<'_>],
        row: impl FnOnce(&Row<'_>) -> T,
    ) -> Result<Option<T>, DbError> {
        let (mut row, mut answer) = (Some(row), None);
        self.each(sql, params, &mut |raw| {
            answer = row.take().map(|row| {
                row(&Row {
                    raw,
                    next: Cell::new(0),
                })
            });
            ControlFlow::Break(())
        })?;
        Ok(answer)
    }

    fn each(
        &self,
        sql: &str,
        params: &[Value<'_>],
        row: &mut dyn FnMut(&dyn Columns) -> ControlFlow<()>,
    ) -> Result<(), DbError> {
        count_one(sql);
        let ran = self.session.borrow_mut().query(sql, params, row);
        ran.map_err(|failure| self.failed(sql, failure))
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
        let sql = match self.engine {
            Engine::Sqlite => sqlite::TABLES,
            Engine::PostgreSql => postgresql::TABLES,
            Engine::MySql => mysql::TABLES,
        };
        self.query(sql, &[], |row| row.take())
    }

    pub(crate) fn begin(&self, access: Access) -> Result<(), Failure> {
        self.session
            .borrow_mut()
            .begin(access)
            .inspect_err(|_| self.broken.set(true))?;
        self.spoilt.set(false);
        self.open.set(Some(access));
        Ok(())
    }

    /// Keeps the changes, unless a statement failed and nobody said so.
    pub(crate) fn commit(&self) -> Result<(), DbError> {
        let Some(access) = self.open.get() else {
            return Ok(());
        };
        if self.spoilt.get() {
            return Err(DbError::Other {
                operation: "commit a transaction in which a statement failed".to_owned(),
                source: "the error was not handed on".into(),
            });
        }
        let committed = self.session.borrow_mut().commit(access);
        committed.map_err(|failure| self.failed("COMMIT", failure))?;
        self.open.set(None);
        Ok(())
    }

    /// Leaves the transaction, if one is still open. Says whether the connection can be used for another.
    pub(crate) fn leave(&self) -> bool {
        let left = match self.open.take() {
            Some(access) if !self.broken.get() => {
                self.session.borrow_mut().rollback(access).is_ok()
            }
            _ => true,
        };
        left && !self.broken.get()
    }

    /// Names the operation in the error and remembers when the connection is of no more use.
    fn failed(&self, operation: &str, failure: Failure) -> DbError {
        self.spoilt.set(true);
        if matches!(
            failure.kind,
            FailureKind::Lost | FailureKind::Unavailable | FailureKind::Corrupt
        ) {
            self.broken.set(true);
        }
        let words: Vec<&str> = operation.split_whitespace().collect();
        failure.during(format!("run {:?}", words.join(" ")))
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
        count_one(sql);
        let ran = self.conn.session.borrow_mut().execute(sql, params);
        ran.map_err(|failure| self.conn.failed(sql, failure))
    }

    /// Inserts one row, given by its columns, and tells the number the database gave it in `id_column`.
    pub(crate) fn insert(
        &self,
        table: &str,
        id_column: &str,
        row: &[(&str, Value<'_>)],
    ) -> Result<i64, DbError> {
        let (sql, values) = insert_sql(table, row);
        count_one(&sql);
        let mut session = self.conn.session.borrow_mut();
        let ran = session.insert(&sql, id_column, &values);
        ran.map_err(|failure| self.conn.failed(&sql, failure))
    }

    /// Inserts one row into a table that has no number of its own.
    pub(crate) fn insert_plain(
        &self,
        table: &str,
        row: &[(&str, Value<'_>)],
    ) -> Result<(), DbError> {
        let (sql, values) = insert_sql(table, row);
        self.execute(&sql, &values).map(drop)
    }

    /// Runs the statements of a schema, separated by `;`. On MySQL that keeps what was done before in the transaction,
    /// for statements about tables cannot be undone there.
    pub(crate) fn batch(&self, operation: &str, sql: &str) -> Result<(), DbError> {
        let ran = self.conn.session.borrow_mut().batch(sql);
        ran.map_err(|failure| self.conn.failed(operation, failure))
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.conn
    }
}

fn insert_sql<'a>(table: &str, row: &[(&str, Value<'a>)]) -> (String, Vec<Value<'a>>) {
    let columns: Vec<String> = row
        .iter()
        .map(|(column, _)| format!("\"{column}\""))
        .collect();
    let sql = format!(
        "INSERT INTO \"{table}\" ({}) VALUES ({})",
        columns.join(", "),
        placeholders(row.len())
    );
    (sql, row.iter().map(|(_, value)| value.clone()).collect())
}

#[cfg(test)]
mod tests {
    use crate::LocalTime;
    use crate::testing::TestDb;

    use super::*;

    #[test]
    fn values_come_back_as_they_went_in() {
        let test = TestDb::fresh();
        let text = "Zoë 'quoted' \"twice\" \\back\\ ?% 🦀 日本".to_owned();
        let bytes = b"\xff\0\x80'\\?";
        let time: LocalTime = "2026-11-22 01:02:03.000004".parse().unwrap();
        test.write(|tx| {
            let row = [
                ("username", (&text).into()),
                ("password", "".into()),
                ("active", true.into()),
                ("admin", false.into()),
                ("firstname", "".into()),
                ("lastname", "".into()),
                ("email", None::<&str>.into()),
                ("api_key", "".into()),
                ("created_on", time.into()),
                ("user_data", (&bytes[..]).into()),
            ];
            let user = tx.insert("users", "user_id", &row)?;
            let row = [
                ("user_id", user.into()),
                ("api_key", "key".into()),
                ("description", "".into()),
                ("expires", (-1.5).into()),
                ("created_on", time.into()),
            ];
            tx.insert("user_api_keys", "user_api_key_id", &row)
        });
        let row = test.read(|conn| {
            conn.query_one(
                "SELECT u.active, u.\"admin\", k.expires, u.email, u.created_on, u.username, u.user_data \
                 FROM users u JOIN user_api_keys k ON k.user_id = u.user_id \
                 WHERE u.username = ? AND u.active = ? AND k.expires < ? AND u.created_on <= ? AND u.user_data = ?",
                &params![&text, true, 0.0, time, &bytes[..]],
                |row| {
                    let flags: (bool, bool) = (row.take(), row.take());
                    let others: (f64, Option<String>, LocalTime) =
                        (row.take(), row.take(), row.take());
                    (flags, others, row.take::<String>(), row.take::<Vec<u8>>())
                },
            )
        });
        let (flags, others, name, data) = row.unwrap();
        assert_eq!(flags, (true, false));
        assert_eq!(others, (-1.5, None, test.as_stored(time)));
        assert_eq!((name, data), (text, bytes.to_vec()));
    }

    #[test]
    fn what_no_row_can_hold_is_asked_for_and_not_found() {
        let test = TestDb::kallithea();
        for number in [i64::MAX, i64::MIN, -1, 4_000_000_000] {
            let sql = "SELECT 1 FROM users WHERE user_id = ?";
            assert!(
                !test.read(|conn| conn.exists(sql, &params![number])),
                "{number}"
            );
        }
        for name in ["ali\0ce", "alice\0", "\0", "🦀", "' OR ''='", "%", "_____"] {
            let sql = "SELECT 1 FROM users WHERE username = ?";
            assert!(
                !test.read(|conn| conn.exists(sql, &params![name])),
                "{name:?}"
            );
            let sql = "SELECT 1 FROM users WHERE lower(username) LIKE lower(?) ESCAPE '!'";
            let pattern = crate::value::contains(name);
            assert!(
                !test.read(|conn| conn.exists(sql, &params![pattern])),
                "{name:?}"
            );
        }
        let sql = "SELECT COUNT(*) FROM users WHERE lower(lastname) LIKE lower(?) ESCAPE '!'";
        let found = |pattern: String| test.read(|conn| conn.count(sql, &params![pattern]));
        assert_eq!(found(crate::value::contains("NGSTRÖ")), 1);
        assert_eq!(found(crate::value::starts_with("åNG")), 1);
        assert_eq!(found(crate::value::starts_with("strö")), 0);
    }

    #[test]
    fn a_value_that_does_not_fit_is_no_defect_of_ours() {
        let test = TestDb::fresh();
        let long = "x".repeat(256);
        let row = [("permission_name", (&long).into())];
        let inserted = test
            .db
            .write(|tx| tx.insert("permissions", "permission_id", &row));
        if test.engine() == Engine::Sqlite {
            assert!(inserted.is_ok(), "SQLite does not count letters");
        } else {
            assert!(
                matches!(inserted, Err(DbError::Unfit { .. })),
                "{inserted:?}"
            );
        }
        let fits = "日".repeat(255);
        let row = [("permission_name", (&fits).into())];
        test.write(|tx| tx.insert("permissions", "permission_id", &row));
    }

    #[test]
    fn an_error_that_was_kept_quiet_spoils_the_transaction() {
        let test = TestDb::fresh();
        let row = [("permission_name", "kept".into())];
        let kept_quiet = test.db.write(|tx| {
            tx.insert("permissions", "permission_id", &row)?;
            drop(tx.execute("UPDATE nowhere SET x = ?", &params![1]));
            Ok::<_, DbError>(())
        });
        assert!(
            matches!(kept_quiet, Err(DbError::Other { .. })),
            "{kept_quiet:?}"
        );
        let sql = "SELECT 1 FROM permissions WHERE permission_name = ?";
        assert!(!test.read(|conn| conn.exists(sql, &params!["kept"])));
    }

    #[test]
    fn reading_is_never_strict() {
        let test = TestDb::sqlite();
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
        let test = TestDb::fresh();
        let insert = |tx: &Tx<'_>, name: &str| {
            tx.insert(
                "permissions",
                "permission_id",
                &[("permission_name", name.into())],
            )
        };
        let numbers = test.write(|tx| Ok((insert(tx, "a")?, insert(tx, "b")?)));
        assert_eq!(numbers, (25, 26), "behind the 24 of a fresh database");
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
