//! What a push has changed, asked of the references after it is through.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write;

use super::{Repository, from_git, to_git};
use crate::wire::git::{ObjectName, RefName, RefUpdate, landed};
use crate::{ChangesetId, ReadError};

/// A journal entry with more changesets than this says nothing to anybody.
const MOST: usize = 10_000;

impl Repository {
    /// The updates that took effect, as the journal has them: ids of new changesets, oldest first, `delete_branch=>name`
    /// and `tag=>name`. None where nothing took effect; nothing in them where a branch came without anything new, or
    /// something that is neither branch nor tag.
    pub fn pushed(&self, updates: &[RefUpdate]) -> Result<Option<Vec<String>>, ReadError> {
        let repo = self.local();
        let current = |name: &RefName| {
            let name = std::str::from_utf8(name.as_bytes()).ok()?;
            let reference = repo.try_find_reference(name).ok()??;
            ObjectName::from_hex(&reference.target().try_id()?.to_string())
        };
        let updates = landed(updates, current);
        if updates.is_empty() {
            return Ok(None);
        }
        let mut items = Vec::new();
        let mut seen = HashSet::new();
        for update in &updates {
            let full = String::from_utf8_lossy(update.name.as_bytes()).into_owned();
            if let Some(tag) = full.strip_prefix("refs/tags/") {
                items.push(format!("tag=>{tag}"));
            } else if let Some(branch) = full.strip_prefix("refs/heads/") {
                match changeset(&update.new) {
                    None => items.push(format!("delete_branch=>{branch}")),
                    Some(new) => {
                        let known = self.known_before(&repo, update, &updates)?;
                        let arrived = self.between(&repo, &new, &known)?;
                        items.extend(
                            arrived
                                .iter()
                                .filter(|id| seen.insert(**id))
                                .map(ChangesetId::to_string),
                        );
                    }
                }
            }
        }
        self.point_head_at_one_of(&repo, &updates);
        Ok(Some(items))
    }

    /// The changesets that were there before a branch moved: where it was, or all other branches for a new one.
    fn known_before(
        &self,
        repo: &gix::Repository,
        update: &RefUpdate,
        pushed: &[RefUpdate],
    ) -> Result<Vec<ChangesetId>, ReadError> {
        if let Some(old) = changeset(&update.old) {
            return Ok(vec![old]);
        }
        let damaged = || self.damaged("the refs");
        let platform = repo.references().map_err(damaged())?;
        let mut known = Vec::new();
        for reference in platform.local_branches().map_err(damaged())?.flatten() {
            let name = reference.name().as_bstr();
            match pushed.iter().find(|update| update.name.as_bytes() == name) {
                // Pushed with this one: only what it had before was known.
                Some(other) => known.extend(changeset(&other.old)),
                None => known.extend(reference.target().try_id().map(from_git)),
            }
        }
        Ok(known)
    }

    /// Ancestors of `new` that none of `known` has, oldest first.
    fn between(
        &self,
        repo: &gix::Repository,
        new: &ChangesetId,
        known: &[ChangesetId],
    ) -> Result<Vec<ChangesetId>, ReadError> {
        let damaged = || self.damaged(format!("the history of {new}"));
        // What a branch pointed at before may be gone, or never have been a commit.
        let known = known.iter().map(to_git).filter(|id| repo.has_object(id));
        let walk = repo
            .rev_walk([to_git(new)])
            .with_hidden(known)
            .all()
            .map_err(damaged())?;
        let mut ids = Vec::new();
        for info in walk.take(MOST) {
            ids.push(from_git(&info.map_err(damaged())?.id));
        }
        ids.reverse();
        Ok(ids)
    }

    /// In a repository whose HEAD names a branch that does not exist, a branch that has just come becomes the default:
    /// `main` or `master` if it is among them, else the first.
    fn point_head_at_one_of(&self, repo: &gix::Repository, updates: &[RefUpdate]) {
        if !repo.head().is_ok_and(|head| head.is_unborn()) {
            return;
        }
        let came = |update: &&RefUpdate| {
            update.name.as_bytes().starts_with(b"refs/heads/") && !update.new.is_null()
        };
        let names: Vec<_> = updates
            .iter()
            .filter(came)
            .map(|update| update.name.as_bytes())
            .collect();
        let usual = [&b"refs/heads/main"[..], b"refs/heads/master"];
        let choice = usual
            .into_iter()
            .find(|name| names.contains(name))
            .or(names.first().copied());
        let Some(branch) = choice.and_then(|name| std::str::from_utf8(name).ok()) else {
            return;
        };
        let head = repo.git_dir().join("HEAD");
        let lock = repo.git_dir().join("HEAD.lock");
        let write = || -> std::io::Result<()> {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&lock)?;
            writeln!(file, "ref: {branch}")?;
            file.sync_all()?;
            fs::rename(&lock, &head)
        };
        if let Err(error) = write() {
            tracing::warn!("cannot point {} at {branch}: {error}", head.display());
        }
    }
}

/// The id of a changeset; none for "no object".
fn changeset(name: &ObjectName) -> Option<ChangesetId> {
    if name.is_null() {
        None
    } else {
        name.as_str().parse().ok()
    }
}
