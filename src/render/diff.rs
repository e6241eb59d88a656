//! The lines of a difference as table rows, with the changed words marked.
//!
//! The types here mirror what any difference has (kind of line, two numbers, text); where the lines come from does not matter.

mod bar;
mod id;
mod marks;
mod rows;
mod words;

pub use bar::{ChangeBar, Operations, operations_label};
pub use id::{anchor_name, file_id, gist_file_id};
pub use marks::{Mark, mark};
pub use rows::{Kind, Line, Row, hunk_rows, pair};
pub use words::words;
