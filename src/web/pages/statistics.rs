//! Statistics of a repository, and the parts of them that the summary shows.
//!
//! Counting may take seconds, so no page waits for it: it is done after an answer has gone out, and the page asks again.

use http::StatusCode;
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use model::ReadableRepository;
use model::statistics::{HistoryFacts, TreeFacts};
use vcs::Repository;

use crate::frame;
use crate::people::People;
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{AuthorShare, Chart, ChartRow, Language, Statistics, SummaryFacts};
use crate::visit::Visit;

/// Days of the chart of days, and of the chart of weeks on the summary.
const DAYS: i64 = 90;
const WEEKS: i64 = 52;
/// Columns of a chart at most; a longer time has wider ones.
const COLUMNS: usize = 240;
/// Columns of an author's chart.
const AUTHOR_COLUMNS: usize = 60;
/// Languages that the bar of the summary shows.
const LANGUAGES: usize = 6;

/// `GET /<repo>/statistics`, and with `part=summary` what the summary shows of it
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, _: &Captures) -> Answer {
    let contents = visit.model.open_repository(repository)?;
    if visit.query.get("part") == Some("summary") {
        return Ok(match summary(visit, repository, &contents)? {
            Some(facts) => template::page(visit.language, &facts)?,
            None => {
                count_later(visit, repository);
                Response::text(StatusCode::ACCEPTED, "")
            }
        });
    }
    let enabled = repository.row().statistics;
    let name = repository.name();
    let empty = contents.is_empty()?;
    let known = if enabled {
        known(visit, repository, &contents)?
    } else {
        None
    };
    if enabled && known.is_none() && !empty {
        count_later(visit, repository);
    }
    let mut view = Statistics {
        repo: frame::repository(visit, repository, empty, "summary")?,
        enabled,
        settings_url: repository
            .administrable()
            .map(|_| visit.url(name).join("settings").into()),
        load_url: (!empty).then(|| {
            visit
                .url(name)
                .join("statistics")
                .query("part", "summary")
                .into()
        }),
        frame: frame::frame(visit, format!("{name} Statistics"), "repositories"),
        ..Statistics::default()
    };
    if let Some((tree, history)) = known {
        fill(visit, &mut view, tree, &history)?;
    }
    template::page(visit.language, &view)
}

/// `GET /<repo>/repo_size`, `POST /<repo>/repo_size`: the sum of the sizes of all files, for scripts of people with a name.
pub fn size(visit: &mut Visit<'_>, repository: &ReadableRepository, _: &Captures) -> Answer {
    visit.user()?;
    let asked_by = visit.request.headers.get("x-requested-with");
    if !asked_by.is_some_and(|by| by.as_bytes().eq_ignore_ascii_case(b"XMLHttpRequest")) {
        return Err(Problem::BadRequest(
            "This address answers to scripts (X-Requested-With).".into(),
        ));
    }
    let contents = visit.model.open_repository(repository)?;
    let bytes = match contents.landing(&repository.row().landing_revision)? {
        Some(id) => visit.model.tree_facts(&contents, &id)?.bytes,
        None => 0,
    };
    Ok(Response::json(&visit.language.size_decimal(bytes).into()))
}

/// Counts after this answer has gone out.
pub(super) fn count_later(visit: &mut Visit<'_>, repository: &ReadableRepository) {
    let repository = repository.clone();
    visit.later.push(Box::new(move |model| {
        let history = repository.row().statistics;
        if let Err(error) = model.count(&repository, history) {
            tracing::warn!("statistics: {error}");
        }
    }));
}

/// The files and changesets, when both have been counted.
fn known(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    contents: &Repository,
) -> Result<Option<(TreeFacts, HistoryFacts)>, Problem> {
    let Some(id) = contents.landing(&repository.row().landing_revision)? else {
        return Ok(None);
    };
    let Some(tree) = visit.model.known_tree_facts(contents, &id) else {
        return Ok(None);
    };
    let history = visit.model.known_history_facts(contents)?;
    Ok(history.map(|history| (tree, history)))
}

/// What the summary shows; none when it has not been counted yet.
pub(super) fn summary(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    contents: &Repository,
) -> Result<Option<SummaryFacts>, Problem> {
    if !repository.row().statistics {
        return Ok(Some(SummaryFacts::default()));
    }
    let Some((tree, history)) = known(visit, repository, contents)? else {
        return Ok(None);
    };
    let today = Timestamp::now().as_second().div_euclid(86_400);
    let week = today.div_euclid(7);
    let mut weeks = vec![0; usize::try_from(WEEKS).unwrap_or(0)];
    let mut sum = 0;
    for &(day, count) in &history.days {
        let age = week - day.div_euclid(7);
        if (0..WEEKS).contains(&age) {
            sum += count;
            let at = usize::try_from(WEEKS - 1 - age).unwrap_or(0);
            weeks[at] += count;
        }
    }
    Ok(Some(SummaryFacts {
        languages: languages(visit, &tree, LANGUAGES),
        activity_html: if history.total > 0 {
            render::chart::columns(&weeks)
        } else {
            String::new()
        },
        activity: visit.tn(
            "{n} changeset in the last year",
            "{n} changesets in the last year",
            sum,
            &[],
        ),
        statistics_url: Some(visit.url(repository.name()).join("statistics").into()),
    }))
}

fn fill(
    visit: &Visit<'_>,
    view: &mut Statistics,
    tree: TreeFacts,
    history: &HistoryFacts,
) -> Result<(), Problem> {
    let percent = history.counted as f64 * 100.0 / history.total.max(1) as f64;
    view.gathered = Some(visit.language.decimal(percent, 2));
    view.total = visit.tn("{n} changeset", "{n} changesets", history.total, &[]);
    view.months = months(visit, &history.days);
    view.days = days(visit, &history.days);
    view.languages = languages(visit, &tree, usize::MAX);
    view.files = Some(format!(
        "{}, {}",
        visit.tn("{n} file", "{n} files", tree.files, &[]),
        visit.language.size_decimal(tree.bytes)
    ));
    let authors: Vec<_> = history
        .authors
        .iter()
        .map(|author| vcs::Person::parse(&author.raw))
        .collect();
    let people = People::find(visit, &authors)?;
    let span = history.days.first().zip(history.days.last());
    let (first, last) = span.map_or((0, 0), |(first, last)| {
        (first.0.div_euclid(7), last.0.div_euclid(7))
    });
    view.author_count = history.author_count;
    view.authors = history
        .authors
        .iter()
        .zip(&authors)
        .map(|(facts, author)| AuthorShare {
            person: people.author(author),
            changesets: facts.changesets,
            percent: visit.language.decimal(
                facts.changesets as f64 * 100.0 / history.counted.max(1) as f64,
                1,
            ),
            first: date(facts.first),
            last: date(facts.last),
            columns_html: render::chart::columns(&spread(
                &facts.weeks,
                first,
                last,
                AUTHOR_COLUMNS,
            )),
        })
        .collect();
    Ok(())
}

/// Sums values over a span into so many columns at most.
fn spread(values: &[(i64, u64)], first: i64, last: i64, columns: usize) -> Vec<u64> {
    let length = u64::try_from(last.saturating_sub(first)).unwrap_or(0) + 1;
    let columns = usize::try_from(length).unwrap_or(columns).min(columns);
    let mut sums = vec![0; columns];
    for &(at, value) in values {
        let Ok(offset) = u64::try_from(at.saturating_sub(first)) else {
            continue;
        };
        let column = u128::from(offset) * columns as u128 / u128::from(length);
        if let Some(sum) = usize::try_from(column)
            .ok()
            .and_then(|column| sums.get_mut(column))
        {
            *sum += value;
        }
    }
    sums
}

/// All changesets by month; by more than one month where these are very many.
fn months(visit: &Visit<'_>, days: &[(i64, u64)]) -> Chart {
    let month = |day: i64| {
        let date = civil(day);
        i64::from(date.year()) * 12 + i64::from(date.month()) - 1
    };
    let mut sums: Vec<(i64, u64)> = Vec::new();
    for &(day, count) in days {
        let month = month(day);
        match sums.last_mut() {
            Some((last, sum)) if *last == month => *sum += count,
            _ => sums.push((month, count)),
        }
    }
    let label = |month: i64| {
        format!(
            "{:04}-{:02}",
            month.div_euclid(12),
            month.rem_euclid(12) + 1
        )
    };
    let (Some(first), Some(last)) = (sums.first(), sums.last()) else {
        return Chart::default();
    };
    // A year at least, so that a young repository does not show one column as wide as the page.
    let first = first.0.min(last.0 - 11);
    let values = spread(&sums, first, last.0, COLUMNS);
    Chart {
        title: visit.t("Changesets by month").to_owned(),
        most: values.iter().copied().max().unwrap_or(0),
        columns_html: render::chart::columns(&values),
        from: label(first),
        to: label(last.0),
        rows: rows(&sums, label),
    }
}

/// The days before the newest changeset.
fn days(visit: &Visit<'_>, days: &[(i64, u64)]) -> Chart {
    let Some(&(newest, _)) = days.last() else {
        return Chart::default();
    };
    let first = newest - DAYS + 1;
    let recent: Vec<(i64, u64)> = days
        .iter()
        .copied()
        .filter(|(day, _)| *day >= first)
        .collect();
    let values = spread(&recent, first, newest, COLUMNS);
    Chart {
        title: visit.t("Changesets by day").to_owned(),
        most: values.iter().copied().max().unwrap_or(0),
        columns_html: render::chart::columns(&values),
        from: date(first),
        to: date(newest),
        rows: rows(&recent, date),
    }
}

/// The newest values as a table.
fn rows(values: &[(i64, u64)], label: impl Fn(i64) -> String) -> Vec<ChartRow> {
    values
        .iter()
        .rev()
        .take(COLUMNS)
        .map(|&(at, value)| ChartRow {
            label: label(at),
            value,
        })
        .collect()
}

/// Languages with their shares of all bytes that are written in one; those beyond `most` together as one.
pub(super) fn languages(visit: &Visit<'_>, tree: &TreeFacts, most: usize) -> Vec<Language> {
    let sum: u64 = tree.languages.iter().map(|language| language.1).sum();
    if sum == 0 {
        return Vec::new();
    }
    let percent = |bytes: u64| (bytes as f64 * 1000.0 / sum as f64).round() / 10.0;
    let shown = tree.languages.iter().take(most);
    let mut languages: Vec<Language> = Vec::new();
    let mut start = 0.0;
    let mut add = |name: String, bytes: u64, files: u64| {
        let percent = percent(bytes);
        languages.push(Language {
            name,
            percent,
            share: visit.language.decimal(percent, 1),
            start: f64::round(start * 10.0) / 10.0,
            files,
        });
        start += percent;
    };
    for (name, bytes, files) in shown {
        add(name.clone(), *bytes, *files);
    }
    let rest: (u64, u64) = tree
        .languages
        .iter()
        .skip(most)
        .fold((0, 0), |sum, one| (sum.0 + one.1, sum.1 + one.2));
    if rest.1 > 0 {
        add(visit.t("Other").to_owned(), rest.0, rest.1);
    }
    languages
}

fn civil(day: i64) -> Date {
    let epoch = Date::constant(1970, 1, 1);
    Span::new()
        .try_days(day)
        .and_then(|days| epoch.checked_add(days))
        .unwrap_or(if day < 0 { Date::MIN } else { Date::MAX })
}

fn date(day: i64) -> String {
    civil(day).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_spread_over_columns() {
        assert_eq!(spread(&[(5, 1), (6, 2), (8, 3)], 5, 8, 10), [1, 2, 0, 3]);
        assert_eq!(spread(&[(5, 1), (6, 2), (8, 3)], 5, 8, 2), [3, 3]);
        assert_eq!(spread(&[], 0, 0, 10), [0]);
        assert_eq!(spread(&[(i64::MIN, 1), (i64::MAX, 1)], 0, 1, 4), [0, 0]);
    }

    #[test]
    fn days_beyond_the_calendar_are_its_ends() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(-1), "1969-12-31");
        assert_eq!(date(19_753), "2024-01-31");
        // A calendar does not end where a number of 32 bits does.
        for far in [i64::MIN, i64::MAX, 1 << 40, 10_000_000, -10_000_000] {
            assert!(!date(far).is_empty());
        }
    }
}
