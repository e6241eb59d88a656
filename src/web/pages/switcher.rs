//! The JSON that the switchers of repositories and references read.

use model::{Gate, ReadableRepository};
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::visit::Visit;

/// `GET /_repos`: all groups and repositories that the viewer may read.
pub fn repositories(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let header = |name: &str| {
        visit
            .request
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let scripted = header("x-requested-with").eq_ignore_ascii_case("XMLHttpRequest");
    if !scripted && !header("accept").contains("application/json") {
        return Err(Problem::BadRequest(
            "This address answers to scripts (X-Requested-With or Accept: application/json)."
                .into(),
        ));
    }
    let gate = Gate::new(visit.model);
    let mut groups = gate.readable_groups(&visit.viewer)?;
    groups.sort_by_cached_key(|group| group.name().to_lowercase());
    let groups: Vec<Value> = groups
        .iter()
        .map(|group| json!({"id": group.name(), "text": group.name(), "type": "group", "obj": {}}))
        .collect();
    let mut repositories = gate.readable_repositories(&visit.viewer)?;
    repositories.sort_by_cached_key(|repository| repository.name().to_lowercase());
    let repositories: Vec<Value> = repositories.iter().map(entry).collect();
    let mut results = Vec::new();
    for (text, children) in [("Groups", groups), ("Repositories", repositories)] {
        if !children.is_empty() {
            results.push(json!({"text": text, "children": children}));
        }
    }
    Ok(Response::json(&json!({"more": false, "results": results})))
}

/// What the switcher uses of a repository; the remote address, which may hold a password, is not among it.
fn entry(repository: &ReadableRepository) -> Value {
    let landing = &repository.row().landing_revision;
    let (kind, name) = landing.split_once(':').unwrap_or(("rev", landing));
    json!({
        "id": repository.name(),
        "text": repository.name(),
        "type": "repo",
        "obj": {
            "repo_id": repository.id().0,
            "repo_name": repository.name(),
            "repo_type": repository.kind().as_str(),
            "private": repository.private(),
            "landing_rev": [kind, name],
        },
    })
}

/// `GET /<repo>/refs-data`: branches, tags and bookmarks.
pub fn references(visit: &mut Visit<'_>, repository: &ReadableRepository, _: &Captures) -> Answer {
    let refs = visit.model.open_repository(repository)?.refs()?;
    let child = |name: &vcs::RefName, id: &vcs::ChangesetId, kind: &str| json!({"id": id.to_string(), "text": name.as_str(), "type": kind});
    let branches = |closed: bool, kind: &'static str| -> Vec<Value> {
        let some = refs
            .branches
            .iter()
            .filter(|branch| branch.closed == closed);
        some.map(|branch| child(&branch.name, &branch.id, kind))
            .collect()
    };
    let tags = refs
        .tags
        .iter()
        .rev()
        .map(|tag| child(&tag.name, &tag.id, "tag"))
        .collect();
    let bookmarks = refs
        .bookmarks
        .iter()
        .rev()
        .map(|bookmark| child(&bookmark.name, &bookmark.id, "book"))
        .collect();
    let sections = [
        ("Branch", branches(false, "branch")),
        ("Closed Branches", branches(true, "closed-branch")),
        ("Tag", tags),
        ("Bookmark", bookmarks),
    ];
    let results: Vec<Value> = sections
        .into_iter()
        .filter(|(_, children)| !children.is_empty())
        .map(|(text, children)| json!({"text": text, "children": children}))
        .collect();
    Ok(Response::json(&json!({"more": false, "results": results})))
}
