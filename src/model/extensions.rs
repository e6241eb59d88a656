//! What an installation adds to the rules by code of its own: the file `extensions.py`.
//!
//! In it an administrator may define functions of known names that are called when something has happened, and one that is asked before an account is
//! made. This crate knows no Python: whoever hosts it may bring an [`Extensions`], and without one nothing is called. The names, and what
//! is told, are those of the original.
//!
//! What happened has happened: an error of a callback is told in the log and changes nothing. Only `PRE_CREATE_USER_HOOK` can refuse, and
//! it does so as well when it fails, because it may stand there to keep somebody out.

use std::fmt;
use std::sync::Arc;

use db::LocalTime;

use crate::{Error, Model};

/// A function that `extensions.py` may define.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Callback {
    /// Changesets arrived.
    Push,
    /// Changesets were fetched.
    Pull,
    /// A repository was made.
    CreateRepository,
    /// A repository was deleted.
    DeleteRepository,
    /// An account is about to be made.
    PreCreateUser,
    /// An account was made.
    CreateUser,
    /// An account was deleted.
    DeleteUser,
    /// A pull request was made.
    CreatePullRequest,
}

impl Callback {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Push,
        Self::Pull,
        Self::CreateRepository,
        Self::DeleteRepository,
        Self::PreCreateUser,
        Self::CreateUser,
        Self::DeleteUser,
        Self::CreatePullRequest,
    ];

    /// Its name in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Push => "PUSH_HOOK",
            Self::Pull => "PULL_HOOK",
            Self::CreateRepository => "CREATE_REPO_HOOK",
            Self::DeleteRepository => "DELETE_REPO_HOOK",
            Self::PreCreateUser => "PRE_CREATE_USER_HOOK",
            Self::CreateUser => "CREATE_USER_HOOK",
            Self::DeleteUser => "DELETE_USER_HOOK",
            Self::CreatePullRequest => "CREATE_PULLREQUEST_HOOK",
        }
    }
}

/// The value of an argument.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Seconds since 1970 and their parts.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Date and time of the server's clock.
    Time(LocalTime),
    /// Something with attributes.
    Object(Vec<(&'static str, Value)>),
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A value that need not be there.
    pub fn some(value: Option<impl Into<Self>>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

/// Arguments by their names.
pub type Arguments = Vec<(&'static str, Value)>;

/// What `PRE_CREATE_USER_HOOK` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the account may be made.
    pub allowed: bool,
    /// Why not, for whoever wanted it.
    pub reason: String,
}

/// What the file says about files, by the endings of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tables {
    /// `EXTRA_MAPPINGS`: an ending and the language to name.
    pub languages: Vec<(String, String)>,
    /// `EXTRA_LEXERS`: an ending and the lexer to colour with.
    pub lexers: Vec<(String, String)>,
    /// `INDEX_EXTENSIONS`: endings of files whose content is searched; none means the usual ones.
    pub index: Vec<String>,
    /// `EXTRA_INDEX_EXTENSIONS`: further ones.
    pub extra_index: Vec<String>,
}

/// The functions of an installation.
pub trait Extensions: Send + Sync {
    /// Whether this function is there. Nothing is put together for one that is not.
    fn defines(&self, callback: Callback) -> bool;

    /// Calls one; an error is for the log.
    ///
    /// # Errors
    /// What it raised.
    fn call(&self, callback: Callback, arguments: Arguments) -> Result<(), String>;

    /// Calls the one that is asked.
    ///
    /// # Errors
    /// What it raised, or that it gave no answer that could be understood.
    fn ask(&self, callback: Callback, arguments: Arguments) -> Result<Verdict, String>;

    /// What it says about files. An error is for the log.
    ///
    /// # Errors
    /// What is not in the form it should have.
    fn tables(&self) -> Result<Tables, String> {
        Ok(Tables::default())
    }
}

/// Those of a model, with nothing to show for `Debug`.
#[derive(Clone, Default)]
pub(crate) struct Installed(Option<Arc<dyn Extensions>>);

impl fmt::Debug for Installed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Installed")
    }
}

/// Stands in for a file that cannot be loaded: it has nothing to call, and refuses where it would be asked.
#[derive(Debug)]
pub struct Broken;

impl Extensions for Broken {
    fn defines(&self, callback: Callback) -> bool {
        callback == Callback::PreCreateUser
    }

    fn call(&self, _: Callback, _: Arguments) -> Result<(), String> {
        Ok(())
    }

    fn ask(&self, _: Callback, _: Arguments) -> Result<Verdict, String> {
        Err("extensions.py could not be loaded".to_owned())
    }
}

impl Model {
    /// The same with the functions of an installation.
    #[must_use]
    pub fn with_extensions(self, extensions: Arc<dyn Extensions>) -> Self {
        Self {
            extensions: Installed(Some(extensions)),
            ..self
        }
    }

    /// What the installation says about files, for the index of the search.
    #[must_use]
    pub fn extension_tables(&self) -> Tables {
        let Installed(installed) = &self.extensions;
        installed
            .as_ref()
            .and_then(|extensions| extensions.tables().ok())
            .unwrap_or_default()
    }

    /// Whether somebody wants to be told.
    pub(crate) fn has_callback(&self, callback: Callback) -> bool {
        let Installed(installed) = &self.extensions;
        installed
            .as_ref()
            .is_some_and(|extensions| extensions.defines(callback))
    }

    /// Tells the installation that something has happened.
    pub(crate) fn call(&self, callback: Callback, arguments: impl FnOnce() -> Arguments) {
        let Installed(Some(extensions)) = &self.extensions else {
            return;
        };
        if extensions.defines(callback)
            && let Err(error) = extensions.call(callback, arguments())
        {
            tracing::error!("{} of extensions.py failed: {error}", callback.name());
        }
    }

    /// Asks the installation whether an account may be made.
    pub(crate) fn ask_before_user(
        &self,
        arguments: impl FnOnce() -> Arguments,
    ) -> Result<(), Error> {
        let callback = Callback::PreCreateUser;
        let Installed(Some(extensions)) = &self.extensions else {
            return Ok(());
        };
        if !extensions.defines(callback) {
            return Ok(());
        }
        match extensions.ask(callback, arguments()) {
            Ok(Verdict { allowed: true, .. }) => Ok(()),
            Ok(Verdict { reason, .. }) => Err(Error::invalid("username", reason)),
            Err(error) => {
                tracing::error!("{} of extensions.py failed: {error}", callback.name());
                Err(Error::invalid(
                    "username",
                    "The account cannot be made: the rule of this site for new accounts failed. Ask an administrator.",
                ))
            }
        }
    }
}
