//! The rows that a new database starts with, as `kallithea-cli db-create` of Kallithea 0.7 makes them.
//!
//! The first administrator is not among them: it is made by [`users::insert`] when somebody has named it, on the
//! set-up page or on the command line.

use crate::conn::Tx;
use crate::error::DbError;
use crate::ids::{ApiKey, DEFAULT_USER, PasswordHash, PermissionName, Username};
use crate::users::NewUser;
use crate::{permissions, settings, ui, user_to_perm, users};

/// What a new database cannot know by itself.
#[derive(Clone, Debug)]
pub struct FreshOptions<'a> {
    /// The directory of all repositories, absolute and without symbolic links.
    pub repositories_root: &'a str,
    /// Whether visitors who are not logged in see anything.
    pub public_access: bool,
    /// The hash of a password that nobody knows: nobody logs in as the default user.
    pub default_user_password: &'a PasswordHash,
    /// A random key, just as unknown.
    pub default_user_api_key: &'a ApiKey,
}

/// The e-mail address of the default user, by which the original knows it.
const DEFAULT_USER_EMAIL: &str = "anonymous@kallithea-scm.org";

const SETTINGS: [(&str, &str, &str); 19] = [
    ("realm", "Kallithea", "unicode"),
    ("title", "", "unicode"),
    ("ga_code", "", "unicode"),
    ("show_public_icon", "True", "bool"),
    ("show_private_icon", "True", "bool"),
    ("stylify_metalabels", "False", "bool"),
    ("dashboard_items", "100", "int"),
    ("admin_grid_items", "25", "int"),
    ("show_version", "True", "bool"),
    ("use_gravatar", "True", "bool"),
    (
        "gravatar_url",
        "https://secure.gravatar.com/avatar/{md5email}?d=identicon&s={size}",
        "unicode",
    ),
    (
        "clone_uri_tmpl",
        "{scheme}://{user}@{netloc}/{repo}",
        "unicode",
    ),
    (
        "clone_ssh_tmpl",
        "ssh://{system_user}@{hostname}/{repo}",
        "unicode",
    ),
    (
        "auth_plugins",
        "kallithea.lib.auth_modules.auth_internal",
        "list",
    ),
    ("auth_internal_enabled", "True", "bool"),
    ("default_repo_enable_downloads", "False", "bool"),
    ("default_repo_enable_statistics", "False", "bool"),
    ("default_repo_private", "False", "bool"),
    ("default_repo_type", "hg", "unicode"),
];

/// What everybody may do, until an administrator says otherwise.
const DEFAULT_USER_PERMISSIONS: [&str; 7] = [
    "repository.read",
    "group.read",
    "usergroup.read",
    "hg.create.repository",
    "hg.fork.repository",
    "hg.register.manual_activate",
    "hg.extern_activate.auto",
];

/// Fills the tables that [`create_if_empty`](crate::schema::create_if_empty) just made.
pub fn fill(tx: &Tx<'_>, options: &FreshOptions<'_>) -> Result<(), DbError> {
    for (name, value, kind) in SETTINGS {
        settings::insert(tx, name, value, kind)?;
    }
    let root = options.repositories_root;
    let cache = format!("{}/.cache/largefiles", root.trim_end_matches('/'));
    for (section, key, value, active) in [
        ("paths", "/", root, true),
        ("hooks", "changegroup.kallithea_update", "python:", false),
        ("hooks", "changegroup.kallithea_repo_size", "python:", true),
        ("extensions", "largefiles", "", true),
        ("largefiles", "usercache", &cache, true),
        ("extensions", "hggit", "", false),
    ] {
        ui::insert(tx, section, key, value, active)?;
    }
    let default_user = users::insert(
        tx,
        &NewUser {
            username: &Username::from(DEFAULT_USER),
            password: options.default_user_password,
            active: options.public_access,
            admin: false,
            firstname: "Anonymous",
            lastname: "User",
            email: Some(DEFAULT_USER_EMAIL),
            extern_type: None,
            extern_name: None,
            api_key: options.default_user_api_key,
        },
    )?;
    permissions::insert_missing(tx)?;
    for name in DEFAULT_USER_PERMISSIONS {
        user_to_perm::insert(tx, default_user, &PermissionName::from(name))?;
    }
    Ok(())
}
