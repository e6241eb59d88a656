//! The very first page: making the first administrator.

use super::Page;
use super::form::FormError;
use super::frame::Frame;
use serde::Serialize;

/// Fields `code`, `username`, `email`, `password`, `password_confirmation`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Setup {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to.
    pub action_url: String,
    /// The file in which the one-time code stands.
    pub code_file: String,
    /// What was typed.
    pub code: String,
    /// What was typed.
    pub username: String,
    /// What was typed.
    pub email: String,
    /// What was wrong.
    pub errors: Vec<FormError>,
}

impl Page for Setup {
    const TEMPLATE: &'static str = "setup.html";
}
