//! `extensions-create`: a file of Python functions that are called when something happens, to be filled in.

use std::fs;

use super::console::Console;
use super::failure::Failure;
use super::instance::ConfigFile;

const TEMPLATE: &str = include_str!("extensions_create.py");

/// Write extensions.py beside the ini file: functions of your own, called on pushes, new accounts, …
#[derive(clap::Args, Debug)]
pub(super) struct ExtensionsCreate {
    #[command(flatten)]
    config: ConfigFile,
    /// Write over a file that is there
    #[arg(short, long)]
    force: bool,
}

impl ExtensionsCreate {
    pub(super) fn run(self, console: &mut Console) -> Result<(), Failure> {
        self.config.config()?;
        let path = self.config.path().with_file_name("extensions.py");
        if path.exists() && !self.force {
            let question = format!(
                "Extension file {} already exists, do you want to overwrite it ? [y/n] ",
                path.display()
            );
            if !console.ask_yes_no(&question, "--force writes over it")? {
                console.line("Nothing done, exiting...");
                return Ok(());
            }
        }
        let draft = path.with_extension(format!("py.{}", model::random::hex(4)));
        fs::write(&draft, TEMPLATE)
            .and_then(|()| fs::rename(&draft, &path))
            .map_err(|error| {
                let _ = fs::remove_file(&draft);
                Failure::file("write", &path, &error)
            })?;
        console.line(format!("Wrote new extensions file to {}", path.display()));
        Ok(())
    }
}
