//! The ini keys: one table from which values, defaults and checks are taken.
//!
//! A newcomer adds a key by adding a line to [`KEYS`] and, when code needs it, a field to [`Config`].

use std::collections::HashMap;
use std::path::PathBuf;

/// One ini key of `[app:main]` (or `[DEFAULT]`).
pub struct Key {
    /// Name in the file; a name that ends in `*` stands for every key with that beginning.
    pub name: &'static str,
    /// How its text is read.
    pub kind: Value,
    /// Used when the key is missing.
    pub default: &'static str,
    /// What it is good for.
    pub meaning: &'static str,
}

/// How the text of a key is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Any text.
    Text,
    /// A path; relative ones are relative to the folder of the ini file.
    Path,
    /// `true yes on y t 1` or `false no off n f 0`, letters in any case.
    Bool,
    /// A whole number.
    Number,
    /// Accepted because files of the original hold it; has no effect here, or not yet.
    Ignored,
}

const fn key(name: &'static str, kind: Value, default: &'static str, meaning: &'static str) -> Key {
    Key {
        name,
        kind,
        default,
        meaning,
    }
}

/// Every key that a Kallithea 0.7 file may hold.
pub const KEYS: &[Key] = &[
    key(
        "sqlalchemy.url",
        Value::Text,
        "sqlite:///%(here)s/kallithea.db?timeout=60",
        "the database",
    ),
    key(
        "cache_dir",
        Value::Path,
        "data",
        "folder for caches, locks and the set-up code",
    ),
    key("git_path", Value::Text, "git", "the git program"),
    key(
        "hg_path",
        Value::Text,
        "hg",
        "the hg program (ours; the original runs Mercurial in its own process)",
    ),
    key(
        "force_https",
        Value::Bool,
        "false",
        "pretend that every request came over https",
    ),
    key(
        "use_htsts",
        Value::Bool,
        "false",
        "send Strict-Transport-Security on https",
    ),
    key(
        "url_scheme_variable",
        Value::Text,
        "",
        "WSGI variable that holds http or https",
    ),
    key(
        "remote_addr_variable",
        Value::Text,
        "REMOTE_ADDR",
        "WSGI variable that holds the client's address",
    ),
    key("canonical_url", Value::Text, "", "base of absolute URLs"),
    key(
        "cut_off_limit",
        Value::Number,
        "256000",
        "diffs and files larger than this many bytes are cut",
    ),
    key(
        "show_sha_length",
        Value::Number,
        "12",
        "how much of a changeset id is shown",
    ),
    key(
        "auth_ret_code",
        Value::Text,
        "",
        "403: answer wrong Basic credentials with 403 in place of 401",
    ),
    key(
        "session.key",
        Value::Text,
        "kallithea",
        "name of the session cookie",
    ),
    key(
        "session.timeout",
        Value::Number,
        "2592000",
        "seconds after which an unused session ends",
    ),
    key(
        "session.secure",
        Value::Bool,
        "false",
        "mark the cookie Secure even when a request came over http",
    ),
    key(
        "session.*",
        Value::Ignored,
        "",
        "other options of Beaker's sessions",
    ),
    key(
        "static_files",
        Value::Bool,
        "true",
        "serve css, js and images ourselves",
    ),
    key(
        "serve_static",
        Value::Bool,
        "true",
        "the same, by the framework's name",
    ),
    // From here on: accepted. Their features read them when they arrive.
    key("use", Value::Ignored, "", "PasteDeploy: which application"),
    key(
        "filter-with",
        Value::Ignored,
        "",
        "PasteDeploy: a filter around the application",
    ),
    key("full_stack", Value::Ignored, "", "historical"),
    key("i18n.*", Value::Ignored, "", "languages"),
    key("index_dir", Value::Ignored, "", "full-text index"),
    key(
        "archive_cache_dir",
        Value::Ignored,
        "",
        "generated archives",
    ),
    key(
        "app_instance_uuid",
        Value::Ignored,
        "",
        "secret of password-reset links",
    ),
    key("instance_id", Value::Ignored, "", "name of the worker"),
    key(
        "base_path",
        Value::Ignored,
        "",
        "set by the application itself",
    ),
    key("gist_alias_url", Value::Ignored, "", "address of gists"),
    key(
        "bugtracker",
        Value::Ignored,
        "",
        "support link of the footer",
    ),
    key("use_wsgi_wrapper", Value::Ignored, "", "request timing log"),
    key(
        "debug",
        Value::Ignored,
        "",
        "interactive debugger; never built in",
    ),
    key(
        "errorpage.enabled",
        Value::Ignored,
        "",
        "error pages are always on",
    ),
    key("trace_errors.*", Value::Ignored, "", "error mail"),
    key("trace_slowreqs.*", Value::Ignored, "", "slow requests"),
    key("auto_reload_templates", Value::Ignored, "", "framework"),
    key("renderers", Value::Ignored, "", "framework"),
    key("logview.*", Value::Ignored, "", "log colours"),
    key(
        "ignore_alembic_revision",
        Value::Ignored,
        "",
        "skip the check of the schema version",
    ),
    key("app_email_from", Value::Ignored, "", "mail"),
    key("email_prefix", Value::Ignored, "", "mail"),
    key("email_to", Value::Ignored, "", "mail"),
    key("error_email_from", Value::Ignored, "", "mail"),
    key("smtp_*", Value::Ignored, "", "mail"),
    key("commit_parse_limit", Value::Ignored, "", "statistics"),
    key(
        "git_rev_filter",
        Value::Ignored,
        "",
        "which Git references count",
    ),
    key(
        "git_hook_interpreter",
        Value::Ignored,
        "",
        "first line of installed Git hooks",
    ),
    key(
        "default_encoding",
        Value::Ignored,
        "",
        "character sets to try",
    ),
    key(
        "hgencoding",
        Value::Ignored,
        "",
        "Mercurial's character set",
    ),
    key("rss_*", Value::Ignored, "", "feeds"),
    key(
        "show_revision_number",
        Value::Ignored,
        "",
        "show Mercurial's local numbers",
    ),
    key(
        "allow_repo_location_change",
        Value::Ignored,
        "",
        "settings page",
    ),
    key(
        "allow_custom_hooks_settings",
        Value::Ignored,
        "",
        "settings page",
    ),
    key("index.*", Value::Ignored, "", "full-text index"),
    key("issue_*", Value::Ignored, "", "issue tracker links"),
    key("ssh_*", Value::Ignored, "", "SSH"),
    key("kallithea_cli_path", Value::Ignored, "", "SSH"),
    key("use_celery", Value::Ignored, "", "background tasks"),
    key("celery.*", Value::Ignored, "", "background tasks"),
    key("celeryd.*", Value::Ignored, "", "obsolete"),
    key("broker.*", Value::Ignored, "", "obsolete"),
    key("beaker.*", Value::Ignored, "", "caches of the original"),
    key("cache.*", Value::Ignored, "", "caches of the original"),
    key("sqlalchemy.*", Value::Ignored, "", "options of SQLAlchemy"),
    key(
        "api_access_controllers_whitelist",
        Value::Ignored,
        "",
        "obsolete",
    ),
    key("lang", Value::Ignored, "", "obsolete"),
    key("container_auth_enabled", Value::Ignored, "", "obsolete"),
    key("proxypass_auth_enabled", Value::Ignored, "", "obsolete"),
    key("default_user_*", Value::Ignored, "", "obsolete"),
    key("rhodecode_*", Value::Ignored, "", "obsolete"),
    key("appenlight.*", Value::Ignored, "", "obsolete"),
    key("sentry.*", Value::Ignored, "", "obsolete"),
    key("vcs_full_cache", Value::Ignored, "", "obsolete"),
    key("container.*", Value::Ignored, "", "obsolete"),
    key("pdebug", Value::Ignored, "", "obsolete"),
];

/// The configuration, typed.
#[derive(Debug, Clone)]
pub struct Config {
    /// `sqlalchemy.url`.
    pub database_url: String,
    /// `cache_dir`, absolute.
    pub cache_dir: PathBuf,
    /// `git_path`.
    pub git_path: PathBuf,
    /// `hg_path`.
    pub hg_path: PathBuf,
    /// Where a new instance puts its repositories; an existing one has this in its database.
    pub default_repositories: PathBuf,
    /// `force_https`.
    pub force_https: bool,
    /// `use_htsts`.
    pub strict_transport_security: bool,
    /// `url_scheme_variable`; empty when the server's own scheme counts.
    pub url_scheme_variable: String,
    /// `remote_addr_variable`.
    pub remote_addr_variable: String,
    /// `canonical_url` without a slash at its end; empty when the request's own address counts.
    pub canonical_url: String,
    /// `cut_off_limit` in bytes.
    pub cut_off_limit: usize,
    /// `show_sha_length`, between 4 and 40.
    pub show_sha_length: usize,
    /// `auth_ret_code` is 403.
    pub forbid_in_place_of_challenge: bool,
    /// `session.key`.
    pub session_key: String,
    /// `session.timeout` in seconds.
    pub session_timeout: i64,
    /// `session.secure`.
    pub session_secure: bool,
    /// `static_files` and `serve_static`.
    pub serve_static: bool,
    /// The ini file; none when the built-in defaults are in force.
    pub ini_path: Option<PathBuf>,
}

/// A value that does not fit its key.
#[derive(Debug, thiserror::Error)]
#[error("key '{key}': expected {expected}, found '{found}'")]
pub struct BadValue {
    /// The key.
    pub key: &'static str,
    /// What would have been right.
    pub expected: &'static str,
    /// What stands there.
    pub found: String,
}

impl Config {
    /// Takes the values of the file, or none at all for the defaults.
    ///
    /// `here` is the folder that relative paths start from. Returns the names of keys nobody knows, too.
    ///
    /// # Errors
    /// [`BadValue`] when a boolean or a number is none.
    pub fn from_values(
        values: &[(String, String)],
        here: PathBuf,
        ini_path: Option<PathBuf>,
    ) -> Result<(Self, Vec<String>), BadValue> {
        let reader = Reader {
            values: values
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str()))
                .collect(),
            here,
        };
        let unknown = values
            .iter()
            .filter(|(name, _)| !is_known(name))
            .map(|(name, _)| name.clone())
            .collect();
        let config = Self {
            database_url: reader
                .text("sqlalchemy.url")
                .replace("%(here)s", &reader.here.display().to_string()),
            cache_dir: reader.path("cache_dir"),
            git_path: reader.text("git_path").into(),
            hg_path: reader.text("hg_path").into(),
            default_repositories: reader.here.join("repositories"),
            force_https: reader.bool("force_https")?,
            strict_transport_security: reader.bool("use_htsts")?,
            url_scheme_variable: reader.text("url_scheme_variable"),
            remote_addr_variable: reader.text("remote_addr_variable"),
            canonical_url: reader
                .text("canonical_url")
                .trim_end_matches('/')
                .to_owned(),
            cut_off_limit: reader.number("cut_off_limit")?,
            show_sha_length: reader.number("show_sha_length")?.clamp(4, 40),
            forbid_in_place_of_challenge: reader.text("auth_ret_code") == "403",
            session_key: reader.text("session.key"),
            session_timeout: i64::try_from(reader.number("session.timeout")?).unwrap_or(i64::MAX),
            session_secure: reader.bool("session.secure")?,
            serve_static: reader.bool("static_files")? && reader.bool("serve_static")?,
            ini_path,
        };
        Ok((config, unknown))
    }
}

fn is_known(name: &str) -> bool {
    KEYS.iter().any(|key| match key.name.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == key.name,
    })
}

struct Reader<'a> {
    values: HashMap<&'a str, &'a str>,
    here: PathBuf,
}

impl Reader<'_> {
    fn raw(&self, name: &'static str) -> &str {
        let key = KEYS
            .iter()
            .find(|key| key.name == name)
            .expect("every key that is read stands in the table");
        self.values.get(name).copied().unwrap_or(key.default)
    }

    fn text(&self, name: &'static str) -> String {
        self.raw(name).to_owned()
    }

    fn path(&self, name: &'static str) -> PathBuf {
        self.here.join(self.raw(name))
    }

    fn bool(&self, key: &'static str) -> Result<bool, BadValue> {
        let text = self.raw(key);
        parse_bool(text).ok_or_else(|| BadValue {
            key,
            expected: "a truth value (true, yes, on, 1 or false, no, off, 0)",
            found: text.to_owned(),
        })
    }

    fn number(&self, key: &'static str) -> Result<usize, BadValue> {
        let text = self.raw(key);
        text.parse().map_err(|_| BadValue {
            key,
            expected: "a whole number",
            found: text.to_owned(),
        })
    }
}

/// Reads a truth value as the original does, in files, forms and database settings alike.
#[must_use]
pub fn parse_bool(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "t" | "1" => Some(true),
        "false" | "no" | "off" | "n" | "f" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(values: &[(&str, &str)]) -> Result<(Config, Vec<String>), BadValue> {
        let values: Vec<_> = values
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        Config::from_values(&values, "/srv/k".into(), None)
    }

    #[test]
    fn defaults_lie_beside_the_ini_file() {
        let (config, unknown) = config(&[]).unwrap();
        assert_eq!(
            config.database_url,
            "sqlite:////srv/k/kallithea.db?timeout=60"
        );
        assert_eq!(config.cache_dir, PathBuf::from("/srv/k/data"));
        assert!(config.serve_static && !config.force_https && unknown.is_empty());
    }

    #[test]
    fn unknown_keys_are_named_and_known_ones_are_not() {
        let (_, unknown) = config(&[
            ("colour", "red"),
            ("celery.broker_url", "x"),
            ("force_https", "Yes"),
        ])
        .unwrap();
        assert_eq!(unknown, ["colour"]);
    }

    #[test]
    fn a_bad_value_says_what_was_expected() {
        let error = config(&[("force_https", "maybe")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "key 'force_https': expected a truth value (true, yes, on, 1 or false, no, off, 0), found 'maybe'"
        );
        assert!(config(&[("cut_off_limit", "-3")]).is_err());
    }

    #[test]
    fn no_key_stands_twice_in_the_table() {
        for (i, key) in KEYS.iter().enumerate() {
            assert!(
                !KEYS[..i].iter().any(|other| other.name == key.name),
                "{}",
                key.name
            );
            assert!(!key.meaning.is_empty());
        }
    }
}
