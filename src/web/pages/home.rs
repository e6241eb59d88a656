//! The home page and the page of a repository group.

use model::{
    Level, ListOrder, ListRequest, ListScope, Listed, ListedGroup, Listing, ReadableGroup,
    ReadableRepository,
};
use serde::Deserialize;

use super::listing_data;
use crate::frame;
use crate::pictures;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{
    Column, GroupHead, GroupRow, Home, LastChange, Link, Person, RepositoryRow, Tab,
};
use crate::visit::Visit;
use crate::words;

/// Rows on one page of the list.
const PAGE: usize = 100;
/// Deeper groups are drawn as deep as this.
const MAX_DEPTH: usize = 5;
/// How much of a description a row shows.
const DESCRIPTION: usize = 120;

/// `GET /`
pub fn show(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let (mut home, may_create) = list(visit, None)?;
    home.new_repository = may_create.then(|| visit.url("_admin/create_repository").into());
    home.new_group = visit
        .viewer
        .is_admin()
        .then(|| visit.url("_admin/repo_groups/new").into());
    let title = visit.t("Repositories").to_owned();
    home.frame = frame::frame(visit, title, "repositories");
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
    home.fresh = false;
    home.new_repository = new_repository;
    home.new_group = new_group;
    home.group = Some(head(visit, group));
    let title = visit.tf("Repository group {name}", &[("name", &group.name())]);
    home.frame = frame::frame(visit, title, "repositories");
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

/// What a reader asked to see of a list.
struct Asked {
    filter: String,
    show: &'static str,
    sort: &'static str,
    reversed: bool,
}

impl Asked {
    fn of(visit: &Visit<'_>, group: Option<&ReadableGroup>) -> Self {
        let one_of = |name: &str, known: &[&'static str]| {
            let asked = visit.query.trimmed(name);
            let found = known.iter().find(|known| **known == asked);
            found.copied().unwrap_or_default()
        };
        let show = match (group, visit.viewer.signed_in()) {
            (Some(_), _) => "",
            (None, None) => one_of("show", &["recent"]),
            (None, Some(_)) => one_of("show", &["mine", "followed", "recent"]),
        };
        let sort = one_of("sort", &["name", "changed", "owner"]);
        Self {
            filter: visit.query.trimmed("filter").to_owned(),
            show,
            sort: match (sort, show) {
                ("", "recent") => "changed",
                ("", _) => "name",
                (sort, _) => sort,
            },
            reversed: visit.query.trimmed("dir") == "desc",
        }
    }

    fn request(&self, page: usize) -> ListRequest<'_> {
        ListRequest {
            filter: &self.filter,
            scope: match self.show {
                "mine" => ListScope::Mine,
                "followed" => ListScope::Followed,
                "recent" => ListScope::All,
                _ => ListScope::Place,
            },
            order: match self.sort {
                "changed" => ListOrder::Changed,
                "owner" => ListOrder::Owner,
                _ => ListOrder::Name,
            },
            reversed: self.reversed,
            page,
            per_page: PAGE,
        }
    }

    /// The address of the same list with something changed; what is as usual is left out.
    fn url(&self, visit: &Visit<'_>, place: &str, page: usize) -> String {
        let usual_sort = if self.show == "recent" {
            "changed"
        } else {
            "name"
        };
        let page = page.to_string();
        let parts = [
            ("show", self.show),
            ("filter", &self.filter),
            (
                "sort",
                if self.sort == usual_sort {
                    ""
                } else {
                    self.sort
                },
            ),
            ("dir", if self.reversed { "desc" } else { "" }),
            ("page", if page == "1" { "" } else { &page }),
        ];
        let url: String = parts
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .fold(visit.url(place), |url, (name, value)| {
                url.query(name, value)
            })
            .into();
        match (place, url.find('?')) {
            ("", Some(query)) => format!("{}{}", visit.home_url(), &url[query..]),
            ("", None) => visit.home_url(),
            _ => url,
        }
    }
}

/// The list, and whether the viewer may make repositories at the top.
fn list(visit: &Visit<'_>, group: Option<&ReadableGroup>) -> Result<(Home, bool), Problem> {
    let asked = Asked::of(visit, group);
    let wanted = asked.request(visit.query.number("page").unwrap_or(1));
    let Listing {
        groups,
        repositories,
        page,
        total,
        anything,
        may_create_at_top,
    } = visit.model.list(&visit.viewer, group, wanted)?;
    let place = group.map_or("", ReadableGroup::name);
    let base = group.map_or(0, |group| group.name().matches('/').count() + 1);
    // Where rows come from everywhere, only the full name says where each is.
    let flat = !asked.filter.is_empty() || !asked.show.is_empty();
    let rows: Vec<RepositoryRow> = repositories
        .iter()
        .map(|listed| repository_row(visit, listed, flat))
        .collect();
    let told: Vec<_> = repositories.iter().zip(&rows).collect();
    let home = Home {
        data_html: listing_data::literal(visit, place, &groups, &told),
        fresh: !anything,
        tabs: if group.is_none() {
            tabs(visit, &asked)
        } else {
            Vec::new()
        },
        columns: columns(visit, &asked, place),
        groups: groups
            .iter()
            .map(|listed| group_row(visit, listed, base, flat))
            .collect(),
        repositories: rows,
        paging: words::paging(page, PAGE, total, |page| asked.url(visit, place, page)),
        kept: [
            ("show", asked.show),
            ("sort", if asked.sort == "name" { "" } else { asked.sort }),
            ("dir", if asked.reversed { "desc" } else { "" }),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect(),
        all_here: total <= PAGE && asked.filter.is_empty(),
        filter: asked.filter,
        ..Home::default()
    };
    Ok((home, may_create_at_top))
}

fn tabs(visit: &Visit<'_>, asked: &Asked) -> Vec<Tab> {
    let own = visit.viewer.signed_in().is_some();
    [
        ("", visit.t("All"), true),
        ("mine", visit.t("Mine"), own),
        ("followed", visit.t("Followed"), own),
        ("recent", visit.t("Recently changed"), true),
    ]
    .into_iter()
    .filter(|(.., there)| *there)
    .map(|(show, text, _)| Tab {
        text: text.to_owned(),
        url: if show.is_empty() {
            visit.home_url()
        } else {
            format!("{}?show={show}", visit.home_url())
        },
        current: show == asked.show,
        count: None,
    })
    .collect()
}

/// The heads of the columns that sort: each leads to its order, and the one in force to that turned round.
fn columns(visit: &Visit<'_>, asked: &Asked, place: &str) -> Vec<Column> {
    [
        ("name", visit.t("Name")),
        ("changed", visit.t("Last change")),
        ("owner", visit.t("Owner")),
    ]
    .map(|(sort, text)| {
        let current = sort == asked.sort;
        let turned = Asked {
            filter: asked.filter.clone(),
            sort,
            reversed: current && !asked.reversed,
            ..*asked
        };
        // The youngest change comes first, which is the largest date.
        let falls = asked.reversed != (sort == "changed");
        Column {
            text: text.to_owned(),
            url: turned.url(visit, place, 1),
            sorted: match (current, falls) {
                (false, _) => "",
                (true, false) => "ascending",
                (true, true) => "descending",
            },
        }
    })
    .into()
}

fn group_row(visit: &Visit<'_>, listed: &ListedGroup, base: usize, flat: bool) -> GroupRow {
    let group = &listed.group;
    let name = model::name::last(group.name());
    let depth = (group.name().matches('/').count() - base).min(MAX_DEPTH);
    let description = &group.row().description;
    GroupRow {
        name: if flat { group.name() } else { name }.to_owned(),
        full_name: group.name().to_owned(),
        url: visit.url(group.name()).into(),
        description: if description == name {
            String::new()
        } else {
            shorten(description)
        },
        depth: if flat {
            0
        } else {
            u8::try_from(depth).unwrap_or(0)
        },
        repositories: listed.repositories as u64,
        groups: listed.groups as u64,
        owner: None,
    }
}

pub(super) fn repository_row(visit: &Visit<'_>, listed: &Listed, flat: bool) -> RepositoryRow {
    let repository = &listed.repository;
    let row = repository.row();
    let short = model::name::last(repository.name());
    RepositoryRow {
        name: if flat { repository.name() } else { short }.to_owned(),
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
        fork_of: listed.fork_of.as_ref().map(|parent| Link {
            url: visit.url(parent).into(),
            text: parent.clone(),
        }),
        following: listed.following,
        last: last_change(visit, repository),
        owner: listed.owner.as_ref().map(words::user).unwrap_or_default(),
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
            avatar_html: pictures::of(
                render::person::email(&cached.author).unwrap_or_default(),
                &name,
            ),
            name,
            full: cached.author,
        },
        when: words::when(row.updated_on.to_unix(), 0),
    })
}
