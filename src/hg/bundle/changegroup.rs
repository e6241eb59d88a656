//! A changegroup: what a client lacks of the changelog, the manifests, and every file.
//!
//! What belongs to which changeset is told by the *link* of each revision: the changeset that introduced it here. A
//! revision is stored once even if several changesets introduce it, so its link may be one that is not sent, and perhaps
//! must not be: a hidden or secret one. Those revisions are found by way of the changesets that are sent: by the files each
//! has touched, and by what its manifest says about them.

use std::collections::btree_map::{self, BTreeMap};
use std::collections::{BTreeSet, HashSet, btree_set};
use std::sync::Arc;

use super::group::{Group, Item, Sent, Version};
use super::outgoing::Outgoing;
use super::source::{BundleError, Source};
use crate::changeset::RawChangeset;
use crate::ids::{Node, Rev};
use crate::path::{HgPath, HgPathBuf};
use crate::revlog::Revlog;
use crate::revset::RevSet;
use crate::snapshot::Snapshot;

/// The whole of it, in the order of the format.
pub(super) struct Changegroup {
    snapshot: Arc<Snapshot>,
    outgoing: Arc<Outgoing>,
    version: Version,
    state: State,
    found: Found,
    /// The changeset text read last, as the next one is often a difference to it.
    last_text: Option<(Rev, Vec<u8>)>,
}

enum State {
    Changesets(Group, RevSet),
    Manifests(Arc<Revlog>, Group),
    Directories(btree_set::IntoIter<HgPathBuf>, Option<(Revlog, Group)>),
    Files(
        btree_map::IntoIter<HgPathBuf, Vec<Rev>>,
        Option<(Revlog, Group)>,
    ),
    End,
}

/// What the texts of the changesets tell about what else must be sent.
#[derive(Default)]
struct Found {
    /// The files touched, and, where there are changesets elsewhere, by which changesets.
    files: BTreeMap<HgPathBuf, Vec<Rev>>,
    /// The manifests of those changesets that no manifest is linked to.
    manifests: Vec<(Rev, Node)>,
}

impl Changegroup {
    pub fn new(
        snapshot: &Arc<Snapshot>,
        outgoing: &Arc<Outgoing>,
        version: Version,
    ) -> Result<Changegroup, BundleError> {
        if snapshot.store.layout.tree_manifest && version < Version::V3 {
            return Err(BundleError::Unsupported(
                "manifests of directories for an old client",
            ));
        }
        let manifests = snapshot.store.manifest()?;
        // Whose manifest has to be looked up: those that share it with others.
        let mut unlinked = outgoing.missing.clone();
        for link in manifests.entries().filter_map(|entry| entry.link) {
            unlinked.remove(link);
        }
        let items = outgoing.missing.iter().map(|rev| Item { rev, link: rev });
        Ok(Changegroup {
            snapshot: Arc::clone(snapshot),
            outgoing: Arc::clone(outgoing),
            version,
            state: State::Changesets(Group::new(version, items.collect()), unlinked),
            found: Found::default(),
            last_text: None,
        })
    }

    /// The items of a revlog that are linked to what is sent.
    fn linked(&self, log: &Revlog) -> Vec<Item> {
        let mut items = Vec::new();
        for (place, entry) in log.entries().enumerate() {
            if let Some(link) = entry
                .link
                .filter(|link| self.outgoing.missing.contains(*link))
            {
                items.push(Item {
                    rev: Rev::from_index(place),
                    link,
                });
            }
        }
        items
    }

    /// Whether a revision came with a changeset that is neither sent nor known to the client.
    fn is_elsewhere(&self, log: &Revlog, rev: Rev) -> bool {
        let link = log.entry(rev).and_then(|entry| entry.link);
        link.is_some_and(|link| {
            link.index() < self.snapshot.len()
                && !self.outgoing.missing.contains(link)
                && !self.outgoing.common.contains(link)
        })
    }

    /// All revisions of that kind.
    fn elsewhere(&self, log: &Revlog) -> RevSet {
        if !self.outgoing.elsewhere {
            return RevSet::default();
        }
        let all = (0..log.len()).map(Rev::from_index);
        all.filter(|rev| self.is_elsewhere(log, *rev)).collect()
    }

    fn manifests(&mut self) -> Result<State, BundleError> {
        let log = self.snapshot.store.manifest()?;
        let mut items = self.linked(&log);
        let mut added = HashSet::new();
        for (changeset, node) in std::mem::take(&mut self.found.manifests) {
            if node.is_null() {
                continue;
            }
            let rev = log.rev(&node).ok_or_else(|| crate::Error::NoRevision {
                file: log.path().to_owned(),
                node,
            })?;
            if self.is_elsewhere(&log, rev) && added.insert(rev) {
                items.push(Item {
                    rev,
                    link: changeset,
                });
            }
        }
        let group = Group::new(self.version, items);
        Ok(State::Manifests(log, group))
    }

    /// The directories above the files, each with a manifest of its own.
    fn directories(&self) -> BTreeSet<HgPathBuf> {
        let mut found = BTreeSet::new();
        if self.snapshot.store.layout.tree_manifest {
            for file in self.found.files.keys() {
                let mut at = file.as_path().parent();
                while let Some(directory) = at.filter(|directory| !directory.is_root()) {
                    if !found.insert(directory.to_buf()) {
                        break;
                    }
                    at = directory.parent();
                }
            }
        }
        found
    }

    fn directory(&self, directory: HgPath<'_>) -> Result<(Revlog, Group), BundleError> {
        let places = (self.snapshot.store.layout).encoded("meta/", directory, "/00manifest")?;
        let log = Revlog::open(places, self.snapshot.store.limits.max_text)?;
        let mut items = self.linked(&log);
        let mut candidates = self.elsewhere(&log);
        for changeset in self.outgoing.missing.iter() {
            if candidates.is_empty() {
                break;
            }
            let node = self
                .snapshot
                .manifest(changeset)?
                .directory_node(directory)?;
            let rev = node.and_then(|node| log.rev(&node));
            if let Some(rev) = rev.filter(|rev| candidates.remove(*rev)) {
                let link = changeset;
                items.push(Item { rev, link });
            }
        }
        Ok((log, Group::new(self.version, items)))
    }

    fn file(&self, path: HgPath<'_>, touched: &[Rev]) -> Result<(Revlog, Group), BundleError> {
        let places = self.snapshot.store.layout.encoded("data/", path, "")?;
        // The store keeps what pages ask for again and again; this is read once.
        let log = Revlog::open(places, self.snapshot.store.limits.max_text)?;
        let mut items = self.linked(&log);
        self.add_borrowed(&log, path, touched, &mut items)?;
        let group = Group::new(self.version, items);
        Ok((log, group))
    }

    /// Adds the revisions that are linked to changesets elsewhere and nevertheless used by one that is sent.
    fn add_borrowed(
        &self,
        log: &Revlog,
        path: HgPath<'_>,
        touched: &[Rev],
        items: &mut Vec<Item>,
    ) -> Result<(), BundleError> {
        let mut candidates = self.elsewhere(log);
        let Some(oldest) = candidates
            .iter()
            .filter_map(|rev| log.entry(rev)?.link)
            .min()
        else {
            return Ok(());
        };
        let linked: RevSet = items.iter().map(|item| item.link).collect();
        // A changeset has one revision of a file: if it has introduced one, there is nothing to look for.
        for changeset in touched.iter().filter(|rev| !linked.contains(**rev)) {
            if *changeset < oldest {
                continue;
            }
            let Some(entry) = self.snapshot.manifest(*changeset)?.get(path)? else {
                continue;
            };
            if let Some(rev) = log.rev(&entry.node).filter(|rev| candidates.remove(*rev)) {
                items.push(Item {
                    rev,
                    link: *changeset,
                });
            }
            if candidates.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Notes what a changeset has touched.
    fn look_into(&mut self, sent: Sent, needs_manifest: bool) -> Result<(), BundleError> {
        let Sent { rev, base, stored } = sent;
        let log = &self.snapshot.changelog;
        let text = match (base, self.last_text.take()) {
            (None, _) => stored,
            (Some(base), Some((last, text))) if base == last => log.patched(rev, &text, &stored)?,
            _ => log.text(rev)?.to_vec(),
        };
        let raw = self.snapshot.parse(rev, &text)?;
        let mut paths = Paths(&mut self.found.files);
        paths.add(&raw, rev, self.outgoing.elsewhere);
        if needs_manifest {
            self.found.manifests.push((rev, raw.manifest));
        }
        self.last_text = Some((rev, text));
        Ok(())
    }
}

/// The files touched so far.
struct Paths<'a>(&'a mut BTreeMap<HgPathBuf, Vec<Rev>>);

impl Paths<'_> {
    fn add(&mut self, raw: &RawChangeset<'_>, rev: Rev, keep: bool) {
        for path in raw.files() {
            if !self.0.contains_key(path) {
                self.0.insert(HgPathBuf::from(path.to_vec()), Vec::new());
            }
            if keep && let Some(revs) = self.0.get_mut(path) {
                revs.push(rev);
            }
        }
    }
}

/// The chunk that names the file or directory whose revisions follow.
fn name(path: &[u8], suffix: &[u8], out: &mut Vec<u8>) {
    out.extend(((4 + path.len() + suffix.len()) as u32).to_be_bytes());
    out.extend_from_slice(path);
    out.extend_from_slice(suffix);
}

impl Source for Changegroup {
    fn fill(&mut self, out: &mut Vec<u8>) -> Result<bool, BundleError> {
        let mut state = std::mem::replace(&mut self.state, State::End);
        let common = &self.outgoing.common;
        self.state = match &mut state {
            State::Changesets(group, unlinked) => {
                let log = &self.snapshot.changelog;
                match group.send(log, &self.snapshot, common, out)? {
                    Some(sent) => {
                        let needs_manifest = unlinked.contains(sent.rev);
                        self.look_into(sent, needs_manifest)?;
                        state
                    }
                    None => {
                        self.last_text = None;
                        self.manifests()?
                    }
                }
            }
            State::Manifests(log, group) => match group.send(log, &self.snapshot, common, out)? {
                Some(_) => state,
                None => State::Directories(self.directories().into_iter(), None),
            },
            State::Directories(rest, current) => match current {
                Some((log, group)) => {
                    if group.send(log, &self.snapshot, common, out)?.is_none() {
                        *current = None;
                    }
                    state
                }
                None => match rest.next() {
                    Some(directory) => {
                        let (log, group) = self.directory(directory.as_path())?;
                        if !group.is_empty() {
                            name(directory.as_bytes(), b"/", out);
                            *current = Some((log, group));
                        }
                        state
                    }
                    None => {
                        if self.version == Version::V3 {
                            out.extend([0; 4]);
                        }
                        let files = std::mem::take(&mut self.found.files);
                        State::Files(files.into_iter(), None)
                    }
                },
            },
            State::Files(rest, current) => match current {
                Some((log, group)) => {
                    if group.send(log, &self.snapshot, common, out)?.is_none() {
                        *current = None;
                    }
                    state
                }
                None => match rest.next() {
                    Some((path, touched)) => {
                        let (log, group) = self.file(path.as_path(), &touched)?;
                        if !group.is_empty() {
                            name(path.as_bytes(), b"", out);
                            *current = Some((log, group));
                        }
                        state
                    }
                    None => {
                        // Whoever takes history away gives its numbers to other changesets, and the links we went by
                        // would mean those.
                        if !self.snapshot.changelog.is_untouched()? {
                            return Err(BundleError::Rewritten);
                        }
                        out.extend([0; 4]);
                        State::End
                    }
                },
            },
            State::End => return Ok(false),
        };
        Ok(true)
    }
}
