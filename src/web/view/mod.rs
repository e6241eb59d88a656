//! What the templates may see: one plain struct for each page.
//!
//! A view is finished text. Controllers decide what is shown and where a link leads; a template only lays it out.
//! Therefore a URL here is a `String` with the site's prefix already in it, an age is already worded, and a field is
//! HTML only if its name ends in `_html` (made by the render crate; everything else is escaped by Tera).
//! A page or an action that does not exist, or that this visitor may not use, is `None`: its link is not drawn.

mod about;
mod access;
mod account;
mod api;
mod archives;
mod authors;
mod changelog;
mod changeset;
mod common;
mod compare;
mod creating;
mod diff;
mod edit;
mod error;
mod file;
mod files;
mod forks;
mod form;
mod form_page;
mod frame;
mod home;
mod journal;
mod login;
mod new;
mod permissions;
mod repo;
mod settings;
mod setup;
mod statistics;
mod summary;
mod templates;

pub use about::*;
pub use access::*;
pub use account::*;
pub use api::*;
pub use archives::*;
pub use authors::*;
pub use changelog::*;
pub use changeset::*;
pub use common::*;
pub use compare::*;
pub use creating::*;
pub use diff::*;
pub use edit::*;
pub use error::*;
pub use file::*;
pub use files::*;
pub use forks::*;
pub use form::*;
pub use form_page::*;
pub use frame::*;
pub use home::*;
pub use journal::*;
pub use login::*;
pub use new::*;
pub use permissions::*;
pub use repo::*;
pub use settings::*;
pub use setup::*;
pub use statistics::*;
pub use summary::*;
pub use templates::TEMPLATES;

/// A view that knows its template.
pub trait Page: serde::Serialize {
    /// The template's name as in [`TEMPLATES`].
    const TEMPLATE: &'static str;
}
