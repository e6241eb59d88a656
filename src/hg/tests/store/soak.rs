//! Minutes of what the other tests do in seconds.

use std::fs;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::Hg;
use crate::common::every::{compare, extension};
use hg::{Error, HgPath, Repository, Snapshot};

/// What one state of the repository must hold by itself: a file `n` whose content is the description of the changeset that made
/// it, and a file `copy` that is equal to it. A reader that mixes two states sees that they differ.
fn check(snapshot: &Snapshot) -> Result<(), Error> {
    for rev in snapshot.served().iter().rev().take(6) {
        let changeset = snapshot.changeset(rev)?;
        let manifest = snapshot.manifest(rev)?;
        let content = |path: &str| {
            let path = HgPath::new(path);
            let entry = manifest
                .get(path)?
                .unwrap_or_else(|| panic!("{rev} has no {path}"));
            Ok::<_, Error>(snapshot.file(path, &entry.node)?.data)
        };
        let number = content("n")?;
        assert_eq!(number, changeset.description.as_bytes(), "{rev}");
        assert_eq!(number, content("copy")?, "{rev}");
        for (path, entry) in manifest.iter()? {
            snapshot.file_size(path, &entry.node)?;
        }
        snapshot.status(changeset.parents[0], rev)?;
    }
    if let Some(tip) = snapshot.tip() {
        assert!(!snapshot.is_hidden(tip));
        for branch in snapshot.branches()? {
            assert!(branch.heads.iter().all(|head| snapshot.is_served(*head)));
        }
        snapshot.annotate(tip, HgPath::new("n"))?;
        snapshot.last_changes(tip, HgPath::ROOT, 100)?;
        snapshot.tags()?;
        snapshot.instabilities()?;
    }
    Ok(())
}

/// Readers beside a writer that commits, amends with and without markers, strips, changes phases and lets files outgrow their
/// inline index: no wrong answer, and no word of damage.
fn hammer(duration: Duration) -> (usize, usize) {
    let mut hg = Hg::new("[extensions]\nstrip=\n");
    hg.init("live", &[]);
    let write = |hg: &Hg, word: &str| {
        hg.write("live", "n", word);
        hg.write("live", "copy", word);
        let other = format!("other{}", word.len() % 3);
        hg.write(
            "live",
            &other,
            crate::common::noise(20_000 + word.len() * 997).as_slice(),
        );
    };
    write(&hg, "start");
    hg.commit("live", "start", "0 0", "t");
    let root = hg.path("live");
    let repository = Repository::open(&root).unwrap();
    let (stop, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut writes = 0;
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let result = repository.read(|snapshot| check(snapshot));
                    if let Err(error) = result {
                        stop.store(true, Ordering::Relaxed);
                        panic!("{error}");
                    }
                    // One that has never seen an earlier state.
                    let fresh = Repository::open(&root)
                        .unwrap()
                        .read(|snapshot| check(snapshot));
                    if let Err(error) = fresh {
                        stop.store(true, Ordering::Relaxed);
                        panic!("fresh: {error}");
                    }
                    reads.fetch_add(2, Ordering::Relaxed);
                }
            });
        }
        let start = Instant::now();
        while start.elapsed() < duration && !stop.load(Ordering::Relaxed) {
            let word = format!("{}{}", "w".repeat(writes % 40), writes);
            write(&hg, &word);
            hg.commit("live", &word, "1 0", "t");
            match writes % 4 {
                0 => {
                    let word = format!("{word} amended");
                    write(&hg, &word);
                    hg.run("live", &["commit", "-q", "--amend", "-m", &word]);
                }
                1 => {
                    let word = format!("{word} evolved");
                    write(&hg, &word);
                    let evolve = ["--config", "experimental.evolution=all"];
                    hg.run(
                        "live",
                        &[&evolve[..], &["commit", "-q", "--amend", "-m", &word]].concat(),
                    );
                }
                2 => {
                    hg.run(
                        "live",
                        &["strip", "-q", "--no-backup", "--force", "-r", "."],
                    );
                    hg.run("live", &["up", "-q", "-C", "."]);
                }
                _ => {
                    hg.run("live", &["phase", "-q", "--secret", "--force", "-r", "."]);
                    hg.run("live", &["phase", "-q", "--draft", "-r", "."]);
                }
            }
            writes += 1;
        }
        stop.store(true, Ordering::Relaxed);
    });
    hg.run("live", &["verify", "-q"]);
    (reads.into_inner(), writes)
}

#[test]
fn readers_beside_a_writer() {
    let (reads, writes) = hammer(Duration::from_secs(5));
    assert!(reads > 10 && writes > 1, "{reads} reads, {writes} writes");
}

#[test]
#[ignore = "minutes long: make test-all"]
fn readers_beside_a_writer_for_minutes() {
    let (reads, writes) = hammer(Duration::from_secs(180));
    println!("{reads} reads beside {writes} rounds of writing");
    assert!(
        reads > 1000 && writes > 50,
        "{reads} reads, {writes} writes"
    );
}

/// Many random histories, each with other seeds.
#[test]
#[ignore = "minutes long: make test-all"]
fn many_random_histories() {
    let judge = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/judge.py");
    let mut hg = Hg::new(&format!(
        "{}judge={}\n[experimental]\nevolution=all\n",
        extension(),
        judge.display()
    ));
    let seed = std::env::var("KALLITHEA_TEST_SEED")
        .map_or_else(|_| std::process::id(), |seed| seed.parse().unwrap());
    println!("seed {seed}");
    for round in 0..20 {
        let (name, seed) = (format!("r{round}"), (seed + round).to_string());
        let trees = ["experimental.treemanifest=1"];
        let general = ["format.usegeneraldelta=0", "format.sparse-revlog=0"];
        let settings = [&[][..], &trees, &general][round as usize % 3];
        hg.init(&name, settings);
        hg.run(&name, &["makehistory", &seed, "80"]);
        hg.run(&name, &["makehidden", &seed, "12"]);
        compare(&mut hg, &name);
        fs::remove_dir_all(hg.path(&name)).unwrap();
    }
}

/// A history that was converted from another system, if `KALLITHEA_TEST_CONVERTED` names one: thousands of changesets, each
/// compared by what `hg` logs, and some hundred files by content.
#[test]
#[ignore = "minutes long: make test-all"]
fn a_long_history_that_was_converted() {
    let Some(source) = std::env::var_os("KALLITHEA_TEST_CONVERTED") else {
        eprintln!("KALLITHEA_TEST_CONVERTED names no repository: not compared");
        return;
    };
    let hg = Hg::new("");
    let repository = Repository::open(std::path::Path::new(&source)).unwrap();
    let snapshot = repository.snapshot().unwrap();
    std::os::unix::fs::symlink(&source, hg.path("long")).unwrap();
    let template = "{rev} {node} {p1rev} {p2rev} {branch} {date|hgdate} {author}\\0{desc}\\0{join(files, '/')}\\0";
    let told = hg
        .command("long")
        .args(["log", "-r", "all()", "-T", template])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let mut ours = Vec::new();
    for rev in snapshot.served().iter() {
        let changeset = snapshot.changeset(rev).unwrap();
        let number = |rev: Option<hg::Rev>| rev.map_or(-1, |rev| i64::from(rev.number()));
        let [first, second] = changeset.parents.map(number);
        let (time, files) = (changeset.time, changeset.files.iter());
        let files: Vec<String> = files.map(ToString::to_string).collect();
        let line = format!(
            "{rev} {} {first} {second} {} {} {} {}\0{}\0{}\0",
            changeset.node,
            changeset.branch,
            time.seconds,
            time.offset_west,
            changeset.user,
            changeset.description,
            files.join("/")
        );
        ours.extend_from_slice(line.as_bytes());
    }
    assert!(ours == told.stdout, "the logs differ");
    for n in 0..100 {
        let rev = hg::Rev::new((n * 7919 % snapshot.len()) as u32);
        let manifest = snapshot.manifest(rev).unwrap();
        let mut all = Vec::new();
        for (path, entry) in manifest.iter().unwrap() {
            all.extend_from_slice(&snapshot.file(path, &entry.node).unwrap().data);
        }
        let told = hg
            .command("long")
            .args(["cat", "-r", &rev.to_string(), "re:."])
            .output()
            .unwrap();
        assert!(all == told.stdout, "the files of {rev} differ");
    }
}
