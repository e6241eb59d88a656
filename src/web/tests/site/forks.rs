//! Forks, copies from elsewhere, the page that waits for them, and followers.

use std::time::{Duration, Instant};

use http::{Method, StatusCode};

use crate::browser::{Answer, Browser, Server};

/// Asks until a repository is there, or is told to have failed.
fn wait(browser: &mut Browser<'_>, name: &str) -> serde_json::Value {
    let began = Instant::now();
    loop {
        let answer = browser.get(&format!("/{name}/repo_check_creating?repo={name}"));
        let value: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
        if value["result"] == true || value["failed"] == true {
            return value;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{value}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn fork(browser: &mut Browser<'_>, source: &str, name: &str) -> Answer {
    let fields = [
        ("repo_name", name),
        ("description", "mine <b>"),
        ("repo_group", "-1"),
        ("landing_rev", "rev:tip"),
        ("copy_permissions", "True"),
        ("fork_parent_id", "999"),
        ("repo_type", "svn"),
    ];
    browser.post(&format!("/{source}/fork"), &fields)
}

#[test]
fn a_fork_is_made_waited_for_and_listed() {
    let server = Server::with_mercurial();
    server.user("bob", false);
    let mut bob = server.signed_in("bob");
    let mut admin = server.signed_in("admin");
    for kind in ["git", "hg"] {
        server.repository("admin", kind, kind);
        let fields = [("filename", "f"), ("content", "text\n")];
        admin.post(&format!("/{kind}/add/0/"), &fields);
        let form = bob.get(&format!("/{kind}/fork"));
        assert_eq!(form.status, StatusCode::OK, "{kind}");
        assert!(form.text.contains(&format!("value=\"{kind}-fork\"")));
        assert!(form.text.contains(&format!("fork of repository: {kind}")));
        let name = format!("{kind}-mine");
        let begun = fork(&mut bob, kind, &name);
        let waiting = format!("/{name}/repo_creating");
        assert_eq!(begun.header("location"), waiting, "{}", begun.text);
        assert_eq!(wait(&mut bob, &name)["result"], true, "{kind}");
        assert_eq!(bob.get(&waiting).header("location"), format!("/{name}"));
        let summary = bob.get(&format!("/{name}")).text;
        let told = format!("Forked repository {kind} as <a href=\"/{name}\">{name}</a>");
        assert!(summary.contains(&told), "{summary}");
        assert_eq!(summary.matches(&told).count(), 1, "once");
        let file = bob.get(&format!("/{name}/raw/tip/f"));
        assert_eq!(file.text, "text\n", "{kind}");

        let list = admin.get(&format!("/{kind}/forks")).text;
        for part in [
            &format!("href=\"/{name}\""),
            "mine &lt;b&gt;",
            "bob",
            "Compare Fork",
            &format!("other_repo={name}&amp;merge=1"),
        ] {
            assert!(list.contains(part), "{kind} {part}: {list}");
        }
        let part = admin.send(
            Method::GET,
            &format!("/{kind}/forks"),
            &[("x-partial-xhr", "1")],
            None,
        );
        assert!(part.text.contains("Compare Fork") && !part.text.contains("<html"));
        let action = server.sql(&format!(
            "SELECT action FROM user_logs WHERE repository_name = '{kind}' AND action LIKE 'user_forked%'"
        ));
        assert_eq!(action, format!("user_forked_repo:{name}"));
        let cached = server.sql(&format!(
            "SELECT CAST(changeset_cache AS TEXT) FROM repositories WHERE repo_name = '{name}'"
        ));
        assert!(cached.contains("Added file via Kallithea"), "{cached}");
    }
    let none = bob.get("/git-mine/forks").text;
    assert!(none.contains("There are no forks yet"));
    let again = fork(&mut bob, "git", "git-mine");
    assert!(again.status == StatusCode::OK && again.text.contains("already exists"));
    let empty = bob.post("/git/fork", &[("repo_name", "x"), ("repo_group", "-1")]);
    assert!(empty.status == StatusCode::OK && empty.text.contains("Please enter a value"));
}

#[test]
fn forking_takes_its_permission_and_forks_are_shown_to_readers() {
    let server = Server::new();
    server.user("bob", false);
    server.user("eve", false);
    server.repository("admin", "git", "git");
    let mut bob = server.signed_in("bob");
    let fields = [
        ("repo_name", "hidden-fork"),
        ("description", "x"),
        ("repo_group", "-1"),
        ("private", "True"),
    ];
    let begun = bob.post("/git/fork", &fields);
    assert_eq!(begun.status, StatusCode::FOUND, "{}", begun.text);
    wait(&mut bob, "hidden-fork");
    assert!(bob.get("/git/forks").text.contains("hidden-fork"));
    let mut eve = server.signed_in("eve");
    let seen = eve.get("/git/forks").text;
    assert!(seen.contains("There are no forks yet") && !seen.contains("hidden-fork"));
    for (method, address) in [
        (Method::GET, "/git/fork"),
        (Method::GET, "/hidden-fork/fork"),
    ] {
        let visitor = server.browser().send(method, address, &[], None);
        let turned_away = visitor.header("location").starts_with("/_admin/login")
            || visitor.status == StatusCode::NOT_FOUND;
        assert!(turned_away, "{address}");
    }
    server.sql(
        "UPDATE user_to_perm SET permission_id = (SELECT permission_id FROM permissions WHERE permission_name = 'hg.fork.none') \
         WHERE permission_id = (SELECT permission_id FROM permissions WHERE permission_name = 'hg.fork.repository')",
    );
    assert_eq!(eve.get("/git/fork").status, StatusCode::FORBIDDEN);
    assert_eq!(eve.post("/git/fork", &fields).status, StatusCode::FORBIDDEN);
}

#[test]
fn what_cannot_be_copied_says_why_is_tried_again_and_given_up() {
    let server = Server::new();
    let mut admin = server.signed_in("admin");
    server.user("bob", false);
    let create = |browser: &mut Browser<'_>, uri: &str| {
        let fields = [
            ("repo_name", "copy"),
            ("repo_type", "git"),
            ("repo_group", "-1"),
            ("clone_uri", uri),
        ];
        browser.post("/_admin/repos", &fields)
    };
    for bad in ["/etc", "file:///etc", "nonsense", "javascript:alert(1)"] {
        let answer = create(&mut admin, bad);
        assert_eq!(answer.status, StatusCode::OK, "{bad}");
        assert!(
            answer.text.contains("e-clone_uri"),
            "{bad}: {}",
            answer.text
        );
    }
    let begun = create(&mut admin, "http://user:hunter22@127.0.0.1:9/x");
    assert_eq!(begun.header("location"), "/copy/repo_creating");
    assert_eq!(wait(&mut admin, "copy")["failed"], true);
    let page = admin.get("/copy/repo_creating");
    assert_eq!(page.status, StatusCode::OK);
    for part in [
        "copy could not be made",
        "127.0.0.1",
        "Try again",
        "Give it up",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    assert!(!page.text.contains("hunter22"));
    for address in ["/copy", "/copy/files/tip/", "/copy/changelog", "/copy/fork"] {
        let answer = admin.get(address);
        assert_eq!(
            answer.header("location"),
            "/copy/repo_creating",
            "{address}"
        );
    }
    let mut bob = server.signed_in("bob");
    let page = bob.get("/copy/repo_creating").text;
    assert!(!page.contains("Try again") && !page.contains("Give it up"));
    assert_eq!(
        bob.post("/copy/repo_creating", &[]).status,
        StatusCode::FORBIDDEN
    );
    let again = admin.post("/copy/repo_creating", &[]);
    assert_eq!(again.header("location"), "/copy/repo_creating");
    assert_eq!(wait(&mut admin, "copy")["failed"], true);

    // Left behind by a process that is gone.
    server.sql("UPDATE rs_creations SET failed = '', beat_at = 1");
    let page = admin.get("/copy/repo_creating").text;
    assert!(page.contains("The server was stopped"), "{page}");
    server.sql("UPDATE repositories SET clone_uri = NULL WHERE repo_name = 'copy'");
    admin.post("/copy/repo_creating", &[]);
    assert_eq!(wait(&mut admin, "copy")["result"], true);
    assert_eq!(admin.get("/copy").status, StatusCode::OK);

    // Left behind between the moment when the folder was in its place and the one when the row said so.
    let pending =
        "UPDATE repositories SET repo_state = 'repo_state_pending' WHERE repo_name = 'copy'";
    let id = server.sql("SELECT repo_id FROM repositories WHERE repo_name = 'copy'");
    let signature = server
        .folder
        .path()
        .join("repositories/copy/kallithea-rs-unfinished");
    for (written, ours) in [(format!("{id}0"), false), (id, true)] {
        assert!(!signature.exists(), "taken out when all is done");
        std::fs::write(&signature, written).unwrap();
        server.sql(pending);
        admin.post("/copy/repo_creating", &[]);
        let state = wait(&mut admin, "copy");
        assert_eq!(
            (&state["result"] == true, &state["failed"] == true),
            (ours, !ours)
        );
        let _ = std::fs::remove_file(&signature);
    }
    assert_eq!(admin.get("/copy").status, StatusCode::OK);

    server
        .sql("UPDATE repositories SET repo_state = 'repo_state_pending' WHERE repo_name = 'copy'");
    let gone = admin.post("/_admin/repos/copy/delete", &[("confirm_name", "copy")]);
    assert_eq!(gone.header("location"), "/");
    assert_eq!(admin.get("/copy").status, StatusCode::NOT_FOUND);
}

#[test]
fn following_is_toggled_and_listed() {
    let server = Server::new();
    server.repository("admin", "git", "git");
    for n in 0..22 {
        server.user(&format!("user{n:02}"), false);
    }
    let id = server.sql("SELECT repo_id FROM repositories WHERE repo_name = 'git'");
    let field = [("follows_repository_id", id.as_str())];
    let mut browser = server.signed_in("user00");
    let answer = browser.post("/_admin/toggle_following", &field);
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (StatusCode::OK, "ok")
    );
    for _ in 0..2 {
        let from = [field[0], ("came_from", "/git/forks")];
        let answer = browser.post("/_admin/toggle_following", &from);
        assert_eq!(answer.header("location"), "/git/forks");
    }
    let token = browser.get("/_admin/session_csrf_secret_token").text;
    let body = format!("follows_repository_id={id}&_session_csrf_secret_token={token}");
    let mut ask = |accept: &str| {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let headers = [
            form,
            ("x-requested-with", "XMLHttpRequest"),
            ("accept", accept),
        ];
        let address = "/_admin/toggle_following";
        browser.send(Method::POST, address, &headers, Some(body.clone()))
    };
    let json: serde_json::Value = serde_json::from_str(&ask("application/json").text).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"following": false, "followers": 1})
    );
    assert_eq!(ask("*/*").text, "ok");
    let other = server.sql("SELECT user_id FROM users WHERE username = 'user01'");
    let visitors = server.sql("SELECT user_id FROM users WHERE username = 'default'");
    for (id, status) in [
        (other.as_str(), StatusCode::OK),
        (visitors.as_str(), StatusCode::NOT_FOUND),
        ("999", StatusCode::NOT_FOUND),
    ] {
        let field = [("follows_user_id", id)];
        let answer = browser.post("/_admin/toggle_following", &field);
        assert_eq!(answer.status, status, "{id}");
    }
    for wrong in ["", "x", "999"] {
        let answer = browser.post(
            "/_admin/toggle_following",
            &[("follows_repository_id", wrong)],
        );
        assert!(answer.status.is_client_error(), "{wrong}");
    }
    let elsewhere = [field[0], ("came_from", "//evil.example/")];
    let answer = browser.post("/_admin/toggle_following", &elsewhere);
    assert_eq!(answer.header("location"), "/git");

    server.sql(&format!(
        "INSERT INTO user_followings (user_id, follows_repository_id, follows_from) \
         SELECT user_id, {id}, '2024-01-01 00:00:00.000000' FROM users WHERE username LIKE 'user%' AND username <> 'user00'"
    ));
    let page = browser.get("/git/followers").text;
    assert!(page.contains("user01") && page.contains("Started following"));
    assert!(
        !page.contains(">admin<"),
        "the newest stand on the last page"
    );
    let last = browser.get("/git/followers?page=99").text;
    assert!(last.contains("admin"), "{last}");
}
