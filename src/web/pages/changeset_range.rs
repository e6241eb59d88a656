//! Several changesets on one page, each with its diff.

use model::ReadableRepository;
use vcs::{ChangesetId, Repository};

use super::diff::{self, PLACE, Shown, Side, Switches};
use super::revision;
use crate::frame;
use crate::problem::Problem;
use crate::routes::Answer;
use crate::template;
use crate::view::{ChangesetRange, RangePart};
use crate::visit::Visit;
use crate::words;

/// More changesets have no page together.
const MOST: usize = 500;

/// The changesets from one to another in the order of the repository, oldest first.
pub(super) fn ids(
    contents: &Repository,
    first: &str,
    last: &str,
) -> Result<Vec<ChangesetId>, Problem> {
    let (first, last) = (
        revision::resolve(contents, first)?,
        revision::resolve(contents, last)?,
    );
    let ids = contents.range(&first, &last)?;
    if ids.is_empty() {
        return Err(Problem::NotFound(
            "There are no changesets in this range: it ends before it begins".into(),
        ));
    }
    Ok(ids)
}

/// `GET /<repo>/changeset/<first>...<last>`
pub(super) fn show(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    first: &str,
    last: &str,
) -> Answer {
    let name = repository.name();
    let contents = visit.model.open_repository(repository)?;
    let mut ids = ids(&contents, first, last)?;
    let left_out = ids.len().saturating_sub(MOST);
    ids.truncate(MOST);
    let refs = contents.refs()?;
    let switches = Switches::of(&visit.query);
    let (first, last) = (ids[0], ids[ids.len() - 1]);
    let mut rows = Vec::with_capacity(ids.len());
    let mut ends = Vec::with_capacity(ids.len());
    for id in &ids {
        let changeset = contents.changeset(id)?;
        ends.push((changeset.parents.first().copied(), *id));
        rows.push(words::changeset_row(
            visit,
            name,
            &changeset,
            refs.labels(id),
        ));
    }
    let from = ends[0].0.unwrap_or(ChangesetId::NULL);
    let range = format!("{first}...{last}");
    let text =
        |page: &str| String::from(switches.added_to(visit.url(name).join(page).join(&range)));
    let shorts: Vec<_> = [first, last]
        .iter()
        .map(|id| words::short(visit, id))
        .collect();
    let title: &[(&str, &dyn std::fmt::Display)] = &[
        ("repository", &name),
        ("first", &shorts[0]),
        ("last", &shorts[1]),
    ];
    let view = ChangesetRange {
        repo: frame::repository(visit, repository, false, "changelog")?,
        first: shorts[0].clone(),
        last: shorts[1].clone(),
        count: ids.len() as u64,
        left_out: left_out as u64,
        compare_url: visit
            .url(name)
            .join(format!("compare/rev@{from}...rev@{last}"))
            .into(),
        raw_url: text("changeset-diff"),
        patch_url: text("changeset-patch"),
        rows: rows.clone(),
        diff_html: PLACE.to_owned(),
        frame: frame::frame(
            visit,
            visit.tf("{repository} Changesets - {first} > {last}", title),
            "repositories",
        ),
    };
    let html = template::html(visit.language, &view)?;

    // Each is drawn when it is its turn; what the first ones have shown is no longer there for the others.
    let mut left = visit.model.config().cut_off_limit;
    let base = visit.url(name).join("changeset").join(&range);
    let language = visit.language;
    let mut shown: Vec<_> = ends
        .into_iter()
        .zip(rows)
        .map(|((parent, id), row)| {
            let (old, new) = (Side::new(name, parent.as_ref()), Side::new(name, Some(&id)));
            let mut shown = Shown::new(visit, switches, base.clone(), old, new, &id.to_string());
            shown.key = format!("{}-", id.short());
            (parent, id, row, shown)
        })
        .collect();
    shown.reverse();
    let pieces = std::iter::from_fn(move || {
        let (parent, id, row, shown) = shown.pop()?;
        let make = || {
            let frame = shown.fragment.clone();
            let head = template::html(language, &RangePart { frame, row })?;
            let changes = contents.diff(parent.as_ref(), &id, &switches.options(left))?;
            let mut out = head;
            for piece in shown.draw(move || Ok(changes)) {
                out.push_str(&piece?);
            }
            left = left.saturating_sub(out.len() / 4);
            Ok(out)
        };
        Some(make())
    });
    diff::page(visit.language, &html, pieces, 0)
}
