//! Tera, parsed once per process.

use http::StatusCode;
use http::header::{CONTENT_LANGUAGE, HeaderValue, VARY};
use once_cell::sync::Lazy;
use tera::{Context, Tera};

use crate::i18n::{self, Language};
use crate::problem::Problem;
use crate::response::Response;
use crate::view::{Page, TEMPLATES};

static TERA: Lazy<Tera> = Lazy::new(|| {
    let mut tera = Tera::new();
    i18n::teach(&mut tera);
    tera.add_raw_templates(TEMPLATES.iter().copied())
        .expect("the templates are compiled in and tested");
    tera
});

/// Parses the templates now, so that the first page of a fresh worker does not wait for it.
pub fn warm_up() {
    Lazy::force(&TERA);
}

/// Fills the page's template, in a language.
///
/// # Errors
/// [`Problem::Internal`] when view and template do not fit.
pub fn html<P: Page>(language: Language, page: &P) -> Result<String, Problem> {
    let context = Context::from_serialize(page).map_err(|error| internal(P::TEMPLATE, &error))?;
    language
        .speaking(|| TERA.render(P::TEMPLATE, &context))
        .map_err(|error| internal(P::TEMPLATE, &error))
}

/// Fills the page's template into a 200.
///
/// # Errors
/// As [`html`].
pub fn page<P: Page>(language: Language, page: &P) -> Result<Response, Problem> {
    Ok(answer(StatusCode::OK, language, html(language, page)?))
}

/// A page in a language, with the headers that tell caches about it.
pub(crate) fn answer(status: StatusCode, language: Language, html: String) -> Response {
    Response::html(status, html)
        .with(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()))
        .with(VARY, HeaderValue::from_static("Accept-Language, Cookie"))
}

fn internal(template: &str, error: &tera::Error) -> Problem {
    let mut message = format!("template {template}: {error}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        message.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    Problem::Internal(message)
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_templates_parse() {
        super::warm_up();
    }
}
