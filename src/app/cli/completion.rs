//! `completion`: what a shell needs to complete commands and options.

use clap::CommandFactory;
use clap_complete::Shell;

use super::console::Console;
use super::failure::Failure;
use super::{Cli, PROGRAM};

/// Print the completion of commands and options for a shell
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  \
    kallithea-cli completion bash > /etc/bash_completion.d/kallithea-cli\n  \
    kallithea-cli completion zsh > /usr/local/share/zsh/site-functions/_kallithea-cli\n  \
    kallithea-cli completion fish > ~/.config/fish/completions/kallithea-cli.fish")]
pub(super) struct Completion {
    /// The shell
    #[arg(value_parser = clap::value_parser!(Shell))]
    shell: Shell,
}

impl Completion {
    pub(super) fn run(self, console: &mut Console) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), PROGRAM, &mut script);
        console.text(&String::from_utf8_lossy(&script));
        Ok(())
    }
}
