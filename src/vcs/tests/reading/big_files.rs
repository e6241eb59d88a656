//! A file of five gigabytes, asked for in every way: a word about its size, in constant memory.

use std::process::{Command, Stdio};

use vcs::diff::Cut;
use vcs::{ArchiveFormat, ArchiveOptions, BlameOptions, DiffOptions, Kind, NodeError, RepoPath};

use crate::bad::{commit, entry, object};
use crate::recipe::{Work, path};

/// `KALLITHEA_BIG_FILE_MIB` says otherwise; Git streams what has more than 512.
fn size() -> u64 {
    let asked = std::env::var("KALLITHEA_BIG_FILE_MIB").ok();
    asked
        .and_then(|text| text.parse::<u64>().ok())
        .unwrap_or(5 << 10)
        << 20
}

/// The most memory this process has ever had, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
#[ignore = "minutes long: make test-all"]
fn five_gigabytes_are_told_by_their_size() {
    let size = size();
    let work = Work::new(Kind::Git);
    let sparse = work.path().join("sparse");
    let file = std::fs::File::create(&sparse).unwrap();
    file.set_len(size).unwrap();
    let made = Command::new("git")
        .args(["hash-object", "-w", "sparse"])
        .current_dir(work.path())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let large = String::from_utf8(made.stdout).unwrap();
    std::fs::remove_file(&sparse).unwrap();
    let small = object(&work, "blob", b"x\n");
    let tree = |blob: &str| object(&work, "tree", &entry("100644", b"f", blob));
    let old = commit(&work, &tree(&small), &[], "main");
    let new = commit(&work, &tree(large.trim()), &[&old.to_string()], "main");
    let repository = work.open();
    let name = path(b"f");
    let before = peak();
    assert_eq!(repository.node(&new, &name).unwrap().size, Some(size));
    for found in [
        repository.file(&new, &name).map(drop),
        repository
            .blame(&new, &name, &BlameOptions::default())
            .map(drop),
    ] {
        assert!(matches!(found, Err(NodeError::TooLarge { size: told, .. }) if told == size));
    }
    let diff = repository
        .diff(Some(&old), &new, &DiffOptions::default())
        .unwrap();
    assert_eq!(diff.files[0].cut, Some(Cut::FileTooLarge(size)));
    repository.last_changes(&new, &RepoPath::root()).unwrap();
    let options = ArchiveOptions {
        format: ArchiveFormat::Tar,
        prefix: path(b"x"),
        path: RepoPath::root(),
    };
    let mut archive = repository.archive(&new, &options).unwrap();
    let length = std::io::copy(&mut archive, &mut std::io::sink()).unwrap();
    assert!(length > size, "{length}");
    let grown = peak() - before;
    assert!(grown < 200, "{grown} MiB more than before");
}
