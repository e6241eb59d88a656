//! What a hook may see of a transaction that is still open, and nobody else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::Hg;
use hg::{HgPath, Phase, Repository, Rev};

#[test]
fn a_hook_sees_what_is_not_yet_committed() {
    let mut hg = Hg::new("");
    hg.init("r", &[]);
    hg.write("r", "f", "0\n");
    hg.commit("r", "c0", "0 0", "t");
    hg.run("r", &["bookmark", "mark"]);
    let root = hg.path("r");
    let (reached, go) = (root.join(".hg/reached"), root.join(".hg/go"));
    let hook = root.join(".hg/wait");
    let script = format!(
        "#!/bin/sh\n: > {}\nwhile [ ! -e {} ]; do sleep 0.02; done\nexit 1\n",
        reached.display(),
        go.display()
    );
    fs::write(&hook, script).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    hg.write("r", "f", "1\n");
    let setting = format!("hooks.pretxnclose.wait={}", hook.display());
    let mut writer = hg
        .command("r")
        .args(["commit", "-q", "-s", "-m", "c1", "--config", &setting])
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !reached.exists() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "the hook was not called"
        );
        thread::sleep(Duration::from_millis(10));
    }
    let repository = Repository::open(&root).unwrap();
    let committed = repository.snapshot().unwrap();
    assert_eq!(
        (committed.len(), committed.bookmarks()[0].rev),
        (1, Rev::new(0))
    );
    let pending = repository.pending().unwrap();
    assert_eq!(pending.len(), 2);
    let new = Rev::new(1);
    assert_eq!(pending.changeset(new).unwrap().description, "c1");
    assert_eq!(pending.phase(new), Phase::Secret);
    assert!(
        pending.bookmarks().is_empty(),
        "it has moved to a secret changeset"
    );
    let entry = pending
        .manifest(new)
        .unwrap()
        .get(HgPath::new("f"))
        .unwrap()
        .unwrap();
    assert_eq!(
        pending.file(HgPath::new("f"), &entry.node).unwrap().data,
        b"1\n"
    );
    fs::write(&go, "").unwrap();
    assert!(!writer.wait().unwrap().success(), "the hook refuses");
    assert_eq!(repository.pending().unwrap().len(), 1);
    assert_eq!(repository.snapshot().unwrap().len(), 1);
}
