//! Copies a repository from another server, and fetches what is new there.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use super::guard::{self, Guard, Refusal};
use super::remote::{RemotePolicy, RemoteUrl, Scheme};
use super::run::{self, Limits, Watch};
use super::{Draft, LifeError};
use crate::repository::System;
use crate::wire::git::{ObjectName, RefName, RefUpdate};
use crate::{ChangesetId, Kind, Programs, Refs, Repository};

/// Where to fetch from.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// Another server, as far as a policy allows it.
    Remote(&'a RemoteUrl, &'a RemotePolicy),
    /// A repository on this machine that the caller has chosen, for example the one a fork was made from. Never what a user typed.
    Local(&'a Path),
}

/// What a pull has brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arrived {
    /// In the words of the journal: ids of changesets, oldest first, and for Git `tag=>name`.
    pub journal: Vec<String>,
}

impl Draft {
    /// A copy of a repository from elsewhere.
    pub fn import(
        programs: &Programs,
        group: &Path,
        kind: Kind,
        source: Source<'_>,
        limits: Limits,
        watch: &mut Watch<'_>,
    ) -> Result<Draft, LifeError> {
        let way = Way::find(source, kind)?;
        let draft = Draft::begin(group, kind)?;
        let limits = limits.within(draft.path());
        let done = match kind {
            Kind::Git => {
                let mut launch = way.git(programs)?;
                launch
                    .arg("clone")
                    .arg("--progress")
                    .arg("--bare")
                    .arg("--no-local");
                launch.arg("--").arg(&way.url).arg(draft.path());
                run::to_end(launch, "importing", limits, watch)
            }
            Kind::Hg => {
                let mut hg = way.hg(programs)?;
                hg.launch.arg("clone").arg("--noupdate");
                hg.launch.arg("--").arg(&way.url).arg(draft.path());
                run::to_end(hg.launch, "importing", limits, watch)
            }
        };
        done.map_err(|error| way.explain(error))?;
        draft.forget_origin(programs)?;
        draft.open()?;
        Ok(draft)
    }
}

impl Repository {
    /// Fetches what is new elsewhere. Git: all branches there, by force, and the tags on the way, nothing is deleted. Mercurial: all changesets.
    pub fn pull(
        &self,
        programs: &Programs,
        source: Source<'_>,
        limits: Limits,
        watch: &mut Watch<'_>,
    ) -> Result<Arrived, LifeError> {
        let way = Way::find(source, self.kind())?;
        let path = std::path::absolute(self.path()).map_err(LifeError::io("find", self.path()))?;
        match &self.system {
            System::Git(_) => {
                let now = self.afresh();
                let before = now.refs()?;
                let mut launch = way.git(programs)?;
                launch.arg("-C").arg(&path);
                launch
                    .arg("fetch")
                    .arg("--progress")
                    .arg("--no-write-fetch-head");
                launch
                    .arg("--")
                    .arg(&way.url)
                    .arg("+refs/heads/*:refs/heads/*");
                run::to_end(launch, "pulling", limits.within(&path), watch)
                    .map_err(|error| way.explain(error))?;
                let after = now.refs()?;
                let updates = differences(&before, &after);
                let journal = self.pushed(&updates)?.unwrap_or_default();
                Ok(Arrived { journal })
            }
            System::Hg(hg) => {
                let before = hg.length()?;
                let mut run = way.hg(programs)?;
                run.launch.arg("-R").arg(&path).arg("pull");
                run.launch.arg("--").arg(&way.url);
                run::to_end(run.launch, "pulling", limits.within(&path), watch)
                    .map_err(|error| way.explain(error))?;
                let journal = hg.added_since(before)?;
                let journal = journal.iter().map(ChangesetId::to_string).collect();
                Ok(Arrived { journal })
            }
        }
    }
}

/// The refs that differ, as a push would have told them.
fn differences(before: &Refs, after: &Refs) -> Vec<RefUpdate> {
    fn named(refs: &Refs) -> BTreeMap<String, ChangesetId> {
        let branches = refs
            .branches
            .iter()
            .map(|branch| ("heads", &branch.name, branch.id));
        let tags = refs.tags.iter().map(|tag| ("tags", &tag.name, tag.id));
        let all = branches.chain(tags);
        all.map(|(folder, name, id)| (format!("refs/{folder}/{name}"), id))
            .collect()
    }
    let (before, after) = (named(before), named(after));
    let object = |id: Option<&ChangesetId>| {
        let id = id.unwrap_or(&ChangesetId::NULL).to_string();
        ObjectName::from_hex(&id).expect("an id is written in lower-case digits")
    };
    let changed = after
        .iter()
        .filter(|(name, id)| before.get(*name) != Some(id));
    changed
        .map(|(name, id)| RefUpdate {
            name: RefName::new(name.as_bytes()),
            old: object(before.get(name)),
            new: object(Some(id)),
        })
        .collect()
}

/// How the program gets to the other repository.
struct Way {
    url: OsString,
    /// The schemes Git may use, redirections included.
    protocol: &'static str,
    git_config: Vec<(String, String)>,
    environment: Vec<(&'static str, String)>,
    hg_config: Vec<(&'static str, String)>,
    guard: Option<Guard>,
}

/// Tells Git the login it finds in its environment. Nothing of a user is in this text.
const HELPER: &str = r#"!f() { test "$1" = get && printf 'username=%s\npassword=%s\n' "$KALLITHEA_USER" "$KALLITHEA_PASSWORD"; }; f"#;

impl Way {
    fn find(source: Source<'_>, kind: Kind) -> Result<Way, LifeError> {
        let (url, policy) = match source {
            Source::Local(path) => {
                let path = std::path::absolute(path).map_err(LifeError::io("find", path))?;
                return Ok(Way::local(path.into_os_string()));
            }
            Source::Remote(url, policy) => (url, policy),
        };
        let forbidden = |why: &str| LifeError::ForbiddenSource {
            why: why.to_owned(),
        };
        if let Some(why) = policy.objection(url) {
            return Err(LifeError::ForbiddenSource { why });
        }
        match url.scheme() {
            Scheme::File => {
                let path = decode_path(url.path()).ok_or_else(|| forbidden("its path is wrong"))?;
                Ok(Way::local(path))
            }
            Scheme::Http | Scheme::Https => Way::http(url, policy),
            Scheme::Ssh => Way::ssh(url, policy),
            Scheme::Git if kind == Kind::Hg => Err(forbidden("git:// is for Git repositories")),
            Scheme::Git => {
                let address = one_address(url, policy)?;
                // The daemon is told the name all the same: it may serve several.
                let name = match url.port() {
                    9418 => url.host().to_owned(),
                    port => format!("{}:{port}", url.host()),
                };
                Ok(Way {
                    url: format!("git://{address}{}", url.path()).into(),
                    protocol: "git",
                    environment: vec![("GIT_OVERRIDE_VIRTUAL_HOST", name)],
                    ..Way::local(OsString::new())
                })
            }
        }
    }

    fn local(path: OsString) -> Way {
        Way {
            url: path,
            protocol: "file",
            git_config: Vec::new(),
            environment: Vec::new(),
            hg_config: Vec::new(),
            guard: None,
        }
    }

    fn http(url: &RemoteUrl, policy: &RemotePolicy) -> Result<Way, LifeError> {
        let guard =
            Guard::start(policy).map_err(LifeError::io("listen on", Path::new("localhost")))?;
        let proxy = guard.address();
        let mut git_config = vec![
            ("http.proxy".to_owned(), format!("http://{proxy}")),
            ("http.followRedirects".to_owned(), "initial".to_owned()),
            // A server that sends next to nothing for two minutes is given up.
            ("http.lowSpeedLimit".to_owned(), "100".to_owned()),
            ("http.lowSpeedTime".to_owned(), "120".to_owned()),
        ];
        let mut hg_config = vec![
            ("http_proxy.host", proxy.to_string()),
            // Without this Mercurial dials "localhost" itself.
            ("http_proxy.always", "True".to_owned()),
        ];
        let mut environment = Vec::new();
        if url.user().is_some() || url.password().is_some() {
            let (user, password) = (
                url.user().unwrap_or_default(),
                url.password().unwrap_or_default(),
            );
            let place = format!("{}:{}", url.host(), url.port());
            // For this server alone: one that we are sent on to is not told.
            let base = format!("credential.{}://{place}.helper", url.scheme().as_str());
            git_config.push((base, HELPER.to_owned()));
            let plain = format!(
                "credential.{}://{}.helper",
                url.scheme().as_str(),
                url.host()
            );
            git_config.push((plain, HELPER.to_owned()));
            environment.push(("KALLITHEA_USER", user.to_owned()));
            environment.push(("KALLITHEA_PASSWORD", password.to_owned()));
            let address = url.without_login();
            let address = address.split_once("://").map_or("", |(_, rest)| rest);
            hg_config.push(("auth.import.prefix", address.to_owned()));
            hg_config.push(("auth.import.schemes", url.scheme().as_str().to_owned()));
            hg_config.push(("auth.import.username", user.to_owned()));
            hg_config.push(("auth.import.password", password.to_owned()));
        }
        Ok(Way {
            url: url.without_login().into(),
            // Never from a safe way to an open one.
            protocol: if url.scheme() == Scheme::Https {
                "https"
            } else {
                "http:https"
            },
            git_config,
            environment,
            hg_config,
            guard: Some(guard),
        })
    }

    fn ssh(url: &RemoteUrl, policy: &RemotePolicy) -> Result<Way, LifeError> {
        let (Some(key), Some(hosts)) = (&policy.ssh_key, &policy.known_hosts) else {
            let why = "this server has no SSH key to show".to_owned();
            return Err(LifeError::ForbiddenSource { why });
        };
        let address = one_address(url, policy)?.ip();
        let command = [
            "ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o IdentitiesOnly=yes".to_owned(),
            "-o ProxyCommand=none -o PermitLocalCommand=no -o ClearAllForwardings=yes -o ConnectTimeout=20".to_owned(),
            // A list of files, separated by blanks, unless it is quoted for ssh as well.
            format!(
                "-o UserKnownHostsFile={}",
                quoted(Path::new(&format!("\"{}\"", hosts.display())))
            ),
            format!("-i {}", quoted(key)),
            // What was looked up and checked is what is dialled; the key is kept under the name.
            format!("-o HostName={address} -o HostKeyAlias={}", url.host()),
        ]
        .join(" ");
        Ok(Way {
            url: url.without_login().into(),
            protocol: "ssh",
            git_config: Vec::new(),
            environment: vec![
                ("GIT_SSH_COMMAND", command.clone()),
                ("GIT_SSH_VARIANT", "ssh".to_owned()),
            ],
            hg_config: vec![("ui.ssh", command)],
            guard: None,
        })
    }

    fn git(&self, programs: &Programs) -> Result<crate::wire::child::Launch, LifeError> {
        let config: Vec<(&str, String)> = self
            .git_config
            .iter()
            .map(|(key, value)| (key.as_str(), value.clone()))
            .collect();
        let mut launch = run::git_with(&programs.git, Some(self.protocol), &config)?;
        for (name, value) in &self.environment {
            launch.env(name, value);
        }
        Ok(launch)
    }

    fn hg(&self, programs: &Programs) -> Result<run::Hg, LifeError> {
        run::hg(&programs.hg, &self.hg_config)
    }

    /// The reason behind a failure, where the proxy knows it.
    fn explain(&self, error: LifeError) -> LifeError {
        let refusal = self.guard.as_ref().and_then(Guard::refusal);
        match (error, refusal) {
            (LifeError::Failed { .. }, Some(refusal)) => of_refusal(refusal),
            (error, _) => error,
        }
    }
}

fn of_refusal(refusal: Refusal) -> LifeError {
    match refusal {
        Refusal::Unknown { host, error } => LifeError::UnknownHost {
            host,
            source: error,
        },
        Refusal::Forbidden { host, address } => LifeError::ForbiddenAddress { host, address },
        Refusal::Unreachable(source) => LifeError::Io {
            verb: "connect to",
            path: "the server".into(),
            source,
        },
    }
}

/// The address to dial for schemes that lead nowhere else.
fn one_address(url: &RemoteUrl, policy: &RemotePolicy) -> Result<std::net::SocketAddr, LifeError> {
    let found = guard::allowed(policy, url.host(), url.port()).map_err(of_refusal)?;
    Ok(found[0])
}

/// For the shell that Git and Mercurial hand the command to.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// The path of a `file` address.
fn decode_path(path: &str) -> Option<OsString> {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(after.get(..2)?).ok()?;
        bytes.push(
            u8::from_str_radix(digits, 16)
                .ok()
                .filter(|byte| *byte != 0)?,
        );
        rest = &after[2..];
    }
    bytes.starts_with(b"/").then(|| OsString::from_vec(bytes))
}
