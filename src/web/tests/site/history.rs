//! History of a repository: changelog, summary, statistics, feeds.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use http::{Method, StatusCode};
use serde_json::Value;

use crate::browser::{Answer, Browser, Server};

fn folder(server: &Server, name: &str) -> PathBuf {
    server.folder.path().join("repositories").join(name)
}

/// Makes the changesets of `stream` in a Git repository.
fn import(server: &Server, name: &str, stream: &str) {
    let mut child = Command::new("git")
        .args(["fast-import", "--quiet", "--date-format=raw"])
        .current_dir(folder(server, name))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(stream.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

fn commit(branch: &str, seconds: i64, author: &str, message: &str, rest: &str) -> String {
    format!(
        "commit refs/heads/{branch}\nauthor {author} {seconds} +0100\ncommitter {author} {seconds} +0100\ndata {}\n{message}\n{rest}\n",
        message.len()
    )
}

fn content(path: &str, text: &str) -> String {
    format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len())
}

const ADMIN: &str = "Adam <ADMIN@example.com>";
const ZOE: &str = "Zoë & Co <zoe@example.com>";

/// Six changesets: a file that is renamed, a side branch that is merged, a message with everything in it.
fn story(server: &Server) {
    server.repository("admin", "site", "git");
    let readme = "# Hello\n\n[other](doc/other.md) <script>alert(1)</script>\n";
    let mut stream = commit(
        "master",
        1_700_000_000,
        ADMIN,
        "first",
        &content("old.py", "a = 1\nb = 2\nc = 3\nd = 4\n"),
    );
    stream += "tag v1\nfrom refs/heads/master\ntagger A <a@b> 1700000000 +0000\ndata 2\nv1\n";
    stream += &commit(
        "master",
        1_700_100_000,
        ZOE,
        "rename it",
        "R old.py new.py\n",
    );
    stream += &commit(
        "side",
        1_700_150_000,
        ZOE,
        "on the side",
        &format!(
            "from refs/heads/master\n{}",
            content("side.rs", "fn main() {}\n")
        ),
    );
    stream += &commit(
        "master",
        1_700_200_000,
        ADMIN,
        "change it",
        &content("new.py", "a = 1\nb = 2\nc = 3\nd = 5\n"),
    );
    stream += &commit(
        "master",
        1_700_300_000,
        ADMIN,
        "Merge side",
        &format!(
            "merge refs/heads/side\n{}",
            content("side.rs", "fn main() {}\n")
        ),
    );
    stream += &commit(
        "master",
        1_700_400_000,
        ZOE,
        "<i>readme</i> for #12\n\nA longer text, see http://example.org/x\n  indented",
        &content("README.md", readme),
    );
    import(server, "site", &stream);
}

fn get(browser: &mut Browser<'_>, address: &str) -> Answer {
    let answer = browser.get(address);
    assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
    answer
}

fn rows(answer: &Answer) -> usize {
    answer.text.matches("<tr id=\"chg_").count()
}

fn with_issues() -> Server {
    let server = Server::with(&[
        ("issue_pat", r"#(\d+)"),
        ("issue_server_link", r"https://bugs.example.org/{repo}/\1"),
        ("issue_sub", ""),
        ("rss_include_diff", "true"),
    ]);
    server.user("admin", true);
    story(&server);
    server
}

#[test]
fn the_changelog_shows_messages_authors_names_and_a_graph() {
    let server = with_issues();
    let page = get(&mut server.browser(), "/site/changelog");
    assert_eq!(rows(&page), 6);
    let text = &page.text;
    for part in [
        "6 changesets",
        "class=\"graph\"",
        "class=\"mergerow\"",
        "&lt;i&gt;readme&lt;/i&gt; for ",
        "<a class=\"issue-tracker-link\" href=\"https://bugs.example.org/site/12\">#12</a>",
        "<a href=\"http://example.org/x\">http://example.org/x</a>",
        "Zoë &amp; Co",
        "chip-tag",
        "id=\"chg_6\"",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("<i>readme"));
    assert!(
        text.contains("person-name\">admin</bdi>") && !text.contains(">Adam</bdi>"),
        "whoever has an account is called by its name"
    );
}

#[test]
fn the_list_is_narrowed_and_paged() {
    let server = with_issues();
    let mut browser = server.browser();
    let count = |browser: &mut Browser<'_>, query: &str| {
        rows(&get(browser, &format!("/site/changelog{query}")))
    };
    assert_eq!(count(&mut browser, "?branch=side"), 3);
    assert_eq!(count(&mut browser, "?author=zo%C3%AB"), 3);
    assert_eq!(count(&mut browser, "?author=ZOE%40example"), 3);
    assert_eq!(count(&mut browser, "?since=2023-11-17&until=2023-11-18"), 2);
    assert_eq!(count(&mut browser, "?since=nonsense"), 6);
    assert_eq!(count(&mut browser, "/v1"), 1);
    assert_eq!(count(&mut browser, "?size=4"), 4);
    assert_eq!(count(&mut browser, "?size=4&page=2"), 2);
    assert_eq!(count(&mut browser, "?size=4&page=99"), 2, "the last page");
    assert_eq!(count(&mut browser, "?page=-1&size=0"), 1);
    assert_eq!(count(&mut browser, "?size=999999&page=x"), 6);
    let first = get(&mut browser, "/site/changelog?size=2&author=zo").text;
    assert!(
        first.contains("?author=zo&amp;size=2&amp;page=2"),
        "{first}"
    );
    let tag = browser.get("/site/changelog?branch=v1");
    assert_eq!(tag.header("location"), "/site/changelog/v1");
    for missing in ["/site/changelog?branch=none", "/site/changelog/none"] {
        assert_eq!(browser.get(missing).status, StatusCode::NOT_FOUND);
    }
}

#[test]
fn the_history_of_a_file_goes_on_under_its_old_name() {
    let server = with_issues();
    let mut browser = server.browser();
    let page = get(&mut browser, "/site/changelog/tip/new.py");
    assert_eq!(rows(&page), 3);
    assert!(
        page.text.contains("Renamed from old.py to new.py"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("class=\"graph\""));
    let page = get(&mut browser, "/site/changelog/tip/new.py?size=1&page=3");
    assert_eq!(rows(&page), 1);
    assert!(page.text.contains("From here on the file is called old.py"));
    let gone = get(&mut browser, "/site/changelog/tip/old.py");
    assert_eq!(rows(&gone), 2, "made and taken away");
    assert_eq!(
        browser.get("/site/changelog/tip/none.py").status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        browser.get("/site/changelog/none/new.py").status,
        StatusCode::NOT_FOUND
    );
}

#[test]
fn two_ticked_rows_make_a_range_without_script() {
    let server = with_issues();
    let mut browser = server.browser();
    let text = get(&mut browser, "/site/changelog").text;
    let ids: Vec<&str> = text
        .split("name=\"range\" value=\"")
        .skip(1)
        .map(|rest| &rest[..40])
        .collect();
    assert_eq!(ids.len(), 6);
    let ask = |browser: &mut Browser<'_>, query: String| {
        browser
            .get(&format!("/site/changelog?{query}"))
            .header("location")
            .to_owned()
    };
    let (new, old) = (ids[1], ids[4]);
    assert_eq!(
        ask(&mut browser, format!("range={new}&range={old}&show=range")),
        format!("/site/changeset/{old}...{new}")
    );
    assert_eq!(
        ask(
            &mut browser,
            format!("range={new}&range={old}&show=compare")
        ),
        format!("/site/compare/rev%40{old}...rev%40{new}")
    );
    assert_eq!(
        ask(&mut browser, format!("range={new}")),
        format!("/site/changeset/{new}")
    );
    assert_eq!(rows(&get(&mut browser, "/site/changelog?range=%3Cx%3E")), 6);
}

#[test]
fn scripts_learn_how_many_files_a_changeset_touched() {
    let server = with_issues();
    let mut browser = server.browser();
    let address = "/site/changelog_details/tip";
    assert_eq!(browser.get(address).status, StatusCode::NOT_FOUND);
    let partial = [("x-partial-xhr", "1")];
    let answer = browser.send(Method::GET, address, &partial, None);
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer
            .text
            .contains("<span class=\"added\" title=\"README.md\">"),
        "{}",
        answer.text
    );
    assert!(answer.text.contains("</span>1</span>"));
    let missing = browser.send(Method::GET, "/site/changelog_details/none", &partial, None);
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[test]
fn votes_and_comments_stand_beside_their_changesets() {
    let server = with_issues();
    let mut browser = server.browser();
    let text = get(&mut browser, "/site/changelog").text;
    let id = &text.split("name=\"range\" value=\"").nth(1).unwrap()[..40];
    server.sql(&format!(
        "INSERT INTO changeset_comments (comment_id, repo_id, revision, user_id, text, created_on, modified_at) \
         VALUES (7, 1, '{id}', (SELECT user_id FROM users WHERE username = 'admin'), 'x', '2024-01-01 00:00:00.000000', \
         '2024-01-01 00:00:00.000000')"
    ));
    server.sql(&format!(
        "INSERT INTO changeset_statuses (repo_id, user_id, revision, status, changeset_comment_id, modified_at, version) \
         VALUES (1, (SELECT user_id FROM users WHERE username = 'admin'), '{id}', 'approved', 7, \
         '2024-01-01 00:00:00.000000', 0)"
    ));
    let text = get(&mut browser, "/site/changelog").text;
    assert!(
        text.contains("Changeset status: Approved by admin"),
        "{text}"
    );
    assert!(text.contains(&format!("{id}#comment-7")));
    assert!(text.contains("1 comment"));
}

#[test]
fn the_summary_renders_the_readme_and_names_the_newest() {
    let server = with_issues();
    let mut browser = server.browser();
    for _ in 0..2 {
        // Made, and then from the cache.
        let text = get(&mut browser, "/site").text;
        assert!(text.contains("Hello"), "{text}");
        assert!(!text.contains("<script>alert"), "{text}");
        assert!(
            text.contains("doc/other.md\""),
            "links lead into the repository"
        );
        assert!(text.contains("/site/changeset/"));
        assert!(text.contains("<link rel=\"alternate\" type=\"application/atom+xml\""));
    }
}

#[test]
fn what_takes_long_is_counted_after_the_answer() {
    let server = with_issues();
    server.sql("UPDATE repositories SET statistics = 1, downloads = 1");
    let mut browser = server.browser();
    let part = "/site/statistics?part=summary";
    // The work behind an answer is done when its body has been read, which this browser does.
    let first = browser.get(part);
    assert_eq!(first.status, StatusCode::ACCEPTED);
    let text = get(&mut browser, part).text;
    assert!(text.contains("Python") && text.contains("Rust"), "{text}");
    assert!(text.contains("changesets in the last year"));
    let text = get(&mut browser, "/site/statistics").text;
    for part in [
        "Stats gathered: 100.00%",
        "6 changesets",
        "2 authors",
        "2023-11",
        "class=\"columns\"",
        "person-name\">admin</bdi>",
        "3 files",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let text = get(&mut browser, "/site").text;
    assert!(text.contains("/site/archive/tip.zip") && !text.contains("data-load"));
    server.sql("UPDATE repositories SET statistics = 0");
    let text = get(&mut browser, "/site/statistics").text;
    assert!(text.contains("Statistics are disabled for this repository"));
}

#[test]
fn the_size_is_told_to_scripts_of_people_with_a_name() {
    let server = with_issues();
    let script = [("x-requested-with", "XMLHttpRequest")];
    let mut visitor = server.browser();
    let answer = visitor.send(Method::GET, "/site/repo_size", &script, None);
    assert_eq!(answer.status, StatusCode::FOUND);
    let mut admin = server.signed_in("admin");
    assert_eq!(admin.get("/site/repo_size").status, StatusCode::BAD_REQUEST);
    let answer = admin.send(Method::GET, "/site/repo_size", &script, None);
    let size: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(size, "94 B");
    assert!(get(&mut admin, "/site").text.contains("94 B"));
}

#[test]
fn feeds_tell_the_newest_and_spare_whoever_has_them() {
    let server = with_issues();
    let mut browser = server.browser();
    let atom = get(&mut browser, "/site/feed/atom");
    assert!(
        atom.header("content-type")
            .starts_with("application/atom+xml")
    );
    assert_eq!(atom.text.matches("<entry>").count(), 6);
    for part in [
        "<title>Kallithea site feed</title>",
        "<name>Zoë &amp; Co</name>",
        "<link rel=\"alternate\" href=\"http://localhost/site/changeset/",
        "added README.md (3 lines added, 0 lines removed)",
        "renamed new.py",
        "+# Hello",
        "&amp;lt;script&amp;gt;",
        "tag: v1",
        "branch: master",
    ] {
        assert!(atom.text.contains(part), "{part} in {}", atom.text);
    }
    let rss = get(&mut browser, "/site/feed/rss");
    assert_eq!(rss.text.matches("<item>").count(), 6);
    assert!(rss.text.contains("<pubDate>Sun, 19 Nov 2023 "));
    let tag = atom.header("etag").to_owned();
    assert!(!tag.is_empty() && tag != rss.header("etag"));
    let held = [("if-none-match", tag.as_str())];
    let again = browser.send(Method::GET, "/site/feed/atom", &held, None);
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert!(again.text.is_empty());
    let date = atom.header("last-modified").to_owned();
    let held = [("if-modified-since", date.as_str())];
    let again = browser.send(Method::GET, "/site/feed/atom", &held, None);
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    import(
        &server,
        "site",
        &commit(
            "next",
            1_700_500_000,
            ADMIN,
            "more",
            &format!("from refs/heads/master^0\n{}", content("x", "y")),
        ),
    );
    let held = [("if-none-match", tag.as_str())];
    let changed = browser.send(Method::GET, "/site/feed/atom", &held, None);
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(browser.get("/site/feed/xml").status, StatusCode::NOT_FOUND);
}

#[test]
fn the_key_in_a_feed_opens_feeds_and_nothing_else() {
    let server = with_issues();
    server.model.set_anonymous_access(false).unwrap();
    let mut admin = server.signed_in("admin");
    let text = get(&mut admin, "/site").text;
    let link = text
        .split("type=\"application/atom+xml\"")
        .nth(1)
        .and_then(|rest| rest.split("href=\"").nth(1))
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned();
    assert!(link.contains("/site/feed/atom?api_key=feed-"), "{link}");
    let key = link.split("api_key=").nth(1).unwrap().to_owned();
    assert!(!text.contains(&server.sql("SELECT api_key FROM users WHERE username = 'admin'")));
    let mut reader = server.browser();
    assert_eq!(get(&mut reader, &link).text.matches("<entry>").count(), 6);
    get(&mut reader, &format!("/_admin/journal/rss?api_key={key}"));
    for other in ["/site", "/site/changelog", "/_admin/my_account", "/"] {
        let answer = reader.get(&format!("{other}?api_key={key}"));
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{other}");
    }
    let forged = format!("{}0", &key[..key.len() - 1]);
    for wrong in [forged.as_str(), "feed-", "feed-x-y", "feed-999-00"] {
        if wrong == key {
            continue;
        }
        let answer = reader.get(&format!("/site/feed/atom?api_key={wrong}"));
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{wrong}");
    }
    server.sql("UPDATE users SET api_key = 'other' WHERE username = 'admin'");
    assert_eq!(
        reader.get(&link).status,
        StatusCode::FORBIDDEN,
        "a new API key ends the keys made from the old one"
    );
}

#[test]
fn empty_repositories_have_every_page() {
    let server = Server::with_mercurial();
    for kind in ["git", "hg"] {
        server.repository("admin", kind, kind);
        server.sql("UPDATE repositories SET statistics = 1");
        let mut browser = server.signed_in("admin");
        for page in ["", "/statistics", "/feed/atom", "/feed/rss"] {
            get(&mut browser, &format!("/{kind}{page}"));
        }
        let script = [("x-requested-with", "XMLHttpRequest")];
        let size = browser.send(Method::GET, &format!("/{kind}/repo_size"), &script, None);
        assert_eq!(size.text, "\"0 B\"");
        let answer = browser.get(&format!("/{kind}/changelog/tip/x"));
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{kind}");
        for page in ["/changelog", "/changelog?branch=x&page=3"] {
            let answer = browser.get(&format!("/{kind}{page}"));
            assert_eq!(
                (answer.status, answer.header("location")),
                (StatusCode::FOUND, &*format!("/{kind}")),
                "{kind}{page}"
            );
            let summary = get(&mut browser, &format!("/{kind}")).text;
            assert!(summary.contains("There are no changesets yet"), "{summary}");
        }
    }
}

#[test]
fn branches_of_mercurial_closed_ones_too_narrow_the_list() {
    let server = Server::with_mercurial();
    server.repository("admin", "hg", "hg");
    let hg = std::env::var("KALLITHEA_TEST_HG").unwrap_or_else(|_| "hg".into());
    let made = Command::new(hg)
        .args(["debugbuilddag", "-n", "+3:a @stable +2:b <a @default +2 /b"])
        .env("HGRCPATH", "/dev/null")
        .env("HGUSER", "Admin <admin@example.com>")
        .current_dir(folder(&server, "hg"))
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let mut browser = server.browser();
    let all = get(&mut browser, "/hg/changelog");
    assert!(rows(&all) >= 8, "{}", rows(&all));
    let stable = get(&mut browser, "/hg/changelog?branch=stable");
    assert_eq!(rows(&stable), 2);
    assert!(stable.text.contains("on branch stable") || stable.text.contains("stable</option>"));
    assert_eq!(
        rows(&get(&mut browser, "/hg/changelog/2")),
        3,
        "up to number 2"
    );
    assert_eq!(rows(&get(&mut browser, "/hg/changelog/tip")), rows(&all));
    let feed = get(&mut browser, "/hg/feed/atom").text;
    assert!(feed.contains("branch: stable"));
}
