//! What browsers and caches may keep, and what strangers may cost.

use http::{Method, StatusCode};

use crate::browser::Server;

#[test]
fn a_page_that_has_not_changed_is_not_sent_again() {
    let server = Server::new();
    server.repository("admin", "site", "git");
    let mut browser = server.signed_in("admin");
    let first = browser.get("/site");
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"'), "a strong tag: {tag:?}");
    assert_eq!(first.header("cache-control"), "no-cache");
    let again = |browser: &mut crate::browser::Browser<'_>, method| {
        browser.send(method, "/site", &[("if-none-match", &tag)], None)
    };
    let answer = again(&mut browser, Method::GET);
    assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
    assert_eq!((answer.text.as_str(), answer.header("etag")), ("", &*tag));
    assert_eq!(
        again(&mut browser, Method::HEAD).status,
        StatusCode::NOT_MODIFIED
    );

    server.sql("update repositories set description = 'another' where repo_name = 'site'");
    let answer = again(&mut browser, Method::GET);
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("another"));
}

#[test]
fn a_page_of_somebody_else_has_another_tag() {
    let server = Server::new();
    server.user("bob", false);
    server.repository("admin", "site", "git");
    let tag = server
        .signed_in("admin")
        .get("/site")
        .header("etag")
        .to_owned();
    let answer =
        server
            .signed_in("bob")
            .send(Method::GET, "/site", &[("if-none-match", &tag)], None);
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("bob"));
}

#[test]
fn style_sheets_scripts_and_icons_go_out_packed_to_those_who_unpack_them() {
    let server = Server::new();
    let mut browser = server.browser();
    let mut asked = |path: &str, accepted: &str| {
        browser.send(Method::HEAD, path, &[("accept-encoding", accepted)], None)
    };
    for accepted in ["gzip", "br, gzip;q=0.5", "GZIP"] {
        let answer = asked("/css/style.css", accepted);
        assert_eq!(answer.header("content-encoding"), "gzip", "{accepted}");
        assert_eq!(answer.header("vary"), "accept-encoding");
    }
    for (path, accepted) in [
        ("/css/style.css", ""),
        ("/css/style.css", "br"),
        ("/css/style.css", "gzip;q=0"),
        ("/images/apple-touch-icon.png", "gzip"),
    ] {
        let answer = asked(path, accepted);
        assert_eq!(answer.header("content-encoding"), "", "{path} {accepted}");
    }
    let (packed, plain) = (asked("/css/style.css", "gzip"), asked("/css/style.css", ""));
    let tag = packed.header("etag").to_owned();
    assert_ne!(tag, plain.header("etag"), "other bytes have another tag");
    // What every page loads; 60 KiB are for a page with all that it needs.
    let mut sum = 0;
    for path in [
        "/css/tokens.css",
        "/css/style.css",
        "/css/code.css",
        "/images/icons.svg",
        "/js/main.js",
        "/js/keys.js",
        "/js/menus.js",
        "/js/switcher.js",
        "/js/theme.js",
        "/js/diff.js",
        "/js/editor.js",
    ] {
        sum += asked(path, "gzip")
            .header("content-length")
            .parse::<usize>()
            .unwrap();
    }
    assert!(sum < 36 << 10, "{sum}");
    let again = [("accept-encoding", "gzip"), ("if-none-match", &*tag)];
    let again = browser.send(Method::GET, "/css/style.css", &again, None);
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}
