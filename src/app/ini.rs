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

/// The section whose values hold for all others.
const DEFAULT: &str = "DEFAULT";

/// What PasteDeploy takes for the application.
const APP_MAIN: [&str; 2] = ["app:main", "application:main"];

/// Keys with their values, interpolated.
type Values = Vec<(String, String)>;

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
        // The one that lines belong to.
        let mut current = 0;
        for (number, line) in (1..).zip(text.lines()) {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            if line.starts_with([' ', '\t'])
                && let Some(entry) = sections
                    .get_mut(current)
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
                if let Some(at) = sections.iter().position(|section| section.name == name) {
                    // This one alone may be gone on with further below.
                    if name == DEFAULT {
                        current = at;
                        continue;
                    }
                    let first = &sections[at];
                    return Err(error(
                        number,
                        format!("section [{name}] stands already in line {}", first.line),
                    ));
                }
                current = sections.len();
                sections.push(Section {
                    name: name.to_owned(),
                    line: number,
                    entries: Vec::new(),
                });
                continue;
            }
            let Some(section) = sections.get_mut(current) else {
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

    /// The values the application sees: `[DEFAULT]`, then those of `[app:main]`, with `set` and `get` carried out. Where
    /// `use` names another section or file (`use = config:other.ini`), they stand upon those of that one.
    ///
    /// # Errors
    /// When there is no `[app:main]`, or a value refers to something that does not exist.
    pub fn application(&self) -> Result<Values, IniError> {
        let Some(app) = self.app_section() else {
            return Err(self.error(
                0,
                "has no section [app:main]; expected one that configures Kallithea".to_owned(),
            ));
        };
        self.values_of(app, 0)
    }

    /// `[app:main]`; in a file where that name is not an application's (`[pipeline:main]`, `[composite:main]`), the one
    /// application of this program.
    fn app_section(&self) -> Option<&Section> {
        let is_ours = |section: &&Section| {
            let name = section.name.as_str();
            (name.starts_with("app:") || name.starts_with("application:"))
                && self.value(name, "use").is_some_and(|used| {
                    let used = used.to_lowercase();
                    let egg = used.split('#').next().unwrap_or_default();
                    egg == "egg:kallithea" || egg == "egg:kallithea-rs"
                })
        };
        APP_MAIN
            .iter()
            .find_map(|name| self.section(name))
            .or_else(|| {
                let mut ours = self.sections.iter().filter(is_ours);
                ours.next().filter(|_| ours.next().is_none())
            })
    }

    /// The values of what `use` names, when that is a section or a file.
    fn used(&self, entry: &Entry, section: &str, depth: usize) -> Result<Values, IniError> {
        let used = self.interpolate(entry, section)?;
        let missing = |what: String| self.error(entry.line, format!("'use' names {what}"));
        if depth > MAX_INTERPOLATION_DEPTH {
            return Err(missing(format!("'{used}', which leads back here")));
        }
        if let Some(file) = used.strip_prefix("config:") {
            let (file, name) = file.split_once('#').unwrap_or((file, "main"));
            let file = self.path.parent().unwrap_or(Path::new("")).join(file);
            let other = Self::read(&file)?;
            let app = match name {
                "main" => other.app_section(),
                name => other.named_app(name),
            };
            let app = app.ok_or_else(|| {
                missing(format!(
                    "[app:{name}] of {}, which is not there",
                    file.display()
                ))
            })?;
            return other.values_of(app, depth + 1);
        }
        if used.contains(':') {
            // A distribution or a function of Python's: this program is meant.
            return Ok(Vec::new());
        }
        match self.named_app(&used) {
            Some(app) => self.values_of(app, depth + 1),
            None => Err(missing(format!(
                "'{used}', but there is no section [app:{used}]"
            ))),
        }
    }

    fn named_app(&self, name: &str) -> Option<&Section> {
        ["app", "application"]
            .iter()
            .find_map(|kind| self.section(&format!("{kind}:{name}")))
    }

    fn values_of(&self, app: &Section, depth: usize) -> Result<Values, IniError> {
        let name = &*app.name;
        let mut values: Values = Vec::new();
        let mut put = |key: &str, value: String| match values.iter_mut().find(|(k, _)| k == key) {
            Some(slot) => slot.1 = value,
            None => values.push((key.to_owned(), value)),
        };
        for entry in self
            .section(DEFAULT)
            .into_iter()
            .flat_map(|section| &section.entries)
        {
            put(&entry.key, self.interpolate(entry, DEFAULT)?);
        }
        if let Some(entry) = self.entry(name, "use") {
            for (key, value) in self.used(entry, name, depth)? {
                put(&key, value);
            }
        }
        for entry in &app.entries {
            let value = self.interpolate(entry, name)?;
            if let Some(key) = entry.key.strip_prefix("set ") {
                put(key.trim(), value);
            } else if let Some(key) = entry.key.strip_prefix("get ") {
                if let Some(global) = self.entry(DEFAULT, &value) {
                    put(key.trim(), self.interpolate(global, DEFAULT)?);
                }
            } else if self.entry(DEFAULT, &entry.key).is_none() {
                // PasteDeploy drops a key of the application that [DEFAULT] has too, unless it says `set`.
                put(&entry.key, value);
            }
        }
        Ok(values)
    }

    /// The filter around the application, of type `egg:PasteDeploy#prefix`: the one that `filter-with` names, or that of
    /// `[pipeline:main]`, or `[filter-app:main]`.
    ///
    /// # Errors
    /// When it names a section that is not there or of another type, or a value in it is broken.
    pub fn prefix(&self, values: &[(String, String)]) -> Result<Option<Prefix>, IniError> {
        let with = values
            .iter()
            .find(|(key, value)| key == "filter-with" && !value.is_empty());
        let section = match with {
            Some((_, name)) => format!("filter:{name}"),
            None => match self.filter_of_main()? {
                Some(section) => section,
                None => return Ok(None),
            },
        };
        let Some(filter) = self.section(&section) else {
            // It may have come with the values of another file.
            if let Some(other) = self.other_file() {
                return other.prefix(values);
            }
            let name = section.trim_start_matches("filter:");
            return Err(self.error(
                self.line_of("filter-with"),
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

    /// The section of the filter in front of the application, where `main` is not the application itself.
    fn filter_of_main(&self) -> Result<Option<String>, IniError> {
        const FILTER: &str = "filter-app:main";
        if APP_MAIN.iter().any(|name| self.section(name).is_some()) {
            return Ok(None);
        }
        if self.section(FILTER).is_some() {
            return Ok(Some(FILTER.to_owned()));
        }
        let Some(entry) = self.entry("pipeline:main", "pipeline") else {
            return Ok(None);
        };
        let pipeline = self.interpolate(entry, "pipeline:main")?;
        let mut filters: Vec<&str> = pipeline.split_whitespace().collect();
        filters.pop();
        match filters.as_slice() {
            [] => Ok(None),
            [filter] => Ok(Some(format!("filter:{filter}"))),
            _ => Err(self.error(
                entry.line,
                format!("expected one filter before the application, found '{pipeline}', which only PasteDeploy can run"),
            )),
        }
    }

    /// The file that the application's `use` names.
    fn other_file(&self) -> Option<Self> {
        let used = self.value(&self.app_section()?.name, "use")?;
        let file = used.strip_prefix("config:")?.split('#').next()?;
        Self::read(&self.path.parent()?.join(file)).ok()
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
        let app = self.app_section().map_or(APP_MAIN[0], |app| &*app.name);
        [app, DEFAULT]
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
                .or_else(|| self.entry(DEFAULT, name))
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
    fn what_use_names_lies_below() {
        let own = app("[DEFAULT]\nx=1\n[app:main]\nuse = real\na=1\nset x = 3\n[DEFAULT]\ny=2\n[app:real]\nuse = egg:kallithea\na=2\nb=2\n")
            .unwrap();
        let value = |values: &HashMap<String, String>, key: &str| values[key].clone();
        assert_eq!(
            ["a", "b", "x", "y"].map(|key| value(&own, key)),
            ["1", "2", "3", "2"]
        );
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("below");
        std::fs::create_dir(&below).unwrap();
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            file
        };
        write(
            "below/other.ini",
            "[DEFAULT]\nsmtp_server = other\n[app:main]\nuse = egg:kallithea\ncache_dir = %(here)s/c\na = other\n[app:second]\na = second\n",
        );
        let read = |text: &str| {
            let values = Ini::read(&write("my.ini", text)).and_then(|ini| ini.application());
            values.map_err(|error| error.to_string())
        };
        let values: HashMap<String, String> = read(
            "[DEFAULT]\nsmtp_server = mine\n[app:main]\nuse = config:below/other.ini\na = mine\n",
        )
        .unwrap()
        .into_iter()
        .collect();
        let cache = below.join("c").display().to_string();
        assert_eq!(
            ["smtp_server", "a", "cache_dir"].map(|key| value(&values, key)),
            ["other", "mine", &*cache]
        );
        let second = read("[app:main]\nuse = config:below/other.ini#second\n").unwrap();
        assert!(second.contains(&("a".into(), "second".into())));
        for (used, complaint) in [
            ("config:gone.ini", "gone.ini: cannot be read"),
            (
                "config:below/other.ini#third",
                "line 2: 'use' names [app:third] of",
            ),
            ("nowhere", "but there is no section [app:nowhere]"),
            ("main", "which leads back here"),
            ("config:my.ini", "which leads back here"),
        ] {
            let error = read(&format!("[app:main]\nuse = {used}\n")).unwrap_err();
            assert!(error.contains(complaint), "{used}: {error}");
        }
    }

    #[test]
    fn the_application_is_found_behind_a_pipeline_or_a_composite() {
        for main in [
            "[application:main]\nuse = egg:Kallithea\na = 1\n",
            "[pipeline:main]\npipeline = p k\n[filter:p]\nuse = egg:PasteDeploy#prefix\n[app:k]\nuse = egg:kallithea\na = 1\n",
            "[composite:main]\nuse = egg:Paste#urlmap\n/ = k\n[app:k]\nuse = egg:kallithea-rs#main\na = 1\n[app:o]\nuse = egg:other\n",
        ] {
            assert_eq!(app(main).unwrap()["a"], "1", "{main}");
        }
        let prefix = |text: &str| {
            let ini = Ini::parse(Path::new("/srv/k/my.ini"), text).unwrap();
            let prefix = ini.prefix(&ini.application().unwrap());
            prefix
                .map(|prefix| prefix.unwrap_or_default().path)
                .map_err(|error| error.to_string())
        };
        let k = "[app:k]\nuse = egg:kallithea\n";
        let filter = "use = egg:PasteDeploy#prefix\nprefix = /x\n";
        for (main, expected) in [
            (
                format!("[pipeline:main]\npipeline = p k\n[filter:p]\n{filter}"),
                "/x",
            ),
            ("[pipeline:main]\npipeline = k\n".to_owned(), ""),
            (format!("[filter-app:main]\nnext = k\n{filter}"), "/x"),
        ] {
            assert_eq!(prefix(&format!("{main}{k}")).unwrap(), expected, "{main}");
        }
        let two = prefix(&format!("[pipeline:main]\npipeline = p q k\n{k}")).unwrap_err();
        assert!(two.contains("my.ini, line 2: expected one filter"), "{two}");
        let two = "[app:a]\nuse = egg:kallithea\n[app:b]\nuse = egg:kallithea\n";
        assert!(app(two).unwrap_err().contains("has no section [app:main]"));
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
