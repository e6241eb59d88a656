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
    assert_eq!(first.header("cache-control"), "no-cache, private");
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
