//! What the installation's own functions are told about repositories, accounts and pull requests: the columns of the original's tables by their names.

use db::pull_requests::{self, PullRequest};
use db::repositories::{self, RepoState, Repository};
use db::users::{self, User};
use db::{DbError, LocalTime, PullRequestId, RepoId, UserId, user_email_map};

use crate::extensions::{Arguments, Callback, Value};
use crate::journal::Actor;
use crate::{Error, Model};

impl Model {
    /// A repository was made. The original counts it as still being made at this moment, and its owner as who made it.
    pub(crate) fn tell_of_repository(&self, id: RepoId) {
        self.call(Callback::CreateRepository, || {
            let found = self.db().read(|conn| {
                let Some(row) = repositories::by_id(conn, id)? else {
                    return Ok(None);
                };
                let owner = users::by_id(conn, row.owner)?;
                Ok::<_, DbError>(Some((row, owner)))
            });
            let Some((row, owner)) = found.ok().flatten() else {
                return Vec::new();
            };
            let row = Repository {
                state: RepoState::Pending,
                changeset_cache: None,
                ..row
            };
            let mut facts = repository(&row);
            let owner = owner.as_ref().map(|owner| owner.username.as_str());
            facts.push(("created_by", Value::some(owner)));
            facts
        });
    }

    /// A repository was deleted; `by` is nothing where it was missing on disk and forgotten.
    pub(crate) fn tell_of_deleted(&self, row: &Repository, by: Option<&Actor>) {
        self.call(Callback::DeleteRepository, || {
            let mut facts = repository(row);
            facts.push(("deleted_by", name(by)));
            facts.push(("deleted_on", Value::Float(seconds())));
            facts
        });
    }

    /// An account was made; `by` is nothing where nobody made it for somebody else.
    pub(crate) fn tell_of_user(&self, id: UserId, by: Option<&Actor>) {
        self.call(Callback::CreateUser, || {
            let row = self.db().read(|conn| users::by_id(conn, id));
            let mut facts = match row.ok().flatten() {
                Some(row) => self.user(&row),
                None => Vec::new(),
            };
            facts.push(("created_by", name(by)));
            facts
        });
    }

    /// An account was deleted.
    pub(crate) fn tell_of_deleted_user(&self, facts: Arguments, by: &Actor) {
        self.call(Callback::DeleteUser, || {
            let mut facts = facts;
            facts.push(("deleted_by", name(Some(by))));
            facts
        });
    }

    /// A pull request was made.
    pub(crate) fn tell_of_pull_request(&self, id: PullRequestId, owner: &User) {
        self.call(Callback::CreatePullRequest, || {
            let row = self.db().read(|conn| pull_requests::by_id(conn, id));
            let mut facts = row
                .ok()
                .flatten()
                .as_ref()
                .map_or_else(Vec::new, pull_request);
            facts.push(("created_by", Value::Object(self.user(owner))));
            facts
        });
    }

    /// Asks whether an account may be made, or changed to what a login source says.
    pub(crate) fn ask_about_user(
        &self,
        new: &Candidate<'_>,
        by: Option<&Actor>,
    ) -> Result<(), Error> {
        self.ask_before_user(|| {
            vec![
                ("username", Value::text(new.username)),
                ("password", Value::text(new.password)),
                ("email", Value::text(new.email)),
                ("firstname", Value::text(new.firstname)),
                ("lastname", Value::text(new.lastname)),
                ("active", Value::Bool(new.active)),
                ("admin", Value::Bool(new.admin)),
                ("created_by", name(by)),
            ]
        })
    }

    /// The columns of an account that is about to go, where somebody wants to know.
    pub(crate) fn user_facts(&self, id: UserId) -> Arguments {
        if !self.has_callback(Callback::DeleteUser) {
            return Vec::new();
        }
        let row = self.db().read(|conn| users::by_id(conn, id));
        row.ok()
            .flatten()
            .map_or_else(Vec::new, |row| self.user(&row))
    }

    /// The columns of an account, and what the original works out of them.
    pub(crate) fn user(&self, row: &User) -> Arguments {
        let more = self.db().read(|conn| user_email_map::of_user(conn, row.id));
        let mut mails: Vec<Value> = row.email.as_deref().map(Value::text).into_iter().collect();
        mails.extend(
            more.into_iter()
                .flatten()
                .map(|mail| Value::text(mail.email)),
        );
        // Blanks and all, as the original joins them.
        let full = format!("{} {}", row.firstname, row.lastname);
        let email = row.email.clone().unwrap_or_default();
        let known = if row.firstname.is_empty() || row.lastname.is_empty() {
            row.username.as_str()
        } else {
            &full
        };
        vec![
            ("user_id", Value::Int(row.id.0)),
            ("username", Value::text(row.username.as_str())),
            ("password", Value::text(row.password.as_str())),
            ("active", Value::Bool(row.active)),
            ("admin", Value::Bool(row.admin)),
            ("firstname", Value::text(&*row.firstname)),
            ("name", Value::text(&*row.firstname)),
            ("lastname", Value::text(&*row.lastname)),
            ("email", Value::some(row.email.as_deref())),
            ("_email", Value::some(row.email.as_deref())),
            ("_user_data", Value::None),
            ("emails", Value::List(mails)),
            (
                "last_login",
                row.last_login.map_or(Value::None, Value::Time),
            ),
            ("extern_type", Value::some(row.extern_type.as_deref())),
            ("extern_name", Value::some(row.extern_name.as_deref())),
            ("api_key", Value::text(row.api_key.as_str())),
            ("created_on", Value::Time(row.created_on)),
            ("full_name", Value::text(&*full)),
            ("full_name_or_username", Value::text(known)),
            ("short_contact", Value::text(&*full)),
            ("full_contact", Value::text(format!("{full} <{email}>"))),
        ]
    }
}

/// An account that does not exist yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub username: &'a str,
    /// In clear; empty where a login source has checked it.
    pub password: &'a str,
    pub email: &'a str,
    pub firstname: &'a str,
    pub lastname: &'a str,
    pub active: bool,
    pub admin: bool,
}

fn name(actor: Option<&Actor>) -> Value {
    Value::some(actor.map(|actor| actor.username.as_str()))
}

/// The columns of a repository.
pub(crate) fn repository(row: &Repository) -> Arguments {
    vec![
        ("repo_id", Value::Int(row.id.0)),
        ("repo_name", Value::text(row.name.as_str())),
        ("repo_state", Value::text(row.state.as_str())),
        (
            "clone_uri",
            Value::some(row.clone_uri.as_ref().map(|uri| uri.as_str())),
        ),
        ("repo_type", Value::text(row.repo_type.as_str())),
        ("owner_id", Value::Int(row.owner.0)),
        ("private", Value::Bool(row.private)),
        ("enable_statistics", Value::Bool(row.statistics)),
        ("enable_downloads", Value::Bool(row.downloads)),
        ("description", Value::text(&*row.description)),
        ("created_on", Value::Time(row.created_on)),
        ("updated_on", Value::Time(row.updated_on)),
        ("_changeset_cache", changeset_cache(row)),
        ("_landing_revision", Value::text(&*row.landing_revision)),
        ("landing_rev", landing_revision(row)),
        ("fork_id", Value::some(row.fork_of.map(|id| id.0))),
        ("group_id", Value::some(row.group.map(|id| id.0))),
    ]
}

fn pull_request(row: &PullRequest) -> Arguments {
    let revisions = row.revisions.split(':').map(Value::text).collect();
    vec![
        ("pull_request_id", Value::Int(row.id.0)),
        ("title", Value::text(&*row.title)),
        ("description", Value::text(&*row.description)),
        ("status", Value::text(row.status.as_str())),
        ("created_on", Value::Time(row.created_on)),
        ("updated_on", Value::Time(row.updated_on)),
        ("owner_id", Value::Int(row.owner.0)),
        ("revisions", Value::List(revisions)),
        ("org_repo_id", Value::Int(row.org_repository.0)),
        ("org_ref", Value::text(&*row.org_ref)),
        ("other_repo_id", Value::Int(row.other_repository.0)),
        ("other_ref", Value::text(&*row.other_ref)),
    ]
}

/// Kind and name of the revision that is shown first.
fn landing_revision(row: &Repository) -> Value {
    let stored = &*row.landing_revision;
    let (kind, name) = stored.split_once(':').unwrap_or(("rev", stored));
    Value::List(vec![Value::text(kind), Value::text(name)])
}

/// As the original keeps it in memory: the text of the column.
fn changeset_cache(row: &Repository) -> Value {
    let text = row.changeset_cache.as_deref().map(String::from_utf8_lossy);
    Value::some(text.as_deref())
}

fn seconds() -> f64 {
    LocalTime::now().to_unix() as f64
}
