//! Changesets for scripts: parents, children, and the words of a tooltip.

use model::{Gate, ReadableRepository};
use serde_json::{Value, json};
use vcs::{Changeset, ChangesetId, Repository};

use super::revision;
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::visit::Visit;

/// `GET /<repo>/changeset_children/<revision>`
pub fn children(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    related(visit, repository, captures, |contents, id| {
        contents.children(id)
    })
}

/// `GET /<repo>/changeset_parents/<revision>`
pub fn parents(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    related(visit, repository, captures, |contents, id| {
        contents.parents(id)
    })
}

fn related(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
    of: impl Fn(&Repository, &ChangesetId) -> Result<Vec<ChangesetId>, vcs::ReadError>,
) -> Answer {
    scripts_only(visit)?;
    let contents = visit.model.open_repository(repository)?;
    let id = revision::resolve(&contents, captures.text("revision")?)?;
    let mut results = Vec::new();
    for id in of(&contents, &id)? {
        results.push(one(&contents, &contents.changeset(&id)?)?);
    }
    Ok(Response::json(&json!({ "results": results })))
}

/// `GET /changeset_info/<repo>/<revision>`
pub fn info(visit: &mut Visit<'_>, captures: &Captures) -> Answer {
    scripts_only(visit)?;
    let rest = captures.text("changeset")?;
    // Names of branches may hold slashes, so the longest name of a repository decides.
    let ends: Vec<usize> = rest.match_indices('/').map(|(at, _)| at).rev().collect();
    let names: Vec<&str> = ends.iter().map(|end| &rest[..*end]).collect();
    let found = Gate::new(visit.model).find_repository(&visit.viewer, &names)?;
    let nothing = || Problem::NotFound(visit.tf("There is nothing at {path}", &[("path", &rest)]));
    let (name, right) = found.ok_or_else(nothing)?;
    let repository = right.ok_or_else(nothing)?;
    let text = rest.get(name.len() + 1..).unwrap_or_default();
    let contents = visit.model.open_repository(&repository)?;
    let value = match revision::resolve(&contents, text) {
        Ok(id) => one(&contents, &contents.changeset(&id)?)?,
        Err(Problem::NotFound(message)) => json!({
            "short_id": ChangesetId::NULL.short(),
            "raw_id": ChangesetId::NULL.to_string(),
            "revision": -1,
            "message": message,
            "date": "1970-01-01T00:00:00",
            "author": "",
        }),
        Err(problem) => return Err(problem),
    };
    Ok(Response::json(&value))
}

fn one(contents: &Repository, changeset: &Changeset) -> Result<Value, Problem> {
    let date = jiff::Timestamp::from_second(changeset.date.seconds).unwrap_or_default();
    let date = date.to_zoned(jiff::tz::TimeZone::system());
    Ok(json!({
        "short_id": changeset.id.short(),
        "raw_id": changeset.id.to_string(),
        "revision": contents.number_of(&changeset.id)?,
        "message": changeset.message,
        "date": date.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        "author": changeset.author.raw,
    }))
}

/// These answers are for scripts; a person who follows a link to one shall not be left with them.
fn scripts_only(visit: &Visit<'_>) -> Result<(), Problem> {
    let header = |name: &str| {
        let value = visit.request.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let scripted = header("x-requested-with").eq_ignore_ascii_case("XMLHttpRequest");
    if scripted || header("accept").contains("application/json") {
        return Ok(());
    }
    Err(Problem::BadRequest(
        "This address answers to scripts (X-Requested-With or Accept: application/json).".into(),
    ))
}
