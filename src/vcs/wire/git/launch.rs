//! How `git` is started on a repository: its environment, its configuration, its hooks.
//!
//! The configuration of the machine and of the user we run as has no effect, that of the repository has (`receive.denyNonFastForwards` and the
//! like), with the exception of what would start a program other than the repository's own hooks. Git itself takes
//! `uploadpack.packObjectsHook` and `safe.directory` from nowhere but the command line and the environment.
//!
//! Source: the manuals `git-http-backend(1)`, `git-config(1)` and `git(1)`.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::Protocol;
use super::hooks::Hooks;
use crate::wire::Error;
use crate::wire::child::Launch;

/// The `git` program and how to run it.
#[derive(Clone, Debug)]
pub struct GitProgram {
    /// Its path, or `git` to find it in `PATH`.
    pub path: PathBuf,
    /// Further configuration that wins over the repository's own, for example `("receive.fsckObjects", "true")`.
    pub config: Vec<(String, String)>,
    /// Further environment, for hooks.
    pub environment: Vec<(OsString, OsString)>,
}

/// Configuration that holds for each repository, whatever its own says.
const CONFIG: &[(&str, &str)] = &[
    // The first parts of pull requests are ours; a client that could write them would put its commits into the review of somebody else.
    ("receive.hideRefs", "refs/pull/"),
    ("uploadpack.allowFilter", "true"),
    // The rest would start programs that somebody may have named in the configuration of a repository that was brought here from elsewhere.
    ("core.fsmonitor", "false"),
    ("core.sshCommand", "ssh"),
    ("core.alternateRefsCommand", "true"),
    ("gpg.program", "gpg"),
    ("gpg.ssh.program", "ssh-keygen"),
    ("gpg.x509.program", "gpgsm"),
];

/// What is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    UploadPack,
    ReceivePack,
    UploadArchive,
}

/// `git` with this verb and these options on a repository, ready to be started.
pub(super) fn launch(
    program: &GitProgram,
    repository: &Path,
    verb: Verb,
    protocol: Protocol,
    options: &[&str],
) -> Result<Launch, Error> {
    let failed = |source| Error::Start {
        program: program.path.clone(),
        source,
    };
    let directory = git_directory(repository).map_err(failed)?;
    let mut launch = Launch::new(&program.path, "apt install git");
    launch
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        // Objects that a partial clone lacks are not fetched from wherever its configuration says.
        .env("GIT_NO_LAZY_FETCH", "1")
        // Who is written to the reflogs, where a repository has them.
        .env("GIT_COMMITTER_NAME", "kallithea")
        .env("GIT_COMMITTER_EMAIL", "kallithea@localhost");
    if let Some(version) = protocol.variable() {
        launch.env("GIT_PROTOCOL", version);
    }
    let hooks = match verb {
        Verb::ReceivePack => Hooks::of(&directory).map_err(failed)?,
        Verb::UploadPack | Verb::UploadArchive => Hooks::untouched(&directory),
    };
    let mut config: Vec<(OsString, OsString)> = Vec::new();
    // The repository may belong to another user than the one we run as. Older versions of Git compare with "." once they are inside.
    config.push(("safe.directory".into(), directory.clone().into()));
    config.push(("safe.directory".into(), ".".into()));
    config.push(("core.hooksPath".into(), hooks.path().into()));
    config.extend(
        program
            .config
            .iter()
            .map(|(key, value)| (key.into(), value.into())),
    );
    config.extend(CONFIG.iter().map(|(key, value)| (key.into(), value.into())));
    launch.env("GIT_CONFIG_COUNT", config.len().to_string());
    for (number, (key, value)) in config.into_iter().enumerate() {
        launch
            .env(format!("GIT_CONFIG_KEY_{number}"), key)
            .env(format!("GIT_CONFIG_VALUE_{number}"), value);
    }
    launch.envs(&program.environment);
    launch.keep(hooks);
    launch.arg(match verb {
        Verb::UploadPack => "upload-pack",
        Verb::ReceivePack => "receive-pack",
        Verb::UploadArchive => "upload-archive",
    });
    if verb == Verb::UploadPack {
        // Takes the directory as it is and does not look for repositories around it.
        launch.arg("--strict");
    }
    for option in options {
        launch.arg(option);
    }
    launch.arg(directory);
    Ok(launch)
}

/// The directory with the objects and refs: `.git` in a repository with a working copy.
fn git_directory(repository: &Path) -> io::Result<PathBuf> {
    let repository = std::fs::canonicalize(repository)?;
    let inner = repository.join(".git");
    Ok(if inner.is_dir() { inner } else { repository })
}
