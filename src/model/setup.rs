//! The one-time code that guards the page where the first administrator is made.
//!
//! Whoever reaches a fresh site first must not become its administrator just by being first. The code stands in the log
//! and in a file that only the server's own user can read; whoever knows it has proved to run the server.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use subtle::ConstantTimeEq;

use crate::{Error, Model, random};

const FILE: &str = "setup-code";

impl Model {
    /// Where the code stands.
    #[must_use]
    pub fn setup_code_file(&self) -> PathBuf {
        self.config().cache_dir.join(FILE)
    }

    /// Makes the code unless another worker has done so, and tells the log where it is.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn offer_setup_code(&self) -> Result<(), Error> {
        let path = self.setup_code_file();
        if path.exists() {
            return Ok(());
        }
        let code = random::hex(8);
        // Written beside and linked into place, so that no worker ever reads half a code and the first one wins.
        let draft = path.with_extension(random::hex(4));
        let write = || -> std::io::Result<bool> {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&draft)?;
            writeln!(file, "{code}")?;
            file.sync_all()?;
            match fs::hard_link(&draft, &path) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
                Err(error) => Err(error),
            }
        };
        let first = write();
        let _ = fs::remove_file(&draft);
        if first.map_err(|error| Error::disk("write", &path, error))? {
            tracing::info!(
                "no administrator yet: open /_admin/setup with the code {code} (also in {})",
                path.display()
            );
        }
        Ok(())
    }

    /// Whether this is the code.
    ///
    /// # Errors
    /// When the file cannot be read; the log says why.
    pub fn is_setup_code(&self, typed: &str) -> Result<bool, Error> {
        let path = self.setup_code_file();
        let code = fs::read_to_string(&path).map_err(|error| Error::disk("read", &path, error))?;
        let code = code.trim();
        Ok(!code.is_empty() && bool::from(code.as_bytes().ct_eq(typed.trim().as_bytes())))
    }

    /// Throws the code away once it has served.
    pub fn withdraw_setup_code(&self) {
        if let Err(error) = fs::remove_file(self.setup_code_file()) {
            tracing::warn!(
                "cannot remove {}: {error}",
                self.setup_code_file().display()
            );
        }
    }
}
