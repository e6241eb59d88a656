//! Answers from the cache are the answers without it.

use std::io::Read;

use vcs::{ArchiveFormat, ArchiveOptions, BlameOptions, Cache, DiffOptions, Kind, RepoPath};

use crate::recipe::{Story, Work, path, story};

#[test]
fn what_comes_out_of_the_cache_is_what_was_worked_out() {
    for kind in [Kind::Git, Kind::Hg] {
        let Story { work, ids } = story(kind);
        if kind == Kind::Git {
            work.git(&["update-ref", "refs/heads/main", &ids[5].to_string()]);
        }
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let cache = Cache::new(folder.path(), 64 << 20);
        let repository = work.open();
        let cached = repository.cached(&cache);
        let id = ids[5];
        let file = path(b"src/the main.rs");
        let archive = ArchiveOptions {
            format: ArchiveFormat::TarGz,
            prefix: path(b"x"),
            path: RepoPath::root(),
        };
        let read = |mut stream: Box<dyn Read + Send>| -> Vec<u8> {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).unwrap();
            bytes
        };
        let mut plain = Vec::new();
        let diff = repository
            .diff(Some(&ids[0]), &id, &DiffOptions::default())
            .unwrap();
        diff.to_unified(&mut plain).unwrap();
        for round in ["worked out", "from the cache"] {
            for directory in [RepoPath::root(), path(b"src")] {
                let changes = cached.last_changes(&id, &directory).unwrap();
                assert_eq!(
                    changes,
                    repository.last_changes(&id, &directory).unwrap(),
                    "{round}"
                );
            }
            let blame = cached.blame(&id, &file, &BlameOptions::default()).unwrap();
            assert_eq!(
                blame,
                repository
                    .blame(&id, &file, &BlameOptions::default())
                    .unwrap(),
                "{round}"
            );
            assert_eq!(
                cached
                    .unified(Some(&ids[0]), &id, &DiffOptions::default())
                    .unwrap(),
                plain,
                "{round}"
            );
            let stream = cached.archive(&id, &archive).unwrap();
            let length = stream.length;
            let made = read(stream.reader);
            let told = (round == "from the cache").then_some(made.len() as u64);
            assert_eq!(length, told, "{round}");
            assert_eq!(
                made,
                read(Box::new(repository.archive(&id, &archive).unwrap())),
                "{round}"
            );
            let bytes = cached.bytes("statistics", 1, &id, &[], || Ok::<_, ()>(round.into()));
            assert_eq!(bytes.unwrap(), b"worked out");
        }
        // What is there is used: nothing of the repository is read for it.
        if kind == Kind::Git {
            std::fs::remove_dir_all(work.path().join(".git/objects")).unwrap();
            assert!(cached.blame(&id, &file, &BlameOptions::default()).is_ok());
            assert!(
                cached
                    .blame(&id, &path(b"empty"), &BlameOptions::default())
                    .is_err()
            );
        }
        assert!(cached.archive(&id, &archive).is_ok());
    }
}

/// An archive that tells which names lead to its changeset is another one after the next tag.
#[test]
fn archives_that_depend_on_more_than_the_changeset_are_made_anew() {
    let work = Work::new(Kind::Git);
    work.write(b"names", b"$Format:%D$\n");
    work.write(b".gitattributes", b"names export-subst\n");
    let id = work.commit("Names");
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let cache = Cache::new(folder.path(), 1 << 30);
    let options = ArchiveOptions {
        format: ArchiveFormat::Tar,
        prefix: path(b"x"),
        path: RepoPath::root(),
    };
    let archive = || {
        let repository = work.open();
        let mut stream = repository.cached(&cache).archive(&id, &options).unwrap();
        let mut bytes = Vec::new();
        stream.reader.read_to_end(&mut bytes).unwrap();
        (stream.length.is_some(), String::from_utf8(bytes).unwrap())
    };
    let holds = |text: &str, wanted: &str| assert!(text.contains(wanted), "{text:?}");
    let (_, before) = archive();
    holds(&before, "HEAD -> main\n");
    work.git(&["tag", "v1"]);
    let (known, after) = archive();
    assert!(!known);
    holds(&after, "HEAD -> main, tag: v1\n");
    // Without such a file it is kept, until the administrator wants something else.
    let info = work.path().join(".git/info/attributes");
    std::fs::create_dir_all(info.parent().unwrap()).unwrap();
    std::fs::write(&info, "names -export-subst\n").unwrap();
    assert_eq!((archive().0, archive().0), (false, true));
    std::fs::write(&info, "names export-ignore\n").unwrap();
    assert!(!archive().0);
}
