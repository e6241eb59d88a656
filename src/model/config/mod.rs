//! The ini keys: one table ([`keys::KEYS`]) from which values, defaults and checks are taken.
//!
//! A newcomer adds a key by adding a line to the table and, when code needs it, a field to [`Config`].

mod issues;
pub mod keys;
mod mail;
mod proxy;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

pub use keys::{Effect, KEYS, Key};
pub use mail::{Encryption, MailConfig, SmtpServer};
pub use proxy::{Prefix, TrustedProxies};

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
    /// Nothing reads it.
    Any,
}

/// The configuration, typed.
#[derive(Debug, Clone)]
pub struct Config {
    /// `sqlalchemy.url`.
    pub database_url: String,
    /// `cache_dir`, absolute.
    pub cache_dir: PathBuf,
    /// `archive_cache_dir`, absolute; none when archives are kept in `cache_dir`.
    pub archive_cache_dir: Option<PathBuf>,
    /// `cache_megabytes`, in bytes.
    pub cache_bytes: u64,
    /// `archive_cache_megabytes`, in bytes.
    pub archive_cache_bytes: u64,
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
    /// `gist_alias_url`; empty when gists are addressed below the site.
    pub gist_alias_url: String,
    /// `signatures_gnupg_home` and `signatures_allowed_signers`.
    pub keyring: vcs::Keyring,
    /// `git_rev_filter`
    pub git_refs: vcs::RefFilter,
    /// `default_encoding`
    pub charsets: Vec<render::decode::Charset>,
    /// `remote_networks`
    pub remote_networks: Vec<vcs::life::Network>,
    /// `cut_off_limit` in bytes.
    pub cut_off_limit: usize,
    /// `stranger_budget` in percent; 0 is no limit.
    pub stranger_budget: usize,
    /// `upload_limit` in bytes.
    pub upload_limit: u64,
    /// `show_sha_length`, between 4 and 40.
    pub show_sha_length: usize,
    /// `show_revision_number`: ids of changesets begin with their number, `r12:`.
    pub show_revision_number: bool,
    /// `rss_items_per_page`, between 1 and 500.
    pub feed_entries: usize,
    /// `rss_include_diff`.
    pub feed_diffs: bool,
    /// `rss_cut_off_limit` in bytes.
    pub feed_cut_off_limit: usize,
    /// `issue_pat*` with `issue_server_link*` and `issue_sub*`, in the order of the file.
    pub issues: Arc<Vec<render::message::IssuePattern>>,
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
    /// `i18n.enabled`: whether readers choose their language.
    pub language_by_reader: bool,
    /// `i18n.lang`, as written.
    pub language: String,
    /// `ignore_alembic_revision` holds any text: a database of another version is taken as it is.
    pub ignore_schema_version: bool,
    /// `bugtracker`; empty for no link.
    pub support_url: String,
    /// `trusted_proxies`.
    pub trusted_proxies: TrustedProxies,
    /// The filter around the application that `filter-with` names; set by whoever reads the file.
    pub prefix: Option<Prefix>,
    /// `app_instance_uuid`; empty when the file has none.
    pub instance_secret: String,
    /// `captcha_url` without a slash at its end.
    pub captcha_url: String,
    /// Everything about mail.
    pub mail: MailConfig,
    /// `ssh_enabled`.
    pub ssh_enabled: bool,
    /// `ssh_authorized_keys`; none when keys are not written to a file.
    pub ssh_authorized_keys: Option<PathBuf>,
    /// `ssh_locale`; empty for the server's own.
    pub ssh_locale: String,
    /// `kallithea_cli_path`: a program, or words of shell.
    pub cli_path: String,
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

/// Everything in a file that does not fit its key.
#[derive(Debug, thiserror::Error)]
pub struct BadValues(pub Vec<BadValue>);

impl fmt::Display for BadValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, bad) in self.0.iter().enumerate() {
            write!(f, "{}{bad}", if at > 0 { "; " } else { "" })?;
        }
        Ok(())
    }
}

impl Config {
    /// Takes the values of the file, or none at all for the defaults.
    ///
    /// `here` is the folder that relative paths start from. Returns the names of keys nobody knows, too.
    ///
    /// # Errors
    /// [`BadValues`] with every boolean or number that is none.
    pub fn from_values(
        values: &[(String, String)],
        here: PathBuf,
        ini_path: Option<PathBuf>,
    ) -> Result<(Self, Vec<String>), BadValues> {
        let reader = Reader {
            values: values
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str()))
                .collect(),
            here,
            bad: RefCell::default(),
        };
        let unknown = values
            .iter()
            .filter(|(name, _)| keys::find(name).is_none())
            .map(|(name, _)| name.clone())
            .collect();
        let config = Self {
            database_url: reader
                .text("sqlalchemy.url")
                .replace("%(here)s", &reader.here.display().to_string()),
            cache_dir: reader.path("cache_dir"),
            archive_cache_dir: reader.some_path("archive_cache_dir"),
            cache_bytes: reader.megabytes("cache_megabytes"),
            archive_cache_bytes: reader.megabytes("archive_cache_megabytes"),
            git_path: reader.text("git_path").into(),
            hg_path: reader.text("hg_path").into(),
            default_repositories: reader.here.join("repositories"),
            force_https: reader.bool("force_https"),
            strict_transport_security: reader.bool("use_htsts"),
            url_scheme_variable: reader.text("url_scheme_variable"),
            remote_addr_variable: reader.text("remote_addr_variable"),
            canonical_url: reader
                .text("canonical_url")
                .trim_end_matches('/')
                .to_owned(),
            gist_alias_url: reader.text("gist_alias_url").trim().to_owned(),
            keyring: vcs::Keyring {
                gnupg_home: reader.some_path("signatures_gnupg_home"),
                allowed_signers: reader.some_path("signatures_allowed_signers"),
                ..vcs::Keyring::default()
            },
            git_refs: reader.ref_filter("git_rev_filter"),
            charsets: reader.charsets("default_encoding"),
            remote_networks: reader.networks("remote_networks"),
            cut_off_limit: reader.number("cut_off_limit"),
            stranger_budget: reader.number("stranger_budget"),
            upload_limit: reader.number("upload_limit") as u64,
            show_sha_length: reader.number("show_sha_length").clamp(4, 40),
            show_revision_number: reader.bool("show_revision_number"),
            feed_entries: reader.number("rss_items_per_page").clamp(1, 500),
            feed_diffs: reader.bool("rss_include_diff"),
            feed_cut_off_limit: reader.number("rss_cut_off_limit"),
            issues: Arc::new(issues::read(values)),
            forbid_in_place_of_challenge: reader.text("auth_ret_code") == "403",
            session_key: reader.text("session.key"),
            session_timeout: i64::try_from(reader.number("session.timeout")).unwrap_or(i64::MAX),
            session_secure: reader.bool("session.secure"),
            // Both are read, so that a mistake in either is told.
            serve_static: reader.bool("static_files") & reader.bool("serve_static"),
            language_by_reader: reader.bool("i18n.enabled"),
            language: reader.text("i18n.lang"),
            ignore_schema_version: !reader.text("ignore_alembic_revision").trim().is_empty(),
            support_url: reader.text("bugtracker").trim().to_owned(),
            trusted_proxies: reader.proxies("trusted_proxies"),
            prefix: None,
            instance_secret: reader.text("app_instance_uuid").trim().to_owned(),
            captcha_url: reader.text("captcha_url").trim_end_matches('/').to_owned(),
            mail: MailConfig::read(&reader),
            ssh_enabled: reader.bool("ssh_enabled"),
            ssh_authorized_keys: reader.some_path("ssh_authorized_keys").map(at_home),
            ssh_locale: reader.text("ssh_locale").trim().to_owned(),
            cli_path: reader.text("kallithea_cli_path"),
            ini_path,
        };
        match reader.bad.into_inner() {
            bad if bad.is_empty() => Ok((config, unknown)),
            bad => Err(BadValues(bad)),
        }
    }
}

/// `~/` at the beginning of a path stands for our home.
fn at_home(path: PathBuf) -> PathBuf {
    let tail = path
        .components()
        .skip_while(|part| part.as_os_str() != "~")
        .skip(1)
        .collect::<PathBuf>();
    match std::env::var_os("HOME") {
        Some(home) if !tail.as_os_str().is_empty() => PathBuf::from(home).join(tail),
        _ => path,
    }
}

/// Takes values by their keys, and collects what does not fit.
struct Reader<'a> {
    values: HashMap<&'a str, &'a str>,
    here: PathBuf,
    bad: RefCell<Vec<BadValue>>,
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

    /// A path that need not be there.
    fn some_path(&self, name: &'static str) -> Option<PathBuf> {
        (!self.raw(name).trim().is_empty()).then(|| self.path(name))
    }

    /// The parts of a comma list.
    fn list(&self, name: &'static str) -> Vec<String> {
        self.raw(name)
            .split([',', '\n'])
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect()
    }

    fn bool(&self, name: &'static str) -> bool {
        self.parse(name, Value::Bool, parse_bool).unwrap_or(false)
    }

    fn number(&self, name: &'static str) -> usize {
        self.some_number(name).unwrap_or(0)
    }

    /// A number of megabytes, in bytes.
    fn megabytes(&self, name: &'static str) -> u64 {
        (self.number(name) as u64).saturating_mul(1 << 20)
    }

    /// A number that need not be there.
    fn some_number(&self, name: &'static str) -> Option<usize> {
        self.parse(name, Value::Number, |text| text.parse().ok())
    }

    fn ref_filter(&self, name: &'static str) -> vcs::RefFilter {
        let text = self.raw(name);
        text.parse().unwrap_or_else(|vcs::BadRefFilter { word }| {
            self.refuse(name, "options of git log that name refs", &word);
            vcs::RefFilter::default()
        })
    }

    fn networks(&self, name: &'static str) -> Vec<vcs::life::Network> {
        self.parsed_list(name, "networks, separated by commas")
    }

    fn charsets(&self, name: &'static str) -> Vec<render::decode::Charset> {
        self.parsed_list(name, "names of character sets, separated by commas")
    }

    fn parsed_list<T: FromStr>(&self, name: &'static str, expected: &'static str) -> Vec<T> {
        let mut values = Vec::new();
        for text in self.list(name) {
            match text.parse() {
                Ok(value) => values.push(value),
                Err(_) => self.refuse(name, expected, &text),
            }
        }
        values
    }

    fn proxies(&self, name: &'static str) -> TrustedProxies {
        TrustedProxies::parse(&self.list(name)).unwrap_or_else(|network| {
            self.refuse(
                name,
                "addresses and networks, separated by commas",
                &network,
            );
            TrustedProxies::default()
        })
    }

    /// A value that has to be read; a key without a text has its default.
    fn parse<T>(
        &self,
        name: &'static str,
        kind: Value,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let mut text = self.raw(name).trim();
        if text.is_empty() {
            text = KEYS.iter().find(|key| key.name == name)?.default;
        }
        if text.is_empty() {
            return None;
        }
        let value = read(text);
        if value.is_none() {
            self.refuse(name, kind.expected(), text);
        }
        value
    }

    fn refuse(&self, key: &'static str, expected: &'static str, found: &str) {
        self.bad.borrow_mut().push(BadValue {
            key,
            expected,
            found: found.to_owned(),
        });
    }
}

impl Value {
    /// What would have been right, in words.
    #[must_use]
    pub fn expected(self) -> &'static str {
        match self {
            Self::Bool => "a truth value (true, yes, on, 1 or false, no, off, 0)",
            Self::Number => "a whole number",
            Self::Path => "a path",
            Self::Text | Self::Any => "a text",
        }
    }

    /// Whether a text can be read as this.
    #[must_use]
    pub fn fits(self, text: &str) -> bool {
        match self {
            Self::Bool => parse_bool(text).is_some(),
            Self::Number => text.trim().parse::<usize>().is_ok(),
            Self::Path => !text.contains('\0'),
            Self::Text | Self::Any => true,
        }
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

    fn config(values: &[(&str, &str)]) -> Result<(Config, Vec<String>), BadValues> {
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
        assert!(
            config(&[("force_https", ""), ("smtp_port", "")]).is_ok(),
            "empty is not there"
        );
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let wrong: Vec<_> = KEYS
            .iter()
            .filter(|key| key.effect == Effect::Used)
            .filter(|key| matches!(key.kind, Value::Bool | Value::Number))
            .map(|key| (key.name, "wrong"))
            .chain([("trusted_proxies", "10.0.0.0/8, everybody")])
            .collect();
        let told = config(&wrong).unwrap_err().0;
        assert_eq!(told.len(), wrong.len());
        for (key, _) in wrong {
            assert!(told.iter().any(|bad| bad.key == key), "{key}");
        }
        assert!(told.iter().any(|bad| bad.found == "everybody"));
    }

    #[test]
    fn a_mail_server_has_the_port_and_the_encryption_that_are_set() {
        let server = |values: &[(&str, &str)]| {
            let all: Vec<_> = [("smtp_server", "mail.example.org")]
                .iter()
                .chain(values)
                .copied()
                .collect();
            let (config, _) = config(&all).unwrap();
            let server = config.mail.server.unwrap();
            (server.port, server.encryption)
        };
        assert_eq!(server(&[]), (25, Encryption::None));
        assert_eq!(
            server(&[("smtp_use_tls", "true")]),
            (25, Encryption::StartTls)
        );
        assert_eq!(server(&[("smtp_use_ssl", "true")]), (465, Encryption::Tls));
        assert_eq!(
            server(&[("smtp_use_ssl", "true"), ("smtp_port", "4465")]),
            (4465, Encryption::Tls)
        );
        assert!(config(&[]).unwrap().0.mail.server.is_none());
        assert!(config(&[("smtp_server", "x"), ("smtp_port", "99999")]).is_err());
    }
}
