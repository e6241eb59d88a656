//! One changeset with its diff, and the same as text.

use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use model::ReadableRepository;
use vcs::{Changeset, ChangesetId, Repository};

use super::{diff, revision};
use crate::frame;
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{Changeset as View, Link, NeighbourLink, Origin};
use crate::visit::Visit;
use crate::words;

/// `GET /<repo>/changeset/<revision>`
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, captures: &Captures) -> Answer {
    let name = repository.name();
    let contents = visit.model.open_repository(repository)?;
    let id = revision::resolve(&contents, captures.text("revision")?)?;
    let changeset = contents.changeset(&id)?;
    let switches = diff::Switches::of(visit);
    let parent = changeset.parents.first();
    let changes = contents.diff(
        parent,
        &id,
        &switches.options(visit.model.config().cut_off_limit),
    )?;
    let refs = contents.refs()?;

    let text = |page: &str| String::from(visit.url(name).join(page).join(id.to_string()));
    let prefix = format!("{}/", String::from(visit.url(name).join("changeset")));
    let links = render::message::LinkContext {
        changeset_url: Some(&prefix),
        repo_name: Some(name),
        ..render::message::LinkContext::default()
    };
    let message = changeset.message.trim();
    let (subject, body) = message.split_once('\n').unwrap_or((message, ""));
    let base = visit.url(name).join("changeset").join(id.to_string());
    let sides = diff::Sides {
        repository: name,
        old: parent,
        new: &id,
    };
    let committer = changeset
        .committer
        .as_ref()
        .filter(|committer| committer.raw != changeset.author.raw);
    let view = View {
        repo: frame::repository(visit, repository, false, "changelog")?,
        id: words::short(visit, &id),
        raw_id: id.to_string(),
        url: text("changeset"),
        subject_html: render::message::urlify(subject.trim(), &links),
        body_html: render::message::urlify(body.trim_end().trim_start_matches('\n'), &links),
        author: words::author(&changeset.author),
        email: Some(changeset.author.email.clone()).filter(|email| !email.is_empty()),
        when: words::when_of(changeset.date),
        committer: committer.map(words::author),
        chips: words::chips(visit, name, &changeset, refs.labels(&id)),
        parents: neighbours(visit, name, &contents, &changeset.parents)?,
        children: neighbours(visit, name, &contents, &contents.children(&id)?)?,
        origins: origins(visit, name, &changeset),
        files_url: text("files"),
        raw_url: text("changeset-diff"),
        patch_url: text("changeset-patch"),
        download_url: format!("{}?diff=download", text("changeset-download")),
        diff: diff::view(visit, &changes, &switches, &base, &sides),
        frame: frame::frame(
            visit,
            format!("{name} Changeset - {}", id.short()),
            "repositories",
        ),
        ..View::default()
    };
    template::page(visit.language, &view)
}

/// `GET /<repo>/changeset-diff/<revision>`: the diff in the form of `git diff`.
pub fn raw(visit: &mut Visit<'_>, repository: &ReadableRepository, captures: &Captures) -> Answer {
    let (bytes, _) = unified(visit, repository, captures, |_| Vec::new())?;
    Ok(plain(bytes))
}

/// `GET /<repo>/changeset-download/<revision>`
pub fn download(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    let (bytes, id) = unified(visit, repository, captures, |_| Vec::new())?;
    let disposition = words::header(&format!("attachment; filename={}.diff", id.short()))?;
    Ok(plain(bytes).with(CONTENT_DISPOSITION, disposition))
}

/// `GET /<repo>/changeset-patch/<revision>`: what `hg import` and `git am` take.
pub fn patch(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    let kind = repository.kind();
    let (bytes, _) = unified(visit, repository, captures, |changeset| match kind {
        vcs::Kind::Hg => mercurial_header(changeset),
        vcs::Kind::Git => git_header(changeset),
    })?;
    Ok(plain(bytes))
}

fn unified(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
    header: impl Fn(&Changeset) -> Vec<u8>,
) -> Result<(Vec<u8>, ChangesetId), Problem> {
    let contents = visit.model.open_repository(repository)?;
    let id = revision::resolve(&contents, captures.text("revision")?)?;
    let changeset = contents.changeset(&id)?;
    let mut options = diff::Switches::of(visit).options(usize::MAX);
    options.limit = None;
    options.binary_content = true;
    let changes = contents.diff(changeset.parents.first(), &id, &options)?;
    let mut out = header(&changeset);
    changes
        .to_unified(&mut out)
        .map_err(|error| Problem::Internal(format!("diff of {id}: {error}")))?;
    Ok((out, id))
}

fn mercurial_header(changeset: &Changeset) -> Vec<u8> {
    let mut out = format!(
        "# HG changeset patch\n# User {}\n# Date {} {}\n",
        changeset.author.raw, changeset.date.seconds, -changeset.date.offset_east
    );
    if let Some(branch) = changeset
        .branch
        .as_ref()
        .filter(|branch| branch.as_str() != "default")
    {
        out.push_str(&format!("# Branch {branch}\n"));
    }
    out.push_str(&format!("# Node ID {}\n", changeset.id));
    for parent in &changeset.parents {
        out.push_str(&format!("# Parent  {parent}\n"));
    }
    out.push_str(changeset.message.trim_end());
    out.push_str("\n\n");
    out.into_bytes()
}

fn git_header(changeset: &Changeset) -> Vec<u8> {
    let date = jiff::Timestamp::from_second(changeset.date.seconds).unwrap_or_default();
    let offset =
        jiff::tz::Offset::from_seconds(changeset.date.offset_east).unwrap_or(jiff::tz::Offset::UTC);
    let date = date
        .to_zoned(jiff::tz::TimeZone::fixed(offset))
        .strftime("%a, %-d %b %Y %H:%M:%S %z")
        .to_string();
    let message = changeset.message.trim();
    let (subject, body) = message.split_once('\n').unwrap_or((message, ""));
    let mut out = format!(
        "From {} Mon Sep 17 00:00:00 2001\nFrom: {}\nDate: {date}\nSubject: [PATCH] {}\n",
        changeset.id,
        changeset.author.raw,
        subject.trim()
    );
    if !changeset.message.is_ascii() || !changeset.author.raw.is_ascii() {
        out.push_str("MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n");
    }
    out.push('\n');
    if !body.trim().is_empty() {
        out.push_str(body.trim_start_matches('\n').trim_end());
        out.push('\n');
    }
    out.push_str("---\n\n");
    out.into_bytes()
}

fn plain(bytes: Vec<u8>) -> Response {
    Response::bytes(StatusCode::OK, "text/plain", bytes).with(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    )
}

fn neighbours(
    visit: &Visit<'_>,
    repository: &str,
    contents: &Repository,
    ids: &[ChangesetId],
) -> Result<Vec<NeighbourLink>, Problem> {
    ids.iter()
        .map(|id| {
            Ok(NeighbourLink {
                id: words::short(visit, id),
                url: words::changeset_url(visit, repository, id),
                subject: contents.changeset(id)?.summary().to_owned(),
            })
        })
        .collect()
}

/// Where Mercurial says a changeset was taken from.
fn origins(visit: &Visit<'_>, repository: &str, changeset: &Changeset) -> Vec<Origin> {
    let mut origins = Vec::new();
    for (key, label) in [
        ("source", "Grafted from"),
        ("transplant_source", "Transplanted from"),
    ] {
        let Some(value) = changeset.extras.get(key) else {
            continue;
        };
        // A graft names 40 hex digits, a transplant the 20 bytes themselves.
        let id = match <[u8; 20]>::try_from(value.as_slice()) {
            Ok(bytes) => Some(ChangesetId::from_bytes(bytes)),
            Err(_) => std::str::from_utf8(value)
                .ok()
                .and_then(|hex| hex.parse().ok()),
        };
        if let Some(id) = id {
            let link = Link {
                text: words::short(visit, &id),
                url: words::changeset_url(visit, repository, &id),
            };
            origins.push(Origin {
                label: label.to_owned(),
                links: vec![link],
            });
        }
    }
    origins
}
