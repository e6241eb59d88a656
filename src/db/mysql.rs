//! What is special about MySQL and MariaDB: how a connection is made, how values travel, and what the errors mean.

use std::ops::ControlFlow;
use std::time::Duration;

use jiff::civil::DateTime;
use mysql::consts::CapabilityFlags;
use mysql::prelude::Queryable;
use mysql::{ClientIdentity, Conn, DriverError, Error, Opts, OptsBuilder, Params, Row, SslOpts};

use crate::session::{Access, Columns, Failure, FailureKind, Session, statements};
use crate::time::LocalTime;
use crate::url::{Server, Tls, TlsMode, Way};
use crate::value::{Column, Value};

/// Lists the tables.
pub(crate) const TABLES: &str =
    "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()";

/// What writers of ours wait for each other with, one for each database of the server.
const LOCK_NAME: &str = "CONCAT('kallithea-rs ', SHA1(DATABASE()))";

/// An answer that takes longer comes from a server that is gone.
const SILENCE: Duration = Duration::from_secs(120);

/// The words that make standard SQL of this engine's: quotes, backslashes, `||`; and values that do not fit are refused.
const MODE: &str = "ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES,STRICT_ALL_TABLES,\
                    ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

/// A connection to a server.
pub(crate) struct MySql {
    raw: Conn,
    patience: Duration,
    in_transaction: bool,
}

/// Connects. `patience` is how long a lock is waited for.
pub(crate) fn open(server: &Server, patience: Duration) -> Result<MySql, Failure> {
    connect(server, Some(&server.database), patience)
}

/// Makes the database if the server does not have it, and says whether it did.
pub(crate) fn create_if_missing(server: &Server, patience: Duration) -> Result<bool, Failure> {
    let missing = match open(server, patience) {
        Ok(_) => return Ok(false),
        Err(failure) => failure,
    };
    match missing.source.downcast_ref() {
        // Unknown database.
        Some(Error::MySqlError(error)) if error.code == 1049 => {}
        _ => return Err(missing),
    }
    let mut session = connect(server, None, patience)?;
    let name = server.database.replace('"', "\"\"");
    // In the original's words, so that names compare as they do there.
    let sql = format!(
        "CREATE DATABASE IF NOT EXISTS \"{name}\" CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
    );
    session.raw.query_drop(sql).map_err(failure)?;
    Ok(true)
}

fn connect(server: &Server, database: Option<&str>, patience: Duration) -> Result<MySql, Failure> {
    let lock_wait = patience.as_secs().max(1);
    let builder = OptsBuilder::new()
        .user(server.user.as_deref())
        .pass(server.password.as_deref())
        .db_name(database)
        .tcp_connect_timeout(Some(server.connect_timeout))
        .read_timeout(Some(SILENCE.max(patience + SILENCE)))
        .write_timeout(Some(SILENCE))
        // The driver would connect twice to find the socket by itself.
        .prefer_socket(false)
        .stmt_cache_size(256)
        // An UPDATE tells how many rows it met, not how many it made different.
        .additional_capabilities(CapabilityFlags::CLIENT_FOUND_ROWS)
        .init(vec![
            "SET NAMES utf8mb4".to_owned(),
            format!(
                "SET SESSION sql_mode = '{MODE}', autocommit = 1, innodb_lock_wait_timeout = {lock_wait}, \
                 lock_wait_timeout = {lock_wait}, group_concat_max_len = 4294967295"
            ),
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ".to_owned(),
        ]);
    let builder = match &server.way {
        Way::Socket(path, _) => builder.socket(Some(path.to_string_lossy())),
        Way::Tcp(host, port) => builder
            .ip_or_hostname(Some(host.as_str()))
            .tcp_port(*port)
            .ssl_opts(ssl(&server.tls)),
    };
    let raw = match Conn::new(Opts::from(builder)) {
        // The server cannot do what was only preferred.
        Err(Error::DriverError(DriverError::TlsNotSupported))
            if server.tls.mode == TlsMode::Prefer =>
        {
            let tls = Tls {
                mode: TlsMode::Disable,
                ..server.tls.clone()
            };
            let server = Server {
                tls,
                ..server.clone()
            };
            return connect(&server, database, patience);
        }
        raw => raw,
    };
    let raw = raw.map_err(|error| {
        let failure = failure(error);
        // Whatever went wrong so far (a wrong password, no such host), it is no defect of a statement.
        let kind = match failure.kind {
            FailureKind::Lost | FailureKind::Other => FailureKind::Unavailable,
            kind => kind,
        };
        Failure { kind, ..failure }
    })?;
    Ok(MySql {
        raw,
        patience,
        in_transaction: false,
    })
}

fn ssl(tls: &Tls) -> Option<SslOpts> {
    if tls.mode == TlsMode::Disable {
        return None;
    }
    let identity = tls
        .identity
        .as_ref()
        .map(|(certificate, key)| ClientIdentity::new(certificate.clone(), key.clone()));
    Some(
        SslOpts::default()
            .with_root_cert_path(tls.authorities.clone())
            .with_client_identity(identity)
            .with_danger_accept_invalid_certs(tls.mode <= TlsMode::Require)
            .with_danger_skip_domain_validation(tls.mode <= TlsMode::VerifyCa),
    )
}

impl MySql {
    fn run(&mut self, sql: &str) -> Result<(), Failure> {
        self.raw.query_drop(sql).map_err(failure)
    }

    /// Lets the next writer in. When that fails the connection must go, which lets it in as well.
    fn unlock(&mut self, access: Access) -> Result<(), Failure> {
        self.in_transaction = false;
        match access {
            Access::Read => Ok(()),
            Access::Write => self.run(&format!("DO RELEASE_LOCK({LOCK_NAME})")),
        }
    }

    fn lock(&mut self) -> Result<(), Failure> {
        let sql = format!(
            "SELECT GET_LOCK({LOCK_NAME}, {})",
            self.patience.as_secs_f64()
        );
        match self.raw.query_first::<Option<i64>, _>(sql) {
            Ok(Some(Some(1))) => Ok(()),
            Ok(_) => Err(Failure::new(
                FailureKind::Unavailable,
                "somebody else has been writing for too long",
            )),
            Err(error) => Err(failure(error)),
        }
    }
}

impl Session for MySql {
    fn begin(&mut self, access: Access) -> Result<(), Failure> {
        match access {
            Access::Read => {
                self.run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")?;
            }
            Access::Write => {
                self.lock()?;
                if let Err(failure) = self.run("START TRANSACTION") {
                    drop(self.unlock(access));
                    return Err(failure);
                }
            }
        }
        self.in_transaction = true;
        Ok(())
    }

    fn commit(&mut self, access: Access) -> Result<(), Failure> {
        self.run("COMMIT")?;
        if let Err(failure) = self.unlock(access) {
            // What was changed is kept by now. The next use of the connection shows what is wrong with it.
            tracing::warn!(error = %failure.source, "cannot let go of the writers' lock");
        }
        Ok(())
    }

    fn rollback(&mut self, access: Access) -> Result<(), Failure> {
        self.run("ROLLBACK")?;
        self.unlock(access)
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        row: &mut dyn FnMut(&dyn Columns) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let mut asked = self.raw.exec_iter(sql, bound(params));
        // Old tables may be in a charset that has not all letters, and to compare them with a text that they cannot hold
        // is an error here instead of a no. So it is asked for with letters that nobody's name has. For the first time those
        // beyond three bytes (`utf8` of old), then those beyond one (`latin1`).
        for last_letter in ['\u{ffff}', '\u{ff}'] {
            if !asked.as_ref().is_err_and(is_mix_of_collations) {
                break;
            }
            drop(asked);
            let params: Vec<Value<'_>> = params
                .iter()
                .map(|value| up_to(last_letter, value))
                .collect();
            asked = self.raw.exec_iter(sql, bound(&params));
        }
        let rows = asked.map_err(failure)?;
        // Whatever is not read here the driver reads away when the rows are dropped.
        for raw in rows {
            if row(&raw.map_err(failure)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize, Failure> {
        self.raw.exec_drop(sql, bound(params)).map_err(failure)?;
        Ok(usize::try_from(self.raw.affected_rows()).unwrap_or(usize::MAX))
    }

    fn insert(&mut self, sql: &str, id_column: &str, params: &[Value<'_>]) -> Result<i64, Failure> {
        self.raw.exec_drop(sql, bound(params)).map_err(failure)?;
        match i64::try_from(self.raw.last_insert_id()) {
            Ok(id) if id > 0 => Ok(id),
            _ => Err(Failure::new(
                FailureKind::Other,
                format!("the new row has no number in {id_column}"),
            )),
        }
    }

    fn batch(&mut self, sql: &str) -> Result<(), Failure> {
        for statement in statements(sql) {
            match self.run(&dialect(statement)) {
                // The index is there: all that IF NOT EXISTS would have asked.
                Err(Failure { source, .. })
                    if statement.contains(INDEX_IF_NOT_EXISTS) && is_duplicate_index(&source) => {}
                ran => ran?,
            }
        }
        // Statements that make tables ended the transaction. Nothing was lost by that: they are the reason for the batch.
        if self.in_transaction {
            self.run("START TRANSACTION")?;
        }
        Ok(())
    }
}

fn is_mix_of_collations(error: &Error) -> bool {
    matches!(error, Error::MySqlError(error) if matches!(error.code, 1267 | 1270 | 1271))
}

/// The same value with a control letter for those beyond the last.
fn up_to<'a>(last_letter: char, value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Text(text) if text.chars().any(|letter| letter > last_letter) => {
            let letters = text.chars();
            let known = letters.map(|letter| {
                if letter > last_letter {
                    '\u{1}'
                } else {
                    letter
                }
            });
            Value::Text(known.collect::<String>().into())
        }
        value => value.clone(),
    }
}

const INDEX_IF_NOT_EXISTS: &str = "CREATE INDEX IF NOT EXISTS";

/// MySQL, unlike MariaDB, cannot make an index only where it is missing.
fn dialect(statement: &str) -> String {
    statement.replace(INDEX_IF_NOT_EXISTS, "CREATE INDEX")
}

fn is_duplicate_index(source: &crate::error::Cause) -> bool {
    matches!(source.downcast_ref(), Some(Error::MySqlError(error)) if error.code == 1061)
}

fn bound(params: &[Value<'_>]) -> Params {
    if params.is_empty() {
        return Params::Empty;
    }
    Params::Positional(params.iter().map(mysql::Value::from).collect())
}

impl From<&Value<'_>> for mysql::Value {
    fn from(value: &Value<'_>) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Int(number) => Self::Int(*number),
            Value::Real(number) => Self::Double(*number),
            Value::Bool(flag) => Self::Int(i64::from(*flag)),
            Value::Text(text) => Self::Bytes(text.as_bytes().to_vec()),
            Value::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
            // The columns hold whole seconds, and some releases would round up into a second that has not come.
            Value::Time(time) => date(time.to_civil()),
        }
    }
}

fn date(time: DateTime) -> mysql::Value {
    let part = |part: i8| part.unsigned_abs();
    mysql::Value::Date(
        time.year().unsigned_abs(),
        part(time.month()),
        part(time.day()),
        part(time.hour()),
        part(time.minute()),
        part(time.second()),
        0,
    )
}

impl Columns for Row {
    fn column(&self, index: usize) -> Column<'_> {
        let raw = self.as_ref(index);
        debug_assert!(raw.is_some(), "the statement has no column {index}");
        match raw {
            None | Some(mysql::Value::NULL | mysql::Value::Time(..)) => Column::Null,
            Some(mysql::Value::Bytes(bytes)) => Column::Text(bytes),
            Some(mysql::Value::Int(number)) => Column::Int(*number),
            Some(mysql::Value::UInt(number)) => {
                Column::Int(i64::try_from(*number).unwrap_or(i64::MAX))
            }
            Some(mysql::Value::Float(number)) => Column::Real(f64::from(*number)),
            Some(mysql::Value::Double(number)) => Column::Real(*number),
            // Old databases hold 0000-00-00, which is no day.
            Some(&mysql::Value::Date(year, month, day, hour, minute, second, micro)) => {
                let part = |part: u8| i8::try_from(part).unwrap_or(-1);
                let nanosecond = i32::try_from(micro).unwrap_or(0).saturating_mul(1000);
                i16::try_from(year)
                    .ok()
                    .and_then(|year| {
                        let (hour, minute, second) = (part(hour), part(minute), part(second));
                        DateTime::new(
                            year,
                            part(month),
                            part(day),
                            hour,
                            minute,
                            second,
                            nanosecond,
                        )
                        .ok()
                    })
                    .map_or(Column::Text(b"0000-00-00"), |time| {
                        Column::Time(LocalTime::from_civil(time))
                    })
            }
        }
    }
}

/// Sorts an error.
fn failure(error: Error) -> Failure {
    let kind = match &error {
        Error::MySqlError(error) => match error.code {
            1022 | 1062 | 1586 => FailureKind::Unique,
            1048 | 1216 | 1217 | 1364 | 1451 | 1452 | 3819 | 4025 => FailureKind::Constraint,
            1264 | 1265 | 1267 | 1270 | 1271 | 1292 | 1366 | 1367 | 1406 | 1411 | 3988 => {
                FailureKind::Unfit
            }
            1146 => FailureKind::NoSuchTable,
            // Shutdown, lost or killed connection.
            1053 | 1077 | 1152 | 1153 | 1158..=1161 | 1184 | 1927 | 2006 | 2013 => {
                FailureKind::Lost
            }
            // Disk full, out of memory, read-only, too many connections, lock timeouts, deadlocks, access denied, no such
            // database.
            1021 | 1037 | 1038 | 1040 | 1041 | 1044 | 1045 | 1049 | 1114 | 1129 | 1130 | 1142
            | 1143 | 1203 | 1205 | 1206 | 1213 | 1226 | 1290 | 1317 | 1792 | 1836 | 3024 | 3101
            | 3572 | 4031 => FailureKind::Unavailable,
            1034 | 1035 | 1194 | 1195 | 1712 | 1877 => FailureKind::Corrupt,
            _ => FailureKind::Other,
        },
        Error::IoError(_) | Error::CodecError(_) => FailureKind::Lost,
        Error::DriverError(
            DriverError::ConnectTimeout
            | DriverError::Timeout
            | DriverError::CouldNotConnect(_)
            | DriverError::PacketOutOfSync
            | DriverError::SetupError
            | DriverError::UnexpectedPacket,
        ) => FailureKind::Lost,
        _ => FailureKind::Other,
    };
    Failure::new(kind, error)
}
