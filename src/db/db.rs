//! `Db`: a database that is opened when it is needed, by whichever process needs it.

use std::fs;
use std::mem;
use std::os::unix::fs::MetadataExt;
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::conn::{Conn, Tx};
use crate::error::DbError;
use crate::sqlite::{self, Missing};
use crate::url::DatabaseUrl;

/// More idle connections than a worker has threads at work are not worth their memory.
const MAX_IDLE: usize = 8;

/// The database of one instance, shared by all threads of a process.
///
/// Nothing is opened before the first use. Connections are kept for the next user, but never across a fork: what a
/// child process inherits it neither uses nor closes (both may damage a SQLite database), it opens its own. A process
/// that has used the database and is about to fork should call [`Db::close_idle`] first.
///
/// A connection also ends when it met an error that it cannot recover from (a file that was read-only when it was
/// opened stays read-only to it) and when the file at the path is no longer the one it has open, for then a backup
/// was put in its place.
pub struct Db {
    url: DatabaseUrl,
    idle: Mutex<Idle>,
}

struct Idle {
    process: u32,
    file: Option<FileId>,
    connections: Vec<Conn>,
}

/// Device and inode.
type FileId = (u64, u64);

impl Db {
    /// A database at this URL. Does not touch it yet.
    pub fn new(url: DatabaseUrl) -> Self {
        Self {
            url,
            idle: Mutex::new(Idle {
                process: process::id(),
                file: None,
                connections: Vec::new(),
            }),
        }
    }

    /// Where the database is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Makes an empty database if there is none. [`Db::read`] and [`Db::write`] never do.
    pub fn create_if_missing(&self) -> Result<(), DbError> {
        sqlite::open(self.url.path(), self.url.timeout(), Missing::Create).map(drop)
    }

    /// Runs queries on one consistent state of the database.
    pub fn read<T, E: From<DbError>>(
        &self,
        queries: impl FnOnce(&Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let lent = self.lend()?;
        // A deferred transaction fixes its state at the first query. Asking one now means that no later query of
        // the closure can meet a lock.
        lent.begin("BEGIN", Conn::fix_state)?;
        let answer = queries(lent.conn())?;
        lent.commit()?;
        Ok(answer)
    }

    /// Runs queries and changes in one transaction: all of it is kept when the closure returns `Ok`, none of it when
    /// it returns `Err` or panics. Do not call it within itself; the inner one would wait for the outer.
    pub fn write<T, E: From<DbError>>(
        &self,
        changes: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let lent = self.lend()?;
        // Immediate, since a transaction that reads first and writes later fails when somebody wrote in between.
        lent.begin("BEGIN IMMEDIATE", |_| Ok(()))?;
        let answer = changes(&Tx::new(lent.conn()))?;
        lent.commit()?;
        Ok(answer)
    }

    /// Closes the connections that nobody uses at the moment; to be called before a fork.
    pub fn close_idle(&self) {
        let connections = mem::take(&mut self.idle().connections);
        drop(connections);
    }

    fn lend(&self) -> Result<Lent<'_>, DbError> {
        let file = file_id(&self.url);
        let (kept, outdated) = {
            let mut idle = self.idle();
            let outdated = if idle.file == file {
                Vec::new()
            } else {
                mem::take(&mut idle.connections)
            };
            idle.file = file;
            (idle.connections.pop(), outdated)
        };
        drop(outdated);
        let conn = match kept {
            Some(conn) => conn,
            None => Conn::new(sqlite::open(
                self.url.path(),
                self.url.timeout(),
                Missing::Fail,
            )?),
        };
        Ok(Lent {
            db: self,
            file,
            conn: Some(conn),
        })
    }

    /// The idle connections of this process. A panic cannot leave them in a state worth fearing, so poison is ignored.
    fn idle(&self) -> MutexGuard<'_, Idle> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.process != process::id() {
            mem::take(&mut idle.connections)
                .into_iter()
                .for_each(mem::forget);
            idle.process = process::id();
        }
        idle
    }
}

fn file_id(url: &DatabaseUrl) -> Option<FileId> {
    fs::metadata(url.path())
        .ok()
        .map(|file| (file.dev(), file.ino()))
}

/// A connection on loan. It goes back when this is dropped, whatever happened to the closure that used it.
struct Lent<'a> {
    db: &'a Db,
    file: Option<FileId>,
    conn: Option<Conn>,
}

impl Lent<'_> {
    fn conn(&self) -> &Conn {
        self.conn.as_ref().expect("taken out only when dropped")
    }

    /// Begins a transaction, waiting while the database is locked.
    fn begin(
        &self,
        sql: &str,
        then: impl Fn(&Conn) -> rusqlite::Result<()>,
    ) -> Result<(), DbError> {
        let conn = self.conn();
        let attempt = || {
            conn.control(sql)?;
            then(conn).inspect_err(|_| drop(conn.control("ROLLBACK")))
        };
        sqlite::retry_busy(self.db.url.timeout(), attempt).map_err(|error| conn.failed(sql, error))
    }

    fn commit(&self) -> Result<(), DbError> {
        let conn = self.conn();
        conn.control("COMMIT")
            .map_err(|error| conn.failed("COMMIT", error))
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        // Still within the transaction: the closure gave up or panicked, or the commit failed.
        let usable = !conn.in_transaction() || conn.control("ROLLBACK").is_ok();
        let mut idle = self.db.idle();
        if usable
            && !conn.is_broken()
            && idle.file == self.file
            && idle.connections.len() < MAX_IDLE
        {
            idle.connections.push(conn);
        } else {
            // Closing may write to the disk; nobody should have to wait for it.
            drop(idle);
            drop(conn);
        }
    }
}
