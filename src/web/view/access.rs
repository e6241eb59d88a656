//! Who may see the site at all.

use serde::Serialize;

use super::{FormError, Frame, Page, Tab};

/// Field `anonymous`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SiteAccess {
    /// The frame.
    pub frame: Frame,
    /// The pages of the administration.
    pub tabs: Vec<Tab>,
    /// Where the form posts to.
    pub action_url: String,
    /// Whether visitors are let in.
    pub anonymous: bool,
    /// What was wrong.
    pub errors: Vec<FormError>,
}

impl Page for SiteAccess {
    const TEMPLATE: &'static str = "site_access.html";
}
