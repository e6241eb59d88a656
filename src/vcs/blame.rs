//! Which changeset each line of a file comes from.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use crate::repository::either;
use crate::{ChangesetId, NodeError, RepoPath, Repository};

/// How to look for the origin of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlameOptions {
    /// Changesets that do not count, e.g. because they only changed the form of the text: a line that one of them changed is
    /// taken for the line that stood in its place before.
    pub ignore: HashSet<ChangesetId>,
    /// Git: whether to go on under the old name where a file was renamed. Mercurial has recorded that and always does.
    pub renames: bool,
    /// A larger file is refused.
    pub most_bytes: u64,
}

impl Default for BlameOptions {
    fn default() -> Self {
        BlameOptions {
            ignore: HashSet::new(),
            renames: true,
            most_bytes: 16 * 1024 * 1024,
        }
    }
}

/// A file, line by line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blame {
    /// The content of the file.
    pub content: Vec<u8>,
    /// Its lines from the top.
    pub lines: Vec<BlameLine>,
}

/// A line of a file and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlameLine {
    /// The changeset that brought the line into its present form.
    pub id: ChangesetId,
    /// The number of the line there, from 1.
    pub number: u32,
    /// The name of the file there.
    pub path: Arc<RepoPath>,
    /// Where in [`Blame::content`] the line stands, its end included.
    pub text: Range<usize>,
}

impl Repository {
    /// Tells for each line of a file which changeset it comes from: like `git blame`, `hg annotate`.
    pub fn blame(
        &self,
        id: &ChangesetId,
        path: &RepoPath,
        options: &BlameOptions,
    ) -> Result<Blame, NodeError> {
        either!(self, system => system.blame(id, path, options))
    }

    /// Reads a list of changesets to be ignored, in the form of Git's `blame.ignoreRevsFile`: a full id on each line, `#` starts
    /// a comment. What is no id, or of no changeset here, does not count.
    pub fn ignored_changesets(list: &[u8]) -> HashSet<ChangesetId> {
        let lines = list.split(|&byte| byte == b'\n');
        lines
            .filter_map(|line| {
                let text = line.split(|&byte| byte == b'#').next()?;
                std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
            })
            .collect()
    }
}

/// The places of the lines of a text.
pub(crate) fn line_ranges(text: &[u8]) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text) {
        lines.push(start..end + 1);
        start = end + 1;
    }
    if start < text.len() {
        lines.push(start..text.len());
    }
    lines
}
