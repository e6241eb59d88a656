//! The lists of groups and repositories: what a viewer may see at the top, in one group, or of their own.
//!
//! However much there is, a list is a handful of statements, and only one page of rows is read whole.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use db::overview::{self, Overview};
use db::repo_to_perm::RepositoryLevels;
use db::{Level, RepoId, UserId, repositories, user_followings};

use crate::rule::Globals;
use crate::{Error, Model, ReadableGroup, ReadableRepository, User, Viewer, gate, name};

/// Which repositories a list is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ListScope {
    /// Those directly in the place, with the groups below it; with a filter everything below that fits.
    #[default]
    Place,
    /// Those the viewer owns, wherever they are.
    Mine,
    /// Those the viewer follows, wherever they are.
    Followed,
    /// All of them.
    All,
}

/// What the rows are sorted by. Groups always come by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ListOrder {
    /// The full name.
    #[default]
    Name,
    /// The newest change, the youngest first.
    Changed,
    /// The owner's user name.
    Owner,
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy)]
pub struct ListRequest<'a> {
    /// Part of a name or of a description in any case; empty for no filter.
    pub filter: &'a str,
    /// Which repositories.
    pub scope: ListScope,
    /// In which order.
    pub order: ListOrder,
    /// Whether the order is turned round.
    pub reversed: bool,
    /// Which page, counted from 1; beyond the last one: the last one.
    pub page: usize,
    /// Rows on a page.
    pub per_page: usize,
}

/// A page of a list.
#[derive(Debug)]
pub struct Listing {
    /// Groups on this page, in tree order; they come before all repositories.
    pub groups: Vec<ListedGroup>,
    /// Repositories on this page.
    pub repositories: Vec<Listed>,
    /// Which page that is, counted from 1.
    pub page: usize,
    /// How many rows there are on all pages.
    pub total: usize,
    /// Whether the viewer may see any repository or group at all.
    pub anything: bool,
    /// Whether the viewer may make repositories outside of all groups.
    pub may_create_at_top: bool,
}

/// A group and what is in it.
#[derive(Debug)]
pub struct ListedGroup {
    /// The group.
    pub group: ReadableGroup,
    /// Readable repositories in it and below.
    pub repositories: usize,
    /// Visible groups directly in it.
    pub groups: usize,
}

/// A repository and what a list tells of it.
#[derive(Debug)]
pub struct Listed {
    /// The repository.
    pub repository: ReadableRepository,
    /// Its owner, unless the account is gone.
    pub owner: Option<User>,
    /// The full name of its parent, when the viewer may read that.
    pub fork_of: Option<String>,
    /// Whether the viewer follows it.
    pub following: bool,
}

/// A row before it is known whether its page is wanted.
enum Row {
    Group(ListedGroup),
    Repository(Level, RepoId),
}

impl Model {
    /// A page of what a viewer may see at the top (`None`) or in a group.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn list(
        &self,
        viewer: &Viewer,
        group: Option<&ReadableGroup>,
        wanted: ListRequest<'_>,
    ) -> Result<Listing, Error> {
        let overview = match viewer.user_id() {
            Some(user) => self.db().read(|conn| overview::of_user(conn, user))?,
            None => Overview::default(),
        };
        let followed: HashSet<RepoId> = match viewer.signed_in() {
            Some(user) if wanted.scope == ListScope::Followed => self
                .db()
                .read(|conn| user_followings::followed(conn, user.id))?
                .into_iter()
                .collect(),
            _ => HashSet::new(),
        };
        let prefix = group.map(|group| format!("{}/", group.name()));
        let below = |full: &str| {
            prefix
                .as_ref()
                .is_none_or(|prefix| full.starts_with(prefix))
        };
        let readable: Vec<(Level, &RepositoryLevels)> = overview
            .repositories
            .iter()
            .map(|levels| (gate::repository_rule(viewer, levels), levels))
            .filter(|(level, levels)| *level >= Level::Read && below(levels.name.as_str()))
            .collect();
        let mut groups = listed_groups(viewer, overview.groups, &readable, below);
        let anything = !groups.is_empty() || !readable.is_empty();

        let filter = wanted.filter.to_lowercase();
        let described: HashSet<RepoId> = if filter.is_empty() {
            HashSet::new()
        } else {
            self.db()
                .read(|conn| repositories::described_with(conn, wanted.filter))?
                .into_iter()
                .collect()
        };
        let start = prefix.as_ref().map_or(0, String::len);
        let in_scope = |levels: &RepositoryLevels| match wanted.scope {
            ListScope::Place => !filter.is_empty() || !levels.name.as_str()[start..].contains('/'),
            ListScope::Mine => viewer
                .signed_in()
                .is_some_and(|user| levels.owner == user.id),
            ListScope::Followed => followed.contains(&levels.id),
            ListScope::All => true,
        };
        let fits = |levels: &RepositoryLevels| {
            filter.is_empty()
                || levels.name.as_str().to_lowercase().contains(&filter)
                || described.contains(&levels.id)
        };
        let mut here: Vec<(Level, &RepositoryLevels)> = readable
            .iter()
            .copied()
            .filter(|(_, levels)| in_scope(levels) && fits(levels))
            .collect();
        self.sort(&mut here, wanted)?;

        if wanted.scope != ListScope::Place {
            groups.clear();
        }
        if filter.is_empty() {
            if groups.len() > wanted.per_page {
                // A forest: only its first level is shown, each group leads on.
                groups.retain(|listed| !listed.group.name()[start..].contains('/'));
            }
        } else {
            groups.retain(|listed| {
                listed.group.name().to_lowercase().contains(&filter)
                    || listed
                        .group
                        .row()
                        .description
                        .to_lowercase()
                        .contains(&filter)
            });
        }

        let total = groups.len() + here.len();
        let page = wanted.page.clamp(1, total.div_ceil(wanted.per_page).max(1));
        let rows = groups.into_iter().map(Row::Group).chain(
            here.into_iter()
                .map(|(level, levels)| Row::Repository(level, levels.id)),
        );
        let mut groups = Vec::new();
        let mut shown = Vec::new();
        for row in rows
            .skip((page - 1) * wanted.per_page)
            .take(wanted.per_page)
        {
            match row {
                Row::Group(group) => groups.push(group),
                Row::Repository(level, id) => shown.push((level, id)),
            }
        }
        let globals = if viewer.is_admin() {
            Globals::of_admin()
        } else {
            Globals::strongest(overview.globals)
        };
        Ok(Listing {
            groups,
            repositories: self.listed(viewer, &shown, &readable)?,
            page,
            total,
            anything,
            may_create_at_top: viewer.signed_in().is_some() && globals.may_create_at_top(),
        })
    }

    fn sort(
        &self,
        here: &mut [(Level, &RepositoryLevels)],
        wanted: ListRequest<'_>,
    ) -> Result<(), Error> {
        let by_name = |levels: &RepositoryLevels| levels.name.as_str().to_lowercase();
        match wanted.order {
            ListOrder::Name => here.sort_by_cached_key(|(_, levels)| by_name(levels)),
            ListOrder::Changed => {
                let changed = self.db().read(repositories::last_changes)?;
                let at = |id: RepoId| changed.get(&id).copied();
                here.sort_by_cached_key(|(_, levels)| (Reverse(at(levels.id)), by_name(levels)));
            }
            ListOrder::Owner => {
                let names = self.db().read(db::users::names)?;
                let owner = |id: UserId| {
                    let name = names.get(&id).map(|name| name.as_str().to_lowercase());
                    name.unwrap_or_default()
                };
                here.sort_by_cached_key(|(_, levels)| (owner(levels.owner), by_name(levels)));
            }
        }
        if wanted.reversed {
            here.reverse();
        }
        Ok(())
    }

    /// The rows of these repositories, in this order.
    fn listed(
        &self,
        viewer: &Viewer,
        shown: &[(Level, RepoId)],
        readable: &[(Level, &RepositoryLevels)],
    ) -> Result<Vec<Listed>, Error> {
        let ids: Vec<RepoId> = shown.iter().map(|(_, id)| *id).collect();
        let mut rows: HashMap<RepoId, _> = self
            .db()
            .read(|conn| {
                let follower = viewer.signed_in().map(|user| user.id);
                repositories::with_owners(conn, &ids, follower)
            })?
            .into_iter()
            .map(|(row, owner, following)| (row.id, (row, owner, following)))
            .collect();
        let name_of = |id: RepoId| {
            let found = readable.iter().find(|(_, levels)| levels.id == id);
            found.map(|(_, levels)| levels.name.to_string())
        };
        Ok(shown
            .iter()
            .filter_map(|(level, id)| {
                let (row, owner, following) = rows.remove(id)?;
                Some(Listed {
                    fork_of: row.fork_of.and_then(name_of),
                    following,
                    repository: ReadableRepository::new(row, *level)?,
                    owner,
                })
            })
            .collect())
    }
}

/// The visible groups below a place with what is in them, in tree order.
fn listed_groups(
    viewer: &Viewer,
    all: Vec<(
        db::groups::RepoGroup,
        db::user_repo_group_to_perm::GroupLevels,
    )>,
    readable: &[(Level, &RepositoryLevels)],
    below: impl Fn(&str) -> bool,
) -> Vec<ListedGroup> {
    let mut groups: Vec<ReadableGroup> = all
        .into_iter()
        .filter(|(row, _)| below(row.name.as_str()))
        .filter_map(|(row, levels)| ReadableGroup::new(row, gate::group_rule(viewer, &levels)))
        .collect();
    // Tree order: a slash sorts before everything else.
    groups.sort_by_cached_key(|group| group.name().to_lowercase().replace('/', "\0"));
    let mut repositories: HashMap<&str, usize> = HashMap::new();
    for (_, levels) in readable {
        for parent in name::parents(levels.name.as_str()) {
            *repositories.entry(parent).or_default() += 1;
        }
    }
    let mut children: HashMap<db::GroupId, usize> = HashMap::new();
    for parent in groups.iter().filter_map(|group| group.row().parent) {
        *children.entry(parent).or_default() += 1;
    }
    groups
        .into_iter()
        .map(|group| ListedGroup {
            repositories: repositories.get(group.name()).copied().unwrap_or_default(),
            groups: children.get(&group.row().id).copied().unwrap_or_default(),
            group,
        })
        .collect()
}
