//! The methods of the API.

use super::Page;
use super::frame::Frame;
use serde::Serialize;

/// The reference page of the API.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ApiReference {
    /// The frame.
    pub frame: Frame,
    /// Where calls go.
    pub address: String,
    /// A call on the command line.
    pub example: String,
    /// The same table for programs.
    pub openrpc_url: String,
    /// The methods.
    pub families: Vec<ApiFamily>,
}

/// Methods that belong together.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ApiFamily {
    /// Heading.
    pub title: String,
    /// Its place in the page.
    pub anchor: String,
    /// The methods.
    pub methods: Vec<ApiMethod>,
}

/// One method.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ApiMethod {
    /// Its name.
    pub name: String,
    /// What it does.
    pub doc: String,
    /// What the caller must be or hold.
    pub needs: String,
    /// What it answers.
    pub result: String,
    /// What it takes.
    pub parameters: Vec<ApiParameter>,
}

/// One parameter.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ApiParameter {
    /// Its name.
    pub name: String,
    /// What it may be.
    pub kind: String,
    /// What counts when it is not given, as JSON; none when it must be.
    pub default: Option<String>,
    /// What it is good for.
    pub doc: String,
}

impl Page for ApiReference {
    const TEMPLATE: &'static str = "api.html";
}
