//! The difference between two states of one file.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use http::StatusCode;
use http::header::CONTENT_DISPOSITION;
use model::ReadableRepository;
use render::diff::{Gap, Page, Syntax};
use vcs::diff::{LineKind, Operation};
use vcs::{ChangesetId, Diff, DiffOptions, NodeError, NodeKind, RepoPath, Repository};

use super::changeset_text::plain;
use super::diff::{self, PLACE, Shown, Side, Switches};
use super::{raw, revision};
use crate::frame;
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::FileDiffPage;
use crate::visit::Visit;
use crate::words;

/// So many lines are shown at a time of what stands around.
const MOST_LINES: u32 = 2_000;
/// Of larger files no lines around are shown.
const LARGEST: u64 = 32 << 20;

/// `GET /<repo>/diff/<path>?diff1=&diff2=`
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, captures: &Captures) -> Answer {
    let switches = Switches::of(&visit.query);
    answer(visit, repository, captures, switches, "diff")
}

/// `GET /<repo>/diff-2way/<path>?diff1=&diff2=`: the same in two columns.
pub fn two_way(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
) -> Answer {
    let mut switches = Switches::of(&visit.query);
    switches.side_by_side = true;
    answer(visit, repository, captures, switches, "diff-2way")
}

fn answer(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    captures: &Captures,
    mut switches: Switches,
    page: &str,
) -> Answer {
    let name = repository.name();
    let contents = visit.model.open_repository(repository)?;
    let path = revision::path(captures.bytes("f_path"))?;
    let set = |name: &str| visit.query.get(name).filter(|value| !value.is_empty());
    let new_text = visit.query.get("diff2").unwrap_or_default();
    let old_text = set("diff1").unwrap_or(new_text);
    let (old, new) = (side(&contents, old_text)?, side(&contents, new_text)?);

    if set("show_rev").is_some() {
        let annotate =
            matches!(set("annotate"), Some(value) if !matches!(value, "0" | "False" | "false"));
        let id = old
            .or(new)
            .map_or_else(|| "tip".to_owned(), |id| id.to_string());
        let page = if annotate { "annotate" } else { "files" };
        let url = visit.url(name).join(page).join(id).join(path.as_bytes());
        return Ok(visit.redirect(&String::from(url)));
    }
    let (there_old, there_new) = (
        kind(&contents, old.as_ref(), &path)?,
        kind(&contents, new.as_ref(), &path)?,
    );
    if let (Some(NodeKind::Directory), _) | (_, Some(NodeKind::Directory)) =
        (&there_old, &there_new)
    {
        let id = new
            .or(old)
            .map_or_else(|| "tip".to_owned(), |id| id.to_string());
        let url = visit.url(name).join("files").join(id).join(path.as_bytes());
        return Ok(visit.redirect(&String::from(url)));
    }
    let pair = Pair {
        contents,
        old,
        new,
        path,
    };
    match visit.query.get("diff") {
        Some("raw") => return Ok(plain(pair.text(&switches)?)),
        Some("download") => {
            // Named as in the address: scripts ask with full ids and look for the file under them.
            let file = raw::attached(format!("{old_text}_vs_{new_text}.diff").as_bytes());
            let response = plain(pair.text(&switches)?);
            return Ok(response.with(CONTENT_DISPOSITION, words::header(&file)?));
        }
        _ => {}
    }
    let mut base = visit.url(name).join(page).join(pair.path.as_bytes());
    base = base.query("diff1", old_text).query("diff2", new_text);
    let sides = (
        Side::new(name, pair.old.as_ref()),
        Side::new(name, pair.new.as_ref()),
    );
    let partial = visit.request.headers.contains_key("x-partial-xhr");
    let lines = set("lines").map(str::to_owned);
    if lines.is_some() && !partial {
        // Without a script the whole file is shown, and the link leads to the place.
        switches = switches.with_everything();
    }
    let mut shown = Shown::new(visit, switches, base, sides.0, sides.1, "");
    shown.listed = false;
    if partial {
        return match lines {
            Some(lines) => around(visit, &pair, &shown, &lines),
            None => {
                let diff = pair.diff(&switches.options(usize::MAX))?;
                let name = line_name(visit, &pair.path);
                Ok(fragment(shown.rows(&diff, &name)))
            }
        };
    }
    // Without any changeset there is nothing to look for, and no difference.
    let asked = pair.old.is_some() || pair.new.is_some();
    if asked && there_old.is_none() && there_new.is_none() {
        return Err(Problem::NotFound(visit.tf(
            "There is no file {path} at either of the two changesets",
            &[("path", &pair.path)],
        )));
    }
    let short = |id: Option<ChangesetId>| words::short(visit, &id.unwrap_or(ChangesetId::NULL));
    let link = |id: Option<ChangesetId>| id.map(|id| words::changeset_url(visit, name, &id));
    let view = FileDiffPage {
        repo: frame::repository(visit, repository, false, "files")?,
        path: pair.path.to_string(),
        old: short(pair.old),
        old_url: link(pair.old),
        new: short(pair.new),
        new_url: link(pair.new),
        diff_html: PLACE.to_owned(),
        frame: frame::frame(
            visit,
            visit.tf(
                "{repository} File diff - {path}",
                &[("repository", &name), ("path", &pair.path)],
            ),
            "repositories",
        ),
    };
    let html = template::html(visit.language, &view)?;
    let mut options = switches.options(visit.model.config().cut_off_limit);
    if let Some(limit) = options.limit.as_mut().filter(|_| !switches.full) {
        limit.blob_bytes = limit.text_bytes;
    }
    let cache = visit.model.cache();
    let (contents, old, new) = (Arc::clone(&pair.contents), pair.old, pair.new);
    let path = [pair.path.clone()];
    let drawn = shown.kept(
        cache,
        &options.clone(),
        |most| match (&old, &new) {
            (old, Some(new)) => contents.diff_weight(old.as_ref(), new, &path, most),
            (Some(old), None) => contents.diff_weight(None, old, &path, most),
            (None, None) => Ok(0),
        },
        move || pair.diff(&options),
    )?;
    diff::page(visit.language, &html, drawn.pieces, drawn.patience)
}

/// Two states of a file.
struct Pair {
    contents: Arc<Repository>,
    old: Option<ChangesetId>,
    new: Option<ChangesetId>,
    path: RepoPath,
}

impl Pair {
    fn diff(&self, options: &DiffOptions) -> Result<Diff, Problem> {
        let options = DiffOptions {
            paths: vec![self.path.clone()],
            ..options.clone()
        };
        match (&self.old, &self.new) {
            (old, Some(new)) => Ok(self.contents.diff(old.as_ref(), new, &options)?),
            (Some(old), None) => Ok(turned(self.contents.diff(None, old, &options)?)),
            (None, None) => Ok(Diff {
                kind: self.contents.kind(),
                files: Vec::new(),
                complete: true,
                truncated_files: 0,
            }),
        }
    }

    fn text(&self, switches: &Switches) -> Result<Vec<u8>, Problem> {
        let mut options = switches.text_options();
        options.binary_content = true;
        let mut out = Vec::new();
        self.diff(&options)?
            .to_unified(&mut out)
            .map_err(|error| Problem::Internal(format!("diff of {}: {error}", self.path)))?;
        Ok(out)
    }
}

/// One side as the query string has it: nothing, `None` and zeros are the empty state.
fn side(contents: &Repository, text: &str) -> Result<Option<ChangesetId>, Problem> {
    let zeros = matches!(text.len(), 12 | 40) && text.bytes().all(|byte| byte == b'0');
    if text.is_empty() || text == "None" || zeros {
        return Ok(None);
    }
    revision::resolve(contents, text).map(Some)
}

/// What lies at the path on one side.
fn kind(
    contents: &Repository,
    id: Option<&ChangesetId>,
    path: &RepoPath,
) -> Result<Option<NodeKind>, Problem> {
    let Some(id) = id else { return Ok(None) };
    match contents.node(id, path) {
        Ok(node) => Ok(Some(node.kind)),
        Err(NodeError::Read(error)) => Err(error.into()),
        Err(_) => Ok(None),
    }
}

/// The same difference the other way round, of files that are new: all of them go.
pub(super) fn turned(mut diff: Diff) -> Diff {
    for file in &mut diff.files {
        file.old_path = file.new_path.take();
        file.operation = Operation::Removed;
        std::mem::swap(&mut file.old_mode, &mut file.new_mode);
        std::mem::swap(&mut file.old_id, &mut file.new_id);
        std::mem::swap(&mut file.added, &mut file.removed);
        if let Some(content) = &mut file.binary_content {
            std::mem::swap(&mut content.old, &mut content.new);
        }
        for hunk in &mut file.hunks {
            std::mem::swap(&mut hunk.old_start, &mut hunk.new_start);
            std::mem::swap(&mut hunk.old_len, &mut hunk.new_len);
            for line in &mut hunk.lines {
                std::mem::swap(&mut line.old_no, &mut line.new_no);
                line.kind = LineKind::Removed;
            }
        }
    }
    diff
}

/// The first part of the ids of lines: that of the path, or another one that the page uses.
fn line_name(visit: &Visit<'_>, path: &RepoPath) -> String {
    let plain = render::diff::anchor_name(Some(&path.to_string_lossy()));
    match visit.query.get("name") {
        Some(name) if render::diff::anchor_name(Some(name)) == name => name.to_owned(),
        _ => plain,
    }
}

/// Lines that a diff does not show, as rows that a script puts in.
fn around(visit: &Visit<'_>, pair: &Pair, shown: &Shown, lines: &str) -> Answer {
    let bad = || Problem::BadRequest("lines=FROM-TO and gap=OLD-NEW-LENGTH are numbers".into());
    let number = |text: &str| {
        text.parse::<u32>()
            .ok()
            .filter(|n| (1..1 << 30).contains(n))
    };
    let (from, to) = lines.split_once('-').ok_or_else(bad)?;
    let shown_lines: Range<u32> = number(from).ok_or_else(bad)?..number(to).ok_or_else(bad)?;
    let mut gap = visit.query.get("gap").unwrap_or_default().splitn(3, '-');
    let mut part = || gap.next().unwrap_or_default();
    let (old, new, length) = (number(part()), number(part()), part());
    let gap = Gap {
        old: old.ok_or_else(bad)?,
        new: new.ok_or_else(bad)?,
        length: match length {
            "" => None,
            length => Some(number(length).ok_or_else(bad)?),
        },
    };
    let count = shown_lines.end.saturating_sub(shown_lines.start);
    if shown_lines.start < gap.new || count == 0 || count > MOST_LINES {
        return Err(bad());
    }
    let id = pair.new.ok_or_else(bad)?;
    let file = pair.contents.file_up_to(&id, &pair.path, LARGEST)?;
    let all = file.data.split_inclusive(|byte| *byte == b'\n');
    let chosen: Vec<&[u8]> = all
        .skip(shown_lines.start as usize - 1)
        .take(count as usize)
        .map(|line| line.strip_suffix(b"\n").unwrap_or(line))
        .collect();
    let name = line_name(visit, &pair.path);
    let path = pair.path.to_string_lossy();
    let diff = pair.diff(&DiffOptions {
        names_only: true,
        ..DiffOptions::default()
    })?;
    let more = diff.files.first().and_then(|file| shown.more(file, &name));
    let page = Page {
        name: &name,
        facts: &[],
        syntax: Syntax::of(&path),
        blanks: shown.switches.blanks,
        context: shown.switches.context,
        words: diff::words(visit.language),
        more: more.as_deref().map(|more| more as _),
        below: &HashMap::new(),
    };
    let mut html = String::new();
    let two = shown.switches.side_by_side;
    render::diff::unchanged(&mut html, &chosen, shown_lines, gap, two, &page);
    Ok(fragment(html))
}

/// Rows of a table, for a script to put into one.
fn fragment(rows: String) -> Response {
    Response::html(StatusCode::OK, rows)
}
