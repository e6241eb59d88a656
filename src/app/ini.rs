//! The ini file, read by the rules of Python's ConfigParser and PasteDeploy.
//!
//! Keys are case-sensitive; `=` or `:` separates; only whole lines are comments (`#`, `;`); indented lines
//! go on with the value above; `%(name)s` inserts a value of the same section, of `[DEFAULT]`, or `here` and
//! `__file__`, and `%%` is a percent sign. A section or a key that occurs twice is an error, as in the original.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use model::config::{Prefix, Value};

/// How deep values may refer to values; Python's parser has the same bound.
const MAX_INTERPOLATION_DEPTH: usize = 10;

/// A parsed file: sections in their order, values not yet interpolated.
#[derive(Debug)]
pub struct Ini {
    path: PathBuf,
    sections: Vec<Section>,
}

#[derive(Debug)]
struct Section {
    name: String,
    line: usize,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    key: String,
    value: String,
    line: usize,
}

/// What is wrong with the file, and where.
#[derive(Debug, thiserror::Error)]
pub struct IniError {
    /// The file as it was named to us.
    pub path: PathBuf,
    /// Line number from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// What was found and what was expected.
    pub message: String,
}

impl fmt::Display for IniError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if self.line > 0 {
            write!(f, ", line {}", self.line)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl Ini {
    /// Reads and parses a file.
    ///
    /// # Errors
    /// When the file cannot be read, is not UTF-8, or has a broken line.
    pub fn read(path: &Path) -> Result<Self, IniError> {
        let error = |line, message| IniError {
            path: path.to_owned(),
            line,
            message,
        };
        let bytes = std::fs::read(path).map_err(|e| error(0, format!("cannot be read: {e}")))?;
        let text = String::from_utf8(bytes).map_err(|e| {
            let line = 1 + e.as_bytes()[..e.utf8_error().valid_up_to()]
                .iter()
                .filter(|&&b| b == b'\n')
                .count();
            error(line, "is not UTF-8; expected text in UTF-8".to_owned())
        })?;
        Self::parse(path, text.strip_prefix('\u{feff}').unwrap_or(&text))
    }

    fn parse(path: &Path, text: &str) -> Result<Self, IniError> {
        let error = |line, message: String| IniError {
            path: path.to_owned(),
            line,
            message,
        };
        let mut sections: Vec<Section> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            if line.starts_with([' ', '\t'])
                && let Some(entry) = sections
                    .last_mut()
                    .and_then(|section| section.entries.last_mut())
            {
                entry.value.push('\n');
                entry.value.push_str(trimmed);
                continue;
            }
            if let Some(rest) = trimmed.strip_prefix('[') {
                let Some((name, _)) = rest.split_once(']').filter(|(name, _)| !name.is_empty())
                else {
                    return Err(error(
                        number,
                        format!("expected '[section]', found '{trimmed}'"),
                    ));
                };
                if let Some(first) = sections.iter().find(|section| section.name == name) {
                    return Err(error(
                        number,
                        format!("section [{name}] stands already in line {}", first.line),
                    ));
                }
                sections.push(Section {
                    name: name.to_owned(),
                    line: number,
                    entries: Vec::new(),
                });
                continue;
            }
            let Some(section) = sections.last_mut() else {
                return Err(error(
                    number,
                    format!("expected a '[section]' before '{trimmed}'"),
                ));
            };
            let Some(at) = trimmed.find(['=', ':']).filter(|&at| at > 0) else {
                return Err(error(
                    number,
                    format!("expected 'key = value', found '{trimmed}'"),
                ));
            };
            let key = trimmed[..at].trim_end().to_owned();
            if let Some(first) = section.entries.iter().find(|entry| entry.key == key) {
                let name = &section.name;
                return Err(error(
                    number,
                    format!(
                        "key '{key}' of [{name}] stands already in line {}",
                        first.line
                    ),
                ));
            }
            section.entries.push(Entry {
                key,
                value: trimmed[at + 1..].trim().to_owned(),
                line: number,
            });
        }
        Ok(Self {
            path: path.to_owned(),
            sections,
        })
    }

    /// The values the application sees: `[DEFAULT]`, then those of `[app:main]`, with `set` and `get` carried out.
    ///
    /// # Errors
    /// When there is no `[app:main]`, or a value refers to something that does not exist.
    pub fn application(&self) -> Result<Vec<(String, String)>, IniError> {
        const NAME: &str = "app:main";
        let Some(app) = self.section(NAME) else {
            return Err(self.error(
                0,
                "has no section [app:main]; expected one that configures Kallithea".to_owned(),
            ));
        };
        let mut values: Vec<(String, String)> = Vec::new();
        let mut put = |key: &str, value: String| match values.iter_mut().find(|(k, _)| k == key) {
            Some(slot) => slot.1 = value,
            None => values.push((key.to_owned(), value)),
        };
        for entry in self
            .section("DEFAULT")
            .into_iter()
            .flat_map(|section| &section.entries)
        {
            put(&entry.key, self.interpolate(entry, "DEFAULT")?);
        }
        for entry in &app.entries {
            let value = self.interpolate(entry, NAME)?;
            if let Some(key) = entry.key.strip_prefix("set ") {
                put(key.trim(), value);
            } else if let Some(key) = entry.key.strip_prefix("get ") {
                if let Some(global) = self.entry("DEFAULT", &value) {
                    put(key.trim(), self.interpolate(global, "DEFAULT")?);
                }
            } else if self.entry("DEFAULT", &entry.key).is_none() {
                // PasteDeploy drops a key of the application that [DEFAULT] has too, unless it says `set`.
                put(&entry.key, value);
            }
        }
        Ok(values)
    }

    /// The filter around the application, when `filter-with` names one of type `egg:PasteDeploy#prefix`.
    ///
    /// # Errors
    /// When it names a section that is not there or of another type, or a value in it is broken.
    pub fn prefix(&self, values: &[(String, String)]) -> Result<Option<Prefix>, IniError> {
        let Some((_, name)) = values
            .iter()
            .find(|(key, value)| key == "filter-with" && !value.is_empty())
        else {
            return Ok(None);
        };
        let section = format!("filter:{name}");
        let line = self.line_of("filter-with");
        let Some(filter) = self.section(&section) else {
            return Err(self.error(
                line,
                format!("'filter-with' names '{name}', but there is no section [{section}]"),
            ));
        };
        let mut prefix = Prefix {
            translate: true,
            ..Prefix::default()
        };
        for entry in &filter.entries {
            let value = self.interpolate(entry, &section)?;
            let some = Some(value.clone()).filter(|value| !value.is_empty());
            match entry.key.as_str() {
                "use" if value.eq_ignore_ascii_case("egg:PasteDeploy#prefix") => {}
                "use" => {
                    return Err(self.error(
                        entry.line,
                        format!("expected the filter 'egg:PasteDeploy#prefix', found '{value}', which only PasteDeploy can run"),
                    ));
                }
                "prefix" => {
                    let path = value.trim_matches('/');
                    prefix.path = if path.is_empty() {
                        String::new()
                    } else {
                        format!("/{path}")
                    };
                }
                "translate_forwarded_server" => {
                    prefix.translate = model::config::parse_bool(&value).ok_or_else(|| {
                        let expected = Value::Bool.expected();
                        self.error(
                            entry.line,
                            format!("key '{}': expected {expected}, found '{value}'", entry.key),
                        )
                    })?;
                }
                "force_port" => prefix.port = some,
                "scheme" => prefix.scheme = some,
                _ => {}
            }
        }
        Ok(Some(prefix))
    }

    /// The names of all sections with their lines.
    pub(crate) fn sections(&self) -> impl Iterator<Item = (&str, usize)> {
        self.sections
            .iter()
            .map(|section| (&*section.name, section.line))
    }

    /// A value of any section; nothing for one that is not there or refers to something that does not exist.
    pub(crate) fn value(&self, section: &str, key: &str) -> Option<String> {
        self.interpolate(self.entry(section, key)?, section).ok()
    }

    /// The keys of a section with their lines, as written.
    pub(crate) fn keys(&self, section: &str) -> impl Iterator<Item = (&str, usize)> {
        let entries = self
            .section(section)
            .map(|section| section.entries.as_slice());
        entries
            .unwrap_or_default()
            .iter()
            .map(|entry| (&*entry.key, entry.line))
    }

    /// The line of a key of `[app:main]` or `[DEFAULT]`, for messages about its value.
    #[must_use]
    pub fn line_of(&self, key: &str) -> usize {
        ["app:main", "DEFAULT"]
            .iter()
            .flat_map(|section| {
                [key.to_owned(), format!("set {key}"), format!("get {key}")]
                    .into_iter()
                    .filter_map(|key| self.entry(section, &key))
            })
            .map(|entry| entry.line)
            .next()
            .unwrap_or(0)
    }

    /// The file this came from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// An error about a line of this file.
    #[must_use]
    pub fn error(&self, line: usize, message: String) -> IniError {
        IniError {
            path: self.path.clone(),
            line,
            message,
        }
    }

    fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    fn entry(&self, section: &str, key: &str) -> Option<&Entry> {
        self.section(section)?
            .entries
            .iter()
            .find(|entry| entry.key == key)
    }

    fn interpolate(&self, entry: &Entry, section: &str) -> Result<String, IniError> {
        let here = self
            .path
            .parent()
            .unwrap_or(Path::new(""))
            .display()
            .to_string();
        let builtin = HashMap::from([
            ("here", here),
            ("__file__", self.path.display().to_string()),
        ]);
        self.expand(&entry.value, entry.line, section, &builtin, 0)
    }

    fn expand(
        &self,
        value: &str,
        line: usize,
        section: &str,
        builtin: &HashMap<&str, String>,
        depth: usize,
    ) -> Result<String, IniError> {
        if depth > MAX_INTERPOLATION_DEPTH {
            return Err(self.error(line, format!("'{value}' refers to itself")));
        }
        let mut out = String::with_capacity(value.len());
        let mut rest = value;
        while let Some(at) = rest.find('%') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('%') {
                out.push('%');
                rest = after;
                continue;
            }
            let Some((name, after)) = rest.strip_prefix('(').and_then(|r| r.split_once(")s"))
            else {
                return Err(self.error(
                    line,
                    "expected '%%' or '%(name)s' after a percent sign".to_owned(),
                ));
            };
            rest = after;
            if let Some(entry) = self
                .entry(section, name)
                .or_else(|| self.entry("DEFAULT", name))
            {
                out.push_str(&self.expand(&entry.value, line, section, builtin, depth + 1)?);
            } else if let Some(value) = builtin.get(name) {
                out.push_str(value);
            } else {
                return Err(self.error(
                    line,
                    format!("'%({name})s' refers to a key that does not exist"),
                ));
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(text: &str) -> Result<HashMap<String, String>, String> {
        let ini = Ini::parse(Path::new("/srv/k/my.ini"), text).map_err(|e| e.to_string())?;
        Ok(ini
            .application()
            .map_err(|e| e.to_string())?
            .into_iter()
            .collect())
    }

    #[test]
    fn values_are_found_continued_and_interpolated() {
        let values = app("# c\n[DEFAULT]\nsmtp_server: mail\n[app:main]\nuse = egg:kallithea\n\
             cache_dir = %(here)s/data\nindex_dir=%(cache_dir)s/index\nlist = a\n  b\nRate = 5%%\n; x\n[server:main]\nport=1\n")
        .unwrap();
        assert_eq!(values["cache_dir"], "/srv/k/data");
        assert_eq!(values["index_dir"], "/srv/k/data/index");
        assert_eq!(values["list"], "a\nb");
        assert_eq!(values["Rate"], "5%");
        assert_eq!(values["smtp_server"], "mail");
        assert!(!values.contains_key("port"));
    }

    #[test]
    fn default_wins_over_the_application_unless_it_says_set() {
        let values = app("[DEFAULT]\na=1\nb=1\nc=3\n[app:main]\na=2\nset b=2\nget d=c\n").unwrap();
        assert_eq!(
            (&*values["a"], &*values["b"], &*values["d"]),
            ("1", "2", "3")
        );
    }

    #[test]
    fn a_prefix_filter_is_read_and_another_filter_is_refused() {
        let prefix = |text: &str| {
            let ini = Ini::parse(Path::new("/srv/k/my.ini"), text).unwrap();
            let values = ini.application().unwrap();
            ini.prefix(&values).map_err(|error| error.to_string())
        };
        assert_eq!(prefix("[app:main]\n"), Ok(None));
        let filter = "[app:main]\nfilter-with = proxy\n[filter:proxy]\nuse = egg:PasteDeploy#prefix\nprefix = /code/\nscheme=https\n";
        let expected = Prefix {
            path: "/code".into(),
            translate: true,
            port: None,
            scheme: Some("https".into()),
        };
        assert_eq!(prefix(filter), Ok(Some(expected)));
        assert_eq!(
            prefix("[app:main]\nfilter-with = x\n").unwrap_err(),
            "/srv/k/my.ini, line 2: 'filter-with' names 'x', but there is no section [filter:x]"
        );
        assert!(
            prefix("[app:main]\nfilter-with = x\n[filter:x]\nuse = egg:other\n")
                .unwrap_err()
                .contains("line 4")
        );
    }

    #[test]
    fn a_broken_line_is_told_with_file_line_and_expectation() {
        for (text, message) in [
            (
                "[app:main]\nnonsense\n",
                "/srv/k/my.ini, line 2: expected 'key = value', found 'nonsense'",
            ),
            (
                "a = 1\n",
                "/srv/k/my.ini, line 1: expected a '[section]' before 'a = 1'",
            ),
            (
                "[app:main\n",
                "/srv/k/my.ini, line 1: expected '[section]', found '[app:main'",
            ),
            (
                "[app:main]\na=1\na=2\n",
                "/srv/k/my.ini, line 3: key 'a' of [app:main] stands already in line 2",
            ),
            (
                "[x]\n[x]\n",
                "/srv/k/my.ini, line 2: section [x] stands already in line 1",
            ),
            (
                "[app:main]\na=%(b)s\n",
                "/srv/k/my.ini, line 2: '%(b)s' refers to a key that does not exist",
            ),
            (
                "[app:main]\na=5%\n",
                "/srv/k/my.ini, line 2: expected '%%' or '%(name)s' after a percent sign",
            ),
            (
                "[app:main]\na=%(a)s\n",
                "/srv/k/my.ini, line 2: '%(a)s' refers to itself",
            ),
            (
                "[x]\n",
                "/srv/k/my.ini: has no section [app:main]; expected one that configures Kallithea",
            ),
        ] {
            assert_eq!(app(text).unwrap_err(), message);
        }
    }
}
