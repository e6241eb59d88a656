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
    /// What is being done, in the words of the program.
    pub stage: String,
    /// How much of it.
    pub percent: Option<u8>,
    /// Whether nobody is making it any more: then nothing is asked again.
    pub ended: bool,
    /// Why, if that is known.
    pub failed: Option<String>,
    /// Where those who may have it made again post to: this page.
    pub retry_url: Option<String>,
    /// Where those who may delete it post to.
    pub delete_url: Option<String>,
}

impl Page for RepoCreating {
    const TEMPLATE: &'static str = "repo_creating.html";
}
