//! The replies of a real Kallithea 0.7, answered the same over its restored database and repositories.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::instance::Instance;

const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/fixtures/kallithea-0.7"
);

/// The instance of the fixture, in a folder of its own.
pub fn restored() -> Instance {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("tar")
        .args(["xzf", &format!("{FOLDER}/repos.tar.gz"), "-C"])
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    let dump = std::fs::read_to_string(Path::new(FOLDER).join("db.sql")).unwrap();
    let root = folder.path().to_str().unwrap();
    let dump = dump.replace("@ROOT@", root);
    let url = match db::test_servers::own_url() {
        Some(url) => {
            db::test_servers::restore(&url, &dump);
            url
        }
        None => {
            let file = folder.path().join("kallithea.db");
            let db = rusqlite::Connection::open(&file).unwrap();
            db.execute_batch(&dump).unwrap();
            db.close().unwrap();
            format!("sqlite:///{}", file.display())
        }
    };
    let values = [
        ("sqlalchemy.url", url.as_str()),
        // Where the replies were recorded.
        ("canonical_url", "http://127.0.0.1:5051"),
    ];
    Instance::over(folder, &values)
}

/// The list whose order is that of the original's memory.
fn sorted(value: &mut Value, key: &str) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(|item| sorted(item, ""));
            if key == "global" {
                items.sort_by_key(Value::to_string);
            }
        }
        Value::Object(members) => {
            for (key, value) in members.iter_mut() {
                sorted(value, key);
            }
        }
        _ => {}
    }
}

/// Dates are told in the zone of the server; where that is not the one of the recording they are left out.
fn without_dates(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_dates),
        Value::Object(members) => {
            members.remove("date");
            members.values_mut().for_each(without_dates);
        }
        _ => {}
    }
}

/// Times without what MySQL does not keep in these columns.
fn to_the_second(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(to_the_second),
        Value::Object(members) => members.values_mut().for_each(to_the_second),
        Value::String(text) => {
            if let Some((time, fraction)) = text.split_once('.')
                && time.len() == "2026-11-21T21:37:49".len()
                && time.as_bytes()[10] == b'T'
                && fraction.len() == 3
            {
                *text = time.to_owned();
            }
        }
        _ => {}
    }
}

#[test]
fn the_replies_of_a_real_instance_are_answered_the_same() {
    let instance = restored();
    let mysql = db::test_servers::own_url().is_some_and(|url| url.starts_with("mysql"));
    let text = std::fs::read_to_string(Path::new(FOLDER).join("api-replies.json")).unwrap();
    let recorded: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(recorded.len(), 80);
    let utc = jiff::Timestamp::from_second(1_600_000_000)
        .unwrap()
        .to_zoned(jiff::tz::TimeZone::system())
        .offset()
        .is_zero();
    let mut differences = Vec::new();
    for (number, mut reply) in recorded.into_iter().enumerate() {
        let method = reply["method"].as_str().unwrap().to_owned();
        let caller = instance.caller(reply["user"].as_str().unwrap());
        let outcome = caller.call(&method, reply["args"].clone());
        let mut ours = match outcome {
            Ok(result) => json!({"result": result, "error": null}),
            Err(text) => json!({"result": null, "error": text}),
        };
        let mut theirs = json!({"result": reply["result"].take(), "error": reply["error"].take()});
        if method == "get_server_info" {
            // Other programs, other versions; the same keys with the same types.
            let module = &ours["result"]["modules"][0];
            assert!(module[0].is_string() && module[1].is_string());
            let keys = |value: &Value| -> Vec<String> {
                let members = value["result"].as_object().unwrap();
                members.keys().cloned().collect()
            };
            assert_eq!(keys(&ours), keys(&theirs));
            assert!(!ours["result"]["py_version"].as_str().unwrap().is_empty());
            assert_eq!(ours["result"]["kallithea_version"], "0.7.0");
            continue;
        }
        if reply["args"]["max_revisions"] == 5 && reply["args"]["repoid"] == "tools/hgtool" {
            // The original gives the oldest five of a Mercurial repository and the newest five of a Git one.
            let newest = caller.ok(
                "get_changesets",
                json!({"repoid": "tools/hgtool", "reverse": true}),
            );
            let ids = |list: &Value| -> Vec<String> {
                let list = list.as_array().unwrap().iter().take(5);
                list.map(|changeset| changeset["raw_id"].to_string())
                    .collect()
            };
            assert_eq!(ids(&ours["result"]), ids(&newest));
            assert_eq!(ours["result"].as_array().unwrap().len(), 5);
            continue;
        }
        sorted(&mut ours, "");
        sorted(&mut theirs, "");
        if !utc {
            without_dates(&mut ours);
            without_dates(&mut theirs);
        }
        if mysql {
            to_the_second(&mut theirs);
        }
        if ours != theirs {
            differences.push(format!(
                "{} {method} {}\n  ours:   {ours}\n  theirs: {theirs}",
                number + 1,
                reply["args"]
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn the_files_of_gists_and_the_deleted_are_no_repositories() {
    let instance = restored();
    let admin = instance.caller("admin");
    let scan = || admin.ok("rescan_repos", json!({}));
    assert_eq!(scan(), json!({"added": [], "removed": []}));
    let gone = instance.path("web/gitsite");
    std::fs::rename(&gone, instance.path("web/moved")).unwrap();
    assert_eq!(
        scan(),
        json!({"added": ["web/moved"], "removed": ["web/gitsite"]})
    );
    assert_eq!(scan(), json!({"added": [], "removed": ["web/gitsite"]}));
    let removed = admin.ok("rescan_repos", json!({"remove_obsolete": "true"}));
    assert_eq!(removed, json!({"added": [], "removed": ["web/gitsite"]}));
    assert_eq!(scan(), json!({"added": [], "removed": []}));
    let fork = admin.ok("get_repo", json!({"repoid": "web/gitsite-dave"}));
    assert_eq!(fork["fork_of"], Value::Null);
}
