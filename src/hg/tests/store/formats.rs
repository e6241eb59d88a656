//! Forms of the store: flat and tree manifests, odd names, the oldest formats. Every revision in every format is compared in
//! `every_revision.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::common::{Hg, noise, records};
use hg::{ChangeKind, Error, FileKind, HgPath, Node, Phase, Repository, Rev};

const USER: &str = "Üser <u@x>";

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
    hg.write(
        name,
        "dir/renamed.txt",
        (1..=500).map(|n| format!("{n}\n")).collect::<String>(),
    );
    hg.commit(name, "edit\nmulti line", "10 7200", USER);
    hg.run(name, &["up", "-q", "3"]);
    hg.write(name, "side", "side\n");
    hg.write(name, "run.sh", "#!/bin/sh\n");
    hg.write(name, "meta.txt", "\x01\nfake meta\n");
    std::os::unix::fs::symlink("side", hg.path(name).join("link")).unwrap();
    let executable = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
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

/// Name, revision and kind of each file of a changeset.
type Files = Vec<(String, Node, FileKind)>;

/// Everything a format could change, as we read it.
#[derive(Debug, PartialEq, Eq)]
struct Reading {
    log: Vec<Vec<String>>,
    manifests: Vec<Files>,
    contents: BTreeMap<(String, Node), Vec<u8>>,
}

fn read_all(path: &Path) -> Reading {
    let snapshot = Repository::open(path).unwrap().snapshot().unwrap();
    let mut reading = Reading {
        log: Vec::new(),
        manifests: Vec::new(),
        contents: BTreeMap::new(),
    };
    for rev in (0..snapshot.len()).map(|rev| Rev::new(rev as u32)) {
        let changeset = snapshot.changeset(rev).unwrap();
        let number = |rev: Option<Rev>| rev.map_or("-1".to_owned(), |rev| rev.to_string());
        let files: Vec<String> = changeset.files.iter().map(ToString::to_string).collect();
        reading.log.push(vec![
            changeset.node.to_string(),
            number(changeset.parents[0]),
            number(changeset.parents[1]),
            changeset.branch.to_string(),
            format!("{} {}", changeset.time.seconds, changeset.time.offset_west),
            changeset.user.to_string(),
            changeset.description.to_string(),
            files.join("/"),
        ]);
        let manifest = snapshot.manifest(rev).unwrap();
        let mut lines = Vec::new();
        for (path, entry) in manifest.iter().unwrap() {
            lines.push((path.to_string(), entry.node, entry.kind));
            assert_eq!(manifest.get(path).unwrap(), Some(entry));
            let key = (path.to_string(), entry.node);
            reading.contents.entry(key).or_insert_with(|| {
                let data = snapshot.file(path, &entry.node).unwrap().data;
                assert_eq!(
                    snapshot.file_size(path, &entry.node).unwrap(),
                    data.len() as u64,
                    "{path}"
                );
                data
            });
        }
        reading.manifests.push(lines);
    }
    reading
}

/// What `hg` tells about the same.
fn told_by_hg(hg: &mut Hg, name: &str) -> (Vec<Vec<String>>, Vec<Files>) {
    let template = "{node}\\0{p1rev}\\0{p2rev}\\0{branch}\\0{date|hgdate}\\0{author}\\0{desc}\\0{join(files, '/')}\\0";
    let log = records(
        &hg.run(name, &["log", "--hidden", "-r", "all()", "-T", template]),
        8,
    );
    let manifests = (0..log.len()).map(|rev| {
        let rev = rev.to_string();
        let template = "{path}\\0{hash}\\0{type}\\0";
        let lines = records(
            &hg.run(name, &["manifest", "--debug", "-r", &rev, "-T", template]),
            3,
        );
        let kind = |flag: &str| match flag {
            "*" => FileKind::Executable,
            "@" => FileKind::Symlink,
            _ => FileKind::Regular,
        };
        lines
            .into_iter()
            .map(|line| (line[0].clone(), line[1].parse().unwrap(), kind(&line[2])))
            .collect()
    });
    let manifests = manifests.collect();
    (log, manifests)
}

#[test]
fn flat_and_tree_manifests_read_the_same() {
    let mut hg = Hg::new("");
    hg.init("default", &[]);
    make_history(&mut hg, "default");

    let default = read_all(&hg.path("default"));
    let (log, manifests) = told_by_hg(&mut hg, "default");
    assert_eq!(default.log, log);
    assert_eq!(default.manifests, manifests);
    assert_eq!((default.log.len(), default.contents.len()), (14, 40));
    contents_equal_hg_cat(&mut hg, &default);
    changes_equal_hg_status(&mut hg);

    hg.init("trees", &["experimental.treemanifest=1"]);
    make_history(&mut hg, "trees");
    let trees = read_all(&hg.path("trees"));
    assert_eq!(trees.manifests, default.manifests);
    assert_eq!(trees.contents, default.contents);
    assert_eq!(trees.log, told_by_hg(&mut hg, "trees").0);
    tree_directories_equal_flat_ones(&hg);
    the_experiments_are_refused_by_name(&mut hg);
}

/// All files of the last changeset before and after the rename, against `hg cat`.
fn contents_equal_hg_cat(hg: &mut Hg, reading: &Reading) {
    for rev in [7, 13] {
        for (path, node, _) in &reading.manifests[rev] {
            let want = hg.run(
                "default",
                &["cat", "-r", &rev.to_string(), &format!("path:{path}")],
            );
            assert!(
                reading.contents[&(path.clone(), *node)] == want,
                "{path} at {rev}"
            );
        }
    }
}

fn changes_equal_hg_status(hg: &mut Hg) {
    let snapshot = Repository::open(&hg.path("default"))
        .unwrap()
        .snapshot()
        .unwrap();
    for (old, new) in [
        (0, 1),
        (7, 8),
        (8, 9),
        (3, 10),
        (10, 11),
        (9, 11),
        (0, 13),
        (13, 0),
        (6, 9),
        (10, 9),
    ] {
        let arguments = [
            "status",
            "--copies",
            "--rev",
            &old.to_string(),
            "--rev",
            &new.to_string(),
            "-T",
            "{status}\\0{path}\\0{source}\\0",
        ];
        let want = records(&hg.run("default", &arguments), 3);
        let mut got: Vec<Vec<String>> = snapshot
            .status(Some(Rev::new(old)), Rev::new(new))
            .unwrap()
            .into_iter()
            .map(|change| {
                let kind = match change.kind {
                    ChangeKind::Modified => "M",
                    ChangeKind::Added => "A",
                    ChangeKind::Removed => "R",
                };
                let source = change
                    .copied_from
                    .map(|path| path.to_string())
                    .unwrap_or_default();
                vec![kind.to_owned(), change.path.to_string(), source]
            })
            .collect();
        // hg lists by kind, then by name.
        let order = |kind: &str| "MAR".find(kind);
        got.sort_by(|a, b| (order(&a[0]), &a[1]).cmp(&(order(&b[0]), &b[1])));
        assert_eq!(got, want, "from {old} to {new}");
    }
}

fn tree_directories_equal_flat_ones(hg: &Hg) {
    let flat = Repository::open(&hg.path("default"))
        .unwrap()
        .snapshot()
        .unwrap();
    let trees = Repository::open(&hg.path("trees"))
        .unwrap()
        .snapshot()
        .unwrap();
    for rev in [0, 8, 13].map(Rev::new) {
        let (flat_files, tree_files) = (flat.manifest(rev).unwrap(), trees.manifest(rev).unwrap());
        for directory in ["", "dir", "dir/sub", "dir/none", "side", "di"] {
            let directory = HgPath::new(directory);
            assert_eq!(
                tree_files.list_dir(directory).unwrap(),
                flat_files.list_dir(directory).unwrap()
            );
            assert_eq!(
                tree_files.has_dir(directory).unwrap(),
                flat_files.has_dir(directory).unwrap()
            );
        }
    }
    for (old, new) in [(7, 8), (10, 11), (0, 13)] {
        let (old, new) = (Rev::new(old), Rev::new(new));
        assert_eq!(
            trees.status(Some(old), new).unwrap(),
            flat.status(Some(old), new).unwrap()
        );
    }
}

/// Formats that are marked unstable, and never the default, are left to `hg`.
fn the_experiments_are_refused_by_name(hg: &mut Hg) {
    let yes = "enable-unstable-format-and-corrupt-my-data";
    for (name, config, want) in [
        (
            "changelog-v2",
            format!("format.exp-use-changelog-v2={yes}"),
            "exp-changelog-v2",
        ),
        (
            "revlog-v2",
            format!("experimental.revlogv2={yes}"),
            "exp-revlogv2.2",
        ),
    ] {
        hg.init(name, &[&config]);
        let error = Repository::open(&hg.path(name)).unwrap_err();
        assert!(
            matches!(&error, Error::Unsupported { requirements, .. } if requirements.iter().any(|r| r == want)),
            "{error}"
        );
    }
}

/// Until 2021 small changelogs had their data in the index file. The program still reads that, but does not write it.
#[test]
fn a_changelog_with_its_data_inside_is_read() {
    let mut hg = Hg::new("");
    hg.init("inline", &[]);
    for i in 0..3 {
        hg.write("inline", "f", i.to_string());
        hg.commit("inline", &format!("c{i}"), &format!("{i} 0"), USER);
    }
    let split = read_all(&hg.path("inline"));
    let store = hg.path("inline").join(".hg/store");
    let (index, data) = (store.join("00changelog.i"), store.join("00changelog.d"));
    let entries = fs::read(&index).unwrap();
    let mut chunks = &fs::read(&data).unwrap()[..];
    let mut inline = Vec::new();
    for entry in entries.chunks(64) {
        let (chunk, rest) =
            chunks.split_at(u32::from_be_bytes(entry[8..12].try_into().unwrap()) as usize);
        inline.extend([entry, chunk].concat());
        chunks = rest;
    }
    inline[1] |= 1;
    fs::write(&index, inline).unwrap();
    fs::remove_file(&data).unwrap();
    hg.run("inline", &["verify", "-q"]);
    assert_eq!(read_all(&hg.path("inline")), split);
}

/// Names that need every kind of escape, or a digest, in each of the five encodings.
#[test]
fn odd_names_are_found_in_every_encoding() {
    let list: serde_json::Value =
        serde_json::from_str(include_str!("../../fixtures/store-names.json")).unwrap();
    // Bytes stand as Latin-1 characters in the list.
    let bytes = |name: &serde_json::Value| {
        name.as_str()
            .unwrap()
            .chars()
            .map(|c| c as u8)
            .collect::<Vec<u8>>()
    };
    let mut names: Vec<Vec<u8>> = list["vectors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vector| bytes(&vector["path"]))
        .collect();
    names.sort();
    let mut hg = Hg::new("");
    hg.init("names", &[]);
    for name in &names {
        let path = hg
            .path("names")
            .join(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, [b"content of ", &name[..], b"\n"].concat()).unwrap();
    }
    hg.commit("names", "names", "0 0", "t");
    let source = hg.path("names");
    for (name, config) in [
        ("names", &[][..]),
        ("no-dotencode", &["format.dotencode=0"]),
        ("no-fncache", &["format.usefncache=0"]),
        ("no-store", &["format.usestore=0"]),
        (
            "plain",
            &[
                "format.dotencode=0",
                "format.exp-use-very-fragile-and-unsafe-plain-store-encoding=1",
            ],
        ),
    ] {
        if name != "names" {
            hg.init(name, config);
            hg.run(name, &["pull", "-q", source.to_str().unwrap()]);
        }
        let snapshot = Repository::open(&hg.path(name))
            .unwrap()
            .snapshot()
            .unwrap();
        assert_eq!(
            snapshot.node(Rev::new(0)).to_string(),
            "58451ef360c114061007f637cf3c27b790008da6"
        );
        let manifest = snapshot.manifest(Rev::new(0)).unwrap();
        let found: Vec<_> = manifest.iter().unwrap().collect();
        assert_eq!(
            found
                .iter()
                .map(|(path, _)| path.as_bytes().to_vec())
                .collect::<Vec<_>>(),
            names
        );
        for (path, entry) in found {
            let want = [b"content of ", path.as_bytes(), b"\n"].concat();
            assert!(
                snapshot.file(path, &entry.node).unwrap().data == want,
                "{path} in {name}"
            );
        }
    }
}

/// A repository from before 2005: no `requires` file, no `store` directory, revlogs of version 0.
#[test]
fn the_oldest_format_is_read() {
    let mut hg = Hg::new("");
    hg.init("v0", &["format.usestore=0"]);
    fs::remove_file(hg.path("v0").join(".hg/requires")).unwrap();
    for i in 0..3 {
        hg.write("v0", "Dir/f", "line\n".repeat(i * 100 + 1));
        hg.commit("v0", &format!("c{i}"), &format!("{i} 0"), USER);
    }
    let index = fs::read(hg.path("v0").join(".hg/data/Dir/f.i")).unwrap();
    assert_eq!(
        (index.len(), &index[..4]),
        (3 * 76, &[0; 4][..]),
        "this is not version 0"
    );
    let reading = read_all(&hg.path("v0"));
    let (log, manifests) = told_by_hg(&mut hg, "v0");
    assert_eq!((reading.log, reading.manifests), (log, manifests));
}

#[test]
fn an_empty_repository_has_nothing() {
    let mut hg = Hg::new("");
    hg.init("empty", &[]);
    let snapshot = Repository::open(&hg.path("empty"))
        .unwrap()
        .snapshot()
        .unwrap();
    assert!(snapshot.is_empty() && snapshot.tip().is_none() && snapshot.heads().is_empty());
    assert!(snapshot.branches().unwrap().is_empty() && snapshot.tags().unwrap().is_empty());
    assert!(snapshot.lookup("tip").is_err() && snapshot.lookup("0").is_err());
    assert_eq!(snapshot.phase(Rev::new(0)), Phase::Public);
    assert!(matches!(
        Repository::open(&hg.path("none")),
        Err(Error::NotFound { .. })
    ));
}

/// A tree is walked directory by directory, where `b` comes before `b-c`; by name, `b-c/x` comes before `b/x`.
#[test]
fn changes_of_tree_manifests_are_sorted_by_name() {
    let mut hg = Hg::new("");
    hg.init("sorted", &["experimental.treemanifest=1"]);
    hg.write("sorted", "b/x", "1\n");
    hg.write("sorted", "b-c/x", "2\n");
    hg.commit("sorted", "c0", "0 0", USER);
    let repository = Repository::open(&hg.path("sorted")).unwrap();
    let changes = repository.snapshot().unwrap().status(None, Rev::new(0));
    let paths: Vec<String> = changes
        .unwrap()
        .iter()
        .map(|change| change.path.to_string())
        .collect();
    assert_eq!(paths, ["b-c/x", "b/x"]);
}
