//! The state of a repository at one moment.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::bookmarks::{Bookmark, named_nodes};
use crate::branches::{self, Branch};
use crate::changeset::{Changeset, RawChangeset};
use crate::digest::{BranchTable, Digest};
use crate::error::{Error, LookupError};
use crate::filelog::{self, FileRevision};
use crate::files;
use crate::ids::{Node, Rev};
use crate::lookup;
use crate::manifest::Manifest;
use crate::path::HgPath;
use crate::revlog::Revlog;
use crate::revset::RevSet;
use crate::store::Store;
use crate::subrepositories::{self, Subrepository};
use crate::tags::{self, Tag};
use crate::text::Text;
use crate::visibility::{Phase, Visibility};

/// What a repository holds at one moment: immutable, shared between threads, consistent in itself.
///
/// A changeset is *served* unless it is hidden (rewritten) or secret. Everything that yields changesets by name or in
/// bulk yields served ones only; methods that take a [`Rev`] answer for any revision, so ask
/// [`is_served`](Snapshot::is_served) before showing what did not come from here.
#[derive(Debug)]
pub struct Snapshot {
    pub(crate) store: Arc<Store>,
    pub(crate) changelog: Revlog,
    visibility: Visibility,
    bookmarks: Vec<Bookmark>,
    local_tags: Vec<u8>,
    branch_table: OnceLock<BranchTable>,
    branches: OnceLock<Vec<Branch>>,
    tags: OnceLock<Vec<Tag>>,
    digest: OnceLock<Arc<Digest>>,
    /// The digest of an earlier snapshot, from which ours is continued.
    earlier_digest: Option<Arc<Digest>>,
}

impl Snapshot {
    /// Reads the present state.
    ///
    /// The changelog comes first: what it names is complete on disk by then. Phases come after it, as a root that was
    /// written later does no harm, while one missed would show a secret changeset.
    pub(crate) fn load(store: Arc<Store>, earlier: Option<&Snapshot>) -> Result<Snapshot, Error> {
        let changelog = store.changelog()?;
        let layout = &store.layout;
        let read = |path: &Path| Ok::<_, Error>(files::read(path)?.unwrap_or_default());
        let roots = read(&layout.store.join("phaseroots"))?;
        let obsstore_path = layout.store.join("obsstore");
        let predecessors = crate::obsstore::predecessors(&read(&obsstore_path)?)
            .map_err(|reason| Error::damaged(&obsstore_path, reason))?;
        let bookmark_lines = read(&layout.bookmarks)?;
        let local_tags = read(&layout.dot_hg.join("localtags"))?;

        let mut pinned: Vec<Node> = Vec::new();
        if !predecessors.is_empty() {
            pinned.extend(working_parents(&layout.dot_hg.join("dirstate"))?);
            pinned.extend(
                named_nodes(&bookmark_lines)
                    .chain(named_nodes(&local_tags))
                    .map(|(node, _)| node),
            );
        }
        let visibility = Visibility::new(&changelog, &roots, &predecessors, &pinned);
        let mut bookmarks: Vec<Bookmark> = named_nodes(&bookmark_lines)
            .filter_map(|(node, name)| {
                Some(Bookmark {
                    name: Text::from(name),
                    rev: changelog.rev(&node)?,
                    node,
                })
            })
            .filter(|bookmark| visibility.served.contains(bookmark.rev))
            .collect();
        bookmarks.sort_by(|a, b| a.name.cmp(&b.name));
        let earlier_digest = earlier.and_then(|earlier| {
            earlier
                .digest
                .get()
                .or(earlier.earlier_digest.as_ref())
                .cloned()
        });
        Ok(Snapshot {
            changelog,
            visibility,
            bookmarks,
            local_tags,
            branch_table: OnceLock::new(),
            branches: OnceLock::new(),
            tags: OnceLock::new(),
            digest: OnceLock::new(),
            earlier_digest,
            store,
        })
    }

    /// How many changesets are stored, unserved ones included: one more than the highest number.
    pub fn len(&self) -> usize {
        self.changelog.len()
    }

    /// True when there is no changeset at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The hash of a changeset; [`Node::NULL`] for a number that does not occur.
    pub fn node(&self, rev: Rev) -> Node {
        self.changelog.node(rev).unwrap_or(Node::NULL)
    }

    /// The number of a changeset, served or not.
    pub fn rev(&self, node: &Node) -> Option<Rev> {
        self.changelog.rev(node)
    }

    /// The number of a served changeset.
    pub fn served_rev(&self, node: &Node) -> Option<Rev> {
        self.rev(node).filter(|rev| self.is_served(*rev))
    }

    /// First and second parent.
    pub fn parents(&self, rev: Rev) -> [Option<Rev>; 2] {
        self.changelog.parents(rev)
    }

    /// The phase of a changeset.
    pub fn phase(&self, rev: Rev) -> Phase {
        self.visibility.phase(rev)
    }

    /// Whether a changeset has been rewritten or pruned. It may still be shown while others build on it.
    pub fn is_obsolete(&self, rev: Rev) -> bool {
        self.visibility.obsolete.contains(rev)
    }

    /// Whether a changeset is hidden because it was rewritten or pruned.
    pub fn is_hidden(&self, rev: Rev) -> bool {
        self.visibility.hidden.contains(rev)
    }

    /// Whether others may see a changeset: neither hidden nor secret.
    pub fn is_served(&self, rev: Rev) -> bool {
        self.visibility.served.contains(rev)
    }

    /// The served changesets; `.iter().rev()` walks them newest first.
    pub fn served(&self) -> &RevSet {
        &self.visibility.served
    }

    /// The newest served changeset.
    pub fn tip(&self) -> Option<Rev> {
        self.served().max()
    }

    /// The bookmarks of served changesets, sorted by name.
    pub fn bookmarks(&self) -> &[Bookmark] {
        &self.bookmarks
    }

    /// A changeset's stored text, decoded.
    pub fn changeset(&self, rev: Rev) -> Result<Changeset, Error> {
        let text = self.changelog.text(rev)?;
        Ok(self
            .parse(rev, &text)?
            .to_changeset(rev, self.node(rev), self.parents(rev)))
    }

    /// The named branches with served heads, sorted by name.
    pub fn branches(&self) -> Result<&[Branch], Error> {
        if let Some(branches) = self.branches.get() {
            return Ok(branches);
        }
        let found = branches::branches(&self.changelog, &self.visibility, self.branch_table()?);
        Ok(self.branches.get_or_init(|| found))
    }

    /// The named branch of a changeset, without decoding the changeset.
    pub fn branch_name(&self, rev: Rev) -> Result<&[u8], Error> {
        let table = self.branch_table()?;
        let number = table.of_rev.get(rev.index()).map_or(u32::MAX, |of| of.0);
        Ok(table
            .names
            .get(number as usize)
            .map_or(b"default", Vec::as_slice))
    }

    /// The tags of served changesets, sorted by name; the synthetic `tip` is not among them.
    pub fn tags(&self) -> Result<&[Tag], Error> {
        if let Some(tags) = self.tags.get() {
            return Ok(tags);
        }
        let found = self.read_tags()?;
        Ok(self.tags.get_or_init(|| found))
    }

    /// Finds a served changeset by `tip`, number, hash, bookmark, tag, branch or hash prefix, in Mercurial's order.
    pub fn lookup(&self, text: &str) -> Result<Rev, LookupError> {
        lookup::lookup(self, text)
    }

    /// The served changesets whose hash in hex begins with these digits.
    pub(crate) fn served_with_prefix<'a>(
        &'a self,
        digits: &'a str,
    ) -> impl Iterator<Item = Rev> + 'a {
        self.changelog
            .revs_with_prefix(digits)
            .filter(|rev| self.is_served(*rev))
    }

    /// The files of a changeset.
    pub fn manifest(&self, rev: Rev) -> Result<Manifest, Error> {
        let text = self.changelog.text(rev)?;
        Manifest::read(&self.store, &self.parse(rev, &text)?.manifest)
    }

    /// The content of a file revision, as named by a manifest entry.
    pub fn file(&self, path: HgPath<'_>, node: &Node) -> Result<FileRevision, Error> {
        let (log, rev) = self.file_revision(path, node)?;
        filelog::read(&self.store, &log, rev)
    }

    /// The size of a file revision's content; mostly without reading it.
    pub fn file_size(&self, path: HgPath<'_>, node: &Node) -> Result<u64, Error> {
        let (log, rev) = self.file_revision(path, node)?;
        filelog::size(&log, rev)
    }

    /// The content that a *standin* of the largefiles extension stands for, if it is stored here. `standin` is the
    /// standin's own content; see [`largefile_of_standin`](crate::largefile_of_standin).
    pub fn largefile(&self, standin: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        filelog::read_largefile(&self.store.layout.base, standin, self.store.limits.max_text)
    }

    /// The repositories that a changeset nests in its directories, sorted by path. They are not among the files.
    pub fn subrepositories(&self, rev: Rev) -> Result<Vec<Subrepository>, Error> {
        let manifest = self.manifest(rev)?;
        let content = |name: &str| match manifest.get(HgPath::new(name))? {
            Some(entry) => Ok(self.file(HgPath::new(name), &entry.node)?.data),
            None => Ok::<_, Error>(Vec::new()),
        };
        Ok(subrepositories::parse(
            &content(".hgsub")?,
            &content(".hgsubstate")?,
        ))
    }

    /// The revlog of a file and the number of a revision in it.
    pub(crate) fn file_revision(
        &self,
        path: HgPath<'_>,
        node: &Node,
    ) -> Result<(Arc<Revlog>, Rev), Error> {
        let log = self.store.filelog(path)?;
        match log.rev(node) {
            Some(rev) => Ok((log, rev)),
            None => Err(Error::NoRevision {
                file: log.path().to_owned(),
                node: *node,
            }),
        }
    }

    /// Splits a changelog entry.
    pub(crate) fn parse<'a>(&self, rev: Rev, text: &'a [u8]) -> Result<RawChangeset<'a>, Error> {
        RawChangeset::parse(text).map_err(|reason| self.changelog.damaged_at(rev, reason))
    }

    /// What all changesets say about branches and files.
    pub(crate) fn digest(&self) -> Result<&Digest, Error> {
        if let Some(digest) = self.digest.get() {
            return Ok(digest);
        }
        let digest = Arc::new(Digest::new(
            &self.changelog,
            self.earlier_digest.as_deref(),
        )?);
        Ok(self.digest.get_or_init(|| digest))
    }

    fn branch_table(&self) -> Result<&BranchTable, Error> {
        if let Some(digest) = self.digest.get() {
            return Ok(&digest.branches);
        }
        if let Some(table) = self.branch_table.get() {
            return Ok(table);
        }
        match branches::cached_table(&self.store, &self.changelog) {
            Some(table) => Ok(self.branch_table.get_or_init(|| table)),
            None => Ok(&self.digest()?.branches),
        }
    }

    fn read_tags(&self) -> Result<Vec<Tag>, Error> {
        let path = HgPath::new(".hgtags");
        // An unreadable cache is as good as none.
        let cache = files::read(&self.store.layout.base.join("cache/hgtagsfnodes1"))
            .ok()
            .flatten()
            .unwrap_or_default();
        let log = self.store.filelog(path)?;
        let mut seen = HashSet::new();
        let mut merge = tags::Merge::default();
        for head in self.heads().into_iter().rev() {
            let cached = tags::cached_revision(&cache, head, &self.node(head))
                .filter(|node| log.rev(node).is_some());
            let node = match cached {
                Some(node) => node,
                None => match self.manifest(head)?.get(path)? {
                    Some(entry) => entry.node,
                    None => continue,
                },
            };
            if seen.insert(node) {
                merge.add(&self.file(path, &node)?.data, false);
            }
        }
        merge.add(&self.local_tags, true);
        let tag = |(name, value): (Vec<u8>, tags::Value)| {
            let rev = self.served_rev(&value.node)?;
            Some(Tag {
                name: Text::from(&name[..]),
                rev,
                node: value.node,
                local: value.local,
            })
        };
        Ok(merge.0.into_iter().filter_map(tag).collect())
    }
}

/// The parents of the working directory, which stay visible whatever happened to them.
///
/// Version 1 begins with the two hashes; version 2 with a marker, and the hashes in fields of 32 bytes.
fn working_parents(dirstate: &Path) -> Result<Vec<Node>, Error> {
    const V2: &[u8] = b"dirstate-v2\n";
    let start = files::read_start(dirstate, 12 + 64)?.unwrap_or_default();
    let hashes = match start.strip_prefix(V2) {
        Some(rest) => [rest.get(..20), rest.get(32..52)],
        None => [start.get(..20), start.get(20..40)],
    };
    Ok(hashes
        .into_iter()
        .flatten()
        .filter_map(Node::from_slice)
        .filter(|node| !node.is_null())
        .collect())
}
