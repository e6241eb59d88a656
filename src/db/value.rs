//! The values that go into a statement and come out of it, the same for every engine.

use std::borrow::Cow;

use crate::time::LocalTime;

/// A value to be bound to a `?`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// SQL NULL.
    Null,
    /// Any integer or id.
    Int(i64),
    /// A double, used for times in seconds since the epoch.
    Real(f64),
    /// A boolean; a column type of its own on some engines, so never write `= 1` in SQL.
    Bool(bool),
    /// Text.
    Text(Cow<'a, str>),
    /// A time, for the DATETIME columns of Kallithea.
    Time(LocalTime),
    /// Bytes, for BLOB columns: text in such a column makes the original fail on reading.
    Bytes(&'a [u8]),
}

/// A text as it is bound. NUL is the one letter that PostgreSQL cannot hold, MySQL takes for nothing in comparisons and
/// SQLite's LIKE takes for the end. So it is the replacement character everywhere: what asks for it finds nothing.
fn without_nul(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        text
    }
}

macro_rules! value_from {
    ($type:ty, $name:ident => $value:expr) => {
        impl<'a> From<$type> for Value<'a> {
            fn from($name: $type) -> Self {
                $value
            }
        }
    };
}

value_from!(i64, n => Value::Int(n));
value_from!(f64, n => Value::Real(n));
value_from!(bool, flag => Value::Bool(flag));
value_from!(String, text => Value::Text(without_nul(Cow::Owned(text))));
value_from!(&'a str, text => Value::Text(without_nul(Cow::Borrowed(text))));
value_from!(&'a String, text => Value::Text(without_nul(Cow::Borrowed(text))));
value_from!(&'a [u8], bytes => Value::Bytes(bytes));
value_from!(&'a Vec<u8>, bytes => Value::Bytes(bytes));
value_from!(LocalTime, time => Value::Time(time));

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// The values of a statement, in the order of its `?`.
macro_rules! params {
    ($($value:expr),* $(,)?) => { [$($crate::value::Value::from($value)),*] };
}
pub(crate) use params;

/// A value as it comes out of a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column<'a> {
    /// SQL NULL.
    Null,
    /// An integer, also a boolean.
    Int(i64),
    /// A double.
    Real(f64),
    /// Text, which SQLite does not promise to be UTF-8.
    Text(&'a [u8]),
    /// A time, on engines that have a type for it.
    #[allow(dead_code, reason = "SQLite has none")]
    Time(LocalTime),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// How a column becomes a Rust value. There is no error: old databases hold NULL in nearly every column and SQLite
/// keeps whatever it was given, and neither may make a page fail.
pub(crate) trait FromColumn {
    /// The value, or the type's notion of "nothing there".
    fn from_column(column: Column<'_>) -> Self;
}

impl FromColumn for i64 {
    fn from_column(column: Column<'_>) -> Self {
        match column {
            Column::Int(n) => n,
            Column::Real(n) => n as i64,
            Column::Text(text) => std::str::from_utf8(text)
                .ok()
                .and_then(|text| text.parse().ok())
                .unwrap_or(0),
            Column::Null | Column::Time(_) | Column::Bytes(_) => 0,
        }
    }
}

impl FromColumn for f64 {
    fn from_column(column: Column<'_>) -> Self {
        match column {
            Column::Int(n) => n as f64,
            Column::Real(n) => n,
            Column::Text(text) => std::str::from_utf8(text)
                .ok()
                .and_then(|text| text.parse().ok())
                .unwrap_or(0.0),
            Column::Null | Column::Time(_) | Column::Bytes(_) => 0.0,
        }
    }
}

impl FromColumn for bool {
    fn from_column(column: Column<'_>) -> Self {
        i64::from_column(column) != 0
    }
}

impl FromColumn for String {
    fn from_column(column: Column<'_>) -> Self {
        match column {
            Column::Null => String::new(),
            Column::Int(n) => n.to_string(),
            Column::Real(n) => n.to_string(),
            Column::Time(time) => time.to_string(),
            Column::Text(text) | Column::Bytes(text) => String::from_utf8_lossy(text).into_owned(),
        }
    }
}

impl FromColumn for Vec<u8> {
    fn from_column(column: Column<'_>) -> Self {
        match column {
            Column::Text(bytes) | Column::Bytes(bytes) => bytes.to_vec(),
            Column::Null | Column::Int(_) | Column::Real(_) | Column::Time(_) => Vec::new(),
        }
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(column: Column<'_>) -> Self {
        match column {
            Column::Null => None,
            _ => Some(T::from_column(column)),
        }
    }
}

/// A pattern for `lower(column) LIKE lower(?) ESCAPE '!'` that finds this text anywhere.
pub(crate) fn contains(text: &str) -> String {
    format!("%{}%", escaped(text))
}

/// A pattern for `lower(column) LIKE lower(?) ESCAPE '!'` that finds this text at the beginning.
#[allow(dead_code, reason = "for the searches of pages and API")]
pub(crate) fn starts_with(text: &str) -> String {
    format!("{}%", escaped(text))
}

/// A pattern for `lower(column) LIKE lower(?) ESCAPE '!'` from a text in which `*` stands for any letters.
pub(crate) fn with_stars(text: &str) -> String {
    escaped(text).replace('*', "%")
}

/// Takes their meaning from the letters that have one in a pattern.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 2);
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '!') {
            escaped.push('!');
        }
        escaped.push(letter);
    }
    escaped
}

/// `?, ?, ?`, for lists whose length is known only at run time.
pub(crate) fn placeholders(count: usize) -> String {
    vec!["?"; count].join(", ")
}
