//! Comparing two repositories says what `git` and `hg` say when they have both in one.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use proptest::prelude::*;
use vcs::compare::{CompareError, Comparison, ConflictKind, End, RangeRelation};
use vcs::life::{Draft, Limits, Watch};
use vcs::{ChangesetId, DiffOptions, FileChange, Kind, RefName, Repository};

use crate::commits::{bare, create, delete, edit, programs, rename, request};
use crate::recipe::{Story, Work, story};

fn end(repository: &Repository, id: ChangesetId) -> End<'_> {
    let id = Some(id);
    End { repository, id }
}

fn ids(text: &str) -> Vec<ChangesetId> {
    text.split_whitespace()
        .map(|id| id.parse().expect("an id"))
        .collect()
}

fn fork(original: &Repository) -> (tempfile::TempDir, Draft) {
    let group = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let limits = Limits::new(Duration::from_secs(60), None);
    let draft = Draft::fork(
        &programs(),
        group.path(),
        original,
        limits,
        &mut Watch::nobody(),
    )
    .unwrap();
    (group, draft)
}

#[test]
fn git_forks_are_compared_without_a_fetch() {
    let work = bare(&story(Kind::Git));
    let original = work_open(&work);
    let tip = original.resolve("main").unwrap();
    let (_group, draft) = fork(&original);
    let forked = draft.open().unwrap();
    let ours = original
        .commit(
            &programs(),
            &request(Some(tip), vec![create("ours", b"1\n")]),
        )
        .unwrap()
        .id;
    let one = forked
        .commit(
            &programs(),
            &request(Some(tip), vec![create("theirs", b"1\n")]),
        )
        .unwrap()
        .id;
    let two = forked
        .commit(
            &programs(),
            &request(Some(one), vec![edit("theirs", b"2\n")]),
        )
        .unwrap()
        .id;
    let comparison = Comparison::new(end(&original, ours), end(&forked, two)).unwrap();
    let sides = comparison.sides().unwrap();
    assert_eq!(
        (&sides.ahead[..], &sides.behind[..]),
        (&[two, one][..], &[ours][..])
    );
    assert_eq!(sides.ancestors, [tip]);
    assert_eq!(comparison.changeset(&one).unwrap().id, one);
    let diff = comparison
        .merge_diff(&DiffOptions::default())
        .unwrap()
        .unwrap();
    let paths: Vec<_> = diff
        .files
        .iter()
        .map(|file| file.path().to_string())
        .collect();
    assert_eq!(paths, ["theirs"]);
    let direct = comparison
        .diff(Some(&ours), &two, &DiffOptions::default())
        .unwrap();
    assert_eq!(direct.files.len(), 2);
    let merged = comparison.merge().unwrap();
    assert!(merged.is_clean());
    // Only now, for the judge, both come together.
    work.run(
        "git",
        &["fetch", "-q", forked.path().to_str().unwrap(), "main"],
    );
    let wanted = work.git(&[
        "merge-tree",
        "--write-tree",
        &ours.to_string(),
        &two.to_string(),
    ]);
    assert_eq!(merged.tree, Some(wanted.trim().parse().unwrap()));

    let nothing = End {
        repository: &original,
        id: None,
    };
    let all = Comparison::new(nothing, end(&forked, two)).unwrap();
    let wanted = work.git(&["rev-list", "--date-order", &two.to_string()]);
    assert_eq!(all.sides().unwrap().ahead, ids(&wanted));
    assert!(all.merge().unwrap().is_clean());
    assert!(all.merge_diff(&DiffOptions::default()).unwrap().is_some());
    let mercurial = story(Kind::Hg);
    let other = mercurial.work.open();
    let mixed = Comparison::new(end(&original, ours), end(&other, mercurial.ids[0]));
    assert!(matches!(mixed, Err(CompareError::DifferentKinds { .. })));
}

fn work_open(work: &Work) -> Repository {
    Repository::open(work.path(), work.kind).unwrap()
}

#[test]
fn every_two_changesets_have_the_sides_that_git_tells() {
    let Story { work, ids: all } = story(Kind::Git);
    work.git(&["update-ref", "refs/heads/main", &all[5].to_string()]);
    let repository = work.open();
    for base in &all {
        for head in &all {
            let sides = Comparison::new(end(&repository, *base), end(&repository, *head))
                .unwrap()
                .sides()
                .unwrap();
            let list = |from: &ChangesetId, to: &ChangesetId| {
                ids(&work.git(&["rev-list", "--date-order", &format!("{from}..{to}")]))
            };
            assert_eq!(sides.ahead, list(base, head));
            assert_eq!(sides.behind, list(head, base));
        }
    }
}

/// One file for each way in which two sides can meet: name, before, one side, the other. Nothing stands for no file.
type Meeting = (
    &'static str,
    Option<&'static [u8]>,
    Option<&'static [u8]>,
    Option<&'static [u8]>,
);

const TEN: &[u8] = b"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
const MEETINGS: [Meeting; 14] = [
    (
        "far apart",
        Some(TEN),
        Some(b"one\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"),
        Some(b"1\n2\n3\n4\n5\n6\n7\n8\n9\nten\n"),
    ),
    (
        "side by side",
        Some(TEN),
        Some(b"1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n"),
        Some(b"1\n2\n3\n4\n5\nsix\n7\n8\n9\n10\n"),
    ),
    (
        "one between",
        Some(TEN),
        Some(b"1\n2\n3\nfour\n5\n6\n7\n8\n9\n10\n"),
        Some(b"1\n2\n3\n4\n5\nsix\n7\n8\n9\n10\n"),
    ),
    (
        "same line",
        Some(TEN),
        Some(b"1\n2\n3\n4\nV\n6\n7\n8\n9\n10\n"),
        Some(b"1\n2\n3\n4\n5th\n6\n7\n8\n9\n10\n"),
    ),
    (
        "same change",
        Some(TEN),
        Some(b"1\n2\n3\n4\nV\n6\n7\n8\n9\n10\n"),
        Some(b"1\n2\n3\n4\nV\n6\n7\n8\n9\n10\n"),
    ),
    ("changed and removed", Some(TEN), Some(b"other\n"), None),
    ("removed and changed", Some(TEN), None, Some(b"other\n")),
    ("removed and removed", Some(TEN), None, None),
    ("added alike", None, Some(b"alike\n"), Some(b"alike\n")),
    ("added differently", None, Some(b"mine\n"), Some(b"yours\n")),
    ("added here", None, Some(b"mine\n"), None),
    ("binary", Some(b"\0a"), Some(b"\0b"), Some(b"\0c")),
    ("binary here", Some(b"\0a"), Some(b"\0b"), Some(b"\0a")),
    ("no newline", Some(b"a\nb"), Some(b"a\nb\n"), Some(b"A\nb")),
];

/// Renames meet as well: names before, here, there.
const LONG: &[u8] = b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\n";
const LONG_HERE: &[u8] = b"A\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\n";
const LONG_THERE: &[u8] = b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\nP\n";
const LONG_ELSE: &[u8] = b"x\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\n";

fn meet(work: &Work) -> [ChangesetId; 3] {
    let put = |name: &str, content: Option<&[u8]>| match content {
        Some(content) => work.write(name.as_bytes(), content),
        None if work.path().join(name).exists() => work.remove(name.as_bytes()),
        None => {}
    };
    MEETINGS
        .iter()
        .for_each(|(name, before, ..)| put(name, *before));
    // What is renamed must not look like anything else.
    let unlike = |letter: &str, text: &[u8]| {
        String::from_utf8_lossy(text)
            .replace('\n', &format!(" {letter}\n"))
            .into_bytes()
    };
    for letter in ["R", "S"] {
        work.write(format!("moved {letter}").as_bytes(), &unlike(letter, LONG));
    }
    let base = work.commit("Before");
    MEETINGS
        .iter()
        .for_each(|(name, _, here, _)| put(name, *here));
    work.rename("moved R", "new R");
    work.rename("moved S", "new S");
    work.write(b"new R", &unlike("R", LONG_HERE));
    work.write(b"new S", &unlike("S", LONG_HERE));
    let here = work.commit("Here");
    work.go_back(&base);
    MEETINGS
        .iter()
        .for_each(|(name, _, _, there)| put(name, *there));
    work.write(b"moved R", &unlike("R", LONG_THERE));
    work.write(b"moved S", &unlike("S", LONG_ELSE));
    let there = work.commit("There");
    [base, here, there]
}

#[test]
fn git_conflicts_are_those_of_merge_tree() {
    let work = Work::new(Kind::Git);
    let [_, here, there] = meet(&work);
    work.git(&["branch", "here", &here.to_string()]);
    work.git(&["branch", "there", &there.to_string()]);
    let repository = work.open();
    for (ours, theirs) in [(here, there), (there, here)] {
        let merged = Comparison::new(end(&repository, ours), end(&repository, theirs))
            .unwrap()
            .merge()
            .unwrap();
        let output = Command::new("git")
            .args([
                "merge-tree",
                "--write-tree",
                "--name-only",
                "--no-messages",
                &ours.to_string(),
                &theirs.to_string(),
            ])
            .current_dir(work.path())
            .output()
            .unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        let wanted: BTreeSet<_> = told.lines().skip(1).map(str::to_owned).collect();
        let found: BTreeSet<_> = merged
            .conflicts
            .iter()
            .map(|conflict| conflict.path.to_string())
            .collect();
        assert_eq!(found, wanted, "{:?}", merged.conflicts);
        let kind = |name: &str| {
            merged
                .conflicts
                .iter()
                .find(|conflict| conflict.path.to_string() == name)
                .map(|conflict| conflict.kind)
        };
        assert_eq!(kind("added differently"), Some(ConflictKind::BothAdded));
        assert_eq!(
            kind("changed and removed"),
            Some(ConflictKind::ChangedAndRemoved)
        );
        assert_eq!(kind("same line"), Some(ConflictKind::Content));
        assert!(!merged.is_clean() && merged.tree.is_none());
    }
}

#[test]
fn hg_conflicts_are_those_of_hg_merge() {
    let work = Work::new(Kind::Hg);
    let [_, here, there] = meet(&work);
    let repository = work.open();
    for (ours, theirs) in [(here, there), (there, here)] {
        let merged = Comparison::new(end(&repository, ours), end(&repository, theirs))
            .unwrap()
            .merge()
            .unwrap();
        work.go_back(&ours);
        let program = programs().hg.path;
        let hg = |arguments: &[&str]| {
            let output = Command::new(&program)
                .args(arguments)
                .current_dir(work.path())
                .env("HGRCPATH", "/dev/null")
                .output();
            String::from_utf8(output.unwrap().stdout).unwrap()
        };
        hg(&[
            "merge",
            "-q",
            "--tool",
            "internal:merge",
            &theirs.to_string(),
        ]);
        let told = hg(&["resolve", "--list", "-T", "{mergestatus} {path}\n"]);
        let wanted: BTreeSet<_> = told
            .lines()
            .filter_map(|line| line.strip_prefix("U "))
            .map(str::to_owned)
            .collect();
        let found: BTreeSet<_> = merged
            .conflicts
            .iter()
            .map(|conflict| conflict.path.to_string())
            .collect();
        assert_eq!(found, wanted, "{:?}", merged.conflicts);
        assert!(wanted.contains("new S") && !wanted.contains("new R"));
    }
}

#[test]
fn hg_forks_are_compared_by_their_nodes() {
    let Story { work, ids } = story(Kind::Hg);
    let original = work.open();
    let (_group, draft) = fork(&original);
    let place = draft.path().to_str().unwrap();
    let mine = Work::new(Kind::Hg);
    work.go_back(&ids[4]);
    work.write(b"ours", b"1\n");
    let ours = work.commit("Ours");
    let other = |arguments: &[&str]| {
        let mut all = vec!["-R", place];
        all.extend(arguments);
        String::from_utf8(mine.run("hg", &all)).unwrap()
    };
    other(&["update", "-q", &ids[5].to_string()]);
    std::fs::write(draft.path().join("theirs"), "1\n").unwrap();
    other(&["commit", "-q", "-A", "-m", "Theirs", "-d", "5 0"]);
    let theirs: ChangesetId = other(&["log", "-r", ".", "-T", "{node}"]).parse().unwrap();
    let forked = draft.open().unwrap();
    let comparison = Comparison::new(end(&original, ours), end(&forked, theirs)).unwrap();
    let sides = comparison.sides().unwrap();
    assert_eq!(sides.ahead, [theirs, ids[5], ids[3]]);
    assert_eq!(sides.behind, [ours]);
    assert_eq!(sides.ancestors, [ids[4]]);
    assert!(comparison.merge().unwrap().is_clean());
    assert_eq!(comparison.changeset(&theirs).unwrap().message, "Theirs");
    let across = comparison
        .diff(Some(&ours), &theirs, &DiffOptions::default())
        .unwrap();
    work.run("hg", &["pull", "-q", place]);
    let within = original
        .diff(Some(&ours), &theirs, &DiffOptions::default())
        .unwrap();
    assert_eq!(across.files, within.files);
    let bring = comparison
        .merge_diff(&DiffOptions::default())
        .unwrap()
        .unwrap();
    let wanted = original
        .diff(Some(&ids[4]), &theirs, &DiffOptions::default())
        .unwrap();
    assert_eq!(bring.files, wanted.files);
}

/// A series of changesets on a branch of its own, from a list of what each does.
fn series(
    repository: &Repository,
    start: ChangesetId,
    name: &str,
    steps: &[(&str, Vec<FileChange>)],
) -> Vec<ChangesetId> {
    let mut parent = start;
    let mut made = Vec::new();
    for (message, changes) in steps {
        let mut request = request(Some(parent), changes.clone());
        request.branch = RefName::new(name);
        request.new_branch = made.is_empty();
        request.message = (*message).to_owned();
        parent = repository.commit(&programs(), &request).unwrap().id;
        made.push(parent);
    }
    made
}

#[test]
fn range_diffs_pair_what_git_pairs() {
    let work = bare(&story(Kind::Git));
    let repository = work_open(&work);
    let lines = |from: u32, to: u32| {
        (from..to)
            .map(|n| format!("line {n}\n"))
            .collect::<String>()
            .into_bytes()
    };
    let start = repository.resolve("main").unwrap();
    let old = series(
        &repository,
        start,
        "old",
        &[
            ("One", vec![create("one", &lines(0, 20))]),
            ("Two", vec![create("two", &lines(20, 50))]),
            (
                "Three",
                vec![
                    create("three", &lines(50, 80)),
                    edit("READ.ME", b"changed\n"),
                ],
            ),
            ("Four", vec![rename("run.sh", "walk.sh")]),
            ("Gone", vec![create("gone", &lines(100, 130))]),
            ("Six", vec![delete("no newline")]),
        ],
    );
    let mut three = lines(50, 80);
    three.extend_from_slice(b"one more\n");
    let new = series(
        &repository,
        start,
        "new",
        &[
            ("Six", vec![delete("no newline")]),
            ("One", vec![create("one", &lines(0, 20))]),
            ("Fresh", vec![create("fresh", &lines(200, 240))]),
            ("Two, in other words", vec![create("two", &lines(20, 50))]),
            (
                "Three",
                vec![create("three", &three), edit("READ.ME", b"changed\n")],
            ),
            ("Four", vec![rename("run.sh", "walk.sh")]),
        ],
    );
    let comparison = Comparison::new(end(&repository, start), end(&repository, start)).unwrap();
    let pairs = comparison.range_diff(&old, &new).unwrap();
    let sign = |relation| match relation {
        RangeRelation::Same => "=",
        RangeRelation::Changed => "!",
        RangeRelation::Gone => "<",
        RangeRelation::New => ">",
    };
    let short = |id: Option<ChangesetId>| {
        id.map_or("-------".to_owned(), |id| id.to_string()[..7].to_owned())
    };
    let found: Vec<String> = pairs
        .iter()
        .map(|pair| {
            format!(
                "{} {} {}",
                short(pair.old),
                sign(pair.relation),
                short(pair.new)
            )
        })
        .collect();
    let told = work.git(&[
        "-c",
        "core.abbrev=7",
        "range-diff",
        "-s",
        "--no-color",
        "main..old",
        "main..new",
    ]);
    let wanted: Vec<String> = told
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            format!("{} {} {}", words[1], words[2], words[4])
        })
        .collect();
    assert_eq!(found, wanted);
    let three = pairs.iter().find(|pair| pair.old == Some(old[2])).unwrap();
    assert!(
        three.difference.as_ref().unwrap().contains("++one more\n"),
        "{three:?}"
    );
}

/// Any two changes of one text: clean or not as Git judges, and if clean the same tree.
#[test]
fn any_two_texts_merge_as_in_git() {
    let work = Work::new(Kind::Git);
    work.write(b"text", b"");
    work.commit("Nothing");
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 25,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let line = prop::sample::select(vec!["a\n", "b\n", "c\n", "d\n", "e\n", "f\n"]);
    let text = prop::collection::vec(line, 0..12);
    let number = std::cell::Cell::new(0);
    runner
        .run(&(text.clone(), text.clone(), text), |(base, ours, theirs)| {
            number.set(number.get() + 1);
            let mark = number.get();
            let mut stream = String::new();
            for (at, text) in [&base, &ours, &theirs].into_iter().enumerate() {
                let text = text.concat();
                stream += &format!("commit refs/heads/t{mark}-{at}\nmark :{}\ncommitter x <x> {mark} +0000\ndata 0\n", at + 1);
                if at > 0 {
                    stream += "from :1\n";
                }
                stream += &format!("M 644 inline text\ndata {}\n{text}\n", text.len());
            }
            work.feed("git", &["fast-import", "--quiet"], stream.as_bytes());
            let repository = work.open();
            let refs = repository.refs().unwrap();
            let id = |at: usize| refs.branch(&format!("t{mark}-{at}")).unwrap().id;
            let merged = Comparison::new(end(&repository, id(1)), end(&repository, id(2))).unwrap().merge().unwrap();
            let output = Command::new("git")
                .args(["merge-tree", "--write-tree", "--no-messages", &id(1).to_string(), &id(2).to_string()])
                .current_dir(work.path())
                .output()
                .unwrap();
            prop_assert_eq!(merged.is_clean(), output.status.success(), "{:?} {:?} {:?}", base, ours, theirs);
            if let Some(tree) = merged.tree {
                let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                prop_assert_eq!(tree.to_string(), told);
            }
            Ok(())
        })
        .unwrap();
}

/// Two branches that have merged each other have two newest common ancestors; Git merges these first.
#[test]
fn criss_cross_histories_merge_as_in_git() {
    let work = Work::new(Kind::Git);
    let text = |changed: &[(usize, &str)]| {
        let mut lines: Vec<String> = (0..30).map(|n| format!("line {n}\n")).collect();
        changed
            .iter()
            .for_each(|(at, text)| lines[*at] = format!("{text}\n"));
        lines.concat()
    };
    let commits: [(&str, &[u32], String); 7] = [
        ("base", &[], text(&[])),
        ("a", &[1], text(&[(2, "a")])),
        ("b", &[1], text(&[(25, "b")])),
        ("ab", &[2, 3], text(&[(2, "a"), (25, "b")])),
        ("ba", &[3, 2], text(&[(2, "a"), (25, "b")])),
        ("here", &[4], text(&[(2, "a"), (10, "here"), (25, "b")])),
        (
            "there",
            &[5],
            text(&[(2, "other a"), (25, "b"), (28, "there")]),
        ),
    ];
    let mut stream = String::new();
    for (at, (name, parents, text)) in commits.iter().enumerate() {
        stream += &format!(
            "commit refs/heads/{name}\nmark :{}\ncommitter x <x> {} +0000\ndata 0\n",
            at + 1,
            at + 1
        );
        for (number, parent) in parents.iter().enumerate() {
            stream += &format!("{} :{parent}\n", if number == 0 { "from" } else { "merge" });
        }
        stream += &format!("M 644 inline text\ndata {}\n{text}\n", text.len());
    }
    work.feed("git", &["fast-import", "--quiet"], stream.as_bytes());
    let repository = work.open();
    let [here, there] = ["here", "there"].map(|name| repository.resolve(name).unwrap());
    let comparison = Comparison::new(end(&repository, here), end(&repository, there)).unwrap();
    let mut ancestors = comparison.sides().unwrap().ancestors;
    let mut wanted = ids(&work.git(&["merge-base", "--all", "here", "there"]));
    assert_eq!(ancestors.len(), 2);
    ancestors.sort();
    wanted.sort();
    assert_eq!(ancestors, wanted);
    let merged = comparison.merge().unwrap();
    let tree = work.git(&["merge-tree", "--write-tree", "here", "there"]);
    assert_eq!(
        merged.tree,
        Some(tree.trim().parse().unwrap()),
        "{:?}",
        merged.conflicts
    );
}

/// The story: one renames a folder, the other puts a file into it. Git asks where that belongs; a page that says "merges cleanly" would be wrong.
#[test]
fn files_in_a_folder_that_has_moved_are_asked_about_as_in_git() {
    let work = Work::new(Kind::Git);
    for name in ["one", "two", "three"] {
        work.write(
            format!("lib/x/{name}").as_bytes(),
            format!("{name}\n").repeat(9).as_bytes(),
        );
        work.write(
            format!("stays/{name}").as_bytes(),
            format!("{name}!\n").repeat(9).as_bytes(),
        );
    }
    let base = work.commit("Base");
    work.rename("lib", "src");
    work.rename("stays/one", "elsewhere");
    let mover = work.commit("Moved");
    work.go_back(&base);
    work.write(b"lib/x/new", b"new\n");
    work.write(b"lib/deep/new", b"deep\n");
    work.write(b"stays/new", b"no question\n");
    let maker = work.commit("Made");
    work.go_back(&base);
    work.write(b"stays/new", b"no question\n");
    let other = work.commit("Elsewhere");
    for branch in [mover, maker, other] {
        work.git(&["branch", &format!("b-{branch}"), &branch.to_string()]);
    }
    let repository = work.open();
    for (ours, theirs) in [(mover, maker), (maker, mover), (mover, other)] {
        let output = Command::new("git")
            .args(["merge-tree", "--write-tree", "--no-messages", "--name-only"])
            .args([ours.to_string(), theirs.to_string()])
            .current_dir(work.path())
            .output()
            .unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        let wanted: BTreeSet<&str> = told.lines().skip(1).collect();
        let merged = Comparison::new(end(&repository, ours), end(&repository, theirs))
            .unwrap()
            .merge()
            .unwrap();
        let paths: Vec<String> = merged
            .conflicts
            .iter()
            .map(|one| one.path.to_string())
            .collect();
        let found: BTreeSet<&str> = paths.iter().map(String::as_str).collect();
        assert_eq!(found, wanted, "{ours} {theirs}");
        assert_eq!(merged.is_clean(), output.status.success());
        assert_eq!(merged.is_clean(), theirs == other);
    }
}

/// Of several common ancestors Mercurial takes for each file the one from which there is nothing to decide; and what one has removed and the other
/// renamed is worth a word to it, not a question.
#[test]
fn hg_merges_go_the_easy_way() {
    let work = Work::new(Kind::Hg);
    work.write(b"text", b"base\n");
    work.write(b"renamed", b"renamed\n");
    let base = work.commit("Base");
    let side = |text: &[u8]| {
        work.go_back(&base);
        work.write(b"text", text);
        work.commit("Side")
    };
    let (a, b) = (side(b"a\n"), side(b"b\n"));
    let both = |first: &ChangesetId, second: &ChangesetId, text: &[u8]| {
        work.run(
            "hg",
            &["debugsetparents", &first.to_string(), &second.to_string()],
        );
        work.write(b"text", text);
        work.commit("Both")
    };
    work.go_back(&a);
    both(&a, &b, b"a\n");
    work.rename("renamed", "new name");
    let here = work.commit("Here");
    work.go_back(&b);
    both(&b, &a, b"c\n");
    work.remove(b"renamed");
    let there = work.commit("There");
    // The judge: it fails where something is left to decide.
    work.run("hg", &["merge", "-q", &here.to_string()]);
    let repository = work.open();
    for (ours, theirs) in [(here, there), (there, here)] {
        let comparison = Comparison::new(end(&repository, ours), end(&repository, theirs)).unwrap();
        assert_eq!(comparison.sides().unwrap().ancestors.len(), 2);
        assert_eq!(comparison.merge().unwrap().conflicts, []);
    }
}
