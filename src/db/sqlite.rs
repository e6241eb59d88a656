//! What is special about SQLite: how a file is opened and what its errors mean.
//!
//! Rules that are easy to break and hard to find:
//!
//! * Never open and close the database file by other means than SQLite within a process that has it open. POSIX locks
//!   belong to the process, and closing any descriptor of the file drops all of them.
//! * A connection must not cross a fork. See [`Db`](crate::Db).

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::ffi::{
    SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE,
};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::DbError;

/// Lists the tables, without those that SQLite made for itself.
pub(crate) const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

/// The cheapest query that reads the file.
pub(crate) const LOOK: &str = "SELECT 1 FROM sqlite_master LIMIT 1";

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

/// Opens the file and sets up the connection.
pub(crate) fn open(
    path: &Path,
    timeout: Duration,
    missing: Missing,
) -> Result<Connection, DbError> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, missing == Missing::Create);
    let run = || {
        let raw = Connection::open_with_flags(path, flags)?;
        raw.busy_timeout(timeout)?;
        raw.set_prepared_statement_cache_capacity(256);
        // FULL, not NORMAL: a revoked permission must stay revoked after a power cut, as it did with the original,
        // and one fsync per commit is little for an application that reads far more than it writes.
        raw.pragma_update(None, "synchronous", "FULL")?;
        // The driver turns them on. The original never did, and its databases hold rows that violate them.
        raw.pragma_update(None, "foreign_keys", false)?;
        write_ahead_logging(&raw, timeout)?;
        Ok(raw)
    };
    run().map_err(|error| error_of(&format!("open {}", path.display()), error))
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
pub(crate) fn empty_log(raw: &Connection, timeout: Duration) -> rusqlite::Result<()> {
    raw.busy_timeout(Duration::ZERO)?;
    let done = raw
        .prepare_cached("PRAGMA wal_checkpoint(TRUNCATE)")
        .and_then(|mut sql| sql.exists([]));
    raw.busy_timeout(timeout)?;
    done.map(drop)
}

/// Tries again while the database is locked. SQLite waits by itself in most places; where it does not (recovery after
/// a crash, the last connection of another process going away) this does.
pub(crate) fn retry_busy<T>(
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

/// Sorts an error of a statement.
pub(crate) fn error(sql: &str, error: rusqlite::Error) -> DbError {
    let words: Vec<&str> = sql.split_whitespace().collect();
    error_of(&format!("run {:?}", words.join(" ")), error)
}

/// Sorts an error of an operation.
pub(crate) fn error_of(operation: &str, error: rusqlite::Error) -> DbError {
    let operation = operation.to_owned();
    let extended = error.sqlite_error().map(|error| error.extended_code);
    match code(&error) {
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
        ) => DbError::Unavailable {
            operation,
            source: error.into(),
        },
        Some(ErrorCode::ConstraintViolation) => DbError::Constraint {
            operation,
            unique: matches!(
                extended,
                Some(
                    SQLITE_CONSTRAINT_UNIQUE
                        | SQLITE_CONSTRAINT_PRIMARYKEY
                        | SQLITE_CONSTRAINT_ROWID
                )
            ),
            source: error.into(),
        },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => DbError::Corrupt {
            operation,
            source: error.into(),
        },
        // SQLite has no code of its own for this one, only the words.
        Some(ErrorCode::Unknown) if error.to_string().contains("no such table") => {
            DbError::NoSuchTable {
                operation,
                source: error.into(),
            }
        }
        _ => DbError::Other {
            operation,
            source: error.into(),
        },
    }
}
