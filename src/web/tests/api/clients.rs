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

/// What a strictly typed client can read: `key:type` with `i` a whole number, `f` a number, `b` a truth value, `s` a text or null, `l` a list of texts,
/// `r` a list of two texts, `o` an object, `a` a list. Members that are not named may be there as well.
#[track_caller]
fn has_shape(value: &Value, shape: &str, whose: &str) {
    for member in shape.split_whitespace() {
        let (key, kind) = member.split_once(':').unwrap();
        let texts = |value: &Value| -> Option<usize> {
            let list = value.as_array()?;
            list.iter().all(Value::is_string).then_some(list.len())
        };
        let found = value.get(key);
        let fits = found.is_some_and(|found| match kind {
            "i" => found.is_i64(),
            "f" => found.is_number(),
            "b" => found.is_boolean(),
            "s" => found.is_string() || found.is_null(),
            "l" => texts(found).is_some(),
            "r" => texts(found) == Some(2),
            "o" => found.is_object(),
            "a" => found.is_array(),
            _ => panic!("{kind}"),
        });
        assert!(fits, "{whose}: {key} is no {kind}: {found:?} in {value}");
    }
}

const USER: &str = "user_id:i username:s firstname:s lastname:s email:s emails:l active:b admin:b";
const USER_GROUP: &str =
    "users_group_id:i group_name:s group_description:s active:b owner:s members:a";
const REPOSITORY: &str = "repo_id:i repo_name:s repo_type:s clone_uri:s private:b created_on:s description:s \
    landing_rev:r owner:s fork_of:s enable_downloads:b enable_statistics:b last_changeset:o";
const CHANGESET: &str = "short_id:s raw_id:s revision:i message:s date:s";
const GROUP: &str =
    "group_id:i group_name:s group_description:s parent_group:s repositories:l owner:s";
const GIST: &str = "gist_id:i type:s access_id:s description:s url:s expires:f created_on:s";
const PULL_REQUEST: &str = "pull_request_id:i url:s reviewers:a revisions:l owner:s title:s description:s org_repo_url:s \
    org_ref_parts:l other_ref_parts:l status:s comments:a statuses:a created_on:s updated_on:s";
const MESSAGE: &str = "msg:s success:b";

/// The .NET client of 0.7.0 once more, through every method it has: ids of calls and of things are texts, what is not given is null, and every reply is
/// read into types that take nothing else.
#[test]
fn kallithea_api_client_can_read_every_reply() {
    let instance = crate::fixture::restored();
    let admin = instance.caller("admin");
    let called = std::cell::RefCell::new(std::collections::BTreeSet::new());
    let ask = |method: &str, args: Value| -> Value {
        let body = json!({"id": "", "api_key": admin.key, "method": method, "args": args});
        let body = body.to_string().into_bytes();
        let length = Some(body.len() as u64);
        let headers = [("content-type", "application/json; charset=utf-8")];
        let answer = instance.send(Method::POST, "/_admin/api", &headers, body, length);
        assert_eq!(answer.status, 200);
        let mut reply = answer.json();
        assert_eq!(reply["id"], "", "the id is read as a text");
        assert_eq!(reply["error"], Value::Null, "{method}");
        called.borrow_mut().insert(method.to_owned());
        reply["result"].take()
    };
    let all = |method: &str, args: Value, shape: &str| -> Vec<Value> {
        let list = ask(method, args).as_array().unwrap().clone();
        for item in &list {
            has_shape(item, shape, method);
        }
        list
    };

    let info = ask("get_server_info", Value::Null);
    has_shape(
        &info,
        "modules:a py_version:s platform:s kallithea_version:s",
        "get_server_info",
    );
    let modules = info["modules"].as_array().unwrap().iter();
    assert!(
        modules
            .clone()
            .all(|module| module.as_array().unwrap().len() == 2)
    );
    let seen = ask("get_ip", json!({"userid": null}));
    has_shape(&seen, "server_ip_addr:s user_ips:a", "get_ip");
    for rule in seen["user_ips"].as_array().unwrap() {
        has_shape(rule, "ip_addr:s ip_range:r", "get_ip");
    }
    let scanned = ask("rescan_repos", json!({"remove_obsolete": null}));
    has_shape(&scanned, "added:l removed:l", "rescan_repos");

    for user in all("get_users", Value::Null, USER) {
        let id = user["user_id"].to_string();
        let user = ask("get_user", json!({"userid": id}));
        has_shape(&user, &format!("{USER} permissions:o"), "get_user");
        let maps = "global:l repositories:o repositories_groups:o user_groups:o";
        has_shape(&user["permissions"], maps, "get_user");
    }
    let new = ask(
        "create_user",
        json!({
            "username": "u", "email": "u@example.com", "firstname": "f", "lastname": "l", "password": null, "active": null,
            "admin": null, "extern_type": "internal", "extern_name": null,
        }),
    );
    has_shape(&new["user"], USER, "create_user");
    let number = new["user"]["user_id"].to_string();
    let changed = ask(
        "update_user",
        json!({
            "userid": number, "username": null, "email": null, "firstname": "g", "lastname": null, "password": null,
            "active": null, "admin": null, "extern_type": null, "extern_name": null,
        }),
    );
    assert_eq!(changed["user"]["firstname"], "g");

    let made = ask(
        "create_user_group",
        json!({"group_name": "readers", "description": null, "owner": null, "active": true}),
    );
    has_shape(&made["user_group"], USER_GROUP, "create_user_group");
    let group = made["user_group"]["users_group_id"].to_string();
    let member = json!({"usergroupid": group, "userid": number});
    has_shape(
        &ask("add_user_to_user_group", member.clone()),
        MESSAGE,
        "add_user_to_user_group",
    );
    for group in all("get_user_groups", Value::Null, USER_GROUP) {
        let id = group["users_group_id"].to_string();
        let group = ask("get_user_group", json!({"usergroupid": id}));
        has_shape(&group, USER_GROUP, "get_user_group");
        for member in group["members"].as_array().unwrap() {
            has_shape(member, USER, "a member");
        }
    }
    let renamed = ask(
        "update_user_group",
        json!({"usergroupid": group, "group_name": "seers", "description": null, "owner": null, "active": null}),
    );
    has_shape(&renamed["user_group"], USER_GROUP, "update_user_group");

    for repository in all("get_repos", Value::Null, REPOSITORY) {
        let id = repository["repo_id"].to_string();
        let args = json!({"repoid": id, "with_revision_names": true, "with_pullrequests": true});
        let one = ask("get_repo", args);
        let more = format!(
            "{REPOSITORY} members:a followers:a tags:o branches:o bookmarks:o pull_requests:a"
        );
        has_shape(&one, &more, "get_repo");
        has_shape(
            &one["last_changeset"],
            &format!("{CHANGESET} author:s"),
            "get_repo",
        );
        for member in one["members"].as_array().unwrap() {
            has_shape(member, "name:s type:s permission:s", "a member");
        }
        for request in one["pull_requests"].as_array().unwrap() {
            has_shape(request, PULL_REQUEST, "a pull request");
        }
        if one["last_changeset"]["revision"] == -1 {
            continue;
        }
        let nodes = json!({"repoid": id, "revision": "tip", "root_path": "", "ret_type": null});
        all("get_repo_nodes", nodes, "name:s type:s");
        let list = json!({
            "repoid": id, "start": null, "end": null, "start_date": null, "end_date": null, "branch_name": null,
            "reverse": null, "with_file_list": true, "max_revisions": "2",
        });
        let shape = format!("{CHANGESET} author:s added:l changed:l removed:l");
        for changeset in all("get_changesets", list, &shape) {
            let args = json!({"repoid": id, "raw_id": changeset["raw_id"], "with_reviews": true});
            let one = ask("get_changeset", args);
            let shape = format!("{CHANGESET} author:o added:l changed:l removed:l reviews:a");
            has_shape(&one, &shape, "get_changeset");
            has_shape(&one["author"], "name:s email:s", "get_changeset");
            for vote in one["reviews"].as_array().unwrap() {
                has_shape(vote, "status:s modified_at:s reviewer:s", "a vote");
            }
        }
        has_shape(
            &ask("invalidate_cache", json!({"repoid": id})),
            "msg:s repository:s",
            "invalidate_cache",
        );
    }
    let create = json!({
        "repo_name": "fresh", "owner": null, "repo_type": "git", "description": null, "private": null, "clone_uri": null,
        "landing_rev": null, "enable_statistics": null, "enable_downloads": null, "copy_permissions": null,
    });
    has_shape(&ask("create_repo", create), MESSAGE, "create_repo");
    let id = ask(
        "get_repo",
        json!({"repoid": "fresh", "with_revision_names": null, "with_pullrequests": null}),
    );
    let id = id["repo_id"].to_string();
    for (method, args) in [
        (
            "grant_user_permission",
            json!({"repoid": id, "userid": number, "perm": "repository.read"}),
        ),
        (
            "revoke_user_permission",
            json!({"repoid": id, "userid": number}),
        ),
        (
            "grant_user_group_permission",
            json!({"repoid": id, "usergroupid": group, "perm": "repository.write"}),
        ),
        (
            "revoke_user_group_permission",
            json!({"repoid": id, "usergroupid": group}),
        ),
    ] {
        has_shape(&ask(method, args), MESSAGE, method);
    }
    let fork = json!({
        "repoid": id, "fork_name": "fresh-fork", "owner": null, "description": null, "copy_permissions": null, "private": null,
        "landing_rev": null,
    });
    has_shape(&ask("fork_repo", fork), MESSAGE, "fork_repo");
    let pulled = ask("pull", json!({"repoid": "fresh-fork", "clone_uri": null}));
    has_shape(&pulled, "msg:s repository:s", "pull");
    let update = json!({
        "repoid": id, "name": "stale", "owner": null, "group": null, "description": null, "private": null, "clone_uri": null,
        "landing_rev": null, "enable_statistics": null, "enable_downloads": null,
    });
    has_shape(
        &ask("update_repo", update)["repository"],
        REPOSITORY,
        "update_repo",
    );
    has_shape(
        &ask("delete_repo", json!({"repoid": id, "forks": "detach"})),
        MESSAGE,
        "delete_repo",
    );
    has_shape(
        &ask(
            "delete_repo",
            json!({"repoid": "fresh-fork", "forks": null}),
        ),
        MESSAGE,
        "delete_repo",
    );

    for group in all("get_repo_groups", Value::Null, GROUP) {
        let id = group["group_id"].to_string();
        let group = ask("get_repo_group", json!({"repogroupid": id}));
        has_shape(&group, &format!("{GROUP} members:a"), "get_repo_group");
    }
    let made = ask(
        "create_repo_group",
        json!({"group_name": "shelf", "description": null, "owner": null, "parent": null, "copy_permissions": null}),
    );
    has_shape(&made["repo_group"], GROUP, "create_repo_group");
    let shelf = made["repo_group"]["group_id"].to_string();
    let changed = ask(
        "update_repo_group",
        json!({"repogroupid": shelf, "group_name": "board", "description": null}),
    );
    has_shape(&changed["repo_group"], GROUP, "update_repo_group");
    for (method, args) in [
        (
            "grant_user_permission_to_repo_group",
            json!({"repogroupid": shelf, "userid": number, "perm": "group.read", "apply_to_children": null}),
        ),
        (
            "revoke_user_permission_from_repo_group",
            json!({"repogroupid": shelf, "userid": number, "apply_to_children": "all"}),
        ),
        (
            "grant_user_group_permission_to_repo_group",
            json!({"repogroupid": shelf, "usergroupid": group, "perm": "group.write", "apply_to_children": "repos"}),
        ),
        (
            "revoke_user_group_permission_from_repo_group",
            json!({"repogroupid": shelf, "usergroupid": group, "apply_to_children": null}),
        ),
    ] {
        has_shape(&ask(method, args), MESSAGE, method);
    }
    has_shape(
        &ask("delete_repo_group", json!({"repogroupid": shelf})),
        "msg:s repo_group:s",
        "delete_repo_group",
    );

    let files = json!({"a.txt": {"content": "one\n", "lexer": "text"}, "b.py": {"content": "two\n", "lexer": null}});
    let made = ask(
        "create_gist",
        json!({"files": files, "description": "", "gist_type": "private", "owner": null, "lifetime": null}),
    );
    has_shape(&made["gist"], GIST, "create_gist");
    for gist in all("get_gists", json!({"userid": null}), GIST) {
        has_shape(
            &ask("get_gist", json!({"gistid": gist["access_id"]})),
            GIST,
            "get_gist",
        );
    }
    ask("delete_gist", json!({"gistid": made["gist"]["access_id"]}));

    let request = ask("get_pullrequest", json!({"pullrequest_id": "1"}));
    has_shape(&request, PULL_REQUEST, "get_pullrequest");
    for comment in request["comments"].as_array().unwrap() {
        has_shape(comment, "comment_id:i username:s text:s", "a comment");
    }
    let reviewers = ask(
        "edit_reviewers",
        json!({"pull_request_id": "1", "add": ["u"], "remove": null}),
    );
    has_shape(
        &reviewers,
        "added:l already_present:l removed:l",
        "edit_reviewers",
    );
    ask(
        "edit_reviewers",
        json!({"pull_request_id": "1", "add": null, "remove": ["u"]}),
    );
    let said = ask(
        "comment_pullrequest",
        json!({"pull_request_id": "1", "comment_msg": "well", "status": null, "close_pr": null}),
    );
    assert_eq!(said, true);

    has_shape(
        &ask("remove_user_from_user_group", member),
        MESSAGE,
        "remove_user_from_user_group",
    );
    ask("delete_user_group", json!({"usergroupid": group}));
    ask("delete_user", json!({"userid": number}));
    // Everything of 0.7 but the two that the client leaves out.
    assert_eq!(called.borrow().len(), 46, "{:?}", called.borrow());
}

/// The programs around it: groups are renamed and filled from lists, and whoever leaves for another server takes repositories with their members along.
#[test]
fn scripts_that_set_up_and_move_away() {
    let instance = Instance::new();
    let admin = instance.caller("admin");
    for (group, parent) in [("projects", json!(null)), ("web", json!("projects"))] {
        admin.ok(
            "create_repo_group",
            json!({"group_name": group, "parent": parent}),
        );
    }
    admin.ok(
        "create_repo",
        json!({"repo_name": "projects/web/site", "repo_type": "git", "private": true}),
    );
    admin.ok(
        "update_repo_group",
        json!({"repogroupid": "projects/web", "group_name": "www"}),
    );
    admin.ok(
        "grant_user_permission",
        json!({"repoid": "projects/www/site", "userid": "bob", "perm": "repository.write"}),
    );
    for repository in admin.ok("get_repos", json!({})).as_array().unwrap() {
        let one = admin.ok("get_repo", json!({"repoid": repository["repo_id"]}));
        assert_eq!(one["repo_name"], "projects/www/site");
        let members = one["members"].as_array().unwrap();
        let bob = json!({"name": "bob", "type": "user", "permission": "repository.write"});
        assert!(members.contains(&bob), "{members:?}");
        assert_eq!(one["owner"], "admin");
    }
}
