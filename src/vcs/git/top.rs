//! The newest part of the log, kept in the cache for workers to come.
//!
//! Most pages ask about what is new: a page of the log, its drawing, the number, children and neighbours of a changeset that came lately. For these a fresh
//! worker needs no more than some hundred rows and how many there are in all, so the cost of its first page does not depend on how long the history is.
//! An entry holds for the changesets that the names point at, which it lists; when a push has moved one, the next
//! [`View`](super::view::View) writes it anew.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::Repository;
use super::heads::Heads;
use super::view::View;
use crate::{CacheKey, ChangesetId};

/// The newest changesets, in order.
#[derive(Debug)]
pub(super) struct Top {
    /// How many changesets there are in all.
    pub total: u32,
    rows: Vec<Row>,
    ranks: HashMap<ChangesetId, u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    id: ChangesetId,
    /// Their numbers.
    parents: Vec<u32>,
}

/// How many rows are kept.
const ROWS: usize = 1_000;

impl Top {
    fn new(total: u32, rows: Vec<Row>) -> Top {
        let ranks = rows.iter().zip(0..).map(|(row, rank)| (row.id, rank));
        Top {
            total,
            ranks: ranks.collect(),
            rows,
        }
    }

    /// The ids of a part of the log; none where it ends below these rows.
    pub fn part(&self, skip: usize, limit: usize) -> Option<Vec<ChangesetId>> {
        let end = skip.saturating_add(limit).min(self.total as usize);
        let rows = self.rows.get(skip.min(end)..end)?;
        Some(rows.iter().map(|row| row.id).collect())
    }

    /// The number of a changeset among these.
    pub fn number(&self, id: &ChangesetId) -> Option<u32> {
        let rank = self.ranks.get(id)?;
        Some(self.total - 1 - rank)
    }

    /// The changeset with this number, if it is among these.
    pub fn numbered(&self, number: u32) -> Option<ChangesetId> {
        Some(self.row(number)?.id)
    }

    fn row(&self, number: u32) -> Option<&Row> {
        let rank = self.total.checked_sub(1)?.checked_sub(number)?;
        self.rows.get(rank as usize)
    }

    /// The parents of a changeset by number.
    pub fn parents(&self, number: u32) -> &[u32] {
        self.row(number).map_or(&[], |row| &row.parents)
    }

    /// The children of one of these changesets, all of which stand above it, newest first.
    pub fn children(&self, number: u32) -> Vec<ChangesetId> {
        let above = (self.total - 1).saturating_sub(number) as usize;
        let rows = self.rows.iter().take(above);
        let children = rows.filter(|row| row.parents.contains(&number));
        children.map(|row| row.id).collect()
    }
}

impl Repository {
    fn top_key(&self) -> CacheKey {
        use std::os::unix::ffi::OsStrExt;
        CacheKey::new("history-top", 1, &[self.path.as_os_str().as_bytes()])
    }

    /// The newest part of the log as others have left it, while this process does not know the whole.
    pub(super) fn top(&self, heads: &Arc<Heads>) -> Option<Arc<Top>> {
        if self.histories.is_none() || self.current_view(heads).is_some() {
            return None;
        }
        self.kept_top(heads)
    }

    fn kept_top(&self, heads: &Arc<Heads>) -> Option<Arc<Top>> {
        let cache = self.histories.as_ref()?;
        let held = || {
            self.memory
                .top
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some((of, top)) = held().as_ref()
            && Arc::ptr_eq(of, heads)
        {
            return Some(top.clone());
        }
        if !heads.names.shallow.is_empty() {
            return None;
        }
        let bytes = cache.get(&self.top_key())?;
        let top = Arc::new(decode(&bytes, heads.tip_ids())?);
        *held() = Some((heads.clone(), top.clone()));
        Some(top)
    }

    /// Keeps the newest part of a view, unless somebody has.
    pub(super) fn keep_top(&self, view: &View) {
        let Some(cache) = &self.histories else { return };
        if view.order.len() < super::kept::SHORTEST || self.kept_top(&view.heads).is_some() {
            return;
        }
        cache.put(&self.top_key(), &encode(view));
    }
}

fn encode(view: &View) -> Vec<u8> {
    let tips = view.heads.tip_ids();
    let mut bytes = Vec::with_capacity(ROWS * 30);
    let mut number = |number: usize| bytes.extend_from_slice(&(number as u32).to_le_bytes());
    let rows = &view.order[..view.order.len().min(ROWS)];
    let lengths = [view.order.len(), rows.len(), tips.len()];
    lengths.into_iter().for_each(&mut number);
    for &place in rows {
        number(view.graph.parents(place).len());
    }
    for &place in rows {
        for &parent in view.graph.parents(place) {
            let rank = view.rank(parent).unwrap_or_default();
            number(view.order.len() - 1 - rank as usize);
        }
    }
    for &place in rows {
        bytes.extend_from_slice(view.id(place).as_bytes());
    }
    for tip in tips {
        bytes.extend_from_slice(tip.as_bytes());
    }
    bytes
}

/// None where it is about other tips or makes no sense.
fn decode(bytes: &[u8], tips: &[ChangesetId]) -> Option<Top> {
    let mut rest = bytes;
    let mut take = |count: usize| {
        let (part, after) = rest.split_at_checked(count)?;
        rest = after;
        Some(part)
    };
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap_or_default());
    let lengths = take(12)?.chunks(4).map(number).collect::<Vec<_>>();
    let (total, count) = (lengths[0], lengths[1] as usize);
    if lengths[2] as usize != tips.len() || count > ROWS || count > total as usize {
        return None;
    }
    let families: Vec<u32> = take(count * 4)?.chunks(4).map(number).collect();
    let mut parents = Vec::with_capacity(count);
    for length in families {
        let numbers = take((length as usize).checked_mul(4)?)?;
        parents.push(numbers.chunks(4).map(number).collect::<Vec<_>>());
    }
    let id = |bytes: &[u8]| ChangesetId::from_bytes(bytes.try_into().unwrap_or_default());
    let ids: Vec<_> = take(count * 20)?.chunks(20).map(id).collect();
    let same = take(tips.len() * 20)?
        .chunks(20)
        .map(id)
        .eq(tips.iter().copied());
    let rows = ids.into_iter().zip(parents);
    let rows = rows.map(|(id, parents)| Row { id, parents }).collect();
    same.then(|| Top::new(total, rows))
}
