//! The doors of the wire protocols: who is turned away, and how.

use http::{Method, StatusCode};

use crate::browser::{Answer, Server};

const INFO: &str = "/info/refs?service=git-upload-pack";
const PUSH: &str = "/info/refs?service=git-receive-pack";

fn ask(server: &Server, address: &str, credentials: Option<&str>) -> Answer {
    let authorization = credentials.map(|credentials| {
        use base64::Engine;
        format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(credentials)
        )
    });
    let headers: Vec<_> = authorization
        .iter()
        .map(|value| ("authorization", value.as_str()))
        .collect();
    server.browser().send(Method::GET, address, &headers, None)
}

#[test]
fn visitors_are_asked_for_credentials_whether_or_not_there_is_something() {
    let server = Server::new();
    server.repository("admin", "site", "git");
    server.model.set_anonymous_access(false).unwrap();
    let (there, nowhere) = (
        ask(&server, &format!("/site{INFO}"), None),
        ask(&server, &format!("/none{INFO}"), None),
    );
    for answer in [&there, &nowhere] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            answer.header("www-authenticate"),
            "Basic realm=\"Kallithea\""
        );
    }
    assert_eq!(there.text, nowhere.text);
}

#[test]
fn reading_is_open_and_pushing_takes_the_permission() {
    let server = Server::new();
    server.user("bob", false);
    server.repository("admin", "site", "git");
    let fetch = ask(&server, &format!("/site{INFO}"), None);
    assert_eq!(fetch.status, StatusCode::OK);
    assert_eq!(
        fetch.header("content-type"),
        "application/x-git-upload-pack-advertisement"
    );
    assert!(fetch.header("cache-control").contains("no-cache"));
    assert!(
        fetch
            .text
            .starts_with("001e# service=git-upload-pack\n0000"),
        "{}",
        fetch.text
    );
    for (credentials, status) in [
        (None, StatusCode::UNAUTHORIZED),
        (Some("bob:wrong12"), StatusCode::UNAUTHORIZED),
        (Some("nobody:secret1"), StatusCode::UNAUTHORIZED),
        (Some("bob"), StatusCode::UNAUTHORIZED),
        (Some("bob:secret1"), StatusCode::FORBIDDEN),
        (Some("admin:secret1"), StatusCode::OK),
    ] {
        assert_eq!(
            ask(&server, &format!("/site{PUSH}"), credentials).status,
            status,
            "{credentials:?}"
        );
    }
    assert_eq!(
        ask(&server, &format!("/none{PUSH}"), Some("bob:secret1")).status,
        StatusCode::NOT_FOUND
    );
}

#[test]
fn nothing_moves_before_a_repository_is_all_there() {
    let server = Server::new();
    server.repository("admin", "site", "git");
    server.sql("UPDATE repositories SET repo_state = 'repo_state_pending'");
    // Everybody may push to it, visitors included.
    server.sql(
        "UPDATE repo_to_perm SET permission_id = \
         (SELECT permission_id FROM permissions WHERE permission_name = 'repository.write')",
    );
    for address in [INFO, PUSH] {
        for credentials in [None, Some("admin:secret1")] {
            let answer = ask(&server, &format!("/site{address}"), credentials);
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{address}");
            assert!(
                answer.text.contains("'site' is still being made."),
                "{}",
                answer.text
            );
            assert!(!answer.header("retry-after").is_empty());
        }
    }
    server.sql("UPDATE repositories SET repo_state = 'repo_state_created'");
    let answer = ask(&server, &format!("/site{PUSH}"), None);
    assert_eq!(answer.status, StatusCode::OK);
}

#[test]
fn the_dumb_protocol_and_odd_requests_are_refused() {
    let server = Server::new();
    server.repository("admin", "site", "git");
    for (address, status) in [
        ("/site/info/refs", StatusCode::BAD_REQUEST),
        (
            "/site/info/refs?service=git-upload-archive",
            StatusCode::BAD_REQUEST,
        ),
        ("/site/git-upload-pack", StatusCode::METHOD_NOT_ALLOWED),
        ("/site/HEAD", StatusCode::NOT_FOUND),
        ("/site/objects/info/packs", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(ask(&server, address, None).status, status, "{address}");
    }
    let mut browser = server.browser();
    let hg = browser.send(
        Method::GET,
        "/site?cmd=capabilities",
        &[("accept", "application/mercurial-0.1")],
        None,
    );
    assert_eq!(
        hg.status,
        StatusCode::NOT_FOUND,
        "a Git repository is none for Mercurial"
    );
    let nothing = browser.send(
        Method::GET,
        "/site",
        &[("accept", "application/mercurial-0.1")],
        None,
    );
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST);
}

#[test]
fn who_may_not_come_from_there_is_refused_and_not_asked_again() {
    let server = Server::new();
    server.user("bob", false);
    server.repository("admin", "site", "git");
    server.forbid("bob");
    let info = format!("/site{INFO}");
    let wrong = ask(&server, &info, Some("bob:nonsense"));
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let refused = ask(&server, &info, Some("bob:secret1"));
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("address"), "{}", refused.text);
    let page = server.browser().post(
        "/_admin/login",
        &[("username", "bob"), ("password", "secret1")],
    );
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains("Authentication failed."),
        "{}",
        page.text
    );
}

#[test]
fn nobody_asks_for_more_than_clients_do() {
    let server = Server::with_mercurial();
    server.repository("admin", "git", "git");
    server.repository("admin", "hg", "hg");
    let mut browser = server.browser();
    let mut hg = |command: &str, arguments: String| {
        let length = arguments.len().to_string();
        let headers = [
            ("accept", "application/mercurial-0.1"),
            ("x-hgargs-post", length.as_str()),
        ];
        let address = format!("/hg?cmd={command}");
        let answer = browser.send(Method::POST, &address, &headers, Some(arguments));
        answer.status
    };
    let null = "0".repeat(40);
    let pair = format!("{null}-{null}");
    let names: Vec<_> = (0..100_000).map(|n| format!("a{n}=")).collect();
    assert_eq!(hg("known", names.join("&")), StatusCode::BAD_REQUEST);
    for (command, argument, word, separator, most) in [
        ("batch", "cmds", "heads+", ";", 10_000),
        ("batch", "cmds", "branches+nodes=", ";", 10),
        ("between", "pairs", pair.as_str(), "+", 200),
        ("branches", "nodes", null.as_str(), "+", 200),
    ] {
        let asked = |count| format!("{argument}={}", vec![word; count].join(separator));
        assert_eq!(hg(command, asked(most)), StatusCode::OK, "{command}");
        let status = hg(command, asked(most + 1));
        assert_eq!(status, StatusCode::BAD_REQUEST, "{command}");
    }

    let head = format!("0032want {}\n0000", "1".repeat(40));
    let asked = [head, format!("0032have {null}\n").repeat(700_000)].concat();
    let headers = [("content-type", "application/x-git-upload-pack-request")];
    let answer = browser.send(Method::POST, "/git/git-upload-pack", &headers, Some(asked));
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
