//! What every changeset says about branches and files, gathered once.
//!
//! "Which changeset touched this directory last" and "what are the heads of this branch" would otherwise decode thousands
//! of changelog entries each time. A digest grows with the changelog; a new snapshot continues the previous one's.

use std::collections::HashMap;
use std::sync::Arc;

use crate::changeset::RawChangeset;
use crate::error::Error;
use crate::ids::{Node, Rev};
use crate::path::HgPath;
use crate::revlog::Revlog;

/// Branch and files of every changeset.
#[derive(Debug, Clone, Default)]
pub(crate) struct Digest {
    nodes: Vec<Node>,
    pub branches: BranchTable,
    paths: PathTable,
    /// Per changeset, where its files end in `files`.
    ends: Vec<u32>,
    /// Numbers of paths.
    files: Vec<u32>,
}

/// The branch of every changeset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BranchTable {
    pub names: Vec<Vec<u8>>,
    /// Per changeset the number of its branch and whether it closes it.
    pub of_rev: Vec<(u32, bool)>,
}

impl BranchTable {
    fn push(&mut self, name: Vec<u8>, closes: bool) {
        // Changesets next to each other are mostly on the same branch, and there are few branches.
        let last = self.of_rev.last().map(|(number, _)| *number);
        let same = |number: &u32| self.names.get(*number as usize) == Some(&name);
        let number = last
            .filter(same)
            .or_else(|| (0..self.names.len() as u32).find(same));
        let number = number.unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() as u32 - 1
        });
        self.of_rev.push((number, closes));
    }
}

/// All names that were ever touched, each once.
#[derive(Debug, Clone, Default)]
struct PathTable {
    names: Vec<Arc<[u8]>>,
    numbers: HashMap<Arc<[u8]>, u32>,
}

impl PathTable {
    fn number(&mut self, name: &[u8]) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.names.len() as u32;
        let name: Arc<[u8]> = name.into();
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }
}

impl Digest {
    /// Gathers everything, beginning with what an earlier look at the same changelog knew.
    pub fn new(changelog: &Revlog, earlier: Option<&Digest>) -> Result<Digest, Error> {
        let mut digest = match earlier {
            Some(earlier) if earlier.begins(changelog) => earlier.clone(),
            _ => Digest::default(),
        };
        let start = digest.nodes.len();
        changelog.each_text(start, |rev, text| {
            let raw =
                RawChangeset::parse(text).map_err(|reason| changelog.damaged_at(rev, reason))?;
            let (branch, closes) = raw.branch();
            digest.branches.push(branch, closes);
            for file in raw.files() {
                let number = digest.paths.number(file);
                digest.files.push(number);
            }
            digest.ends.push(digest.files.len() as u32);
            digest.nodes.push(changelog.known(rev)?.node);
            Ok(())
        })?;
        Ok(digest)
    }

    /// Whether the changelog still begins with the changesets gathered here.
    fn begins(&self, changelog: &Revlog) -> bool {
        self.nodes.len() <= changelog.len()
            && self
                .nodes
                .iter()
                .zip(changelog.nodes())
                .all(|(node, other)| other == *node)
    }

    /// The numbers of the paths a changeset touched.
    pub fn files(&self, rev: Rev) -> &[u32] {
        let end = |index: usize| self.ends.get(index).map_or(0, |end| *end as usize);
        let start = rev.index().checked_sub(1).map_or(0, end);
        self.files.get(start..end(rev.index())).unwrap_or_default()
    }

    /// The number of a path, if any changeset touched it.
    pub fn path_number(&self, path: HgPath<'_>) -> Option<u32> {
        self.paths.numbers.get(path.as_bytes()).copied()
    }

    /// All paths in order of their numbers.
    pub fn paths(&self) -> impl Iterator<Item = HgPath<'_>> {
        self.paths.names.iter().map(HgPath::new)
    }
}
