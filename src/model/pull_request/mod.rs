//! Pull requests: changesets of one repository offered to another, talked about and voted on.
//!
//! One belongs to the repository that its changesets shall go to; what is said and voted is kept with the one they come
//! from. Who may read where they come from may read it and comment; who may vote, close or ask reviewers holds a value
//! that says so.

mod create;
mod reading;

use db::changeset_comments::{self, Comment, NewComment};
use db::changeset_statuses::{self, Status, Vote};
use db::pull_requests::{self, PullRequest, PullRequestStatus};
use db::repositories::Repository;
use db::{DbError, PullRequestId, RepoId, Tx, UserId, Username, pull_request_reviewers, users};

pub use self::create::NewPullRequest;
use crate::journal::{self, Action, Actor};
use crate::person::usernames;
use crate::{Error, Model, ReadableRepository, say};

/// The right to read a pull request and to comment on it.
#[derive(Debug, Clone)]
pub struct ReadablePullRequest {
    row: PullRequest,
    org: ReadableRepository,
    other: Option<Repository>,
    /// Who is asked to vote, in the order in which they were.
    reviewers: Vec<UserId>,
    standing: Standing,
}

/// What a viewer is to a pull request.
#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    site_admin: bool,
    owner: bool,
    reviewer: bool,
    admin_of_other: bool,
}

/// The right to vote on a pull request.
#[derive(Debug, Clone)]
pub struct Voter(PullRequestId);

/// The right to close a pull request and to open it again.
#[derive(Debug, Clone)]
pub struct Closer(PullRequestId);

/// The right to ask reviewers.
#[derive(Debug, Clone)]
pub struct AdminOfPullRequest(ReadablePullRequest);

/// Everything about a pull request that is not in its own row.
#[derive(Debug, Clone)]
pub struct PullRequestDetails {
    /// The name of its owner; none when the account is gone.
    pub owner: Option<Username>,
    /// Who is asked to vote, in the order in which they were.
    pub reviewers: Vec<Username>,
    /// What was said, oldest first, with the author's name.
    pub comments: Vec<(Comment, Option<Username>)>,
    /// All votes, oldest first, with the voter's name: one for each changeset each time.
    pub statuses: Vec<(Status, Option<Username>)>,
}

/// What somebody has to say about a pull request. All of it happens or nothing.
#[derive(Debug, Clone, Default)]
pub struct Reply<'a> {
    /// A comment; empty for none.
    pub text: &'a str,
    /// A vote, with the right to it.
    pub vote: Option<(Voter, Vote)>,
    /// Whether it is closed, with the right to.
    pub close: Option<Closer>,
}

/// What became of a change of reviewers, by user name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewersChanged {
    /// Asked now.
    pub added: Vec<Username>,
    /// Had been asked before.
    pub already_present: Vec<Username>,
    /// Not asked any more, or never asked.
    pub removed: Vec<Username>,
}

impl ReadablePullRequest {
    /// Everything stored about it.
    #[must_use]
    pub fn row(&self) -> &PullRequest {
        &self.row
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> PullRequestId {
        self.row.id
    }

    /// Where its changesets come from.
    #[must_use]
    pub fn org(&self) -> &ReadableRepository {
        &self.org
    }

    /// The full name of the repository that they shall go to; none when it is gone.
    #[must_use]
    pub fn other_name(&self) -> Option<&str> {
        self.other.as_ref().map(|other| other.name.as_str())
    }

    /// Whether it is closed.
    #[must_use]
    pub fn closed(&self) -> bool {
        self.row.status == PullRequestStatus::Closed
    }

    /// The right to vote: of its owner, its reviewers, and administrators of the site.
    #[must_use]
    pub fn voter(&self) -> Option<Voter> {
        let may = self.standing.site_admin || self.standing.owner || self.standing.reviewer;
        may.then_some(Voter(self.row.id))
    }

    /// The right to close: of its owner and administrators of the site.
    #[must_use]
    pub fn closer(&self) -> Option<Closer> {
        let may = self.standing.site_admin || self.standing.owner;
        may.then_some(Closer(self.row.id))
    }

    /// The right to ask reviewers: of its owner, administrators of the repository that its changesets shall go to, and
    /// administrators of the site.
    #[must_use]
    pub fn administrable(&self) -> Option<AdminOfPullRequest> {
        let may = self.standing.site_admin || self.standing.owner || self.standing.admin_of_other;
        may.then(|| AdminOfPullRequest(self.clone()))
    }

    /// What stands in its address behind the number: the name of where the changesets come from, or the title where both
    /// sides have the same name.
    #[must_use]
    pub fn slug(&self) -> String {
        let (_, org, _) = self.row.org();
        let (_, other, _) = self.row.other();
        let text = if org == other { &self.row.title } else { org };
        let mut slug = String::new();
        for c in text.chars() {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/') {
                slug.push(c);
            } else if !slug.ends_with('_') {
                // Runs of anything else become one underscore.
                slug.push('_');
            }
        }
        slug.trim_end_matches('_').to_owned()
    }
}

impl Model {
    /// The newest vote on a changeset, with the voter's name; several only where a database broke the rule.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn votes_on_changeset(
        &self,
        repository: &ReadableRepository,
        id: &vcs::ChangesetId,
    ) -> Result<Vec<(Status, Option<Username>)>, Error> {
        Ok(self.db().read(|conn| {
            let votes =
                changeset_statuses::newest_of_changeset(conn, repository.id(), &id.to_string())?;
            let names = usernames(conn, votes.iter().map(|vote| vote.user))?;
            let named = votes.into_iter().map(|vote| {
                let voter = names.get(&vote.user).cloned();
                (vote, voter)
            });
            Ok::<_, DbError>(named.collect())
        })?)
    }

    /// Says something about a pull request. Where there is nothing to say, nothing happens.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a vote on, or the closing of, one that is closed already.
    pub fn reply_to_pull_request(
        &self,
        request: &ReadablePullRequest,
        actor: &Actor,
        reply: &Reply<'_>,
    ) -> Result<(), Error> {
        let author = actor
            .user
            .ok_or_else(|| Error::Forbidden("Sign in to comment".into()))?;
        let (id, org) = (request.row.id, &request.org);
        self.db().write(|tx| {
            let row = pull_requests::by_id(tx, id)?.ok_or_else(|| gone(id))?;
            if row.status == PullRequestStatus::Closed
                && (reply.vote.is_some() || reply.close.is_some())
            {
                return Err(closed());
            }
            if !reply.text.is_empty() || reply.vote.is_some() {
                let comment = comment(tx, id, org.id(), author, reply.text)?;
                if let Some((Voter(of), vote)) = &reply.vote {
                    debug_assert_eq!(*of, id);
                    let changesets = row.changesets();
                    changeset_statuses::vote(
                        tx,
                        org.id(),
                        changesets,
                        author,
                        *vote,
                        comment,
                        Some(id),
                    )?;
                }
                let action = Action::CommentedPullRequest(id);
                journal::write(tx, actor, Some(org.id()), org.name(), &action)?;
            }
            if let Some(Closer(of)) = &reply.close {
                debug_assert_eq!(*of, id);
                pull_requests::set_status(tx, id, PullRequestStatus::Closed)?;
                let action = Action::ClosedPullRequest(id);
                journal::write(tx, actor, Some(org.id()), org.name(), &action)?;
            }
            Ok(())
        })
    }

    /// Opens a pull request again.
    ///
    /// # Errors
    /// [`Error::Invalid`] for one that is open.
    pub fn reopen_pull_request(
        &self,
        request: &ReadablePullRequest,
        _: &Closer,
        actor: &Actor,
    ) -> Result<(), Error> {
        let (id, org) = (request.row.id, &request.org);
        self.db().write(|tx| {
            let row = pull_requests::by_id(tx, id)?.ok_or_else(|| gone(id))?;
            if row.status != PullRequestStatus::Closed {
                return Err(Error::invalid("status", "pull request is not closed"));
            }
            pull_requests::set_status(tx, id, PullRequestStatus::New)?;
            let action = Action::ReopenedPullRequest(id);
            journal::write(tx, actor, Some(org.id()), org.name(), &action)?;
            Ok(())
        })
    }

    /// Asks reviewers, and asks others no more. Who is in both lists is not asked.
    ///
    /// # Errors
    /// [`Error::Invalid`] for one that is closed, and for visitors as reviewers.
    pub fn edit_reviewers(
        &self,
        request: &AdminOfPullRequest,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<ReviewersChanged, Error> {
        let id = request.0.row.id;
        self.db().write(|tx| {
            let row = pull_requests::by_id(tx, id)?.ok_or_else(|| gone(id))?;
            if row.status == PullRequestStatus::Closed {
                return Err(closed());
            }
            let mut changed = ReviewersChanged::default();
            for user in add {
                let user = reviewer(tx, *user)?;
                if pull_request_reviewers::add(tx, id, user.id)? {
                    changed.added.push(user.username);
                } else {
                    changed.already_present.push(user.username);
                }
            }
            for user in remove {
                let user = users::by_id(tx, *user)?.ok_or_else(|| no_user(*user))?;
                pull_request_reviewers::remove(tx, id, user.id)?;
                changed.removed.push(user.username);
            }
            Ok(changed)
        })
    }
}

/// An account that can be asked: not that of visitors.
fn reviewer(tx: &Tx<'_>, user: UserId) -> Result<db::users::User, Error> {
    let found = users::by_id(tx, user)?.ok_or_else(|| no_user(user))?;
    if found.is_default() {
        return Err(Error::invalid(
            "review_members",
            say!(
                "Invalid reviewer \"{name}\" specified",
                name = found.username
            ),
        ));
    }
    Ok(found)
}

fn comment(
    tx: &Tx<'_>,
    id: PullRequestId,
    repository: RepoId,
    author: UserId,
    text: &str,
) -> Result<db::CommentId, DbError> {
    changeset_comments::insert(
        tx,
        &NewComment {
            repository,
            revision: None,
            pull_request: Some(id),
            line: None,
            path: None,
            author,
            text,
        },
    )
}

fn gone(id: PullRequestId) -> Error {
    Error::NotFound {
        what: "Pull request",
        name: id.to_string(),
    }
}

fn no_user(id: UserId) -> Error {
    Error::NotFound {
        what: "User",
        name: id.to_string(),
    }
}

fn closed() -> Error {
    Error::invalid("status", "pull request is already closed")
}
