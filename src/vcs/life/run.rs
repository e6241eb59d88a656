//! Runs `git` and `hg` to their end, with an eye on time and space.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::LifeError;
use crate::wire::child::Launch;
use crate::wire::git::GitProgram;
use crate::wire::hg::HgProgram;

/// How much a piece of work may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long.
    pub time: Duration,
    /// How many bytes may be on disk at the end; none means any number.
    pub bytes: Option<u64>,
    folder: Option<PathBuf>,
}

impl Limits {
    pub(super) const SHORT: Limits = Limits {
        time: Duration::from_secs(120),
        bytes: None,
        folder: None,
    };

    /// A limit of time, and perhaps of space.
    pub fn new(time: Duration, bytes: Option<u64>) -> Self {
        Limits {
            time,
            bytes,
            folder: None,
        }
    }

    /// Where the bytes are counted.
    pub(super) fn within(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }
}

/// How far the work is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, in the words of the program, e.g. `Receiving objects`.
    pub stage: String,
    /// How much of it, where that is known.
    pub percent: Option<u8>,
}

/// Somebody who is told how far the work is and may end it by answering false.
pub struct Watch<'a>(Box<dyn FnMut(&Progress) -> bool + 'a>);

impl<'a> Watch<'a> {
    /// Tells this function now and then.
    pub fn new(told: impl FnMut(&Progress) -> bool + 'a) -> Self {
        Watch(Box::new(told))
    }

    /// Nobody is watching.
    pub fn nobody() -> Self {
        Watch(Box::new(|_| true))
    }
}

impl std::fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}

/// How often the limits are looked at.
const LOOK: Duration = Duration::from_millis(250);
/// How often bytes on disk are counted.
const COUNT: Duration = Duration::from_secs(2);

/// Runs a program to its end and gives what it has printed.
pub(super) fn to_end(
    mut launch: Launch,
    what: &'static str,
    limits: Limits,
    watch: &mut Watch<'_>,
) -> Result<Vec<u8>, LifeError> {
    let mut child = launch.start()?;
    child.close_input();
    let start = Instant::now();
    let mut counted = start;
    let mut told = None;
    loop {
        let ended = child.attend(LOOK).map_err(|source| {
            LifeError::Program(crate::wire::Error::Child {
                program: child.program().to_owned(),
                source,
            })
        })?;
        if ended {
            break;
        }
        // Leaving by an error ends the child and everything it has started.
        if start.elapsed() > limits.time {
            let after = limits.time;
            return Err(LifeError::TimedOut { what, after });
        }
        if let (Some(most), Some(folder)) = (limits.bytes, &limits.folder)
            && counted.elapsed() > COUNT
        {
            counted = Instant::now();
            if size_of(folder) > most {
                return Err(LifeError::TooLarge { what, most });
            }
        }
        let now = progress(&child.stderr());
        if now.is_some() && now != told {
            told = now;
        }
        let unknown = Progress {
            stage: what.to_owned(),
            percent: None,
        };
        if !(watch.0)(told.as_ref().unwrap_or(&unknown)) {
            return Err(LifeError::Cancelled { what });
        }
    }
    let mut printed = Vec::new();
    let read = child.read_to_end(&mut printed);
    if read.is_err() || !child.succeeded() {
        let said = last_words(&child.stderr());
        return Err(LifeError::Failed { what, said });
    }
    if let (Some(most), Some(folder)) = (limits.bytes, &limits.folder)
        && size_of(folder) > most
    {
        return Err(LifeError::TooLarge { what, most });
    }
    Ok(printed)
}

/// The last lines that are no reports of progress.
fn last_words(stderr: &str) -> String {
    let lines: Vec<&str> = stderr
        .lines()
        .filter_map(|line| line.rsplit('\r').find(|part| !part.trim().is_empty()))
        .filter(|line| percent(line).is_none())
        .collect();
    lines[lines.len().saturating_sub(6)..]
        .join("\n")
        .trim()
        .to_owned()
}

/// The newest report of progress: `Receiving objects:  42% (42/100)`, `changesets [===>   ] 42/100`.
fn progress(stderr: &str) -> Option<Progress> {
    stderr.rsplit(['\r', '\n']).find_map(|line| {
        let percent = percent(line)?;
        let stage = line.trim_start_matches("remote: ");
        let end = stage
            .find([':', '['])
            .or_else(|| stage.find(|char: char| char.is_ascii_digit()))?;
        Some(Progress {
            stage: stage[..end].trim().to_owned(),
            percent: Some(percent),
        })
    })
}

fn percent(line: &str) -> Option<u8> {
    let word = |word: &str| {
        if let Some(number) = word.strip_suffix('%').or_else(|| word.strip_suffix("%,")) {
            return number.parse::<u8>().ok().filter(|number| *number <= 100);
        }
        let (done, all) = word.split_once('/')?;
        let (done, all) = (done.parse::<u64>().ok()?, all.parse::<u64>().ok()?);
        u8::try_from(done.min(all) * 100 / all.max(1)).ok()
    };
    line.split_whitespace().find_map(word)
}

/// Bytes of the files in a folder.
fn size_of(folder: &Path) -> u64 {
    let mut bytes = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for entry in entries.flatten() {
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => folders.push(entry.path()),
                Ok(meta) => bytes += meta.len(),
                Err(_) => {}
            }
        }
    }
    bytes
}

/// `git`, deaf to all configuration but ours. `protocol` is the one way it may take to another repository.
pub(super) fn git(program: &GitProgram, protocol: Option<&str>) -> Result<Launch, LifeError> {
    git_with(program, protocol, &[])
}

/// The same with more configuration.
pub(super) fn git_with(
    program: &GitProgram,
    protocol: Option<&str>,
    more: &[(&str, String)],
) -> Result<Launch, LifeError> {
    let mut launch = Launch::new(&program.path, "apt install git");
    launch
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", protocol.unwrap_or("none"));
    let mut config: Vec<(&str, String)> = [
        ("safe.directory", "*"),
        // What happens here is no push: hooks of the repository are not asked.
        ("core.hooksPath", "/dev/null"),
        ("core.fsmonitor", "false"),
        ("core.alternateRefsCommand", "true"),
        ("core.askPass", "true"),
        ("credential.helper", ""),
        ("fetch.recurseSubmodules", "false"),
        ("transfer.bundleURI", "false"),
        ("gc.auto", "0"),
        ("maintenance.auto", "false"),
    ]
    .map(|(key, value)| (key, value.to_owned()))
    .to_vec();
    config.extend(more.iter().cloned());
    config.extend(
        program
            .config
            .iter()
            .map(|(key, value)| (key.as_str(), value.clone())),
    );
    launch.env("GIT_CONFIG_COUNT", config.len().to_string());
    for (number, (key, value)) in config.into_iter().enumerate() {
        launch
            .env(format!("GIT_CONFIG_KEY_{number}"), key)
            .env(format!("GIT_CONFIG_VALUE_{number}"), value);
    }
    Ok(launch)
}

/// `hg` with the folder of its configuration, which must live as long as it runs.
pub(super) struct Hg {
    pub launch: Launch,
    pub _configuration: TempDir,
}

/// `hg`, deaf to all configuration but ours, that of the repository included.
pub(super) fn hg(program: &HgProgram, more: &[(&str, String)]) -> Result<Hg, LifeError> {
    let failed = |source| {
        LifeError::Program(crate::wire::Error::Start {
            program: program.path.clone(),
            source,
        })
    };
    let folder = tempfile::Builder::new()
        .prefix("kallithea-hg-")
        .tempdir()
        .map_err(failed)?;
    let mut text = String::new();
    for (name, value) in [
        ("ui.clonebundles", "False"),
        ("ui.interactive", "False"),
        ("ui.report_untrusted", "False"),
        ("ui.timeout", "60"),
        ("storage.all-slow-path", "allow"),
        ("progress.assume-tty", "True"),
        ("progress.delay", "0"),
        ("progress.format", "topic number"),
        ("progress.clear-complete", "False"),
    ] {
        put(&mut text, name, value);
    }
    // Extensions that a repository may need to be opened at all.
    let extensions = program
        .config
        .iter()
        .filter(|(name, _)| name.starts_with("extensions."));
    for (name, value) in extensions {
        put(&mut text, name, value);
    }
    for (name, value) in more {
        put(&mut text, name, value);
    }
    let file = folder.path().join("hgrc");
    // Made for its owner alone, as the folder is: there may be a password in it.
    std::fs::write(&file, text).map_err(failed)?;
    let mut launch = Launch::new(&program.path, "pip install mercurial");
    launch
        .env("HGPLAIN", "1")
        .env("HGPLAINEXCEPT", "progress")
        .env("HGENCODING", "UTF-8")
        .env("HGRCPATH", file)
        .env("HGRCSKIPREPO", "1");
    Ok(Hg {
        launch,
        _configuration: folder,
    })
}

/// Writes `section.key`; a line end in a value would begin another setting.
fn put(text: &mut String, name: &str, value: &str) {
    if let Some((section, key)) = name.split_once('.') {
        let value = value.replace(['\r', '\n'], " ");
        *text += &format!("[{section}]\n{key} = {value}\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_from_what_the_programs_print() {
        let of = |text: &str| progress(text).map(|progress| (progress.stage, progress.percent));
        assert_eq!(
            of(
                "Cloning\nremote: Counting objects: 100% (9/9), done.\rReceiving objects:  42% (420/1000), 1.2 MiB | 1 KiB/s\r"
            ),
            Some(("Receiving objects".into(), Some(42)))
        );
        assert_eq!(
            of("\rremote: Compressing objects:   7% (1/14)\r"),
            Some(("Compressing objects".into(), Some(7)))
        );
        assert_eq!(
            of("\rchangesets 50/200\r"),
            Some(("changesets".into(), Some(25)))
        );
        assert_eq!(of("fatal: repository not found\n"), None);
        assert_eq!(
            last_words(
                "Receiving objects:  42% (420/1000)\rfatal: early EOF\nfatal: index-pack failed\n"
            ),
            "fatal: early EOF\nfatal: index-pack failed"
        );
    }
}
