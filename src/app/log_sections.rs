//! Python's logging sections of the ini file, as far as they can be carried out without Python: levels, and whether lines go to standard error, to a
//! file or nowhere.
//!
//! Commands read them. For a command `ssh-serve` the section `[ssh_serve:logger_root]` stands in for `[logger_root]`, and so on for each section.
//! Formats, and handlers that send lines somewhere else, have no effect; lines for the latter go to standard error.

use std::path::PathBuf;

use tracing::level_filters::LevelFilter;

use crate::Ini;

/// Somewhere that log lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    pub level: LevelFilter,
    pub target: Target,
}

/// Where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Standard error.
    Errors,
    /// The end of a file.
    File(PathBuf),
}

/// Where log lines of a command go, named as its function is; `None` where the file says nothing about it.
pub(crate) fn outputs(ini: &Ini, command: &str) -> Option<Vec<Output>> {
    let sections = Sections { ini, command };
    sections.named("logger_root")?;
    let keys = sections.value("loggers", "keys").unwrap_or_default();
    let own = names(&keys)
        .map(|key| format!("logger_{key}"))
        .find(|section| sections.value(section, "qualname").as_deref() == Some("kallithea"));
    let value = |section: Option<&str>, key| section.and_then(|name| sections.value(name, key));
    let own = own.as_deref();
    let level = value(own, "level")
        .and_then(|text| level(&text))
        .or_else(|| level(&sections.value("logger_root", "level")?))
        .unwrap_or(LevelFilter::DEBUG);
    let mut handlers = value(own, "handlers").unwrap_or_default();
    if value(own, "propagate").is_none_or(|text| text.trim() != "0") {
        handlers.push(',');
        handlers.push_str(
            &sections
                .value("logger_root", "handlers")
                .unwrap_or_default(),
        );
    }
    let mut outputs: Vec<Output> = Vec::new();
    for name in names(&handlers) {
        let Some(output) = sections.handler(name, level) else {
            continue;
        };
        match outputs
            .iter_mut()
            .find(|other| other.target == output.target)
        {
            Some(same) => same.level = same.level.max(output.level),
            None => outputs.push(output),
        }
    }
    Some(outputs)
}

/// Whether the file has sections of its own for a command.
pub(crate) fn has_own(ini: &Ini, command: &str) -> bool {
    let prefix = format!("{command}:logger_");
    ini.sections().any(|(name, _)| name.starts_with(&prefix))
}

struct Sections<'a> {
    ini: &'a Ini,
    command: &'a str,
}

impl Sections<'_> {
    /// The section that counts under this name.
    fn named(&self, name: &str) -> Option<String> {
        let own = format!("{}:{name}", self.command);
        let has = |wanted: &str| self.ini.sections().any(|(name, _)| name == wanted);
        [own, name.to_owned()].into_iter().find(|name| has(name))
    }

    fn value(&self, section: &str, key: &str) -> Option<String> {
        self.ini.value(&self.named(section)?, key)
    }

    fn handler(&self, name: &str, most: LevelFilter) -> Option<Output> {
        let section = format!("handler_{name}");
        let class = self.value(&section, "class")?;
        let class = class.rsplit('.').next().unwrap_or_default();
        let target = match class {
            "NullHandler" => return None,
            class if class.ends_with("FileHandler") => {
                let arguments = self.value(&section, "args")?;
                Target::File(first_text(&arguments)?.into())
            }
            _ => Target::Errors,
        };
        let own = self.value(&section, "level").and_then(|text| level(&text));
        let level = own.map_or(most, |own| own.min(most));
        Some(Output { level, target })
    }
}

fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

/// A level of Python; `None` for `NOTSET`, which leaves it to others, and for what is none.
fn level(name: &str) -> Option<LevelFilter> {
    Some(match name.trim() {
        "DEBUG" => LevelFilter::DEBUG,
        "INFO" => LevelFilter::INFO,
        "WARN" | "WARNING" => LevelFilter::WARN,
        "ERROR" => LevelFilter::ERROR,
        // Nothing of ours is worse than an error.
        "CRITICAL" | "FATAL" => LevelFilter::OFF,
        _ => return None,
    })
}

/// The first text of a Python tuple.
fn first_text(arguments: &str) -> Option<&str> {
    let start = arguments.find(['\'', '"'])?;
    let quote = arguments[start..].chars().next()?;
    let rest = &arguments[start + 1..];
    rest.find(quote).map(|end| &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, command: &str) -> Option<Vec<Output>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my.ini");
        let text = text.replace("@HERE@", &folder.path().display().to_string());
        std::fs::write(&path, format!("[app:main]\nuse = egg:kallithea\n{text}")).unwrap();
        let mut outputs = outputs(&Ini::read(&path).unwrap(), command);
        for output in outputs.iter_mut().flatten() {
            if let Target::File(file) = &mut output.target {
                *file = file.strip_prefix(folder.path()).unwrap_or(file).to_owned();
            }
        }
        outputs
    }

    /// As Kallithea writes it.
    const USUAL: &str = "[loggers]\nkeys = root, kallithea\n[handlers]\nkeys = console, null, file\n\
        [logger_root]\nlevel = NOTSET\nhandlers = console\n\
        [logger_kallithea]\nlevel = WARN\nhandlers =\nqualname = kallithea\n\
        [handler_console]\nclass = StreamHandler\nargs = (sys.stderr,)\nformatter = generic\n\
        [handler_null]\nclass = NullHandler\nargs = ()\n\
        [handler_file]\nclass = logging.handlers.RotatingFileHandler\nargs = ('%(here)s/k.log', 'a', 1000)\nlevel = ERROR\n";

    #[test]
    fn the_usual_sections_warn_on_standard_error() {
        let errors = |level| {
            Some(vec![Output {
                level,
                target: Target::Errors,
            }])
        };
        assert_eq!(of("", "repo_scan"), None);
        assert_eq!(of(USUAL, "repo_scan"), errors(LevelFilter::WARN));
        let more = USUAL.replace("level = WARN", "level = DEBUG");
        assert_eq!(of(&more, "repo_scan"), errors(LevelFilter::DEBUG));
        let other = USUAL.replace("qualname = kallithea", "qualname = tg");
        assert_eq!(of(&other, "repo_scan"), errors(LevelFilter::DEBUG));
        let closed = USUAL.replace("qualname =", "propagate = 0\nqualname =");
        assert_eq!(of(&closed, "repo_scan"), Some(Vec::new()));
    }

    #[test]
    fn a_command_has_sections_of_its_own() {
        let quiet = format!("{USUAL}[ssh_serve:logger_root]\nlevel = CRITICAL\nhandlers = null\n");
        assert_eq!(of(&quiet, "ssh_serve"), Some(Vec::new()));
        assert_eq!(of(&quiet, "repo_scan"), of(USUAL, "repo_scan"));
        let file =
            format!("{USUAL}[ssh_serve:logger_root]\nlevel = INFO\nhandlers = file, nowhere\n");
        let expected = Output {
            level: LevelFilter::ERROR,
            target: Target::File("k.log".into()),
        };
        assert_eq!(of(&file, "ssh_serve"), Some(vec![expected]));
    }

    #[test]
    fn texts_of_a_tuple() {
        assert_eq!(first_text("('a b', 'x')"), Some("a b"));
        assert_eq!(first_text("(\"it's\",)"), Some("it's"));
        assert_eq!(first_text("(sys.stderr,)"), None);
        assert_eq!(first_text("('open"), None);
    }
}
