//! What the names of a repository reach, in order.
//!
//! A [`View`] is made when the names have changed since the last one and kept until they change again. It answers "how many
//! changesets are there", "which stands at place 400" and "which number has this one" by looking, not by walking.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::{Arc, OnceLock, PoisonError};

use super::graph::{Graph, Place};
use super::heads::{Heads, place_in_log};
use super::lists::Lists;
use super::{Repository, from_git, to_git};
use crate::{ChangesetId, ReadError, RevisionError};

/// The reachable part of a repository at one moment.
#[derive(Debug)]
pub(super) struct View {
    pub heads: Arc<Heads>,
    pub graph: Arc<Graph>,
    /// All commits that branches and tags reach, newest first.
    pub order: Vec<Place>,
    /// For each commit of the graph where it stands in `order`, or [`UNREACHED`].
    rank: Vec<u32>,
    /// Commits that only pull requests reach, with the number of generations of such commits below them. They can be looked
    /// at but are in no list.
    only_pulls: HashMap<Place, u32>,
    /// How many commits of the graph others find in the cache.
    kept: usize,
    /// Made when somebody first asks for children.
    children: OnceLock<Children>,
    /// Lists worked out before.
    pub lists: Lists,
}

const UNREACHED: u32 = u32::MAX;

impl View {
    /// The place of a changeset that a branch or tag reaches.
    pub fn reached(&self, id: &ChangesetId) -> Option<Place> {
        self.graph
            .place(&to_git(id))
            .filter(|&place| self.rank(place).is_some())
    }

    /// The place of a changeset that a branch, tag or pull request reaches.
    pub fn known(&self, id: &ChangesetId) -> Option<Place> {
        self.graph
            .place(&to_git(id))
            .filter(|place| self.rank(*place).is_some() || self.only_pulls.contains_key(place))
    }

    /// Where a commit stands in `order`, 0 being the newest.
    pub fn rank(&self, place: Place) -> Option<u32> {
        self.rank
            .get(place as usize)
            .copied()
            .filter(|&rank| rank != UNREACHED)
    }

    fn depth(&self, place: Place) -> u32 {
        self.only_pulls.get(&place).copied().unwrap_or_default()
    }

    /// The id of the changeset at a place.
    pub fn id(&self, place: Place) -> ChangesetId {
        from_git(&self.graph.id(place))
    }

    /// The changeset a word means that is no name, see [`crate::Repository::resolve`]; `id` is the word as a whole id, if it
    /// is one.
    pub fn resolve(
        &self,
        repo: &gix::Repository,
        text: &str,
        id: Option<ChangesetId>,
    ) -> Result<ChangesetId, RevisionError> {
        let unknown = || RevisionError::Unknown {
            text: text.to_owned(),
        };
        if let Some(id) = id.filter(|_| place_in_log(text).is_none()) {
            return self.known(&id).map(|_| id).ok_or_else(unknown);
        }
        let place = place_in_log(text).map(|number| number as usize);
        if let Some(number) = place.filter(|&number| number < self.order.len()) {
            return Ok(self.id(self.order[self.order.len() - 1 - number]));
        }
        self.by_prefix(repo, text)?.ok_or_else(unknown)
    }

    /// The changeset whose id starts with these digits. Files and trees whose ids do, too, are no changesets, and what cannot
    /// be reached does not count: to say more would tell that it exists.
    fn by_prefix(
        &self,
        repo: &gix::Repository,
        text: &str,
    ) -> Result<Option<ChangesetId>, RevisionError> {
        /// How many changesets an ambiguous prefix names in its error.
        const MOST: usize = 20;
        let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits || !(7..40).contains(&text.len()) {
            return Ok(None);
        }
        let Ok(prefix) = gix::hash::Prefix::from_hex(text) else {
            return Ok(None);
        };
        let mut found = HashSet::new();
        // A pack that cannot be read is told by whoever reads its objects.
        let _ = repo.objects.lookup_prefix(prefix, Some(&mut found));
        let found = found.iter().map(|id| from_git(id));
        let mut found: Vec<_> = found.filter(|id| self.known(id).is_some()).collect();
        found.sort_unstable();
        found.truncate(MOST);
        match found[..] {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            _ => Err(RevisionError::Ambiguous {
                text: text.to_owned(),
                candidates: found,
            }),
        }
    }
}

impl Repository {
    /// The view of this moment. Walks through history only when the names have changed, and then only through what is new.
    pub(super) fn view(&self, repo: &gix::Repository) -> Result<Arc<View>, ReadError> {
        let heads = self.heads(repo)?;
        if let Some(view) = self.current_view(&heads) {
            return Ok(view);
        }
        let memory = &self.memory.view;
        let kept = || memory.lock().unwrap_or_else(PoisonError::into_inner);
        let before = kept().clone();
        let view = Arc::new(self.look(repo, heads, before)?);
        self.keep_top(&view);
        *kept() = Some(view.clone());
        if let Some(moment) = &self.moment {
            let _ = moment.view.set(view.clone());
        }
        Ok(view)
    }

    /// The view of these heads, where this process has made one.
    pub(super) fn current_view(&self, heads: &Arc<Heads>) -> Option<Arc<View>> {
        let here = |view: &&Arc<View>| Arc::ptr_eq(&view.heads, heads);
        // Others may have gone on to a later moment.
        if let Some(view) = self.moment.as_ref().and_then(|moment| moment.view.get())
            && here(&view)
        {
            return Some(view.clone());
        }
        let memory = &self.memory.view;
        let kept = memory.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(here).cloned()
    }

    fn look(
        &self,
        repo: &gix::Repository,
        heads: Arc<Heads>,
        before: Option<Arc<View>>,
    ) -> Result<View, ReadError> {
        let shallow = &heads.names.shallow;
        // A clone that has become less shallow has other parents for the same commits: start anew.
        let before = before.filter(|view| view.heads.names.shallow == *shallow);
        // What another worker has kept serves as well, and its order as long as the names say the same.
        let mut kept_order = None;
        let (mut graph, known) = match before {
            Some(view) => (view.graph.clone(), view.kept),
            None => match self.kept_history().filter(|_| shallow.is_empty()) {
                Some(kept) => {
                    kept_order = (kept.tips == heads.tip_ids()).then_some(kept.order);
                    let known = kept.graph.len();
                    (Arc::new(kept.graph), known)
                }
                None => Default::default(),
            },
        };
        let (tips, pulls): (Vec<_>, Vec<_>) = (heads.tips().collect(), heads.pulls().collect());
        for tips in [&tips, &pulls] {
            Arc::make_mut(&mut graph)
                .extend(repo, tips, shallow)
                .map_err(self.damaged("the history"))?;
        }
        let roots: Vec<Place> = tips.iter().filter_map(|tip| graph.place(tip)).collect();
        let order = kept_order.unwrap_or_else(|| by_date(&graph, &roots));
        let kept = match shallow[..] {
            [] => self.keep_history(&graph, known, heads.tip_ids(), &order),
            _ => known,
        };
        let mut rank = vec![UNREACHED; graph.len()];
        for (at, &place) in order.iter().enumerate() {
            rank[place as usize] = at as u32;
        }
        let pulls: Vec<Place> = pulls.iter().filter_map(|tip| graph.place(tip)).collect();
        let mut only_pulls: HashMap<Place, u32> = HashMap::new();
        let mut todo = pulls;
        while let Some(&place) = todo.last() {
            if rank[place as usize] != UNREACHED || only_pulls.contains_key(&place) {
                todo.pop();
                continue;
            }
            let parents = graph.parents(place);
            let is_open = |parent: &&Place| {
                rank[**parent as usize] == UNREACHED && !only_pulls.contains_key(*parent)
            };
            let open: Vec<Place> = parents.iter().filter(is_open).copied().collect();
            if open.is_empty() {
                let below = parents.iter().filter_map(|parent| only_pulls.get(parent));
                let depth = below.max().map_or(0, |below| below + 1);
                only_pulls.insert(place, depth);
                todo.pop();
            } else {
                todo.extend(open);
            }
        }
        Ok(View {
            heads,
            graph,
            order,
            rank,
            only_pulls,
            kept,
            children: OnceLock::new(),
            lists: Lists::default(),
        })
    }

    pub fn children(&self, id: &ChangesetId) -> Result<Vec<ChangesetId>, ReadError> {
        let repo = self.local();
        if let Some(top) = self.top(&self.heads(&repo)?)
            && let Some(number) = top.number(id)
        {
            return Ok(top.children(number));
        }
        let view = self.view(&repo)?;
        let place = self.place(&view, id)?;
        let children = view.children(place).iter();
        Ok(children.map(|&child| view.id(child)).collect())
    }

    pub fn number_of(&self, id: &ChangesetId) -> Result<Option<u32>, ReadError> {
        let repo = self.local();
        if let Some(top) = self.top(&self.heads(&repo)?)
            && let Some(number) = top.number(id)
        {
            return Ok(Some(number));
        }
        let view = self.view(&repo)?;
        let rank = view.reached(id).and_then(|place| view.rank(place));
        Ok(rank.map(|rank| view.order.len() as u32 - 1 - rank))
    }
}

impl View {
    /// When a commit's turn comes: after all of its descendants.
    pub fn turn(&self, place: Place) -> u64 {
        match self.rank(place) {
            Some(rank) => u64::from(rank) + (1 << 32),
            // Commits of pull requests descend from listed ones, never the other way round; among themselves they are few.
            None => u64::from(u32::MAX - self.depth(place)),
        }
    }
}

/// The children of each commit, one after the other.
#[derive(Debug)]
struct Children {
    /// Where the children of each commit begin, and where the last ones end.
    starts: Vec<u32>,
    children: Vec<Place>,
}

impl View {
    /// The commits that have this one as a parent and that branches and tags reach, newest first.
    pub fn children(&self, place: Place) -> &[Place] {
        let index = self.children.get_or_init(|| self.index_children());
        let at = place as usize;
        &index.children[index.starts[at] as usize..index.starts[at + 1] as usize]
    }

    fn index_children(&self) -> Children {
        let mut starts = vec![0u32; self.graph.len() + 1];
        let families = || {
            self.order.iter().flat_map(|&child| {
                let parents = self.graph.parents(child);
                let first_time = |at: &usize| !parents[..*at].contains(&parents[*at]);
                (0..parents.len())
                    .filter(first_time)
                    .map(move |at| (child, parents[at]))
            })
        };
        for (_, parent) in families() {
            starts[parent as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut children = vec![0; families().count()];
        for (child, parent) in families() {
            let at = &mut next[parent as usize];
            children[*at as usize] = child;
            *at += 1;
        }
        Children { starts, children }
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
    let mut seen = HashSet::new();
    for &root in roots {
        if children[root as usize] == 0 && seen.insert(root) {
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
