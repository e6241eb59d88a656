//! Highlighting by the grammars of Sublime Text.

use super::scopes::ScopeClasses;
use super::spans::Spans;
use syntect::parsing::{BasicScopeStackOp, ParseState, ScopeStack, SyntaxReference, SyntaxSet};

/// Where the grammar stands between two lines.
pub(super) struct Parser {
    state: ParseState,
    stack: ScopeStack,
    /// For each scope on the stack the class that holds with it on top: its own, else that of the one below.
    classes: Vec<Option<&'static str>>,
    table: ScopeClasses,
}

impl Parser {
    pub fn new(syntax: &SyntaxReference) -> Parser {
        Parser {
            state: ParseState::new(syntax),
            stack: ScopeStack::new(),
            classes: Vec::new(),
            table: ScopeClasses::new(),
        }
    }

    /// One line, given with its line end, of which only `shown` bytes come out; nothing if the grammar is broken.
    pub fn line(&mut self, line: &str, shown: usize, syntaxes: &SyntaxSet) -> Option<String> {
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
