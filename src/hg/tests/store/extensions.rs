//! Shares, and what extensions put into repositories.

use std::fs;

use crate::common::Hg;
use hg::{
    Error, FileStorage, HgPath, HgPathBuf, Repository, Rev, SubrepositoryKind, largefile_of_standin,
};

#[test]
fn shares_read_the_store_of_their_source() {
    let mut hg = Hg::new("[extensions]\nshare=\n");
    for (source, config) in [
        ("safe", "format.use-share-safe=1"),
        ("unsafe", "format.use-share-safe=0"),
    ] {
        hg.init(source, &[config]);
        hg.write(source, "f", "f\n");
        hg.commit(source, "c0", "0 0", "t");
        hg.run(source, &["bookmark", "theirs"]);
        for (share, flags) in [
            ("plain", &[][..]),
            ("relative", &["--relative"]),
            ("bookmarks", &["--bookmarks"]),
        ] {
            let share = format!("{source}-{share}");
            let target = hg.path(&share);
            hg.run(
                source,
                &[
                    &[
                        "share",
                        "-q",
                        "--config",
                        config,
                        ".",
                        target.to_str().unwrap(),
                    ],
                    flags,
                ]
                .concat(),
            );
            hg.run(&share, &["bookmark", "own"]);
            let snapshot = Repository::open(&target).unwrap().snapshot().unwrap();
            assert_eq!(
                snapshot.changeset(Rev::new(0)).unwrap().description,
                "c0",
                "{share}"
            );
            let entry = snapshot
                .manifest(Rev::new(0))
                .unwrap()
                .get(HgPath::new("f"))
                .unwrap()
                .unwrap();
            assert_eq!(
                snapshot.file(HgPath::new("f"), &entry.node).unwrap().data,
                b"f\n"
            );
            let bookmarks: String = snapshot
                .bookmarks()
                .iter()
                .map(|bookmark| format!("{}\n", bookmark.name))
                .collect();
            assert_eq!(
                bookmarks,
                hg.text(&share, &["bookmarks", "-T", "{bookmark}\n"]),
                "{share}"
            );
        }
    }
}

#[test]
fn unknown_and_narrow_repositories_are_refused_by_name() {
    let mut hg = Hg::new("[extensions]\nnarrow=\n");
    hg.init("source", &[]);
    hg.write("source", "in/f", "f\n");
    hg.write("source", "out/f", "f\n");
    hg.commit("source", "c0", "0 0", "t");
    let (source, narrow) = (hg.path("source"), hg.path("narrow"));
    let url = format!("file://{}", source.display());
    hg.run(
        "source",
        &[
            "clone",
            "-q",
            "--narrow",
            "--include",
            "in",
            &url,
            narrow.to_str().unwrap(),
        ],
    );
    let names = |name: &str| match Repository::open(&hg.path(name)) {
        Err(Error::Unsupported { requirements, .. }) => requirements,
        other => panic!("{other:?}"),
    };
    assert_eq!(names("narrow"), ["narrowhg-experimental"]);
    let requires = source.join(".hg/store/requires");
    fs::write(
        &requires,
        [
            &fs::read(&requires).unwrap()[..],
            b"zz-future\nnext-thing\n",
        ]
        .concat(),
    )
    .unwrap();
    assert_eq!(names("source"), ["next-thing", "zz-future"]);
}

#[test]
fn contents_kept_by_lfs_are_found_checked_or_told_by_their_pointer() {
    let mut hg = Hg::new("[extensions]\nlfs=\n[lfs]\ntrack=size('>1KB')\n");
    hg.init("lfs", &[]);
    let content = vec![0; 5000];
    hg.write("lfs", "big", &content);
    hg.write("lfs", "small", "small\n");
    hg.commit("lfs", "c0", "0 0", "t");
    hg.run("lfs", &["mv", "-q", "big", "moved"]);
    hg.commit("lfs", "c1", "1 0", "t");
    let repository = Repository::open(&hg.path("lfs")).unwrap();
    let read = |rev: u32, path: &str| {
        let snapshot = repository.snapshot().unwrap();
        let path = HgPath::new(path);
        let entry = snapshot
            .manifest(Rev::new(rev))
            .unwrap()
            .get(path)
            .unwrap()
            .unwrap();
        assert_eq!(
            snapshot.file_size(path, &entry.node).unwrap(),
            if path == HgPath::new("small") {
                6
            } else {
                5000
            }
        );
        snapshot.file(path, &entry.node).unwrap()
    };
    let oid = "7ca5bd879f393d9dd05b14f38add9c0fc6b67928f7f2d261b2e47a32ee8219e3";
    let lfs = |present| FileStorage::Lfs {
        oid: oid.to_owned(),
        size: 5000,
        present,
    };
    assert_eq!(read(0, "small").storage, FileStorage::Here);
    let big = read(0, "big");
    assert_eq!(
        (big.storage, big.data == content, big.copied_from),
        (lfs(true), true, None)
    );
    let moved = read(1, "moved");
    assert_eq!(moved.copied_from.unwrap().path, HgPathBuf::from("big"));
    let changes = repository
        .snapshot()
        .unwrap()
        .status(Some(Rev::new(0)), Rev::new(1))
        .unwrap();
    assert_eq!(changes[1].copied_from, Some(HgPathBuf::from("big")));

    let blob = hg
        .path("lfs")
        .join(".hg/store/lfs/objects")
        .join(&oid[..2])
        .join(&oid[2..]);
    fs::write(&blob, vec![1; 5000]).unwrap();
    assert_eq!(
        read(0, "big").storage,
        lfs(false),
        "another content of the same size"
    );
    fs::remove_file(&blob).unwrap();
    let absent = read(0, "big");
    assert_eq!(absent.storage, lfs(false));
    assert!(absent.data.starts_with(b"version "));
}

#[test]
fn largefiles_are_found_by_their_standins() {
    let mut hg = Hg::new("[extensions]\nlargefiles=\n");
    hg.init("large", &[]);
    hg.write("large", "dir/big", vec![0; 3000]);
    hg.run("large", &["add", "-q", "--large", "dir/big"]);
    hg.run("large", &["commit", "-q", "-m", "c0", "-d", "0 0"]);
    let snapshot = Repository::open(&hg.path("large"))
        .unwrap()
        .snapshot()
        .unwrap();
    let manifest = snapshot.manifest(Rev::new(0)).unwrap();
    let (path, entry) = manifest.iter().unwrap().next().unwrap();
    assert_eq!(largefile_of_standin(path), Some(HgPath::new("dir/big")));
    let standin = snapshot.file(path, &entry.node).unwrap().data;
    assert_eq!(
        snapshot.largefile(&standin).unwrap().unwrap(),
        vec![0; 3000]
    );
    assert_eq!(snapshot.largefile(&[b'0'; 40]).unwrap(), None);
    assert_eq!(snapshot.largefile(b"../../../../etc/passwd").unwrap(), None);
}

#[test]
fn a_censored_revision_has_no_content() {
    let mut hg = Hg::new("[extensions]\ncensor=\n");
    hg.init("censored", &[]);
    for content in ["secret\n", "clean\n"] {
        hg.write("censored", "f", content);
        hg.commit("censored", content.trim(), "0 0", "t");
    }
    let repository = Repository::open(&hg.path("censored")).unwrap();
    let read = |rev: u32| {
        let snapshot = repository.snapshot().unwrap();
        let entry = snapshot
            .manifest(Rev::new(rev))
            .unwrap()
            .get(HgPath::new("f"))
            .unwrap()
            .unwrap();
        let file = snapshot.file(HgPath::new("f"), &entry.node).unwrap();
        assert_eq!(
            snapshot.file_size(HgPath::new("f"), &entry.node).unwrap(),
            file.data.len() as u64
        );
        (file.data, file.storage)
    };
    assert_eq!(read(0).0, b"secret\n");
    hg.run(
        "censored",
        &["censor", "-q", "-r", "0", "f", "--no-check-heads"],
    );
    assert_eq!(
        read(0),
        (Vec::new(), FileStorage::Censored),
        "also where the file was read before"
    );
    assert_eq!(read(1), (b"clean\n".to_vec(), FileStorage::Here));
}

#[test]
fn subrepositories_are_told_with_their_revisions() {
    let mut hg = Hg::new("");
    hg.init("outer", &[]);
    hg.init("outer/libs/nested", &[]);
    hg.write("outer/libs/nested", "f", "f\n");
    hg.commit("outer/libs/nested", "n0", "0 0", "t");
    hg.write("outer", ".hgsub", "libs/nested = libs/nested\n");
    hg.write("outer", "libs/readme", "r\n");
    hg.commit("outer", "c0", "0 0", "t");
    let nested = hg.text("outer/libs/nested", &["log", "-r", "tip", "-T", "{node}"]);

    let snapshot = Repository::open(&hg.path("outer"))
        .unwrap()
        .snapshot()
        .unwrap();
    let found = snapshot.subrepositories(Rev::new(0)).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path, HgPathBuf::from("libs/nested"));
    assert_eq!(found[0].kind, SubrepositoryKind::Hg);
    assert_eq!(found[0].source, "libs/nested");
    assert_eq!(found[0].revision.as_ref().unwrap().to_string(), nested);
    let manifest = snapshot.manifest(Rev::new(0)).unwrap();
    let listing = manifest.list_dir(HgPath::new("libs")).unwrap().unwrap();
    let names: Vec<HgPathBuf> = listing.into_iter().map(|child| child.name).collect();
    assert_eq!(
        names,
        [HgPathBuf::from("readme")],
        "subrepositories are no files"
    );
}
