//! What this runs on, for administrators who ask.

use std::process::{Command, Stdio};

use crate::Model;
use crate::rights::SiteAdmin;

/// What this runs on.
#[derive(Debug, Clone)]
pub struct Machine {
    /// System, release and architecture: `Linux-6.1.0-x86_64`.
    pub platform: String,
    /// The version of the git program; `not found` when it does not start.
    pub git_version: String,
}

impl Model {
    /// What this runs on. Starts `git` to ask for its version.
    #[must_use]
    pub fn machine(&self, _: &SiteAdmin) -> Machine {
        let system = rustix::system::uname();
        let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
        let platform = [system.sysname(), system.release(), system.machine()].map(text);
        let said = Command::new(&self.config().git_path)
            .arg("--version")
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        let version = said.ok().and_then(|output| {
            let said = String::from_utf8(output.stdout).ok()?;
            let version = said.strip_prefix("git version ")?;
            Some(version.split_whitespace().next()?.to_owned())
        });
        Machine {
            platform: platform.join("-"),
            git_version: version.unwrap_or_else(|| "not found".to_owned()),
        }
    }
}
