//! The forks of a repository, and those who follow it.

use model::{ReadableRepository, User};

use crate::frame;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{
    Follower, FollowerList, Followers, FollowersPart, Fork, ForkList, Forks, ForksPart, Link,
    Paging,
};
use crate::visit::Visit;
use crate::words;

/// So many stand on a page.
const PER_PAGE: usize = 20;

/// `GET /<repo>/forks`
pub fn list(visit: &mut Visit<'_>, repository: &ReadableRepository, _: &Captures) -> Answer {
    let name = repository.name();
    let forks = visit.model.readable_forks(repository, &visit.viewer)?;
    let (from, paging) = page(visit, name, "forks", forks.len());
    let mut list = ForkList {
        forks: Vec::new(),
        paging,
    };
    let shown = || forks.iter().skip(from).take(PER_PAGE);
    let owners = visit.model.owners(shown())?;
    list.forks
        .extend(shown().map(|fork| row(visit, repository, fork, &owners)));
    if is_part(visit) {
        return template::page(visit.language, &ForksPart { list });
    }
    let title = visit.tf("{repository} Forks", &[("repository", &name)]);
    let view = Forks {
        repo: frame::repository(
            visit,
            repository,
            frame::is_empty(visit, repository),
            "forks",
        )?,
        frame: frame::frame(visit, title, "repositories"),
        list,
    };
    template::page(visit.language, &view)
}

fn row(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    fork: &ReadableRepository,
    owners: &[User],
) -> Fork {
    let owner = owners.iter().find(|owner| owner.id == fork.row().owner);
    let text = match fork.description() {
        text if text == model::name::last(fork.name()) => "",
        text => text,
    };
    let links = render::message::LinkContext {
        mentions: false,
        ..Default::default()
    };
    Fork {
        owner: owner.map(words::user).unwrap_or_default(),
        link: Link {
            text: fork.name().to_owned(),
            url: visit.url(fork.name()).into(),
        },
        description_html: render::message::urlify(text, &links),
        when: words::when(fork.row().created_on.to_unix(), 0),
        compare_url: compare_url(visit, repository, fork),
    }
}

/// What the fork has that the original has not.
pub(super) fn compare_url(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    fork: &ReadableRepository,
) -> String {
    let landing = |repository: &ReadableRepository| {
        let stored = repository.row().landing_revision.clone();
        let (kind, name) = stored.split_once(':').unwrap_or(("rev", &stored));
        format!("{kind}@{name}")
    };
    visit
        .url(repository.name())
        .join("compare")
        .join(format!("{}...{}", landing(repository), landing(fork)))
        .query("other_repo", fork.name())
        .query("merge", "1")
        .into()
}

/// `GET /<repo>/followers`
pub fn followers(visit: &mut Visit<'_>, repository: &ReadableRepository, _: &Captures) -> Answer {
    let name = repository.name();
    let mut followers = visit.model.followers(repository)?;
    followers.sort_by_key(|(user, since)| (*since, user.id));
    let (from, paging) = page(visit, name, "followers", followers.len());
    let shown = followers.iter().skip(from).take(PER_PAGE);
    let list = FollowerList {
        followers: shown
            .map(|(user, since)| Follower {
                user: words::user(user),
                when: words::when(since.to_unix(), 0),
            })
            .collect(),
        paging,
    };
    if is_part(visit) {
        return template::page(visit.language, &FollowersPart { list });
    }
    let title = visit.tf("{repository} Followers", &[("repository", &name)]);
    let view = Followers {
        repo: frame::repository(visit, repository, frame::is_empty(visit, repository), "")?,
        frame: frame::frame(visit, title, "repositories"),
        list,
    };
    template::page(visit.language, &view)
}

fn is_part(visit: &Visit<'_>) -> bool {
    visit.request.headers.contains_key("x-partial-xhr")
}

/// The first row of the page that is asked for, and the way to the others.
fn page(visit: &Visit<'_>, name: &str, place: &str, total: usize) -> (usize, Option<Paging>) {
    let last = total.div_ceil(PER_PAGE).max(1);
    let wanted: i64 = visit.query.number("page").unwrap_or(1);
    let page = usize::try_from(wanted).unwrap_or(1).clamp(1, last);
    let url = |page: usize| {
        let url = visit.url(name).join(place);
        url.query("page", &page.to_string()).into()
    };
    (
        (page - 1) * PER_PAGE,
        words::paging(page, PER_PAGE, total, url),
    )
}
