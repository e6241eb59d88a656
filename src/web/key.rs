//! API keys that come with a request to a page: `Authorization: Bearer <key>`, or `api_key=<key>` in the address.

use http::header::AUTHORIZATION;

use crate::i18n::t;
use crate::problem::Problem;
use crate::request::Request;

/// The parameter that holds a key.
const PARAMETER: &str = "api_key";

/// Takes the key out of a request, so that it comes into no link, no log and no redirection. An empty one is one too, and
/// wrong; the header goes before the address.
pub(crate) fn take(request: &mut Request) -> Option<String> {
    let in_address = strip(&mut request.query);
    let header = request.headers.get(AUTHORIZATION);
    let in_header = header
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split_once(' ').unwrap_or((value, "")))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key.trim().to_owned());
    if in_header.is_some() {
        request.headers.remove(AUTHORIZATION);
    }
    in_header.or(in_address)
}

/// Takes every parameter of that name out of a query string; the first one counts.
fn strip(query: &mut String) -> Option<String> {
    // Mostly there is none, and the string stays as it is.
    if !form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == PARAMETER) {
        return None;
    }
    let mut key = None;
    let others: Vec<&str> = query
        .split('&')
        .filter(
            |pair| match form_urlencoded::parse(pair.as_bytes()).next() {
                Some((name, value)) if name == PARAMETER => {
                    key.get_or_insert(value.into_owned());
                    false
                }
                _ => true,
            },
        )
        .collect();
    *query = others.join("&");
    key
}

/// The answer to a key that opens nothing. Why not is never told.
pub(crate) fn refused() -> Problem {
    Problem::Forbidden(t("Invalid API key").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_out_of_the_address_and_the_rest_stays_as_it_was() {
        for (query, key, rest) in [
            ("api_key=abc", Some("abc"), ""),
            ("a=%41+b&api_key=abc&c", Some("abc"), "a=%41+b&c"),
            ("api_key", Some(""), ""),
            ("api%5Fkey=x&api_key=y&z=1", Some("x"), "z=1"),
            ("no_api_key=1&a=api_key", None, "no_api_key=1&a=api_key"),
            ("", None, ""),
        ] {
            let mut text = query.to_owned();
            assert_eq!(strip(&mut text).as_deref(), key, "{query}");
            assert_eq!(text, rest, "{query}");
        }
    }
}
