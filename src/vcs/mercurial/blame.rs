//! Where each line of a file comes from, and the history of a file.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use hg::Rev;

use super::tree::hg_path;
use super::{Repository, id};
use crate::blame::line_ranges;
use crate::file_history::{FileHistory, FileStep};
use crate::{Blame, BlameLine, BlameOptions, ChangesetId, NodeError, RepoPath};

impl Repository {
    pub fn blame(
        &self,
        of: &ChangesetId,
        path: &RepoPath,
        options: &BlameOptions,
    ) -> Result<Blame, NodeError> {
        let content = self.file_up_to(of, path, options.most_bytes)?.data;
        self.read(|snapshot| {
            let rev = self.rev(snapshot, of)?;
            let ignored: HashSet<Rev> = options
                .ignore
                .iter()
                .filter_map(|id| snapshot.served_rev(&hg::Node::new(*id.as_bytes())))
                .collect();
            let found = snapshot.annotate_skipping(rev, hg_path(path), &ignored)?;
            let found = found.ok_or_else(|| NodeError::NotFound {
                path: path.clone(),
                id: *of,
            })?;
            let mut paths: HashMap<Arc<hg::HgPathBuf>, Arc<RepoPath>> = HashMap::new();
            let ranges = line_ranges(&content);
            let mut lines = Vec::with_capacity(ranges.len());
            for (line, text) in found.into_iter().zip(ranges) {
                let there = paths.entry(line.path.clone()).or_insert_with(|| {
                    Arc::new(RepoPath::parse(line.path.as_bytes()).unwrap_or_default())
                });
                lines.push(BlameLine {
                    id: id(snapshot, line.rev),
                    number: line.line,
                    path: there.clone(),
                    text,
                });
            }
            Ok(Blame {
                content: content.clone(),
                lines,
            })
        })
    }

    pub fn file_history(
        &self,
        of: &ChangesetId,
        path: &RepoPath,
        skip: usize,
        limit: usize,
    ) -> Result<FileHistory, NodeError> {
        self.read(|snapshot| {
            let rev = self.rev(snapshot, of)?;
            let Some(steps) = snapshot.file_history(rev, hg_path(path))? else {
                let (path, id) = (path.clone(), *of);
                return Err(match snapshot.manifest(rev)?.has_dir(hg_path(&path))? {
                    true => NodeError::NotAFile { path, id },
                    false => NodeError::NotFound { path, id },
                });
            };
            let mut history = FileHistory::default();
            for step in steps.skip(skip) {
                let step = step?;
                if history.steps.len() == limit {
                    history.more = true;
                    break;
                }
                let Ok(path) = RepoPath::parse(step.path.as_bytes()) else {
                    continue;
                };
                history.steps.push(FileStep {
                    id: id(snapshot, step.rev),
                    path,
                });
            }
            Ok(history)
        })
    }
}
