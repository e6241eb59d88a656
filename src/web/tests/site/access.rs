//! 40 to 47 and 53 to 56 of the permission table: doors, keys and tokens.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use db::Db;
use http::{Method, StatusCode};

use crate::browser::{Answer, Browser, Server};

fn key_of(server: &Server, name: &str) -> String {
    let user = server.model.user_by_name(name).unwrap().unwrap();
    user.api_key.as_str().to_owned()
}

fn bearer(browser: &mut Browser<'_>, address: &str, key: &str) -> Answer {
    let value = format!("Bearer {key}");
    browser.send(Method::GET, address, &[("authorization", &value)], None)
}

fn closed_site() -> Server {
    let server = Server::new();
    server.user("bob", false);
    server.repository("admin", "site", "git");
    server.model.set_anonymous_access(false).unwrap();
    server
}

#[test]
fn a_closed_site_leads_to_the_sign_in_page_and_keys_open_it() {
    let server = closed_site();
    let page = "/site/summary?page=1";
    let sent = server.browser().get(page);
    assert_eq!(
        sent.header("location"),
        "/_admin/login?came_from=%2Fsite%2Fsummary%3Fpage%3D1",
        "40"
    );
    let key = key_of(&server, "bob");
    let wrong = [
        String::new(),
        "x".repeat(40),
        key[1..].to_owned(),
        format!("{}-", &key[1..]),
    ];
    for wrong in &wrong {
        let answer = server.browser().get(&format!("{page}&api_key={wrong}"));
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "41: {wrong}");
        assert!(wrong.is_empty() || !answer.text.contains(wrong.as_str()));
        let answer = bearer(&mut server.browser(), page, wrong);
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "41: {wrong}");
    }
    let db = Db::new(server.model.config().database_url.parse().unwrap());
    let (extra, ended) = ("a".repeat(40), "e".repeat(40));
    let bob = server.model.user_by_name("bob").unwrap().unwrap().id;
    db.write(|tx| {
        db::user_api_keys::insert(tx, bob, &extra.as_str().into(), "", -1.0)?;
        db::user_api_keys::insert(tx, bob, &ended.as_str().into(), "", 0.0)
    })
    .unwrap();
    for key in [&key, &extra] {
        let mut browser = server.browser();
        let answer = browser.get(&format!("{page}&api_key={key}"));
        assert_eq!(answer.status, StatusCode::OK, "42");
        assert_eq!(answer.header("set-cookie"), "", "nothing is remembered");
        assert!(answer.header("cache-control").contains("private"));
        assert!(
            !answer.text.contains(key.as_str()),
            "no link repeats the key"
        );
        assert_eq!(browser.get(page).status, StatusCode::FOUND);
        assert_eq!(bearer(&mut browser, page, key).status, StatusCode::OK, "42");
    }
    assert_eq!(
        bearer(&mut server.browser(), page, &ended).status,
        StatusCode::FORBIDDEN,
        "43"
    );
    let mut browser = server.browser();
    let both = format!("{page}&api_key={ended}");
    assert_eq!(
        bearer(&mut browser, &both, &key).status,
        StatusCode::OK,
        "the header goes first"
    );
}

#[test]
fn a_key_needs_no_token_and_a_session_does() {
    let server = closed_site();
    let fields = [
        ("repo_name", "x"),
        ("repo_type", "git"),
        ("repo_group", "-1"),
    ];
    let mut browser = server.signed_in("bob");
    let answer = browser.post_without_token("/_admin/repos", &fields);
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "46");
    let address = format!("/_admin/repos?api_key={}", key_of(&server, "bob"));
    let answer = server.browser().post_without_token(&address, &fields);
    assert_eq!(answer.status, StatusCode::FOUND, "47");
    assert!(
        server
            .model
            .longest_repository_name(&["x"])
            .unwrap()
            .is_some()
    );
}

#[test]
fn visitors_from_elsewhere_see_the_sign_in_page_and_nothing_else() {
    let server = Server::new();
    server.repository("admin", "site", "git");
    server.forbid("default");
    let mut browser = server.browser();
    for page in ["/", "/site", "/nowhere", "/_admin/permissions"] {
        assert_eq!(
            browser.get(page).status,
            StatusCode::FORBIDDEN,
            "53a: {page}"
        );
    }
    assert_eq!(browser.get("/_admin/login").status, StatusCode::OK);
    let hidden = browser.get("/site").text.replace("site", "none");
    let missing = browser.get("/none").text;
    let strip = |text: &str| {
        text.lines()
            .filter(|line| !line.contains("equest"))
            .collect::<String>()
    };
    assert_eq!(strip(&hidden).len(), strip(&missing).len());
}

#[test]
fn git_credentials_are_looked_at_also_where_none_are_needed() {
    let server = Server::new();
    server.user("bob", false);
    server.repository("admin", "site", "git");
    let ask = |address: &str, credentials: Option<&str>| {
        use base64::Engine;
        let encoded = credentials.map(|credentials| {
            let encoded = base64::engine::general_purpose::STANDARD.encode(credentials);
            format!("Basic {encoded}")
        });
        let headers: Vec<_> = encoded
            .iter()
            .map(|value| ("authorization", value.as_str()))
            .collect();
        let answer = server.browser().send(Method::GET, address, &headers, None);
        answer.status
    };
    let pull = "/site/info/refs?service=git-upload-pack";
    let push = "/site/info/refs?service=git-receive-pack";
    assert_eq!(ask(pull, None), StatusCode::OK);
    assert_eq!(ask(pull, Some("bob:secret1")), StatusCode::OK);
    assert_eq!(
        ask(pull, Some("bob:wrong12")),
        StatusCode::UNAUTHORIZED,
        "53"
    );
    assert_eq!(ask(push, None), StatusCode::UNAUTHORIZED, "54");
    assert_eq!(ask(push, Some("bob:secret1")), StatusCode::FORBIDDEN, "55");
}

#[test]
fn who_guesses_is_told_to_wait() {
    let server = Server::new();
    let mut browser = server.browser();
    let mut guess = || {
        let fields = [("username", "admin"), ("password", "wrong12")];
        browser.post("/_admin/login", &fields)
    };
    for _ in 0..10 {
        assert_eq!(guess().status, StatusCode::OK);
    }
    // The first waits are short, and a machine may be busy for as long.
    let told = (0..10)
        .map(|_| guess())
        .find(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS)
        .unwrap();
    assert!(told.text.contains("Too many attempts") && told.header("retry-after") == "60");
}

/// The address of a repository by its id must not tell the name of one that the caller may not see.
#[test]
fn an_id_does_not_tell_the_name() {
    let server = Server::new();
    server.user("bob", false);
    server.repository("admin", "acquisition", "git");
    server.sql("UPDATE repositories SET private = 1");
    server.sql("UPDATE repo_to_perm SET permission_id = (SELECT permission_id FROM permissions WHERE permission_name = 'repository.none')");
    let id = server.sql("SELECT repo_id FROM repositories WHERE repo_name = 'acquisition'");
    let admin = server.signed_in("admin").get(&format!("/_{id}/summary"));
    assert!(admin.status == StatusCode::OK && admin.text.contains("acquisition"));

    let id_of_none = "99";
    for (id, who) in [(id.as_str(), ""), (id.as_str(), "bob"), (id_of_none, "bob")] {
        let mut browser = if who.is_empty() {
            server.browser()
        } else {
            server.signed_in(who)
        };
        for page in ["", "/", "/files/tip/", "/settings", "/nowhere"] {
            let answer = browser.get(&format!("/_{id}{page}"));
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{who}: {page}");
            assert!(!answer.text.contains("acquisition"), "{}", answer.text);
            assert!(
                answer
                    .text
                    .contains(&format!("There is nothing at /_{id}{page}"))
            );
        }
        let basic = format!("Basic {}", STANDARD.encode("bob:secret1"));
        let headers = [("authorization", basic.as_str())];
        let clone = format!("/_{id}/info/refs?service=git-upload-pack");
        let answer = browser.send(Method::GET, &clone, &headers, None);
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(
            answer
                .text
                .starts_with(&format!("Repository '_{id}' does not exist")),
            "{}",
            answer.text
        );
    }
    server.model.set_anonymous_access(false).unwrap();
    let sent = server.browser().get(&format!("/_{id}/summary"));
    assert_eq!(
        sent.header("location"),
        format!("/_admin/login?came_from=%2F_{id}%2Fsummary")
    );
}

#[test]
fn what_a_repository_was_forked_from_is_told_to_those_who_may_read_that() {
    let server = Server::new();
    server.user("bob", false);
    server.repository("admin", "vault", "git");
    server.repository("admin", "open", "git");
    let vault = server.sql("SELECT repo_id FROM repositories WHERE repo_name = 'vault'");
    server.sql("UPDATE repositories SET private = 1 WHERE repo_name = 'vault'");
    server.sql(&format!(
        "UPDATE repositories SET fork_id = {vault} WHERE repo_name = 'open'"
    ));
    let told = |user: &str| {
        let json = [("accept", "application/json")];
        let mut browser = server.signed_in(user);
        browser.send(Method::GET, "/_repos", &json, None).text
    };
    assert!(told("admin").contains(&format!("\"fork_id\":{vault}")));
    let bob = told("bob");
    assert!(
        bob.contains("\"fork_id\":null") && !bob.contains("vault"),
        "{bob}"
    );
}
