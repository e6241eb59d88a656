//! What is special about PostgreSQL: how a connection is made, how values travel, and what its errors mean.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::net::ToSocketAddrs;
use std::ops::ControlFlow;
use std::time::Duration;

use postgres::config::SslMode;
use postgres::error::SqlState;
use postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use postgres::{Client, Config, NoTls, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::session::{Access, Columns, Failure, FailureKind, Session, letters};
use crate::time::LocalTime;
use crate::tls;
use crate::url::{Server, TlsMode, Way};
use crate::value::{Column, Value};

/// Lists the tables that a bare name reaches.
pub(crate) const TABLES: &str =
    "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()";

/// What writers of ours wait for each other with. The number has no meaning; it spells "kallithe".
const WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock(7737584847680727141)";

/// More statements are not kept; those with lists of any length would be without end.
const MAX_STATEMENTS: usize = 256;

/// Microseconds from 1970 to 2000, where this engine begins to count.
const EPOCH: i64 = 946_684_800_000_000;

/// A connection to a server.
pub(crate) struct PostgreSql {
    client: Client,
    statements: HashMap<String, Statement>,
}

/// Connects. `patience` is how long a lock is waited for.
pub(crate) fn open(server: &Server, patience: Duration) -> Result<PostgreSql, Failure> {
    connect(server, &server.database, patience)
}

/// Makes the database if the server does not have it, and says whether it did.
pub(crate) fn create_if_missing(server: &Server, patience: Duration) -> Result<bool, Failure> {
    let missing = match connect(server, &server.database, patience) {
        Ok(_) => return Ok(false),
        Err(failure) => failure,
    };
    let state = missing.source.downcast_ref::<postgres::Error>();
    if state.and_then(postgres::Error::code) != Some(&SqlState::UNDEFINED_DATABASE) {
        return Err(missing);
    }
    // The database that every server has for those who are about to make another.
    let mut session = connect(server, "postgres", patience)?;
    let name = server.database.replace('"', "\"\"");
    let made = session.client.batch_execute(&format!(
        "CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0"
    ));
    match made.map_err(failure) {
        // Another worker was faster.
        Err(failure) if failure.kind == FailureKind::Unique => Ok(false),
        made => made.map(|()| true),
    }
}

fn connect(server: &Server, database: &str, patience: Duration) -> Result<PostgreSql, Failure> {
    let mut config = Config::new();
    config
        .dbname(database)
        .application_name("kallithea-rs")
        .connect_timeout(server.connect_timeout)
        // A server that vanished without a word is noticed within half a minute and not after two hours.
        .keepalives_idle(Duration::from_secs(15))
        .keepalives_interval(Duration::from_secs(5))
        .keepalives_retries(3)
        .tcp_user_timeout(Duration::from_secs(30));
    if let Some(user) = &server.user {
        config.user(user);
    }
    if let Some(password) = &server.password {
        config.password(password);
    }
    let mut mode = server.tls.mode;
    match &server.way {
        Way::Socket(folder, port) => {
            config.host_path(folder).port(*port);
            mode = TlsMode::Disable;
        }
        Way::Tcp(host, port) => {
            // Looked up here, since the driver would start a thread for it.
            let addresses = (host.as_str(), *port).to_socket_addrs();
            let addresses = addresses.map_err(|error| {
                Failure::new(
                    FailureKind::Unavailable,
                    io::Error::new(error.kind(), format!("no address for {host}: {error}")),
                )
            })?;
            for address in addresses {
                config.host(host).hostaddr(address.ip()).port(*port);
            }
        }
    }
    let client = match mode {
        TlsMode::Disable => config.ssl_mode(SslMode::Disable).connect(NoTls),
        _ => {
            config.ssl_mode(match mode {
                TlsMode::Prefer => SslMode::Prefer,
                _ => SslMode::Require,
            });
            let tls = tls::client(&server.tls)
                .map_err(|error| Failure::new(FailureKind::Unavailable, error))?;
            config.connect(MakeRustlsConnect::new(tls))
        }
    };
    let client = client.map_err(|error| {
        let failure = failure(error);
        // Whatever went wrong so far (a wrong password, no such host), it is no defect of a statement.
        let kind = match failure.kind {
            FailureKind::Lost | FailureKind::Other => FailureKind::Unavailable,
            kind => kind,
        };
        Failure { kind, ..failure }
    })?;
    let mut session = PostgreSql {
        client,
        statements: HashMap::new(),
    };
    let milliseconds = patience.as_millis();
    let settings = format!(
        "SET lock_timeout = {milliseconds}; SET standard_conforming_strings = on; SET bytea_output = 'hex'"
    );
    session.batch(&settings)?;
    Ok(session)
}

impl PostgreSql {
    /// The prepared form of a statement.
    fn prepared(&mut self, sql: &str) -> Result<Statement, Failure> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&numbered(sql)).map_err(failure)?;
        if self.statements.len() >= MAX_STATEMENTS {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Sorts an error, and forgets the prepared statements when it says that they are outdated.
    fn failed(&mut self, error: postgres::Error) -> Failure {
        let outdated = [
            SqlState::FEATURE_NOT_SUPPORTED,
            SqlState::INVALID_SQL_STATEMENT_NAME,
        ];
        if error.code().is_some_and(|code| outdated.contains(code)) {
            self.statements.clear();
        }
        failure(error)
    }
}

impl Session for PostgreSql {
    fn begin(&mut self, access: Access) -> Result<(), Failure> {
        self.client
            .batch_execute(match access {
                Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                Access::Write => WRITE,
            })
            .map_err(failure)
    }

    fn commit(&mut self, _: Access) -> Result<(), Failure> {
        self.client.batch_execute("COMMIT").map_err(failure)
    }

    fn rollback(&mut self, _: Access) -> Result<(), Failure> {
        self.client.batch_execute("ROLLBACK").map_err(failure)
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        row: &mut dyn FnMut(&dyn Columns) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let statement = self.prepared(sql)?;
        let rows = self.client.query(&statement, &bound(params));
        for raw in rows.map_err(|error| self.failed(error))? {
            if row(&raw).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize, Failure> {
        let statement = self.prepared(sql)?;
        let met = self.client.execute(&statement, &bound(params));
        let met = met.map_err(|error| self.failed(error))?;
        Ok(usize::try_from(met).unwrap_or(usize::MAX))
    }

    fn insert(&mut self, sql: &str, id_column: &str, params: &[Value<'_>]) -> Result<i64, Failure> {
        let mut id = None;
        let sql = format!("{sql} RETURNING \"{id_column}\"");
        self.query(&sql, params, &mut |row| {
            if let Column::Int(number) = row.column(0) {
                id = Some(number);
            }
            ControlFlow::Continue(())
        })?;
        id.ok_or_else(|| Failure::new(FailureKind::Other, "the new row has no number"))
    }

    fn batch(&mut self, sql: &str) -> Result<(), Failure> {
        self.client.batch_execute(sql).map_err(failure)
    }
}

fn bound<'a>(params: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect()
}

/// The same SQL with `$1`, `$2`, … for each `?`.
fn numbered(sql: &str) -> String {
    let mut numbered = String::with_capacity(sql.len() + 16);
    let mut count = 0;
    for (_, letter, outside) in letters(sql) {
        if letter == '?' && outside {
            count += 1;
            let _ = write!(numbered, "${count}");
        } else {
            numbered.push(letter);
        }
    }
    numbered
}

/// Binds a value as the type that the server found for its place.
impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let number = match self {
            Value::Null => return Ok(IsNull::Yes),
            Value::Int(number) => Some(*number),
            Value::Bool(flag) => Some(i64::from(*flag)),
            Value::Real(number) => Some(*number as i64),
            Value::Text(text) => text.parse().ok(),
            Value::Time(_) | Value::Bytes(_) => None,
        };
        match *kind {
            Type::INT2 => {
                out.extend_from_slice(&small::<i16>(number)?.unwrap_or(i16::MIN).to_be_bytes())
            }
            // An id beyond the column's range is asked for as one that no row has.
            Type::INT4 => {
                out.extend_from_slice(&small::<i32>(number)?.unwrap_or(i32::MIN).to_be_bytes())
            }
            Type::INT8 => {
                out.extend_from_slice(&number.ok_or("this is not a number")?.to_be_bytes())
            }
            Type::FLOAT4 | Type::FLOAT8 => {
                let number = match self {
                    Value::Real(number) => *number,
                    Value::Text(text) => text.parse()?,
                    _ => number.ok_or("this is not a number")? as f64,
                };
                return if *kind == Type::FLOAT4 {
                    (number as f32).to_sql(kind, out)
                } else {
                    number.to_sql(kind, out)
                };
            }
            Type::BOOL => {
                out.extend_from_slice(&[u8::from(number.ok_or("this is not a flag")? != 0)])
            }
            Type::TIMESTAMP => {
                let time = match self {
                    Value::Time(time) => *time,
                    Value::Text(text) => text.parse()?,
                    _ => return Err("this is not a time".into()),
                };
                out.extend_from_slice(&(microseconds(time) - EPOCH).to_be_bytes());
            }
            Type::BYTEA => match self {
                Value::Bytes(bytes) => out.extend_from_slice(bytes),
                Value::Text(text) => out.extend_from_slice(text.as_bytes()),
                _ => return Err("this is not binary".into()),
            },
            _ => {
                let text = match self {
                    Value::Int(number) => number.to_string(),
                    Value::Real(number) => number.to_string(),
                    Value::Bool(flag) => flag.to_string(),
                    Value::Time(time) => time.to_string(),
                    Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    Value::Text(text) => text.clone().into_owned(),
                    Value::Null => return Ok(IsNull::Yes),
                };
                out.extend_from_slice(text.as_bytes());
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn small<T: TryFrom<i64>>(number: Option<i64>) -> Result<Option<T>, &'static str> {
    Ok(T::try_from(number.ok_or("this is not a number")?).ok())
}

/// Microseconds since 1970, as if the local time were that of Greenwich: a time without a zone is just that.
fn microseconds(time: LocalTime) -> i64 {
    let since = time.to_civil().duration_since(LocalTime::EPOCH.to_civil());
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX / 2)
}

fn time(microseconds: i64) -> Option<LocalTime> {
    let since = jiff::SignedDuration::from_micros(microseconds);
    let time = LocalTime::EPOCH.to_civil().checked_add(since).ok()?;
    Some(LocalTime::from_civil(time))
}

/// A column as it came over the wire.
struct Raw<'a>(Column<'a>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *kind {
            Type::BOOL => Column::Int(i64::from(bool::from_sql(kind, raw)?)),
            Type::CHAR => Column::Text(raw),
            Type::INT2 => Column::Int(i64::from(i16::from_sql(kind, raw)?)),
            Type::INT4 => Column::Int(i64::from(i32::from_sql(kind, raw)?)),
            Type::OID => Column::Int(i64::from(u32::from_sql(kind, raw)?)),
            Type::INT8 => Column::Int(i64::from_sql(kind, raw)?),
            Type::FLOAT4 => Column::Real(f64::from(f32::from_sql(kind, raw)?)),
            Type::FLOAT8 => Column::Real(f64::from_sql(kind, raw)?),
            Type::NUMERIC => Column::Real(numeric(raw)),
            Type::TIMESTAMP => i64::from_sql(&Type::INT8, raw)?
                .checked_add(EPOCH)
                .and_then(time)
                .map_or(Column::Null, Column::Time),
            Type::BYTEA => Column::Bytes(raw),
            _ => Column::Text(raw),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Column::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// What SUM of large numbers gives: digits to the base 10 000.
fn numeric(raw: &[u8]) -> f64 {
    let word = |index: usize| {
        raw.get(2 * index..2 * index + 2)
            .map_or(0, |bytes| i16::from_be_bytes([bytes[0], bytes[1]]))
    };
    let (count, weight, sign) = (word(0), word(1), word(2));
    let digits = (0..count).map(|n| {
        let digit = f64::from(word(4 + usize::from(n.unsigned_abs())));
        digit * 10_000_f64.powi(i32::from(weight) - i32::from(n))
    });
    let number: f64 = digits.sum();
    if sign == 0 { number } else { -number }
}

impl Columns for Row {
    fn column(&self, index: usize) -> Column<'_> {
        let raw = self.try_get::<_, Raw<'_>>(index);
        debug_assert!(raw.is_ok(), "column {index}: {:?}", raw.err());
        raw.map_or(Column::Null, |raw| raw.0)
    }
}

/// Sorts an error.
fn failure(error: postgres::Error) -> Failure {
    let kind = match error.code() {
        Some(code) => match (code, &code.code()[..2]) {
            (&SqlState::UNIQUE_VIOLATION | &SqlState::DUPLICATE_DATABASE, _) => FailureKind::Unique,
            (&SqlState::UNDEFINED_TABLE, _) => FailureKind::NoSuchTable,
            (
                &SqlState::ADMIN_SHUTDOWN
                | &SqlState::CRASH_SHUTDOWN
                | &SqlState::CANNOT_CONNECT_NOW
                | &SqlState::FEATURE_NOT_SUPPORTED
                | &SqlState::INVALID_SQL_STATEMENT_NAME
                | &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
                _,
            )
            | (_, "08") => FailureKind::Lost,
            (
                &SqlState::LOCK_NOT_AVAILABLE
                | &SqlState::READ_ONLY_SQL_TRANSACTION
                | &SqlState::QUERY_CANCELED
                | &SqlState::UNDEFINED_DATABASE
                | &SqlState::INSUFFICIENT_PRIVILEGE,
                _,
            )
            // Deadlocks, missing resources (disk full, too many connections), wrong passwords, disk errors.
            | (_, "40" | "53" | "28" | "58") => FailureKind::Unavailable,
            (_, "23") => FailureKind::Constraint,
            (_, "22") => FailureKind::Unfit,
            (_, "XX") => FailureKind::Corrupt,
            _ => FailureKind::Other,
        },
        None if error.is_closed() => FailureKind::Lost,
        None => {
            let is_io = error
                .source()
                .is_some_and(|source| source.is::<io::Error>());
            if is_io {
                FailureKind::Lost
            } else {
                FailureKind::Other
            }
        }
    };
    Failure::new(kind, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_numbered_outside_of_quotes() {
        assert_eq!(
            numbered("SELECT '?', \"?\" FROM t WHERE a = ? AND b IN (?, ?)"),
            "SELECT '?', \"?\" FROM t WHERE a = $1 AND b IN ($2, $3)"
        );
    }

    #[test]
    fn times_go_there_and_back() {
        for text in [
            "2026-11-21 21:37:06.255884",
            "1969-12-31 23:59:59.999999",
            "0001-01-01 00:00:00.000000",
            "9999-12-31 23:59:59.999999",
        ] {
            let local: LocalTime = text.parse().unwrap();
            assert_eq!(time(microseconds(local)), Some(local));
        }
        assert_eq!(time(i64::MAX), None);
    }

    #[test]
    fn sums_are_read() {
        // 123 450 000 and -0.5, as the server sends them.
        assert_eq!(
            numeric(&[0, 2, 0, 1, 0, 0, 0, 0, 0x30, 0x39, 0, 0]),
            123_450_000.0
        );
        assert_eq!(
            numeric(&[0, 1, 0xff, 0xff, 0x40, 0, 0, 1, 0x13, 0x88]),
            -0.5
        );
        assert_eq!(numeric(&[]), 0.0);
    }
}
