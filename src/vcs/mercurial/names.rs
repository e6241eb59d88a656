//! Branches, tags, bookmarks, and what a word means.

use std::sync::{Arc, PoisonError};

use hg::{LookupError, Snapshot};

use super::{Repository, from_node, id};
use crate::{
    Bookmark, Branch, ChangesetId, ReadError, RefLists, RefName, Refs, RevisionError, Tag,
};

/// The branch a repository starts with.
const DEFAULT: &str = "default";

impl Repository {
    pub fn refs(&self) -> Result<Refs, ReadError> {
        self.read(|snapshot| {
            let kept = || self.names.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((of, refs)) = kept().as_ref()
                && Arc::ptr_eq(of, snapshot)
            {
                return Ok(refs.clone());
            }
            let refs = refs(snapshot)?;
            *kept() = Some((snapshot.clone(), refs.clone()));
            Ok(refs)
        })
    }

    pub fn head(&self) -> Result<Option<ChangesetId>, ReadError> {
        self.read(|snapshot| Ok(snapshot.tip().map(|tip| id(snapshot, tip))))
    }

    pub fn resolve(&self, text: &str) -> Result<ChangesetId, RevisionError> {
        self.read(|snapshot| {
            let Some(tip) = snapshot.tip() else {
                return Err(RevisionError::Empty);
            };
            if text.is_empty() {
                return Ok(id(snapshot, tip));
            }
            match snapshot.lookup(text) {
                Ok(rev) => Ok(id(snapshot, rev)),
                Err(LookupError::Unknown { text }) => Err(RevisionError::Unknown { text }),
                Err(LookupError::Ambiguous { text, candidates }) => {
                    let candidates = candidates.iter().map(from_node).collect();
                    Err(RevisionError::Ambiguous { text, candidates })
                }
                Err(LookupError::Repository(error)) => Err(error.into()),
            }
        })
    }
}

fn refs(snapshot: &Snapshot) -> Result<Refs, ReadError> {
    let name = |text: &hg::Text| RefName::new(text.to_str());
    let branches: Vec<Branch> = snapshot
        .branches()?
        .iter()
        .map(|branch| Branch {
            name: name(&branch.name),
            id: id(snapshot, branch.tip),
            closed: branch.closed,
        })
        .collect();
    let tags = snapshot.tags()?.iter();
    let mut tags: Vec<Tag> = tags
        .map(|tag| Tag {
            name: name(&tag.name),
            id: from_node(&tag.node),
            annotated: false,
        })
        .filter(|tag| tag.name.as_str() != "tip")
        .collect();
    if let Some(tip) = snapshot.tip() {
        tags.push(Tag {
            name: RefName::new("tip"),
            id: id(snapshot, tip),
            annotated: false,
        });
    }
    let bookmarks = snapshot.bookmarks().iter();
    let bookmarks = bookmarks
        .map(|bookmark| Bookmark {
            name: name(&bookmark.name),
            id: from_node(&bookmark.node),
        })
        .collect();
    let open_default = branches
        .iter()
        .any(|branch| branch.name.as_str() == DEFAULT && !branch.closed);
    let default_branch = match snapshot.tip() {
        Some(_) if open_default => Some(RefName::new(DEFAULT)),
        Some(tip) => Some(RefName::new(snapshot.changeset(tip)?.branch.to_str())),
        None => None,
    };
    Ok(RefLists::new(branches, tags, bookmarks, default_branch).into())
}
