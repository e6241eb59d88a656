//! Repositories: made, changed, forked, deleted; their nodes, fields and permissions.

use serde_json::{Value, json};

use crate::instance::{Instance, fill, git};

#[test]
fn a_repository_is_made_where_the_caller_may() {
    let instance = Instance::new();
    let (admin, bob) = (instance.caller("admin"), instance.caller("bob"));
    admin.ok("create_repo_group", json!({"group_name": "g"}));
    admin.ok("create_repo_group", json!({"group_name": "closed"}));
    admin.ok(
        "grant_user_permission_to_repo_group",
        json!({"repogroupid": "closed", "userid": "default", "perm": "group.none"}),
    );
    assert_eq!(
        admin.ok(
            "create_repo",
            json!({
                "repo_name": "g/r", "repo_type": "git", "owner": "bob", "description": "D", "private": "true",
                "landing_rev": "branch:main", "enable_statistics": true, "enable_downloads": true, "clone_uri": null,
                "copy_permissions": null,
            }),
        ),
        json!({"msg": "Created new repository `g/r`", "success": true})
    );
    let made = bob.ok("get_repo", json!({"repoid": "g/r"}));
    assert_eq!(made["owner"], "bob");
    assert_eq!(made["private"], true);
    assert_eq!(made["landing_rev"], json!(["branch", "main"]));
    assert_eq!(made["enable_statistics"], true);
    assert_eq!(made["enable_downloads"], true);
    assert_eq!(made["last_changeset"]["revision"], -1);
    assert_eq!(made["followers"][0]["username"], "bob");
    let member = json!({"name": "default", "type": "user", "permission": "repository.none"});
    assert_eq!(made["members"], json!([member]));
    for (args, text) in [
        (json!({"repo_name": "x/r"}), "repo group `x` not found"),
        (
            json!({"repo_name": "closed/r"}),
            "repo group `closed` not found",
        ),
        (
            json!({"repo_name": "g/n"}),
            "no permission to create repo in g",
        ),
        (
            json!({"repo_name": "n", "owner": "bob"}),
            "Only Kallithea admin can specify `owner` param",
        ),
    ] {
        bob.fails("create_repo", args, text);
    }
    for (args, text) in [
        (json!({"repo_name": "g/r"}), "repo `g/r` already exist"),
        (
            json!({"repo_name": "n", "owner": "x"}),
            "user `x` does not exist",
        ),
        (
            json!({"repo_name": "a b"}),
            "failed to create repository `a b`",
        ),
        (
            json!({"repo_name": "n", "landing_rev": "tip"}),
            "failed to create repository `n`",
        ),
        (
            json!({"repo_name": "n", "repo_type": "svn"}),
            "failed to create repository `n`",
        ),
    ] {
        admin.fails("create_repo", args, text);
    }
    // The place of a group is taken; nothing of it may go away.
    let taken = admin.call("create_repo", json!({"repo_name": "g", "repo_type": "git"}));
    let taken = taken.unwrap_err();
    assert!(
        taken.starts_with("failed to create repository `g`: "),
        "{taken}"
    );
    assert!(instance.path("g/r").is_dir());
    // Visitors may create at the top on a fresh site, so bob may.
    bob.ok(
        "create_repo",
        json!({"repo_name": "own", "repo_type": "git"}),
    );
    let names: Vec<Value> = bob.ok("get_repos", json!({})).as_array().unwrap().clone();
    let names: Vec<&str> = names
        .iter()
        .map(|repo| repo["repo_name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["g/r", "own"]);
    let alice = instance.caller("alice");
    alice.fails(
        "get_repo",
        json!({"repoid": "g/r"}),
        "repository `g/r` does not exist",
    );
    let id = made["repo_id"].clone();
    alice.fails(
        "get_repo",
        json!({"repoid": id}),
        &format!("repository `{id}` does not exist"),
    );
}

#[test]
fn a_mercurial_repository_is_made_and_read_too() {
    let instance = Instance::new();
    let admin = instance.caller("admin");
    if instance.model.programs().is_err() || std::env::var_os("KALLITHEA_TEST_HG").is_none() {
        eprintln!("skipped: KALLITHEA_TEST_HG names no hg");
        return;
    }
    admin.ok("create_repo", json!({"repo_name": "h", "repo_type": "hg"}));
    admin.ok("fork_repo", json!({"repoid": "h", "fork_name": "h2"}));
    let names = json!({"repoid": "h2", "with_revision_names": true});
    let fork = admin.ok("get_repo", names);
    assert_eq!(fork["repo_type"], "hg");
    assert_eq!(fork["fork_of"], "h");
    assert_eq!(fork["branches"], json!({}));
    admin.fails(
        "get_changesets",
        json!({"repoid": "h"}),
        "Repository is empty",
    );
    admin.fails(
        "get_repo_nodes",
        json!({"repoid": "h", "revision": "tip", "root_path": ""}),
        "failed to get repo: `h` nodes",
    );
}

#[test]
fn a_repository_is_changed_renamed_and_moved() {
    let instance = Instance::new();
    let (admin, bob) = (instance.caller("admin"), instance.caller("bob"));
    admin.ok("create_repo_group", json!({"group_name": "g"}));
    admin.ok(
        "create_repo",
        json!({"repo_name": "g/r", "repo_type": "git", "owner": "bob"}),
    );
    let id = admin.ok("get_repo", json!({"repoid": "g/r"}))["repo_id"].clone();
    let changed = bob.ok(
        "update_repo",
        json!({"repoid": "g/r", "description": "D", "landing_rev": "branch:x", "enable_downloads": "1", "private": true}),
    );
    assert_eq!(changed["msg"], format!("updated repo ID:{id} g/r"));
    let shown = &changed["repository"];
    assert_eq!(shown["description"], "D");
    assert_eq!(shown["landing_rev"], json!(["branch", "x"]));
    assert_eq!(shown["enable_downloads"], true);
    assert_eq!(shown["private"], true);
    let renamed = bob.ok("update_repo", json!({"repoid": id, "name": "s"}));
    assert_eq!(renamed["msg"], format!("updated repo ID:{id} g/s"));
    assert!(instance.path("g/s").is_dir() && !instance.path("g/r").exists());
    for top in [json!(""), json!("-1"), json!(-1)] {
        bob.ok("update_repo", json!({"repoid": id, "group": top}));
        assert!(instance.path("s").is_dir());
        admin.ok("update_repo", json!({"repoid": id, "group": "g"}));
        assert!(instance.path("g/s").is_dir());
    }
    for (args, text) in [
        (json!({"group": "x"}), "repository group `x` does not exist"),
        (
            json!({"owner": "alice"}),
            "Only Kallithea admin can specify `owner` param",
        ),
        (
            json!({"name": "a/b"}),
            &*format!("failed to update repo `{id}`"),
        ),
        (
            json!({"landing_rev": "x"}),
            &*format!("failed to update repo `{id}`"),
        ),
    ] {
        let mut args = args;
        args["repoid"] = id.clone();
        bob.fails("update_repo", args, text);
    }
    admin.ok("create_repo_group", json!({"group_name": "h"}));
    bob.fails(
        "update_repo",
        json!({"repoid": id, "group": "h"}),
        "no permission to create (or move) repo in h",
    );
    admin.ok(
        "update_repo",
        json!({"repoid": id, "owner": "alice", "clone_uri": "https://u:p@example.com/r"}),
    );
    let alice = instance.caller("alice");
    let shown = alice.ok("get_repo", json!({"repoid": id}));
    assert_eq!(shown["clone_uri"], "https://u:p@example.com/r");
    admin.ok(
        "grant_user_permission",
        json!({"repoid": id, "userid": "bob", "perm": "repository.read"}),
    );
    let shown = bob.ok("get_repo", json!({"repoid": id}));
    assert_eq!(shown["clone_uri"], "https://u:*****@example.com/r");
    bob.fails(
        "update_repo",
        json!({"repoid": id, "description": "x"}),
        &format!("repository `{id}` does not exist"),
    );
    // The original gives no other reason for an owner that is not there, and an empty description stays one.
    admin.fails(
        "update_repo",
        json!({"repoid": id, "owner": "nobody"}),
        &format!("failed to update repo `{id}`"),
    );
    let shown = admin.ok("update_repo", json!({"repoid": id, "description": ""}));
    assert_eq!(shown["repository"]["description"], "");
    let bad = admin.call("update_repo", json!({"repoid": id, "clone_uri": "/etc"}));
    let bad = bad.unwrap_err();
    assert!(
        bad.starts_with(&format!("failed to update repo `{id}`: ")),
        "{bad}"
    );
    admin.ok(
        "create_repo",
        json!({"repo_name": "g/t", "repo_type": "git"}),
    );
    let taken = admin
        .call("update_repo", json!({"repoid": "g/t", "name": "s"}))
        .unwrap_err();
    assert!(
        taken.starts_with("failed to update repo `g/t`: "),
        "{taken}"
    );
}

#[test]
fn forks_are_made_pulled_into_and_go_with_their_parent_or_stay() {
    let instance = Instance::new();
    let (admin, bob) = (instance.caller("admin"), instance.caller("bob"));
    admin.ok("create_repo", json!({"repo_name": "r", "repo_type": "git"}));
    fill(&instance, "r");
    assert_eq!(
        bob.ok(
            "fork_repo",
            json!({"repoid": "r", "fork_name": "f", "landing_rev": "branch:topic"})
        ),
        json!({"msg": "Created fork of `r` as `f`", "success": true})
    );
    let fork = bob.ok(
        "get_repo",
        json!({"repoid": "f", "with_revision_names": true}),
    );
    assert_eq!(fork["fork_of"], "r");
    assert_eq!(fork["owner"], "bob");
    assert_eq!(fork["enable_downloads"], false);
    assert_eq!(fork["branches"].as_object().unwrap().len(), 2);
    assert_eq!(fork["bookmarks"], json!({}));
    assert!(
        fork["last_changeset"]["revision"].as_i64().unwrap() > 0,
        "{fork}"
    );
    for (args, text) in [
        (
            json!({"repoid": "x", "fork_name": "n"}),
            "repository `x` does not exist",
        ),
        (
            json!({"repoid": "r", "fork_name": "f"}),
            "fork `f` already exist",
        ),
        (
            json!({"repoid": "r", "fork_name": "r"}),
            "repo `r` already exist",
        ),
        (
            json!({"repoid": "r", "fork_name": "x/n"}),
            "repo group `x` not found",
        ),
        (
            json!({"repoid": "r", "fork_name": "n", "owner": "bob"}),
            "Only Kallithea admin can specify `owner` param",
        ),
        (
            json!({"repoid": "r", "fork_name": "a b"}),
            "failed to fork repository `r` as `a b`",
        ),
    ] {
        bob.fails("fork_repo", args, text);
    }
    // What is new in the parent comes with a pull.
    let work = tempfile::tempdir().unwrap();
    let place = instance.path("r");
    git(work.path(), &["clone", "-q", place.to_str().unwrap(), "."]);
    git(work.path(), &["commit", "-q", "--allow-empty", "-m", "new"]);
    git(work.path(), &["push", "-q", "origin", "HEAD"]);
    assert_eq!(
        admin.ok("pull", json!({"repoid": "f"})),
        json!({"msg": "Pulled from `f`", "repository": "f"})
    );
    let pulled = admin.ok(
        "get_changesets",
        json!({"repoid": "f", "branch_name": "master"}),
    );
    assert_eq!(pulled.as_array().unwrap().len(), 4);
    for args in [
        json!({"repoid": "r"}),
        json!({"repoid": "f", "clone_uri": "http://127.0.0.1:1/x"}),
        json!({"repoid": "f", "clone_uri": "--upload-pack=touch /tmp/x"}),
    ] {
        let name = args["repoid"].as_str().unwrap().to_owned();
        admin.fails(
            "pull",
            args,
            &format!("Unable to pull changes from `{name}`"),
        );
    }
    assert_eq!(
        bob.ok("invalidate_cache", json!({"repoid": "f"})),
        json!({"msg": "Cache for repository `f` was invalidated", "repository": "f"})
    );
    bob.fails(
        "invalidate_cache",
        json!({"repoid": "r"}),
        "repository `r` does not exist",
    );

    admin.fails(
        "delete_repo",
        json!({"repoid": "r"}),
        "Cannot delete `r` it still contains attached forks",
    );
    assert_eq!(
        admin.ok("delete_repo", json!({"repoid": "r", "forks": "detach"})),
        json!({"msg": "Deleted repository `r` Detached 1 forks", "success": true})
    );
    assert_eq!(
        bob.ok("get_repo", json!({"repoid": "f"}))["fork_of"],
        Value::Null
    );
    bob.ok("fork_repo", json!({"repoid": "f", "fork_name": "f2"}));
    admin.ok("fork_repo", json!({"repoid": "f2", "fork_name": "f3"}));
    // bob does not administer f3: nothing goes.
    bob.fails(
        "delete_repo",
        json!({"repoid": "f", "forks": "delete"}),
        "failed to delete repository `f`",
    );
    assert!(instance.path("f").is_dir());
    assert_eq!(
        admin.ok("delete_repo", json!({"repoid": "f", "forks": "delete"})),
        json!({"msg": "Deleted repository `f` Deleted 1 forks", "success": true})
    );
    assert_eq!(admin.ok("get_repos", json!({})), json!([]));
    bob.fails(
        "delete_repo",
        json!({"repoid": "f"}),
        "repository `f` does not exist",
    );
}

#[test]
fn the_nodes_of_a_changeset_are_listed() {
    let instance = Instance::new();
    let admin = instance.caller("admin");
    admin.ok("create_repo", json!({"repo_name": "r", "repo_type": "git"}));
    fill(&instance, "r");
    let nodes = |args: Value| {
        let nodes = admin.ok("get_repo_nodes", args);
        let nodes = nodes.as_array().unwrap();
        let text = nodes.iter().map(|node| {
            format!(
                "{} {}",
                node["type"].as_str().unwrap(),
                node["name"].as_str().unwrap()
            )
        });
        text.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        nodes(json!({"repoid": "r", "revision": "master", "root_path": "/"})),
        "dir src, file a.txt, file src/1.rs, file src/2.rs, file src/3.rs"
    );
    let files =
        json!({"repoid": "r", "revision": "master", "root_path": "/src", "ret_type": "files"});
    assert_eq!(nodes(files), "file src/1.rs, file src/2.rs, file src/3.rs");
    let dirs = json!({"repoid": "r", "revision": "master", "root_path": "", "ret_type": "dirs"});
    assert_eq!(nodes(dirs), "dir src");
    admin.fails(
        "get_repo_nodes",
        json!({"repoid": "r", "revision": "master", "root_path": "", "ret_type": "x"}),
        "ret_type must be one of all,dirs,files",
    );
    for (revision, path) in [
        ("none", ""),
        ("master", "none"),
        ("master", "a.txt"),
        ("master", "../x"),
    ] {
        admin.fails(
            "get_repo_nodes",
            json!({"repoid": "r", "revision": revision, "root_path": path}),
            "failed to get repo: `r` nodes",
        );
    }
}

#[test]
fn permissions_are_given_and_taken() {
    let instance = Instance::new();
    let (admin, bob) = (instance.caller("admin"), instance.caller("bob"));
    admin.ok(
        "create_repo",
        json!({"repo_name": "r", "repo_type": "git", "private": true, "owner": "alice"}),
    );
    admin.ok("create_user_group", json!({"group_name": "team"}));
    bob.fails(
        "get_repo",
        json!({"repoid": "r"}),
        "repository `r` does not exist",
    );
    let grant = json!({"repoid": "r", "userid": "bob", "perm": "repository.read"});
    assert_eq!(
        admin.ok("grant_user_permission", grant),
        json!({"msg": "Granted perm: `repository.read` for user: `bob` in repo: `r`", "success": true})
    );
    bob.ok("get_repo", json!({"repoid": "r"}));
    for (user, perm, text) in [
        ("x", "repository.read", "user `x` does not exist"),
        ("bob", "x", "permission `x` does not exist"),
        (
            "bob",
            "group.read",
            "permission `group.read` is invalid, should start with repository.",
        ),
        (
            "default",
            "repository.write",
            "failed to edit permission for user: `default` in repo: `r`",
        ),
    ] {
        let args = json!({"repoid": "r", "userid": user, "perm": perm});
        admin.fails("grant_user_permission", args, text);
    }
    for _ in 0..2 {
        assert_eq!(
            admin.ok(
                "revoke_user_permission",
                json!({"repoid": "r", "userid": "bob"})
            ),
            json!({"msg": "Revoked perm for user: `bob` in repo: `r`", "success": true})
        );
    }
    bob.fails(
        "get_repo",
        json!({"repoid": "r"}),
        "repository `r` does not exist",
    );
    // Without a base for everybody, everybody else still gets an answer.
    admin.ok(
        "revoke_user_permission",
        json!({"repoid": "r", "userid": "default"}),
    );
    assert_eq!(bob.ok("get_repos", json!({})), json!([]));
    let alice = instance.caller("alice");
    let grant = json!({"repoid": "r", "usergroupid": "team", "perm": "repository.write"});
    assert_eq!(
        alice.ok("grant_user_group_permission", grant)["msg"],
        "Granted perm: `repository.write` for user group: `team` in repo: `r`"
    );
    let members = alice.ok("get_repo", json!({"repoid": "r"}))["members"].clone();
    let team = json!({"name": "team", "type": "user_group", "permission": "repository.write"});
    assert!(members.as_array().unwrap().contains(&team), "{members}");
    assert_eq!(
        alice.ok(
            "revoke_user_group_permission",
            json!({"repoid": "r", "usergroupid": "team"})
        )["msg"],
        "Revoked perm for user group: `team` in repo: `r`"
    );
    alice.fails(
        "grant_user_group_permission",
        json!({"repoid": "r", "usergroupid": "x", "perm": "repository.read"}),
        "user group `x` does not exist",
    );
    alice.fails(
        "grant_user_permission",
        json!({"repoid": "r", "userid": "bob", "perm": "repository.read"}),
        "permission denied",
    );
}

#[test]
fn extra_fields_are_set_listed_and_deleted() {
    let instance = Instance::new();
    let (admin, bob) = (instance.caller("admin"), instance.caller("bob"));
    admin.ok("create_repo", json!({"repo_name": "r", "repo_type": "git"}));
    let set = |key: &str, value: &str| {
        admin.ok(
            "set_repo_field",
            json!({"repoid": "r", "key": key, "value": value}),
        )
    };
    set("ticket", "1");
    let fields = set("ex_ticket", "2")["fields"].clone();
    assert_eq!(
        fields,
        json!([{"key": "ticket", "label": "ticket", "value": "2", "description": "", "type": "str"}])
    );
    assert_eq!(bob.ok("get_repo_fields", json!({"repoid": "r"})), fields);
    bob.fails(
        "set_repo_field",
        json!({"repoid": "r", "key": "ticket", "value": "3"}),
        "repository `r` does not exist",
    );
    let bad = admin.call(
        "set_repo_field",
        json!({"repoid": "r", "key": "a b c", "value": ""}),
    );
    let bad = bad.unwrap_err();
    assert!(
        bad.starts_with("failed to set field `a b c` of `r`: "),
        "{bad}"
    );
    let left = admin.ok("delete_repo_field", json!({"repoid": "r", "key": "ticket"}));
    assert_eq!(left["fields"], json!([]));
    admin.fails(
        "delete_repo_field",
        json!({"repoid": "r", "key": "ticket"}),
        "field `ticket` does not exist",
    );
}
