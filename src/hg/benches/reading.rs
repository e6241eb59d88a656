//! How fast history is read, beside Mercurial itself.
//!
//!     cargo bench -p kallithea-hg                          # makes a history of 8,000 changesets first: a minute
//!     cargo bench -p kallithea-hg -- REPOSITORY            # measures that one, on a copy
//!
//! All figures are CPU time of this process with warm disk caches, the median where an operation is run several times.
//! Mercurial's own are taken in one warm process, too; starting it is not counted. `KALLITHEA_TEST_HG` names the program.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use rustix::time::{ClockId, clock_gettime};

use hg::{HgPath, HgPathBuf, Repository, Rev, Snapshot};

/// CPU time of this thread in nanoseconds.
fn cpu_time() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Milliseconds of CPU that the work takes, the median of so many runs.
fn timed(runs: usize, mut work: impl FnMut()) -> f64 {
    median((0..runs).map(|_| once(&mut work)).collect())
}

fn once(work: impl FnOnce()) -> f64 {
    let start = cpu_time();
    work();
    (cpu_time() - start) as f64 / 1e6
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Memory of this process that is in use, in bytes.
fn resident() -> u64 {
    let told = fs::read_to_string("/proc/self/statm").expect("Linux tells memory");
    let pages = told
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse::<u64>().ok());
    pages.expect("the second number is of resident pages") * 4096
}

fn program() -> PathBuf {
    env::var_os("KALLITHEA_TEST_HG").map_or_else(|| "hg".into(), PathBuf::from)
}

fn mercurial(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program())
        .current_dir(directory)
        .env("HGRCPATH", "/dev/null")
        .env("HGPLAIN", "1")
        .env("HGENCODING", "UTF-8")
        .args([
            "--config",
            "ui.username=b",
            "--config",
            "storage.all-slow-path=allow",
        ])
        .args(arguments)
        .output()
        .expect("the benchmark needs Mercurial");
    assert!(
        output.status.success(),
        "hg {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A copy of the repository to be measured, in a directory that vanishes.
fn prepare(directory: &Path) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = directory.join("repository");
    let target_name = target.to_str().expect("a plain name");
    match env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
    {
        Some(source) => {
            mercurial(
                directory,
                &["clone", "-q", "--noupdate", "--pull", &source, target_name],
            );
        }
        None => {
            let story = here.join("../../tests/bench/hg_history.py");
            let extension = format!("extensions.story={}", story.display());
            mercurial(directory, &["init", target_name]);
            mercurial(&target, &["--config", &extension, "tell-history", "8000"]);
        }
    }
    target
}

/// The file whose history is most work: large, and changed often.
fn busiest_file(snapshot: &Snapshot) -> (HgPathBuf, usize, usize) {
    let tip = snapshot.tip().expect("a history");
    let manifest = snapshot.manifest(tip).expect("a manifest");
    let revisions = |path: HgPath<'_>| {
        let log = hg::StoredLog::File(path);
        snapshot.stored_nodes(log).map_or(0, |nodes| nodes.len())
    };
    let files = manifest.iter().expect("files");
    let (path, entry) = files
        .filter(|(path, _)| *path != HgPath::new(".hgtags"))
        .max_by_key(|(path, entry)| {
            let size = snapshot.file_size(*path, &entry.node).unwrap_or(0);
            revisions(*path) as u64 * size
        })
        .expect("a file");
    let data = snapshot.file(path, &entry.node).expect("content").data;
    let lines = data.iter().filter(|&&byte| byte == b'\n').count();
    (path.to_buf(), revisions(path), lines)
}

struct Row {
    name: String,
    ours: f64,
    /// What it must not exceed.
    limit: f64,
    unit: &'static str,
    /// The name of Mercurial's figure.
    theirs: Option<&'static str>,
}

fn main() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = prepare(directory.path());
    let mut rows = Vec::new();
    let expect = "a readable repository";

    rows.extend(memory(&root));
    let mut row = |name: &str, ours: f64, limit: f64, theirs: Option<&'static str>| {
        rows.push(Row {
            name: name.to_owned(),
            ours,
            limit,
            unit: "ms",
            theirs,
        });
    };
    let mut opened: Option<Repository> = None;
    let cold = timed(20, || {
        let repository = Repository::open(&root).expect(expect);
        repository.snapshot().expect(expect);
        opened = Some(repository);
    });
    let repository = opened.expect("it was opened");
    row("open and first snapshot", cold, 5.0, Some("open"));
    let again = timed(50, || drop(repository.snapshot().expect(expect)));
    row(
        "the same snapshot again, after a look for changes",
        again,
        0.2,
        Some("validate"),
    );

    let snapshot = repository.snapshot().expect(expect);
    let all: Vec<Rev> = snapshot.served().iter().collect();
    let newest = timed(20, || {
        for rev in snapshot.served().iter().rev().take(40) {
            snapshot.changeset(rev).expect(expect);
        }
    });
    row("40 newest changesets", newest, 1.0, Some("newest"));
    let texts = timed(3, || {
        for rev in &all {
            snapshot.changeset(*rev).expect(expect);
        }
    });
    row(
        &format!("all {} changesets", all.len()),
        texts,
        100.0,
        Some("texts"),
    );

    let some: Vec<Rev> = (0..200).map(|n| all[(n * 7919 + 13) % all.len()]).collect();
    let one_changeset = some.iter().map(|rev| {
        once(|| {
            let changeset = snapshot.changeset(*rev).expect(expect);
            snapshot.status(changeset.parents[0], *rev).expect(expect);
        })
    });
    row(
        "a changeset with its changed files",
        median(one_changeset.collect()),
        3.0,
        Some("changeset"),
    );
    let file = some.iter().map(|rev| {
        let manifest = snapshot.manifest(*rev).expect(expect);
        let files: Vec<HgPathBuf> = manifest
            .iter()
            .expect(expect)
            .map(|file| file.0.to_buf())
            .collect();
        let Some(path) = files.get(rev.index() % files.len().max(1)) else {
            return 0.0;
        };
        // Some other changeset in between, so that nothing is remembered.
        snapshot
            .manifest(all[(rev.index() * 31) % all.len()])
            .expect(expect);
        once(|| {
            let manifest = snapshot.manifest(*rev).expect(expect);
            let entry = manifest
                .get(path.as_path())
                .expect(expect)
                .expect("it was listed");
            snapshot.file(path.as_path(), &entry.node).expect(expect);
        })
    });
    row(
        "a file at a changeset",
        median(file.collect()),
        4.0,
        Some("file"),
    );

    let (path, revisions, lines) = busiest_file(&snapshot);
    let tip = snapshot.tip().expect("a history");
    let annotate = timed(3, || {
        drop(snapshot.annotate(tip, path.as_path()).expect(expect))
    });
    let name = format!("annotate: {lines} lines, {revisions} revisions");
    row(&name, annotate, 165.0, Some("annotate"));

    fs::remove_dir_all(root.join(".hg/cache")).expect("caches");
    let heads = timed(5, || {
        let repository = Repository::open(&root).expect(expect);
        let snapshot = repository.snapshot().expect(expect);
        snapshot.branches().expect(expect);
    });
    row("branch heads from nothing", heads, 150.0, Some("heads"));
    snapshot.branches().expect(expect);
    let mut after = Vec::new();
    for _ in 0..5 {
        mercurial(&root, &["debugbuilddag", "--from-existing", "+1"]);
        // What Mercurial has noted meanwhile must not help.
        let _ = fs::remove_dir_all(root.join(".hg/cache"));
        after.push(once(|| {
            let snapshot = repository.snapshot().expect(expect);
            snapshot.branches().expect(expect);
        }));
    }
    row(
        "branch heads after one more commit",
        median(after),
        1.0,
        None,
    );

    print(&rows, &times_of_mercurial(&root, &path, tip));
    assert!(
        rows.iter().all(|row| row.ours <= row.limit),
        "a figure is missed"
    );
}

/// What is held of a history, measured on twenty of them before anything else is done.
fn memory(root: &Path) -> Vec<Row> {
    const KEPT: usize = 20;
    let expect = "a readable repository";
    let open = || {
        let repository = Repository::open(root).expect(expect);
        let snapshot = repository.snapshot().expect(expect);
        snapshot.branches().expect(expect);
        for rev in snapshot.served().iter() {
            assert_eq!(snapshot.rev(&snapshot.node(rev)), Some(rev));
        }
        let none = HgPath::new("none");
        snapshot.touching(snapshot.served(), none).expect(expect);
        repository
    };
    // The first one leaves behind what memory management keeps for the next ones.
    drop(open());
    let before = resident();
    let kept: Vec<Repository> = (0..KEPT).map(|_| open()).collect();
    let len = kept[0].snapshot().expect(expect).len();
    let held = || resident().saturating_sub(before) as f64 / (KEPT * len) as f64;
    let row = |name: &str, ours: f64, limit: f64| Row {
        name: name.to_owned(),
        ours,
        limit,
        unit: "bytes",
        theirs: None,
    };
    let first = row(
        "held per changeset: index, hashes, phases, branches, files",
        held(),
        100.0,
    );
    for repository in &kept {
        let snapshot = repository.snapshot().expect(expect);
        let tip = snapshot.tip().expect("a history");
        snapshot.manifest(tip).expect(expect);
    }
    let second = row(
        "the same with the index of the manifests",
        held(),
        f64::INFINITY,
    );
    vec![first, second]
}

fn times_of_mercurial(root: &Path, path: &HgPathBuf, tip: Rev) -> Vec<(String, f64)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/time_reading.py");
    let extension = format!("extensions.timereading={}", file.display());
    let told = mercurial(
        root,
        &[
            "--config",
            &extension,
            "timereading",
            &path.to_string(),
            &tip.to_string(),
        ],
    );
    let line = |line: &str| {
        let (name, time) = line.split_once('\t')?;
        Some((name.to_owned(), time.parse().ok()?))
    };
    told.lines().filter_map(line).collect()
}

fn print(rows: &[Row], theirs: &[(String, f64)]) {
    println!("| | ours | at most | hg |");
    println!("|---|--:|--:|--:|");
    for row in rows {
        let limit = if row.limit.is_finite() {
            format!("{} {}", row.limit, row.unit)
        } else {
            "–".to_owned()
        };
        let time = theirs
            .iter()
            .find(|(name, _)| Some(name.as_str()) == row.theirs);
        let time = time.map_or_else(|| "–".to_owned(), |(_, time)| format!("{time:.3} ms"));
        println!(
            "| {} | {:.3} {} | {} | {time} |",
            row.name, row.ours, row.unit, limit
        );
    }
}
