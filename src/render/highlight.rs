//! Source text to HTML, one string per line.
//!
//! The class names are the short ones that Pygments made common, because style sheets for those exist and sites that adapted theirs
//! can keep them. Two engines write them:
//!
//! * For the languages most files are written in, a lexer of our own that knows comments, strings, numbers and words: about a
//!   microsecond per line.
//! * For the 200 others the grammars of Sublime Text, brought by `two-face`. They see more, and take a hundred microseconds per line:
//!   a page with a long file would spend nearly all its time there.
//!
//! A file can be made to be slow with a grammar, which consists of regular expressions. Hence the limits: very long lines and very
//! large files come out plain, and after a fixed time the rest of a file does too. The text itself is always complete.

mod detect;
mod grammar;
mod languages;
mod lengths;
mod lexer;
mod scopes;
mod site;
mod spans;

pub(crate) use scopes::CLASSES;
pub use site::{SiteNames, use_site_names};

use crate::diff::Piece;
use crate::escape::push_content;
use std::sync::OnceLock;
use std::time::Duration;
use syntect::parsing::{SyntaxReference, SyntaxSet};

/// Longer lines are data or minified; they come out plain.
const LONGEST_LINE: usize = 5_000;
/// The same for grammars. Some of them take time that grows with the square of the length or faster: 5,000 backticks in a line of
/// Markdown keep one busy for seconds, and within a line nothing can stop it.
const LONGEST_GRAMMAR_LINE: usize = 1_000;
/// Larger texts come out plain.
const LARGEST_TEXT: usize = 1 << 20;
/// After this time the rest of a text comes out plain.
const BUDGET: Duration = Duration::from_millis(800);
/// A text that goes out while it is highlighted may take so many times as long: enough for 20,000 lines by a grammar.
const STREAMED: u32 = 4;

/// All grammars, ready for use from any thread.
#[derive(Debug)]
pub struct Highlighter {
    syntaxes: SyntaxSet,
    site: SiteNames,
    budget: Duration,
}

/// The highlighter of this process, loaded when first asked for. Grammars are unpacked one by one as files need them.
pub fn shared() -> &'static Highlighter {
    static SHARED: OnceLock<Highlighter> = OnceLock::new();
    SHARED.get_or_init(|| Highlighter {
        syntaxes: two_face::syntax::extra_newlines(),
        site: site::names().clone(),
        budget: BUDGET,
    })
}

impl Highlighter {
    /// The name of the language of a file, by its name, else by its first line; nothing for plain text.
    pub fn language(&self, file_name: &str, first_line: &str) -> Option<&str> {
        match self.site.language(file_name) {
            Some(name) => Some(name),
            None => self.syntax(file_name, first_line).map(detect::display_name),
        }
    }

    /// What stands for the names that this site has given to files: whoever keeps what was made of them keeps it under this, too.
    pub fn edition(&self) -> &str {
        self.site.edition()
    }

    /// Whether code in the language of this name is coloured.
    pub fn knows(&self, language: &str) -> bool {
        detect::by_token(&self.syntaxes, language).is_some()
    }

    /// The grammar for a file, as the site says, or else by its name and first line.
    fn syntax(&self, file_name: &str, first_line: &str) -> Option<&SyntaxReference> {
        self.site
            .lexer(file_name)
            .and_then(|lexer| detect::by_token(&self.syntaxes, lexer))
            .or_else(|| detect::syntax(&self.syntaxes, file_name, first_line))
    }

    /// The lines of a text as HTML, without their line ends; a text that ends in a new line has no empty line after it.
    ///
    /// File name and first line tell the language. They are not taken from the text, which may be a piece from the middle of a file.
    /// Line ends are `\n` and `\r\n`.
    pub fn lines(&self, file_name: &str, first_line: &str, text: &str) -> Vec<String> {
        match self.syntax(file_name, first_line) {
            Some(syntax) => self.highlight(syntax, text, self.budget),
            None => plain_lines(text),
        }
    }

    /// The language of a file by its name, if one of our own lexers knows it.
    pub(crate) fn line_language(&self, file_name: &str) -> Option<LineLanguage> {
        let syntax = self.syntax(file_name, "")?;
        languages::find(&syntax.name).map(LineLanguage)
    }

    /// A piece of code in a named language, as in a fenced code block: HTML with the line ends kept.
    pub fn snippet(&self, language: &str, code: &str) -> String {
        self.snippet_within(language, code, self.budget)
    }

    pub(crate) fn snippet_within(&self, language: &str, code: &str, budget: Duration) -> String {
        let syntax = (!language.is_empty())
            .then(|| detect::by_token(&self.syntaxes, language))
            .flatten();
        let lines = match syntax {
            Some(syntax) => self.highlight(syntax, code, budget),
            None => plain_lines(code),
        };
        let mut out = lines.join("\n");
        if code.ends_with('\n') {
            out.push('\n');
        }
        out
    }

    /// The same as [`Self::lines`], one line after the other, for a text of this many bytes: nothing of the text is kept, so a page may go
    /// out while it is made. More time is given to it than to a text that somebody waits for.
    pub fn painter(&self, file_name: &str, first_line: &str, length: usize) -> Painter<'_> {
        let syntax = self.syntax(file_name, first_line);
        let budget = self.budget * STREAMED;
        self.painter_of(syntax.filter(|_| length <= LARGEST_TEXT), budget)
    }

    fn painter_of(&self, syntax: Option<&SyntaxReference>, budget: Duration) -> Painter<'_> {
        let engine = syntax.map(|syntax| match languages::find(&syntax.name) {
            Some(language) => Engine::Lexer(lexer::Lexer::new(language)),
            None => Engine::Grammar(grammar::Reader::new(syntax, &self.syntaxes, budget)),
        });
        Painter {
            engine,
            lost: false,
        }
    }

    fn highlight(&self, syntax: &SyntaxReference, text: &str, budget: Duration) -> Vec<String> {
        let syntax = (text.len() <= LARGEST_TEXT).then_some(syntax);
        let mut painter = self.painter_of(syntax, budget);
        text.split_inclusive('\n')
            .map(|line| painter.line(line))
            .collect()
    }
}

/// Where one stands in a text whose lines are highlighted one by one.
pub struct Painter<'a> {
    engine: Option<Engine<'a>>,
    lost: bool,
}

impl Painter<'_> {
    /// Whether a line takes so long that what comes out is worth keeping.
    pub fn is_dear(&self) -> bool {
        matches!(self.engine, Some(Engine::Grammar(_)))
    }

    /// Whether it lost its place, and another attempt may come out better: a text is to be read in one thread.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// The next line of the text as HTML; with or without its end, which is left out.
    pub fn line(&mut self, line: &str) -> String {
        let shown = without_line_end(line);
        let highlighted = match &mut self.engine {
            // The lexer takes each line once and needs no limit.
            Some(Engine::Lexer(lexer)) if shown.len() <= LONGEST_LINE => Ok(lexer.line(shown)),
            Some(Engine::Grammar(reader)) if shown.len() <= LONGEST_GRAMMAR_LINE => {
                reader.line(shown)
            }
            _ => Ok(plain(shown)),
        };
        highlighted.unwrap_or_else(|stop| {
            // A grammar that fails once has lost its place in the text; going on would colour at random.
            self.engine = None;
            self.lost = matches!(stop, grammar::Stop::Lost);
            plain(shown)
        })
    }
}

impl std::fmt::Debug for Painter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Painter").finish_non_exhaustive()
    }
}

/// A language whose lines can be told apart one by one.
#[derive(Clone, Copy)]
pub(crate) struct LineLanguage(&'static languages::Compiled);

impl std::fmt::Debug for LineLanguage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LineLanguage")
    }
}

/// Takes lines apart into pieces of code, each line with what the ones before have left open.
pub(crate) struct LineLexer(lexer::Lexer);

impl LineLexer {
    /// At the start of a text.
    pub(crate) fn new(language: LineLanguage) -> Self {
        LineLexer(lexer::Lexer::new(language.0))
    }

    /// The pieces of the next line, given without its line end; none for one that is data and not code.
    pub(crate) fn pieces(&mut self, line: &str) -> Vec<Piece> {
        if line.len() > LONGEST_LINE {
            return Vec::new();
        }
        self.0.pieces(line)
    }
}

enum Engine<'a> {
    Lexer(lexer::Lexer),
    Grammar(grammar::Reader<'a>),
}

fn plain_lines(text: &str) -> Vec<String> {
    text.split_inclusive('\n')
        .map(|line| plain(without_line_end(line)))
        .collect()
}

fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + line.len() / 8);
    push_content(&mut out, line);
    out
}

fn without_line_end(line: &str) -> &str {
    match line.strip_suffix('\n') {
        Some(line) => line.strip_suffix('\r').unwrap_or(line),
        None => line,
    }
}

#[cfg(test)]
mod tests;
