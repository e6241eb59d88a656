//! What one may do here.

use model::Level;

use super::{Part, tabs};
use crate::frame;
use crate::i18n::{m, t};
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{AccountPermissions, Link, PermissionSection, Tab};
use crate::visit::Visit;

/// More of one kind are not listed at once; the levels narrow them.
const MOST: usize = 500;

/// What a level is called.
const LEVELS: [(Level, &str); 4] = [
    (Level::None, m("None")),
    (Level::Read, m("Read")),
    (Level::Write, m("Write")),
    (Level::Admin, m("Admin")),
];

/// What a global permission lets one do; those of no account here are left out.
const GLOBALS: [(&str, &str); 7] = [
    ("hg.admin", m("Administer this site")),
    (
        "hg.create.repository",
        m("Make repositories at the top level"),
    ),
    ("hg.fork.repository", m("Fork repositories")),
    ("hg.usergroup.create.true", m("Make user groups")),
    (
        "repository.read",
        m("Read new repositories, unless told otherwise"),
    ),
    (
        "repository.write",
        m("Write to new repositories, unless told otherwise"),
    ),
    (
        "repository.admin",
        m("Administer new repositories, unless told otherwise"),
    ),
];

/// `GET /_admin/my_account/perms?level=write`
pub fn show(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let user = visit.user()?.clone();
    let standing = visit.model.standing(&user)?;
    let asked = visit.query.trimmed("level");
    let only = Level::from_word(asked);
    let home = visit.url(Part::Permissions.path());
    let mut levels = vec![Tab {
        text: t("All").into(),
        url: home.clone().into(),
        current: only.is_none(),
        count: None,
    }];
    levels.extend(LEVELS.iter().map(|(level, label)| Tab {
        text: visit.t(label).to_owned(),
        url: home.clone().query("level", level.word()).into(),
        current: only == Some(*level),
        count: None,
    }));
    let repositories = standing.repositories.iter();
    let groups = standing.groups.iter();
    let user_groups = standing.user_groups.iter();
    let sections = vec![
        section(
            visit,
            t("Repositories"),
            repositories.map(|(name, level)| (name.as_str(), *level)),
            only,
            true,
        ),
        section(
            visit,
            t("Repository groups"),
            groups.map(|(name, level)| (name.as_str(), *level)),
            only,
            true,
        ),
        section(
            visit,
            t("User groups"),
            user_groups.map(|(name, level)| (name.as_str(), *level)),
            only,
            false,
        ),
    ];
    let view = AccountPermissions {
        heading: t("My account").into(),
        tabs: tabs(visit, Part::Permissions),
        address: visit.request.peer.remote_addr.clone(),
        globals: GLOBALS
            .iter()
            .filter(|(name, _)| standing.globals.has(name))
            .map(|(_, text)| visit.t(text).to_owned())
            .collect(),
        levels,
        sections,
        frame: frame::frame(visit, Part::Permissions.label(), "account"),
    };
    template::page(visit.language, &view)
}

fn section<'n>(
    visit: &Visit<'_>,
    title: &str,
    all: impl Iterator<Item = (&'n str, Level)>,
    only: Option<Level>,
    has_pages: bool,
) -> PermissionSection {
    let fitting: Vec<_> = all
        .filter(|(_, level)| only.is_none_or(|only| only == *level))
        .collect();
    let word = |level: Level| {
        let known = LEVELS.iter().find(|(known, _)| *known == level);
        known.map_or("", |(_, label)| visit.t(label))
    };
    PermissionSection {
        title: title.to_owned(),
        left_out: fitting.len().saturating_sub(MOST) as u64,
        rows: fitting
            .into_iter()
            .take(MOST)
            .map(|(name, level)| {
                let link = Link {
                    text: name.to_owned(),
                    url: if has_pages && level >= Level::Read {
                        visit.url(name).into()
                    } else {
                        String::new()
                    },
                };
                (link, word(level).to_owned())
            })
            .collect(),
    }
}
