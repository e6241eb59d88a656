//! Changes of tables, each in the way of its engine, each of them nothing when it is done already.
//!
//! SQLite cannot drop a column that a CHECK speaks of, nor a constraint. There the table is made anew: its own words are
//! taken from the catalogue, changed, and the rows copied. Everything the words say besides stays as it is.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::url::Engine;

/// Drops a table.
pub(super) fn drop_table(tx: &Tx<'_>, table: &str) -> Result<(), DbError> {
    let sql = format!("DROP TABLE IF EXISTS \"{table}\"");
    tx.batch("drop a table", &sql)
}

/// Drops those of the columns that there are.
pub(super) fn drop_columns(tx: &Tx<'_>, table: &str, columns: &[&str]) -> Result<(), DbError> {
    let present = columns_of(tx, table)?;
    let columns: Vec<&str> = columns
        .iter()
        .copied()
        .filter(|column| present.iter().any(|present| present == column))
        .collect();
    if columns.is_empty() {
        return Ok(());
    }
    match tx.engine() {
        Engine::Sqlite => rebuild(tx, table, |part| {
            let (first, is_check) = (first_name(part), mentions(part, "CHECK"));
            !columns
                .iter()
                .any(|column| first == *column || (is_check && mentions(part, column)))
        }),
        Engine::PostgreSql => columns.iter().try_for_each(|column| {
            let sql = format!("ALTER TABLE \"{table}\" DROP COLUMN IF EXISTS \"{column}\"");
            tx.batch("drop a column", &sql)
        }),
        Engine::MySql => columns.iter().try_for_each(|column| {
            for check in mysql_checks(tx, table, column)? {
                let sql = format!("ALTER TABLE \"{table}\" DROP CONSTRAINT \"{check}\"");
                tx.batch("drop the check of a column", &sql)?;
            }
            let sql = format!("ALTER TABLE \"{table}\" DROP COLUMN \"{column}\"");
            tx.batch("drop a column", &sql)
        }),
    }
}

/// Drops an index.
pub(super) fn drop_index(tx: &Tx<'_>, table: &str, index: &str) -> Result<(), DbError> {
    match tx.engine() {
        Engine::Sqlite | Engine::PostgreSql => tx.batch(
            "drop an index",
            &format!("DROP INDEX IF EXISTS \"{index}\""),
        ),
        Engine::MySql => {
            let there = tx.exists(
                "SELECT 1 FROM information_schema.statistics \
                 WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ?",
                &params![table, index],
            )?;
            if !there {
                return Ok(());
            }
            let sql = format!("DROP INDEX \"{index}\" ON \"{table}\"");
            tx.batch("drop an index", &sql)
        }
    }
}

/// Drops the UNIQUE constraints on one column alone, whatever their names.
pub(super) fn drop_unique(tx: &Tx<'_>, table: &str, column: &str) -> Result<(), DbError> {
    for name in unique_constraints(tx, table, &[column])? {
        match tx.engine() {
            Engine::Sqlite => {
                return rebuild(tx, table, |part| {
                    !(first_name(part) != column
                        && mentions(part, "UNIQUE")
                        && list_of_columns(part) == [column])
                });
            }
            Engine::PostgreSql => {
                let sql = format!("ALTER TABLE \"{table}\" DROP CONSTRAINT \"{name}\"");
                tx.batch("drop a constraint", &sql)?;
            }
            Engine::MySql => {
                let sql = format!("DROP INDEX \"{name}\" ON \"{table}\"");
                tx.batch("drop a constraint", &sql)?;
            }
        }
    }
    Ok(())
}

/// Adds a UNIQUE constraint, unless these columns have one.
pub(super) fn add_unique(
    tx: &Tx<'_>,
    table: &str,
    name: &str,
    columns: &[&str],
) -> Result<(), DbError> {
    if !unique_constraints(tx, table, columns)?.is_empty() {
        return Ok(());
    }
    let constraint = format!("CONSTRAINT {name} UNIQUE ({})", columns.join(", "));
    match tx.engine() {
        Engine::Sqlite => rebuild_with(tx, table, |_| true, Some(&constraint)),
        Engine::PostgreSql | Engine::MySql => {
            let sql = format!("ALTER TABLE \"{table}\" ADD {constraint}");
            tx.batch("add a constraint", &sql)
        }
    }
}

pub(super) fn columns_of(conn: &Conn, table: &str) -> Result<Vec<String>, DbError> {
    let sql = match conn.engine() {
        Engine::Sqlite => "SELECT name FROM pragma_table_info(?)",
        Engine::PostgreSql => {
            "SELECT column_name FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position"
        }
        Engine::MySql => {
            "SELECT column_name FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position"
        }
    };
    conn.query(sql, &params![table], |row| row.take())
}

/// The names of the UNIQUE constraints on exactly these columns.
pub(super) fn unique_constraints(
    conn: &Conn,
    table: &str,
    columns: &[&str],
) -> Result<Vec<String>, DbError> {
    let sql = match conn.engine() {
        Engine::Sqlite => {
            "SELECT l.name, i.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i \
             WHERE l.origin = 'u' ORDER BY l.name, i.seqno"
        }
        Engine::PostgreSql => {
            "SELECT k.constraint_name, u.column_name FROM information_schema.table_constraints k \
             JOIN information_schema.key_column_usage u \
             ON u.constraint_schema = k.constraint_schema AND u.constraint_name = k.constraint_name \
             AND u.table_name = k.table_name \
             WHERE k.table_schema = current_schema() AND k.table_name = ? AND k.constraint_type = 'UNIQUE' \
             ORDER BY k.constraint_name, u.ordinal_position"
        }
        Engine::MySql => {
            "SELECT index_name, column_name FROM information_schema.statistics \
             WHERE table_schema = DATABASE() AND table_name = ? AND non_unique = 0 AND index_name <> 'PRIMARY' \
             ORDER BY index_name, seq_in_index"
        }
    };
    let rows: Vec<(String, String)> =
        conn.query(sql, &params![table], |row| (row.take(), row.take()))?;
    let mut constraints: Vec<(String, Vec<String>)> = Vec::new();
    for (name, column) in rows {
        match constraints.last_mut() {
            Some((last, columns)) if *last == name => columns.push(column),
            _ => constraints.push((name, vec![column])),
        }
    }
    constraints.retain(|(_, found)| found == columns);
    Ok(constraints.into_iter().map(|(name, _)| name).collect())
}

/// The CHECK constraints that speak of a column.
fn mysql_checks(conn: &Conn, table: &str, column: &str) -> Result<Vec<String>, DbError> {
    let rows: Vec<(String, String)> = conn.query(
        "SELECT k.constraint_name, c.check_clause FROM information_schema.table_constraints k \
         JOIN information_schema.check_constraints c \
         ON c.constraint_schema = k.constraint_schema AND c.constraint_name = k.constraint_name \
         WHERE k.table_schema = DATABASE() AND k.table_name = ? AND k.constraint_type = 'CHECK'",
        &params![table],
        |row| (row.take(), row.take()),
    )?;
    let checks = rows
        .into_iter()
        .filter(|(_, clause)| mentions(clause, column));
    Ok(checks.map(|(name, _)| name).collect())
}

fn rebuild(tx: &Tx<'_>, table: &str, keep: impl Fn(&str) -> bool) -> Result<(), DbError> {
    rebuild_with(tx, table, keep, None)
}

/// Makes a table of SQLite anew with those of its parts (columns and constraints) that are kept, and one more.
fn rebuild_with(
    tx: &Tx<'_>,
    table: &str,
    keep: impl Fn(&str) -> bool,
    more: Option<&str>,
) -> Result<(), DbError> {
    let sql: Option<String> = tx.query_one(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?",
        &params![table],
        |row| row.take(),
    )?;
    let indexes: Vec<String> = tx.query(
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
        &params![table],
        |row| row.take(),
    )?;
    let sql = sql.unwrap_or_default();
    let Some((start, end)) = sql.find('(').zip(sql.rfind(')')) else {
        return Err(DbError::Other {
            operation: format!("make the table {table} anew"),
            source: format!("it is described as {sql:?}").into(),
        });
    };
    let parts = parts(&sql[start + 1..end]);
    // A new constraint stands behind the columns, where all constraints do.
    let body: Vec<&str> = parts
        .into_iter()
        .filter(|part| keep(part))
        .chain(more)
        .collect();
    let new = format!("{table}__new");
    let operation = format!("make the table {table} anew");
    let create = format!(
        "CREATE TABLE \"{new}\" (\n\t{}\n){}",
        body.join(",\n\t"),
        &sql[end + 1..]
    );
    tx.batch(&operation, &create)?;
    let columns: Vec<String> = columns_of(tx, &new)?
        .iter()
        .map(|column| format!("\"{column}\""))
        .collect();
    let columns = columns.join(", ");
    let numbered: Option<i64> = if tx.exists(
        "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'",
        &[],
    )? {
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = ?";
        tx.query_one(sql, &params![table], |row| row.take())?
    } else {
        None
    };
    tx.batch(
        &operation,
        &format!(
            "INSERT INTO \"{new}\" ({columns}) SELECT {columns} FROM \"{table}\";\n\
             DROP TABLE \"{table}\";\n\
             ALTER TABLE \"{new}\" RENAME TO \"{table}\";"
        ),
    )?;
    for index in indexes {
        tx.batch(&operation, &index)?;
    }
    if let Some(number) = numbered {
        // Numbers of rows that are gone are not given again.
        tx.execute(
            "DELETE FROM sqlite_sequence WHERE name = ?",
            &params![table],
        )?;
        let row = [("name", table.into()), ("seq", number.into())];
        tx.insert_plain("sqlite_sequence", &row)?;
    }
    Ok(())
}

/// What stands between the commas that are in no parentheses.
pub(crate) fn parts(body: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, letter, outside) in crate::session::letters(body) {
        match letter {
            '(' if outside => depth += 1,
            ')' if outside => depth -= 1,
            ',' if outside && depth == 0 => {
                parts.push(body[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(body[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn words(part: &str) -> impl Iterator<Item = &str> {
    part.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .filter(|word| !word.is_empty())
}

fn first_name(part: &str) -> &str {
    words(part).next().unwrap_or("")
}

fn mentions(part: &str, word: &str) -> bool {
    words(part).any(|other| other.eq_ignore_ascii_case(word))
}

/// The names in the parentheses.
pub(crate) fn list_of_columns(part: &str) -> Vec<&str> {
    part.find('(')
        .map_or(Vec::new(), |start| words(&part[start..]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_taken_apart_at_its_own_commas() {
        let body = "id INTEGER, name VARCHAR(255, 1) DEFAULT 'a,b', CONSTRAINT x UNIQUE (id, name)";
        assert_eq!(
            parts(body),
            [
                "id INTEGER",
                "name VARCHAR(255, 1) DEFAULT 'a,b'",
                "CONSTRAINT x UNIQUE (id, name)"
            ]
        );
        assert_eq!(
            list_of_columns("CONSTRAINT x UNIQUE (id, \"name\")"),
            ["id", "name"]
        );
        assert!(mentions("check (locked IN (0, 1))", "CHECK") && !mentions("unlocked", "locked"));
    }
}
