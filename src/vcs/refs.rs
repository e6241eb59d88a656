//! The names of a repository.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::ChangesetId;

/// The name of a branch, tag or bookmark, e.g. `main` or `feature/x`, without `refs/heads/` or the like.
///
/// Names that are not UTF-8 are shown with U+FFFD; they are looked up by that same text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RefName(String);

impl RefName {
    /// The name with this text. Whether a repository knows it is for the repository to say.
    pub fn new(name: impl Into<String>) -> Self {
        RefName(name.into())
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A branch and its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name.
    pub name: RefName,
    /// Its newest changeset (Mercurial: the newest open head, where there is one).
    pub id: ChangesetId,
    /// Whether all of its heads are closed; never in Git.
    pub closed: bool,
}

/// A tag and the changeset it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: RefName,
    /// The changeset; for an annotated tag the one it finally points at.
    pub id: ChangesetId,
    /// Whether the tag is an object with its own message (Git only).
    pub annotated: bool,
}

/// A Mercurial bookmark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// Its name.
    pub name: RefName,
    /// The changeset.
    pub id: ChangesetId,
}

/// A pull request's commits, kept by Git under `refs/pull/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Its name without `refs/pull/`, e.g. `12/head`.
    pub name: RefName,
    /// The changeset.
    pub id: ChangesetId,
}

/// Where Git's HEAD points.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Head {
    /// At this branch, which exists.
    Branch(RefName),
    /// At a branch that does not exist (yet).
    Unborn(RefName),
    /// Right at a changeset, which a branch or tag may reach or not.
    Detached(ChangesetId),
    /// At nothing that can be understood. Mercurial has no such thing.
    #[default]
    Nowhere,
}

/// The names that point at one changeset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels {
    /// Branches whose head it is, by name.
    pub branches: Vec<RefName>,
    /// Tags, by name.
    pub tags: Vec<RefName>,
    /// Bookmarks, by name.
    pub bookmarks: Vec<RefName>,
}

impl Labels {
    const NONE: &'static Labels = &Labels {
        branches: Vec::new(),
        tags: Vec::new(),
        bookmarks: Vec::new(),
    };
}

/// All names of a repository at one moment. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refs(Arc<RefLists>);

impl std::ops::Deref for Refs {
    type Target = RefLists;

    fn deref(&self) -> &RefLists {
        &self.0
    }
}

/// The names by kind, each list ordered by name.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct RefLists {
    /// Branches: Git's `refs/heads/`, Mercurial's named branches, closed ones too.
    pub branches: Vec<Branch>,
    /// Tags; Mercurial's `tip` among them.
    pub tags: Vec<Tag>,
    /// Bookmarks, Mercurial only.
    pub bookmarks: Vec<Bookmark>,
    /// The branch a visitor sees first. Git: the one HEAD names if it exists, else the one changed last. Mercurial: `default`
    /// if it is open, else that of the tip.
    pub default_branch: Option<RefName>,
    /// Commits of pull requests, Git only: they can be looked at by id or as `refs/pull/NAME` but are part of no list.
    pub pulls: Vec<Pull>,
    /// Where HEAD points, Git only.
    pub head: Head,
    labels: HashMap<ChangesetId, Labels>,
}

impl From<RefLists> for Refs {
    fn from(lists: RefLists) -> Self {
        Refs(Arc::new(lists))
    }
}

impl RefLists {
    /// Sorts the lists by name and turns them round for [`RefLists::labels`].
    pub(crate) fn new(
        mut branches: Vec<Branch>,
        mut tags: Vec<Tag>,
        mut bookmarks: Vec<Bookmark>,
        default_branch: Option<RefName>,
    ) -> Self {
        branches.sort_by(|a, b| a.name.cmp(&b.name));
        tags.sort_by(|a, b| a.name.cmp(&b.name));
        bookmarks.sort_by(|a, b| a.name.cmp(&b.name));
        let mut labels = HashMap::<ChangesetId, Labels>::new();
        for branch in &branches {
            labels
                .entry(branch.id)
                .or_default()
                .branches
                .push(branch.name.clone());
        }
        for tag in &tags {
            labels
                .entry(tag.id)
                .or_default()
                .tags
                .push(tag.name.clone());
        }
        for bookmark in &bookmarks {
            labels
                .entry(bookmark.id)
                .or_default()
                .bookmarks
                .push(bookmark.name.clone());
        }
        RefLists {
            branches,
            tags,
            bookmarks,
            default_branch,
            pulls: Vec::new(),
            head: Head::Nowhere,
            labels,
        }
    }

    /// Adds what only Git has.
    pub(crate) fn of_git(mut self, mut pulls: Vec<Pull>, head: Head) -> Self {
        pulls.sort_by(|a, b| a.name.cmp(&b.name));
        (self.pulls, self.head) = (pulls, head);
        self
    }

    /// The names that point at a changeset.
    pub fn labels(&self, id: &ChangesetId) -> &Labels {
        self.labels.get(id).unwrap_or(Labels::NONE)
    }

    /// The branch of this name.
    pub fn branch(&self, name: &str) -> Option<&Branch> {
        find(&self.branches, name, |branch| &branch.name)
    }

    /// The tag of this name.
    pub fn tag(&self, name: &str) -> Option<&Tag> {
        find(&self.tags, name, |tag| &tag.name)
    }

    /// The bookmark of this name.
    pub fn bookmark(&self, name: &str) -> Option<&Bookmark> {
        find(&self.bookmarks, name, |bookmark| &bookmark.name)
    }

    /// The pull request's name without `refs/pull/`.
    pub fn pull(&self, name: &str) -> Option<&Pull> {
        find(&self.pulls, name, |pull| &pull.name)
    }
}

/// Finds a name in a list ordered by name.
fn find<'a, T>(list: &'a [T], name: &str, name_of: impl Fn(&T) -> &RefName) -> Option<&'a T> {
    let at = list
        .binary_search_by(|item| name_of(item).as_str().cmp(name))
        .ok()?;
    Some(&list[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_from_both_sides() {
        let (one, two) = (
            ChangesetId::from_bytes([1; 20]),
            ChangesetId::from_bytes([2; 20]),
        );
        let branch = |name: &str, id| Branch {
            name: RefName::new(name),
            id,
            closed: false,
        };
        let tag = Tag {
            name: RefName::new("v1"),
            id: one,
            annotated: true,
        };
        let refs = RefLists::new(
            vec![branch("z", one), branch("a", one), branch("m", two)],
            vec![tag],
            vec![],
            None,
        );

        assert_eq!(refs.branch("m").map(|branch| branch.id), Some(two));
        assert_eq!(refs.branch("n"), None);
        assert_eq!(
            refs.labels(&one).branches,
            [RefName::new("a"), RefName::new("z")]
        );
        assert_eq!(refs.labels(&one).tags, [RefName::new("v1")]);
        assert_eq!(refs.labels(&ChangesetId::NULL), &Labels::default());
    }
}
