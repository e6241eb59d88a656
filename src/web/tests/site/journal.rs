//! The journal: what it says, to whom, and how it is filtered.

use http::{Method, StatusCode};

use crate::browser::{Browser, Server};

/// Bob, and two repositories of admin's that admin follows: one is open, one is private. Bob follows the open one and admin.
fn server() -> Server {
    let server = Server::new();
    server.user("bob", false);
    server.repository("admin", "open", "git");
    server.repository("admin", "vault", "git");
    server.sql("UPDATE repositories SET private = 1 WHERE repo_name = 'vault'");
    server.sql("DELETE FROM user_logs");
    server.sql("DELETE FROM user_followings");
    server
}

fn entry(server: &Server, user: &str, repository: &str, action: &str, date: &str) {
    server.sql(&format!(
        "INSERT INTO user_logs (user_id, username, repository_id, repository_name, user_ip, action, action_date) \
         VALUES ((SELECT user_id FROM users WHERE username = '{user}'), '{user}', \
         (SELECT repo_id FROM repositories WHERE repo_name = '{repository}'), '{repository}', '10.0.0.1', '{action}', \
         '{date}.000000')"
    ));
}

fn follow(server: &Server, user: &str, repository: &str) {
    server.sql(&format!(
        "INSERT INTO user_followings (user_id, follows_repository_id, follows_from) \
         SELECT u.user_id, r.repo_id, '2024-01-01 00:00:00.000000' FROM users u, repositories r \
         WHERE u.username = '{user}' AND r.repo_name = '{repository}'"
    ));
}

fn follow_user(server: &Server, user: &str, other: &str) {
    server.sql(&format!(
        "INSERT INTO user_followings (user_id, follows_user_id, follows_from) \
         VALUES ({user}, {other}, '2024-01-01 00:00:00.000000')"
    ));
}

fn text(browser: &mut Browser<'_>, address: &str) -> String {
    let answer = browser.get(address);
    assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
    answer.text
}

fn entries(text: &str) -> usize {
    text.matches("class=\"journal-text\"").count()
}

#[test]
fn every_action_that_was_ever_written_is_put_into_words() {
    let server = server();
    follow(&server, "admin", "open");
    let id = "0123456789abcdef0123456789abcdef01234567";
    let many = vec![id; 60].join(",");
    let four = [id; 4].join(",");
    let actions = [
        ("user_deleted_repo", "<b>deleted</b> repository"),
        ("user_created_repo", "<b>created</b> repository"),
        ("user_created_fork", "as a fork"),
        ("user_forked_repo:x/<b>y", "x/&lt;b&gt;y"),
        ("user_updated_repo", "<b>updated</b> repository"),
        ("user_downloaded_archive:a.zip", "<b>downloaded</b> a.zip"),
        ("admin_deleted_repo", "<b>deleted</b> repository"),
        ("admin_created_repo", "<b>created</b> repository"),
        ("admin_forked_repo", "<b>forked</b> repository"),
        ("admin_updated_repo", "<b>updated</b> repository"),
        ("admin_created_user:joe", "<b>created</b> user joe"),
        ("admin_updated_user:joe", "<b>updated</b> user joe"),
        ("admin_created_users_group:g", "<b>created</b> user group g"),
        ("admin_updated_users_group:g", "<b>updated</b> user group g"),
        (
            &format!("user_commented_revision:{id}"),
            "on a changeset in",
        ),
        ("user_commented_pull_request:5", "on pull request #5"),
        (
            "user_closed_pull_request:5",
            "<b>closed</b> pull request #5",
        ),
        (&format!("push:{id}"), "<b>pushed</b> into"),
        (&format!("push_local:{id}"), "<b>committed</b> on the web"),
        ("push_remote:", "<b>pulled</b> from its remote"),
        ("pull", "<b>pulled</b> from"),
        ("started_following_repo", "started <b>following</b>"),
        ("stopped_following_repo", "stopped <b>following</b>"),
        ("unheard_of:a:b", "unheard_of a:b"),
        (
            &format!("push:{id},delete_branch=>x<,tag=>v1"),
            "Deleted branch: x&lt;",
        ),
        (&format!("push:{four}"), "Compare view"),
        (&format!("push:{many}"), "and 57 more revisions"),
    ];
    let mut browser = server.signed_in("admin");
    for (action, words) in &actions {
        server.sql("DELETE FROM user_logs");
        entry(&server, "admin", "open", action, "2024-01-31 10:00:00");
        let text = text(&mut browser, "/_admin/journal");
        assert_eq!(entries(&text), 1, "{action}");
        assert!(text.contains(words), "{action}: {words} in {text}");
        if !action.starts_with("admin_created_user") && !action.starts_with("admin_updated_user") {
            assert!(text.contains("href=\"/open\""), "{action}");
        }
        assert!(text.contains("<time datetime=\"2024-01-31\">"));
        let more = text.contains("journal-more");
        assert_eq!(more, action.len() > 1_000, "{action}");
    }
    server.sql("DELETE FROM user_logs");
    entry(
        &server,
        "admin",
        "open",
        &format!("push:{four}"),
        "2024-01-31 10:00:00",
    );
    let text = text(&mut browser, "/_admin/journal");
    assert_eq!(text.matches("lazy-cs").count(), 4);
    assert!(text.contains(&format!("/open/changeset/{id}...{id}")));
}

#[test]
fn nobody_reads_of_repositories_that_are_closed_to_them() {
    let server = server();
    for repository in ["open", "vault"] {
        entry(&server, "admin", repository, "pull", "2024-01-31 10:00:00");
        follow(&server, "bob", repository);
        follow(&server, "default", repository);
    }
    // What was done to what is gone may have been private.
    entry(
        &server,
        "admin",
        "gone",
        "admin_deleted_repo",
        "2024-01-31 10:00:00",
    );
    entry(
        &server,
        "admin",
        "",
        "admin_created_user:joe",
        "2024-01-31 10:00:00",
    );
    entry(
        &server,
        "bob",
        "gone",
        "user_created_repo",
        "2024-01-31 10:00:00",
    );
    let mut bob = server.signed_in("bob");
    let page = text(&mut bob, "/_admin/journal");
    assert_eq!(entries(&page), 1);
    assert!(page.contains("1 entry") && !page.contains("vault"));
    let admin = server.sql("SELECT user_id FROM users WHERE username = 'admin'");
    let me = server.sql("SELECT user_id FROM users WHERE username = 'bob'");
    let answer = bob.post("/_admin/toggle_following", &[("follows_user_id", &admin)]);
    assert_eq!(answer.text, "ok");
    follow_user(&server, &me, &me);
    for address in [
        "/_admin/journal",
        "/_admin/journal/atom",
        "/_admin/public_journal/rss",
    ] {
        let page = text(&mut bob, address);
        assert!(
            !page.contains("vault") && !page.contains("joe"),
            "{address}: {page}"
        );
    }
    let page = text(&mut bob, "/_admin/journal");
    assert_eq!(entries(&page), 2, "the open one, and one's own doings");
    let mut visitor = server.browser();
    let page = text(&mut visitor, "/_admin/public_journal");
    assert_eq!(entries(&page), 1);
    assert!(!page.contains("vault"));
    assert_eq!(visitor.get("/_admin/journal").status, StatusCode::FOUND);
    // An administrator who follows the same reads all of it.
    let mut admin_browser = server.signed_in("admin");
    follow_user(&server, &admin, &admin);
    assert_eq!(entries(&text(&mut admin_browser, "/_admin/journal")), 4);
}

#[test]
fn filters_choose_and_mistakes_are_told() {
    let server = server();
    follow(&server, "admin", "open");
    follow(&server, "admin", "vault");
    entry(&server, "admin", "open", "pull", "2012-01-01 10:00:00");
    entry(&server, "bob", "open", "push:a", "2012-01-02 10:00:00");
    entry(&server, "bob", "vault", "pull", "2012-02-01 10:00:00");
    let mut browser = server.signed_in("admin");
    let count = |browser: &mut Browser<'_>, filter: &str| {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("filter", filter)
            .finish();
        entries(&text(browser, &format!("/_admin/journal?{query}")))
    };
    for (filter, expected) in [
        ("", 3),
        ("open", 2),
        ("repository:OP*", 2),
        ("username:bob", 2),
        ("username:bob AND NOT action:push", 1),
        ("(open OR secret) username:admin", 1),
        ("date:20120101", 1),
        ("date:[20120102 TO 201202]", 2),
        ("ip:10.0.0.*", 3),
        ("date:yesterday", 0),
        ("foo:bar", 0),
        ("x' OR 1=1 --", 0),
        ("%", 0),
    ] {
        assert_eq!(count(&mut browser, filter), expected, "{filter}");
    }
    for wrong in ["(open", "date:never", "AND", "\""] {
        assert_eq!(count(&mut browser, wrong), 0, "{wrong}");
    }
    let page = text(&mut browser, "/_admin/journal?filter=date:never");
    assert!(page.contains("is no date") && page.contains("aria-invalid"));
    let feed = browser.get("/_admin/journal/atom?filter=(open");
    assert_eq!(feed.status, StatusCode::BAD_REQUEST);
}

#[test]
fn long_journals_have_pages_and_scripts_get_the_list_alone() {
    let server = server();
    follow(&server, "admin", "open");
    for day in 1..=28 {
        entry(
            &server,
            "bob",
            "open",
            "pull",
            &format!("2012-01-{day:02} 10:00:00"),
        );
    }
    let mut browser = server.signed_in("admin");
    let first = text(&mut browser, "/_admin/journal");
    assert_eq!(entries(&first), 20);
    assert!(first.contains("28 entries") && first.contains("2012-01-28"));
    for page in ["2", "99"] {
        let last = text(&mut browser, &format!("/_admin/journal?page={page}"));
        assert_eq!(entries(&last), 8, "{page}");
    }
    assert_eq!(entries(&text(&mut browser, "/_admin/journal?page=-3")), 20);
    let partial = [("x-partial-xhr", "1")];
    let list = browser.send(Method::GET, "/_admin/journal", &partial, None);
    assert_eq!(entries(&list.text), 20);
    assert!(!list.text.contains("<html"));
}

#[test]
fn feeds_of_the_journal_name_what_is_gone() {
    let server = server();
    let admin = server.sql("SELECT user_id FROM users WHERE username = 'admin'");
    let mut browser = server.signed_in("admin");
    follow_user(&server, &admin, &admin);
    server.sql("DELETE FROM user_logs");
    entry(
        &server,
        "admin",
        "gone & lost",
        "admin_deleted_repo",
        "2012-01-01 10:00:00",
    );
    entry(
        &server,
        "admin",
        "open",
        "push:0123456789abcdef0123456789abcdef01234567",
        "2012-01-02 10:00:00",
    );
    let atom = browser.get("/_admin/journal/atom");
    assert!(
        atom.header("content-type")
            .starts_with("application/atom+xml")
    );
    assert_eq!(atom.text.matches("<entry>").count(), 2);
    assert!(
        atom.text.contains("deleted repository gone &amp; lost"),
        "{}",
        atom.text
    );
    assert!(
        atom.text
            .contains("href=\"http://localhost/open/changelog\"")
    );
    assert!(
        atom.text
            .contains("http://localhost/open/changeset/0123456789abcdef")
    );
    let held = [("if-none-match", atom.header("etag"))];
    let again = browser.send(Method::GET, "/_admin/journal/atom", &held, None);
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let rss = browser.get("/_admin/public_journal/rss");
    assert!(rss.text.contains("Kallithea Public Journal rss feed"));
    assert_eq!(
        browser.get("/_admin/journal/xml").status,
        StatusCode::NOT_FOUND
    );
}

#[test]
fn feeds_tell_addresses_to_people_with_an_account_alone() {
    let server = server();
    let address = "admin@example.com";
    entry(
        &server,
        "admin",
        "open",
        "user_created_repo",
        "2012-01-01 10:00:00",
    );
    follow(&server, "default", "open");
    follow(&server, "bob", "open");
    for form in ["atom", "rss"] {
        let feed = format!("/_admin/public_journal/{form}");
        let told = |mut browser: Browser<'_>| text(&mut browser, &feed);
        let (stranger, bob) = (told(server.browser()), told(server.signed_in("bob")));
        assert!(stranger.contains("created repository"), "{stranger}");
        assert!(!stranger.contains(address), "{stranger}");
        assert!(bob.contains(address), "{bob}");
    }
}

#[test]
fn a_fork_is_named_to_whoever_may_read_it() {
    let server = server();
    for fork in ["vault", "no-longer-there"] {
        let action = format!("user_forked_repo:{fork}");
        entry(&server, "admin", "open", &action, "2012-01-01 10:00:00");
    }
    follow(&server, "admin", "open");
    follow(&server, "bob", "open");
    let journal = "/_admin/journal";
    let bob = text(&mut server.signed_in("bob"), journal);
    assert_eq!(bob.matches("<b>forked</b> repository").count(), 2, "{bob}");
    assert!(
        !bob.contains("vault") && !bob.contains("no-longer"),
        "{bob}"
    );
    let admin = text(&mut server.signed_in("admin"), journal);
    assert!(admin.contains("as vault"), "{admin}");
}

#[test]
fn who_follows_a_number_is_not_told_the_name_behind_it() {
    let server = server();
    let id = server.sql("SELECT repo_id FROM repositories WHERE repo_name = 'vault'");
    let mut bob = server.signed_in("bob");
    let answer = bob.post(
        "/_admin/toggle_following",
        &[("follows_repository_id", &id)],
    );
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(!answer.text.contains("vault"), "{}", answer.text);
}
