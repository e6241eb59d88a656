//! Reading pull requests: the right to, and what stands around them. Many cost as many statements as one.

use std::collections::{BTreeMap, HashMap};

use db::pull_requests::{self, PullRequest};
use db::{
    DbError, Level, PullRequestId, RepoId, UserId, Username, changeset_comments,
    changeset_statuses, pull_request_reviewers, repo_to_perm,
};

use super::{PullRequestDetails, ReadablePullRequest, Standing, gone};
use crate::gate::{self, Gate};
use crate::person::usernames;
use crate::{Error, Model, ReadableRepository, Viewer};

impl Gate<'_> {
    /// The right to read a pull request.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none; [`Error::Forbidden`] for those who may not read the repository that its
    /// changesets come from.
    pub fn read_pull_request(
        &self,
        viewer: &Viewer,
        id: PullRequestId,
    ) -> Result<ReadablePullRequest, Error> {
        let row = self
            .model()
            .db()
            .read(|conn| pull_requests::by_id(conn, id))?;
        let row = row.ok_or_else(|| gone(id))?;
        let readable = self.read_pull_requests(viewer, vec![row])?.pop();
        readable.ok_or_else(|| Error::Forbidden("not allowed".into()))
    }

    /// The right to read these pull requests, in their order; without those whose source the viewer may not read.
    fn read_pull_requests(
        &self,
        viewer: &Viewer,
        rows: Vec<PullRequest>,
    ) -> Result<Vec<ReadablePullRequest>, Error> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<PullRequestId> = rows.iter().map(|row| row.id).collect();
        let sides = rows
            .iter()
            .flat_map(|row| [row.org_repository, row.other_repository]);
        let mut sides: Vec<RepoId> = sides.collect();
        sides.sort_unstable();
        sides.dedup();
        let (found, mut reviewers) = self.model().db().read(|conn| {
            let found = repo_to_perm::by_ids(conn, viewer.user_id(), &sides)?;
            let reviewers = pull_request_reviewers::of_pull_requests(conn, &ids)?;
            Ok::<_, DbError>((found, reviewers))
        })?;
        let sides: HashMap<RepoId, _> = found
            .into_iter()
            .map(|found| {
                let row = found.repository.clone();
                let (_, right) = gate::repository_right(viewer, found);
                (row.id, (row, right))
            })
            .collect();
        let user = viewer.signed_in().map(|user| user.id);
        let readable = rows.into_iter().filter_map(|row| {
            let (_, org) = sides.get(&row.org_repository)?;
            let org: ReadableRepository = org.clone()?;
            let other = sides.get(&row.other_repository);
            let reviewers = reviewers.remove(&row.id).unwrap_or_default();
            Some(ReadablePullRequest {
                standing: Standing {
                    site_admin: viewer.is_admin(),
                    owner: user == Some(row.owner),
                    reviewer: user.is_some_and(|user| reviewers.contains(&user)),
                    admin_of_other: other
                        .and_then(|(_, right)| right.as_ref())
                        .is_some_and(|right| right.level() >= Level::Admin),
                },
                other: other.map(|(row, _)| row.clone()),
                row,
                org,
                reviewers,
            })
        });
        Ok(readable.collect())
    }
}

impl Model {
    /// The pull requests to a repository, open and closed, of which the viewer may read where they come from.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn pull_requests_to(
        &self,
        viewer: &Viewer,
        repository: &ReadableRepository,
    ) -> Result<Vec<ReadablePullRequest>, Error> {
        let rows = self
            .db()
            .read(|conn| pull_requests::to_repository(conn, repository.id()))?;
        Gate::new(self).read_pull_requests(viewer, rows)
    }

    /// The pull requests from a repository, open and closed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn pull_requests_from(
        &self,
        viewer: &Viewer,
        repository: &ReadableRepository,
    ) -> Result<Vec<ReadablePullRequest>, Error> {
        let rows = self
            .db()
            .read(|conn| pull_requests::from_repository(conn, repository.id()))?;
        Gate::new(self).read_pull_requests(viewer, rows)
    }

    /// Everything about these pull requests that is not in their own rows, in the same order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn pull_request_details(
        &self,
        requests: &[ReadablePullRequest],
    ) -> Result<Vec<PullRequestDetails>, Error> {
        let ids: Vec<PullRequestId> = requests.iter().map(|request| request.row.id).collect();
        let (mut comments, mut statuses, names) = self.db().read(|conn| {
            let comments = changeset_comments::of_pull_requests(conn, &ids)?;
            let statuses = changeset_statuses::of_pull_requests(conn, &ids)?;
            let authors = comments.values().flatten().map(|comment| comment.author);
            let voters = statuses.values().flatten().map(|status| status.user);
            let asked = requests
                .iter()
                .flat_map(|request| request.reviewers.iter().copied().chain([request.row.owner]));
            let names: BTreeMap<UserId, Username> =
                usernames(conn, authors.chain(voters).chain(asked))?;
            Ok::<_, DbError>((comments, statuses, names))
        })?;
        let name = |user: UserId| names.get(&user).cloned();
        let details = requests.iter().map(|request| {
            let comments = comments.remove(&request.row.id).unwrap_or_default();
            let statuses = statuses.remove(&request.row.id).unwrap_or_default();
            PullRequestDetails {
                owner: name(request.row.owner),
                reviewers: request.reviewers.iter().copied().filter_map(name).collect(),
                comments: comments
                    .into_iter()
                    .map(|comment| {
                        let author = name(comment.author);
                        (comment, author)
                    })
                    .collect(),
                statuses: statuses
                    .into_iter()
                    .map(|status| {
                        let voter = name(status.user);
                        (status, voter)
                    })
                    .collect(),
            }
        });
        Ok(details.collect())
    }
}
