//! The database URL of the ini file (`sqlalchemy.url`).
//!
//! SQLAlchemy's way to write them: `sqlite:///relative/path.db`, `sqlite:////absolute/path.db`, with options after `?`
//! of which `timeout` (seconds) matters to us. Servers are in a room of their own.

mod server;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::error::DbError;
pub(crate) use server::{Server, Tls, TlsMode, Way};

/// How long to wait for a lock when the URL does not say. Kallithea's own ini template says the same.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Nobody waits longer, whatever the URL says; and the engine counts milliseconds in 31 bits.
const MAX_TIMEOUT: Duration = Duration::from_secs(3600);

/// The engines that Kallithea's URLs can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// One file.
    Sqlite,
    /// `postgresql://…` and `postgres://…`.
    PostgreSql,
    /// `mysql://…` and `mariadb://…`.
    MySql,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::PostgreSql => "PostgreSQL",
            Self::MySql => "MySQL",
        })
    }
}

/// Where a database is. Comes from the text of the ini file or, for SQLite, from a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrl {
    place: Place,
    timeout: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    File(PathBuf),
    Server(Server),
}

impl DatabaseUrl {
    /// The URL of a SQLite file.
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self {
            place: Place::File(path.into()),
            timeout: DEFAULT_TIMEOUT,
        }
    }

    /// The same database with another patience for locks.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The engine of the database.
    pub fn engine(&self) -> Engine {
        match &self.place {
            Place::File(_) => Engine::Sqlite,
            Place::Server(server) => server.engine,
        }
    }

    /// The database's own name: that of its file, or the one it has on its server.
    pub fn name(&self) -> String {
        match &self.place {
            Place::File(path) => path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            Place::Server(server) => server.database.clone(),
        }
    }

    /// The database file, if it is one. A relative path counts from the working directory of the process, as in the
    /// original.
    pub fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Server(_) => None,
        }
    }

    pub(crate) fn server(&self) -> Option<&Server> {
        match &self.place {
            Place::File(_) => None,
            Place::Server(server) => Some(server),
        }
    }

    /// How long a lock held by somebody else is waited for.
    pub fn timeout(&self) -> Duration {
        self.timeout.min(MAX_TIMEOUT)
    }
}

/// The place in words, for messages; never the password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File(path) => write!(f, "the SQLite database {}", path.display()),
            Place::Server(server) => server.fmt(f),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = DbError;

    fn from_str(url: &str) -> Result<Self, DbError> {
        let bad = |reason: &str| DbError::Url {
            reason: reason.to_owned(),
        };
        let (scheme, rest) = url
            .trim()
            .split_once("://")
            .ok_or_else(|| bad("there is no \"://\" in it"))?;
        let (engine, driver) = scheme.split_once('+').unwrap_or((scheme, ""));
        let server = |engine: Engine| -> Result<Self, DbError> {
            Ok(Self {
                place: Place::Server(Server::parse(engine, driver, rest)?),
                timeout: DEFAULT_TIMEOUT,
            })
        };
        match engine {
            "sqlite" => {}
            "postgresql" | "postgres" => return server(Engine::PostgreSql),
            "mysql" | "mariadb" => return server(Engine::MySql),
            other => return Err(bad(&format!("no engine is called {other:?}"))),
        }
        let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
        let path = place.strip_prefix('/').ok_or_else(|| {
            bad("a SQLite URL has three slashes before a relative path and four before an absolute one")
        })?;
        if path.is_empty() || path == ":memory:" {
            return Err(bad(
                "a database in memory cannot be shared by the processes of a server",
            ));
        }
        Ok(Self {
            place: Place::File(PathBuf::from(path)),
            timeout: timeout(options)?,
        })
    }
}

/// Reads `timeout=` (seconds, a fraction is allowed) and passes over the options that only SQLAlchemy knows.
fn timeout(options: &str) -> Result<Duration, DbError> {
    for (key, value) in options
        .split('&')
        .filter_map(|option| option.split_once('='))
    {
        if key == "timeout" {
            return value
                .parse()
                .ok()
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                .ok_or_else(|| DbError::Url {
                    reason: format!("timeout={value} is not a number of seconds"),
                });
        }
    }
    Ok(DEFAULT_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<DatabaseUrl, DbError> {
        url.parse()
    }

    #[test]
    fn sqlite_urls_name_a_relative_or_an_absolute_file() {
        assert_eq!(
            parse("sqlite:///kallithea.db").unwrap(),
            DatabaseUrl::sqlite("kallithea.db")
        );
        assert_eq!(
            parse("sqlite:////srv/kallithea/kallithea.db?timeout=60").unwrap(),
            DatabaseUrl::sqlite("/srv/kallithea/kallithea.db")
        );
        assert_eq!(
            parse("sqlite+pysqlite:////a%20b.db").unwrap().file(),
            Some(Path::new("/a%20b.db"))
        );
    }

    #[test]
    fn the_timeout_is_read_and_other_options_are_passed_over() {
        let url = parse("sqlite:////x.db?check_same_thread=false&timeout=2.5").unwrap();
        assert_eq!(url.timeout(), Duration::from_millis(2500));
        assert_eq!(
            parse("sqlite:////x.db?timeout=9e9").unwrap().timeout(),
            MAX_TIMEOUT
        );
        assert!(matches!(
            parse("sqlite:////x.db?timeout=soon"),
            Err(DbError::Url { .. })
        ));
        assert!(matches!(
            parse("sqlite:////x.db?timeout=-1"),
            Err(DbError::Url { .. })
        ));
    }

    #[test]
    fn nonsense_is_refused_without_repeating_it() {
        for url in [
            "",
            "kallithea.db",
            "sqlite:/x.db",
            "sqlite://x.db",
            "sqlite://",
            "sqlite:///",
            "sqlite:///:memory:",
            "oracle://a:secret@b/c",
        ] {
            let error = parse(url).unwrap_err();
            assert!(matches!(error, DbError::Url { .. }), "{url}: {error}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
