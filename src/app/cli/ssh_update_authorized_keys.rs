//! `ssh-update-authorized-keys`: writes the file from which sshd knows the keys of all accounts.

use super::console::Console;
use super::failure::Failure;
use super::instance::ConfigFile;

/// Write the file of authorized keys anew
#[derive(clap::Args, Debug)]
pub(super) struct SshUpdateAuthorizedKeys {
    #[command(flatten)]
    config: ConfigFile,
}

impl SshUpdateAuthorizedKeys {
    pub(super) fn run(self, _: &mut Console) -> Result<(), Failure> {
        self.config.open()?.write_authorized_keys()?;
        Ok(())
    }
}
