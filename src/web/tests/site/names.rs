//! What programs outside look for on pages and in answers: ids, classes, data, words, names of files.

use std::io::Write;
use std::process::{Command, Stdio};

use http::Method;
use serde_json::Value;

use crate::browser::Server;

/// Three commits of two files, one of them in a folder.
const HISTORY: &str = "\
commit refs/heads/master\nmark :1\ncommitter Ada <ada@example.com> 1700000000 +0000\ndata 5\nfirst\n\
M 644 inline setup.py\ndata 2\na\n\nM 644 inline doc/a b.txt\ndata 2\nb\n\n\
commit refs/heads/master\nmark :2\ncommitter Ada <ada@example.com> 1700000100 +0000\ndata 6\nsecond\nfrom :1\n\
M 644 inline setup.py\ndata 2\nc\n\n\
commit refs/heads/master\nmark :3\ncommitter Ada <ada@example.com> 1700000200 +0000\ndata 5\nthird\nfrom :2\n\
M 644 inline setup.py\ndata 2\nd\n\n";

fn with_history(values: &[(&str, &str)]) -> Server {
    let server = Server::with(values);
    server.user("admin", true);
    server.repository("admin", "code", "git");
    let mut import = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(server.folder.path().join("repositories/code"))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = import.stdin.take().unwrap();
    stdin.write_all(HISTORY.as_bytes()).unwrap();
    drop(stdin);
    assert!(import.wait().unwrap().success());
    server
}

fn assert_has(page: &str, names: &[&str]) {
    for name in names {
        assert!(page.contains(name), "{name} is missing in\n{page}");
    }
}

#[test]
fn pages_keep_ids_and_classes() {
    let server = with_history(&[("ssh_enabled", "true")]);
    let mut browser = server.signed_in("admin");
    let summary = browser.get("/code").text;
    assert_has(
        &summary,
        &[
            "id=\"repo_switcher\"",
            "id=\"context-bar\"",
            "label label-repo",
            "data-context=\"summary\"",
            "data-context=\"changelog\"",
            "data-context=\"files\"",
            "id=\"current_followers_count\"",
            "id=\"ssh_url\"",
        ],
    );
    let changelog = browser.get("/code/changelog?size=2").text;
    assert_has(
        &changelog,
        &[
            "<ul class=\"pagination\">",
            "class=\"pager_link\"",
            "<li class=\"active\">",
            "id=\"chg_1\"",
            "id=\"branch_filter\"",
            "class=\"changeset_range\"",
        ],
    );
    let changeset = browser.get("/code/changeset/master").text;
    assert_has(
        &changeset,
        &["_target\" data-f_path=\"setup.py\"", "icon-diff-modified"],
    );
    let files = browser.get("/code/files/tip/").text;
    assert_has(
        &files,
        &["browser-dir ypjax-link", "browser-file ypjax-link"],
    );
    browser.post(
        "/_admin/my_account/emails",
        &[("new_email", "a@example.com")],
    );
    let flash = browser.get("/code").text;
    assert_has(&flash, &["<div class=\"flash_msg\">", "alert-success"]);
    let login = server.browser().post("/_admin/login", &[]).text;
    assert_has(
        &login,
        &[
            "<span class=\"error-message\">Please enter a login</span>",
            "<span class=\"error-message\">Please enter a password</span>",
        ],
    );
}

#[test]
fn the_graph_is_given_as_data_too() {
    let server = with_history(&[]);
    let page = server.browser().get("/code/changelog").text;
    let data = page
        .split_once("var jsdata = (")
        .and_then(|(_, rest)| rest.split_once(");"))
        .map(|(data, _)| serde_json::from_str::<Value>(data).unwrap())
        .unwrap();
    assert_eq!(
        data,
        serde_json::json!([
            [[0, 1], [[0, 0, 1, 0]], 0, 0, 0, 0, 0, 0],
            [[0, 1], [[0, 0, 1, 0]], 0, 0, 0, 0, 0, 0],
            [[0, 1], [], 0, 0, 0, 0, 0, 0],
        ])
    );
}

#[test]
fn names_of_files_are_in_quotes_where_they_must() {
    let server = with_history(&[]);
    let mut browser = server.browser();
    let mut named = |address: &str| {
        let answer = browser.get(address);
        answer.header("content-disposition").to_owned()
    };
    assert_eq!(
        named("/code/rawfile/master/setup.py"),
        "attachment; filename=setup.py"
    );
    assert_eq!(named("/code/raw/master/doc/a%20b.txt"), "inline");
    assert_eq!(
        named("/code/rawfile/master/doc/a%20b.txt"),
        "attachment; filename=\"a b.txt\""
    );
    assert_eq!(
        named("/code/changeset-download/master"),
        "attachment; filename=master.diff"
    );
}

#[test]
fn numbers_stand_before_ids_where_the_ini_file_wants_them() {
    let server = with_history(&[("show_revision_number", "true")]);
    let mut browser = server.browser();
    let changelog = browser.get("/code/changelog").text;
    let id = changelog.split_once(">r2:").unwrap().1.get(..12).unwrap();
    assert_has(&changelog, &[">r0:", ">r1:"]);
    for address in [
        "/code",
        "/code/changeset/master",
        "/code/files/master/setup.py",
        "/code/annotate/master/setup.py",
        "/code/history/master/setup.py",
    ] {
        assert_has(&browser.get(address).text, &[&format!("r2:{id}")]);
    }
    let plain = with_history(&[]);
    let page = plain.browser().get("/code/changelog").text;
    assert!(!page.contains(">r2:"), "{page}");
}

#[test]
fn scripts_get_files_without_the_frame() {
    let server = with_history(&[]);
    let mut browser = server.browser();
    for address in [
        "/code/files/tip/",
        "/code/files/tip/setup.py",
        "/code/annotate/tip/setup.py",
    ] {
        let part = browser.send(Method::GET, address, &[("x-partial-xhr", "1")], None);
        assert_eq!(part.status, 200);
        assert!(!part.text.contains("<html"), "{}", part.text);
        assert!(
            part.text.contains("class=\"listing\""),
            "{address} {}",
            part.text
        );
        assert!(browser.get(address).text.contains("<html"));
    }
}

#[test]
fn the_switcher_gives_every_column_but_no_password() {
    let server = with_history(&[]);
    server.sql("UPDATE repositories SET clone_uri = 'https://me:secret@example.com/x'");
    let answer = server.browser().send(
        Method::GET,
        "/_repos",
        &[("x-requested-with", "XMLHttpRequest")],
        None,
    );
    let json: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(json["results"][0]["text"], "Groups");
    assert_eq!(json["results"][0]["children"], serde_json::json!([]));
    let object = json["results"][1]["children"][0]["obj"]
        .as_object()
        .unwrap();
    let mut names: Vec<_> = object.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "_landing_revision",
            "clone_uri",
            "created_on",
            "description",
            "enable_downloads",
            "enable_statistics",
            "fork_id",
            "group_id",
            "landing_rev",
            "owner_id",
            "private",
            "repo_id",
            "repo_name",
            "repo_state",
            "repo_type",
            "updated_on",
        ]
    );
    assert_eq!(object["clone_uri"], "https://me:*****@example.com/x");
}

#[test]
fn old_addresses_lead_where_they_led() {
    let server = with_history(&[]);
    let mut browser = server.browser();
    let icon = browser.get("/favicon.ico");
    assert_eq!(icon.status, 302);
    assert_eq!(icon.header("location"), "/images/favicon.ico");
    for form in ["rss", "atom"] {
        let old = browser.get(&format!("/_admin/public_journal_{form}"));
        let new = browser.get(&format!("/_admin/public_journal/{form}"));
        assert_eq!(old.status, 200);
        assert_eq!(old.header("content-type"), new.header("content-type"));
    }
}

#[test]
fn a_path_that_is_missing_is_named() {
    let server = with_history(&[]);
    let page = server.browser().get("/code/files/master/nope");
    assert_eq!(page.status, 404);
    assert_has(
        &page.text,
        &["There is no file nor directory at the given path: &#39;nope&#39; at revision "],
    );
}

#[test]
fn keys_tell_how_long_they_open() {
    let server = Server::new();
    let mut browser = server.signed_in("admin");
    let address = "/_admin/my_account/api_keys";
    for minutes in ["-1", "60"] {
        browser.post(address, &[("description", "robot"), ("lifetime", minutes)]);
    }
    let page = browser.get(address).text;
    assert_has(&page, &["robot Expires: Never", "robot Expires: in 1 hour"]);
    server.sql("UPDATE user_api_keys SET expires = 1000.0 WHERE expires > 0");
    assert_has(&browser.get(address).text, &["robot Expired: "]);
}

#[test]
fn a_fork_is_compared_with_its_parent_by_one_link() {
    let server = with_history(&[]);
    let source = server.folder.path().join("repositories/code");
    server.repository("admin", "copy", "git");
    server.sql("UPDATE repositories SET fork_id = (SELECT repo_id FROM repositories WHERE repo_name = 'code') WHERE repo_name = 'copy'");
    let copied = Command::new("git")
        .args(["fetch", "-q"])
        .arg(&source)
        .arg("refs/heads/*:refs/heads/*")
        .current_dir(server.folder.path().join("repositories/copy"))
        .status()
        .unwrap();
    assert!(copied.success());
    let mut browser = server.browser();
    let link = "/code/compare/rev%40tip...rev%40tip?other_repo=copy&amp;merge=1";
    assert_has(&browser.get("/copy").text, &[link, "Compare Fork"]);
    let same = browser.get(&link.replace("&amp;", "&"));
    assert_has(&same.text, &["Cannot show empty diff"]);
    assert!(!browser.get("/code").text.contains("Compare Fork"));
}

#[test]
fn the_whole_family_can_be_compared_as_far_as_one_may_see_it() {
    let server = with_history(&[]);
    for (name, parent) in [
        ("copy", "code"),
        ("sibling", "code"),
        ("grandchild", "sibling"),
        ("vault", "code"),
    ] {
        server.repository("admin", name, "git");
        server.sql(&format!(
            "UPDATE repositories SET fork_id = (SELECT o.repo_id FROM repositories o WHERE o.repo_name = '{parent}') \
             WHERE repo_name = '{name}'"
        ));
    }
    server.sql("UPDATE repositories SET private = 1 WHERE repo_name = 'vault'");
    server.sql(
        "UPDATE repo_to_perm SET permission_id = (SELECT permission_id FROM permissions WHERE permission_name = 'repository.none') \
         WHERE repository_id = (SELECT repo_id FROM repositories WHERE repo_name = 'vault')",
    );
    server.repository("admin", "stranger", "git");
    server.user("bob", false);
    let offered = |page: &str, name: &str| page.contains(&format!("<option value=\"{name}\""));
    for (user, secret) in [("admin", true), ("bob", false)] {
        let page = server.signed_in(user).get("/copy/compare").text;
        for name in ["copy", "code", "sibling", "grandchild"] {
            assert!(offered(&page, name), "{user} misses {name}: {page}");
        }
        assert_eq!(offered(&page, "vault"), secret, "{user}");
        assert_eq!(page.contains("vault"), secret, "{user}");
        assert!(!offered(&page, "stranger"));
        // Without script each is a link of its own.
        assert_has(
            &page,
            &[
                "Repositories of this family",
                "/copy/compare/rev%40tip...rev%40tip?other_repo=grandchild&amp;merge=1",
                "Fork of sibling",
            ],
        );
    }
    // Rows that go in a circle, which nothing of ours makes, end.
    server.sql("UPDATE repositories SET fork_id = (SELECT o.repo_id FROM repositories o WHERE o.repo_name = 'grandchild') WHERE repo_name = 'code'");
    assert!(offered(
        &server.browser().get("/sibling/compare").text,
        "grandchild"
    ));
}
