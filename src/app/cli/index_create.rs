//! `index-create`: cron jobs call it. There is no full-text index yet, so there is nothing to bring up to date.

use super::console::Console;
use super::failure::Failure;
use super::instance::ConfigFile;

/// Bring the full-text index up to date (there is none yet: nothing is done)
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Known so that cron jobs go on working: the options of the original are taken, and the exit code is 0.\n\nExample:\n  \
    kallithea-cli index-create -c my.ini"
)]
pub(super) struct IndexCreate {
    #[command(flatten)]
    config: ConfigFile,
    /// Folder of the repositories; empty: the one in the database
    #[arg(long, value_name = "TEXT")]
    repo_location: Option<String>,
    /// Names of the repositories to index, separated by commas
    #[arg(long, value_name = "TEXT")]
    index_only: Option<String>,
    /// Names of the repositories whose changed files are indexed again, separated by commas
    #[arg(long, value_name = "TEXT")]
    update_only: Option<String>,
    /// Make the index anew
    #[arg(short, long, overrides_with = "no_full")]
    full: bool,
    /// Only what is new
    #[arg(long)]
    no_full: bool,
}

impl IndexCreate {
    pub(super) fn run(self, console: &mut Console) -> Result<(), Failure> {
        self.config.open()?;
        let _ = (
            self.repo_location,
            self.index_only,
            self.update_only,
            self.full,
            self.no_full,
        );
        console.note("index-create: there is no full-text index yet; nothing was done");
        Ok(())
    }
}
