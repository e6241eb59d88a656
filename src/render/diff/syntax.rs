//! The code of a difference in colours.
//!
//! A difference shows pieces of a file, so a lexer sees each of them without what stands above: it begins anew with each hunk, once for
//! the old version and once for the new one. Only the lexers of our own are asked, which take a microsecond for a line; a grammar would
//! take most of the time of a page.

use super::marks::Piece;
use super::table::Kind;
use crate::highlight::{LineLexer, shared};

/// The language of a file.
#[derive(Debug, Clone, Copy)]
pub struct Syntax(crate::highlight::LineLanguage);

impl Syntax {
    /// The language of a file by its name, if its lines can be coloured at once.
    pub fn of(file_name: &str) -> Option<Syntax> {
        shared().line_language(file_name).map(Syntax)
    }
}

/// The state of both versions within a hunk.
pub(super) struct Sides {
    old: LineLexer,
    new: LineLexer,
}

impl Sides {
    pub fn new(syntax: Syntax) -> Sides {
        Sides {
            old: LineLexer::new(syntax.0),
            new: LineLexer::new(syntax.0),
        }
    }

    /// The pieces of the next line.
    pub fn pieces(&mut self, kind: Kind, line: &str) -> Vec<Piece> {
        match kind {
            Kind::Removed => self.old.pieces(line),
            Kind::Added => self.new.pieces(line),
            Kind::Unmodified | Kind::Context => {
                // Both versions have this line, but they may stand differently in it: inside of a comment that has just been opened.
                self.old.pieces(line);
                self.new.pieces(line)
            }
        }
    }
}
