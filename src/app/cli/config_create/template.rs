//! The text of a new ini file. `template.ini` says what stands where; what a key is good for and what it is without being
//! set comes from the table of keys.
//!
//! In the template, `@key` is a key that is not set, `@key = value` one that is, `@key* value` an example for a family of
//! keys, and `*` all keys that stand nowhere else. `?word` … `.` stands only when that database or server was chosen, `{{name}}` is a variable.

use model::config::keys;

const TEMPLATE: &str = include_str!("template.ini");

/// What the template's variables are.
pub(super) struct Variables {
    pub(super) database_engine: String,
    pub(super) http_server: String,
    pub(super) host: String,
    pub(super) port: String,
    pub(super) program: String,
    pub(super) home: String,
    pub(super) locale: String,
}

/// The lines of the file.
pub(super) fn fill(variables: &Variables) -> Vec<String> {
    let mut lines = Vec::new();
    let mut shown = true;
    for line in TEMPLATE.lines() {
        if let Some(choice) = line.strip_prefix('?') {
            shown = [&variables.database_engine, &variables.http_server]
                .iter()
                .any(|chosen| *chosen == choice);
        } else if line == "." {
            shown = true;
        } else if line == "*" {
            rest(variables, &mut lines);
        } else if shown {
            match line.strip_prefix('@') {
                Some(entry) => key(entry, variables, &mut lines),
                None => lines.push(replace(line, variables)),
            }
        }
    }
    lines
}

/// The keys that the template does not mention.
fn rest(variables: &Variables, lines: &mut Vec<String>) {
    let mentioned = |name: &str| {
        TEMPLATE
            .lines()
            .filter_map(|line| line.strip_prefix('@'))
            .any(|entry| entry.split([' ', '=']).next() == Some(name))
    };
    let useful = |key: &&keys::Key| matches!(key.effect, keys::Effect::Used | keys::Effect::Later);
    for known in keys::KEYS.iter().filter(useful) {
        if !mentioned(known.name) && known.name != "filter-with" {
            key(known.name, variables, lines);
        }
    }
}

fn key(entry: &str, variables: &Variables, lines: &mut Vec<String>) {
    let name = entry.split([' ', '=']).next().unwrap_or(entry);
    let rest = entry[name.len()..].trim_start();
    let known = keys::find(name.trim_end_matches('*'))
        .or_else(|| keys::KEYS.iter().find(|key| key.name == name));
    if let Some(key) = known {
        lines.push(format!("# {}", key.meaning));
    }
    lines.push(match (name.strip_suffix('*'), rest.strip_prefix('=')) {
        (_, Some(value)) => {
            let value = replace(value.trim_start(), variables);
            format!("{name} = {value}")
        }
        // `celery.*` is nothing without the rest of its name.
        (Some(family), None) if family.ends_with('.') => format!("#{family}{rest}"),
        (Some(family), None) => format!("#{family} = {rest}").trim_end().to_owned(),
        (None, None) => {
            let default = known.map_or("", |key| key.default);
            format!("#{name} = {default}").trim_end().to_owned()
        }
    });
}

fn replace(line: &str, variables: &Variables) -> String {
    let mut text = line.to_owned();
    for (name, value) in [
        ("host", &variables.host),
        ("port", &variables.port),
        ("program", &variables.program),
        ("home", &variables.home),
        ("locale", &variables.locale),
        ("version", &env!("CARGO_PKG_VERSION").to_owned()),
    ] {
        // In a value, a percent sign is written twice.
        text = text.replace(&format!("{{{{{name}}}}}"), &value.replace('%', "%%"));
    }
    // Another secret at each place.
    while text.contains("{{uuid}}") {
        text = text.replacen("{{uuid}}", &model::random::hex(32), 1);
    }
    text
}
