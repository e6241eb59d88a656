//! What a repository begins with: nothing, a copy from elsewhere, or a fork; and fetching what is new elsewhere.
//!
//! Addresses of other servers are taken apart and dialled by [`vcs::life`], which keeps to the open Internet and to what
//! the ini file allows. Paths of this machine are for administrators of the site.

use std::path::Path;
use std::time::Duration;

use db::repositories;
use db::{CloneUri, UserId};
use vcs::life::{Draft, LifeError, Limits, RemotePolicy, RemoteUrl, Scheme, Source, Watch};
use vcs::wire::git::GitProgram;
use vcs::wire::hg::HgProgram;
use vcs::{Kind, Programs};

use crate::journal::{Action, Actor};
use crate::rights::SiteAdmin;
use crate::{AdminOfRepository, Error, Model, NewRepository, Place, ReadableRepository, say};

/// How long a copy from elsewhere may take.
const LONGEST: Duration = Duration::from_secs(3600);
/// How large it may become.
const LARGEST: u64 = 20 << 30;

/// What a new repository begins with, besides what everybody tells.
#[derive(Debug, Clone, Default)]
pub struct Beginning<'a> {
    /// `kind:name`; none for `rev:tip`.
    pub landing_revision: Option<&'a str>,
    /// Whether statistics are made; none for the site's default.
    pub statistics: Option<bool>,
    /// Whether archives may be downloaded; none for the site's default.
    pub downloads: Option<bool>,
    /// Its changesets.
    pub contents: Contents<'a>,
}

/// The changesets that a new repository begins with.
#[derive(Debug, Clone, Default)]
pub enum Contents<'a> {
    /// None.
    #[default]
    Empty,
    /// Those of a repository elsewhere, which it is kept in step with later.
    Remote(&'a str),
    /// Those of another one here.
    Fork(&'a ReadableRepository),
}

impl<'a> Beginning<'a> {
    /// The repository that it is a fork of.
    pub(crate) fn fork_of(&self) -> Option<&'a ReadableRepository> {
        match self.contents {
            Contents::Fork(source) => Some(source),
            Contents::Empty | Contents::Remote(_) => None,
        }
    }

    /// Where it is kept in step with.
    pub(crate) fn clone_uri(&self) -> Option<CloneUri> {
        match self.contents {
            Contents::Remote(uri) => Some(CloneUri::from(uri)),
            Contents::Empty | Contents::Fork(_) => None,
        }
    }
}

impl Model {
    /// The programs that write to repositories.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn programs(&self) -> Result<Programs, Error> {
        Ok(Programs {
            git: GitProgram {
                path: self.config().git_path.clone(),
                config: Vec::new(),
                environment: Vec::new(),
            },
            hg: HgProgram {
                path: self.config().hg_path.clone(),
                config: self.mercurial_config()?,
                environment: Vec::new(),
            },
        })
    }

    /// A repository in a hidden folder, to be moved to its place.
    pub(crate) fn draft(
        &self,
        folder: &Path,
        kind: Kind,
        contents: &Contents<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Draft, Error> {
        let programs = self.programs()?;
        let limits = Limits::new(LONGEST, Some(LARGEST));
        let draft = match contents {
            Contents::Empty => Draft::create(&programs, folder, kind, "master"),
            Contents::Remote(uri) => {
                let (url, policy) = (address(uri)?, self.remote_policy(false));
                let source = Source::Remote(&url, &policy);
                Draft::import(&programs, folder, kind, source, limits, watch)
            }
            Contents::Fork(source) => {
                let original = self.open_repository(source)?;
                Draft::fork(&programs, folder, &original, limits, watch)
            }
        };
        draft.map_err(error)
    }

    /// Refuses what is no address, or none that may be fetched from; what can be told without asking the network.
    pub(crate) fn check_remote(&self, uri: &str) -> Result<(), Error> {
        let url = address(uri)?;
        match self.remote_policy(false).objection(&url) {
            Some(why) => Err(Error::invalid("clone_uri", why)),
            None => Ok(()),
        }
    }

    fn remote_policy(&self, paths: bool) -> RemotePolicy {
        let mut policy = RemotePolicy {
            networks: self.config().remote_networks.clone(),
            ..RemotePolicy::default()
        };
        if paths {
            policy.schemes.push(Scheme::File);
        }
        policy
    }

    /// Makes a fork of a repository at a place where the viewer may.
    ///
    /// # Errors
    /// As [`Self::create_repository`].
    pub fn fork_repository(
        &self,
        source: &ReadableRepository,
        place: &Place,
        owner: UserId,
        actor: &Actor,
        new: &NewRepository<'_>,
        landing_revision: &str,
    ) -> Result<String, Error> {
        let new = NewRepository {
            kind: source.kind(),
            ..new.clone()
        };
        let beginning = Beginning {
            landing_revision: Some(landing_revision),
            statistics: Some(false),
            downloads: Some(false),
            contents: Contents::Fork(source),
        };
        self.create_repository_with(place, owner, actor, &new, &beginning)
            .map(|(_, full)| full)
    }

    /// Changes where a repository is kept in step with; empty for nowhere.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `clone_uri` for what is no address.
    pub fn set_clone_uri(&self, repository: &AdminOfRepository, uri: &str) -> Result<(), Error> {
        let uri = self.clone_uri(repository.kind(), uri)?;
        self.db()
            .write(|tx| repositories::set_clone_uri(tx, repository.id(), uri.as_ref()))?;
        Ok(())
    }

    /// An address to be kept in step with, checked; none for an empty text.
    pub(crate) fn clone_uri(&self, kind: Kind, uri: &str) -> Result<Option<CloneUri>, Error> {
        let uri = uri.trim();
        if uri.is_empty() {
            return Ok(None);
        }
        let mut policy = self.remote_policy(false);
        if kind == Kind::Hg {
            policy.schemes.retain(|scheme| *scheme != Scheme::Git);
        }
        if let Some(why) = policy.objection(&address(uri)?) {
            return Err(Error::invalid("clone_uri", why));
        }
        Ok(Some(CloneUri::from(uri)))
    }

    /// Fetches what is new from this address, else from where the repository is kept in step with, else from what it was
    /// forked from.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `clone_uri` when there is no such place or it may not be fetched from.
    pub fn pull_from_remote(
        &self,
        _: &SiteAdmin,
        repository: &AdminOfRepository,
        actor: &Actor,
        uri: Option<&str>,
    ) -> Result<(), Error> {
        let contents = self.open_repository(repository)?;
        let mut programs = self.programs()?;
        let environment = self.hook_environment(repository, actor, "push_remote");
        programs.git.environment.clone_from(&environment);
        programs.hg.environment = environment;
        let limits = Limits::new(LONGEST, Some(LARGEST));
        let watch = &mut Watch::nobody();
        let stored = repository.row().clone_uri.as_ref().map(CloneUri::as_str);
        let uri = [uri, stored].into_iter().flatten();
        let arrived = match uri.map(str::trim).find(|uri| !uri.is_empty()) {
            Some(uri) => {
                let (url, policy) = (address(uri)?, self.remote_policy(true));
                contents.pull(&programs, Source::Remote(&url, &policy), limits, watch)
            }
            None => {
                let parent = match repository.row().fork_of {
                    Some(parent) => self.db().read(|conn| repositories::by_id(conn, parent))?,
                    None => None,
                };
                let parent = parent
                    .ok_or_else(|| Error::invalid("clone_uri", "There is nothing to pull from"))?;
                let path = self.path_below_root(parent.name.as_str())?;
                contents.pull(&programs, Source::Local(&path), limits, watch)
            }
        };
        let arrived = arrived.map_err(error)?;
        // Mercurial says nothing where nothing came; of Git the original never knows.
        let nothing = arrived.journal.is_empty() && repository.kind() == Kind::Hg;
        let action = (!nothing).then_some(Action::PulledFromRemote(arrived.journal));
        self.record_arrival(repository, actor, action)
    }
}

/// An address as it is typed.
fn address(uri: &str) -> Result<RemoteUrl, Error> {
    RemoteUrl::parse(uri).map_err(|error| Error::invalid("clone_uri", error.to_string()))
}

/// What somebody can put right is told beside the field; everything else is a program that failed.
pub(crate) fn error(error: LifeError) -> Error {
    let words = match &error {
        LifeError::ForbiddenAddress { host, address } => {
            return Error::invalid(
                "clone_uri",
                say!(
                    "{host} has the address {address}, which is not allowed: it lies in a private or special network",
                    host = host,
                    address = address
                ),
            );
        }
        LifeError::UnknownHost { host, .. } => {
            return Error::invalid(
                "clone_uri",
                say!("The address of {host} cannot be found", host = host),
            );
        }
        LifeError::ForbiddenSource { why } => {
            return Error::invalid(
                "clone_uri",
                say!(
                    "Repositories cannot be fetched from there: {why}",
                    why = why
                ),
            );
        }
        LifeError::Io { .. } => {
            return match error {
                LifeError::Io { path, source, .. } => Error::disk("write", path, source),
                other => Error::Program(other.to_string().into()),
            };
        }
        LifeError::Failed { said, .. } => {
            say!("The program that does it failed: {said}", said = said)
        }
        LifeError::TimedOut { after, .. } => say!(
            "It took too long and was ended after {seconds} seconds",
            seconds = after.as_secs()
        ),
        LifeError::TooLarge { most, .. } => say!(
            "It was ended because it has brought more than {most} bytes",
            most = most
        ),
        LifeError::Cancelled { .. } => say!("It was cancelled"),
        _ => {
            let mut text = error.to_string();
            if let Some(cause) = std::error::Error::source(&error) {
                text = format!("{text}: {cause}");
            }
            text.into()
        }
    };
    Error::Program(words)
}
