//! Revisions of one revlog on their way: the innermost piece of a changegroup.
//!
//! Each is a chunk: its length, a header with its hash, its parents and what its difference is to, and that difference.
//!
//! | version | header |
//! |---|---|
//! | 01 | hash, parents, changeset; the difference is to the revision sent before, for the first one to its first parent |
//! | 02 | hash, parents, base, changeset |
//! | 03 | the same, and u16 flags |

use std::collections::VecDeque;

use super::source::BundleError;
use crate::ids::{Node, Rev};
use crate::revlog::sending::{HAS_HEADER, HUNK, NEED_FLAGS, delta, full};
use crate::revlog::{IndexEntry, Revlog};
use crate::revset::RevSet;
use crate::snapshot::Snapshot;

/// The form of a changegroup. The fourth has meant different things at different times, so there are no newer ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    V1,
    V2,
    V3,
}

impl Version {
    /// By its name in the protocol.
    pub fn named(name: &str) -> Option<Version> {
        match name {
            "01" => Some(Version::V1),
            "02" => Some(Version::V2),
            "03" => Some(Version::V3),
            _ => None,
        }
    }

    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Version::V1 => "01",
            Version::V2 => "02",
            Version::V3 => "03",
        }
    }
}

/// A revision to send, and the changeset it is sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    pub rev: Rev,
    pub link: Rev,
}

/// The revisions of one revlog that are to be sent, oldest first.
#[derive(Debug)]
pub(super) struct Group {
    version: Version,
    items: Vec<Item>,
    next: usize,
    /// The stored data of the next items.
    read: VecDeque<Vec<u8>>,
    sent: RevSet,
    previous: Option<Rev>,
}

/// What was sent last, for who wants to look into it.
pub(super) struct Sent {
    pub rev: Rev,
    /// What the stored data is a difference to.
    pub base: Option<Rev>,
    /// The stored data.
    pub stored: Vec<u8>,
}

impl Group {
    pub fn new(version: Version, mut items: Vec<Item>) -> Group {
        items.sort_unstable();
        items.dedup_by_key(|item| item.rev);
        Group {
            version,
            items,
            next: 0,
            read: VecDeque::new(),
            sent: RevSet::default(),
            previous: None,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Sends the next revision, or the empty chunk that ends a group and `None`.
    ///
    /// `common` are the changesets that the client has, with everything that came with them.
    pub fn send(
        &mut self,
        log: &Revlog,
        snapshot: &Snapshot,
        common: &RevSet,
        out: &mut Vec<u8>,
    ) -> Result<Option<Sent>, BundleError> {
        let Some(item) = self.items.get(self.next).copied() else {
            out.extend([0; 4]);
            return Ok(None);
        };
        if self.read.is_empty() {
            self.read_ahead(log)?;
        }
        let stored = self.read.pop_front().unwrap_or_default();
        let base = log.stored_base(item.rev)?;
        let chosen = self.choose(log, item.rev, base, common)?;
        let (text, made);
        let difference = match chosen {
            Choice::Stored => Difference::Made(&stored),
            Choice::Full if base.is_none() => Difference::Whole(&stored),
            Choice::Full => {
                text = log.text(item.rev)?;
                Difference::Whole(&text)
            }
            Choice::Against(base) => {
                made = delta(&log.text(base)?, &log.text(item.rev)?);
                Difference::Made(&made)
            }
        };
        let named_base = match chosen {
            Choice::Stored => base,
            Choice::Full => None,
            Choice::Against(base) => Some(base),
        };
        self.write(log, snapshot, item, named_base, &difference, out)?;
        self.sent.insert(item.rev);
        self.previous = Some(item.rev);
        self.next += 1;
        Ok(Some(Sent {
            rev: item.rev,
            base,
            stored,
        }))
    }

    /// Reads the data of the next revisions, as many as do not take much memory.
    fn read_ahead(&mut self, log: &Revlog) -> Result<(), BundleError> {
        const ITEMS: usize = 512;
        const BYTES: u64 = 2 << 20;
        let mut bytes = 0;
        let mut revs = Vec::new();
        for item in self.items[self.next..].iter().take(ITEMS) {
            bytes += log.stored_size(item.rev);
            if bytes > BYTES && !revs.is_empty() {
                break;
            }
            revs.push(item.rev);
        }
        self.read = log.stored(&revs)?.into();
        Ok(())
    }

    /// Decides what a revision is described by.
    fn choose(
        &self,
        log: &Revlog,
        rev: Rev,
        base: Option<Rev>,
        common: &RevSet,
    ) -> Result<Choice, BundleError> {
        let entry = log.known(rev)?;
        if entry.flags & NEED_FLAGS != 0 && self.version < Version::V3 {
            // Mercurial gives up here, too.
            let reason = format!("revision {rev} can only be sent to a newer client");
            return Err(log.damaged(reason).into());
        }
        let is_censored = |rev: Rev| {
            let entry = log.known(rev)?;
            Ok::<_, crate::Error>(entry.flags & NEED_FLAGS != 0)
        };
        if self.version == Version::V1 {
            let wanted = match self.previous {
                Some(previous) => Some(previous),
                None => sent_parents(&entry)[0],
            };
            return Ok(match wanted {
                None if base.is_none() => Choice::Full,
                wanted if wanted == base => Choice::Stored,
                None => Choice::Full,
                Some(wanted) => Choice::Against(wanted),
            });
        }
        let Some(base) = base else {
            return Ok(Choice::Full);
        };
        if is_censored(rev)? || is_censored(base)? {
            // A text that was taken away is only accepted as a whole.
            return Ok(Choice::Full);
        }
        let has = |rev: Rev| {
            let link = log.entry(rev).and_then(|entry| entry.link);
            self.sent.contains(rev) || link.is_some_and(|link| common.contains(link))
        };
        if has(base) {
            return Ok(Choice::Stored);
        }
        let parents = entry.parents.into_iter().flatten();
        for parent in parents.filter(|parent| has(*parent)) {
            if !is_censored(parent)? {
                return Ok(Choice::Against(parent));
            }
        }
        Ok(Choice::Full)
    }

    fn write(
        &self,
        log: &Revlog,
        snapshot: &Snapshot,
        item: Item,
        base: Option<Rev>,
        difference: &Difference<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), BundleError> {
        let entry = log.known(item.rev)?;
        let node = |rev: Option<Rev>| {
            rev.and_then(|rev| log.entry(rev))
                .map_or(Node::NULL, |entry| entry.node)
        };
        let parents = sent_parents(&entry);
        let header = match self.version {
            Version::V1 => 80,
            Version::V2 => 100,
            Version::V3 => 102,
        };
        let length = u32::try_from(4 + header + difference.len())
            .ok()
            .filter(|length| *length <= i32::MAX as u32)
            .ok_or_else(|| log.damaged(format!("revision {} is too large to be sent", item.rev)))?;
        out.reserve(length as usize);
        out.extend(length.to_be_bytes());
        out.extend_from_slice(entry.node.as_bytes());
        out.extend_from_slice(node(parents[0]).as_bytes());
        out.extend_from_slice(node(parents[1]).as_bytes());
        if self.version >= Version::V2 {
            out.extend_from_slice(node(base).as_bytes());
        }
        out.extend_from_slice(snapshot.node(item.link).as_bytes());
        if self.version == Version::V3 {
            out.extend((entry.flags & NEED_FLAGS).to_be_bytes());
        }
        difference.write(out);
        Ok(())
    }
}

/// The parents as they are sent. Where a flag tells of a header, the first parent stands where others leave it out to say so.
fn sent_parents(entry: &IndexEntry) -> [Option<Rev>; 2] {
    match entry.parents {
        [parent, None] if entry.flags & HAS_HEADER != 0 => [None, parent],
        parents => parents,
    }
}

/// What follows a header. A whole text may be large, so it is not copied to be given the form of a difference.
enum Difference<'a> {
    Made(&'a [u8]),
    Whole(&'a [u8]),
}

impl Difference<'_> {
    fn len(&self) -> usize {
        match self {
            Difference::Made(bytes) => bytes.len(),
            Difference::Whole([]) => 0,
            Difference::Whole(text) => HUNK + text.len(),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Difference::Made(bytes) => out.extend_from_slice(bytes),
            Difference::Whole(text) => full(text, out),
        }
    }
}

/// What a revision is described by.
enum Choice {
    /// The stored difference.
    Stored,
    /// The whole text.
    Full,
    /// The difference to another revision.
    Against(Rev),
}
