//! Gists, changesets, pull requests.

use serde_json::{Value, json};

use crate::fixture::restored;
use crate::instance::{Instance, fill};

#[test]
fn changesets_are_chosen_by_range_date_branch_and_number() {
    let instance = Instance::new();
    let admin = instance.caller("admin");
    admin.ok("create_repo", json!({"repo_name": "r", "repo_type": "git"}));
    admin.fails(
        "get_changesets",
        json!({"repoid": "r"}),
        "Repository is empty",
    );
    admin.fails(
        "get_changeset",
        json!({"repoid": "r", "raw_id": "tip"}),
        "Changeset tip does not exist",
    );
    fill(&instance, "r");
    let list = |args: Value| {
        let mut args = args;
        args["repoid"] = json!("r");
        let list = admin.ok("get_changesets", args);
        let messages = list.as_array().unwrap().iter();
        let messages =
            messages.map(|changeset| changeset["message"].as_str().unwrap().trim().to_owned());
        messages.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(list(json!({})), "change 1, change 2, change 3, topic work");
    assert_eq!(
        list(json!({"reverse": "true"})),
        "topic work, change 3, change 2, change 1"
    );
    assert_eq!(
        list(json!({"branch_name": "master"})),
        "change 1, change 2, change 3"
    );
    assert_eq!(
        list(json!({"max_revisions": "1", "reverse": true})),
        "topic work"
    );
    assert_eq!(list(json!({"max_revisions": 2})), "change 3, topic work");
    assert_eq!(
        list(json!({"end": "master"})),
        "change 1, change 2, change 3"
    );
    assert_eq!(list(json!({"start": "master"})), "change 3, topic work");
    assert_eq!(list(json!({"end_date": "2020-01-01T00:00:00"})), "");
    let all = "change 1, change 2, change 3, topic work";
    assert_eq!(list(json!({"start_date": "2020-01-01T00:00:00"})), all);
    for (args, text) in [
        (
            json!({"start": "nothing"}),
            "Changeset nothing does not exist",
        ),
        (json!({"branch_name": "x"}), "Branch x does not exist"),
        (
            json!({"start_date": "yesterday"}),
            "Invalid value for `start_date` arg in JSON DATA: expected YYYY-MM-DDTHH:MM:SS",
        ),
        (
            json!({"max_revisions": -1}),
            "Invalid value for `max_revisions` arg in JSON DATA: expected a positive number",
        ),
    ] {
        let mut args = args;
        args["repoid"] = json!("r");
        admin.fails("get_changesets", args, text);
    }
    let swapped = json!({"repoid": "r", "start": "topic", "end": "master"});
    let swapped = admin.call("get_changesets", swapped).unwrap_err();
    assert!(swapped.starts_with("Start changeset "), "{swapped}");
    let files = admin.ok(
        "get_changesets",
        json!({"repoid": "r", "with_file_list": true, "branch_name": "master"}),
    );
    assert_eq!(files[0]["added"], json!(["a.txt", "src/1.rs"]));
    assert_eq!(files[1]["changed"], json!(["a.txt"]));
    assert_eq!(files[1]["author"], "Alice <alice@example.com>");
    let one = admin.ok(
        "get_changeset",
        json!({"repoid": "r", "raw_id": "topic", "with_reviews": true}),
    );
    assert_eq!(one["added"], json!(["b.txt"]));
    assert_eq!(
        one["author"],
        json!({"name": "Alice", "email": "alice@example.com"})
    );
    assert_eq!(one["reviews"], json!([]));
    assert_eq!(one["revision"], 3);
    let bob = instance.caller("bob");
    admin.ok(
        "grant_user_permission",
        json!({"repoid": "r", "userid": "default", "perm": "repository.none"}),
    );
    bob.fails(
        "get_changesets",
        json!({"repoid": "r"}),
        "Access denied to repo r",
    );
    admin.ok("update_repo", json!({"repoid": "r", "private": true}));
    bob.fails(
        "get_changesets",
        json!({"repoid": "r"}),
        "repository `r` does not exist",
    );
    bob.fails(
        "get_changeset",
        json!({"repoid": "x", "raw_id": "1"}),
        "repository `x` does not exist",
    );
}

#[test]
fn votes_are_found_by_any_name_of_a_changeset() {
    let instance = restored();
    let admin = instance.caller("admin");
    for name in [
        "33737e510527d9aab20308bed125bc7b59836182",
        "33737e510527",
        "3",
    ] {
        let args = json!({"repoid": "tools/hgtool", "raw_id": name, "with_reviews": true});
        let reviews = admin.ok("get_changeset", args)["reviews"].clone();
        assert_eq!(reviews[0]["status"], "under_review", "{name}");
    }
}

#[test]
fn a_gist_is_made_with_its_repository_and_deleted() {
    let instance = Instance::new();
    let (admin, bob) = (instance.caller("admin"), instance.caller("bob"));
    let files =
        json!({"a.txt": {"content": "hello\n", "lexer": null}, "grüße.md": {"content": ""}});
    for (files, rest) in [
        (json!({"a/b": {"content": ""}}), json!({})),
        (json!({}), json!({})),
        (files.clone(), json!({"gist_type": "open"})),
        (files.clone(), json!({"lifetime": -5})),
    ] {
        let mut args = rest;
        args["files"] = files;
        bob.fails("create_gist", args, "failed to create gist");
    }
    bob.fails(
        "create_gist",
        json!({"files": files, "owner": "admin"}),
        "Only Kallithea admin can specify `owner` param",
    );
    bob.fails(
        "get_gist",
        json!({"gistid": "x"}),
        "gist `x` does not exist",
    );
    bob.fails(
        "get_gists",
        json!({"userid": "admin"}),
        "userid is not the same as your user",
    );
    if std::env::var_os("KALLITHEA_TEST_HG").is_none() {
        eprintln!("the rest is skipped: KALLITHEA_TEST_HG names no hg");
        return;
    }
    let made = bob.ok(
        "create_gist",
        json!({"files": files, "description": null, "gist_type": "private", "lifetime": "10"}),
    );
    assert_eq!(made["msg"], "created new gist");
    let gist = &made["gist"];
    let id = gist["access_id"].as_str().unwrap();
    assert_eq!(id.len(), 20);
    assert_eq!(gist["url"], format!("http://localhost/_admin/gists/{id}"));
    assert!(gist["expires"].as_f64().unwrap() > 1e9);
    let store = instance.path(".rc_gist_store").join(id);
    let contents = vcs::Repository::open(&store, vcs::Kind::Hg).unwrap();
    let tip = contents.resolve("tip").unwrap();
    let changeset = contents.changeset(&tip).unwrap();
    assert_eq!(changeset.message, "added files: a.txt, grüße.md");
    assert_eq!(changeset.author.email, "bob@example.com");
    let path = vcs::RepoPath::parse(b"a.txt").unwrap();
    assert_eq!(contents.file(&tip, &path).unwrap().data, b"hello\n");
    let metadata = std::fs::read_to_string(store.join(".hg/.rc_gist_metadata")).unwrap();
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    assert_eq!(metadata["gist_access_id"], id);
    assert_eq!(metadata["metadata_version"], "1");

    let public = bob.ok("create_gist", json!({"files": {"x": {"content": "y"}}}));
    let number = public["gist"]["gist_id"].as_i64().unwrap();
    assert_eq!(public["gist"]["access_id"], number.to_string());
    assert_eq!(public["gist"]["expires"], -1.0);
    let alice = instance.caller("alice");
    alice.fails(
        "get_gist",
        json!({"gistid": number}),
        &format!("gist `{number}` does not exist"),
    );
    assert_eq!(bob.ok("get_gists", json!({})).as_array().unwrap().len(), 2);
    assert_eq!(
        admin
            .ok("get_gists", json!({"userid": "bob"}))
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        admin.ok("get_gist", json!({"gistid": id}))["gist_id"],
        gist["gist_id"]
    );
    assert_eq!(
        bob.ok("delete_gist", json!({"gistid": id})),
        json!({"msg": format!("deleted gist ID:{id}"), "gist": null})
    );
    assert!(!store.exists());
    bob.fails(
        "delete_gist",
        json!({"gistid": id}),
        &format!("gist `{id}` does not exist"),
    );
    let left = std::fs::read_dir(instance.path(".rc_gist_store"))
        .unwrap()
        .count();
    assert_eq!(left, 1, "no draft and no grave stays");
}

#[test]
fn a_pull_request_is_made_talked_about_closed_and_opened_again() {
    let instance = Instance::new();
    let (admin, bob) = (instance.caller("admin"), instance.caller("bob"));
    admin.ok("create_repo", json!({"repo_name": "r", "repo_type": "git"}));
    fill(&instance, "r");
    bob.ok("fork_repo", json!({"repoid": "r", "fork_name": "f"}));
    let create = |org_ref: &str| {
        bob.call(
            "create_pullrequest",
            json!({"org_repo": "f", "org_ref": org_ref, "other_repo": "r", "other_ref": "master", "reviewers": ["alice"]}),
        )
    };
    let made = create("branch:topic").unwrap();
    let request = &made["pull_request"];
    let id = request["pull_request_id"].clone();
    assert_eq!(made["msg"], format!("created pull request {id}"));
    assert_eq!(request["title"], "f#topic to r#master");
    assert_eq!(request["description"], "No description");
    assert_eq!(request["url"], format!("/r/pull-request/{id}/_/topic"));
    assert_eq!(request["org_repo_url"], "http://localhost/f");
    assert_eq!(request["revisions"].as_array().unwrap().len(), 1);
    assert_eq!(request["org_ref_parts"][1], "topic");
    assert_eq!(request["other_ref_parts"][0], "branch");
    assert_eq!(request["reviewers"], json!([{"username": "alice"}]));
    assert_eq!(request["statuses"][0]["status"], "under_review");
    for (org_ref, why) in [
        ("master", "Cannot create empty pull request"),
        ("nothing", "there is no changeset \"nothing\""),
    ] {
        assert_eq!(
            create(org_ref).unwrap_err(),
            format!("failed to create pull request: {why}")
        );
    }
    let listed = admin.ok("get_pullrequests", json!({"repoid": "r"}));
    assert_eq!(listed[0]["pull_request_id"], id);
    let with = json!({"repoid": "r", "with_pullrequests": true});
    assert_eq!(admin.ok("get_repo", with)["pull_requests"], listed);
    let from = admin.ok(
        "get_pullrequests",
        json!({"repoid": "f", "from_repo": true}),
    );
    assert_eq!(from, listed);

    // Both spellings of the argument; numbers as text.
    let text = id.to_string();
    let alice = instance.caller("alice");
    assert_eq!(
        alice.ok("get_pullrequest", json!({"pull_request_id": text}))["pull_request_id"],
        id
    );
    let say = |caller: &crate::instance::Caller<'_>, args: Value| {
        let mut args = args;
        args["pullrequest_id"] = id.clone();
        caller.call("comment_pullrequest", args)
    };
    let vote = json!({"comment_msg": "fine", "status": "approved"});
    assert_eq!(say(&alice, vote).unwrap(), json!(true));
    assert_eq!(
        say(&alice, json!({"comment_msg": null})).unwrap(),
        json!(true)
    );
    let seen = alice.ok("get_pullrequest", json!({"pullrequest_id": id}));
    let comments = seen["comments"].as_array().unwrap();
    assert_eq!(comments.len(), 2, "an empty comment is none: {seen}");
    assert_eq!(comments[1]["text"], "fine");
    assert_eq!(
        seen["statuses"][1],
        json!({
            "status": "approved", "modified_at": seen["statuses"][1]["modified_at"], "reviewer": "alice",
        })
    );
    assert_eq!(
        say(&alice, json!({"status": "great"})).unwrap_err(),
        "status must be one of not_reviewed,under_review,approved,rejected and not `great`"
    );
    assert_eq!(
        say(&alice, json!({"close_pr": true})).unwrap_err(),
        "No permission to close pull request. User needs to be admin or owner."
    );
    instance.user("carol", false);
    let carol = instance.caller("carol");
    assert_eq!(
        say(&carol, json!({"status": "rejected"})).unwrap_err(),
        "No permission to change pull request status. User needs to be admin, owner or reviewer."
    );
    let edit = |args: Value| {
        let mut args = args;
        args["pull_request_id"] = id.clone();
        bob.call("edit_reviewers", args)
    };
    assert_eq!(
        edit(json!({"add": ["alice", "carol"], "remove": "admin"})).unwrap(),
        json!({"added": ["carol"], "already_present": ["alice"], "removed": ["admin"]})
    );
    let number = admin.ok("get_user", json!({"userid": "carol"}))["user_id"].clone();
    assert_eq!(
        edit(json!({"add": ["carol", number], "remove": []})).unwrap(),
        json!({"added": [], "already_present": ["carol"], "removed": []})
    );
    assert_eq!(
        edit(json!({"add": [], "remove": []})).unwrap(),
        json!({"added": [], "already_present": [], "removed": []})
    );
    assert_eq!(
        edit(json!({})).unwrap_err(),
        "Invalid request. Neither 'add' nor 'remove' is specified."
    );
    assert_eq!(
        edit(json!({"add": "x"})).unwrap_err(),
        "user `x` does not exist"
    );
    assert!(
        edit(json!({"add": "default"}))
            .unwrap_err()
            .starts_with("failed to edit reviewers")
    );
    carol.fails(
        "edit_reviewers",
        json!({"pull_request_id": id, "add": "carol"}),
        "No permission to edit reviewers of this pull request. User needs to be admin or pull request owner.",
    );
    let closed = bob.ok("close_pullrequest", json!({"pull_request_id": id}));
    assert_eq!(closed["msg"], format!("closed pull request {id}"));
    assert_eq!(closed["pull_request"]["status"], "closed");
    assert_eq!(
        say(&bob, json!({"comment_msg": "x"})).unwrap_err(),
        "pull request is already closed"
    );
    assert_eq!(
        edit(json!({"add": "admin"})).unwrap_err(),
        "Cannot edit reviewers of a closed pull request."
    );
    assert_eq!(
        admin.ok("get_pullrequests", json!({"repoid": "r"})),
        json!([])
    );
    carol.fails(
        "reopen_pullrequest",
        json!({"pull_request_id": id}),
        "No permission to reopen pull request. User needs to be admin or owner.",
    );
    let opened = bob.ok("reopen_pullrequest", json!({"pull_request_id": id}));
    assert_eq!(opened["pull_request"]["status"], "new");
    bob.fails(
        "reopen_pullrequest",
        json!({"pull_request_id": id}),
        "pull request is not closed",
    );
    assert_eq!(say(&bob, json!({"close_pr": "true"})).unwrap(), json!(true));
    admin.fails(
        "get_pullrequest",
        json!({"pullrequest_id": 999}),
        "pull request `999` does not exist",
    );
    bob.ok("update_repo", json!({"repoid": "f", "private": true}));
    carol.fails(
        "get_pullrequest",
        json!({"pullrequest_id": id}),
        "not allowed",
    );
    carol.fails(
        "comment_pullrequest",
        json!({"pull_request_id": id, "comment_msg": "x"}),
        "No permission to add comment. User needs at least reading permissions to the source repository.",
    );
}
