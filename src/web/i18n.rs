//! The words of the pages in the reader's language.
//!
//! Every text that a person reads is written once, in English, at the place where it is used, and goes through one
//! function: `t` for a plain text, `tf` for one with places, `tn` for one that counts. Templates know them as
//! `t(m="Sign in")`, `t(m="Fork of {name}", name=repo.name)` and `tn(one="{n} file", other="{n} files", n=count)`;
//! `th` is `t` for a text with markup: the text itself is HTML, and what fills its places is escaped unless the place's
//! name ends in `_html`.

use std::fmt::Display;

use tera::{Kwargs, State, Tera, TeraResult, Value};

/// A language in which pages can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// BCP 47: `en`, `de`, `zh-Hans`.
    pub tag: &'static str,
}

/// What the texts are written in.
pub const ENGLISH: Language = Language { tag: "en" };

impl Language {
    /// A text that stands for itself.
    #[must_use]
    pub fn t(self, message: &str) -> &str {
        message
    }

    /// A text with places in braces: `tf("Fork of {name}", &[("name", &name)])`.
    #[must_use]
    pub fn tf(self, message: &str, values: &[(&str, &dyn Display)]) -> String {
        fill(self.t(message), |name| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some(value.to_string())
        })
    }

    /// A text that counts; `{n}` is the number.
    #[must_use]
    pub fn tn(self, one: &str, other: &str, n: u64, values: &[(&str, &dyn Display)]) -> String {
        fill(self.plural(one, other, n), |name| {
            if name == "n" {
                return Some(n.to_string());
            }
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some(value.to_string())
        })
    }

    fn plural<'m>(self, one: &'m str, other: &'m str, n: u64) -> &'m str {
        if n == 1 { one } else { other }
    }
}

/// Puts values into the places of a text; a place without a value stays as it is.
fn fill(message: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(message.len() + 16);
    let mut rest = message;
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

/// Lets templates speak the language.
pub(crate) fn teach(tera: &mut Tera, language: Language) {
    tera.register_function("t", move |args: Kwargs, _: &State| -> TeraResult<String> {
        let message = args.must_get::<&str>("m")?;
        Ok(fill(language.t(message), |name| printed(&args, name)))
    });
    tera.register_function("tn", move |args: Kwargs, _: &State| -> TeraResult<String> {
        let n = args.must_get::<u64>("n")?;
        let (one, other) = (args.must_get("one")?, args.must_get("other")?);
        Ok(fill(language.plural(one, other, n), |name| {
            printed(&args, name)
        }))
    });
    tera.register_function("th", Markup(language));
}

fn printed(args: &Kwargs, name: &str) -> Option<String> {
    let value = args.get::<&Value>(name).ok().flatten()?;
    Some(value.to_string())
}

/// `th`: what it makes is HTML already.
struct Markup(Language);

impl tera::Function<TeraResult<String>> for Markup {
    fn call(&self, args: Kwargs, _: &State) -> TeraResult<String> {
        let message = args.must_get::<&str>("m")?;
        Ok(fill(self.0.t(message), |name| {
            let value = printed(&args, name)?;
            Some(if name.ends_with("_html") {
                value
            } else {
                render::escape(&value).into_owned()
            })
        }))
    }

    fn is_safe(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(source: &str) -> String {
        let mut tera = Tera::new();
        teach(&mut tera, ENGLISH);
        tera.add_raw_templates([("page.html", source)])
            .expect("the template is one");
        let mut context = tera::Context::new();
        context.insert("name", "a<b");
        context.insert("link_html", "<i>x</i>");
        tera.render("page.html", &context)
            .expect("the template renders")
    }

    #[test]
    fn places_are_filled() {
        assert_eq!(
            ENGLISH.tf("{a} of {b}, {c", &[("a", &1), ("b", &"x{a}")]),
            "1 of x{a}, {c"
        );
        assert_eq!(ENGLISH.tf("{unknown}", &[]), "{unknown}");
        assert_eq!(ENGLISH.tn("{n} file", "{n} files", 1, &[]), "1 file");
        assert_eq!(ENGLISH.tn("{n} file", "{n} files", 0, &[]), "0 files");
    }

    #[test]
    fn templates_speak_and_escape() {
        assert_eq!(
            rendered(r#"{{ t(m="Fork of {name}", name=name) }}"#),
            "Fork of a&lt;b"
        );
        assert_eq!(
            rendered(r#"{{ tn(one="{n} file", other="{n} files", n=2) }}"#),
            "2 files"
        );
        assert_eq!(
            rendered(r#"{{ th(m="<b>{name}</b> {link_html}", name=name, link_html=link_html) }}"#),
            "<b>a&lt;b</b> <i>x</i>"
        );
    }
}
