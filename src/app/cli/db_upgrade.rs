//! `db-upgrade`: the database of an older Kallithea becomes that of 0.7.

use std::path::{Path, PathBuf};

use model::upgrade::Plan;
use model::{Config, Model};
use serde_json::json;

use super::console::Console;
use super::failure::Failure;
use super::instance::ConfigFile;
use super::lock;

/// Bring the database of an older Kallithea (0.3.7 to 0.6) to the state of 0.7
#[derive(clap::Args, Debug)]
#[command(
    after_help = "A database that is up to date is left alone. A SQLite file is copied before anything is changed; a database on a \
    server has to be backed up with its own program (pg_dump, mariadb-dump).\n\nExamples:\n  \
    kallithea-cli db-upgrade -c my.ini --dry-run\n  kallithea-cli db-upgrade -c my.ini"
)]
pub(super) struct DbUpgrade {
    #[command(flatten)]
    config: ConfigFile,
    /// Tell what would be done, and do nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Where the copy of a SQLite file goes; without this beside it
    #[arg(long, value_name = "FILE")]
    backup: Option<PathBuf>,
    /// Make no copy
    #[arg(long, conflicts_with = "backup")]
    no_backup: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl DbUpgrade {
    pub(super) fn run(self, console: &mut Console) -> Result<(), Failure> {
        let config = self.config.config()?;
        let _lock = lock::take(&config, "database")?;
        let Some(plan) = Model::upgrade_plan(&config)? else {
            if self.json {
                console.json(&json!({"from": null, "steps": [], "done": false}));
            } else {
                console.line("The database is up to date. Nothing to do.");
            }
            return Ok(());
        };
        if !self.json {
            console.line(format!(
                "The database has the schema version {}. Steps to the one of Kallithea 0.7:",
                plan.from
            ));
            for step in &plan.steps {
                console.line(format!("  {}  {}", step.revision, step.what));
            }
        }
        if self.dry_run {
            if self.json {
                self.report(console, &plan, None, false);
            }
            return Ok(());
        }
        if !self.yes && !self.agreed(console, &plan)? {
            console.line("Nothing done.");
            return Ok(());
        }
        let copy = self.copy(&config, &plan)?;
        if let Some(copy) = copy.as_ref().filter(|_| !self.json) {
            console.line(format!("Copied the database to {}", copy.display()));
        }
        Model::upgrade(&config, &plan)?;
        if self.json {
            self.report(console, &plan, copy.as_deref(), true);
        } else {
            console.line("The database is up to date.");
        }
        Ok(())
    }

    fn agreed(&self, console: &mut Console, plan: &Plan) -> Result<bool, Failure> {
        if plan.file.is_none() {
            console.line("Make a backup with the database's own program first.");
        }
        if plan.keeps_each_step {
            console.line("This engine keeps each finished step, should a later one fail.");
        }
        console.ask_yes_no("Do you want to proceed? [y/n] ", "use --yes")
    }

    /// Copies the file, if it is one.
    fn copy(&self, config: &Config, plan: &Plan) -> Result<Option<PathBuf>, Failure> {
        let Some(file) = plan.file.as_deref().filter(|_| !self.no_backup) else {
            return Ok(None);
        };
        let to = match &self.backup {
            Some(path) => path.clone(),
            None => beside(file, &plan.from),
        };
        Model::back_up(config, &to)?;
        Ok(Some(to))
    }

    fn report(&self, console: &mut Console, plan: &Plan, copy: Option<&Path>, done: bool) {
        let steps: Vec<_> = plan
            .steps
            .iter()
            .map(|step| json!({"revision": step.revision, "what": step.what}))
            .collect();
        console.json(&json!({"from": plan.from, "steps": steps, "backup": copy, "done": done}));
    }
}

/// `kallithea.db` → `kallithea.db.a0a1bf09c143`, or with a number behind it when that is there.
fn beside(file: &Path, revision: &str) -> PathBuf {
    let named = |number: u32| {
        let mut name = file.as_os_str().to_owned();
        name.push(match number {
            0 => format!(".{revision}"),
            number => format!(".{revision}.{number}"),
        });
        PathBuf::from(name)
    };
    (0..)
        .map(named)
        .find(|path| !path.exists())
        .unwrap_or_else(|| named(0))
}
