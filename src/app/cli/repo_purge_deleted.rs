//! `repo-purge-deleted`: what was deleted on the web lies on disk until this takes it away.

use model::{Age, Grave};
use serde_json::json;

use super::console::Console;
use super::failure::Failure;
use super::instance::ConfigFile;
use super::lock;

/// Delete for good what was deleted on the web: folders named rm__<time>__<name>
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  \
    kallithea-cli repo-purge-deleted -c my.ini --dry-run\n  \
    kallithea-cli repo-purge-deleted -c my.ini --no-ask --older-than=30d")]
pub(super) struct RepoPurgeDeleted {
    #[command(flatten)]
    config: ConfigFile,
    /// Ask before anything is deleted (this is what happens without an option)
    #[arg(long, overrides_with = "no_ask")]
    ask: bool,
    /// Do not ask
    #[arg(long)]
    no_ask: bool,
    /// Only what was deleted before so long: days, hours, minutes, seconds as 30d, 1d12h, 90m
    #[arg(long, value_name = "TEXT", value_parser = parse_age)]
    older_than: Option<(String, Age)>,
    /// Tell what would be deleted, and delete nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Print the result as JSON; implies --no-ask
    #[arg(long)]
    json: bool,
}

fn parse_age(text: &str) -> Result<(String, Age), String> {
    let age = Age::parse(text).ok_or_else(|| {
        format!("expected days, hours, minutes and seconds as in 30d or 1d12h, found '{text}'.")
    })?;
    Ok((text.to_owned(), age))
}

impl RepoPurgeDeleted {
    pub(super) fn run(self, console: &mut Console) -> Result<(), Failure> {
        let (model, admin) = self.config.open_as_admin()?;
        let _lock = lock::take(model.config(), "repo-purge-deleted")?;
        let mut unread = Vec::new();
        let mut scanned = Vec::new();
        let mut graves = model.graves(&admin, &mut |folder, problem| match problem {
            Some(error) => unread.push(format!("{}: {error}", folder.display())),
            None => scanned.push(format!("Scanning: {}", folder.display())),
        })?;
        for line in &unread {
            console.note(format!("Skipped: {line}"));
        }
        let any = !graves.is_empty();
        let older = match &self.older_than {
            Some((text, age)) => {
                graves.retain(|grave| grave.is_older_than(*age));
                format!(" older than {text} ({age})")
            }
            None => String::new(),
        };
        if self.json {
            return self.silently(console, |grave| Ok(model.purge(&admin, grave)?), &graves);
        }
        for line in &scanned {
            console.line(line);
        }
        if graves.is_empty() {
            console.line(if any {
                format!("There are no deleted repositories{older}")
            } else {
                "There are no deleted repositories.".to_owned()
            });
            return Ok(());
        }
        console.line(format!(
            "Considering {} deleted repositories{older}.",
            graves.len()
        ));
        let list = graves.iter().map(told).collect::<Vec<_>>().join("\n");
        if self.dry_run {
            console.line(list);
            return Ok(());
        }
        if !self.no_ask {
            console.line("The following repositories will be removed completely:");
            console.line(list);
            if !console.ask_yes_no("Do you want to proceed? [y/n] ", "use --no-ask")? {
                console.line("Nothing done, exiting...");
                return Ok(());
            }
        }
        let mut failed = false;
        for grave in &graves {
            console.line(format!("Purging repository {}", grave.path.display()));
            if let Err(error) = model.purge(&admin, grave) {
                console.note(format!("Failed: {error}"));
                failed = true;
            }
        }
        if failed {
            Err(Failure::Told(1))
        } else {
            Ok(())
        }
    }

    fn silently(
        &self,
        console: &mut Console,
        purge: impl Fn(&Grave) -> Result<(), Failure>,
        graves: &[Grave],
    ) -> Result<(), Failure> {
        let (mut purged, mut failed) = (Vec::new(), serde_json::Map::new());
        for grave in graves.iter().filter(|_| !self.dry_run) {
            match purge(grave) {
                Ok(()) => purged.push(&grave.path),
                Err(error) => {
                    failed.insert(grave.path.display().to_string(), json!(error.to_string()));
                }
            }
        }
        let found: Vec<_> = graves
            .iter()
            .map(|grave| json!({"path": grave.path, "deleted": grave.deleted.to_string()}))
            .collect();
        let code = i32::from(!failed.is_empty());
        console.json(&json!({"found": found, "purged": purged, "failed": failed}));
        if code == 0 {
            Ok(())
        } else {
            Err(Failure::Told(code))
        }
    }
}

/// `<path> deleted on 2026-11-21 21:37:39`
fn told(grave: &Grave) -> String {
    let when = grave.deleted.strftime("%Y-%m-%d %H:%M:%S");
    format!("{} deleted on {when}", grave.path.display())
}
