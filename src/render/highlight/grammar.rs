//! Highlighting by the grammars of Sublime Text.

use super::scopes::ScopeClasses;
use super::spans::Spans;
use crate::stopwatch::Stopwatch;
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use syntect::parsing::{BasicScopeStackOp, ParseState, ScopeStack, SyntaxReference, SyntaxSet};

/// So many texts may be half read in a thread; the one that waited longest goes on plain.
const MOST_WAITING: usize = 16;

thread_local! {
    /// What grammars remember between two lines holds matches of a C library, which may not leave their thread. A page that goes out
    /// line by line may: it holds a number, and what is remembered waits here.
    static WAITING: RefCell<Vec<(u64, Parser)>> = const { RefCell::new(Vec::new()) };
}

/// A text that is read by a grammar, at its place in it, and the time that it may still take.
pub(super) struct Reader<'a> {
    number: u64,
    syntaxes: &'a SyntaxSet,
    left: Duration,
    /// The line with the one end that grammars know.
    whole: String,
}

/// Why there is no more highlighting for the rest of a text.
pub(super) enum Stop {
    /// The grammar is broken, or its time is up: it would be so again.
    Final,
    /// It was begun in another thread, or there were too many.
    Lost,
}

impl<'a> Reader<'a> {
    pub fn new(syntax: &SyntaxReference, syntaxes: &'a SyntaxSet, budget: Duration) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        WAITING.with_borrow_mut(|waiting| {
            if waiting.len() >= MOST_WAITING {
                waiting.remove(0);
            }
            waiting.push((number, Parser::new(syntax)));
        });
        Reader {
            number,
            syntaxes,
            left: budget,
            whole: String::new(),
        }
    }

    /// One line without its end.
    pub fn line(&mut self, shown: &str) -> Result<String, Stop> {
        if self.left.is_zero() {
            return Err(Stop::Final);
        }
        self.whole.clear();
        self.whole.push_str(shown);
        self.whole.push('\n');
        let watch = Stopwatch::start();
        let html = WAITING.with_borrow_mut(|waiting| {
            let found = waiting.iter_mut().find(|(n, _)| *n == self.number);
            let (_, parser) = found.ok_or(Stop::Lost)?;
            let html = parser.line(&self.whole, shown.len(), self.syntaxes);
            html.ok_or(Stop::Final)
        });
        self.left = self.left.saturating_sub(watch.elapsed());
        html
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        // When a thread ends, what waits in it is gone already.
        let _ = WAITING.try_with(|waiting| {
            waiting.borrow_mut().retain(|(n, _)| *n != self.number);
        });
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
        let mut out = Spans::new(shown);
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
