//! The state of a repository at one moment.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::bookmarks::{Bookmark, named_nodes};
use crate::branch_cache::{self, KnownHeads};
use crate::branches::{self, Branch};
use crate::changeset::{Changeset, RawChangeset};
use crate::digest::{BranchTable, Digest};
use crate::error::{Error, LookupError};
use crate::filelog::{self, FileRevision};
use crate::files;
use crate::ids::{Node, Rev};
use crate::lookup;
use crate::manifest::Manifest;
use crate::obsolescence::{Instabilities, Rewrites};
use crate::path::HgPath;
use crate::revlog::Revlog;
use crate::revset::RevSet;
use crate::store::Store;
use crate::tags::{self, Tag};
use crate::text::Text;
use crate::topics::Topic;
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
    pub(crate) visibility: Visibility,
    bookmarks: Vec<Bookmark>,
    local_tags: Vec<u8>,
    /// The content of the file of rewrites; whom it names as rewritten is known, the rest is read when it is asked for.
    pub(crate) obsstore: Vec<u8>,
    pub(crate) rewrites: OnceLock<Rewrites>,
    pub(crate) instabilities: OnceLock<Instabilities>,
    branch_table: OnceLock<Arc<BranchTable>>,
    branch_heads: OnceLock<Arc<KnownHeads>>,
    branches: OnceLock<Vec<Branch>>,
    tags: OnceLock<Vec<Tag>>,
    pub(crate) topics: OnceLock<Vec<Topic>>,
    digest: OnceLock<Arc<Digest>>,
    carried: Carried,
}

/// What an earlier snapshot had found out about the changesets that are still the first ones now.
#[derive(Debug, Default)]
struct Carried {
    digest: Option<Arc<Digest>>,
    branch_table: Option<Arc<BranchTable>>,
    branch_heads: Option<Arc<KnownHeads>>,
}

impl Carried {
    fn from(earlier: &Snapshot, changelog: &Revlog, visibility: &Visibility) -> Carried {
        let before = &earlier.changelog;
        if !changelog.begins_with(before) {
            return Carried::default();
        }
        // What was not served then, or obsolete, may be so no more, and the other way round.
        let same = |before: &RevSet, now: &RevSet| before.equals_below(now, earlier.len());
        let same_view = same(&earlier.visibility.served, &visibility.served)
            && same(&earlier.visibility.obsolete, &visibility.obsolete);
        let carried = &earlier.carried;
        Carried {
            digest: earlier.digest.get().or(carried.digest.as_ref()).cloned(),
            branch_table: earlier
                .branch_table
                .get()
                .or(carried.branch_table.as_ref())
                .cloned(),
            branch_heads: earlier
                .branch_heads
                .get()
                .or(carried.branch_heads.as_ref())
                .filter(|_| same_view)
                .cloned(),
        }
    }
}

/// Which state of the repository to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// What is committed.
    Committed,
    /// What an open transaction would commit.
    Pending,
}

impl Snapshot {
    /// Reads the present state.
    ///
    /// The changelog comes first: what it names is complete on disk by then. Phases come after it, as a root that was
    /// written later does no harm, while one missed would show a secret changeset.
    pub(crate) fn load(
        store: Arc<Store>,
        earlier: Option<&Snapshot>,
        stage: Stage,
    ) -> Result<Snapshot, Error> {
        let changelog = store.changelog(stage)?;
        let layout = &store.layout;
        let read = |path: &Path| Ok::<_, Error>(files::read(path)?.unwrap_or_default());
        let staged = |path: &Path| {
            let pending = path.with_extension("pending");
            match stage {
                Stage::Pending if pending.exists() => read(&pending),
                _ => read(path),
            }
        };
        let roots = staged(&layout.store.join("phaseroots"))?;
        let obsstore_path = layout.store.join("obsstore");
        let obsstore = read(&obsstore_path)?;
        let predecessors = crate::obsstore::predecessors(&obsstore)
            .map_err(|fault| fault.in_file(&obsstore_path))?;
        let bookmark_lines = staged(&layout.bookmarks)?;
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
        let carried = earlier.map_or_else(Carried::default, |earlier| {
            Carried::from(earlier, &changelog, &visibility)
        });
        Ok(Snapshot {
            changelog,
            visibility,
            bookmarks,
            local_tags,
            obsstore,
            rewrites: OnceLock::new(),
            instabilities: OnceLock::new(),
            branch_table: OnceLock::new(),
            branch_heads: OnceLock::new(),
            branches: OnceLock::new(),
            tags: OnceLock::new(),
            topics: OnceLock::new(),
            digest: OnceLock::new(),
            carried,
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

    /// All changesets but the hidden ones: what `hg log` shows the owner of the repository, secret ones included.
    pub fn visible(&self) -> RevSet {
        (0..self.len())
            .map(Rev::from_index)
            .filter(|rev| !self.is_hidden(*rev))
            .collect()
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
        let found = branches::branches(self.branch_heads()?);
        Ok(self.branches.get_or_init(|| found))
    }

    /// The named branch of a changeset, without decoding the changeset.
    pub fn branch_name(&self, rev: Rev) -> Result<&[u8], Error> {
        let told = self.branch_table()?.get(rev);
        Ok(told.map_or(b"default", |(name, _)| name))
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

    /// Whether the content of a file revision is kept elsewhere, as the lfs extension does.
    pub fn has_external_content(&self, path: HgPath<'_>, node: &Node) -> Result<bool, Error> {
        let (log, rev) = self.file_revision(path, node)?;
        Ok(log.known(rev)?.flags & crate::revlog::EXTERNAL != 0)
    }

    /// The content that a *standin* of the largefiles extension stands for, if it is stored here. `standin` is the
    /// standin's own content; see [`largefile_of_standin`](crate::largefile_of_standin).
    pub fn largefile(&self, standin: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        filelog::read_largefile(&self.store.layout.base, standin, self.store.limits.max_text)
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

    /// What all changesets say about files.
    pub(crate) fn digest(&self) -> Result<&Digest, Error> {
        if let Some(digest) = self.digest.get() {
            return Ok(digest);
        }
        let mut branches = self.known_branches();
        let earlier = self.carried.digest.as_deref();
        let digest = Arc::new(Digest::new(&self.changelog, earlier, &mut branches)?);
        if branches.len() == self.len() {
            let _ = self.branch_table.set(Arc::new(branches));
        }
        Ok(self.digest.get_or_init(|| digest))
    }

    /// The branches of the first changesets, as many as are known without decoding any.
    fn known_branches(&self) -> BranchTable {
        if let Some(table) = self.branch_table.get() {
            return BranchTable::clone(table);
        }
        if let Some(table) = &self.carried.branch_table {
            return BranchTable::clone(table);
        }
        branch_cache::noted_branches(&self.cache_dir(), &self.changelog)
    }

    fn branch_table(&self) -> Result<&BranchTable, Error> {
        if let Some(table) = self.branch_table.get() {
            return Ok(table);
        }
        let mut table = self.known_branches();
        table.complete(&self.changelog)?;
        let table = Arc::new(table);
        Ok(self.branch_table.get_or_init(|| table))
    }

    /// The heads of all served branches: those known from before, or noted by Mercurial, and what came since.
    fn branch_heads(&self) -> Result<&KnownHeads, Error> {
        /// So many changesets are decoded one by one before a table of all is worth its while.
        const FEW: usize = 100;
        if let Some(heads) = self.branch_heads.get() {
            return Ok(heads);
        }
        let of = |rev: Rev| {
            let text = self.changelog.text(rev)?;
            Ok::<_, Error>(self.parse(rev, &text)?.branch())
        };
        let known = match &self.carried.branch_heads {
            Some(heads) => KnownHeads::clone(heads),
            None => branch_cache::noted_heads(
                &self.cache_dir(),
                &self.changelog,
                &self.visibility,
                &|rev| of(rev).ok(),
            )
            .unwrap_or_default(),
        };
        let heads = if self.len() - known.end <= FEW {
            branches::heads(&self.changelog, &self.visibility, known, of)?
        } else {
            let table = self.branch_table()?;
            branches::heads(&self.changelog, &self.visibility, known, |rev| {
                let (name, closes) = table.get(rev).unwrap_or((b"default", false));
                Ok((name.to_vec(), closes))
            })?
        };
        let heads = Arc::new(heads);
        Ok(self.branch_heads.get_or_init(|| heads))
    }

    /// Where Mercurial keeps what it could find out again.
    pub(crate) fn cache_dir(&self) -> std::path::PathBuf {
        self.store.layout.base.join("cache")
    }

    fn read_tags(&self) -> Result<Vec<Tag>, Error> {
        let mut merge = match tags::noted(&self.cache_dir(), &self.changelog, &self.visibility) {
            Some(merge) => merge,
            None => self.merge_tags()?,
        };
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

    /// Merges the tags of all heads.
    fn merge_tags(&self) -> Result<tags::Merge, Error> {
        let path = HgPath::new(".hgtags");
        // An unreadable cache is as good as none.
        let cache = files::read(&self.cache_dir().join("hgtagsfnodes1"))
            .ok()
            .flatten()
            .unwrap_or_default();
        let log = self.store.filelog(path)?;
        let mut seen = std::collections::HashSet::new();
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
        Ok(merge)
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
