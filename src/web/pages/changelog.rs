//! The list of changesets, of a repository, a branch or a file.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::ReadableRepository;
use vcs::{
    Changeset, ChangesetId, FileStep, LogQuery, NodeError, RefName, Refs, RepoPath, Repository,
};

use super::{graph, revision};
use crate::feed;
use crate::frame;
use crate::i18n::Language;
use crate::people::People;
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{Changelog, ChangelogFilter, Choice, Link, Paging, RefLink, RefPicker};
use crate::visit::Visit;
use crate::words;

/// Rows on a page when nobody asks for another number.
const DEFAULT_SIZE: usize = 100;
/// The most rows a page may have.
const MAX_SIZE: usize = 2000;
/// How many branches the picker lists without script.
const PICKER: usize = 30;
/// How many branches the filter form lists.
const BRANCHES: usize = 1000;

/// What was asked for.
struct Asked {
    /// The revision as the address has it; empty for none.
    revision: String,
    /// The changeset the list ends at.
    newest: Option<ChangesetId>,
    path: Option<RepoPath>,
    branch: Option<String>,
    author: String,
    since: String,
    until: String,
    size: usize,
    page: usize,
}

/// The part of the list that is shown.
struct Shown {
    changesets: Vec<Changeset>,
    /// Where the history is one file's: the names that it had.
    steps: Vec<FileStep>,
    /// How many there are, where somebody counted.
    total: Option<usize>,
    page: usize,
    /// Whether more follow.
    more: bool,
}

/// `GET /<repo>/changelog[/<revision>[/<path>]]`
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, captures: &Captures) -> Answer {
    let name = repository.name();
    if let Some(elsewhere) = range(visit, name) {
        return Ok(elsewhere);
    }
    let contents = visit.model.open_repository(repository)?;
    if contents.is_empty()? && matches!(captures.bytes("rest"), b"" | b"tip") {
        // The summary tells how the first changeset gets in. A word of its own is kept in a session, which reading alone does not begin.
        if visit.viewer.signed_in().is_some() {
            visit.flash("warning", visit.t("There are no changesets yet"));
        }
        return Ok(visit.redirect(&String::from(visit.url(name))));
    }
    let refs = contents.refs()?;
    let asked = match ask(visit, name, &contents, &refs, captures)? {
        Ok(asked) => asked,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let shown = find(&contents, &asked)?;
    let people = People::find(visit, shown.changesets.iter().map(|one| &one.author))?;
    let mut rows = words::changeset_rows(
        visit,
        repository,
        &contents,
        &shown.changesets,
        &refs,
        &people,
    )?;
    for (row, notice) in rows.iter_mut().zip(renames(visit, &asked, &shown.steps)) {
        row.notice = notice;
    }
    if asked.branch.is_some() && repository.kind() == vcs::Kind::Hg {
        // Each of them would carry the name that is in the heading already.
        for row in &mut rows {
            row.chips.retain(|chip| chip.kind != "branch");
        }
    }
    let lanes = if asked.path.is_none() {
        let ids: Vec<_> = shown.changesets.iter().map(|one| one.id).collect();
        graph::lanes(&contents, &ids)?
    } else {
        Vec::new()
    };
    let revision_link = asked.newest.filter(|_| asked.narrows()).map(|id| Link {
        text: words::numbered(visit, &contents, &id),
        url: words::changeset_url(visit, name, &id),
    });
    let narrowed = asked.path.is_some()
        || asked.branch.is_some()
        || revision_link.is_some()
        || asked.filters();
    let feeds = feed::links(visit, &format!("{name}/feed"), name)?;
    let mut frame = frame::frame(visit, format!("{name} Changelog"), "repositories");
    frame.feeds = feeds;
    let visit = &*visit;
    let below = |path: &str| format!("{}/", String::from(visit.url(name).join(path)));
    let view = Changelog {
        repo: frame::repository(
            visit,
            repository,
            shown.total == Some(0) && !narrowed,
            "changelog",
        )?,
        total: shown
            .total
            .map(|total| visit.tn("{n} changeset", "{n} changesets", total as u64, &[]))
            .unwrap_or_default(),
        path: asked
            .path
            .as_ref()
            .map(|path| crumbs(visit, name, &asked.revision, path))
            .unwrap_or_default(),
        path_url: path_url(visit, name, &asked, &shown),
        revision: revision_link,
        all_url: narrowed.then(|| visit.url(name).join("changelog").into()),
        picker: Some(picker(visit, name, &refs, asked.branch.as_deref())),
        filter: filter(visit, name, &refs, &asked),
        graph_html: if lanes.is_empty() {
            String::new()
        } else {
            render::graph::svg(&lanes, Changelog::ROW_HEIGHT)
        },
        graph_data_html: if lanes.is_empty() {
            String::new()
        } else {
            render::graph::json(&lanes)
        },
        graph_width: u32::try_from(render::graph::width(&lanes)).unwrap_or(0),
        range_url: (rows.len() > 1 && asked.path.is_none()).then(|| below("changeset")),
        details_url: below("changelog_details"),
        paging: paging(visit, name, &asked, &shown),
        rows,
        branch: asked.branch,
        frame,
    };
    template::page(visit.language, &view)
}

/// Two ticked rows of the list, sent as a form: the way to all changesets between them, or to what differs. The newer one stands
/// higher in the list and so comes first.
fn range(visit: &Visit<'_>, repository: &str) -> Option<Response> {
    let ids = visit.query.iter().filter(|(field, _)| *field == "range");
    let ids: Vec<&str> = ids
        .map(|(_, id)| id)
        .filter(|id| id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .collect();
    let url = visit.url(repository);
    let url = match ids[..] {
        [] => return None,
        [only] => url.join("changeset").join(only),
        [newer, .., older] if visit.query.get("show") == Some("compare") => url
            .join("compare")
            .join(format!("rev@{older}...rev@{newer}")),
        [newer, .., older] => url.join("changeset").join(format!("{older}...{newer}")),
    };
    Some(visit.redirect(&String::from(url)))
}

/// Reads the address; where it means another one, the way there.
fn ask(
    visit: &Visit<'_>,
    repository: &str,
    contents: &Repository,
    refs: &Refs,
    captures: &Captures,
) -> Result<Result<Asked, Response>, Problem> {
    let query = &visit.query;
    let rest = captures.bytes("rest");
    let (newest, text, path) = match rest {
        b"" | b"tip" => (None, "", &b""[..]),
        rest => {
            let (id, text, path) = revision::split(contents, rest)?;
            (Some(id), text, path)
        }
    };
    let path = revision::path(path)?;
    let branch = query.get("branch").filter(|branch| !branch.is_empty());
    if let Some(branch) = branch
        && refs.branch(branch).is_none()
    {
        // Not a branch: a tag, a bookmark or a hash, which the list up to it shows as well.
        if newest.is_some() {
            return Err(Problem::NotFound(
                visit.tf("There is no branch \"{name}\"", &[("name", &branch)]),
            ));
        }
        revision::resolve(contents, branch)?;
        let url = visit.url(repository).join("changelog").join(branch);
        return Ok(Err(visit.redirect(&String::from(url))));
    }
    let day = |field: &str| {
        let text = query.trimmed(field);
        text.parse::<Date>()
            .map(|_| text.to_owned())
            .unwrap_or_default()
    };
    Ok(Ok(Asked {
        revision: text.to_owned(),
        newest,
        path: (!path.is_root()).then_some(path),
        branch: branch.map(str::to_owned),
        author: query.trimmed("author").chars().take(200).collect(),
        since: day("since"),
        until: day("until"),
        size: query
            .number("size")
            .unwrap_or(DEFAULT_SIZE)
            .clamp(1, MAX_SIZE),
        page: query.number::<usize>("page").unwrap_or(1).max(1),
    }))
}

impl Asked {
    /// Whether a revision ends the list.
    fn narrows(&self) -> bool {
        !self.revision.is_empty() && self.revision != "tip"
    }

    /// Whether anything of the filter form is set.
    fn filters(&self) -> bool {
        [&self.author, &self.since, &self.until]
            .iter()
            .any(|text| !text.is_empty())
    }

    /// The address of a page of this list.
    fn url(&self, visit: &Visit<'_>, repository: &str, page: usize) -> String {
        let mut url = visit.url(repository).join("changelog").join(&self.revision);
        if let Some(path) = &self.path {
            url = url.join(path.as_bytes());
        }
        for (name, value) in [
            ("branch", self.branch.as_deref().unwrap_or_default()),
            ("author", &self.author),
            ("since", &self.since),
            ("until", &self.until),
        ] {
            if !value.is_empty() {
                url = url.query(name, value);
            }
        }
        if self.size != DEFAULT_SIZE {
            url = url.query("size", &self.size.to_string());
        }
        url.query("page", &page.to_string()).into()
    }
}

/// Looks the changesets up.
fn find(contents: &Repository, asked: &Asked) -> Result<Shown, Problem> {
    let skip = (asked.page - 1).saturating_mul(asked.size);
    let plain = asked.branch.is_none() && !asked.filters();
    if let (Some(path), Some(id), true) = (&asked.path, &asked.newest, plain) {
        // One more than is shown: its name tells whether the last one shown renamed the file.
        match contents.file_history(id, path, skip, asked.size + 1) {
            Ok(history) => {
                let mut steps = history.steps;
                let shown = steps.iter().take(asked.size);
                let changesets = shown
                    .map(|step| contents.changeset(&step.id))
                    .collect::<Result<_, _>>()?;
                let more = steps.len() > asked.size;
                if steps.is_empty() && asked.page > 1 {
                    return Err(Problem::NotFound(
                        "The history of the file ends before.".into(),
                    ));
                }
                steps.truncate(asked.size + 1);
                return Ok(Shown {
                    changesets,
                    steps,
                    total: None,
                    page: asked.page,
                    more,
                });
            }
            // A directory, or what is there no more: what touched the path.
            Err(NodeError::NotAFile { .. } | NodeError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let seconds = |day: &str, end: bool| {
        let date = day.parse::<Date>().ok()?;
        let date = if end { date.tomorrow().ok()? } else { date };
        let start = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
        Some(start - i64::from(end))
    };
    // A path is followed through what a revision descends from; without one, a revision only ends the list.
    let (from, newest) = match asked.path {
        Some(_) => (asked.newest, None),
        None => (None, asked.newest),
    };
    let mut query = LogQuery {
        from,
        newest,
        branch: asked.branch.as_deref().map(RefName::new),
        path: asked.path.clone(),
        author: Some(asked.author.clone()).filter(|author| !author.is_empty()),
        since: seconds(&asked.since, false),
        until: seconds(&asked.until, true),
        skip,
        limit: asked.size,
        ..LogQuery::default()
    };
    let mut log = contents.log(&query)?;
    let last = log.total.div_ceil(asked.size).max(1);
    let page = asked.page.min(last);
    if page < asked.page {
        query.skip = (page - 1) * asked.size;
        log = contents.log(&query)?;
    }
    if let Some(path) = asked.path.as_ref().filter(|_| log.total == 0 && plain) {
        return Err(Problem::NotFound(Language::current().tf(
            "There is no file or directory '{path}' in this history",
            &[("path", path)],
        )));
    }
    Ok(Shown {
        changesets: log.changesets,
        steps: Vec::new(),
        total: Some(log.total),
        page,
        more: page < last,
    })
}

/// For each row of a file's history the word that it came under another name.
fn renames<'a>(
    visit: &'a Visit<'_>,
    asked: &'a Asked,
    steps: &'a [FileStep],
) -> impl Iterator<Item = Option<String>> + 'a {
    steps.iter().enumerate().map(move |(at, step)| {
        if let Some(before) = steps.get(at + 1).filter(|before| before.path != step.path) {
            return Some(visit.tf(
                "Renamed from {old} to {new}",
                &[("old", &before.path), ("new", &step.path)],
            ));
        }
        let other = asked.path.as_ref().is_some_and(|path| *path != step.path);
        (other && at == 0).then(|| {
            visit.tf(
                "From here on the file is called {name}",
                &[("name", &step.path)],
            )
        })
    })
}

fn paging(visit: &Visit<'_>, repository: &str, asked: &Asked, shown: &Shown) -> Option<Paging> {
    let url = |page: usize| asked.url(visit, repository, page);
    if let Some(total) = shown.total {
        return words::paging(shown.page, asked.size, total, url);
    }
    if shown.page == 1 && !shown.more {
        return None;
    }
    let first = (shown.page - 1) * asked.size + 1;
    Some(Paging {
        summary: format!(
            "{first}–{}",
            first + shown.changesets.len().saturating_sub(1)
        ),
        previous: (shown.page > 1).then(|| url(shown.page - 1)),
        next: shown.more.then(|| url(shown.page + 1)),
        pages: Vec::new(),
    })
}

/// Where the file or directory can be looked at as it was in the newest changeset of the list.
fn path_url(visit: &Visit<'_>, repository: &str, asked: &Asked, shown: &Shown) -> Option<String> {
    let path = asked.path.as_ref()?;
    let step = shown.steps.first();
    let id = step.map(|step| step.id).or(asked.newest)?;
    let path = step.map_or(path, |step| &step.path);
    shown.changesets.first()?;
    let url = visit.url(repository).join("files").join(id.to_string());
    Some(url.join(path.as_bytes()).into())
}

/// The parts of a path, each with its own history.
fn crumbs(visit: &Visit<'_>, repository: &str, revision: &str, path: &RepoPath) -> Vec<Link> {
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

/// The form that narrows the list.
fn filter(visit: &Visit<'_>, repository: &str, refs: &Refs, asked: &Asked) -> ChangelogFilter {
    let choice = |branch: &vcs::Branch| Choice {
        value: branch.name.to_string(),
        text: branch.name.to_string(),
        selected: asked.branch.as_deref() == Some(branch.name.as_str()),
    };
    let branches = |closed: bool| {
        let some = refs
            .branches
            .iter()
            .filter(|branch| branch.closed == closed);
        // The one in view is among them, however many there are.
        let mut some: Vec<Choice> = some.map(choice).collect();
        let selected = some.iter().position(|choice| choice.selected);
        if let Some(at) = selected.filter(|at| *at >= BRANCHES) {
            some.swap(0, at);
        }
        some.truncate(BRANCHES);
        some
    };
    let mut url = visit
        .url(repository)
        .join("changelog")
        .join(&asked.revision);
    if let Some(path) = &asked.path {
        url = url.join(path.as_bytes());
    }
    ChangelogFilter {
        url: url.into(),
        open: asked.filters() || asked.size != DEFAULT_SIZE,
        branches: branches(false),
        closed_branches: branches(true),
        author: asked.author.clone(),
        since: asked.since.clone(),
        until: asked.until.clone(),
        size: asked.size,
    }
}

fn picker(visit: &Visit<'_>, repository: &str, refs: &Refs, current: Option<&str>) -> RefPicker {
    let all = String::from(visit.url(repository).join("changelog"));
    let branches = refs
        .branches
        .iter()
        .filter(|branch| !branch.closed)
        .take(PICKER);
    RefPicker {
        current: current.unwrap_or(visit.t("All branches")).to_owned(),
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
