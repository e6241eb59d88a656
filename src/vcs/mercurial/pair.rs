//! Two repositories of one family. A changeset has the same node in both.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use hg::{Entry, HgPath, HgPathBuf, Node, Rev, RevSet, Snapshot};

use super::merge::Attempt;
use super::tree::mode_of;
use super::{Repository, from_node};
use crate::compare::{Merge, Sides};
use crate::diff::{Contents, Diff, DiffOptions, Pair as FilePair, Side, compare};
use crate::{Changeset, ChangesetId, Kind, ReadError, RepoPath};

/// Two repositories, which may be one.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    one: &'a Repository,
    other: &'a Repository,
}

impl<'a> Pair<'a> {
    pub fn new(one: &'a Repository, other: &'a Repository) -> Self {
        Pair { one, other }
    }

    /// Runs a reading on the present state of both.
    fn read<T>(
        &self,
        mut work: impl FnMut(&Arc<Snapshot>, &Arc<Snapshot>) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.one
            .read(|one| self.other.read(|other| work(one, other)))
    }

    /// The repository that has a changeset.
    fn home(&self, id: &ChangesetId) -> Result<&'a Repository, ReadError> {
        Ok(match self.one.number_of(id)? {
            Some(_) => self.one,
            None => self.other,
        })
    }

    pub fn changeset(&self, id: &ChangesetId) -> Result<Changeset, ReadError> {
        self.home(id)?.changeset(id)
    }

    /// What stands on each side; the first changeset is in the first repository, the second in the second.
    pub fn sides(&self, base: &ChangesetId, head: &ChangesetId) -> Result<Sides, ReadError> {
        self.read(|one, other| {
            let (base, head) = (self.one.rev(one, base)?, self.other.rev(other, head)?);
            let (mine, yours) = (one.ancestors(&[base]), other.ancestors(&[head]));
            let (ahead, met) = beyond(other, head, one, &mine);
            let (behind, met_too) = beyond(one, base, other, &yours);
            // What is reached from a side's own changesets, or is an end itself; the newest common ancestors are among these.
            let met_too = met_too
                .into_iter()
                .filter_map(|rev| one.rev(&other.node(rev)));
            let common: Vec<Rev> = met.into_iter().chain(met_too).collect();
            let parents = common.iter().flat_map(|rev| one.parents(*rev)).flatten();
            let below = one.ancestors(&parents.collect::<Vec<_>>());
            let heads: BTreeSet<Rev> = common
                .into_iter()
                .filter(|rev| !below.contains(*rev))
                .collect();
            let heads: Vec<Rev> = heads.into_iter().collect();
            let depths = match heads[..] {
                [] | [_] => HashMap::new(),
                _ => depths(one, &one.ancestors(&heads).iter().collect::<Vec<_>>()),
            };
            let mut ancestors = heads;
            // The deepest first, of equal ones the smaller node: Mercurial's choice.
            ancestors
                .sort_by_key(|rev| (std::cmp::Reverse(depths.get(rev).copied()), one.node(*rev)));
            Ok(Sides {
                ahead,
                behind,
                ancestors: ancestors
                    .iter()
                    .map(|rev| from_node(&one.node(*rev)))
                    .collect(),
            })
        })
    }

    pub fn diff(
        &self,
        old: Option<&ChangesetId>,
        new: &ChangesetId,
        options: &DiffOptions,
    ) -> Result<Diff, ReadError> {
        for repository in [self.one, self.other] {
            let has = |id: &ChangesetId| repository.number_of(id).map(|number| number.is_some());
            if has(new)? && old.map_or(Ok(true), has)? {
                return repository.diff(old, new, options);
            }
        }
        let Some(old) = old else {
            return self.home(new)?.diff(None, new, options);
        };
        // No repository has both. What Mercurial has recorded about copies does not lead from one to the other.
        let (from, to) = (self.home(old)?, self.home(new)?);
        Pair::new(from, to).read(|one, other| {
            let before = one.manifest(from.rev(one, old)?)?;
            let after = other.manifest(to.rev(other, new)?)?;
            let all = |manifest: &hg::Manifest| -> Result<HashMap<HgPathBuf, Entry>, hg::Error> {
                Ok(manifest
                    .iter()?
                    .map(|(path, entry)| (path.to_buf(), entry))
                    .collect())
            };
            let (before, after) = (all(&before)?, all(&after)?);
            let contents = Files { one, other };
            let paths: HashSet<&HgPathBuf> = before.keys().chain(after.keys()).collect();
            let mut pairs = Vec::new();
            for path in paths {
                let (old, new) = (before.get(path), after.get(path));
                if let (Some(a), Some(b)) = (old, new) {
                    let same_kind = a.kind == b.kind;
                    if same_kind && (a.node == b.node || contents.same(path, a, b)?) {
                        continue;
                    }
                }
                let side = |entry: Option<&Entry>, is_new: bool| {
                    let entry = entry?;
                    Some(Side {
                        path: RepoPath::parse(path.as_bytes()).ok()?,
                        mode: mode_of(entry.kind),
                        content: (is_new, path.clone(), entry.node),
                    })
                };
                pairs.push(FilePair {
                    old: side(old, false),
                    new: side(new, true),
                    copied: false,
                    similarity: None,
                });
            }
            pairs.retain(|pair| pair.old.is_some() || pair.new.is_some());
            compare(Kind::Hg, &contents, pairs, options)
        })
    }

    /// Merges `theirs`, of the second repository, into `ours`, of the first. Both have the ancestors.
    pub fn merge(
        &self,
        ancestors: &[ChangesetId],
        ours: &ChangesetId,
        theirs: &ChangesetId,
    ) -> Result<Merge, ReadError> {
        self.read(|one, other| {
            let (mine, yours) = (self.one.rev(one, ours)?, self.other.rev(other, theirs)?);
            let mut ancestors = ancestors.to_vec();
            ancestors.sort_unstable();
            let mut attempts = Vec::new();
            for ancestor in &ancestors {
                let (base, same) = (
                    self.one.rev(one, ancestor)?,
                    self.other.rev(other, ancestor)?,
                );
                attempts.push(Attempt::new((one, base, mine), (other, same, yours))?);
            }
            Ok(Merge::of(Attempt::agreed(attempts), None))
        })
    }
}

/// How many steps each of these is away from the root, along the longest way.
fn depths(snapshot: &Snapshot, revs: &[Rev]) -> HashMap<Rev, u32> {
    let mut depths = HashMap::new();
    for rev in revs {
        let parents = snapshot.parents(*rev).into_iter().flatten();
        let above = parents
            .filter_map(|parent| depths.get(&parent).copied())
            .max();
        depths.insert(*rev, above.map_or(0, |above: u32| above + 1));
    }
    depths
}

/// What a changeset descends from that is not among some of another repository's, newest first, and those of these that it comes to.
/// The work grows with what is not, not with the history below.
fn beyond(
    here: &Snapshot,
    from: Rev,
    there: &Snapshot,
    known: &RevSet,
) -> (Vec<ChangesetId>, Vec<Rev>) {
    let (mut fresh, mut met) = (Vec::new(), Vec::new());
    let mut waiting = BTreeSet::from([from]);
    while let Some(rev) = waiting.pop_last() {
        let node = here.node(rev);
        match there.rev(&node).filter(|rev| known.contains(*rev)) {
            Some(same) => met.push(same),
            None => {
                fresh.push(from_node(&node));
                waiting.extend(here.parents(rev).into_iter().flatten());
            }
        }
    }
    (fresh, met)
}

/// A revision of a file: whether it is the second repository's, its path, its node.
type File = (bool, HgPathBuf, Node);

struct Files<'a> {
    one: &'a Snapshot,
    other: &'a Snapshot,
}

impl Files<'_> {
    fn same(&self, path: &HgPathBuf, a: &Entry, b: &Entry) -> Result<bool, ReadError> {
        let path = HgPath::new(path.as_bytes());
        Ok(
            self.one.file_size(path, &a.node)? == self.other.file_size(path, &b.node)?
                && self.one.file(path, &a.node)?.data == self.other.file(path, &b.node)?.data,
        )
    }

    fn of(&self, is_new: bool) -> &Snapshot {
        if is_new { self.other } else { self.one }
    }
}

impl Contents for Files<'_> {
    type Content = File;

    fn size(&self, (is_new, path, node): &File) -> Result<u64, ReadError> {
        Ok(self.of(*is_new).file_size(path.as_path(), node)?)
    }

    fn load(&self, (is_new, path, node): &File) -> Result<Vec<u8>, ReadError> {
        Ok(self.of(*is_new).file(path.as_path(), node)?.data)
    }

    fn blob_id(&self, _file: &File) -> Option<String> {
        None
    }
}
