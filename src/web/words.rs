//! Facts in the words of the pages: ages, people, rows.

use http::header::HeaderValue;
use jiff::Timestamp;
use render::AgeUnit;
use vcs::{Changeset, ChangesetId, Labels, Phase, RefName, RepoPath};

use crate::i18n::Language;
use crate::people::People;
use crate::pictures;
use crate::problem::Problem;
use crate::view::{ChangesetRow, Chip, Link, PageNumber, Paging, Person, Status, When};
use crate::visit::Visit;
use model::{ReadableRepository, User, Vote};

/// How many of the newest or nearest pages are named to each side of the current one.
const NEIGHBOUR_PAGES: usize = 4;

/// A size in powers of 1024, in the language of the page that is being made.
pub(crate) fn size(bytes: u64) -> String {
    Language::current().size(bytes)
}

/// What a rule says, in the language of the page that is being made.
pub(crate) fn said(text: &model::Text) -> String {
    text.fill(Language::current().t(text.english()))
}

/// A moment with its offset from UTC in seconds.
pub(crate) fn when(seconds: i64, offset_east: i32) -> When {
    When {
        iso: render::iso(seconds, offset_east),
        age: age(seconds),
        exact: render::absolute(seconds, offset_east),
    }
}

/// How long ago, in one unit.
pub(crate) fn age(seconds: i64) -> String {
    let age = render::short_age_of(seconds, Timestamp::now().as_second());
    let language = Language::current();
    let Some((n, unit)) = age.first else {
        return language.t("just now").to_owned();
    };
    match (unit, age.ahead) {
        (AgeUnit::Year, false) => language.tn("{n} year ago", "{n} years ago", n, &[]),
        (AgeUnit::Month, false) => language.tn("{n} month ago", "{n} months ago", n, &[]),
        (AgeUnit::Day, false) => language.tn("{n} day ago", "{n} days ago", n, &[]),
        (AgeUnit::Hour, false) => language.tn("{n} hour ago", "{n} hours ago", n, &[]),
        (AgeUnit::Minute, false) => language.tn("{n} minute ago", "{n} minutes ago", n, &[]),
        (AgeUnit::Second, false) => language.tn("{n} second ago", "{n} seconds ago", n, &[]),
        (AgeUnit::Year, true) => language.tn("in {n} year", "in {n} years", n, &[]),
        (AgeUnit::Month, true) => language.tn("in {n} month", "in {n} months", n, &[]),
        (AgeUnit::Day, true) => language.tn("in {n} day", "in {n} days", n, &[]),
        (AgeUnit::Hour, true) => language.tn("in {n} hour", "in {n} hours", n, &[]),
        (AgeUnit::Minute, true) => language.tn("in {n} minute", "in {n} minutes", n, &[]),
        (AgeUnit::Second, true) => language.tn("in {n} second", "in {n} seconds", n, &[]),
    }
}

/// The moment of a changeset.
pub(crate) fn when_of(date: vcs::Timestamp) -> When {
    when(date.seconds, date.offset_east)
}

/// An author as the changeset names them.
pub(crate) fn author(author: &vcs::Person) -> Person {
    let name = if author.name.is_empty() {
        &author.raw
    } else {
        &author.name
    };
    let shown = |name: &str| render::message::beginning(name, LONGEST_NAME).into_owned();
    Person {
        name: shown(name),
        full: shown(&author.raw),
        avatar_html: pictures::of(&author.email, &author.raw),
    }
}

/// The mail address of an author; a text that is too long to be one is none.
pub(crate) fn author_email(author: &vcs::Person) -> String {
    let address = Some(author.email.as_str()).filter(|email| email.len() <= LONGEST_NAME);
    address.unwrap_or_default().to_owned()
}

/// A user of this site.
pub(crate) fn user(user: &User) -> Person {
    let name = user.username.as_str();
    let full = full_name(user);
    Person {
        name: name.to_owned(),
        full: if full.is_empty() {
            name.to_owned()
        } else {
            full
        },
        avatar_html: pictures::of(user.email.as_deref().unwrap_or_default(), name),
    }
}

/// `First Last`; empty when neither is known.
pub(crate) fn full_name(user: &User) -> String {
    format!("{} {}", user.firstname, user.lastname)
        .trim()
        .to_owned()
}

/// The id of a changeset as pages show it.
pub(crate) fn short(visit: &Visit<'_>, id: &ChangesetId) -> String {
    let mut text = id.to_string();
    text.truncate(visit.model.config().show_sha_length);
    text
}

/// The same with its number before it, where the ini file wants that (`show_revision_number`).
pub(crate) fn numbered(visit: &Visit<'_>, contents: &vcs::Repository, id: &ChangesetId) -> String {
    let short = short(visit, id);
    if !visit.model.config().show_revision_number {
        return short;
    }
    match contents.number_of(id) {
        Ok(Some(number)) => format!("r{number}:{short}"),
        _ => short,
    }
}

/// What the messages of a repository may link to. `changesets` is the address of its changeset pages, with a slash at the end.
pub(crate) fn message_links<'a>(
    visit: &'a Visit<'_>,
    repository: &'a str,
    changesets: &'a str,
) -> render::message::LinkContext<'a> {
    render::message::LinkContext {
        changeset_url: Some(changesets),
        repo_name: Some(repository),
        issues: &visit.model.config().issues,
        mentions: true,
        ..render::message::LinkContext::default()
    }
}

/// How many bytes of a message a list shows: of its first line, and of the rest.
const LONGEST_SUBJECT: usize = 1 << 10;
const LONGEST_BODY: usize = 16 << 10;
/// How many bytes of a name.
const LONGEST_NAME: usize = 1 << 10;

/// The first line of a message, as lists show it.
pub(crate) fn subject(changeset: &Changeset) -> String {
    render::message::beginning(changeset.summary(), LONGEST_SUBJECT).into_owned()
}

/// A changeset as one row of a list.
pub(crate) fn changeset_row(
    visit: &Visit<'_>,
    repository: &str,
    changeset: &Changeset,
    labels: &Labels,
) -> ChangesetRow {
    let subject = subject(changeset);
    let body = changeset
        .message
        .trim_start()
        .split_once('\n')
        .map(|(_, rest)| render::message::beginning(rest.trim(), LONGEST_BODY).into_owned());
    ChangesetRow {
        id: short(visit, &changeset.id),
        raw_id: changeset.id.to_string(),
        url: changeset_url(visit, repository, &changeset.id),
        subject,
        body: body.filter(|body| !body.is_empty()),
        author: author(&changeset.author),
        when: when_of(changeset.date),
        chips: chips(visit, repository, changeset, labels),
        merge: changeset.is_merge(),
        ..ChangesetRow::default()
    }
}

/// Changesets as the rows of a list, with links in their messages, the names that their authors have here, votes and comments.
pub(crate) fn changeset_rows(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    contents: &vcs::Repository,
    changesets: &[Changeset],
    refs: &vcs::Refs,
    people: &People,
) -> Result<Vec<ChangesetRow>, Problem> {
    let name = repository.name();
    let ids: Vec<ChangesetId> = changesets.iter().map(|one| one.id).collect();
    let marks = visit.model.marks_of_changesets(repository, &ids)?;
    let prefix = format!("{}/", String::from(visit.url(name).join("changeset")));
    let links = message_links(visit, name, &prefix);
    let rows = changesets.iter().map(|changeset| {
        let mut row = changeset_row(visit, name, changeset, refs.labels(&changeset.id));
        row.id = numbered(visit, contents, &changeset.id);
        row.author = people.author(&changeset.author);
        row.subject_html = render::message::urlify(
            &row.subject,
            &render::message::LinkContext {
                default_link: Some(&row.url),
                ..links
            },
        );
        if let Some(body) = &row.body {
            row.body_html = render::message::urlify(body, &links);
        }
        if let Some(marks) = marks.get(&row.raw_id) {
            mark(visit, &mut row, marks);
        }
        row
    });
    Ok(rows.collect())
}

/// Puts the newest vote and the number of comments into a row.
fn mark(visit: &Visit<'_>, row: &mut ChangesetRow, marks: &model::Marks) {
    let first = marks
        .comments
        .map(|(_, first)| format!("{}#comment-{}", row.url, first.0));
    if let Some((vote, voter, _)) = &marks.vote {
        let label = vote_label(visit, *vote);
        row.status = Some(Status {
            kind: vote.as_str().to_owned(),
            text: match voter {
                Some(voter) => visit.tf(
                    "Changeset status: {status} by {user}",
                    &[("status", &label), ("user", voter)],
                ),
                None => visit.tf("Changeset status: {status}", &[("status", &label)]),
            },
            url: first.clone().or_else(|| Some(row.url.clone())),
        });
    }
    if let Some((count, _)) = marks.comments {
        row.comments = count;
        row.comments_url = first;
    }
}

/// A vote in words.
pub(crate) fn vote_label(visit: &Visit<'_>, vote: Vote) -> String {
    let label = match vote {
        Vote::NotReviewed | Vote::Unknown => visit.t("Not reviewed"),
        Vote::UnderReview => visit.t("Under review"),
        Vote::Approved => visit.t("Approved"),
        Vote::Rejected => visit.t("Not approved"),
    };
    label.to_owned()
}

/// The page of a changeset.
pub(crate) fn changeset_url(visit: &Visit<'_>, repository: &str, id: &ChangesetId) -> String {
    visit
        .url(repository)
        .join("changeset")
        .join(id.to_string())
        .into()
}

/// Branches, tags, bookmarks, phase: what points at a changeset and what it is.
pub(crate) fn chips(
    visit: &Visit<'_>,
    repository: &str,
    changeset: &Changeset,
    labels: &Labels,
) -> Vec<Chip> {
    let branch_url = |name: &RefName| {
        Some(
            visit
                .url(repository)
                .join("changelog")
                .query("branch", name.as_str())
                .into(),
        )
    };
    let tag_url = |name: &RefName| {
        Some(
            visit
                .url(repository)
                .join("changeset")
                .join(name.as_str())
                .into(),
        )
    };
    let chip = |kind: &str, name: &RefName, url| Chip {
        kind: kind.to_owned(),
        text: name.to_string(),
        url,
    };
    // A hundred thousand tags may stand at one changeset.
    const MOST: usize = 20;
    let mut chips = Vec::new();
    let mut left_out = labels.tags.len().saturating_sub(MOST);
    left_out += labels.bookmarks.len().saturating_sub(MOST);
    // In Mercurial a changeset is on a branch for ever; in Git a branch points at it.
    if let Some(branch) = &changeset.branch {
        if branch.as_str() != "default" || labels.branches.contains(branch) {
            let kind = if changeset.closes_branch {
                "closed-branch"
            } else {
                "branch"
            };
            chips.push(chip(kind, branch, branch_url(branch)));
        }
    } else {
        left_out += labels.branches.len().saturating_sub(MOST);
        chips.extend(
            labels
                .branches
                .iter()
                .take(MOST)
                .map(|name| chip("branch", name, branch_url(name))),
        );
    }
    chips.extend(
        labels
            .bookmarks
            .iter()
            .take(MOST)
            .map(|name| chip("bookmark", name, tag_url(name))),
    );
    chips.extend(
        labels
            .tags
            .iter()
            .take(MOST)
            .map(|name| chip("tag", name, tag_url(name))),
    );
    let mark = |kind: &str, text: &str| Chip {
        kind: kind.to_owned(),
        text: text.to_owned(),
        url: None,
    };
    if left_out > 0 {
        let text = visit.tn("{n} more name", "{n} more names", left_out as u64, &[]);
        chips.push(mark("more", &text));
    }
    if changeset.signature.is_some() {
        chips.push(mark("signed", visit.t("signed")));
    }
    match changeset.phase {
        Phase::Public => {}
        Phase::Draft => chips.push(mark("phase", visit.t("draft"))),
        Phase::Secret => chips.push(mark("phase", visit.t("secret"))),
    }
    let evolution = &changeset.evolution;
    let obsolete = match evolution.extinct {
        true => visit.t("extinct"),
        false => visit.t("obsolete"),
    };
    for (is_so, kind, text) in [
        (changeset.obsolete, "extinct", obsolete),
        (evolution.orphan, "unstable", visit.t("orphan")),
        (
            evolution.phase_divergent,
            "bumped",
            visit.t("phase-divergent"),
        ),
        (
            evolution.content_divergent,
            "divergent",
            visit.t("content-divergent"),
        ),
    ] {
        if is_so {
            chips.push(mark(kind, text));
        }
    }
    chips
}

/// The way through a list of `total` items; `url` makes the address of a page.
pub(crate) fn paging(
    page: usize,
    size: usize,
    total: usize,
    url: impl Fn(usize) -> String,
) -> Option<Paging> {
    let last = total.div_ceil(size).max(1);
    if last == 1 {
        return None;
    }
    let page = page.clamp(1, last);
    let shown = |n: usize| n == 1 || n == last || n.abs_diff(page) <= NEIGHBOUR_PAGES;
    let mut pages = Vec::new();
    for n in (1..=last).filter(|&n| shown(n)) {
        if n > 1 && !shown(n - 1) {
            pages.push(PageNumber::default());
        }
        pages.push(PageNumber {
            number: Some(n as u64),
            url: (n != page).then(|| url(n)),
        });
    }
    let (from, to) = ((page - 1) * size + 1, (page * size).min(total));
    Some(Paging {
        summary: Language::current().tf(
            "{from}–{to} of {total}",
            &[
                ("from", &number(from)),
                ("to", &number(to)),
                ("total", &number(total)),
            ],
        ),
        previous: (page > 1).then(|| url(page - 1)),
        next: (page < last).then(|| url(page + 1)),
        pages,
    })
}

/// `82 601`, as the language groups digits.
pub(crate) fn number(n: usize) -> String {
    Language::current().number(n as u64)
}

/// The groups above a full name as links, outermost first.
pub(crate) fn group_links(visit: &Visit<'_>, full_name: &str) -> Vec<Link> {
    model::name::parents(full_name)
        .map(|group| Link {
            text: model::name::last(group).to_owned(),
            url: visit.url(group).into(),
        })
        .collect()
}

/// The parts of a path as links, the whole path last; `url` makes the address of each beginning of it.
pub(crate) fn crumbs(path: &RepoPath, url: impl Fn(&[u8]) -> String) -> Vec<Link> {
    let bytes = path.as_bytes();
    if bytes.is_empty() {
        return Vec::new();
    }
    let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    let ends = slashes.map(|(at, _)| at).chain([bytes.len()]);
    let mut start = 0;
    ends.map(|end| {
        let text = vcs::shown_name(&bytes[start..end]).into_owned();
        start = end + 1;
        Link {
            text,
            url: url(&bytes[..end]),
        }
    })
    .collect()
}

/// `https://user:secret@host/` → `https://user:*****@host/`.
pub(crate) fn without_password(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return uri.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        Some((credentials, host)) => match credentials.split_once(':') {
            Some((user, _)) => format!("{scheme}://{user}:*****@{host}{}", &rest[end..]),
            None => uri.to_owned(),
        },
        None => uri.to_owned(),
    }
}

/// A header value of text that is known to be visible ASCII.
pub(crate) fn header(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(text)
        .map_err(|error| Problem::Internal(format!("header {text:?}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_name_their_ends_and_the_pages_nearby() {
        let paging = paging(10, 100, 2_500, |n| format!("?page={n}")).unwrap();
        let numbers: Vec<_> = paging.pages.iter().map(|page| page.number).collect();
        let mut expected = vec![Some(1), None];
        expected.extend((6..=14).map(Some));
        expected.extend([None, Some(25)]);
        assert_eq!(numbers, expected);
        assert_eq!(paging.summary, "901–1000 of 2500");
        assert_eq!(paging.pages[6].url, None);
        assert_eq!(paging.next.as_deref(), Some("?page=11"));
    }

    #[test]
    fn each_part_of_a_path_leads_to_itself() {
        let path = RepoPath::parse(b"a/b c/d").unwrap();
        let links = crumbs(&path, |part| String::from_utf8_lossy(part).into_owned());
        let links: Vec<_> = links.iter().map(|link| (&*link.text, &*link.url)).collect();
        assert_eq!(links, [("a", "a"), ("b c", "a/b c"), ("d", "a/b c/d")]);
        assert!(crumbs(&RepoPath::root(), |_| String::new()).is_empty());
    }

    #[test]
    fn one_page_needs_no_way() {
        assert!(paging(1, 100, 100, |_| String::new()).is_none());
        assert!(paging(7, 100, 0, |_| String::new()).is_none());
        assert_eq!(number(8260), "8260");
        assert_eq!(number(82601), "82\u{202f}601");
    }
}
