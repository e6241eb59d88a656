//! Making an instance on purpose: `db-create`. Tables, first rows and the first administrator come in one transaction, so
//! whatever goes wrong, the database is as it was (on MySQL, which keeps every change of a table at once, all but the
//! tables).

use std::path::{Path, PathBuf};

use db::schema::removal::{self, Stock};
use db::schema::{self, SchemaState};
use db::{ApiKey, fresh};

use crate::account::{NewUser, Prepared};
use crate::start::{database, database_url};
use crate::{Config, Error, Model, password, random};

/// What becomes of the tables that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// They are a reason to refuse.
    Refuse,
    /// Those of Kallithea and ours are dropped.
    ReplaceKallithea,
    /// All are dropped.
    ReplaceAll,
}

/// What a new instance cannot know by itself.
#[derive(Debug, Clone, Copy)]
pub struct Installation<'a> {
    /// The folder of all repositories; it exists.
    pub repositories: &'a Path,
    /// Whether visitors who are not logged in see anything.
    pub public_access: bool,
    /// The first administrator; first and last name are set here.
    pub admin: NewUser<'a>,
    /// What becomes of the tables that are there.
    pub existing: Existing,
}

impl Model {
    /// What is in the database; nothing where there is none. Makes nothing.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn stock(config: &Config) -> Result<(String, Stock), Error> {
        let url = database_url(config)?;
        let name = url.name();
        if url.file().is_some_and(|file| !file.exists()) {
            return Ok((name, Stock::default()));
        }
        if url.file().is_none() {
            // A server says no to a database that is not there; making an empty one is what comes next anyway.
            database(config)?;
        }
        Ok((name, db::Db::new(url).read(removal::stock)?))
    }

    /// Makes the tables of Kallithea 0.7 and the rows that they start with.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what cannot be the administrator, [`Error::Schema`] when there are tables that shall stay.
    pub fn install(config: &Config, new: &Installation<'_>) -> Result<(), Error> {
        let prepared = Prepared::check_but_length(&NewUser {
            firstname: "Kallithea",
            lastname: "Admin",
            admin: true,
            ..new.admin
        })?;
        let root = true_path(new.repositories)?;
        let unusable = password::unusable()?;
        let api_key = ApiKey::from(random::hex(20));
        let db = database(config)?;
        db.write(|tx| {
            if new.existing != Existing::Refuse {
                removal::drop_tables(tx, new.existing == Existing::ReplaceAll)?;
            }
            if !schema::create_if_empty(tx)? {
                let state = schema::check(tx)?;
                return Err(Error::Schema(match state {
                    SchemaState::Head => "the database is in use already".to_owned(),
                    other => crate::start::unfit(&other),
                }));
            }
            fresh::fill(
                tx,
                &fresh::FreshOptions {
                    repositories_root: &root,
                    public_access: new.public_access,
                    default_user_password: &unusable,
                    default_user_api_key: &api_key,
                },
            )?;
            prepared.insert(tx)?;
            schema::create_own_tables(tx)?;
            Ok(())
        })
    }
}

/// A folder without symbolic links in its path, as the database wants it.
fn true_path(path: &Path) -> Result<String, Error> {
    let path: PathBuf = path
        .canonicalize()
        .map_err(|error| Error::disk("find", path, error))?;
    path.into_os_string()
        .into_string()
        .map_err(|path| Error::Schema(format!("the path {} is not UTF-8", path.display())))
}
