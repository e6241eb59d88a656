//! A folder that moves together with the rows that name it.
//!
//! Repositories, groups and gists are folders, and their names stand in the database. A [`Move`] is made before the
//! transaction, goes within it as its last step, and is settled after it: kept when the rows were kept, else undone.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use vcs::life::{self, LifeError};

use crate::{Error, Model};

/// From where to where, and whether it has happened.
#[derive(Debug)]
pub(crate) struct Move {
    from: PathBuf,
    to: PathBuf,
    gone: bool,
}

impl Move {
    /// Nothing has moved yet.
    pub fn new(from: PathBuf, to: PathBuf) -> Self {
        Self {
            from,
            to,
            gone: false,
        }
    }

    /// Moves the folder, and never over anything; `field` is the one to blame when something is there. A folder that is
    /// not there is none to move: the rows alone are right then.
    pub fn go(&mut self, field: &'static str) -> Result<(), Error> {
        if let Some(folder) = self.to.parent() {
            fs::create_dir_all(folder).map_err(|error| Error::disk("create", folder, error))?;
        }
        match life::relocate(&self.from, &self.to) {
            Ok(()) => {
                self.gone = true;
                Ok(())
            }
            Err(LifeError::Io { source, .. }) => match source.kind() {
                ErrorKind::AlreadyExists => Err(Error::invalid(
                    field,
                    "A folder of that name exists on the server without being in the database",
                )),
                ErrorKind::NotFound if fs::symlink_metadata(&self.from).is_err() => Ok(()),
                _ => Err(Error::disk("move", &self.from, source)),
            },
            Err(other) => Err(Error::Program(other.to_string().into())),
        }
    }

    /// Whether there was a folder and it has moved.
    pub fn has_gone(&self) -> bool {
        self.gone
    }

    /// What comes after the transaction: undoes the move when the rows were not kept, and forgets what this process had
    /// open below either place.
    pub fn settle<T>(self, model: &Model, done: Result<T, Error>) -> Result<T, Error> {
        if self.gone
            && done.is_err()
            && let Err(error) = life::relocate(&self.to, &self.from)
        {
            tracing::error!(
                "{} was moved to {} and cannot be moved back: {error}",
                self.from.display(),
                self.to.display()
            );
        }
        model.repositories().forget_below(&self.from);
        model.repositories().forget_below(&self.to);
        done
    }
}
