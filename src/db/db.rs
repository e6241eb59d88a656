//! `Db`: a database that is opened when it is needed, by whichever process needs it.

use std::fs;
use std::mem;
use std::os::unix::fs::MetadataExt;
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::conn::{Conn, Tx};
use crate::error::DbError;
use crate::session::{Access, Failure, FailureKind};
use crate::sqlite::{self, Missing};
use crate::url::{DatabaseUrl, Engine};
use crate::{mysql, postgresql};

/// More idle connections than a worker has threads at work are not worth their memory.
const MAX_IDLE: usize = 8;

/// The database of one instance, shared by all threads of a process.
///
/// Nothing is opened before the first use. Connections are kept for the next user, but never across a fork: what a
/// child process inherits it neither uses nor closes (both may damage a SQLite database, and to a server both would
/// speak for the parent), it opens its own. A process that has used the database and is about to fork should call
/// [`Db::close_idle`] first.
///
/// A connection also ends when it met an error that it cannot recover from (a file that was read-only when it was
/// opened stays read-only to it) and when the file at the path is no longer the one it has open, for then a backup
/// was put in its place. A kept connection that turns out to be dead when a transaction begins (the server was
/// restarted meanwhile, a firewall forgot it) is replaced by a new one without anybody noticing.
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
        let patience = self.url.timeout();
        let made = match (self.url.file(), self.url.server()) {
            (Some(path), _) => sqlite::open(path, patience, Missing::Create).map(|_| true),
            (None, Some(server)) if server.engine == Engine::MySql => {
                mysql::create_if_missing(server, patience)
            }
            (None, Some(server)) => postgresql::create_if_missing(server, patience),
            (None, None) => Ok(false),
        };
        made.map(drop)
            .map_err(|failure| failure.during(format!("open or make {}", self.url)))
    }

    /// Runs queries on one consistent state of the database.
    pub fn read<T, E: From<DbError>>(
        &self,
        queries: impl FnOnce(&Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let lent = self.lend(Access::Read)?;
        let answer = queries(lent.conn())?;
        lent.conn().commit()?;
        Ok(answer)
    }

    /// Runs queries and changes in one transaction: all of it is kept when the closure returns `Ok`, none of it when
    /// it returns `Err` or panics. Do not call it within itself; the inner one would wait for the outer.
    pub fn write<T, E: From<DbError>>(
        &self,
        changes: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let lent = self.lend(Access::Write)?;
        let answer = changes(&Tx::new(lent.conn()))?;
        lent.conn().commit()?;
        Ok(answer)
    }

    /// Closes the connections that nobody uses at the moment; to be called before a fork.
    pub fn close_idle(&self) {
        let connections = mem::take(&mut self.idle().connections);
        drop(connections);
    }

    /// A connection with a transaction begun on it.
    fn lend(&self, access: Access) -> Result<Lent<'_>, DbError> {
        let file = file_id(&self.url);
        let (mut kept, outdated) = {
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
        loop {
            let was_kept = kept.is_some();
            let conn = match kept.take() {
                Some(conn) => conn,
                None => self.open()?,
            };
            match conn.begin(access) {
                Ok(()) => {
                    return Ok(Lent {
                        db: self,
                        file,
                        conn: Some(conn),
                    });
                }
                // Nothing was asked of it yet, so nothing is lost with it. The others are as old.
                Err(failure) if was_kept && failure.kind == FailureKind::Lost => self.close_idle(),
                Err(failure) => return Err(self.failed("begin a transaction on", failure)),
            }
        }
    }

    fn open(&self) -> Result<Conn, DbError> {
        let patience = self.url.timeout();
        let opened = match (self.url.file(), self.url.server()) {
            (Some(path), _) => sqlite::open(path, patience, Missing::Fail)
                .map(|session| Conn::new(session, Engine::Sqlite)),
            (None, Some(server)) if server.engine == Engine::MySql => {
                mysql::open(server, patience).map(|session| Conn::new(session, Engine::MySql))
            }
            (None, Some(server)) => postgresql::open(server, patience)
                .map(|session| Conn::new(session, Engine::PostgreSql)),
            (None, None) => Err(Failure::new(FailureKind::Other, "the URL names nothing")),
        };
        opened.map_err(|failure| self.failed("open", failure))
    }

    fn failed(&self, action: &str, failure: Failure) -> DbError {
        failure.during(format!("{action} {}", self.url))
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
    fs::metadata(url.file()?)
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
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        // Perhaps still within the transaction: the closure gave up or panicked, or the commit failed.
        let usable = conn.leave();
        let mut idle = self.db.idle();
        if usable && idle.file == self.file && idle.connections.len() < MAX_IDLE {
            idle.connections.push(conn);
        } else {
            // Closing may write to the disk; nobody should have to wait for it.
            drop(idle);
            drop(conn);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;
    use std::time::Duration;
    use std::{fs, thread};

    use super::Db;
    use crate::testing::{TestDb, add_user};
    use crate::{Conn, DatabaseUrl, DbError, schema, settings, users};

    fn idle(db: &Db) -> usize {
        db.idle().connections.len()
    }

    fn title(conn: &Conn) -> Result<String, DbError> {
        Ok(settings::get(conn, "title")?
            .expect("a fresh database has it")
            .value)
    }

    #[test]
    fn nothing_is_opened_before_the_first_use() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::new(DatabaseUrl::sqlite(dir.path().join("new.db")));
        assert_eq!(
            (idle(&db), fs::read_dir(dir.path()).unwrap().count()),
            (0, 0)
        );
        db.create_if_missing().unwrap();
        assert_eq!(db.read(schema::check).unwrap(), schema::SchemaState::Empty);
        assert_eq!(idle(&db), 1);
    }

    #[test]
    fn a_missing_file_is_unavailable_and_is_not_made() {
        let test = TestDb::fresh_sqlite();
        let (here, away) = (
            test.db.url().file().unwrap(),
            test.dir.path().join("moved-away.db"),
        );
        test.db.close_idle();
        fs::rename(here, &away).unwrap();
        assert!(test.db.read(title).unwrap_err().is_unavailable());
        assert!(
            test.db
                .write(|tx| settings::set(tx, "title", Some("x"), None))
                .unwrap_err()
                .is_unavailable()
        );
        assert!(!here.exists());
        fs::rename(&away, here).unwrap();
        assert_eq!(test.read(title), "");
    }

    #[test]
    fn a_database_put_in_place_of_the_open_one_is_seen() {
        let (test, backup) = (TestDb::fresh_sqlite(), TestDb::fresh_sqlite());
        test.write(|tx| settings::set(tx, "title", Some("present"), None));
        backup.write(|tx| settings::set(tx, "title", Some("restored"), None));
        backup.db.close_idle();
        assert_eq!(
            (test.read(title), idle(&test.db)),
            ("present".to_owned(), 1)
        );
        fs::rename(
            backup.db.url().file().unwrap(),
            test.db.url().file().unwrap(),
        )
        .unwrap();
        assert_eq!(test.read(title), "restored");
        test.write(|tx| settings::set(tx, "title", Some("and written"), None));
        assert_eq!(test.read(title), "and written");
    }

    #[test]
    fn an_error_or_a_panic_undoes_the_changes_and_gives_the_connection_back() {
        let test = TestDb::fresh();
        let failed: Result<(), DbError> = test.db.write(|tx| {
            settings::set(tx, "title", Some("half done"), None)?;
            users::insert(
                tx,
                &users::NewUser {
                    username: &"default".into(),
                    password: &"".into(),
                    active: true,
                    admin: false,
                    firstname: "",
                    lastname: "",
                    email: None,
                    extern_type: None,
                    extern_name: None,
                    api_key: &"".into(),
                },
            )
            .map(drop)
        });
        assert!(failed.unwrap_err().is_unique_violation());
        assert_eq!((test.read(title), idle(&test.db)), (String::new(), 1));

        let panicked = catch_unwind(AssertUnwindSafe(|| {
            test.db.write(|tx| -> Result<(), DbError> {
                settings::set(tx, "title", Some("half done"), None)?;
                panic!("on purpose")
            })
        }));
        assert!(panicked.is_err());
        assert_eq!((test.read(title), idle(&test.db)), (String::new(), 1));
    }

    #[test]
    fn a_read_sees_one_state_from_its_beginning_to_its_end() {
        let test = TestDb::fresh();
        let seen = test.read(|conn| {
            let before = title(conn)?;
            test.write(|tx| settings::set(tx, "title", Some("changed meanwhile"), None));
            Ok((before, title(conn)?))
        });
        assert_eq!(seen, (String::new(), String::new()));
        assert_eq!(test.read(title), "changed meanwhile");
    }

    #[test]
    fn a_lock_held_for_too_long_is_unavailable() {
        let test = TestDb::fresh();
        let hasty = Db::new(
            test.db
                .url()
                .clone()
                .with_timeout(Duration::from_millis(100)),
        );
        test.write(|tx| {
            settings::set(tx, "title", Some("slow"), None)?;
            let refused = hasty.write(|tx| settings::set(tx, "title", Some("hasty"), None));
            assert!(refused.unwrap_err().is_unavailable());
            assert_eq!(
                hasty.read(title).unwrap(),
                "",
                "reading does not wait for a writer"
            );
            Ok(())
        });
        hasty
            .write(|tx| settings::set(tx, "title", Some("patient"), None))
            .unwrap();
        assert_eq!(test.read(title), "patient");
    }

    #[test]
    fn a_full_disk_is_unavailable_and_the_database_recovers() {
        let test = TestDb::fresh_sqlite();
        let long = "x".repeat(1_000_000);
        let refused: Result<(), DbError> = test.db.write(|tx| {
            // The engine's own way to pretend a full disk.
            tx.query("PRAGMA max_page_count = 1", &[], |_| ())?;
            settings::set(tx, "title", Some(&long), None)
        });
        assert!(refused.unwrap_err().is_unavailable());
        assert_eq!(test.read(title), "");
        test.write(|tx| settings::set(tx, "title", Some(&long), None));
        assert_eq!(test.read(title), long);
    }

    #[test]
    fn threads_share_it() {
        let test = TestDb::fresh();
        let barrier = Barrier::new(4);
        thread::scope(|scope| {
            for thread in 0..4 {
                let (test, barrier) = (&test, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    for n in 0..25 {
                        test.write(|tx| add_user(tx, &format!("user-{thread}-{n}")));
                        assert!(test.read(users::all).len() > n);
                    }
                });
            }
        });
        assert_eq!(test.read(users::all).len(), 100);
        assert!((1..=4).contains(&idle(&test.db)));
    }

    #[test]
    fn what_a_fork_inherited_is_not_used() {
        let test = TestDb::fresh();
        test.read(title);
        // As it looks in a child process: connections made under another process id.
        test.db.idle.lock().unwrap().process = 0;
        assert_eq!(idle(&test.db), 0);
        test.write(|tx| settings::set(tx, "title", Some("from the child"), None));
        assert_eq!(test.read(title), "from the child");
    }

    #[test]
    fn errors_are_sorted_by_what_can_be_done_about_them() {
        let test = TestDb::sqlite();
        assert!(matches!(
            test.db.read(users::all),
            Err(DbError::NoSuchTable { .. })
        ));
        let nonsense = test.dir.path().join("nonsense.db");
        fs::write(
            &nonsense,
            "this is not a database, and long enough to look like one. ".repeat(20),
        )
        .unwrap();
        let error = Db::new(DatabaseUrl::sqlite(nonsense))
            .read(users::all)
            .unwrap_err();
        assert!(matches!(error, DbError::Corrupt { .. }), "{error}");
        let directory = Db::new(DatabaseUrl::sqlite(test.dir.path()))
            .read(users::all)
            .unwrap_err();
        assert!(directory.is_unavailable(), "{directory}");
        assert!(
            directory
                .to_string()
                .contains(test.dir.path().to_str().unwrap()),
            "{directory}"
        );
    }

    #[test]
    fn the_database_logs_ahead_and_waits_for_the_disk() {
        let test = TestDb::fresh_sqlite();
        let pragma = |name: &str| {
            test.read(|conn| {
                conn.query_one(&format!("PRAGMA {name}"), &[], |row| row.take::<String>())
            })
            .unwrap()
        };
        assert_eq!(pragma("journal_mode"), "wal");
        assert_eq!(pragma("synchronous"), "2");
        assert_eq!(
            pragma("foreign_keys"),
            "0",
            "as with the original, whose databases hold orphans"
        );
    }
}
