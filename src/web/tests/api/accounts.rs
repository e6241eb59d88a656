//! Accounts, user groups, keys and sessions.

use serde_json::{Value, json};

use crate::instance::Instance;

#[test]
fn an_account_is_made_changed_and_deleted() {
    let instance = Instance::new();
    let admin = instance.caller("admin");
    let made = admin.ok(
        "create_user",
        json!({"username": "carol", "email": "Carol@Example.com", "password": "secret1", "firstname": "Zoë"}),
    );
    assert_eq!(made["msg"], "created new user `carol`");
    let user = &made["user"];
    let id = user["user_id"].as_i64().unwrap();
    assert_eq!(
        *user,
        json!({
            "user_id": id, "username": "carol", "firstname": "Zoë", "lastname": "", "email": "carol@example.com",
            "emails": ["carol@example.com"], "active": true, "admin": false,
        })
    );
    for (username, email, text) in [
        ("carol", "x@example.com", "user `carol` already exist"),
        ("CAROL", "x@example.com", "user `CAROL` already exist"),
        (
            "dave",
            "CAROL@example.com",
            "email `CAROL@example.com` already exist",
        ),
    ] {
        admin.fails(
            "create_user",
            json!({"username": username, "email": email}),
            text,
        );
    }
    for (username, email) in [
        ("a b", "x@example.com"),
        ("x", "none"),
        ("default", "y@example.com"),
    ] {
        let failed = admin.call("create_user", json!({"username": username, "email": email}));
        let failed = failed.unwrap_err();
        assert!(
            failed.starts_with(&format!("failed to create user `{username}`"))
                || failed == format!("user `{username}` already exist"),
            "{failed}"
        );
    }
    let changed = admin.ok(
        "update_user",
        json!({"userid": "carol", "lastname": "Clark", "active": "False", "password": "", "email": null}),
    );
    assert_eq!(changed["msg"], format!("updated user ID:{id} carol"));
    assert_eq!(changed["user"]["lastname"], "Clark");
    assert_eq!(changed["user"]["active"], false);
    let renamed = admin.ok("update_user", json!({"userid": id, "username": "caroline"}));
    assert_eq!(renamed["user"]["username"], "caroline");
    admin.fails(
        "update_user",
        json!({"userid": "default", "lastname": "x"}),
        "editing default user is forbidden",
    );
    admin.fails(
        "update_user",
        json!({"userid": "x"}),
        "user `x` does not exist",
    );
    let deleted = admin.ok("delete_user", json!({"userid": id.to_string()}));
    assert_eq!(
        deleted,
        json!({"msg": format!("deleted user ID:{id} caroline"), "user": null})
    );
    admin.fails(
        "delete_user",
        json!({"userid": null}),
        "user `None` does not exist",
    );
}

#[test]
fn an_account_to_which_something_belongs_stays_and_the_reason_is_told() {
    let instance = Instance::new();
    let admin = instance.caller("admin");
    admin.ok(
        "create_repo",
        json!({"repo_name": "r", "repo_type": "git", "owner": "bob"}),
    );
    let bob = instance.model.user_by_name("bob").unwrap().unwrap().id;
    for (user, beginning) in [
        ("bob", format!("failed to delete user ID:{bob} bob: ")),
        ("default", "failed to delete user ID:1 default: ".to_owned()),
    ] {
        let text = admin
            .call("delete_user", json!({"userid": user}))
            .unwrap_err();
        assert!(text.starts_with(&beginning), "{text}");
    }
}

#[test]
fn who_is_no_administrator_sees_the_own_account_by_its_number_only() {
    let instance = Instance::new();
    let (admin, bob) = (instance.caller("admin"), instance.caller("bob"));
    let id = instance.model.user_by_name("bob").unwrap().unwrap().id.0;
    for args in [
        json!({}),
        json!({"userid": id}),
        json!({"userid": id.to_string()}),
    ] {
        assert_eq!(bob.ok("get_user", args)["username"], "bob");
    }
    for other in [
        json!("bob"),
        json!("admin"),
        json!(id + 1000),
        json!("nobody"),
    ] {
        bob.fails(
            "get_user",
            json!({"userid": other}),
            "userid is not the same as your user",
        );
    }
    let permissions = &admin.ok("get_user", json!({"userid": "bob"}))["permissions"];
    for key in [
        "global",
        "repositories",
        "repositories_groups",
        "user_groups",
    ] {
        assert!(permissions.get(key).is_some(), "{key}");
    }
    let own = admin.ok("get_user", json!({}));
    assert_eq!(own["permissions"]["global"], json!(["hg.admin"]));
    let users = admin.ok("get_users", json!({}));
    let names: Vec<&str> = users
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["username"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["admin", "alice", "bob"]);
    let ip = admin.ok("get_ip", json!({"userid": "bob"}));
    assert_eq!(ip, json!({"server_ip_addr": "127.0.0.1", "user_ips": []}));
    assert_eq!(
        admin.ok("show_ip", json!({})),
        admin.ok("get_ip", json!({}))
    );
    admin.fails("get_ip", json!({"userid": "x"}), "user `x` does not exist");
}

#[test]
fn a_user_group_is_made_filled_changed_and_deleted() {
    let instance = Instance::new();
    let (admin, bob) = (instance.caller("admin"), instance.caller("bob"));
    bob.fails(
        "create_user_group",
        json!({"group_name": "team"}),
        "permission denied",
    );
    let made = admin.ok(
        "create_user_group",
        json!({"group_name": "team", "owner": "alice", "description": null}),
    );
    assert_eq!(made["msg"], "created new user group `team`");
    let group = &made["user_group"];
    let id = group["users_group_id"].as_i64().unwrap();
    assert_eq!(group["owner"], "alice");
    assert_eq!(group["members"], json!([]));
    admin.fails(
        "create_user_group",
        json!({"group_name": "team"}),
        "user group `team` already exist",
    );
    let failed = admin
        .call("create_user_group", json!({"group_name": "a\nb"}))
        .unwrap_err();
    assert!(
        failed.starts_with("failed to create group `a\nb`"),
        "{failed}"
    );
    // Read by everybody, administered by its owner.
    assert_eq!(
        bob.ok("get_user_group", json!({"usergroupid": id}))["group_name"],
        "team"
    );
    assert_eq!(
        bob.ok("get_user_groups", json!({}))
            .as_array()
            .unwrap()
            .len(),
        1
    );
    bob.fails(
        "add_user_to_user_group",
        json!({"usergroupid": "team", "userid": "bob"}),
        "user group `team` does not exist",
    );
    let alice = instance.caller("alice");
    let member = json!({"usersgroupid": "team", "userid": "bob"});
    assert_eq!(
        alice.ok("add_user_to_user_group", member.clone()),
        json!({"success": true, "msg": "added member `bob` to user group `team`"})
    );
    assert_eq!(
        alice.ok("add_user_to_user_group", member.clone()),
        json!({"success": false, "msg": "User is already in that group"})
    );
    let shown = alice.ok("get_user_group", json!({"usergroupid": "team"}));
    assert_eq!(shown["members"][0]["username"], "bob");
    assert_eq!(
        alice.ok("remove_user_from_user_group", member.clone()),
        json!({"success": true, "msg": "removed member `bob` from user group `team`"})
    );
    assert_eq!(
        alice.ok("remove_user_from_user_group", member),
        json!({"success": false, "msg": "User wasn't in group"})
    );
    alice.fails(
        "add_user_to_user_group",
        json!({"usergroupid": "team", "userid": "x"}),
        "user `x` does not exist",
    );
    let changed = alice.ok(
        "update_user_group",
        json!({"usergroupid": "team", "group_name": "crew", "active": "false"}),
    );
    assert_eq!(changed["msg"], format!("updated user group ID:{id} crew"));
    assert_eq!(changed["user_group"]["active"], false);
    let refused = alice.call(
        "update_user_group",
        json!({"usergroupid": "crew", "owner": "bob"}),
    );
    let refused = refused.unwrap_err();
    assert!(
        refused.starts_with("failed to update user group `crew`"),
        "{refused}"
    );
    admin.ok("create_repo", json!({"repo_name": "r", "repo_type": "git"}));
    let grant = json!({"repoid": "r", "usergroupid": "crew", "perm": "repository.write"});
    admin.ok("grant_user_group_permission", grant);
    alice.fails(
        "delete_user_group",
        json!({"usergroupid": "crew"}),
        "User Group assigned to r",
    );
    admin.ok(
        "revoke_user_group_permission",
        json!({"repoid": "r", "usergroupid": "crew"}),
    );
    assert_eq!(
        alice.ok("delete_user_group", json!({"usergroupid": "crew"})),
        json!({"msg": format!("deleted user group ID:{id} crew"), "user_group": null})
    );
}

#[test]
fn keys_and_sessions_are_looked_after_by_their_owner_and_administrators() {
    let instance = Instance::new();
    let (admin, bob) = (instance.caller("admin"), instance.caller("bob"));
    let made = bob.ok(
        "create_api_key",
        json!({"description": "robot", "lifetime": "60"}),
    );
    let key = made["api_key"].as_str().unwrap();
    assert_eq!(
        instance.with_key(key).ok("get_user", json!({}))["username"],
        "bob"
    );
    let listed = admin.ok("get_api_keys", json!({"userid": "bob"}));
    assert_eq!(listed[0]["description"], "robot");
    assert_eq!(listed[0]["api_key_prefix"], key[..8]);
    assert_eq!(listed[0]["expired"], false);
    assert!(!listed.to_string().contains(key));
    bob.fails(
        "get_api_keys",
        json!({"userid": "admin"}),
        "userid is not the same as your user",
    );
    bob.fails(
        "delete_api_key",
        json!({"key": &key[..4]}),
        "API key does not exist",
    );
    bob.ok("delete_api_key", json!({"key": &key[..8]}));
    instance
        .with_key(key)
        .fails("get_user", json!({}), "Invalid API key");

    let public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEOX+QtugWVF3vuNHmy9S8z3SnzhjYPIoyY18RPpgz4K bob@laptop";
    let added = bob.ok("create_ssh_key", json!({"public_key": public}));
    let fingerprint = added["fingerprint"].as_str().unwrap();
    assert_eq!(fingerprint, "xLELNF8BF5FoJZnxK6tAiyhoDFgGCFyVmW58l7LLU5w");
    let again = admin
        .call("create_ssh_key", json!({"public_key": public}))
        .unwrap_err();
    assert!(
        again.starts_with("failed to add SSH key of user `admin`"),
        "{again}"
    );
    assert!(!again.contains("bob"), "{again}");
    let bad = bob
        .call("create_ssh_key", json!({"public_key": "nonsense"}))
        .unwrap_err();
    assert!(
        bad.starts_with("failed to add SSH key of user `bob`: "),
        "{bad}"
    );
    let listed = bob.ok("get_ssh_keys", json!({}));
    assert_eq!(listed[0]["description"], "bob@laptop");
    bob.ok(
        "delete_ssh_key",
        json!({"fingerprint": format!("SHA256:{fingerprint}")}),
    );
    assert_eq!(bob.ok("get_ssh_keys", json!({})), json!([]));

    let id = instance.model.user_by_name("bob").unwrap().unwrap().id;
    let hash = "ab".repeat(32);
    instance
        .model
        .create_session(&hash, Some(id), "{}", false)
        .unwrap();
    let sessions = bob.ok("get_sessions", json!({}));
    assert_eq!(sessions[0]["session_id"], hash);
    let unknown = "0".repeat(64);
    bob.fails(
        "revoke_session",
        json!({"session_id": unknown}),
        &format!("session `{unknown}` does not exist"),
    );
    admin.fails(
        "revoke_session",
        json!({"session_id": hash}),
        &format!("session `{hash}` does not exist"),
    );
    let ended = admin.ok(
        "revoke_session",
        json!({"userid": "bob", "session_id": hash}),
    );
    assert_eq!(ended["revoked"], 1);
    assert_eq!(bob.ok("get_sessions", json!({})), Value::Array(Vec::new()));
}

#[test]
fn a_wrong_key_is_told_the_same_however_often() {
    let instance = Instance::new();
    let guess = instance.with_key(&"0".repeat(40));
    for _ in 0..80 {
        guess.fails("get_user", json!({}), "Invalid API key");
    }
    instance.caller("admin").ok("get_user", json!({}));
}
