//! The command line, `kallithea-cli`: one file per command, and this list of them.
//!
//! Names, options, output lines and exit codes are those of Kallithea 0.7, since deployment recipes and cron jobs were
//! written for them: 0 when it worked, 1 when it did not, 2 when it was called wrongly. What is ours adds options
//! (`--json` where there is a result) and commands.
//!
//! A new command is a file with its arguments (`clap`), a `run`, and a line in [`Command`].

mod celery_run;
mod completion;
mod config_check;
mod config_create;
mod console;
mod db_create;
mod db_upgrade;
mod extensions_create;
mod failure;
mod front_end_build;
mod hidden;
mod iis_install;
mod index_create;
mod instance;
mod ishell;
mod lock;
mod repo_purge_deleted;
mod repo_scan;
mod ssh_authorized_keys;
mod ssh_serve;
mod ssh_update_authorized_keys;
mod upkeep;
mod usage;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{FromArgMatches, Parser, Subcommand};

use console::Console;
use failure::Failure;

use crate::logging;

const PROGRAM: &str = "kallithea-cli";

/// What the command line has to know about where it is installed.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// The program that was called, by its whole path.
    pub program: PathBuf,
    /// The folder of css, js and images.
    pub public: PathBuf,
}

/// Administers an instance of Kallithea: its ini file, its database, its repositories.
#[derive(Parser, Debug)]
#[command(
    name = PROGRAM,
    version,
    disable_help_subcommand = true,
    args_override_self = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "A new instance, from nothing:\n  \
        kallithea-cli config-create my.ini\n  \
        kallithea-cli db-create -c my.ini --user admin --email admin@example.com --repos /srv/repos\n  \
        gunicorn --paste my.ini --bind 127.0.0.1:5000\n\n\
        'kallithea-cli COMMAND -h' tells about a command. $KALLITHEA_CONFIG stands in for '-c my.ini', and \
        $KALLITHEA_LOG sets what is logged (error, warn, info, debug)."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Every command, in the order of the help.
#[derive(Subcommand, Debug)]
enum Command {
    ConfigCreate(config_create::ConfigCreate),
    ConfigCheck(config_check::ConfigCheck),
    DbCreate(db_create::DbCreate),
    DbUpgrade(db_upgrade::DbUpgrade),
    RepoScan(repo_scan::RepoScan),
    RepoUpdateMetadata(upkeep::RepoUpdateMetadata),
    RepoUpdateCache(upkeep::RepoUpdateCache),
    RepoHousekeeping(upkeep::RepoHousekeeping),
    RepoPurgeDeleted(repo_purge_deleted::RepoPurgeDeleted),
    ExtensionsCreate(extensions_create::ExtensionsCreate),
    IndexCreate(index_create::IndexCreate),
    SshUpdateAuthorizedKeys(ssh_update_authorized_keys::SshUpdateAuthorizedKeys),
    SshAuthorizedKeys(ssh_authorized_keys::SshAuthorizedKeys),
    #[command(hide = true)]
    SshServe(ssh_serve::SshServe),
    CeleryRun(celery_run::CeleryRun),
    FrontEndBuild(front_end_build::FrontEndBuild),
    IisInstall(iis_install::IisInstall),
    Ishell(ishell::Ishell),
    Completion(completion::Completion),
}

impl Command {
    fn run(self, console: &mut Console, host: &Host) -> Result<(), Failure> {
        match self {
            Self::ConfigCreate(command) => command.run(console, host),
            Self::ConfigCheck(command) => command.run(console),
            Self::DbCreate(command) => command.run(console),
            Self::DbUpgrade(command) => command.run(console),
            Self::RepoScan(command) => command.run(console),
            Self::RepoUpdateMetadata(command) => command.run(console),
            Self::RepoUpdateCache(command) => command.run(console),
            Self::RepoHousekeeping(command) => command.run(console),
            Self::RepoPurgeDeleted(command) => command.run(console),
            Self::ExtensionsCreate(command) => command.run(console),
            Self::IndexCreate(command) => command.run(console),
            Self::SshUpdateAuthorizedKeys(command) => command.run(console),
            Self::SshAuthorizedKeys(command) => command.run(console),
            Self::SshServe(command) => command.run(console),
            Self::CeleryRun(command) => command.run(console),
            Self::FrontEndBuild(command) => command.run(console, host),
            Self::IisInstall(command) => command.run(),
            Self::Ishell(command) => command.run(console),
            Self::Completion(command) => command.run(console),
        }
    }

    /// What is logged unless `$KALLITHEA_LOG` or the ini file says otherwise. Over SSH, every line would reach the client's screen.
    fn log_level(&self) -> &'static str {
        match self {
            Self::SshServe(_) => "off",
            _ => "warn",
        }
    }
}

/// Runs a command; `arguments` are those after the program's name. Gives the exit code.
#[must_use]
pub fn run(arguments: &[OsString], host: &Host) -> i32 {
    run_at(&mut Console::real(), arguments, host)
}

fn run_at(console: &mut Console, arguments: &[OsString], host: &Host) -> i32 {
    let all = [OsString::from(PROGRAM)]
        .into_iter()
        .chain(arguments.iter().cloned());
    let parsed = <Cli as clap::CommandFactory>::command().try_get_matches_from(all);
    let (cli, matches) =
        match parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches))) {
            Ok(both) => both,
            Err(error) => return usage::tell(&error, &asked(arguments), console),
        };
    let (name, given) = matches.subcommand().expect("clap demands a command");
    let ini = given.try_get_one::<PathBuf>("config_file").ok().flatten();
    let function = name.replace('-', "_");
    logging::start_command(
        ini.map(PathBuf::as_path),
        &function,
        cli.command.log_level(),
    );
    match cli.command.run(console, host) {
        Ok(()) => 0,
        Err(failure) => {
            if !matches!(failure, Failure::Told(_)) {
                console.note(format!("Error: {failure}"));
            }
            failure.exit_code()
        }
    }
}

/// The program and the command whose arguments are wrong.
fn asked(arguments: &[OsString]) -> String {
    let known = <Cli as clap::CommandFactory>::command();
    match arguments.first().and_then(|first| first.to_str()) {
        Some(name) if known.find_subcommand(name).is_some() => format!("{PROGRAM} {name}"),
        _ => PROGRAM.to_owned(),
    }
}

#[cfg(test)]
mod tests;
