//! `celery-run`: the worker for what need not be done while somebody waits.
//!
//! It needs no broker: what waits, waits in the database. For now that is mail.

use std::thread;
use std::time::Duration;

use super::console::Console;
use super::failure::Failure;
use super::instance::ConfigFile;

/// Work on what waits in the database: mails (no broker and no Celery are needed)
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Needs 'use_celery = true' in the ini file, as with the original. It runs until it is ended (SIGTERM), and may run \
    several times.\n\nExample:\n  kallithea-cli celery-run -c my.ini"
)]
pub(super) struct CeleryRun {
    #[command(flatten)]
    config: ConfigFile,
    /// Do what waits, and end
    #[arg(long)]
    once: bool,
    /// Arguments for Celery, which have no effect
    #[arg(
        last = true,
        value_name = "CELERY_ARGS",
        allow_hyphen_values = true,
        num_args = 0..
    )]
    celery_args: Vec<String>,
}

/// How often the database is looked at.
const PAUSE: Duration = Duration::from_secs(5);
/// Mails per look.
const MOST: u32 = 100;

impl CeleryRun {
    pub(super) fn run(self, console: &mut Console) -> Result<(), Failure> {
        if !crate::ini_flag(self.config.path(), "use_celery")? {
            return Err(Failure::failed(
                "Please set use_celery = true in .ini config file before running this command",
            ));
        }
        if !self.celery_args.is_empty() {
            console.note(format!(
                "celery-run: arguments for Celery have no effect: {}",
                self.celery_args.join(" ")
            ));
        }
        let model = self.config.open()?;
        loop {
            match model.send_due_mails(MOST) {
                Ok(sent) if sent.sent + sent.failed > 0 => console.line(format!(
                    "Mails sent: {}, not taken: {}",
                    sent.sent, sent.failed
                )),
                Ok(_) => {}
                Err(error) if self.once || !error.is_unavailable() => return Err(error.into()),
                Err(error) => console.note(format!("celery-run: {error}")),
            }
            if self.once {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
    }
}
