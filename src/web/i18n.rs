//! The words of the pages in the reader's language.
//!
//! Every text that a person reads is written once, in English, at the place where it is used, and goes through one
//! function: `t` for a plain text, `tf` for one with places, `tn` for one that counts. Templates know them as
//! `t(m="Sign in")`, `t(m="Fork of {name}", name=repo.name)` and `tn(one="{n} file", other="{n} files", n=count)`;
//! `th` is `t` for a text with markup: the text itself is HTML, and what fills its places is escaped unless the place's
//! name ends in `_html`. A text that is not used where it is written is marked there by `m("…")`.
//!
//! The texts in other languages are gettext files in `python/kallithea_rs/i18n`, compiled in; `make translations` brings
//! them up to date with the sources, and a test tells what is missing.

mod catalogue;
mod language;

use std::cell::Cell;
use std::fmt::Display;

use tera::{Kwargs, State, Tera, TeraResult, Value};

pub use language::{ENGLISH, Language};

use http::header::ACCEPT_LANGUAGE;

use model::text::fill;

use crate::request::Request;
use crate::visit;

/// The cookie with the reader's choice.
pub(crate) const COOKIE: &str = "kallithea_language";

/// The language of the answer: the reader's choice, else the browser's wish, else the site's.
pub(crate) fn of_request(config: &model::Config, request: &Request) -> Language {
    let of_site = || Language::for_tag(&config.language).unwrap_or(ENGLISH);
    if !config.language_by_reader {
        return of_site();
    }
    let chosen = visit::cookie(request, COOKIE).and_then(|tag| Language::for_tag(&tag));
    let wished = || {
        let header = request.headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
        Language::wanted(header)
    };
    chosen.or_else(wished).unwrap_or_else(of_site)
}

thread_local! {
    /// What the page that is being made on this thread is written in. Templates are parsed once for all languages, and
    /// their functions are told nothing but their arguments; ages and numbers are made far from who knows the reader.
    static READING: Cell<Language> = const { Cell::new(ENGLISH) };
}

/// Marks a text that is translated at another place than where it is written: `visit.t(problem.sentence())`.
#[must_use]
pub const fn m(message: &'static str) -> &'static str {
    message
}

/// A text in the language of the page that is being made, where no [`crate::visit::Visit`] is at hand.
#[must_use]
pub(crate) fn t(message: &'static str) -> &'static str {
    Language::current().t(message)
}

impl Language {
    /// A text that stands for itself.
    #[must_use]
    pub fn t(self, message: &str) -> &str {
        self.look_up(message).unwrap_or(message)
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
                return Some(self.number(n));
            }
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some(value.to_string())
        })
    }

    fn plural<'m>(self, one: &'m str, other: &'m str, n: u64) -> &'m str {
        self.look_up_plural(one, n)
            .unwrap_or(if n == 1 { one } else { other })
    }

    /// The language of the page that is being made on this thread; English elsewhere.
    #[must_use]
    pub(crate) fn current() -> Self {
        READING.get()
    }

    /// Runs `make`, in which templates, ages and numbers speak this language.
    pub(crate) fn speaking<R>(self, make: impl FnOnce() -> R) -> R {
        struct Before(Language);
        impl Drop for Before {
            fn drop(&mut self) {
                READING.set(self.0);
            }
        }
        let _before = Before(READING.replace(self));
        make()
    }
}

/// Lets templates speak, in the language of [`Language::speaking`].
pub(crate) fn teach(tera: &mut Tera) {
    tera.register_function("t", |args: Kwargs, _: &State| -> TeraResult<String> {
        let message = args.must_get::<&str>("m")?;
        Ok(fill(READING.get().t(message), |name| printed(&args, name)))
    });
    tera.register_function("tn", |args: Kwargs, _: &State| -> TeraResult<String> {
        let n = args.must_get::<u64>("n")?;
        let (one, other) = (args.must_get("one")?, args.must_get("other")?);
        let language = READING.get();
        Ok(fill(language.plural(one, other, n), |name| match name {
            "n" => Some(language.number(n)),
            _ => printed(&args, name),
        }))
    });
    tera.register_function("th", Markup);
    tera.register_filter("number", |n: u64, _: Kwargs, _: &State| {
        READING.get().number(n)
    });
}

fn printed(args: &Kwargs, name: &str) -> Option<String> {
    let value = args.get::<&Value>(name).ok().flatten()?;
    Some(value.to_string())
}

/// `th`: what it makes is HTML already.
struct Markup;

impl tera::Function<TeraResult<String>> for Markup {
    fn call(&self, args: Kwargs, _: &State) -> TeraResult<String> {
        let message = args.must_get::<&str>("m")?;
        Ok(fill(READING.get().t(message), |name| {
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
        teach(&mut tera);
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
