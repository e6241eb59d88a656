//! Changesets as text: diffs and patches.

use std::io::Write;
use std::sync::Arc;

use http::StatusCode;
use http::header::CONTENT_DISPOSITION;
use model::ReadableRepository;
use vcs::{Changeset, ChangesetId, Kind, Repository};

use super::diff::Switches;
use super::{changeset_range, raw, revision};
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::visit::Visit;
use crate::words;

/// `GET /<repo>/changeset-diff/<revision>`: the diff in the form of `git diff`.
pub fn raw(visit: &mut Visit<'_>, repository: &ReadableRepository, captures: &Captures) -> Answer {
    let asked = Asked::of(visit, repository, captures)?;
    Ok(plain(asked.diff(visit)?))
}

/// `GET /<repo>/changeset-download/<revision>`: a file named as the revision in the address, of twelve letters at most.
pub fn download(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    let asked = Asked::of(visit, repository, captures)?;
    let named: String = captures.text("revision")?.chars().take(12).collect();
    let disposition = raw::attached(format!("{named}.diff").as_bytes());
    Ok(plain(asked.diff(visit)?).with(CONTENT_DISPOSITION, words::header(&disposition)?))
}

/// `GET /<repo>/changeset-patch/<revision>`: what `hg import` and `git am` take; of a range, one after the other.
pub fn patch(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    let asked = Asked::of(visit, repository, captures)?;
    let mut out = Vec::new();
    for id in &asked.ids {
        let changeset = asked.contents.changeset(id)?;
        // A merge has no patch that could be applied; `git format-patch` leaves it out as well.
        if changeset.is_merge() && asked.ids.len() > 1 {
            continue;
        }
        out.extend(match asked.contents.kind() {
            Kind::Hg => mercurial_header(&changeset),
            Kind::Git => git_header(&changeset),
        });
        asked.write(visit, changeset.parents.first(), id, &mut out)?;
        if asked.contents.kind() == Kind::Git {
            out.push(b'\n');
        }
    }
    Ok(plain(out))
}

/// What a text is asked for: one changeset, or several from the oldest to the newest.
struct Asked {
    contents: Arc<Repository>,
    ids: Vec<ChangesetId>,
}

impl Asked {
    fn of(
        visit: &Visit<'_>,
        repository: &ReadableRepository,
        captures: &Captures,
    ) -> Result<Self, Problem> {
        let contents = visit.model.open_repository(repository)?;
        let text = captures.text("revision")?;
        let ids = match text.split_once("...") {
            Some((first, last)) => changeset_range::ids(&contents, first, last)?,
            None => vec![revision::resolve(&contents, text)?],
        };
        Ok(Self { contents, ids })
    }

    fn last(&self) -> ChangesetId {
        self.ids.last().copied().unwrap_or(ChangesetId::NULL)
    }

    /// All together as one diff.
    fn diff(&self, visit: &Visit<'_>) -> Result<Vec<u8>, Problem> {
        let parents = match self.ids.first() {
            Some(first) => self.contents.parents(first)?,
            None => Vec::new(),
        };
        let mut out = Vec::new();
        self.write(visit, parents.first(), &self.last(), &mut out)?;
        Ok(out)
    }

    fn write(
        &self,
        visit: &Visit<'_>,
        old: Option<&ChangesetId>,
        new: &ChangesetId,
        out: &mut impl Write,
    ) -> Result<(), Problem> {
        let mut options = Switches::of(&visit.query).text_options();
        options.binary_content = true;
        let changes = self.contents.diff(old, new, &options)?;
        changes
            .to_unified(out)
            .map_err(|error| Problem::Internal(format!("diff of {new}: {error}")))
    }
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
    // A first changeset has the empty state for a parent; without the line a patch is not that of a changeset.
    let none = [ChangesetId::NULL];
    let parents = match changeset.parents.is_empty() {
        true => &none[..],
        false => &changeset.parents,
    };
    for parent in parents {
        out.push_str(&format!("# Parent  {parent}\n"));
    }
    out.push_str(changeset.message.trim_end());
    out.push_str("\n\n");
    out.into_bytes()
}

fn git_header(changeset: &Changeset) -> Vec<u8> {
    let date = jiff::Timestamp::from_second(changeset.author_date.seconds).unwrap_or_default();
    let offset = jiff::tz::Offset::from_seconds(changeset.author_date.offset_east)
        .unwrap_or(jiff::tz::Offset::UTC);
    let date = date
        .to_zoned(jiff::tz::TimeZone::fixed(offset))
        .strftime("%a, %-d %b %Y %H:%M:%S %z")
        .to_string();
    let message = changeset.message.trim();
    // The subject ends at the first empty line; its lines are one in a mail.
    let (subject, body) = message.split_once("\n\n").unwrap_or((message, ""));
    let subject = subject.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let mut out = format!(
        "From {} Mon Sep 17 00:00:00 2001\nFrom: {}\nDate: {date}\nSubject: [PATCH] {subject}\n",
        changeset.id,
        changeset.author.raw.replace(['\n', '\r'], " "),
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

/// A text as browsers show it: never as anything else.
pub(super) fn plain(bytes: Vec<u8>) -> Response {
    Response::bytes(StatusCode::OK, "text/plain; charset=utf-8", bytes).private()
}
