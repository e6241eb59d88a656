//! The journal: what happened to what one follows.

use http::StatusCode;
use model::{FilterError, JournalEntry, JournalFilter, JournalPage};

use super::journal_words::{self, say};
use crate::feed::{self, Entry, Feed, Format};
use crate::frame;
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{Journal, JournalDay, JournalList, JournalRow, JournalRun, Person};
use crate::visit::Visit;
use crate::words;

/// Entries on a page and in a feed.
const PAGE: usize = 20;

const OWN: &str = "_admin/journal";
const PUBLIC: &str = "_admin/public_journal";

/// `GET /_admin/journal`
pub fn own(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    show(visit, false)
}

/// `GET /_admin/public_journal`
pub fn public(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    show(visit, true)
}

/// `GET /_admin/journal/atom`, `GET /_admin/journal/rss`
pub fn own_feed(visit: &mut Visit<'_>, captures: &Captures) -> Answer {
    feed(visit, asked_form(captures)?, false)
}

/// `GET /_admin/public_journal/atom`, `GET /_admin/public_journal/rss`
pub fn public_feed(visit: &mut Visit<'_>, captures: &Captures) -> Answer {
    feed(visit, asked_form(captures)?, true)
}

/// `GET /_admin/public_journal_rss`, where the feed was before it moved; feed readers still ask there.
pub fn public_rss(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    feed(visit, Format::Rss, true)
}

/// `GET /_admin/public_journal_atom`, likewise.
pub fn public_atom(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    feed(visit, Format::Atom, true)
}

fn asked_form(captures: &Captures) -> Result<Format, Problem> {
    Format::of(captures.text("format")?)
        .ok_or_else(|| Problem::NotFound("There are feeds in the forms atom and rss.".into()))
}

fn place(public: bool) -> &'static str {
    if public { PUBLIC } else { OWN }
}

fn show(visit: &mut Visit<'_>, public: bool) -> Answer {
    let typed = visit.query.trimmed("filter").to_owned();
    let asked = visit.query.number::<usize>("page").unwrap_or(1).max(1);
    let mut filter_error = None;
    let found = match JournalFilter::parse(&typed, &visit.viewer) {
        Ok(filter) => page(visit, &filter, asked)?,
        Err(error) => {
            filter_error = Some(not_understood(visit, &error));
            (JournalPage::default(), 1)
        }
    };
    let (found, at) = found;
    let url = |n: usize| {
        let mut url = visit.url(place(public));
        if !typed.is_empty() {
            url = url.query("filter", &typed);
        }
        String::from(url.query("page", &n.to_string()))
    };
    let mut list = JournalList {
        days: days(visit, &found.entries),
        paging: words::paging(at, PAGE, found.total, url),
        ..JournalList::default()
    };
    let title = if public {
        visit.t("Public journal")
    } else {
        visit.t("Journal")
    };
    list.frame = frame::frame(visit, title, "journal");
    if visit.request.headers.contains_key("x-partial-xhr") {
        return template::page(visit.language, &list);
    }
    let feeds = feed::links(visit, place(public), visit.t("Journal"))?;
    let feed_url = feeds.first().map(|feed| feed.url.clone());
    list.frame.feeds = feeds;
    let view = Journal {
        public,
        total: found.total as u64,
        filter: typed,
        filter_error,
        url: visit.url(place(public)).into(),
        feed_url: feed_url.unwrap_or_default(),
        list,
    };
    template::page(visit.language, &view)
}

/// A page of the journal; the last one where there are not so many.
fn page(
    visit: &Visit<'_>,
    filter: &JournalFilter,
    asked: usize,
) -> Result<(JournalPage, usize), Problem> {
    let skip = (asked - 1).saturating_mul(PAGE);
    let found = visit.model.journal(&visit.viewer, filter, skip, PAGE)?;
    let last = found.total.div_ceil(PAGE).max(1);
    if asked <= last {
        return Ok((found, asked));
    }
    let skip = (last - 1) * PAGE;
    let found = visit.model.journal(&visit.viewer, filter, skip, PAGE)?;
    Ok((found, last))
}

fn days(visit: &Visit<'_>, entries: &[JournalEntry]) -> Vec<JournalDay> {
    let mut days: Vec<JournalDay> = Vec::new();
    let mut last: Option<&str> = None;
    for entry in entries {
        let date = entry.date.to_civil().date().to_string();
        if days.last().is_none_or(|day| day.date != date) {
            days.push(JournalDay {
                date,
                runs: Vec::new(),
            });
            last = None;
        }
        let Some(day) = days.last_mut() else { continue };
        if last != Some(entry.username.as_str()) {
            last = Some(&entry.username);
            day.runs.push(JournalRun {
                person: person(entry),
                deleted: entry.user.is_none(),
                entries: Vec::new(),
            });
        }
        let said = say(visit, entry, "");
        if let Some(run) = day.runs.last_mut() {
            run.entries.push(JournalRow {
                icon: said.icon.to_owned(),
                text_html: said.html,
                changesets: said.changesets,
                more: said.more,
                more_count: said.more_count,
                range_url: said.range_url,
                when: words::when(entry.date.to_unix(), 0),
            });
        }
    }
    days
}

fn person(entry: &JournalEntry) -> Person {
    match &entry.user {
        Some(user) => words::user(user),
        None => Person {
            name: entry.username.clone(),
            full: entry.username.clone(),
            avatar_html: crate::pictures::of("", &entry.username),
        },
    }
}

fn feed(visit: &mut Visit<'_>, format: Format, public: bool) -> Answer {
    let typed = visit.query.trimmed("filter");
    let filter = match JournalFilter::parse(typed, &visit.viewer) {
        Ok(filter) => filter,
        Err(error) => {
            let sentence = not_understood(visit, &error);
            return Ok(Response::text(StatusCode::BAD_REQUEST, sentence));
        }
    };
    let found = visit.model.journal(&visit.viewer, &filter, 0, PAGE)?;
    let base = visit.base_url();
    // `base` already ends in the prefix that every address of ours begins with.
    let host = base
        .strip_suffix(visit.request.peer.script_name.as_str())
        .unwrap_or(&base);
    let kind = if public { "Public Journal" } else { "Journal" };
    let form = match format {
        Format::Atom => "atom",
        Format::Rss => "rss",
    };
    let title = format!("{} {kind} {form} feed", visit.settings.title);
    let state: String = found
        .entries
        .iter()
        .map(|entry| {
            format!(
                "{} {} {} {}:{} {:?}\n",
                entry.date,
                entry.username,
                entry.repository,
                entry.action,
                entry.parameters,
                entry.exists
            )
        })
        .collect();
    let newest = found.entries.first().map(|entry| entry.date.to_unix());
    let tag: [&[u8]; 3] = [state.as_bytes(), title.as_bytes(), base.as_bytes()];
    feed::answer(visit, format, &tag, newest, || {
        let entries = found.entries.iter().map(|entry| {
            let (said, description) = journal_words::feed(visit, entry, host);
            let person = person(entry);
            // Whoever reads without an account is told names, not addresses.
            let email = entry.user.as_ref().and_then(|user| user.email.clone());
            let email = email.filter(|_| visit.viewer.signed_in().is_some());
            let link = if entry.exists {
                format!(
                    "{base}/{}/changelog",
                    crate::path::encode(entry.repository.as_bytes())
                )
            } else {
                format!("{base}/{}", place(public))
            };
            Entry {
                title: format!("{} - {said}", person.full),
                link,
                description,
                author: person.full,
                email: email.unwrap_or_default(),
                time: entry.date.to_unix(),
            }
        });
        Ok(Feed {
            description: title.clone(),
            link: format!("{base}/{}/atom", place(public)),
            entries: entries.collect(),
            title: title.clone(),
        })
    })
}

/// What is wrong with a filter.
fn not_understood(visit: &Visit<'_>, error: &FilterError) -> String {
    match error {
        FilterError::Unbalanced => visit
            .t("The filter has a bracket or quote without its other half.")
            .to_owned(),
        FilterError::Missing(word) => {
            visit.tf("The filter lacks a word at '{word}'.", &[("word", word)])
        }
        FilterError::Date(word) => visit.tf(
            "'{word}' is no date. Write 20240131, 202401, 2024, today, yesterday or [20240101 TO 20240131].",
            &[("word", word)],
        ),
        FilterError::TooLong => visit.t("The filter is too long.").to_owned(),
    }
}
