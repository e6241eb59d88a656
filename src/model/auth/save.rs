//! The settings of login sources as the administrator's form reads and writes them.

use std::collections::HashMap;

use db::{DbError, settings};
use regex::Regex;

use super::fields::{Field, FieldKind, LIST, SourceKind};
use crate::config::parse_bool;
use crate::text::m;
use crate::{Error, Model, Text, say};

/// One source as the form shows it.
#[derive(Debug, Clone)]
pub struct SourceSettings {
    /// Which.
    pub kind: SourceKind,
    /// Its settings with their values. A secret has none; [`Self::secrets`] tells which are set.
    pub values: Vec<(&'static Field, String)>,
    /// The keys of secrets that are set.
    pub secrets: Vec<&'static str>,
}

/// The whole form.
#[derive(Debug, Clone)]
pub struct SourcesForm {
    /// The modules as listed, in their order; those of other makers among them.
    pub modules: Vec<String>,
    /// The listed sources of ours.
    pub sources: Vec<SourceSettings>,
}

/// A posted value that does not hold, with the full name of its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadField {
    /// `auth_ldap_port`
    pub name: String,
    /// The label, in English.
    pub label: &'static str,
    /// What is wrong.
    pub message: Text,
}

impl Model {
    /// The settings as they are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn login_sources(&self) -> Result<SourcesForm, Error> {
        let rows = self.db().read(settings::all)?;
        let stored: HashMap<&str, &str> =
            rows.iter().map(|row| (&*row.name, &*row.value)).collect();
        let modules = modules(
            stored
                .get(LIST)
                .copied()
                .unwrap_or(SourceKind::Internal.module()),
        );
        let sources = modules
            .iter()
            .filter_map(|module| SourceKind::from_module(module))
            .map(|kind| {
                let value = |field: &Field| stored.get(&*name(kind, field)).copied();
                SourceSettings {
                    kind,
                    values: kind
                        .fields()
                        .iter()
                        .map(|field| {
                            let shown = match field.kind {
                                FieldKind::Secret => "",
                                _ => value(field).unwrap_or(field.default),
                            };
                            (field, shown.to_owned())
                        })
                        .collect(),
                    secrets: kind
                        .fields()
                        .iter()
                        .filter(|field| field.kind == FieldKind::Secret)
                        .filter(|field| value(field).is_some_and(|secret| !secret.is_empty()))
                        .map(|field| field.key)
                        .collect(),
                }
            })
            .collect();
        Ok(SourcesForm { modules, sources })
    }

    /// Saves a posted form. A source that is listed by this post only gets its settings with the next one, as its fields
    /// were not in the form. Nothing is saved when anything is wrong.
    ///
    /// # Errors
    /// When the database cannot be written; the list of what is wrong stands in the answer.
    pub fn save_login_sources(
        &self,
        posted: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Vec<BadField>, Error> {
        let before = self.login_sources()?;
        let mut wrong = Vec::new();
        let listed = modules(&posted(LIST).unwrap_or_default());
        check_list(&listed, &before.modules, &mut wrong);
        let mut changes: Vec<(String, String)> = Vec::new();
        for kind in before.sources.iter().map(|source| source.kind) {
            if !listed
                .iter()
                .any(|module| SourceKind::from_module(module) == Some(kind))
            {
                continue;
            }
            for field in kind.fields() {
                match read(field, posted(&name(kind, field))) {
                    Ok(Some(value)) => changes.push((name(kind, field), value)),
                    Ok(None) => {}
                    Err(message) => wrong.push(BadField {
                        name: name(kind, field),
                        label: field.label,
                        message,
                    }),
                }
            }
        }
        if !wrong.is_empty() {
            return Ok(wrong);
        }
        self.db().write(|tx| {
            settings::set(tx, LIST, Some(&listed.join(",")), Some("list"))?;
            for (name, value) in &changes {
                // A row that is there keeps its type, a new one is `unicode`.
                settings::set(tx, name, Some(value), None)?;
            }
            Ok::<_, DbError>(())
        })?;
        Ok(Vec::new())
    }
}

fn name(kind: SourceKind, field: &Field) -> String {
    format!("auth_{}_{}", kind.name(), field.key)
}

/// The names of a list, each in the form of this release.
fn modules(list: &str) -> Vec<String> {
    let mut modules: Vec<String> = Vec::new();
    for module in list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let module = match SourceKind::from_module(module) {
            Some(kind) => kind.module().to_owned(),
            None => module.to_owned(),
        };
        if !modules.contains(&module) {
            modules.push(module);
        }
    }
    modules
}

fn check_list(listed: &[String], before: &[String], wrong: &mut Vec<BadField>) {
    let mut refuse = |message: Text| {
        wrong.push(BadField {
            name: LIST.to_owned(),
            label: m("Login sources"),
            message,
        });
    };
    if listed.is_empty() {
        refuse(say!("Value cannot be an empty list"));
    }
    for module in listed {
        // One of another maker that stands in the database already stays: it may serve the original again.
        if SourceKind::from_module(module).is_none() && !before.contains(module) {
            refuse(say!(
                "'{module}' is not a login source that this program has",
                module = module
            ));
        }
    }
}

/// The text to be stored; none leaves what is stored.
fn read(field: &Field, posted: Option<String>) -> Result<Option<String>, Text> {
    let text = posted.unwrap_or_default();
    if text.contains('\0') || text.chars().count() > 4096 {
        return Err(say!("Enter at most 4096 characters and no NUL"));
    }
    let trimmed = text.trim();
    Ok(match field.kind {
        // An unticked box is not posted at all.
        FieldKind::Flag => {
            let on = !trimmed.is_empty() && parse_bool(trimmed).unwrap_or(true);
            Some(if on { "True" } else { "False" }.to_owned())
        }
        FieldKind::Secret if text.is_empty() => None,
        FieldKind::Secret => Some(text),
        FieldKind::Port if trimmed.is_empty() => None,
        FieldKind::Port => match trimmed.parse::<u16>() {
            Ok(port) if port > 0 => Some(port.to_string()),
            _ => return Err(say!("Please enter a number between 1 and 65535")),
        },
        FieldKind::Seconds if trimmed.is_empty() => None,
        FieldKind::Seconds => match trimmed.parse::<u16>() {
            Ok(seconds @ 1..=60) => Some(seconds.to_string()),
            _ => return Err(say!("Please enter a number between 1 and 60")),
        },
        FieldKind::Choice(words) if words.contains(&trimmed) => Some(trimmed.to_owned()),
        FieldKind::Choice(words) => {
            return Err(say!(
                "Value must be one of: {words}",
                words = words.join("; ")
            ));
        }
        FieldKind::Pattern => match Regex::new(trimmed) {
            Ok(_) => Some(trimmed.to_owned()),
            Err(error) => {
                return Err(say!(
                    "This is no regular expression: {error}",
                    error = error
                ));
            }
        },
        FieldKind::Text if trimmed.is_empty() && matches!(field.key, "attr_login" | "header") => {
            return Err(say!("Please enter a value"));
        }
        FieldKind::Text => Some(trimmed.to_owned()),
    })
}
