//! Lists the files that differ between two commits.

use gix::ObjectId;
use gix::diff::tree_with_rewrites::Change;
use gix::objs::TreeRefIter;
use gix::objs::tree::EntryMode;

use super::Repository;
use crate::diff::{Contents, Diff, DiffOptions, Pair, Side, compare};
use crate::error::Cause;
use crate::{ChangesetId, Kind, ReadError, RepoPath};

impl Repository {
    pub fn diff(
        &self,
        old: Option<&ChangesetId>,
        new: &ChangesetId,
        options: &DiffOptions,
    ) -> Result<Diff, ReadError> {
        let mut repo = self.local();
        repo.object_cache_size_if_unset(4 * 1024 * 1024);
        let tree = |id: &ChangesetId| {
            let commit = self.commit(&repo, id)?;
            commit
                .tree()
                .map_err(self.damaged(format!("the tree of {id}")))
        };
        let old_tree = old
            .map(tree)
            .transpose()?
            .unwrap_or_else(|| repo.empty_tree());
        let new_tree = tree(new)?;
        let pairs = pairs(&repo, &old_tree, &new_tree)
            .map_err(self.damaged(format!("the trees of {old:?} and {new}")))?;
        compare(
            Kind::Git,
            &Blobs {
                repository: self,
                repo: &repo,
            },
            pairs,
            options,
        )
    }
}

/// A blob, or the commit a submodule is pinned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Blob {
    id: ObjectId,
    submodule: bool,
}

/// Compares two trees and finds renames: pairs of a removed and an added file that are at least half alike.
fn pairs(
    repo: &gix::Repository,
    old: &gix::Tree<'_>,
    new: &gix::Tree<'_>,
) -> Result<Vec<Pair<Blob>>, Cause> {
    let rewrites = gix::diff::Rewrites {
        copies: None,
        ..Default::default()
    };
    let options = gix::diff::tree_with_rewrites::Options {
        location: Some(gix::diff::tree::recorder::Location::Path),
        rewrites: Some(rewrites),
    };
    let mut found = Vec::new();
    gix::diff::tree_with_rewrites(
        TreeRefIter::from_bytes(&old.data, old.id.kind()),
        TreeRefIter::from_bytes(&new.data, new.id.kind()),
        &mut similarity_cache(repo),
        &mut Default::default(),
        &repo.objects,
        |change| -> Result<_, gix::Error> {
            found.push(change.into_owned());
            Ok(std::ops::ControlFlow::Continue(()))
        },
        options,
    )?;
    Ok(found.into_iter().filter_map(to_pair).collect())
}

/// What `gix` wants for comparing contents when it looks for renames. The one it makes by itself reads `.gitattributes` of
/// HEAD and obeys the repository's filters and drivers; ours knows none, so contents are compared as they are stored.
fn similarity_cache(repo: &gix::Repository) -> gix::diff::blob::Platform {
    use gix::diff::blob::{Algorithm, Pipeline, Platform, pipeline, platform};
    use gix::worktree::{Stack, stack};

    let attributes = stack::state::Attributes::new(
        Default::default(),
        None,
        stack::state::attributes::Source::IdMapping,
        Default::default(),
    );
    let no_attributes = Stack::new(
        repo.git_dir(),
        stack::State::AttributesStack(attributes),
        gix::glob::pattern::Case::Sensitive,
        Vec::new(),
        Vec::new(),
    );
    let no_filters = gix::filter::plumbing::Pipeline::new(
        Default::default(),
        repo.object_hash(),
        Default::default(),
    );
    Platform::new(
        platform::Options {
            algorithm: Some(Algorithm::Histogram),
            skip_internal_diff_if_external_is_configured: false,
        },
        Pipeline::new(
            pipeline::WorktreeRoots::default(),
            no_filters,
            Vec::new(),
            pipeline::Options {
                large_file_threshold_bytes: 8 * 1024 * 1024,
                ..Default::default()
            },
        ),
        pipeline::Mode::ToGit,
        no_attributes,
    )
}

/// A change of a file as a pair; none for directories and for names that are no paths.
fn to_pair(change: Change) -> Option<Pair<Blob>> {
    let side = |mode: EntryMode, id: ObjectId, path: &[u8]| {
        (!mode.is_tree()).then(|| {
            let path = RepoPath::parse(path).ok()?;
            let content = Blob {
                id,
                submodule: mode.is_commit(),
            };
            Some(Side {
                path,
                mode: u32::from(mode.value()),
                content,
            })
        })?
    };
    let (old, new, copied, similarity) = match change {
        Change::Addition {
            location,
            entry_mode,
            id,
            ..
        } => (None, side(entry_mode, id, &location), false, None),
        Change::Deletion {
            location,
            entry_mode,
            id,
            ..
        } => (side(entry_mode, id, &location), None, false, None),
        Change::Modification {
            location,
            previous_entry_mode,
            previous_id,
            entry_mode,
            id,
        } => (
            side(previous_entry_mode, previous_id, &location),
            side(entry_mode, id, &location),
            false,
            None,
        ),
        Change::Rewrite {
            source_location,
            source_entry_mode,
            source_id,
            diff,
            entry_mode,
            id,
            location,
            copy,
            ..
        } => {
            let similarity = diff.map_or(100, |stats| (stats.similarity * 100.0) as u8);
            (
                side(source_entry_mode, source_id, &source_location),
                side(entry_mode, id, &location),
                copy,
                Some(similarity),
            )
        }
    };
    (old.is_some() || new.is_some()).then_some(Pair {
        old,
        new,
        copied,
        similarity,
    })
}

struct Blobs<'a> {
    repository: &'a Repository,
    repo: &'a gix::Repository,
}

impl Contents for Blobs<'_> {
    type Content = Blob;

    fn size(&self, blob: &Blob) -> Result<u64, ReadError> {
        if blob.submodule {
            return Ok(0);
        }
        let header = self
            .repo
            .find_header(blob.id)
            .map_err(self.repository.damaged(format!("blob {}", blob.id)))?;
        Ok(header.size())
    }

    fn load(&self, blob: &Blob) -> Result<Vec<u8>, ReadError> {
        if blob.submodule {
            return Ok(format!("Subproject commit {}\n", blob.id).into_bytes());
        }
        let found = self
            .repo
            .find_blob(blob.id)
            .map_err(self.repository.damaged(format!("blob {}", blob.id)))?;
        Ok(found.detach().data)
    }

    fn blob_id(&self, blob: &Blob) -> Option<String> {
        Some(blob.id.to_string())
    }
}
