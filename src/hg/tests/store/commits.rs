//! A changeset that we make has the hash that `hg commit` gives it, and Mercurial takes it in.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::common::Hg;
use hg::{
    CommitError, FileEdit, FileKind, HgPathBuf, NewChangeset, Node, PushReply, Repository,
    Timestamp,
};

/// What `hg log` tells of the working directory's parent, as what is to be made again from its parents.
struct Made {
    node: Node,
    parents: [Option<Node>; 2],
}

fn made(hg: &mut Hg) -> Made {
    let text = hg.text("r", &["log", "-r", ".", "-T", "{node} {p1node} {p2node}"]);
    let nodes: Vec<Node> = text.split(' ').map(|node| node.parse().unwrap()).collect();
    let some = |node: Node| Some(node).filter(|node| !node.is_null());
    Made {
        node: nodes[0],
        parents: [some(nodes[1]), some(nodes[2])],
    }
}

fn write(data: &[u8]) -> FileEdit {
    FileEdit::Write {
        data: data.to_vec(),
        kind: FileKind::Regular,
        copied_from: None,
    }
}

fn of_kind(data: &[u8], kind: FileKind) -> FileEdit {
    FileEdit::Write {
        data: data.to_vec(),
        kind,
        copied_from: None,
    }
}

fn copied(data: &[u8], from: &str) -> FileEdit {
    FileEdit::Write {
        data: data.to_vec(),
        kind: FileKind::Regular,
        copied_from: Some(HgPathBuf::from(from)),
    }
}

fn new(made: &Made, files: &[(&str, FileEdit)]) -> NewChangeset {
    let files = files.iter();
    NewChangeset {
        parents: made.parents,
        user: "Üser <u@x>".to_owned(),
        time: Timestamp {
            seconds: 1_700_000_000,
            offset_west: -3600,
        },
        description: "one line \n\nand another\n".to_owned(),
        branch: "default".to_owned(),
        closes_branch: false,
        extras: BTreeMap::new(),
        files: files
            .map(|(path, edit)| (HgPathBuf::from(*path), edit.clone()))
            .collect(),
    }
}

const COMMIT: &[&str] = &[
    "commit",
    "-q",
    "-A",
    "-m",
    "one line \n\nand another\n",
    "-d",
    "1700000000 -3600",
    "-u",
    "Üser <u@x>",
];

/// Commits in `hg`, and checks that we make the same of its parents.
fn same(hg: &mut Hg, change: impl FnOnce(&mut NewChangeset), files: &[(&str, FileEdit)]) -> Node {
    same_with(hg, &[], change, files)
}

fn same_with(
    hg: &mut Hg,
    arguments: &[&str],
    change: impl FnOnce(&mut NewChangeset),
    files: &[(&str, FileEdit)],
) -> Node {
    hg.run("r", &[COMMIT, arguments].concat());
    let made = made(hg);
    let repository = Repository::open(&hg.path("r")).unwrap();
    let mut new = new(&made, files);
    change(&mut new);
    let commit = repository.snapshot().unwrap().commit(&new).unwrap();
    let text = |node: Node| format!("{node}");
    if commit.node != made.node {
        let theirs = hg.text("r", &["debugdata", "-c", &text(made.node)]);
        panic!("{} is not\n{theirs}", text(commit.node));
    }
    commit.node
}

#[test]
fn hashes_are_those_of_hg_commit() {
    let mut hg = Hg::new("");
    hg.init("r", &[]);
    hg.write("r", "a", "a\n");
    hg.write("r", "dir/b", "b\n");
    hg.write("r", "dir-c", "c\n");
    let first = [
        ("a", write(b"a\n")),
        ("dir/b", write(b"b\n")),
        ("dir-c", write(b"c\n")),
    ];
    let base = same(&mut hg, |_| {}, &first);

    // Edited, removed, added in between.
    hg.write("r", "a", "a\nmore\n");
    hg.write("r", "dir/a", "\x01\nlike a header");
    fs::remove_file(hg.path("r").join("dir-c")).unwrap();
    let edits = [
        ("a", write(b"a\nmore\n")),
        ("dir/a", write(b"\x01\nlike a header")),
        ("dir-c", FileEdit::Remove),
    ];
    same(&mut hg, |_| {}, &edits);

    // Renamed and copied, with other content and without.
    hg.run("r", &["mv", "a", "e"]);
    hg.run("r", &["cp", "dir/b", "copy"]);
    hg.write("r", "copy", "other\n");
    let edits = [
        ("a", FileEdit::Remove),
        ("e", copied(b"a\nmore\n", "a")),
        ("copy", copied(b"other\n", "dir/b")),
    ];
    same(&mut hg, |_| {}, &edits);

    // Modes, links, and what is not changed after all.
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(hg.path("r").join("e"), executable).unwrap();
    std::os::unix::fs::symlink("e", hg.path("r").join("link")).unwrap();
    let edits = [
        ("e", of_kind(b"a\nmore\n", FileKind::Executable)),
        ("link", of_kind(b"e", FileKind::Symlink)),
        ("dir/b", write(b"b\n")),
    ];
    same(&mut hg, |_| {}, &edits);

    // Another branch, and its end, without any file.
    hg.run("r", &["branch", "-q", "zweig ä"]);
    same(&mut hg, |new| new.branch = "zweig ä".to_owned(), &[]);
    let close = |new: &mut NewChangeset| {
        new.branch = "zweig ä".to_owned();
        new.closes_branch = true;
    };
    same_with(&mut hg, &["--close-branch"], close, &[]);

    // A merge: one file changed on both sides, one on each, one removed on either, one with the mode changed.
    hg.run("r", &["update", "-q", "-C", "2"]);
    hg.write("r", "e", "here\na\nmore\n");
    hg.write("r", "dir/a", "ours");
    same(
        &mut hg,
        |_| {},
        &[("e", write(b"here\na\nmore\n")), ("dir/a", write(b"ours"))],
    );
    hg.run("r", &["update", "-q", "-C", "2"]);
    hg.write("r", "e", "a\nmore\nthere\n");
    hg.write("r", "copy", "other\nstill\n");
    hg.write("r", "added", "theirs");
    fs::remove_file(hg.path("r").join("dir/b")).unwrap();
    let edits = [
        ("e", write(b"a\nmore\nthere\n")),
        ("copy", write(b"other\nstill\n")),
        ("added", write(b"theirs")),
        ("dir/b", FileEdit::Remove),
    ];
    let other = same(&mut hg, |_| {}, &edits);
    hg.run(
        "r",
        &[
            "update",
            "-q",
            "-C",
            "-r",
            "branch(default) and desc('one') and not head() or 6",
        ],
    );
    hg.run("r", &["merge", "-q", "-r", &other.to_string()]);
    let edits = [
        ("e", write(b"here\na\nmore\nthere\n")),
        ("copy", write(b"other\nstill\n")),
        ("added", write(b"theirs")),
        ("dir/b", FileEdit::Remove),
    ];
    same(&mut hg, |_| {}, &edits);
    assert!(!base.is_null());
}

#[test]
fn mercurial_takes_what_was_made() {
    let mut hg = Hg::new("");
    hg.init("r", &[]);
    let repository = Repository::open(&hg.path("r")).unwrap();
    let mut parents = [None; 2];
    let steps: &[&[(&str, FileEdit)]] = &[
        &[("a", write(b"1\n")), ("UPPER/x.i", write(b"x"))],
        &[("a", write(b"1\n2\n")), ("b", copied(b"1\n", "a"))],
        &[("UPPER/x.i", FileEdit::Remove), ("b", FileEdit::Remove)],
        // Back to a manifest that was there before.
        &[("UPPER/x.i", write(b"x"))],
        &[("a", FileEdit::Remove), ("UPPER/x.i", FileEdit::Remove)],
    ];
    for (number, files) in steps.iter().enumerate() {
        let made = Made {
            node: Node::NULL,
            parents,
        };
        let mut changeset = new(&made, files);
        changeset
            .extras
            .insert(b"k".to_vec(), b"nl\n nul\0 bs\\ cr\r".to_vec());
        let commit = repository.snapshot().unwrap().commit(&changeset).unwrap();
        fs::write(hg.path("bundle"), &commit.bundle).unwrap();
        let reply = push(&hg, &commit.bundle);
        assert_eq!(
            (reply.result, reply.refusal),
            (Some(1), None),
            "{number}: {}",
            reply.output
        );
        let tip = hg.text(
            "r",
            &["log", "-r", "tip", "-T", "{node} {get(extras, 'k')|json}"],
        );
        assert!(tip.starts_with(&commit.node.to_string()), "{tip}");
        // The second time it comes too late.
        assert!(push(&hg, &commit.bundle).refusal.is_some());
        parents[0] = Some(commit.node);
    }
    hg.run("r", &["verify", "-q"]);

    let snapshot = repository.snapshot().unwrap();
    let made = Made {
        node: Node::NULL,
        parents,
    };
    let fails = |files: &[(&str, FileEdit)], change: fn(&mut NewChangeset)| {
        let mut changeset = new(&made, files);
        change(&mut changeset);
        snapshot.commit(&changeset).unwrap_err()
    };
    let x = write(b"x");
    assert!(matches!(fails(&[], |_| {}), CommitError::Nothing));
    for bad in ["a/../b", ".hg/hgrc", "a\nb", ""] {
        let error = fails(&[(bad, x.clone())], |_| {});
        assert!(matches!(error, CommitError::BadName(_)), "{bad:?} {error}");
    }
    let both = [("d", x.clone()), ("d/e", x.clone())];
    assert!(matches!(
        fails(&both, |_| {}),
        CommitError::FileAndDirectory(_)
    ));
    let copy = [("d", copied(b"", "nowhere"))];
    assert!(matches!(fails(&copy, |_| {}), CommitError::NoCopySource(_)));
    let one = [("d", x)];
    assert!(matches!(
        fails(&one, |new| new.user = " \n".into()),
        CommitError::BadUser
    ));
    assert!(matches!(
        fails(&one, |new| new.branch = "tip".into()),
        CommitError::BadBranch(_)
    ));
    let unknown = |new: &mut NewChangeset| new.parents[0] = Some(Node::new([7; 20]));
    assert!(matches!(
        fails(&one, unknown),
        CommitError::UnknownParent(_)
    ));
}

/// Has `hg serve` take a bundle.
fn push(hg: &Hg, bundle: &[u8]) -> PushReply {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = hg
        .command("r")
        .args(["debugserve", "--sshstdio"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let start = format!("unbundle\nheads 10\n666f726365{}\n", bundle.len());
    input.write_all(start.as_bytes()).unwrap();
    input.write_all(bundle).unwrap();
    input.write_all(b"0\n").unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap().stdout;
    let reply = output.strip_prefix(b"0\n").unwrap();
    PushReply::read(&mut &reply[..]).unwrap()
}
