//! The JSON that the switchers of repositories and references, and the fields for names, read.

use std::collections::HashSet;

use model::{Gate, Level, ReadableRepository, RepoId};
use serde_json::{Value, json};

use crate::i18n::t;
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::visit::Visit;
use crate::words;

/// Where nobody names a limit, everything goes out, as scripts of others expect it.
const EVERYTHING: usize = usize::MAX;
/// How many people and how many user groups are found at most.
const MOST_PEOPLE: usize = 500;
/// The size of the pictures that the answer speaks of.
const PICTURE_SIZE: u32 = 14;

/// `GET /_repos`: all groups and repositories that the viewer may read; with `query` those whose names hold it, with
/// `limit` the first ones of each kind.
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
            t("This address answers to scripts (X-Requested-With or Accept: application/json).")
                .into(),
        ));
    }
    let query = visit.query.trimmed("query").to_lowercase();
    let limit = visit.query.number("limit").unwrap_or(EVERYTHING);
    let fits = |name: &str| query.is_empty() || name.to_lowercase().contains(&query);
    let gate = Gate::new(visit.model);
    let mut groups = gate.readable_groups(&visit.viewer)?;
    groups.retain(|group| fits(group.name()));
    groups.sort_by_cached_key(|group| group.name().to_lowercase());
    let mut repositories = gate.readable_repositories(&visit.viewer)?;
    let readable: HashSet<RepoId> = repositories.iter().map(|one| one.id()).collect();
    repositories.retain(|repository| fits(repository.name()));
    repositories.sort_by_cached_key(|repository| repository.name().to_lowercase());
    let more = groups.len() > limit || repositories.len() > limit;
    let groups: Vec<Value> = groups
        .iter()
        .take(limit)
        .map(|group| json!({"id": group.name(), "text": group.name(), "type": "group", "obj": {}}))
        .collect();
    let shown = repositories.iter().take(limit);
    let repositories: Vec<Value> = shown.map(|one| entry(one, &readable)).collect();
    let mut results = Vec::new();
    for (text, children) in [(t("Groups"), groups), (t("Repositories"), repositories)] {
        // Scripts of others find both kinds at their places; ours asks for what fits and draws no empty heading.
        if (query.is_empty() && limit == EVERYTHING) || !children.is_empty() {
            results.push(json!({"text": text, "children": children}));
        }
    }
    Ok(Response::json(&json!({"more": more, "results": results})))
}

/// `GET /_users_and_groups?types=users,groups&query=…|key=…`: names for the fields that take some.
pub fn people(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let types = visit.query.get("types").unwrap_or("users");
    let wanted = |kind: &str| types.split(',').any(|word| word.trim() == kind);
    let key = visit.query.trimmed("key");
    let query = visit.query.trimmed("query");
    let mut results = Vec::new();
    if wanted("users") {
        let found = if key.is_empty() {
            visit.model.find_people(&visit.viewer, query, MOST_PEOPLE)?
        } else {
            let found = visit.model.user_by_name(key)?;
            found
                .into_iter()
                .filter(|user| user.active && !user.is_default())
                .collect()
        };
        results.extend(found.iter().map(|user| {
            json!({
                "type": "user",
                "id": user.id.0,
                "nname": user.username.as_str(),
                "fname": user.firstname,
                "lname": user.lastname,
                "gravatar_lnk": "",
                "gravatar_size": PICTURE_SIZE,
            })
        }));
    }
    if wanted("groups") && !(key.is_empty() && query.is_empty()) {
        let (exact, part) = (key.to_lowercase(), query.to_lowercase());
        let groups = Gate::new(visit.model).user_groups_with(&visit.viewer, Level::Read)?;
        let found = groups.iter().filter(|group| {
            let name = group.name().to_lowercase();
            group.row().active
                && if exact.is_empty() {
                    name.contains(&part)
                } else {
                    name == exact
                }
        });
        results.extend(
            found
                .take(MOST_PEOPLE)
                .map(|group| json!({"type": "group", "id": group.id().0, "grname": group.name()})),
        );
    }
    Ok(Response::json(&json!({"results": results})))
}

/// A repository as the original gives it: its columns, without the cache of the tip, and without the password that the
/// remote address may hold; what it was forked from, if that is readable too.
fn entry(repository: &ReadableRepository, readable: &HashSet<RepoId>) -> Value {
    let row = repository.row();
    let fork_of = row.fork_of.filter(|id| readable.contains(id));
    let landing = &row.landing_revision;
    let (kind, name) = landing.split_once(':').unwrap_or(("rev", landing));
    json!({
        "id": repository.name(),
        "text": repository.name(),
        "type": "repo",
        "obj": {
            "repo_id": repository.id().0,
            "repo_name": repository.name(),
            "repo_state": row.state.as_str(),
            "clone_uri": row.clone_uri.as_ref().map(|uri| words::without_password(uri.as_str())),
            "repo_type": repository.kind().as_str(),
            "owner_id": row.owner.0,
            "private": repository.private(),
            "enable_statistics": row.statistics,
            "enable_downloads": row.downloads,
            "description": row.description,
            "created_on": row.created_on.to_json(),
            "updated_on": row.updated_on.to_json(),
            "_landing_revision": landing,
            "landing_rev": [kind, name],
            "fork_id": fork_of.map(|id| id.0),
            "group_id": row.group.map(|id| id.0),
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
        (t("Branch"), branches(false, "branch")),
        (t("Closed Branches"), branches(true, "closed-branch")),
        (t("Tag"), tags),
        (t("Bookmark"), bookmarks),
    ];
    let results: Vec<Value> = sections
        .into_iter()
        .filter(|(_, children)| !children.is_empty())
        .map(|(text, children)| json!({"text": text, "children": children}))
        .collect();
    Ok(Response::json(&json!({"more": false, "results": results})))
}
