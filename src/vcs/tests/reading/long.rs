//! Long histories: what does not ask about history must not cost more because of it.

use std::time::{Duration, Instant};

use vcs::{Cache, DiffOptions, Kind, LogQuery, Repository};

use crate::long_history::long;
use crate::recipe::Work;

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
fn cost_does_not_grow_with_the_history_of_git() {
    cost_does_not_grow(Kind::Git, "main");
}

#[test]
#[ignore = "minutes long: make test-all"]
fn cost_does_not_grow_with_the_history_of_mercurial() {
    cost_does_not_grow(Kind::Hg, "default");
}

fn cost_does_not_grow(kind: Kind, branch: &str) {
    let (short, long) = (long(kind, 1_000), long(kind, 100_000));
    // Once, history has to be read: each commit in Git, in Mercurial an index. What a worker has learnt serves those that come after it.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let cache = Cache::new(folder.path(), 1 << 30);
    let first_page = |work: &Work| {
        let repository = work.open().with_history_in(&cache);
        let page = repository.log(&LogQuery::default()).unwrap();
        let ids: Vec<_> = page.changesets.iter().map(|one| one.id).collect();
        repository.graph(&ids).unwrap();
        repository.children(&ids[1]).unwrap();
        repository.resolve(&ids[0].to_string()).unwrap();
        assert_eq!(
            repository.number_of(&ids[0]).unwrap(),
            Some(page.total as u32 - 1)
        );
    };
    for (work, count) in [(&short, "1,000"), (&long, "100,000")] {
        let start = Instant::now();
        first_page(work);
        println!("{kind}, {count}: the very first page {:?}", start.elapsed());
        let oldest = best(|| {
            let repository = work.open().with_history_in(&cache);
            let root = repository.resolve("0").unwrap();
            repository.children(&root).unwrap();
        });
        println!("{kind}, {count}: children of the oldest in a new process {oldest:?}");
    }
    let (near, far) = (best(|| first_page(&short)), best(|| first_page(&long)));
    println!("{kind}, first page of a new process: {near:?} with 1,000, {far:?} with 100,000");
    // Of Mercurial's index each changeset costs some nanoseconds, of which a build without optimization makes microseconds.
    let index = Duration::from_millis(if cfg!(debug_assertions) { 900 } else { 40 });
    let bound = match kind {
        Kind::Git => near * 4 + Duration::from_millis(2),
        Kind::Hg => near * 4 + index,
    };
    assert!(
        far < bound,
        "{kind}, first page of a new process: {near:?}, {far:?}"
    );
    let (short, long) = (short.open(), long.open());
    for repository in [&short, &long] {
        repository.log(&LogQuery::default()).unwrap();
    }
    let tip = |repository: &Repository| repository.resolve(branch).unwrap();
    type Question<'a> = (&'a str, &'a dyn Fn(&Repository));
    let questions: [Question<'_>; 8] = [
        ("open", &|repository| {
            drop(Repository::open(repository.path(), kind).unwrap())
        }),
        ("refs", &|repository| drop(repository.refs().unwrap())),
        ("resolve a name", &|repository| {
            repository.resolve(branch).unwrap();
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
        println!("{kind}, {what}: {near:?} with 1,000 changesets, {far:?} with 100,000");
        assert!(
            far < near * 4 + Duration::from_millis(2),
            "{kind}, {what}: {near:?}, {far:?}"
        );
    }
}
