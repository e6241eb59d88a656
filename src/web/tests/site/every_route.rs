//! Every page of the route table, on repositories of each kind, full and empty, for each kind of visitor: none breaks.

use http::{Method as HttpMethod, StatusCode};
use kallithea_web::routes::{self, Method, Route};

use crate::browser::{Browser, Server};

/// What stands in the place of what a pattern captures: things that are there, things that are not, and nonsense.
const REVISIONS: [&str; 6] = [
    "tip",
    "0",
    "none",
    "ffffffffffffffffffffffffffffffffffffffff",
    "tip...tip",
    "%3Cb%3E%C3%A9%FF",
];
const PATHS: [&str; 4] = ["", "f", "dir/none", "%3Cb%3E%FF"];

const REPOSITORIES: [&str; 4] = ["git", "hg", "empty-git", "empty-hg"];

/// The addresses of a route with everything in the place of its captures.
fn addresses(table: &str, route: &Route) -> Vec<String> {
    let pattern = if route.pattern == "/" {
        ""
    } else {
        route.pattern
    };
    let mut addresses = Vec::new();
    let of_revisions = REVISIONS.map(|revision| (revision, "f"));
    let of_paths = PATHS.map(|path| ("tip", path));
    for (revision, path) in of_revisions.into_iter().chain(of_paths) {
        let mut filled = pattern
            .replace("{*rest}", &format!("{revision}/{path}"))
            .replace("{revision}", revision)
            .replace("{*revision}", revision);
        while let (Some(open), Some(close)) = (filled.find('{'), filled.find('}')) {
            let value = if path.is_empty() { "1" } else { path };
            filled.replace_range(open..=close, value);
        }
        let address = format!("{table}{filled}");
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

fn look(who: &str, browser: &mut Browser<'_>, address: &str, wrong: &mut Vec<String>) {
    let scripts = [
        ("x-partial-xhr", "1"),
        ("x-requested-with", "XMLHttpRequest"),
    ];
    let ways: &[&[(&str, &str)]] = if who == "admin" {
        &[&[], &scripts]
    } else {
        &[&[]]
    };
    for headers in ways {
        let answer = browser.send(HttpMethod::GET, address, headers, None);
        let known = [
            StatusCode::OK,
            StatusCode::FOUND,
            StatusCode::BAD_REQUEST,
            StatusCode::FORBIDDEN,
            StatusCode::NOT_FOUND,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        if !known.contains(&answer.status) {
            wrong.push(format!("{who} {address}: {}", answer.status));
        }
        let html = answer.header("content-type").starts_with("text/html");
        if html && (answer.text.contains("<b>\u{e9}") || answer.text.contains("<b>\u{fffd}")) {
            wrong.push(format!("{who} {address}: markup of the address"));
        }
    }
}

#[test]
fn no_page_breaks() {
    let server = Server::with_mercurial();
    server.user("reader", false);
    for (name, kind) in [
        ("git", "git"),
        ("hg", "hg"),
        ("empty-git", "git"),
        ("empty-hg", "hg"),
    ] {
        server.repository("admin", name, kind);
    }
    let mut admin = server.signed_in("admin");
    for name in &REPOSITORIES[..2] {
        let fields = [("filename", "f"), ("content", "text\n")];
        let added = admin.post(&format!("/{name}/add/0/"), &fields);
        assert_eq!(added.status, StatusCode::FOUND);
    }
    let mut wrong = Vec::new();
    for who in ["visitor", "reader", "admin"] {
        let mut browser = match who {
            "visitor" => server.browser(),
            name => server.signed_in(name),
        };
        let pages = |routes: &'static [Route]| {
            let ends = |route: &&Route| route.method == Method::Get && route.name != "logout_home";
            routes.iter().filter(ends)
        };
        for route in pages(routes::SITE) {
            for address in addresses("", route) {
                look(who, &mut browser, &address, &mut wrong);
            }
        }
        for name in REPOSITORIES {
            for route in pages(routes::REPOSITORY) {
                // Who sees most meets most of what can go wrong; for the others a part of it will do.
                let every = if who == "admin" { 1 } else { 4 };
                let addresses = addresses(&format!("/{name}"), route);
                for address in addresses.into_iter().step_by(every) {
                    look(who, &mut browser, &address, &mut wrong);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
