//! The database of a real Kallithea 0.7 on every engine. The dump is SQLite's: there it is run as it is. A server gets its
//! own tables and then the rows, one by one, each value as the type that its column was declared with.

use crate::conn::{Conn, Row, Tx, Value};
use crate::testing::TestDb;
use crate::{DbError, Engine, LocalTime, schema};

/// The dump as statements that run within a transaction.
fn dump() -> String {
    include_str!("../../../tests/fixtures/kallithea-0.7/db.sql")
        .replace("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "")
        .replace("COMMIT;\n", "")
        .replace("@ROOT@", "/srv")
}

/// Fills an empty database.
pub(super) fn restore(test: &TestDb) {
    if test.engine() == Engine::Sqlite {
        test.write(|tx| tx.batch("load the fixture", &dump()));
        return;
    }
    let tables = {
        let original = TestDb::sqlite();
        original.write(|tx| tx.batch("load the fixture", &dump()));
        original.read(tables)
    };
    assert!(test.write(schema::create_if_empty));
    test.write_orphans(|tx| tables.iter().try_for_each(|table| table.write(tx)));
}

/// A value of its own.
enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Bool(bool),
    Time(LocalTime),
    Text(String),
    Bytes(Vec<u8>),
}

impl Cell {
    fn take(row: &Row<'_>, kind: &str) -> Self {
        fn or_null<T>(value: Option<T>, cell: fn(T) -> Cell) -> Cell {
            value.map_or(Cell::Null, cell)
        }
        match kind.split('(').next().unwrap_or(kind) {
            "INTEGER" => or_null(row.take(), Self::Int),
            "FLOAT" => or_null(row.take(), Self::Real),
            "BOOLEAN" => or_null(row.take(), Self::Bool),
            "DATETIME" => or_null(row.take(), Self::Time),
            "VARCHAR" | "TEXT" => or_null(row.take(), Self::Text),
            "BLOB" => or_null(row.take(), Self::Bytes),
            other => panic!("the original has no columns of the type {other}"),
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Int(number) => Value::Int(*number),
            Self::Real(number) => Value::Real(*number),
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Time(time) => Value::Time(*time),
            Self::Text(text) => text.into(),
            Self::Bytes(bytes) => bytes.into(),
        }
    }
}

struct Table {
    name: String,
    columns: Vec<(String, String)>,
    rows: Vec<Vec<Cell>>,
    /// The highest number that was ever given to a row.
    numbered_to: Option<i64>,
}

fn tables(conn: &Conn) -> Result<Vec<Table>, DbError> {
    let names = conn.tables()?;
    names.into_iter().map(|name| table(conn, name)).collect()
}

fn table(conn: &Conn, name: String) -> Result<Table, DbError> {
    let columns = conn.query(&format!("PRAGMA table_info(\"{name}\")"), &[], |row| {
        let _position: i64 = row.take();
        (row.take::<String>(), row.take::<String>())
    })?;
    let listed: Vec<String> = columns
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    let sql = format!("SELECT {} FROM \"{name}\" ORDER BY 1", listed.join(", "));
    let rows = conn.query(&sql, &[], |row| {
        columns
            .iter()
            .map(|(_, kind)| Cell::take(row, kind))
            .collect()
    })?;
    let numbered_to = conn.query_one(
        "SELECT seq FROM sqlite_sequence WHERE name = ?",
        &[name.as_str().into()],
        |row| row.take(),
    )?;
    Ok(Table {
        name,
        columns,
        rows,
        numbered_to,
    })
}

impl Table {
    fn write(&self, tx: &Tx<'_>) -> Result<(), DbError> {
        let name = &self.name;
        // The version that the new tables came with.
        tx.execute(&format!("DELETE FROM \"{name}\""), &[])?;
        for row in &self.rows {
            let columns = self.columns.iter().map(|(name, _)| name.as_str());
            let row: Vec<_> = columns.zip(row.iter().map(Cell::value)).collect();
            tx.insert_plain(name, &row)?;
        }
        if let (Engine::PostgreSql, Some(number)) = (tx.engine(), self.numbered_to) {
            let id = &self.columns[0].0;
            tx.query(
                &format!("SELECT setval(pg_get_serial_sequence('\"{name}\"', '{id}'), {number})"),
                &[],
                |_| (),
            )?;
        }
        Ok(())
    }
}
