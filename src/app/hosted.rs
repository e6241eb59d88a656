//! What a Python interpreter does for us when it hosts the program. Without one, all of this is absent and nothing else changes.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

pub use model::extensions::{Arguments, Callback, Extensions, Value, Verdict};
use model::{Config, Model};

/// Loads the file `extensions.py`; an error is for the log.
pub type Loader = fn(&Path) -> Result<Arc<dyn Extensions>, String>;

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
pub(crate) fn extend(model: Model, config: &Config) -> Model {
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
    match loader(&file) {
        Ok(extensions) => model.with_extensions(extensions),
        Err(error) => {
            tracing::error!(
                "{} cannot be loaded, so no account can be made and nothing is called: {error}",
                file.display()
            );
            model.with_extensions(Arc::new(model::extensions::Broken))
        }
    }
}
