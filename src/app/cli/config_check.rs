//! `config-check`: what an administrator should know about an ini file.

use std::path::PathBuf;

use serde_json::json;

use super::console::Console;
use super::failure::Failure;
use crate::check::{self, Severity};

/// Look an ini file over: errors, dangers, unknown, misspelt and useless keys, each with its line
#[derive(clap::Args, Debug)]
#[command(
    after_help = "The exit code is 1 when the application would not start (with --strict: also when something is dangerous \
        or not as it was meant).\n\nExample:\n  kallithea-cli config-check /srv/kallithea/my.ini"
)]
pub(super) struct ConfigCheck {
    /// The ini file
    #[arg(
        short = 'c',
        long = "config_file",
        visible_alias = "config-file",
        value_name = "FILE"
    )]
    config_file: Option<PathBuf>,
    /// The ini file, without -c
    #[arg(
        value_name = "FILE",
        conflicts_with = "config_file",
        required_unless_present = "config_file"
    )]
    file: Option<PathBuf>,
    /// Fail on warnings and dangers too
    #[arg(long)]
    strict: bool,
    /// Leave out what is only good to know
    #[arg(short, long)]
    quiet: bool,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

impl ConfigCheck {
    pub(super) fn run(self, console: &mut Console) -> Result<(), Failure> {
        let path = self.config_file.or(self.file).unwrap_or_default();
        let mut findings = check::check(&path);
        findings.retain(|finding| !self.quiet || finding.severity != Severity::Note);
        let worst = findings.iter().map(|finding| finding.severity).min();
        if self.json {
            let list: Vec<_> = findings
                .iter()
                .map(|found| json!({"line": found.line, "severity": found.severity.word(), "message": found.message}))
                .collect();
            console.json(&json!({ "file": path, "findings": list }));
        } else {
            for finding in &findings {
                let place = match finding.line {
                    0 => path.display().to_string(),
                    line => format!("{}, line {line}", path.display()),
                };
                console.line(format!(
                    "{place}: {}: {}",
                    finding.severity.word(),
                    finding.message
                ));
            }
        }
        let bad = match worst {
            Some(Severity::Error) => true,
            Some(Severity::Danger | Severity::Warning) => self.strict,
            Some(Severity::Note) | None => false,
        };
        if bad { Err(Failure::Told(1)) } else { Ok(()) }
    }
}
