//! The schema: what a Kallithea 0.7 database looks like, and making one.
//!
//! Which version a database has stands in the table `alembic_version`, one row. The old program refuses to start
//! when that is not [`HEAD`], so no other value is ever written there; our own tables carry their version in
//! `rs_version`.

pub mod removal;

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::session::statements;
use crate::upgrade;
use crate::url::Engine;

/// The alembic revision of Kallithea 0.7.
pub const HEAD: &str = "7ba0d2cad930";

const SQLITE: &str = include_str!("schema/sqlite.sql");
const POSTGRESQL: &str = include_str!("schema/postgresql.sql");
const MYSQL: &str = include_str!("schema/mysql.sql");
const OWN: &str = include_str!("schema/own.sql");

/// What kind of database this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// Kallithea 0.7: ready for use.
    Head,
    /// An older Kallithea, which [`upgrade`] can bring up to date. Holds the version found; the last release before 0.4
    /// has the number 31.
    Older(String),
    /// A Kallithea before 0.3.7, which only that release can bring up to date. Holds the number found.
    TooOld(String),
    /// Something else: not a Kallithea database, or one from the future. Holds the versions found, if any.
    Unknown(Vec<String>),
    /// No tables but perhaps ours.
    Empty,
}

/// Tells what kind of database this is.
pub fn check(conn: &Conn) -> Result<SchemaState, DbError> {
    let tables = conn.tables()?;
    let has = |name: &str| tables.iter().any(|table| table == name);
    if tables.iter().all(|table| table.starts_with("rs_")) {
        return Ok(SchemaState::Empty);
    }
    if has("alembic_version") {
        let mut found: Vec<String> =
            conn.query("SELECT version_num FROM alembic_version", &[], |row| {
                row.take()
            })?;
        return Ok(match found.as_slice() {
            // Somebody was stopped while making the tables, on the engine that keeps what there was by then.
            [] if conn.engine() == Engine::MySql && !(has("users") && any_user(conn)?) => {
                SchemaState::Empty
            }
            [version] if version == HEAD => SchemaState::Head,
            [version]
                if upgrade::steps_from(version).is_some() && version != upgrade::BEFORE_ALEMBIC =>
            {
                SchemaState::Older(found.remove(0))
            }
            _ => SchemaState::Unknown(found),
        });
    }
    if has("db_migrate_version") {
        let found: Option<String> =
            conn.query_one("SELECT version FROM db_migrate_version", &[], |row| {
                row.take()
            })?;
        return Ok(match found {
            Some(version) if version == upgrade::BEFORE_ALEMBIC => SchemaState::Older(version),
            Some(version) => SchemaState::TooOld(version),
            None => SchemaState::Unknown(Vec::new()),
        });
    }
    Ok(SchemaState::Unknown(Vec::new()))
}

/// Makes the tables of Kallithea 0.7 in an empty database and says so; leaves any other alone. Of several processes
/// that come here at once, one makes them.
pub fn create_if_empty(tx: &Tx<'_>) -> Result<bool, DbError> {
    if check(tx)? != SchemaState::Empty {
        return Ok(false);
    }
    tx.batch(
        "create the tables of Kallithea 0.7",
        tables_for(tx.engine()),
    )?;
    tx.insert_plain("alembic_version", &[("version_num", HEAD.into())])?;
    Ok(true)
}

fn tables_for(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => SQLITE,
        Engine::PostgreSql => POSTGRESQL,
        Engine::MySql => MYSQL,
    }
}

/// The statements that make one table and its indexes.
pub(crate) fn statements_about(engine: Engine, table: &str) -> Vec<&'static str> {
    let makes = [
        format!("CREATE TABLE {table} "),
        format!("CREATE TABLE IF NOT EXISTS {table} "),
    ];
    let indexes = format!(" ON {table} ");
    statements(tables_for(engine))
        .into_iter()
        .filter(|sql| {
            makes.iter().any(|make| sql.starts_with(make))
                || (sql.starts_with("CREATE INDEX") && sql.contains(&indexes))
        })
        .collect()
}

fn any_user(conn: &Conn) -> Result<bool, DbError> {
    conn.exists("SELECT 1 FROM users", &[])
}

/// Whether our own tables are there in their present form, or in that of a newer release of this program.
pub fn has_own_tables(conn: &Conn) -> Result<bool, DbError> {
    Ok(own_version(conn)?.is_some_and(|version| version >= own_statements(conn.engine()).count()))
}

/// Runs the statements of own.sql that this database has not seen. Ask [`has_own_tables`] first, which does not need
/// the write lock.
pub fn create_own_tables(tx: &Tx<'_>) -> Result<(), DbError> {
    let seen = own_version(tx)?;
    for (number, sql) in (1..)
        .zip(own_statements(tx.engine()))
        .skip(seen.unwrap_or(0))
    {
        tx.batch("create the tables named rs_*", &sql)?;
        // At once, for MySQL has no transaction around such statements.
        let number: i64 = number;
        if number == 1 {
            tx.insert_plain("rs_version", &[("version", number.into())])?;
        } else {
            tx.execute("UPDATE rs_version SET version = ?", &params![number])?;
        }
    }
    Ok(())
}

/// How many statements of own.sql the database has seen; none when it has not even the table for that.
fn own_version(conn: &Conn) -> Result<Option<usize>, DbError> {
    if !conn.tables()?.iter().any(|table| table == "rs_version") {
        return Ok(None);
    }
    let version = conn.query_one("SELECT MAX(version) FROM rs_version", &[], |row| {
        row.take::<i64>()
    })?;
    Ok(version.and_then(|version| usize::try_from(version).ok()))
}

/// The statements of own.sql in the words of an engine.
fn own_statements(engine: Engine) -> impl Iterator<Item = String> {
    let [id, text, bytes] = match engine {
        Engine::Sqlite => ["INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT", "TEXT", "BLOB"],
        Engine::PostgreSql => ["BIGSERIAL NOT NULL PRIMARY KEY", "TEXT", "BYTEA"],
        Engine::MySql => [
            "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY",
            "LONGTEXT",
            "LONGBLOB",
        ],
    };
    statements(OWN).into_iter().map(move |statement| {
        let sql = statement
            .replace("{id}", id)
            .replace("{text}", text)
            .replace("{bytes}", bytes);
        if engine == Engine::MySql && sql.contains("CREATE TABLE") {
            // Tables that may hold anything and that compare text to the letter.
            sql + " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        } else {
            sql
        }
    })
}

#[cfg(test)]
mod on_servers;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::testing::TestDb;

    /// Everything that decides how a table behaves, as one line each, without order and layout.
    fn shape(conn: &Conn, table: &str) -> Result<BTreeSet<String>, DbError> {
        let mut shape = BTreeSet::new();
        shape.extend(
            conn.query(&format!("PRAGMA table_info(\"{table}\")"), &[], |row| {
                let (position, name, kind): (i64, String, String) =
                    (row.take(), row.take(), row.take());
                let (not_null, default, key): (bool, Option<String>, i64) =
                    (row.take(), row.take(), row.take());
                format!("column {position} {name} {kind} {not_null} {default:?} {key}")
            })?,
        );
        let indexes: Vec<(String, bool, String, bool)> =
            conn.query(&format!("PRAGMA index_list(\"{table}\")"), &[], |row| {
                let _position: i64 = row.take();
                (row.take(), row.take(), row.take(), row.take())
            })?;
        for (name, unique, origin, partial) in indexes {
            let columns: Vec<String> =
                conn.query(&format!("PRAGMA index_info(\"{name}\")"), &[], |row| {
                    let _positions: (i64, i64) = (row.take(), row.take());
                    row.take()
                })?;
            // SQLite numbers the indexes it makes for constraints; their names stand in the text below.
            let name = if origin == "c" { name } else { String::new() };
            shape.insert(format!(
                "index {name} {unique} {origin} {partial} {columns:?}"
            ));
        }
        shape.extend(conn.query(
            &format!("PRAGMA foreign_key_list(\"{table}\")"),
            &[],
            |row| {
                let _positions: (i64, i64) = (row.take(), row.take());
                let words: [String; 6] = std::array::from_fn(|_| row.take());
                format!("foreign key {words:?}")
            },
        )?);
        // The names of the constraints, the CHECKs and AUTOINCREMENT stand only in the text.
        let sql = conn.query_one(
            "SELECT sql FROM sqlite_master WHERE name = ?",
            &params![table],
            |row| row.take::<String>(),
        )?;
        let sql: String = sql
            .unwrap_or_default()
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '"')
            .collect();
        let body = sql
            .split_once('(')
            .map_or("", |(_, body)| body)
            .trim_end_matches(')');
        shape.extend(
            body.replace("CONSTRAINT", "\n")
                .lines()
                .map(|line| line.trim_matches([',', ')']).to_owned()),
        );
        Ok(shape)
    }

    fn shapes(conn: &Conn) -> Result<Vec<(String, BTreeSet<String>)>, DbError> {
        let mut tables = conn.tables()?;
        tables.sort();
        tables
            .into_iter()
            .map(|table| Ok((table.clone(), shape(conn, &table)?)))
            .collect()
    }

    #[test]
    fn the_tables_are_those_of_a_real_kallithea() {
        let ours = TestDb::sqlite();
        assert!(ours.write(create_if_empty));
        let (ours, theirs) = (ours.read(shapes), TestDb::kallithea_sqlite().read(shapes));
        assert_eq!(ours.len(), 30, "29 tables and alembic_version");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!(ours.1.len() > 1, "{}: nothing to compare", ours.0);
            assert_eq!(ours, theirs);
        }
        assert_eq!(ours.len(), theirs.len());
    }

    #[test]
    fn a_database_is_made_once() {
        let test = TestDb::empty();
        assert_eq!(test.read(check), SchemaState::Empty);
        assert!(test.write(create_if_empty));
        assert_eq!(test.read(check), SchemaState::Head);
        assert!(!test.write(create_if_empty));
    }

    #[test]
    fn our_own_tables_are_added_to_a_database_of_the_original() {
        let test = TestDb::kallithea();
        assert_eq!(
            (test.read(check), test.read(has_own_tables)),
            (SchemaState::Head, false)
        );
        test.write(create_own_tables);
        assert!(test.read(has_own_tables));
        test.write(create_own_tables);
        assert_eq!(test.read(check), SchemaState::Head);
    }

    #[test]
    fn our_own_tables_have_no_keys_to_the_others() {
        assert!(
            !OWN.contains("REFERENCES"),
            "the original must be able to drop and delete without looking here"
        );
    }

    #[test]
    fn our_own_tables_alone_do_not_make_a_database() {
        let test = TestDb::empty();
        test.write(create_own_tables);
        assert_eq!(test.read(check), SchemaState::Empty);
    }

    #[test]
    fn what_own_sql_has_more_is_made_later() {
        let test = TestDb::fresh();
        let all = own_statements(test.engine()).count();
        // As the first release left it.
        test.write(|tx| {
            tx.batch("prepare the test", "DROP TABLE rs_sessions")?;
            tx.execute("UPDATE rs_version SET version = ?", &params![1])
        });
        assert!(!test.read(has_own_tables));
        test.write(create_own_tables);
        assert_eq!(test.read(own_version), Some(all));
        assert_eq!(
            test.read(|conn| conn.count("SELECT COUNT(*) FROM rs_sessions", &[])),
            0
        );
        // A newer release was here before.
        test.write(|tx| tx.execute("UPDATE rs_version SET version = ?", &params![1000]));
        assert!(test.read(has_own_tables));
        test.write(create_own_tables);
    }

    #[test]
    fn other_versions_are_told_apart() {
        let test = TestDb::kallithea();
        let state = |statement: &str| {
            test.write(|tx| tx.batch("prepare the test", statement));
            test.read(check)
        };
        let set = |version: &str| format!("UPDATE alembic_version SET version_num = '{version}'");
        for older in upgrade::STEPS
            .iter()
            .rev()
            .skip(1)
            .map(|step| step.revision)
        {
            assert_eq!(state(&set(older)), SchemaState::Older(older.to_owned()));
        }
        assert_eq!(
            state(&set("ffffffffffff")),
            SchemaState::Unknown(vec!["ffffffffffff".to_owned()])
        );
        assert_eq!(state(&set(HEAD)), SchemaState::Head);
        assert_eq!(
            state("DELETE FROM alembic_version"),
            SchemaState::Unknown(Vec::new())
        );
        assert_eq!(
            state("DROP TABLE alembic_version"),
            SchemaState::Unknown(Vec::new())
        );
        assert_eq!(
            state(
                "CREATE TABLE db_migrate_version (repository_id VARCHAR(250), repository_path TEXT, version INTEGER); \
                 INSERT INTO db_migrate_version VALUES ('kallithea_db_migrations', 'versions', 31)"
            ),
            SchemaState::Older("31".to_owned())
        );
        assert_eq!(
            state("UPDATE db_migrate_version SET version = 27"),
            SchemaState::TooOld("27".to_owned())
        );
    }

    #[test]
    fn whoever_was_stopped_while_making_the_tables_makes_the_rest_later() {
        let test = TestDb::empty();
        let state = |test: &TestDb| test.read(check);
        if test.engine() == Engine::MySql {
            let some = statements(MYSQL)[..5].join(";\n");
            test.write(|tx| tx.batch("prepare the test", &some));
            assert_eq!(state(&test), SchemaState::Empty);
            assert!(test.write(create_if_empty));
        } else {
            let stopped: Result<(), DbError> = test.db.write(|tx| {
                create_if_empty(tx)?;
                Err(DbError::Url {
                    reason: "stopped".to_owned(),
                })
            });
            assert!(stopped.is_err());
            assert_eq!(state(&test), SchemaState::Empty, "all of it or nothing");
            assert!(test.write(create_if_empty));
        }
        assert_eq!(state(&test), SchemaState::Head);
    }
}
