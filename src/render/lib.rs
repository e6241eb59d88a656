//! Text to HTML: everything a page shows that is more than a plain value.
//!
//! Repositories are full of text that strangers wrote: file names, commit messages, source files, READMEs, differences between two
//! versions. This crate turns such text into HTML that is safe to put into a page as it stands. All of it is pure functions from text
//! to text: no database, no files, no knowledge of HTTP. What a function needs to know about the site (where a changeset page lives,
//! what an issue number looks like) comes in as an argument.
//!
//! Three rules hold for every function whose result is HTML:
//!
//! * Text from outside is escaped by [`escape()`] or one of its siblings here, never by the caller.
//! * The output holds no `style` and no event attribute, so that it works under a Content-Security-Policy without `unsafe-inline`.
//!   Looks come from class names; [`css`] lists all of them, so that a style sheet can be tested against the list.
//! * The time is bounded. Input that would take too long (a line of a million characters, a file made to defeat a highlighter) comes
//!   out plain instead of late.
//!
//! | module | turns | into |
//! |---|---|---|
//! | [`highlight`] | source text | one HTML string per line |
//! | [`markup`] | Markdown and plain text files | sanitised HTML |
//! | [`source`] | lines and who wrote them | table rows |
//! | [`csv`] | CSV and TSV files | a table |
//! | [`message`] | commit messages, comments, descriptions | HTML with links |
//! | [`diff`] | the lines of a hunk | table rows with changed words marked |
//! | [`graph`] | changesets and their parents | lanes, and an SVG drawing of them |
//! | [`chart`] | numbers | an SVG of columns |
//! | [`avatar`], [`person`] | an author string | a picture, a name |
//! | [`age`], [`iso`], [`absolute`], [`size()`] | numbers | words |

pub mod avatar;
pub mod chart;
pub mod css;
pub mod csv;
pub mod decode;
pub mod diff;
pub mod escape;
pub mod graph;
pub mod highlight;
pub mod markup;
pub mod message;
pub mod person;
pub mod readme;
pub mod size;
pub mod source;
pub mod time;

mod digest;
mod stopwatch;

pub use decode::decode;
pub use escape::escape;
pub use size::{size, size_decimal, size_decimal_parts, size_parts};
pub use time::{Age, AgeUnit, absolute, age, age_of, age_short, iso, short_age_of};
