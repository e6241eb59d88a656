//! The lists of groups and repositories.

use crate::browser::{Browser, Server};

fn server() -> Server {
    let server = Server::new();
    server.user("ada", false);
    let mut browser = server.signed_in("admin");
    for group in ["tools", "apes"] {
        browser.post(
            "/_admin/repo_groups",
            &[("group_name", group), ("parent_group_id", "-1")],
        );
    }
    for name in ["zebra", "antelope", "tools/hammer", "tools/saw"] {
        server.repository("admin", name, "git");
    }
    server.sql(
        "UPDATE repositories SET user_id = (SELECT user_id FROM users WHERE username = 'ada') \
         WHERE repo_name IN ('antelope', 'tools/saw')",
    );
    server.sql("UPDATE repositories SET updated_on = '2020-01-01 00:00:00.000000'");
    server.sql(
        "UPDATE repositories SET updated_on = '2024-01-01 00:00:00.000000', description = 'striped horse' \
         WHERE repo_name = 'zebra'",
    );
    server
}

/// The full names of the rows, in their order; groups with a slash behind.
fn rows(browser: &mut Browser<'_>, address: &str) -> Vec<String> {
    let page = browser.get(address);
    assert_eq!(page.status, 200, "{address}");
    let rows = page.text.split("<tr").skip(2);
    rows.map(|row| {
        let name = row.split("class=\"name\" href=\"/").nth(1).unwrap();
        let name = name.split('"').next().unwrap();
        let slash = if row.contains("is-group") { "/" } else { "" };
        format!("{name}{slash}")
    })
    .collect()
}

#[test]
fn home_shows_the_top_and_every_tab_its_own() {
    let server = server();
    let mut browser = server.signed_in("ada");
    assert_eq!(
        rows(&mut browser, "/"),
        ["apes/", "tools/", "antelope", "zebra"]
    );
    assert_eq!(rows(&mut browser, "/?show=mine"), ["antelope", "tools/saw"]);
    assert_eq!(rows(&mut browser, "/?show=recent")[0], "zebra");
    assert_eq!(rows(&mut browser, "/?show=recent&dir=desc")[3], "zebra");
    browser.post(
        "/_admin/toggle_following",
        &[(
            "follows_repository_id",
            &server.sql("SELECT repo_id FROM repositories WHERE repo_name = 'zebra'"),
        )],
    );
    let followed = rows(&mut browser, "/?show=followed");
    assert!(followed.contains(&"zebra".to_owned()), "{followed:?}");
    // Who is not signed in owns and follows nothing.
    assert_eq!(rows(&mut server.browser(), "/?show=mine").len(), 4);
}

#[test]
fn lists_sort_both_ways_and_filter_names_and_descriptions() {
    let server = server();
    let mut browser = server.signed_in("admin");
    assert_eq!(rows(&mut browser, "/?dir=desc")[2..], ["zebra", "antelope"]);
    assert_eq!(
        rows(&mut browser, "/?sort=owner")[2..],
        ["antelope", "zebra"]
    );
    assert_eq!(
        rows(&mut browser, "/?sort=changed")[2..],
        ["zebra", "antelope"]
    );
    assert_eq!(rows(&mut browser, "/?filter=SA"), ["tools/saw"]);
    assert_eq!(rows(&mut browser, "/?filter=Horse"), ["zebra"]);
    assert_eq!(
        rows(&mut browser, "/?filter=tools"),
        ["tools/", "tools/hammer", "tools/saw"]
    );
    assert_eq!(
        rows(&mut browser, "/tools?sort=name&dir=desc"),
        ["tools/saw", "tools/hammer"]
    );
    for odd in [
        "/?sort=nonsense&show=%00&page=-1",
        "/?page=99999999999999999999",
        "/?filter=%25_!",
    ] {
        rows(&mut browser, odd);
    }
}

#[test]
fn a_long_list_goes_out_in_pages() {
    let server = server();
    let mut insert = String::from(
        "INSERT INTO repositories (repo_name, repo_state, repo_type, user_id, private, statistics, downloads, \
         description, created_on, updated_on, landing_revision) VALUES ",
    );
    let admin = server.sql("SELECT user_id FROM users WHERE username = 'admin'");
    let values: Vec<String> = (0..250)
        .map(|n| {
            format!(
                "('many{n:03}', 'repo_state_created', 'git', {admin}, 0, 0, 0, '', '2020-01-01 00:00:00', \
                 '2020-01-01 00:00:00', 'rev:tip')"
            )
        })
        .collect();
    insert.push_str(&values.join(","));
    server.sql(&insert);
    let mut browser = server.signed_in("admin");
    let first = rows(&mut browser, "/");
    assert_eq!((first.len(), &*first[0]), (100, "apes/"));
    let last = rows(&mut browser, "/?page=3");
    assert_eq!((last.len(), &*last[53]), (54, "zebra"));
    let page = browser.get("/?page=2&dir=desc").text;
    assert!(page.contains("href=\"/?dir=desc&amp;page=3\""), "{page}");
    assert!(page.len() < 200_000, "{}", page.len());
}
