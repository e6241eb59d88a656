//! A fresh schema on a server, compared with that of a real Kallithea on SQLite: the same tables, columns, keys and names,
//! each type in the engine's own words.

use std::collections::BTreeSet;

use super::create_if_empty;
use crate::conn::{Conn, params};
use crate::testing::TestDb;
use crate::upgrade::tables::{list_of_columns, parts};
use crate::{DbError, Engine};

/// A type of column, as no engine calls it.
fn kind(engine_s_word: &str, length: Option<i64>) -> String {
    match engine_s_word.to_lowercase().as_str() {
        "integer" | "int" => "number",
        "boolean" | "tinyint" => "flag",
        "datetime" | "timestamp without time zone" => "time",
        "float" | "double precision" | "double" => "double",
        "blob" | "mediumblob" | "bytea" => "bytes",
        "text" => "text",
        "character varying" | "varchar" => {
            return format!("text of {}", length.unwrap_or(-1));
        }
        other => other,
    }
    .to_owned()
}

fn column(name: &str, kind: &str, nullable: bool) -> String {
    format!(
        "column {name}: {kind}{}",
        if nullable { " or nothing" } else { "" }
    )
}

fn names(columns: &[&str]) -> String {
    columns.join(", ")
}

/// The original's table, from SQLite's catalogue.
fn original(conn: &Conn, table: &str) -> Result<BTreeSet<String>, DbError> {
    let mut lines = BTreeSet::new();
    lines.extend(conn.query(
        "SELECT name, type, \"notnull\" FROM pragma_table_info(?)",
        &params![table],
        |row| {
            let (name, declared, not_null): (String, String, bool) =
                (row.take(), row.take(), row.take());
            let (word, length) = declared.split_once('(').unwrap_or((&declared, ""));
            let length = length.trim_end_matches(')').parse().ok();
            column(&name, &kind(word, length), !not_null)
        },
    )?);
    let sql: String = conn
        .query_one(
            "SELECT sql FROM sqlite_master WHERE name = ?",
            &params![table],
            |row| row.take(),
        )?
        .unwrap_or_default();
    let body = sql.split_once('(').map_or("", |(_, body)| body);
    for part in parts(&body[..body.rfind(')').unwrap_or(0)]) {
        let Some(rest) = part.strip_prefix("CONSTRAINT ") else {
            if part.contains("PRIMARY KEY") {
                lines.insert(format!("primary {}", part.split(' ').next().unwrap_or("")));
            }
            continue;
        };
        let (name, what) = rest.split_once(' ').unwrap_or((rest, ""));
        let columns = list_of_columns(what);
        lines.insert(if what.starts_with("UNIQUE") {
            format!("unique {name}: {}", names(&columns))
        } else if what.starts_with("FOREIGN") {
            // column REFERENCES table column
            format!(
                "key {name}: {} to {}.{}",
                columns[0], columns[2], columns[3]
            )
        } else if what.starts_with("CHECK") {
            format!("check {name}")
        } else {
            format!("primary {}", names(&columns))
        });
    }
    let indexes = conn.query(
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
        &params![table],
        |row| row.take::<String>(),
    )?;
    for index in indexes {
        let name = index.split_whitespace().nth(2).unwrap_or("").to_owned();
        lines.insert(format!("index {name}: {}", names(&list_of_columns(&index))));
    }
    Ok(lines)
}

fn columns(conn: &Conn, table: &str) -> Result<Vec<String>, DbError> {
    let schema = match conn.engine() {
        Engine::MySql => "DATABASE()",
        _ => "current_schema()",
    };
    conn.query(
        &format!(
            "SELECT column_name, data_type, character_maximum_length, is_nullable FROM information_schema.columns \
             WHERE table_schema = {schema} AND table_name = ?"
        ),
        &params![table],
        |row| {
            let (name, word, length): (String, String, Option<i64>) =
                (row.take(), row.take(), row.take());
            let nullable = row.take::<String>() == "YES";
            column(&name, &kind(&word, length), nullable)
        },
    )
}

fn on_postgresql(conn: &Conn, table: &str) -> Result<BTreeSet<String>, DbError> {
    let mut lines: BTreeSet<String> = columns(conn, table)?.into_iter().collect();
    let constraints: Vec<[String; 3]> = conn.query(
        "SELECT k.conname, CAST(k.contype AS VARCHAR(1)), pg_get_constraintdef(k.oid) FROM pg_constraint k \
         JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = current_schema() AND c.relname = ?",
        &params![table],
        |row| [row.take(), row.take(), row.take()],
    )?;
    let mut made_by_constraints = BTreeSet::new();
    for [name, sort, definition] in constraints {
        let columns = list_of_columns(&definition);
        lines.insert(match sort.as_str() {
            "u" => format!("unique {name}: {}", names(&columns)),
            "f" => format!(
                "key {name}: {} to {}.{}",
                columns[0], columns[2], columns[3]
            ),
            "p" => {
                let wanted = if table == "alembic_version" {
                    "alembic_version_pkc"
                } else {
                    &format!("pk_{table}")
                };
                assert_eq!(name, wanted, "as the original names it");
                format!("primary {}", names(&columns))
            }
            other => panic!("{table}: a constraint of the sort {other}"),
        });
        made_by_constraints.insert(name);
    }
    let indexes: Vec<[String; 2]> = conn.query(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = ?",
        &params![table],
        |row| [row.take(), row.take()],
    )?;
    for [name, definition] in indexes {
        if !made_by_constraints.contains(&name) {
            lines.insert(format!(
                "index {name}: {}",
                names(&list_of_columns(&definition))
            ));
        }
    }
    Ok(lines)
}

fn on_mysql(conn: &Conn, table: &str) -> Result<BTreeSet<String>, DbError> {
    let mut lines: BTreeSet<String> = columns(conn, table)?.into_iter().collect();
    let keys: Vec<[String; 4]> = conn.query(
        "SELECT constraint_name, column_name, referenced_table_name, referenced_column_name \
         FROM information_schema.key_column_usage \
         WHERE table_schema = DATABASE() AND table_name = ? AND referenced_table_name IS NOT NULL",
        &params![table],
        |row| [row.take(), row.take(), row.take(), row.take()],
    )?;
    for [name, column, other, other_column] in &keys {
        lines.insert(format!("key {name}: {column} to {other}.{other_column}"));
    }
    let checks: Vec<String> = conn.query(
        "SELECT constraint_name FROM information_schema.table_constraints \
         WHERE table_schema = DATABASE() AND table_name = ? AND constraint_type = 'CHECK'",
        &params![table],
        |row| row.take(),
    )?;
    lines.extend(checks.iter().map(|name| format!("check {name}")));
    let indexes: Vec<(String, bool, String)> = conn.query(
        "SELECT index_name, non_unique, column_name FROM information_schema.statistics \
         WHERE table_schema = DATABASE() AND table_name = ? ORDER BY index_name, seq_in_index",
        &params![table],
        |row| (row.take(), row.take(), row.take()),
    )?;
    let mut at = 0;
    while at < indexes.len() {
        let (name, is_plain, _) = &indexes[at];
        let all: Vec<&str> = indexes[at..]
            .iter()
            .take_while(|(other, ..)| other == name)
            .map(|(_, _, column)| column.as_str())
            .collect();
        at += all.len();
        if name == "PRIMARY" {
            lines.insert(format!("primary {}", names(&all)));
        } else if !is_plain {
            lines.insert(format!("unique {name}: {}", names(&all)));
        } else if !keys.iter().any(|[key, ..]| key == name) {
            // The engine makes an index of its own for every key that has none.
            lines.insert(format!("index {name}: {}", names(&all)));
        }
    }
    Ok(lines)
}

#[test]
fn the_tables_on_a_server_are_those_of_a_real_kallithea() {
    let ours = TestDb::empty();
    if ours.engine() == Engine::Sqlite {
        return;
    }
    assert!(ours.write(create_if_empty));
    let theirs = TestDb::kallithea_sqlite();
    let mut tables = (ours.read(Conn::tables), theirs.read(Conn::tables));
    tables.0.sort();
    tables.1.sort();
    assert_eq!(tables.0, tables.1);
    assert_eq!(tables.0.len(), 30);
    for table in &tables.0 {
        let mut wanted = theirs.read(|conn| original(conn, table));
        assert!(wanted.len() > 1, "{table}: nothing to compare");
        let found = match ours.engine() {
            Engine::PostgreSql => {
                wanted.retain(|line| !line.starts_with("check "));
                ours.read(|conn| on_postgresql(conn, table))
            }
            _ => ours.read(|conn| on_mysql(conn, table)),
        };
        let (missing, more): (Vec<_>, Vec<_>) = (
            wanted.difference(&found).collect(),
            found.difference(&wanted).collect(),
        );
        assert!(
            missing.is_empty() && more.is_empty(),
            "{table}: missing {missing:?}, more {more:?}"
        );
    }
    match ours.engine() {
        Engine::PostgreSql => {
            let sequence =
                "SELECT pg_get_serial_sequence('users_groups_members', 'users_group_member_id')";
            let name: Option<String> =
                ours.read(|conn| conn.query_one(sequence, &[], |row| row.take()));
            assert_eq!(
                name.as_deref(),
                Some("public.users_groups_members_users_group_member_id_seq")
            );
        }
        _ => {
            let large = "SELECT column_name FROM information_schema.columns \
                         WHERE table_schema = DATABASE() AND data_type = 'mediumblob' ORDER BY ordinal_position";
            let columns: Vec<String> = ours.read(|conn| conn.query(large, &[], |row| row.take()));
            assert_eq!(columns, ["commit_activity", "languages"]);
            let others = "SELECT COUNT(*) FROM information_schema.tables \
                          WHERE table_schema = DATABASE() AND (engine <> 'InnoDB' OR table_collation <> 'utf8mb4_unicode_ci')";
            assert_eq!(ours.read(|conn| conn.count(others, &[])), 0);
        }
    }
}

/// Every count that the README of the fixture gives for it.
#[test]
fn the_real_kallithea_is_restored_in_full() {
    let test = TestDb::kallithea();
    let readme = include_str!("../../../tests/fixtures/kallithea-0.7/README.md");
    let listed = readme
        .lines()
        .skip_while(|line| !line.starts_with("## Counts"))
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, _, table, count, ..] = cells.as_slice() else {
                return None;
            };
            let table = table.strip_prefix('`')?.strip_suffix('`')?;
            Some((table, count.parse::<i64>().ok()?))
        });
    let mut tables = 0;
    for (table, count) in listed {
        let sql = format!("SELECT COUNT(*) FROM \"{table}\"");
        assert_eq!(test.read(|conn| conn.count(&sql, &[])), count, "{table}");
        tables += 1;
    }
    assert_eq!(tables, 29, "all of the table in the README");
    for (what, count) in [
        ("users WHERE username <> 'default' AND active = ?", 7),
        ("users WHERE \"admin\" = ?", 1),
        ("repositories WHERE private = ?", 1),
        (
            "repositories WHERE repo_type = 'hg' AND ? = private OR repo_type = 'hg'",
            4,
        ),
        (
            "repositories WHERE repo_type = 'git' AND ? = private OR repo_type = 'git'",
            7,
        ),
    ] {
        let sql = format!("SELECT COUNT(*) FROM {what}");
        assert_eq!(
            test.read(|conn| conn.count(&sql, &params![true])),
            count,
            "{what}"
        );
    }
    for (what, count) in [
        ("repositories WHERE fork_id IS NOT NULL", 3),
        ("pull_requests WHERE status <> 'closed'", 2),
        ("pull_requests WHERE status = 'closed'", 3),
        (
            "changeset_comments WHERE revision IS NOT NULL AND f_path IS NULL",
            5,
        ),
        (
            "changeset_comments WHERE revision IS NOT NULL AND f_path IS NOT NULL",
            3,
        ),
        (
            "changeset_comments WHERE pull_request_id IS NOT NULL AND f_path IS NULL",
            14,
        ),
        (
            "changeset_comments WHERE pull_request_id IS NOT NULL AND f_path IS NOT NULL",
            1,
        ),
        ("changeset_statuses WHERE status = 'approved'", 9),
        ("changeset_statuses WHERE status = 'rejected'", 4),
        ("changeset_statuses WHERE status = 'under_review'", 32),
        ("changeset_statuses WHERE status = 'not_reviewed'", 1),
        ("gists WHERE gist_type = 'public'", 2),
        ("gists WHERE gist_type = 'private'", 2),
        ("user_logs WHERE \"action\" LIKE 'push:%'", 12),
        ("user_logs WHERE \"action\" LIKE 'pull%'", 14),
        (
            "user_logs WHERE \"action\" LIKE 'push!_local%' ESCAPE '!'",
            2,
        ),
    ] {
        let sql = format!("SELECT COUNT(*) FROM {what}");
        assert_eq!(test.read(|conn| conn.count(&sql, &[])), count, "{what}");
    }
    // The next row gets a number that no row, not even a deleted one, ever had.
    if test.engine() != Engine::MySql {
        let id = test.write(|tx| crate::testing::add_user(tx, "next"));
        assert_eq!(id.0, 12, "the user 11 was deleted");
    }
}
