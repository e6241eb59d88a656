//! Answers by the `git` program: `git upload-pack` and `git receive-pack` in their stateless form.
//!
//! The configuration of the machine and of the user we run as has no effect, that of the repository has (`receive.denyNonFastForwards` and the
//! like), with the exception of what would start a program other than the repository's own hooks. Git itself takes
//! `uploadpack.packObjectsHook` and `safe.directory` from nowhere but the command line and the environment.
//!
//! Source: the manuals `git-http-backend(1)`, `git-config(1)` and `git(1)`.

use std::ffi::OsString;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use super::commands::{RefUpdate, Tap};
use super::{Protocol, Service};
use crate::wire::child::{ChildStream, Launch};
use crate::wire::{Body, Error, pktline};

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

/// A push in progress.
pub struct ReceivePack {
    /// The body of the answer.
    pub body: Body,
    /// What the client asked for. Which of it was done is told by the refs when the body has been read to its end: see [`super::landed`].
    pub updates: Vec<RefUpdate>,
}

/// Answers `GET info/refs?service=…`, with type [`Service::advertisement_type`].
pub fn advertise(
    program: &GitProgram,
    repository: &Path,
    service: Service,
    protocol: Protocol,
) -> Result<Body, Error> {
    // Version 2 has no push. Git falls back to version 0 then, and so does the form of the answer.
    let protocol = if service == Service::ReceivePack && protocol == Protocol::V2 {
        Protocol::V0
    } else {
        protocol
    };
    let mut child = launch(
        program,
        repository,
        service,
        protocol,
        &["--advertise-refs"],
    )?
    .start()?;
    child.close_input();
    let mut prelude = Vec::new();
    if protocol != Protocol::V2 {
        pktline::put(
            &mut prelude,
            format!("# service={}\n", service.name()).as_bytes(),
        );
        prelude.extend_from_slice(pktline::FLUSH);
    }
    Ok(Box::new(Cursor::new(prelude).chain(started(child)?)))
}

/// Answers `POST git-upload-pack`, with type [`Service::result_type`].
pub fn upload_pack(
    program: &GitProgram,
    repository: &Path,
    protocol: Protocol,
    body: &mut dyn Read,
) -> Result<Body, Error> {
    let mut child = launch(program, repository, Service::UploadPack, protocol, &[])?.start()?;
    child.feed(body)?;
    child.close_input();
    Ok(Box::new(started(child)?))
}

/// Answers `POST git-receive-pack`, with type [`Service::result_type`].
pub fn receive_pack(
    program: &GitProgram,
    repository: &Path,
    protocol: Protocol,
    body: &mut dyn Read,
) -> Result<ReceivePack, Error> {
    let mut launch = launch(program, repository, Service::ReceivePack, protocol, &[])?;
    // The list of updates ends in a flush packet and a pack in a checksum. On a signal Git would leave its quarantine directory to the next `git gc`.
    launch.notices_broken_input();
    let mut child = launch.start()?;
    let mut tap = Tap::new(body);
    child.feed(&mut tap)?;
    child.close_input();
    Ok(ReceivePack {
        updates: tap.into_updates(),
        body: Box::new(started(child)?),
    })
}

fn launch(
    program: &GitProgram,
    repository: &Path,
    service: Service,
    protocol: Protocol,
    options: &[&str],
) -> Result<Launch, Error> {
    let directory = git_directory(repository).map_err(|source| Error::Start {
        program: program.path.clone(),
        source,
    })?;
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
    let hooks = directory.join("hooks");
    let mut config: Vec<(OsString, OsString)> = Vec::new();
    // The repository may belong to another user than the one we run as. Older versions of Git compare with "." once they are inside.
    config.push(("safe.directory".into(), directory.clone().into()));
    config.push(("safe.directory".into(), ".".into()));
    config.push(("core.hooksPath".into(), hooks.into()));
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
    launch.arg(match service {
        Service::UploadPack => "upload-pack",
        Service::ReceivePack => "receive-pack",
    });
    if service == Service::UploadPack {
        // Takes the directory as it is and does not look for repositories around it.
        launch.arg("--strict");
    }
    launch.arg("--stateless-rpc");
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

/// Waits for the first bytes, because up to there a failure can still be told by the status of the answer.
fn started(mut child: ChildStream) -> Result<impl Read + Send, Error> {
    let mut first = vec![0; 8 << 10];
    let count = child
        .read(&mut first)
        .map_err(|source| child.lost(source))?;
    first.truncate(count);
    if count == 0 && !child.succeeded() {
        return Err(child.failed());
    }
    Ok(Cursor::new(first).chain(Conversation(child)))
}

/// The answer of `git`, with a word to the log when it ended badly. It says so in the conversation as well (`ERR` and side band), so
/// the client gets the stream as it is.
struct Conversation(ChildStream);

impl Read for Conversation {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        if count == 0 && !buffer.is_empty() && !self.0.succeeded() {
            tracing::info!(program = %self.0.program().display(), stderr = self.0.stderr(), "conversation ended with an error");
        }
        Ok(count)
    }
}
