//! The database of Kallithea 0.7, one file per table.
//!
//! Kallithea 0.7 keeps its accounts, permissions, repositories and reviews in 29 tables (alembic head
//! [`schema::HEAD`]). This crate reads and writes that database as it is, so that the old program and this one may
//! run on it in turn. Nothing in those tables is changed; what we add ourselves lives in own tables named `rs_*`
//! ([`sessions`] is the first), which no foreign key ties to the old ones.
//!
//! How it fits together:
//!
//! * [`DatabaseUrl`] is the `sqlalchemy.url` of the ini file.
//! * [`Db`] hands out connections. [`Db::read`] gives a closure a [`Conn`], a consistent snapshot that can only be
//!   queried. [`Db::write`] gives it a [`Tx`], one transaction that is committed when the closure returns `Ok`.
//!   A function that changes rows asks for a `Tx`, so a write outside of a transaction does not compile.
//! * Each table has a file of its own name with its row type and its queries. A row is not a view: it says what is
//!   stored, not what is shown.
//! * Ids and names are types of their own ([`ids`]), times are [`LocalTime`], permission levels are [`Level`].
//!
//! Databases that were first made by Kallithea 0.3 and older allow NULL nearly everywhere. Reading is therefore never
//! strict: a missing text is empty, a missing flag is false, an unreadable time is the epoch.
//!
//! Three engines are meant to stand behind [`Db`]. SQLite is here; a URL of PostgreSQL or MySQL is understood and
//! answered with [`DbError::EngineNotBuilt`]. All SQL is written with `?` placeholders, bound booleans and names quoted
//! the standard way (`"groups"`), and only `conn` and `sqlite` know the driver: these two are the seam.

mod conn;
mod db;
mod error;
pub mod fresh;
mod grants;
pub mod ids;
pub mod json;
mod level;
pub mod schema;
mod sqlite;
mod time;
mod url;

pub mod changeset_comments;
pub mod changeset_statuses;
pub mod groups;
pub mod permissions;
pub mod pull_request_reviewers;
pub mod pull_requests;
pub mod repo_to_perm;
pub mod repositories;
pub mod repositories_fields;
pub mod sessions;
pub mod settings;
pub mod statistics;
pub mod ui;
pub mod user_api_keys;
pub mod user_email_map;
pub mod user_followings;
pub mod user_group_user_group_to_perm;
pub mod user_ip_map;
pub mod user_logs;
pub mod user_repo_group_to_perm;
pub mod user_ssh_keys;
pub mod user_to_perm;
pub mod user_user_group_to_perm;
pub mod users;
pub mod users_group_repo_group_to_perm;
pub mod users_group_repo_to_perm;
pub mod users_group_to_perm;
pub mod users_groups;
pub mod users_groups_members;

#[cfg(test)]
mod processes;
#[cfg(test)]
mod testing;

pub use conn::{Conn, Tx};
pub use db::Db;
pub use error::DbError;
pub use ids::{
    ApiKey, CloneUri, GroupId, GroupName, PasswordHash, PermissionName, RepoId, RepoName,
    UserGroupId, UserGroupName, UserId, Username,
};
pub use level::{Level, ObjectKind};
pub use time::LocalTime;
pub use url::{DatabaseUrl, Engine};
