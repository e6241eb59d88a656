//! One changeset with its diff.

use super::Page;
use super::common::{Chip, Link, Person, Status, Tab, When};
use super::frame::Frame;
use super::repo::RepoFrame;
use serde::Serialize;

/// The page of a changeset.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Changeset {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// The id as shown.
    pub id: String,
    /// All 40 digits.
    pub raw_id: String,
    /// This page by its full id.
    pub url: String,
    /// First line of the message with links.
    pub subject_html: String,
    /// The rest of the message with links; line breaks are kept by the style. Empty for none.
    pub body_html: String,
    /// Who wrote it.
    pub author: Person,
    /// The author's address, if it may be shown.
    pub email: Option<String>,
    /// When.
    pub when: When,
    /// Who put it into the repository, if somebody else did (Git).
    pub committer: Option<Person>,
    /// When that was.
    pub committed: Option<When>,
    /// Branches, tags, bookmarks, phase, marks of evolution.
    pub chips: Vec<Chip>,
    /// Whether it has several parents.
    pub merge: bool,
    /// The signatures it carries.
    pub signatures: Vec<SignatureView>,
    /// How many comments there are, in words.
    pub comments: Option<String>,
    /// The review status.
    pub status: Option<Status>,
    /// Parents; the text is the short id.
    pub parents: Vec<NeighbourLink>,
    /// Children, as far as they are known.
    pub children: Vec<NeighbourLink>,
    /// `Grafted from`, `Transplanted from`, `Replaced by`, `Preceded by`: words and links.
    pub origins: Vec<Origin>,
    /// The files as they were then.
    pub files_url: String,
    /// The diff as text.
    pub raw_url: String,
    /// The patch.
    pub patch_url: String,
    /// The diff as a download.
    pub download_url: String,
    /// What it is compared with: a choice, for merges.
    pub against: Vec<Tab>,
    /// The diff, drawn piece by piece.
    pub diff_html: String,
}

impl Page for Changeset {
    const TEMPLATE: &'static str = "changeset.html";
}

/// A signature, and whether it holds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SignatureView {
    /// `good`, `bad`, or `open` where nothing can be said.
    pub state: String,
    /// All that is known, in words.
    pub text: String,
    /// The fingerprint of the key, if it is known.
    pub key: String,
}

/// A parent or child.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NeighbourLink {
    /// Short id.
    pub id: String,
    /// Its page.
    pub url: String,
    /// First line of its message.
    pub subject: String,
}

/// Where a changeset came from or went to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Origin {
    /// `Grafted from`.
    pub label: String,
    /// The changesets.
    pub links: Vec<Link>,
}
