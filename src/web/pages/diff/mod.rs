//! Diffs as pages show them.
//!
//! A page describes its diff by a [`Shown`]: what is compared, how, and where links lead. [`Shown::draw`] turns it into pieces of HTML, one
//! for the head with the list of files and one for each file, that [`page`] sends one after the other.

mod combined;
mod comments;
mod file;
mod kept;
mod stream;
mod switches;

use std::collections::HashMap;

use vcs::diff::Operation;
use vcs::{ChangesetId, Diff, FileDiff, RepoPath, Whitespace};

pub(super) use combined::combined;
pub(super) use comments::Comments;
pub(super) use file::{rows_of, words};
pub(super) use stream::{PLACE, page};
pub(super) use switches::Switches;

use crate::i18n::Language;
use crate::path::Url;
use crate::problem::Problem;
use crate::static_files;
use crate::template;
use crate::view::{DiffEntry, DiffHead, Fragment, Tab};
use crate::visit::Visit;

/// With more files than this, they start folded.
const OPEN_FILES: usize = 60;

/// One end of a comparison.
#[derive(Debug, Clone)]
pub(super) struct Side {
    /// The full name of the repository.
    pub repository: String,
    /// The changeset; none for the empty state.
    pub id: Option<ChangesetId>,
}

impl Side {
    pub(super) fn new(repository: &str, id: Option<&ChangesetId>) -> Self {
        Self {
            repository: repository.to_owned(),
            id: id.copied(),
        }
    }
}

/// What is shown of a diff, and how. It owns what it needs: it is drawn when the request is gone.
pub(super) struct Shown {
    pub language: Language,
    pub fragment: Fragment,
    pub script_name: String,
    pub switches: Switches,
    /// The page's own address without switches.
    pub base: Url,
    pub old: Side,
    pub new: Side,
    /// The changeset in the ids of files; empty where two are compared.
    pub id: String,
    /// What tells it from other diffs on the page; goes before the ids of lines.
    pub key: String,
    /// Whether there is a list of files above them.
    pub listed: bool,
    /// What is said about it.
    pub comments: Comments,
    /// Whether what stands below the files is drawn with them.
    pub footed: bool,
}

impl Shown {
    pub(super) fn new(
        visit: &Visit<'_>,
        switches: Switches,
        base: Url,
        old: Side,
        new: Side,
        id: &str,
    ) -> Self {
        let script_name = visit.request.peer.script_name.clone();
        Self {
            language: visit.language,
            fragment: Fragment {
                assets: static_files::assets(&script_name, visit.language),
            },
            script_name,
            switches,
            base,
            old,
            new,
            id: id.to_owned(),
            key: String::new(),
            listed: true,
            comments: Comments::default(),
            footed: true,
        }
    }

    /// The pieces of a diff that is made when the first of them is wanted.
    pub(super) fn draw(
        self,
        make: impl FnOnce() -> Result<Diff, Problem> + Send + 'static,
    ) -> impl Iterator<Item = Result<String, Problem>> + Send + 'static {
        let mut stage = Stage::Begin(Box::new(self), Some(Box::new(make)));
        std::iter::from_fn(move || {
            let (piece, next) = match std::mem::replace(&mut stage, Stage::End) {
                Stage::Begin(mut shown, make) => match make.map_or_else(
                    || Err(Problem::Internal("a diff is drawn twice".into())),
                    |make| make(),
                ) {
                    Ok(diff) => {
                        let names = Names::of(&diff, &shown.id, &shown.key);
                        let head = shown.head(&diff, &names);
                        shown.comments.begin();
                        (head, Stage::Files(shown, Box::new(diff), names, 0))
                    }
                    Err(problem) => (Err(problem), Stage::End),
                },
                Stage::Files(mut shown, diff, names, at) if at < diff.files.len() => {
                    let file = shown.file(&diff, at, &names);
                    (file, Stage::Files(shown, diff, names, at + 1))
                }
                Stage::Files(shown, ..) if shown.footed => (shown.foot(), Stage::End),
                Stage::Files(..) | Stage::End => return None,
            };
            stage = next;
            Some(piece)
        })
    }

    fn url(&self, repository: &str) -> Url {
        Url::below(&self.script_name).join(repository)
    }

    /// A file at one of the two states.
    fn at(&self, page: &str, side: &Side, path: &RepoPath) -> Option<String> {
        let id = side.id?;
        let url = self.url(&side.repository).join(page).join(id.to_string());
        Some(url.join(path.as_bytes()).into())
    }

    /// The page of one file's diff, or its two-column form; none where the states are of two repositories.
    fn alone(&self, page: &str, file: &FileDiff) -> Option<Url> {
        if self.old.repository != self.new.repository {
            return None;
        }
        let id = |side: &Side| side.id.unwrap_or(ChangesetId::NULL).to_string();
        let url = self.url(&self.new.repository).join(page);
        let url = url.join(file.path().as_bytes());
        Some(
            url.query("diff1", &id(&self.old))
                .query("diff2", &id(&self.new)),
        )
    }

    fn head(&self, diff: &Diff, names: &Names) -> Result<String, Problem> {
        let (switches, base) = (&self.switches, &self.base);
        let (added, deleted) = diff.counts();
        let cut = diff.truncated_files > 0 || !diff.complete;
        let entries = diff.files.iter().zip(&names.ids);
        let whitespace = |text: &str, value: Whitespace| Tab {
            text: self.language.t(text).to_owned(),
            url: switches.url(base, |s| s.whitespace = value),
            current: switches.whitespace == value,
            count: None,
        };
        let view = DiffHead {
            frame: self.fragment.clone(),
            key: self.key.clone(),
            listed: self.listed,
            file_count: diff.files.len() as u64,
            added,
            deleted,
            side_by_side: switches.side_by_side,
            unified_url: switches.url(base, |s| s.side_by_side = false),
            side_by_side_url: switches.url(base, |s| s.side_by_side = true),
            ignore_whitespace: switches.whitespace != Whitespace::Keep,
            whitespace: vec![
                whitespace("All white space counts", Whitespace::Keep),
                whitespace("Ignore all white space", Whitespace::All),
                whitespace("Ignore its amount", Whitespace::Amount),
                whitespace("Ignore it at line ends", Whitespace::LineEnd),
            ],
            blanks: switches.blanks,
            blanks_url: switches.url(base, |s| s.blanks = !s.blanks),
            context: switches.context,
            more_context_url: switches.url(base, Switches::more_context),
            less_context_url: (switches.context > 0)
                .then(|| switches.url(base, |s| s.context /= 2)),
            full_url: (cut && !switches.full).then(|| switches.url(base, |s| s.full = true)),
            cut,
            entries: if self.listed {
                entries.map(|(file, id)| self.entry(file, id)).collect()
            } else {
                Vec::new()
            },
        };
        template::html(self.language, &view)
    }

    fn entry(&self, file: &FileDiff, id: &str) -> DiffEntry {
        DiffEntry {
            id: id.to_owned(),
            letter: letter(file.operation).to_owned(),
            operation: word(file.operation).to_owned(),
            path: file.path().to_string(),
            old_path: old_name(file),
            added: file.added,
            deleted: file.removed,
            note: if file.added + file.removed == 0 {
                self.notes(file).join(", ")
            } else {
                String::new()
            },
        }
    }

    /// What the lines do not tell.
    fn notes(&self, file: &FileDiff) -> Vec<String> {
        const EXECUTABLE: u32 = 0o111;
        const SUBMODULE: u32 = 0o160_000;
        const LINK: u32 = 0o120_000;
        let t = |message| self.language.t(message).to_owned();
        let mut notes = Vec::new();
        match (file.old_mode, file.new_mode) {
            (Some(old), Some(new)) if old != new => notes.push(format!("{old:06o} → {new:06o}")),
            (None, Some(mode)) if mode & EXECUTABLE != 0 && mode & 0o170_000 == 0o100_000 => {
                notes.push(t("executable"));
            }
            _ => {}
        }
        match file.new_mode.or(file.old_mode).unwrap_or_default() & 0o170_000 {
            SUBMODULE => notes.push(t("submodule")),
            LINK => notes.push(t("symbolic link")),
            _ => {}
        }
        if let Some(similarity) = file.similarity.filter(|similarity| *similarity < 100) {
            notes.push(self.language.tf("{n} % alike", &[("n", &similarity)]));
        }
        if file.binary {
            notes.push(t("binary"));
        }
        notes
    }

    /// What stands below the files.
    fn foot(&self) -> Result<String, Problem> {
        let comments = self.comments.foot(self.language, &self.fragment)?;
        Ok(format!("</div>\n{comments}</section>\n"))
    }
}

enum Stage {
    Begin(
        Box<Shown>,
        Option<Box<dyn FnOnce() -> Result<Diff, Problem> + Send>>,
    ),
    Files(Box<Shown>, Box<Diff>, Names, usize),
    End,
}

/// What the files of a diff are called on the page.
struct Names {
    /// Ids of files.
    ids: Vec<String>,
    /// The first parts of the ids of lines.
    lines: Vec<String>,
    /// Their paths as people read them.
    paths: Vec<String>,
}

impl Names {
    /// Paths may come to the same name, and a path may be there twice (a link that was a file); the second gets a number.
    fn of(diff: &Diff, changeset: &str, key: &str) -> Self {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut fresh = |name: String| {
            let count = seen.entry(name.clone()).or_default();
            *count += 1;
            match *count {
                1 => name,
                n => format!("{name}-{n}"),
            }
        };
        let ids = diff.files.iter();
        let ids = ids.map(|file| fresh(render::diff::file_id(changeset, file.path().as_bytes())));
        let ids = ids.collect();
        let lines = diff.files.iter().map(|file| {
            let path = file.path().to_string_lossy();
            fresh(format!("{key}{}", render::diff::anchor_name(Some(&path))))
        });
        Self {
            lines: lines.collect(),
            paths: diff
                .files
                .iter()
                .map(|file| file.path().to_string())
                .collect(),
            ids,
        }
    }

    /// Those of a file that is alone on its page.
    fn of_one(name: &str, file: &FileDiff) -> Self {
        Self {
            ids: vec![name.to_owned()],
            lines: vec![name.to_owned()],
            paths: vec![file.path().to_string()],
        }
    }
}

/// The path before, where it was another one.
fn old_name(file: &FileDiff) -> Option<String> {
    let renamed = matches!(file.operation, Operation::Renamed | Operation::Copied);
    let path = file.old_path.as_ref().filter(|_| renamed)?;
    Some(path.to_string())
}

/// The letter of an operation in class names.
fn letter(operation: Operation) -> &'static str {
    match operation {
        Operation::Added => "A",
        Operation::Removed => "D",
        Operation::Modified | Operation::ModeChanged => "M",
        Operation::Renamed | Operation::Copied => "R",
    }
}

fn word(operation: Operation) -> &'static str {
    match operation {
        Operation::Added => "added",
        Operation::Removed => "removed",
        Operation::Modified | Operation::ModeChanged => "modified",
        Operation::Renamed => "renamed",
        Operation::Copied => "copied",
    }
}
