//! Merges two changesets in memory, by the rules of `hg merge`, as far as to know what people must decide.
//!
//! Where two lines of history have merged each other there are several newest common ancestors. Mercurial then tries the merge from each of them and
//! takes for each file the easiest way (*bid merge*, `hg help config.merge`, `preferancestor`): where from one of them only one side has changed the
//! file, nothing has to be decided.

use std::collections::{HashMap, HashSet};

use hg::{ChangeKind, Entry, FileChange, FileKind, HgPathBuf, Rev, Snapshot};

use crate::compare::{Conflict, ConflictKind};
use crate::{ReadError, RepoPath};

/// A merge from one common ancestor.
pub(super) struct Attempt {
    conflicts: Vec<Conflict>,
    /// The files that only one side has changed, or both in the same way.
    easy: HashSet<RepoPath>,
    /// The files that both sides have changed.
    hard: HashSet<RepoPath>,
}

impl Attempt {
    /// Tries it: for each side where to read, the ancestor and the changeset.
    pub fn new(
        ours: (&Snapshot, Rev, Rev),
        theirs: (&Snapshot, Rev, Rev),
    ) -> Result<Attempt, ReadError> {
        let ours = Changes::of(ours.0, ours.1, ours.2)?;
        let theirs = Changes::of(theirs.0, theirs.1, theirs.2)?;
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
        let (mut easy, mut hard) = (HashSet::new(), HashSet::new());
        for path in ours.by_path.keys().chain(theirs.by_path.keys()) {
            let new = |side: &Changes<'_>| side.by_path.get(path).map(|change| change.new);
            let differ = match (new(&ours), new(&theirs)) {
                (Some(mine), Some(yours)) => mine != yours,
                _ => false,
            };
            if let Ok(path) = RepoPath::parse(path.as_bytes()) {
                let list = if differ { &mut hard } else { &mut easy };
                list.insert(path);
            }
        }
        Ok(Attempt {
            conflicts,
            easy,
            hard,
        })
    }

    /// What is left to decide after attempts from each common ancestor, in the order of their ids.
    pub fn agreed(attempts: Vec<Attempt>) -> Vec<Conflict> {
        let Some(first) = attempts.first() else {
            return Vec::new();
        };
        if attempts.len() == 1 {
            return first.conflicts.clone();
        }
        let is_easy = |path: &RepoPath| {
            attempts.iter().any(|attempt| {
                let touched = attempt.easy.contains(path) || attempt.hard.contains(path);
                let told = attempt.conflicts.iter().any(|one| one.path == *path);
                !told && (attempt.easy.contains(path) || !touched)
            })
        };
        // Where no way is easy Mercurial goes the first.
        let conflicts = first.conflicts.iter();
        conflicts
            .filter(|one| !is_easy(&one.path))
            .cloned()
            .collect()
    }
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
        let kind = match (&theirs.old, &theirs.new) {
            (Some(old), Some(entry)) => {
                let base = Some((changer.text(source, old)?, old.kind));
                let moved = (mover.text(&change.path, new)?, new.kind);
                three_way(base, moved, (changer.text(source, entry)?, entry.kind))
            }
            // Removed there and renamed here, or renamed on both sides to different names: only worth a word to Mercurial.
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
