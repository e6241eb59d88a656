//! Which instance a command works on, and how far it is brought up for it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::{OsStringValueParser, TypedValueParser, ValueParser};
use model::{Config, Model, SiteAdmin};

use super::failure::Failure;

/// The ini file, as nearly every command wants it.
#[derive(clap::Args, Debug)]
pub(crate) struct ConfigFile {
    /// The ini file of the instance
    #[arg(
        short = 'c',
        long = "config_file",
        visible_alias = "config-file",
        value_name = "FILE",
        env = "KALLITHEA_CONFIG",
        value_parser = existing_file()
    )]
    config_file: PathBuf,
}

impl ConfigFile {
    /// The file, absolute.
    pub(crate) fn path(&self) -> &Path {
        &self.config_file
    }

    /// Reads it.
    pub(crate) fn config(&self) -> Result<Arc<Config>, Failure> {
        Ok(Arc::new(crate::from_ini(self.path())?.0))
    }

    /// Reads it and opens the instance, which must be there.
    pub(crate) fn open(&self) -> Result<Model, Failure> {
        let config = self.config()?;
        if !Model::has_database(&config)? {
            return Err(Failure::failed(format!(
                "{} is empty; make the tables with 'kallithea-cli db-create -c {}'",
                Model::database_name(&config)?,
                self.path().display()
            )));
        }
        Model::prepare(&config)?;
        let model = Model::open(Arc::clone(&config))?;
        Ok(crate::hosted::extend(model, &config))
    }

    /// The same, in the name of the first administrator.
    pub(crate) fn open_as_admin(&self) -> Result<(Model, SiteAdmin), Failure> {
        let model = self.open()?;
        let admin = model.operator()?;
        Ok((model, admin))
    }
}

fn existing_file() -> ValueParser {
    OsStringValueParser::new().try_map(resolve).into()
}

/// An existing, readable file by its true name.
fn resolve(given: OsString) -> Result<PathBuf, String> {
    let path = PathBuf::from(&given);
    let shown = path.display();
    if path.is_dir() {
        return Err(format!("File '{shown}' is a directory."));
    }
    if !path.exists() {
        return Err(format!("File '{shown}' does not exist."));
    }
    std::fs::File::open(&path).map_err(|_| format!("File '{shown}' is not readable."))?;
    path.canonicalize()
        .map_err(|error| format!("File '{shown}': {error}"))
}
