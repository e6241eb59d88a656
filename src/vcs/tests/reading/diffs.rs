//! The text of our diffs is applied by `git apply` and `hg import`; what they make of it is what was committed.

use vcs::diff::{Cut, LineKind, Moved, Operation};
use vcs::{Diff, DiffLimit, DiffOptions, Kind, LogQuery, RepoPath, Whitespace};

use crate::recipe::{Story, Work, path, story};
use crate::rich::{Dice, rich};

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
    // Line by line what `hg` writes, but for headings of hunks and for binary content: its ids stand with the mode, and are compressed
    // by another library.
    for pair in [(0, 1), (1, 2), (2, 3)] {
        let ours = text(
            &repository
                .diff(Some(&ids[pair.0]), &ids[pair.1], &whole())
                .unwrap(),
        );
        let [old, new] = [pair.0, pair.1].map(|at| ids[at].to_string());
        let theirs = work.run("hg", &["diff", "--git", "-r", &old, "-r", &new]);
        let bare = |text: &str| -> Vec<String> {
            let heading = |line: &str| match line.strip_prefix("@@ ") {
                Some(rest) => rest.split(" @@").next().unwrap_or_default().to_owned(),
                None => line.to_owned(),
            };
            let mut packed = false;
            let shown = text.lines().filter(|line| {
                packed = (packed && !line.is_empty()) || line.starts_with("literal ");
                !packed && !line.starts_with("index ")
            });
            shown.map(heading).collect()
        };
        let ours = String::from_utf8_lossy(&ours).into_owned();
        let theirs = String::from_utf8_lossy(&theirs).into_owned();
        assert_eq!(bare(&ours), bare(&theirs), "from {old} to {new}");
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

/// Every commit of the rich histories, in both white space modes that had no test yet.
#[test]
fn git_tells_the_same_files_and_counts() {
    for (seed, merges) in [(21, false), (22, true)] {
        let work = rich(seed, 50, merges);
        let repository = work.open();
        let page = repository
            .log(&LogQuery {
                limit: usize::MAX,
                ..LogQuery::default()
            })
            .unwrap();
        for changeset in page.changesets {
            let parent = changeset.parents.first();
            let diff = repository.diff(parent, &changeset.id, &whole()).unwrap();
            let Some(parent) = parent else { continue };
            let range = format!("{parent}..{}", changeset.id);
            let theirs = work.git(&["diff", "-M", "--histogram", "--full-index", &range]);
            let ours = String::from_utf8(text(&diff)).unwrap();
            assert_eq!(ours, theirs, "seed {seed}: {range}");
            let names = repository
                .changed_files(Some(parent), &changeset.id)
                .unwrap();
            let status: Vec<String> = names
                .iter()
                .map(|file| match file.operation {
                    Operation::Added => format!("A\t{}", file.path()),
                    Operation::Removed => format!("D\t{}", file.path()),
                    Operation::Renamed => {
                        let old = file.old_path.as_ref().unwrap();
                        format!("R\t{old}\t{}", file.path())
                    }
                    _ => format!("M\t{}", file.path()),
                })
                .collect();
            let theirs = work.git(&["diff", "-M", "--name-status", &range]);
            let theirs: Vec<String> = theirs
                .lines()
                .map(|line| match line.strip_prefix('R') {
                    Some(rest) => format!("R\t{}", rest.split_once('\t').unwrap().1),
                    None => line.to_owned(),
                })
                .collect();
            assert_eq!(status, theirs);
        }
    }
}

#[test]
fn amounts_of_white_space_count_as_gits_b_has_it() {
    let work = Work::new(Kind::Git);
    work.write(b"f", b"a b\n\tc\nd e\nxy\n\nlast  \n");
    let old = work.commit("One");
    work.write(b"f", b"a   b\n    c\nde\nx y\n \nlast\n");
    let new = work.commit("Two");
    let options = DiffOptions {
        ignore_whitespace: Whitespace::Amount,
        ..whole()
    };
    let ours = text(&work.open().diff(Some(&old), &new, &options).unwrap());
    let range = format!("{old}..{new}");
    let theirs = work.run(
        "git",
        &["diff", "--histogram", "--full-index", "-b", &range],
    );
    assert_eq!(
        String::from_utf8_lossy(&ours),
        String::from_utf8_lossy(&theirs)
    );
}

#[test]
fn copies_are_found_as_git_does() {
    let work = Work::new(Kind::Git);
    let lines_of = |seed: usize| -> Vec<u8> {
        let lines: String = (0..40).map(|n| format!("line {n} of {seed}\n")).collect();
        lines.into_bytes()
    };
    let with = |seed: usize, end: &str| [lines_of(seed), end.as_bytes().to_vec()].concat();
    for (name, seed) in [
        ("a", 1),
        ("b", 2),
        ("c", 3),
        ("dir/d", 4),
        ("still", 5),
        ("e", 6),
    ] {
        work.write(name.as_bytes(), &lines_of(seed));
    }
    let old = work.commit("One");
    // Changed and copied; copied twice and removed; renamed twice with changes; a copy of what nobody touched.
    work.write(b"a", &with(1, "changed\n"));
    work.write(b"a copy", &lines_of(1));
    work.write(b"another/a", &with(1, "differs\n"));
    work.remove(b"b");
    work.write(b"b1", &lines_of(2));
    work.write(b"b2", &lines_of(2));
    work.remove(b"c");
    work.write(b"c1", &with(3, "x\n"));
    work.write(b"c2", &with(3, "y and some more\n"));
    work.write(b"dir/d", &with(4, "more\n"));
    work.write(b"other/d", &with(4, "more of it\n"));
    work.write(b"still copy", &lines_of(5));
    work.write(b"e", &with(6, "e\n"));
    work.write(b"unlike", b"nothing of all that\n");
    let new = work.commit("Two");
    for copies in [false, true] {
        let options = DiffOptions { copies, ..whole() };
        let ours = text(&work.open().diff(Some(&old), &new, &options).unwrap());
        let flag = if copies { "-C" } else { "-M" };
        let range = format!("{old}..{new}");
        let theirs = work.run(
            "git",
            &["diff", "--histogram", "--full-index", flag, &range],
        );
        assert_eq!(
            String::from_utf8_lossy(&ours),
            String::from_utf8_lossy(&theirs),
            "{flag}"
        );
    }
}

#[test]
fn nothing_beside_the_wanted_paths_is_read() {
    let work = Work::new(Kind::Git);
    for (path, content) in [("a/x", "1\n"), ("b/y", "1\n"), ("ab/z", "1\n")] {
        work.write(path.as_bytes(), content.as_bytes());
    }
    let old = work.commit("One");
    for path in ["a/x", "b/y", "ab/z"] {
        work.write(path.as_bytes(), b"2\n");
    }
    work.write(b"a/new", b"new\n");
    let new = work.commit("Two");
    let only = |path: &[u8]| DiffOptions {
        paths: vec![RepoPath::parse(path).unwrap()],
        ..DiffOptions::default()
    };
    let tree = work.git(&["rev-parse", &format!("{new}:b")]);
    let (start, rest) = tree.trim().split_at(2);
    std::fs::remove_file(work.path().join(format!(".git/objects/{start}/{rest}"))).unwrap();
    let repository = work.open();
    let diff = repository.diff(Some(&old), &new, &only(b"a/x")).unwrap();
    assert_eq!(
        diff.files.len(),
        1,
        "the damaged folder is none of its business"
    );
    assert!(repository.diff(Some(&old), &new, &only(b"b")).is_err());
    assert!(
        repository.diff(Some(&old), &new, &only(b"a")).is_err(),
        "what is new may come from anywhere"
    );
}

#[test]
fn words_and_moved_lines_are_marked() {
    for kind in [Kind::Git, Kind::Hg] {
        let work = Work::new(kind);
        let block = "fn moved_function() {\n    does_something();\n}\n";
        work.write(b"a", format!("first line of a\n{block}last\n").as_bytes());
        work.write(b"b", b"let value = compute(one, two);\nend\n");
        let old = work.commit("One");
        work.write(b"a", b"first line of a\nlast\n");
        work.write(
            b"b",
            format!("let value = compute(one, three);\nend\n{block}").as_bytes(),
        );
        let new = work.commit("Two");
        let options = DiffOptions {
            words: true,
            moved: true,
            ..DiffOptions::default()
        };
        let diff = work.open().diff(Some(&old), &new, &options).unwrap();
        let lines = |file: usize, kind: LineKind| {
            let lines = diff.files[file].hunks.iter().flat_map(|hunk| &hunk.lines);
            lines.filter(move |line| line.kind == kind)
        };
        let went: Vec<_> = lines(0, LineKind::Removed).map(|line| line.moved).collect();
        let to = |line| Some(Moved { file: 1, line });
        assert_eq!(went, [to(3), to(4), to(5)]);
        let came: Vec<_> = lines(1, LineKind::Added).map(|line| line.moved).collect();
        let from = |line| Some(Moved { file: 0, line });
        assert_eq!(came, [None, from(2), from(3), from(4)]);
        let changed = lines(1, LineKind::Added).next().unwrap();
        let words: Vec<_> = changed
            .changed
            .iter()
            .map(|part| &changed.text[part.clone()])
            .collect();
        assert_eq!(words, [b"three"]);
    }
}

#[test]
fn what_is_cut_says_why_and_can_be_seen_alone() {
    let Story { work, ids } = story(Kind::Git);
    let repository = work.open();
    let limit = DiffLimit {
        files: 100,
        blob_bytes: 1 << 20,
        text_bytes: 60,
        lines: 100,
    };
    let options = DiffOptions {
        limit: Some(limit),
        ..DiffOptions::default()
    };
    let diff = repository.diff(Some(&ids[0]), &ids[1], &options).unwrap();
    let cut: Vec<_> = diff.files.iter().filter(|file| file.truncated).collect();
    assert!(!cut.is_empty() && cut.len() == diff.truncated_files);
    for file in cut {
        assert!(
            matches!(file.cut, Some(Cut::TooMuchText(_))),
            "{:?}",
            file.cut
        );
        let alone = DiffOptions {
            paths: vec![file.path().clone()],
            ..DiffOptions::default()
        };
        let shown = repository.diff(Some(&ids[0]), &ids[1], &alone).unwrap();
        assert!(shown.files.len() == 1 && !shown.files[0].hunks.is_empty());
        assert_eq!(
            (shown.files[0].added, shown.files[0].cut),
            (file.added, None)
        );
    }
}

/// What a diff says done to the old text gives the new one.
#[test]
fn hunks_make_the_new_text_of_the_old() {
    let work = rich(41, 40, true);
    let repository = work.open();
    let all = repository
        .log(&LogQuery {
            limit: usize::MAX,
            ..LogQuery::default()
        })
        .unwrap();
    let mut dice = Dice::new(1);
    for _ in 0..60 {
        let [old, new] = [(); 2].map(|()| all.changesets[dice.below(all.changesets.len())].id);
        let options = DiffOptions {
            context: dice.below(5) as u32,
            ..whole()
        };
        for file in repository.diff(Some(&old), &new, &options).unwrap().files {
            let read = |id, path: &Option<RepoPath>| match path {
                Some(path) => repository.file(id, path).unwrap().data,
                None => Vec::new(),
            };
            let (before, after) = (read(&old, &file.old_path), read(&new, &file.new_path));
            let lines: Vec<&[u8]> = before.split_inclusive(|&byte| byte == b'\n').collect();
            let (mut made, mut at) = (Vec::new(), 0);
            for hunk in &file.hunks {
                let start = (hunk.old_start - u32::from(hunk.old_len > 0)) as usize;
                made.extend(lines[at..start].concat());
                at = start + hunk.old_len as usize;
                for line in hunk
                    .lines
                    .iter()
                    .filter(|line| line.kind != LineKind::Removed)
                {
                    made.extend_from_slice(&line.text);
                    made.extend_from_slice(if line.no_newline { b"" } else { b"\n" });
                }
            }
            made.extend(lines[at..].concat());
            assert!(made == after, "{old} {new} {}", file.path());
        }
    }
}
