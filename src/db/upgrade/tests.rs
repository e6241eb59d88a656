//! Databases of older releases, made from one of 0.7 by walking the way back, and what becomes of them.

use super::*;
use crate::testing::TestDb;

/// Undoes a step, so that a database looks as before it.
fn undo(tx: &Tx<'_>, step: usize) -> Result<(), DbError> {
    let engine = tx.engine();
    let batch = |sql: &str| tx.batch("prepare the test", sql);
    let hook = |key: &str, value: &str| {
        tx.execute(
            "INSERT INTO ui (ui_section, ui_key, ui_value, ui_active) VALUES ('hooks', ?, ?, ?)",
            &params![key, value, true],
        )
        .map(drop)
    };
    let rename = |old: &str, new: &str| {
        tx.execute(
            "UPDATE ui SET ui_key = ?, ui_value = 'python:kallithea.x' WHERE ui_key = ?",
            &params![new, old],
        )
        .map(drop)
    };
    // A flag as the original declared it, with the check that stands in the way of dropping it.
    let flag = |table: &str, column: &str| {
        let (kind, fill) = match engine {
            Engine::PostgreSql => ("BOOLEAN", "false"),
            Engine::Sqlite | Engine::MySql => ("BOOLEAN", "0"),
        };
        let check = match engine {
            Engine::PostgreSql => String::new(),
            Engine::Sqlite => format!(" CHECK ({column} IN (0, 1))"),
            Engine::MySql => {
                format!(", ADD CONSTRAINT ck_{table}_{column} CHECK ({column} IN (0, 1))")
            }
        };
        batch(&format!(
            "ALTER TABLE \"{table}\" ADD COLUMN {column} {kind} DEFAULT {fill}{check}"
        ))
    };
    match step {
        1 => batch(
            "DROP TABLE alembic_version; \
             CREATE TABLE db_migrate_version (repository_id VARCHAR(250) PRIMARY KEY, repository_path TEXT, version INTEGER); \
             INSERT INTO db_migrate_version VALUES ('kallithea_db_migrations', 'versions', 31)",
        ),
        2 => {
            rename(
                "prechangegroup.push_lock_handling",
                "prechangegroup.pre_push",
            )?;
            rename("preoutgoing.pull_lock_handling", "preoutgoing.pre_pull")
        }
        3 => {
            flag("groups", "enable_locking")?;
            flag("repositories", "enable_locking")?;
            batch("ALTER TABLE repositories ADD COLUMN locked VARCHAR(255)")?;
            hook("prechangegroup.push_lock_handling", "x")?;
            hook("preoutgoing.pull_lock_handling", "x")
        }
        4 => {
            batch("DROP TABLE user_ssh_keys")?;
            tx.execute(
                "DELETE FROM settings WHERE app_settings_name = 'clone_ssh_tmpl'",
                &[],
            )
            .map(drop)
        }
        5 => {
            flag("users", "inherit_default_permissions")?;
            flag("users_groups", "users_group_inherit_default_permissions")
        }
        7 => {
            let length = if engine == Engine::MySql { "(255)" } else { "" };
            batch(&format!(
                "CREATE INDEX usk_public_key_idx ON user_ssh_keys (public_key{length})"
            ))
        }
        8 => {
            tables::drop_index(tx, "ui", "ui_ui_section_ui_key_idx")?;
            tables::add_unique(tx, "ui", "uq_ui_ui_key", &["ui_key"])
        }
        9 => {
            match engine {
                Engine::Sqlite => batch(
                    "DROP TABLE pull_request_reviewers; CREATE TABLE pull_request_reviewers (\
                     pull_requests_reviewers_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, \
                     pull_request_id INTEGER NOT NULL, user_id INTEGER NOT NULL, \
                     CONSTRAINT fk_pull_request_reviewers_pull_request_id FOREIGN KEY (pull_request_id) \
                     REFERENCES pull_requests (pull_request_id), \
                     CONSTRAINT fk_pull_request_reviewers_user_id FOREIGN KEY (user_id) REFERENCES users (user_id)); \
                     CREATE INDEX pull_request_reviewers_user_id_idx ON pull_request_reviewers (user_id)",
                )?,
                Engine::PostgreSql => batch(
                    "ALTER TABLE pull_request_reviewers DROP CONSTRAINT uq_pull_request_reviewers_pull_request_id",
                )?,
                Engine::MySql => batch(
                    "CREATE INDEX IF NOT EXISTS keep_key ON pull_request_reviewers (pull_request_id); \
                     DROP INDEX uq_pull_request_reviewers_pull_request_id ON pull_request_reviewers",
                )?,
            }
            tx.execute(
                "INSERT INTO pull_request_reviewers (pull_request_id, user_id) VALUES (1, 3), (1, 3), (1, 5), (2, 3)",
                &[],
            )
            .map(drop)
        }
        10 => {
            rename("changegroup.kallithea_update", "changegroup.update")?;
            rename("changegroup.kallithea_repo_size", "changegroup.repo_size")?;
            hook("changegroup.push_logger", "python:x")?;
            hook("outgoing.pull_logger", "python:x")
        }
        _ => Ok(()),
    }
}

fn hooks(conn: &Conn) -> Result<Vec<(String, String, bool)>, DbError> {
    let mut hooks = conn.query(
        "SELECT ui_key, ui_value, ui_active FROM ui WHERE ui_section = 'hooks'",
        &[],
        |row| (row.take(), row.take(), row.take()),
    )?;
    hooks.sort();
    Ok(hooks)
}

/// Takes a database back to the revision before `first`, counted from 1.
fn go_back(tx: &Tx<'_>, first: usize) -> Result<(), DbError> {
    // The table for revisions goes last.
    for step in (first..=10).rev() {
        undo(tx, step)?;
        if step > 1 {
            note_revision(tx, STEPS[step - 2].revision)?;
        }
    }
    Ok(())
}

#[test]
fn every_older_revision_arrives_at_that_of_0_7() {
    let test = TestDb::kallithea();
    let before = (
        test.read(hooks),
        test.read(crate::users::all),
        test.read(crate::repositories::all),
        test.read(crate::groups::all),
    );
    for first in (1..=10).rev() {
        test.write(|tx| go_back(tx, first));
        let plan = test.read(plan).expect("there is something to do");
        assert_eq!(plan.steps.len(), 11 - first);
        assert_eq!(plan.from == BEFORE_ALEMBIC, first == 1);
        let wrong = test.db.write(|tx| run(tx, "7ba0d2cad930"));
        assert!(wrong.is_err(), "another revision than the stated one");
        test.write(|tx| run(tx, &plan.from));
        assert_eq!(
            test.read(schema::check),
            SchemaState::Head,
            "from {}",
            plan.from
        );
        let after = (
            test.read(hooks),
            test.read(crate::users::all),
            test.read(crate::repositories::all),
            test.read(crate::groups::all),
        );
        assert_eq!(after, before, "from {}", plan.from);
        let gone = |table: &str, column: &str| {
            let columns = test.read(|conn| tables::columns_of(conn, table));
            assert!(
                !columns.is_empty() && !columns.iter().any(|name| name == column),
                "{table}.{column}"
            );
        };
        gone("groups", "enable_locking");
        gone("repositories", "locked");
        gone("repositories", "enable_locking");
        gone("users", "inherit_default_permissions");
        gone("users_groups", "users_group_inherit_default_permissions");
        let unique = |table: &str, columns: &[&str]| {
            test.read(|conn| tables::unique_constraints(conn, table, columns))
                .len()
        };
        assert_eq!(unique("ui", &["ui_key"]), 0);
        assert_eq!(unique("ui", &["ui_section", "ui_key"]), 1);
        assert_eq!(
            unique("pull_request_reviewers", &["pull_request_id", "user_id"]),
            1
        );
        let template = test
            .read(|conn| settings::get(conn, "clone_ssh_tmpl"))
            .unwrap();
        assert_eq!(template.value, "ssh://{system_user}@{hostname}/{repo}");
        assert_eq!(
            test.read(|conn| conn.count("SELECT COUNT(*) FROM user_ssh_keys", &[])),
            if first > 4 { 2 } else { 0 }
        );
    }
    assert!(test.read(plan).is_none());
}

#[test]
fn reviewers_who_stand_twice_stay_once() {
    let test = TestDb::kallithea();
    test.write(|tx| go_back(tx, 9));
    let rows = |conn: &Conn| {
        conn.query(
            "SELECT pull_request_id, user_id FROM pull_request_reviewers WHERE pull_request_id <= ? \
             ORDER BY pull_requests_reviewers_id",
            &params![2],
            |row| (row.take::<i64>(), row.take::<i64>()),
        )
    };
    let doubled = test.read(rows);
    test.write(|tx| run(tx, "a0a1bf09c143"));
    let mut once = doubled;
    let mut seen = std::collections::BTreeSet::new();
    once.retain(|row| seen.insert(*row));
    assert_eq!(test.read(rows), once);
    let again = test.db.write(|tx| {
        tx.execute(
            "INSERT INTO pull_request_reviewers (pull_request_id, user_id) VALUES (1, 3)",
            &[],
        )
    });
    assert!(again.unwrap_err().is_unique_violation());
}

/// A rebuilt table is still the original's in everything but what was to change.
#[test]
fn tables_made_anew_keep_their_keys_and_indexes() {
    let test = TestDb::kallithea_sqlite();
    let described = |conn: &Conn| {
        conn.query(
            "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY type, name",
            &[],
            |row| {
                let place: [String; 3] = [row.take(), row.take(), row.take()];
                let sql: String = row.take();
                let words = sql.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
                let words: Vec<String> = words.map(str::to_owned).filter(|word| !word.is_empty()).collect();
                (place, words)
            },
        )
    };
    let numbered = |conn: &Conn| {
        conn.query("SELECT name, seq FROM sqlite_sequence WHERE name <> 'user_ssh_keys' AND name <> 'settings' AND name <> 'ui' AND name NOT LIKE 'pull_request_rev%' ORDER BY name", &[], |row| (row.take::<String>(), row.take::<i64>()))
    };
    let before = (test.read(described), test.read(numbered));
    test.write(|tx| go_back(tx, 1));
    test.write(|tx| run(tx, BEFORE_ALEMBIC));
    let after = (test.read(described), test.read(numbered));
    assert_eq!(after.1, before.1);
    for (after, before) in after.0.iter().zip(&before.0) {
        // The order of constraints is of no weight.
        let sorted = |words: &[String]| {
            let mut words = words.to_vec();
            words.sort();
            words
        };
        assert_eq!((&after.0, sorted(&after.1)), (&before.0, sorted(&before.1)));
    }
    assert_eq!(after.0.len(), before.0.len());
}

#[test]
fn a_backup_is_a_database_of_its_own() {
    let test = TestDb::kallithea_sqlite();
    let copy = test.dir.path().join("backup.db");
    backup(&test.db, &copy).unwrap();
    let db = Db::new(crate::DatabaseUrl::sqlite(&copy));
    assert_eq!(
        db.read(crate::users::all).unwrap(),
        test.read(crate::users::all)
    );
    assert!(
        backup(&test.db, &copy).is_err(),
        "an existing file is not overwritten"
    );
}
