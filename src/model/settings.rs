//! Settings kept in the database, and what they make.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

use db::{RepoId, settings, users};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::auth::HeaderSource;
use crate::config::parse_bool;
use crate::{Error, Model};

/// The settings that pages need, as they are at this moment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `title`; `Kallithea` when it is empty.
    pub title: String,
    /// `realm` of HTTP Basic.
    pub realm: String,
    /// `show_version`.
    pub show_version: bool,
    /// `clone_uri_tmpl`.
    pub clone_uri_template: String,
    /// `clone_ssh_tmpl`.
    pub clone_ssh_template: String,
    /// `gravatar_url`, when `use_gravatar` is on: pictures of people come from there and are not made here.
    pub pictures_elsewhere: Option<String>,
    /// `default_repo_private`.
    pub default_private: bool,
    /// `default_repo_type`: `hg` or `git`.
    pub default_type: String,
    /// `default_repo_enable_statistics`.
    pub default_statistics: bool,
    /// `default_repo_enable_downloads`.
    pub default_downloads: bool,
    /// `repository_fields`: whether extra fields are shown.
    pub repository_fields: bool,
    /// Whether there is no administrator yet.
    pub needs_setup: bool,
    /// The login source that believes the web server in front of us, when it is on.
    pub header_source: Option<HeaderSource>,
}

impl Model {
    /// Reads the settings.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn settings(&self) -> Result<Settings, Error> {
        let has_admin = self.db().read(users::any_admin_exists)?;
        self.settings_given(has_admin)
    }

    /// Reads the settings when it is known whether there is an administrator.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn settings_given(&self, has_admin: bool) -> Result<Settings, Error> {
        Ok(Settings::of(&self.db().read(settings::all)?, has_admin))
    }
}

impl Settings {
    pub(crate) fn of(rows: &[db::settings::Setting], has_admin: bool) -> Self {
        let values: HashMap<&str, &str> = rows
            .iter()
            .map(|row| (row.name.as_str(), row.value.as_str()))
            .collect();
        let text = |name: &str, default: &str| {
            values
                .get(name)
                .copied()
                .filter(|value| !value.is_empty())
                .unwrap_or(default)
                .to_owned()
        };
        let flag = |name: &str, default: bool| {
            values
                .get(name)
                .and_then(|value| parse_bool(value))
                .unwrap_or(default)
        };
        Self {
            title: text("title", "Kallithea"),
            realm: text("realm", "Kallithea"),
            show_version: flag("show_version", true),
            clone_uri_template: text("clone_uri_tmpl", "{scheme}://{user}@{netloc}/{repo}"),
            clone_ssh_template: text("clone_ssh_tmpl", "ssh://{system_user}@{hostname}/{repo}"),
            pictures_elsewhere: flag("use_gravatar", false).then(|| {
                text(
                    "gravatar_url",
                    "https://secure.gravatar.com/avatar/{md5email}?d=identicon&s={size}",
                )
            }),
            default_private: flag("default_repo_private", false),
            default_type: text("default_repo_type", "hg"),
            default_statistics: flag("default_repo_enable_statistics", false),
            default_downloads: flag("default_repo_enable_downloads", false),
            repository_fields: flag("repository_fields", false),
            needs_setup: !has_admin,
            header_source: HeaderSource::from_rows(
                values.iter().map(|(name, value)| (*name, *value)),
            ),
        }
    }
}

/// Fills a clone URL template. `base` is `scheme://host[:port][/prefix]`; without a user the `@` goes too.
#[must_use]
pub fn clone_url(
    template: &str,
    base: &str,
    user: Option<&str>,
    repository: &str,
    id: RepoId,
) -> String {
    let (scheme, netloc) = base.split_once("://").unwrap_or(("http", base));
    let (host, prefix) = netloc
        .split_once('/')
        .map_or((netloc, String::new()), |(host, rest)| {
            (host, format!("/{rest}"))
        });
    let encode = |text: &str| utf8_percent_encode(text, PATH).to_string();
    let user = user.map(encode).unwrap_or_default();
    let template = if user.is_empty() {
        template.replace("{user}@", "")
    } else {
        template.to_owned()
    };
    template
        .replace("{scheme}", scheme)
        .replace("{user}", &user)
        .replace("{netloc}", netloc)
        .replace("{prefix}", &prefix)
        .replace("{system_user}", &encode(system_user()))
        .replace("{repoid}", &id.to_string())
        .replace("{hostname}", host.split(':').next().unwrap_or(host))
        .replace("{repo}", &encode(repository))
}

/// The account under which this process runs: whom SSH clients ask for.
fn system_user() -> &'static str {
    static USER: OnceLock<String> = OnceLock::new();
    USER.get_or_init(|| {
        let me = std::fs::metadata("/proc/self").map(|own| own.uid().to_string());
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let mut lines = accounts.lines().map(|line| line.split(':'));
        let found = lines.find_map(|mut fields| {
            let name = fields.next()?;
            (fields.nth(1) == me.as_deref().ok()).then(|| name.to_owned())
        });
        found
            .or_else(|| std::env::var("USER").ok())
            .unwrap_or_else(|| "kallithea".to_owned())
    })
}

/// What a shown address may hold as it is.
const PATH: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clone_urls_are_those_of_the_original() {
        let base = "http://vps1:8000/prefix";
        let default = "{scheme}://{user}@{netloc}/{repo}";
        for (template, user, expected) in [
            (default, None, "http://vps1:8000/prefix/group/repo1"),
            (
                default,
                Some("username"),
                "http://username@vps1:8000/prefix/group/repo1",
            ),
            (
                "https://proxy1.example.com/{user}/{repo}",
                Some("username"),
                "https://proxy1.example.com/username/group/repo1",
            ),
            (
                "{scheme}://{user}@{netloc}/_{repoid}",
                None,
                "http://vps1:8000/prefix/_23",
            ),
            (
                "ssh://x@{hostname}{prefix}/{what}",
                None,
                "ssh://x@vps1/prefix/{what}",
            ),
        ] {
            assert_eq!(
                clone_url(template, base, user, "group/repo1", RepoId(23)),
                expected
            );
        }
        assert_eq!(
            clone_url(default, "http://h", None, "g/r é", RepoId(1)),
            "http://h/g/r%20%C3%A9"
        );
    }
}
