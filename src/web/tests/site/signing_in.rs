//! Sessions, form tokens, the first administrator.

use http::StatusCode;

use crate::browser::Server;

#[test]
fn until_there_is_an_administrator_every_page_leads_to_the_set_up() {
    let server = Server::without_admin();
    let mut browser = server.browser();
    for page in ["/", "/_admin/login", "/nowhere", "/about"] {
        assert_eq!(
            browser.get(page).header("location"),
            "/_admin/setup",
            "{page}"
        );
    }
    assert_eq!(browser.get("/_admin/setup").status, StatusCode::OK);
    let code = std::fs::read_to_string(server.folder.path().join("data/setup-code")).unwrap();
    let fields = |code: &str| {
        [
            ("code", code.to_owned()),
            ("username", "root1".to_owned()),
            ("email", "root@example.com".to_owned()),
            ("password", "secret1".to_owned()),
            ("password_confirmation", "secret1".to_owned()),
        ]
    };
    let post = |browser: &mut crate::browser::Browser<'_>, code: &str| {
        let fields = fields(code);
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        browser.post("/_admin/setup", &fields)
    };
    let wrong = post(&mut browser, "guess");
    assert!(wrong.status == StatusCode::OK && wrong.text.contains("This is not the code"));
    let right = post(&mut browser, code.trim());
    assert_eq!(
        (right.status, right.header("location")),
        (StatusCode::FOUND, "/")
    );
    assert!(
        browser.get("/").text.contains("root1"),
        "and is signed in at once"
    );
    // The code has served: the page is no way in any more.
    assert_eq!(
        post(&mut server.browser(), code.trim()).header("location"),
        "/"
    );
    assert!(!server.folder.path().join("data/setup-code").exists());
}

#[test]
fn a_wrong_password_and_a_wrong_name_are_told_in_the_same_words() {
    let server = Server::new();
    let mut browser = server.browser();
    let told = |browser: &mut crate::browser::Browser<'_>, name: &str| {
        let answer = browser.post(
            "/_admin/login",
            &[("username", name), ("password", "wrong12")],
        );
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.text.contains("Invalid username or password"));
        answer
            .text
            .lines()
            .filter(|line| line.contains("Invalid"))
            .count()
    };
    assert_eq!(told(&mut browser, "admin"), told(&mut browser, "nobody"));
}

#[test]
fn the_cookie_is_hidden_from_scripts_and_changes_at_sign_in() {
    let server = Server::new();
    let mut browser = server.browser();
    let before = browser.get("/_admin/login");
    let cookie = before.header("set-cookie").to_owned();
    for flag in ["kallithea=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(flag), "{flag} in {cookie}");
    }
    assert!(
        !cookie.contains("Secure") && !cookie.contains("Max-Age"),
        "{cookie}"
    );
    let after = browser.post(
        "/_admin/login",
        &[
            ("username", "admin"),
            ("password", "secret1"),
            ("remember", "1"),
        ],
    );
    assert!(after.header("set-cookie").contains("Max-Age=31536000"));
    assert_ne!(
        cookie.split(';').next(),
        after.header("set-cookie").split(';').next()
    );
}

#[test]
fn reading_as_a_visitor_makes_no_session() {
    let server = Server::new();
    server.repository("admin", "site", "git");
    let mut browser = server.browser();
    for page in ["/", "/site", "/site/changelog", "/about", "/nowhere"] {
        assert_eq!(browser.get(page).header("set-cookie"), "", "{page}");
    }
}

#[test]
fn a_sign_in_page_writes_nothing_and_its_form_works() {
    let server = Server::new();
    let mut browser = server.browser();
    let page = browser.get("/_admin/login");
    let token = page
        .text
        .split("_session_csrf_secret_token\" value=\"")
        .nth(1)
        .unwrap();
    let token = token.split('"').next().unwrap().to_owned();
    assert!(
        server
            .model
            .load_session(&"0".repeat(64))
            .unwrap()
            .is_none()
    );
    assert_eq!(
        browser.get("/_admin/login").header("set-cookie"),
        "",
        "one cookie serves"
    );
    let fields = [
        ("username", "admin"),
        ("password", "secret1"),
        ("_session_csrf_secret_token", &token),
    ];
    let stranger = server
        .browser()
        .post_without_token("/_admin/login", &fields);
    assert_eq!(
        stranger.status,
        StatusCode::FORBIDDEN,
        "the token is worth nothing elsewhere"
    );
    let answer = browser.post_without_token("/_admin/login", &fields);
    assert_eq!(answer.status, StatusCode::FOUND);
}

#[test]
fn a_form_without_its_token_does_nothing() {
    let server = Server::new();
    let mut browser = server.signed_in("admin");
    let fields = [
        ("repo_name", "x"),
        ("repo_type", "git"),
        ("repo_group", "-1"),
    ];
    assert_eq!(
        browser.post_without_token("/_admin/repos", &fields).status,
        StatusCode::FORBIDDEN
    );
    let mut wrong = fields.to_vec();
    wrong.push(("_session_csrf_secret_token", "12345"));
    assert_eq!(
        browser.post_without_token("/_admin/repos", &wrong).status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(browser.get("/x").status, StatusCode::NOT_FOUND);
    assert_eq!(
        browser.post("/_admin/repos", &fields).status,
        StatusCode::FOUND
    );
    assert_eq!(browser.get("/x").status, StatusCode::OK);
}

#[test]
fn a_token_in_an_address_is_worth_nothing_any_more() {
    let server = Server::new();
    let mut browser = server.signed_in("admin");
    let token = browser.get("/_admin/session_csrf_secret_token").text;
    let page = browser.get(&format!("/?_session_csrf_secret_token={token}"));
    assert!(page.text.contains("CSRF token leak has been detected"));
    assert_ne!(browser.get("/_admin/session_csrf_secret_token").text, token);
}

#[test]
fn signing_out_ends_the_session_for_every_copy_of_the_cookie() {
    let server = Server::new();
    let mut browser = server.signed_in("admin");
    assert!(browser.get("/").text.contains("admin"));
    assert_eq!(browser.get("/_admin/logout").header("location"), "/");
    assert_eq!(browser.get("/_admin/permissions").status, StatusCode::FOUND);
}

#[test]
fn one_comes_back_to_where_one_was_but_never_to_another_site() {
    let server = Server::new();
    let mut browser = server.browser();
    let page = browser.get("/_admin/permissions?a=b%20c");
    assert_eq!(
        page.header("location"),
        "/_admin/login?came_from=%2F_admin%2Fpermissions%3Fa%3Db%2520c"
    );
    let fields = [("username", "admin"), ("password", "secret1")];
    let back = browser.post(page.header("location"), &fields);
    assert_eq!(back.header("location"), "/_admin/permissions?a=b%20c");
    for elsewhere in [
        "//evil.example",
        "https%3A%2F%2Fevil.example",
        "evil",
        "%2F%2Fevil",
        "/a%0Ab",
    ] {
        let answer = server
            .browser()
            .get(&format!("/_admin/login?came_from={elsewhere}"));
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{elsewhere}");
    }
}
