//! The forks of a repository, as far as a viewer may know of them.

use std::collections::{HashMap, HashSet};

use db::{Level, RepoId, UserId, repo_to_perm, repositories, users};

use crate::gate::repository_rule;
use crate::{Error, Model, ReadableRepository, User, Viewer};

/// More relatives than this are not looked for.
const LARGEST_FAMILY: usize = 2_000;

impl Model {
    /// The forks that a viewer may read, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn readable_forks(
        &self,
        repository: &ReadableRepository,
        viewer: &Viewer,
    ) -> Result<Vec<ReadableRepository>, Error> {
        let Some(user) = viewer.user_id() else {
            return Ok(Vec::new());
        };
        let found = self
            .db()
            .read(|conn| repo_to_perm::forks_of(conn, user, repository.id()))?;
        Ok(found
            .into_iter()
            .filter_map(|found| {
                let level = repository_rule(viewer, &found.levels);
                ReadableRepository::new(found.repository, level).filter(|_| level >= Level::Read)
            })
            .collect())
    }

    /// All repositories that came of the same original as far as a viewer may read them: this one first, then by path.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn readable_family(
        &self,
        repository: &ReadableRepository,
        viewer: &Viewer,
    ) -> Result<Vec<ReadableRepository>, Error> {
        let Some(user) = viewer.user_id() else {
            return Ok(vec![repository.clone()]);
        };
        let found = self.db().read(|conn| {
            let family = family(&repositories::fork_pairs(conn)?, repository.id());
            repo_to_perm::by_ids(conn, Some(user), &family)
        })?;
        let mut family: Vec<ReadableRepository> = found
            .into_iter()
            .filter_map(|found| {
                let level = repository_rule(viewer, &found.levels);
                ReadableRepository::new(found.repository, level).filter(|_| level >= Level::Read)
            })
            .collect();
        family.sort_by_cached_key(|member| {
            (member.id() != repository.id(), member.name().to_lowercase())
        });
        Ok(family)
    }

    /// The owners of these repositories; those that are gone are missing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn owners<'r>(
        &self,
        repositories: impl IntoIterator<Item = &'r ReadableRepository>,
    ) -> Result<Vec<User>, Error> {
        let mut ids: Vec<UserId> = repositories
            .into_iter()
            .map(|repository| repository.row().owner)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(self.db().read(|conn| users::by_ids(conn, &ids))?)
    }
}

/// All repositories that came of the same original, by way of the pairs of fork and parent: one statement for any number
/// of generations.
fn family(forks: &[(RepoId, RepoId)], of: RepoId) -> Vec<RepoId> {
    let mut relatives: HashMap<RepoId, Vec<RepoId>> = HashMap::new();
    for &(fork, parent) in forks {
        relatives.entry(fork).or_default().push(parent);
        relatives.entry(parent).or_default().push(fork);
    }
    let mut known = HashSet::from([of]);
    let mut family = vec![of];
    let mut next = 0;
    // Rows that are forks of each other, which nothing of ours makes, are met once.
    while let Some(&at) = family.get(next)
        && family.len() < LARGEST_FAMILY
    {
        let met = relatives.get(&at).into_iter().flatten();
        family.extend(met.filter(|id| known.insert(**id)));
        next += 1;
    }
    family
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_met_from_any_of_its_members() {
        let pairs = |pairs: &[(i64, i64)]| -> Vec<(RepoId, RepoId)> {
            pairs.iter().map(|&(a, b)| (RepoId(a), RepoId(b))).collect()
        };
        let forks = pairs(&[(2, 1), (3, 1), (4, 3), (9, 8), (5, 6), (6, 5)]);
        for (of, expected) in [
            (1, vec![1, 2, 3, 4]),
            (4, vec![1, 2, 3, 4]),
            (8, vec![8, 9]),
            (7, vec![7]),
            (6, vec![5, 6]),
        ] {
            let mut met: Vec<i64> = family(&forks, RepoId(of)).iter().map(|id| id.0).collect();
            met.sort_unstable();
            assert_eq!(met, expected, "of {of}");
        }
    }
}
