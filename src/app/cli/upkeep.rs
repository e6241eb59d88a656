//! `repo-update-metadata`, `repo-update-cache` and `repo-housekeeping`: the same work on some or all repositories.

use model::{Housekeeping, Model, ReadableRepository, SiteAdmin};
use serde_json::json;

use super::console::Console;
use super::failure::Failure;
use super::instance::ConfigFile;
use super::lock;

/// Read the newest changeset of repositories anew
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Wanted after changes that did not come through this server.\n\nExamples:\n  \
    kallithea-cli repo-update-metadata -c my.ini\n  kallithea-cli repo-update-metadata -c my.ini tools/build docs"
)]
pub(super) struct RepoUpdateMetadata {
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    which: Which,
}

/// Work out beforehand what the pages of repositories show
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Writes the indexes that make histories cheap and fills the cache of the file list, so that the first visitor after a \
    large push or a restore does not wait.\n\nExample:\n  kallithea-cli repo-update-cache -c my.ini"
)]
pub(super) struct RepoUpdateCache {
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    which: Which,
}

/// Pack repositories and write the indexes that make histories and clones cheap
#[derive(clap::Args, Debug)]
#[command(
    after_help = "For a weekly cron job. Nobody has to wait for it: readers and writers go on. Git: 'gc' (objects that nobody names are \
    kept for two weeks), bitmaps, commit-graph with changed paths. Mercurial: its caches.\n\nExample:\n  \
    kallithea-cli repo-housekeeping -c my.ini"
)]
pub(super) struct RepoHousekeeping {
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    which: Which,
    /// Write the indexes only
    #[arg(long, conflicts_with = "no_index")]
    no_collect: bool,
    /// Pack only
    #[arg(long)]
    no_index: bool,
}

#[derive(clap::Args, Debug)]
struct Which {
    /// Full names of repositories; without a name all of them
    repositories: Vec<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

type Work<'a> = dyn Fn(&Model, &SiteAdmin, &ReadableRepository) -> Result<(), model::Error> + 'a;

impl RepoUpdateMetadata {
    pub(super) fn run(self, console: &mut Console) -> Result<(), Failure> {
        let head = |count| {
            format!(
                "Updated database with information about latest change in the following {count} repositories:"
            )
        };
        // Hooks of repositories call it, several at a time; what it writes can be written twice.
        each(
            console,
            &self.config,
            &self.which,
            None,
            head,
            &|m, a, r| m.update_metadata(a, r),
        )
    }
}

impl RepoUpdateCache {
    pub(super) fn run(self, console: &mut Console) -> Result<(), Failure> {
        let head = |count| format!("Updated the caches of the following {count} repositories:");
        let index = Housekeeping {
            collect: false,
            index: true,
        };
        let lock = Some("upkeep");
        each(
            console,
            &self.config,
            &self.which,
            lock,
            head,
            &|m, a, r| {
                m.housekeeping(a, r, index)?;
                m.update_metadata(a, r)?;
                m.warm(a, r)
            },
        )
    }
}

impl RepoHousekeeping {
    pub(super) fn run(self, console: &mut Console) -> Result<(), Failure> {
        let head = |count| format!("Tidied the following {count} repositories:");
        let what = Housekeeping {
            collect: !self.no_collect,
            index: !self.no_index,
        };
        let lock = Some("upkeep");
        each(
            console,
            &self.config,
            &self.which,
            lock,
            head,
            &|m, a, r| m.housekeeping(a, r, what),
        )
    }
}

/// Does it for each, under a lock where two at once would do it twice. One that fails is told and does not stop the others; the exit code is 1 then.
fn each(
    console: &mut Console,
    config: &ConfigFile,
    which: &Which,
    lock: Option<&str>,
    head: impl Fn(usize) -> String,
    work: &Work<'_>,
) -> Result<(), Failure> {
    let (model, admin) = config.open_as_admin()?;
    let _lock = lock
        .map(|work| lock::take(model.config(), work))
        .transpose()?;
    let repositories = model.repositories_named(&admin, &which.repositories)?;
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    {
        let mut bar = console.progress("Repositories");
        for (at, repository) in repositories.iter().enumerate() {
            bar.at(at, repositories.len());
            match work(&model, &admin, repository) {
                Ok(()) => done.push(repository.name()),
                Err(error) if matches!(error, model::Error::Db(_)) => return Err(error.into()),
                Err(error) => failed.push((repository.name(), error.to_string())),
            }
        }
    }
    if which.json {
        let failed: serde_json::Map<_, _> = failed
            .iter()
            .map(|(name, why)| ((*name).to_owned(), json!(why)))
            .collect();
        console.json(&json!({"done": done, "failed": failed}));
    } else {
        console.line(head(done.len()));
        for name in &done {
            console.line(name);
        }
        for (name, why) in &failed {
            console.note(format!("Failed: {name}: {why}"));
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::Told(1))
    }
}
