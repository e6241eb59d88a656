//! Long histories: what does not ask about history must not cost more because of it.

use std::time::{Duration, Instant};

use vcs::{DiffOptions, Kind, LogQuery, Repository};

use crate::recipe::Work;

/// A history of so many changesets in one line, one file of a hundred changed in each.
fn long(commits: usize) -> Work {
    let work = Work::new(Kind::Git);
    let mut script = String::with_capacity(commits * 160);
    for n in 0..commits {
        let (date, text) = (1_500_000_000 + n * 60, format!("text {n}\n"));
        script += &format!(
            "commit refs/heads/main\ncommitter C <c@example.com> {date} +0000\ndata 1\nm\n"
        );
        script += &format!(
            "M 100644 inline d{}/f{}\ndata {}\n{text}\n",
            n % 10,
            n % 100,
            text.len()
        );
    }
    work.feed("git", &["fast-import", "--quiet"], script.as_bytes());
    work.run("git", &["commit-graph", "write", "--reachable"]);
    work
}

/// The best of some tries: others use the machine as well.
fn best(mut work: impl FnMut()) -> Duration {
    let tries = (0..7).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    tries.min().unwrap_or_default()
}

#[test]
#[ignore = "minutes long: make test-all"]
fn cost_does_not_grow_with_history() {
    let (short, long) = (long(1_000), long(100_000));
    let (short, long) = (short.open(), long.open());
    // Once, history has to be read.
    for repository in [&short, &long] {
        repository.log(&LogQuery::default()).unwrap();
    }
    let tip = |repository: &Repository| repository.resolve("main").unwrap();
    type Question<'a> = (&'a str, &'a dyn Fn(&Repository));
    let questions: [Question<'_>; 8] = [
        ("open", &|repository| {
            drop(Repository::open(repository.path(), Kind::Git).unwrap())
        }),
        ("refs", &|repository| drop(repository.refs().unwrap())),
        ("resolve a name", &|repository| {
            repository.resolve("main").unwrap();
        }),
        ("resolve a beginning", &|repository| {
            repository.resolve(&tip(repository).short()).unwrap();
        }),
        ("page of the log", &|repository| {
            let page = repository.log(&LogQuery::default()).unwrap();
            let ids: Vec<_> = page.changesets.iter().map(|one| one.id).collect();
            repository.graph(&ids).unwrap();
        }),
        ("children and parents", &|repository| {
            let parent = repository.parents(&tip(repository)).unwrap()[0];
            repository.children(&parent).unwrap();
        }),
        ("diff", &|repository| {
            let id = tip(repository);
            let parent = repository.parents(&id).unwrap()[0];
            repository
                .diff(Some(&parent), &id, &DiffOptions::default())
                .unwrap();
        }),
        ("common ancestor", &|repository| {
            let id = tip(repository);
            let parent = repository.parents(&id).unwrap()[0];
            repository.common_ancestor(&id, &parent).unwrap();
            repository.only(&[id], &[parent]).unwrap();
        }),
    ];
    for (what, question) in questions {
        let (near, far) = (best(|| question(&short)), best(|| question(&long)));
        println!("{what}: {near:?} with 1,000 changesets, {far:?} with 100,000");
        assert!(
            far < near * 4 + Duration::from_millis(2),
            "{what}: {near:?}, {far:?}"
        );
    }
}
