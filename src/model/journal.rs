//! The journal: what was done, by whom, from where.

mod filter;
mod read;

pub use filter::FilterError;
pub use read::{JournalEntry, JournalFilter, JournalPage};

use db::user_logs::{self, NewLogEntry};
use db::{LocalTime, PullRequestId, RepoId, Tx, UserId, Username, json};

use crate::{Error, Model, ReadableRepository, Viewer};

/// An entry longer than this is cut between two ids: the column holds 64 KiB on MySQL.
const MAX_ACTION: usize = 60_000;
/// How many bytes of the newest message are kept with a repository: every list of repositories reads them.
const LONGEST_KEPT_MESSAGE: usize = 64 << 10;

/// Who did it.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The account; `default` for visitors.
    pub user: Option<UserId>,
    /// Its name, kept even when the account goes.
    pub username: Username,
    /// The client's address.
    pub address: String,
}

impl Actor {
    /// The viewer of a request.
    #[must_use]
    pub fn new(viewer: &Viewer, address: &str) -> Self {
        Self {
            user: viewer.user_id(),
            username: viewer
                .user()
                .map_or_else(|| Username::from("default"), |user| user.username.clone()),
            address: address.to_owned(),
        }
    }
}

/// What was done, in the words of 0.7 where it has any; it shows words that it does not know as they are, and no more
/// than one colon may stand in them.
#[derive(Debug, Clone)]
pub enum Action {
    /// Changesets arrived: full ids, oldest first; Git adds `delete_branch=>name` and `tag=>name`.
    Push(Vec<String>),
    /// Changesets were made on the web: as in [`Self::Push`].
    Committed(Vec<String>),
    /// Changesets were fetched.
    Pull,
    /// An archive was fetched, of this file name.
    DownloadedArchive(String),
    /// A repository was made.
    CreatedRepository,
    /// A fork of this full name was made of it.
    ForkedRepository(String),
    /// Changesets were fetched into it from elsewhere: as in [`Self::Push`].
    PulledFromRemote(Vec<String>),
    /// Its settings were changed.
    UpdatedRepository,
    /// A repository was deleted.
    DeletedRepository,
    /// Somebody follows it now.
    StartedFollowing,
    /// Somebody follows it no more.
    StoppedFollowing,
    /// An administrator made the account of this name.
    CreatedUser(String),
    /// An administrator changed it.
    UpdatedUser(String),
    /// An administrator deleted it.
    DeletedUser(String),
    /// The user group of this name was made.
    CreatedUserGroup(String),
    /// It was changed.
    UpdatedUserGroup(String),
    /// It was deleted.
    DeletedUserGroup(String),
    /// The repository group of this full name was moved or renamed to the other.
    MovedGroup(String, String),
    /// The repository came from this full name.
    MovedRepository(String),
    /// Somebody gave a wrong password.
    FailedLogin,
    /// Somebody commented or voted on the pull request of this number, or made it.
    CommentedPullRequest(PullRequestId),
    /// It was closed.
    ClosedPullRequest(PullRequestId),
    /// It was opened again.
    ReopenedPullRequest(PullRequestId),
}

impl Action {
    fn text(&self) -> String {
        match self {
            Self::Push(items) | Self::Committed(items) | Self::PulledFromRemote(items) => {
                let mut text = match self {
                    Self::Push(_) => "push:".to_owned(),
                    Self::Committed(_) => "push_local:".to_owned(),
                    _ => "push_remote:".to_owned(),
                };
                for item in items {
                    if text.len() + item.len() + 1 > MAX_ACTION {
                        break;
                    }
                    if !text.ends_with(':') {
                        text.push(',');
                    }
                    text.push_str(item);
                }
                text
            }
            Self::Pull => "pull".to_owned(),
            Self::DownloadedArchive(name) => format!("user_downloaded_archive:{name}"),
            Self::CreatedRepository => "user_created_repo".to_owned(),
            Self::ForkedRepository(fork) => format!("user_forked_repo:{fork}"),
            Self::UpdatedRepository => "admin_updated_repo".to_owned(),
            Self::DeletedRepository => "admin_deleted_repo".to_owned(),
            Self::StartedFollowing => "started_following_repo".to_owned(),
            Self::StoppedFollowing => "stopped_following_repo".to_owned(),
            Self::CreatedUser(name) => format!("admin_created_user:{name}"),
            Self::UpdatedUser(name) => format!("admin_updated_user:{name}"),
            Self::DeletedUser(name) => format!("admin_deleted_user:{name}"),
            Self::CreatedUserGroup(name) => format!("admin_created_users_group:{name}"),
            Self::UpdatedUserGroup(name) => format!("admin_updated_users_group:{name}"),
            Self::DeletedUserGroup(name) => format!("admin_deleted_users_group:{name}"),
            Self::MovedGroup(from, to) => format!("admin_moved_repo_group:{from} to {to}"),
            Self::MovedRepository(from) => format!("admin_moved_repo:{from}"),
            Self::FailedLogin => "failed_login".to_owned(),
            Self::CommentedPullRequest(id) => format!("user_commented_pull_request:{id}"),
            Self::ClosedPullRequest(id) => format!("user_closed_pull_request:{id}"),
            Self::ReopenedPullRequest(id) => format!("user_reopened_pull_request:{id}"),
        }
    }
}

/// Writes an entry; `repository` is none when the row is gone already.
pub(crate) fn write(
    tx: &Tx<'_>,
    actor: &Actor,
    repository: Option<RepoId>,
    name: &str,
    action: &Action,
) -> Result<(), db::DbError> {
    user_logs::insert(
        tx,
        &NewLogEntry {
            user: actor.user,
            username: &actor.username,
            repository,
            repository_name: name,
            user_ip: &actor.address,
            action: &action.text(),
        },
    )?;
    Ok(())
}

impl Model {
    /// Notes that somebody fetched an archive of a repository.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn record_archive(
        &self,
        repository: &ReadableRepository,
        actor: &Actor,
        file_name: &str,
    ) -> Result<(), Error> {
        let action = Action::DownloadedArchive(file_name.to_owned());
        let (id, name) = (repository.id(), repository.name());
        self.db()
            .write(|tx| write(tx, actor, Some(id), name, &action))?;
        Ok(())
    }
}

/// The newest changeset of an opened repository, in the form of the column `changeset_cache`, and its date.
pub(crate) fn tip_of(
    contents: &vcs::Repository,
    name: &str,
) -> Result<(Vec<u8>, LocalTime), Error> {
    let tip = contents
        .summary_cache()
        .map_err(|error| Error::Program(format!("repository '{name}': {error}").into()))?;
    let (short, raw, number, message, date, author) = match tip {
        Some(tip) => (
            tip.id.short().to_string(),
            tip.id.to_string(),
            i64::from(tip.number),
            render::message::beginning(&tip.message, LONGEST_KEPT_MESSAGE).into_owned(),
            LocalTime::from_unix(tip.date.seconds),
            tip.author,
        ),
        None => (
            "0".repeat(12),
            "0".repeat(40),
            -1,
            String::new(),
            LocalTime::EPOCH,
            String::new(),
        ),
    };
    // In the order of the original, whose extensions are handed this text.
    let members: [(&str, serde_json::Value); 6] = [
        ("short_id", short.into()),
        ("raw_id", raw.into()),
        ("revision", number.into()),
        ("message", message.into()),
        ("date", date.to_json().into()),
        ("author", author.into()),
    ];
    let members = members.map(|(key, value)| format!("\"{key}\": {}", json::to_python(&value)));
    Ok((format!("{{{}}}", members.join(", ")).into_bytes(), date))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_is_written_as_the_original_does_and_cut_between_ids() {
        assert_eq!(
            Action::Push(vec!["a".into(), "b".into()]).text(),
            "push:a,b"
        );
        let long = Action::Push(vec!["f".repeat(40); 5000]).text();
        assert!(long.len() <= MAX_ACTION && long.ends_with(&"f".repeat(40)));
        assert_eq!((long.len() - 5 + 1) % 41, 0);
    }
}
