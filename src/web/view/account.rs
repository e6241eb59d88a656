//! Pages of one's own account that are lists.

use serde::Serialize;

use super::{Frame, Link, Page, Paging, RepositoryRow, Tab};

/// Repositories that one owns or watches.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AccountRepositories {
    /// The frame.
    pub frame: Frame,
    /// The heading over all pages of the account.
    pub heading: String,
    /// Pages beside this one.
    pub tabs: Vec<Tab>,
    /// What is listed.
    pub title: String,
    /// The rows of this page.
    pub repositories: Vec<RepositoryRow>,
    /// The way through a long list.
    pub paging: Option<Paging>,
}

impl Page for AccountRepositories {
    const TEMPLATE: &'static str = "account_repositories.html";
}

/// What one may do.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AccountPermissions {
    /// The frame.
    pub frame: Frame,
    /// The heading over all pages of the account.
    pub heading: String,
    /// Pages beside this one.
    pub tabs: Vec<Tab>,
    /// The address that one comes from.
    pub address: String,
    /// What is not about one object, as sentences.
    pub globals: Vec<String>,
    /// All levels, or one only.
    pub levels: Vec<Tab>,
    /// Repositories, repository groups, user groups.
    pub sections: Vec<PermissionSection>,
}

impl Page for AccountPermissions {
    const TEMPLATE: &'static str = "account_permissions.html";
}

/// One kind of objects and one's level on each.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PermissionSection {
    /// What they are.
    pub title: String,
    /// Name with its page (an empty address for none) and level.
    pub rows: Vec<(Link, String)>,
    /// How many more there are.
    pub left_out: u64,
}
