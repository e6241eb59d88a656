//! Merges compared with all of their parents at once: the text is that of `git`, byte for byte.

use vcs::{ChangesetId, Kind, LogQuery};

use crate::recipe::Work;
use crate::rich::rich;

#[test]
fn merges_are_compared_with_all_parents_as_git_does() {
    let mut hunks = 0;
    for seed in [31, 32, 33] {
        let work = rich(seed, 50, true);
        let repository = work.open();
        let all = repository
            .log(&LogQuery {
                limit: usize::MAX,
                ..LogQuery::default()
            })
            .unwrap();
        for merge in all.changesets.iter().filter(|one| one.is_merge()) {
            for (dense, flag) in [(false, "-c"), (true, "--cc")] {
                hunks += combined_as_git_does(&work, &merge.id, dense, flag);
            }
        }
    }
    assert!(hunks > 30, "{hunks}");
}

/// Compares the text of a merge with that of `git`; returns how many hunks it has.
fn combined_as_git_does(work: &Work, id: &ChangesetId, dense: bool, flag: &str) -> usize {
    let mut hunks = 0;
    // Without context `git` miscounts what is gone at the end of a file: 18446744073709551615 lines.
    for (context, unified) in [(3, "-U3"), (1, "-U1"), (10, "-U10")] {
        let theirs = work.run(
            "git",
            &[
                "-c",
                "core.quotePath=false",
                "diff-tree",
                "-p",
                "-M",
                flag,
                unified,
                "--histogram",
                "--full-index",
                "--no-commit-id",
                &id.to_string(),
            ],
        );
        let diff = work.open().combined_diff(id, context, dense).unwrap();
        let mut ours = Vec::new();
        diff.to_text(&mut ours).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&ours),
            String::from_utf8_lossy(&theirs),
            "{flag} {unified} {id}"
        );
        hunks += diff
            .files
            .iter()
            .map(|file| file.hunks.len())
            .sum::<usize>();
    }
    hunks
}

#[test]
fn what_else_a_merge_may_do_to_a_file_is_told_as_git_does() {
    let work = Work::new(Kind::Git);
    let code = |changed: &str| -> Vec<u8> {
        let line = |n: usize| format!("int function_{n}(void)\n{{\n\treturn {n};\n}}\n");
        let lines: String = (0..12).map(line).collect();
        lines.replace("return 5;", changed).into_bytes()
    };
    work.write(b"code.c", &code("return 5;"));
    work.write(b"gone", b"one\n");
    work.write(b"moved", &code("return 6;"));
    work.write(b"mode", b"x\n");
    work.write(b"picture", b"a\0b");
    work.write(b"kind", b"target");
    work.write(b"no newline", b"first\nlast");
    work.commit("Base");
    work.git(&["checkout", "-q", "-b", "side"]);
    work.write(b"code.c", &code("return 50;"));
    work.write(b"gone", b"two\n");
    work.write(b"picture", b"a\0c");
    work.write(b"kind", b"elsewhere");
    work.write(b"no newline", b"first\nlast of the side");
    work.rename("moved", "moved away");
    work.commit("Side");
    work.git(&["checkout", "-q", "main"]);
    work.write(b"code.c", &code("return 55;"));
    work.write(b"gone", b"three\n");
    work.write(b"picture", b"a\0d");
    work.write(b"no newline", b"first\nlast of main\n");
    work.commit("Main");
    work.git(&["merge", "-q", "--no-commit", "-s", "ours", "side"]);
    work.write(b"code.c", &code("return 500; /* both */"));
    work.remove(b"gone");
    work.remove(b"moved");
    work.write(b"moved away", &code("return 7;"));
    work.executable(b"mode", true);
    work.write(b"picture", b"a\0e");
    work.remove(b"kind");
    work.symlink(b"kind", "target");
    work.write(b"no newline", b"first\nlast of both");
    work.write(b"n\"w \xc3\xbc", b"new\n");
    let merge = work.commit("Merge");
    for (dense, flag) in [(false, "-c"), (true, "--cc")] {
        assert!(combined_as_git_does(&work, &merge, dense, flag) > 0);
    }
    let diff = work.open().combined_diff(&merge, 3, true).unwrap();
    let paths: Vec<_> = diff
        .files
        .iter()
        .map(|file| file.path.to_string())
        .collect();
    assert_eq!(
        paths.len(),
        8,
        "each of them is told in some way: {paths:?}"
    );
}
