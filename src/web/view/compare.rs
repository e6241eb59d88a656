//! Two states held against each other, and several changesets on one page.

use serde::Serialize;

use super::Page;
use super::common::{ChangesetRow, Link, When};
use super::diff::Fragment;
use super::frame::Frame;
use super::repo::RepoFrame;

/// The page that compares.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Compare {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// What is compared with: the base of a merge.
    pub org: CompareEnd,
    /// What is compared: what would be merged.
    pub other: CompareEnd,
    /// The start page, below which the names of each repository are found.
    pub root_url: String,
    /// The repositories of the family that this visitor may read: what the other end may be of. This one first.
    pub family: Vec<FamilyMember>,
    /// Where the form goes: fields `org_ref`, `other_ref`, `other_repo`, `merge`.
    pub action: String,
    /// The same with the ends exchanged.
    pub swap_url: Option<String>,
    /// Whether it shows what a merge would bring.
    pub merge: bool,
    /// What came of it; none as long as nothing was chosen.
    pub result: Option<CompareResult>,
}

impl Page for Compare {
    const TEMPLATE: &'static str = "compare.html";
}

/// A repository of the same family: the original, or a fork of it or of another fork.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FamilyMember {
    /// Its full name.
    pub name: String,
    /// What it is a fork of, as far as the visitor may know.
    pub fork_of: Option<String>,
    /// Whether it is the one that the page is of.
    pub here: bool,
    /// What it would bring.
    pub url: String,
    /// When it was made.
    pub when: When,
}

/// One end.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CompareEnd {
    /// The full name of the repository.
    pub repository: String,
    /// `branch`, `tag`, `book` or `rev`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// Both, as the field has them.
    pub text: String,
    /// The changeset that it names; none for the empty state.
    pub changeset: Option<Link>,
    /// Names to choose from.
    pub names: Vec<EndName>,
}

/// A name to choose.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EndName {
    /// `branch`, `tag` or `book`.
    pub kind: String,
    /// The name.
    pub text: String,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CompareResult {
    /// How many changesets the base has and the other end lacks.
    pub behind: u64,
    /// Whether it shows what a merge would bring.
    pub merge: bool,
    /// The page that does, if this one does not.
    pub merge_url: Option<String>,
    /// The page that does not, if this one does.
    pub plain_url: Option<String>,
    /// Where both parted; several after criss-cross merges.
    pub ancestors: Vec<Link>,
    /// Whether it merges without conflicts, if that is known.
    pub clean: Option<bool>,
    /// Whether there is nothing to be merged: the base is an ancestor.
    pub fast_forward: bool,
    /// The files that people must decide about.
    pub conflicts: Vec<String>,
    /// The changesets.
    pub rows: CompareRows,
    /// The diff.
    pub diff_html: String,
}

/// The changesets that one end has and the other lacks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CompareRows {
    /// The frame.
    pub frame: Fragment,
    /// How many there are.
    pub total: u64,
    /// How many of them are not listed.
    pub left_out: u64,
    /// Newest first.
    pub rows: Vec<ChangesetRow>,
    /// The graph beside them, as in the changelog; empty for none.
    pub graph_html: String,
    /// Its width in pixels.
    pub graph_width: u32,
    /// The same as JSON, for programs that draw it.
    pub graph_data_html: String,
}

impl Page for CompareRows {
    const TEMPLATE: &'static str = "compare_rows.html";
}

/// Several changesets with their diffs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChangesetRange {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// The oldest.
    pub first: String,
    /// The newest.
    pub last: String,
    /// How many there are on the page.
    pub count: u64,
    /// How many more there would be.
    pub left_out: u64,
    /// The same as one comparison.
    pub compare_url: String,
    /// All of it as one diff.
    pub raw_url: String,
    /// The patches one after the other.
    pub patch_url: String,
    /// Oldest first.
    pub rows: Vec<ChangesetRow>,
    /// The diffs.
    pub diff_html: String,
}

impl Page for ChangesetRange {
    const TEMPLATE: &'static str = "changeset_range.html";
}

/// The head of one changeset among several.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RangePart {
    /// The frame.
    pub frame: Fragment,
    /// The changeset.
    pub row: ChangesetRow,
}

impl Page for RangePart {
    const TEMPLATE: &'static str = "range_part.html";
}

/// The difference between two states of one file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FileDiffPage {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// The path.
    pub path: String,
    /// The changeset before, as shown.
    pub old: String,
    /// Its page; none for the empty state.
    pub old_url: Option<String>,
    /// The changeset after, as shown.
    pub new: String,
    /// Its page; none for the empty state.
    pub new_url: Option<String>,
    /// The diff.
    pub diff_html: String,
}

impl Page for FileDiffPage {
    const TEMPLATE: &'static str = "file_diff.html";
}
