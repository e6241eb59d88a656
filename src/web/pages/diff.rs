//! A diff as pages show it.

use render::diff::{Kind, Row};
use vcs::diff::{Hunk, LineKind, Operation};
use vcs::{Diff, DiffLimit, DiffOptions, FileDiff, Whitespace};

use crate::path::Url;
use crate::view::{DiffFile, DiffPair, DiffRow, DiffView};
use crate::visit::Visit;

const DEFAULT_CONTEXT: u32 = 3;
const MAX_CONTEXT: u32 = 10_000;
/// Without "show all", no more files than this are compared.
const MAX_FILES: usize = 1000;
/// Without "show all", no larger file than this is compared.
const MAX_BLOB: u64 = 8 * 1024 * 1024;
/// With more files than this, they start folded.
const OPEN_FILES: usize = 60;

/// The switches of a diff page, as the query string has them.
pub(super) struct Switches {
    context: u32,
    ignore_whitespace: bool,
    full: bool,
    side_by_side: bool,
}

impl Switches {
    pub(super) fn of(visit: &Visit<'_>) -> Self {
        let on = |name: &str| visit.query.get(name).is_some_and(|value| !value.is_empty());
        let context: i64 = visit
            .query
            .number("context")
            .unwrap_or(i64::from(DEFAULT_CONTEXT));
        Self {
            context: u32::try_from(context.max(0))
                .unwrap_or(MAX_CONTEXT)
                .min(MAX_CONTEXT),
            ignore_whitespace: on("ignorews"),
            full: on("fulldiff"),
            side_by_side: visit.query.get("view") == Some("split"),
        }
    }

    pub(super) fn options(&self, cut_off: usize) -> DiffOptions {
        let mut options = DiffOptions {
            context: self.context,
            limit: None,
            ..DiffOptions::default()
        };
        if self.ignore_whitespace {
            options.ignore_whitespace = Whitespace::All;
        }
        if !self.full {
            options.limit = Some(DiffLimit {
                files: MAX_FILES,
                blob_bytes: MAX_BLOB,
                text_bytes: cut_off as u64,
            });
        }
        options
    }

    /// The same page with one switch turned.
    fn url(&self, base: &Url, change: impl FnOnce(&mut Self)) -> String {
        let mut other = Self { ..*self };
        change(&mut other);
        let mut url = base.clone();
        if other.context != DEFAULT_CONTEXT {
            url = url.query("context", &other.context.to_string());
        }
        for (name, on, value) in [
            ("ignorews", other.ignore_whitespace, "1"),
            ("fulldiff", other.full, "1"),
            ("view", other.side_by_side, "split"),
        ] {
            if on {
                url = url.query(name, value);
            }
        }
        url.into()
    }
}

/// What the files of a diff are called and where they are.
pub(super) struct Sides<'a> {
    pub(super) repository: &'a str,
    pub(super) old: Option<&'a vcs::ChangesetId>,
    pub(super) new: &'a vcs::ChangesetId,
}

/// Makes the view; `base` is the page's own address without switches.
pub(super) fn view(
    visit: &Visit<'_>,
    diff: &Diff,
    switches: &Switches,
    base: &Url,
    sides: &Sides<'_>,
) -> DiffView {
    let (added, deleted) = diff.counts();
    let cut = diff.truncated_files > 0 || diff.files.iter().any(|file| file.truncated);
    let folded = diff.files.len() > OPEN_FILES;
    DiffView {
        files: diff
            .files
            .iter()
            .map(|file| file_view(visit, file, switches, base, sides, folded))
            .collect(),
        file_count: (diff.files.len() + diff.truncated_files) as u64,
        added,
        deleted,
        side_by_side: switches.side_by_side,
        unified_url: switches.url(base, |s| s.side_by_side = false),
        side_by_side_url: Some(switches.url(base, |s| s.side_by_side = true)),
        ignore_whitespace: switches.ignore_whitespace,
        whitespace_url: switches.url(base, |s| s.ignore_whitespace = !s.ignore_whitespace),
        context: switches.context,
        more_context_url: switches.url(base, |s| s.context = (s.context * 2).clamp(1, MAX_CONTEXT)),
        less_context_url: (switches.context > 0).then(|| switches.url(base, |s| s.context /= 2)),
        full_url: (cut && !switches.full).then(|| switches.url(base, |s| s.full = true)),
    }
}

fn file_view(
    visit: &Visit<'_>,
    file: &FileDiff,
    switches: &Switches,
    base: &Url,
    sides: &Sides<'_>,
    folded: bool,
) -> DiffFile {
    let path = file.path().to_string_lossy().into_owned();
    let id = render::diff::file_id(&sides.new.to_string(), file.path().as_bytes());
    let at = |page: &str, id: &vcs::ChangesetId, path: &vcs::RepoPath| {
        String::from(
            visit
                .url(sides.repository)
                .join(page)
                .join(id.to_string())
                .join(path.as_bytes()),
        )
    };
    let renamed = matches!(file.operation, Operation::Renamed | Operation::Copied);
    let rows = rows_of(&file.hunks);
    let message = if file.binary {
        Some("Binary file".to_owned())
    } else if rows.is_empty() && !file.truncated && switches.ignore_whitespace {
        Some("No changes besides white space".to_owned())
    } else {
        None
    };
    let (pairs, rows) = if switches.side_by_side {
        (pairs(&file.hunks), Vec::new())
    } else {
        (Vec::new(), rows)
    };
    DiffFile {
        anchor: render::diff::anchor_name(Some(&path)),
        old_path: file
            .old_path
            .as_ref()
            .filter(|_| renamed)
            .map(|path| path.to_string_lossy().into_owned()),
        operation: operation(file.operation).to_owned(),
        added: file.added,
        deleted: file.removed,
        notes: notes(file),
        rows,
        pairs,
        message,
        load_url: file
            .truncated
            .then(|| format!("{}#{id}", switches.url(base, |s| s.full = true))),
        old_url: file
            .old_path
            .as_ref()
            .zip(sides.old)
            .map(|(path, id)| at("files", id, path)),
        new_url: file
            .new_path
            .as_ref()
            .map(|path| at("files", sides.new, path)),
        folded,
        path,
        id,
        ..DiffFile::default()
    }
}

fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Added => "added",
        Operation::Removed => "removed",
        Operation::Modified | Operation::ModeChanged => "modified",
        Operation::Renamed => "renamed",
        Operation::Copied => "copied",
    }
}

/// What the lines do not tell.
fn notes(file: &FileDiff) -> Vec<String> {
    let mut notes = Vec::new();
    if let (Some(old), Some(new)) = (file.old_mode, file.new_mode)
        && old != new
    {
        notes.push(format!("mode {old:o} → {new:o}"));
    }
    if let Some(similarity) = file.similarity.filter(|similarity| *similarity < 100) {
        notes.push(format!("{similarity}% alike"));
    }
    notes
}

fn hunk_row(hunk: &Hunk) -> DiffRow {
    let head = format!(
        "@@ -{},{} +{},{} @@",
        hunk.old_start, hunk.old_len, hunk.new_start, hunk.new_len
    );
    let section = render::decode(&hunk.section);
    DiffRow {
        kind: "hunk".to_owned(),
        line_html: render::escape(format!("{head} {section}").trim_end()).into_owned(),
        ..DiffRow::default()
    }
}

/// The rows of a hunk, with a note behind each line that lacks its end.
fn lines(hunk: &Hunk) -> Vec<DiffRow> {
    let mut out = Vec::with_capacity(hunk.lines.len());
    for (row, line) in rendered(hunk).iter().zip(&hunk.lines) {
        out.push(row_view(row));
        if line.no_newline {
            out.push(note());
        }
    }
    out
}

fn rendered(hunk: &Hunk) -> Vec<Row> {
    let texts: Vec<_> = hunk
        .lines
        .iter()
        .map(|line| render::decode(&line.text))
        .collect();
    let lines: Vec<_> = hunk
        .lines
        .iter()
        .zip(&texts)
        .map(|(line, text)| {
            let kind = match line.kind {
                LineKind::Context => Kind::Unmodified,
                LineKind::Added => Kind::Added,
                LineKind::Removed => Kind::Removed,
            };
            (kind, line.old_no, line.new_no, text.trim_end_matches('\n'))
        })
        .collect();
    render::diff::hunk_rows(&lines)
}

fn row_view(row: &Row) -> DiffRow {
    let kind = match row.kind {
        Kind::Added => "add",
        Kind::Removed => "del",
        Kind::Unmodified | Kind::Context => "same",
    };
    DiffRow {
        kind: kind.to_owned(),
        old_no: row.old_no.map(u64::from),
        new_no: row.new_no.map(u64::from),
        line_html: row.html.clone(),
    }
}

/// The rows of hunks that are in no diff of a repository: the preview of an edit.
pub(super) fn rows_of(hunks: &[Hunk]) -> Vec<DiffRow> {
    let mut rows = Vec::new();
    for hunk in hunks {
        rows.push(hunk_row(hunk));
        rows.extend(lines(hunk));
    }
    rows
}

fn note() -> DiffRow {
    DiffRow {
        kind: "note".to_owned(),
        line_html: "\\ No newline at end of file".to_owned(),
        ..DiffRow::default()
    }
}

fn pairs(hunks: &[Hunk]) -> Vec<DiffPair> {
    let mut out = Vec::new();
    for hunk in hunks {
        out.push(DiffPair {
            left: Some(hunk_row(hunk)),
            right: None,
        });
        let rows = rendered(hunk);
        out.extend(
            render::diff::pair(&rows)
                .into_iter()
                .map(|(left, right)| DiffPair {
                    left: left.map(row_view),
                    right: right.map(row_view),
                }),
        );
        if hunk.lines.iter().any(|line| line.no_newline) {
            out.push(DiffPair {
                left: Some(note()),
                right: None,
            });
        }
    }
    out
}
