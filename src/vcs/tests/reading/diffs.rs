//! The text of our diffs is applied by `git apply` and `hg import`; what they make of it is what was committed.

use vcs::diff::Operation;
use vcs::{Diff, DiffOptions, Kind, Whitespace};

use crate::recipe::{Story, Work, path, story};

fn text(diff: &Diff) -> Vec<u8> {
    let mut out = Vec::new();
    diff.to_unified(&mut out)
        .expect("a vector takes everything");
    out
}

fn whole() -> DiffOptions {
    DiffOptions {
        binary_content: true,
        ..DiffOptions::default()
    }
}

#[test]
fn git_applies_every_diff() {
    let Story { work, ids } = story(Kind::Git);
    let repository = work.open();
    for new in &ids {
        let mut olds: Vec<_> = ids.iter().filter(|old| *old != new).map(Some).collect();
        olds.push(None);
        for old in olds {
            let patch = text(&repository.diff(old, new, &whole()).unwrap());
            match old {
                Some(old) => work.run("git", &["read-tree", &old.to_string()]),
                None => work.run("git", &["read-tree", "--empty"]),
            };
            work.feed("git", &["apply", "--cached", "--whitespace=nowarn"], &patch);
            let made = work.git(&["write-tree"]);
            let wanted = work.git(&["rev-parse", &format!("{new}^{{tree}}")]);
            assert_eq!(
                made,
                wanted,
                "from {old:?} to {new}:\n{}",
                String::from_utf8_lossy(&patch)
            );
        }
    }
}

#[test]
fn hg_imports_every_diff() {
    let Story { work, ids } = story(Kind::Hg);
    let repository = work.open();
    for pair in [(0, 1), (1, 2), (2, 3), (2, 4), (5, 0)] {
        let (old, new) = (&ids[pair.0], &ids[pair.1]);
        let patch = text(&repository.diff(Some(old), new, &whole()).unwrap());
        work.go_back(old);
        work.feed(
            "hg",
            &["import", "-q", "--bypass", "-m", "Again", "-"],
            &patch,
        );
        let differs = work.run(
            "hg",
            &["diff", "--git", "-r", &new.to_string(), "-r", "tip"],
        );
        let [patch, differs] =
            [patch, differs].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert_eq!(
            differs, "",
            "left over after the import from {old} to {new} of:\n{patch}"
        );
    }
    let root = text(&repository.diff(None, &ids[0], &whole()).unwrap());
    work.run("hg", &["update", "-q", "-C", "null"]);
    work.feed(
        "hg",
        &["import", "-q", "--bypass", "-m", "Again", "-"],
        &root,
    );
    assert_eq!(
        work.hg(&["diff", "--git", "-r", &ids[0].to_string(), "-r", "tip"]),
        ""
    );
}

/// Renames and copies are those Mercurial recorded.
#[test]
fn hg_tells_renames_and_copies() {
    let work = Work::new(Kind::Hg);
    work.write(b"a", b"one\ntwo\n");
    work.write(b"b", b"b\n");
    let first = work.commit("First");
    work.run("hg", &["copy", "-q", "b", "c"]);
    work.run("hg", &["copy", "-q", "a", "x"]);
    work.rename("a", "y");
    let second = work.commit("Second");
    let diff = work
        .open()
        .diff(Some(&first), &second, &DiffOptions::default())
        .unwrap();
    let told: Vec<_> = diff
        .files
        .iter()
        .map(|file| {
            let old = file
                .old_path
                .as_ref()
                .map(|path| path.to_string())
                .unwrap_or_default();
            (old, file.path().to_string(), file.operation)
        })
        .collect();
    let wanted = [
        ("b", "c", Operation::Copied),
        ("a", "x", Operation::Renamed),
        ("a", "y", Operation::Copied),
    ];
    assert_eq!(
        told,
        wanted.map(|(old, new, operation)| (old.to_owned(), new.to_owned(), operation))
    );
}

/// Where the choice of lines is not a matter of taste our text is that of `git diff`, byte for byte.
#[test]
fn git_writes_the_same() {
    let Story { work, ids } = story(Kind::Git);
    let repository = work.open();
    for pair in ids.windows(2) {
        for (context, white, flag) in [
            (3, Whitespace::Keep, "--histogram"),
            (0, Whitespace::Keep, "--histogram"),
            (10, Whitespace::All, "-w"),
            (1, Whitespace::LineEnd, "--ignore-space-at-eol"),
        ] {
            let options = DiffOptions {
                context,
                ignore_whitespace: white,
                ..whole()
            };
            let ours = text(&repository.diff(Some(&pair[0]), &pair[1], &options).unwrap());
            let theirs = work.run(
                "git",
                &[
                    "-c",
                    "core.quotePath=false",
                    "diff",
                    "--histogram",
                    "--full-index",
                    "--binary",
                    "-M",
                    &format!("-U{context}"),
                    flag,
                    &pair[0].to_string(),
                    &pair[1].to_string(),
                ],
            );
            let [ours, theirs] = [ours, theirs].map(|text| without_binary(&text));
            assert_eq!(ours, theirs);
        }
    }
}

/// Both sides compress binary contents at their own level.
fn without_binary(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut out = String::new();
    let mut in_literal = false;
    for line in text.lines() {
        in_literal = (in_literal && !line.is_empty())
            || line.starts_with("literal ")
            || line.starts_with("delta ");
        if !in_literal {
            out += line;
            out += "\n";
        }
    }
    out
}

#[test]
fn one_file_of_a_diff() {
    let Story { work, ids } = story(Kind::Git);
    let options = DiffOptions {
        paths: vec![path(b"src/the main.rs")],
        ..DiffOptions::default()
    };
    let diff = work.open().diff(Some(&ids[1]), &ids[2], &options).unwrap();
    let [file] = &diff.files[..] else {
        panic!("{diff:?}")
    };
    assert_eq!(
        file.old_path,
        Some(path(b"src/main.rs")),
        "the rename is seen although only the new path was asked for"
    );
    assert_eq!(file.operation, Operation::Renamed);
    assert_eq!((file.added, file.removed), (2, 2));
}
