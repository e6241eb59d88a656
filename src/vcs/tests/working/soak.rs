//! Everything at once: four processes ask everything while pushes come in.
//!
//! The test starts itself four times more, as the readers; each opens the repository for itself and shares the cache's folder with the others.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use vcs::compare::{Comparison, End};
use vcs::{
    ArchiveFormat, ArchiveOptions, BlameOptions, Cache, ChangesetId, CommitError, DiffOptions,
    FileChange, Kind, LogQuery, RepoPath, Repository,
};

use crate::commits::{bare, create, edit, programs, request};
use crate::long_history::long;
use crate::recipe::{Work, story};

const REPOSITORY: &str = "KALLITHEA_SOAK_REPOSITORY";
const KIND: &str = "KALLITHEA_SOAK_KIND";
const CACHE: &str = "KALLITHEA_SOAK_CACHE";
const READERS: usize = 4;
/// `KALLITHEA_SOAK_SECONDS` says otherwise.
const SECONDS: u64 = 20;

fn duration() -> Duration {
    let asked = std::env::var("KALLITHEA_SOAK_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok());
    Duration::from_secs(asked.unwrap_or(SECONDS))
}

#[test]
#[ignore = "minutes long: make test-all"]
fn everything_at_once() {
    for kind in [Kind::Git, Kind::Hg] {
        let original = story(kind);
        let work = match kind {
            Kind::Git => bare(&original),
            Kind::Hg => original.work,
        };
        readers_and_pushes(&work, kind);
    }
}

/// The same on histories that are long: 20,000 changesets.
#[test]
#[ignore = "minutes long: make test-all"]
fn everything_at_once_on_long_histories() {
    for kind in [Kind::Git, Kind::Hg] {
        let work = long(kind, 20_000);
        if kind == Kind::Git {
            work.run("git", &["config", "core.bare", "true"]);
        }
        readers_and_pushes(&work, kind);
    }
}

/// The same on copies of repositories that stand somewhere: `KALLITHEA_SOAK_GIT`, with a branch `main`, and `KALLITHEA_SOAK_HG`.
#[test]
#[ignore = "minutes long, and wants repositories"]
fn everything_at_once_on_given_repositories() {
    for (kind, variable, inside) in [
        (Kind::Git, "KALLITHEA_SOAK_GIT", ".git"),
        (Kind::Hg, "KALLITHEA_SOAK_HG", "."),
    ] {
        let Some(given) = std::env::var_os(variable) else {
            continue;
        };
        let work = Work::new(kind);
        let copied = Command::new("cp")
            .arg("-a")
            .arg(Path::new(&given).join("."))
            .arg(work.path().join(inside))
            .status();
        assert!(copied.unwrap().success());
        readers_and_pushes(&work, kind);
    }
}

fn readers_and_pushes(work: &Work, kind: Kind) {
    let cache = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "soak::a_reader", "--ignored", "--nocapture"])
                .env(REPOSITORY, work.path())
                .env(KIND, kind.as_str())
                .env(CACHE, cache.path())
                .stdout(Stdio::piped())
                .stderr(Stdio::inherit())
                .spawn()
                .unwrap()
        })
        .collect();
    let before = Repository::open(work.path(), kind).unwrap();
    let before = before.count(&LogQuery::default()).unwrap();
    let pushes = push(work, kind);
    for reader in readers {
        let output = reader.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{kind}:\n{told}");
        let rounds = told.lines().find(|line| line.contains("rounds"));
        println!("{kind}: {}", rounds.unwrap_or_default());
    }
    println!("{kind}: {pushes} pushes");
    let repository = Repository::open(work.path(), kind).unwrap();
    let total = repository.count(&LogQuery::default()).unwrap();
    assert!(
        pushes > 0 && total == before + pushes,
        "{before}, {pushes} pushes, {total}"
    );
    match kind {
        Kind::Git => work.run("git", &["fsck", "--strict"]),
        Kind::Hg => work.run("hg", &["verify", "-q"]),
    };
}

/// Commits until the time is over, and packs anew now and then.
fn push(work: &Work, kind: Kind) -> usize {
    let repository = Repository::open(work.path(), kind).unwrap();
    let branch = if kind == Kind::Git { "main" } else { "default" };
    let start = Instant::now();
    let mut made = 0;
    while start.elapsed() < duration() {
        let parent = repository.resolve(branch).unwrap();
        let name = format!("pushed {}", made % 7);
        let content = format!("{made}\n");
        let change: FileChange = if made < 7 {
            create(&name, content.as_bytes())
        } else {
            edit(&name, content.as_bytes())
        };
        let mut request = request(Some(parent), vec![change]);
        request.branch = vcs::RefName::new(branch);
        request.date.seconds += made as i64;
        match repository.commit(&programs(), &request) {
            Ok(_) => made += 1,
            Err(CommitError::Moved { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        if kind == Kind::Git && made % 20 == 19 {
            work.run("git", &["repack", "-adq"]);
        }
    }
    made
}

/// Asks everything again and again. Does nothing when it is not started by the test above.
#[test]
#[ignore = "started by everything_at_once"]
fn a_reader() {
    let (Some(path), Ok(kind), Some(cache)) = (
        std::env::var_os(REPOSITORY),
        std::env::var(KIND),
        std::env::var_os(CACHE),
    ) else {
        return;
    };
    let kind: Kind = kind.parse().unwrap();
    let open = |cache: &Cache| {
        let repository = Repository::open(Path::new(&path), kind).unwrap();
        repository.with_history_in(cache)
    };
    let cache = Cache::new(cache, 16 << 20);
    let mut repository = open(&cache);
    let start = Instant::now();
    let mut rounds = 0;
    while start.elapsed() < duration() {
        // One request after the other.
        ask(&repository.at_one_moment(), &cache);
        rounds += 1;
        if rounds % 10 == 0 {
            // A worker ends, and another one begins.
            repository = open(&cache);
        }
        if rounds % 50 == 0 {
            // Anybody may delete it at any moment.
            let _ = std::fs::remove_dir_all(cache.folder());
        }
    }
    assert!(rounds > 0);
    println!("{rounds} rounds");
}

fn ask(repository: &Repository, cache: &Cache) {
    let tip = repository.resolve("tip").unwrap();
    ask_about_history(repository, tip);
    let page = repository
        .log(&LogQuery {
            limit: 5,
            ..LogQuery::default()
        })
        .unwrap();
    let oldest = repository
        .log(&LogQuery {
            skip: page.total - 1,
            limit: 1,
            ..LogQuery::default()
        })
        .unwrap();
    let oldest = oldest.changesets[0].id;
    let cached = repository.cached(cache);
    cached.last_changes(&tip, &RepoPath::root()).unwrap();
    let names = repository.file_names(&tip, &RepoPath::root()).unwrap();
    for path in names.paths.iter().take(4) {
        repository.file(&tip, path).unwrap();
        cached.blame(&tip, path, &BlameOptions::default()).unwrap();
    }
    cached
        .unified(Some(&oldest), &tip, &DiffOptions::default())
        .unwrap();
    let end = |id| End {
        repository,
        id: Some(id),
    };
    let comparison = Comparison::new(end(tip), end(oldest)).unwrap();
    comparison.sides().unwrap();
    assert!(comparison.merge().unwrap().is_clean());
    for format in ArchiveFormat::ALL {
        let options = ArchiveOptions {
            format,
            prefix: RepoPath::root(),
            path: RepoPath::root(),
        };
        let mut bytes = Vec::new();
        cached
            .archive(&tip, &options)
            .unwrap()
            .reader
            .read_to_end(&mut bytes)
            .unwrap();
        assert!(!bytes.is_empty());
    }
}

/// Lists, relations and single changesets.
fn ask_about_history(repository: &Repository, tip: ChangesetId) {
    let refs = repository.refs().unwrap();
    assert!(!refs.branches.is_empty());
    let total = repository.count(&LogQuery::default()).unwrap();
    let skip = (u32::from(tip.as_bytes()[0]) as usize * 257) % total;
    let page = repository
        .log(&LogQuery {
            skip,
            limit: 30,
            ..LogQuery::default()
        })
        .unwrap();
    let ids: Vec<_> = page.changesets.iter().map(|one| one.id).collect();
    repository.graph(&ids).unwrap();
    for id in ids.iter().step_by(7) {
        assert_eq!(repository.resolve(&id.to_string()).unwrap(), *id);
        assert!(repository.number_of(id).unwrap().is_some());
        repository.children(id).unwrap();
        repository.next(id, None).unwrap();
        repository
            .previous(id, Some(&refs.branches[0].name))
            .unwrap();
        assert!(repository.is_ancestor(id, &tip).is_ok());
        repository.common_ancestors(id, &tip).unwrap();
        let parent = repository.parents(id).unwrap().first().copied();
        repository.changed_files(parent.as_ref(), id).unwrap();
        repository
            .diff(parent.as_ref(), id, &DiffOptions::default())
            .unwrap();
        repository.combined_diff(id, 3, true).unwrap();
        repository.signatures(id).unwrap();
        repository.listing(id, &RepoPath::root(), 0, 50).unwrap();
    }
    if let [first, .., last] = ids[..] {
        repository.only(&[first], &[last]).unwrap();
        repository.range(&last, &first).unwrap();
    }
    let names = repository.file_names(&tip, &RepoPath::root()).unwrap();
    let path = &names.paths[usize::from(tip.as_bytes()[1]) % names.paths.len()];
    repository.file_history(&tip, path, 0, 10).unwrap();
    let of_author = LogQuery {
        from: ids.last().copied(),
        author: Some("c".into()),
        since: Some(1_500_000_000),
        limit: 5,
        ..LogQuery::default()
    };
    repository.log(&of_author).unwrap();
}
