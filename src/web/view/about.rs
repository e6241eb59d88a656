//! What this program is and who made it.

use super::Page;
use super::frame::Frame;
use serde::Serialize;

/// The about page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct About {
    /// The frame.
    pub frame: Frame,
    /// The program's version.
    pub version: String,
    /// The project's page.
    pub project_url: Option<String>,
}

impl Page for About {
    const TEMPLATE: &'static str = "about.html";
}
