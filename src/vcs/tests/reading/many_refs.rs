//! Repositories with very many branches and tags.

use vcs::{Kind, LogQuery, RefName};

use crate::recipe::Work;

/// A page asks a dozen times what the names are; a hundred thousand of them are read once for it.
#[test]
fn the_names_are_read_once_a_moment() {
    const EACH: usize = 10_000;
    let work = Work::new(Kind::Git);
    let ids = ["one", "two"].map(|text| {
        work.write(b"file", text.as_bytes());
        work.commit(text)
    });
    work.git(&["tag", "-a", "-m", "Annotated", "v1", &ids[0].to_string()]);
    work.git(&["pack-refs", "--all"]);
    let packed = work.path().join(".git/packed-refs");
    // Without the header that says they are, refs need not be in order.
    let text = std::fs::read_to_string(&packed).unwrap();
    let mut text = text.split_once('\n').unwrap().1.to_owned();
    for number in 0..EACH {
        text += &format!("{} refs/heads/topic/{number:06}\n", ids[number % 2]);
        text += &format!("{} refs/tags/build-{number:06}\n", ids[number % 2]);
    }
    std::fs::write(&packed, text).unwrap();

    let kept = work.open();
    let moment = kept.at_one_moment();
    let page = || {
        let refs = moment.refs().unwrap();
        assert_eq!(refs.labels(&ids[0]).branches.len(), EACH / 2);
        let tip = moment.resolve("tip").unwrap();
        assert_eq!(tip, ids[1]);
        assert_eq!(moment.resolve("topic/000002").unwrap(), ids[0]);
        assert_eq!(moment.number_of(&tip).unwrap(), Some(1));
        assert_eq!(moment.children(&ids[0]).unwrap(), [tip]);
        assert_eq!(moment.log(&LogQuery::default()).unwrap().total, 2);
        assert_eq!(moment.graph(&ids).unwrap().len(), 2);
        assert!(moment.tag_message("v1").unwrap().is_some());
        assert!(!moment.is_empty().unwrap());
        refs
    };
    let refs = page();
    assert_eq!(kept.readings_of_names(), 1);
    // This is what the lists of `git` are; it is asked once, for it takes its time.
    let told = work.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]);
    let names: Vec<&str> = told.lines().collect();
    let ours: Vec<&str> = refs.branches.iter().map(|one| one.name.as_str()).collect();
    assert!(ours == names);

    // A branch that moves and one that comes are for the next moment, and for whoever asks without one.
    work.git(&["branch", "fresh", &ids[0].to_string()]);
    work.git(&["update-ref", "refs/heads/topic/000002", &ids[1].to_string()]);
    page();
    assert_eq!(kept.readings_of_names(), 1);
    for later in [kept.at_one_moment(), work.open()] {
        assert_eq!(later.resolve("fresh").unwrap(), ids[0]);
        assert_eq!(later.resolve("topic/000002").unwrap(), ids[1]);
    }
    assert_eq!(kept.resolve("fresh").unwrap(), ids[0]);
    assert_eq!(kept.readings_of_names(), 3);
    let fresh = RefName::new("fresh");
    assert!(
        kept.refs()
            .unwrap()
            .labels(&ids[0])
            .branches
            .contains(&fresh)
    );
    assert!(!page().labels(&ids[0]).branches.contains(&fresh));
}
