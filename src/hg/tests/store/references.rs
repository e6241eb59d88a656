//! Branches, tags, bookmarks, phases and what is served, against what `hg` tells.

use std::fs;
use std::path::Path;

use crate::common::{Hg, records};
use hg::{LookupError, Phase, Repository, Rev, Snapshot};

fn shorts(snapshot: &Snapshot) -> Vec<String> {
    (0..snapshot.len())
        .map(|rev| snapshot.node(Rev::new(rev as u32)).short())
        .collect()
}

fn numbers(revs: impl IntoIterator<Item = Rev>) -> Vec<u32> {
    revs.into_iter().map(Rev::number).collect()
}

/// Tags moved, removed and disagreeing between heads; a closed branch; bookmarks; a secret head.
fn make_references(hg: &mut Hg) {
    const USER: &str = "Üser <u@x>";
    let r = "refs";
    hg.init(r, &[]);
    let tag = |hg: &mut Hg, date: &str, arguments: &[&str]| {
        hg.run(r, &[&["tag", "-u", "t", "-d", date], arguments].concat());
    };
    hg.write(r, "f", "0\n");
    hg.commit(r, "r0", "0 0", USER);
    hg.write(r, "f", "1\n");
    hg.commit(r, "r1", "1 0", USER);
    tag(hg, "2 0", &["t1", "-r", "0"]);
    hg.run(r, &["up", "-q", "1"]);
    hg.run(r, &["branch", "-q", "stable"]);
    hg.write(r, "s", "s\n");
    hg.commit(r, "s1", "3 0", USER);
    tag(hg, "4 0", &["t1", "-r", "1", "-f"]);
    hg.run(r, &["up", "-q", "2"]);
    tag(hg, "5 0", &["t2", "-r", "1"]);
    tag(hg, "6 0", &["--remove", "t2"]);
    hg.run(r, &["tag", "-l", "loc", "-r", "1"]);
    tag(hg, "7 0", &["täg with space", "-r", "1"]);
    hg.run(r, &["branch", "-q", "dead; br ä"]);
    hg.write(r, "d", "d\n");
    hg.commit(r, "d1", "8 0", USER);
    hg.run(
        r,
        &[
            "commit",
            "-q",
            "--close-branch",
            "-m",
            "closed",
            "-d",
            "9 0",
            "-u",
            USER,
        ],
    );
    hg.run(r, &["up", "-q", "default"]);
    hg.write(r, "f", "2\n");
    hg.commit(r, "r2", "10 0", USER);
    hg.run(r, &["up", "-q", "7"]);
    hg.write(r, "g", "3\n");
    hg.commit(r, "r3", "11 0", USER);
    hg.run(r, &["bookmark", "-r", "10", "bm1"]);
    hg.run(r, &["bookmark", "active"]);
    hg.run(r, &["phase", "--public", "-r", "4", "-r", "5"]);
    hg.run(r, &["phase", "-s", "-f", "-r", "11"]);
    hg.write(r, "sec", "sec\n");
    hg.run(
        r,
        &[
            "commit", "-q", "-A", "-s", "-m", "secret", "-d", "12 0", "-u", USER,
        ],
    );
}

#[test]
fn references_are_those_of_the_served_changesets() {
    let mut hg = Hg::new("");
    make_references(&mut hg);
    let repository = Repository::open(&hg.path("refs")).unwrap();
    let snapshot = repository.snapshot().unwrap();
    let nodes = "80bc3c99729f eaac35d31666 ec02d1505a9b b58620d684d5 7cbb8df84710 53b6ea04a1e4 6e7d4103f974 \
                 109dcd5490e2 6239241846b5 43b52fcf369e 32951c7bff9e 63afbc3b914e 1ec7b3c7d2a0";
    assert_eq!(
        shorts(&snapshot),
        nodes.split_whitespace().collect::<Vec<_>>()
    );

    assert_eq!(
        numbers(snapshot.served().iter().rev()),
        (0..=10).rev().collect::<Vec<_>>()
    );
    assert_eq!(snapshot.tip(), Some(Rev::new(10)));
    assert_eq!(numbers(snapshot.heads()), [10, 9, 4]);
    for (rev, phase) in [
        (5, Phase::Public),
        (6, Phase::Draft),
        (10, Phase::Draft),
        (11, Phase::Secret),
        (12, Phase::Secret),
    ] {
        assert_eq!(snapshot.phase(Rev::new(rev)), phase, "{rev}");
    }

    let branches: Vec<_> = snapshot
        .branches()
        .unwrap()
        .iter()
        .map(|b| {
            (
                b.name.to_string(),
                numbers(b.heads.clone()),
                b.tip.number(),
                b.closed,
            )
        })
        .collect();
    let want = [
        ("dead; br ä", vec![9], 9, true),
        ("default", vec![10], 10, false),
        ("stable", vec![4], 4, false),
    ];
    assert_eq!(
        branches,
        want.map(|(name, heads, tip, closed)| (name.to_owned(), heads, tip, closed))
    );

    let tags: Vec<_> = snapshot
        .tags()
        .unwrap()
        .iter()
        .map(|t| (t.name.to_string(), t.rev.number(), t.local))
        .collect();
    assert_eq!(
        tags,
        [
            ("loc".to_owned(), 1, true),
            ("t1".to_owned(), 1, false),
            ("täg with space".to_owned(), 1, false)
        ]
    );
    let bookmarks: Vec<_> = snapshot
        .bookmarks()
        .iter()
        .map(|b| (b.name.to_string(), b.rev.number()))
        .collect();
    assert_eq!(bookmarks, [("bm1".to_owned(), 10)]);

    names_are_looked_up_in_order(&snapshot);
    caches_change_nothing(&mut hg);
    the_next_snapshot_shows_what_changed(&mut hg, &repository);
}

fn names_are_looked_up_in_order(snapshot: &Snapshot) {
    let found = |text: &str| snapshot.lookup(text).map(Rev::number);
    for (text, rev) in [
        ("tip", 10),
        (".", 10),
        ("3", 3),
        ("-3", 10),
        ("bm1", 10),
        ("t1", 1),
        ("täg with space", 1),
        ("loc", 1),
        ("stable", 4),
        ("dead; br ä", 9),
        ("default", 10),
        ("b58620d684d5", 3),
        ("B58", 3),
        ("b58620d684d5", 3),
    ] {
        assert_eq!(found(text).unwrap(), rev, "{text}");
    }
    let full = snapshot.node(Rev::new(7)).to_string();
    assert_eq!(found(&full).unwrap(), 7);
    // Secret changesets, and names that point at them, are as unknown as what does not exist.
    let secret = snapshot.node(Rev::new(12)).to_string();
    for text in [
        "",
        "12",
        "11",
        "-1",
        "active",
        "t2",
        "1ec7b3c7d2a0",
        &secret,
        "03",
        "+3",
        "fffff",
        "null",
        "f f",
    ] {
        assert!(
            matches!(found(text), Err(LookupError::Unknown { .. })),
            "{text}"
        );
    }
    match found("6") {
        Ok(rev) => assert_eq!(rev, 6, "a number goes before a prefix"),
        Err(error) => panic!("{error}"),
    }
    match snapshot.lookup("e") {
        Err(LookupError::Ambiguous { candidates, .. }) => {
            assert_eq!(
                candidates
                    .iter()
                    .map(|node| node.short())
                    .collect::<Vec<_>>(),
                ["eaac35d31666", "ec02d1505a9b"]
            );
        }
        other => panic!("{other:?}"),
    }
}

/// Mercurial's caches save time and must not change an answer, whatever state they are in.
fn caches_change_nothing(hg: &mut Hg) {
    let cache = hg.path("refs").join(".hg/cache");
    let read = |path: &Path| {
        let snapshot = Repository::open(path).unwrap().snapshot().unwrap();
        (
            snapshot.branches().unwrap().to_vec(),
            snapshot.tags().unwrap().to_vec(),
        )
    };
    hg.run("refs", &["debugupdatecaches"]);
    assert!(cache.join("rbc-revs-v2").exists() && cache.join("hgtagsfnodes1").exists());
    let with = read(&hg.path("refs"));
    fs::write(cache.join("hgtagsfnodes1"), [0xff; 100]).unwrap();
    fs::write(cache.join("rbc-revs-v2"), [0; 100]).unwrap();
    let broken = read(&hg.path("refs"));
    fs::remove_dir_all(&cache).unwrap();
    let without = read(&hg.path("refs"));
    assert_eq!(with, without);
    assert_eq!(broken, without);
}

fn the_next_snapshot_shows_what_changed(hg: &mut Hg, repository: &Repository) {
    let before = repository.snapshot().unwrap();
    assert!(
        std::sync::Arc::ptr_eq(&before, &repository.snapshot().unwrap()),
        "nothing changed"
    );
    hg.run("refs", &["phase", "-d", "-f", "-r", "12"]);
    let after = repository.snapshot().unwrap();
    assert_eq!(numbers(after.heads()), [12, 10, 9, 4]);
    assert_eq!(after.lookup("active").unwrap().number(), 12);
    assert_eq!(after.branches().unwrap()[1].tip.number(), 12);
    assert_eq!(
        before.tip(),
        Some(Rev::new(10)),
        "a snapshot does not change"
    );
    hg.run("refs", &["bookmark", "-q", "-r", "3", "late"]);
    assert_eq!(
        repository
            .snapshot()
            .unwrap()
            .lookup("late")
            .unwrap()
            .number(),
        3
    );
    hg.run("refs", &["tag", "-l", "-r", "2", "late tag"]);
    assert_eq!(
        repository
            .snapshot()
            .unwrap()
            .lookup("late tag")
            .unwrap()
            .number(),
        2
    );
}

#[test]
fn rewritten_changesets_are_hidden_unless_others_build_on_them() {
    let mut hg = Hg::new("[extensions]\nrebase=\ntransplant=\n[experimental]\nevolution=all\n");
    let r = "obs";
    hg.init(r, &[]);
    let user = "t <u@x>";
    for (file, date) in [("a", "0 0"), ("B", "1 0"), ("C", "1 0"), ("D", "1 0")] {
        hg.write(r, file, format!("{file}\n"));
        hg.commit(r, &file.to_uppercase(), date, user);
    }
    hg.run(r, &["up", "-q", "1"]);
    hg.write(r, "B", "b2\n");
    hg.run(
        r,
        &[
            "commit", "-q", "--amend", "-m", "B2", "-d", "2 0", "-u", user,
        ],
    );
    hg.run(r, &["up", "-q", "0"]);
    hg.write(r, "G", "G\n");
    hg.commit(r, "G", "3 0", user);
    hg.run(
        r,
        &["graft", "-q", "-r", "desc(B2)", "-d", "4 0", "-u", user],
    );
    hg.run(r, &["rebase", "-q", "-r", "desc(D)", "-d", "desc(G)"]);
    hg.run(r, &["up", "-q", "0"]);
    hg.write(r, "E", "E\n");
    hg.commit(r, "E", "5 0", user);
    hg.run(r, &["transplant", "-q", "desc(G)"]);

    let snapshot = Repository::open(&hg.path(r)).unwrap().snapshot().unwrap();
    let all = |test: &dyn Fn(Rev) -> bool| -> Vec<u32> {
        (0..snapshot.len() as u32)
            .filter(|rev| test(Rev::new(*rev)))
            .collect()
    };
    let of_hg = |hg: &mut Hg, revset: &str| -> Vec<u32> {
        hg.text(r, &["log", "--hidden", "-r", revset, "-T", "{rev} "])
            .split_whitespace()
            .map(|rev| rev.parse().unwrap())
            .collect()
    };
    assert_eq!(
        all(&|rev| snapshot.is_obsolete(rev)),
        of_hg(&mut hg, "obsolete()")
    );
    assert_eq!(
        all(&|rev| snapshot.is_hidden(rev)),
        of_hg(&mut hg, "hidden()")
    );
    assert_eq!(numbers(snapshot.heads()), {
        let mut heads = of_hg(&mut hg, "heads(all() - hidden())");
        heads.reverse();
        heads
    });
    assert!(
        all(&|rev| snapshot.is_hidden(rev)).len() < all(&|rev| snapshot.is_obsolete(rev)).len(),
        "one is obsolete, but shown"
    );
    let hidden = all(&|rev| snapshot.is_hidden(rev))[0];
    assert!(
        snapshot
            .lookup(&snapshot.node(Rev::new(hidden)).to_string())
            .is_err()
    );

    // Heads of branches and extras with raw bytes.
    let template = "{rev}\\0{join(extras % '{key}={value|stringescape}', ';')}\\0";
    for record in records(
        &hg.run(r, &["log", "--hidden", "-r", "all()", "-T", template]),
        2,
    ) {
        let changeset = snapshot
            .changeset(Rev::new(record[0].parse().unwrap()))
            .unwrap();
        let extras: Vec<String> = record[1].split(';').map(str::to_owned).collect();
        assert_eq!(
            extras.len(),
            changeset.extras.len().max(1)
                + usize::from(
                    !changeset.extras.is_empty() && !changeset.extras.contains_key(&b"branch"[..])
                ),
            "{record:?}"
        );
        for (key, value) in &changeset.extras {
            let key = String::from_utf8_lossy(key);
            if key.ends_with("source") && key != "transplant_source" {
                assert!(
                    extras.contains(&format!("{key}={}", String::from_utf8_lossy(value))),
                    "{key}"
                );
            }
            if key == "transplant_source" {
                let want = &snapshot
                    .lookup(&hg.text(r, &["log", "-r", "min(desc(G))", "-T", "{node}"]))
                    .unwrap();
                assert_eq!(value.as_slice(), snapshot.node(*want).as_bytes());
            }
        }
    }

    // What the working directory is based on stays visible.
    hg.run(r, &["up", "-q", "--hidden", "-r", &hidden.to_string()]);
    let pinned = Repository::open(&hg.path(r)).unwrap().snapshot().unwrap();
    assert!(pinned.is_obsolete(Rev::new(hidden)) && !pinned.is_hidden(Rev::new(hidden)));
    assert_eq!(
        of_hg(&mut hg, "hidden()"),
        (0..pinned.len() as u32)
            .filter(|rev| pinned.is_hidden(Rev::new(*rev)))
            .collect::<Vec<_>>()
    );
}

/// Commits with extras that need every escape there is.
const EXTRA_EXTENSION: &str = r#"
def reposetup(ui, repo):
    class with_extras(repo.__class__):
        def commit(self, *arguments, **named):
            named['extra'] = {b'k': b'nl\n nul\0 0 bs\\ cr\r bs0\\0 colon:x', b'topic': b't'}
            return super().commit(*arguments, **named)

    repo.__class__ = with_extras
"#;

#[test]
fn extras_come_back_byte_for_byte() {
    let scripts = tempfile::tempdir().unwrap();
    let file = scripts.path().join("extra.py");
    fs::write(&file, EXTRA_EXTENSION).unwrap();
    let mut hg = Hg::new(&format!("[extensions]\nextra={}\n", file.display()));
    hg.init("extra", &[]);
    hg.write("extra", "f", "f\n");
    hg.commit("extra", "with extras", "0 0", "u");
    let snapshot = Repository::open(&hg.path("extra"))
        .unwrap()
        .snapshot()
        .unwrap();
    let extras = snapshot.changeset(Rev::new(0)).unwrap().extras;
    assert_eq!(extras[&b"k"[..]], b"nl\n nul\0 0 bs\\ cr\r bs0\\0 colon:x");
    assert_eq!(extras[&b"topic"[..]], b"t");
}
