//! One file of a diff.

use std::collections::HashMap;
use std::ops::Range;

use render::diff::{Gap, Hunk, Kind, Line, Move, Page, Syntax, Words};
use vcs::diff::{Cut, LineKind, Operation};
use vcs::{Diff, FileDiff};

use super::{Names, OPEN_FILES, Shown, old_name, word};
use crate::i18n::Language;
use crate::path::Url;
use crate::problem::Problem;
use crate::template;
use crate::view::{DiffFile, DiffPiece};

/// Ends of names of files that browsers show as pictures.
const PICTURES: &[&str] = &[
    ".png", ".gif", ".jpg", ".jpeg", ".bmp", ".webp", ".svg", ".ico",
];

impl Shown {
    /// The piece of one file.
    pub(super) fn file(
        &mut self,
        diff: &Diff,
        at: usize,
        names: &Names,
    ) -> Result<String, Problem> {
        let Some(file) = diff.files.get(at) else {
            return Ok(String::new());
        };
        let path = file.path().to_string();
        let below = self.comments.of_file(file);
        let (body_html, message) = self.body(file, names, at, &below);
        self.comments.place(&below, &body_html);
        let picture = file.binary || path.ends_with(".svg");
        let lower = path.to_lowercase();
        let picture = picture && PICTURES.iter().any(|end| lower.ends_with(end));
        let image = |side, path: &Option<vcs::RepoPath>| {
            path.as_ref()
                .filter(|_| picture)
                .and_then(|path| self.at("raw", side, path))
        };
        let alone = |page: &str| self.alone(page, file);
        let form = |value: &str| alone("diff").map(|url| url.query("diff", value).into());
        let text = |url: Url| String::from(self.switches.added_to(url));
        let file = DiffFile {
            id: names.ids[at].clone(),
            // Continuous integration servers link to files by this form of their path.
            other_id: (!self.id.is_empty()
                && self.key.is_empty()
                && !path.contains(char::is_whitespace))
            .then(|| format!("CHANGE-{}", path.replace('/', "-")))
            .filter(|_| file.operation != Operation::Removed || file.new_path.is_none()),
            anchor: names.lines[at].clone(),
            old_path: old_name(file),
            operation: word(file.operation).to_owned(),
            added: file.added,
            deleted: file.removed,
            notes: self.notes(file),
            message,
            load_url: self.load_url(file, &names.ids[at]),
            old_url: file
                .old_path
                .as_ref()
                .and_then(|path| self.at("files", &self.old, path)),
            new_url: file
                .new_path
                .as_ref()
                .and_then(|path| self.at("files", &self.new, path)),
            raw_url: form("raw"),
            download_url: form("download"),
            full_url: alone("diff")
                .filter(|_| self.listed)
                .map(|url| text(url.query("diff", "diff").query("fulldiff", "1"))),
            two_way_url: alone("diff-2way").map(String::from),
            old_image_url: image(&self.old, &file.old_path),
            new_image_url: image(&self.new, &file.new_path),
            folded: self.listed && diff.files.len() > OPEN_FILES,
            body_html,
            path,
        };
        let view = DiffPiece {
            frame: self.fragment.clone(),
            file,
            side_by_side: self.switches.side_by_side,
        };
        template::html(self.language, &view)
    }

    /// The rows of a file that was left out, or the page that has them.
    fn load_url(&self, file: &FileDiff, id: &str) -> Option<String> {
        if !file.truncated || matches!(file.cut, Some(Cut::FileTooLarge(_)) if self.switches.full) {
            return None;
        }
        let mut switches = self.switches;
        switches.full = true;
        match self.alone("diff", file) {
            Some(url) if self.listed => Some(switches.added_to(url).into()),
            _ if self.switches.full => None,
            _ => Some(format!(
                "{}#{id}",
                String::from(switches.added_to(self.base.clone()))
            )),
        }
    }

    /// The rows of a file alone, for those who have the rest of the page.
    pub(in crate::pages) fn rows(&self, diff: &Diff, name: &str) -> String {
        let Some(file) = diff.files.first() else {
            return String::new();
        };
        let names = Names::of_one(name, file);
        let (html, message) = self.body(file, &names, 0, &HashMap::new());
        match message {
            Some(message) => format!(
                "<tr class=\"line context\"><td class=\"code note\"><pre>{}</pre></td></tr>",
                render::escape(&message)
            ),
            None => html,
        }
    }

    /// The rows of a file, or what is said in their place.
    fn body(
        &self,
        file: &FileDiff,
        names: &Names,
        at: usize,
        below: &HashMap<String, String>,
    ) -> (String, Option<String>) {
        let t = |message| Some(self.language.t(message).to_owned());
        let mut html = String::new();
        let name = &names.lines[at];
        let more = self.more(file, name);
        let facts = self.facts(file);
        let page = Page {
            name,
            facts: &facts,
            syntax: Syntax::of(&names.paths[at]),
            blanks: self.switches.blanks,
            context: self.switches.context,
            words: words(self.language),
            more: more.as_deref().map(|more| more as _),
            below,
        };
        let draw = if self.switches.side_by_side {
            render::diff::side_by_side
        } else {
            render::diff::unified
        };
        if file.hunks.is_empty() {
            draw(&mut html, &[], &page);
            let message = match file.cut {
                Some(Cut::FileTooLarge(size)) => Some(self.language.tf(
                    "This file is too large to be compared here ({size}).",
                    &[("size", &self.language.size(size))],
                )),
                Some(_) => t("This file's diff is long and was left out."),
                None if file.binary => t("Binary file"),
                None if self.switches.whitespace != vcs::Whitespace::Keep
                    && file.operation == Operation::Modified =>
                {
                    t("No changes besides white space")
                }
                None => match file.operation {
                    Operation::Added | Operation::Removed => t("Empty file"),
                    Operation::Modified => t("No changes detected"),
                    _ => t("The content is the same"),
                },
            };
            return (html, message);
        }
        let hunks = hunks(&file.hunks, |moved| {
            Some(Move {
                name: names.lines.get(moved.file)?,
                path: names.paths.get(moved.file)?,
                line: moved.line,
            })
        });
        draw(&mut html, &hunks, &page);
        (html, None)
    }

    /// What happened to a file besides its lines. Comments on such a row are found by its position, so there are as many as
    /// the original has, in its order.
    fn facts(&self, file: &FileDiff) -> Vec<String> {
        if file.truncated {
            return Vec::new();
        }
        let mut facts = Vec::new();
        match (file.old_mode, file.new_mode) {
            (None, Some(mode)) => facts.push(
                self.language
                    .tf("new file {mode}", &[("mode", &format!("{mode:06o}"))]),
            ),
            (Some(_), None) => facts.push(self.language.t("deleted file").to_owned()),
            (Some(old), Some(new)) if old != new => facts.push(self.language.tf(
                "modified file chmod {old} => {new}",
                &[
                    ("old", &format!("{old:06o}")),
                    ("new", &format!("{new:06o}")),
                ],
            )),
            _ => {}
        }
        if let (Some(old), Some(new)) = (old_name(file), &file.new_path) {
            let names: &[(&str, &dyn std::fmt::Display)] = &[("old", &old), ("new", new)];
            facts.push(if file.operation == Operation::Copied {
                self.language.tf("file copied from {old} to {new}", names)
            } else {
                self.language.tf("file renamed from {old} to {new}", names)
            });
        }
        if file.binary {
            facts.push(self.language.t("binary diff not shown").to_owned());
        }
        facts
    }

    /// How lines that are not shown are asked for.
    #[expect(
        clippy::type_complexity,
        reason = "a function that makes an address, and nothing else"
    )]
    pub(in crate::pages) fn more<'a>(
        &'a self,
        file: &FileDiff,
        name: &'a str,
    ) -> Option<Box<dyn Fn(Range<u32>, Gap) -> String + 'a>> {
        let both = file.old_path.is_some() && file.new_path.is_some();
        let url = self.alone("diff", file).filter(|_| both)?;
        let plain = render::diff::anchor_name(Some(&file.path().to_string_lossy()));
        let url = if plain == name {
            url
        } else {
            url.query("name", name)
        };
        let mut switches = self.switches;
        (switches.full, switches.context) = (true, 3);
        let base = switches.added_to(url);
        Some(Box::new(move |lines, gap| {
            let length = gap
                .length
                .map_or(String::new(), |length| length.to_string());
            let gap = format!("{}-{}-{length}", gap.old, gap.new);
            let url = base
                .clone()
                .query("lines", &format!("{}-{}", lines.start, lines.end))
                .query("gap", &gap);
            format!("{}#{name}_n{}", String::from(url), lines.start)
        }))
    }
}

/// The rows of hunks that are in no diff of a repository: the preview of an edit. `name` is the first part of the ids of lines.
pub(in crate::pages) fn rows_of(
    language: Language,
    path: &str,
    name: &str,
    of: &[vcs::diff::Hunk],
) -> String {
    let page = Page {
        name,
        facts: &[],
        syntax: Syntax::of(path),
        blanks: false,
        context: 3,
        words: words(language),
        more: None,
        below: &HashMap::new(),
    };
    let mut html = String::new();
    render::diff::unified(&mut html, &hunks(of, |_| None), &page);
    html
}

/// What the renderer is to draw.
fn hunks<'a>(
    of: &'a [vcs::diff::Hunk],
    place: impl Fn(vcs::diff::Moved) -> Option<Move<'a>>,
) -> Vec<Hunk<'a>> {
    let line = |line: &'a vcs::diff::Line| Line {
        kind: kind(line.kind),
        old_no: line.old_no,
        new_no: line.new_no,
        text: &line.text,
        changed: &line.changed,
        moved: line.moved.and_then(&place),
        no_newline: line.no_newline,
    };
    let hunk = |hunk: &'a vcs::diff::Hunk| Hunk {
        old: (hunk.old_start, hunk.old_len),
        new: (hunk.new_start, hunk.new_len),
        section: &hunk.section,
        lines: hunk.lines.iter().map(line).collect(),
    };
    of.iter().map(hunk).collect()
}

/// The words between the lines. The texts of a language live as long as the program.
pub(in crate::pages) fn words(language: Language) -> Words<'static> {
    Words {
        no_newline: language.t("No newline at end of file"),
        moved_to: language.t("Moved to {path}, line {line}"),
        moved_from: language.t("Moved from {path}, line {line}"),
        more: language.t("Show {n} more lines"),
        between: language.t("Show the {n} lines between"),
    }
}

fn kind(kind: LineKind) -> Kind {
    match kind {
        LineKind::Context => Kind::Unmodified,
        LineKind::Added => Kind::Added,
        LineKind::Removed => Kind::Removed,
    }
}
