//! What the names of a repository reach, in order.
//!
//! A [`View`] is made when the names have changed since the last one and kept until they change again. It answers "how many
//! changesets are there", "which stands at place 400" and "which number has this one" by looking, not by walking.

use std::collections::BinaryHeap;
use std::sync::{Arc, PoisonError};

use gix::ObjectId;
use gix::bstr::BString;

use super::graph::{Graph, Place};
use super::history::{PathLogs, PathQuery};
use super::names::{Names, Target, shorten};
use super::{Repository, from_git, to_git};
use crate::{Branch, ChangesetId, LogPage, LogQuery, ReadError, RefName, Refs, RevisionError, Tag};

/// The reachable part of a repository at one moment.
#[derive(Debug)]
pub(super) struct View {
    names: Names,
    /// The same names, peeled and for people.
    pub refs: Refs,
    pub graph: Arc<Graph>,
    /// All reachable commits, newest first.
    pub order: Vec<Place>,
    /// For each commit of the graph where it stands in `order`, or [`UNREACHED`].
    rank: Vec<u32>,
    /// The changeset of HEAD, or else of the branch that was changed last.
    tip: Option<Place>,
    /// Logs of paths, worked out before.
    pub paths: PathLogs,
}

const UNREACHED: u32 = u32::MAX;

impl View {
    /// The place of a changeset that a branch or tag reaches.
    pub fn reached(&self, id: &ChangesetId) -> Option<Place> {
        self.graph
            .place(&to_git(id))
            .filter(|&place| self.rank(place).is_some())
    }

    /// Where a commit stands in `order`, 0 being the newest.
    pub fn rank(&self, place: Place) -> Option<u32> {
        self.rank
            .get(place as usize)
            .copied()
            .filter(|&rank| rank != UNREACHED)
    }

    /// The commits that branches and tags point at.
    pub fn tips(&self) -> impl Iterator<Item = Place> {
        let branches = self.refs.branches.iter().map(|branch| &branch.id);
        branches
            .chain(self.refs.tags.iter().map(|tag| &tag.id))
            .filter_map(|id| self.reached(id))
    }

    /// The id of the changeset at a place.
    pub fn id(&self, place: Place) -> ChangesetId {
        from_git(self.graph.id(place))
    }

    /// The changeset a word means, see [`crate::Repository::resolve`].
    fn resolve(&self, text: &str) -> Result<Place, RevisionError> {
        let Some(tip) = self.tip else {
            return Err(RevisionError::Empty);
        };
        let unknown = || RevisionError::Unknown {
            text: text.to_owned(),
        };
        if matches!(text, "" | "tip" | "HEAD" | "head") {
            return Ok(tip);
        }
        let named = self.refs.branch(text).map(|branch| branch.id);
        if let Some(id) = named.or_else(|| self.refs.tag(text).map(|tag| tag.id)) {
            return self.reached(&id).ok_or_else(unknown);
        }
        if let Ok(id) = text.parse() {
            return self.reached(&id).ok_or_else(unknown);
        }
        // Numbers are what the API and old links use; they count from the oldest changeset.
        if text.len() < 12
            && let Ok(number) = text.parse::<usize>()
            && number < self.order.len()
        {
            return Ok(self.order[self.order.len() - 1 - number]);
        }
        self.by_prefix(text)?.ok_or_else(unknown)
    }

    /// The changeset whose id starts with these digits.
    fn by_prefix(&self, text: &str) -> Result<Option<Place>, RevisionError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits || !(7..40).contains(&text.len()) {
            return Ok(None);
        }
        let Ok(prefix) = gix::hash::Prefix::from_hex(text) else {
            return Ok(None);
        };
        let starts = |place: &&Place| prefix.cmp_oid(self.graph.id(**place)).is_eq();
        let found: Vec<Place> = self.order.iter().filter(starts).copied().take(20).collect();
        match found[..] {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            _ => Err(RevisionError::Ambiguous {
                text: text.to_owned(),
                candidates: found.into_iter().map(|place| self.id(place)).collect(),
            }),
        }
    }
}

impl Repository {
    /// The view of this moment. Reads the names; anything else only when they have changed.
    pub(super) fn view(&self, repo: &gix::Repository) -> Result<Arc<View>, ReadError> {
        let names = self.names(repo)?;
        let before = self
            .view
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(view) = &before
            && view.names == names
        {
            return Ok(view.clone());
        }
        // Two threads may make the same view at once; that costs time, never truth.
        let view = Arc::new(self.look(repo, names, before)?);
        *self.view.lock().unwrap_or_else(PoisonError::into_inner) = Some(view.clone());
        Ok(view)
    }

    fn look(
        &self,
        repo: &gix::Repository,
        names: Names,
        before: Option<Arc<View>>,
    ) -> Result<View, ReadError> {
        // A clone that has become less shallow has other parents for the same commits: start anew.
        let before = before.filter(|view| view.names.shallow == names.shallow);
        let mut graph = before.map(|view| view.graph.clone()).unwrap_or_default();

        let (mut branches, mut tags) = (Vec::new(), Vec::new());
        for (name, target) in &names.refs {
            let Some((commit, annotated)) = peel(repo, &names, target) else {
                continue;
            };
            let (id, short) = (from_git(&commit), RefName::new(shorten(name)));
            if name.starts_with(b"refs/heads/") {
                branches.push(Branch {
                    name: short,
                    id,
                    closed: false,
                });
            } else {
                tags.push(Tag {
                    name: short,
                    id,
                    annotated,
                });
            }
        }
        let ids = branches
            .iter()
            .map(|branch| branch.id)
            .chain(tags.iter().map(|tag| tag.id));
        let tips: Vec<ObjectId> = ids.map(|id| to_git(&id)).collect();
        Arc::make_mut(&mut graph)
            .extend(repo, &tips, &names.shallow)
            .map_err(self.damaged("the history"))?;

        let roots: Vec<Place> = tips.iter().filter_map(|tip| graph.place(tip)).collect();
        let order = by_date(&graph, &roots);
        let mut rank = vec![UNREACHED; graph.len()];
        for (at, &place) in order.iter().enumerate() {
            rank[place as usize] = at as u32;
        }

        let newest = branches.iter().min_by_key(|branch| {
            graph
                .place(&to_git(&branch.id))
                .map(|place| rank[place as usize])
        });
        let head_branch = match &names.head {
            Some(Target::Ref(name)) => branches
                .iter()
                .find(|branch| branch.name.as_str() == shorten(name)),
            _ => None,
        };
        let default_branch = head_branch.or(newest).map(|branch| branch.name.clone());
        let head = names
            .head
            .as_ref()
            .and_then(|head| peel(repo, &names, head));
        let tip = head
            .and_then(|(commit, _)| graph.place(&commit))
            .filter(|&place| rank[place as usize] != UNREACHED)
            .or_else(|| graph.place(&to_git(&newest?.id)))
            .or_else(|| order.first().copied());
        let refs = Refs::new(branches, tags, Vec::new(), default_branch);
        Ok(View {
            names,
            refs,
            graph,
            order,
            rank,
            tip,
            paths: PathLogs::default(),
        })
    }

    pub fn is_empty(&self) -> Result<bool, ReadError> {
        Ok(self.view(&self.local())?.order.is_empty())
    }

    pub fn refs(&self) -> Result<Refs, ReadError> {
        Ok(self.view(&self.local())?.refs.clone())
    }

    pub fn resolve(&self, text: &str) -> Result<ChangesetId, RevisionError> {
        let view = self.view(&self.local())?;
        view.resolve(text).map(|place| view.id(place))
    }

    pub fn children(&self, id: &ChangesetId) -> Result<Vec<ChangesetId>, ReadError> {
        let view = self.view(&self.local())?;
        let place = view.reached(id).ok_or_else(|| self.unknown(id))?;
        let rank = view.rank(place).unwrap_or_default() as usize;
        // Children stand before their parents.
        let newer = &view.order[..rank];
        Ok(newer
            .iter()
            .filter(|&&other| view.graph.parents(other).contains(&place))
            .map(|&child| view.id(child))
            .collect())
    }

    pub fn number_of(&self, id: &ChangesetId) -> Result<Option<u32>, ReadError> {
        let view = self.view(&self.local())?;
        let rank = view.reached(id).and_then(|place| view.rank(place));
        Ok(rank.map(|rank| view.order.len() as u32 - 1 - rank))
    }

    pub fn log(&self, query: &LogQuery) -> Result<LogPage, ReadError> {
        let repo = self.local();
        let view = self.view(&repo)?;
        let from = match &query.from {
            Some(id) => Some(view.reached(id).ok_or_else(|| self.unknown(id))?),
            None => None,
        };
        let branch = match &query.branch {
            Some(name) => match view.refs.branch(name.as_str()) {
                Some(branch) => view.reached(&branch.id),
                None => {
                    return Ok(LogPage {
                        changesets: Vec::new(),
                        total: 0,
                    });
                }
            },
            None => None,
        };
        let (within, touching);
        let places: &[Place] = match query.path.clone().filter(|path| !path.is_root()) {
            Some(path) => {
                touching = self.touching(&repo, &view, PathQuery { from, branch, path })?;
                &touching
            }
            None => {
                within = view.within(from, branch);
                &within
            }
        };
        let page = places.iter().skip(query.skip).take(query.limit);
        let changesets = page
            .map(|&place| self.read_changeset(&repo, &view.id(place)))
            .collect::<Result<_, _>>()?;
        Ok(LogPage {
            changesets,
            total: places.len(),
        })
    }
}

impl View {
    /// All commits, or those that both limits reach, newest first.
    pub fn within(
        &self,
        from: Option<Place>,
        branch: Option<Place>,
    ) -> std::borrow::Cow<'_, [Place]> {
        let limits: Vec<Vec<bool>> = from
            .into_iter()
            .chain(branch)
            .map(|limit| self.graph.reachable([limit]))
            .collect();
        if limits.is_empty() {
            return (&self.order[..]).into();
        }
        let inside = |place: &&Place| limits.iter().all(|limit| limit[**place as usize]);
        self.order
            .iter()
            .filter(inside)
            .copied()
            .collect::<Vec<_>>()
            .into()
    }
}

/// Orders the ancestors of `roots` like `git rev-list --date-order`: never a parent before all of its children were shown,
/// otherwise the newest committer date first, and of equal dates the one that became showable first.
fn by_date(graph: &Graph, roots: &[Place]) -> Vec<Place> {
    let reached = graph.reachable(roots.iter().copied());
    let mut children = vec![0u32; graph.len()];
    for place in (0..graph.len() as Place).filter(|&place| reached[place as usize]) {
        for &parent in graph.parents(place) {
            children[parent as usize] += 1;
        }
    }
    let mut tips: Vec<Place> = Vec::new();
    for &root in roots {
        if children[root as usize] == 0 && !tips.contains(&root) {
            tips.push(root);
        }
    }
    tips.sort_by_key(|&tip| std::cmp::Reverse(graph.time(tip)));

    let mut turn = 0u32;
    let mut ready = BinaryHeap::new();
    let mut push = |ready: &mut BinaryHeap<_>, place: Place| {
        ready.push((graph.time(place), std::cmp::Reverse(turn), place));
        turn += 1;
    };
    for tip in tips {
        push(&mut ready, tip);
    }
    let mut order = Vec::new();
    while let Some((_, _, place)) = ready.pop() {
        order.push(place);
        for &parent in graph.parents(place) {
            children[parent as usize] -= 1;
            if children[parent as usize] == 0 {
                push(&mut ready, parent);
            }
        }
    }
    order
}

/// The commit a ref finally points at and whether an annotated tag lies between; none for refs that lead elsewhere, e.g. a
/// tag of a single file, or nowhere.
fn peel(repo: &gix::Repository, names: &Names, target: &Target) -> Option<(ObjectId, bool)> {
    let mut id = follow(names, target)?;
    let mut annotated = false;
    loop {
        match repo.try_find_header(id).ok()??.kind() {
            gix::objs::Kind::Commit => return Some((id, annotated)),
            gix::objs::Kind::Tag => {
                annotated = true;
                id = repo.find_tag(id).ok()?.target_id().ok()?.detach();
            }
            gix::objs::Kind::Tree | gix::objs::Kind::Blob => return None,
        }
    }
}

/// Follows refs to refs. Five steps, as many as `git` takes.
fn follow(names: &Names, target: &Target) -> Option<ObjectId> {
    let mut target = target;
    for _ in 0..=5 {
        match target {
            Target::Object(id) => return Some(*id),
            Target::Ref(name) => target = find(&names.refs, name)?,
        }
    }
    None
}

fn find<'a>(refs: &'a [(BString, Target)], name: &BString) -> Option<&'a Target> {
    refs.iter()
        .find(|(other, _)| other == name)
        .map(|(_, target)| target)
}
