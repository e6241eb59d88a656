//! Histories that a worker keeps for others: what comes from there is what the repository says.

use std::fmt::Write;
use std::fs;

use vcs::{Cache, ChangesetId, Kind, LogQuery, RefName, Repository};

use crate::recipe::Work;

/// Some lines of development that merge now and then, with clocks that go wrong.
fn lines_and_merges(commits: usize) -> Work {
    let work = Work::new(Kind::Git);
    let mut script = String::new();
    for n in 1..=commits {
        let skew = if n % 13 == 0 { 5_000 } else { 0 };
        let date = 1_600_000_000 + n * 60 - skew;
        let branch = ["main", "side", "third/one"][n * n % 3];
        write!(
            script,
            "commit refs/heads/{branch}\nmark :{n}\ncommitter C <c@example.com> {date} +0000\ndata 2\nm\n"
        )
        .unwrap();
        // A branch goes on from its own last commit; each 17th takes in another.
        if n % 17 == 0 {
            writeln!(script, "merge :{}", n - 1).unwrap();
        }
        write!(script, "M 100644 inline f{}\ndata 8\n{n:07}\n", n % 10).unwrap();
    }
    work.feed("git", &["fast-import", "--quiet"], script.as_bytes());
    work
}

/// What is asked of the newest part, of the middle and of the end.
fn answers(repository: &Repository) -> Vec<String> {
    let mut told = Vec::new();
    let total = repository.count(&LogQuery::default()).unwrap();
    for (skip, limit) in [
        (0, 100),
        (40, 7),
        (950, 60),
        (990, 100),
        (total - 3, 10),
        (total + 5, 10),
    ] {
        let query = LogQuery {
            skip,
            limit,
            ..LogQuery::default()
        };
        let page = repository.log(&query).unwrap();
        let ids: Vec<ChangesetId> = page.changesets.iter().map(|one| one.id).collect();
        told.push(format!("{} {ids:?}", page.total));
        told.push(format!("{:?}", repository.graph(&ids).unwrap()));
        for id in ids.iter().step_by(9) {
            told.push(format!("{:?}", repository.number_of(id).unwrap()));
            told.push(format!("{:?}", repository.children(id).unwrap()));
            told.push(format!(
                "{:?}",
                repository.resolve(&id.to_string()).unwrap()
            ));
            told.push(format!("{:?}", repository.resolve(&id.short()).unwrap()));
            for branch in [None, Some(RefName::new("side"))] {
                told.push(format!(
                    "{:?}",
                    repository.next(id, branch.as_ref()).unwrap()
                ));
                told.push(format!(
                    "{:?}",
                    repository.previous(id, branch.as_ref()).unwrap()
                ));
            }
        }
    }
    for word in [
        "0",
        "7",
        &(total - 1).to_string(),
        &total.to_string(),
        "main",
        "tip",
    ] {
        told.push(format!(
            "{:?}",
            repository.resolve(word).map_err(|error| error.to_string())
        ));
    }
    told
}

/// Each question to a worker of its own, which has to find what it needs by itself.
fn told_apart(work: &Work, cache: &Cache) -> Vec<String> {
    answers(&work.open().with_history_in(cache))
}

#[test]
fn a_kept_history_says_what_the_repository_says() {
    let work = lines_and_merges(1_200);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let cache = Cache::new(folder.path(), 1 << 30);
    let files = || {
        let folders = fs::read_dir(folder.path()).unwrap().flatten();
        let files = folders.filter_map(|entry| fs::read_dir(entry.path()).ok());
        files
            .flatten()
            .flatten()
            .map(|file| file.path())
            .collect::<Vec<_>>()
    };
    let check = |what: &str| {
        let truth = answers(&work.open());
        for round in 0..2 {
            assert!(told_apart(&work, &cache) == truth, "{what}, round {round}");
        }
        let order = work.git(&["rev-list", "--date-order", "--branches", "--tags"]);
        let count = order.lines().count();
        let fresh = work.open().with_history_in(&cache);
        let page = fresh
            .log(&LogQuery {
                limit: count,
                ..LogQuery::default()
            })
            .unwrap();
        let ids = page.changesets.iter().map(|one| one.id.to_string());
        assert!(ids.eq(order.lines().map(str::to_owned)), "{what}");
    };
    check("from nothing");
    assert_eq!(files().len(), 2, "the history and its newest part");
    // A handle that was opened before sees a push, too.
    let old = work.open().with_history_in(&cache);
    old.log(&LogQuery::default()).unwrap();
    let new = work.git(&[
        "commit-tree",
        "main^{tree}",
        "-p",
        "side",
        "-p",
        "main",
        "-m",
        "new",
    ]);
    work.git(&["update-ref", "refs/heads/side", new.trim()]);
    assert_eq!(answers(&old), answers(&work.open()));
    check("a push");
    work.git(&["update-ref", "refs/heads/main", "main~40"]);
    check("a branch goes back");
    work.git(&["update-ref", "-d", "refs/heads/third/one"]);
    check("a branch is deleted");
    // Whatever happens to the cache: it is only slower.
    for (at, file) in files().into_iter().enumerate() {
        let mut bytes = fs::read(&file).unwrap();
        bytes.truncate(bytes.len() - 1 - at);
        fs::write(&file, bytes).unwrap();
    }
    check("a damaged cache");
    files()
        .iter()
        .for_each(|file| fs::remove_file(file).unwrap());
    check("an empty cache");
    work.git(&["commit-graph", "write", "--reachable"]);
    files()
        .iter()
        .for_each(|file| fs::remove_file(file).unwrap());
    check("a file of git's own");
}

#[test]
fn what_names_no_longer_reach_is_unknown_also_where_it_was_kept() {
    let work = lines_and_merges(400);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let cache = Cache::new(folder.path(), 1 << 30);
    let first = work.open().with_history_in(&cache);
    first.log(&LogQuery::default()).unwrap();
    let gone = work.git(&["rev-parse", "main"]);
    let old = work.git(&["rev-parse", "main~30"]);
    for branch in ["main", "side", "third/one"] {
        work.git(&["update-ref", &format!("refs/heads/{branch}"), old.trim()]);
    }
    for _ in 0..2 {
        let repository = work.open().with_history_in(&cache);
        assert!(repository.resolve(gone.trim()).is_err());
        assert!(repository.resolve(&gone[..12]).is_err());
        repository
            .log(&LogQuery {
                skip: 10,
                limit: 500,
                ..LogQuery::default()
            })
            .unwrap();
    }
}
