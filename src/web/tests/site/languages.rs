//! Pages in the reader's language.

use http::{Method, StatusCode};

use crate::browser::Server;

#[test]
fn a_page_speaks_what_the_browser_asks_for() {
    let server = Server::new();
    let mut browser = server.browser();
    for (wanted, tag, words) in [
        ("de-AT,de;q=0.9,en;q=0.8", "de", "Anmelden"),
        ("en-GB,de;q=0.5", "en", "Sign in"),
        ("tlh", "en", "Sign in"),
    ] {
        let page = browser.send(
            Method::GET,
            "/_admin/login",
            &[("accept-language", wanted)],
            None,
        );
        assert_eq!(page.header("content-language"), tag, "{wanted}");
        assert!(page.header("vary").contains("Accept-Language"));
        assert!(
            page.text
                .contains(&format!("<html lang=\"{tag}\" dir=\"ltr\""))
        );
        assert!(page.text.contains(words), "{wanted}: {}", page.text);
    }
}

#[test]
fn a_choice_is_remembered_and_leads_back_to_where_it_was_made() {
    let server = Server::new();
    let mut browser = server.browser();
    let chosen = browser.get("/_admin/language?lang=de&came_from=%2F_admin%2Flogin%3Fx%3D1");
    assert_eq!(chosen.status, StatusCode::FOUND);
    assert_eq!(chosen.header("location"), "/_admin/login?x=1");
    let cookie = chosen.header("set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let page = browser.send(
        Method::GET,
        "/_admin/login",
        &[("accept-language", "fr")],
        None,
    );
    assert_eq!(page.header("content-language"), "de");
    for elsewhere in [
        "//evil.example",
        "https://evil.example/",
        "/%5Cevil.example",
        "%0d%0aX: y",
    ] {
        let answer = browser.get(&format!("/_admin/language?lang=de&came_from={elsewhere}"));
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{elsewhere}");
    }
    let unknown = browser.get("/_admin/language?lang=tlh");
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(unknown.header("set-cookie"), "");
}

#[test]
fn a_site_can_settle_on_one_language() {
    let server = Server::with(&[("i18n.enabled", "false"), ("i18n.lang", "de")]);
    server.user("admin", true);
    let mut browser = server.browser();
    browser.get("/_admin/language?lang=fr");
    let page = browser.send(
        Method::GET,
        "/_admin/login",
        &[("accept-language", "en")],
        None,
    );
    assert_eq!(page.header("content-language"), "de");
    assert!(
        !page.text.contains("/_admin/language"),
        "there is nothing to choose"
    );
    let server = Server::with(&[("i18n.lang", "de")]);
    server.user("admin", true);
    let page = server.browser().get("/_admin/login");
    assert_eq!(
        page.header("content-language"),
        "de",
        "without a wish the site's own counts"
    );
}

#[test]
fn scripts_speak_the_language_of_their_page() {
    let server = Server::new();
    let mut browser = server.browser();
    assert!(!browser.get("/_admin/login").text.contains("data-words"));
    browser.get("/_admin/language?lang=de");
    let page = browser.get("/_admin/login").text;
    let address = page.split("data-words=\"").nth(1).unwrap();
    let address = address.split('"').next().unwrap().replace("&amp;", "&");
    let words = browser.get(&address);
    assert_eq!(
        words.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert!(words.header("cache-control").contains("immutable"));
    assert!(
        words.text.contains("\"Copied\":\"Kopiert\""),
        "{}",
        words.text
    );
}
