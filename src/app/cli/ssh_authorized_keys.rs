//! `ssh-authorized-keys`: what sshd asks for the line of one key. A command of ours, for sites with many keys.

use super::console::Console;
use super::failure::Failure;
use super::instance::ConfigFile;
use crate::ssh;

/// Print the line of one key; for AuthorizedKeysCommand of sshd
#[derive(clap::Args, Debug)]
#[command(
    after_help = "For sites with many keys, in place of the file. In sshd_config:\n  Match User kallithea\n  \
    AuthorizedKeysCommand /srv/kallithea/venv/bin/kallithea-cli ssh-authorized-keys -c /srv/kallithea/my.ini %t %k\n  \
    AuthorizedKeysCommandUser kallithea"
)]
pub(super) struct SshAuthorizedKeys {
    #[command(flatten)]
    config: ConfigFile,
    /// Type of the key: %t
    key_type: String,
    /// The key in base64: %k
    key: String,
}

impl SshAuthorizedKeys {
    pub(super) fn run(self, console: &mut Console) -> Result<(), Failure> {
        let model = self.config.open()?;
        console.text(&ssh::authorized_key(&model, &self.key_type, &self.key)?);
        Ok(())
    }
}
