//! The page shown while a repository is being made.

use super::Page;
use super::frame::Frame;
use serde::Serialize;

/// Waits and asks again; without script by a refresh of the page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RepoCreating {
    /// The frame. Messages are left for the page that follows.
    pub frame: Frame,
    /// The full name.
    pub name: String,
    /// This page.
    pub url: String,
    /// Where it will be.
    pub repo_url: String,
    /// `/<repo>/repo_check_creating?repo=<repo>`, answered by `{"result": true}` when it is done.
    pub check_url: String,
    /// The remote it is cloned from, without credentials.
    pub clone_of: Option<String>,
    /// Why it failed, if it did: then nothing is asked again.
    pub failed: Option<String>,
}

impl Page for RepoCreating {
    const TEMPLATE: &'static str = "repo_creating.html";
}
