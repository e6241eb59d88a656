//! A revision as one file to download, and the page that offers them.

use http::Method;
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, ETAG, HeaderValue, LAST_MODIFIED, PRAGMA,
};
use model::{Actor, ReadableRepository};
use vcs::{ArchiveFormat, ArchiveOptions, RepoPath, Repository, RevisionError};

use super::{raw, revision};
use crate::conditional;
use crate::frame;
use crate::path::query_bytes;
use crate::problem::{Problem, chain};
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{ArchiveRow, Archives, Choice, Link};
use crate::visit::Visit;
use crate::words;

/// Changes with the bytes that the same changeset has as an archive.
const VERSION: &[u8] = b"archive 1";
/// How many branches and how many tags the page lists.
const MOST: usize = 100;

/// `GET /<repo>/archive/<revision><ext>`; with `path`, only what lies below it.
pub fn download(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    allowed(visit, repository)?;
    let name = captures.text("fname")?;
    let (text, format) = ArchiveFormat::of_file_name(name)
        .ok_or_else(|| Problem::NotFound(visit.t("Unknown archive type").to_owned()))?;
    let contents = visit.model.open_repository(repository)?;
    let id = match contents.resolve(text) {
        Ok(id) => id,
        Err(RevisionError::Empty) => {
            return Err(Problem::NotFound(visit.t("Empty repository").to_owned()));
        }
        Err(RevisionError::Unknown { .. }) => {
            let message = visit.tf("Unknown revision {revision}", &[("revision", &text)]);
            return Err(Problem::NotFound(message));
        }
        Err(error) => return Err(error.into()),
    };
    let path = query_bytes(&visit.request.query, "path").unwrap_or_default();
    let path = revision::path(&path)?;
    let options = ArchiveOptions {
        format,
        prefix: RepoPath::parse(inside(repository, &id).as_bytes())
            .map_err(|error| Problem::Internal(error.to_string()))?,
        path: path.clone(),
    };
    contents.node(&id, &path)?;
    let file_name = file_name(repository, &id, &path, format);
    let tag = conditional::tag(&[
        VERSION,
        repository.name().as_bytes(),
        id.as_bytes(),
        file_name.as_bytes(),
        path.as_bytes(),
    ]);
    let changed = contents.changeset(&id)?.date.seconds;
    let caching = if text == id.to_string() {
        "private, max-age=31536000, immutable"
    } else {
        "private, no-cache"
    };
    let head = Response::empty(StatusCode::OK)
        .with(ETAG, tag.clone())
        .with(CACHE_CONTROL, HeaderValue::from_static(caching));
    if conditional::holds(&visit.request.headers, &tag) {
        return Ok(conditional::unchanged(head));
    }
    let archive = contents
        .cached(visit.model.archive_cache())
        .archive(&id, &options)?;
    if visit.request.method == Method::GET {
        let actor = Actor::new(&visit.viewer, &visit.request.peer.remote_addr);
        // Nobody goes without a download because the journal cannot be written.
        if let Err(error) = visit.model.record_archive(repository, &actor, &file_name) {
            tracing::warn!("a download is not in the journal: {}", chain(&error));
        }
    }
    let kind = HeaderValue::from_static(format.media_type());
    // Nobody makes an archive to be told about it.
    let body: Box<dyn std::io::Read + Send> = match visit.request.method == Method::HEAD {
        true => Box::new(std::io::empty()),
        false => archive.reader,
    };
    let mut response = Response::stream(kind, body)
        .with(ETAG, tag)
        .with(CACHE_CONTROL, HeaderValue::from_static(caching))
        .with(
            CONTENT_DISPOSITION,
            words::header(&raw::attached(file_name.as_bytes()))?,
        );
    response.headers.remove(PRAGMA);
    if let Some(length) = archive.length {
        response.headers.insert(CONTENT_LENGTH, length.into());
    }
    if let Some(date) = http_date(changed) {
        response.headers.insert(LAST_MODIFIED, date);
    }
    Ok(response)
}

/// `GET /<repo>/archive`: all there is to download; a form that names a revision leads to its archive.
pub fn page(visit: &mut Visit<'_>, repository: &ReadableRepository, _: &Captures) -> Answer {
    let contents = visit.model.open_repository(repository)?;
    let name = repository.name();
    if let Some(revision) = visit.query.get("revision").map(str::trim)
        && !revision.is_empty()
    {
        let format = visit.query.get("format").unwrap_or_default();
        let format = ArchiveFormat::ALL
            .into_iter()
            .find(|known| known.extension() == format)
            .unwrap_or(ArchiveFormat::Zip);
        let file = format!("{revision}{}", format.extension());
        let mut url = visit.url(name).join("archive").join(file);
        let path = query_bytes(&visit.request.query, "path");
        if let Some(path) = path.filter(|path| !path.is_empty()) {
            url = url.query_bytes("path", &path);
        }
        return Ok(visit.redirect(&String::from(url)));
    }
    let empty = contents.is_empty()?;
    let offered = repository.row().downloads && !empty;
    let view = Archives {
        repo: frame::repository(visit, repository, empty, "files")?,
        disabled: !repository.row().downloads,
        rows: if offered {
            rows(visit, repository, &contents)?
        } else {
            Vec::new()
        },
        formats: ArchiveFormat::ALL
            .into_iter()
            .map(|format| Choice {
                value: format.extension().to_owned(),
                text: format.extension().trim_start_matches('.').to_owned(),
                selected: format == ArchiveFormat::Zip,
            })
            .collect(),
        form_url: visit.url(name).join("archive").into(),
        revision: "tip".to_owned(),
        frame: frame::frame(
            visit,
            visit.tf("{name} Downloads", &[("name", &name)]),
            "repositories",
        ),
    };
    template::page(visit.language, &view)
}

fn allowed(visit: &Visit<'_>, repository: &ReadableRepository) -> Result<(), Problem> {
    if repository.row().downloads {
        return Ok(());
    }
    Err(Problem::Forbidden(visit.t("Downloads disabled").to_owned()))
}

/// Branches, then tags, the last ones in order of their names first.
fn rows(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    contents: &Repository,
) -> Result<Vec<ArchiveRow>, Problem> {
    let refs = contents.refs()?;
    let row = |kind: &str, name: &vcs::RefName, id: &vcs::ChangesetId| ArchiveRow {
        kind: kind.to_owned(),
        name: name.to_string(),
        id: words::short(visit, id),
        url: words::changeset_url(visit, repository.name(), id),
        links: ArchiveFormat::ALL
            .into_iter()
            .map(|format| Link {
                text: format.extension().trim_start_matches('.').to_owned(),
                url: visit
                    .url(repository.name())
                    .join("archive")
                    .join(format!("{name}{}", format.extension()))
                    .into(),
            })
            .collect(),
    };
    let branches = refs.branches.iter().filter(|branch| !branch.closed);
    let mut rows: Vec<ArchiveRow> = branches
        .take(MOST)
        .map(|branch| row("branch", &branch.name, &branch.id))
        .collect();
    let tags = refs.tags.iter().rev().take(MOST);
    rows.extend(tags.map(|tag| row("tag", &tag.name, &tag.id)));
    Ok(rows)
}

/// The folder in the archive that everything lies in.
fn inside(repository: &ReadableRepository, id: &vcs::ChangesetId) -> String {
    format!("{}-{}", model::name::last(repository.name()), id.short())
}

/// What the archive is called: the full name of the repository, the changeset, and the path when it is not the whole.
fn file_name(
    repository: &ReadableRepository,
    id: &vcs::ChangesetId,
    path: &RepoPath,
    format: ArchiveFormat,
) -> String {
    let mut name = format!("{}-{}", repository.name().replace('/', "_"), id.short());
    if !path.is_root() {
        name.push('-');
        name.push_str(&path.to_string_lossy().replace('/', "_"));
    }
    name + format.extension()
}

/// `Sun, 22 Nov 2026 06:11:21 GMT`
fn http_date(seconds: i64) -> Option<HeaderValue> {
    let at = jiff::Timestamp::from_second(seconds).ok()?;
    let text = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .ok()?;
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates_are_those_of_http() {
        assert_eq!(
            super::http_date(784_111_777).unwrap(),
            "Sun, 06 Nov 1994 08:49:37 GMT"
        );
        assert!(super::http_date(i64::MAX).is_none());
    }
}
