//! A file: its text with or without who wrote it, rendered, as a picture, or what else there is to say about it.

use http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use vcs::{FileContent, Node, NodeKind, Refs, RepoPath, Storage};

use super::{Place, annotate, source, submodule};
use crate::frame;
use crate::pages::{edit, raw};
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{self, Answer};
use crate::template;
use crate::view::{FilePart, FileView, Tab};
use crate::visit::Visit;
use crate::words;

/// Larger files are not shown as text, whoever asks for it.
const LARGEST: u64 = 16 << 20;

/// Pages that embed what a browser has its own viewer for.
const EMBEDDING: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; connect-src 'self'; object-src 'self'; \
     media-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
);

/// Which view of the file is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// What shows it best: a table drawn, a text as it is.
    Best,
    Source,
    Rendered,
    Annotation,
}

pub(super) fn show(visit: &mut Visit<'_>, place: &Place<'_>, node: &Node) -> Answer {
    let is_picture = raw::mime_type(&name_of(place), false) == "image/svg+xml";
    let asked = match visit.query.get("view") {
        Some("rendered") => Asked::Rendered,
        Some(_) => Asked::Source,
        None if is_picture => Asked::Rendered,
        None => Asked::Best,
    };
    answer(visit, place, node, asked)
}

/// The same with the origin of each line; what has no lines is shown as it is.
pub(super) fn annotated(visit: &mut Visit<'_>, place: &Place<'_>, node: &Node) -> Answer {
    answer(visit, place, node, Asked::Annotation)
}

fn name_of(place: &Place<'_>) -> String {
    String::from_utf8_lossy(place.path.file_name().unwrap_or_default()).into_owned()
}

fn answer(visit: &mut Visit<'_>, place: &Place<'_>, node: &Node, asked: Asked) -> Answer {
    let refs = place.contents.refs()?;
    let mut view = facts(visit, place, node, &refs)?;
    let full = visit
        .query
        .get("fulldiff")
        .is_some_and(|value| !value.is_empty());
    let limit = match full {
        true => LARGEST,
        false => (visit.model.config().cut_off_limit as u64).min(LARGEST),
    };
    let size = match &node.storage {
        Storage::Lfs { size, .. } => Some(*size),
        _ => node.size,
    };
    let page = match asked {
        Asked::Annotation => "annotate",
        _ => "files",
    };
    view.mime = raw::mime_type(&view.name, false).to_owned();
    match &node.kind {
        NodeKind::Submodule { url, commit } => {
            let target = submodule::target(visit, place, url.as_deref(), commit);
            // The way leads on; whoever asks for a view of it is told about it instead.
            if let Some(target) = target
                .as_ref()
                .filter(|_| visit.query.get("view").is_none())
            {
                return Ok(visit.redirect(target));
            }
            view.kind = "submodule".to_owned();
            view.target.clone_from(commit);
            view.target_url = target;
        }
        NodeKind::Symlink => symlink(visit, place, &mut view)?,
        // What only the browser draws is not read here.
        _ if embedded(&view.mime, asked).is_some() => {
            view.kind = embedded(&view.mime, asked).unwrap_or_default().to_owned();
            if view.mime == "image/svg+xml" {
                view.views = tabs(visit, place, asked, Some(visit.t("Picture")), false);
            }
        }
        _ if size.is_some_and(|size| size >= limit && size > 0) => {
            view.kind = "too_big".to_owned();
            let url = place.url(visit, page, place.path.as_bytes());
            let can_be_shown = size.is_some_and(|size| size < LARGEST) && !full;
            view.full_url = can_be_shown.then(|| format!("{url}?fulldiff=1"));
        }
        _ => {
            let content = content(place, node, LARGEST)?;
            match content {
                Some(content) => return text(visit, place, node, asked, view, content),
                None => view.kind = "elsewhere".to_owned(),
            }
        }
    }
    finish(visit, place, view)
}

/// What every view of a file shows.
fn facts(
    visit: &Visit<'_>,
    place: &Place<'_>,
    node: &Node,
    refs: &Refs,
) -> Result<FileView, Problem> {
    let path = place.path.as_bytes();
    let can_edit = place.can_edit(refs)?;
    let size = match &node.storage {
        Storage::Lfs { size, .. } => Some(*size),
        Storage::Largefile { .. } => None,
        Storage::Here => node.size,
    };
    let raw_url = place.permalink(visit, "raw", path);
    Ok(FileView {
        repo: frame::repository(visit, place.right, false, "files")?,
        id: words::numbered(visit, &place.contents, &place.id),
        raw_id: place.id.to_string(),
        crumbs: place.crumbs(visit),
        root_url: place.url(visit, "files", b""),
        picker: place.picker(visit, refs, "files"),
        last: place.last_change(visit, refs)?,
        name: name_of(place),
        path: place.path.to_string_lossy().into_owned(),
        shown_path: place.path.to_string(),
        size: size.map(words::size).unwrap_or_default(),
        storage: match &node.storage {
            Storage::Here => "",
            Storage::Lfs { .. } => "LFS",
            Storage::Largefile { .. } => "largefile",
        }
        .to_owned(),
        executable: node.kind == NodeKind::File { executable: true },
        embed_url: format!("{raw_url}?view=inline"),
        raw_url,
        download_url: place.permalink(visit, "rawfile", path),
        permalink_url: place.permalink(visit, "files", path),
        history_url: place.url(visit, "changelog", path),
        history_data_url: place.permalink(visit, "history", path),
        authors_url: place.permalink(visit, "authors", path),
        finder_url: place.finder_url(visit),
        compare_url: (routes::is_served("files_diff_home") && node.kind.is_file())
            .then(|| visit.url(place.repository()).join("diff").join(path).into()),
        edit_url: (can_edit && edit::has_text(node)).then(|| place.url(visit, "edit", path)),
        delete_url: (can_edit && node.kind.is_file()).then(|| place.url(visit, "delete", path)),
        ..FileView::default()
    })
}

/// How a browser shows files of a type by itself.
fn embedded(mime: &str, asked: Asked) -> Option<&'static str> {
    match mime {
        "image/svg+xml" => (asked == Asked::Rendered).then_some("image"),
        "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/avif" | "image/bmp"
        | "image/x-icon" => Some("image"),
        "application/pdf" => Some("pdf"),
        "video/mp4" | "video/webm" | "video/ogg" => Some("video"),
        mime if mime.starts_with("audio/") => Some("audio"),
        _ => None,
    }
}

/// Where a symbolic link leads: a page of ours when it stays inside the repository and something is there.
fn symlink(visit: &Visit<'_>, place: &Place<'_>, view: &mut FileView) -> Result<(), Problem> {
    const LONGEST: u64 = 4_096;
    view.kind = "symlink".to_owned();
    let Ok(content) = place.contents.file_up_to(&place.id, &place.path, LONGEST) else {
        return Ok(());
    };
    view.target = render::decode(&content.data).into_owned();
    let Some(path) = inside(&place.path, &content.data) else {
        return Ok(());
    };
    if place.contents.node(&place.id, &path).is_ok() {
        view.target_url = Some(place.url(visit, "files", path.as_bytes()));
    }
    Ok(())
}

/// The path in the repository that a link at this path leads to.
fn inside(link: &RepoPath, target: &[u8]) -> Option<RepoPath> {
    if target.starts_with(b"/") {
        return None;
    }
    let parent = link.parent()?;
    let mut parts: Vec<&[u8]> = parent.components().collect();
    for part in target.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    RepoPath::parse(&parts.join(&b'/')).ok()
}

/// The content; none where only a pointer is here.
fn content(place: &Place<'_>, node: &Node, most: u64) -> Result<Option<FileContent>, Problem> {
    let mut content = place.contents.file_up_to(&place.id, &place.path, most)?;
    match &node.storage {
        Storage::Here => {}
        Storage::Lfs { .. } if place.contents.kind() == vcs::Kind::Git => {
            let Some(file) = place.contents.content_of_pointer(&node.storage)? else {
                return Ok(None);
            };
            let mut data = Vec::new();
            let read = std::io::Read::read_to_end(&mut std::io::Read::take(file, most), &mut data);
            if read.is_err() {
                return Ok(None);
            }
            content.data = data;
        }
        Storage::Lfs { size, .. } if content.size() != *size => return Ok(None),
        Storage::Lfs { .. } => {}
        Storage::Largefile { hash } if content.data.trim_ascii() == hash.as_bytes() => {
            return Ok(None);
        }
        Storage::Largefile { .. } => {}
    }
    Ok(Some(content))
}

/// Source, and what else can be made of it.
fn tabs(
    visit: &Visit<'_>,
    place: &Place<'_>,
    asked: Asked,
    drawn: Option<&str>,
    table: bool,
) -> Vec<Tab> {
    let tab = |text: &str, url: String, of: Asked| Tab {
        text: text.to_owned(),
        url,
        current: of == asked,
        count: None,
    };
    let url = |page: &str| place.url(visit, page, place.path.as_bytes());
    let mut tabs = vec![tab(
        visit.t("Source"),
        format!("{}?view=source", url("files")),
        Asked::Source,
    )];
    if let Some(drawn) = drawn {
        let rendered = format!("{}?view=rendered", url("files"));
        // What the plain address shows stands first.
        let at = usize::from(!table);
        tabs.insert(at, tab(drawn, rendered, Asked::Rendered));
    }
    tabs.push(tab(
        visit.t("Annotation"),
        url("annotate"),
        Asked::Annotation,
    ));
    tabs
}

/// A file that may be text.
fn text(
    visit: &mut Visit<'_>,
    place: &Place<'_>,
    node: &Node,
    mut asked: Asked,
    mut view: FileView,
    content: FileContent,
) -> Answer {
    view.mime = raw::mime_type(&view.name, content.encoding().is_none()).to_owned();
    view.size = words::size(content.size());
    if content.data.is_empty() {
        view.kind = "empty".to_owned();
        return finish(visit, place, view);
    }
    if content.encoding().is_none() {
        view.kind = "binary".to_owned();
        return finish(visit, place, view);
    }
    let text = raw::shown_text(&content);
    let separator = render::csv::separator(&view.name, &text);
    let is_document = render::markup::is_document(&view.name);
    let drawn = match separator {
        Some(_) => Some(visit.t("Table")),
        None if is_document => Some(visit.t("Rendered")),
        None if view.mime == "image/svg+xml" => Some(visit.t("Picture")),
        None => None,
    };
    asked = match asked {
        Asked::Best if separator.is_some() => Asked::Rendered,
        // The address without a choice shows what it always has shown: text as text.
        Asked::Best => Asked::Source,
        Asked::Rendered if drawn.is_none() => Asked::Source,
        asked => asked,
    };
    view.views = tabs(visit, place, asked, drawn, separator.is_some());
    let first_line = text.lines().next().unwrap_or_default();
    view.language = render::highlight::shared()
        .language(&view.name, first_line)
        .unwrap_or_default()
        .to_owned();
    match asked {
        Asked::Rendered => {
            if let Some(separator) = separator {
                let table = render::csv::table(&text, separator);
                view.kind = "table".to_owned();
                view.lines = table.rows as u64;
                view.cut = table.cut;
                view.content_html = table.html;
            } else {
                let directory = place.path.parent().unwrap_or_default();
                let links = render::markup::Links {
                    files: &place.permalink(visit, "files", b""),
                    raw: &place.permalink(visit, "raw", b""),
                    directory: &directory.to_string_lossy(),
                };
                view.kind = "rendered".to_owned();
                let html = render::markup::render(&view.name, &text, &links);
                view.content_html = html.unwrap_or_default();
            }
            finish(visit, place, view)
        }
        Asked::Annotation => annotate::page(visit, place, node, view),
        Asked::Source | Asked::Best => {
            let text = text.into_owned();
            let lines = source::Lines::new(visit.model.cache(), &view.name, node.content, text);
            view.kind = "text".to_owned();
            view.lines = lines.count() as u64;
            view.rows_html = source::MARK.to_owned();
            view.frame = frame::frame(visit, place.title(), "repositories");
            let html = place.html(visit, view)?;
            let id = node.content.map(|id| id.to_string()).unwrap_or_default();
            source::page(&html, id.as_bytes(), lines, |out, number, line| {
                render::source::row(out, number, &line.html, line.hidden);
            })
        }
    }
}

fn finish(visit: &mut Visit<'_>, place: &Place<'_>, mut view: FileView) -> Answer {
    view.frame = frame::frame(visit, place.title(), "repositories");
    if place.is_part(visit) {
        return template::page(visit.language, &FilePart(view));
    }
    let page: Response = template::page(visit.language, &view)?;
    Ok(match view.kind.as_str() {
        "pdf" | "audio" | "video" => page.with(CONTENT_SECURITY_POLICY, EMBEDDING),
        _ => page,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_inside_only() {
        let at = |link: &str, target: &str| {
            let link = RepoPath::parse(link.as_bytes()).unwrap();
            inside(&link, target.as_bytes()).map(|path| path.to_string())
        };
        assert_eq!(at("a/b/link", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(at("link", "file").as_deref(), Some("file"));
        assert_eq!(at("a/link", "..").as_deref(), Some(""));
        for out in ["/etc/passwd", "../../etc/passwd", "../.."] {
            assert_eq!(at("a/link", out), None, "{out}");
        }
    }
}
