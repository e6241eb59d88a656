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
    values: Vec<(&'static str, String)>,
}

impl Text {
    /// A sentence with places; [`crate::say`] writes it shorter.
    #[must_use]
    pub fn with(english: &'static str, values: &[(&'static str, &dyn Display)]) -> Self {
        Self {
            english: english.into(),
            values: values
                .iter()
                .map(|(name, value)| (*name, value.to_string()))
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
            let (_, value) = self.values.iter().find(|(known, _)| *known == name)?;
            Some(value.clone())
        })
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
}
