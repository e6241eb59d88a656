//! Reading while others write, and after they were killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::common::{Hg, noise};
use hg::{Error, HgPath, Repository, Rev};

/// Reads what a page could ask for: the newest changesets with their files' contents, all checked against their hashes.
fn read_newest(repository: &Repository) -> Result<usize, Error> {
    repository.read(|snapshot| {
        let mut seen = 0;
        for rev in snapshot.served().iter().rev().take(4) {
            let changeset = snapshot.changeset(rev)?;
            let manifest = snapshot.manifest(rev)?;
            for (path, entry) in manifest.iter()? {
                snapshot.file(path, &entry.node)?;
                seen += 1;
            }
            snapshot.status(changeset.parents[0], rev)?;
        }
        if let Some(tip) = snapshot.tip() {
            snapshot.last_changes(tip, HgPath::ROOT, 100)?;
            if let Some(steps) = snapshot.file_history(tip, HgPath::new("f"))? {
                steps.collect::<Result<Vec<_>, Error>>()?;
            }
        }
        snapshot.branches()?;
        snapshot.tags()?;
        Ok(seen)
    })
}

/// Another process commits, amends, strips, pulls and lets a file outgrow its inline index, while two threads read.
#[test]
fn no_writer_disturbs_a_reader() {
    let mut hg = Hg::new("[extensions]\nstrip=\n");
    hg.init("live", &[]);
    hg.write("live", "f", "0\n");
    hg.commit("live", "c0", "0 0", "t");
    hg.init("other", &[]);
    let live = hg.path("live");
    hg.run("other", &["pull", "-q", live.to_str().unwrap()]);
    hg.run("other", &["up", "-q"]);
    for n in 0..3 {
        hg.write("other", "o", format!("{n}\n"));
        hg.commit("other", &format!("o{n}"), "1 0", "t");
    }
    let other = hg.path("other");

    let stop = AtomicBool::new(false);
    let reads = AtomicUsize::new(0);
    let repository = Repository::open(&live).unwrap();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    match read_newest(&repository) {
                        Ok(_) => reads.fetch_add(1, Ordering::Relaxed),
                        Err(error) => {
                            stop.store(true, Ordering::Relaxed);
                            panic!("{error}");
                        }
                    };
                }
            });
        }
        let mut big = noise(60_000);
        for round in 0..12 {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            big[round * 1000..][..900].fill(b'x');
            hg.write("live", "f", format!("{round}\n"));
            hg.write("live", &format!("big{}", round % 3), &big);
            hg.commit("live", &format!("c{round}"), "2 0", "t");
            if round % 2 == 0 {
                hg.write("live", "f", format!("{round} again\n"));
                hg.run("live", &["commit", "-q", "--amend", "-m", "amended"]);
            }
            if round % 3 == 2 {
                hg.run("live", &["pull", "-q", other.to_str().unwrap()]);
                hg.run(
                    "live",
                    &["strip", "-q", "--no-backup", "--force", "-r", "."],
                );
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(reads.into_inner() > 20, "the readers hardly read");
    let snapshot = repository.snapshot().unwrap();
    let want = hg.text("live", &["log", "-r", "all()", "-T", "{node}\n"]);
    let got: String = snapshot
        .served()
        .iter()
        .map(|rev| format!("{}\n", snapshot.node(rev)))
        .collect();
    assert_eq!(got, want);
}

/// A transaction that was killed leaves files that have grown, and a `.d` beside an index that is still inline.
#[test]
fn a_killed_writer_leaves_the_old_state() {
    let mut hg = Hg::new("");
    hg.init("killed", &[]);
    let mut big = noise(100_000);
    hg.write("killed", "big", &big);
    hg.commit("killed", "c0", "0 0", "t");
    let root = hg.path("killed");
    let hook = root.join(".hg/kill-writer");
    // The lock's target ends in the writer's process id.
    fs::write(
        &hook,
        "#!/bin/sh\nlink=$(readlink .hg/wlock)\nkill -9 ${link##*:}\n",
    )
    .unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();

    let repository = Repository::open(&root).unwrap();
    let before = repository.snapshot().unwrap().tip().unwrap();
    big.rotate_left(1000);
    big.extend(noise(70_000));
    hg.write("killed", "big", &big);
    let setting = format!("hooks.pretxnclose.kill={}", hook.display());
    let status = hg
        .command("killed")
        .args(["commit", "-q", "-m", "c1", "--config", &setting])
        .status()
        .unwrap();
    assert!(!status.success(), "the writer was to be killed");
    assert!(root.join(".hg/store/data/big.d").exists() && root.join(".hg/store/journal").exists());

    for repository in [&repository, &Repository::open(&root).unwrap()] {
        assert_eq!(read_newest(repository).unwrap(), 1);
        let snapshot = repository.snapshot().unwrap();
        assert_eq!(snapshot.tip(), Some(before));
        let entry = snapshot
            .manifest(before)
            .unwrap()
            .get(HgPath::new("big"))
            .unwrap()
            .unwrap();
        assert!(snapshot.file(HgPath::new("big"), &entry.node).unwrap().data == noise(100_000));
    }
    hg.run("killed", &["recover", "-q"]);
    hg.run(
        "killed",
        &["commit", "-q", "-m", "c1", "-d", "1 0", "-u", "t"],
    );
    let snapshot = repository.snapshot().unwrap();
    assert_eq!(snapshot.tip(), Some(Rev::new(1)));
    assert_eq!(read_newest(&repository).unwrap(), 2);
}

/// Damage that stays is reported with the name of the file, and without waiting for a writer that does not exist.
#[test]
fn lasting_damage_is_named() {
    let mut hg = Hg::new("");
    hg.init("damaged", &[]);
    for n in 0..3 {
        hg.write("damaged", "f", format!("{n}\n"));
        hg.commit("damaged", &format!("c{n}"), "0 0", "t");
    }
    let store = hg.path("damaged").join(".hg/store");
    let index = store.join("data/f.i");
    let content = fs::read(&index).unwrap();
    let check = |want: &Path, content: &[u8]| {
        fs::write(want, content).unwrap();
        let repository = Repository::open(&hg.path("damaged")).unwrap();
        let start = std::time::Instant::now();
        let error = read_newest(&repository).unwrap_err();
        // Waiting for a writer would take longer.
        assert!(start.elapsed().as_millis() < 400, "{:?}", start.elapsed());
        assert!(
            error.to_string().contains(want.to_str().unwrap()),
            "{error}"
        );
    };
    let mut changed = content.clone();
    *changed.last_mut().unwrap() ^= 1;
    check(&index, &changed);
    check(&index, &content[..64]);
    check(&index, b"");
    fs::write(&index, &content).unwrap();
    let changelog = store.join("00changelog.i");
    let whole = fs::read(&changelog).unwrap();
    check(&changelog, &[&[0, 0, 0xff, 0xff], &whole[4..]].concat());
}
