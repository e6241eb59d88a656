//! The README of a directory, as HTML.

use vcs::{CacheKey, Entry};

use super::Place;
use crate::problem::Problem;
use crate::view::Document;
use crate::visit::Visit;

/// A README beyond this is not rendered in a listing.
const LARGEST: u64 = 1024 * 1024;

/// Changes with what the renderer makes of the same text.
const VERSION: u32 = 1;

/// The README among the entries of the directory in view.
pub(super) fn of_directory(
    visit: &Visit<'_>,
    place: &Place<'_>,
    entries: &[Entry],
) -> Result<Option<Document>, Problem> {
    let files: Vec<(&str, &Entry)> = entries
        .iter()
        .filter(|entry| matches!(entry.kind, vcs::NodeKind::File { .. }))
        .filter_map(|entry| Some((std::str::from_utf8(&entry.name).ok()?, entry)))
        .collect();
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let Some((name, entry)) = render::readme::choose(&names).map(|at| files[at]) else {
        return Ok(None);
    };
    let node = place.contents.node(&place.id, &entry.path)?;
    let (Some(content), true) = (node.content, node.size.is_some_and(|size| size <= LARGEST))
    else {
        return Ok(None);
    };
    let (files, raw) = (
        place.permalink(visit, "files", b""),
        place.permalink(visit, "raw", b""),
    );
    let directory = place.path.to_string_lossy();
    let links = render::markup::Links {
        files: &files,
        raw: &raw,
        directory: &directory,
    };
    let make = || -> Result<String, Problem> {
        let file = place.contents.file_up_to(&place.id, &entry.path, LARGEST)?;
        if file.is_binary() {
            return Ok(String::new());
        }
        let html = render::markup::render(name, &render::decode(&file.data), &links);
        Ok(html.unwrap_or_default())
    };
    // Short texts are rendered faster than they are found on disk.
    let html = if node.size.is_some_and(|size| size < 2_048) {
        make()?
    } else {
        let parts = [
            content.as_bytes().as_slice(),
            name.as_bytes(),
            files.as_bytes(),
            raw.as_bytes(),
            directory.as_bytes(),
        ];
        let key = CacheKey::new("readme", VERSION, &parts);
        let decode = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let encode = |html: &String| html.clone().into_bytes();
        visit
            .model
            .cache()
            .get_or_make(&key, decode, encode, make)?
    };
    Ok(Some(html)
        .filter(|html| !html.is_empty())
        .map(|html| Document {
            name: name.to_owned(),
            url: place.url(visit, "files", entry.path.as_bytes()),
            content_html: html,
        }))
}
