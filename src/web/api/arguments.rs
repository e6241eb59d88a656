//! Arguments: checked by name and type against the table before a method sees them.
//!
//! The original hands JSON values to its methods as they come and fails somewhere inside when the type is wrong. Here
//! the table says what each argument is; what clients of 0.7 send in other clothes (numbers as text, `"true"`, an
//! explicit `null` for "not given") is understood everywhere.

use std::fmt;

use serde_json::{Map, Value, json};

use super::fault::Fault;

/// One parameter of a method.
pub(super) struct Parameter {
    /// Its name in `args`.
    pub(super) name: &'static str,
    /// What may stand there.
    pub(super) kind: Kind,
    /// What counts when it does not, or is null.
    pub(super) default: Default,
    /// What it is good for.
    pub(super) doc: &'static str,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any JSON value.
    Any,
    /// A number or a text of digits: the id in the database; any other text: a name.
    Id,
    /// One such or an array of them.
    Ids,
    /// A text; a number is taken as its digits.
    Text,
    /// `true` or `false`, also as a text or as 1 and 0.
    Flag,
    /// The same for what is stored nowhere: any other value is what Python takes it for, as in the original.
    Switch,
    /// A whole number, also as a text.
    Number,
    /// An object of files: name → `{"content": text}`.
    Files,
}

/// What an argument is when it is not given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Default {
    /// It must be given.
    Required,
    /// Nothing; the method decides what that means.
    Null,
    /// This text.
    Text(&'static str),
    /// This flag.
    Flag(bool),
    /// This number.
    Number(i64),
}

impl Default {
    /// As JSON; none when there is no default.
    pub(super) fn to_json(self) -> Option<Value> {
        match self {
            Self::Required => None,
            Self::Null => Some(Value::Null),
            Self::Text(text) => Some(json!(text)),
            Self::Flag(flag) => Some(json!(flag)),
            Self::Number(number) => Some(json!(number)),
        }
    }
}

/// A parameter that must be given.
pub(super) const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Parameter {
    Parameter {
        name,
        kind,
        default: Default::Required,
        doc,
    }
}

/// A parameter that may be left out or null.
pub(super) const fn optional(name: &'static str, kind: Kind, doc: &'static str) -> Parameter {
    or(name, kind, Default::Null, doc)
}

/// A switch that is off unless given.
pub(super) const fn switch(name: &'static str, doc: &'static str) -> Parameter {
    or(name, Kind::Switch, Default::Flag(false), doc)
}

/// A parameter with a default.
pub(super) const fn or(
    name: &'static str,
    kind: Kind,
    default: Default,
    doc: &'static str,
) -> Parameter {
    Parameter {
        name,
        kind,
        default,
        doc,
    }
}

/// Other spellings that clients and the original's own documents use, with the name in the table.
const ALIASES: &[(&str, &str)] = &[
    ("usersgroupid", "usergroupid"),
    ("pullrequest_id", "pull_request_id"),
    ("pull_request_id", "pullrequest_id"),
];

/// An object named by a client: by number or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Id {
    /// As the client wrote it, for messages.
    shown: String,
    number: Option<i64>,
    name: bool,
}

/// How to look an object up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LookUp<'a> {
    /// By its number.
    Number(i64),
    /// By its name.
    Name(&'a str),
    /// Nothing has this id.
    Nothing,
}

impl Id {
    fn new(value: &Value) -> Option<Self> {
        // What is no id at all is that of nothing, in the words of the original, which are Python's.
        let nothing = |shown: &str| Self {
            shown: shown.to_owned(),
            number: None,
            name: false,
        };
        let (shown, digits) = match value {
            Value::Null => return Some(nothing("None")),
            Value::Bool(true) => return Some(nothing("True")),
            Value::Bool(false) => return Some(nothing("False")),
            Value::Number(number) if number.is_f64() => return Some(nothing(&number.to_string())),
            Value::Number(number) => (number.to_string(), true),
            Value::String(text) => (
                text.clone(),
                !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()),
            ),
            _ => return None,
        };
        Some(Self {
            number: shown.parse().ok().filter(|_| digits),
            name: !digits,
            shown,
        })
    }

    /// How to look it up.
    pub(super) fn look_up(&self) -> LookUp<'_> {
        match self.number {
            Some(number) => LookUp::Number(number),
            None if self.name => LookUp::Name(&self.shown),
            None => LookUp::Nothing,
        }
    }

    /// Whether this is that number.
    pub(super) fn is_number(&self, number: i64) -> bool {
        self.number == Some(number)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// The arguments of one call, checked and complete.
#[derive(Debug)]
pub(super) struct Arguments(Map<String, Value>);

impl Arguments {
    /// Checks what a client sent against the parameters of a method: what is missing, what is unknown, what has the wrong
    /// type, in this order and each in the order of the table.
    pub(super) fn check(
        parameters: &'static [Parameter],
        mut sent: Map<String, Value>,
    ) -> Result<Self, Fault> {
        for (alias, name) in ALIASES {
            if parameters.iter().any(|parameter| parameter.name == *name)
                && !sent.contains_key(*name)
                && let Some(value) = sent.remove(*alias)
            {
                sent.insert((*name).to_owned(), value);
            }
        }
        for parameter in parameters {
            let gone = match sent.get(parameter.name) {
                None => true,
                // The look-up of what has no name says so itself.
                Some(value) => value.is_null() && !matches!(parameter.kind, Kind::Id | Kind::Any),
            };
            if gone && parameter.default == Default::Required {
                return Err(Fault::said(format!(
                    "Missing non optional `{}` arg in JSON DATA",
                    parameter.name
                )));
            }
        }
        let unknown: Vec<String> = sent
            .keys()
            .filter(|name| !parameters.iter().any(|known| known.name == name.as_str()))
            .map(|name| format!("`{name}`"))
            .collect();
        if !unknown.is_empty() {
            let names = unknown.join(", ");
            return Err(Fault::said(format!("Unknown {names} arg in JSON DATA")));
        }
        let mut checked = Map::new();
        for parameter in parameters {
            let value = match sent.remove(parameter.name) {
                None | Some(Value::Null) => parameter.default.to_json().unwrap_or(Value::Null),
                Some(value) => parameter.kind.coerce(value).map_err(|expected| {
                    Fault::said(format!(
                        "Invalid value for `{}` arg in JSON DATA: expected {expected}",
                        parameter.name
                    ))
                })?,
            };
            checked.insert(parameter.name.to_owned(), value);
        }
        Ok(Self(checked))
    }

    /// An argument as it came.
    pub(super) fn value(&self, name: &str) -> &Value {
        debug_assert!(self.0.contains_key(name), "the table has no {name}");
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// A text, if given.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value(name).as_str()
    }

    /// A text that must be given or has a default.
    pub(super) fn needed(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// A flag, if given.
    pub(super) fn maybe(&self, name: &str) -> Option<bool> {
        self.value(name).as_bool()
    }

    /// A flag with a default.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.maybe(name).unwrap_or(false)
    }

    /// A number, if given.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.value(name).as_i64()
    }

    /// An id that must be given; null is the id of nothing.
    pub(super) fn id(&self, name: &str) -> Id {
        Id::new(self.value(name)).unwrap_or(Id {
            shown: String::new(),
            number: None,
            name: false,
        })
    }

    /// An id, if given.
    pub(super) fn maybe_id(&self, name: &str) -> Option<Id> {
        Some(self.value(name))
            .filter(|value| !value.is_null())
            .and_then(Id::new)
    }

    /// Ids, if given.
    pub(super) fn ids(&self, name: &str) -> Option<Vec<Id>> {
        match self.value(name) {
            Value::Null => None,
            Value::Array(values) => Some(values.iter().filter_map(Id::new).collect()),
            value => Id::new(value).map(|id| vec![id]),
        }
    }
}

impl Kind {
    /// What stands in its place in the description of the API.
    pub(super) fn schema(self) -> Value {
        let id = json!({"oneOf": [{"type": "integer"}, {"type": "string"}]});
        match self {
            Self::Any => json!({}),
            Self::Id => id,
            Self::Ids => json!({"oneOf": [
                {"type": "integer"}, {"type": "string"}, {"type": "array", "items": id},
            ]}),
            Self::Text => json!({"type": "string"}),
            Self::Flag | Self::Switch => json!({"type": "boolean"}),
            Self::Number => json!({"type": "integer"}),
            Self::Files => json!({
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "properties": {"content": {"type": "string"}, "lexer": {"type": ["string", "null"]}},
                    "required": ["content"],
                },
            }),
        }
    }

    /// For people.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Id => "id or name",
            Self::Ids => "id or name, or an array of them",
            Self::Text => "text",
            Self::Flag | Self::Switch => "true or false",
            Self::Number => "whole number",
            Self::Files => "object of files",
        }
    }

    /// Brings a value that is not null into its one form, or says what was expected.
    fn coerce(self, value: Value) -> Result<Value, &'static str> {
        match self {
            Self::Any => Ok(value),
            Self::Id => clean(value)
                .filter(|value| Id::new(value).is_some())
                .ok_or("a number or a text"),
            Self::Ids => {
                let one = |value: &Value| {
                    !value.is_null() && !value.is_boolean() && Id::new(value).is_some()
                };
                let fits = match &value {
                    Value::Array(values) => values.iter().all(one),
                    value => one(value),
                };
                fits.then_some(value)
                    .ok_or("a number, a text, or an array of these")
            }
            Self::Text => match value {
                Value::String(_) => clean(value).ok_or("a text without NUL characters"),
                Value::Number(number) => Ok(json!(number.to_string())),
                _ => Err("a text"),
            },
            Self::Flag => truth(&value).map(Value::Bool).ok_or("true or false"),
            Self::Switch => Ok(Value::Bool(
                truth(&value).unwrap_or_else(|| is_something(&value)),
            )),
            Self::Number => whole(&value).map(Value::from).ok_or("a whole number"),
            Self::Files => {
                let file = |file: &Value| file.get("content").is_some_and(Value::is_string);
                match value.as_object() {
                    Some(files) if files.values().all(file) => Ok(value),
                    _ => Err("an object of files, each with its content"),
                }
            }
        }
    }
}

/// No database takes a NUL within a text.
fn clean(value: Value) -> Option<Value> {
    match &value {
        Value::String(text) if text.contains('\0') => None,
        _ => Some(value),
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) => model::config::parse_bool(text),
        _ => None,
    }
}

/// What Python takes for true.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64()?;
            // 2^53: beyond it a float does not know its own last digit.
            (float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0).then_some(float as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: &[Parameter] = &[
        required("repoid", Kind::Id, ""),
        required("name", Kind::Text, ""),
        or("active", Kind::Flag, Default::Flag(true), ""),
        or("lifetime", Kind::Number, Default::Number(-1), ""),
        optional("usergroupid", Kind::Id, ""),
        optional("add", Kind::Ids, ""),
        switch("loud", ""),
    ];

    fn check(args: Value) -> Result<Arguments, String> {
        let Value::Object(args) = args else { panic!() };
        Arguments::check(PARAMETERS, args).map_err(|fault| fault.text().to_owned())
    }

    #[test]
    fn missing_and_unknown_arguments_are_told_as_the_original_does() {
        for (args, text) in [
            (json!({}), "Missing non optional `repoid` arg in JSON DATA"),
            (
                json!({"repoid": 1, "x": 1}),
                "Missing non optional `name` arg in JSON DATA",
            ),
            (
                json!({"repoid": 1, "name": null}),
                "Missing non optional `name` arg in JSON DATA",
            ),
            (
                json!({"repoid": 1, "name": "n", "y": 1, "apiuser": 2}),
                "Unknown `apiuser`, `y` arg in JSON DATA",
            ),
            (
                json!({"repoid": 1, "name": "n", "usergroupid": 1, "usersgroupid": 1}),
                "Unknown `usersgroupid` arg in JSON DATA",
            ),
        ] {
            assert_eq!(check(args).unwrap_err(), text);
        }
    }

    #[test]
    fn an_explicit_null_is_the_default() {
        let args = check(
            json!({"repoid": null, "name": "n", "active": null, "lifetime": null,
                                "usergroupid": null, "add": null}),
        )
        .unwrap();
        assert_eq!(args.id("repoid").look_up(), LookUp::Nothing);
        assert_eq!(args.id("repoid").to_string(), "None");
        assert!(args.flag("active"));
        assert_eq!(args.number("lifetime"), Some(-1));
        assert_eq!(args.maybe_id("usergroupid"), None);
        assert_eq!(args.ids("add"), None);
    }

    #[test]
    fn values_in_other_clothes_are_understood() {
        for active in [
            json!(true),
            json!("True"),
            json!("1"),
            json!(1),
            json!("yes"),
        ] {
            for lifetime in [json!(5), json!("5"), json!(5.0), json!(" 5 ")] {
                let args = check(
                    json!({"repoid": "a", "name": 7, "active": active, "lifetime": lifetime}),
                )
                .unwrap();
                assert!(args.flag("active"));
                assert_eq!(args.number("lifetime"), Some(5));
                assert_eq!(args.needed("name"), "7");
            }
        }
        let args = check(json!({"repoid": 1, "name": "", "usersgroupid": "g", "add": [1, "b"]}));
        let args = args.unwrap();
        assert_eq!(args.id("usergroupid").look_up(), LookUp::Name("g"));
        assert_eq!(args.ids("add").unwrap().len(), 2);
    }

    #[test]
    fn ids_are_numbers_digits_or_names() {
        for (id, look_up) in [
            (json!(7), LookUp::Number(7)),
            (json!(-7), LookUp::Number(-7)),
            (json!("007"), LookUp::Number(7)),
            (json!("a/b"), LookUp::Name("a/b")),
            (json!(""), LookUp::Name("")),
            (json!("-7"), LookUp::Name("-7")),
            (json!("99999999999999999999"), LookUp::Nothing),
            (json!(1.5), LookUp::Nothing),
            (json!(true), LookUp::Nothing),
            (json!(false), LookUp::Nothing),
        ] {
            let args = check(json!({"repoid": id, "name": ""})).unwrap();
            assert_eq!(args.id("repoid").look_up(), look_up, "{id}");
        }
    }

    #[test]
    fn what_is_no_id_is_shown_as_the_original_shows_it() {
        for (id, shown) in [
            (json!(true), "True"),
            (json!(1.5), "1.5"),
            (json!(null), "None"),
        ] {
            let args = check(json!({"repoid": id, "name": ""})).unwrap();
            assert_eq!(args.id("repoid").to_string(), shown);
        }
    }

    #[test]
    fn a_switch_takes_anything_for_what_python_takes_it_for() {
        for (value, on) in [
            (json!("false"), false),
            (json!("0"), false),
            (json!(""), false),
            (json!([]), false),
            (json!({}), false),
            (json!(0.0), false),
            (json!("x"), true),
            (json!(2), true),
            (json!(["x"]), true),
        ] {
            let args = check(json!({"repoid": 1, "name": "", "loud": value})).unwrap();
            assert_eq!(args.flag("loud"), on, "{value}");
        }
    }

    #[test]
    fn wrong_types_are_told_by_name() {
        let with = |name: &str, value: Value| {
            let mut args = json!({"repoid": 1, "name": "n"});
            args[name] = value;
            check(args).unwrap_err()
        };
        for (name, value, expected) in [
            ("repoid", json!([1]), "a number or a text"),
            ("repoid", json!("a\0b"), "a number or a text"),
            ("name", json!({}), "a text"),
            ("name", json!(false), "a text"),
            ("name", json!("\0"), "a text without NUL characters"),
            ("active", json!("maybe"), "true or false"),
            ("active", json!(2), "true or false"),
            ("lifetime", json!(1.5), "a whole number"),
            ("lifetime", json!(1e300), "a whole number"),
            ("lifetime", json!("x"), "a whole number"),
            (
                "add",
                json!([true]),
                "a number, a text, or an array of these",
            ),
            (
                "add",
                json!([null]),
                "a number, a text, or an array of these",
            ),
        ] {
            assert_eq!(
                with(name, value),
                format!("Invalid value for `{name}` arg in JSON DATA: expected {expected}")
            );
        }
    }
}
