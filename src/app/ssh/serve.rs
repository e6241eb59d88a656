//! One connection: who, what, whether, and then the conversation.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write;

use model::{Actor, Config, Error, Gate, Model, ReadableRepository};
use vcs::Kind;
use vcs::wire::Access;

use super::words::{self, Wanted};
use super::{Connection, git, hg};

/// What `sshd` tells about the client, in the environment.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// `SSH_ORIGINAL_COMMAND`
    pub command: Option<String>,
    /// `SSH_CONNECTION`: address and port of the client, address and port of the server.
    pub connection: Option<String>,
    /// `GIT_PROTOCOL`, where `sshd` is told to accept it.
    pub git_protocol: Option<String>,
}

impl Client {
    /// What stands in the environment of this process. What is no text is not there.
    #[must_use]
    pub fn from_environment() -> Self {
        let variable = |name| std::env::var(name).ok();
        Self {
            command: variable("SSH_ORIGINAL_COMMAND"),
            connection: variable("SSH_CONNECTION"),
            git_protocol: variable("GIT_PROTOCOL"),
        }
    }

    /// Where the client is; `0.0.0.0` when nobody says.
    fn address(&self) -> &str {
        let first = self
            .connection
            .as_deref()
            .and_then(|all| all.split(' ').next());
        let address = first
            .unwrap_or_default()
            .split('%')
            .next()
            .unwrap_or_default();
        if address.is_empty() {
            "0.0.0.0"
        } else {
            address
        }
    }
}

/// What the conversation is about.
pub(super) struct Session<'a> {
    pub model: &'a Model,
    pub repository: &'a ReadableRepository,
    pub actor: &'a Actor,
    pub client: &'a Client,
}

impl Session<'_> {
    /// The programs, with what they and their hooks are to find in their environment.
    pub(super) fn programs(&self) -> Result<vcs::Programs, Error> {
        let mut programs = self.model.programs()?;
        programs.git.environment = self.environment();
        programs
            .hg
            .environment
            .clone_from(&programs.git.environment);
        Ok(programs)
    }

    fn environment(&self) -> Vec<(OsString, OsString)> {
        let mut environment = self
            .model
            .hook_environment(self.repository, self.actor, "push");
        let locale = &self.model.config().ssh_locale;
        if !locale.is_empty() {
            for name in ["LC_ALL", "LANGUAGE"] {
                environment.push((name.into(), locale.into()));
            }
        }
        environment
    }
}

/// Serves the client of this process. `open` opens the instance, once it is known that there is something to do. Gives the exit code.
pub fn serve(
    config: &Config,
    client: &Client,
    user: i64,
    key: i64,
    open: impl FnOnce() -> Result<Model, String>,
) -> i32 {
    match attend(config, client, user, key, open) {
        Ok(code) => code,
        Err(text) => {
            // A client that has gone does not hear it.
            let _ = writeln!(std::io::stderr(), "{text}");
            1
        }
    }
}

fn attend(
    config: &Config,
    client: &Client,
    user: i64,
    key: i64,
    open: impl FnOnce() -> Result<Model, String>,
) -> Result<i32, String> {
    if !config.ssh_enabled {
        return Err("SSH access is disabled.".to_owned());
    }
    let Some(command) = client
        .command
        .as_deref()
        .filter(|command| !command.is_empty())
    else {
        return Err(match client.connection {
            Some(_) => {
                "'kallithea-cli ssh-serve' can only provide protocol access over SSH. Interactive SSH login for this user is disabled."
            }
            None => {
                "'kallithea-cli ssh-serve' cannot be called directly. It must be specified as command in an SSH authorized_keys file."
            }
        }
        .to_owned());
    };
    let wanted = words::wanted(command)
        .map_err(|why| format!("Error parsing SSH command {}: {why}", shown(command)))?
        .ok_or_else(|| {
            format!(
                "This account can only be used for repository access. SSH command {} is not supported.",
                shown(command)
            )
        })?;
    let model = open().map_err(abort)?;
    let address = client.address();
    let viewer = model.ssh_viewer(user, key, address).map_err(abort)?;
    let (kind, name, access) = match &wanted {
        Wanted::Hg(name) => (Kind::Hg, name, Access::Read),
        Wanted::Git(talk, name) => (Kind::Git, name, talk.access()),
    };
    let denied = || abort(format!("Access to '{name}' denied"));
    let found = model.name_behind(name).map_err(abort)?;
    let repository = match Gate::new(&model).read_repository(&viewer, &found) {
        Ok(repository) => repository,
        // In the same words, whether there is none or this user may not read it.
        Err(Error::NotFound { .. }) => return Err(denied()),
        Err(error) => return Err(abort(error)),
    };
    let missing = || abort(format!("Repository '{name}' not found"));
    if repository.kind() != kind {
        return Err(missing());
    }
    let refusal = format!("Push access to '{name}' denied");
    if repository.pending() {
        return Err(abort(format!("Repository '{name}' is still being made")));
    }
    let may_write = repository.writable().is_some();
    if access == Access::Write && !may_write {
        return Err(abort(refusal));
    }
    if let Err(error) = model.open_repository(&repository) {
        tracing::error!("{error}");
        return Err(missing());
    }
    let session = Session {
        model: &model,
        repository: &repository,
        actor: &Actor::new(&viewer, address),
        client,
    };
    let connection = Connection::ours().map_err(abort)?;
    match wanted {
        Wanted::Hg(_) => hg::converse(
            &session,
            may_write.then_some(()).ok_or(&refusal),
            connection,
        ),
        Wanted::Git(talk, _) => git::converse(&session, talk, connection),
    }
    .map_err(abort)
}

fn abort(reason: impl Display) -> String {
    format!("abort: {reason}")
}

/// A command as it may be shown on a terminal.
fn shown(command: &str) -> String {
    let text: String = command
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .take(200)
        .collect();
    // The original quotes as Python does; most commands have quotes of their own.
    if text.contains('\'') && !text.contains('"') {
        format!("\"{text}\"")
    } else {
        format!("'{text}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(ini: &[(&str, &str)]) -> Config {
        let values: Vec<_> = ini
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        Config::from_values(&values, "/nonexistent".into(), None)
            .unwrap()
            .0
    }

    fn refusal(enabled: &str, client: &Client) -> String {
        let never = || -> Result<Model, String> { panic!("nothing is opened for this") };
        attend(&config(&[("ssh_enabled", enabled)]), client, 1, 1, never).unwrap_err()
    }

    #[test]
    fn the_database_is_not_opened_for_nonsense() {
        let client = |command: Option<&str>, connection: Option<&str>| Client {
            command: command.map(str::to_owned),
            connection: connection.map(str::to_owned),
            git_protocol: None,
        };
        let connected = Some("10.0.0.1 5 10.0.0.2 22");
        for (enabled, command, connection, expected) in [
            (
                "false",
                Some("git-upload-pack '/x'"),
                connected,
                "SSH access is disabled.",
            ),
            (
                "true",
                None,
                connected,
                "Interactive SSH login for this user is disabled.",
            ),
            (
                "true",
                None,
                None,
                "must be specified as command in an SSH authorized_keys file.",
            ),
            (
                "true",
                Some("git-upload-pack 'x"),
                connected,
                "Error parsing SSH command \"git-upload-pack 'x\": No closing quotation",
            ),
            (
                "true",
                Some("rm -rf /\n"),
                connected,
                "This account can only be used for repository access. SSH command 'rm -rf /?' is not supported.",
            ),
        ] {
            let text = refusal(enabled, &client(command, connection));
            assert!(text.ends_with(expected), "{text}");
        }
    }

    #[test]
    fn the_address_is_that_of_the_client() {
        for (connection, expected) in [
            (Some("10.0.0.1 5 10.0.0.2 22"), "10.0.0.1"),
            (Some("fe80::1%eth0 5 fe80::2%eth0 22"), "fe80::1"),
            (Some(""), "0.0.0.0"),
            (None, "0.0.0.0"),
        ] {
            let client = Client {
                connection: connection.map(str::to_owned),
                ..Client::default()
            };
            assert_eq!(client.address(), expected);
        }
    }
}
