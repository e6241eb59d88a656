//! What is special about SQLite: how a file is opened and what its errors mean.
//!
//! Rules that are easy to break and hard to find:
//!
//! * Never open and close the database file by other means than SQLite within a process that has it open. POSIX locks
//!   belong to the process, and closing any descriptor of the file drops all of them.
//! * A connection must not cross a fork. See [`Db`](crate::Db).

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::ffi::{
    SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE,
};
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::session::{Access, Columns, Failure, FailureKind, Session};
use crate::value::{Column, Value};

/// Lists the tables, without those that SQLite made for itself.
pub(crate) const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

/// The cheapest query that reads the file.
const LOOK: &str = "SELECT 1 FROM sqlite_master LIMIT 1";

/// How long the change to write-ahead logging is tried. It is worth a moment, not a minute: without it everything
/// works, only slower, and the next connection tries again.
const WAL_PATIENCE: Duration = Duration::from_secs(5);

/// Whether a file that does not exist is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// An administrator who moved the file away to restore a backup must not find an empty one in its place.
    Fail,
    Create,
}

/// A connection to the file.
pub(crate) struct Sqlite {
    raw: Connection,
    path: PathBuf,
    timeout: Duration,
}

/// Opens the file and sets up the connection.
pub(crate) fn open(path: &Path, timeout: Duration, missing: Missing) -> Result<Sqlite, Failure> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, missing == Missing::Create);
    let run = || {
        let raw = Connection::open_with_flags(path, flags)?;
        raw.busy_timeout(timeout)?;
        raw.set_prepared_statement_cache_capacity(256);
        // Values have no say in the plan. Otherwise each new value for a LIMIT, a LIKE or the condition of a LEFT JOIN has the whole
        // statement parsed and planned anew, which was a seventh of what a page costs.
        raw.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // FULL, not NORMAL: a revoked permission must stay revoked after a power cut, as it did with the original,
        // and one fsync per commit is little for an application that reads far more than it writes.
        raw.pragma_update(None, "synchronous", "FULL")?;
        // The driver turns them on. The original never did, and its databases hold rows that violate them.
        raw.pragma_update(None, "foreign_keys", false)?;
        // SQLite's own folds the letters of ASCII alone, so that Ä and ä would be two names here and one on a server.
        raw.create_scalar_function(
            "lower",
            1,
            FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC,
            |call| {
                Ok(match call.get_raw(0) {
                    ValueRef::Text(text) => Some(String::from_utf8_lossy(text).to_lowercase()),
                    ValueRef::Integer(n) => Some(n.to_string()),
                    ValueRef::Real(n) => Some(n.to_string()),
                    ValueRef::Null | ValueRef::Blob(_) => None,
                })
            },
        )?;
        write_ahead_logging(&raw, timeout)?;
        Ok(raw)
    };
    let raw = run().map_err(failure)?;
    Ok(Sqlite {
        raw,
        path: path.to_owned(),
        timeout,
    })
}

/// Copies a database into a new file, while others may be using it.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let to = to
        .to_str()
        .ok_or_else(|| Failure::new(FailureKind::Other, "the path of the copy is not UTF-8"))?;
    let run = || {
        let raw = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        raw.busy_timeout(WAL_PATIENCE)?;
        raw.execute("VACUUM INTO ?", [to])
    };
    run().map(drop).map_err(failure)
}

impl Session for Sqlite {
    fn begin(&mut self, access: Access) -> Result<(), Failure> {
        let raw = &self.raw;
        let attempt = || match access {
            // A deferred transaction fixes its state at the first query. Asking one now means that no later query
            // can meet a lock.
            Access::Read => {
                control(raw, "BEGIN")?;
                let looked = raw
                    .prepare_cached(LOOK)
                    .and_then(|mut look| look.exists([]).map(drop));
                looked.inspect_err(|_| drop(control(raw, "ROLLBACK")))
            }
            // Immediate, since a transaction that reads first and writes later fails when somebody wrote in between.
            Access::Write => control(raw, "BEGIN IMMEDIATE"),
        };
        retry_busy(self.timeout, attempt).map_err(failure)
    }

    fn commit(&mut self, access: Access) -> Result<(), Failure> {
        control(&self.raw, "COMMIT").map_err(failure)?;
        if access == Access::Write
            && let Err(error) = empty_log(&self.raw, self.timeout)
        {
            // What was changed is kept by now, so this is no error.
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot empty the log of {} after a write",
                self.path.display()
            );
        }
        Ok(())
    }

    fn rollback(&mut self, _: Access) -> Result<(), Failure> {
        // A full disk, among others, makes the engine roll back by itself.
        if self.raw.is_autocommit() {
            return Ok(());
        }
        control(&self.raw, "ROLLBACK").map_err(failure)
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        row: &mut dyn FnMut(&dyn Columns) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let mut run = || -> rusqlite::Result<()> {
            let mut statement = self.raw.prepare_cached(sql)?;
            let mut rows = statement.query(rusqlite::params_from_iter(params))?;
            while let Some(raw) = rows.next()? {
                if row(raw).is_break() {
                    break;
                }
            }
            Ok(())
        };
        run().map_err(failure)
    }

    fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize, Failure> {
        let run = || {
            let mut statement = self.raw.prepare_cached(sql)?;
            statement.execute(rusqlite::params_from_iter(params))
        };
        run().map_err(failure)
    }

    fn insert(&mut self, sql: &str, id_column: &str, params: &[Value<'_>]) -> Result<i64, Failure> {
        let run = || {
            let sql = format!("{sql} RETURNING \"{id_column}\"");
            let mut statement = self.raw.prepare_cached(&sql)?;
            let mut rows = statement.query(rusqlite::params_from_iter(params))?;
            let id = match rows.next()? {
                Some(row) => row.get(0)?,
                None => return Err(rusqlite::Error::QueryReturnedNoRows),
            };
            // The statement is run to its end, for only then is the insert complete.
            while rows.next()?.is_some() {}
            Ok(id)
        };
        run().map_err(failure)
    }

    fn batch(&mut self, sql: &str) -> Result<(), Failure> {
        self.raw.execute_batch(sql).map_err(failure)
    }
}

impl Columns for rusqlite::Row<'_> {
    fn column(&self, index: usize) -> Column<'_> {
        let raw = self.get_ref(index);
        debug_assert!(raw.is_ok(), "the statement has no column {index}");
        match raw {
            Ok(ValueRef::Integer(n)) => Column::Int(n),
            Ok(ValueRef::Real(n)) => Column::Real(n),
            Ok(ValueRef::Text(text)) => Column::Text(text),
            Ok(ValueRef::Blob(bytes)) => Column::Bytes(bytes),
            Ok(ValueRef::Null) | Err(_) => Column::Null,
        }
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(n) => ValueRef::Integer(*n),
            Value::Real(n) => ValueRef::Real(*n),
            Value::Bool(flag) => ValueRef::Integer(i64::from(*flag)),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Time(time) => return Ok(time.to_string().into()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Runs a statement that takes no values and gives no rows: BEGIN, COMMIT, ROLLBACK.
fn control(raw: &Connection, sql: &str) -> rusqlite::Result<()> {
    raw.prepare_cached(sql)?.raw_execute().map(drop)
}

/// Turns on write-ahead logging, which lets readers and one writer work at the same time. The mode is kept in the
/// file, so this does something only once in the life of a database.
fn write_ahead_logging(raw: &Connection, timeout: Duration) -> rusqlite::Result<()> {
    let mode = retry_busy(timeout, || {
        raw.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0))
    })?;
    if mode == "wal" {
        return Ok(());
    }
    // The change needs the file for itself, and SQLite does not wait for that on its own.
    let change =
        || raw.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
    match retry_busy(timeout.min(WAL_PATIENCE), change) {
        Ok(_) => Ok(()),
        // Somebody works with the old journal all the time, or the file may only be read: so do we.
        Err(error) if is_busy(&error) || code(&error) == Some(ErrorCode::ReadOnly) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Moves what was written from the log into the database file and empties the log, if nobody is in the way.
///
/// So the file is complete by itself whenever nobody is writing, as it was under the original: backups that copy it
/// miss nothing, and no leftover log is mixed into a backup that is put in its place. A write together with this takes
/// as long as a write of the original, which had no log.
fn empty_log(raw: &Connection, timeout: Duration) -> rusqlite::Result<()> {
    raw.busy_timeout(Duration::ZERO)?;
    let done = raw
        .prepare_cached("PRAGMA wal_checkpoint(TRUNCATE)")
        .and_then(|mut sql| sql.exists([]));
    raw.busy_timeout(timeout)?;
    done.map(drop)
}

/// Tries again while the database is locked. SQLite waits by itself in most places; where it does not (recovery after
/// a crash, the last connection of another process going away) this does.
fn retry_busy<T>(
    patience: Duration,
    attempt: impl Fn() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let end = Instant::now() + patience;
    loop {
        match attempt() {
            Err(error) if is_busy(&error) && Instant::now() < end => {
                sleep(Duration::from_millis(5))
            }
            answer => return answer,
        }
    }
}

fn code(error: &rusqlite::Error) -> Option<ErrorCode> {
    error.sqlite_error_code()
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        code(error),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// Sorts an error.
fn failure(error: rusqlite::Error) -> Failure {
    let extended = error.sqlite_error().map(|error| error.extended_code);
    let kind = match code(&error) {
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::DiskFull
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::SystemIoFailure
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OutOfMemory,
        ) => FailureKind::Unavailable,
        Some(ErrorCode::ConstraintViolation) => match extended {
            Some(
                SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_ROWID,
            ) => FailureKind::Unique,
            _ => FailureKind::Constraint,
        },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => FailureKind::Corrupt,
        Some(ErrorCode::TooBig) => FailureKind::Unfit,
        // SQLite has no code of its own for this one, only the words.
        Some(ErrorCode::Unknown) if error.to_string().contains("no such table") => {
            FailureKind::NoSuchTable
        }
        _ => FailureKind::Other,
    };
    Failure::new(kind, error)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_planned_once_whatever_its_values_are() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kallithea.db");
        let session = open(&path, Duration::from_secs(5), Missing::Create).unwrap();
        let raw = &session.raw;
        raw.execute_batch(
            "CREATE TABLE a (id INTEGER, name TEXT); CREATE TABLE b (id INTEGER, name TEXT)",
        )
        .unwrap();
        for sql in [
            "SELECT a.id FROM a LEFT JOIN b ON b.id = a.id AND b.name = ? WHERE a.id > ?",
            "SELECT id FROM a WHERE name LIKE ? AND id > ?",
            "SELECT id FROM a ORDER BY name LIMIT ? OFFSET ?",
        ] {
            for value in 0..5 {
                let mut statement = raw.prepare_cached(sql).unwrap();
                statement.exists([value, value]).unwrap();
            }
            let statement = raw.prepare_cached(sql).unwrap();
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0, "{sql}");
        }
    }
}
