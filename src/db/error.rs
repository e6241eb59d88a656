//! What can go wrong with the database, sorted by what the caller can do about it.

use std::error::Error;

pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// An error of the database. Each names the operation that failed; statements are named by their SQL, which never
/// holds values (those are always bound).
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The database cannot be reached or written at the moment: no such file, no permission, read-only, disk full,
    /// or locked by somebody else for longer than the timeout. Trying again later may work.
    #[error("the database is not available: cannot {operation}")]
    Unavailable {
        /// What was being done.
        operation: String,
        /// What the engine said.
        #[source]
        source: Cause,
    },
    /// A constraint of the schema refused the row, nearly always a UNIQUE one: somebody else was faster.
    #[error("the database refuses to {operation}")]
    Constraint {
        /// What was being done.
        operation: String,
        /// Whether it was a UNIQUE or PRIMARY KEY constraint.
        unique: bool,
        /// What the engine said.
        #[source]
        source: Cause,
    },
    /// A value is too long, too large or of no form that its column can hold.
    #[error("the database cannot hold a value that was given to {operation}")]
    Unfit {
        /// What was being done.
        operation: String,
        /// What the engine said.
        #[source]
        source: Cause,
    },
    /// The file is damaged or not a database at all.
    #[error("the database is damaged or not a database: cannot {operation}")]
    Corrupt {
        /// What was being done.
        operation: String,
        /// What the engine said.
        #[source]
        source: Cause,
    },
    /// A table is missing: the database is empty or of another version.
    #[error("a table is missing in the database: cannot {operation}")]
    NoSuchTable {
        /// What was being done.
        operation: String,
        /// What the engine said.
        #[source]
        source: Cause,
    },
    /// Anything else; a defect of ours more often than not.
    #[error("cannot {operation}")]
    Other {
        /// What was being done.
        operation: String,
        /// What the engine said.
        #[source]
        source: Cause,
    },
    /// The URL cannot be understood. The text never holds the URL itself, which may contain a password.
    #[error("cannot understand the database URL: {reason}")]
    Url {
        /// What is wrong with it.
        reason: String,
    },
}

impl DbError {
    /// Whether the database is out of reach for now, so that the answer is "try again later" and not "this is a defect".
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// Whether a UNIQUE constraint refused the row.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Constraint { unique: true, .. })
    }
}
