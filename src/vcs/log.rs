//! Lists of changesets, a page at a time.

use crate::{Changeset, ChangesetId, RefName, RepoPath};

/// Which changesets to list. The default is the first page of everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogQuery {
    /// Only this changeset and its ancestors.
    pub from: Option<ChangesetId>,
    /// Only changesets of this branch: what a Git branch reaches, what a Mercurial changeset names. A branch that does not
    /// exist has none.
    pub branch: Option<RefName>,
    /// Only changesets that changed this file or something below this directory.
    pub path: Option<RepoPath>,
    /// Only changesets whose author, name and address as recorded, holds this text; the case of ASCII letters does not count.
    pub author: Option<String>,
    /// Only changesets recorded at this second (UTC, since 1970) or later.
    pub since: Option<i64>,
    /// Only changesets recorded at this second or earlier.
    pub until: Option<i64>,
    /// Only this changeset and what stands below it in the list of all changesets, be it an ancestor or not.
    pub newest: Option<ChangesetId>,
    /// Only this changeset and what stands above it in the list of all changesets.
    pub oldest: Option<ChangesetId>,
    /// How many of the newest to pass over.
    pub skip: usize,
    /// How many to return at most.
    pub limit: usize,
}

impl Default for LogQuery {
    fn default() -> Self {
        LogQuery {
            from: None,
            branch: None,
            path: None,
            author: None,
            since: None,
            until: None,
            newest: None,
            oldest: None,
            skip: 0,
            limit: 100,
        }
    }
}

impl LogQuery {
    /// Everything but which page.
    pub(crate) fn without_page(&self) -> LogQuery {
        LogQuery {
            skip: 0,
            limit: 0,
            ..self.clone()
        }
    }

    /// Whether a changeset recorded at this second fits.
    pub(crate) fn fits_time(&self, seconds: i64) -> bool {
        self.since.is_none_or(|since| since <= seconds)
            && self.until.is_none_or(|until| seconds <= until)
    }

    /// Whether the author as recorded fits.
    pub(crate) fn fits_author(&self, raw: &str) -> bool {
        let Some(wanted) = &self.author else {
            return true;
        };
        // Lower case letters and others have the same length, so a match is a match of whole characters.
        raw.to_ascii_lowercase()
            .contains(&wanted.to_ascii_lowercase())
    }
}

/// One page of a list of changesets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// The changesets of the page, newest first; no changeset stands above one of its children.
    pub changesets: Vec<Changeset>,
    /// How many the whole list has.
    pub total: usize,
}
