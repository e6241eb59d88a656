//! `config-create`: the ini file of a new instance.

mod edit;
mod template;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use self::template::Variables;
use super::Host;
use super::console::Console;
use super::failure::Failure;

/// Write a new ini file
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Before any section, database_engine, http_server, host and port choose a variant of the file; other keys go to \
    [app:main]. After '[section]', keys go there. Secrets are random, and only you can read the file.\n\nExamples:\n  \
    kallithea-cli config-create my.ini\n  \
    kallithea-cli config-create my.ini database_engine=postgres host=0.0.0.0 canonical_url=https://code.example.com\n  \
    kallithea-cli config-create my.ini '[DEFAULT]' smtp_server=mail.example.com"
)]
pub(super) struct ConfigCreate {
    /// Print what is used where nothing else is said, and end
    #[arg(long)]
    show_defaults: bool,
    /// Write over a file that is there
    #[arg(short, long)]
    force: bool,
    /// The file to write
    #[arg(value_name = "CONFIG_FILE", required_unless_present = "show_defaults")]
    config_file: Option<PathBuf>,
    /// key=value, or '[section]' for the pairs that follow
    #[arg(value_name = "KEY_VALUE_PAIRS")]
    key_value_pairs: Vec<String>,
}

/// Where keys go before a section is named.
const APP: &str = "app:main";

/// What chooses a variant: name, what is used without a choice, and what there is to choose from.
const CHOICES: [(&str, &str, &[&str]); 4] = [
    (
        "database_engine",
        "sqlite",
        &["sqlite", "postgres", "mysql"],
    ),
    (
        "http_server",
        "gunicorn",
        &["waitress", "gearbox", "gevent", "gunicorn", "uwsgi"],
    ),
    ("host", "127.0.0.1", &[]),
    ("port", "5000", &[]),
];

impl ConfigCreate {
    pub(super) fn run(self, console: &mut Console, host: &Host) -> Result<(), Failure> {
        if self.show_defaults {
            for (name, value, _) in CHOICES {
                console.line(format!("{name}={value}"));
            }
            console.line("uuid=<random>");
            console.line(format!("version={}", env!("CARGO_PKG_VERSION")));
            return Ok(());
        }
        let path = self.config_file.unwrap_or_default();
        let path = std::path::absolute(&path).map_err(|e| Failure::file("find", &path, &e))?;
        let (chosen, settings) = sort(&self.key_value_pairs)?;
        let value = |name: &str| {
            let given = chosen.iter().rev().find(|(key, _)| key == name);
            let default = CHOICES.iter().find(|(key, _, _)| *key == name);
            given.map_or_else(
                || default.map_or("", |(_, value, _)| *value).to_owned(),
                |(_, value)| value.clone(),
            )
        };
        for (name, _, options) in CHOICES {
            let value = value(name);
            if !options.is_empty() && !options.contains(&value.as_str()) {
                let list = options.join("', '");
                console.note(format!(
                    "ERROR: {name} is '{value}' - it should be one of '{list}'"
                ));
                return Err(Failure::Told(1));
            }
        }
        console.line("Creating config file using:");
        for (name, _, options) in CHOICES {
            let options = match options {
                [] => String::new(),
                options => format!("  (options: {})", options.join(", ")),
            };
            console.line(format!("  {name}={}{options}", value(name)));
        }
        let mut lines = template::fill(&Variables {
            database_engine: value("database_engine"),
            http_server: value("http_server"),
            host: value("host"),
            port: value("port"),
            program: host.program.display().to_string(),
            home: std::env::var("HOME").unwrap_or_else(|_| "~".to_owned()),
            locale: locale(),
        });
        for (section, key, value) in &settings {
            edit::set(&mut lines, section, key, value);
        }
        let mut text = lines.join("\n");
        text.push('\n');
        write(&path, &text, self.force)?;
        console.line(format!("Wrote new config file in {}", path.display()));
        Ok(())
    }
}

type Choices = Vec<(String, String)>;
type Settings = Vec<(String, String, String)>;

/// The choices, and the settings with their sections.
fn sort(pairs: &[String]) -> Result<(Choices, Settings), Failure> {
    let (mut chosen, mut settings) = (Vec::new(), Vec::new());
    let mut section = None;
    for pair in pairs {
        let refuse = || Failure::failed(format!("Invalid name=value parameter '{pair}'"));
        // A line break would make another line of the file.
        if pair.contains(['\n', '\r', '\0']) {
            return Err(refuse());
        }
        if let Some(name) = pair.strip_prefix('[') {
            let name = name.strip_suffix(']').filter(|name| !name.is_empty());
            section = Some(name.ok_or_else(refuse)?.to_owned());
            continue;
        }
        let (key, value) = pair
            .split_once('=')
            .map(|(key, value)| (key.trim(), value.trim()))
            .filter(|(key, _)| !key.is_empty() && !key.starts_with(['#', ';']))
            .ok_or_else(refuse)?;
        let choice = CHOICES.iter().any(|(name, _, _)| *name == key);
        match &section {
            None if choice => chosen.push((key.to_owned(), value.to_owned())),
            None => settings.push((APP.to_owned(), key.to_owned(), value.to_owned())),
            Some(section) => settings.push((section.clone(), key.to_owned(), value.to_owned())),
        }
    }
    Ok((chosen, settings))
}

/// Writes the whole file or nothing. It holds secrets, so it is for its owner alone.
fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::file("write", path, &error);
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", model::random::hex(4)));
    let draft = PathBuf::from(draft);
    let place = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if force {
            fs::rename(&draft, path)
        } else {
            // Refuses where there is a file, also one that came this moment.
            fs::hard_link(&draft, path)
        }
    };
    let placed = place();
    let _ = fs::remove_file(&draft);
    placed.map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            Failure::failed(format!(
                "{} is there already; --force writes over it",
                path.display()
            ))
        } else {
            failed(error)
        }
    })
}

/// The language of this shell, for commands that are run over SSH.
fn locale() -> String {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .unwrap_or_else(|| "C.UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::tests::typed;
    use super::*;
    use crate::check::{Severity, check};
    use model::config::{Effect, KEYS};
    use std::os::unix::fs::PermissionsExt;

    fn made(folder: &Path, pairs: &[&str]) -> (String, String) {
        let path = folder.join("my.ini");
        let name = path.to_str().unwrap().to_owned();
        let mut line = vec!["config-create", "--force", &name];
        line.extend(pairs);
        let (code, out, err) = typed(&line, &[]);
        assert_eq!((code, err.as_str()), (0, ""), "{pairs:?}");
        assert!(out.ends_with(&format!("Wrote new config file in {name}\n")));
        (fs::read_to_string(&path).unwrap(), out)
    }

    #[test]
    fn every_variant_can_be_started_and_has_nothing_to_complain_about() {
        let folder = tempfile::tempdir().unwrap();
        for engine in CHOICES[0].2 {
            for server in CHOICES[1].2 {
                let (engine, server) = (
                    format!("database_engine={engine}"),
                    format!("http_server={server}"),
                );
                let (_, out) = made(folder.path(), &[&engine, &server]);
                assert!(out.contains(&format!("  {server}  (options: waitress, gearbox,")));
                let findings = check(&folder.path().join("my.ini"));
                let bad: Vec<_> = findings
                    .iter()
                    .filter(|found| found.severity != Severity::Note)
                    .collect();
                assert!(bad.is_empty(), "{engine} {server}: {bad:?}");
                crate::App::new(Some(&folder.path().join("my.ini"))).unwrap();
            }
        }
        let mode = fs::metadata(folder.path().join("my.ini")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_file_knows_every_key_that_does_something() {
        let folder = tempfile::tempdir().unwrap();
        let (text, _) = made(folder.path(), &[]);
        let missing: Vec<_> = KEYS
            .iter()
            .filter(|key| matches!(key.effect, Effect::Used | Effect::Later))
            .map(|key| key.name.trim_end_matches('*'))
            .filter(|name| {
                !text.lines().any(|line| {
                    let line = line.trim_start_matches('#');
                    line.starts_with(name) && line.contains('=')
                })
            })
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(!text.contains("{{") && !text.contains("\n@") && !text.contains("\n?"));
        // What stands as a comment is what is the case anyway.
        let here = folder.path().to_owned();
        let from = |text: &str| {
            let path = here.join("read.ini");
            fs::write(&path, text).unwrap();
            let (config, unknown) = crate::from_ini(&path).unwrap();
            assert_eq!(unknown, Vec::<String>::new());
            (config.cut_off_limit, config.cache_dir, config.database_url)
        };
        assert_eq!(from(&text), from("[app:main]\nuse = egg:kallithea-rs\n"));
    }

    #[test]
    fn secrets_are_new_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = |text: &str| -> Vec<String> {
            let of = |key: &str| {
                let line = text.lines().find(|line| line.starts_with(key)).unwrap();
                line.split_once(" = ").unwrap().1.to_owned()
            };
            vec![of("app_instance_uuid"), of("session.secret")]
        };
        let mut all = secrets(&made(folder.path(), &[]).0);
        all.extend(secrets(&made(folder.path(), &[]).0));
        assert!(all.iter().all(|secret| secret.len() == 64));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn pairs_go_to_their_sections() {
        let folder = tempfile::tempdir().unwrap();
        let (text, out) = made(
            folder.path(),
            &[
                "host=0.0.0.0",
                "port=8080",
                "show_sha_length=7",
                "colour=red",
                "[DEFAULT]",
                "smtp_server=mail.example.com",
                "[server:main]",
                "host=::1",
                "[mine]",
                "x=1=2",
            ],
        );
        assert!(out.contains("  host=0.0.0.0\n  port=8080\n"), "{out}");
        for piece in [
            "#show_sha_length = 12\nshow_sha_length = 7\n",
            "#smtp_server =\nsmtp_server = mail.example.com\n",
            "#host = 0.0.0.0\nhost = ::1\nport = 8080\n",
            "\n\n[mine]\nx = 1=2\n",
            "colour = red\n\n[filter:proxy-prefix]",
        ] {
            assert!(text.contains(piece), "{piece:?} in {text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my.ini");
        let name = path.to_str().unwrap();
        for (pair, wanted) in [
            ("x", "Error: Invalid name=value parameter 'x'"),
            ("[x", "Error: Invalid name=value parameter '[x'"),
            ("=1", "Error: Invalid name=value parameter '=1'"),
            (
                "http_server=x",
                "ERROR: http_server is 'x' - it should be one of 'waitress', 'gearbox', 'gevent', 'gunicorn', 'uwsgi'",
            ),
        ] {
            let (code, _, err) = typed(&["config-create", name, pair], &[]);
            assert_eq!((code, err.trim_end()), (1, wanted));
            assert!(!path.exists());
        }
        fs::write(&path, "mine").unwrap();
        let (code, _, err) = typed(&["config-create", name], &[]);
        assert_eq!(code, 1);
        assert!(err.contains("is there already; --force"), "{err}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        let (code, out, _) = typed(&["config-create", "--show-defaults"], &[]);
        assert_eq!(code, 0);
        assert!(out.starts_with("database_engine=sqlite\n") && out.contains("port=5000\n"));
    }
}
