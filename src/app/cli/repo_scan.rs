//! `repo-scan`: what lies in the folder of the repositories and is not in the database, and the other way round.

use serde_json::json;

use super::console::Console;
use super::failure::Failure;
use super::instance::ConfigFile;
use super::lock;

/// Look for new and missing repositories in the folder of all repositories
#[derive(clap::Args, Debug)]
#[command(
    after_help = "New repositories belong to the first administrator; groups are made for the folders they lie in. Links that lead to \
    other folders are not followed. No file is touched.\n\nExamples:\n  \
    kallithea-cli repo-scan -c my.ini\n  kallithea-cli repo-scan -c my.ini --remove-missing"
)]
pub(super) struct RepoScan {
    #[command(flatten)]
    config: ConfigFile,
    /// Forget repositories that are not on disk any more; without this they are only told
    #[arg(long)]
    remove_missing: bool,
    /// Without effect: pushes are noted without a hook in the repository
    #[arg(long)]
    install_git_hooks: bool,
    /// Without effect, as --install-git-hooks
    #[arg(long)]
    overwrite_git_hooks: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl RepoScan {
    pub(super) fn run(self, console: &mut Console) -> Result<(), Failure> {
        let (model, admin) = self.config.open_as_admin()?;
        let _lock = lock::take(model.config(), "repo-scan")?;
        if self.install_git_hooks || self.overwrite_git_hooks {
            console.note(
                "repo-scan: no hook has to be installed; pushes are noted without one, and hooks of your own run as they are",
            );
        }
        if !self.json {
            console.line("Now scanning root location for new repos ...");
        }
        let scanned = {
            let mut bar = console.progress("Reading repositories");
            model.scan_with(&admin, self.remove_missing, &mut |done, of| {
                bar.at(done, of);
            })?
        };
        let missing = if self.remove_missing {
            "removed"
        } else {
            "missing"
        };
        if self.json {
            console.json(&json!({
                "added": scanned.added,
                missing: scanned.missing,
                "skipped": scanned.skipped,
            }));
            return Ok(());
        }
        console.line("Scan completed.");
        if !scanned.added.is_empty() {
            console.line(format!("Added: {}", scanned.added.join(", ")));
        }
        if !scanned.missing.is_empty() {
            let word = if self.remove_missing {
                "Removed"
            } else {
                "Missing"
            };
            console.line(format!("{word}: {}", scanned.missing.join(", ")));
        }
        for passed in &scanned.skipped {
            console.note(format!("Skipped: {passed}"));
        }
        Ok(())
    }
}
