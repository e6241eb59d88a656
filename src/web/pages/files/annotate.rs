//! Who wrote which line.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::ReadableRepository;
use vcs::{BlameOptions, ChangesetId, Node, NodeError, NodeKind, RepoPath, Repository};

use super::{Place, file, nothing_yet, source};
use crate::frame;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{FileView, Switch};
use crate::visit::Visit;
use crate::words;

/// The file in which a repository names changesets that only changed the form of its text; the name that forges agree on.
const IGNORED: &[u8] = b".git-blame-ignore-revs";
/// A longer list is not read.
const LONGEST_LIST: u64 = 1 << 20;
/// The way back through renames ends after so many changesets.
const MOST_STEPS: usize = 10_000;

/// `GET /<repo>/annotate/<revision>/<path>`; with `before`, the way to the file before that changeset.
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, captures: &Captures) -> Answer {
    let Some(place) = Place::find(visit, repository, captures)? else {
        return Err(nothing_yet(visit));
    };
    let node = place.contents.node(&place.id, &place.path)?;
    if node.kind == NodeKind::Directory {
        // Old links from a file to the directory around it keep the word.
        return super::directory::show(visit, &place);
    }
    if let Some(changeset) = visit.query.get("before") {
        let id = super::revision::resolve(&place.contents, changeset)?;
        return before(visit, &place, &id);
    }
    file::annotated(visit, &place, &node)
}

/// Leads to the file as it was before a changeset, under the name that it had.
fn before(visit: &mut Visit<'_>, place: &Place<'_>, id: &ChangesetId) -> Answer {
    let steps = place
        .contents
        .file_history(&place.id, &place.path, 0, MOST_STEPS)?
        .steps;
    let at = steps.iter().position(|step| step.id == *id);
    let older = at.and_then(|at| steps.get(at + 1));
    let same = at.map_or(&place.path, |at| &steps[at].path);
    let names = older.map(|step| &step.path).into_iter().chain([same]);
    let candidates: Vec<(ChangesetId, &RepoPath)> = place
        .contents
        .parents(id)?
        .iter()
        .flat_map(|parent| names.clone().map(move |name| (*parent, name)))
        .collect();
    for (parent, name) in candidates {
        if place.contents.node(&parent, name).is_ok() {
            let url = visit
                .url(place.repository())
                .join("annotate")
                .join(parent.to_string())
                .join(name.as_bytes());
            return Ok(visit.redirect(&String::from(url)));
        }
    }
    let message = visit.t("The file begins with this changeset").to_owned();
    visit.flash("success", &message);
    let url = words::changeset_url(visit, place.repository(), id);
    Ok(visit.redirect(&url))
}

/// The page of a text with the origins of its lines.
pub(super) fn page(
    visit: &mut Visit<'_>,
    place: &Place<'_>,
    node: &Node,
    mut view: FileView,
) -> Answer {
    let listed = ignored(&place.contents, &place.id);
    let on = visit.query.get("ignore-revs") != Some("off");
    let options = BlameOptions {
        ignore: if on { listed.clone() } else { HashSet::new() },
        ..BlameOptions::default()
    };
    let cached = place.contents.cached(visit.model.cache());
    let blame = match cached.blame(&place.id, &place.path, &options) {
        Ok(blame) => blame,
        Err(NodeError::TooLarge { .. }) => {
            view.kind = "too_big".to_owned();
            view.frame = frame::frame(visit, place.title(), "repositories");
            return template::page(visit.language, &view);
        }
        Err(error) => return Err(error.into()),
    };
    let ids: Vec<ChangesetId> = blame.lines.iter().map(|line| line.id).collect();
    let origins = origins(visit, place, &ids)?;
    let text = render::decode(&blame.content).into_owned();
    let lines = source::Lines::new(visit.model.cache(), &view.name, node.content, text);
    let url = place.url(visit, "annotate", place.path.as_bytes());
    view.kind = "annotated".to_owned();
    view.lines = lines.count() as u64;
    view.rows_html = source::MARK.to_owned();
    view.picker = place.picker(visit, &place.contents.refs()?, "annotate");
    view.permalink_url = place.permalink(visit, "annotate", place.path.as_bytes());
    view.ignore = (!listed.is_empty()).then(|| Switch {
        on,
        url: match on {
            true => format!("{url}?ignore-revs=off"),
            false => url,
        },
    });
    view.frame = frame::frame(visit, place.title(), "repositories");
    let html = place.html(visit, view)?;
    // Ages stand in the rows.
    let hour = jiff::Timestamp::now().as_second() / 3_600;
    let name = format!("{} {} {on} {hour}", place.id, place.path);
    let mut last = None;
    source::page(&html, name.as_bytes(), lines, move |out, number, line| {
        let id = ids.get(number - 1);
        let first = id != last.as_ref();
        last = id.copied();
        let unknown = render::source::Origin::default();
        let origin = id
            .and_then(|id| origins.get(id))
            .map_or(&unknown, |origin| origin);
        render::source::annotated_row(out, number, &line.html, line.hidden, origin, first);
    })
}

/// The changesets that do not count in this repository.
fn ignored(contents: &Repository, id: &ChangesetId) -> HashSet<ChangesetId> {
    let Ok(path) = RepoPath::parse(IGNORED) else {
        return HashSet::new();
    };
    match contents.file_up_to(id, &path, LONGEST_LIST) {
        Ok(list) => Repository::ignored_changesets(&list.data),
        // None, a directory, or too long: nothing is left out.
        Err(_) => HashSet::new(),
    }
}

/// What the page says about each changeset that a line comes from.
fn origins(
    visit: &Visit<'_>,
    place: &Place<'_>,
    ids: &[ChangesetId],
) -> Result<HashMap<ChangesetId, Arc<render::source::Origin>>, Problem> {
    let mut changesets = HashMap::new();
    for id in ids {
        if !changesets.contains_key(id) {
            changesets.insert(*id, place.contents.changeset(id)?);
        }
    }
    let mut dates: Vec<i64> = changesets
        .values()
        .map(|changeset| changeset.date.seconds)
        .collect();
    dates.sort_unstable_by(|a, b| b.cmp(a));
    dates.dedup();
    let words_of_before = visit.t("Annotate before this change");
    let here = place.permalink(visit, "annotate", place.path.as_bytes());
    let origin = |(id, changeset): (ChangesetId, vcs::Changeset)| {
        let age = dates.partition_point(|date| *date > changeset.date.seconds);
        let when = words::when_of(changeset.date);
        let origin = render::source::Origin {
            url: words::changeset_url(visit, place.repository(), &id),
            id: words::numbered(visit, &place.contents, &id),
            subject: words::subject(&changeset),
            author: words::author(&changeset.author).name,
            when: (when.iso, when.age, when.exact),
            heat: u8::try_from(age * 9 / (dates.len() - 1).max(1)).unwrap_or(9),
            before: (!changeset.parents.is_empty())
                .then(|| (format!("{here}?before={id}"), words_of_before.to_owned())),
        };
        (id, Arc::new(origin))
    };
    Ok(changesets.into_iter().map(origin).collect())
}
