//! Every name below a directory, for the file finder.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use http::header::{CACHE_CONTROL, HeaderValue, PRAGMA};
use model::ReadableRepository;
use serde_json::{Value, json};

use super::Place;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::visit::Visit;

/// `GET /<repo>/nodelist/<revision>/<directory>`: all directories, then all files, those of a directory before those of the
/// directories in it. Only scripts get an answer; what a path that is not UTF-8 leads to stands beside it.
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
    let mut files: Vec<_> = names.paths.iter().collect();
    files.sort_by(|a, b| walked(a.as_bytes(), b.as_bytes()));
    let files = files.into_iter().map(|path| node(path, "file"));
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

/// The order of a walk that names the files of a directory before it goes down into the next one.
fn walked(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a.split(|c| *c == b'/'), b.split(|c| *c == b'/'));
    let (mut at_a, mut at_b) = (a.next(), b.next());
    loop {
        let (below_a, below_b) = (a.next(), b.next());
        match (below_a.is_some(), below_b.is_some()) {
            (false, true) => return Ordering::Less,
            (true, false) => return Ordering::Greater,
            (false, false) => return at_a.cmp(&at_b),
            (true, true) if at_a != at_b => return at_a.cmp(&at_b),
            (true, true) => (at_a, at_b) = (below_a, below_b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_before_what_lies_deeper() {
        let mut names = ["a/b/c", "z", "a/z", "a/b/a", "b", "a.b/c"];
        names.sort_by(|a, b| walked(a.as_bytes(), b.as_bytes()));
        assert_eq!(names, ["b", "z", "a/z", "a/b/a", "a/b/c", "a.b/c"]);
    }
}
