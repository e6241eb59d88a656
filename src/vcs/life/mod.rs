//! How repositories come and go: made, forked, imported from elsewhere, pulled into, tidied, buried.
//!
//! What is new is made in a hidden folder beside its place ([`Draft`]) and moved there whole. Whatever dies in between leaves no half repository
//! at a name people know; a draft that is dropped takes its folder with it.
//!
//! * `draft.rs`: making, forking;
//! * `remote.rs`: which addresses of other servers are taken, and from whom;
//! * `guard.rs`, `address.rs`: the check of network addresses at the moment of dialling;
//! * `import.rs`: copying a repository from another server, and pulling what is new there;
//! * `housekeeping.rs`: keeping repositories fast;
//! * `run.rs`: running `git` and `hg` for it, with a limit of time and space.

mod address;
mod draft;
mod guard;
mod housekeeping;
mod import;
mod remote;
mod run;

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::{OpenError, ReadError, wire};

pub use address::{BadNetwork, Network};
pub use draft::{Draft, is_signed, unsign};
pub use housekeeping::{CloneBundle, Housekeeping};
pub use import::{Arrived, Source};
pub use remote::{BadRemoteUrl, RemotePolicy, RemoteUrl, Scheme};
pub use run::{Limits, Progress, Watch};

/// Why a repository could not be made, filled or tidied.
#[derive(Debug, thiserror::Error)]
pub enum LifeError {
    /// The program could not be run.
    #[error(transparent)]
    Program(#[from] wire::Error),
    /// The program gave up.
    #[error("{what} failed: {said}")]
    Failed {
        /// What was tried.
        what: &'static str,
        /// The last lines of what the program said. No password is in it.
        said: String,
    },
    /// It took longer than it may.
    #[error("{what} was ended after {} seconds", after.as_secs())]
    TimedOut {
        /// What was tried.
        what: &'static str,
        /// The limit.
        after: Duration,
    },
    /// It became larger than it may.
    #[error("{what} was ended because it has brought more than {most} bytes")]
    TooLarge {
        /// What was tried.
        what: &'static str,
        /// The limit.
        most: u64,
    },
    /// Whoever watched it wanted it to end.
    #[error("{what} was cancelled")]
    Cancelled {
        /// What was tried.
        what: &'static str,
    },
    /// The address may not be dialled.
    #[error(
        "{host} has the address {address}, which is not allowed: it lies in a private or special network"
    )]
    ForbiddenAddress {
        /// The name.
        host: String,
        /// The address it has at this moment.
        address: IpAddr,
    },
    /// The name of a server is not known, or its owner's address book does not answer.
    #[error("the address of {host} cannot be found")]
    UnknownHost {
        /// The name.
        host: String,
        /// What the system said.
        source: io::Error,
    },
    /// Scheme, host or setting forbids it.
    #[error("repositories cannot be fetched from there: {why}")]
    ForbiddenSource {
        /// Which rule it breaks.
        why: String,
    },
    /// Something lies at the place already, or it cannot be written.
    #[error("cannot {verb} {}", path.display())]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was made cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What was made cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl LifeError {
    fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LifeError {
        let path = path.to_owned();
        move |source| LifeError::Io { verb, path, source }
    }
}

/// Moves a repository on the same disk, to a new name or to its grave (`rm__…`). Never replaces what is there.
pub fn relocate(from: &Path, to: &Path) -> Result<(), LifeError> {
    renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)
        .map_err(|error| LifeError::io("move a repository to", to)(error.into()))
}
