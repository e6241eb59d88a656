//! What a merge did itself, compared with all of its parents at once.

use render::diff::{CombinedLine, Kind};
use vcs::diff::{CombinedDiff, CombinedFile, LineKind};

use super::Shown;
use crate::problem::Problem;
use crate::template;
use crate::view::{DiffEntry, DiffFile, DiffHead, DiffPiece};

/// The pieces of such a diff.
pub(in crate::pages) fn combined(
    shown: Shown,
    make: impl FnOnce() -> Result<CombinedDiff, Problem> + Send + 'static,
) -> impl Iterator<Item = Result<String, Problem>> + Send + 'static {
    std::iter::once_with(move || {
        let diff = make()?;
        let mut out = head(&shown, &diff)?;
        for file in &diff.files {
            out.push_str(&one(&shown, file)?);
        }
        out.push_str(&shown.foot()?);
        Ok(out)
    })
}

fn id(shown: &Shown, file: &CombinedFile) -> String {
    render::diff::file_id(&shown.id, file.path.as_bytes())
}

fn head(shown: &Shown, diff: &CombinedDiff) -> Result<String, Problem> {
    let (switches, base) = (&shown.switches, &shown.base);
    let entries = diff.files.iter().map(|file| DiffEntry {
        id: id(shown, file),
        letter: "M".to_owned(),
        operation: "modified".to_owned(),
        path: file.path.to_string(),
        ..DiffEntry::default()
    });
    let view = DiffHead {
        frame: shown.fragment.clone(),
        listed: true,
        file_count: diff.files.len() as u64,
        context: switches.context,
        more_context_url: switches.url(base, super::Switches::more_context),
        less_context_url: (switches.context > 0).then(|| switches.url(base, |s| s.context /= 2)),
        entries: entries.collect(),
        ..DiffHead::default()
    };
    template::html(shown.language, &view)
}

fn one(shown: &Shown, file: &CombinedFile) -> Result<String, Problem> {
    let anchor = render::diff::anchor_name(Some(&file.path.to_string_lossy()));
    let mut body_html = String::new();
    for (at, hunk) in file.hunks.iter().enumerate() {
        if at > 0 {
            body_html.push_str(
                "<tr class=\"line context\"><td class=\"lineno\" colspan=\"99\">…</td></tr>\n",
            );
        }
        let marks: Vec<Vec<Kind>> = hunk
            .lines
            .iter()
            .map(|line| line.marks.iter().map(|mark| kind(*mark)).collect())
            .collect();
        let lines = hunk
            .lines
            .iter()
            .zip(&marks)
            .map(|(line, marks)| CombinedLine {
                marks,
                old_no: &line.old_no,
                new_no: line.new_no,
                text: &line.text,
            });
        render::diff::combined(&mut body_html, &anchor, &lines.collect::<Vec<_>>());
    }
    let file = DiffFile {
        id: id(shown, file),
        anchor,
        operation: "modified".to_owned(),
        message: file
            .binary
            .then(|| shown.language.t("Binary file").to_owned()),
        new_url: shown.at("files", &shown.new, &file.path),
        body_html,
        path: file.path.to_string(),
        ..DiffFile::default()
    };
    let view = DiffPiece {
        frame: shown.fragment.clone(),
        file,
        side_by_side: false,
    };
    template::html(shown.language, &view)
}

fn kind(kind: LineKind) -> Kind {
    match kind {
        LineKind::Context => Kind::Unmodified,
        LineKind::Added => Kind::Added,
        LineKind::Removed => Kind::Removed,
    }
}
