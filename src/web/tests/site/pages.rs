//! Pages: their words, their headers, and what happens at their edges.

use http::{Method, StatusCode};

use crate::browser::Server;

#[test]
fn a_repository_is_made_shown_and_deleted_by_form() {
    let server = Server::new();
    let mut browser = server.signed_in("admin");
    assert!(browser.get("/").text.contains("/_admin/create_repository"));
    let fields = [
        ("repo_name", "my site"),
        ("repo_type", "git"),
        ("repo_group", "-1"),
        ("repo_description", "Zoë's <b>"),
    ];
    let answer = browser.post("/_admin/repos", &fields);
    assert_eq!(answer.header("location"), "/my-site/repo_creating");
    assert_eq!(
        browser.get("/my-site/repo_creating").header("location"),
        "/my-site"
    );
    let home = browser.get("/").text;
    assert!(
        home.contains("my-site") && home.contains("Zoë&#39;s &lt;b&gt;")
            || home.contains("Zoë&#x27;s &lt;b&gt;"),
        "{home}"
    );
    let summary = browser.get("/my-site");
    assert_eq!(summary.status, StatusCode::OK);
    assert!(
        summary.text.contains("git push"),
        "an empty repository says how to begin"
    );

    let again = browser.post("/_admin/repos", &fields);
    assert!(again.status == StatusCode::OK && again.text.contains("already exists"));
    let wrong = browser.post("/_admin/repos/my-site/delete", &[("confirm_name", "other")]);
    assert!(wrong.status == StatusCode::OK && wrong.text.contains("This is not the name"));
    let gone = browser.post(
        "/_admin/repos/my-site/delete",
        &[("confirm_name", "my-site")],
    );
    assert_eq!(gone.header("location"), "/");
    assert!(
        browser.get("/").text.contains("Deleted repository my-site"),
        "the message is shown once"
    );
    assert!(
        !browser.get("/").text.contains("Deleted repository"),
        "and only once"
    );
    assert_eq!(browser.get("/my-site").status, StatusCode::NOT_FOUND);
}

#[test]
fn groups_hold_repositories_and_cannot_go_before_them() {
    let server = Server::new();
    let mut browser = server.signed_in("admin");
    let group = browser.post(
        "/_admin/repo_groups",
        &[("group_name", "tools"), ("parent_group_id", "-1")],
    );
    assert_eq!(group.header("location"), "/tools");
    server.repository("admin", "tools/hammer", "git");
    assert!(browser.get("/tools").text.contains("hammer"));
    assert_eq!(browser.get("/tools/").status, StatusCode::OK);
    assert_eq!(browser.get("/tools/hammer").status, StatusCode::OK);
    let refused = browser.post("/_admin/repo_groups/tools/delete", &[]);
    assert!(
        refused
            .text
            .contains("contains 1 repositories and cannot be deleted")
    );
    browser.post("/_admin/repos/tools/hammer/delete", &[]);
    assert_eq!(
        browser
            .post("/_admin/repo_groups/tools/delete", &[])
            .header("location"),
        "/"
    );
    assert_eq!(browser.get("/tools").status, StatusCode::NOT_FOUND);
}

#[test]
fn every_page_carries_the_headers_that_protect_it() {
    let server = Server::new();
    server.repository("admin", "site", "git");
    let mut browser = server.browser();
    for page in [
        "/",
        "/site",
        "/site/statistics",
        "/about",
        "/nowhere",
        "/_admin/login",
        "/css/style.css",
    ] {
        let answer = browser.get(page);
        assert!(
            answer
                .header("content-security-policy")
                .contains("default-src 'none'"),
            "{page}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{page}");
        assert_eq!(answer.header("x-request-id").len(), 12, "{page}");
        if answer.header("content-type").starts_with("text/html") {
            let inline = [" style=", "<style", " onclick=", "javascript:"]
                .iter()
                .find(|bad| answer.text.contains(**bad));
            assert_eq!(inline, None, "{page}");
            assert!(
                !answer
                    .text
                    .replace("<script type=\"module\" src=", "")
                    .replace("<script type=\"text/plain\" id=", "")
                    .contains("<script"),
                "{page}"
            );
        }
    }
}

#[test]
fn errors_stand_in_the_frame_and_keep_their_status() {
    let server = Server::new();
    server.repository("admin", "site", "git");
    let mut browser = server.browser();
    for (method, page, status) in [
        (Method::GET, "/nowhere", StatusCode::NOT_FOUND),
        (
            Method::GET,
            "/site/changeset/ffffffffffff",
            StatusCode::NOT_FOUND,
        ),
        (Method::GET, "/site/files/tip/x", StatusCode::NOT_FOUND),
        (Method::GET, "/%FF/x", StatusCode::NOT_FOUND),
        (Method::GET, "/a%2Fb", StatusCode::NOT_FOUND),
        (Method::DELETE, "/site", StatusCode::METHOD_NOT_ALLOWED),
        (
            Method::GET,
            "/?_method=delete",
            StatusCode::METHOD_NOT_ALLOWED,
        ),
        (Method::POST, "/about", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let answer = browser.send(method.clone(), page, &[], None);
        assert_eq!(answer.status, status, "{method} {page}");
        assert!(
            answer.text.contains("<header class=\"site\">"),
            "{method} {page} has the site's frame"
        );
        assert!(
            answer.text.contains(answer.header("x-request-id")),
            "{method} {page} names the request"
        );
    }
}

#[test]
fn head_and_slashes_at_the_end_are_answered_like_the_page() {
    let server = Server::new();
    server.repository("admin", "site", "git");
    let mut browser = server.browser();
    for page in ["/site", "/site/", "/site/statistics/", "/about/"] {
        assert_eq!(
            browser.send(Method::HEAD, page, &[], None).status,
            StatusCode::OK,
            "{page}"
        );
        assert_eq!(browser.get(page).status, StatusCode::OK, "{page}");
    }
}

#[test]
fn an_id_is_an_address_too() {
    let server = Server::new();
    server.repository("admin", "site", "git");
    let mut browser = server.browser();
    assert_eq!(browser.get("/_1").status, StatusCode::OK);
    assert_eq!(browser.get("/_1/statistics").status, StatusCode::OK);
    assert_eq!(browser.get("/_2").status, StatusCode::NOT_FOUND);
}

#[test]
fn a_repository_whose_folder_is_gone_says_so_and_can_be_deleted() {
    let server = Server::new();
    server.repository("admin", "site", "git");
    std::fs::remove_dir_all(server.folder.path().join("repositories/site")).unwrap();
    let mut browser = server.signed_in("admin");
    let page = browser.get("/site");
    assert!(
        page.status == StatusCode::NOT_FOUND
            && page.text.contains("Repository not found in the filesystem")
    );
    assert_eq!(browser.get("/").status, StatusCode::OK);
    assert_eq!(browser.get("/site/settings").status, StatusCode::OK);
    assert_eq!(
        browser
            .post("/_admin/repos/site/delete", &[])
            .header("location"),
        "/"
    );
    assert_eq!(browser.get("/site").status, StatusCode::NOT_FOUND);
}

#[test]
fn the_switcher_answers_scripts_without_addresses_that_may_hold_passwords() {
    let server = Server::new();
    server.repository("admin", "site", "git");
    server.sql("UPDATE repositories SET clone_uri = 'https://me:secret@example.com/x'");
    let mut browser = server.browser();
    assert_eq!(browser.get("/_repos").status, StatusCode::BAD_REQUEST);
    let json = browser
        .send(
            Method::GET,
            "/_repos",
            &[("x-requested-with", "XMLHttpRequest")],
            None,
        )
        .text;
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["results"][1]["children"][0]["id"], "site");
    assert!(!json.contains("secret"), "{json}");
}
