//! A README as HTML: that of a directory, and that of a whole repository.

use vcs::{CacheKey, ChangesetId, Entry, RepoPath, Repository};

use crate::edition::edition;
use crate::problem::Problem;
use crate::view::Document;
use crate::visit::Visit;

/// A README beyond this is not rendered.
const LARGEST: u64 = 1024 * 1024;
/// Shorter texts are rendered faster than they are found on disk.
const SHORT: u64 = 2_048;

/// Where a README is looked for.
pub(super) struct Place<'a> {
    /// The full name of the repository.
    pub repository: &'a str,
    pub contents: &'a Repository,
    pub id: &'a ChangesetId,
    /// The revision as links to the file are to have it.
    pub revision: &'a str,
}

impl Place<'_> {
    /// The best of some entries, whose paths tell what they are.
    pub(super) fn among(
        &self,
        visit: &Visit<'_>,
        entries: &[Entry],
    ) -> Result<Option<Document>, Problem> {
        let files: Vec<(&str, &RepoPath)> = entries
            .iter()
            .filter(|entry| matches!(entry.kind, vcs::NodeKind::File { .. }))
            .filter_map(|entry| {
                let path = std::str::from_utf8(entry.path.as_bytes()).ok()?;
                Some((path, &entry.path))
            })
            .collect();
        let Some(at) = choose(&files) else {
            return Ok(None);
        };
        let (text, path) = files[at];
        self.document(visit, text, path)
    }

    fn document(
        &self,
        visit: &Visit<'_>,
        text: &str,
        path: &RepoPath,
    ) -> Result<Option<Document>, Problem> {
        let node = self.contents.node(self.id, path)?;
        let Some(size) = node.size.filter(|size| *size <= LARGEST) else {
            return Ok(None);
        };
        let (directory, name) = text.rsplit_once('/').unwrap_or(("", text));
        let base = |page: &str| {
            let url = visit.url(self.repository).join(page);
            String::from(url.join(self.id.to_string()))
        };
        let (files, raw) = (base("files"), base("raw"));
        let links = render::markup::Links {
            files: &files,
            raw: &raw,
            directory,
        };
        let make = || -> Result<String, Problem> {
            let file = self.contents.file_up_to(self.id, path, LARGEST)?;
            if file.is_binary() {
                return Ok(String::new());
            }
            let html = render::markup::render(name, &render::decode(&file.data), &links);
            Ok(html.unwrap_or_default())
        };
        let html = match node.content.filter(|_| size >= SHORT) {
            None => make()?,
            Some(content) => {
                let parts = [
                    content.as_bytes().as_slice(),
                    name.as_bytes(),
                    files.as_bytes(),
                    raw.as_bytes(),
                    directory.as_bytes(),
                ];
                let key = CacheKey::new("readme", edition(), &parts);
                let decode = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
                let encode = |html: &String| html.clone().into_bytes();
                visit
                    .model
                    .cache()
                    .get_or_make(&key, decode, encode, make)?
            }
        };
        let url = visit.url(self.repository).join("files");
        Ok((!html.is_empty()).then(|| Document {
            name: name.to_owned(),
            url: url.join(self.revision).join(path.as_bytes()).into(),
            content_html: html,
        }))
    }
}

/// Which of these is the README. In one folder the names tell.
fn choose(files: &[(&str, &RepoPath)]) -> Option<usize> {
    let parents: Vec<_> = files.iter().map(|(_, path)| path.parent()).collect();
    let one_folder = parents.windows(2).all(|pair| pair[0] == pair[1]);
    let names: Vec<&str> = files
        .iter()
        .map(|(text, _)| match one_folder {
            true => text.rsplit('/').next().unwrap_or(text),
            false => text,
        })
        .collect();
    render::readme::choose(&names)
}
