//! Pull requests: read, commented and voted on as in 0.7; made, listed, closed and opened again, which 0.7 has pages for.

use db::PullRequestId;
use db::changeset_statuses::Vote;
use model::clone_url;
use model::pull_request::{NewPullRequest, PullRequestDetails, ReadablePullRequest, Reply};
use serde_json::{Value, json};

use super::arguments::Default as Or;
use super::arguments::Kind::{Id, Ids, Text};
use super::arguments::{Parameter, optional, or, required, switch};
use super::changesets::vote;
use super::fault::{Fault, Words};
use super::methods::Run::Any;
use super::methods::{Answer, Call, Method};
use super::shapes;
use crate::path::Url;

const REQUEST: Parameter = required("pull_request_id", Id, "The pull request.");
const READ: &str = "read permission on the repository that the changesets come from";
const CLOSE: &str = "the owner of the pull request or an administrator";

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "get_pullrequest",
        doc: "A pull request with everything that was said and voted.",
        needs: READ,
        parameters: &[required("pullrequest_id", Id, "The pull request.")],
        result: "Pull request",
        run: Any(get),
    },
    Method {
        name: "comment_pullrequest",
        doc: "Comments on a pull request, votes on it, closes it: what is given.",
        needs: "read permission on the repository that the changesets come from; to vote the owner, a reviewer or an administrator; to close the owner or an administrator",
        parameters: &[
            REQUEST,
            or("comment_msg", Text, Or::Text(""), "The comment."),
            optional(
                "status",
                Text,
                "The vote: not_reviewed, under_review, approved or rejected.",
            ),
            switch("close_pr", "Whether it is closed."),
        ],
        result: "true",
        run: Any(comment),
    },
    Method {
        name: "edit_reviewers",
        doc: "Asks reviewers, and asks others no more.",
        needs: "the owner of the pull request, admin permission on the repository that the changesets go to, or administrator",
        parameters: &[
            REQUEST,
            optional("add", Ids, "Who is asked."),
            optional("remove", Ids, "Who is asked no more."),
        ],
        result: "{added, already_present, removed: [user name]}",
        run: Any(edit_reviewers),
    },
    Method {
        name: "get_pullrequests",
        doc: "The pull requests to a repository, and from it if asked, newest first.",
        needs: "read permission on the repository and on those that the changesets come from",
        parameters: &[
            required("repoid", Id, "The repository."),
            switch(
                "from_repo",
                "Those from the repository and not those to it.",
            ),
            or("status", Text, Or::Text("new"), "new, closed or all."),
        ],
        result: "[Pull request]",
        run: Any(list),
    },
    Method {
        name: "create_pullrequest",
        doc: "Offers what one repository has and another has not.",
        needs: "read permission on both repositories",
        parameters: &[
            required(
                "org_repo",
                Id,
                "The repository that the changesets come from.",
            ),
            required(
                "org_ref",
                Text,
                "A branch, bookmark, tag or changeset in it; branch:name and the like say which.",
            ),
            required("other_repo", Id, "The repository that they shall go to."),
            required(
                "other_ref",
                Text,
                "A branch, bookmark, tag or changeset in it.",
            ),
            or("title", Text, Or::Text(""), "Empty: both names."),
            or("description", Text, Or::Text(""), "Any text."),
            optional("reviewers", Ids, "Who is asked to vote."),
        ],
        result: "{msg, pull_request: Pull request}",
        run: Any(create),
    },
    Method {
        name: "close_pullrequest",
        doc: "Closes a pull request.",
        needs: CLOSE,
        parameters: &[REQUEST],
        result: "{msg, pull_request: Pull request}",
        run: Any(close),
    },
    Method {
        name: "reopen_pullrequest",
        doc: "Opens a closed pull request again.",
        needs: CLOSE,
        parameters: &[REQUEST],
        result: "{msg, pull_request: Pull request}",
        run: Any(reopen),
    },
];

/// The pull request of an argument, with the words for one that the caller may not read.
fn find(call: &Call<'_>, name: &str, denied: &str) -> Result<ReadablePullRequest, Fault> {
    use super::arguments::LookUp::Number;
    let id = call.args.id(name);
    let missing = || Fault::missing("pull request", &id);
    let Number(number) = id.look_up() else {
        return Err(missing());
    };
    call.gate
        .read_pull_request(&call.viewer, PullRequestId(number))
        .map_err(|error| match error {
            model::Error::NotFound { .. } => missing(),
            model::Error::Forbidden(_) => Fault::said(denied),
            error => error.into(),
        })
}

/// A pull request with everything about it.
pub(super) fn shown(call: &Call<'_>, request: &ReadablePullRequest) -> Answer {
    let shapes = all_shown(call, std::slice::from_ref(request))?;
    shapes
        .into_iter()
        .next()
        .ok_or_else(|| Fault::missing("pull request", request.id()))
}

/// The same of many, in the same order.
pub(super) fn all_shown(
    call: &Call<'_>,
    requests: &[ReadablePullRequest],
) -> Result<Vec<Value>, Fault> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let details = call.model.pull_request_details(requests)?;
    let settings = call.model.settings_given(true)?;
    let template = &settings.clone_uri_template;
    let shapes = requests.iter().zip(&details);
    Ok(shapes
        .map(|(request, details)| shape(call, request, details, template))
        .collect())
}

fn shape(
    call: &Call<'_>,
    request: &ReadablePullRequest,
    details: &PullRequestDetails,
    template: &str,
) -> Value {
    let row = request.row();
    let org = request.org();
    let parts = |(kind, name, id): (&str, &str, &str)| json!([kind, name, id]);
    let other = request.other_name().unwrap_or_default();
    let url = Url::below(&call.peer.script_name)
        .join(other)
        .join("pull-request")
        .join(row.id.to_string())
        .join("_")
        .join(request.slug());
    let base = call.base_url();
    let name = |name: &Option<db::Username>| json!(name.as_ref().map(|name| name.as_str()));
    let comments = details.comments.iter().map(|(comment, author)| {
        json!({
            "comment_id": comment.id.0,
            "username": name(author),
            "text": comment.text,
        })
    });
    let reviewers = details.reviewers.iter();
    let reviewers = reviewers.map(|name| json!({"username": name.as_str()}));
    let statuses = details.statuses.iter();
    let statuses = statuses.map(|(status, voter)| vote(status, voter));
    json!({
        "pull_request_id": row.id.0,
        "url": String::from(url),
        "reviewers": reviewers.collect::<Value>(),
        "revisions": row.changesets().collect::<Vec<_>>(),
        "owner": name(&details.owner),
        "title": row.title,
        "description": row.description,
        "org_repo_url": clone_url(template, &base, None, org.name(), org.id()),
        "org_ref_parts": parts(row.org()),
        "other_ref_parts": parts(row.other()),
        "status": row.status.as_str(),
        "comments": comments.collect::<Value>(),
        "statuses": statuses.collect::<Value>(),
        "created_on": shapes::seconds(row.created_on),
        "updated_on": shapes::seconds(row.updated_on),
    })
}

fn get(call: &Call<'_>) -> Answer {
    shown(call, &find(call, "pullrequest_id", "not allowed")?)
}

const NO_COMMENT: &str = "No permission to add comment. User needs at least reading permissions to the source repository.";
const NO_CLOSE: &str = "No permission to close pull request. User needs to be admin or owner.";
const NO_VOTE: &str =
    "No permission to change pull request status. User needs to be admin, owner or reviewer.";
const NO_EDIT: &str = "No permission to edit reviewers of this pull request. User needs to be admin or pull request owner.";

fn comment(call: &Call<'_>) -> Answer {
    let request = find(call, "pull_request_id", NO_COMMENT)?;
    let close = call.args.flag("close_pr");
    let word = call.args.text("status").filter(|word| !word.is_empty());
    let closer = match close {
        true => Some(request.closer().ok_or_else(|| Fault::said(NO_CLOSE))?),
        false => None,
    };
    let voter = match word {
        Some(_) => Some(request.voter().ok_or_else(|| Fault::said(NO_VOTE))?),
        None => None,
    };
    if request.closed() {
        return Err(Fault::said("pull request is already closed"));
    }
    let voted = match (word, voter) {
        (Some(word), Some(voter)) => {
            let vote = Vote::from_word(word).ok_or_else(|| {
                Fault::said(format!(
                    "status must be one of not_reviewed,under_review,approved,rejected and not `{word}`"
                ))
            })?;
            Some((voter, vote))
        }
        _ => None,
    };
    let reply = Reply {
        text: call.args.needed("comment_msg").trim(),
        vote: voted,
        close: closer,
    };
    call.model
        .reply_to_pull_request(&request, &call.actor(), &reply)?;
    Ok(json!(true))
}

fn edit_reviewers(call: &Call<'_>) -> Answer {
    let (add, remove) = (call.args.ids("add"), call.args.ids("remove"));
    if add.is_none() && remove.is_none() {
        return Err(Fault::said(
            "Invalid request. Neither 'add' nor 'remove' is specified.",
        ));
    }
    let request = find(call, "pull_request_id", NO_EDIT)?;
    let right = request
        .administrable()
        .ok_or_else(|| Fault::said(NO_EDIT))?;
    if request.closed() {
        return Err(Fault::said(
            "Cannot edit reviewers of a closed pull request.",
        ));
    }
    let users = |ids: Option<Vec<super::arguments::Id>>| -> Result<Vec<_>, Fault> {
        let mut users = Vec::new();
        for id in ids.unwrap_or_default() {
            let user = call.find_user(&id)?.id;
            // Somebody may be named twice, by name and by id.
            if !users.contains(&user) {
                users.push(user);
            }
        }
        Ok(users)
    };
    let changed = call
        .model
        .edit_reviewers(&right, &users(add)?, &users(remove)?)
        .or_explain(|| "failed to edit reviewers".into())?;
    let names = |names: &[db::Username]| -> Value {
        names.iter().map(|name| json!(name.as_str())).collect()
    };
    Ok(json!({
        "added": names(&changed.added),
        "already_present": names(&changed.already_present),
        "removed": names(&changed.removed),
    }))
}

fn list(call: &Call<'_>) -> Answer {
    let repository = call.repository()?;
    let closed = match call.args.needed("status") {
        "new" => Some(false),
        "closed" => Some(true),
        "all" => None,
        _ => return Err(Fault::said("status must be one of new,closed,all")),
    };
    let mut requests = if call.args.flag("from_repo") {
        call.model.pull_requests_from(&call.viewer, &repository)?
    } else {
        call.model.pull_requests_to(&call.viewer, &repository)?
    };
    requests.retain(|request| closed.is_none_or(|closed| request.closed() == closed));
    requests.reverse();
    Ok(all_shown(call, &requests)?.into())
}

fn create(call: &Call<'_>) -> Answer {
    let args = &call.args;
    let org = call.find_repository(&args.id("org_repo"))?;
    let other = call.find_repository(&args.id("other_repo"))?;
    let mut reviewers = Vec::new();
    for id in args.ids("reviewers").unwrap_or_default() {
        reviewers.push(call.find_user(&id)?.id);
    }
    let new = NewPullRequest {
        org_ref: args.needed("org_ref"),
        other_ref: args.needed("other_ref"),
        title: args.needed("title"),
        description: args.needed("description"),
        reviewers: &reviewers,
    };
    let id = call
        .model
        .create_pull_request(&call.user, &call.actor(), &org, &other, &new)
        .or_explain(|| "failed to create pull request".into())?;
    let request = call.gate.read_pull_request(&call.viewer, id)?;
    Ok(json!({
        "msg": format!("created pull request {id}"),
        "pull_request": shown(call, &request)?,
    }))
}

fn close(call: &Call<'_>) -> Answer {
    let request = find(call, "pull_request_id", "not allowed")?;
    let closer = request.closer().ok_or_else(|| Fault::said(NO_CLOSE))?;
    if request.closed() {
        return Err(Fault::said("pull request is already closed"));
    }
    let reply = Reply {
        close: Some(closer),
        ..Reply::default()
    };
    call.model
        .reply_to_pull_request(&request, &call.actor(), &reply)?;
    changed(call, &request, "closed")
}

fn reopen(call: &Call<'_>) -> Answer {
    let request = find(call, "pull_request_id", "not allowed")?;
    let closer = request
        .closer()
        .ok_or_else(|| Fault::said(NO_CLOSE.replace("close", "reopen")))?;
    if !request.closed() {
        return Err(Fault::said("pull request is not closed"));
    }
    call.model
        .reopen_pull_request(&request, &closer, &call.actor())?;
    changed(call, &request, "reopened")
}

fn changed(call: &Call<'_>, request: &ReadablePullRequest, what: &str) -> Answer {
    let request = call.gate.read_pull_request(&call.viewer, request.id())?;
    Ok(json!({
        "msg": format!("{what} pull request {}", request.id()),
        "pull_request": shown(call, &request)?,
    }))
}
