//! Lists of changesets: the log of a repository, a branch, a path, an author, a time.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Repository;
use super::graph::Place;
use super::header::Header;
use super::view::View;
use crate::{LogPage, LogQuery, ReadError};

/// Lists that were asked for lately and are not worked out in no time, for the next page.
#[derive(Debug, Default)]
pub(super) struct Lists(Mutex<HashMap<LogQuery, Arc<Vec<Place>>>>);

impl Lists {
    /// How many are kept. When there are more all are dropped: it is only for turning pages.
    const MOST: usize = 16;

    fn get(&self, query: &LogQuery) -> Option<Arc<Vec<Place>>> {
        self.lock().get(query).cloned()
    }

    fn keep(&self, query: LogQuery, found: Arc<Vec<Place>>) {
        let mut kept = self.lock();
        if kept.len() == Self::MOST {
            kept.clear();
        }
        kept.insert(query, found);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<LogQuery, Arc<Vec<Place>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Repository {
    pub fn log(&self, query: &LogQuery) -> Result<LogPage, ReadError> {
        let repo = self.local();
        let everything = LogQuery::default().without_page();
        let asked = query.without_page();
        if asked == everything
            && let Some(top) = self.top(&self.heads(&repo)?)
            && let Some(page) = top.part(query.skip, query.limit)
        {
            let changesets = page.iter().map(|id| self.read_changeset(&repo, id));
            return Ok(LogPage {
                changesets: changesets.collect::<Result<_, _>>()?,
                total: top.total as usize,
            });
        }
        let view = self.view(&repo)?;
        let listed;
        let places: &[Place] = if asked == everything {
            &view.order
        } else {
            listed = match view.lists.get(&asked) {
                Some(known) => known,
                None => {
                    let found = Arc::new(self.list(&repo, &view, query)?);
                    view.lists.keep(asked, found.clone());
                    found
                }
            };
            &listed
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

    /// All that a query finds, newest first.
    fn list(
        &self,
        repo: &gix::Repository,
        view: &View,
        query: &LogQuery,
    ) -> Result<Vec<Place>, ReadError> {
        let mut limits = Vec::new();
        if let Some(from) = &query.from {
            limits.push(self.place(view, from)?);
        }
        if let Some(name) = &query.branch {
            let branch = view.heads.refs.branch(name.as_str());
            match branch.and_then(|branch| view.reached(&branch.id)) {
                Some(place) => limits.push(place),
                None => return Ok(Vec::new()),
            }
        }
        let mut found = view.within(&limits).into_owned();
        if let Some(path) = query.path.as_ref().filter(|path| !path.is_root()) {
            // History is followed from every branch and tag, or else from the newest changesets within the limits.
            let starts: Vec<Place> = if limits.is_empty() {
                let tips = view.heads.tips();
                tips.filter_map(|tip| view.graph.place(&tip)).collect()
            } else {
                let mut newest = vec![false; view.graph.len()];
                found
                    .iter()
                    .for_each(|&place| newest[place as usize] = true);
                let parents = found.iter().flat_map(|&place| view.graph.parents(place));
                parents.for_each(|&parent| newest[parent as usize] = false);
                let is_newest = |place: &Place| newest[*place as usize];
                found.iter().copied().filter(is_newest).collect()
            };
            found = self.touching(repo, view, &found, starts.into_iter(), path)?;
        }
        let rank = |id: &Option<_>| match id {
            Some(id) => Ok(view.rank(self.place(view, id)?)),
            None => Ok::<_, ReadError>(None),
        };
        let newest = rank(&query.newest)?.unwrap_or(0);
        let oldest = rank(&query.oldest)?.unwrap_or(u32::MAX);
        found.retain(|&place| {
            let rank = view.rank(place).unwrap_or(u32::MAX);
            (newest..=oldest).contains(&rank) && query.fits_time(view.graph.time(place))
        });
        if query.author.is_some() {
            let mut fitting = Vec::new();
            for place in found {
                let id = view.id(place);
                let commit = self.commit(repo, &id)?;
                let header = Header::parse(&commit.data);
                if header.is_some_and(|header| query.fits_author(&header.author().raw)) {
                    fitting.push(place);
                }
            }
            return Ok(fitting);
        }
        Ok(found)
    }
}

impl View {
    /// All commits, or those that each of the limits reaches, newest first.
    fn within(&self, limits: &[Place]) -> Cow<'_, [Place]> {
        let [first, others @ ..] = limits else {
            return Cow::Borrowed(&self.order);
        };
        let mut found = self.only(&[*first], &[]);
        for limit in others {
            let reached = self.graph.reachable([*limit]);
            found.retain(|place| reached[*place as usize]);
        }
        Cow::Owned(found)
    }
}
