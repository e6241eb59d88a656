//! What an administrator should know about an ini file: `kallithea-cli config-check`.
//!
//! Everything is told at once, with line numbers: what keeps us from starting, keys that nobody knows (and which one was
//! meant), keys without effect, and settings that are dangerous. The table of keys says what there is to say about a
//! key; what makes a value dangerous stands here.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use model::Config;
use model::config::{Effect, KEYS, Value, keys, parse_bool};

use crate::ini::{Ini, IniError};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The application does not start.
    Error,
    /// Somebody may get in, or read what is not theirs.
    Danger,
    /// Something is not as it was meant.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// `error`, `danger`, `warning`, `note`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Danger => "danger",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// How much it matters.
    pub severity: Severity,
    /// The sentence.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        write!(f, "{}: {}", self.severity.word(), self.message)
    }
}

/// Sections that somebody reads: we, PasteDeploy, other servers, alembic, Python's logging.
const SECTIONS: &[&str] = &[
    "DEFAULT",
    "app:main",
    "server:main",
    "uwsgi",
    "alembic",
    "loggers",
    "handlers",
    "formatters",
];
const SECTION_BEGINNINGS: &[&str] = &[
    "filter:",
    "filter-app:",
    "pipeline:",
    "composite:",
    "app:",
    "application:",
    "server:",
    "logger_",
    "handler_",
    "formatter_",
    "ssh_serve:",
    "gearbox:",
];

/// Texts that stand in examples and templates where a secret belongs.
const NO_SECRETS: &[&str] = &[
    "secret",
    "changeme",
    "change-me",
    "development-not-secret",
    "very-secret",
    "password",
    "somerandomstring",
];
/// Shorter secrets can be tried out.
const SHORT_SECRET: usize = 16;

/// Looks at a file. The findings stand in the order of their lines.
#[must_use]
pub fn check(path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    match Ini::read(path) {
        Ok(ini) => {
            Check {
                ini: &ini,
                findings: &mut findings,
            }
            .all();
            permissions(path, &ini, &mut findings);
        }
        Err(error) => findings.push(broken(&error)),
    }
    findings.sort_by_key(|finding| (finding.line, finding.severity));
    findings
}

fn broken(error: &IniError) -> Finding {
    Finding {
        line: error.line,
        severity: Severity::Error,
        message: error.message.clone(),
    }
}

struct Check<'a> {
    ini: &'a Ini,
    findings: &'a mut Vec<Finding>,
}

impl Check<'_> {
    fn say(&mut self, line: usize, severity: Severity, message: String) {
        self.findings.push(Finding {
            line,
            severity,
            message,
        });
    }

    fn all(&mut self) {
        self.sections();
        let values = match self.ini.application() {
            Ok(values) => values,
            Err(error) => return self.findings.push(broken(&error)),
        };
        if let Err(error) = self.ini.prefix(&values) {
            self.findings.push(broken(&error));
        }
        self.dropped();
        for (key, value) in &values {
            self.key(key, value);
        }
        let here = self
            .ini
            .path()
            .parent()
            .unwrap_or(Path::new("/"))
            .to_owned();
        if let Err(wrong) = Config::from_values(&values, here, None) {
            for bad in wrong.0 {
                self.say(self.ini.line_of(bad.key), Severity::Error, bad.to_string());
            }
        }
        self.together(&values);
    }

    fn sections(&mut self) {
        let unknown: Vec<_> = self
            .ini
            .sections()
            .filter(|(name, _)| !SECTIONS.contains(name))
            .filter(|(name, _)| {
                !SECTION_BEGINNINGS
                    .iter()
                    .any(|beginning| name.starts_with(beginning))
            })
            .map(|(name, line)| (name.to_owned(), line))
            .collect();
        for (name, line) in unknown {
            self.say(
                line,
                Severity::Warning,
                format!("nobody reads the section [{name}]"),
            );
        }
    }

    /// Keys of [app:main] that PasteDeploy drops because [DEFAULT] has them too.
    fn dropped(&mut self) {
        let dropped: Vec<_> = self
            .ini
            .keys("app:main")
            .filter(|(key, _)| self.ini.keys("DEFAULT").any(|(other, _)| other == *key))
            .map(|(key, line)| (key.to_owned(), line))
            .collect();
        for (key, line) in dropped {
            self.say(
                line,
                Severity::Warning,
                format!("'{key}' has no effect here, as [DEFAULT] has it too; write 'set {key} = …' to change it"),
            );
        }
    }

    fn key(&mut self, name: &str, value: &str) {
        let line = self.ini.line_of(name);
        let Some(key) = keys::find(name) else {
            let message = match meant(name) {
                Some(other) => format!("unknown key '{name}'; was '{other}' meant?"),
                None => format!("unknown key '{name}'"),
            };
            return self.say(line, Severity::Warning, message);
        };
        match key.effect {
            Effect::Used => {}
            Effect::Later => {
                self.say(
                    line,
                    Severity::Note,
                    format!("'{name}' has no effect yet ({})", key.meaning),
                );
                if !value.is_empty() && !key.kind.fits(value) {
                    let expected = key.kind.expected();
                    self.say(
                        line,
                        Severity::Warning,
                        format!("key '{name}': expected {expected}, found '{value}'"),
                    );
                }
            }
            Effect::Nothing => self.say(
                line,
                Severity::Note,
                format!("'{name}' has no effect here: {}", key.meaning),
            ),
            Effect::Obsolete => self.say(
                line,
                Severity::Note,
                format!("'{name}' is {} and has no effect", key.meaning),
            ),
        }
        if let Some(danger) = danger(name, value) {
            self.say(line, Severity::Danger, danger);
        }
    }

    /// What only shows when several keys are seen together.
    fn together(&mut self, values: &[(String, String)]) {
        let get = |key: &str| {
            values
                .iter()
                .find(|(name, _)| name == key)
                .map_or("", |(_, value)| value.trim())
        };
        let on = |key: &str| parse_bool(get(key)).unwrap_or(false);
        let mut found = Vec::new();
        let forwarded = ["remote_addr_variable", "url_scheme_variable"]
            .into_iter()
            .find(|key| get(key).starts_with("HTTP_"));
        if let Some(key) = forwarded
            && get("trusted_proxies").is_empty()
        {
            found.push((
                key,
                Severity::Danger,
                format!("whoever reaches this server without the proxy can set '{key}' to anything; name the proxy in 'trusted_proxies'"),
            ));
        }
        if !get("smtp_password").is_empty()
            && !on("smtp_use_tls")
            && !on("smtp_use_ssl")
            && !matches!(get("smtp_server"), "localhost" | "127.0.0.1" | "::1")
        {
            found.push((
                "smtp_password",
                Severity::Danger,
                "the password goes to the mail server in the clear; set 'smtp_use_tls' or 'smtp_use_ssl'".to_owned(),
            ));
        }
        if get("smtp_username").is_empty() != get("smtp_password").is_empty() {
            found.push((
                if get("smtp_username").is_empty() {
                    "smtp_password"
                } else {
                    "smtp_username"
                },
                Severity::Warning,
                "has no effect without its pair: 'smtp_username' and 'smtp_password' go together"
                    .to_owned(),
            ));
        }
        if get("app_instance_uuid").is_empty() {
            found.push((
                "app_instance_uuid",
                Severity::Note,
                "'app_instance_uuid' is missing; the original cannot reset passwords without it"
                    .to_owned(),
            ));
        }
        for (key, _) in values {
            if let Some(suffix) = key.strip_prefix("issue_pat")
                && !["issue_server_link", "issue_sub"].iter().all(|other| {
                    values
                        .iter()
                        .any(|(name, _)| *name == format!("{other}{suffix}"))
                })
            {
                let message = format!(
                    "'{key}' needs 'issue_server_link{suffix}' and 'issue_sub{suffix}' beside it"
                );
                self.say(self.ini.line_of(key), Severity::Warning, message);
            }
        }
        for (key, severity, message) in found {
            self.say(self.ini.line_of(key), severity, message);
        }
    }
}

/// What is dangerous about a value by itself.
fn danger(name: &str, value: &str) -> Option<String> {
    let value = value.trim();
    let on = parse_bool(value).unwrap_or(false);
    match name {
        "debug" if on => Some(
            "with 'debug' on, the original lets everybody run programs through the browser; it has no effect here, but set it to false \
             before going back"
                .to_owned(),
        ),
        "app_instance_uuid" | "session.secret" | "beaker.session.secret" if !value.is_empty() => {
            let known = NO_SECRETS.iter().any(|text| value.eq_ignore_ascii_case(text)) || value.starts_with("${");
            (known || value.len() < SHORT_SECRET)
                .then(|| format!("'{name}' can be guessed; put a long random text there"))
        }
        "trusted_proxies" if value.split(',').any(|network| network.trim().ends_with("/0")) => {
            Some("'trusted_proxies' trusts everybody to say who they are".to_owned())
        }
        "ignore_alembic_revision" if !value.is_empty() => {
            Some("with 'ignore_alembic_revision' (whatever its text) the original runs on a database that it does not know".to_owned())
        }
        _ => None,
    }
}

/// A file with passwords is for its owner and group alone.
fn permissions(path: &Path, ini: &Ini, findings: &mut Vec<Finding>) {
    let Ok(file) = std::fs::metadata(path) else {
        return;
    };
    if file.permissions().mode() & 0o004 == 0 {
        return;
    }
    let Ok(values) = ini.application() else {
        return;
    };
    let secret = values.iter().find(|(key, value)| match key.as_str() {
        "smtp_password" | "session.secret" | "app_instance_uuid" => !value.is_empty(),
        // scheme://name:password@host
        "sqlalchemy.url" | "celery.broker_url" => value
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('@'))
            .is_some_and(|(user, _)| user.contains(':')),
        _ => false,
    });
    if let Some((key, _)) = secret {
        findings.push(Finding {
            line: ini.line_of(key),
            severity: Severity::Danger,
            message: format!(
                "'{key}' is secret, but everybody on this machine can read the file: chmod o-r {}",
                path.display()
            ),
        });
    }
}

/// The key that somebody had in mind who wrote another.
fn meant(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let most = if name.len() < 6 { 1 } else { 2 };
    KEYS.iter()
        .filter(|key| {
            key.effect != Effect::Obsolete
                && !key.name.ends_with('*')
                && !matches!(key.kind, Value::Any)
        })
        .map(|key| (distance(&name, key.name), key.name))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, name)| name)
}

/// How many letters must be put in, taken out, replaced or swapped with their neighbour to make one word of another.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.ini");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        check(&path).iter().map(ToString::to_string).collect()
    }

    /// A file about which there is nothing to say, and one more line of [app:main], the fourth.
    fn with(line: &str) -> Vec<String> {
        findings(&format!(
            "[app:main]\napp_instance_uuid = 0123456789abcdef0123456789abcdef\ncache_dir = %(here)s/data\n{line}\n"
        ))
    }

    #[test]
    fn a_good_file_gives_nothing_to_say() {
        assert_eq!(with(""), Vec::<String>::new());
    }

    #[test]
    fn every_kind_of_finding_has_its_line() {
        for (line, said) in [
            (
                "smtp_sever = x",
                "line 4: warning: unknown key 'smtp_sever'; was 'smtp_server' meant?",
            ),
            (
                "force-https = true",
                "line 4: warning: unknown key 'force-https'; was 'force_https' meant?",
            ),
            ("colour = red", "line 4: warning: unknown key 'colour'"),
            (
                "lang = de",
                "line 4: note: 'lang' is a key of older releases and has no effect",
            ),
            (
                "full_stack = true",
                "line 4: note: 'full_stack' has no effect here: without effect in the original too",
            ),
            (
                "cut_off_limit = many",
                "line 4: error: key 'cut_off_limit': expected a whole number, found 'many'",
            ),
            (
                "use_celery = perhaps",
                "line 4: warning: key 'use_celery': expected a truth value (true, yes, on, 1 or false, no, off, 0), found 'perhaps'",
            ),
            (
                "session.secret = ${session_secret}",
                "line 4: danger: 'session.secret' can be guessed; put a long random text there",
            ),
            (
                "nonsense",
                "line 4: error: expected 'key = value', found 'nonsense'",
            ),
            (
                "x = %(y)s",
                "line 4: error: '%(y)s' refers to a key that does not exist",
            ),
            (
                "[somewhere]",
                "line 4: warning: nobody reads the section [somewhere]",
            ),
            (
                "issue_pat = #x",
                "line 4: warning: 'issue_pat' needs 'issue_server_link' and 'issue_sub' beside it",
            ),
            (
                "trusted_proxies = ::/0",
                "line 4: danger: 'trusted_proxies' trusts everybody to say who they are",
            ),
            (
                "smtp_username = me",
                "line 4: warning: has no effect without its pair: 'smtp_username' and 'smtp_password' go together",
            ),
        ] {
            let found = with(line);
            assert!(
                found.iter().any(|finding| finding == said),
                "{line}: {found:?}"
            );
        }
        for (line, part) in [
            ("debug = true", "line 4: danger: with 'debug' on"),
            (
                "remote_addr_variable = HTTP_X_FORWARDED_FOR",
                "line 4: danger: whoever reaches this server",
            ),
            (
                "smtp_server = far\nsmtp_username = a\nsmtp_password = b",
                "line 6: danger: the password goes to the mail server in the clear",
            ),
            ("ignore_alembic_revision = false", "line 4: danger"),
        ] {
            let found = with(line);
            assert!(
                found.iter().any(|finding| finding.starts_with(part)),
                "{line}: {found:?}"
            );
        }
        assert!(
            findings("[app:main]\n")
                .iter()
                .any(|finding| finding.starts_with("note: 'app_instance_uuid' is missing"))
        );
        let dropped = findings("[DEFAULT]\nsmtp_port = 25\n[app:main]\nsmtp_port = 26\n");
        assert!(
            dropped
                .iter()
                .any(|finding| finding
                    .starts_with("line 4: warning: 'smtp_port' has no effect here")),
            "{dropped:?}"
        );
    }

    #[test]
    fn secrets_that_everybody_can_read_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.ini");
        std::fs::write(
            &path,
            "[app:main]\nsqlalchemy.url = postgresql://me:pw@host/db\n",
        )
        .unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let found = check(&path);
        assert!(
            found
                .iter()
                .any(|finding| finding.line == 2 && finding.message.contains("chmod o-r")),
            "{found:?}"
        );
    }

    #[test]
    fn neighbouring_words_are_told_apart_by_their_letters() {
        assert_eq!(
            (
                distance("smtp", "smpt"),
                distance("a", ""),
                distance("abc", "abd")
            ),
            (1, 1, 1)
        );
        assert_eq!(meant("cachedir"), Some("cache_dir"));
        assert_eq!(meant("something_else"), None);
    }
}
