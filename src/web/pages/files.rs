//! A directory or a file at a revision.

use model::ReadableRepository;
use vcs::{
    Changeset, ChangesetId, Entry, FileContent, LogQuery, Node, NodeKind, Refs, RepoPath,
    Repository,
};

use super::{edit, revision, summary};
use crate::frame;
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{self, ChangesetRow, FileView, Files, LastChange, Link, RefLink, RefPicker, Tab};
use crate::visit::Visit;
use crate::words;

/// How many branches and tags the revision chooser lists without script.
const PICKER: usize = 30;

/// What the pages of this file share.
struct Place<'a> {
    repository: &'a str,
    contents: &'a Repository,
    id: ChangesetId,
    /// The revision as the address has it.
    revision: String,
    path: RepoPath,
}

/// `GET /<repo>/files/<revision>/<path>`
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, captures: &Captures) -> Answer {
    let contents = visit.model.open_repository(repository)?;
    let rest = captures.bytes("rest");
    let (id, text, path) = revision::split(&contents, if rest.is_empty() { b"tip" } else { rest })?;
    let place = Place {
        repository: repository.name(),
        contents: &contents,
        id,
        revision: text.to_owned(),
        path: revision::path(path)?,
    };
    let node = contents.node(&id, &place.path)?;
    match node.kind {
        NodeKind::Directory => directory(visit, repository, &place),
        _ => file(visit, repository, &place, &node),
    }
}

/// `GET /<repo>/nodelist/<revision>/<directory>`: every name below, for the file finder.
pub fn names(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    let partial = visit.request.headers.contains_key("x-partial-xhr");
    if !partial {
        return Ok(Response::json(&serde_json::Value::Null));
    }
    let contents = visit.model.open_repository(repository)?;
    let (id, _, path) = revision::split(&contents, captures.bytes("rest"))?;
    let names = contents.file_names(&id, &revision::path(path)?)?;
    let nodes: Vec<_> = names
        .paths
        .iter()
        .map(|name| serde_json::json!({"name": name.to_string_lossy(), "type": "file"}))
        .collect();
    Ok(Response::json(&serde_json::json!({ "nodes": nodes })))
}

impl Place<'_> {
    /// A page of this repository at the revision in view.
    fn url(&self, visit: &Visit<'_>, page: &str, path: &[u8]) -> String {
        visit
            .url(self.repository)
            .join(page)
            .join(&self.revision)
            .join(path)
            .into()
    }

    /// The same by the full id, which means the same for ever.
    fn permalink(&self, visit: &Visit<'_>, page: &str, path: &[u8]) -> String {
        visit
            .url(self.repository)
            .join(page)
            .join(self.id.to_string())
            .join(path)
            .into()
    }

    /// The parts of the path as links; the last one is the thing in view.
    fn crumbs(&self, visit: &Visit<'_>) -> Vec<Link> {
        words::crumbs(&self.path, |part| self.url(visit, "files", part))
    }

    /// The choice of another revision for the same path.
    fn picker(&self, visit: &Visit<'_>, refs: &Refs) -> RefPicker {
        let url = |revision: &str| {
            String::from(
                visit
                    .url(self.repository)
                    .join("files")
                    .join(revision)
                    .join(self.path.as_bytes()),
            )
        };
        let is_branch = refs.branch(&self.revision).is_some();
        let is_tag = refs.tag(&self.revision).is_some();
        let link = |kind: &str, name: &str| RefLink {
            kind: kind.to_owned(),
            text: name.to_owned(),
            url: url(name),
            current: name == self.revision,
        };
        let branches = refs
            .branches
            .iter()
            .filter(|branch| !branch.closed)
            .take(PICKER);
        let mut links: Vec<_> = branches
            .map(|branch| link("branch", branch.name.as_str()))
            .collect();
        let tags = refs
            .tags
            .iter()
            .rev()
            .filter(|tag| tag.name.as_str() != "tip");
        links.extend(
            tags.take(PICKER - links.len())
                .map(|tag| link("tag", tag.name.as_str())),
        );
        let named = is_branch || is_tag || self.revision == "tip";
        RefPicker {
            current: if named {
                self.revision.clone()
            } else {
                words::short(visit, &self.id)
            },
            kind: if is_branch {
                "branch"
            } else if is_tag {
                "tag"
            } else {
                "revision"
            }
            .to_owned(),
            url_template: format!(
                "{}/{{id}}/{}",
                String::from(visit.url(self.repository).join("files")),
                crate::path::encode(self.path.as_bytes())
            ),
            links,
        }
    }

    /// The last changeset that changed the path in view.
    fn last(&self, visit: &Visit<'_>, refs: &Refs) -> Result<Option<ChangesetRow>, Problem> {
        let path = Some(self.path.clone()).filter(|path| !path.as_bytes().is_empty());
        let changeset = match path {
            None => Some(self.contents.changeset(&self.id)?),
            path => {
                let query = LogQuery {
                    from: Some(self.id),
                    path,
                    limit: 1,
                    ..LogQuery::default()
                };
                self.contents.log(&query)?.changesets.into_iter().next()
            }
        };
        Ok(changeset.map(|changeset| {
            words::changeset_row(
                visit,
                self.repository,
                &changeset,
                refs.labels(&changeset.id),
            )
        }))
    }
}

fn directory(visit: &mut Visit<'_>, repository: &ReadableRepository, place: &Place<'_>) -> Answer {
    let entries = place.contents.directory(&place.id, &place.path)?;
    let changes = place.contents.last_changes(&place.id, &place.path)?;
    let mut changesets = std::collections::HashMap::new();
    for id in changes.values() {
        if !changesets.contains_key(id) {
            changesets.insert(*id, place.contents.changeset(id)?);
        }
    }
    let last_of = |entry: &Entry| changes.get(&entry.name).and_then(|id| changesets.get(id));
    let refs = place.contents.refs()?;
    let names: Vec<String> = entries
        .iter()
        .filter(|entry| entry.kind.is_file())
        .filter_map(|entry| String::from_utf8(entry.path.as_bytes().to_vec()).ok())
        .collect();
    let parent = place.path.parent();
    let can_add = edit::can_edit(
        repository,
        place.contents,
        &refs,
        &place.revision,
        &place.id,
    )?;
    let view = Files {
        add_url: can_add.then(|| place.url(visit, "add", place.path.as_bytes())),
        repo: frame::repository(visit, repository, false, "files")?,
        id: words::short(visit, &place.id),
        crumbs: place.crumbs(visit),
        root_url: place.url(visit, "files", b""),
        picker: place.picker(visit, &refs),
        last: last_change_of(visit, place, &refs, &changes, &changesets)?,
        history_url: place.url(visit, "changelog", place.path.as_bytes()),
        permalink_url: place.permalink(visit, "files", place.path.as_bytes()),
        parent_url: parent.map(|parent| place.url(visit, "files", parent.as_bytes())),
        entries: entries
            .iter()
            .map(|entry| row(visit, place, entry, last_of(entry)))
            .collect::<Result<_, _>>()?,
        readme: summary::readme_in(
            visit,
            place.repository,
            place.contents,
            &place.revision,
            &place.id,
            &names,
        )?,
        finder_url: Some(place.permalink(visit, "nodelist", b"") + "/"),
        frame: frame::frame(visit, title(place), "repositories"),
        ..Files::default()
    };
    template::page(visit.language, &view)
}

/// The newest change in the directory. The rows know it already, unless a removal is newer than all of them.
fn last_change_of(
    visit: &Visit<'_>,
    place: &Place<'_>,
    refs: &Refs,
    changes: &vcs::LastChanges,
    changesets: &std::collections::HashMap<ChangesetId, Changeset>,
) -> Result<Option<ChangesetRow>, Problem> {
    if place.path.as_bytes().is_empty() || changes.is_empty() {
        return place.last(visit, refs);
    }
    let newest = changesets
        .values()
        .max_by_key(|changeset| changeset.date.seconds);
    Ok(newest.map(|changeset| {
        words::changeset_row(
            visit,
            place.repository,
            changeset,
            refs.labels(&changeset.id),
        )
    }))
}

fn row(
    visit: &Visit<'_>,
    place: &Place<'_>,
    entry: &Entry,
    last: Option<&Changeset>,
) -> Result<view::Entry, Problem> {
    let (kind, target) = match &entry.kind {
        NodeKind::Directory => ("dir", None),
        NodeKind::File { executable: false } => ("file", None),
        NodeKind::File { executable: true } => ("exec", None),
        NodeKind::Symlink => {
            let content = place.contents.file(&place.id, &entry.path)?;
            ("symlink", Some(render::decode(&content.data).into_owned()))
        }
        NodeKind::Submodule { commit, .. } => {
            ("submodule", Some(commit.chars().take(12).collect()))
        }
    };
    let url = match &entry.kind {
        NodeKind::Submodule { url, .. } => web_address(url),
        _ => Some(place.url(visit, "files", entry.path.as_bytes())),
    };
    Ok(view::Entry {
        kind: kind.to_owned(),
        name: String::from_utf8_lossy(&entry.name).into_owned(),
        url,
        size: entry
            .size
            .map(render::size)
            .filter(|_| entry.kind.is_file())
            .unwrap_or_default(),
        target,
        last: last.map(|changeset| LastChange {
            id: words::short(visit, &changeset.id),
            subject: changeset.summary().to_owned(),
            url: words::changeset_url(visit, place.repository, &changeset.id),
            author: words::author(&changeset.author),
            when: words::when_of(changeset.date),
        }),
    })
}

fn file(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    place: &Place<'_>,
    node: &Node,
) -> Answer {
    let bytes = place.path.as_bytes().to_vec();
    let name = String::from_utf8_lossy(place.path.file_name().unwrap_or_default()).into_owned();
    let refs = place.contents.refs()?;
    let full = visit
        .query
        .get("fulldiff")
        .is_some_and(|value| !value.is_empty());
    let limit = if full {
        u64::MAX
    } else {
        visit.model.config().cut_off_limit as u64
    };
    let can_edit = edit::can_edit(
        repository,
        place.contents,
        &refs,
        &place.revision,
        &place.id,
    )?;
    let too_big = node.size.is_some_and(|size| size >= limit);
    let mut view = FileView {
        repo: frame::repository(visit, repository, false, "files")?,
        id: words::short(visit, &place.id),
        crumbs: place.crumbs(visit),
        root_url: place.url(visit, "files", b""),
        picker: place.picker(visit, &refs),
        last: place.last(visit, &refs)?,
        path: place.path.to_string_lossy().into_owned(),
        size: node.size.map(render::size).unwrap_or_default(),
        executable: node.kind == NodeKind::File { executable: true },
        raw_url: place.permalink(visit, "raw", &bytes),
        download_url: place.permalink(visit, "rawfile", &bytes),
        permalink_url: place.permalink(visit, "files", &bytes),
        history_url: place.url(visit, "changelog", &bytes),
        edit_url: (can_edit && edit::has_text(node)).then(|| place.url(visit, "edit", &bytes)),
        delete_url: (can_edit && node.kind.is_file()).then(|| place.url(visit, "delete", &bytes)),
        name,
        ..FileView::default()
    };
    match &node.kind {
        NodeKind::Submodule { url, commit } => {
            view.kind = "submodule".to_owned();
            view.target.clone_from(commit);
            view.target_url = web_address(url);
        }
        NodeKind::Symlink => {
            let content = place.contents.file(&place.id, &place.path)?;
            view.kind = "symlink".to_owned();
            view.target = render::decode(&content.data).into_owned();
        }
        _ if too_big => {
            view.kind = "too_big".to_owned();
            view.full_url = Some(format!("{}?fulldiff=1", place.url(visit, "files", &bytes)));
        }
        _ => {
            let content = place.contents.file(&place.id, &place.path)?;
            fill(visit, place, &mut view, &content);
        }
    }
    view.frame = frame::frame(visit, title(place), "repositories");
    template::page(visit.language, &view)
}

/// Where a submodule comes from, if a browser can go there: the address is whatever somebody has committed.
fn web_address(url: &Option<String>) -> Option<String> {
    let is_web = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
    url.as_ref().filter(is_web).cloned()
}

/// The contents of a file, in the form that suits it.
fn fill(visit: &Visit<'_>, place: &Place<'_>, view: &mut FileView, content: &FileContent) {
    view.mime = super::raw::mime_type(&view.name, content.is_binary()).to_owned();
    if content.data.is_empty() {
        view.kind = "empty".to_owned();
    } else if matches!(
        view.mime.as_str(),
        "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/svg+xml"
    ) {
        view.kind = "image".to_owned();
    } else if content.is_binary() {
        view.kind = "binary".to_owned();
    } else {
        let text = render::decode(&content.data);
        let first_line = text.lines().next().unwrap_or_default();
        let has_document = render::markup::is_document(&view.name);
        let rendered = has_document && visit.query.get("view") == Some("rendered");
        if has_document {
            let url = place.url(visit, "files", place.path.as_bytes());
            let tab = |text: &str, url: String, current| Tab {
                text: text.to_owned(),
                url,
                current,
                count: None,
            };
            view.views = vec![
                tab("Source", url.clone(), !rendered),
                tab("Rendered", format!("{url}?view=rendered"), rendered),
            ];
        }
        if rendered {
            let path = place.path.to_string_lossy();
            let links = render::markup::Links {
                files: &place.permalink(visit, "files", b""),
                raw: &place.permalink(visit, "raw", b""),
                directory: path.rsplit_once('/').map_or("", |(directory, _)| directory),
            };
            view.kind = "rendered".to_owned();
            view.content_html =
                render::markup::render(&view.name, &text, &links).unwrap_or_default();
            return;
        }
        let highlighter = render::highlight::shared();
        view.kind = "text".to_owned();
        view.language = highlighter
            .language(&view.name, first_line)
            .unwrap_or_default()
            .to_owned();
        view.lines_html = highlighter.lines(&view.name, first_line, &text);
    }
}

fn title(place: &Place<'_>) -> String {
    let path = place.path.to_string_lossy();
    format!(
        "{} Files · {}",
        place.repository,
        if path.is_empty() { "/" } else { &path }
    )
}
