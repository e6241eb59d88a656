//! `ssh-update-authorized-keys`: writes the file from which sshd knows the keys of all accounts.

use super::console::Console;
use super::failure::Failure;
use super::instance::ConfigFile;

/// Write the file of authorized keys anew
#[derive(clap::Args, Debug)]
#[command(
    after_help = "The file is 'ssh_authorized_keys' of the ini file; nothing is done where that is empty or 'ssh_enabled' is off. It is written by itself \
    after each change of a key or an account, so this is for the first time, after a restore and after 'kallithea_cli_path' has changed. A file with \
    lines of somebody else is left alone.\n\nExample:\n  kallithea-cli ssh-update-authorized-keys -c my.ini"
)]
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
