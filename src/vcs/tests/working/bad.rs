//! Repositories that are broken, or made to be a trap, are archived, compared and forked: a clear error or a harmless answer.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use vcs::compare::{Comparison, End};
use vcs::life::{Draft, LifeError, Limits, Watch};
use vcs::{
    ArchiveFormat, ArchiveOptions, ChangesetId, DiffOptions, Kind, NodeError, RepoPath, Repository,
};

use crate::commits::programs;
use crate::recipe::{Work, path};

fn object(work: &Work, kind: &str, content: &[u8]) -> String {
    let args = ["hash-object", "-t", kind, "-w", "--stdin", "--literally"];
    let id = work.feed("git", &args, content);
    String::from_utf8(id).unwrap().trim().to_owned()
}

fn commit(
    work: &Work,
    branch: &str,
    parent: Option<&str>,
    entries: &[(&str, &[u8], &str)],
) -> String {
    let mut tree = Vec::new();
    for (mode, name, id) in entries {
        let id: ChangesetId = id.parse().unwrap();
        tree.extend([mode.as_bytes(), b" ", name, b"\0", id.as_bytes()].concat());
    }
    let tree = object(work, "tree", &tree);
    let parent = parent
        .map(|id| format!("parent {id}\n"))
        .unwrap_or_default();
    let who = "A <a@example.com> 1700000000 +0000";
    let text = format!("tree {tree}\n{parent}author {who}\ncommitter {who}\n\nm\n");
    let id = object(work, "commit", text.as_bytes());
    work.write(
        format!(".git/refs/heads/{branch}").as_bytes(),
        format!("{id}\n").as_bytes(),
    );
    id
}

fn archive(
    repository: &Repository,
    id: &ChangesetId,
    format: ArchiveFormat,
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let options = ArchiveOptions {
        format,
        prefix: path(b"x"),
        path: RepoPath::root(),
    };
    let mut bytes = Vec::new();
    repository.archive(id, &options)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A tree as no `git` makes it, and another one that differs from it.
fn trap() -> (Work, ChangesetId, ChangesetId) {
    let work = Work::new(Kind::Git);
    let blob = object(&work, "blob", b"text\n");
    let other = object(&work, "blob", b"other\n");
    let target = object(&work, "blob", b"/etc/passwd");
    let base = commit(&work, "main", None, &[("100644", b"a", &blob)]);
    let entries = |content: &str| {
        let inside = object(&work, "tree", &entry(b"100644", b"config", content));
        vec![
            ("40000".to_owned(), b"..".to_vec(), inside.clone()),
            ("40000".to_owned(), b".git".to_vec(), inside.clone()),
            ("40000".to_owned(), b".GIT".to_vec(), inside.clone()),
            ("100644".to_owned(), b"-rf".to_vec(), content.to_owned()),
            (
                "100644".to_owned(),
                b"../escape".to_vec(),
                content.to_owned(),
            ),
            (
                "100644".to_owned(),
                b"/absolute".to_vec(),
                content.to_owned(),
            ),
            ("100644".to_owned(), b"a".to_vec(), content.to_owned()),
            ("100644".to_owned(), b"a".to_vec(), blob.clone()),
            ("120000".to_owned(), b"link".to_vec(), target.clone()),
            ("160000".to_owned(), b"sub".to_vec(), "1".repeat(40)),
        ]
    };
    let make = |branch, content: &str| {
        let entries = entries(content);
        let entries: Vec<(&str, &[u8], &str)> = entries
            .iter()
            .map(|(mode, name, id)| (mode.as_str(), name.as_slice(), id.as_str()))
            .collect();
        commit(&work, branch, Some(&base), &entries)
            .parse()
            .unwrap()
    };
    let (one, two) = (make("main", &blob), make("side", &other));
    (work, one, two)
}

fn entry(mode: &[u8], name: &[u8], id: &str) -> Vec<u8> {
    let id: ChangesetId = id.parse().unwrap();
    [mode, b" ", name, b"\0", id.as_bytes()].concat()
}

#[test]
fn no_archive_leads_out_of_its_folder() {
    let (work, one, _) = trap();
    let repository = work.open();
    // Python knows no Zstandard; in it is the same tar.
    let formats = ArchiveFormat::ALL.into_iter();
    for format in formats.filter(|format| *format != ArchiveFormat::TarZst) {
        let bytes = archive(&repository, &one, format).unwrap();
        let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let file = scratch.path().join("archive");
        std::fs::write(&file, bytes).unwrap();
        let names = names(&file, format);
        assert!(
            names.iter().any(|name| name == "x/-rf"),
            "{format:?} {names:?}"
        );
        for name in &names {
            let parts: Vec<&str> = name.split('/').collect();
            let outside = parts
                .iter()
                .any(|part| *part == ".." || part.eq_ignore_ascii_case(".git"));
            assert!(
                (name == "x" || name.starts_with("x/")) && !outside,
                "{format:?}: {name}"
            );
        }
    }
}

fn names(file: &Path, format: ArchiveFormat) -> Vec<String> {
    let program = match format {
        ArchiveFormat::Zip => {
            "import sys,zipfile;print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))"
        }
        _ => "import sys,tarfile;print('\\n'.join(tarfile.open(sys.argv[1]).getnames()))",
    };
    let output = Command::new("python3")
        .args(["-c", program])
        .arg(file)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{format:?}");
    let names = String::from_utf8(output.stdout).unwrap();
    names.lines().map(str::to_owned).collect()
}

#[test]
fn traps_and_holes_are_compared_without_harm() {
    let (work, one, two) = trap();
    let start = Instant::now();
    let ask = |repository: &Repository| {
        let end = |id| End {
            repository,
            id: Some(id),
        };
        let comparison = Comparison::new(end(one), end(two)).unwrap();
        let sides = comparison.sides().unwrap();
        assert_eq!((sides.ahead.len(), sides.behind.len()), (1, 1));
        let diff = comparison.diff(Some(&one), &two, &DiffOptions::default());
        let merge = comparison.merge();
        let ranges = comparison.range_diff(&[one], &[two]);
        (diff.is_ok(), merge.is_ok(), ranges.is_ok())
    };
    ask(&work.open());
    // Both trees are gone: each question is answered by an error.
    for id in [one, two] {
        let tree = work.git(&["rev-parse", &format!("{id}^{{tree}}")]);
        let (start, rest) = tree.trim().split_at(2);
        std::fs::remove_file(work.path().join(format!(".git/objects/{start}/{rest}"))).unwrap();
    }
    let repository = work.open();
    assert_eq!(ask(&repository), (false, false, false));
    for format in ArchiveFormat::ALL {
        let error = archive(&repository, &one, format).unwrap_err();
        assert!(!error.to_string().is_empty());
    }
    let unknown: ChangesetId = "12".repeat(20).parse().unwrap();
    let options = ArchiveOptions {
        format: ArchiveFormat::Zip,
        prefix: path(b"x"),
        path: RepoPath::root(),
    };
    let refused = repository.archive(&unknown, &options).err().unwrap();
    assert!(matches!(refused, NodeError::Read(_)), "{refused}");
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn what_is_broken_is_not_forked_and_leaves_nothing() {
    let (work, one, _) = trap();
    let tree = work.git(&["rev-parse", &format!("{one}^{{tree}}")]);
    let (start, rest) = tree.trim().split_at(2);
    std::fs::remove_file(work.path().join(format!(".git/objects/{start}/{rest}"))).unwrap();
    let group = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let limits = Limits::new(Duration::from_secs(60), None);
    let refused = Draft::fork(
        &programs(),
        group.path(),
        &work.open(),
        limits,
        &mut Watch::nobody(),
    );
    let refused = refused.unwrap_err();
    assert!(matches!(refused, LifeError::Failed { .. }), "{refused}");
    assert_eq!(std::fs::read_dir(group.path()).unwrap().count(), 0);
}
