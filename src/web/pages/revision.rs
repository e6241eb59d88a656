//! Which changeset a page is about.

use vcs::{ChangesetId, Repository, RevisionError};

use crate::i18n::t;
use crate::problem::Problem;

/// The changeset of a whole text: `tip`, a branch, a tag, a hash.
pub(super) fn resolve(repository: &Repository, text: &str) -> Result<ChangesetId, Problem> {
    Ok(repository.resolve(text)?)
}

/// The changeset at the beginning of `revision/path`, and the path behind it.
///
/// Branch names hold slashes; when the first part is no revision, the longest known name that the rest begins with is it.
pub(super) fn split<'a>(
    repository: &Repository,
    rest: &'a [u8],
) -> Result<(ChangesetId, &'a str, &'a [u8]), Problem> {
    let unknown =
        || Problem::NotFound(t("Such revision does not exist for this repository").into());
    let end = rest.iter().position(|&b| b == b'/').unwrap_or(rest.len());
    let first = std::str::from_utf8(&rest[..end]).map_err(|_| unknown())?;
    let tail = |end: usize| rest.get(end + 1..).unwrap_or_default();
    match repository.resolve(first) {
        Ok(id) => return Ok((id, first, tail(end))),
        Err(RevisionError::Unknown { .. }) if end < rest.len() => {}
        Err(error) => return Err(error.into()),
    }
    let refs = repository.refs()?;
    let names = refs
        .branches
        .iter()
        .map(|branch| (branch.name.as_str(), branch.id));
    let names = names.chain(refs.tags.iter().map(|tag| (tag.name.as_str(), tag.id)));
    let names = names.chain(
        refs.bookmarks
            .iter()
            .map(|bookmark| (bookmark.name.as_str(), bookmark.id)),
    );
    let fits = |name: &str| {
        rest.strip_prefix(name.as_bytes())
            .is_some_and(|tail| tail.is_empty() || tail.starts_with(b"/"))
    };
    let (name, id) = names
        .filter(|(name, _)| fits(name))
        .max_by_key(|(name, _)| name.len())
        .ok_or_else(unknown)?;
    let text = std::str::from_utf8(&rest[..name.len()]).map_err(|_| unknown())?;
    Ok((id, text, tail(name.len())))
}

/// A path inside a repository as a page's address has it: slashes at its ends do not count.
pub(super) fn path(bytes: &[u8]) -> Result<vcs::RepoPath, Problem> {
    let start = bytes.iter().position(|&b| b != b'/').unwrap_or(bytes.len());
    let end = bytes
        .iter()
        .rposition(|&b| b != b'/')
        .map_or(start, |at| at + 1);
    vcs::RepoPath::parse(&bytes[start..end]).map_err(|error| Problem::NotFound(error.to_string()))
}
