//! From the schema of an older Kallithea (0.3.7 to 0.6) to that of 0.7, step by step as the original's own migrations go.
//!
//! Never done silently: [`plan`] tells what would be done, an administrator says yes after a backup ([`backup`] makes one of a
//! SQLite file), and [`run`] starts from the revision that the plan named and from no other. On SQLite and PostgreSQL it is
//! one transaction. MySQL keeps every change of a table at once; there each finished step is noted, and every step is
//! such that doing it twice does no harm.
//!
//! Only what the original's migrations change is changed. A database that began with 0.3 keeps columns that may be NULL,
//! its own names of constraints, and tables that nobody uses any more: the old program runs on it like that, too.

pub(crate) mod tables;

use std::path::Path;

use crate::conn::{Conn, Tx, params};
use crate::db::Db;
use crate::error::DbError;
use crate::schema::{self, SchemaState};
use crate::settings;
use crate::url::Engine;

/// The number that the last release before alembic left in `db_migrate_version`.
pub const BEFORE_ALEMBIC: &str = "31";

/// One step of the way.
pub struct Step {
    /// The alembic revision that a database has after it.
    pub revision: &'static str,
    /// What it does, for the administrator.
    pub what: &'static str,
    run: fn(&Tx<'_>) -> Result<(), DbError>,
}

/// All steps, oldest first.
pub const STEPS: [Step; 10] = [
    Step {
        revision: "9358dc3d6828",
        what: "drop the version table of the migrations before alembic",
        run: |tx| tables::drop_table(tx, "db_migrate_version"),
    },
    Step {
        revision: "a020f7044fd6",
        what: "rename the hooks for locking",
        run: rename_lock_hooks,
    },
    Step {
        revision: "ad357ccd9521",
        what: "drop locking of repositories: three columns and two hooks",
        run: drop_locking,
    },
    Step {
        revision: "b74907136bc1",
        what: "add the table of SSH keys and the setting for SSH clone addresses",
        run: add_ssh_keys,
    },
    Step {
        revision: "151b4a4e8c48",
        what: "drop the flags for inheriting default permissions",
        run: |tx| {
            tables::drop_columns(tx, "users", &["inherit_default_permissions"])?;
            tables::drop_columns(
                tx,
                "users_groups",
                &["users_group_inherit_default_permissions"],
            )
        },
    },
    Step {
        revision: "4851d15bc437",
        what: "nothing",
        run: |_| Ok(()),
    },
    Step {
        revision: "d7ec25b66e47",
        what: "drop the index on the text of SSH keys",
        run: |tx| tables::drop_index(tx, "user_ssh_keys", "usk_public_key_idx"),
    },
    Step {
        revision: "a0a1bf09c143",
        what: "let a key stand in several sections of the Mercurial settings",
        run: |tx| {
            tables::drop_unique(tx, "ui", "ui_key")?;
            tx.batch(
                "index the Mercurial settings",
                "CREATE INDEX IF NOT EXISTS ui_ui_section_ui_key_idx ON ui (ui_section, ui_key)",
            )
        },
    },
    Step {
        revision: "f62826179f39",
        what: "remove reviewers who stand twice at a pull request, and refuse them from then on",
        run: unique_reviewers,
    },
    Step {
        revision: schema::HEAD,
        what: "rename the hooks after a push and drop those for the journal",
        run: rename_hooks,
    },
];

/// What an upgrade would do.
pub struct Plan {
    /// The revision that the database has now.
    pub from: String,
    /// The steps from there.
    pub steps: &'static [Step],
}

/// Tells what an upgrade would do; nothing where there is nothing to do or nothing that can be done. [`schema::check`]
/// tells these two apart.
pub fn plan(conn: &Conn) -> Result<Option<Plan>, DbError> {
    Ok(match schema::check(conn)? {
        SchemaState::Older(from) => steps_from(&from).map(|steps| Plan { from, steps }),
        _ => None,
    })
}

/// The steps from a revision on.
pub(crate) fn steps_from(from: &str) -> Option<&'static [Step]> {
    static ALL: [Step; 10] = STEPS;
    if from == BEFORE_ALEMBIC {
        return Some(&ALL);
    }
    let position = ALL.iter().position(|step| step.revision == from)?;
    Some(&ALL[position + 1..]).filter(|steps| !steps.is_empty())
}

/// Copies a SQLite database into a new file, while others may be using it. Servers have programs for that (`pg_dump`,
/// `mariadb-dump`); here they are refused.
pub fn backup(db: &Db, to: &Path) -> Result<(), DbError> {
    let operation = format!("copy {} to {}", db.url(), to.display());
    let Some(path) = db.url().file() else {
        return Err(DbError::Other {
            operation,
            source: "use the engine's own program for backups".into(),
        });
    };
    crate::sqlite::copy(path, to).map_err(|failure| failure.during(operation))
}

/// Upgrades a database that has the revision `from` to that of Kallithea 0.7. Refuses when it has another by now.
pub fn run(tx: &Tx<'_>, from: &str) -> Result<(), DbError> {
    let state = schema::check(tx)?;
    let steps = match &state {
        SchemaState::Older(found) if found == from => steps_from(from),
        _ => None,
    };
    let Some(steps) = steps else {
        return Err(DbError::Other {
            operation: format!("upgrade the database from {from}"),
            source: format!("its state is {state:?}").into(),
        });
    };
    for step in steps {
        tracing::info!(
            revision = step.revision,
            "upgrading the database: {}",
            step.what
        );
        (step.run)(tx)?;
        note_revision(tx, step.revision)?;
    }
    Ok(())
}

fn note_revision(tx: &Tx<'_>, revision: &str) -> Result<(), DbError> {
    if !tx.tables()?.iter().any(|table| table == "alembic_version") {
        tx.batch(
            "make the table of the version",
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, \
             CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
        )?;
    }
    let noted = tx.execute(
        "UPDATE alembic_version SET version_num = ?",
        &params![revision],
    )?;
    if noted == 0 {
        tx.insert_plain("alembic_version", &[("version_num", revision.into())])?;
    }
    Ok(())
}

const LOCK_HOOKS: [(&str, &str, &str); 2] = [
    (
        "prechangegroup.pre_push",
        "prechangegroup.push_lock_handling",
        "python:kallithea.lib.hooks.push_lock_handling",
    ),
    (
        "preoutgoing.pre_pull",
        "preoutgoing.pull_lock_handling",
        "python:kallithea.lib.hooks.pull_lock_handling",
    ),
];

/// Gives a hook another key and value. Should the new key be there already, the old row only goes.
fn rename_hook(tx: &Tx<'_>, old: &str, new: &str, value: &str) -> Result<(), DbError> {
    let there = tx.exists(
        "SELECT 1 FROM ui WHERE ui_section = 'hooks' AND ui_key = ?",
        &params![new],
    )?;
    if there {
        return delete_hook(tx, old);
    }
    tx.execute(
        "UPDATE ui SET ui_key = ?, ui_value = ? WHERE ui_section = 'hooks' AND ui_key = ?",
        &params![new, value, old],
    )
    .map(drop)
}

fn delete_hook(tx: &Tx<'_>, key: &str) -> Result<(), DbError> {
    let sql = "DELETE FROM ui WHERE ui_section = 'hooks' AND ui_key = ?";
    tx.execute(sql, &params![key]).map(drop)
}

fn rename_lock_hooks(tx: &Tx<'_>) -> Result<(), DbError> {
    for (old, new, value) in LOCK_HOOKS {
        rename_hook(tx, old, new, value)?;
    }
    Ok(())
}

fn drop_locking(tx: &Tx<'_>) -> Result<(), DbError> {
    tables::drop_columns(tx, "groups", &["enable_locking"])?;
    tables::drop_columns(tx, "repositories", &["locked", "enable_locking"])?;
    for (_, key, _) in LOCK_HOOKS {
        delete_hook(tx, key)?;
    }
    Ok(())
}

fn add_ssh_keys(tx: &Tx<'_>) -> Result<(), DbError> {
    if !tx.tables()?.iter().any(|table| table == "user_ssh_keys") {
        for sql in schema::statements_about(tx.engine(), "user_ssh_keys") {
            tx.batch("make the table of SSH keys", sql)?;
        }
    }
    let name = "clone_ssh_tmpl";
    if settings::get(tx, name)?.is_none() {
        let value = "ssh://{system_user}@{hostname}/{repo}";
        settings::insert(tx, name, value, "unicode")?;
    }
    Ok(())
}

fn unique_reviewers(tx: &Tx<'_>) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM pull_request_reviewers WHERE pull_requests_reviewers_id NOT IN (SELECT kept.id FROM (\
         SELECT MIN(pull_requests_reviewers_id) AS id FROM pull_request_reviewers \
         GROUP BY pull_request_id, user_id) AS kept)",
        &[],
    )?;
    tables::add_unique(
        tx,
        "pull_request_reviewers",
        "uq_pull_request_reviewers_pull_request_id",
        &["pull_request_id", "user_id"],
    )
}

fn rename_hooks(tx: &Tx<'_>) -> Result<(), DbError> {
    for (old, new) in [
        ("changegroup.update", "changegroup.kallithea_update"),
        ("changegroup.repo_size", "changegroup.kallithea_repo_size"),
    ] {
        rename_hook(tx, old, new, "python:")?;
    }
    delete_hook(tx, "changegroup.push_logger")?;
    delete_hook(tx, "outgoing.pull_logger")
}

/// Whether what has been done so far is kept although the rest may fail.
pub fn keeps_each_step(engine: Engine) -> bool {
    engine == Engine::MySql
}

#[cfg(test)]
mod tests;
