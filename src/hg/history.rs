//! The history of a file.

use std::collections::{BinaryHeap, HashSet};

use crate::error::Error;
use crate::filelog;
use crate::graph::Graph;
use crate::ids::{Node, Rev};
use crate::path::{HgPath, HgPathBuf};
use crate::snapshot::Snapshot;

/// One step in the history of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStep {
    /// The changeset that made this revision of the file.
    pub rev: Rev,
    /// The name the file had then.
    pub path: HgPathBuf,
    /// The revision of the file.
    pub node: Node,
}

impl Snapshot {
    /// The changeset that brought this revision of a file into the history of `seen_from`.
    ///
    /// A file revision is stored once, even if several changesets made the same. It remembers only the first that was
    /// stored, which may be on another branch, or secret.
    pub fn introducing(&self, seen_from: Rev, path: HgPath<'_>, node: &Node) -> Result<Rev, Error> {
        let (log, rev) = self.file_revision(path, node)?;
        let first = log
            .known(rev)?
            .link
            .filter(|link| link.index() < self.len());
        if let Some(first) = first.filter(|first| self.is_ancestor(*first, seen_from)) {
            return Ok(first);
        }
        let digest = self.digest()?;
        let number = digest.path_number(path);
        // Nobody can have made it before the first who did.
        let floor = first.map_or(0, |first| first.number() + 1);
        let above = self
            .changelog
            .ancestors_down_to(&[seen_from], Rev::new(floor));
        for candidate in above.iter().rev().filter(|rev| rev.number() >= floor) {
            if number.is_some_and(|number| digest.files(candidate).contains(&number))
                && self
                    .manifest(candidate)?
                    .get(path)?
                    .is_some_and(|entry| entry.node == *node)
            {
                return Ok(candidate);
            }
        }
        // The files lists of some old converters are incomplete; then the link is the best there is.
        Ok(first.unwrap_or(seen_from))
    }

    /// The history of a file as seen from a changeset, newest first, across copies and renames; `None` if the
    /// changeset has no such file. The walk is lazy: take only as many steps as you show.
    ///
    /// A merge that took over one side's file is no step, nor is a removal.
    pub fn file_history(
        &self,
        rev: Rev,
        path: HgPath<'_>,
    ) -> Result<Option<FileHistory<'_>>, Error> {
        let Some(entry) = self.manifest(rev)?.get(path)? else {
            return Ok(None);
        };
        let mut history = FileHistory {
            snapshot: self,
            open: BinaryHeap::new(),
            seen: HashSet::new(),
        };
        history.add(rev, path.to_buf(), entry.node)?;
        Ok(Some(history))
    }
}

/// Walks through a file's history; see [`Snapshot::file_history`].
pub struct FileHistory<'a> {
    snapshot: &'a Snapshot,
    open: BinaryHeap<(Rev, HgPathBuf, Node)>,
    seen: HashSet<(HgPathBuf, Node)>,
}

impl FileHistory<'_> {
    fn add(&mut self, seen_from: Rev, path: HgPathBuf, node: Node) -> Result<(), Error> {
        if self.seen.contains(&(path.clone(), node)) {
            return Ok(());
        }
        let rev = self
            .snapshot
            .introducing(seen_from, path.as_path(), &node)?;
        self.seen.insert((path.clone(), node));
        self.open.push((rev, path, node));
        Ok(())
    }

    fn step(&mut self, step: &FileStep) -> Result<(), Error> {
        for (path, node) in file_parents(self.snapshot, step.path.as_path(), &step.node)? {
            self.add(step.rev, path, node)?;
        }
        Ok(())
    }
}

impl Iterator for FileHistory<'_> {
    type Item = Result<FileStep, Error>;

    fn next(&mut self) -> Option<Result<FileStep, Error>> {
        let (rev, path, node) = self.open.pop()?;
        let step = FileStep { rev, path, node };
        match self.step(&step) {
            Ok(()) => Some(Ok(step)),
            Err(error) => {
                self.open.clear();
                Some(Err(error))
            }
        }
    }
}

/// What a file revision comes from: the revision it was copied from, then its parents under its own name.
pub(crate) fn file_parents(
    snapshot: &Snapshot,
    path: HgPath<'_>,
    node: &Node,
) -> Result<Vec<(HgPathBuf, Node)>, Error> {
    let (log, rev) = snapshot.file_revision(path, node)?;
    let source = filelog::copied_from(&log, rev)?.map(|source| (source.path, source.node));
    let parents = log.known(rev)?.parents.into_iter().flatten();
    let parents = parents.filter_map(|parent| Some((path.to_buf(), log.node(parent)?)));
    Ok(source.into_iter().chain(parents).collect())
}
