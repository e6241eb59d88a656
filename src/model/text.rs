//! Sentences for people, before they are put into a language.
//!
//! The rules refuse in English, and pages speak the reader's language. What a rule says is therefore kept as it was written,
//! with its places, beside what fills them: pages look the sentence up and fill it then; logs, the API and the command line
//! fill the English one.

use std::borrow::Cow;
use std::fmt::{self, Display};

/// A sentence in English with places in braces, and what fills them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    english: Cow<'static, str>,
    values: Vec<(Cow<'static, str>, String)>,
}

impl Text {
    /// A sentence with places; [`crate::say`] writes it shorter.
    #[must_use]
    pub fn with(english: &'static str, values: &[(&'static str, &dyn Display)]) -> Self {
        Self {
            english: english.into(),
            values: values
                .iter()
                .map(|(name, value)| (Cow::Borrowed(*name), value.to_string()))
                .collect(),
        }
    }

    /// The sentence with its places empty, by which catalogues know it.
    #[must_use]
    pub fn english(&self) -> &str {
        &self.english
    }

    /// The sentence, or what it is in another language, with its places filled.
    #[must_use]
    pub fn fill(&self, sentence: &str) -> String {
        if self.values.is_empty() {
            // Nothing of it is a place; the braces may be those of a name.
            return sentence.to_owned();
        }
        fill(sentence, |name| {
            let (_, value) = self.values.iter().find(|(known, _)| known == name)?;
            Some(value.clone())
        })
    }

    /// How it is kept in the database for a reader of a language that nobody knows yet. [`Self::from_stored`] reads it.
    pub(crate) fn to_stored(&self) -> String {
        serde_json::json!([self.english, self.values]).to_string()
    }

    /// What was kept: a text with its places, or plain words.
    pub(crate) fn from_stored(stored: String) -> Self {
        match serde_json::from_str::<(String, Vec<(String, String)>)>(&stored) {
            Ok((english, values)) => Self {
                english: english.into(),
                values: values
                    .into_iter()
                    .map(|(name, value)| (name.into(), value))
                    .collect(),
            },
            Err(_) => stored.into(),
        }
    }
}

impl Display for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.fill(&self.english))
    }
}

impl From<&'static str> for Text {
    fn from(english: &'static str) -> Self {
        Self {
            english: english.into(),
            values: Vec::new(),
        }
    }
}

/// What a program said, in whatever language that is.
impl From<String> for Text {
    fn from(said: String) -> Self {
        Self {
            english: said.into(),
            values: Vec::new(),
        }
    }
}

/// Marks a text that is put into the reader's language where it is shown.
#[must_use]
pub const fn m(message: &'static str) -> &'static str {
    message
}

/// A [`Text`] with places: `say!("User {name} is not valid", name = user)`.
#[macro_export]
macro_rules! say {
    ($english:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::Text::with($english, &[$((stringify!($name), &$value as &dyn ::std::fmt::Display)),*])
    };
}

/// Puts values into the places of a sentence; a place without a value stays as it is.
pub fn fill(sentence: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(sentence.len() + 16);
    let mut rest = sentence;
    while let Some(open) = rest.find('{') {
        let (before, place) = rest.split_at(open);
        filled.push_str(before);
        let Some(close) = place.find('}') else {
            rest = place;
            break;
        };
        match value(&place[1..close]) {
            Some(value) => filled.push_str(&value),
            None => filled.push_str(&place[..=close]),
        }
        rest = &place[close + 1..];
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn places_are_filled_in_whatever_order_a_language_has() {
        let text = say!("{name} has {n} keys", name = "a{n}", n = 3);
        assert_eq!(text.to_string(), "a{n} has 3 keys");
        assert_eq!(text.english(), "{name} has {n} keys");
        assert_eq!(text.fill("{n} Schlüssel: {name}"), "3 Schlüssel: a{n}");
        assert_eq!(Text::from("no {place}").to_string(), "no {place}");
    }

    #[test]
    fn what_is_stored_can_still_be_put_into_any_language() {
        for text in [
            say!("{name} has {n} keys", name = "Zoë \"{n}\"", n = 3),
            Text::from("nothing to fill"),
            Text::from("said by a program: [\"x\", {}]".to_owned()),
        ] {
            let stored = text.to_stored();
            assert_eq!(Text::from_stored(stored), text);
        }
        for plain in ["", "fatal: {no} such repository", "[1, 2]"] {
            assert_eq!(Text::from_stored(plain.to_owned()).to_string(), plain);
        }
    }
}
