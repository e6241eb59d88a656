//! The history of a file as the choosers of the file page read it, and who wrote it.

use model::ReadableRepository;
use serde_json::{Value, json};
use vcs::{ChangesetId, NodeKind};

use super::{Place, nothing_yet};
use crate::frame;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{AuthorRow, Authors, AuthorsPiece};
use crate::visit::Visit;
use crate::words;

/// How many changesets the chooser offers.
const MOST: usize = 500;

/// Whether a person's browser goes to an address, not a script of ours or a program.
fn is_navigation(visit: &Visit<'_>) -> bool {
    let headers = &visit.request.headers;
    let wants_html = headers
        .get(http::header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    wants_html
        && !headers.contains_key("x-requested-with")
        && !headers.contains_key("x-partial-xhr")
}

/// `GET /<repo>/history/<revision>/<path>`: JSON for programs; people are led to the page with the same list.
pub fn history(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    let Some(place) = Place::find(visit, repository, captures)? else {
        return Err(nothing_yet(visit));
    };
    let node = place.contents.node(&place.id, &place.path)?;
    if is_navigation(visit) {
        let page = place.url(visit, "changelog", place.path.as_bytes());
        return Ok(visit.redirect(&page));
    }
    if !node.kind.is_file() {
        return Ok(Response::json(&Value::Null));
    }
    // As in the original, what came later counts too, as long as the file is still there.
    let tip = place.contents.resolve("tip")?;
    let from = match place.contents.node(&tip, &place.path) {
        Ok(_) => tip,
        Err(_) => place.id,
    };
    let steps = place
        .contents
        .file_history(&from, &place.path, 0, MOST)?
        .steps;
    let refs = place.contents.refs()?;
    let mut changesets = Vec::with_capacity(steps.len());
    for step in &steps {
        let changeset = place.contents.changeset(&step.id)?;
        let heads = &refs.labels(&step.id).branches;
        let branch = changeset.branch.as_ref().or(heads.first());
        let branch = branch.map_or("None", |branch| branch.as_str());
        changesets.push(json!({
            "id": step.id.to_string(),
            "text": format!("{} ({branch})", words::numbered(visit, &place.contents, &step.id)),
        }));
    }
    let child = |id: &ChangesetId, name: &vcs::RefName| json!({"id": id.to_string(), "text": name.as_str()});
    let branches: Vec<Value> = refs
        .branches
        .iter()
        .filter(|branch| !branch.closed)
        .map(|branch| child(&branch.id, &branch.name))
        .collect();
    let tags: Vec<Value> = refs
        .tags
        .iter()
        .rev()
        .map(|tag| child(&tag.id, &tag.name))
        .collect();
    Ok(Response::json(&json!({
        "more": false,
        "results": [
            {"text": "Changesets", "children": changesets},
            {"text": "Branches", "children": branches},
            {"text": "Tags", "children": tags},
        ],
    })))
}

/// `GET /<repo>/authors/<revision>/<path>`: a piece of a page for scripts, JSON for those who ask for it, a page for people.
pub fn authors(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    let Some(place) = Place::find(visit, repository, captures)? else {
        return Err(nothing_yet(visit));
    };
    let node = place.contents.node(&place.id, &place.path)?;
    let is_file = matches!(node.kind, NodeKind::File { .. } | NodeKind::Symlink);
    let authors = if is_file {
        place.contents.authors(&place.id, &place.path)?
    } else {
        Vec::new()
    };
    let wants_json = visit
        .request
        .headers
        .get(http::header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"));
    if wants_json {
        let list: Vec<Value> = authors
            .iter()
            .map(|author| {
                json!({
                    "name": author.person.name,
                    "email": author.person.email,
                    "changesets": author.changesets,
                })
            })
            .collect();
        return Ok(Response::json(&json!({ "authors": list })));
    }
    let rows: Vec<AuthorRow> = authors
        .iter()
        .map(|author| AuthorRow {
            person: words::author(&author.person),
            changesets: author.changesets as u64,
        })
        .collect();
    if !is_navigation(visit) {
        if !is_file {
            return Ok(Response::html(http::StatusCode::OK, String::new()));
        }
        return template::page(visit.language, &AuthorsPiece { authors: rows });
    }
    let refs = place.contents.refs()?;
    let view = Authors {
        repo: frame::repository(visit, place.right, false, "files")?,
        crumbs: place.crumbs(visit),
        root_url: place.url(visit, "files", b""),
        picker: place.picker(visit, &refs, "authors"),
        path: place.path.to_string(),
        file_url: place.url(visit, "files", place.path.as_bytes()),
        authors: rows,
        frame: frame::frame(visit, place.title(), "repositories"),
    };
    template::page(visit.language, &view)
}
