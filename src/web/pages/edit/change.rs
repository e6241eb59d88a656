//! Editing and renaming a file.

use model::WritableRepository;
use vcs::{ChangesetId, FileChange, RepoPath, Storage};

use super::text::Stored;
use super::{
    Outcome, Target, at, not_editable, on_branch, page, preview, typed_path, wants_preview,
};
use crate::frame;
use crate::i18n::m;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::view::{EditConflict, EditFile, EditPreview, FormError};
use crate::visit::Visit;
use crate::words;

const REFUSAL: &str = m("You can only edit files with revision being a valid branch");

/// What is shown is not what the repository itself holds: a pointer of Git LFS, a hash of Mercurial's large files.
const KEPT_ELSEWHERE: &str = m("A large file that is kept elsewhere cannot be edited here");

/// `GET /<repo>/edit/<revision>/<path>`
pub fn form(visit: &mut Visit<'_>, repository: &WritableRepository, captures: &Captures) -> Answer {
    on_branch(visit, repository, captures, REFUSAL, show_form)
}

fn show_form(visit: &mut Visit<'_>, target: Target<'_>) -> Answer {
    let Some(parent) = target.base.parent else {
        return Err(Problem::NotFound(
            visit.t("There are no files yet.").to_owned(),
        ));
    };
    let node = target.contents.node(&parent, &target.path)?;
    if let Some(why) = not_editable(&node.kind, node.size) {
        return view_instead(visit, &target, why);
    }
    let content = target.contents.file(&parent, &target.path)?;
    if content.storage != Storage::Here {
        return view_instead(visit, &target, KEPT_ELSEWHERE);
    }
    let Some(stored) = Stored::of(&content) else {
        return view_instead(visit, &target, m("Editing binary files not allowed"));
    };
    let typed = Typed {
        path: target.path.to_string(),
        content: stored.text.clone(),
        message: String::new(),
    };
    show(visit, &target, &stored, typed, Told::default())
}

fn view_instead(visit: &mut Visit<'_>, target: &Target<'_>, why: &'static str) -> Answer {
    let why = visit.t(why).to_owned();
    visit.flash("warning", &why);
    Ok(visit.redirect(&target.url(visit, "files", &target.path)))
}

/// `POST /<repo>/edit/<revision>/<path>`
pub fn commit(
    visit: &mut Visit<'_>,
    repository: &WritableRepository,
    captures: &Captures,
) -> Answer {
    on_branch(visit, repository, captures, REFUSAL, make)
}

fn make(visit: &mut Visit<'_>, mut target: Target<'_>) -> Answer {
    let old = target.file_at(target.base.parent.as_ref(), &target.path)?;
    let stored = match &old {
        None => Stored::empty(),
        Some(old) if old.symlink => {
            return view_instead(visit, &target, m("A symbolic link has no text to edit"));
        }
        Some(old) if old.storage != Storage::Here => {
            return view_instead(visit, &target, KEPT_ELSEWHERE);
        }
        Some(old) => match Stored::of(old) {
            Some(stored) => stored,
            None => return view_instead(visit, &target, m("Editing binary files not allowed")),
        },
    };
    let original = target.path.to_string();
    let typed = Typed {
        path: visit.form.get("path").unwrap_or(&original).to_owned(),
        content: visit.form.get("content").unwrap_or_default().to_owned(),
        message: visit.form.get("message").unwrap_or_default().to_owned(),
    };
    // A path that is no text is shown with marks in the place of bytes; untouched, it stays what it is.
    let path = if typed.path == original {
        Ok(target.path.clone())
    } else {
        typed_path(visit, "path", &typed.path)
    };
    let bytes = stored.replaced_by(&typed.content).map_err(|char| {
        let text = visit.tf(
            "The file is stored as {encoding}, which has no “{char}”",
            &[("encoding", &stored.encoding.name()), ("char", &char)],
        );
        at(visit, "content", text)
    });
    let (path, bytes) = match (path, bytes) {
        (Ok(path), Ok(bytes)) => (path, bytes),
        (path, bytes) => {
            let errors = [path.err(), bytes.err()].into_iter().flatten().collect();
            return show(visit, &target, &stored, typed, Told::wrong(errors));
        }
    };
    if wants_preview(visit) {
        let old = old.as_ref().map(|old| old.data.as_slice());
        let parent = target.base.parent.as_ref();
        let paths = (&target.path, &path);
        let seen = preview::preview(visit, target.repository.name(), parent, paths, old, &bytes);
        let told = Told {
            preview: Some(seen),
            ..Told::default()
        };
        return show(visit, &target, &stored, typed, told);
    }
    let default_message = default_message(visit, &target.path, &path);
    let changes = changes(
        old.as_ref().map(|old| &old.data[..]),
        &target.path,
        &path,
        bytes,
    );
    match target.commit(visit, changes, &default_message, "path")? {
        Outcome::Done(committed) => {
            let message = visit.tf("Successfully committed to {path}", &[("path", &path)]);
            target.done(visit, &committed, &message)
        }
        Outcome::Wrong(error, said) => {
            let told = Told {
                said,
                ..Told::wrong(vec![error])
            };
            show(visit, &target, &stored, typed, told)
        }
        Outcome::Moved(found) => {
            let conflict = target.conflict(visit, found)?;
            // The next attempt stands on what is there now, which its author has been shown.
            target.base.parent = found.or(target.base.parent);
            let told = Told {
                conflict: Some(conflict),
                ..Told::default()
            };
            show(visit, &target, &stored, typed, told)
        }
    }
}

/// What is to become of the file.
fn changes(
    old: Option<&[u8]>,
    from: &RepoPath,
    to: &RepoPath,
    content: Vec<u8>,
) -> Vec<FileChange> {
    let (from, to) = (from.clone(), to.clone());
    vec![match old {
        // It was deleted meanwhile, and its author has been told.
        None => FileChange::Create {
            path: to,
            content,
            executable: false,
        },
        Some(_) if from == to => FileChange::Edit { path: to, content },
        Some(old) => FileChange::Rename {
            content: (old != content).then_some(content),
            from,
            to,
        },
    }]
}

fn default_message(visit: &Visit<'_>, from: &RepoPath, to: &RepoPath) -> String {
    if from == to {
        visit.tf("Edited file {path} via Kallithea", &[("path", from)])
    } else {
        visit.tf(
            "Renamed file {from} to {to} via Kallithea",
            &[("from", from), ("to", to)],
        )
    }
}

/// What somebody typed.
struct Typed {
    path: String,
    content: String,
    message: String,
}

/// What the page says besides.
#[derive(Default)]
struct Told {
    errors: Vec<FormError>,
    said: Option<String>,
    preview: Option<EditPreview>,
    conflict: Option<EditConflict>,
}

impl Told {
    fn wrong(errors: Vec<FormError>) -> Self {
        Self {
            errors,
            ..Self::default()
        }
    }
}

fn show(
    visit: &mut Visit<'_>,
    target: &Target<'_>,
    stored: &Stored,
    typed: Typed,
    told: Told,
) -> Answer {
    let name = target.repository.name();
    let path = target.path.to_string();
    let title = visit.tf(
        "{repository} Edit file - {path}",
        &[("repository", &name), ("path", &path)],
    );
    let conflict = told.conflict.is_some();
    let usual = stored.encoding.name() == "utf-8";
    let view = EditFile {
        repo: frame::repository(visit, target.repository, false, "files")?,
        action_url: target.url(visit, "edit", &target.path),
        cancel_url: target.way_back(visit),
        crumbs: words::crumbs(&target.path, |part| folder_url(visit, target, part)),
        root_url: folder_url(visit, target, b""),
        branch: target.base.branch.to_string(),
        parent: target
            .base
            .parent
            .as_ref()
            .map(ChangesetId::to_string)
            .unwrap_or_default(),
        path: typed.path,
        content: typed.content,
        message: typed.message,
        default_message: default_message(visit, &target.path, &target.path),
        encoding: (!usual).then(|| stored.encoding.name().to_uppercase()),
        most: words::size(visit.model.config().upload_limit),
        errors: told.errors,
        said: told.said,
        preview: told.preview,
        conflict: told.conflict,
        frame: frame::frame(visit, title, "repositories"),
        ..EditFile::default()
    };
    page(visit, &view, conflict)
}

/// The files of the branch at a path.
pub(super) fn folder_url(visit: &Visit<'_>, target: &Target<'_>, path: &[u8]) -> String {
    visit
        .url(target.repository.name())
        .join("files")
        .join(target.base.branch.as_str())
        .join(path)
        .into()
}
