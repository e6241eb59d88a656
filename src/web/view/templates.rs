//! The templates' sources, compiled into the program.

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        /// Name and source of every template, for `Tera::add_raw_templates`.
        pub const TEMPLATES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../templates/", $name)))),*];
    };
}

templates![
    "about.html",
    "base.html",
    "changelog.html",
    "changeset.html",
    "error.html",
    "error_bare.html",
    "file.html",
    "files.html",
    "group_delete.html",
    "group_settings.html",
    "home.html",
    "login.html",
    "new_group.html",
    "new_repository.html",
    "parts/diff.html",
    "parts/forms.html",
    "parts/group_head.html",
    "parts/lists.html",
    "parts/ui.html",
    "permissions.html",
    "repo.html",
    "repo_creating.html",
    "repo_delete.html",
    "repo_settings.html",
    "setup.html",
    "site_access.html",
    "summary.html",
];
