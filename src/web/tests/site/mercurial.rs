//! Diffs of Mercurial repositories: what pages say of renames, copies, merges, grafts and rewritten changesets, and that
//! Mercurial itself takes the texts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use http::StatusCode;

use crate::browser::{Browser, Server};
use crate::hg::Hg;

fn lines(changed: &[(u32, &str)]) -> String {
    let line = |n: u32| match changed.iter().find(|(at, _)| *at == n) {
        Some((_, text)) => format!("{text}\n"),
        None => format!("line {n}\n"),
    };
    (1..=40).map(line).collect()
}

/// The ids of a repository's changesets, by what they are about.
struct Story {
    server: Server,
    folder: PathBuf,
    begin: String,
    change: String,
    side: String,
    closed: String,
    merge: String,
    grafted: String,
    orphan: String,
    secret: String,
}

fn story() -> Story {
    let server = Server::with_mercurial();
    server.repository("admin", "story", "hg");
    let folder = server.folder.path().join("repositories/story");
    let write = |name: &str, text: &[u8]| fs::write(folder.join(name), text).unwrap();
    let mut hg = Hg::within(&folder);
    write("a.txt", lines(&[]).as_bytes());
    write("old.txt", lines(&[(3, "old")]).as_bytes());
    write("gone.txt", b"bye\n");
    write("pic.png", b"\x89PNG\0\x01");
    write("run.sh", b"#!/bin/sh\n");
    write("a \"b\" <c>.txt", b"one\n");
    let begin = hg.commit("Begin", 1, &[]);
    hg.run(&["phase", "--public", "."]);
    hg.run(&["mv", "old.txt", "new.txt"]);
    hg.run(&["cp", "a.txt", "copy.txt"]);
    hg.run(&["rm", "gone.txt"]);
    write("a.txt", lines(&[(20, "line twenty")]).as_bytes());
    write("new.txt", lines(&[(3, "old"), (9, "new")]).as_bytes());
    write("pic.png", b"\x89PNG\0\x02");
    write("a \"b\" <c>.txt", b"two");
    fs::set_permissions(folder.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let change = hg.commit("Change <i>all</i>\n\nAnd tell why: größer.", 2, &[]);
    hg.run(&["up", "-q", &begin]);
    hg.run(&["branch", "side"]);
    write("a.txt", lines(&[(35, "line of the side")]).as_bytes());
    write("side.txt", b"side\n");
    let side = hg.commit("Aside", 3, &[]);
    let closed = hg.commit("Enough of that", 4, &["--close-branch"]);
    hg.run(&["up", "-q", &change]);
    hg.run(&["merge", "-q", &side]);
    let merge = hg.commit("Merge", 5, &[]);
    hg.run(&["up", "-q", &begin]);
    write("picked.txt", b"picked\n");
    let picked = hg.commit("Pick me", 6, &[]);
    hg.run(&["up", "-q", &merge]);
    hg.run(&["graft", "-q", &picked]);
    let grafted = hg.run(&["log", "-r", ".", "-T", "{node}"]);
    // A changeset on one that was rewritten.
    hg.run(&["up", "-q", &picked]);
    write("on-top.txt", b"on top\n");
    let orphan = hg.commit("On top", 7, &[]);
    hg.run(&["up", "-q", &picked]);
    hg.run(&[
        "commit",
        "--amend",
        "-q",
        "-m",
        "Picked better",
        "-d",
        "1700000008 0",
    ]);
    write("hidden.txt", b"hidden\n");
    let secret = hg.commit("Nobody sees this", 9, &["--secret"]);
    drop(hg);
    Story {
        server,
        folder,
        begin,
        change,
        side,
        closed,
        merge,
        grafted,
        orphan,
        secret,
    }
}

fn ok(browser: &mut Browser<'_>, address: &str) -> String {
    let answer = browser.get(address);
    assert_eq!(answer.status, StatusCode::OK, "{address}");
    answer.text
}

fn holds(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part}\n{page}");
    }
}

#[test]
fn pages_tell_what_happened_to_files_and_changesets() {
    let story = story();
    let mut browser = story.server.browser();
    let at = |id: &str| format!("/story/changeset/{id}");
    let page = ok(&mut browser, &at(&story.change));
    holds(
        &page,
        &[
            "Change &lt;i&gt;all&lt;/i&gt;",
            "größer",
            "<bdi>old.txt</bdi> → <bdi>new.txt</bdi>",
            "<bdi>a.txt</bdi> → <bdi>copy.txt</bdi>",
            "op-copied",
            "op-renamed",
            "op-removed",
            "100644 → 100755",
            "Binary file",
            "<bdi>a &quot;b&quot; &lt;c&gt;.txt</bdi>",
            "\\ No newline at end of file",
            ">draft<",
            &format!("/story/raw/{}/pic.png", story.begin),
            &format!("/story/raw/{}/pic.png", story.change),
            &format!("/story/files/{}/old.txt", story.begin),
        ],
    );
    let public = ok(&mut browser, &at(&story.begin));
    assert!(!public.contains(">draft<"), "what is public has no mark");
    holds(
        &ok(&mut browser, &at(&story.closed)),
        &["chip-closed-branch", "Enough of that"],
    );
    let merge = ok(&mut browser, &at(&story.merge));
    holds(
        &merge,
        &[
            "Parent 1: ",
            "Parent 2: ",
            "What the merge did itself",
            "side.txt",
        ],
    );
    let second = ok(&mut browser, &format!("{}?parent=2", at(&story.merge)));
    holds(&second, &["new.txt", "twenty"]);
    assert!(
        !second.contains("<bdi>side.txt</bdi>"),
        "the second parent has that file"
    );
    ok(&mut browser, &format!("{}?parent=all", at(&story.merge)));
    holds(
        &ok(&mut browser, &at(&story.grafted)),
        &["Grafted from", "picked.txt"],
    );
    holds(
        &ok(&mut browser, &at(&story.orphan)),
        &[">orphan<", "on-top.txt"],
    );
    holds(
        &ok(&mut browser, "/story/changelog"),
        &[">orphan<", ">draft<", "chip-closed-branch"],
    );
    for page in [
        "changeset",
        "changelog",
        "files",
        "changeset-patch",
        "changeset-diff",
    ] {
        let answer = browser.get(&format!("/story/{page}/{}", story.secret));
        assert_eq!(
            answer.status,
            StatusCode::NOT_FOUND,
            "{page} of a secret changeset"
        );
    }
    assert!(!ok(&mut browser, "/story/changelog").contains("Nobody sees this"));
}

/// Whether the working copy is what a changeset of the first repository holds.
fn same_files(story: &Story, hg: &mut Hg, copy: &Path, id: &str) {
    let mut original = Hg::within(&story.folder);
    let names = original.run(&["files", "-r", id, "-0"]);
    let mut expected: Vec<_> = names.split_terminator('\0').collect();
    expected.sort_unstable();
    hg.run(&["addremove", "-q"]);
    let here = hg.run(&["files", "-0"]);
    let mut here: Vec<_> = here.split_terminator('\0').collect();
    here.sort_unstable();
    assert_eq!(here, expected);
    for name in expected {
        let target = format!("{}", copy.join("expected").display());
        original.run(&["cat", "-q", "-r", id, "-o", &target, name]);
        let expected = fs::read(&target).unwrap();
        fs::remove_file(&target).unwrap();
        assert_eq!(fs::read(copy.join(name)).unwrap(), expected, "{name}");
    }
}

#[test]
fn mercurial_takes_every_text_back_byte_for_byte() {
    let story = story();
    let mut browser = story.server.browser();
    let scratch = tempfile::tempdir().unwrap();
    let copy = scratch.path().join("copy");
    fs::create_dir(&copy).unwrap();
    let mut outside = Hg::within(scratch.path());
    outside.run(&["init", "copy"]);
    drop(outside);
    let mut hg = Hg::within(&copy);
    let patch = scratch.path().join("patch");
    let file = patch.to_str().unwrap();
    // `--exact` refuses whatever does not come to the very same changeset.
    for id in [&story.begin, &story.change, &story.side] {
        let text = ok(&mut browser, &format!("/story/changeset-patch/{id}"));
        fs::write(&patch, text).unwrap();
        hg.run(&["import", "-q", "--exact", file]);
        assert_eq!(hg.run(&["log", "-r", ".", "-T", "{node}"]), *id);
    }
    // The diff alone, as the page and as a download.
    for page in ["changeset-diff", "changeset-download", "raw-changeset"] {
        hg.run(&["up", "-q", "-C", &story.begin]);
        let text = ok(&mut browser, &format!("/story/{page}/{}", story.change));
        fs::write(&patch, text).unwrap();
        hg.run(&["import", "-q", "--no-commit", file]);
        same_files(&story, &mut hg, &copy, &story.change);
        hg.run(&["up", "-q", "-C", &story.begin]);
        hg.run(&["purge", "-q", "--config", "extensions.purge="]);
    }
    // A range as a series of patches, onto what it begins with.
    let series = format!("/story/changeset-patch/{}...{}", story.begin, story.change);
    let text = ok(&mut browser, &series);
    assert_eq!(text.matches("# HG changeset patch").count(), 2, "{text}");
    let other = scratch.path().join("other");
    fs::create_dir(&other).unwrap();
    let mut outside = Hg::within(scratch.path());
    outside.run(&["init", "other"]);
    drop(outside);
    fs::write(&patch, text).unwrap();
    let mut hg = Hg::within(&other);
    hg.run(&["import", "-q", "--exact", file]);
    assert_eq!(hg.run(&["log", "-r", ".", "-T", "{node}"]), story.change);
    // The difference of one file.
    hg.run(&["up", "-q", "-C", &story.begin]);
    let one = format!(
        "/story/diff/a.txt?diff1={}&diff2={}&diff=raw",
        story.begin, story.change
    );
    fs::write(&patch, ok(&mut browser, &one)).unwrap();
    hg.run(&["import", "-q", "--no-commit", file]);
    let expected = lines(&[(20, "line twenty")]);
    assert_eq!(fs::read_to_string(other.join("a.txt")).unwrap(), expected);
}
