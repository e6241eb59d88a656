//! Rows that Kallithea 0.7 reads again stand as it would have written them, to the letter.

use std::path::Path;
use std::process::Command;

use db::test_servers::column;
use db::{Db, RepoName, repositories};
use kallithea_model::{Gate, GroupId, Level, NewGroup};

use crate::support::Instance;

fn db(instance: &Instance) -> Db {
    Db::new(instance.model.config().database_url.parse().unwrap())
}

fn git(repository: &Path, line: &str) -> String {
    let output = Command::new("git")
        .arg("--git-dir")
        .arg(repository)
        .args(line.split(' '))
        .envs([
            ("GIT_AUTHOR_NAME", "Zoë"),
            ("GIT_AUTHOR_EMAIL", "zoe@example.com"),
            ("GIT_COMMITTER_NAME", "Zoë"),
            ("GIT_COMMITTER_EMAIL", "zoe@example.com"),
            ("GIT_AUTHOR_DATE", "@1600000000 +0000"),
            ("GIT_COMMITTER_DATE", "@1600000000 +0000"),
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "git {line}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn what_a_scan_takes_up_stands_as_the_original_writes_it() {
    let instance = Instance::new();
    let root = instance.model.repositories_root().unwrap();
    let (empty, full) = (root.join("empty"), root.join("full"));
    for path in [&empty, &full] {
        git(path, &format!("init --quiet --bare {}", path.display()));
    }
    git(&full, "symbolic-ref HEAD refs/heads/master");
    let tree = git(&full, "hash-object -t tree -w /dev/null");
    let id = git(&full, &format!("commit-tree {tree} -m first"));
    git(&full, &format!("update-ref refs/heads/master {id}"));
    let gate = Gate::new(&instance.model);
    let admin = gate.site_admin(&instance.viewer("admin")).unwrap();
    let scanned = instance.model.scan(&admin, false).unwrap();
    assert_eq!(scanned.added, ["empty", "full"]);

    let db = db(&instance);
    let row = |name: &str| {
        let name = RepoName::from(name);
        let row = db.read(|conn| repositories::by_name(conn, &name));
        row.unwrap().unwrap()
    };
    let cache = String::from_utf8(row("full").changeset_cache.unwrap()).unwrap();
    let start = format!(
        r#"{{"short_id": "{}", "raw_id": "{id}", "revision": 0, "message": "first\n", "date": "2020-09-13T"#,
        &id[..12]
    );
    let end = r#"", "author": "Zo\u00eb <zoe@example.com>"}"#;
    assert!(cache.starts_with(&start) && cache.ends_with(end), "{cache}");
    // Nothing is known about what has no changeset, and its last change is that it was made.
    let row = row("empty");
    assert_eq!(row.changeset_cache, None);
    assert_eq!(row.updated_on, row.created_on);

    let entries = "SELECT username || ' ' || repository_name || ' ' || action || ' from ' || user_ip FROM user_logs \
                   WHERE action LIKE '%following%' ORDER BY user_log_id";
    assert_eq!(
        column(&db, entries),
        [
            "admin empty started_following_repo from ",
            "admin full started_following_repo from "
        ]
    );
}

#[test]
fn who_makes_a_repository_follows_it_first() {
    let instance = Instance::new();
    instance.repository(&instance.viewer("admin"), None, "new", false);
    let entries = "SELECT action FROM user_logs WHERE repository_name = 'new' ORDER BY user_log_id";
    assert_eq!(
        column(&db(&instance), entries),
        ["started_following_repo", "user_created_repo"]
    );
}

/// Whoever a group is made for holds it as if it were of their own making, by the first row, and is not copied from the
/// parent once more.
#[test]
fn whoever_a_group_is_made_for_administers_it() {
    let instance = Instance::new();
    let admin = instance.viewer("admin");
    let owner = instance.user("newton", false);
    let gate = Gate::new(&instance.model);
    let right = gate.site_admin(&admin).unwrap();
    let make = |parent: Option<GroupId>, name: &str, copy_permissions: bool| {
        let place = gate.place_for_group(&admin, parent).unwrap();
        let new = NewGroup {
            name,
            description: "",
            copy_permissions,
        };
        let owner = owner.signed_in().unwrap();
        instance
            .model
            .create_group_for(&right, &place, owner, &new)
            .unwrap()
    };
    make(None, "science", false);
    let parent = gate.read_group(&admin, "science").unwrap().row().id;
    assert_eq!(make(Some(parent), "maths", true), "science/maths");
    for name in ["science", "science/maths"] {
        assert_eq!(gate.read_group(&owner, name).unwrap().level(), Level::Admin);
        let rows = format!(
            "SELECT u.username || ' ' || p.permission_name FROM user_repo_group_to_perm t \
             JOIN users u ON u.user_id = t.user_id JOIN permissions p ON p.permission_id = t.permission_id \
             JOIN \"groups\" g ON g.group_id = t.group_id WHERE g.group_name = '{name}' ORDER BY t.group_to_perm_id"
        );
        assert_eq!(
            column(&db(&instance), &rows),
            ["newton group.admin", "default group.read"],
            "{name}"
        );
    }
}
