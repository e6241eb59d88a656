//! SSH: what `sshd` starts for the key of an account, and what it asks about keys.
//!
//! `sshd` does the cryptography and starts `kallithea-cli ssh-serve -c INI USER_ID KEY_ID` for a key of ours, whatever command the client asked for; that
//! command is in the environment. It is held against the few that clients of Git and Mercurial send ([`words`]), the account, the key and the permission are
//! checked as over HTTP, and what moves is written down as over HTTP. The usual output carries the protocol, so every word to the user goes to the
//! error output.

mod git;
mod hg;
mod serve;
mod words;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use model::Model;

pub use serve::{Client, serve};

/// Says which line of `authorized_keys` a key has; for `sshd`'s `AuthorizedKeysCommand`. Empty for a key of nobody.
///
/// # Errors
/// When the database does not answer.
pub fn authorized_key(model: &Model, kind: &str, encoded: &str) -> Result<String, model::Error> {
    Ok(model.authorized_key(kind, encoded)?.unwrap_or_default())
}

/// The connection to the client, which Rust's own buffers must not come between.
struct Connection {
    input: OwnedFd,
    output: OwnedFd,
    errors: OwnedFd,
}

impl Connection {
    /// That of this process, which has it for itself from here on: what anything else prints, above all a function of `extensions.py` and what that
    /// starts, goes to the error output and not into the middle of the protocol.
    fn ours() -> io::Result<Self> {
        let ours = Self {
            input: io::stdin().as_fd().try_clone_to_owned()?,
            output: io::stdout().as_fd().try_clone_to_owned()?,
            errors: io::stderr().as_fd().try_clone_to_owned()?,
        };
        crate::hosted::give_up_stdout();
        Ok(ours)
    }

    fn files(self) -> (File, File, File) {
        (self.input.into(), self.output.into(), self.errors.into())
    }
}
