//! Files changed on the web.

use super::Page;
use super::common::{ChangesetRow, Link};
use super::diff::DiffFile;
use super::form::FormError;
use super::frame::Frame;
use super::repo::RepoFrame;
use serde::Serialize;

/// The form for an old or a new file. Fields of both: `content`, `message`, `branch`, `parent`, buttons `commit` and `preview`;
/// of an old one `path`; of a new one `location`, `filename`, `upload_file`, `replace`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EditFile {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// Whether the file is new.
    pub adding: bool,
    /// Where the form posts to.
    pub action_url: String,
    /// Where "Cancel" leads.
    pub cancel_url: String,
    /// The folders above, and the file if it is there.
    pub crumbs: Vec<Link>,
    /// The root at this revision.
    pub root_url: String,
    /// The branch that gets the changeset.
    pub branch: String,
    /// What the author saw: all 40 digits; empty in an empty repository.
    pub parent: String,
    /// The whole path as typed.
    pub path: String,
    /// The folder as typed.
    pub location: String,
    /// The name as typed.
    pub filename: String,
    /// The text as typed.
    pub content: String,
    /// Whether files of the same name are replaced.
    pub replace: bool,
    /// The message as typed.
    pub message: String,
    /// The message of those who type none.
    pub default_message: String,
    /// The character set, when it is not the usual one.
    pub encoding: Option<String>,
    /// How much may be sent: `32.0 MiB`.
    pub most: String,
    /// What was wrong.
    pub errors: Vec<FormError>,
    /// What hooks have said about it.
    pub said: Option<String>,
    /// What would be committed.
    pub preview: Option<EditPreview>,
    /// Somebody was faster.
    pub conflict: Option<EditConflict>,
}

impl Page for EditFile {
    const TEMPLATE: &'static str = "edit_file.html";
}

/// What would be committed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EditPreview {
    /// The difference.
    pub file: DiffFile,
    /// The file as it will be rendered, for Markdown and its kin.
    pub content_html: Option<String>,
}

/// What others did meanwhile.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EditConflict {
    /// The newest changeset of the branch; `None` when the branch is gone.
    pub head: Option<ChangesetRow>,
    /// What they did to this file; `None` when they left it alone.
    pub file: Option<DiffFile>,
    /// Whether it is there no more.
    pub deleted: bool,
}

/// The form that deletes a file: fields `message`, `branch`, `parent`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RemoveFile {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// Where the form posts to.
    pub action_url: String,
    /// Where "Cancel" leads.
    pub cancel_url: String,
    /// The folders above and the file.
    pub crumbs: Vec<Link>,
    /// The root at this revision.
    pub root_url: String,
    /// The branch that gets the changeset.
    pub branch: String,
    /// What the author saw.
    pub parent: String,
    /// The file.
    pub path: String,
    /// The message as typed.
    pub message: String,
    /// The message of those who type none.
    pub default_message: String,
    /// What was wrong.
    pub errors: Vec<FormError>,
    /// What hooks have said about it.
    pub said: Option<String>,
    /// Somebody was faster.
    pub conflict: Option<EditConflict>,
}

impl Page for RemoveFile {
    const TEMPLATE: &'static str = "edit_remove.html";
}
