//! The rules of Kallithea: who may do what, and what happens when they do.
//!
//! Everything that changes or reveals data goes through a [`Model`]. Rights are values: [`Gate`] is the only place that
//! decides, and what it returns ([`ReadableRepository`], [`WritableRepository`], [`AdminOfRepository`] and their kin for
//! groups) is what the functions here demand. Whoever does not hold the value cannot reach the data.
//!
//! The database is never trusted to be ours alone: other programs write it too, so nothing is kept across requests.

pub mod account;
mod api_key;
pub mod auth;
mod authenticate;
mod authorized_keys;
mod cache;
mod captcha;
mod changeset_review;
mod commit;
pub mod config;
mod contents;
mod creation;
pub mod defaults;
mod details;
mod email;
mod error;
mod extension_events;
pub mod extension_lookups;
pub mod extensions;
pub mod feed_key;
pub mod field;
mod folder;
mod following;
mod forks;
mod gate;
pub mod gist;
mod grave;
mod group;
mod hooks;
pub mod install;
pub mod ip;
mod journal;
mod listing;
mod machine;
pub mod mail;
mod marks;
pub mod name;
mod open;
mod password;
mod permission;
mod person;
pub mod pull_request;
pub mod random;
pub mod registration;
mod relocate;
mod repository;
mod reset;
mod rights;
mod rule;
mod scan;
mod session;
mod settings;
mod setup;
pub mod signature;
mod ssh_access;
pub mod ssh_key;
mod standing;
mod start;
pub mod statistics;
pub mod text;
mod throttle;
pub mod upgrade;
mod upkeep;
pub mod user_group;
mod viewer;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

pub use changeset_review::Said;
pub use commit::{CommitFailure, NewChangeset};
pub use config::Config;
pub use contents::{Beginning, Contents};
pub use creation::Progress;
pub use db::changeset_statuses::Vote;
pub use db::{EmailId, GroupId, Level, LocalTime, RepoId, UserGroupId, UserId};
pub use details::{GroupDetails, RepositoryDetails};
pub use error::Error;
pub use gate::{
    AdminOfGroup, AdminOfRepository, Gate, Located, ReadableGroup, ReadableRepository,
    WritableRepository,
};
pub use grave::{Age, Grave};
pub use group::{NewGroup, Place, Places};
pub use journal::{Action, Actor, FilterError, JournalEntry, JournalFilter, JournalPage};
pub use listing::{ListOrder, ListRequest, ListScope, Listed, ListedGroup, Listing};
pub use machine::Machine;
pub use marks::Marks;
pub use permission::{Grant, Grants, Holder, Recursion, Subject};
pub use person::{Crowd, Person};
pub use repository::{ForkChoice, NewRepository, RepositoryFacts, RepositoryUpdate, deleted_name};
pub use reset::ResetRequest;
pub use rights::{Account, AdminOfUserGroup, MakerOfUserGroups, ReadableUserGroup, SiteAdmin};
pub use rule::{Globals, Registration};
pub use scan::Scanned;
pub use session::OwnSession;
pub use settings::{Settings, clone_url};
pub use ssh_access::SshRefusal;
pub use standing::Standing;
pub use text::Text;
pub use vcs::life::Housekeeping;
pub use viewer::{User, Viewer};

use db::Db;

/// One instance: its configuration, its database, its repositories.
pub struct Model {
    config: Arc<Config>,
    db: Db,
    repositories: open::Repositories,
    passwords: password::Verified,
    postman: mail::Postman,
    extensions: extensions::Installed,
    caches: cache::Caches,
    /// See [`feed_key`].
    feed_secret: OnceLock<String>,
}

/// Hooks whose rows say only whether they run, see `vcs::wire::hg`.
const OWN_HOOKS: [&str; 2] = [
    "changegroup.kallithea_repo_size",
    "changegroup.kallithea_update",
];

impl Model {
    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn postman(&self) -> &mail::Postman {
        &self.postman
    }

    /// The database.
    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    pub(crate) fn repositories(&self) -> &open::Repositories {
        &self.repositories
    }

    pub(crate) fn passwords(&self) -> &password::Verified {
        &self.passwords
    }

    /// The folder in which all repositories lie, as the database says.
    ///
    /// # Errors
    /// When the database does not answer or has no such row.
    pub fn repositories_root(&self) -> Result<PathBuf, Error> {
        self.db
            .read(db::ui::repositories_root)?
            .map(PathBuf::from)
            .ok_or_else(|| {
                Error::Schema(
                    "the table ui has no row 'paths./' with the folder of the repositories".into(),
                )
            })
    }

    /// The effective configuration of Mercurial: the active rows of the table `ui`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn mercurial_config(&self) -> Result<Vec<(String, String)>, Error> {
        let items = self.db.read(db::ui::active)?;
        // Hooks of the original that run inside its own Python process; ours record the same by other means. Two of them are known by their names.
        let ours = |item: &db::ui::UiItem| {
            item.section == "hooks"
                && item.value.trim_start().starts_with("python:")
                && !OWN_HOOKS.contains(&item.key.as_str())
        };
        Ok(items
            .into_iter()
            .filter(|item| !ours(item) && item.section != "paths")
            .map(|item| (format!("{}.{}", item.section, item.key), item.value))
            .collect())
    }
}
