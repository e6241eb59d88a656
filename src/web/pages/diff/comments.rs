//! What is said about a diff: below the lines that it is about, and the rest below all files.

use std::collections::{BTreeMap, HashMap};

use vcs::FileDiff;

use crate::i18n::Language;
use crate::problem::Problem;
use crate::template;
use crate::view::{CommentChunk, CommentList, CommentView, Fragment};

/// The comments of a page.
#[derive(Default)]
pub(in crate::pages) struct Comments {
    /// Those on the whole.
    pub general: Vec<CommentView>,
    /// Those at lines, by path and line.
    inline: BTreeMap<(String, String), Chunk>,
    /// Whether there is a place for comments at all.
    pub shown: bool,
}

struct Chunk {
    comments: Vec<CommentView>,
    html: String,
    placed: bool,
}

impl Comments {
    /// Adds a comment at a line.
    pub(in crate::pages) fn add(&mut self, path: &str, line: &str, comment: CommentView) {
        let place = (path.to_owned(), line.to_owned());
        let chunk = self.inline.entry(place).or_insert_with(|| Chunk {
            comments: Vec::new(),
            html: String::new(),
            placed: false,
        });
        chunk.comments.push(comment);
    }

    /// How many are inline.
    pub(in crate::pages) fn inline(&self) -> usize {
        self.inline.values().map(|chunk| chunk.comments.len()).sum()
    }

    /// Whether any is.
    pub(super) fn between_lines(&self) -> bool {
        !self.inline.is_empty()
    }

    /// Draws what goes between lines.
    pub(in crate::pages) fn draw(
        &mut self,
        language: Language,
        fragment: &Fragment,
    ) -> Result<(), Problem> {
        for ((path, line), chunk) in &mut self.inline {
            let name = render::diff::anchor_name(Some(path));
            let view = CommentChunk {
                frame: fragment.clone(),
                path: path.clone(),
                target: format!("{name}_{line}"),
                line: line.clone(),
                comments: chunk.comments.clone(),
            };
            chunk.html = template::html(language, &view)?;
        }
        Ok(())
    }

    pub(super) fn begin(&mut self) {
        self.inline
            .values_mut()
            .for_each(|chunk| chunk.placed = false);
    }

    /// What goes below the lines of a file.
    pub(super) fn of_file(&self, file: &FileDiff) -> HashMap<String, String> {
        if self.inline.is_empty() {
            return HashMap::new();
        }
        // A name that cannot be shown as it is may have been written down as it is shown.
        let (path, shown) = (file.path().to_string_lossy(), file.path().to_string());
        let known = self.inline.iter();
        let known = known.filter(|((at, _), _)| *at == path || *at == shown);
        known
            .map(|((_, line), chunk)| (line.clone(), chunk.html.clone()))
            .collect()
    }

    /// Notes which of these found their lines.
    pub(super) fn place(&mut self, below: &HashMap<String, String>, body: &str) {
        if below.is_empty() {
            return;
        }
        for chunk in self.inline.values_mut() {
            chunk.placed |= !chunk.html.is_empty() && body.contains(&chunk.html);
        }
    }

    /// What is left: comments on the whole, and on lines that are not shown.
    pub(super) fn foot(&self, language: Language, fragment: &Fragment) -> Result<String, Problem> {
        if !self.shown {
            return Ok(String::new());
        }
        let outside = self.inline.iter().filter(|(_, chunk)| !chunk.placed);
        let view = CommentList {
            frame: fragment.clone(),
            general: self.general.clone(),
            outside: outside
                .map(|((path, line), chunk)| CommentChunk {
                    frame: fragment.clone(),
                    path: path.clone(),
                    target: format!("{}_{line}", render::diff::anchor_name(Some(path))),
                    line: line.clone(),
                    comments: chunk.comments.clone(),
                })
                .collect(),
        };
        template::html(language, &view)
    }
}
