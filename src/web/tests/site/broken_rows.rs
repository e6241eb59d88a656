//! A database that breaks the rules, by old releases, other programs or hands: no page ends in an error, and what has
//! nothing to do with the odd rows looks as before.

use http::StatusCode;

use crate::browser::{Browser, Server};

const PAGES: [&str; 24] = [
    "/",
    "/?filter=git",
    "/?scope=followed",
    "/tools",
    "/web/gitsite",
    "/web/gitsite/changelog",
    "/web/gitsite/changeset/4e59155d32c34f62233ab2320214b613140aee09",
    "/web/gitsite/files/master/",
    "/web/gitsite/annotate/master/menu.html",
    "/web/gitsite/forks",
    "/web/gitsite/followers",
    "/web/gitsite/statistics",
    "/web/gitsite/feed/atom",
    "/web/gitsite/settings",
    "/web/gitsite/settings/permissions",
    "/web/gitsite/fork",
    "/tools/hgtool",
    "/_admin/journal",
    "/_admin/public_journal",
    "/_admin/my_account",
    "/_admin/my_account/emails",
    "/_admin/my_account/api_keys",
    "/_admin/my_account/ssh_keys",
    "/_admin/my_account/perms",
];

/// What is broken, one after the other, each on top of those before.
const BREAKAGES: [(&str, &[&str]); 8] = [
    (
        "permissions nobody knows",
        &[
            "INSERT INTO permissions (permission_id, permission_name) VALUES (900, 'repository.love'), (901, 'hg.fly')",
            "INSERT INTO user_to_perm (user_id, permission_id) VALUES (1, 901), (3, 900)",
            "INSERT INTO repo_to_perm (user_id, permission_id, repository_id) VALUES (3, 900, 1), (3, 901, 3)",
        ],
    ),
    (
        "rows that are there twice",
        &[
            "INSERT INTO users_groups_members (users_group_id, user_id) SELECT users_group_id, user_id FROM users_groups_members",
            "INSERT INTO permissions (permission_name) SELECT permission_name FROM permissions",
        ],
    ),
    (
        "JSON that is none",
        &[
            "UPDATE users SET user_data = X'7B22ff'",
            "UPDATE users_groups SET group_data = '[[['",
            "UPDATE repositories SET changeset_cache = 'null'",
            "UPDATE repositories SET changeset_cache = X'ff00' WHERE repo_id = 1",
        ],
    ),
    (
        "dates of other programs",
        &[
            "UPDATE repositories SET created_on = 'yesterday', updated_on = '2026-02-30 25:61'",
            "UPDATE user_logs SET action_date = '2026/11/21' WHERE user_log_id % 3 = 0",
            "UPDATE users SET last_login = '0000-00-00 00:00:00', created_on = ''",
            "UPDATE changeset_comments SET created_on = 17",
            "UPDATE user_followings SET follows_from = 'T'",
        ],
    ),
    (
        "names that hold anything",
        &[
            "UPDATE users SET username = 'o''Brien \"x\" <b>&\\%_', firstname = '<script>', lastname = '' WHERE user_id = 6",
            "UPDATE users SET username = replace(hex(zeroblob(128)), '00', 'ab') WHERE user_id = 9",
            "UPDATE user_email_map SET email = 'no address <b>' WHERE email_id = 3",
            "UPDATE repositories SET landing_revision = 'odd', description = '' WHERE repo_id = 3",
            "UPDATE repositories SET repo_type = 'svn' WHERE repo_id = 4",
        ],
    ),
    (
        "settings of the wrong type",
        &[
            "UPDATE settings SET app_settings_value = 'no' WHERE app_settings_type IN ('bool', 'int') AND app_settings_name NOT LIKE 'auth%'",
            "UPDATE settings SET app_settings_type = 'colour'",
            "UPDATE ui SET ui_value = '' WHERE ui_section <> 'paths'",
        ],
    ),
    (
        "rows whose others are gone",
        &[
            "DELETE FROM users WHERE user_id IN (4, 5)",
            "DELETE FROM repositories WHERE repo_id = 12",
            "DELETE FROM \"groups\" WHERE group_id = 2",
            "DELETE FROM users_groups WHERE users_group_id = 2",
            "DELETE FROM permissions WHERE permission_name = 'group.write'",
            "DELETE FROM changeset_comments WHERE comment_id = 17",
            "DELETE FROM pull_requests WHERE pull_request_id = 2",
        ],
    ),
    (
        "no user for visitors",
        &["DELETE FROM users WHERE username = 'default'"],
    ),
];

fn look(who: &str, after: &str, browser: &mut Browser<'_>, wrong: &mut Vec<String>) {
    for page in PAGES {
        let answer = browser.get(page);
        if answer.status.is_server_error() {
            wrong.push(format!("{after}: {who} {page}: {}", answer.status));
        }
    }
}

#[test]
fn nobody_else_notices_rows_that_break_the_rules() {
    let server = Server::kallithea();
    let mut visitor = server.browser();
    let mut alice = server.signed_in_with("alice", "alicepass1");
    let mut admin = server.signed_in_with("admin", "admin123");
    let mut wrong = Vec::new();
    for (after, statements) in BREAKAGES {
        for sql in statements {
            server.break_rule(sql);
        }
        look("visitor", after, &mut visitor, &mut wrong);
        look("alice", after, &mut alice, &mut wrong);
        look("admin", after, &mut admin, &mut wrong);
        // Hers, whatever else is wrong.
        for page in [
            "/",
            "/web/gitsite",
            "/web/gitsite/changelog",
            "/tools/hgtool",
        ] {
            let status = alice.get(page).status;
            if status != StatusCode::OK {
                wrong.push(format!(
                    "{after}: alice may not see {page} any more: {status}"
                ));
            }
        }
    }
    // Without the user for visitors the site is closed to them, and to nobody else.
    if visitor.get("/").status != StatusCode::FOUND {
        wrong.push("a visitor without a user is let in".to_owned());
    }
    let answer = server.browser().post(
        "/_admin/login",
        &[("username", "alice"), ("password", "alicepass1")],
    );
    if answer.status != StatusCode::FOUND {
        wrong.push(format!("alice cannot sign in: {}", answer.status));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
