//! Every name below a directory, for the file finder.

use std::collections::BTreeSet;

use http::header::{CACHE_CONTROL, HeaderValue, PRAGMA};
use model::ReadableRepository;
use serde_json::{Value, json};

use super::Place;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::visit::Visit;

/// `GET /<repo>/nodelist/<revision>/<directory>`: all directories, then all files, by their paths from the root. Only scripts get an
/// answer; what a path that is not UTF-8 leads to stands beside it.
pub fn names(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    if !visit.request.headers.contains_key("x-partial-xhr") {
        return Ok(Response::json(&Value::Null));
    }
    let Some(place) = Place::find(visit, repository, captures)? else {
        return Ok(Response::json(&json!({ "nodes": [] })));
    };
    let names = place.contents.file_names(&place.id, &place.path)?;
    let mut directories = BTreeSet::new();
    for path in &names.paths {
        let mut above = path.parent();
        while let Some(directory) = above {
            if directory == place.path
                || directory.is_root()
                || !directories.insert(directory.clone())
            {
                break;
            }
            above = directory.parent();
        }
    }
    let node = |path: &vcs::RepoPath, kind: &str| match std::str::from_utf8(path.as_bytes()) {
        Ok(name) => json!({"name": name, "type": kind}),
        Err(_) => json!({
            "name": path.to_string_lossy(),
            "type": kind,
            "url": place.url(visit, "files", path.as_bytes()),
        }),
    };
    let directories = directories.iter().map(|path| node(path, "dir"));
    let files = names.paths.iter().map(|path| node(path, "file"));
    let nodes: Vec<Value> = directories.chain(files).collect();
    let mut response = Response::json(&json!({ "nodes": nodes }));
    if place.revision == place.id.to_string() {
        response.headers.remove(PRAGMA);
        response = response.with(
            CACHE_CONTROL,
            HeaderValue::from_static("private, max-age=86400, immutable"),
        );
    }
    Ok(response)
}
