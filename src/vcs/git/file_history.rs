//! The history of one file across renames.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use super::Repository;
use super::graph::Place;
use super::history::PathReader;
use crate::file_history::{FileHistory, FileStep};
use crate::{ChangesetId, NodeError, ReadError, RepoPath};

impl Repository {
    /// Walks as [`Repository::touching`] does, but each commit is looked at under the name that the file has there.
    pub fn file_history(
        &self,
        id: &ChangesetId,
        path: &RepoPath,
        skip: usize,
        limit: usize,
    ) -> Result<FileHistory, NodeError> {
        let mut repo = self.local();
        repo.object_cache_size_if_unset(4 * 1024 * 1024);
        let view = self.view(&repo)?;
        let node = self.node(id, path)?;
        if !node.kind.is_file() {
            return Err(NodeError::NotAFile {
                path: path.clone(),
                id: *id,
            });
        }
        let start = view.known(id).ok_or_else(|| self.unknown(id))?;
        let mut readers: HashMap<Arc<RepoPath>, PathReader<'_>> = HashMap::new();
        let mut item = |path: &Arc<RepoPath>, place: Place| {
            let reader = readers
                .entry(path.clone())
                .or_insert_with(|| PathReader::new(self, &repo, &view, path));
            let item = reader.item(place)?;
            Ok::<_, ReadError>(item.filter(|item| item.mode.is_blob_or_symlink()))
        };
        let mut waiting: BTreeMap<u64, (Place, Vec<Arc<RepoPath>>)> = BTreeMap::new();
        let start_path = Arc::new(path.clone());
        waiting.insert(view.turn(start), (start, vec![start_path]));
        let mut history = FileHistory::default();
        let mut passed = 0;
        while let Some((_, (place, paths))) = waiting.pop_first() {
            let mut add = |place: Place, path: Arc<RepoPath>| {
                let (_, paths) = waiting
                    .entry(view.turn(place))
                    .or_insert_with(|| (place, Vec::new()));
                if !paths.contains(&path) {
                    paths.push(path);
                }
            };
            for path in paths {
                let here = item(&path, place)?;
                let parents = view.graph.parents(place);
                let mut before = Vec::with_capacity(parents.len());
                for &parent in parents {
                    before.push(item(&path, parent)?);
                }
                if let Some(at) = before.iter().position(|there| *there == here) {
                    add(parents[at], path);
                    continue;
                }
                for (there, &parent) in before.iter().zip(parents) {
                    if there.is_some() {
                        add(parent, path.clone());
                        continue;
                    }
                    let (old, new) = (view.graph.tree(parent), view.graph.tree(place));
                    if let Some((source, _)) = self.renamed_from(&repo, old, new, &path)? {
                        add(parent, Arc::new(source));
                    }
                }
                passed += 1;
                if passed <= skip {
                    continue;
                }
                if history.steps.len() == limit {
                    history.more = true;
                    return Ok(history);
                }
                history.steps.push(FileStep {
                    id: view.id(place),
                    path: (*path).clone(),
                });
            }
        }
        Ok(history)
    }
}
