//! Two repositories of one family. A changeset has the same node in both.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use hg::{ChangeKind, Entry, FileChange, FileKind, HgPath, HgPathBuf, Node, Rev, RevSet, Snapshot};

use super::tree::mode_of;
use super::{Repository, from_node};
use crate::compare::{Conflict, ConflictKind, Merge, Sides};
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

    /// Merges `theirs`, of the second repository, into `ours`, of the first. Both have the ancestor.
    pub fn merge(
        &self,
        ancestor: &ChangesetId,
        ours: &ChangesetId,
        theirs: &ChangesetId,
    ) -> Result<Merge, ReadError> {
        self.read(|one, other| {
            let ours = Changes::of(one, self.one.rev(one, ancestor)?, self.one.rev(one, ours)?)?;
            let theirs = Changes::of(
                other,
                self.other.rev(other, ancestor)?,
                self.other.rev(other, theirs)?,
            )?;
            let mut conflicts = Vec::new();
            for (path, mine) in &ours.by_path {
                if let Some(kind) = conflict_at(path, mine, &ours, &theirs)?
                    && let Ok(path) = RepoPath::parse(path.as_bytes())
                {
                    conflicts.push(Conflict { path, kind });
                }
            }
            conflicts.extend(moved(&ours, &theirs)?);
            conflicts.extend(moved(&theirs, &ours)?);
            conflicts.extend(files_in_the_way(&ours, &theirs));
            conflicts.extend(files_in_the_way(&theirs, &ours));
            Ok(Merge::of(conflicts, None))
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

/// What one side has changed.
struct Changes<'a> {
    snapshot: &'a Snapshot,
    by_path: HashMap<HgPathBuf, FileChange>,
}

impl<'a> Changes<'a> {
    fn of(snapshot: &'a Snapshot, ancestor: Rev, side: Rev) -> Result<Self, ReadError> {
        let changes = snapshot.status(Some(ancestor), side)?;
        let by_path = changes
            .into_iter()
            .map(|change| (change.path.clone(), change))
            .collect();
        Ok(Changes { snapshot, by_path })
    }

    fn text(&self, path: &HgPathBuf, entry: &Entry) -> Result<Vec<u8>, ReadError> {
        Ok(self.snapshot.file(path.as_path(), &entry.node)?.data)
    }

    /// The files made from this one, where it is gone or where it is still there.
    fn made_from<'b>(&'b self, source: &'b HgPathBuf) -> impl Iterator<Item = &'b FileChange> {
        self.by_path.values().filter(move |change| {
            change.kind == ChangeKind::Added && change.copied_from.as_ref() == Some(source)
        })
    }
}

/// What does not fit at a path that our side has changed.
fn conflict_at(
    path: &HgPathBuf,
    mine: &FileChange,
    ours: &Changes<'_>,
    theirs: &Changes<'_>,
) -> Result<Option<ConflictKind>, ReadError> {
    let Some(yours) = theirs.by_path.get(path) else {
        return Ok(None);
    };
    Ok(match (&mine.new, &yours.new) {
        (None, None) => None,
        // Renamed on the side where it is gone: what became of it is looked at there.
        (Some(_), None) if theirs.made_from(path).next().is_some() => None,
        (None, Some(_)) if ours.made_from(path).next().is_some() => None,
        (Some(_), None) | (None, Some(_)) => Some(ConflictKind::ChangedAndRemoved),
        (Some(a), Some(b)) => {
            let base = match &mine.old {
                Some(old) => Some((ours.text(path, old)?, old.kind)),
                None => None,
            };
            let both_added = base.is_none();
            let (a, b) = (
                (ours.text(path, a)?, a.kind),
                (theirs.text(path, b)?, b.kind),
            );
            let kind = if both_added {
                ConflictKind::BothAdded
            } else {
                ConflictKind::Content
            };
            three_way(base, a, b).map(|found| {
                if found == ConflictKind::Content {
                    kind
                } else {
                    found
                }
            })
        }
    })
}

/// A text and what kind of file it is in.
type Version = (Vec<u8>, FileKind);

fn three_way(base: Option<Version>, ours: Version, theirs: Version) -> Option<ConflictKind> {
    if ours == theirs {
        return None;
    }
    let base = base.unwrap_or((Vec::new(), FileKind::Regular));
    let is_link = |version: &Version| version.1 == FileKind::Symlink;
    if is_link(&ours) || is_link(&theirs) {
        // A link has no lines: one side must have left it alone.
        let differ = ours != base && theirs != base;
        let kind = if is_link(&ours) == is_link(&theirs) {
            ConflictKind::Content
        } else {
            ConflictKind::Types
        };
        return differ.then_some(kind);
    }
    let is_binary = |version: &Version| memchr::memchr(0, &version.0).is_some();
    let untouched = ours.0 == base.0 || theirs.0 == base.0 || ours.0 == theirs.0;
    if untouched {
        return None;
    }
    if is_binary(&ours) || is_binary(&theirs) || is_binary(&base) {
        return Some(ConflictKind::Content);
    }
    (!hg::merges_cleanly(&base.0, &ours.0, &theirs.0)).then_some(ConflictKind::Content)
}

/// Files that one side has made from another, which the other side has changed in its old place: the change goes along.
fn moved(mover: &Changes<'_>, changer: &Changes<'_>) -> Result<Vec<Conflict>, ReadError> {
    let mut conflicts = Vec::new();
    for change in mover.by_path.values() {
        let (Some(new), Some(source), ChangeKind::Added) =
            (&change.new, &change.copied_from, change.kind)
        else {
            continue;
        };
        // Made on both sides: looked at by its path.
        if changer.by_path.contains_key(&change.path) {
            continue;
        }
        let Some(theirs) = changer.by_path.get(source) else {
            continue;
        };
        let is_gone = mover
            .by_path
            .get(source)
            .is_some_and(|change| change.new.is_none());
        let kind = match (&theirs.old, &theirs.new) {
            (Some(old), Some(entry)) => {
                let base = Some((changer.text(source, old)?, old.kind));
                let moved = (mover.text(&change.path, new)?, new.kind);
                three_way(base, moved, (changer.text(source, entry)?, entry.kind))
            }
            // Removed there and renamed here. Renamed on both sides to different names is only worth a word to Mercurial.
            (Some(_), None) if is_gone && changer.made_from(source).next().is_none() => {
                Some(ConflictKind::ChangedAndRemoved)
            }
            _ => None,
        };
        if let (Some(kind), Ok(path)) = (kind, RepoPath::parse(change.path.as_bytes())) {
            conflicts.push(Conflict { path, kind });
        }
    }
    Ok(conflicts)
}

/// Files of one side where the other has made a folder.
fn files_in_the_way(ours: &Changes<'_>, theirs: &Changes<'_>) -> Vec<Conflict> {
    let added = |changes: &Changes<'_>| -> Vec<HgPathBuf> {
        let added = changes.by_path.values();
        let added = added.filter(|change| change.kind == ChangeKind::Added);
        added.map(|change| change.path.clone()).collect()
    };
    let mine: HashSet<HgPathBuf> = added(ours).into_iter().collect();
    let mut conflicts = Vec::new();
    for path in added(theirs) {
        let mut above = path.as_path().parent();
        while let Some(folder) = above.filter(|folder| !folder.is_root()) {
            if mine.contains(&folder.to_buf())
                && let Ok(path) = RepoPath::parse(folder.as_bytes())
            {
                let kind = ConflictKind::Types;
                conflicts.push(Conflict { path, kind });
            }
            above = folder.parent();
        }
    }
    conflicts
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
