//! Mercurial repositories that are broken, or made to be a trap: a clear error or a bounded answer, soon.

use std::fs;
use std::io::Read;
use std::time::{Duration, Instant};

use vcs::compare::{Comparison, End};
use vcs::diff::Cut;
use vcs::{
    ArchiveFormat, ArchiveOptions, BlameOptions, ChangesetId, DiffOptions, Kind, LogQuery,
    NodeError, RepoPath, Repository,
};

use crate::bad::ask_everything;
use crate::hg_store::{Odd, hex};
use crate::recipe::{Story, Work, path, story};

const ENTRY: &[u8] = b"A <a@example.com>\n1700000000 0\nf\n\nm";

/// A line of a manifest.
fn line(name: &[u8], node: &[u8; 20]) -> Vec<u8> {
    [name, b"\0", hex(node).as_bytes(), b"\n"].concat()
}

/// What else there is to ask of two changesets.
fn compare_everything(repository: &Repository, one: ChangesetId, two: ChangesetId) {
    let end = |id| End {
        repository,
        id: Some(id),
    };
    let comparison = Comparison::new(end(one), end(two)).unwrap();
    let _ = (
        comparison.sides(),
        comparison.diff(Some(&one), &two, &DiffOptions::default()),
        comparison.merge(),
        comparison.range_diff(&[one], &[two]),
    );
}

fn archived(repository: &Repository, id: &ChangesetId) -> Option<Vec<String>> {
    let options = ArchiveOptions {
        format: ArchiveFormat::Tar,
        prefix: path(b"x"),
        path: RepoPath::root(),
    };
    let mut bytes = Vec::new();
    let mut archive = repository.archive(id, &options).ok()?;
    archive.read_to_end(&mut bytes).ok()?;
    let mut tar = tar::Archive::new(&bytes[..]);
    let names = tar.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        String::from_utf8_lossy(&entry.path_bytes()).into_owned()
    });
    Some(names.collect())
}

#[test]
fn names_that_lead_elsewhere_are_not_shown() {
    let work = Work::new(Kind::Hg);
    let mut odd = Odd::new(work.path());
    let node = odd.file("f", b"content\n");
    let names: [&[u8]; 14] = [
        b"",
        b"-rf",
        b".",
        b"..",
        b"../../etc/passwd",
        b".hg/hgrc",
        b"/etc/passwd",
        b"a//b",
        b"a/../../b",
        b"a/.hg/hgrc",
        b"dup",
        b"dup",
        b"dup/inner",
        b"f",
    ];
    let mut manifest: Vec<u8> = names.iter().flat_map(|name| line(name, &node)).collect();
    manifest.extend(b"no node\0zzzz\n");
    let one = odd.commit(&manifest, ENTRY);
    // Neither sorted nor whole.
    let mut manifest: Vec<u8> = names
        .iter()
        .rev()
        .flat_map(|name| line(name, &node))
        .collect();
    manifest.extend(b"f");
    let two = odd.commit(&manifest, ENTRY);
    odd.write();
    let repository = work.open();
    let leads_out = |name: &str| {
        name.starts_with('/') || name.split('/').any(|part| part == ".." || part == ".")
    };
    for id in [one, two] {
        for listed in repository
            .directory(&id, &RepoPath::root())
            .unwrap_or_default()
        {
            assert!(!leads_out(&listed.path.to_string()), "{}", listed.path);
        }
        if let Ok(files) = repository.file_names(&id, &RepoPath::root()) {
            assert!(files.paths.iter().all(|path| !leads_out(&path.to_string())));
        }
        for name in archived(&repository, &id).unwrap_or_default() {
            assert!(!leads_out(&name) && name.starts_with("x/"), "{name}");
        }
        ask_everything(&repository, &id);
    }
    compare_everything(&repository, one, two);
    compare_everything(&repository, two, one);
    let file = repository.file(&one, &path(b"f")).unwrap();
    assert_eq!(file.data, b"content\n");
}

#[test]
fn dates_and_people_that_cannot_be_are_shown_as_something() {
    let work = Work::new(Kind::Hg);
    let mut odd = Odd::new(work.path());
    let node = odd.file("f", b"content\n");
    let entries: [&[u8]; 10] = [
        b"A <a@example.com>\n99999999999999999999999 0\nf\n\nm",
        b"A <a@example.com>\n-1 -999999999\nf\n\nm",
        b"A <a@example.com>\n9223372036854775807 2147483648\nf\n\nm",
        b"A <a@example.com>\n1.5e300 -2147483648\nf\n\nm",
        b"\n\nf\n\n",
        b"\xff\xfe <<>>\nNaN x branch:\xff\0close:1\0\0:\0x\nf\n\n\xe9\xff",
        b"no mail\n0 0 branch:..\xc3\nf\n\nm",
        b"A\n0 0 source:nothing\0transplant_source:short\nf\n../x\n\nm",
        b"A\n0 0 amend_source:\0_rebase_source:\\0\nf\n\nm",
        b"A\n0 0\n\nno files",
    ];
    let ids: Vec<ChangesetId> = entries
        .iter()
        .map(|entry| odd.commit(&line(b"f", &node), entry))
        .collect();
    odd.write();
    let repository = work.open();
    let page = repository.log(&LogQuery::default()).unwrap();
    assert_eq!(page.total, entries.len());
    for changeset in &page.changesets {
        assert!(changeset.date.offset_east.abs() < 24 * 3600);
        ask_everything(&repository, &changeset.id);
        archived(&repository, &changeset.id);
    }
    let by_time = LogQuery {
        since: Some(i64::MIN),
        until: Some(i64::MAX),
        author: Some("a".into()),
        ..LogQuery::default()
    };
    assert!(repository.log(&by_time).unwrap().total >= 5);
    compare_everything(&repository, ids[0], ids[9]);
}

#[test]
fn entries_that_are_none_are_told() {
    let work = Work::new(Kind::Hg);
    let mut odd = Odd::new(work.path());
    let node = odd.file("f", b"content\n");
    let good = odd.commit(&line(b"f", &node), ENTRY);
    let broken = odd.commit(&line(b"f", &node), b"one line");
    let gone = odd.commit(&line(b"f", &[0x11; 20]), ENTRY);
    odd.write();
    let repository = work.open();
    let error = repository.changeset(&broken).unwrap_err().to_string();
    assert!(error.contains("00changelog"), "{error}");
    assert_eq!(repository.changeset(&good).unwrap().message, "m");
    let error = repository.file(&gone, &path(b"f")).unwrap_err();
    assert!(matches!(error, NodeError::Read(_)), "{error}");
    for id in [good, broken, gone] {
        ask_everything(&repository, &id);
        archived(&repository, &id);
        compare_everything(&repository, good, id);
    }
}

#[test]
fn large_directories_come_in_parts() {
    let work = Work::new(Kind::Hg);
    let mut odd = Odd::new(work.path());
    let node = odd.file("d/f00000", b"content\n");
    let manifest = |count: usize| -> Vec<u8> {
        let names = (0..count).map(|n| format!("d/f{n:05}"));
        names
            .flat_map(|name| line(name.as_bytes(), &node))
            .collect()
    };
    let id = odd.commit(&manifest(30_000), ENTRY);
    odd.write();
    let repository = work.open();
    let start = Instant::now();
    let part = repository.listing(&id, &path(b"d"), 0, 1).unwrap();
    assert_eq!((part.entries.len(), part.total), (1, 30_000));
    assert_eq!(part.entries[0].name, b"f00000");
    assert_eq!(
        repository
            .file_names(&id, &RepoPath::root())
            .unwrap()
            .paths
            .len(),
        30_000
    );
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
#[ignore = "minutes long: make test-all"]
fn a_million_files_are_listed_up_to_a_limit() {
    let work = Work::new(Kind::Hg);
    let mut odd = Odd::new(work.path());
    let node = odd.file("f1000000", b"content\n");
    let names = (0..1_100_000).map(|n| format!("f{n:07}"));
    let manifest: Vec<u8> = names
        .flat_map(|name| line(name.as_bytes(), &node))
        .collect();
    let id = odd.commit(&manifest, ENTRY);
    odd.write();
    let repository = work.open();
    let part = repository
        .listing(&id, &RepoPath::root(), 1_000_000, 1)
        .unwrap();
    assert_eq!((part.entries.len(), part.total), (1, 1_100_000));
    let names = repository.file_names(&id, &RepoPath::root()).unwrap();
    assert_eq!((names.paths.len(), names.complete), (1_000_000, false));
}

#[test]
fn large_files_are_refused_by_their_size() {
    let work = Work::new(Kind::Hg);
    let mut odd = Odd::new(work.path());
    // One line, of more than any page can show.
    let (small, large) = (
        odd.file("small", b"x\n"),
        odd.file("large", &vec![b'x'; 70 << 20]),
    );
    let old = odd.commit(&line(b"large", &small), ENTRY);
    let new = odd.commit(&line(b"large", &large), ENTRY);
    odd.write();
    // The file of another name has the small revision; put both into one log.
    let repository = work.open();
    let name = path(b"large");
    assert_eq!(repository.node(&new, &name).unwrap().size, Some(70 << 20));
    for found in [
        repository.file_up_to(&new, &name, 1 << 20).map(drop),
        repository
            .blame(&new, &name, &BlameOptions::default())
            .map(drop),
    ] {
        assert!(matches!(found, Err(NodeError::TooLarge { size, .. }) if size == 70 << 20));
    }
    let diff = repository
        .diff(None, &new, &DiffOptions::default())
        .unwrap();
    assert_eq!(diff.files[0].cut, Some(Cut::FileTooLarge(70 << 20)));
    // The other one names a revision that the file does not have.
    assert!(repository.file(&old, &name).is_err());
    ask_everything(&repository, &old);
}

/// Garbage beside the store, and a store that lacks parts.
#[test]
fn what_lies_about_may_be_anything_or_gone() {
    let Story { work, ids } = story(Kind::Hg);
    let dot_hg = work.path().join(".hg");
    let garbage: Vec<u8> = (0..100_000u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    for name in [
        "dirstate",
        "bookmarks",
        "localtags",
        "branch",
        "hgrc",
        "store/obsstore",
        "store/phaseroots",
        "store/fncache",
        "store/00changelog.n",
        "cache/branch2-served",
        "cache/tags2-visible",
        "cache/rbc-names-v1",
        "cache/rbc-revs-v1",
        "cache/hgtagsfnodes1",
    ] {
        let file = dot_hg.join(name);
        let before = fs::read(&file).ok();
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let half = before
            .as_deref()
            .map_or(&garbage[..7], |bytes| &bytes[..bytes.len() / 2]);
        for content in [&garbage[..], b"", b"\0", b"\n\n\n", half] {
            fs::write(&file, content).unwrap();
            // What a cache says is not believed; what the repository itself says may be refused with its name.
            match Repository::open(work.path(), Kind::Hg)
                .map(|one| one.changeset(&ids[5]).map(drop))
            {
                Ok(Ok(())) => {}
                Ok(Err(error)) => assert!(error.to_string().contains(name), "{name}: {error}"),
                Err(error) => panic!("{name}: {error}"),
            }
            if name.starts_with("cache") {
                assert!(work.open().refs().is_ok(), "{name}");
            }
        }
        ask_everything(&work.open(), &ids[5]);
        match before {
            Some(before) => fs::write(&file, before).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
    }
    for name in [
        "store/fncache",
        "store/phaseroots",
        "store/00manifest.i",
        "store/00changelog.i",
        "store",
        "requires",
    ] {
        let (file, aside) = (dot_hg.join(name), dot_hg.join("aside"));
        if fs::rename(&file, &aside).is_err() {
            continue;
        }
        if let Ok(repository) = Repository::open(work.path(), Kind::Hg) {
            ask_everything(&repository, &ids[5]);
        }
        fs::rename(&aside, &file).unwrap();
    }
    fs::write(
        dot_hg.join("requires"),
        "revlogv1\nstore\nfrom-the-future\n",
    )
    .unwrap();
    let refused = Repository::open(work.path(), Kind::Hg)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("from-the-future"), "{refused}");
}
