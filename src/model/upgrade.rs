//! From an older Kallithea's database to that of 0.7: `db-upgrade`. Nothing is done silently; a server only says what to
//! do when it meets such a database.

use std::path::{Path, PathBuf};

use db::Db;
use db::schema::{self, SchemaState};
use db::upgrade as steps;

use crate::start::{database_url, unfit};
use crate::{Config, Error, Model};

/// One step of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The alembic revision that the database has after it.
    pub revision: &'static str,
    /// What it does.
    pub what: &'static str,
}

/// What an upgrade would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The revision that the database has now.
    pub from: String,
    /// What is to be done, in this order.
    pub steps: Vec<Step>,
    /// Whether a failure leaves the steps before it done.
    pub keeps_each_step: bool,
    /// The file, where the database is one and can be copied here.
    pub file: Option<PathBuf>,
}

impl Model {
    /// What has to be done; nothing for a database that is as 0.7 has it.
    ///
    /// # Errors
    /// [`Error::Schema`] for a database that cannot be upgraded.
    pub fn upgrade_plan(config: &Config) -> Result<Option<Plan>, Error> {
        let db = Db::new(database_url(config)?);
        let (state, plan) =
            db.read(|conn| Ok::<_, Error>((schema::check(conn)?, steps::plan(conn)?)))?;
        match (state, plan) {
            (SchemaState::Head, _) => Ok(None),
            (_, Some(plan)) => Ok(Some(Plan {
                from: plan.from,
                steps: plan
                    .steps
                    .iter()
                    .map(|step| Step {
                        revision: step.revision,
                        what: step.what,
                    })
                    .collect(),
                keeps_each_step: steps::keeps_each_step(db.url().engine()),
                file: db.url().file().map(Path::to_owned),
            })),
            (state, None) => Err(Error::Schema(unfit(&state))),
        }
    }

    /// Copies the database, if it is a file, while others may be using it.
    ///
    /// # Errors
    /// When it is on a server, or the copy cannot be written.
    pub fn back_up(config: &Config, to: &Path) -> Result<(), Error> {
        Ok(steps::backup(&Db::new(database_url(config)?), to)?)
    }

    /// Does what a plan says, if the database is still as it was when the plan was made, and adds our own tables.
    ///
    /// # Errors
    /// When it is not, or a step fails.
    pub fn upgrade(config: &Config, plan: &Plan) -> Result<(), Error> {
        let db = Db::new(database_url(config)?);
        db.write(|tx| {
            steps::run(tx, &plan.from)?;
            schema::create_own_tables(tx)
        })?;
        Ok(())
    }
}
