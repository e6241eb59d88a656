//! Signing in.

use super::Page;
use super::form::FormError;
use super::frame::Frame;
use serde::Serialize;

/// The sign-in form. Fields `username`, `password`, `remember`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Login {
    /// The frame.
    pub frame: Frame,
    /// Where the form posts to, with `came_from`.
    pub action_url: String,
    /// What was typed; the password is never sent back.
    pub username: String,
    /// Whether the box was ticked.
    pub remember: bool,
    /// What was wrong.
    pub errors: Vec<FormError>,
    /// The page for those who forgot their password.
    pub reset_url: Option<String>,
}

impl Page for Login {
    const TEMPLATE: &'static str = "login.html";
}
