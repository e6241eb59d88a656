//! The language of the pages: a reader's choice, and what the scripts say in it.

use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, HeaderValue, SET_COOKIE};

use super::login;
use crate::i18n::{COOKIE, ENGLISH, Language};
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::static_files;
use crate::visit::Visit;
use crate::words;

/// How long a browser remembers the choice.
const A_YEAR: u32 = 365 * 24 * 60 * 60;

/// `GET /_admin/language?lang=de&came_from=/…`: remembers the choice and goes back.
pub fn choose(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let came_from = login::came_from(visit)?;
    let asked = visit.query.trimmed("lang");
    if asked.is_empty() {
        return Ok(visit.redirect(&came_from));
    }
    let language = Language::for_tag(asked).ok_or_else(|| {
        Problem::NotFound(visit.tf(
            "No pages are written in {language}",
            &[("language", &asked)],
        ))
    })?;
    let path = format!("{}/", visit.request.peer.script_name);
    let secure = visit.request.peer.scheme == "https" || visit.model.config().session_secure;
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={}; Path={path}; Max-Age={A_YEAR}; SameSite=Lax; HttpOnly{secure}",
        language.tag()
    );
    Ok(visit
        .redirect(&came_from)
        .with(SET_COOKIE, words::header(&cookie)?))
}

/// `GET /_admin/words.js?lang=de&ver=…`: a module with the texts of all scripts in a language.
pub fn script_words(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let language = Language::for_tag(visit.query.trimmed("lang")).unwrap_or(ENGLISH);
    let module = static_files::script_words(language);
    Ok(Response::bytes(
        StatusCode::OK,
        "text/javascript; charset=utf-8",
        module.into_bytes(),
    )
    .with(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()))
    .with(CACHE_CONTROL, static_files::caching(&visit.request.query)))
}
