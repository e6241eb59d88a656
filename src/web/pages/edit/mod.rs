//! Files changed on the web: edited, renamed, added, uploaded, deleted.
//!
//! Each form carries the branch it is for and the changeset its author saw. The commit is made only while the branch still
//! is there; otherwise the page comes back with status 409, with what the author typed and what the others did. Nothing
//! that was typed is lost by an error either.

mod add;
mod change;
mod preview;
mod remove;
mod text;

use std::sync::Arc;

use http::StatusCode;
use model::{Actor, CommitFailure, NewChangeset, ReadableRepository, WritableRepository};
use vcs::{
    ChangesetId, CommitError, Committed, FileChange, FileContent, Kind, NodeError, NodeKind,
    RefName, Refs, RepoPath, Repository,
};

use super::revision;
use crate::i18n::m;
use crate::problem::{Problem, chain};
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{EditConflict, FormError, Page};
use crate::visit::Visit;
use crate::words;

pub use add::{commit as commit_new, form as form_for_new};
pub use change::{commit as commit_edit, form as form_for_edit};
pub use remove::{commit as commit_removal, form as form_for_removal};

/// Larger texts are not edited in a form.
const LARGEST_TEXT: u64 = 1024 * 1024;

/// Where a changeset is to go.
#[derive(Debug, Clone)]
struct Base {
    branch: RefName,
    /// What the author saw; none in an empty repository.
    parent: Option<ChangesetId>,
}

/// What a form is about.
struct Target<'a> {
    repository: &'a WritableRepository,
    contents: Arc<Repository>,
    base: Base,
    path: RepoPath,
}

/// The branch that a changeset on top of this one would belong to, when it is the head of one: Mercurial's branches may
/// have several.
fn branch_of(
    contents: &Repository,
    refs: &Refs,
    text: &str,
    id: &ChangesetId,
) -> Result<Option<RefName>, Problem> {
    if let Some(branch) = refs.branch(text).filter(|branch| branch.id == *id) {
        return Ok(Some(branch.name.clone()));
    }
    match contents.kind() {
        Kind::Git => {
            let names = &refs.labels(id).branches;
            let usual = refs.default_branch.as_ref();
            let usual = usual.filter(|name| names.contains(name));
            Ok(usual.or(names.first()).cloned())
        }
        Kind::Hg => {
            let branch = contents.changeset(id)?.branch;
            for child in contents.children(id)? {
                if contents.changeset(&child)?.branch == branch {
                    return Ok(None);
                }
            }
            Ok(branch)
        }
    }
}

/// Whether files at this revision are edited here: it is the head of a branch, and this visitor may write.
pub(super) fn can_edit(
    repository: &ReadableRepository,
    contents: &Repository,
    refs: &Refs,
    text: &str,
    id: &ChangesetId,
) -> Result<bool, Problem> {
    Ok(repository.writable().is_some() && branch_of(contents, refs, text, id)?.is_some())
}

/// Does something about a file on the branch that an address names, or leads back where there is no such branch.
fn on_branch<'a>(
    visit: &mut Visit<'_>,
    repository: &'a WritableRepository,
    captures: &Captures,
    refusal: &'static str,
    act: fn(&mut Visit<'_>, Target<'a>) -> Answer,
) -> Answer {
    match Target::find(visit, repository, captures, refusal)? {
        Ok(target) => act(visit, target),
        Err(elsewhere) => Ok(elsewhere),
    }
}

impl<'a> Target<'a> {
    /// What an address and the hidden fields of a form are about; or the way back to the file, for a revision on which
    /// nothing can be built.
    fn find(
        visit: &mut Visit<'_>,
        repository: &'a WritableRepository,
        captures: &Captures,
        refusal: &'static str,
    ) -> Result<Result<Self, Response>, Problem> {
        let contents = visit.model.open_repository(repository)?;
        let rest = captures.bytes("rest");
        if contents.is_empty()? {
            return Ok(Ok(Self::first(repository, contents, rest)?));
        }
        let (id, text, path) = revision::split(&contents, rest)?;
        let path = revision::path(path)?;
        let told = visit
            .form
            .get("parent")
            .and_then(|parent| parent.parse().ok());
        let branch = match visit.form.trimmed("branch") {
            "" => branch_of(&contents, &contents.refs()?, text, &id)?,
            branch => Some(RefName::new(branch)),
        };
        let Some(branch) = branch else {
            let message = visit.t(refusal).to_owned();
            visit.flash("warning", &message);
            let back = visit
                .url(repository.name())
                .join("files/tip")
                .join(path.as_bytes());
            return Ok(Err(visit.redirect(&String::from(back))));
        };
        let base = Base {
            branch,
            parent: Some(told.unwrap_or(id)),
        };
        Ok(Ok(Self {
            repository,
            contents,
            base,
            path,
        }))
    }

    /// The first file of an empty repository, whatever the address calls its revision.
    fn first(
        repository: &'a WritableRepository,
        contents: Arc<Repository>,
        rest: &[u8],
    ) -> Result<Self, Problem> {
        let start = rest.iter().position(|&byte| byte == b'/');
        let path = revision::path(&rest[start.unwrap_or(rest.len())..])?;
        let branch = match (contents.kind(), contents.refs()?.head.clone()) {
            (Kind::Hg, _) => RefName::new("default"),
            (Kind::Git, vcs::Head::Unborn(branch)) => branch,
            (Kind::Git, _) => RefName::new("master"),
        };
        let base = Base {
            branch,
            parent: None,
        };
        Ok(Self {
            repository,
            contents,
            base,
            path,
        })
    }

    /// The file as its author saw it, or as it is by now; none where there is no file. A changeset that is gone has none.
    fn file_at(
        &self,
        id: Option<&ChangesetId>,
        path: &RepoPath,
    ) -> Result<Option<FileContent>, Problem> {
        let Some(id) = id else { return Ok(None) };
        if self.contents.resolve(&id.to_string()).is_err() {
            return Ok(None);
        }
        match self.contents.node(id, path) {
            Ok(node) if node.kind.is_file() => {}
            Ok(_) | Err(NodeError::NotFound { .. } | NodeError::NotADirectory { .. }) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(Some(self.contents.file(id, path)?))
    }

    /// A page of this repository on the branch, at a path.
    fn url(&self, visit: &Visit<'_>, page: &str, path: &RepoPath) -> String {
        let revision = match self.base.parent {
            None => "0",
            Some(_) => self.base.branch.as_str(),
        };
        visit
            .url(self.repository.name())
            .join(page)
            .join(revision)
            .join(path.as_bytes())
            .into()
    }

    /// Where somebody goes who does not want to after all.
    fn way_back(&self, visit: &Visit<'_>) -> String {
        match self.base.parent {
            None => visit.url(self.repository.name()).into(),
            Some(_) => self.url(visit, "files", &self.path),
        }
    }

    fn parent_hex(&self) -> String {
        self.base
            .parent
            .map(|id| id.to_string())
            .unwrap_or_default()
    }

    /// Makes the changeset.
    fn commit(
        &self,
        visit: &mut Visit<'_>,
        changes: Vec<FileChange>,
        default_message: &str,
        field: &'static str,
    ) -> Result<Outcome, Problem> {
        let message = match visit.form.trimmed("message") {
            "" => default_message,
            typed => typed,
        };
        let message = message.replace("\r\n", "\n");
        let actor = Actor::new(&visit.viewer, &visit.request.peer.remote_addr);
        let author = visit.user()?.clone();
        let new = NewChangeset {
            branch: self.base.branch.clone(),
            parent: self.base.parent,
            message,
            changes,
        };
        // What was rewritten cannot be built upon, nor even read any more.
        if let Some(parent) = self.base.parent
            && self.contents.resolve(&parent.to_string()).is_err()
        {
            let refs = self.contents.refs()?;
            let found = refs.branch(self.base.branch.as_str());
            return Ok(Outcome::Moved(found.map(|branch| branch.id)));
        }
        let wrong = |message: String| Ok(Outcome::Wrong(at(visit, field, message), None));
        match visit.model.commit(self.repository, &author, &actor, new) {
            Ok(committed) => Ok(Outcome::Done(committed)),
            Err(CommitFailure::Model(error)) => Err(error.into()),
            Err(CommitFailure::Refused(error)) => match error {
                CommitError::Moved { found, .. } => Ok(Outcome::Moved(found)),
                CommitError::Unchanged => Ok(Outcome::Wrong(
                    at(visit, "", visit.t("No changes").to_owned()),
                    None,
                )),
                CommitError::Refused { reason, said } => {
                    let text = visit.tf(
                        "The repository has refused the change: {reason}",
                        &[("reason", &reason)],
                    );
                    let said = Some(said).filter(|said| !said.trim().is_empty());
                    Ok(Outcome::Wrong(at(visit, "", text), said))
                }
                CommitError::BadPath { path, why } => wrong(visit.tf(
                    "{path} cannot be the name of a file: {why}",
                    &[("path", &path), ("why", &why)],
                )),
                CommitError::Exists { path } => {
                    wrong(visit.tf("{path} already exists", &[("path", &path)]))
                }
                CommitError::NotFound { path } => {
                    wrong(visit.tf("There is no file {path}", &[("path", &path)]))
                }
                CommitError::NotAFile { path } => wrong(visit.tf(
                    "{path} is not a file that can be edited",
                    &[("path", &path)],
                )),
                CommitError::NoAuthor => Ok(Outcome::Wrong(
                    at(
                        visit,
                        "",
                        visit
                            .t("Your account has neither a name nor an address to sign with")
                            .to_owned(),
                    ),
                    None,
                )),
                CommitError::Read(error) => Err(error.into()),
                error => {
                    tracing::error!(request_id = %visit.id, "{}", chain(&error));
                    let text = visit.t("Error occurred during commit").to_owned();
                    Ok(Outcome::Wrong(at(visit, "", text), None))
                }
            },
        }
    }

    /// What the others did to a file since its author saw it.
    fn conflict(
        &self,
        visit: &Visit<'_>,
        found: Option<ChangesetId>,
    ) -> Result<EditConflict, Problem> {
        let Some(found) = found else {
            return Ok(EditConflict::default());
        };
        let refs = self.contents.refs()?;
        let changeset = self.contents.changeset(&found)?;
        let name = self.repository.name();
        let before = self.file_at(self.base.parent.as_ref(), &self.path)?;
        let now = self.file_at(Some(&found), &self.path)?;
        let bytes = |file: &Option<FileContent>| file.as_ref().map(|file| file.data.clone());
        let (old, new) = (bytes(&before), bytes(&now));
        Ok(EditConflict {
            head: Some(words::changeset_row(
                visit,
                name,
                &changeset,
                refs.labels(&found),
            )),
            deleted: now.is_none() && before.is_some(),
            file: (old != new).then(|| {
                preview::difference(
                    visit,
                    "theirs",
                    &self.path,
                    &self.path,
                    old.as_deref(),
                    new.as_deref(),
                )
            }),
        })
    }

    /// What follows a commit: a word about it, and the way to it.
    fn done(&self, visit: &mut Visit<'_>, committed: &Committed, message: &str) -> Answer {
        visit.flash("success", message);
        let said = committed.said.trim();
        if !said.is_empty() {
            visit.flash("warning", said);
        }
        // Opened anew: the handle of this visit still sees the names as they were before.
        let contents = visit.model.open_repository(self.repository)?;
        let is_tip = contents.resolve("tip").is_ok_and(|tip| tip == committed.id);
        let revision = if is_tip {
            "tip".to_owned()
        } else {
            committed.id.to_string()
        };
        let url = visit
            .url(self.repository.name())
            .join("changeset")
            .join(revision);
        Ok(visit.redirect(&String::from(url)))
    }
}

/// What came of a commit.
enum Outcome {
    Done(Committed),
    /// Somebody was faster; the branch is there now, if it is at all.
    Moved(Option<ChangesetId>),
    /// Something to be put right, and what hooks have said.
    Wrong(FormError, Option<String>),
}

/// An error beside a field, or of the form as a whole.
fn at(visit: &Visit<'_>, field: &str, message: String) -> FormError {
    FormError {
        field: field.to_owned(),
        label: match field {
            "" => String::new(),
            "content" => visit.t("Text").to_owned(),
            "upload_file" => visit.t("Files").to_owned(),
            "location" => visit.t("Folder").to_owned(),
            "path" => visit.t("Path").to_owned(),
            _ => visit.t("Name").to_owned(),
        },
        message,
    }
}

/// A form with what is wrong: 409 when somebody was faster.
fn page<P: Page>(visit: &Visit<'_>, view: &P, conflict: bool) -> Answer {
    if !conflict {
        return template::page(visit.language, view);
    }
    let html = template::html(visit.language, view)?;
    Ok(Response::html(StatusCode::CONFLICT, html))
}

/// Whether nothing is to be written yet. What a script asks for in part is never more than a look.
fn wants_preview(visit: &Visit<'_>) -> bool {
    visit.form.get("preview").is_some() || visit.request.headers.contains_key("x-partial-xhr")
}

/// A path as somebody typed it: not absolute, and not out of the repository.
fn typed_path(visit: &Visit<'_>, field: &str, typed: &str) -> Result<RepoPath, FormError> {
    let refused = || {
        let text = visit.t("Location must be relative path and must not contain .. in path");
        at(visit, field, text.to_owned())
    };
    let typed = typed.trim();
    if typed.starts_with('/') {
        return Err(refused());
    }
    RepoPath::parse(typed.trim_end_matches('/').as_bytes()).map_err(|_| refused())
}

/// Whether there may be text to edit; only its content knows for sure.
pub(super) fn has_text(node: &vcs::Node) -> bool {
    not_editable(&node.kind, node.size).is_none()
}

/// Why a thing at a path has no text to edit; none for what has.
fn not_editable(kind: &NodeKind, size: Option<u64>) -> Option<&'static str> {
    match kind {
        NodeKind::File { .. } if size.is_some_and(|size| size > LARGEST_TEXT) => {
            Some(m("This file is too large to be edited here"))
        }
        NodeKind::File { .. } => None,
        NodeKind::Symlink => Some(m("A symbolic link has no text to edit")),
        NodeKind::Directory => Some(m("given path is a directory")),
        NodeKind::Submodule { .. } => Some(m("A submodule has no text to edit")),
    }
}
