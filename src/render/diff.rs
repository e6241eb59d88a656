//! The differences between two versions of a file as a table.
//!
//! What differs is found elsewhere; the types here mirror what any difference has (kind of line, two numbers, text, changed parts,
//! where a line was moved to) and borrow it. [`unified`] draws one column of code, [`side_by_side`] two, [`unchanged`] the lines
//! between two places, for those who ask to see more. All are rows of one table, so that numbers line up and any part of it can be
//! selected and copied: what is no code is not selected with it.
//!
//! Ids and class names are those that links in comments and programs that read these pages know: see [`anchor_name`],
//! [`file_id`] and [`Kind::class`].

mod bar;
mod combined;
mod id;
mod marks;
mod syntax;
mod table;

pub use bar::{ChangeBar, Operations, operations_label};
pub use combined::{CombinedLine, combined};
pub use id::{anchor_name, file_id, gist_file_id};
pub use syntax::Syntax;
pub use table::{Gap, Hunk, Kind, Line, Move, Page, Words, side_by_side, unchanged, unified};

pub(crate) use marks::Piece;
