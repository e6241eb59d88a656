//! Deleting a file.

use model::WritableRepository;
use vcs::{FileChange, NodeKind};

use super::change::folder_url;
use super::{Outcome, Target, on_branch, page};
use crate::frame;
use crate::i18n::m;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::view::{EditConflict, FormError, RemoveFile};
use crate::visit::Visit;
use crate::words;

const REFUSAL: &str = m("You can only delete files with revision being a valid branch");

/// `GET /<repo>/delete/<revision>/<path>`
pub fn form(visit: &mut Visit<'_>, repository: &WritableRepository, captures: &Captures) -> Answer {
    on_branch(visit, repository, captures, REFUSAL, show_form)
}

fn show_form(visit: &mut Visit<'_>, target: Target<'_>) -> Answer {
    if let Some(way) = no_file(visit, &target)? {
        return way;
    }
    show(visit, &target, Vec::new(), None, None)
}

/// `POST /<repo>/delete/<revision>/<path>`
pub fn commit(
    visit: &mut Visit<'_>,
    repository: &WritableRepository,
    captures: &Captures,
) -> Answer {
    on_branch(visit, repository, captures, REFUSAL, make)
}

fn make(visit: &mut Visit<'_>, mut target: Target<'_>) -> Answer {
    let change = FileChange::Delete {
        path: target.path.clone(),
    };
    let message = default_message(visit, &target);
    match target.commit(visit, vec![change], &message, "")? {
        Outcome::Done(committed) => {
            let path = &target.path;
            let message = visit.tf("Successfully deleted file {path}", &[("path", path)]);
            target.done(visit, &committed, &message)
        }
        Outcome::Wrong(error, said) => show(visit, &target, vec![error], said, None),
        Outcome::Moved(found) => {
            let conflict = target.conflict(visit, found)?;
            target.base.parent = found.or(target.base.parent);
            show(visit, &target, Vec::new(), None, Some(conflict))
        }
    }
}

/// The way elsewhere when there is no file to delete.
fn no_file(visit: &mut Visit<'_>, target: &Target<'_>) -> Result<Option<Answer>, Problem> {
    let Some(parent) = target.base.parent else {
        return Err(Problem::NotFound(
            visit.t("There are no files yet.").to_owned(),
        ));
    };
    let node = target.contents.node(&parent, &target.path)?;
    match node.kind {
        NodeKind::File { .. } | NodeKind::Symlink => Ok(None),
        NodeKind::Directory | NodeKind::Submodule { .. } => {
            let why = visit.t("Only files can be deleted here").to_owned();
            visit.flash("warning", &why);
            let url = target.url(visit, "files", &target.path);
            Ok(Some(Ok(visit.redirect(&url))))
        }
    }
}

fn default_message(visit: &Visit<'_>, target: &Target<'_>) -> String {
    visit.tf(
        "Deleted file {path} via Kallithea",
        &[("path", &target.path)],
    )
}

fn show(
    visit: &mut Visit<'_>,
    target: &Target<'_>,
    errors: Vec<FormError>,
    said: Option<String>,
    conflict: Option<EditConflict>,
) -> Answer {
    let name = target.repository.name();
    let path = target.path.to_string();
    let title = visit.tf(
        "{repository} Delete file - {path}",
        &[("repository", &name), ("path", &path)],
    );
    let moved = conflict.is_some();
    let view = RemoveFile {
        repo: frame::repository(visit, target.repository, false, "files")?,
        action_url: target.url(visit, "delete", &target.path),
        cancel_url: target.way_back(visit),
        crumbs: words::crumbs(&target.path, |part| folder_url(visit, target, part)),
        root_url: folder_url(visit, target, b""),
        branch: target.base.branch.to_string(),
        parent: target.parent_hex(),
        path,
        message: visit.form.get("message").unwrap_or_default().to_owned(),
        default_message: default_message(visit, target),
        errors,
        said,
        conflict,
        frame: frame::frame(visit, title, "repositories"),
    };
    page(visit, &view, moved)
}
