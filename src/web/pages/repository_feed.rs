//! The feeds of a repository: its newest changesets.

use std::fmt::Write as _;

use model::ReadableRepository;
use render::escape;
use vcs::diff::Operation;
use vcs::{Changeset, Diff, DiffLimit, DiffOptions, LogQuery, Refs, Repository};

use crate::feed::{self, Entry, Feed, Format};
use crate::people::People;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::visit::Visit;
use crate::words;

/// How many bytes of a message an entry has.
const LONGEST_MESSAGE: usize = 64 << 10;
/// How much of a message is the title of its entry.
const TITLE: usize = 160;
/// More names of one changeset are not told.
const NAMES: usize = 100;
/// How many files of a changeset are listed.
const FILES: usize = 500;
/// And no more lines of them than this.
const LINES: u64 = 20_000;
/// Larger files are not compared for a feed.
const LARGEST: u64 = 1 << 20;

/// `GET /<repo>/feed/atom`, `GET /<repo>/feed/rss`
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, captures: &Captures) -> Answer {
    let format = Format::of(captures.text("format")?)
        .ok_or_else(|| Problem::NotFound("There are feeds in the forms atom and rss.".into()))?;
    let config = visit.model.config();
    let contents = visit.model.open_repository(repository)?;
    let page = contents.log(&LogQuery {
        limit: config.feed_entries,
        ..LogQuery::default()
    })?;
    let refs = contents.refs()?;
    let base = visit.base_url();
    let name = repository.name();
    let summary = format!("{base}/{}", crate::path::encode(name.as_bytes()));
    let title = format!("{} {name} feed", visit.settings.title);
    // Whatever an entry is made of: the changesets, the names that point at them, and how much is shown.
    let mut state = String::new();
    for changeset in &page.changesets {
        let labels = refs.labels(&changeset.id);
        // Writing to a String cannot fail.
        let _ = write!(
            state,
            "{} {:?} {:?} {:?}",
            changeset.id, labels.branches, labels.tags, labels.bookmarks
        );
    }
    let options = format!(
        "{} {} {}",
        config.feed_entries, config.feed_diffs, config.feed_cut_off_limit
    );
    let tag: [&[u8]; 4] = [
        state.as_bytes(),
        options.as_bytes(),
        title.as_bytes(),
        summary.as_bytes(),
    ];
    let newest = page.changesets.iter().map(|one| one.date.seconds).max();
    feed::answer(visit, format, &tag, newest, || {
        let people = People::find(visit, page.changesets.iter().map(|one| &one.author))?;
        let mut entries = Vec::with_capacity(page.changesets.len());
        for changeset in &page.changesets {
            let person = people.author(&changeset.author);
            let link = format!("{summary}/changeset/{}", changeset.id);
            entries.push(Entry {
                title: render::message::truncate(&changeset.message, TITLE).into_owned(),
                description: body(visit, &contents, &refs, changeset, &person.name, &link)?,
                link,
                // Readers of feeds know an author by the name that stands in the changeset.
                author: words::author(&changeset.author).name,
                email: words::author_email(&changeset.author),
                time: changeset.date.seconds,
            });
        }
        Ok(Feed {
            description: visit.tf("Changes on {name} repository", &[("name", &name)]),
            link: summary.clone(),
            title: title.clone(),
            entries,
        })
    })
}

/// One changeset as HTML.
fn body(
    visit: &Visit<'_>,
    contents: &Repository,
    refs: &Refs,
    changeset: &Changeset,
    person: &str,
    link: &str,
) -> Result<String, Problem> {
    let config = visit.model.config();
    let when = words::when_of(changeset.date);
    let mut out = format!("{} committed on {}<br/>", escape(person), when.exact);
    let mut line = |kind: &str, name: &str| {
        let _ = write!(out, "{kind}: {}<br/>", escape(name));
    };
    let labels = refs.labels(&changeset.id);
    match &changeset.branch {
        Some(branch) => line("branch", branch.as_str()),
        None => labels
            .branches
            .iter()
            .take(NAMES)
            .for_each(|branch| line("branch", branch.as_str())),
    }
    labels
        .bookmarks
        .iter()
        .take(NAMES)
        .for_each(|name| line("bookmark", name.as_str()));
    labels
        .tags
        .iter()
        .take(NAMES)
        .for_each(|name| line("tag", name.as_str()));
    let id = changeset.id.to_string();
    let _ = write!(
        out,
        "changeset: <a href=\"{}\">{}</a><pre>",
        escape(link),
        &id[..8]
    );
    out.push_str(&render::message::urlify(
        &render::message::beginning(&changeset.message, LONGEST_MESSAGE),
        &render::message::LinkContext {
            mentions: true,
            ..Default::default()
        },
    ));
    out.push('\n');
    let options = DiffOptions {
        limit: Some(DiffLimit {
            files: FILES,
            blob_bytes: LARGEST,
            text_bytes: config.feed_cut_off_limit as u64,
            lines: LINES,
        }),
        ..DiffOptions::default()
    };
    let (cut_off, with_diff) = (config.feed_cut_off_limit, config.feed_diffs);
    let parent = changeset.parents.first();
    // A feed is asked for every few minutes, and says about a changeset what it has said before.
    let rest = format!("{parent:?} {options:?} {cut_off} {with_diff}");
    let changes = contents.cached(visit.model.cache()).bytes(
        "feed-changes",
        1,
        &changeset.id,
        &[rest.as_bytes()],
        || {
            let diff = contents.diff(parent, &changeset.id, &options)?;
            changes(&diff, with_diff.then_some(cut_off)).map(String::into_bytes)
        },
    )?;
    out.push_str(&String::from_utf8_lossy(&changes));
    out.push_str("</pre>");
    Ok(out)
}

/// Which files a changeset touches, and its diff up to so many bytes, as HTML.
fn changes(diff: &Diff, text_bytes: Option<usize>) -> Result<String, Problem> {
    let mut out = String::new();
    for file in diff.files.iter().take(FILES) {
        let _ = write!(
            out,
            "\n {} {} ({} lines added, {} lines removed)",
            operation(file.operation),
            escape(&file.path().to_string()),
            file.added,
            file.removed,
        );
    }
    let left_out = diff.files.iter().any(|file| file.cut.is_some());
    if diff.files.len() > FILES || left_out {
        out.push_str("\n Changeset was too big and was cut off...");
    }
    if let Some(most) = text_bytes {
        let mut text = Vec::new();
        diff.to_unified(&mut text)
            .map_err(|error| Problem::Internal(format!("a diff in a feed: {error}")))?;
        text.truncate(most);
        out.push_str("\n\n");
        out.push_str(&escape(&render::decode(&text)));
    }
    Ok(out)
}

/// What happened to a file, in the words of the original.
fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Added => "added",
        Operation::Removed => "removed",
        Operation::Renamed => "renamed",
        Operation::Modified | Operation::Copied | Operation::ModeChanged => "modified",
    }
}
