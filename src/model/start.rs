//! Opening an instance, and making one where there is none.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use db::schema::{self, SchemaState};
use db::{ApiKey, DatabaseUrl, Db, DbError, fresh};

use crate::{Config, Error, Model, open, password, random};

impl Model {
    /// Makes data folder, repositories folder and database where they are missing; true when the database is new.
    /// Several workers may do this at the same time.
    ///
    /// # Errors
    /// When a folder cannot be made, or the database is one of another version.
    pub fn prepare(config: &Config) -> Result<bool, Error> {
        let db = database(config)?;
        match db.read(schema::check)? {
            state if state == SchemaState::Head || ignored(config, &state) => {
                if !db.read(schema::has_own_tables)? {
                    db.write(schema::create_own_tables)?;
                }
                Ok(false)
            }
            SchemaState::Empty => fill(&db, config),
            state => Err(Error::Schema(unfit(&state))),
        }
    }

    /// Whether there is a database with anything in it. Makes nothing.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn has_database(config: &Config) -> Result<bool, Error> {
        let url = database_url(config)?;
        if url.file().is_some_and(|file| !file.exists()) {
            return Ok(false);
        }
        Ok(Db::new(url).read(schema::check)? != SchemaState::Empty)
    }

    /// How the database is called, without its password.
    ///
    /// # Errors
    /// When the URL cannot be used.
    pub fn database_name(config: &Config) -> Result<String, Error> {
        Ok(database_url(config)?.to_string())
    }

    /// Opens an instance that [`Self::prepare`] has made ready.
    ///
    /// # Errors
    /// When the database URL cannot be used.
    pub fn open(config: Arc<Config>) -> Result<Self, Error> {
        render::decode::use_charsets(config.charsets.clone());
        vcs::read_other_text_by(|bytes| render::decode(bytes).into_owned());
        let db = Db::new(database_url(&config)?);
        Ok(Self {
            caches: crate::cache::Caches::new(&config),
            feed_secret: OnceLock::new(),
            config,
            db,
            repositories: open::Repositories::default(),
            passwords: password::Verified::default(),
            postman: crate::mail::Postman::default(),
            extensions: crate::extensions::Installed::default(),
        })
    }
}

/// The database, made empty where there is none, with the folders it and the caches need.
pub(crate) fn database(config: &Config) -> Result<Db, Error> {
    let url = database_url(config)?;
    // What is made here holds hashes, keys and private repositories: it is for the server's user alone.
    let make = |path: &Path| {
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path);
        made.map_err(|error| Error::disk("create", path, error))
    };
    if let Some(folder) = url.file().and_then(Path::parent) {
        make(folder)?;
    }
    make(&config.cache_dir)?;
    let db = Db::new(url);
    db.create_if_missing()?;
    Ok(db)
}

/// Whether a version that does not fit is to be passed over, as the ini file says.
fn ignored(config: &Config, state: &SchemaState) -> bool {
    let named = match state {
        SchemaState::Older(_) => true,
        SchemaState::Unknown(versions) => !versions.is_empty(),
        SchemaState::Head | SchemaState::TooOld(_) | SchemaState::Empty => false,
    };
    if named && config.ignore_schema_version {
        tracing::warn!("ignore_alembic_revision is set: {}", unfit(state));
        return true;
    }
    false
}

/// Why a database cannot be used as it is, and what to do.
pub(crate) fn unfit(state: &SchemaState) -> String {
    match state {
        SchemaState::Head => "the database is that of Kallithea 0.7".to_owned(),
        SchemaState::Empty => "the database is empty".to_owned(),
        SchemaState::Older(version) => format!(
            "the database has the schema version {version}, older than the {} of Kallithea 0.7; make a backup \
             and upgrade it with 'kallithea-cli db-upgrade' or with Kallithea 0.7's own migrations",
            schema::HEAD
        ),
        SchemaState::TooOld(version) => format!(
            "the database has the schema version {version} of the time before Kallithea 0.3.7; upgrade it with \
             that release to version {} first",
            db::upgrade::BEFORE_ALEMBIC
        ),
        SchemaState::Unknown(versions) => format!(
            "the database has the schema version '{}', which this program does not know; expected {}",
            versions.join(", "),
            schema::HEAD
        ),
    }
}

pub(crate) fn database_url(config: &Config) -> Result<DatabaseUrl, Error> {
    Ok(config.database_url.parse::<DatabaseUrl>()?)
}

/// Creates schema and rows. The password hash costs time, so it is made before the database is locked.
fn fill(db: &Db, config: &Config) -> Result<bool, Error> {
    let root = &config.default_repositories;
    fs::create_dir_all(root).map_err(|error| Error::disk("create", root, error))?;
    let root = root
        .canonicalize()
        .map_err(|error| Error::disk("find", root, error))?;
    let unusable = password::unusable()?;
    let api_key = ApiKey::from(random::hex(20));
    let root = root
        .to_str()
        .ok_or_else(|| Error::Schema(format!("the path {} is not UTF-8", root.display())))?;
    Ok(db.write(|tx| {
        let first = schema::create_if_empty(tx)?;
        if first {
            fresh::fill(
                tx,
                &fresh::FreshOptions {
                    repositories_root: root,
                    public_access: true,
                    default_user_password: &unusable,
                    default_user_api_key: &api_key,
                },
            )?;
        }
        schema::create_own_tables(tx)?;
        Ok::<_, DbError>(first)
    })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_schema_version_is_refused_unless_the_ini_file_says_not_to_look() {
        let folder = tempfile::tempdir().unwrap();
        let config = |values: &[(String, String)]| {
            Config::from_values(values, folder.path().to_owned(), None)
                .unwrap()
                .0
        };
        let strict = config(&[]);
        Model::prepare(&strict).unwrap();
        let file = database_url(&strict).unwrap().file().unwrap().to_owned();
        let other = rusqlite::Connection::open(file).unwrap();
        let update = "UPDATE alembic_version SET version_num = 'ffffffffffff'";
        other.execute(update, []).unwrap();
        let refused = Model::prepare(&strict).unwrap_err().to_string();
        assert!(refused.contains("ffffffffffff"), "{refused}");
        let key = "ignore_alembic_revision".to_owned();
        assert!(!Model::prepare(&config(&[(key, "false".to_owned())])).unwrap());
    }
}
