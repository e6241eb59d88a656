//! A directory or a file at a revision, and what else is asked of it: names, origins of lines, history, authors.

mod annotate;
mod directory;
mod file;
mod history;
mod names;
mod source;
mod submodule;

use std::sync::Arc;

use model::{Level, ReadableRepository};
use vcs::{ChangesetId, NodeKind, Refs, RepoPath, Repository};

use super::{edit, revision};
use crate::frame;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{ChangesetRow, FilePart, FileView, Files, Link, RefLink, RefPicker};
use crate::visit::Visit;
use crate::words;

pub use annotate::show as annotate;
pub use history::{authors, history};
pub use names::names;

/// How many branches and tags the revision chooser lists without script.
const PICKER: usize = 30;

/// What the pages of this folder are about.
struct Place<'a> {
    right: &'a ReadableRepository,
    contents: Arc<Repository>,
    id: ChangesetId,
    /// The revision as the address has it.
    revision: String,
    path: RepoPath,
}

/// `GET /<repo>/files/<revision>/<path>`
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, captures: &Captures) -> Answer {
    let Some(place) = Place::find(visit, repository, captures)? else {
        let has_path = captures.bytes("rest").contains(&b'/');
        return if has_path {
            Err(nothing_yet(visit))
        } else {
            beginning(visit, repository)
        };
    };
    let node = place.contents.node(&place.id, &place.path)?;
    match node.kind {
        NodeKind::Directory => directory::show(visit, &place),
        _ => file::show(visit, &place, &node),
    }
}

/// What is said where there is no changeset.
fn nothing_yet(visit: &Visit<'_>) -> Problem {
    Problem::NotFound(visit.t("There are no files yet.").to_owned())
}

/// The files of a repository without changesets: the way to the first one.
fn beginning(visit: &mut Visit<'_>, repository: &ReadableRepository) -> Answer {
    let add = visit.url(repository.name()).join("add").join("0").into();
    let view = Files {
        repo: frame::repository(visit, repository, true, "files")?,
        add_url: (repository.level() >= Level::Write).then_some(add),
        frame: frame::frame(
            visit,
            format!("{} Files", repository.name()),
            "repositories",
        ),
        no_changesets: true,
        ..Files::default()
    };
    let mut response = template::page(visit.language, &view)?;
    response.status = http::StatusCode::NOT_FOUND;
    Ok(response)
}

impl<'a> Place<'a> {
    /// What the address is about; none in a repository without changesets.
    fn find(
        visit: &Visit<'_>,
        repository: &'a ReadableRepository,
        captures: &Captures,
    ) -> Result<Option<Self>, Problem> {
        let contents = visit.model.open_repository(repository)?;
        let rest = captures.bytes("rest");
        let rest = if rest.is_empty() { b"tip" } else { rest };
        let (id, text, path) = match contents.is_empty()? {
            true => return Ok(None),
            false => revision::split(&contents, rest)?,
        };
        Ok(Some(Place {
            right: repository,
            id,
            revision: text.to_owned(),
            path: revision::path(path)?,
            contents,
        }))
    }

    fn repository(&self) -> &'a str {
        self.right.name()
    }

    /// Whether a script asks for the page without its frame.
    fn is_part(&self, visit: &Visit<'_>) -> bool {
        visit.request.headers.contains_key("x-partial-xhr")
    }

    /// The page of a file, or for a script its part without the frame.
    fn html(&self, visit: &Visit<'_>, view: FileView) -> Result<String, Problem> {
        if self.is_part(visit) {
            template::html(visit.language, &FilePart(view))
        } else {
            template::html(visit.language, &view)
        }
    }

    /// A page of this repository at the revision in view.
    fn url(&self, visit: &Visit<'_>, page: &str, path: &[u8]) -> String {
        visit
            .url(self.repository())
            .join(page)
            .join(&self.revision)
            .join(path)
            .into()
    }

    /// The same by the full id, which means the same for ever.
    fn permalink(&self, visit: &Visit<'_>, page: &str, path: &[u8]) -> String {
        visit
            .url(self.repository())
            .join(page)
            .join(self.id.to_string())
            .join(path)
            .into()
    }

    /// The parts of the path as links; the last one is the thing in view.
    fn crumbs(&self, visit: &Visit<'_>) -> Vec<Link> {
        words::crumbs(&self.path, |part| self.url(visit, "files", part))
    }

    /// Where the finder gets its names from.
    fn finder_url(&self, visit: &Visit<'_>) -> Option<String> {
        Some(self.permalink(visit, "nodelist", b"") + "/")
    }

    /// Whether this visitor may change files at this revision.
    fn can_edit(&self, refs: &Refs) -> Result<bool, Problem> {
        edit::can_edit(self.right, &self.contents, refs, &self.revision, &self.id)
    }

    /// The choice of another revision for the same path of a page.
    fn picker(&self, visit: &Visit<'_>, refs: &Refs, page: &str) -> RefPicker {
        let url = |revision: &str| {
            String::from(
                visit
                    .url(self.repository())
                    .join(page)
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
                words::numbered(visit, &self.contents, &self.id)
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
                String::from(visit.url(self.repository()).join(page)),
                crate::path::encode(self.path.as_bytes())
            ),
            links,
        }
    }

    /// The last changeset that changed the file in view. The search for it decides all files of its directory at once, and is kept.
    fn last_change(&self, visit: &Visit<'_>, refs: &Refs) -> Result<Option<ChangesetRow>, Problem> {
        let (Some(parent), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return self.row(visit, refs, &self.id).map(Some);
        };
        let cached = self.contents.cached(visit.model.cache());
        let changes = cached.last_changes(&self.id, &parent)?;
        changes
            .get(name)
            .map(|id| self.row(visit, refs, id))
            .transpose()
    }

    fn row(
        &self,
        visit: &Visit<'_>,
        refs: &Refs,
        id: &ChangesetId,
    ) -> Result<ChangesetRow, Problem> {
        let changeset = self.contents.changeset(id)?;
        Ok(words::changeset_row(
            visit,
            self.repository(),
            &changeset,
            refs.labels(id),
        ))
    }

    fn title(&self) -> String {
        let path = self.path.to_string();
        format!(
            "{} Files · {}",
            self.repository(),
            if path.is_empty() { "/" } else { &path }
        )
    }
}
