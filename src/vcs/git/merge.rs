//! Merges two commits in memory, by the rules of `git merge`: renames are followed, several common ancestors are merged first.
//!
//! `gix-merge` does the work. It is given no configuration, no filters and no drivers: a repository may name programs for these.

use std::num::NonZeroU8;

use gix::bstr::ByteSlice;
use gix::merge::plumbing as merging;
use gix::worktree::{Stack, stack};

use super::{Repository, from_git, to_git};
use crate::compare::{Conflict, ConflictKind, Merge};
use crate::error::Cause;
use crate::{ChangesetId, ReadError, RepoPath};

/// Larger files are merged as a whole or not at all.
const LARGEST: u64 = 32 << 20;

impl Repository {
    /// Merges `theirs` into `ours`. They must have a common ancestor.
    pub fn merge(&self, ours: &ChangesetId, theirs: &ChangesetId) -> Result<Merge, ReadError> {
        self.try_merge(ours, theirs)
            .map_err(self.damaged(format!("the merge of {theirs} into {ours}")))
    }

    fn try_merge(&self, ours: &ChangesetId, theirs: &ChangesetId) -> Result<Merge, Cause> {
        // What the merge writes stays in memory and goes with it.
        let mut repo = self.local().with_object_memory();
        repo.object_cache_size_if_unset(8 * 1024 * 1024);
        let commit_graph = repo.commit_graph_if_enabled().ok().flatten();
        let mut graph = repo.revision_graph(commit_graph.as_ref());
        let text = merging::blob::builtin_driver::text::Options {
            diff_algorithm: gix::diff::blob::Algorithm::Histogram,
            conflict: merging::blob::builtin_driver::text::Conflict::Keep {
                style: Default::default(),
                marker_size: NonZeroU8::new(7).ok_or("seven is not zero")?,
            },
        };
        let options = merging::commit::Options {
            tree_merge: merging::tree::Options {
                rewrites: Some(gix::diff::Rewrites::default()),
                blob_merge: merging::blob::platform::merge::Options {
                    text,
                    ..Default::default()
                },
                ..Default::default()
            },
            ..Default::default()
        };
        let mut outcome = merging::commit(
            to_git(ours),
            to_git(theirs),
            Default::default(),
            &mut graph,
            &mut similarity_cache(&repo),
            &mut merging::blob::Platform::new(
                merging::blob::Pipeline::new(
                    Default::default(),
                    no_filters(&repo),
                    merging::blob::pipeline::Options {
                        large_file_threshold_bytes: LARGEST,
                    },
                ),
                merging::blob::pipeline::Mode::ToGit,
                no_attributes(&repo),
                Vec::new(),
                merging::blob::platform::Options::default(),
            ),
            &repo,
            &mut |id| id.to_hex_with_len(7).to_string(),
            options,
        )?;
        let git = merging::tree::TreatAsUnresolved::git();
        let mut conflicts = Vec::new();
        for conflict in &outcome.tree_merge.conflicts {
            if conflict.is_unresolved(git) {
                conflicts.extend(told(conflict));
            }
        }
        conflicts.extend(self.in_moved_folders(&repo, ours, theirs)?);
        let tree = outcome.tree_merge.tree.write(|tree| {
            use gix::objs::Write;
            repo.write(tree)
        })?;
        Ok(Merge::of(conflicts, Some(from_git(&tree))))
    }
}

/// A conflict in our words.
fn told(conflict: &merging::tree::Conflict) -> Option<Conflict> {
    use merging::tree::ResolutionFailure as Failure;
    let (ours, theirs) = conflict.changes_in_resolution();
    let is_addition = |change: &gix::diff::tree_with_rewrites::Change| {
        matches!(
            change,
            gix::diff::tree_with_rewrites::Change::Addition { .. }
        )
    };
    let kind = match &conflict.resolution {
        Ok(_) if is_addition(ours) && is_addition(theirs) => ConflictKind::BothAdded,
        Ok(_) => ConflictKind::Content,
        Err(Failure::SubmoduleMerge | Failure::SubmoduleAddAdd) => ConflictKind::Submodule,
        Err(
            Failure::OursRenamedTheirsRenamedDifferently { .. }
            | Failure::OursRenamedTheirsRenamedToSameLocation,
        ) => ConflictKind::Renames,
        Err(Failure::OursDeletedTheirsRenamed | Failure::OursModifiedTheirsDeleted) => {
            ConflictKind::ChangedAndRemoved
        }
        Err(Failure::Unknown) => ConflictKind::Content,
        Err(_) => ConflictKind::Types,
    };
    // The side that still has a file there names it.
    let change = match &conflict.resolution {
        Err(Failure::OursDeletedTheirsRenamed) => theirs,
        Ok(_)
            if matches!(
                theirs,
                gix::diff::tree_with_rewrites::Change::Rewrite { .. }
            ) =>
        {
            theirs
        }
        _ => ours,
    };
    let path = RepoPath::parse(change.location().as_bytes()).ok()?;
    Some(Conflict { path, kind })
}

fn no_attributes(repo: &gix::Repository) -> Stack {
    let attributes = stack::state::Attributes::new(
        Default::default(),
        None,
        stack::state::attributes::Source::IdMapping,
        Default::default(),
    );
    Stack::new(
        repo.git_dir(),
        stack::State::AttributesStack(attributes),
        gix::glob::pattern::Case::Sensitive,
        Vec::new(),
        Vec::new(),
    )
}

fn no_filters(repo: &gix::Repository) -> gix::filter::plumbing::Pipeline {
    gix::filter::plumbing::Pipeline::new(Default::default(), repo.object_hash(), Default::default())
}

/// What looks for renames: contents as they are stored.
fn similarity_cache(repo: &gix::Repository) -> gix::diff::blob::Platform {
    use gix::diff::blob::{Algorithm, Pipeline, Platform, pipeline, platform};
    Platform::new(
        platform::Options {
            algorithm: Some(Algorithm::Histogram),
            skip_internal_diff_if_external_is_configured: false,
        },
        Pipeline::new(
            pipeline::WorktreeRoots::default(),
            no_filters(repo),
            Vec::new(),
            pipeline::Options {
                large_file_threshold_bytes: LARGEST,
                ..Default::default()
            },
        ),
        pipeline::Mode::ToGit,
        no_attributes(repo),
    )
}
