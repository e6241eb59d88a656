//! Why a call has no result: the one place where errors get the words that clients of 0.7 know.

use crate::problem::chain;

/// What the original says when it does not want to tell.
const INTERNAL: &str = "Internal server error";

/// What whoever calls while the database is away reads.
const UNAVAILABLE: &str = "The server cannot answer right now; try again in a moment";

/// Why a call has no result.
#[derive(Debug)]
pub(super) enum Fault {
    /// In words for the client.
    Said(String),
    /// In words for the log; the client learns that there is something there.
    Internal(String),
    /// In words for the client, and why for the log.
    Because(String, String),
    /// Not now: the database is away. Why, for the log.
    Unavailable(String),
}

impl Fault {
    /// A fault in words for the client.
    pub(super) fn said(text: impl Into<String>) -> Self {
        Self::Said(text.into())
    }

    /// The caller lacks a right that is not about one object.
    pub(super) fn denied() -> Self {
        Self::said("permission denied")
    }

    /// There is no such thing, or the caller may not know of it.
    pub(super) fn missing(what: &str, id: impl std::fmt::Display) -> Self {
        Self::Said(format!("{what} `{id}` does not exist"))
    }

    /// What the client reads.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Said(text) | Self::Because(text, _) => text,
            Self::Internal(_) => INTERNAL,
            Self::Unavailable(_) => UNAVAILABLE,
        }
    }

    /// What the log says beyond that.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Said(_) => None,
            Self::Internal(reason) | Self::Because(_, reason) | Self::Unavailable(reason) => {
                Some(reason)
            }
        }
    }
}

/// Whether nothing can be said about the call, because the database does not answer.
fn is_away(error: &model::Error) -> bool {
    matches!(error, model::Error::Db(error) if error.is_unavailable())
}

impl From<model::Error> for Fault {
    fn from(error: model::Error) -> Self {
        if is_away(&error) {
            Self::Unavailable(chain(&error))
        } else {
            Self::Internal(chain(&error))
        }
    }
}

/// Words for an error of the model.
pub(super) trait Words<T> {
    /// Exactly these words; why goes to the log.
    fn or_say(self, text: impl FnOnce() -> String) -> Result<T, Fault>;

    /// These words, and behind a colon what was wrong with a value, where a person can do something about it. For what
    /// the original did not check at all, so that no client waits for its words.
    fn or_explain(self, text: impl FnOnce() -> String) -> Result<T, Fault>;
}

impl<T> Words<T> for Result<T, model::Error> {
    fn or_say(self, text: impl FnOnce() -> String) -> Result<T, Fault> {
        self.map_err(|error| match error {
            error if is_away(&error) => error.into(),
            error => Fault::Because(text(), chain(&error)),
        })
    }

    fn or_explain(self, text: impl FnOnce() -> String) -> Result<T, Fault> {
        self.map_err(|error| match error {
            model::Error::Invalid { message: why, .. } | model::Error::Forbidden(why) => {
                Fault::Because(format!("{}: {why}", text()), why.to_string())
            }
            error if is_away(&error) => error.into(),
            error => Fault::Because(text(), chain(&error)),
        })
    }
}
