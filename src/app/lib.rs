//! Where everything is wired: the ini file, the data folder, and the [`App`] that a server calls.
//!
//! An `App` is made without opening anything, because servers load us before they fork. What a process needs
//! (database, templates, repositories) is opened at its first request; what a fork inherited is forgotten, never
//! used and never closed.

pub mod check;
pub mod cli;
pub mod hosted;
mod ini;
mod log_sections;
mod logging;
mod notice;
pub mod ssh;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub use ini::{Ini, IniError};
use model::config::BadValues;
use model::{Config, Model};
use web::Site;
pub use web::response::{Body, Response};

/// Folder of an instance that nobody configured.
const DEFAULT_DATA: &str = "kallithea-data";
/// Name of the ini file that is looked for in the working directory.
const DEFAULT_INI: &str = "kallithea.ini";
/// Environment variable that names the ini file.
const INI_VARIABLE: &str = "KALLITHEA_CONFIG";

/// One request in CGI's words, as WSGI and uWSGI hand it over.
pub struct CgiRequest {
    /// `REQUEST_METHOD`, `PATH_INFO`, `HTTP_*` and what else the server tells.
    pub variables: Vec<web::cgi::Variable>,
    /// The body.
    pub body: Box<dyn std::io::Read + Send>,
    /// Whether the body ends by itself, so that a missing length is no reason not to read it.
    pub terminated: bool,
}

/// Where an instance lies.
#[derive(Debug, Clone)]
pub struct Place {
    /// The root of all repositories.
    pub repositories: PathBuf,
    /// The database's URL.
    pub database: String,
    /// Folder of caches, locks and the set-up code.
    pub data: PathBuf,
    /// Whether the database was made just now.
    pub first_run: bool,
}

/// Why an application could not be made from its configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The ini file is missing or broken.
    #[error(transparent)]
    Ini(#[from] IniError),
    /// The working directory is gone.
    #[error("the working directory cannot be found: {0}")]
    WorkingDirectory(std::io::Error),
}

/// The application: `Send + Sync`, cheap to make, shared by all threads of a process.
pub struct App {
    config: Arc<Config>,
    unknown_keys: Vec<String>,
    site: Mutex<Option<(u32, Arc<Site>)>>,
}

impl App {
    /// Reads the configuration: the named file, or `$KALLITHEA_CONFIG`, or `./kallithea.ini`, or the defaults
    /// over `./kallithea-data`. Opens nothing else.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line and what was expected.
    pub fn new(ini: Option<&Path>) -> Result<Self, ConfigError> {
        logging::start();
        let cwd = std::env::current_dir().map_err(ConfigError::WorkingDirectory)?;
        let named = ini
            .map(Path::to_owned)
            .or_else(|| std::env::var_os(INI_VARIABLE).map(PathBuf::from));
        let (config, unknown_keys) =
            match named.or_else(|| Some(PathBuf::from(DEFAULT_INI)).filter(|path| path.exists())) {
                Some(path) => from_ini(&cwd.join(path))?,
                None => {
                    let data = cwd.join(DEFAULT_DATA);
                    let (mut config, _) = Config::from_values(&[], data, None)
                        .expect("the defaults fit their own types");
                    config.cache_dir.clone_from(&config.default_repositories);
                    config.cache_dir.pop();
                    (config, Vec::new())
                }
            };
        Ok(Self {
            config: Arc::new(config),
            unknown_keys,
            site: Mutex::new(None),
        })
    }

    /// Answers one request. Never panics and never fails: what goes wrong inside becomes an answer.
    #[must_use]
    pub fn handle(&self, request: CgiRequest) -> Response {
        let answer = catch_unwind(AssertUnwindSafe(|| {
            let request = match web::cgi::request(
                request.variables,
                request.body,
                request.terminated,
                &self.config,
            ) {
                Ok(request) => request,
                Err(error) => return web::problem::bad_request(&error.to_string()),
            };
            match self.site() {
                Ok(site) => site.handle(request),
                Err(error) => web::problem::cannot_start(&error),
            }
        }));
        answer.unwrap_or_else(|_| web::problem::panicked())
    }

    /// Makes data folder and database when they are missing.
    ///
    /// # Errors
    /// When the folder or the database cannot be made.
    pub fn prepare(&self) -> Result<Place, model::Error> {
        let first_run = Model::prepare(&self.config)?;
        let model = Model::open(Arc::clone(&self.config))?;
        Ok(Place {
            repositories: model.repositories_root()?,
            database: self.config.database_url.clone(),
            data: self.config.cache_dir.clone(),
            first_run,
        })
    }

    /// Creates a user of the internal login source and returns its id.
    ///
    /// # Errors
    /// When a value is not valid or taken, or the database cannot be written.
    pub fn create_user(
        &self,
        username: &str,
        email: &str,
        password: &str,
        admin: bool,
    ) -> Result<i64, model::Error> {
        Model::prepare(&self.config)?;
        let model = Model::open(Arc::clone(&self.config))?;
        model
            .create_user(&model::account::NewUser {
                username,
                email,
                password,
                admin,
                ..Default::default()
            })
            .map(|id| id.0)
    }

    /// Creates an empty repository and returns its id.
    ///
    /// # Errors
    /// When the owner is unknown, the name is not valid or taken, or disk or database cannot be written.
    pub fn create_repository(
        &self,
        owner: &str,
        name: &str,
        kind: &str,
        description: &str,
    ) -> Result<i64, model::Error> {
        Model::prepare(&self.config)?;
        let model = Model::open(Arc::clone(&self.config))?;
        model
            .create_repository_as(owner, name, kind, description)
            .map(|id| id.0)
    }

    /// Sends mails that wait in the database, at most so many; how many were sent, and how many were not taken.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn send_mails(&self, most: u32) -> Result<(usize, usize), model::Error> {
        Model::prepare(&self.config)?;
        let sent = Model::open(Arc::clone(&self.config))?.send_due_mails(most)?;
        Ok((sent.sent, sent.failed))
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The site of this process, opened when there is none yet.
    fn site(&self) -> Result<Arc<Site>, model::Error> {
        let pid = std::process::id();
        let mut slot = self.site.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((owner, site)) = slot.take() {
            if owner == pid {
                *slot = Some((owner, Arc::clone(&site)));
                return Ok(site);
            }
            // Opened before the fork: its database connections belong to the parent. Closing them here would
            // drop the parent's locks, so they are leaked on purpose, once per fork.
            std::mem::forget(site);
        }
        Model::prepare(&self.config)?;
        notice::unknown_keys(&self.config, &self.unknown_keys);
        let model = Model::open(Arc::clone(&self.config))?;
        let site = Arc::new(Site::open(hosted::extend(model, &self.config))?);
        *slot = Some((pid, Arc::clone(&site)));
        Ok(site)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let slot = self.site.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some((owner, site)) = slot.take()
            && owner != std::process::id()
        {
            // As above: what belongs to the parent process is not ours to close.
            std::mem::forget(site);
        }
    }
}

fn from_ini(path: &Path) -> Result<(Config, Vec<String>), ConfigError> {
    let ini = Ini::read(path)?;
    let values = ini.application()?;
    let here = path.parent().unwrap_or(Path::new("/")).to_owned();
    let (mut config, unknown) = Config::from_values(&values, here, Some(path.to_owned()))
        .map_err(|wrong| wrong_values(&ini, &wrong))?;
    config.prefix = ini.prefix(&values)?;
    Ok((config, unknown))
}

/// A truth value of a file that nothing but the command line reads.
fn ini_flag(path: &Path, key: &str) -> Result<bool, ConfigError> {
    let values = Ini::read(path)?.application()?;
    let value = values.iter().find(|(name, _)| name == key);
    Ok(value.is_some_and(|(_, value)| model::config::parse_bool(value).unwrap_or(false)))
}

/// All that is wrong in one message, each with its line.
fn wrong_values(ini: &Ini, wrong: &BadValues) -> IniError {
    let mut lines: Vec<_> = wrong
        .0
        .iter()
        .map(|bad| (ini.line_of(bad.key), bad))
        .collect();
    lines.sort_by_key(|(line, _)| *line);
    let mut message = String::new();
    for (at, (line, bad)) in lines.iter().enumerate() {
        if at > 0 {
            message.push_str(&format!("; line {line}: "));
        }
        message.push_str(&bad.to_string());
    }
    ini.error(lines.first().map_or(0, |(line, _)| *line), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_can_be_shared_by_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<App>();
    }

    #[test]
    fn making_an_app_opens_and_creates_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let ini = dir.path().join("k.ini");
        std::fs::write(&ini, "[app:main]\nuse = egg:kallithea\ncolour = red\n").unwrap();
        let app = App::new(Some(&ini)).unwrap();
        assert_eq!(app.config().cache_dir, dir.path().join("data"));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_bad_value_is_told_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let ini = dir.path().join("k.ini");
        std::fs::write(
            &ini,
            "[app:main]\nuse = egg:kallithea\nforce_https = maybe\n",
        )
        .unwrap();
        let error = App::new(Some(&ini)).err().unwrap().to_string();
        assert!(
            error.contains("k.ini, line 3: key 'force_https'"),
            "{error}"
        );
        std::fs::write(
            &ini,
            "[app:main]\nsmtp_port = x\n[DEFAULT]\nuse_htsts = perhaps\n",
        )
        .unwrap();
        let error = App::new(Some(&ini)).err().unwrap().to_string();
        assert!(
            error.contains("line 2: key 'smtp_port'")
                && error.contains("; line 4: key 'use_htsts'"),
            "{error}"
        );
    }
}
