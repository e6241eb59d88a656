//! The database URL of the ini file (`sqlalchemy.url`).
//!
//! SQLAlchemy's way to write them: `sqlite:///relative/path.db`, `sqlite:////absolute/path.db`, with options after `?`
//! of which `timeout` (seconds) matters to us. The driver after `+` (`postgresql+psycopg2`) is of no interest here.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::error::DbError;

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

/// A database URL of an engine that this build can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrl {
    path: PathBuf,
    timeout: Duration,
}

impl DatabaseUrl {
    /// The URL of a SQLite file.
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            timeout: DEFAULT_TIMEOUT,
        }
    }

    /// The same database with another patience for locks.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The engine of the database.
    pub fn engine(&self) -> Engine {
        Engine::Sqlite
    }

    /// The database file. A relative path counts from the working directory of the process, as in the original.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How long a lock held by somebody else is waited for.
    pub fn timeout(&self) -> Duration {
        self.timeout.min(MAX_TIMEOUT)
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
        match scheme.split('+').next().unwrap_or(scheme) {
            "sqlite" => {}
            "postgresql" | "postgres" => {
                return Err(DbError::EngineNotBuilt {
                    engine: Engine::PostgreSql,
                });
            }
            "mysql" | "mariadb" => {
                return Err(DbError::EngineNotBuilt {
                    engine: Engine::MySql,
                });
            }
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
            path: PathBuf::from(path),
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
            parse("sqlite+pysqlite:////a%20b.db").unwrap().path(),
            Path::new("/a%20b.db")
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
    fn other_engines_are_known_by_name() {
        for (url, wanted) in [
            (
                "postgresql://user:pw@localhost/kallithea",
                Engine::PostgreSql,
            ),
            (
                "postgresql+psycopg2://localhost/kallithea",
                Engine::PostgreSql,
            ),
            (
                "mysql://user:pw@localhost/kallithea?charset=utf8mb4",
                Engine::MySql,
            ),
            ("mariadb+pymysql://localhost/kallithea", Engine::MySql),
        ] {
            match parse(url) {
                Err(DbError::EngineNotBuilt { engine }) => assert_eq!(engine, wanted, "{url}"),
                other => panic!("{url}: {other:?}"),
            }
        }
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
