//! A directory: what lies in it, when each thing was changed last, and its README.

use std::collections::HashMap;

use vcs::{Changeset, ChangesetId, Entry, LastChanges, NodeKind, Refs, Storage};

use super::{Place, submodule};
use crate::frame;
use crate::pages::readme;
use crate::problem::Problem;
use crate::routes::Answer;
use crate::template;
use crate::view::{self, ChangesetRow, Files, FilesPart, LastChange, Link};
use crate::visit::Visit;
use crate::words;

/// How many entries a page has.
const PAGE: usize = 1_000;
/// A symbolic link with a longer target is shown without it.
const LONGEST_TARGET: u64 = 4_096;

pub(super) fn show(visit: &mut Visit<'_>, place: &Place<'_>) -> Answer {
    let asked = visit.query.get("page").and_then(|page| page.parse().ok());
    let page: usize = asked.unwrap_or(1).max(1);
    let (contents, id, path) = (&place.contents, &place.id, &place.path);
    let mut page = page.min(usize::MAX / PAGE);
    let mut listing = contents.listing(id, path, (page - 1) * PAGE, PAGE)?;
    if listing.entries.is_empty() && page > 1 {
        page = listing.total.div_ceil(PAGE).max(1);
        listing = contents.listing(id, path, (page - 1) * PAGE, PAGE)?;
    }
    let changes = contents
        .cached(visit.model.cache())
        .last_changes(id, path)?;
    let mut changesets = HashMap::new();
    for entry in &listing.entries {
        if let Some(id) = changes.get(&entry.name)
            && !changesets.contains_key(id)
        {
            changesets.insert(*id, contents.changeset(id)?);
        }
    }
    let last_of = |entry: &Entry| changes.get(&entry.name).and_then(|id| changesets.get(id));
    let refs = contents.refs()?;
    let url = place.url(visit, "files", path.as_bytes());
    let view = Files {
        add_url: place
            .can_edit(&refs)?
            .then(|| place.url(visit, "add", path.as_bytes())),
        repo: frame::repository(visit, place.right, false, "files")?,
        id: words::numbered(visit, contents, id),
        crumbs: place.crumbs(visit),
        root_url: place.url(visit, "files", b""),
        picker: place.picker(visit, &refs, "files"),
        last: newest(visit, place, &refs, &changes, &changesets)?,
        history_url: place.url(visit, "changelog", path.as_bytes()),
        permalink_url: place.permalink(visit, "files", path.as_bytes()),
        parent_url: path
            .parent()
            .map(|parent| place.url(visit, "files", parent.as_bytes())),
        readme: readme::Place {
            repository: place.repository(),
            contents,
            id,
            revision: &place.revision,
        }
        .among(visit, &listing.entries)?,
        downloads: downloads(visit, place),
        finder_url: place.finder_url(visit),
        paging: words::paging(page, PAGE, listing.total, |page| {
            format!("{url}?page={page}")
        }),
        entries: listing
            .entries
            .iter()
            .map(|entry| row(visit, place, entry, last_of(entry)))
            .collect::<Result<_, _>>()?,
        frame: frame::frame(visit, place.title(), "repositories"),
        ..Files::default()
    };
    if place.is_part(visit) {
        return template::page(visit.language, &FilesPart(view));
    }
    template::page(visit.language, &view)
}

/// The newest change in the directory. The rows know it already, unless a removal is newer than all of them.
fn newest(
    visit: &Visit<'_>,
    place: &Place<'_>,
    refs: &Refs,
    changes: &LastChanges,
    changesets: &HashMap<ChangesetId, Changeset>,
) -> Result<Option<ChangesetRow>, Problem> {
    if place.path.is_root() || changes.is_empty() {
        return place.last_change(visit, refs);
    }
    let newest = changesets
        .values()
        .max_by_key(|changeset| changeset.date.seconds);
    Ok(newest.map(|changeset| {
        words::changeset_row(
            visit,
            place.repository(),
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
        NodeKind::Symlink if entry.size.is_some_and(|size| size <= LONGEST_TARGET) => {
            let content = place.contents.file(&place.id, &entry.path)?;
            ("symlink", Some(render::decode(&content.data).into_owned()))
        }
        NodeKind::Symlink => ("symlink", None),
        NodeKind::Submodule { commit, .. } => {
            ("submodule", Some(commit.chars().take(12).collect()))
        }
    };
    let url = match &entry.kind {
        NodeKind::Submodule { url, .. } => {
            submodule::address(visit, place.repository(), url.as_deref())
        }
        _ => Some(place.url(visit, "files", entry.path.as_bytes())),
    };
    let (size, mark) = match &entry.storage {
        Storage::Lfs { size, .. } => (Some(*size), "LFS"),
        Storage::Largefile { .. } => (None, "largefile"),
        Storage::Here => (entry.size.filter(|_| entry.kind.is_file()), ""),
    };
    Ok(view::Entry {
        kind: kind.to_owned(),
        name: vcs::shown_name(&entry.name).into_owned(),
        url,
        size: size.map(words::size).unwrap_or_default(),
        storage: mark.to_owned(),
        target,
        last: last.map(|changeset| LastChange {
            id: words::numbered(visit, &place.contents, &changeset.id),
            subject: words::subject(changeset),
            url: words::changeset_url(visit, place.repository(), &changeset.id),
            author: words::author(&changeset.author),
            when: words::when_of(changeset.date),
        }),
    })
}

/// Archives of the directory in view.
fn downloads(visit: &Visit<'_>, place: &Place<'_>) -> Vec<Link> {
    if !place.right.row().downloads {
        return Vec::new();
    }
    let path = place.path.as_bytes();
    vcs::ArchiveFormat::ALL
        .into_iter()
        .map(|format| {
            let name = format!("{}{}", place.id, format.extension());
            let mut url = visit.url(place.repository()).join("archive").join(name);
            if !path.is_empty() {
                url = url.query_bytes("path", path);
            }
            Link {
                text: format.extension().trim_start_matches('.').to_owned(),
                url: url.into(),
            }
        })
        .collect()
}
