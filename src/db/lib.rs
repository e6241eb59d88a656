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
//! # SQL for three engines
//!
//! SQLite, PostgreSQL (15 and newer) and MySQL/MariaDB (8 / 10.6 and newer) stand behind [`Db`], chosen by the URL. A
//! statement is written once and runs on all three, and the tests of this crate run on all three. The rules:
//!
//! * **Values are always bound**, each with a `?` of its own, also numbers and flags: `params![user, true]`, never
//!   `"admin" = 1`. The engine finds out the type of a `?` from what it is compared with or stored in, so do not
//!   compute with two of them (`? - ?`) and do not SELECT a bare one. There is no `?` in SQL but as a placeholder.
//! * **Names that are words** are quoted the standard way: `"groups"`, `"admin"`, `"text"`, `"action"`, `"user"`,
//!   `"key"`, `"data"`, `"value"`, `"version"` where in doubt. `"x"` is a name and `'x'` a text on all engines; `||` joins
//!   texts; a backslash is a letter like any other.
//! * **Ids** come from [`Tx::insert`](Tx), which knows how each engine tells them; no `RETURNING`, no `last_insert_rowid`.
//! * **Times** of Kallithea's tables are [`LocalTime`] values, bound and taken as such, never text. Own tables keep
//!   seconds since 1970 as `BIGINT`. No time function of the engine: its clock and zone are not ours.
//! * **Case**: `lower(column) = lower(?)` is how the original looks up names and e-mail addresses, and it folds
//!   letters beyond ASCII on all engines here. A plain `=` is exact on SQLite and PostgreSQL, but on MySQL it is what
//!   the column's collation says, as with the original: `Bob` is `bob` there, and cannot exist beside it either. What
//!   must be exact everywhere (a token, a key) is compared once more in Rust.
//! * **LIKE** differs in case rules: write `lower(column) LIKE lower(?) ESCAPE '!'` and bind a pattern made by
//!   `value::contains` or `value::starts_with`.
//! * **Order**: `ORDER BY name` follows the language of the database on PostgreSQL and MySQL. A list whose order matters
//!   is sorted in Rust; SQL orders by ids and times. Where SQL has to (LIMIT), the order of names is the engine's own.
//!   NULLs come first on SQLite and MySQL and last on PostgreSQL: do not order by a column that may be NULL.
//! * **GROUP BY** names every column that is not an aggregate. `MAX` of a CASE is fine, `MAX(a, b)` is SQLite's alone.
//!   A subquery in FROM has a name: `(SELECT …) AS x`. No `LIMIT` directly within `IN (…)` and no subquery on the table that
//!   an UPDATE or DELETE changes, unless wrapped into one more (MySQL). `LIMIT ?` is fine. No `UPSERT`, no `REPLACE`, no
//!   `INSERT OR …`: a write transaction is alone, so look first and then insert or update.
//! * **A write transaction is alone** among ours on every engine (as with SQLite's `BEGIN IMMEDIATE`), so what it looked
//!   up stays true until it ends. The original does not know that lock; its races meet the UNIQUE constraints.
//! * **An error ends the transaction**: hand it on with `?`. A closure that catches one and goes on gets it back at the
//!   commit. Ask first (`exists`) instead of catching a refusal.
//! * **Foreign keys** are enforced on PostgreSQL and MySQL and not on SQLite: delete children first, insert parents first.
//! * **Own tables** (`rs_*`) are statements appended to `schema/own.sql`; see there for their column types.

mod conn;
mod db;
mod error;
pub mod fresh;
mod grants;
pub mod ids;
pub mod json;
mod leftovers;
mod level;
mod mysql;
mod postgresql;
pub mod schema;
mod session;
mod sqlite;
mod time;
mod tls;
pub mod upgrade;
mod url;
mod value;

pub mod changeset_comments;
pub mod changeset_marks;
pub mod changeset_statuses;
pub mod creations;
pub mod failed_logins;
pub mod gists;
pub mod groups;
pub mod mails;
pub mod overview;
pub mod permissions;
pub mod pull_request_reviewers;
pub mod pull_requests;
pub mod repo_to_perm;
pub mod repositories;
pub mod repositories_fields;
pub mod secrets;
pub mod sessions;
pub mod settings;
pub mod statistics;
pub mod surroundings;
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
mod bad_rows;
#[cfg(test)]
mod engines;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod soak;
#[cfg(test)]
mod speed;
#[doc(hidden)]
pub mod test_servers;
#[cfg(test)]
mod testing;

pub use conn::{Conn, Tx, heard, listen, statements};
pub use db::Db;
pub use error::DbError;
pub use grants::Sources;
pub use ids::{
    ApiKey, CloneUri, CommentId, EmailId, FieldId, GistAccessId, GistId, GroupId, GroupName,
    IpRuleId, PasswordHash, PermissionName, PullRequestId, RepoId, RepoName, SshKeyId, UserGroupId,
    UserGroupName, UserId, Username,
};
pub use level::{Level, ObjectKind};
pub use time::LocalTime;
pub use url::{DatabaseUrl, Engine};
