//! Offering changesets: which ones they are, and the rows of a new pull request.

use db::changeset_statuses::{self, Vote};
use db::{PullRequestId, UserId, pull_request_reviewers, pull_requests};
use vcs::compare::{Comparison, End};
use vcs::{ChangesetId, ReadError, Repository, RevisionError};

use super::{comment, reviewer};
use crate::journal::{self, Action, Actor};
use crate::{Error, Model, ReadableRepository, User, name, say};

/// As many ids are kept in one pull request: the column holds 64 KiB on MySQL.
const MOST_OFFERED: usize = 1_500;

/// What a new pull request is made of.
#[derive(Debug, Clone, Copy)]
pub struct NewPullRequest<'a> {
    /// A branch, bookmark, tag or id in the repository that the changesets come from.
    pub org_ref: &'a str,
    /// One in the repository that they shall go to.
    pub other_ref: &'a str,
    /// Empty: made from both names.
    pub title: &'a str,
    /// Empty: `No description`.
    pub description: &'a str,
    /// Who is asked to vote.
    pub reviewers: &'a [UserId],
}

/// One side: what was asked for and what it is.
struct Side {
    kind: &'static str,
    name: String,
    id: ChangesetId,
}

impl Model {
    /// Offers what one repository has and the other has not.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `org_ref` or `other_ref` when there is no such name or nothing to offer, on `other_repo` for
    /// repositories that have no history in common.
    pub fn create_pull_request(
        &self,
        owner: &User,
        actor: &Actor,
        org: &ReadableRepository,
        other: &ReadableRepository,
        new: &NewPullRequest<'_>,
    ) -> Result<PullRequestId, Error> {
        if org.kind() != other.kind() {
            return Err(Error::invalid(
                "other_repo",
                "Both repositories must be of the same type",
            ));
        }
        let contents = self.open_repository(org)?;
        let target = self.open_repository(other)?;
        let from = side(&contents, "org_ref", new.org_ref)?;
        let to = side(&target, "other_ref", new.other_ref)?;
        let (ancestor, offered) = offered(&contents, &target, &from.id, &to.id)?;
        let title = match new.title.trim() {
            "" if org.id() == other.id() => format!("{} to {}", from.name, to.name),
            "" => format!(
                "{}#{} to {}#{}",
                name::last(org.name()),
                from.name,
                name::last(other.name()),
                to.name
            ),
            title => title.to_owned(),
        };
        let description = match new.description.trim() {
            "" => "No description",
            description => description,
        };
        let org_ref = format!("{}:{}:{}", from.kind, from.name, from.id);
        let other_ref = format!("{}:{}:{ancestor}", to.kind, to.name);
        for (field, text) in [
            ("title", &title),
            ("org_ref", &org_ref),
            ("other_ref", &other_ref),
        ] {
            if text.chars().count() > 255 {
                return Err(Error::invalid(field, "Enter at most 255 characters"));
            }
        }
        let revisions: Vec<String> = offered.iter().map(ChangesetId::to_string).collect();
        let id = self.db().write(|tx| {
            let id = pull_requests::insert(
                tx,
                &pull_requests::NewPullRequest {
                    title: &title,
                    description,
                    owner: owner.id,
                    revisions: &revisions.join(":"),
                    org_repository: org.id(),
                    org_ref: &org_ref,
                    other_repository: other.id(),
                    other_ref: &other_ref,
                },
            )?;
            for user in new.reviewers {
                let user = reviewer(tx, *user)?;
                pull_request_reviewers::add(tx, id, user.id)?;
            }
            // As the original does, so that it shows the changesets as under review.
            let comment = comment(tx, id, org.id(), owner.id, "")?;
            changeset_statuses::vote(
                tx,
                org.id(),
                revisions.iter().map(String::as_str),
                owner.id,
                Vote::UnderReview,
                comment,
                Some(id),
            )?;
            let action = Action::CommentedPullRequest(id);
            journal::write(tx, actor, Some(org.id()), org.name(), &action)?;
            Ok::<_, Error>(id)
        })?;
        self.tell_of_pull_request(id, owner);
        Ok(id)
    }
}

/// Finds what a name means, in the order branch, bookmark, tag, anything else.
fn side(repository: &Repository, field: &'static str, asked: &str) -> Result<Side, Error> {
    let refs = repository.refs().map_err(read)?;
    // As forms and the original's rows write it: `branch:default`, perhaps with an id behind it.
    let (wanted, name) = match asked.split_once(':') {
        Some((kind @ ("branch" | "book" | "tag" | "rev"), name)) => (Some(kind), name),
        _ => (None, asked),
    };
    let is = |kind: &str| wanted.is_none_or(|wanted| wanted == kind);
    let found = None
        .or_else(|| {
            refs.branch(name)
                .filter(|_| is("branch"))
                .map(|b| ("branch", b.id))
        })
        .or_else(|| {
            refs.bookmark(name)
                .filter(|_| is("book"))
                .map(|b| ("book", b.id))
        })
        .or_else(|| refs.tag(name).filter(|_| is("tag")).map(|t| ("tag", t.id)));
    if let Some((kind, id)) = found {
        return Ok(Side {
            kind,
            name: name.to_owned(),
            id,
        });
    }
    let id = repository.resolve(name).map_err(|error| match error {
        RevisionError::Read(error) => read(error),
        error => Error::invalid(field, error.to_string()),
    })?;
    // What was given as an id is kept as the branch it is on, where it is on one that has a name.
    let branch = repository.changeset(&id).map_err(read)?.branch;
    let kind = if branch.is_some() { "branch" } else { "rev" };
    let name = branch.map_or_else(|| id.to_string(), |branch| branch.as_str().to_owned());
    Ok(Side { kind, name, id })
}

/// What `from` reaches and `to` does not, oldest first, and the newest changeset that both reach.
fn offered(
    org: &Repository,
    other: &Repository,
    from: &ChangesetId,
    to: &ChangesetId,
) -> Result<(ChangesetId, Vec<ChangesetId>), Error> {
    let end = |repository, id: &ChangesetId| End {
        repository,
        id: Some(*id),
    };
    let compared = Comparison::new(end(other, to), end(org, from));
    let sides = compared
        .map_err(|error| {
            Error::Program(format!("the repositories cannot be compared: {error}").into())
        })?
        .sides()
        .map_err(read)?;
    let ancestor = match sides.ancestors[..] {
        [ancestor] => ancestor,
        [] => {
            return Err(Error::invalid(
                "other_repo",
                "The repositories have no changesets in common",
            ));
        }
        _ => {
            return Err(Error::invalid(
                "org_ref",
                "Both sides have merged each other. Merge a later revision of the target into the source first.",
            ));
        }
    };
    let mut offered = sides.ahead;
    offered.reverse();
    if offered.is_empty() {
        return Err(Error::invalid(
            "org_ref",
            "Cannot create empty pull request",
        ));
    }
    if offered.len() > MOST_OFFERED {
        return Err(Error::invalid(
            "org_ref",
            say!(
                "A pull request holds at most {n} changesets",
                n = MOST_OFFERED
            ),
        ));
    }
    Ok((ancestor, offered))
}

fn read(error: ReadError) -> Error {
    Error::Program(format!("the repository cannot be read: {error}").into())
}
