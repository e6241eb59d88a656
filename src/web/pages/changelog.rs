//! The list of changesets, of a repository, a branch or a file.

use model::ReadableRepository;
use render::graph::{Flags, Node, Parent, Row};
use vcs::{Changeset, GraphParent, LogQuery, RefName, Repository};

use super::revision;
use crate::frame;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{Changelog, Link, RefLink, RefPicker};
use crate::visit::Visit;
use crate::words;

/// Rows on a page when nobody asks for another number.
const DEFAULT_SIZE: usize = 100;
/// The most rows a page may have.
const MAX_SIZE: usize = 2000;
/// How many branches the filter lists.
const PICKER: usize = 30;

/// `GET /<repo>/changelog[/<revision>[/<path>]]`
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, captures: &Captures) -> Answer {
    let name = repository.name();
    let contents = visit.model.open_repository(repository)?;
    let size = visit
        .query
        .number("size")
        .unwrap_or(DEFAULT_SIZE)
        .clamp(1, MAX_SIZE);
    let page = visit.query.number::<usize>("page").unwrap_or(1).max(1);
    let branch = visit
        .query
        .get("branch")
        .filter(|branch| !branch.is_empty())
        .map(str::to_owned);
    let asked = captures.text("revision")?.to_owned();
    let f_path = revision::path(captures.bytes("f_path"))?;
    let refs = contents.refs()?;

    if let Some(branch) = &branch
        && refs.branch(branch).is_none()
    {
        // Not a branch: a tag, a bookmark or a hash, which the list up to it shows as well.
        if !asked.is_empty() {
            return Err(Problem::NotFound(format!("There is no branch {branch:?}")));
        }
        let id = revision::resolve(&contents, branch)?;
        return Ok(visit.redirect(&String::from(
            visit.url(name).join("changelog").join(id.to_string()),
        )));
    }
    let from = match asked.as_str() {
        "" | "tip" if f_path.as_bytes().is_empty() => None,
        "" => Some(revision::resolve(&contents, "tip")?),
        text => Some(revision::resolve(&contents, text)?),
    };
    let path = (!f_path.as_bytes().is_empty()).then_some(f_path);
    let query = LogQuery {
        from,
        branch: branch.as_deref().map(RefName::new),
        path: path.clone(),
        skip: (page - 1) * size,
        limit: size,
        ..LogQuery::default()
    };
    let log = contents.log(&query)?;
    let here = |n: usize| {
        let mut url = visit.url(name).join("changelog");
        if !asked.is_empty() {
            url = url.join(&asked);
        }
        if let Some(path) = &path {
            url = url.join(path.as_bytes());
        }
        if let Some(branch) = &branch {
            url = url.query("branch", branch);
        }
        if size != DEFAULT_SIZE {
            url = url.query("size", &size.to_string());
        }
        String::from(url.query("page", &n.to_string()))
    };
    let revision_link = from
        .filter(|_| !asked.is_empty() && asked != "tip")
        .map(|id| Link {
            text: words::short(visit, &id),
            url: words::changeset_url(visit, name, &id),
        });
    let lanes = if path.is_none() {
        graph(&contents, &log.changesets)?
    } else {
        Vec::new()
    };
    let narrowed = branch.is_some() || path.is_some() || revision_link.is_some();
    let view = Changelog {
        repo: frame::repository(visit, repository, log.total == 0 && !narrowed, "changelog")?,
        total: visit.tn("{n} changeset", "{n} changesets", log.total as u64, &[]),
        path: path
            .as_ref()
            .map(|path| crumbs(visit, name, &asked, path))
            .unwrap_or_default(),
        revision: revision_link,
        all_url: narrowed.then(|| visit.url(name).join("changelog").into()),
        picker: Some(picker(visit, name, &refs, branch.as_deref())),
        rows: log
            .changesets
            .iter()
            .map(|changeset| {
                words::changeset_row(visit, name, changeset, refs.labels(&changeset.id))
            })
            .collect(),
        graph_html: if lanes.is_empty() {
            String::new()
        } else {
            render::graph::svg(&lanes, Changelog::ROW_HEIGHT)
        },
        graph_width: u32::try_from(render::graph::width(&lanes)).unwrap_or(0),
        range_url: None,
        paging: words::paging(page, size, log.total, here),
        branch,
        frame: frame::frame(visit, format!("{name} Changelog"), "repositories"),
    };
    template::page(visit.language, &view)
}

/// The rows of the page as lanes.
fn graph(contents: &Repository, changesets: &[Changeset]) -> Result<Vec<Row>, Problem> {
    let ids: Vec<_> = changesets.iter().map(|changeset| changeset.id).collect();
    let nodes: Vec<Node> = contents
        .graph(&ids)?
        .into_iter()
        .map(|node| Node {
            id: node.number,
            parents: node
                .parents
                .into_iter()
                .map(|parent| match parent {
                    GraphParent::Shown(number) => Parent::Shown(number),
                    GraphParent::Hidden(number) => Parent::Hidden(number),
                })
                .collect(),
            branch: node.branch.map(|branch| branch.to_string()),
            flags: Flags {
                closing: node.closes_branch,
                obsolete: node.obsolete,
                ..Flags::default()
            },
        })
        .collect();
    Ok(render::graph::lanes(&nodes))
}

/// The parts of a path, each with its own history.
fn crumbs(visit: &Visit<'_>, repository: &str, revision: &str, path: &vcs::RepoPath) -> Vec<Link> {
    let revision = if revision.is_empty() { "tip" } else { revision };
    words::crumbs(path, |part| {
        visit
            .url(repository)
            .join("changelog")
            .join(revision)
            .join(part)
            .into()
    })
}

fn picker(
    visit: &Visit<'_>,
    repository: &str,
    refs: &vcs::Refs,
    current: Option<&str>,
) -> RefPicker {
    let all = String::from(visit.url(repository).join("changelog"));
    let branches = refs
        .branches
        .iter()
        .filter(|branch| !branch.closed)
        .take(PICKER);
    RefPicker {
        current: current.unwrap_or("All branches").to_owned(),
        kind: "branch".to_owned(),
        url_template: format!("{all}?branch={{name}}"),
        links: branches
            .map(|branch| RefLink {
                kind: "branch".to_owned(),
                text: branch.name.to_string(),
                url: visit
                    .url(repository)
                    .join("changelog")
                    .query("branch", branch.name.as_str())
                    .into(),
                current: current == Some(branch.name.as_str()),
            })
            .collect(),
    }
}
