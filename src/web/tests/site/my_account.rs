//! The pages of one's own account that show what there is: sessions, keys, repositories, permissions.

use http::StatusCode;

use crate::browser::Server;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ada@example";

#[test]
fn sessions_are_listed_and_ended_by_their_owner_alone() {
    let server = Server::new();
    server.user("ada", false);
    let mut here = server.signed_in("ada");
    let mut there = server.signed_in("ada");
    let mut admin = server.signed_in("admin");
    let page = here.get("/_admin/my_account/sessions").text;
    assert!(page.contains("this browser"), "{page}");
    let other = page.split("name=\"session\" value=\"").nth(1).unwrap();
    let other = other.split('"').next().unwrap().to_owned();

    admin.post("/_admin/my_account/sessions/end", &[("session", &other)]);
    assert_eq!(there.get("/_admin/my_account").status, StatusCode::OK);
    here.post("/_admin/my_account/sessions/end", &[("session", &other)]);
    assert_eq!(there.get("/_admin/my_account").status, StatusCode::FOUND);
    assert_eq!(here.get("/_admin/my_account").status, StatusCode::OK);

    let (mut one, mut two) = (server.signed_in("ada"), server.signed_in("ada"));
    let answer = here.post("/_admin/my_account/sessions/end_others", &[]);
    assert_eq!(answer.header("location"), "/_admin/my_account/sessions");
    let page = here.get("/_admin/my_account/sessions").text;
    assert!(page.contains("2 other sessions have ended"), "{page}");
    assert!(!page.contains("end_others"), "there is nothing more to end");
    for gone in [&mut one, &mut two] {
        assert_eq!(gone.get("/_admin/my_account").status, StatusCode::FOUND);
    }
    assert_eq!(admin.get("/_admin/my_account").status, StatusCode::OK);
}

#[test]
fn ssh_keys_come_and_go_where_ssh_is_on() {
    let server = Server::new();
    let mut browser = server.signed_in("admin");
    let page = browser.get("/_admin/my_account/ssh_keys");
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(!browser.get("/_admin/my_account").text.contains("ssh_keys"));

    let server = Server::with(&[("ssh_enabled", "true")]);
    server.user("admin", true);
    let mut browser = server.signed_in("admin");
    let address = "/_admin/my_account/ssh_keys";
    assert!(browser.get("/_admin/my_account").text.contains(address));
    let wrong = browser.post(
        address,
        &[("public_key", "ssh-dss nonsense"), ("description", "<b>")],
    );
    assert_eq!(wrong.status, StatusCode::OK);
    assert!(wrong.text.contains("aria-invalid=\"true\"") && !wrong.text.contains("<b>"));
    let added = browser.post(address, &[("public_key", KEY), ("description", "")]);
    assert_eq!(added.header("location"), address);
    let page = browser.get(address).text;
    assert!(
        page.contains("successfully added") && page.contains("ada@example"),
        "{page}"
    );
    assert!(page.contains("never used"));
    let fingerprint = page
        .split("name=\"del_public_key_fingerprint\" value=\"")
        .nth(1)
        .unwrap();
    let fingerprint = fingerprint.split('"').next().unwrap().to_owned();
    let delete = format!("{address}/delete");
    browser.post(&delete, &[("del_public_key_fingerprint", &fingerprint)]);
    let page = browser.get(address).text;
    assert!(page.contains("SSH key successfully deleted") && !page.contains("ada@example"));
    browser.post(&delete, &[("del_public_key_fingerprint", &fingerprint)]);
    assert!(browser.get(address).text.contains("nothing of this kind"));
}

#[test]
fn own_and_watched_repositories_and_permissions_are_shown() {
    let server = Server::new();
    server.user("ada", false);
    server.repository("admin", "zebra", "git");
    server.repository("admin", "vault", "git");
    server.sql("UPDATE repositories SET private = 1 WHERE repo_name = 'vault'");
    server.sql(
        "UPDATE repo_to_perm SET permission_id = (SELECT permission_id FROM permissions \
         WHERE permission_name = 'repository.none') WHERE repository_id = (SELECT repo_id FROM repositories \
         WHERE repo_name = 'vault')",
    );
    let mut ada = server.signed_in("ada");
    let zebra = server.sql("SELECT repo_id FROM repositories WHERE repo_name = 'zebra'");
    let owned = ada.get("/_admin/my_account/repos").text;
    assert!(owned.contains("Nothing here yet"), "{owned}");
    ada.post(
        "/_admin/toggle_following",
        &[("follows_repository_id", &zebra)],
    );
    let watched = ada.get("/_admin/my_account/watched").text;
    assert!(watched.contains("href=\"/zebra\""), "{watched}");
    let own = server
        .signed_in("admin")
        .get("/_admin/my_account/repos")
        .text;
    assert!(own.contains("href=\"/zebra\"") && own.contains("href=\"/vault\""));

    let all = ada.get("/_admin/my_account/perms").text;
    assert!(all.contains("<code>127.0.0.1</code>"), "{all}");
    assert!(all.contains("href=\"/zebra\""));
    let none = ada.get("/_admin/my_account/perms?level=none").text;
    assert!(
        none.contains("vault")
            && !none.contains("href=\"/vault\"")
            && !none.contains("href=\"/zebra\"")
    );
    assert_eq!(
        ada.get("/_admin/my_account/perms?level=%00").status,
        StatusCode::OK
    );
    assert_eq!(
        server.browser().get("/_admin/my_account/perms").status,
        StatusCode::FOUND
    );
}
