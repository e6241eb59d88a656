//! Requests as public clients of Kallithea send them, and what those clients parse of the replies.

use http::Method;
use serde_json::{Value, json};

use crate::instance::{Instance, fill};

/// A desktop client that clones: the id is a text, the arguments are an empty object, the repositories are listed by name.
#[test]
fn kallithea_klone_signs_in_and_lists() {
    let instance = Instance::new();
    let bob = instance.caller("bob");
    instance
        .caller("admin")
        .ok("create_repo", json!({"repo_name": "r", "repo_type": "git"}));
    let ask = |method: &str| {
        let body = format!(
            "{{\"id\":\"1\",\"api_key\":\"{}\",\"method\":\"{method}\",\"args\":{{}}}}",
            bob.key
        );
        let headers = [
            ("content-type", "application/json"),
            ("cache-control", "no-cache"),
        ];
        let length = Some(body.len() as u64);
        let answer = instance.send(
            Method::POST,
            "/_admin/api",
            &headers,
            body.into_bytes(),
            length,
        );
        answer.json()
    };
    let user = ask("get_user");
    assert_eq!(user["id"], "1");
    assert_eq!(user["result"]["username"], "bob");
    let repositories = ask("get_repos");
    assert_eq!(repositories["result"][0]["repo_name"], "r");
    assert_eq!(repositories["result"][0]["repo_type"], "git");
}

/// An older .NET client: numbers as ids, no arguments as null, and names of arguments that were never right.
#[test]
fn cs_kallithea_api_gets_the_replies_it_knows() {
    let instance = Instance::new();
    let admin = instance.caller("admin");
    assert_eq!(
        admin.ok("get_users", json!(null)).as_array().unwrap().len(),
        3
    );
    admin.fails(
        "rescan_repos",
        json!({"remove_obselete": false}),
        "Unknown `remove_obselete` arg in JSON DATA",
    );
    admin.fails(
        "lock",
        json!({"repoid": "r", "locked": null, "userid": "_apiuser_"}),
        "No such method: lock",
    );
    admin.fails(
        "create_user",
        json!({
            "username": "u", "email": "u@example.com", "password": "p", "firstname": "", "lastname": "",
            "active": true, "admin": false, "ldap_dn": "",
        }),
        "Unknown `ldap_dn` arg in JSON DATA",
    );
    admin.ok(
        "create_user_group",
        json!({"group_name": "team", "active": true, "owner": "admin"}),
    );
    let added = admin.ok(
        "add_user_to_user_group",
        json!({"usersgroupid": "team", "userid": "bob"}),
    );
    assert_eq!(added["success"], true);
}

/// The .NET client of 0.7.0: every argument is sent, those that are not given as null; numbers as texts.
#[test]
fn kallithea_api_client_sends_every_argument() {
    let instance = Instance::new();
    let admin = instance.caller("admin");
    let repository = json!({
        "repo_name": "r", "owner": null, "repo_type": "git", "description": null, "private": null, "clone_uri": null,
        "landing_rev": null, "enable_statistics": null, "enable_downloads": null, "copy_permissions": null,
    });
    admin.ok("create_repo", repository);
    fill(&instance, "r");
    let id = admin.ok(
        "get_repo",
        json!({"repoid": "r", "with_revision_names": null, "with_pullrequests": null}),
    )["repo_id"]
        .to_string();
    let user = json!({
        "username": "u", "email": "u@example.com", "firstname": "f", "lastname": "l", "password": null, "active": null,
        "admin": null, "extern_type": "internal", "extern_name": null,
    });
    let user = admin.ok("create_user", user)["user"].clone();
    assert_eq!(user["active"], true);
    assert_eq!(user["admin"], false);
    admin.ok(
        "update_user",
        json!({
            "userid": user["user_id"].to_string(), "username": null, "email": null, "firstname": "g", "lastname": null,
            "password": null, "active": null, "admin": null, "extern_type": null, "extern_name": null,
        }),
    );
    admin.ok(
        "create_user_group",
        json!({"group_name": "team", "description": null, "owner": null, "active": true}),
    );
    admin.ok(
        "create_repo_group",
        json!({"group_name": "g", "description": null, "owner": null, "parent": null, "copy_permissions": null}),
    );
    let granted = admin.ok(
        "grant_user_permission_to_repo_group",
        json!({"repogroupid": "g", "userid": "u", "perm": "group.read", "apply_to_children": null}),
    );
    assert!(
        granted["msg"]
            .as_str()
            .unwrap()
            .contains("(recursive:none)")
    );
    let latest = admin.ok(
        "get_changesets",
        json!({
            "repoid": id, "start": null, "end": null, "start_date": null, "end_date": null, "branch_name": null,
            "reverse": true, "with_file_list": null, "max_revisions": "3",
        }),
    );
    assert_eq!(latest.as_array().unwrap().len(), 3);
    assert_eq!(latest[0]["message"], "topic work\n");
    let nodes = json!({"repoid": id, "revision": "master", "root_path": "", "ret_type": null});
    assert!(
        !admin
            .ok("get_repo_nodes", nodes)
            .as_array()
            .unwrap()
            .is_empty()
    );
    admin.ok(
        "update_repo",
        json!({
            "repoid": id, "name": null, "owner": null, "group": null, "description": "D", "private": null, "clone_uri": null,
            "landing_rev": null, "enable_statistics": null, "enable_downloads": null,
        }),
    );
    admin.ok(
        "fork_repo",
        json!({
            "repoid": id, "fork_name": "f", "owner": null, "description": null, "copy_permissions": null, "private": null,
            "landing_rev": null,
        }),
    );
    admin.ok("rescan_repos", json!({"remove_obsolete": null}));
    admin.ok("delete_repo", json!({"repoid": id, "forks": "detach"}));
    admin.ok("delete_repo", json!({"repoid": "f", "forks": null}));

    let shown = admin.ok("get_user", json!({"userid": "u"}));
    let prefixes = [
        ("repositories", "repository."),
        ("repositories_groups", "group."),
        ("user_groups", "usergroup."),
    ];
    for (key, prefix) in prefixes {
        for level in shown["permissions"][key].as_object().unwrap().values() {
            let level = level.as_str().unwrap();
            assert!(level.starts_with(prefix), "{level}");
        }
    }
    let info = admin.ok("get_server_info", json!({}));
    assert!(
        info["modules"]
            .as_array()
            .unwrap()
            .iter()
            .all(|module| module.as_array().unwrap().len() == 2)
    );
}

/// Kallithea's own clients: text/plain, arguments from the command line as texts, the old name of an argument.
#[test]
fn the_command_line_client_and_ldap_sync_are_understood() {
    let instance = Instance::new();
    let admin = instance.caller("admin");
    let ask = |method: &str, args: Value| {
        let body = admin.envelope(method, &args).to_string().into_bytes();
        let length = Some(body.len() as u64);
        let headers = [("content-type", "text/plain")];
        let reply = instance
            .send(Method::POST, "/_admin/api", &headers, body, length)
            .json();
        assert_eq!(reply["error"], Value::Null, "{method}");
        reply["result"].clone()
    };
    ask(
        "create_user_group",
        json!({"group_name": "staff", "active": "True"}),
    );
    ask(
        "add_user_to_user_group",
        json!({"usersgroupid": "staff", "userid": "bob"}),
    );
    assert_eq!(
        ask("get_user_groups", json!({}))[0]["members"][0]["username"],
        "bob"
    );
    ask(
        "remove_user_from_user_group",
        json!({"usersgroupid": "staff", "userid": "bob"}),
    );
    ask("delete_user_group", json!({"usersgroupid": "staff"}));
    ask(
        "create_repo",
        json!({"repo_name": "r", "repo_type": "git", "private": "True"}),
    );
    assert_eq!(ask("get_repo", json!({"repoid": "r"}))["private"], true);
}
