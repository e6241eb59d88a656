//! What a Python interpreter does for us when it hosts the program. Without one, all of this is absent and nothing else changes.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub use model::extension_lookups::Which;
pub use model::extensions::{Arguments, Callback, Extensions, Tables, Value, Verdict};
use model::{Config, Model};

/// Loads the file `extensions.py`, which may ask about the instance; an error is for the log.
pub type Loader = fn(&Path, Lookups) -> Result<Arc<dyn Extensions>, String>;

/// What `extensions.py` may ask about: over a connection of its own, which is opened when it asks first.
pub struct Lookups {
    config: Arc<Config>,
    /// Names and values of the ini file, and those that the original adds to them.
    pub settings: Vec<(String, String)>,
    model: Mutex<Option<Arc<Model>>>,
}

impl Lookups {
    fn new(model: &Model, config: &Arc<Config>) -> Self {
        let mut settings = Vec::new();
        if let Some(ini) = config.ini_path.as_deref() {
            // It was read a moment ago, and is looked through here for names that only the file of functions knows.
            let read = crate::Ini::read(ini).and_then(|ini| ini.application());
            settings = read.unwrap_or_default();
            let here = ini.parent().unwrap_or(Path::new("/"));
            settings.push(("__file__".into(), ini.display().to_string()));
            settings.push(("here".into(), here.display().to_string()));
        }
        if let Ok(root) = model.repositories_root() {
            settings.push(("base_path".into(), root.display().to_string()));
        }
        Self {
            config: Arc::clone(config),
            settings,
            model: Mutex::new(None),
        }
    }

    fn model(&self) -> Result<Arc<Model>, model::Error> {
        let mut slot = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = slot.as_ref() {
            return Ok(Arc::clone(model));
        }
        let model = Arc::new(Model::open(Arc::clone(&self.config))?);
        *slot = Some(Arc::clone(&model));
        Ok(model)
    }

    /// An account.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn user(&self, which: &Which) -> Result<Option<Arguments>, model::Error> {
        self.model()?.extension_user(which)
    }

    /// A repository.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn repository(&self, which: &Which) -> Result<Option<Arguments>, model::Error> {
        self.model()?.extension_repository(which)
    }

    /// A changeset of a repository.
    ///
    /// # Errors
    /// When the database does not answer or the repository cannot be read.
    pub fn changeset(
        &self,
        repository: &Which,
        revision: &str,
    ) -> Result<Option<Arguments>, model::Error> {
        self.model()?.extension_changeset(repository, revision)
    }

    /// The value of a setting.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn setting(&self, name: &str) -> Result<Option<Value>, model::Error> {
        self.model()?.extension_setting(name)
    }
}

static LOADER: OnceLock<Loader> = OnceLock::new();

/// Turns reStructuredText into HTML: text, and whether to give up when it does not look as if it was meant as such. An error is for
/// the log.
pub type Rst = fn(&str, bool) -> Result<Option<String>, String>;

/// Says who renders reStructuredText, once per process.
pub fn use_rst(rst: Rst) {
    render::markup::use_rst(Box::new(Renderer {
        rst,
        told: AtomicBool::new(false),
    }));
}

/// A piece of code in a named language as HTML, for whoever renders documents that hold some.
#[must_use]
pub fn highlight(language: &str, code: &str) -> String {
    render::highlight::shared().snippet(language, code)
}

struct Renderer {
    rst: Rst,
    told: AtomicBool,
}

impl render::markup::RstRenderer for Renderer {
    fn html(&self, text: &str, strict: bool) -> Option<String> {
        (self.rst)(text, strict).unwrap_or_else(|error| {
            // Mostly a missing docutils; once is enough to say it.
            if !self.told.swap(true, Ordering::Relaxed) {
                tracing::warn!("reStructuredText is shown as it is: {error}");
            }
            None
        })
    }
}

static GIVE_UP_STDOUT: OnceLock<fn()> = OnceLock::new();

/// Says how this process gives up its standard output, so that what it prints from then on goes to standard error; once per process. Only where
/// somebody else's code runs with us, there is something to give up.
pub fn use_give_up_stdout(how: fn()) {
    let _ = GIVE_UP_STDOUT.set(how);
}

/// Whoever holds the standard output already goes on alone.
pub(crate) fn give_up_stdout() {
    if let Some(how) = GIVE_UP_STDOUT.get() {
        how();
    }
}

/// Says who loads `extensions.py`, once per process.
pub fn use_extensions(loader: Loader) {
    let _ = LOADER.set(loader);
}

/// Year, month, day, hour, minute, second and microsecond.
#[must_use]
pub fn parts(time: model::LocalTime) -> (i16, i8, i8, i8, i8, i8, i32) {
    let time = time.to_civil();
    (
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.subsec_nanosecond() / 1000,
    )
}

/// A model with what the installation adds to it: `extensions.py` beside the ini file, or `rcextensions/` as it was called before.
pub(crate) fn extend(model: Model, config: &Arc<Config>) -> Model {
    let Some(folder) = config.ini_path.as_deref().and_then(Path::parent) else {
        return model;
    };
    let names = ["extensions.py", "rcextensions/__init__.py"];
    let Some(file) = names
        .iter()
        .map(|name| folder.join(name))
        .find(|file| file.is_file())
    else {
        return model;
    };
    if file.ends_with("rcextensions/__init__.py") {
        tracing::warn!(
            "{} is deprecated; move it to {}",
            file.display(),
            folder.join(names[0]).display()
        );
    }
    let Some(loader) = LOADER.get() else {
        tracing::warn!("{} is not used: nobody here runs Python", file.display());
        return model;
    };
    match loader(&file, Lookups::new(&model, config)) {
        Ok(extensions) => {
            name_files(&file, &*extensions);
            model.with_extensions(extensions)
        }
        Err(error) => {
            tracing::error!(
                "{} cannot be loaded, so no account can be made and nothing is called: {error}",
                file.display()
            );
            model.with_extensions(Arc::new(model::extensions::Broken))
        }
    }
}

/// Takes over what the file says about the languages of files.
fn name_files(file: &Path, extensions: &dyn Extensions) {
    let tables = match extensions.tables() {
        Ok(tables) => tables,
        Err(error) => {
            tracing::error!("{}: {error}", file.display());
            return;
        }
    };
    if tables.languages.is_empty() && tables.lexers.is_empty() {
        return;
    }
    let lexers = tables.lexers.clone();
    render::highlight::use_site_names(render::highlight::SiteNames::new(
        tables.languages,
        tables.lexers,
    ));
    for (ending, lexer) in lexers {
        if !render::highlight::shared().knows(&lexer) {
            tracing::warn!(
                "{}: EXTRA_LEXERS: there is no lexer '{lexer}' for '{ending}'",
                file.display()
            );
        }
    }
}
