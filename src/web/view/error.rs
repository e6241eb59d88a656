//! Pages that say what went wrong.

use super::Page;
use super::common::Link;
use super::frame::{Assets, Frame};
use serde::Serialize;

/// An error inside the frame of the site. The request id stands in [`Frame::request_id`].
#[derive(Clone, Debug, Default, Serialize)]
pub struct ErrorPage {
    /// The frame.
    pub frame: Frame,
    /// `404`.
    pub status: u16,
    /// `Not Found`.
    pub reason: String,
    /// What happened, one sentence.
    pub sentence: String,
    /// Why: the path, the revision, the permission that is missing.
    pub detail: Option<String>,
    /// What to do next, one sentence.
    pub advice: Option<String>,
    /// Places to go on.
    pub links: Vec<Link>,
}

impl Page for ErrorPage {
    const TEMPLATE: &'static str = "error.html";
}

/// An error when even the frame cannot be built, for example because the database does not answer.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BareError {
    /// The name of this instance.
    pub site_title: String,
    /// The home page.
    pub home_url: String,
    /// Static files.
    pub assets: Assets,
    /// `503`.
    pub status: u16,
    /// `Service Unavailable`.
    pub reason: String,
    /// What happened.
    pub sentence: String,
    /// What to do next.
    pub advice: Option<String>,
    /// The id under which the log knows this request.
    pub request_id: String,
}

impl Page for BareError {
    const TEMPLATE: &'static str = "error_bare.html";
}
