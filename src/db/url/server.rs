//! Where a database server is and how to talk to it: the URLs of PostgreSQL and MySQL.
//!
//! As SQLAlchemy and the drivers behind it read them: `engine+driver://user:password@host:port/database?option=value`.
//! User name and password are percent-coded; a password may also hold `@`, `/` and `:` as they are, for what counts is the
//! last `@`. Everything else of the place may also stand among the options (`?host=/var/run/postgresql&user=…`).

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::Engine;
use crate::error::DbError;

/// How long a connection may take to come about, unless the URL says something else.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where distributions put MySQL's socket.
const MYSQL_SOCKETS: [&str; 4] = [
    "/run/mysqld/mysqld.sock",
    "/var/run/mysqld/mysqld.sock",
    "/var/lib/mysql/mysql.sock",
    "/tmp/mysql.sock",
];

/// Where distributions put the folder of PostgreSQL's sockets.
const POSTGRESQL_SOCKETS: [&str; 3] = ["/run/postgresql", "/var/run/postgresql", "/tmp"];

/// How the server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Host name or address, and port.
    Tcp(String, u16),
    /// PostgreSQL: the folder of the socket, and the port that is in its name. MySQL: the socket.
    Socket(PathBuf, u16),
}

/// How much of TLS is asked for, in PostgreSQL's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TlsMode {
    /// None.
    Disable,
    /// If the server can, and whoever it may be.
    Prefer,
    /// Yes, with whomever it may be.
    Require,
    /// With a certificate of a known authority.
    VerifyCa,
    /// With a certificate of a known authority for this very host.
    VerifyFull,
}

/// TLS and its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tls {
    pub(crate) mode: TlsMode,
    /// Certificates of the authorities that are trusted; without it those of the system.
    pub(crate) authorities: Option<PathBuf>,
    /// Our own certificate and its key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

/// A database on a server.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) engine: Engine,
    pub(crate) way: Way,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: String,
    pub(crate) tls: Tls,
    pub(crate) connect_timeout: Duration,
}

/// Never shows the password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an administrator needs to find the server: everything but the password.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} database {:?}", self.engine, self.database)?;
        if let Some(user) = &self.user {
            write!(f, " as user {user:?}")?;
        }
        match &self.way {
            Way::Tcp(host, port) => write!(f, " at {host}:{port}"),
            Way::Socket(path, _) => write!(f, " at {}", path.display()),
        }
    }
}

impl Server {
    /// Reads what stands behind `://`. `driver` is what stood behind `+`.
    pub(super) fn parse(engine: Engine, driver: &str, rest: &str) -> Result<Self, DbError> {
        let (account, place) = match rest.rsplit_once('@') {
            Some((account, place)) if !account.split(':').next().unwrap_or("").contains('/') => {
                (Some(account), place)
            }
            _ => (None, rest),
        };
        let (place, options) = place.split_once('?').unwrap_or((place, ""));
        let (host, database) = place.split_once('/').unwrap_or((place, ""));
        let mut options = Options::parse(options)?;
        let (mut user, mut password) = match account.map(|account| account.split_once(':')) {
            Some(Some((user, password))) => (given(user)?, given(password)?),
            Some(None) => (given(account.unwrap_or_default())?, None),
            None => (None, None),
        };
        let (host, port) = host_and_port(host)?;
        let mut database = database.to_owned();
        // What is said twice counts as it stands among the options, as with the drivers.
        if let Some(said) = options.take(&["user"]) {
            user = Some(said);
        }
        if let Some(said) = options.take(&["password", "passwd"]) {
            password = Some(said);
        }
        if let Some(said) = options.take(&["dbname", "db", "database"]) {
            database = said;
        }
        let host = options.take(&["host"]).or(host);
        let port = match options.take(&["port"]) {
            Some(said) => Some(port_number(&said)?),
            None => port,
        };
        if database.is_empty() {
            return Err(bad("it names no database"));
        }
        let connect_timeout = match options.take(&["connect_timeout"]) {
            Some(said) => seconds("connect_timeout", &said)?,
            None => CONNECT_TIMEOUT,
        };
        let (way, tls) = match engine {
            Engine::MySql => {
                let socket = options.take(&["unix_socket"]).map(PathBuf::from);
                (
                    mysql_way(driver, host, port, socket),
                    mysql_tls(&mut options),
                )
            }
            Engine::PostgreSql | Engine::Sqlite => {
                (postgresql_way(host, port), postgresql_tls(&mut options)?)
            }
        };
        Ok(Self {
            engine,
            way,
            user,
            password,
            database,
            tls,
            connect_timeout,
        })
    }
}

fn bad(reason: impl Into<String>) -> DbError {
    DbError::Url {
        reason: reason.into(),
    }
}

fn decoded(text: &str) -> Result<String, DbError> {
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded
        .map_err(|_| bad("what is percent-coded in it is not UTF-8"))?
        .into_owned())
}

/// A user name or password, if there is one.
fn given(text: &str) -> Result<Option<String>, DbError> {
    Ok(Some(decoded(text)?).filter(|text| !text.is_empty()))
}

fn port_number(text: &str) -> Result<u16, DbError> {
    text.parse()
        .map_err(|_| bad(format!("{text:?} is not a port")))
}

fn seconds(key: &str, text: &str) -> Result<Duration, DbError> {
    let number = text.parse().ok();
    number
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|time| !time.is_zero())
        .map(|time| time.min(super::MAX_TIMEOUT))
        .ok_or_else(|| bad(format!("{key}={text} is not a number of seconds")))
}

fn host_and_port(text: &str) -> Result<(Option<String>, Option<u16>), DbError> {
    let (host, rest) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        Some((address, rest)) => (address, rest),
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match rest.strip_prefix(':') {
        None | Some("") => None,
        Some(port) => Some(port_number(port)?),
    };
    Ok((Some(decoded(host)?).filter(|host| !host.is_empty()), port))
}

fn first_existing(paths: &[&str]) -> Option<PathBuf> {
    paths.iter().map(PathBuf::from).find(|path| path.exists())
}

/// Without a host: the socket where distributions put it. A host that begins with `/` is the folder of the socket.
fn postgresql_way(host: Option<String>, port: Option<u16>) -> Way {
    let port = port.unwrap_or(5432);
    match host {
        Some(path) if path.starts_with('/') => Way::Socket(path.into(), port),
        Some(host) => Way::Tcp(host, port),
        None => {
            let there = |folder: &&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
            match POSTGRESQL_SOCKETS.iter().find(|folder| there(folder)) {
                Some(folder) => Way::Socket(folder.into(), port),
                None => Way::Tcp("localhost".to_owned(), port),
            }
        }
    }
}

/// MySQL's own client library takes `localhost` for the socket, the drivers written in Python do not.
fn mysql_way(
    driver: &str,
    host: Option<String>,
    port: Option<u16>,
    socket: Option<PathBuf>,
) -> Way {
    let local = host.as_deref().is_none_or(|host| host == "localhost");
    let library = matches!(driver, "" | "mysqldb" | "mariadbconnector");
    let socket = socket.or_else(|| {
        (local && port.is_none() && library)
            .then(|| first_existing(&MYSQL_SOCKETS))
            .flatten()
    });
    let port = port.unwrap_or(3306);
    match socket {
        Some(path) => Way::Socket(path, port),
        None => Way::Tcp(host.unwrap_or_else(|| "localhost".to_owned()), port),
    }
}

fn postgresql_tls(options: &mut Options) -> Result<Tls, DbError> {
    let mode = match options.take(&["sslmode"]).as_deref() {
        None | Some("prefer" | "allow") => TlsMode::Prefer,
        Some("disable") => TlsMode::Disable,
        Some("require") => TlsMode::Require,
        Some("verify-ca") => TlsMode::VerifyCa,
        Some("verify-full") => TlsMode::VerifyFull,
        Some(other) => return Err(bad(format!("sslmode={other} is none of PostgreSQL's"))),
    };
    let authorities = options
        .take(&["sslrootcert"])
        .filter(|path| path != "system");
    // As libpq has it: whoever names an authority wants it asked.
    let mode = match (&authorities, mode) {
        (Some(_), TlsMode::Require) => TlsMode::VerifyCa,
        (_, mode) => mode,
    };
    Ok(Tls {
        mode,
        authorities: authorities.map(PathBuf::from),
        identity: identity(options, "sslcert", "sslkey"),
    })
}

fn mysql_tls(options: &mut Options) -> Tls {
    let mut is_set = |key: &str| {
        let value = options.take(&[key])?.to_lowercase();
        Some(!matches!(value.as_str(), "false" | "0" | "no" | "off" | ""))
    };
    let (wanted, disabled) = (is_set("ssl"), is_set("ssl_disabled"));
    let (check_certificate, check_host) = (is_set("ssl_verify_cert"), is_set("ssl_check_hostname"));
    let mode_words = options.take(&["ssl_mode"]).map(|mode| mode.to_uppercase());
    let authorities = options.take(&["ssl_ca"]).map(PathBuf::from);
    let identity = identity(options, "ssl_cert", "ssl_key");
    let mode = match mode_words.as_deref() {
        Some("DISABLED") => TlsMode::Disable,
        Some("PREFERRED") => TlsMode::Prefer,
        Some("REQUIRED") => TlsMode::Require,
        Some("VERIFY_CA") => TlsMode::VerifyCa,
        Some("VERIFY_IDENTITY") => TlsMode::VerifyFull,
        _ if disabled == Some(true) || wanted == Some(false) => TlsMode::Disable,
        _ if check_host == Some(true) => TlsMode::VerifyFull,
        _ if check_certificate == Some(true) || authorities.is_some() => TlsMode::VerifyCa,
        _ if wanted == Some(true) || identity.is_some() => TlsMode::Require,
        _ => TlsMode::Disable,
    };
    Tls {
        mode,
        authorities,
        identity,
    }
}

fn identity(options: &mut Options, certificate: &str, key: &str) -> Option<(PathBuf, PathBuf)> {
    let certificate = options.take(&[certificate])?;
    // Both may stand in one file.
    let key = options.take(&[key]).unwrap_or_else(|| certificate.clone());
    Some((certificate.into(), key.into()))
}

/// What stands behind `?`. What only SQLAlchemy or a driver of Python knows (`charset`, `use_unicode`) is passed over:
/// text is always UTF-8 here.
struct Options(BTreeMap<String, String>);

impl Options {
    fn parse(text: &str) -> Result<Self, DbError> {
        text.split('&')
            .filter_map(|option| option.split_once('='))
            .map(|(key, value)| Ok((decoded(key)?, decoded(&value.replace('+', " "))?)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The value of the first of these keys that is there.
    fn take(&mut self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| self.0.remove(*key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DatabaseUrl;

    fn parse(url: &str) -> Server {
        let url: DatabaseUrl = url.parse().unwrap_or_else(|error| panic!("{url}: {error}"));
        url.server().unwrap().clone()
    }

    fn tcp(host: &str, port: u16) -> Way {
        Way::Tcp(host.to_owned(), port)
    }

    #[test]
    fn the_parts_are_told_apart() {
        for url in [
            "postgresql://kallithea:secret@db.example.com:5433/kallithea",
            "postgresql+psycopg2://kallithea:secret@db.example.com:5433/kallithea",
            "postgres://db.example.com/x?user=kallithea&password=secret&port=5433&dbname=kallithea",
        ] {
            let server = parse(url);
            assert_eq!(server.engine, Engine::PostgreSql);
            assert_eq!(server.way, tcp("db.example.com", 5433), "{url}");
            assert_eq!(server.user.as_deref(), Some("kallithea"), "{url}");
            assert_eq!(server.password.as_deref(), Some("secret"), "{url}");
            assert_eq!(server.database, "kallithea", "{url}");
        }
        let server = parse("mysql+pymysql://kallithea@localhost/kallithea?charset=utf8mb4");
        assert_eq!(server.engine, Engine::MySql);
        assert_eq!(
            server.way,
            tcp("localhost", 3306),
            "PyMySQL looks for no socket"
        );
        assert_eq!(
            (server.user.as_deref(), server.password),
            (Some("kallithea"), None)
        );
    }

    #[test]
    fn a_password_may_hold_anything() {
        for (coded, password) in [
            ("p%40ss%2Fw%3Ard", "p@ss/w:rd"),
            ("p@ss/w:rd", "p@ss/w:rd"),
            ("100%25", "100%"),
            ("a?b", "a?b"),
            ("%C3%A4+b", "ä+b"),
        ] {
            let server = parse(&format!("postgresql://me:{coded}@host/db?sslmode=disable"));
            assert_eq!(server.password.as_deref(), Some(password));
            assert_eq!(
                (server.way, server.database.as_str()),
                (tcp("host", 5432), "db")
            );
            assert_eq!(server.tls.mode, TlsMode::Disable);
        }
        let shown = format!("{:?}", parse("mysql://me:hidden@host/db"));
        assert_eq!(
            shown,
            "the MySQL database \"db\" as user \"me\" at host:3306"
        );
    }

    #[test]
    fn sockets_are_named_in_each_driver_s_way() {
        let server = parse("postgresql:///kallithea?host=/var/run/postgresql");
        assert_eq!(server.way, Way::Socket("/var/run/postgresql".into(), 5432));
        let server = parse("postgresql://me@/kallithea?host=/srv/pg&port=5544");
        assert_eq!(server.way, Way::Socket("/srv/pg".into(), 5544));
        let server = parse("postgresql://me@%2Fsrv%2Fpg/kallithea");
        assert_eq!(server.way, Way::Socket("/srv/pg".into(), 5432));
        let server = parse("mysql://me:pw@localhost/kallithea?unix_socket=/srv/mysql.sock");
        assert_eq!(server.way, Way::Socket("/srv/mysql.sock".into(), 3306));
        assert_eq!(parse("mysql://me@[::1]:3307/k").way, tcp("::1", 3307));
        assert_eq!(
            parse("postgresql://[2001:db8::7]/k").way,
            tcp("2001:db8::7", 5432)
        );
    }

    #[test]
    fn tls_is_asked_for_in_each_driver_s_way() {
        let mode = |url: &str| parse(url).tls.mode;
        assert_eq!(mode("postgresql://h/d"), TlsMode::Prefer);
        assert_eq!(mode("postgresql://h/d?sslmode=require"), TlsMode::Require);
        assert_eq!(
            mode("postgresql://h/d?sslmode=require&sslrootcert=/ca.pem"),
            TlsMode::VerifyCa
        );
        let full = parse("postgresql://h/d?sslmode=verify-full&sslcert=/me.pem&sslkey=/me.key").tls;
        assert_eq!(full.mode, TlsMode::VerifyFull);
        assert_eq!(full.identity, Some(("/me.pem".into(), "/me.key".into())));
        assert_eq!(mode("mysql://h/d"), TlsMode::Disable);
        assert_eq!(mode("mysql://h/d?ssl=true"), TlsMode::Require);
        assert_eq!(mode("mysql://h/d?ssl_ca=/ca.pem"), TlsMode::VerifyCa);
        assert_eq!(
            mode("mysql://h/d?ssl_ca=/ca.pem&ssl_check_hostname=true"),
            TlsMode::VerifyFull
        );
        assert_eq!(
            mode("mysql://h/d?ssl_mode=VERIFY_IDENTITY"),
            TlsMode::VerifyFull
        );
    }

    #[test]
    fn nonsense_is_refused_without_repeating_a_password() {
        for url in [
            "postgresql://me:secret@host",
            "postgresql://me:secret@host/",
            "postgresql://me:secret@host:port/db",
            "postgresql://me:secret%ff@host/db",
            "postgresql://me:secret@host/db?sslmode=perhaps",
            "mysql://me:secret@host/db?connect_timeout=soon",
            "mysql://me:secret@host/db?connect_timeout=-1",
        ] {
            let error = url.parse::<DatabaseUrl>().unwrap_err();
            assert!(matches!(error, DbError::Url { .. }), "{url}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
