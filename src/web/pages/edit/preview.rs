//! What a change would look like.

use vcs::diff::LineKind;
use vcs::{ChangesetId, FileContent, RepoPath, Storage};

use super::super::diff;
use crate::view::{DiffFile, EditPreview};
use crate::visit::Visit;

/// Lines around a change.
const CONTEXT: u32 = 3;

/// The difference between two contents of a file, either of which may not be there. `id` is for this place of the page.
pub(super) fn difference(
    visit: &Visit<'_>,
    id: &str,
    old_path: &RepoPath,
    path: &RepoPath,
    old: Option<&[u8]>,
    new: Option<&[u8]>,
) -> DiffFile {
    let binary = [old, new]
        .into_iter()
        .flatten()
        .any(|data| memchr::memchr(0, data).is_some() && !is_utf16(data));
    let hunks = if binary {
        Vec::new()
    } else {
        let [old, new] = [old, new].map(|data| readable(data.unwrap_or_default()));
        vcs::diff::between(&old, &new, CONTEXT)
    };
    let count = |wanted: LineKind| {
        let lines = hunks.iter().flat_map(|hunk| &hunk.lines);
        lines.filter(|line| line.kind == wanted).count() as u64
    };
    let renamed = old_path != path;
    DiffFile {
        id: id.to_owned(),
        anchor: id.to_owned(),
        path: path.to_string(),
        body_html: diff::rows_of(visit.language, &path.to_string_lossy(), id, &hunks),
        old_path: renamed.then(|| old_path.to_string()),
        operation: match (old, new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ if renamed => "renamed",
            _ => "modified",
        }
        .to_owned(),
        added: count(LineKind::Added),
        deleted: count(LineKind::Removed),
        message: match (binary, hunks.is_empty()) {
            (true, _) => Some(visit.t("Binary file").to_owned()),
            (false, true) => Some(visit.t("No changes").to_owned()),
            (false, false) => None,
        },
        ..DiffFile::default()
    }
}

/// A difference, and for markup how the new text will be rendered.
pub(super) fn preview(
    visit: &Visit<'_>,
    repository: &str,
    parent: Option<&ChangesetId>,
    paths: (&RepoPath, &RepoPath),
    old: Option<&[u8]>,
    new: &[u8],
) -> EditPreview {
    let (old_path, path) = paths;
    let revision = parent.map_or_else(|| "tip".to_owned(), ChangesetId::to_string);
    let base = |page: &str| String::from(visit.url(repository).join(page).join(&revision));
    let folder = path.parent().unwrap_or_default();
    let name = path.to_string_lossy();
    let content_html = match render::markup::kind(&name) {
        Some(render::markup::Kind::Markdown | render::markup::Kind::Rst) => {
            let links = render::markup::Links {
                files: &base("files"),
                raw: &base("raw"),
                directory: &folder.to_string_lossy(),
            };
            let text = readable(new);
            render::markup::render(&name, &render::decode(&text), &links)
        }
        _ => None,
    };
    EditPreview {
        file: difference(visit, "preview", old_path, path, old, Some(new)),
        content_html,
    }
}

fn is_utf16(data: &[u8]) -> bool {
    matches!(data, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
}

/// UTF-16 as UTF-8; everything else as it is.
fn readable(data: &[u8]) -> Vec<u8> {
    if !is_utf16(data) {
        return data.to_vec();
    }
    let content = FileContent {
        data: data.to_vec(),
        executable: false,
        symlink: false,
        storage: Storage::Here,
    };
    content
        .text()
        .map_or_else(|| data.to_vec(), |text| text.into_owned().into_bytes())
}
