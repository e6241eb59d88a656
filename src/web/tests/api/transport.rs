//! Envelope, statuses, order of checks, limits, the reference page.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::instance::Instance;

fn error(reply: &Value) -> &str {
    reply["error"].as_str().unwrap()
}

#[test]
fn ids_of_any_type_come_back_as_they_were_and_nothing_is_kept() {
    let instance = Instance::new();
    let admin = instance.caller("admin");
    for id in [
        json!(1),
        json!("1"),
        json!(null),
        json!({"a": [1.5]}),
        json!([null]),
        json!("Zoë"),
    ] {
        let mut call = admin.envelope("test", &json!({"args": "ü"}));
        call["id"] = id.clone();
        call["jsonrpc"] = json!("2.0");
        let answer = instance.post(call.to_string().as_bytes());
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.text.is_ascii());
        assert_eq!(
            answer.json(),
            json!({"id": id, "result": "ü", "error": null})
        );
        assert!(answer.text.starts_with("{\"id\": "), "{}", answer.text);
        let order = ["\"result\": ", "\"error\": "].map(|key| answer.text.find(key).unwrap());
        assert!(order[0] < order[1]);
    }
}

#[test]
fn checks_come_in_the_order_of_the_original() {
    let instance = Instance::new();
    let (admin, bob) = (instance.caller("admin"), instance.caller("bob"));
    let ask = |body: Value| {
        let answer = instance.post(body.to_string().as_bytes());
        assert_eq!(answer.status, StatusCode::OK, "{body}");
        answer.json()
    };
    let missing = ask(json!({"id": 7, "method": "x"}));
    assert_eq!(error(&missing), "Incorrect JSON query missing 'api_key'");
    assert_eq!(missing["id"], json!(null));
    let missing = ask(json!({"api_key": "x", "id": 7, "args": {}}));
    assert_eq!(error(&missing), "Incorrect JSON query missing 'method'");
    assert_eq!(missing["id"], json!(7));
    for key in [
        json!("x"),
        json!(null),
        json!(7),
        json!(""),
        json!("é".repeat(40)),
        json!(bob.key.to_uppercase()),
    ] {
        let call = json!({"id": 7, "api_key": key, "method": "_x", "args": {"y": 1}});
        assert_eq!(error(&ask(call)), "Invalid API key");
    }
    for (method, text) in [
        (json!("_private"), "Method not allowed"),
        (json!(null), "No such method: None"),
        (json!("nothing"), "No such method: nothing"),
        (json!(5), "No such method: 5"),
        (
            json!("get_server_info "),
            "No such method: get_server_info ",
        ),
    ] {
        let call = json!({"id": 7, "api_key": bob.key, "method": method, "args": {"y": 1}});
        let reply = ask(call);
        assert_eq!(error(&reply), text);
        assert_eq!(reply["id"], json!(7));
    }
    // Arguments are looked at before rights, and rights before the thing itself.
    bob.fails(
        "pull",
        json!({}),
        "Missing non optional `repoid` arg in JSON DATA",
    );
    bob.fails(
        "pull",
        json!({"repoid": 1, "z": 1, "a": 1}),
        "Unknown `a`, `z` arg in JSON DATA",
    );
    bob.fails("pull", json!({"repoid": 1}), "permission denied");
    admin.fails(
        "pull",
        json!({"repoid": 1}),
        "repository `1` does not exist",
    );
    bob.fails(
        "get_user",
        json!({"apiuser": 1}),
        "Unknown `apiuser` arg in JSON DATA",
    );
    for args in [json!(null), json!(1), json!([1]), json!("x")] {
        assert_eq!(bob.ok("get_user", args)["username"], "bob");
    }
}

#[test]
fn every_admin_method_refuses_everybody_else() {
    let instance = Instance::new();
    let bob = instance.caller("bob");
    let document = reference(&instance);
    let mut asked = 0;
    for method in document["methods"].as_array().unwrap() {
        if !method["description"]
            .as_str()
            .unwrap()
            .eq("Needs: administrator.")
        {
            continue;
        }
        let mut args = serde_json::Map::new();
        for parameter in method["params"].as_array().unwrap() {
            if parameter["required"] == true {
                args.insert(parameter["name"].as_str().unwrap().into(), json!("1"));
            }
        }
        let name = method["name"].as_str().unwrap();
        bob.fails(name, args.into(), "permission denied");
        asked += 1;
    }
    assert!(asked >= 17, "{asked}");
}

#[test]
fn the_body_counts_whatever_its_type_and_however_it_comes() {
    let instance = Instance::new();
    let call = instance
        .caller("admin")
        .envelope("test", &json!({"args": 5}));
    let body = call.to_string().into_bytes();
    let length = Some(body.len() as u64);
    for (kind, length) in [
        ("application/x-www-form-urlencoded", length),
        ("multipart/form-data", length),
        ("text/plain", length),
        ("application/json; charset=utf-8", None),
    ] {
        let headers = [("content-type", kind)];
        let answer = instance.send(Method::POST, "/_admin/api/", &headers, body.clone(), length);
        assert_eq!(answer.json()["result"], json!(5), "{kind}");
    }
    let get = instance.send(Method::GET, "/_admin/api", &[], body.clone(), length);
    assert_eq!(get.json()["result"], json!(5));
    for (length, text) in [
        (Some(0), "Content-Length is 0"),
        (None, "No Content-Length in request"),
    ] {
        let answer = instance.send(Method::POST, "/_admin/api", &[], Vec::new(), length);
        assert_eq!(error(&answer.json()), text);
    }
    let any = [("accept", "*/*")];
    let get = instance.send(Method::GET, "/_admin/api", &any, Vec::new(), None);
    assert_eq!(error(&get.json()), "No Content-Length in request");
    let put = instance.send(Method::PUT, "/_admin/api", &[], body.clone(), length);
    assert_eq!(put.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn a_body_has_limits_of_size_and_depth() {
    let instance = Instance::new();
    let huge = instance.send(
        Method::POST,
        "/_admin/api",
        &[],
        vec![b' '; 1000],
        Some(100 * 1024 * 1024),
    );
    assert_eq!(huge.status, StatusCode::OK);
    assert_eq!(
        error(&huge.json()),
        "The request is larger than 10485760 bytes"
    );
    let endless = vec![b'['; 11 * 1024 * 1024];
    let endless = instance.send(Method::POST, "/_admin/api", &[], endless, None);
    assert_eq!(
        error(&endless.json()),
        "The request is larger than 10485760 bytes"
    );
    for deep in ["[".repeat(100_000), "{\"a\":".repeat(100_000)] {
        let reply = instance.post(deep.as_bytes()).json();
        assert!(
            error(&reply).starts_with("JSON parse error ERR:"),
            "{reply}"
        );
    }
    let cut = instance.send(Method::POST, "/_admin/api", &[], b"{}".to_vec(), Some(100));
    assert!(error(&cut.json()).starts_with("The request could not be read"));
}

#[test]
fn a_batch_is_answered_call_by_call() {
    let instance = Instance::new();
    let (admin, bob) = (instance.caller("admin"), instance.caller("bob"));
    let calls = json!([
        admin.envelope("test", &json!({"args": 1})),
        {"id": 2},
        bob.envelope("test", &json!({"args": 1})),
        7,
        bob.envelope("get_user", &json!({})),
    ]);
    let replies = instance.post(calls.to_string().as_bytes()).json();
    let replies = replies.as_array().unwrap();
    assert_eq!(replies.len(), 5);
    assert_eq!(replies[0]["result"], json!(1));
    assert_eq!(error(&replies[1]), "Incorrect JSON query missing 'api_key'");
    assert_eq!(error(&replies[2]), "permission denied");
    assert_eq!(error(&replies[3]), "Incorrect JSON query missing 'api_key'");
    assert_eq!(replies[4]["result"]["username"], "bob");
    let many = vec![admin.envelope("test", &json!({"args": 1})); 101];
    let refused = instance.post(json!(many).to_string().as_bytes()).json();
    assert_eq!(
        error(&refused),
        "101 calls in one batch, at most 100 are answered"
    );
}

#[test]
fn a_key_at_the_door_must_be_one_but_does_not_decide_who_calls() {
    let instance = Instance::new();
    let (admin, bob) = (instance.caller("admin"), instance.caller("bob"));
    let body = bob
        .envelope("get_user", &json!({}))
        .to_string()
        .into_bytes();
    let length = Some(body.len() as u64);
    let send = |address: &str, headers: &[(&str, &str)]| {
        instance.send(Method::POST, address, headers, body.clone(), length)
    };
    let bearer = format!("Bearer {}", admin.key);
    let good = send("/_admin/api", &[("authorization", &bearer)]);
    assert_eq!(good.json()["result"]["username"], "bob");
    let good = send(&format!("/_admin/api?api_key={}", admin.key), &[]);
    assert_eq!(good.json()["result"]["username"], "bob");
    let wrong = "0".repeat(40);
    let bad = send(
        "/_admin/api",
        &[("authorization", &format!("Bearer {wrong}"))],
    );
    assert_eq!(bad.status, StatusCode::FORBIDDEN);
    let bad = send("/_admin/api", &[("authorization", "Bearer")]);
    assert_eq!(bad.status, StatusCode::FORBIDDEN, "no key is a wrong one");
    let bad = send(&format!("/_admin/api?api_key={wrong}"), &[]);
    assert_eq!(bad.status, StatusCode::FORBIDDEN);
    let odd = send("/_admin/api?_method=PUT", &[]);
    assert_eq!(odd.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn keys_of_closed_accounts_and_foreign_addresses_open_nothing() {
    let instance = Instance::new();
    let (admin, bob) = (instance.caller("admin"), instance.caller("bob"));
    let alice = instance.caller("alice");
    admin.ok("update_user", json!({"userid": "bob", "active": false}));
    bob.fails("get_user", json!({}), "Invalid API key");
    let gate = model::Gate::new(&instance.model);
    let user = instance.model.user_by_name("admin").unwrap().unwrap();
    let viewer = model::Viewer::User(user);
    let right = gate.site_admin(&viewer).unwrap();
    let id = instance.model.user_by_name("alice").unwrap().unwrap().id;
    instance
        .model
        .add_ip_rule(&right, id, "10.9.8.0/24")
        .unwrap();
    alice.fails("get_user", json!({}), "Invalid API key");
    let default = instance.model.user_by_name("default").unwrap().unwrap();
    instance
        .with_key(default.api_key.as_str())
        .fails("get_user", json!({}), "Invalid API key");
}

/// A writer that never ends stands in for a database that is away.
#[test]
fn without_the_database_a_call_is_to_be_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!(
        "sqlite:///{}/kallithea.db?timeout=0.05",
        folder.path().display()
    );
    let instance = Instance::over(folder, &[("sqlalchemy.url", &url)]);
    instance.user("admin", true);
    let admin = instance.caller("admin");
    let file = instance.folder.path().join("kallithea.db");
    let other = rusqlite::Connection::open(file).unwrap();
    let write = admin.envelope("create_user_group", &json!({"group_name": "team"}));
    let read = admin.envelope("test", &json!({"args": 1}));
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let ask = |body: &Value| {
        let answer = instance.post(body.to_string().as_bytes());
        (
            answer.status,
            answer.header("retry-after").to_owned(),
            answer.json(),
        )
    };
    let (status, retry, reply) = ask(&write);
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{reply}");
    assert!(retry.parse::<u32>().is_ok_and(|seconds| seconds > 0));
    assert_eq!(reply["id"], json!(1));
    assert_eq!(reply["result"], json!(null));
    assert!(error(&reply).contains("try again"), "{reply}");
    let (status, _, replies) = ask(&json!([write, read]));
    assert_eq!(
        status,
        StatusCode::OK,
        "one of them was answered: {replies}"
    );
    assert_eq!(replies[1]["result"], json!(1));
    other.execute_batch("ROLLBACK").unwrap();
    let (status, retry, reply) = ask(&write);
    assert_eq!((status, retry.as_str()), (StatusCode::OK, ""));
    assert_eq!(reply["error"], json!(null));
}

fn reference(instance: &Instance) -> Value {
    let answer = instance.send(
        Method::GET,
        "/_admin/api?format=openrpc",
        &[],
        Vec::new(),
        Some(0),
    );
    assert_eq!(answer.header("content-type"), "application/json");
    answer.json()
}

/// The names of 0.7, and those that came with it.
const ORIGINAL: &[&str] = &[
    "add_user_to_user_group",
    "comment_pullrequest",
    "create_gist",
    "create_repo",
    "create_repo_group",
    "create_user",
    "create_user_group",
    "delete_gist",
    "delete_repo",
    "delete_repo_group",
    "delete_user",
    "delete_user_group",
    "edit_reviewers",
    "fork_repo",
    "get_changeset",
    "get_changesets",
    "get_gist",
    "get_gists",
    "get_ip",
    "get_pullrequest",
    "get_repo",
    "get_repo_group",
    "get_repo_groups",
    "get_repo_nodes",
    "get_repos",
    "get_server_info",
    "get_user",
    "get_user_group",
    "get_user_groups",
    "get_users",
    "grant_user_group_permission",
    "grant_user_group_permission_to_repo_group",
    "grant_user_permission",
    "grant_user_permission_to_repo_group",
    "invalidate_cache",
    "pull",
    "remove_user_from_user_group",
    "rescan_repos",
    "revoke_user_group_permission",
    "revoke_user_group_permission_from_repo_group",
    "revoke_user_permission",
    "revoke_user_permission_from_repo_group",
    "show_ip",
    "test",
    "update_repo",
    "update_repo_group",
    "update_user",
    "update_user_group",
];

#[test]
fn the_reference_is_for_people_and_for_programs() {
    let instance = Instance::new();
    let document = reference(&instance);
    let methods = document["methods"].as_array().unwrap();
    let names: Vec<&str> = methods
        .iter()
        .map(|method| method["name"].as_str().unwrap())
        .collect();
    assert_eq!(ORIGINAL.len(), 48);
    for name in ORIGINAL {
        assert!(names.contains(name), "{name}");
    }
    let browser = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let page = instance.send(Method::GET, "/_admin/api", &browser, Vec::new(), Some(0));
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header("content-type").starts_with("text/html"));
    for name in names {
        assert!(page.text.contains(&format!("id=\"{name}\"")), "{name}");
    }
    let accept = [("accept", "application/json")];
    let answer = instance.send(Method::GET, "/_admin/api", &accept, Vec::new(), Some(0));
    assert_eq!(answer.json(), document);
}

/// Names that lead out of the folder of repositories, or to something of ours, or that no page could show.
const BAD_NAMES: [&str; 18] = [
    "..",
    ".",
    "../up",
    "a/../../up",
    "/etc/up",
    "a//b",
    "a/",
    "",
    " ",
    "a\nb",
    "a\u{0}b",
    "a\u{1b}[31mb",
    ".hidden",
    "rm__20200102_030405_000006__x",
    "x.git",
    "x.hg",
    "_admin",
    "_7",
];

#[test]
fn bad_names_make_nothing_and_move_nothing() {
    let instance = Instance::new();
    let admin = instance.caller("admin");
    admin.ok("create_repo_group", json!({"group_name": "shelf"}));
    admin.ok(
        "create_repo",
        json!({"repo_name": "kept", "repo_type": "git"}),
    );
    let root = instance.model.repositories_root().unwrap();
    let tree = || {
        let mut found = Vec::new();
        let mut folders = vec![root.parent().unwrap().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.starts_with(&root) || folder == root.parent().unwrap() {
                    found.push(path.clone());
                }
                if path.is_dir() && path.starts_with(&root) && !path.ends_with("kept") {
                    folders.push(path);
                }
            }
        }
        found.sort();
        found
    };
    let (before, rows) = (tree(), admin.ok("get_repos", json!({})));
    let long = "x".repeat(300);
    for name in BAD_NAMES.iter().copied().chain([long.as_str()]) {
        for (method, args) in [
            (
                "create_repo",
                json!({"repo_name": name, "repo_type": "git"}),
            ),
            ("fork_repo", json!({"repoid": "kept", "fork_name": name})),
            ("update_repo", json!({"repoid": "kept", "name": name})),
            ("create_repo_group", json!({"group_name": name})),
            (
                "update_repo_group",
                json!({"repogroupid": "shelf", "group_name": name}),
            ),
        ] {
            let outcome = admin.call(method, args);
            assert!(outcome.is_err(), "{method} {name:?}: {outcome:?}");
            assert_ne!(
                outcome.unwrap_err(),
                "Internal server error",
                "{method} {name:?}"
            );
        }
    }
    assert_eq!(tree(), before);
    assert_eq!(admin.ok("get_repos", json!({})), rows);
    let groups = admin.ok("get_repo_groups", json!({}));
    assert_eq!(groups.as_array().unwrap().len(), 1);
    assert_eq!(groups[0]["group_name"], "shelf");
}

/// Everything that is no call, from the outside in.
#[test]
fn malformed_calls_are_told_what_they_lack() {
    let instance = Instance::new();
    let admin = instance.caller("admin");
    let key = &admin.key;
    for (body, start) in [
        ("null".to_owned(), "Incorrect JSON query missing 'api_key'"),
        ("true".to_owned(), "Incorrect JSON query missing 'api_key'"),
        ("7".to_owned(), "Incorrect JSON query missing 'api_key'"),
        (
            "\"text\"".to_owned(),
            "Incorrect JSON query missing 'api_key'",
        ),
        ("[]".to_owned(), "Incorrect JSON query missing 'api_key'"),
        ("{}".to_owned(), "Incorrect JSON query missing 'api_key'"),
        ("{".to_owned(), "JSON parse error ERR:"),
        ("{}{}".to_owned(), "JSON parse error ERR:"),
        ("{'id': 1}".to_owned(), "JSON parse error ERR:"),
        ("{\"id\": NaN}".to_owned(), "JSON parse error ERR:"),
        ("{\"id\": 01}".to_owned(), "JSON parse error ERR:"),
        ("{\"id\": \"\\ud800\"}".to_owned(), "JSON parse error ERR:"),
        ("{\"id\": \"a\nb\"}".to_owned(), "JSON parse error ERR:"),
        (
            format!("{{\"api_key\": \"{key}\"}}"),
            "Incorrect JSON query missing 'id'",
        ),
        (
            format!("{{\"api_key\": \"{key}\", \"id\": 1, \"args\": {{}}}}"),
            "Incorrect JSON query missing 'method'",
        ),
        (
            format!("{{\"api_key\": \"{key}\", \"id\": 1, \"method\": \"test\"}}"),
            "Incorrect JSON query missing 'args'",
        ),
        (
            format!(
                "{{\"api_key\": \"{key}\", \"id\": 1, \"method\": \"test\", \"params\": {{}}}}"
            ),
            "Incorrect JSON query missing 'args'",
        ),
        (
            format!(
                "{{\"api_key\": [\"{key}\"], \"id\": 1, \"method\": \"test\", \"args\": {{}}}}"
            ),
            "Invalid API key",
        ),
        (
            format!(
                "{{\"api_key\": \"{key}\", \"id\": 1, \"method\": [\"test\"], \"args\": {{}}}}"
            ),
            "No such method: ",
        ),
    ] {
        let answer = instance.post(body.as_bytes());
        assert_eq!(answer.status, StatusCode::OK, "{body}");
        let reply = answer.json();
        assert!(error(&reply).starts_with(start), "{body}: {reply}");
        assert!(
            !answer.text.contains(key.as_str()),
            "a key is never repeated: {body}"
        );
    }
    for bytes in [&b"\xff\xfe{\0}\0"[..], b"\x00", b"\xc3("] {
        let reply = instance.post(bytes).json();
        assert!(
            error(&reply).starts_with("JSON parse error ERR:"),
            "{reply}"
        );
    }
    // A key that comes twice counts as JavaScript and Python have it: the last one.
    let twice = format!(
        "{{\"api_key\": \"x\", \"api_key\": \"{key}\", \"id\": 1, \"method\": \"test\", \"args\": {{\"args\": 5}}}}"
    );
    assert_eq!(instance.post(twice.as_bytes()).json()["result"], json!(5));
}

#[test]
fn whatever_stands_in_an_argument_gets_a_reply() {
    let instance = Instance::new();
    let admin = instance.caller("admin");
    let document = reference(&instance);
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}"),
        json!("../../etc/passwd"),
        json!("a/b/../c"),
        json!("-rf"),
        json!("x".repeat(5000)),
        json!("a\nb\u{7f}\u{202e}"),
        json!([]),
        json!([[[]]]),
        json!({}),
        json!({"a": {"content": 1}}),
    ];
    for method in document["methods"].as_array().unwrap() {
        let name = method["name"].as_str().unwrap();
        let params = method["params"].as_array().unwrap();
        if name == "get_server_info" {
            continue;
        }
        for (at, changed) in params.iter().enumerate() {
            for value in &odd {
                let mut args = serde_json::Map::new();
                for (other, parameter) in params.iter().enumerate() {
                    let name = parameter["name"].as_str().unwrap().to_owned();
                    if other == at {
                        args.insert(name, value.clone());
                    } else if parameter["required"] == true {
                        args.insert(name, json!("nothing"));
                    }
                }
                let outcome = admin.call(name, args.into());
                if let Err(text) = outcome {
                    assert_ne!(
                        text, "Internal server error",
                        "{name} {} {value}",
                        changed["name"]
                    );
                }
            }
        }
    }
    assert!(instance.model.repositories_root().unwrap().is_dir());
}
