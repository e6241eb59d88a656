//! `ssh-serve`: what sshd starts for a key of ours. Standard input and output carry the protocol of git or hg.

use super::console::Console;
use super::failure::Failure;
use super::instance::ConfigFile;
use crate::ssh::{self, Client};

/// Serve a repository over SSH; started by sshd through its file of authorized keys
#[derive(clap::Args, Debug)]
pub(super) struct SshServe {
    #[command(flatten)]
    config: ConfigFile,
    /// Number of the account
    user_id: i64,
    /// Number of the SSH key
    key_id: i64,
}

impl SshServe {
    pub(super) fn run(self, _: &mut Console) -> Result<(), Failure> {
        let config = self.config.config()?;
        let client = Client::from_environment();
        let open = || self.config.open().map_err(|failure| failure.to_string());
        match ssh::serve(&config, &client, self.user_id, self.key_id, open) {
            0 => Ok(()),
            code => Err(Failure::Told(code)),
        }
    }
}
