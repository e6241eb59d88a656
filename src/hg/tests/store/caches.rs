//! Mercurial's own notes: used while they fit the repository, and passed over when they do not.

use std::fs;
use std::path::PathBuf;

use crate::common::Hg;
use crate::common::every::{compare, extension};
use hg::{Repository, Rev, Snapshot};

fn snapshot(hg: &Hg) -> std::sync::Arc<Snapshot> {
    Repository::open(&hg.path("r")).unwrap().snapshot().unwrap()
}

fn heads(snapshot: &Snapshot) -> Vec<(String, Vec<u32>)> {
    let branches = snapshot.branches().unwrap().iter();
    let numbers = |revs: &[Rev]| revs.iter().copied().map(Rev::number).collect();
    branches
        .map(|branch| (branch.name.to_string(), numbers(&branch.heads)))
        .collect()
}

fn tags(snapshot: &Snapshot) -> Vec<(String, u32)> {
    let tags = snapshot.tags().unwrap().iter();
    tags.map(|tag| (tag.name.to_string(), tag.rev.number()))
        .collect()
}

fn note(hg: &Hg, name: &str) -> PathBuf {
    hg.path("r").join(".hg/cache").join(name)
}

/// Two heads on `default`, one of them below a branch of another name; a closed branch; an obsolete and a secret changeset; tags.
fn make(hg: &mut Hg, settings: &[&str]) {
    hg.init("r", &[]);
    let commit = |hg: &mut Hg, arguments: &[&str]| {
        hg.run(
            "r",
            &[&["commit", "-q", "-A", "-u", "t", "-m", "c"], arguments].concat(),
        );
    };
    for n in 0..4 {
        hg.write("r", "f", n.to_string());
        commit(hg, &["-d", &format!("{n} 0")]);
    }
    hg.run("r", &["tag", "-u", "t", "-d", "5 0", "-r", "1", "one"]);
    hg.run("r", &["up", "-q", "2"]);
    hg.run("r", &["branch", "-q", "x y"]);
    commit(hg, &["-d", "6 0"]);
    hg.run("r", &["branch", "-q", "gone"]);
    hg.write("r", "g", "g");
    commit(hg, &["-d", "7 0"]);
    commit(hg, &["-d", "8 0", "--close-branch"]);
    hg.run("r", &["up", "-q", "1"]);
    hg.write("r", "h", "h");
    commit(hg, &["-d", "9 0"]);
    hg.write("r", "h", "amended");
    hg.run(
        "r",
        &[
            "commit", "-q", "--amend", "-u", "t", "-m", "a", "-d", "10 0",
        ],
    );
    hg.write("r", "h", "secret");
    commit(hg, &["-d", "11 0", "-s"]);
    hg.run("r", &["up", "-q", "null"]);
    hg.run("r", &[settings, &["debugupdatecaches"]].concat());
}

#[test]
fn heads_that_were_noted_are_used_while_they_fit() {
    for (name, settings) in [
        ("branch2-served", &[][..]),
        (
            "branch3-served",
            &["--config", "experimental.branch-cache-v3=yes"],
        ),
    ] {
        let mut hg = Hg::new(&format!("{}[experimental]\nevolution=all\n", extension()));
        make(&mut hg, settings);
        let path = note(&hg, name);
        let told = fs::read_to_string(&path).unwrap();
        compare(&mut hg, "r");
        let true_heads = heads(&snapshot(&hg));
        assert_eq!(
            true_heads
                .iter()
                .map(|branch| branch.0.as_str())
                .collect::<Vec<_>>(),
            ["default", "gone", "x y"]
        );

        // The note is believed: a head that it leaves out is missing. Branch `x y` has a head with descendants.
        let (line, _) = told.split_once('\n').unwrap();
        let without: String = told
            .lines()
            .filter(|line| !line.ends_with(" x y"))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_ne!(told, without, "{told}");
        fs::write(&path, &without).unwrap();
        assert_eq!(
            heads(&snapshot(&hg)),
            [true_heads[0].clone(), true_heads[1].clone()],
            "{name}"
        );

        // Not when it is about another state, or tells what a changeset contradicts.
        let tip = line.replace('a', "b");
        for bad in [
            told.replace(line, &tip),
            without.replacen(line, &format!("{line}0"), 1),
            format!("{told}{} o x y\n", "0".repeat(40)),
            told.replace(" o x y", " c x y"),
            told.replace(" o x y", " o z"),
            format!("{line} new-key=1\n"),
            String::new(),
            "\n\n\n".to_owned(),
        ] {
            fs::write(&path, &bad).unwrap();
            assert_eq!(heads(&snapshot(&hg)), true_heads, "{name}: {bad}");
        }

        // What came later is added: a note from before.
        fs::write(&path, &told).unwrap();
        hg.run("r", &["up", "-q", "x y"]);
        hg.write("r", "new", "new");
        hg.commit("r", "later", "20 0", "t");
        fs::write(&path, &told).unwrap();
        compare(&mut hg, "r");
        // And another one that no longer fits, as an obsolete changeset is none any more.
        fs::remove_file(hg.path("r").join(".hg/store/obsstore")).unwrap();
        fs::write(&path, &told).unwrap();
        compare(&mut hg, "r");
    }
}

#[test]
fn a_snapshot_continues_what_the_one_before_knew() {
    let mut hg = Hg::new(&format!("{}[experimental]\nevolution=all\n", extension()));
    make(&mut hg, &[]);
    let repository = Repository::open(&hg.path("r")).unwrap();
    let _ = fs::remove_dir_all(hg.path("r").join(".hg/cache"));
    let check = |hg: &mut Hg| {
        let (now, fresh) = (repository.snapshot().unwrap(), snapshot(hg));
        assert_eq!(heads(&now), heads(&fresh));
        assert_eq!(tags(&now), tags(&fresh));
        for rev in (0..fresh.len() as u32).map(Rev::new) {
            assert_eq!(
                now.branch_name(rev).unwrap(),
                fresh.branch_name(rev).unwrap()
            );
            let last =
                |snapshot: &Snapshot| snapshot.last_changes(rev, hg::HgPath::ROOT, 100).unwrap();
            assert_eq!(last(&now), last(&fresh));
        }
        compare(hg, "r");
        let _ = fs::remove_dir_all(hg.path("r").join(".hg/cache"));
    };
    check(&mut hg);
    hg.run("r", &["up", "-q", "default"]);
    for n in 0..3 {
        hg.write("r", "more", n.to_string());
        hg.commit("r", "more", &format!("{n} 0"), "t");
        check(&mut hg);
    }
    // Taken away and made anew in another order.
    hg.run(
        "r",
        &["debugstrip", "-q", "--no-backup", "-r", "branch(gone)"],
    );
    check(&mut hg);
    hg.run(
        "r",
        &["phase", "-q", "--draft", "--force", "-r", "secret()"],
    );
    check(&mut hg);
    hg.run(
        "r",
        &[
            "debugobsolete",
            &repository.snapshot().unwrap().node(Rev::new(0)).to_string(),
        ],
    );
    hg.run("r", &["phase", "-q", "--public", "-r", "0"]);
    check(&mut hg);
}

#[test]
fn tags_that_were_noted_are_used_while_they_fit() {
    let mut hg = Hg::new(&format!("{}[experimental]\nevolution=all\n", extension()));
    make(&mut hg, &[]);
    let path = note(&hg, "tags2-served");
    let true_tags = tags(&snapshot(&hg));
    assert_eq!(true_tags, [("one".to_owned(), 1)]);
    let told = fs::read_to_string(&path).unwrap();
    fs::write(&path, told.replace(" one\n", " uno\n")).unwrap();
    assert_eq!(tags(&snapshot(&hg)), [("uno".to_owned(), 1)]);
    let (line, _) = told.split_once('\n').unwrap();
    for bad in [
        told.replacen(line, &format!("9{line}"), 1),
        told.replacen(line, &format!("{line}0"), 1),
        told.replacen(line, line.rsplit_once(' ').unwrap().0, 1),
        String::new(),
        "garbage".to_owned(),
    ] {
        fs::write(&path, bad.replace(" one\n", " uno\n")).unwrap();
        assert_eq!(tags(&snapshot(&hg)), true_tags, "{bad}");
    }
    // The revisions of `.hgtags` by changeset: believed where hash and revision exist.
    fs::remove_file(&path).unwrap();
    let fnodes = note(&hg, "hgtagsfnodes1");
    let records = fs::read(&fnodes).unwrap();
    assert!(records.iter().any(|&byte| byte != 0xff));
    for broken in [
        vec![0; records.len()],
        vec![0xff; records.len()],
        records[..20].to_vec(),
    ] {
        fs::write(&fnodes, broken).unwrap();
        assert_eq!(tags(&snapshot(&hg)), true_tags);
    }
}

#[test]
fn branches_by_changeset_are_used_as_far_as_they_go() {
    let mut hg = Hg::new(&format!("{}[experimental]\nevolution=all\n", extension()));
    make(&mut hg, &[]);
    let (names, revs) = (note(&hg, "rbc-names-v2"), note(&hg, "rbc-revs-v2"));
    let branches = |hg: &Hg| -> Vec<String> {
        let snapshot = snapshot(hg);
        let revs = (0..snapshot.len() as u32).map(Rev::new);
        revs.map(|rev| String::from_utf8(snapshot.branch_name(rev).unwrap().to_vec()).unwrap())
            .collect()
    };
    let (whole, truth) = (fs::read(&revs).unwrap(), branches(&hg));
    assert!(truth.contains(&"x y".to_owned()));
    let told = fs::read(&names).unwrap();
    let other = String::from_utf8(told.clone())
        .unwrap()
        .replace("x y", "Y X");
    fs::write(&names, other).unwrap();
    assert!(branches(&hg).contains(&"Y X".to_owned()));
    fs::write(&names, told).unwrap();
    for end in [0, 7, 8, 24, whole.len() - 8] {
        fs::write(&revs, &whole[..end]).unwrap();
        assert_eq!(branches(&hg), truth, "{end}");
    }
    for byte in [0, 0xff] {
        fs::write(&revs, vec![byte; whole.len()]).unwrap();
        assert_eq!(branches(&hg), truth);
    }
}
