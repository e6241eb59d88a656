//! What the names of a repository point at, and what words mean.
//!
//! [`Heads`] are made when the names have changed since the last time and kept until they change again. They need no walk
//! through history: only the objects that names point at are looked at, so that `main` or `v1.0` are found in a repository
//! of any length at once.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};

use super::header::TagHeader;
use super::names::{Names, Target, shorten};
use super::ref_files::RefFiles;
use super::{Repository, from_git, to_git};
use crate::{
    Branch, ChangesetId, Head, Pull, ReadError, RefFilter, RefLists, RefName, Refs, RevisionError,
    Tag,
};

/// The names of a repository at one moment, peeled.
#[derive(Debug)]
pub(super) struct Heads {
    pub names: Names,
    /// For each ref of `names` the commit it leads to, and whether an annotated tag lies between.
    peeled: Vec<Option<(ObjectId, bool)>>,
    /// The same names for people.
    pub refs: Refs,
    /// What the branches and tags that count point at.
    tips: Vec<ChangesetId>,
    /// The changeset of HEAD, wherever it is.
    head: Option<ChangesetId>,
    /// The head of the default branch, or else of the first tag.
    first: Option<ChangesetId>,
}

impl Heads {
    /// The commits that branches and tags point at.
    pub fn tips(&self) -> impl Iterator<Item = ObjectId> {
        self.tips.iter().map(to_git)
    }

    /// The same as the ids of the crate.
    pub fn tip_ids(&self) -> &[ChangesetId] {
        &self.tips
    }

    /// The commits that pull requests point at.
    pub fn pulls(&self) -> impl Iterator<Item = ObjectId> {
        self.refs.pulls.iter().map(|pull| to_git(&pull.id))
    }

    /// The names of refs that lead to a commit, in order.
    pub fn leading_to(&self, id: ObjectId) -> impl Iterator<Item = &BStr> {
        let led = self.names.refs.iter().zip(&self.peeled);
        led.filter(move |(_, led)| led.is_some_and(|(to, _)| to == id))
            .map(|((name, _), _)| name.as_bstr())
    }

    /// Whether HEAD stands there.
    pub fn head_leads_to(&self, id: ObjectId) -> bool {
        self.head.is_some_and(|head| to_git(&head) == id)
    }

    /// The changeset of HEAD, wherever it is.
    pub fn head(&self) -> Option<ChangesetId> {
        self.head
    }

    /// The whole names of the tags, in order, the commits they lead to, and whether they are annotated.
    pub fn tags(&self) -> impl Iterator<Item = (&BStr, ObjectId, bool)> {
        let led = self.names.refs.iter().zip(&self.peeled);
        let tags = led.filter(|((name, _), _)| name.starts_with(b"refs/tags/"));
        tags.filter_map(|((name, _), led)| {
            led.map(|(id, annotated)| (name.as_bstr(), id, annotated))
        })
    }

    /// When an annotated tag was made.
    pub fn tag_date(&self, repo: &gix::Repository, name: &[u8]) -> i64 {
        let id = self
            .names
            .find(name)
            .and_then(|target| self.names.follow(target));
        let tag = id.and_then(|id| repo.find_tag(id).ok());
        let date = tag.and_then(|tag| TagHeader::parse(&tag.data)?.date());
        date.map_or(0, |date| date.seconds)
    }

    /// Whether a branch or tag that counts points right at this commit.
    fn is_tip(&self, id: &ChangesetId) -> bool {
        self.tips.contains(id)
    }

    /// The changeset a name stands for: a branch, a tag, or either spelt out as `heads/…`, `tags/…` or `refs/…`.
    fn named(&self, text: &str) -> Option<ChangesetId> {
        let branch = |name: &str| self.refs.branch(name).map(|branch| branch.id);
        let tag = |name: &str| self.refs.tag(name).map(|tag| tag.id);
        if let Some(id) = branch(text).or_else(|| tag(text)) {
            return Some(id);
        }
        if let Some(name) = text.strip_prefix("refs/pull/") {
            return self.refs.pull(name).map(|pull| pull.id);
        }
        let spelt = text.strip_prefix("refs/").unwrap_or(text);
        match spelt.split_once('/')? {
            ("heads", name) => branch(name),
            ("tags", name) => tag(name),
            _ => None,
        }
    }
}

impl Repository {
    /// The heads of this moment. Reads the names, or of a handle for one moment those it has read before; anything else only when
    /// they have changed.
    pub(super) fn heads(&self, repo: &gix::Repository) -> Result<Arc<Heads>, ReadError> {
        let moment = self.moment.as_ref().map(|moment| &moment.heads);
        if let Some(heads) = moment.and_then(|heads| heads.get()) {
            return Ok(heads.clone());
        }
        let heads = self.present_heads(repo)?;
        Ok(moment.map_or(heads.clone(), |kept| kept.get_or_init(|| heads).clone()))
    }

    fn present_heads(&self, repo: &gix::Repository) -> Result<Arc<Heads>, ReadError> {
        let files = self.read_names(repo)?;
        let memory = &self.memory.heads;
        let kept = || memory.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match kept().as_ref() {
            Some((same, heads)) if *same == files => return Ok(heads.clone()),
            before => before.map(|(_, heads)| heads.clone()),
        };
        // Two threads may make the same at once; that costs time, never truth.
        let heads = Arc::new(peel_all(repo, &files, before.as_deref(), &self.filter));
        *kept() = Some((files, heads.clone()));
        Ok(heads)
    }

    pub fn is_empty(&self) -> Result<bool, ReadError> {
        Ok(self.heads(&self.local())?.tips().next().is_none())
    }

    pub fn refs(&self) -> Result<Refs, ReadError> {
        Ok(self.heads(&self.local())?.refs.clone())
    }

    /// The changeset of HEAD, if a branch or tag reaches it, else of the default branch; none in an empty repository.
    pub fn head(&self) -> Result<Option<ChangesetId>, ReadError> {
        let repo = self.local();
        let heads = self.heads(&repo)?;
        Ok(match heads.head {
            Some(head) if heads.is_tip(&head) => Some(head),
            // A detached HEAD may stand on something that no branch and no tag reaches.
            Some(head) => {
                let view = self.view(&repo)?;
                view.reached(&head).map_or(heads.first, |_| Some(head))
            }
            None => heads.first,
        })
    }

    pub fn resolve(&self, text: &str) -> Result<ChangesetId, RevisionError> {
        let repo = self.local();
        let heads = self.heads(&repo)?;
        let Some(first) = heads.first else {
            return Err(RevisionError::Empty);
        };
        if matches!(text, "" | "tip" | "HEAD" | "head") {
            return Ok(self.newest(&repo, &heads)?.unwrap_or(first));
        }
        if let Some(id) = heads.named(text) {
            return Ok(id);
        }
        let id: Option<ChangesetId> = text.parse().ok();
        if let Some(id) = id.filter(|id| heads.is_tip(id)) {
            return Ok(id);
        }
        if let Some(top) = self.top(&heads) {
            let numbered = place_in_log(text).and_then(|number| top.numbered(number));
            if let Some(id) = id.filter(|id| top.number(id).is_some()).or(numbered) {
                return Ok(id);
            }
        }
        self.view(&repo)?.resolve(&repo, text, id)
    }
}

/// The place in the log that a word names, counted from the oldest changeset: what the API and old links use. Zeros alone, however many, are
/// the first place.
pub(super) fn place_in_log(text: &str) -> Option<u32> {
    if !text.is_empty() && text.bytes().all(|byte| byte == b'0') {
        return Some(0);
    }
    text.parse().ok().filter(|_| text.len() < 12)
}

/// Looks at what all names point at. What a name led to before, if it says the same, is taken from there: of a hundred thousand refs a
/// push moves one.
fn peel_all(
    repo: &gix::Repository,
    files: &RefFiles,
    before: Option<&Heads>,
    filter: &RefFilter,
) -> Heads {
    let names = Names::new(files);
    let mut before = before
        .into_iter()
        .flat_map(|before| before.names.refs.iter().zip(&before.peeled))
        .peekable();
    let mut peeled = Vec::with_capacity(names.refs.len());
    for (name, target) in &names.refs {
        while before.next_if(|((other, _), _)| other < name).is_some() {}
        let known = before.next_if(|((other, _), _)| other == name);
        // What led nowhere may have arrived since, and where another ref leads is no matter of this one.
        let known = known.filter(|((_, was), _)| was == target && matches!(was, Target::Object(_)));
        let known = known.and_then(|(_, led)| *led);
        peeled.push(known.or_else(|| peel(repo, &names, target)));
    }
    let (mut branches, mut tags, mut pulls) = (Vec::new(), Vec::new(), Vec::new());
    let mut tips = Vec::new();
    for ((name, _), led) in names.refs.iter().zip(&peeled) {
        let Some((commit, annotated)) = *led else {
            continue;
        };
        let (id, short) = (from_git(&commit), RefName::new(shorten(name)));
        if !name.starts_with(b"refs/pull/") && filter.takes(name) {
            tips.push(id);
        }
        if name.starts_with(b"refs/heads/") {
            branches.push(Branch {
                name: short,
                id,
                closed: false,
            });
        } else if name.starts_with(b"refs/tags/") {
            tags.push(Tag {
                name: short,
                id,
                annotated,
            });
        } else {
            pulls.push(Pull { name: short, id });
        }
    }
    let head = names.head.as_ref();
    let head_branch = match head {
        Some(Target::Ref(name)) if name.starts_with(b"refs/heads/") => {
            let name = RefName::new(shorten(name));
            Some((branches.iter().any(|branch| branch.name == name), name))
        }
        _ => None,
    };
    let default_branch = match &head_branch {
        Some((true, name)) => Some(name.clone()),
        _ => changed_last(repo, &branches).map(|branch| branch.name.clone()),
    };
    let head_id = head
        .and_then(|head| peel(repo, &names, head))
        .map(|(commit, _)| from_git(&commit));
    let kind = match (head, head_branch, head_id) {
        (_, Some((true, name)), _) => Head::Branch(name),
        (_, Some((false, name)), _) => Head::Unborn(name),
        (Some(Target::Object(_)), _, Some(id)) => Head::Detached(id),
        _ => Head::Nowhere,
    };
    let default = branches
        .iter()
        .find(|branch| Some(&branch.name) == default_branch.as_ref());
    let others = branches.iter().map(|branch| branch.id);
    let listed: HashSet<ChangesetId> = tips.iter().copied().collect();
    let first = default
        .map(|branch| branch.id)
        .into_iter()
        .chain(tags.first().map(|tag| tag.id))
        .chain(others)
        .chain(tags.iter().map(|tag| tag.id))
        .find(|id| listed.contains(id));
    let refs = RefLists::new(branches, tags, Vec::new(), default_branch).of_git(pulls, kind);
    Heads {
        names,
        peeled,
        refs: refs.into(),
        tips,
        head: head_id,
        first,
    }
}

/// The branch whose head has the latest date.
fn changed_last<'a>(repo: &gix::Repository, branches: &'a [Branch]) -> Option<&'a Branch> {
    let time = |branch: &&Branch| {
        let commit = repo.find_commit(to_git(&branch.id)).ok();
        let header = commit
            .as_ref()
            .and_then(|commit| super::header::Header::parse(&commit.data));
        header.map(|header| header.date().seconds)
    };
    branches.iter().rev().max_by_key(|branch| time(branch))
}

/// The commit a ref finally points at and whether an annotated tag lies between; none for refs that lead elsewhere, e.g. a
/// tag of a single file, or nowhere.
fn peel(repo: &gix::Repository, names: &Names, target: &Target) -> Option<(ObjectId, bool)> {
    /// A tag of a tag of a tag… has an end in practice. Objects cannot form a ring, but a chain may be made as long as one likes.
    const DEEPEST: usize = 100;
    let mut id = names.follow(target)?;
    let mut annotated = false;
    for _ in 0..DEEPEST {
        match repo.try_find_header(id).ok()??.kind() {
            gix::objs::Kind::Commit => return Some((id, annotated)),
            gix::objs::Kind::Tag => {
                annotated = true;
                id = repo.find_tag(id).ok()?.target_id().ok()?.detach();
            }
            gix::objs::Kind::Tree | gix::objs::Kind::Blob => return None,
        }
    }
    None
}
