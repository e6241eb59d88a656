//! Adding a file, and uploading some.

use model::WritableRepository;
use vcs::{FileChange, RepoPath};

use super::change::folder_url;
use super::{Outcome, Target, at, on_branch, page, preview, typed_path, wants_preview};
use crate::frame;
use crate::i18n::m;
use crate::multipart::Upload;
use crate::routes::{Answer, Captures};
use crate::view::{EditConflict, EditFile, EditPreview, FormError};
use crate::visit::Visit;
use crate::words;

const REFUSAL: &str = m("You can only add files with revision being a valid branch");

/// `GET /<repo>/add/<revision>/<folder>`; an empty repository has no revision and takes any.
pub fn form(visit: &mut Visit<'_>, repository: &WritableRepository, captures: &Captures) -> Answer {
    on_branch(visit, repository, captures, REFUSAL, show_form)
}

fn show_form(visit: &mut Visit<'_>, target: Target<'_>) -> Answer {
    let typed = Typed {
        location: target.path.to_string(),
        ..Typed::default()
    };
    show(visit, &target, typed, Told::default())
}

/// `POST /<repo>/add/<revision>/<folder>`
pub fn commit(
    visit: &mut Visit<'_>,
    repository: &WritableRepository,
    captures: &Captures,
) -> Answer {
    on_branch(visit, repository, captures, REFUSAL, make)
}

fn make(visit: &mut Visit<'_>, mut target: Target<'_>) -> Answer {
    let uploads = visit.form.take_uploads("upload_file");
    let original = target.path.to_string();
    let field = |name: &str| visit.form.get(name).unwrap_or_default().to_owned();
    let typed = Typed {
        location: visit.form.get("location").unwrap_or(&original).to_owned(),
        filename: field("filename"),
        content: field("content"),
        message: field("message"),
        replace: visit.form.checked("replace"),
    };
    if wants_preview(visit) {
        let told = match see(visit, &target, &typed, &original, &uploads) {
            Ok(preview) => Told {
                preview: Some(preview),
                ..Told::default()
            },
            Err(error) => Told::wrong(error),
        };
        return show(visit, &target, typed, told);
    }
    let folder = folder(visit, &target, &typed, &original);
    let files = folder.and_then(|folder| files(visit, &folder, &typed, uploads));
    let files = match files {
        Ok(files) => files,
        Err(error) => return show(visit, &target, typed, Told::wrong(error)),
    };
    let paths: Vec<RepoPath> = files.iter().map(|(path, _)| path.clone()).collect();
    let mut changes = Vec::new();
    for (path, content) in files {
        let there = typed.replace
            && target
                .file_at(target.base.parent.as_ref(), &path)?
                .is_some_and(|file| !file.symlink);
        changes.push(if there {
            FileChange::Edit { path, content }
        } else {
            FileChange::Create {
                path,
                content,
                executable: false,
            }
        });
    }
    let default_message = default_message(visit, paths.len());
    match target.commit(visit, changes, &default_message, "filename")? {
        Outcome::Done(committed) => {
            let names: Vec<_> = paths.iter().map(ToString::to_string).collect();
            let message = visit.tf(
                "Successfully committed to {path}",
                &[("path", &names.join(", "))],
            );
            target.done(visit, &committed, &message)
        }
        Outcome::Wrong(error, said) => {
            let told = Told {
                said,
                ..Told::wrong(error)
            };
            show(visit, &target, typed, told)
        }
        Outcome::Moved(found) => {
            // What they did to the file that is to be made, if there is one by now.
            if let [only] = &paths[..] {
                target.path = only.clone();
            }
            let conflict = target.conflict(visit, found)?;
            target.path = folder_of(&original);
            target.base.parent = found.or(target.base.parent);
            let told = Told {
                conflict: Some(conflict),
                ..Told::default()
            };
            show(visit, &target, typed, told)
        }
    }
}

fn folder_of(original: &str) -> RepoPath {
    RepoPath::parse(original.as_bytes()).unwrap_or_default()
}

/// The folder as typed; untouched, it is that of the address.
fn folder(
    visit: &Visit<'_>,
    target: &Target<'_>,
    typed: &Typed,
    original: &str,
) -> Result<RepoPath, FormError> {
    if typed.location == original {
        return Ok(target.path.clone());
    }
    typed_path(visit, "location", &typed.location)
}

/// The path of a file in a folder.
fn below(visit: &Visit<'_>, folder: &RepoPath, name: &str) -> Result<RepoPath, FormError> {
    let refused = |_| at(visit, "filename", visit.t("No filename").to_owned());
    folder.join(name.as_bytes()).map_err(refused)
}

/// The files to be made: those that were sent, else the one that was typed.
fn files(
    visit: &Visit<'_>,
    folder: &RepoPath,
    typed: &Typed,
    uploads: Vec<Upload>,
) -> Result<Vec<(RepoPath, Vec<u8>)>, FormError> {
    if uploads.is_empty() {
        let path = typed_file(visit, folder, typed)?;
        let content = typed.content.replace("\r\n", "\n").into_bytes();
        return Ok(vec![(path, content)]);
    }
    let mut files: Vec<(RepoPath, Vec<u8>)> = Vec::new();
    for upload in uploads {
        if upload.file_name.is_empty() {
            return Err(at(visit, "upload_file", visit.t("No filename").to_owned()));
        }
        let path = below(visit, folder, &upload.file_name)?;
        if files.iter().any(|(other, _)| *other == path) {
            let text = visit.tf("{path} was sent twice", &[("path", &path)]);
            return Err(at(visit, "upload_file", text));
        }
        files.push((path, upload.content));
    }
    Ok(files)
}

/// The path of the file whose text was typed.
fn typed_file(visit: &Visit<'_>, folder: &RepoPath, typed: &Typed) -> Result<RepoPath, FormError> {
    // Folders have a field of their own.
    let name = typed.filename.trim().rsplit('/').next().unwrap_or_default();
    if typed.content.is_empty() {
        return Err(at(visit, "content", visit.t("No content").to_owned()));
    }
    if name.is_empty() {
        return Err(at(visit, "filename", visit.t("No filename").to_owned()));
    }
    below(visit, folder, name)
}

/// What would be committed.
fn see(
    visit: &Visit<'_>,
    target: &Target<'_>,
    typed: &Typed,
    original: &str,
    uploads: &[Upload],
) -> Result<EditPreview, FormError> {
    if !uploads.is_empty() {
        let text = visit.t("Files that are sent have no preview. Choose them again.");
        return Err(at(visit, "upload_file", text.to_owned()));
    }
    let folder = folder(visit, target, typed, original)?;
    let path = typed_file(visit, &folder, typed)?;
    let content = typed.content.replace("\r\n", "\n").into_bytes();
    let parent = target.base.parent.as_ref();
    let name = target.repository.name();
    let old = target.file_at(parent, &path).ok().flatten();
    let old = old.as_ref().map(|file| file.data.as_slice());
    let paths = (&path, &path);
    Ok(preview::preview(visit, name, parent, paths, old, &content))
}

fn default_message(visit: &Visit<'_>, files: usize) -> String {
    if files == 1 {
        return visit.t("Added file via Kallithea").to_owned();
    }
    visit.tn(
        "Added {n} file via Kallithea",
        "Added {n} files via Kallithea",
        files as u64,
        &[],
    )
}

/// What somebody typed.
#[derive(Default)]
struct Typed {
    location: String,
    filename: String,
    content: String,
    message: String,
    replace: bool,
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
    fn wrong(error: FormError) -> Self {
        Self {
            errors: vec![error],
            ..Self::default()
        }
    }
}

fn show(visit: &mut Visit<'_>, target: &Target<'_>, typed: Typed, told: Told) -> Answer {
    let empty = target.base.parent.is_none();
    let name = target.repository.name();
    let title = visit.tf("{repository} Add file", &[("repository", &name)]);
    let conflict = told.conflict.is_some();
    let view = EditFile {
        repo: frame::repository(visit, target.repository, empty, "files")?,
        adding: true,
        action_url: target.url(visit, "add", &target.path),
        cancel_url: target.way_back(visit),
        crumbs: words::crumbs(&target.path, |part| folder_url(visit, target, part)),
        root_url: folder_url(visit, target, b""),
        branch: target.base.branch.to_string(),
        parent: target.parent_hex(),
        location: typed.location,
        filename: typed.filename,
        content: typed.content,
        replace: typed.replace,
        message: typed.message,
        default_message: default_message(visit, 1),
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
