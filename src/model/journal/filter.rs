//! The filter of the journal: `repository:tools/* AND NOT (username:alice OR date:[20240101 TO 20240131])`.
//!
//! The fields are `repository`, `username`, `ip`, `action` and `date`; a word without a field is a repository. `*` stands for any
//! letters, quotes keep blanks together, words that stand side by side must all hold. A date is a day (`20240131`, also
//! `2024-01-31`), a month, a year, an hour of a day and so on, `today`, `yesterday`, or a range in brackets with both ends
//! in it, either of which may be `*`.

use db::user_logs::{Condition, Field};
use db::{LocalTime, UserId};
use jiff::civil::{Date, DateTime};
use jiff::{Span, ToSpan, Zoned};

/// Longer filters are not looked at.
const LONGEST: usize = 2_000;
/// More words than this are not looked at: each is a condition of a statement.
const MOST_WORDS: usize = 100;
/// Brackets within brackets.
const DEEPEST: usize = 20;

/// Why a filter cannot be understood, in words for the one who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A bracket or quote that does not end, or ends nothing.
    #[error("The filter has a bracket or quote without its other half.")]
    Unbalanced,
    /// `AND`, `OR` or `NOT` without what it joins, or brackets around nothing.
    #[error("The filter lacks a word at '{0}'.")]
    Missing(String),
    /// A date of no known form.
    #[error(
        "'{0}' is no date. Write 20240131, 202401, 2024, today, yesterday or [20240101 TO 20240131]."
    )]
    Date(String),
    /// Too much of it.
    #[error("The filter is too long.")]
    TooLong,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Term {
        field: Option<String>,
        value: String,
    },
}

/// Reads a filter. `own` is the account whose addresses may be asked for; none for who may ask for all.
pub(super) fn parse(text: &str, own: Option<UserId>) -> Result<Condition, FilterError> {
    if text.len() > LONGEST {
        return Err(FilterError::TooLong);
    }
    let tokens = tokens(text)?;
    if tokens.len() > MOST_WORDS {
        return Err(FilterError::TooLong);
    }
    if tokens.is_empty() {
        return Ok(Condition::All(Vec::new()));
    }
    let mut parser = Parser { tokens, at: 0, own };
    let condition = parser.any(0)?;
    match parser.peek() {
        None => Ok(condition),
        Some(_) => Err(FilterError::Unbalanced),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        match first {
            '(' => {
                tokens.push(Token::Open);
                rest = &rest[1..];
            }
            ')' => {
                tokens.push(Token::Close);
                rest = &rest[1..];
            }
            _ => {
                let (token, after) = word(rest)?;
                tokens.push(token);
                rest = after;
            }
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// One word, with its field if it has one, and what follows it.
fn word(text: &str) -> Result<(Token, &str), FilterError> {
    let plain_end = |text: &str| {
        text.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"'))
            .unwrap_or(text.len())
    };
    if let Some((value, rest)) = quoted(text)? {
        return Ok((Token::Term { field: None, value }, rest));
    }
    let end = plain_end(text);
    let (head, rest) = text.split_at(end);
    if let Some((field, value)) = head.split_once(':') {
        let field = field.to_lowercase();
        let after_field = &text[field.len() + 1..];
        if value.is_empty()
            && let Some((value, rest)) = quoted(after_field)?
        {
            let field = Some(field);
            return Ok((Token::Term { field, value }, rest));
        }
        if field == "date" && value.starts_with('[') {
            let end = after_field.find(']').ok_or(FilterError::Unbalanced)?;
            let value = after_field[..=end].to_owned();
            let field = Some(field);
            return Ok((Token::Term { field, value }, &after_field[end + 1..]));
        }
        let value = value.to_owned();
        let field = Some(field);
        return Ok((Token::Term { field, value }, rest));
    }
    let token = match head {
        "AND" | "and" | "&&" => Token::And,
        "OR" | "or" | "||" => Token::Or,
        "NOT" | "not" => Token::Not,
        _ => Token::Term {
            field: None,
            value: head.to_owned(),
        },
    };
    Ok((token, rest))
}

/// A text in quotes at the beginning, and what follows it.
fn quoted(text: &str) -> Result<Option<(String, &str)>, FilterError> {
    let Some(inside) = text.strip_prefix('"') else {
        return Ok(None);
    };
    let (value, rest) = inside.split_once('"').ok_or(FilterError::Unbalanced)?;
    Ok(Some((value.to_owned(), rest)))
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    own: Option<UserId>,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, token: &Token) -> bool {
        let is_it = self.peek() == Some(token);
        self.at += usize::from(is_it);
        is_it
    }

    /// Conditions joined by OR.
    fn any(&mut self, depth: usize) -> Result<Condition, FilterError> {
        let mut parts = vec![self.all(depth)?];
        while self.take(&Token::Or) {
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    /// Conditions joined by AND, or by nothing.
    fn all(&mut self, depth: usize) -> Result<Condition, FilterError> {
        let mut parts = vec![self.one(depth)?];
        loop {
            let joined = self.take(&Token::And);
            match self.peek() {
                None | Some(Token::Close | Token::Or) if !joined => break,
                _ => parts.push(self.one(depth)?),
            }
        }
        Ok(one_or(parts, Condition::All))
    }

    fn one(&mut self, depth: usize) -> Result<Condition, FilterError> {
        if depth > DEEPEST {
            return Err(FilterError::TooLong);
        }
        let token = self.peek().cloned();
        self.at += 1;
        match token {
            Some(Token::Not) => Ok(Condition::Not(Box::new(self.one(depth + 1)?))),
            Some(Token::Open) => {
                let inside = self.any(depth + 1)?;
                if self.take(&Token::Close) {
                    Ok(inside)
                } else {
                    Err(FilterError::Unbalanced)
                }
            }
            Some(Token::Term { field, value }) => self.term(field.as_deref(), value),
            Some(Token::Close) => Err(FilterError::Missing(")".into())),
            Some(Token::And) => Err(FilterError::Missing("AND".into())),
            Some(Token::Or) => Err(FilterError::Missing("OR".into())),
            None => Err(FilterError::Missing("…".into())),
        }
    }

    fn term(&self, field: Option<&str>, value: String) -> Result<Condition, FilterError> {
        let fits = |field, value| Ok(Condition::Fits(field, value));
        match field {
            None | Some("repository") => fits(Field::Repository, value),
            Some("username") => fits(Field::Username, value),
            // `action:push` means all that was pushed, whatever it was.
            Some("action") => Ok(Condition::Any(vec![
                Condition::Fits(Field::Action, format!("{value}:*")),
                Condition::Fits(Field::Action, value),
            ])),
            Some("ip") => {
                let fits = Condition::Fits(Field::Address, value);
                Ok(match self.own {
                    // Where others come from is for administrators to know.
                    Some(own) => Condition::All(vec![fits, Condition::By(vec![own])]),
                    None => fits,
                })
            }
            Some("date") => date(&value),
            Some(other) => fits(Field::Repository, format!("{other}:{value}")),
        }
    }
}

fn one_or(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    if parts.len() == 1 {
        parts.remove(0)
    } else {
        join(parts)
    }
}

fn date(value: &str) -> Result<Condition, FilterError> {
    let unknown = || FilterError::Date(value.to_owned());
    let (from, to) = match value
        .strip_prefix('[')
        .and_then(|inside| inside.strip_suffix(']'))
    {
        Some(range) => {
            let words: Vec<&str> = range.split_whitespace().collect();
            match words[..] {
                [from, to_word, to] if to_word.eq_ignore_ascii_case("to") => (from, to),
                _ => return Err(unknown()),
            }
        }
        None => (value, value),
    };
    let mut limits = Vec::new();
    if from != "*" {
        let (start, _) = period(from).ok_or_else(unknown)?;
        limits.push(Condition::Since(start));
    }
    if to != "*" {
        let (_, end) = period(to).ok_or_else(unknown)?;
        limits.push(Condition::Before(end));
    }
    Ok(Condition::All(limits))
}

/// The beginning and the end of what a date names.
fn period(text: &str) -> Option<(LocalTime, LocalTime)> {
    let day = |date: Date| Some((date.to_datetime(jiff::civil::Time::midnight()), 1.day()));
    let (start, length): (DateTime, Span) = match text.to_lowercase().as_str() {
        "today" => day(Zoned::now().date())?,
        "yesterday" => day(Zoned::now().date().yesterday().ok()?)?,
        _ => {
            let digits: String = text
                .chars()
                .filter(|c| !matches!(c, '-' | ':' | 'T' | 't'))
                .collect();
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let part = |from: usize, to: usize, default: i8| match digits.get(from..to) {
                Some(part) => part.parse::<i8>().ok(),
                None => Some(default),
            };
            let length = match digits.len() {
                4 => 1.year(),
                6 => 1.month(),
                8 => 1.day(),
                10 => 1.hour(),
                12 => 1.minute(),
                14 => 1.second(),
                _ => return None,
            };
            let year = digits.get(..4)?.parse().ok()?;
            let start = DateTime::new(
                year,
                part(4, 6, 1)?,
                part(6, 8, 1)?,
                part(8, 10, 0)?,
                part(10, 12, 0)?,
                part(12, 14, 0)?,
                0,
            );
            (start.ok()?, length)
        }
    };
    let end = start.checked_add(length).ok()?;
    Some((local(start)?, local(end)?))
}

fn local(time: DateTime) -> Option<LocalTime> {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Condition::{All, Any, Before, By, Fits, Not, Since};

    fn read(text: &str) -> Condition {
        parse(text, None).unwrap()
    }

    fn repository(text: &str) -> Condition {
        Fits(Field::Repository, text.to_owned())
    }

    fn user(text: &str) -> Condition {
        Fits(Field::Username, text.to_owned())
    }

    fn time(text: &str) -> LocalTime {
        text.parse().unwrap()
    }

    #[test]
    fn words_and_fields() {
        assert_eq!(read("  "), All(Vec::new()));
        assert_eq!(read("tools/*"), repository("tools/*"));
        assert_eq!(read("username:alice"), user("alice"));
        assert_eq!(read("Username:\"a b\""), user("a b"));
        assert_eq!(read("\"a (b\""), repository("a (b"));
        assert_eq!(read("foo:bar"), repository("foo:bar"));
        assert_eq!(
            read("action:push"),
            Any(vec![
                Fits(Field::Action, "push:*".into()),
                Fits(Field::Action, "push".into())
            ])
        );
    }

    #[test]
    fn and_binds_more_than_or() {
        let (a, b, c) = (|| repository("a"), || repository("b"), || repository("c"));
        assert_eq!(read("a b"), All(vec![a(), b()]));
        assert_eq!(read("a AND b OR c"), Any(vec![All(vec![a(), b()]), c()]));
        assert_eq!(
            read("a and (b or NOT c)"),
            All(vec![a(), Any(vec![b(), Not(Box::new(c()))])])
        );
    }

    #[test]
    fn dates_are_periods() {
        let day = All(vec![
            Since(time("2012-01-31 00:00:00")),
            Before(time("2012-02-01 00:00:00")),
        ]);
        assert_eq!(read("date:20120131"), day);
        assert_eq!(read("date:2012-01-31"), day);
        assert_eq!(
            read("date:[20120101100000 TO 20120102]"),
            All(vec![
                Since(time("2012-01-01 10:00:00")),
                Before(time("2012-01-03 00:00:00"))
            ])
        );
        assert_eq!(
            read("date:[* TO 2011]"),
            All(vec![Before(time("2012-01-01 00:00:00"))])
        );
        assert!(matches!(read("date:yesterday"), All(limits) if limits.len() == 2));
        for wrong in [
            "date:soon",
            "date:20121301",
            "date:[1 2]",
            "date:",
            "date:99991231",
            "date:²",
        ] {
            assert!(
                matches!(parse(wrong, None), Err(FilterError::Date(_))),
                "{wrong}"
            );
        }
    }

    #[test]
    fn addresses_of_others_are_not_asked_for() {
        let fits = Fits(Field::Address, "10.*".into());
        assert_eq!(
            parse("ip:10.*", Some(UserId(7))).unwrap(),
            All(vec![fits.clone(), By(vec![UserId(7)])])
        );
        assert_eq!(read("ip:10.*"), fits);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, error) in [
            ("(a", FilterError::Unbalanced),
            ("a)", FilterError::Unbalanced),
            ("\"a", FilterError::Unbalanced),
            ("date:[2011 TO 2012", FilterError::Unbalanced),
            ("()", FilterError::Missing(")".into())),
            ("a OR", FilterError::Missing("…".into())),
            ("a AND", FilterError::Missing("…".into())),
            ("NOT", FilterError::Missing("…".into())),
            ("OR a", FilterError::Missing("OR".into())),
        ] {
            assert_eq!(parse(text, None), Err(error), "{text}");
        }
        assert_eq!(parse(&"a ".repeat(500), None), Err(FilterError::TooLong));
        assert_eq!(parse(&"(".repeat(90), None), Err(FilterError::TooLong));
    }
}
