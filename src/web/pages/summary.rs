//! The first page of a repository.

use model::ReadableRepository;
use vcs::{ChangesetId, LogQuery, Refs, RepoPath, Repository};

use crate::frame;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{Document, Link, RefRow, Summary};
use crate::visit::Visit;
use crate::words;

/// How many changesets, branches and tags the page names.
const NEWEST: usize = 5;
/// A README beyond this is not rendered here.
const README_LIMIT: u64 = 1024 * 1024;

/// `GET /<repo>`
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, _: &Captures) -> Answer {
    let contents = visit.model.open_repository(repository)?;
    let log = contents.log(&LogQuery {
        limit: NEWEST,
        ..LogQuery::default()
    })?;
    let empty = log.total == 0;
    let refs = contents.refs()?;
    let name = repository.name();
    let landing = landing(repository, &contents);
    let readme = match &landing {
        Some((revision, id)) => readme(visit, name, &contents, revision, id)?,
        None => None,
    };
    let owner = visit.model.owner(repository.row().owner)?;
    let created = repository.row().created_on;
    let summary = Summary {
        repo: frame::repository(visit, repository, empty, "summary")?,
        readme,
        landing: landing.map(|(revision, _)| Link {
            url: visit.url(name).join("files").join(&revision).into(),
            text: revision,
        }),
        owner: owner.as_ref().map(words::user).unwrap_or_default(),
        created: Some(words::when(created.to_unix(), 0)),
        latest: log
            .changesets
            .iter()
            .map(|changeset| {
                words::changeset_row(visit, name, changeset, refs.labels(&changeset.id))
            })
            .collect(),
        changesets: Some(log.total as u64),
        branches: refs
            .branches
            .iter()
            .filter(|branch| !branch.closed)
            .take(NEWEST)
            .map(|branch| ref_row(visit, name, branch.name.as_str(), &branch.id, "branch"))
            .collect(),
        branch_count: refs.branches.iter().filter(|branch| !branch.closed).count() as u64,
        tags: tags(visit, name, &refs),
        tag_count: refs
            .tags
            .iter()
            .filter(|tag| tag.name.as_str() != "tip")
            .count() as u64,
        bookmarks: refs
            .bookmarks
            .iter()
            .map(|bookmark| {
                ref_row(
                    visit,
                    name,
                    bookmark.name.as_str(),
                    &bookmark.id,
                    "bookmark",
                )
            })
            .collect(),
        frame: frame::frame(visit, format!("{name} Summary"), "repositories"),
        ..Summary::default()
    };
    template::page(visit.language, &summary)
}

/// The landing revision, or the newest changeset when the repository has no such thing (any more).
fn landing(
    repository: &ReadableRepository,
    contents: &Repository,
) -> Option<(String, ChangesetId)> {
    let stored = &repository.row().landing_revision;
    let name = stored
        .split_once(':')
        .map_or(stored.as_str(), |(_, name)| name);
    [name, "tip"]
        .into_iter()
        .find_map(|name| Some((name.to_owned(), contents.resolve(name).ok()?)))
}

fn ref_row(
    visit: &Visit<'_>,
    repository: &str,
    name: &str,
    id: &ChangesetId,
    kind: &str,
) -> RefRow {
    let url = visit.url(repository).join("changelog");
    RefRow {
        name: name.to_owned(),
        url: if kind == "branch" {
            url.query("branch", name).into()
        } else {
            url.join(id.to_string()).into()
        },
        id: words::short(visit, id),
        changeset_url: words::changeset_url(visit, repository, id),
        when: None,
    }
}

/// The last names in order come first: with version numbers those are mostly the newest.
fn tags(visit: &Visit<'_>, repository: &str, refs: &Refs) -> Vec<RefRow> {
    let tags = refs
        .tags
        .iter()
        .rev()
        .filter(|tag| tag.name.as_str() != "tip")
        .take(NEWEST);
    tags.map(|tag| ref_row(visit, repository, tag.name.as_str(), &tag.id, "tag"))
        .collect()
}

/// The README of a directory, as HTML.
pub(super) fn readme_in(
    visit: &Visit<'_>,
    repository: &str,
    contents: &Repository,
    revision: &str,
    id: &ChangesetId,
    names: &[String],
) -> Result<Option<Document>, Problem> {
    let Some(path) = render::readme::choose(names).map(|at| &names[at]) else {
        return Ok(None);
    };
    let Ok(repo_path) = RepoPath::parse(path.as_bytes()) else {
        return Ok(None);
    };
    let node = contents.node(id, &repo_path)?;
    if !node.kind.is_file() || node.size.is_some_and(|size| size > README_LIMIT) {
        return Ok(None);
    }
    let file = contents.file(id, &repo_path)?;
    if file.is_binary() || file.symlink {
        return Ok(None);
    }
    let base = |page: &str| String::from(visit.url(repository).join(page).join(id.to_string()));
    let links = render::markup::Links {
        files: &base("files"),
        raw: &base("raw"),
        directory: path.rsplit_once('/').map_or("", |(directory, _)| directory),
    };
    let html = render::markup::render(path, &render::decode(&file.data), &links);
    Ok(html.map(|content_html| Document {
        name: model::name::last(path).to_owned(),
        url: visit
            .url(repository)
            .join("files")
            .join(revision)
            .join(path)
            .into(),
        content_html,
    }))
}

fn readme(
    visit: &Visit<'_>,
    repository: &str,
    contents: &Repository,
    revision: &str,
    id: &ChangesetId,
) -> Result<Option<Document>, Problem> {
    let mut names = Vec::new();
    for folder in std::iter::once("").chain(render::readme::FOLDERS.iter().copied()) {
        let Ok(path) = RepoPath::parse(folder.as_bytes()) else {
            continue;
        };
        let Ok(entries) = contents.directory(id, &path) else {
            continue;
        };
        let files = entries.into_iter().filter(|entry| entry.kind.is_file());
        names.extend(
            files.filter_map(|entry| String::from_utf8(entry.path.as_bytes().to_vec()).ok()),
        );
    }
    readme_in(visit, repository, contents, revision, id, &names)
}
