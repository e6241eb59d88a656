//! `db-create`: the database of a new instance, with its administrator.

use std::io::Read;
use std::path::{Path, PathBuf};

use model::account::NewUser;
use model::install::{Existing, Installation};
use model::{Config, Model};
use rustix::fs::{Access, access};
use serde_json::json;

use super::console::Console;
use super::failure::Failure;
use super::instance::ConfigFile;
use super::lock;

/// Make the database: tables, settings, the first administrator
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Passwords are better not written on the command line, where others see them: leave --password away to be asked, \
    or use --password-file, or the variable KALLITHEA_ADMIN_PASS.\n\nExamples:\n  \
    kallithea-cli db-create -c my.ini\n  \
    kallithea-cli db-create -c my.ini --user admin --email admin@example.com --repos /srv/repos --password-file /run/secrets/admin --force-yes"
)]
pub(super) struct DbCreate {
    #[command(flatten)]
    config: ConfigFile,
    /// Where there is a database, replace Kallithea's tables in it and leave others alone
    #[arg(long, overrides_with = "no_reuse")]
    reuse: bool,
    /// Where there is a database, replace everything in it (this is what happens without an option)
    #[arg(long)]
    no_reuse: bool,
    /// Username of the administrator
    #[arg(long, value_name = "TEXT", env = "KALLITHEA_ADMIN_USER")]
    user: Option<String>,
    /// Password of the administrator
    #[arg(
        long,
        value_name = "TEXT",
        env = "KALLITHEA_ADMIN_PASS",
        hide_env_values = true
    )]
    password: Option<String>,
    /// A file that holds the password in its first line; '-' is standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// E-mail address of the administrator
    #[arg(long, value_name = "TEXT", env = "KALLITHEA_ADMIN_MAIL")]
    email: Option<String>,
    /// Absolute path of the folder of all repositories
    #[arg(long, value_name = "TEXT")]
    repos: Option<PathBuf>,
    /// Answer every question with yes: also to destroying what is there
    #[arg(long)]
    force_yes: bool,
    /// Answer every question with no
    #[arg(long)]
    force_no: bool,
    /// Let visitors see what is public (this is what happens without an option)
    #[arg(long, overrides_with = "no_public_access")]
    public_access: bool,
    /// Show visitors nothing before they have signed in
    #[arg(long)]
    no_public_access: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// How often somebody may name a folder that is none.
const RETRIES: usize = 3;
/// How the original ends when somebody does not want a folder that cannot be written.
const UNWILLING: i32 = 255;

impl DbCreate {
    pub(super) fn run(mut self, console: &mut Console) -> Result<(), Failure> {
        let config = self.config.config()?;
        let _lock = lock::take(&config, "database")?;
        let Some(existing) = self.existing(console, &config)? else {
            console.line("Nothing done.");
            return Ok(());
        };
        let root = self.root(console)?;
        let username = self.user.take();
        let username = asked(console, username, "Specify admin username: ", "--user")?;
        let password = self.secret(console)?;
        let email = self.email.take();
        let email = asked(console, email, "Specify admin email: ", "--email")?;
        Model::install(
            &config,
            &Installation {
                repositories: &root,
                public_access: !self.no_public_access,
                admin: NewUser {
                    username: &username,
                    email: &email,
                    password: &password,
                    ..NewUser::default()
                },
                existing,
            },
        )?;
        let model = Model::open(config)?;
        let admin = model.operator()?;
        let scanned = {
            let mut bar = console.progress("Reading repositories");
            model.scan_with(&admin, false, &mut |done, of| bar.at(done, of))?
        };
        if self.json {
            console.json(&json!({
                "repositories": model.repositories_root()?,
                "admin": username,
                "added": scanned.added,
                "skipped": scanned.skipped,
            }));
            return Ok(());
        }
        if scanned.added.is_empty() {
            console.line("Initial repository scan: no repositories found.");
        } else {
            console.line("Initial repository scan: added following repositories:");
            for name in &scanned.added {
                console.line(format!("\t{name}"));
            }
        }
        for passed in &scanned.skipped {
            console.note(format!("Skipped: {passed}"));
        }
        console.line("Database set up successfully.");
        Ok(())
    }

    /// What becomes of the tables that are there; nothing when somebody does not want it to happen.
    fn existing(
        &self,
        console: &mut Console,
        config: &Config,
    ) -> Result<Option<Existing>, Failure> {
        let (name, stock) = Model::stock(config)?;
        if stock.tables == 0 {
            return Ok(Some(Existing::Refuse));
        }
        let replace = if self.reuse {
            Existing::ReplaceKallithea
        } else {
            Existing::ReplaceAll
        };
        if self.force_yes {
            return Ok(Some(replace));
        }
        if self.force_no {
            return Ok(None);
        }
        let instead = "--force-yes destroys what is there, --force-no leaves it";
        if stock.users == 0 && stock.repositories == 0 {
            let question = "Are you sure to destroy old database? [y/n] ";
            return Ok(console.ask_yes_no(question, instead)?.then_some(replace));
        }
        console.line(format!(
            "The database {name} is in use: {} users and {} repositories would be forgotten.",
            stock.users, stock.repositories
        ));
        let question =
            format!("Are you sure to destroy old database? Type its name ({name}) or 'n': ");
        let answer = console.ask(&question, instead)?;
        Ok((answer.trim() == name).then_some(replace))
    }

    /// The folder of the repositories.
    fn root(&self, console: &mut Console) -> Result<PathBuf, Failure> {
        if let Some(path) = &self.repos {
            if !is_folder(path) {
                return Err(Failure::failed(format!(
                    "Invalid repo path: {}",
                    path.display()
                )));
            }
            return self.willing(console, path);
        }
        for _ in 0..RETRIES {
            let question = "Enter a valid absolute path to store repositories. \
                All repositories in that path will be added automatically: ";
            let path = PathBuf::from(console.ask(question, "use --repos")?.trim());
            if is_folder(&path) {
                return self.willing(console, &path);
            }
            console.line(if path.is_absolute() {
                format!("Given path {} is not a valid directory", path.display())
            } else {
                format!("Given path {} is not an absolute path", path.display())
            });
        }
        Err(Failure::failed("max retries reached"))
    }

    /// A folder that can be written, or that somebody wants although it cannot.
    fn willing(&self, console: &mut Console, path: &Path) -> Result<PathBuf, Failure> {
        let path = path
            .canonicalize()
            .map_err(|error| Failure::file("find", path, &error))?;
        if access(&path, Access::WRITE_OK).is_ok() || self.force_yes {
            return Ok(path);
        }
        let question = format!(
            "Given path {} is not writeable, do you want to continue with read only mode ? [y/n] ",
            path.display()
        );
        let instead = "--force-yes takes the folder as it is";
        if self.force_no || !console.ask_yes_no(&question, instead)? {
            return Err(Failure::Told(UNWILLING));
        }
        Ok(path)
    }

    /// The administrator's password.
    fn secret(&mut self, console: &mut Console) -> Result<String, Failure> {
        if let Some(path) = &self.password_file {
            return first_line(path);
        }
        if let Some(password) = self.password.take() {
            return Ok(password);
        }
        let instead = "use --password-file or KALLITHEA_ADMIN_PASS";
        for _ in 0..2 {
            let first = console.ask_secret("Specify admin password (min 6 chars): ", instead)?;
            let second = console.ask_secret("Confirm password: ", instead)?;
            if first != second {
                console.line("Passwords mismatch");
            } else if first.chars().count() < 6 {
                console.line("Password too short, must be min 6 chars");
            } else {
                return Ok(first);
            }
        }
        Err(Failure::failed("no password was chosen; nothing was done"))
    }
}

fn asked(
    console: &mut Console,
    given: Option<String>,
    question: &str,
    option: &str,
) -> Result<String, Failure> {
    match given {
        Some(text) => Ok(text),
        None => {
            let answer = console.ask(question, &format!("use {option}"))?;
            Ok(answer.trim().to_owned())
        }
    }
}

fn is_folder(path: &Path) -> bool {
    path.is_absolute() && path.is_dir()
}

fn first_line(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(64 * 1024).read_to_string(&mut text))
    };
    read.map_err(|error| Failure::file("read", path, &error))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(Failure::failed(format!(
            "{}: expected a password in the first line",
            path.display()
        ))),
    }
}
