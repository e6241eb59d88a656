//! The first page of a repository.

use model::ReadableRepository;
use vcs::{ChangesetId, LogQuery, Refs, RepoPath, Repository};

use super::{readme, statistics};
use crate::feed;
use crate::frame;
use crate::people::People;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{Document, Link, RefRow, Summary, SummaryFacts};
use crate::visit::Visit;
use crate::words;

/// How many branches and tags the page names.
const NEWEST: usize = 5;
/// How many changesets, when nobody asks for another number.
const CHANGESETS: usize = 10;
/// The most changesets a page may have.
const MOST_CHANGESETS: usize = 2000;

/// `GET /<repo>`
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, _: &Captures) -> Answer {
    let contents = visit.model.open_repository(repository)?;
    let size = visit.query.number("size").unwrap_or(CHANGESETS);
    let size = size.clamp(1, MOST_CHANGESETS);
    let page = visit.query.number::<usize>("page").unwrap_or(1).max(1);
    let some = |page: usize| LogQuery {
        skip: (page - 1).saturating_mul(size),
        limit: size,
        ..LogQuery::default()
    };
    let mut log = contents.log(&some(page))?;
    let last = log.total.div_ceil(size).max(1);
    let page = page.min(last);
    if log.changesets.is_empty() && log.total > 0 {
        log = contents.log(&some(page))?;
    }
    let empty = log.total == 0;
    let refs = contents.refs()?;
    let name = repository.name();
    let landing = landing(repository, &contents);
    let readme = match &landing {
        Some((revision, id)) => readme_of_landing(visit, name, &contents, revision, id)?,
        None => None,
    };
    let created = repository.row().created_on;
    let facts = if empty {
        Some(SummaryFacts::default())
    } else {
        statistics::summary(visit, repository, &contents)?
    };
    let tree = landing
        .as_ref()
        .and_then(|(_, id)| visit.model.known_tree_facts(&contents, id));
    if !empty && (tree.is_none() || facts.is_none()) {
        statistics::count_later(visit, repository);
    }
    let signed_in = visit.viewer.signed_in().is_some();
    let people = People::find(visit, log.changesets.iter().map(|one| &one.author))?;
    let feeds = feed::links(visit, &format!("{name}/feed"), name)?;
    let mut frame = frame::frame(visit, format!("{name} Summary"), "repositories");
    frame.feeds = feeds;
    let visit = &*visit;
    let below = |path: &str| String::from(visit.url(name).join(path));
    let is_tip = |tag: &&vcs::Tag| tag.name.as_str() == "tip";
    let (repo, owner) = frame::repository_with_owner(visit, repository, empty, "summary")?;
    let summary = Summary {
        repo,
        readme,
        landing: landing.map(|(revision, _)| Link {
            url: visit.url(name).join("files").join(&revision).into(),
            text: revision,
        }),
        owner: owner.as_ref().map(words::user).unwrap_or_default(),
        created: Some(words::when(created.to_unix(), 0)),
        latest: words::changeset_rows(
            visit,
            repository,
            &contents,
            &log.changesets,
            &refs,
            &people,
        )?,
        paging: words::paging(page, size, log.total, |page| {
            let mut url = visit.url(name);
            if size != CHANGESETS {
                url = url.query("size", &size.to_string());
            }
            url.query("page", &page.to_string()).into()
        }),
        changesets: Some(log.total as u64),
        branches: refs
            .branches
            .iter()
            .filter(|branch| !branch.closed)
            .take(NEWEST)
            .map(|branch| ref_row(visit, name, branch.name.as_str(), &branch.id, "branch"))
            .collect(),
        branch_count: refs.branches.iter().filter(|branch| !branch.closed).count() as u64,
        tag_count: refs.tags.iter().filter(|tag| !is_tip(tag)).count() as u64,
        tags: tags(visit, name, &refs),
        bookmarks: refs
            .bookmarks
            .iter()
            .take(NEWEST)
            .map(|one| ref_row(visit, name, one.name.as_str(), &one.id, "bookmark"))
            .collect(),
        bookmark_count: refs.bookmarks.len() as u64,
        size: tree
            .as_ref()
            .filter(|_| signed_in)
            .map(|tree| visit.language.size_decimal(tree.bytes)),
        size_url: (signed_in && tree.is_none() && !empty).then(|| below("repo_size")),
        facts_url: facts.is_none().then(|| {
            let url = visit.url(name).join("statistics");
            url.query("part", "summary").into()
        }),
        facts: facts.unwrap_or_default(),
        statistics_disabled: !repository.row().statistics,
        downloads: downloads(visit, repository, empty),
        downloads_disabled: !repository.row().downloads,
        add_file_url: (empty && repository.writable().is_some()).then(|| below("add/0")),
        feed_url: frame.feeds.first().map(|feed| feed.url.clone()),
        frame,
    };
    template::page(visit.language, &summary)
}

/// The archives of the newest changeset.
fn downloads(visit: &Visit<'_>, repository: &ReadableRepository, empty: bool) -> Vec<Link> {
    if empty || !repository.row().downloads {
        return Vec::new();
    }
    let formats = ["zip", "tar.gz", "tar.bz2"];
    formats
        .into_iter()
        .map(|format| Link {
            text: format.to_owned(),
            url: visit
                .url(repository.name())
                .join("archive")
                .join(format!("tip.{format}"))
                .into(),
        })
        .collect()
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

/// The README of the landing revision, kept under its id: rendering a long one takes longer than the rest of the page.
fn readme_of_landing(
    visit: &Visit<'_>,
    repository: &str,
    contents: &Repository,
    revision: &str,
    id: &ChangesetId,
) -> Result<Option<Document>, Problem> {
    let depends_on: [&[u8]; 3] = [
        visit.request.peer.script_name.as_bytes(),
        repository.as_bytes(),
        revision.as_bytes(),
    ];
    let cached = contents.cached(visit.model.cache());
    let kept = cached.bytes("readme", 1, id, &depends_on, || {
        let document = make_readme(visit, repository, contents, revision, id)?;
        let parts = document.map(|it| [it.name, it.url, it.content_html]);
        Ok::<_, Problem>(serde_json::json!(parts).to_string().into_bytes())
    })?;
    let parts: Option<[String; 3]> = serde_json::from_slice(&kept).unwrap_or_default();
    Ok(parts.map(|[name, url, content_html]| Document {
        name,
        url,
        content_html,
    }))
}

fn make_readme(
    visit: &Visit<'_>,
    repository: &str,
    contents: &Repository,
    revision: &str,
    id: &ChangesetId,
) -> Result<Option<Document>, Problem> {
    let mut entries = Vec::new();
    for folder in std::iter::once("").chain(render::readme::FOLDERS.iter().copied()) {
        let Ok(path) = RepoPath::parse(folder.as_bytes()) else {
            continue;
        };
        if let Ok(some) = contents.directory(id, &path) {
            entries.extend(some);
        }
    }
    let place = readme::Place {
        repository,
        contents,
        id,
        revision,
    };
    place.among(visit, &entries)
}
