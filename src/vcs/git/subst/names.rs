//! Placeholders that tell which names lead to a commit: `%d`, `%D`, `%(decorate)`, `%(describe)`.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};

use super::super::graph::Place;
use super::super::heads::Heads;
use super::super::names::{Target, shorten};
use super::super::view::View;

/// What stands around the names.
pub(super) struct Decoration {
    pub prefix: Vec<u8>,
    pub suffix: Vec<u8>,
    pub separator: Vec<u8>,
    pub pointer: Vec<u8>,
    pub tag: Vec<u8>,
}

impl Default for Decoration {
    fn default() -> Self {
        Decoration {
            prefix: b" (".into(),
            suffix: b")".into(),
            separator: b", ".into(),
            pointer: b" -> ".into(),
            tag: b"tag: ".into(),
        }
    }
}

/// Writes the names of a commit: HEAD first, then tags and branches from the last to the first.
pub(super) fn decorate(heads: &Heads, commit: ObjectId, how: &Decoration, out: &mut Vec<u8>) {
    let mut names: Vec<&BStr> = heads.leading_to(commit).collect();
    names.reverse();
    let mut words: Vec<Vec<u8>> = Vec::new();
    if heads.head_leads_to(commit) {
        let mut word = b"HEAD".to_vec();
        if let Some(Target::Ref(branch)) = &heads.names.head
            && let Some(at) = names.iter().position(|name| *name == branch)
        {
            word.extend_from_slice(&how.pointer);
            word.extend_from_slice(shorten(names.remove(at)).as_bytes());
        }
        words.push(word);
    }
    for name in names {
        // A pull request keeps its whole name.
        let short = match name.strip_prefix(b"refs/pull/") {
            Some(_) => name.to_str_lossy().into_owned(),
            None => shorten(name),
        };
        let tag: &[u8] = match name.starts_with(b"refs/tags/") {
            true => &how.tag,
            false => b"",
        };
        words.push([tag, short.as_bytes()].concat());
    }
    if !words.is_empty() {
        out.extend_from_slice(&how.prefix);
        out.extend_from_slice(&words.join(&how.separator[..]));
        out.extend_from_slice(&how.suffix);
    }
}

/// Which tags count for a description, and how it looks.
#[derive(Default)]
pub(super) struct Description {
    /// Light tags, too.
    pub all_tags: bool,
    /// How many digits of the id; none for the usual number.
    pub abbreviation: Option<usize>,
    pub matching: Vec<Vec<u8>>,
    pub excluded: Vec<Vec<u8>>,
}

impl Description {
    fn takes(&self, name: &[u8]) -> bool {
        let fits = |pattern: &Vec<u8>| {
            let mode = gix::glob::wildmatch::Mode::empty();
            gix::glob::wildmatch(pattern.as_bstr(), name.as_bstr(), mode)
        };
        !self.excluded.iter().any(fits)
            && (self.matching.is_empty() || self.matching.iter().any(fits))
    }
}

/// Tags beyond these are not looked for.
const CANDIDATES: usize = 10;

/// A tag on the way down.
struct Candidate<'a> {
    name: &'a BStr,
    flag: u16,
    depth: usize,
}

/// The name of a commit by the nearest tag: `v1.0-3-gabcdef0`; the tag and how many commits it lacks. `when` tells when an annotated tag was made.
pub(super) fn describe<'a>(
    view: &'a View,
    commit: Place,
    how: &Description,
    when: impl Fn(&BStr) -> i64,
) -> Option<(&'a BStr, usize)> {
    let mut tags: HashMap<ObjectId, (&BStr, bool)> = HashMap::new();
    for (name, id, annotated) in view.heads.tags() {
        let counts = annotated || how.all_tags;
        if !counts || !how.takes(name.strip_prefix(b"refs/tags/").unwrap_or(name)) {
            continue;
        }
        match tags.get(&id) {
            // An annotated one counts more, of two the later.
            Some((_, true)) if !annotated => {}
            Some((_, false)) if !annotated => {}
            Some((other, true)) if when(other) >= when(name) => {}
            _ => drop(tags.insert(id, (name, annotated))),
        }
    }
    let tag_of = |place: Place| tags.get(&view.graph.id(place)).map(|(name, _)| *name);
    if let Some(name) = tag_of(commit) {
        return Some((name, 0));
    }
    let mut flags: HashMap<Place, u16> = HashMap::from([(commit, 0)]);
    let mut waiting = Waiting::default();
    waiting.push(view, commit);
    let mut found: Vec<Candidate<'_>> = Vec::new();
    let mut seen = 0;
    let mut given_up = None;
    while let Some(place) = waiting.pop() {
        seen += 1;
        if let Some(name) = tag_of(place) {
            if found.len() == CANDIDATES {
                given_up = Some(place);
                break;
            }
            let flag = 1 << found.len();
            found.push(Candidate {
                name,
                flag,
                depth: seen - 1,
            });
            *flags.entry(place).or_default() |= flag;
        }
        let has = flags.get(&place).copied().unwrap_or_default();
        for candidate in &mut found {
            candidate.depth += usize::from(has & candidate.flag == 0);
        }
        if waiting.is_empty() && !found.is_empty() {
            let best = found.iter().map(|one| one.depth).min().unwrap_or_default();
            let within = found.iter().filter(|one| one.depth == best);
            let within = within.fold(0, |flags, one| flags | one.flag);
            if has & within == within {
                break;
            }
        }
        waiting.parents(view, place, has, &mut flags);
    }
    // Of those equally near the one that was found first.
    let mut best = found.into_iter().min_by_key(|one| one.depth)?;
    if let Some(place) = given_up {
        waiting.push(view, place);
    }
    // How far it is has been counted only as far as was looked.
    while let Some(place) = waiting.pop() {
        let has = flags.get(&place).copied().unwrap_or_default();
        if has & best.flag == 0 {
            best.depth += 1;
        } else if waiting.all(|place| flags.get(&place).is_some_and(|has| has & best.flag != 0)) {
            break;
        }
        waiting.parents(view, place, has, &mut flags);
    }
    Some((best.name, best.depth))
}

/// Commits to be looked at, the newest first.
#[derive(Default)]
struct Waiting {
    heap: BinaryHeap<(i64, Reverse<u32>, Place)>,
    turn: u32,
}

impl Waiting {
    fn push(&mut self, view: &View, place: Place) {
        self.heap
            .push((view.graph.time(place), Reverse(self.turn), place));
        self.turn += 1;
    }

    fn pop(&mut self) -> Option<Place> {
        Some(self.heap.pop()?.2)
    }

    fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    fn all(&self, fits: impl Fn(Place) -> bool) -> bool {
        self.heap.iter().all(|(_, _, place)| fits(*place))
    }

    /// Adds the parents of a commit and hands its flags on to them.
    fn parents(&mut self, view: &View, place: Place, has: u16, flags: &mut HashMap<Place, u16>) {
        for &parent in view.graph.parents(place) {
            let known = flags.contains_key(&parent);
            *flags.entry(parent).or_default() |= has;
            if !known {
                self.push(view, parent);
            }
        }
    }
}
