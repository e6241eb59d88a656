//! The home page and the page of a repository group.

use std::collections::HashMap;

use model::{GroupId, GroupListing, Level, ListRequest, ReadableGroup, ReadableRepository, User};
use serde::Deserialize;

use crate::frame;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{GroupHead, GroupRow, Home, LastChange, Person, RepositoryRow};
use crate::visit::Visit;
use crate::words;

/// Repositories on one page of the list.
const PAGE: usize = 100;
/// Deeper groups are drawn as deep as this.
const MAX_DEPTH: usize = 5;
/// How much of a description a row shows.
const DESCRIPTION: usize = 120;

/// `GET /`
pub fn show(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let (mut home, at_top) = list(visit, None)?;
    home.fresh = home.filter.is_empty() && home.groups.is_empty() && home.repositories.is_empty();
    home.new_repository = at_top.then(|| visit.url("_admin/create_repository").into());
    home.new_group = visit
        .viewer
        .is_admin()
        .then(|| visit.url("_admin/repo_groups/new").into());
    home.frame = frame::frame(visit, "", "repositories");
    template::page(visit.language, &home)
}

/// `GET /<group>`
pub fn group(visit: &mut Visit<'_>, group: &ReadableGroup, _: &Captures) -> Answer {
    let id = group.row().id.to_string();
    let signed_in = visit.viewer.signed_in().is_some();
    let below = |path: &str| Some(visit.url(path).query("parent_group", &id).into());
    let new_repository = if signed_in && group.level() >= Level::Write {
        below("_admin/create_repository")
    } else {
        None
    };
    let new_group = if signed_in && group.level() >= Level::Admin {
        below("_admin/repo_groups/new")
    } else {
        None
    };
    let (mut home, _) = list(visit, Some(group))?;
    home.new_repository = new_repository;
    home.new_group = new_group;
    home.group = Some(head(visit, group));
    home.frame = frame::frame(
        visit,
        format!("Repository group {}", group.name()),
        "repositories",
    );
    template::page(visit.language, &home)
}

/// The head of a group's pages.
pub(super) fn head(visit: &Visit<'_>, group: &ReadableGroup) -> GroupHead {
    let name = model::name::last(group.name());
    let description = &group.row().description;
    GroupHead {
        name: name.to_owned(),
        url: visit.url(group.name()).into(),
        parents: words::group_links(visit, group.name()),
        description_html: if description == name {
            String::new()
        } else {
            render::message::urlify(description, &render::message::LinkContext::default())
        },
        settings_url: (group.level() >= Level::Admin).then(|| {
            visit
                .url("_admin/repo_groups")
                .join(group.name())
                .join("edit")
                .into()
        }),
    }
}

/// The list, and whether the viewer may make repositories at the top.
fn list(visit: &Visit<'_>, group: Option<&ReadableGroup>) -> Result<(Home, bool), Problem> {
    let filter = visit.query.trimmed("filter").to_owned();
    let wanted = ListRequest {
        filter: &filter,
        page: visit.query.number("page").unwrap_or(1),
        per_page: PAGE,
    };
    let GroupListing {
        groups,
        counts,
        repositories,
        page,
        total,
        may_create_at_top,
    } = visit.model.list(&visit.viewer, group, wanted)?;
    let base = group.map_or(0, |group| group.name().matches('/').count() + 1);
    let mut children: HashMap<GroupId, u64> = HashMap::new();
    for parent in groups.iter().filter_map(|child| child.row().parent) {
        *children.entry(parent).or_default() += 1;
    }
    let group_rows = groups
        .iter()
        .zip(&counts)
        .filter(|(group, _)| filter.is_empty() || matches(&filter, group.name()))
        .map(|(group, &count)| group_row(visit, group, count, base, &children))
        .collect();
    let place = group.map_or("", ReadableGroup::name);
    let home = Home {
        groups: group_rows,
        repositories: repositories
            .iter()
            .map(|(repository, owner)| {
                repository_row(visit, repository, owner.as_ref(), !filter.is_empty())
            })
            .collect(),
        paging: words::paging(page, PAGE, total, |n| {
            let url = visit.url(place).query("page", &n.to_string());
            if filter.is_empty() {
                url.into()
            } else {
                url.query("filter", &filter).into()
            }
        }),
        filter,
        ..Home::default()
    };
    Ok((home, may_create_at_top))
}

fn matches(filter: &str, name: &str) -> bool {
    name.to_lowercase().contains(&filter.to_lowercase())
}

fn group_row(
    visit: &Visit<'_>,
    group: &ReadableGroup,
    count: usize,
    base: usize,
    children: &HashMap<GroupId, u64>,
) -> GroupRow {
    let name = model::name::last(group.name());
    let depth = (group.name().matches('/').count() - base).min(MAX_DEPTH);
    let description = &group.row().description;
    GroupRow {
        name: name.to_owned(),
        full_name: group.name().to_owned(),
        url: visit.url(group.name()).into(),
        description: if description == name {
            String::new()
        } else {
            shorten(description)
        },
        depth: u8::try_from(depth).unwrap_or(0),
        repositories: count as u64,
        groups: children.get(&group.row().id).copied().unwrap_or_default(),
        owner: None,
    }
}

fn repository_row(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    owner: Option<&User>,
    full: bool,
) -> RepositoryRow {
    let row = repository.row();
    let short = model::name::last(repository.name());
    RepositoryRow {
        name: if full { repository.name() } else { short }.to_owned(),
        full_name: repository.name().to_owned(),
        url: visit.url(repository.name()).into(),
        kind: repository.kind().as_str().to_owned(),
        description: if repository.description() == short {
            String::new()
        } else {
            shorten(repository.description())
        },
        private: row.private,
        pending: repository.pending(),
        last: last_change(visit, repository),
        owner: owner.map(words::user).unwrap_or_default(),
        ..RepositoryRow::default()
    }
}

fn shorten(text: &str) -> String {
    render::message::truncate(render::message::first_line(text), DESCRIPTION).into_owned()
}

/// What the column `changeset_cache` tells of the newest changeset.
#[derive(Deserialize)]
struct Cached {
    raw_id: String,
    message: String,
    author: String,
}

/// The newest changeset as it was when somebody last pushed; no repository is opened for a list.
fn last_change(visit: &Visit<'_>, repository: &ReadableRepository) -> Option<LastChange> {
    let row = repository.row();
    let cached: Cached = serde_json::from_slice(row.changeset_cache.as_deref()?).ok()?;
    let id: vcs::ChangesetId = cached.raw_id.parse().ok()?;
    if id == vcs::ChangesetId::NULL {
        return None;
    }
    let name = render::person::display(&cached.author).to_owned();
    Some(LastChange {
        id: words::short(visit, &id),
        subject: render::message::first_line(&cached.message).to_owned(),
        url: words::changeset_url(visit, repository.name(), &id),
        author: Person {
            avatar_html: render::avatar::identicon(
                render::person::email(&cached.author).unwrap_or(&name),
            ),
            name,
            full: cached.author,
        },
        when: words::when(row.updated_on.to_unix(), 0),
    })
}
