//! What a page costs the database: a site where people vote, comment and follow, with known authors and further addresses.

use std::collections::BTreeSet;

use http::{Method as HttpMethod, StatusCode};
use kallithea_web::routes::{self, Method, Route};

use crate::browser::{Browser, Server};

/// More questions than this make a page slow where the database is not on the same machine.
const MOST: u64 = 6;
/// Comparing reads a second repository and the family to choose from besides what it shows.
const MOST_OF_COMPARING: u64 = 9;

/// The repositories and groups that are looked at: a Mercurial one with votes, comments and followers, a fork of it, a Git
/// one in a group, a fork of that, one with nothing in it.
const REPOSITORIES: [(&str, &[&str]); 5] = [
    ("tools/hgtool", &["tip", "33737e510527"]),
    ("bob-hgtool", &["tip"]),
    (
        "web/gitsite",
        &["master", "4e59155d32c34f62233ab2320214b613140aee09"],
    ),
    ("web/gitsite-dave", &["colors"]),
    ("empty-git", &["tip"]),
];
const GROUPS: [&str; 2] = ["tools", "tools/backend/deep"];

/// A route's address for one repository and revision.
fn address(table: &str, route: &Route, revision: &str) -> String {
    let file = match table {
        "/tools/hgtool" | "/bob-hgtool" => "src/features.py",
        _ => "menu.html",
    };
    let pattern = route.pattern.trim_end_matches('/');
    let pattern = pattern
        .replace("{revision}", revision)
        .replace("{*revision}", revision)
        .replace(
            "{*f_path}",
            &format!("{file}?diff1={revision}&diff2={revision}"),
        )
        .replace("{format}", "atom")
        .replace("{*ends}", &format!("rev@{revision}...rev@{revision}"))
        .replace("{*changeset}", &format!("tools/hgtool/{revision}"))
        .replace("{*fname}", &format!("{revision}.zip"));
    let rest = match route.name {
        name if name.starts_with("files_add") || name.contains("nodelist") => revision.to_owned(),
        _ => format!("{revision}/{file}"),
    };
    let filled = format!("{table}{}", pattern.replace("{*rest}", &rest));
    if filled.is_empty() {
        "/".into()
    } else {
        filled
    }
}

/// Every page there is, with what else is asked of some of them.
fn addresses() -> BTreeSet<String> {
    fn pages(routes: &'static [Route]) -> impl Iterator<Item = &'static Route> {
        let ends = |route: &&Route| route.method == Method::Get && route.name != "logout_home";
        routes.iter().filter(ends)
    }
    let mut all = BTreeSet::new();
    all.extend(pages(routes::SITE).map(|route| address("", route, "tip")));
    for (name, revisions) in REPOSITORIES {
        for revision in revisions {
            let own = pages(routes::REPOSITORY);
            all.extend(own.map(|route| address(&format!("/{name}"), route, revision)));
            all.insert(format!("/{name}/files/{revision}/"));
        }
        let admin = pages(routes::REPOSITORY_ADMIN);
        all.extend(admin.map(|route| address(&format!("/_admin/repos/{name}"), route, "tip")));
    }
    for name in GROUPS {
        all.extend(pages(routes::GROUP).map(|route| address(&format!("/{name}"), route, "")));
        let admin = pages(routes::GROUP_ADMIN);
        all.extend(admin.map(|route| address(&format!("/_admin/repo_groups/{name}"), route, "")));
    }
    let more = [
        "/?filter=o",
        "/nowhere",
        "/tools/nowhere/at/all",
        "/_7/changelog",
        "/tools/hgtool/changelog?size=5&page=2",
        "/tools/hgtool/changelog?branch=default",
        "/tools/hgtool/changeset/0...tip",
        "/bob-hgtool/compare/rev@0...rev@tip?other_repo=tools/hgtool&merge=1",
        "/web/gitsite/compare/branch@master...branch@colors?other_repo=web/gitsite-dave&merge=1",
        "/web/gitsite/compare/branch@master...branch@feature/menu",
        "/_admin/journal?filter=repository:tools*",
        "/_repos?query=tool",
        "/_users_and_groups?key=&types=users,groups&query=a",
    ];
    all.extend(more.map(str::to_owned));
    all
}

/// How often the database is asked, and what, when an address is asked for again.
fn ask(browser: &mut Browser<'_>, address: &str) -> (StatusCode, u64, Vec<String>) {
    // What is made once and kept is made now.
    browser.get(address);
    db::listen();
    let before = db::statements();
    let answer = browser.get(address);
    (answer.status, db::statements() - before, db::heard())
}

fn told(who: &str, what: &str, asked: u64, statements: &[String]) -> String {
    let lines = statements.iter().map(|sql| {
        let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("\n    {}", sql.chars().take(160).collect::<String>())
    });
    format!("{who} {what}: {asked}{}", lines.collect::<String>())
}

#[test]
fn a_page_asks_the_database_at_most_six_times() {
    let server = Server::kallithea();
    // Known authors, one of them by a further address.
    server.sql("UPDATE user_email_map SET email = 'dave.d@example.com' WHERE email_id = 2");
    let (mut wrong, mut shown) = (Vec::new(), 0);
    for (who, password) in [
        ("visitor", ""),
        ("alice", "alicepass1"),
        ("admin", "admin123"),
    ] {
        let mut browser = match password {
            "" => server.browser(),
            password => server.signed_in_with(who, password),
        };
        browser.get("/");
        for address in addresses() {
            if who == "admin" && !address.starts_with("/_") {
                // Pages of repositories ask the same for everybody.
                continue;
            }
            let (status, asked, statements) = ask(&mut browser, &address);
            shown += usize::from(status == StatusCode::OK);
            assert!(!status.is_server_error(), "{who} {address}: {status}");
            let most = match address.contains("/compare/") {
                true => MOST_OF_COMPARING,
                false => MOST,
            };
            if asked > most {
                wrong.push(told(who, &address, asked, &statements));
            }
        }
    }
    assert!(shown > 200, "only {shown} pages had something to show");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One call of the API tells what stands on several pages: members, followers with their addresses, extra fields. However
/// many rows that are, it is not asked more often than this.
const MOST_OF_A_CALL: u64 = 11;
/// A pull request with both repositories and the rights to them, reviewers, comments, votes and names.
const MOST_OF_A_PULL_REQUEST: u64 = 9;
/// A repository with all pull requests to it, be there two or two hundred.
const MOST_WITH_PULL_REQUESTS: u64 = 16;

#[test]
fn a_call_of_the_api_asks_as_often_as_it_must_however_many_rows_there_are() {
    let server = Server::kallithea();
    let recorded = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/kallithea-0.7/api-replies.json"
    );
    let recorded = std::fs::read_to_string(recorded).unwrap();
    let recorded: Vec<serde_json::Value> = serde_json::from_str(&recorded).unwrap();
    let mut browser = server.browser();
    let mut wrong = Vec::new();
    for call in recorded {
        let (user, method) = (call["user"].as_str().unwrap(), &call["method"]);
        let most = match method.as_str() {
            Some("get_pullrequest") => MOST_OF_A_PULL_REQUEST,
            _ if call["args"]["with_pullrequests"] == true => MOST_WITH_PULL_REQUESTS,
            _ => MOST_OF_A_CALL,
        };
        let key = server.sql(&format!(
            "SELECT api_key FROM users WHERE username = '{user}'"
        ));
        let body = serde_json::json!(
            {"id": 1, "api_key": key, "method": method, "args": call["args"]}
        );
        let headers = [("content-type", "application/json")];
        db::listen();
        let before = db::statements();
        browser.send(
            HttpMethod::POST,
            "/_admin/api",
            &headers,
            Some(body.to_string()),
        );
        let asked = db::statements() - before;
        let heard = db::heard();
        if asked > most {
            let what = format!("{method} {}", call["args"]);
            wrong.push(told(user, &what, asked, &heard));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
