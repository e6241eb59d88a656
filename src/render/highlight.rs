//! Source text to HTML, one string per line.
//!
//! The grammars are Sublime Text's (`two-face` brings about 220); they give every piece of text a stack of scope names such as
//! `string.quoted.double.python`. A table turns scopes into the short class names that Pygments made common, because style sheets for
//! those exist and sites that adapted theirs can keep them.
//!
//! Grammars are made of regular expressions, and a file can be made to be slow with them. Hence the limits: very long lines and very
//! large files come out plain, and after a fixed time the rest of a file does too. The text itself is always complete.

mod detect;
mod scopes;

pub(crate) use scopes::CLASSES;

use crate::escape::push_content;
use scopes::ScopeClasses;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use syntect::parsing::{BasicScopeStackOp, ParseState, ScopeStack, SyntaxReference, SyntaxSet};

/// Longer lines are data or minified; they come out plain.
const LONGEST_LINE: usize = 5_000;
/// Larger texts come out plain.
const LARGEST_TEXT: usize = 1 << 20;
/// After this time the rest of a text comes out plain.
const BUDGET: Duration = Duration::from_millis(800);

/// All grammars, ready for use from any thread.
#[derive(Debug)]
pub struct Highlighter {
    syntaxes: SyntaxSet,
    budget: Duration,
}

/// The highlighter of this process, loaded when first asked for. Grammars are unpacked one by one as files need them.
pub fn shared() -> &'static Highlighter {
    static SHARED: OnceLock<Highlighter> = OnceLock::new();
    SHARED.get_or_init(|| Highlighter {
        syntaxes: two_face::syntax::extra_newlines(),
        budget: BUDGET,
    })
}

impl Highlighter {
    /// The name of the language of a file, by its name, else by its first line; nothing for plain text.
    pub fn language(&self, file_name: &str, first_line: &str) -> Option<&str> {
        detect::syntax(&self.syntaxes, file_name, first_line).map(detect::display_name)
    }

    /// The lines of a text as HTML, without their line ends; a text that ends in a new line has no empty line after it.
    ///
    /// File name and first line tell the language. They are not taken from the text, which may be a piece from the middle of a file.
    /// Line ends are `\n` and `\r\n`.
    pub fn lines(&self, file_name: &str, first_line: &str, text: &str) -> Vec<String> {
        match detect::syntax(&self.syntaxes, file_name, first_line) {
            Some(syntax) => self.highlight(syntax, text, self.budget),
            None => plain_lines(text),
        }
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

    fn highlight(&self, syntax: &SyntaxReference, text: &str, budget: Duration) -> Vec<String> {
        if text.len() > LARGEST_TEXT {
            return plain_lines(text);
        }
        let started = Instant::now();
        let mut parser = Some(Parser::new(syntax));
        text.split_inclusive('\n')
            .map(|line| {
                let shown = without_line_end(line);
                if started.elapsed() > budget {
                    parser = None;
                }
                let highlighted = match &mut parser {
                    Some(parser) if shown.len() <= LONGEST_LINE => {
                        parser.line(line, shown.len(), &self.syntaxes)
                    }
                    Some(_) => Some(plain(shown)),
                    None => None,
                };
                highlighted.unwrap_or_else(|| {
                    // A grammar that fails once has lost its place in the text; going on would colour at random.
                    parser = None;
                    plain(shown)
                })
            })
            .collect()
    }
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

/// Where the grammar stands between two lines.
struct Parser {
    state: ParseState,
    stack: ScopeStack,
    /// For each scope on the stack the class that holds with it on top: its own, else that of the one below.
    classes: Vec<Option<&'static str>>,
    table: ScopeClasses,
}

impl Parser {
    fn new(syntax: &SyntaxReference) -> Parser {
        Parser {
            state: ParseState::new(syntax),
            stack: ScopeStack::new(),
            classes: Vec::new(),
            table: ScopeClasses::new(),
        }
    }

    /// One line, given with its line end, of which only `shown` bytes come out; nothing if the grammar is broken.
    fn line(&mut self, line: &str, shown: usize, syntaxes: &SyntaxSet) -> Option<String> {
        let operations = self.state.parse_line(line, syntaxes).ok()?;
        let mut out = Spans {
            out: String::with_capacity(shown * 2),
            open: None,
            blanks: "",
        };
        let mut at = 0;
        for (place, operation) in &operations {
            let place = (*place).min(shown);
            if place > at {
                out.text(line.get(at..place)?, self.class());
                at = place;
            }
            let (classes, table) = (&mut self.classes, &mut self.table);
            let applied = self
                .stack
                .apply_with_hook(operation, |change, _| match change {
                    BasicScopeStackOp::Push(scope) => {
                        let below = classes.last().copied().flatten();
                        classes.push(table.class(scope).unwrap_or(below));
                    }
                    BasicScopeStackOp::Pop => {
                        classes.pop();
                    }
                });
            applied.ok()?;
        }
        out.text(line.get(at..shown)?, self.class());
        Some(out.finish())
    }

    fn class(&self) -> Option<&'static str> {
        self.classes.last().copied().flatten()
    }
}

/// Writes text in flat spans: neighbours of the same class share one, with the blanks between them.
struct Spans<'a> {
    out: String,
    open: Option<&'static str>,
    /// Blanks that go into the open span only if it goes on behind them.
    blanks: &'a str,
}

impl<'a> Spans<'a> {
    fn text(&mut self, text: &'a str, class: Option<&'static str>) {
        let is_blank = text.bytes().all(|byte| byte == b' ' || byte == b'\t');
        if is_blank && class != self.open {
            self.flush_blanks();
            self.blanks = text;
            return;
        }
        if class != self.open {
            self.close();
            if let Some(class) = class {
                self.out.push_str("<span class=\"");
                self.out.push_str(class);
                self.out.push_str("\">");
            }
            self.open = class;
        }
        self.flush_blanks();
        push_content(&mut self.out, text);
    }

    fn flush_blanks(&mut self) {
        self.out.push_str(std::mem::take(&mut self.blanks));
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.out.push_str("</span>");
        }
        self.flush_blanks();
    }

    fn finish(mut self) -> String {
        self.close();
        self.out
    }
}

#[cfg(test)]
mod tests;
