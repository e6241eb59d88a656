//! The `hg` program: how it is started for one command, and how it tells us which changesets came and went.
//!
//! The settings of the instance (table `ui`) are written to a configuration file for this one run. Like in Kallithea, a repository's own `.hg/hgrc`
//! comes after it and may say otherwise, and configuration of the machine or of the user we run as is not read. What must hold whatever those say is
//! given on the command line, which wins over both.
//!
//! `hg debugserve --sshstdio` is `hg serve --stdio` under a name that accepts further options; the plain one refuses any, because it
//! is what restricted SSH accounts are allowed to run.
//!
//! Two hooks of the original are rows of that table too, whatever their value: `changegroup.kallithea_repo_size`, which tells whoever has pushed how large
//! the repository is now, and `changegroup.kallithea_update`, which brings the working copy up to date. They are Python that `hg` loads from [`HOOKS`].

use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::leftover;
use crate::wire::child::{ChildStream, Launch};
use crate::wire::{Access, Error};

/// The `hg` program and how to run it.
#[derive(Clone, Debug)]
pub struct HgProgram {
    /// Its path, or `hg` to find it in `PATH`.
    pub path: PathBuf,
    /// Configuration: `("section.key", "value")`.
    pub config: Vec<(String, String)>,
    /// Further environment, for hooks.
    pub environment: Vec<(OsString, OsString)>,
}

/// The variable that tells our hooks where to write.
const REPORT: &str = "KALLITHEA_WIRE_REPORT";

const CONFIG: &[&str] = &[
    "web.push_ssl=False",
    "web.allow_push=*",
    "storage.all-slow-path=allow",
    // A payload is kept in a file until it is complete, so that no lock is held at the pace of a slow client.
    "server.streamunbundle=False",
    "hooks.changegroup.kallithea_push_action=printf 'in %s %s\\n' \"$HG_NODE\" \"$HG_NODE_LAST\" >> \"$KALLITHEA_WIRE_REPORT\"",
    "hooks.outgoing.kallithea_pull_action=printf 'out\\n' >> \"$KALLITHEA_WIRE_REPORT\"",
];

/// A request that was judged to be a read must not be able to write even if the judgement was wrong: these hooks fail, so no transaction is
/// opened and no key is set.
const READ_ONLY: &[&str] = &[
    "hooks.pretxnopen._readonly=false",
    "hooks.prepushkey._readonly=false",
];

/// The hooks of the original, in our words.
const HOOKS: &str = include_str!("hooks.py");
const REPO_SIZE: &str = "hooks.changegroup.kallithea_repo_size";
const UPDATE: &str = "hooks.changegroup.kallithea_update";

/// On what occasion `hg` is started, which decides where its hooks speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// A request over HTTP: what hooks print becomes part of the bundle2 that answers a push.
    Request,
    /// A conversation over a pipe: what hooks print goes to the error output, at once.
    Conversation,
    /// A changeset made on the web: as with a request, and nobody is told the size.
    Web,
}

impl Occasion {
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Request => &["experimental.bundle2-output-capture=True"],
            Self::Conversation => &["experimental.bundle2-output-capture=False"],
            Self::Web => &[
                "experimental.bundle2-output-capture=True",
                "hooks.changegroup.kallithea_repo_size=",
            ],
        }
    }
}

/// The id of a changeset: 40 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node(String);

impl Node {
    /// Takes lower-case hexadecimal digits.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let digits = hex
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (digits && hex.len() == 40).then(|| Node(hex.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Changesets that a push has added: those with the numbers from `first` to `last`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changegroup {
    /// The oldest one.
    pub first: Node,
    /// The newest one.
    pub last: Node,
}

/// What one request has moved, for the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What arrived, in order. Empty when only bookmarks or phases were pushed, or nothing.
    pub changegroups: Vec<Changegroup>,
    /// Whether changesets were sent to the client.
    pub sent_changesets: bool,
}

/// The files of one run of `hg`. Removed when dropped.
#[derive(Debug)]
pub(super) struct Workplace {
    directory: TempDir,
}

impl Workplace {
    fn configuration(&self) -> PathBuf {
        self.directory.path().join("hgrc")
    }

    fn report_file(&self) -> PathBuf {
        self.directory.path().join("report")
    }

    fn set_up(config: &[(String, String)]) -> io::Result<Self> {
        let workplace = Workplace {
            directory: tempfile::Builder::new().prefix("kallithea-hg-").tempdir()?,
        };
        let hooks = workplace.directory.path().join("kallithea_hooks.py");
        std::fs::write(&hooks, HOOKS)?;
        let text = configuration(&own_hooks(config, &hooks));
        std::fs::write(workplace.configuration(), text)?;
        std::fs::write(workplace.report_file(), b"")?;
        Ok(workplace)
    }

    /// What the hooks have written so far.
    pub(super) fn report(&self) -> Report {
        let text = std::fs::read_to_string(self.report_file()).unwrap_or_else(|error| {
            tracing::error!(%error, "cannot read what the hooks of hg have reported");
            String::new()
        });
        report(&text)
    }
}

fn report(text: &str) -> Report {
    let mut report = Report::default();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["out"] => report.sent_changesets = true,
            ["in", first, last] => {
                if let (Some(first), Some(last)) = (Node::from_hex(first), Node::from_hex(last)) {
                    report.changegroups.push(Changegroup { first, last });
                }
            }
            _ => {}
        }
    }
    report
}

/// The same rows with the functions of our file in place of those that only the original has.
fn own_hooks(config: &[(String, String)], file: &Path) -> Vec<(String, String)> {
    let mut rows = config.to_vec();
    for (name, value) in &mut rows {
        let function = match name.as_str() {
            REPO_SIZE => "repo_size",
            UPDATE => "update",
            _ => continue,
        };
        *value = format!("python:{}:{function}", file.display());
    }
    rows
}

/// The text of a configuration file. A value of several lines is continued by indentation. A row that is no `section.key` is left out.
fn configuration(config: &[(String, String)]) -> String {
    let mut out = String::new();
    for (name, value) in config {
        let plain = |text: &str, more: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|char| char.is_ascii_alphanumeric() || more.contains(char))
        };
        match name.split_once('.') {
            Some((section, key)) if plain(section, "_-") && plain(key, "_-./:*@") => {
                let value = value.replace('\r', "").replace('\n', "\n ");
                // Writing to a string cannot fail.
                let _ = write!(out, "[{section}]\n{key} = {value}\n");
            }
            _ => tracing::warn!(name, "not a name of Mercurial configuration, ignored"),
        }
    }
    out
}

/// Starts `hg` on a repository, ready for commands on its standard input.
pub(super) fn start(
    program: &HgProgram,
    repository: &Path,
    access: Access,
    occasion: Occasion,
) -> Result<(ChildStream, Workplace), Error> {
    let failed = |source| Error::Start {
        program: program.path.clone(),
        source,
    };
    let repository = std::path::absolute(repository).map_err(failed)?;
    let workplace = Workplace::set_up(&program.config).map_err(failed)?;
    let hg = || {
        let mut launch = Launch::new(&program.path, "pip install mercurial");
        launch
            .env("HGPLAIN", "1")
            .env("HGENCODING", "UTF-8")
            .env("HGRCPATH", workplace.configuration())
            .env(REPORT, workplace.report_file())
            .envs(&program.environment);
        launch
    };
    if access == Access::Write && leftover::is_there(&repository) {
        leftover::clear(&mut hg(), &repository)?;
    }
    let mut launch = hg();
    let read_only = if access == Access::Read {
        READ_ONLY
    } else {
        &[]
    };
    for setting in CONFIG.iter().chain(occasion.settings()).chain(read_only) {
        launch.arg("--config").arg(setting);
    }
    launch
        .arg("-R")
        .arg(repository)
        .arg("debugserve")
        .arg("--sshstdio");
    Ok((launch.start()?, workplace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_read() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let text = format!("out\nin {a} {b}\nin {b} {b}\nin x y\nnonsense\n");
        let report = report(&text);
        assert!(report.sent_changesets);
        let pairs: Vec<_> = report
            .changegroups
            .iter()
            .map(|group| (group.first.as_str(), group.last.as_str()))
            .collect();
        assert_eq!(pairs, [(&a[..], &b[..]), (&b[..], &b[..])]);
    }

    #[test]
    fn a_value_cannot_become_another_setting() {
        let rows = [
            ("ui.username", "a\n[hooks]\r\nx = y"),
            ("nonsense", "1"),
            ("a]b.c", "1"),
            ("a.b=c", "1"),
            ("hooks.changegroup.mail", "true"),
        ];
        let rows = rows.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let text = configuration(&rows);
        assert_eq!(
            text,
            "[ui]\nusername = a\n [hooks]\n x = y\n[hooks]\nchangegroup.mail = true\n"
        );
    }

    /// Even a repository whose own configuration tries to take the hooks away. A write that was never finished is taken back before the next one.
    #[test]
    fn a_write_that_was_judged_to_be_a_read_fails_and_an_unfinished_one_is_taken_back() {
        let path = std::env::var_os("KALLITHEA_TEST_HG").unwrap_or_else(|| "hg".into());
        let directory = tempfile::tempdir().unwrap();
        let repository = directory.path();
        let hg = |arguments: &[&str]| {
            let command = std::process::Command::new(&path)
                .arg("-R")
                .arg(repository)
                .args(arguments)
                .env("HGRCPATH", "")
                .output();
            let output = command
                .expect("these tests need hg: install it or set KALLITHEA_TEST_HG to its path");
            assert!(output.status.success(), "{arguments:?}: {output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        hg(&["init", repository.to_str().unwrap()]);
        std::fs::write(repository.join("file"), "text").unwrap();
        hg(&[
            "commit",
            "-q",
            "-A",
            "-u",
            "alice",
            "-m",
            "one",
            repository.join("file").to_str().unwrap(),
        ]);
        let node = hg(&["log", "-T", "{node}"]);
        let taken_away = "[hooks]\npretxnopen._readonly =\nprepushkey._readonly =\n";
        std::fs::write(repository.join(".hg/hgrc"), taken_away).unwrap();
        let program = HgProgram {
            path: (&path).into(),
            config: Vec::new(),
            environment: Vec::new(),
        };
        let push = format!("pushkey\nnamespace 9\nbookmarkskey 4\nmarkold 0\nnew 40\n{node}");
        let store = repository.join(".hg/store");
        for (access, expected) in [(Access::Read, "2\n0\n"), (Access::Write, "2\n1\n")] {
            if access == Access::Write {
                // What an `hg` has left that was killed: half a changeset, and where it began.
                let index = store.join("00changelog.i");
                let size = std::fs::metadata(&index).unwrap().len();
                let more = [std::fs::read(&index).unwrap(), vec![0; 100]].concat();
                std::fs::write(&index, more).unwrap();
                let journal = format!("00changelog.i\0{size}\n");
                std::fs::write(store.join("journal"), journal).unwrap();
            }
            let (mut child, _workplace) =
                start(&program, repository, access, Occasion::Request).unwrap();
            child.feed(&mut push.as_bytes()).unwrap();
            child.close_input();
            let mut answer = String::new();
            std::io::Read::read_to_string(&mut child, &mut answer).unwrap();
            assert_eq!(answer, expected, "{access:?}");
            let marked = hg(&["bookmarks", "-T", "{bookmark}"]);
            assert_eq!(marked == "mark", access == Access::Write);
        }
    }
}
