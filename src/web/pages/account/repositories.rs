//! The repositories that one owns, and those that one watches.

use model::{ListOrder, ListRequest, ListScope};

use super::{Part, tabs};
use crate::frame;
use crate::i18n::t;
use crate::pages::home;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::AccountRepositories;
use crate::visit::Visit;
use crate::words;

/// Repositories on a page.
const PAGE: usize = 100;

/// `GET /_admin/my_account/repos`
pub fn owned(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    show(visit, Part::Owned, ListScope::Mine)
}

/// `GET /_admin/my_account/watched`
pub fn watched(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    show(visit, Part::Watched, ListScope::Followed)
}

fn show(visit: &mut Visit<'_>, part: Part, scope: ListScope) -> Answer {
    let wanted = ListRequest {
        filter: "",
        scope,
        order: ListOrder::Name,
        reversed: false,
        page: visit.query.number("page").unwrap_or(1),
        per_page: PAGE,
    };
    let found = visit.model.list(&visit.viewer, None, wanted)?;
    let rows = found.repositories.iter();
    let view = AccountRepositories {
        heading: t("My account").into(),
        tabs: tabs(visit, part),
        title: part.label().into(),
        repositories: rows
            .map(|listed| home::repository_row(visit, listed, true))
            .collect(),
        paging: words::paging(found.page, PAGE, found.total, |page| {
            visit
                .url(part.path())
                .query("page", &page.to_string())
                .into()
        }),
        frame: frame::frame(visit, part.label(), "account"),
    };
    template::page(visit.language, &view)
}
