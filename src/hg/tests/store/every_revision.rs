//! Every revision of repositories of every kind that Mercurial writes, read by us and told by Mercurial.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::common::every::{compare, extension};
use crate::common::{Hg, noise};
use hg::{Treatment, requirement};

const USER: &str = "Üser <u@x>";
/// How an extension is told which formats it may break.
const YES: &str = "enable-unstable-format-and-corrupt-my-data";

/// Fourteen changesets with a branch, a merge, a rename, a link, odd contents and a file too large to stay inline.
fn make_history(hg: &mut Hg, name: &str) {
    for i in 1..=8 {
        let numbers: String = (1..=i * 40).map(|n| format!("{n}\n")).collect();
        hg.write(name, "a.txt", numbers);
        let lines: String = (1..=i).map(|n| format!("x{n}\n")).collect();
        hg.write(name, "dir/sub/B_File.txt", lines);
        hg.write(name, "zeros", i.to_string().repeat(i * 700));
        hg.write(name, "nul.bin", format!("\0{i}"));
        hg.commit(name, &format!("c{i}"), &format!("{i} -3600"), USER);
    }
    hg.run(name, &["mv", "-q", "a.txt", "dir/renamed.txt"]);
    hg.commit(name, "rename", "9 0", USER);
    let numbers: String = (1..=500).map(|n| format!("{n}\n")).collect();
    hg.write(name, "dir/renamed.txt", numbers);
    hg.commit(name, "edit\nmulti line", "10 7200", USER);
    hg.run(name, &["up", "-q", "3"]);
    hg.write(name, "side", "side\n");
    hg.write(name, "run.sh", "#!/bin/sh\n");
    hg.write(name, "meta.txt", "\x01\nfake meta\n");
    std::os::unix::fs::symlink("side", hg.path(name).join("link")).unwrap();
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(hg.path(name).join("run.sh"), executable).unwrap();
    hg.run(name, &["branch", "-q", "feature"]);
    hg.commit(name, "side", "11 0", USER);
    hg.run(name, &["merge", "-q", "-r", "9"]);
    hg.commit(name, "merge", "12 0", USER);
    let mut big = noise(200_000);
    hg.write(name, "big", &big);
    hg.commit(name, "big", "13 0", USER);
    big[100_000..100_010].fill(b'!');
    hg.write(name, "big", &big);
    hg.commit(name, "big2", "14 0", USER);
}

/// Every store format that the first repository can be pulled into, as settings for `hg init`.
const FORMATS: &[(&str, &[&str])] = &[
    (
        "old-deltas",
        &["format.usegeneraldelta=0", "format.sparse-revlog=0"],
    ),
    ("no-sparse", &["format.sparse-revlog=0"]),
    ("one-requires", &["format.use-share-safe=0"]),
    ("zlib", &["format.revlog-compression=zlib"]),
    ("zstd", &["format.revlog-compression=zstd"]),
    ("uncompressed", &["format.revlog-compression=none"]),
    ("no-fncache", &["format.usefncache=0"]),
    ("no-dotencode", &["format.dotencode=0"]),
    ("no-store", &["format.usestore=0"]),
    ("nodemap", &["format.use-persistent-nodemap=1"]),
    ("delta-info", &["format.use-delta-info-flags=1"]),
    ("fileindex", &["format.use-fileindex-v1=1"]),
    ("dirstate-v2", &["format.use-dirstate-v2=1"]),
    ("bookmarks-in-store", &["format.bookmarks-in-store=1"]),
    ("internal-phase", &["format.use-internal-phase=1"]),
    ("archived-phase", &["format.exp-archived-phase=1"]),
    (
        "plain-names",
        &[
            "format.dotencode=0",
            "format.exp-use-very-fragile-and-unsafe-plain-store-encoding=1",
        ],
    ),
];

/// Everything at once: what a format changes must not depend on what another one does.
const ALL_NEW: &[&str] = &[
    "format.use-persistent-nodemap=1",
    "format.use-delta-info-flags=1",
    "format.use-fileindex-v1=1",
    "format.use-dirstate-v2=1",
    "format.bookmarks-in-store=1",
    "format.use-internal-phase=1",
    "format.revlog-compression=zstd",
];

#[test]
fn in_every_store_format() {
    let mut hg = Hg::new(&extension());
    hg.init("default", &[]);
    make_history(&mut hg, "default");
    assert_eq!(compare(&mut hg, "default"), (14, 40));
    let source = hg.path("default");
    let all_new = [("all-new", ALL_NEW)];
    for (name, config) in FORMATS.iter().chain(&all_new) {
        hg.init(name, config);
        hg.run(name, &["pull", "-q", source.to_str().unwrap()]);
        hg.run(name, &["bookmark", "-r", "3", "mark"]);
        assert_eq!(compare(&mut hg, name), (14, 40), "{name}");
    }
    hg.init("trees", &["experimental.treemanifest=1"]);
    make_history(&mut hg, "trees");
    assert_eq!(compare(&mut hg, "trees"), (14, 40));

    // Two ways to share a store, and one where the store has no demands of its own.
    hg.run(
        "default",
        &[
            "--config",
            "extensions.share=",
            "share",
            "-q",
            ".",
            "../share",
        ],
    );
    assert_eq!(compare(&mut hg, "share"), (14, 40));
    for (source, name) in [
        ("default", "relative-share"),
        ("one-requires", "unsafe-share"),
    ] {
        let target = format!("../{name}");
        let share = [
            "--config",
            "extensions.share=",
            "--config",
            "format.use-share-safe=0",
        ];
        let share = if source == "default" {
            &share[..2]
        } else {
            &share[..]
        };
        hg.run(
            source,
            &[share, &["share", "-q", "--relative", ".", &target]].concat(),
        );
        assert_eq!(compare(&mut hg, name), (14, 40), "{name}");
    }

    // Formats that are marked unstable, and never the default, are left to `hg`, by name.
    for (name, config, want) in [
        (
            "changelog-v2",
            format!("format.exp-use-changelog-v2={YES}"),
            "exp-changelog-v2",
        ),
        (
            "copies",
            "format.exp-use-copies-side-data-changeset=yes".to_owned(),
            "exp-copies-sidedata-changeset",
        ),
        (
            "revlog-v2",
            format!("experimental.revlogv2={YES}"),
            "exp-revlogv2.2",
        ),
    ] {
        hg.init(name, &[&config]);
        let error = hg::Repository::open(&hg.path(name)).unwrap_err();
        assert!(error.to_string().contains(&format!("{want} (")), "{error}");
    }
}

/// Files of the oldest repositories have no store, no requirements and revlogs of version 0.
#[test]
fn in_the_oldest_format() {
    let mut hg = Hg::new(&extension());
    hg.init("v0", &["format.usestore=0"]);
    fs::remove_file(hg.path("v0").join(".hg/requires")).unwrap();
    make_history(&mut hg, "v0");
    let index = fs::read(hg.path("v0").join(".hg/00changelog.i")).unwrap();
    assert_eq!((index.len(), &index[..4]), (14 * 76, &[0; 4][..]));
    assert_eq!(compare(&mut hg, "v0"), (14, 40));
}

/// The persistent table of hashes is written for long histories only when asked; then it is used, and not believed.
#[test]
fn with_the_persistent_node_map() {
    let mut hg = Hg::new(&extension());
    hg.init("map", &["format.use-persistent-nodemap=1"]);
    for line in ["+90", "<2+40", "<5/100+30"] {
        hg.run("map", &["debugbuilddag", "--from-existing", line]);
    }
    let docket = hg.path("map").join(".hg/store/00changelog.n");
    assert!(docket.exists(), "no table was written");
    compare(&mut hg, "map");
    let content = fs::read(&docket).unwrap();
    for place in [1, 9, 20, content.len() - 3] {
        let mut broken = content.clone();
        broken[place] ^= 1;
        fs::write(&docket, broken).unwrap();
        compare(&mut hg, "map");
    }
    fs::write(&docket, &content).unwrap();
    let data = fs::read_dir(hg.path("map").join(".hg/store")).unwrap();
    let data = data
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().ends_with(".nd"))
        .unwrap();
    let blocks = fs::read(&data).unwrap();
    for broken in [
        vec![0; blocks.len()],
        vec![0xff; blocks.len()],
        blocks[..64].to_vec(),
    ] {
        fs::write(&data, broken).unwrap();
        let snapshot = hg::Repository::open(&hg.path("map"))
            .unwrap()
            .snapshot()
            .unwrap();
        for rev in (0..snapshot.len() as u32).map(hg::Rev::new) {
            assert_eq!(snapshot.rev(&snapshot.node(rev)), Some(rev));
        }
    }
}

/// What extensions leave in the store.
#[test]
fn with_what_extensions_leave() {
    let mut hg = Hg::new(&format!(
        "{}lfs=\nlargefiles=\n[lfs]\ntrack=size('>1KB')\n[experimental]\nevolution=all\n",
        extension()
    ));
    hg.init("ext", &[]);
    hg.write("ext", "big", vec![b'z'; 5000]);
    hg.write(
        "ext",
        "marked",
        [b"\x01\n".as_slice(), &vec![b'm'; 5000]].concat(),
    );
    hg.write("ext", "small", "s\n");
    hg.commit("ext", "c0", "0 0", USER);
    hg.run("ext", &["mv", "-q", "big", "moved"]);
    hg.write("ext", "dir/large", vec![0; 3000]);
    hg.run("ext", &["add", "-q", "--large", "dir/large"]);
    hg.commit("ext", "c1", "1 0", USER);
    hg.write("ext", "small", "s\nt\n");
    hg.commit("ext", "c2", "2 0", USER);
    let snapshot = hg::Repository::open(&hg.path("ext"))
        .unwrap()
        .snapshot()
        .unwrap();
    for (rev, path, want) in [
        (0, "big", 5000),
        (0, "marked", 5002),
        (1, "moved", 5000),
        (2, "small", 4),
    ] {
        let path = hg::HgPath::new(path);
        let rev = hg::Rev::new(rev);
        let entry = snapshot.manifest(rev).unwrap().get(path).unwrap().unwrap();
        let file = snapshot.file(path, &entry.node).unwrap();
        let told = hg.run(
            "ext",
            &["cat", "-r", &rev.to_string(), &format!("path:{path}")],
        );
        assert!(file.data == told && told.len() == want, "{path}");
    }
    listing_shows_what_stands_for_files(&snapshot);
}

fn listing_shows_what_stands_for_files(snapshot: &hg::Snapshot) {
    use hg::{HgPath, ListedKind};
    let names = |directory: &str| {
        let listed = snapshot
            .list(hg::Rev::new(2), HgPath::new(directory))
            .unwrap();
        let listed = listed.unwrap_or_default().into_iter();
        let word = |kind: &ListedKind| match kind {
            ListedKind::Directory => "directory".to_owned(),
            ListedKind::File(_) => "file".to_owned(),
            ListedKind::Lfs { size, .. } => format!("lfs {size}"),
            ListedKind::Largefile { hash, .. } => format!("large {}", hash.unwrap().short()),
            ListedKind::Subrepository(nested) => format!("nested {}", nested.source),
        };
        listed
            .map(|child| format!("{}: {}", child.name, word(&child.kind)))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(""),
        [
            "dir: directory",
            "marked: lfs 5002",
            "moved: lfs 5000",
            "small: file"
        ]
    );
    assert_eq!(names("dir"), ["large: large 790fecb4d723"]);
    assert_eq!(names(".hglf"), ["dir: directory"]);
    assert!(
        snapshot
            .list(hg::Rev::new(2), HgPath::new("none"))
            .unwrap()
            .is_none()
    );
}

/// Rewriting as the evolve extension does it: amended, rebased, split, folded, pruned, and by two people at once.
///
/// The extension is a package of its own; `make test` installs it, and says so in `KALLITHEA_TEST_EVOLVE`.
#[test]
fn with_changesets_that_evolve() {
    let mut hg = Hg::new(&format!(
        "{}[experimental]\nevolution=all\nevolution.allowdivergence=yes\n",
        extension()
    ));
    let with = [
        "--config",
        "extensions.evolve=",
        "--config",
        "extensions.topic=",
        "--config",
        "extensions.rebase=",
    ];
    hg.init("evolve", &[]);
    let (code, told) = hg.try_run("evolve", &[&with[..], &["topics", "-q"]].concat());
    if code != 0 || String::from_utf8_lossy(&told).contains("failed to import") {
        assert!(
            std::env::var_os("KALLITHEA_TEST_EVOLVE").is_none(),
            "{}",
            String::from_utf8_lossy(&told)
        );
        eprintln!("the evolve extension is not installed: not compared");
        return;
    }
    let step = |hg: &mut Hg, arguments: &[&str]| {
        hg.run("evolve", &[&with[..], arguments].concat());
    };
    for n in 0..7 {
        hg.write("evolve", &format!("f{n}"), format!("{n}\n"));
        if n == 3 {
            step(&mut hg, &["topic", "-q", "work"]);
        }
        step(
            &mut hg,
            &[
                "commit",
                "-q",
                "-A",
                "-m",
                &format!("c{n}"),
                "-d",
                &format!("{n} 0"),
            ],
        );
    }
    step(&mut hg, &["phase", "-q", "--public", "1"]);
    // Amended in the middle: what is above it becomes orphan.
    step(&mut hg, &["up", "-q", "4"]);
    hg.write("evolve", "f4", "amended\n");
    step(&mut hg, &["amend", "-q", "-m", "a4"]);
    compare(&mut hg, "evolve");
    step(&mut hg, &["rebase", "-q", "-r", "5", "-d", "desc(a4)"]);
    step(&mut hg, &["prune", "-q", "-r", "6"]);
    compare(&mut hg, "evolve");
    // The same changeset rewritten once more from its old form: two that compete.
    step(&mut hg, &["up", "-q", "--hidden", "5"]);
    hg.write("evolve", "f5", "otherwise\n");
    step(&mut hg, &["amend", "-q", "-m", "other 5"]);
    compare(&mut hg, "evolve");
    // Folded, and published after all while an older form had been rewritten.
    step(&mut hg, &["up", "-q", "3"]);
    step(
        &mut hg,
        &["fold", "-q", "--from", "-r", "2", "-m", "folded"],
    );
    step(&mut hg, &["phase", "-q", "--public", "--hidden", "2"]);
    compare(&mut hg, "evolve");
    let snapshot = hg::Repository::open(&hg.path("evolve"))
        .unwrap()
        .snapshot()
        .unwrap();
    let found = snapshot.instabilities().unwrap();
    assert!(
        !found.phase_divergent.is_empty()
            && !found.content_divergent.is_empty()
            && !found.orphan.is_empty(),
        "{found:?}"
    );
    let topics: Vec<String> = snapshot
        .topics()
        .unwrap()
        .iter()
        .map(|topic| topic.name.to_string())
        .collect();
    assert_eq!(topics, ["work"]);
    let revs: String = snapshot.topics().unwrap()[0]
        .revs
        .iter()
        .map(|rev| format!("{rev} "))
        .collect();
    let want = hg.text(
        "evolve",
        &[
            &with[..],
            &[
                "log",
                "-r",
                "sort(topic(work) - obsolete() - secret(), rev)",
                "-T",
                "{rev} ",
            ],
        ]
        .concat(),
    );
    assert_eq!(revs, want);
}

/// What a release of 2021 writes: changelogs with their data inside, and no share-safe.
#[test]
fn as_an_older_release_writes_it() {
    let Some(mut hg) = Hg::old(&extension()) else {
        eprintln!("KALLITHEA_TEST_OLD_HG names no older release: not compared");
        return;
    };
    hg.init("old", &[]);
    make_history(&mut hg, "old");
    let index = fs::read(hg.path("old").join(".hg/store/00changelog.i")).unwrap();
    assert_eq!(index[..4], [0, 1, 0, 1], "an inline changelog");
    assert_eq!(compare(&mut hg, "old"), (14, 40));
}

/// Whatever a new release demands is known by name, and either read or refused for a reason.
#[test]
fn every_requirement_of_this_release_is_known() {
    let mut hg = Hg::new(&extension());
    hg.init("empty", &[]);
    let names: Vec<String> =
        serde_json::from_slice(&hg.run("empty", &["tellrequirements"])).unwrap();
    assert!(names.len() > 20, "{names:?}");
    for name in &names {
        assert!(requirement(name).is_some(), "{name}");
    }
    assert_eq!(
        requirement("narrowhg-experimental").unwrap().0,
        Treatment::Refused
    );
    assert_eq!(requirement("store").unwrap().0, Treatment::Read);
}
