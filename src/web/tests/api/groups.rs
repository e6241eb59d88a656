//! Repository groups and permissions on them.

use serde_json::json;

use crate::instance::Instance;

#[test]
fn a_group_is_made_moved_with_all_below_and_deleted_when_empty() {
    let instance = Instance::new();
    let admin = instance.caller("admin");
    let made = admin.ok(
        "create_repo_group",
        json!({"group_name": "tools", "description": "Tools", "owner": "alice"}),
    );
    assert_eq!(made["msg"], "created new repo group `tools`");
    let id = made["repo_group"]["group_id"].as_i64().unwrap();
    assert_eq!(
        made["repo_group"],
        json!({
            "group_id": id, "group_name": "tools", "group_description": "Tools", "parent_group": null,
            "repositories": [], "owner": "alice",
        })
    );
    // An owner who does not hold everything anyway gets a row.
    let members = admin.ok("get_repo_group", json!({"repogroupid": "tools"}))["members"].clone();
    let alice = json!({"name": "alice", "type": "user", "permission": "group.admin"});
    assert!(members.as_array().unwrap().contains(&alice), "{members}");
    let below = admin.ok(
        "create_repo_group",
        json!({"group_name": "in", "parent": "tools/"}),
    );
    assert_eq!(below["repo_group"]["group_name"], "tools/in");
    assert_eq!(below["repo_group"]["parent_group"], "tools");
    // Not the short name at the top counts, but the whole one.
    admin.ok("create_repo_group", json!({"group_name": "in"}));
    for (args, text) in [
        (
            json!({"group_name": "tools"}),
            "repo group `tools` already exist",
        ),
        (
            json!({"group_name": "in", "parent": id}),
            "repo group `in` already exist",
        ),
        (
            json!({"group_name": "x", "parent": "none"}),
            "repository group `none` does not exist",
        ),
        (
            json!({"group_name": "a b"}),
            "failed to create repo group `a b`",
        ),
        (
            json!({"group_name": "x", "owner": "nobody"}),
            "failed to create repo group `x`",
        ),
    ] {
        admin.fails("create_repo_group", args, text);
    }
    admin.ok(
        "create_repo",
        json!({"repo_name": "tools/in/r", "repo_type": "git"}),
    );
    let moved = admin.ok(
        "update_repo_group",
        json!({"repogroupid": "tools/in", "group_name": "out", "parent": "", "owner": "bob", "description": "D"}),
    );
    assert_eq!(moved["repo_group"]["group_name"], "out");
    assert_eq!(moved["repo_group"]["parent_group"], json!(null));
    assert_eq!(moved["repo_group"]["repositories"], json!(["out/r"]));
    assert_eq!(moved["repo_group"]["owner"], "bob");
    assert!(
        moved["msg"]
            .as_str()
            .unwrap()
            .starts_with("updated repository group ID:")
    );
    let emptied = admin.ok(
        "update_repo_group",
        json!({"repogroupid": "out", "description": ""}),
    );
    assert_eq!(emptied["repo_group"]["group_description"], "");
    assert!(instance.path("out/r").is_dir());
    assert_eq!(
        admin.ok("get_repo", json!({"repoid": "out/r"}))["repo_name"],
        "out/r"
    );
    let shown = admin.ok("get_repo_group", json!({"repogroupid": "out/"}));
    let member = json!({"name": "default", "type": "user", "permission": "group.read"});
    assert!(
        shown["members"].as_array().unwrap().contains(&member),
        "{shown}"
    );
    assert_eq!(
        admin
            .ok("get_repo_groups", json!({}))
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let out = shown["group_id"].as_i64().unwrap();
    admin.fails(
        "delete_repo_group",
        json!({"repogroupid": "out"}),
        &format!("failed to delete repo group ID:{out} out"),
    );
    assert!(instance.path("out/r").is_dir());
    assert_eq!(
        admin.ok("delete_repo_group", json!({"repogroupid": "tools"})),
        json!({"msg": format!("deleted repo group ID:{id} tools"), "repo_group": null})
    );
    admin.fails(
        "get_repo_group",
        json!({"repogroupid": "tools"}),
        "repository group `tools` does not exist",
    );
}

#[test]
fn permissions_on_groups_reach_what_is_asked_for() {
    let instance = Instance::new();
    let (admin, alice, bob) = (
        instance.caller("admin"),
        instance.caller("alice"),
        instance.caller("bob"),
    );
    admin.ok("create_repo_group", json!({"group_name": "g"}));
    admin.ok(
        "create_repo_group",
        json!({"group_name": "h", "parent": "g"}),
    );
    admin.ok(
        "create_repo",
        json!({"repo_name": "g/h/r", "repo_type": "git"}),
    );
    admin.ok("create_user_group", json!({"group_name": "team"}));
    let level = |user: &str, kind: &str, name: &str| {
        let user = admin.ok("get_user", json!({"userid": user}));
        user["permissions"][kind][name].as_str().unwrap().to_owned()
    };
    let grant = |children: &str, perm: &str| {
        admin.ok(
            "grant_user_permission_to_repo_group",
            json!({"repogroupid": "g", "userid": "bob", "perm": perm, "apply_to_children": children}),
        )
    };
    assert_eq!(
        grant("none", "group.admin"),
        json!({
            "msg": "Granted perm: `group.admin` (recursive:none) for user: `bob` in repo group: `g`",
            "success": true,
        })
    );
    assert_eq!(level("bob", "repositories_groups", "g"), "group.admin");
    assert_eq!(level("bob", "repositories_groups", "g/h"), "group.read");
    grant("repos", "group.write");
    assert_eq!(level("bob", "repositories", "g/h/r"), "repository.write");
    assert_eq!(level("bob", "repositories_groups", "g/h"), "group.read");
    grant("all", "group.admin");
    assert_eq!(level("bob", "repositories_groups", "g/h"), "group.admin");
    assert_eq!(level("bob", "repositories", "g/h/r"), "repository.admin");
    // Now bob may do it too, and alice may not know of the group's administration.
    let args = json!({"repogroupid": "g", "usergroupid": "team", "perm": "group.write", "apply_to_children": "groups"});
    alice.fails(
        "grant_user_group_permission_to_repo_group",
        args.clone(),
        "repository group `g` does not exist",
    );
    assert_eq!(
        bob.ok("grant_user_group_permission_to_repo_group", args)["msg"],
        "Granted perm: `group.write` (recursive:groups) for user group: `team` in repo group: `g`"
    );
    assert_eq!(
        bob.ok(
            "revoke_user_group_permission_from_repo_group",
            json!({"repogroupid": "g", "usergroupid": "team"}),
        )["msg"],
        "Revoked perm (recursive:none) for user group: `team` in repo group: `g`"
    );
    for (args, text) in [
        (
            json!({"userid": "x", "perm": "group.read"}),
            "user `x` does not exist",
        ),
        (
            json!({"userid": "bob", "perm": "repository.read"}),
            "permission `repository.read` is invalid, should start with group.",
        ),
        (
            json!({"userid": "bob", "perm": "x"}),
            "permission `x` does not exist",
        ),
        (
            json!({"userid": "bob", "perm": "group.read", "apply_to_children": "some"}),
            "apply_to_children must be one of none,repos,groups,all and not `some`",
        ),
    ] {
        let mut args = args;
        args["repogroupid"] = json!("g");
        admin.fails("grant_user_permission_to_repo_group", args, text);
    }
    admin.fails(
        "grant_user_group_permission_to_repo_group",
        json!({"repogroupid": "g", "usergroupid": "x", "perm": "group.read"}),
        "user group `x` does not exist",
    );
    assert_eq!(
        admin.ok(
            "revoke_user_permission_from_repo_group",
            json!({"repogroupid": "g", "userid": "bob", "apply_to_children": "all"}),
        )["msg"],
        "Revoked perm (recursive:all) for user: `bob` in repo group: `g`"
    );
    assert_eq!(level("bob", "repositories", "g/h/r"), "repository.read");
}
