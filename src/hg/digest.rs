//! What every changeset says about branches and files, gathered once.
//!
//! "Which changeset touched this directory last" and "what are the heads of this branch" would otherwise decode thousands
//! of changelog entries each time. What is gathered grows with the changelog; a new snapshot continues the previous one's.
//! It is kept small: four bytes per changeset for its branch, and for its files four bytes each beside the names themselves.

use std::collections::HashMap;

use crate::changeset::RawChangeset;
use crate::error::Error;
use crate::ids::Rev;
use crate::path::HgPath;
use crate::revlog::Revlog;

/// The branch of every changeset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BranchTable {
    names: Vec<Vec<u8>>,
    /// Per changeset the number of its branch, and in the top bit whether it closes it.
    of_rev: Vec<u32>,
}

impl BranchTable {
    const CLOSES: u32 = 1 << 31;

    /// How many changesets are told.
    pub fn len(&self) -> usize {
        self.of_rev.len()
    }

    /// The branch of a changeset and whether it closes it.
    pub fn get(&self, rev: Rev) -> Option<(&[u8], bool)> {
        let of = self.of_rev.get(rev.index())?;
        let name = self.names.get((of & !BranchTable::CLOSES) as usize)?;
        Some((name, of & BranchTable::CLOSES != 0))
    }

    /// Adds the next changeset.
    pub fn push(&mut self, name: &[u8], closes: bool) {
        // Changesets next to each other are mostly on the same branch, and there are few branches.
        let last = self.of_rev.last().map(|of| of & !BranchTable::CLOSES);
        let same = |number: &u32| {
            self.names
                .get(*number as usize)
                .is_some_and(|known| known == name)
        };
        let number = last
            .filter(same)
            .or_else(|| (0..self.names.len() as u32).rev().find(same));
        let number = number.unwrap_or_else(|| {
            self.names.push(name.to_vec());
            self.names.len() as u32 - 1
        });
        self.of_rev
            .push(number | if closes { BranchTable::CLOSES } else { 0 });
    }

    /// Adds all changesets that are missing.
    pub fn complete(&mut self, changelog: &Revlog) -> Result<(), Error> {
        changelog.each_text(self.len(), |rev, text| {
            let (branch, closes) = parse(changelog, rev, text)?.branch();
            self.push(&branch, closes);
            Ok(())
        })?;
        self.of_rev.shrink_to_fit();
        Ok(())
    }
}

/// All names that were ever touched, each once, numbered as they came.
#[derive(Debug, Clone, Default)]
struct PathTable {
    bytes: Vec<u8>,
    /// Where each name ends in `bytes`.
    ends: Vec<u32>,
    /// The numbers in the order of the names; those of names added last are missing.
    sorted: Vec<u32>,
}

impl PathTable {
    fn name(&self, number: u32) -> &[u8] {
        let end = |number: u32| {
            self.ends
                .get(number as usize)
                .map_or(0, |end| *end as usize)
        };
        let start = number.checked_sub(1).map_or(0, end);
        self.bytes.get(start..end(number)).unwrap_or_default()
    }

    fn number(&self, name: &[u8]) -> Option<u32> {
        let place = self
            .sorted
            .partition_point(|number| self.name(*number) < name);
        self.sorted
            .get(place)
            .copied()
            .filter(|number| self.name(*number) == name)
    }

    /// Adds a name that is not there yet. `None` when there is no room for it: four gigabytes of names.
    fn add(&mut self, name: &[u8]) -> Option<u32> {
        let end = u32::try_from(self.bytes.len() + name.len()).ok()?;
        self.bytes.extend_from_slice(name);
        self.ends.push(end);
        Some(self.ends.len() as u32 - 1)
    }

    fn sort(&mut self) {
        self.sorted
            .extend(self.sorted.len() as u32..self.ends.len() as u32);
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.sort_by(|a, b| self.name(*a).cmp(self.name(*b)));
        self.sorted = sorted;
    }
}

/// The files of every changeset.
#[derive(Debug, Clone, Default)]
pub(crate) struct Digest {
    paths: PathTable,
    /// Per changeset, where its files end in `files`.
    ends: Vec<u32>,
    /// Numbers of paths.
    files: Vec<u32>,
}

impl Digest {
    /// Gathers everything, beginning with what was known of the same changesets before; and the branches on the way.
    pub fn new(
        changelog: &Revlog,
        earlier: Option<&Digest>,
        branches: &mut BranchTable,
    ) -> Result<Digest, Error> {
        let mut digest = earlier.cloned().unwrap_or_default();
        let start = digest.ends.len();
        let mut added: HashMap<Vec<u8>, u32> = HashMap::new();
        changelog.each_text(start, |rev, text| {
            let raw = parse(changelog, rev, text)?;
            if branches.len() == rev.index() {
                let (branch, closes) = raw.branch();
                branches.push(&branch, closes);
            }
            for file in raw.files() {
                let known = digest
                    .paths
                    .number(file)
                    .or_else(|| added.get(file).copied());
                let number = match known {
                    Some(number) => number,
                    None => {
                        let number = digest
                            .paths
                            .add(file)
                            .ok_or_else(|| changelog.damaged_at(rev, "too many file names"))?;
                        added.insert(file.to_vec(), number);
                        number
                    }
                };
                digest.files.push(number);
            }
            digest.ends.push(digest.files.len() as u32);
            Ok(())
        })?;
        digest.paths.sort();
        for table in [
            &mut digest.ends,
            &mut digest.files,
            &mut digest.paths.ends,
            &mut digest.paths.sorted,
        ] {
            table.shrink_to_fit();
        }
        digest.paths.bytes.shrink_to_fit();
        Ok(digest)
    }

    /// The numbers of the paths a changeset touched.
    pub fn files(&self, rev: Rev) -> &[u32] {
        let end = |index: usize| self.ends.get(index).map_or(0, |end| *end as usize);
        let start = rev.index().checked_sub(1).map_or(0, end);
        self.files.get(start..end(rev.index())).unwrap_or_default()
    }

    /// The number of a path, if any changeset touched it.
    pub fn path_number(&self, path: HgPath<'_>) -> Option<u32> {
        self.paths.number(path.as_bytes())
    }

    /// All paths in order of their numbers.
    pub fn paths(&self) -> impl Iterator<Item = HgPath<'_>> {
        (0..self.paths.ends.len() as u32).map(|number| HgPath::new(self.paths.name(number)))
    }
}

fn parse<'a>(changelog: &Revlog, rev: Rev, text: &'a [u8]) -> Result<RawChangeset<'a>, Error> {
    RawChangeset::parse(text).map_err(|reason| changelog.damaged_at(rev, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn names_keep_their_numbers(names in proptest::collection::vec("[ab/]{0,3}", 0..30), cut in any::<prop::sample::Index>()) {
            let mut table = PathTable::default();
            let mut numbers: HashMap<String, u32> = HashMap::new();
            let cut = cut.index(names.len() + 1);
            for part in [&names[..cut], &names[cut..]] {
                for name in part {
                    if !numbers.contains_key(name) {
                        numbers.insert(name.clone(), table.add(name.as_bytes()).unwrap());
                    }
                }
                table.sort();
            }
            for (name, number) in &numbers {
                prop_assert_eq!(table.number(name.as_bytes()), Some(*number));
                prop_assert_eq!(table.name(*number), name.as_bytes());
            }
            prop_assert_eq!(table.number(b"absent"), None);
        }
    }

    #[test]
    fn branches_are_numbered_as_they_come() {
        let mut table = BranchTable::default();
        for (name, closes) in [("a", false), ("b", true), ("a", true)] {
            table.push(name.as_bytes(), closes);
        }
        assert_eq!(table.get(Rev::new(1)), Some((&b"b"[..], true)));
        assert_eq!(table.get(Rev::new(2)), Some((&b"a"[..], true)));
        assert_eq!((table.get(Rev::new(3)), table.names.len()), (None, 2));
    }
}
