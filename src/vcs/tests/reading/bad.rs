//! Repositories that are broken, or made to be a trap: a clear error or a bounded answer, soon.

use std::path::Path;
use std::time::{Duration, Instant};

use vcs::diff::Cut;
use vcs::{
    BlameOptions, ChangesetId, DiffOptions, Kind, LogQuery, NodeError, NodeKind, OpenError,
    ReadError, RepoPath, Repository, RevisionError,
};

use crate::recipe::{Story, Work, path, story};

/// An object of any content, which `git` would not make by itself.
pub fn object(work: &Work, kind: &str, content: &[u8]) -> String {
    let args = ["hash-object", "-t", kind, "-w", "--stdin", "--literally"];
    let id = work.feed("git", &args, content);
    String::from_utf8(id).unwrap().trim().to_owned()
}

pub fn entry(mode: &str, name: &[u8], id: &str) -> Vec<u8> {
    let id: ChangesetId = id.parse().unwrap();
    [mode.as_bytes(), b" ", name, b"\0", id.as_bytes()].concat()
}

pub fn commit(work: &Work, tree: &str, parents: &[&str], branch: &str) -> ChangesetId {
    let parents: String = parents.iter().map(|id| format!("parent {id}\n")).collect();
    let who = "A <a@example.com> 1700000000 +0000";
    let text = format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\nm\n");
    let id = object(work, "commit", text.as_bytes());
    work.write(
        format!(".git/refs/heads/{branch}").as_bytes(),
        format!("{id}\n").as_bytes(),
    );
    id.parse().unwrap()
}

/// Asks everything there is to ask. What the answers are does not matter; that there are some, soon, does.
pub fn ask_everything(repository: &Repository, id: &ChangesetId) {
    let start = Instant::now();
    let root = RepoPath::root();
    let everything = LogQuery::default();
    let _ = (
        repository.is_empty(),
        repository.refs(),
        repository.log(&everything),
    );
    let _ = (
        repository.resolve("tip"),
        repository.resolve(&id.short()),
        repository.mailmap(),
    );
    let _ = (
        repository.changeset(id),
        repository.children(id),
        repository.number_of(id),
    );
    let _ = (
        repository.graph(&[*id]),
        repository.signatures(id),
        repository.last_changes(id, &root),
    );
    let listed = repository
        .listing(id, &root, 0, 100)
        .map(|listing| listing.entries);
    for entry in listed.unwrap_or_default().iter().take(20) {
        let _ = repository.node(id, &entry.path);
        let _ = repository.file_up_to(id, &entry.path, 1 << 20);
        let _ = repository.file_history(id, &entry.path, 0, 10);
        let _ = repository.blame(id, &entry.path, &BlameOptions::default());
        let path = Some(entry.path.clone());
        let _ = repository.log(&LogQuery {
            path,
            ..LogQuery::default()
        });
    }
    let _ = repository.file_names(id, &root);
    for parent in [
        None,
        repository
            .parents(id)
            .ok()
            .and_then(|all| all.first().copied()),
    ] {
        let _ = repository.changed_files(parent.as_ref(), id);
        let _ = repository.diff(parent.as_ref(), id, &DiffOptions::default());
    }
    let _ = (
        repository.combined_diff(id, 3, true),
        repository.size_on_disk(),
    );
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn names_that_lead_elsewhere_are_not_shown() {
    let work = Work::new(Kind::Git);
    let blob = object(&work, "blob", b"content\n");
    let good = object(&work, "tree", &entry("100644", b"inner", &blob));
    let names: [&[u8]; 7] = [b"..", b".", b".git", b".hg", b"a/b", b"dup", b"-rf"];
    let mut tree: Vec<u8> = names
        .iter()
        .flat_map(|name| entry("100644", name, &blob))
        .collect();
    tree.extend(entry("100644", b"dup", &good));
    tree.extend(entry("40000", b"", &good));
    tree.extend(entry("40000", b"sub", &good));
    let tree = object(&work, "tree", &tree);
    let id = commit(&work, &tree, &[], "main");
    let repository = work.open();
    let names: Vec<String> = repository
        .directory(&id, &RepoPath::root())
        .unwrap()
        .iter()
        .map(|entry| entry.path.to_string())
        .collect();
    // `.git` and `.hg` are names like any other to somebody who only reads.
    assert_eq!(names, ["sub", "-rf", ".git", ".hg", "dup"]);
    let files = repository.file_names(&id, &RepoPath::root()).unwrap();
    let has_dots = |path: &RepoPath| path.components().any(|name| name == b"..");
    assert!(!files.paths.iter().any(has_dots));
    assert_eq!(
        repository.file(&id, &path(b"-rf")).unwrap().data,
        b"content\n"
    );
    assert_eq!(
        repository
            .blame(&id, &path(b"-rf"), &BlameOptions::default())
            .unwrap()
            .lines
            .len(),
        1
    );
    ask_everything(&repository, &id);
}

#[test]
fn trees_that_hold_each_other_again_and_again_are_cut_off() {
    let work = Work::new(Kind::Git);
    let blob = object(&work, "blob", b"x\n");
    let mut inner: Vec<u8> = (0..10)
        .flat_map(|n| entry("100644", format!("f{n}").as_bytes(), &blob))
        .collect();
    for _ in 0..9 {
        let below = object(&work, "tree", &inner);
        inner = (0..10)
            .flat_map(|n| entry("40000", format!("d{n}").as_bytes(), &below))
            .collect::<Vec<u8>>();
    }
    // Ten thousand million files.
    let id = commit(&work, &object(&work, "tree", &inner), &[], "main");
    let repository = work.open();
    let start = Instant::now();
    let changed = repository.changed_files(None, &id).unwrap();
    assert!(
        (50_000..300_000).contains(&changed.len()),
        "{}",
        changed.len()
    );
    let options = DiffOptions {
        names_only: true,
        ..DiffOptions::default()
    };
    assert!(!repository.diff(None, &id, &options).unwrap().complete);
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
#[ignore = "minutes long: make test-all"]
fn a_million_files_are_listed_up_to_a_limit() {
    let work = Work::new(Kind::Git);
    let blob = object(&work, "blob", b"x\n");
    let tree: Vec<u8> = (0..1_100_000)
        .flat_map(|n| entry("100644", format!("f{n:07}").as_bytes(), &blob))
        .collect();
    let id = commit(&work, &object(&work, "tree", &tree), &[], "main");
    let repository = work.open();
    let part = repository
        .listing(&id, &RepoPath::root(), 1_000_000, 10)
        .unwrap();
    assert_eq!((part.entries.len(), part.total), (10, 1_100_000));
    let names = repository.file_names(&id, &RepoPath::root()).unwrap();
    assert_eq!((names.paths.len(), names.complete), (1_000_000, false));
}

#[test]
fn large_directories_come_in_parts() {
    let work = Work::new(Kind::Git);
    let blob = object(&work, "blob", b"x\n");
    let tree: Vec<u8> = (0..30_000)
        .flat_map(|n| entry("100644", format!("f{n:05}").as_bytes(), &blob))
        .collect();
    let id = commit(&work, &object(&work, "tree", &tree), &[], "main");
    let part = work
        .open()
        .listing(&id, &RepoPath::root(), 29_990, 100)
        .unwrap();
    assert_eq!((part.entries.len(), part.total), (10, 30_000));
    assert_eq!(part.entries[0].name, b"f29990");
}

#[test]
fn large_files_are_refused_by_their_size() {
    let work = Work::new(Kind::Git);
    work.write(b"small", b"x\n");
    let old = work.commit("Small");
    // One line, of more than any page can show.
    work.write(b"large", &vec![b'x'; 70 << 20]);
    let new = work.commit("Large");
    let repository = work.open();
    let large = path(b"large");
    assert_eq!(repository.node(&new, &large).unwrap().size, Some(70 << 20));
    for found in [
        repository.file_up_to(&new, &large, 1 << 20).map(drop),
        repository
            .blame(&new, &large, &BlameOptions::default())
            .map(drop),
    ] {
        assert!(matches!(found, Err(NodeError::TooLarge { size, .. }) if size == 70 << 20));
    }
    let diff = repository
        .diff(Some(&old), &new, &DiffOptions::default())
        .unwrap();
    assert_eq!(diff.files[0].cut, Some(Cut::FileTooLarge(70 << 20)));
}

#[test]
fn missing_objects_are_named() {
    let Story { work, ids } = story(Kind::Git);
    let loose = |id: &str| {
        work.path()
            .join(format!(".git/objects/{}/{}", &id[..2], &id[2..]))
    };
    let repository = work.open();
    let tree = work.git(&["rev-parse", &format!("{}^{{tree}}", ids[1])]);
    let blob = work.git(&["rev-parse", &format!("{}:run.sh", ids[1])]);
    for id in [tree.trim(), blob.trim()] {
        std::fs::remove_file(loose(id)).unwrap();
    }
    let found = repository.directory(&ids[1], &RepoPath::root());
    let Err(NodeError::Read(error @ ReadError::Damaged { .. })) = found else {
        panic!("{found:?}");
    };
    assert!(error.to_string().contains(tree.trim()), "{error}");
    ask_everything(&repository, &ids[1]);
    ask_everything(&repository, &ids[2]);

    // A commit in the middle: whoever needs all of history is told so, everything above it can be read.
    std::fs::remove_file(loose(&ids[1].to_string())).unwrap();
    let repository = work.open();
    let found = repository.log(&LogQuery::default());
    assert!(matches!(found, Err(ReadError::Damaged { .. })), "{found:?}");
    assert!(repository.refs().is_ok());
    assert!(repository.file_names(&ids[3], &RepoPath::root()).is_ok());
    ask_everything(&repository, &ids[3]);
}

#[test]
fn broken_packs_are_told_or_passed_over() {
    let Story { work, ids } = story(Kind::Git);
    work.run(
        "git",
        &["checkout", "-q", "-B", "main", &ids[5].to_string()],
    );
    work.run("git", &["repack", "-q", "-a", "-d"]);
    let packs: Vec<_> = std::fs::read_dir(work.path().join(".git/objects/pack"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let break_it = |extension: &str, by: &dyn Fn(&mut Vec<u8>)| {
        let file = packs
            .iter()
            .find(|file| file.extension() == Some(extension.as_ref()))
            .unwrap();
        let whole = std::fs::read(file).unwrap();
        let mut broken = whole.clone();
        by(&mut broken);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(file, mode).unwrap();
        std::fs::write(file, broken).unwrap();
        if let Ok(repository) = Repository::open(work.path(), Kind::Git) {
            ask_everything(&repository, &ids[5]);
        }
        std::fs::write(file, whole).unwrap();
    };
    for extension in ["pack", "idx"] {
        break_it(extension, &|bytes| bytes.truncate(bytes.len() / 2));
        break_it(extension, &|bytes| bytes.clear());
        break_it(extension, &|bytes| {
            bytes
                .iter_mut()
                .skip(12)
                .step_by(7)
                .for_each(|byte| *byte ^= 0x55)
        });
    }
    assert!(work.open().changeset(&ids[5]).is_ok());
}

#[test]
fn refs_to_nothing_are_passed_over() {
    let Story { work, ids } = story(Kind::Git);
    work.run(
        "git",
        &["checkout", "-q", "-B", "main", &ids[5].to_string()],
    );
    let blob = work.git(&["rev-parse", "HEAD:run.sh"]);
    for (name, text) in [
        ("heads/missing", "1".repeat(40)),
        ("heads/of-blob", blob.trim().to_owned()),
        ("tags/ring-a", "ref: refs/tags/ring-b".to_owned()),
        ("tags/ring-b", "ref: refs/tags/ring-a".to_owned()),
        ("tags/garbage", "\u{0}\u{1}".to_owned()),
        ("pull/x/head", "2".repeat(40)),
    ] {
        work.write(
            format!(".git/refs/{name}").as_bytes(),
            format!("{text}\n").as_bytes(),
        );
    }
    // A tag of a tag of a tag…
    let mut target = ids[0].to_string();
    let mut kind = "commit";
    for n in 0..120 {
        let text = format!(
            "object {target}\ntype {kind}\ntag t{n}\ntagger A <a@example.com> 1 +0000\n\nm\n"
        );
        target = object(&work, "tag", text.as_bytes());
        kind = "tag";
    }
    work.write(b".git/refs/tags/deep", format!("{target}\n").as_bytes());
    let repository = work.open();
    let refs = repository.refs().unwrap();
    assert_eq!(refs.branches.len(), 1);
    assert!(refs.tags.is_empty() && refs.pulls.is_empty());
    for text in ["missing", "of-blob", "ring-a", "deep", "refs/pull/x/head"] {
        let found = repository.resolve(text);
        assert!(
            matches!(found, Err(RevisionError::Unknown { .. })),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn dates_and_people_that_cannot_be_are_shown_as_something() {
    let work = Work::new(Kind::Git);
    let tree = object(&work, "tree", b"");
    let mut parent = String::new();
    for (n, who) in [
        "A <a@example.com> 99999999999999999999999 +0000",
        "A <a@example.com> -1 -9999",
        "A <a@example.com> 9223372036854775807 +9999999999",
        "A <a@example.com> 1 +2147483647",
        "<> 0 +0000",
        "no mail 1700000000 +0100",
        "\u{fffd}<<>> < > 12",
        "",
    ]
    .iter()
    .enumerate()
    {
        let text = format!("tree {tree}\n{parent}author {who}\ncommitter {who}\n\nMessage {n}\n");
        let id = object(&work, "commit", text.as_bytes());
        parent = format!("parent {id}\n");
        work.write(b".git/refs/heads/main", format!("{id}\n").as_bytes());
    }
    let repository = work.open();
    let page = repository.log(&LogQuery::default()).unwrap();
    assert_eq!(page.total, 8);
    for changeset in &page.changesets {
        assert!(changeset.date.offset_east.abs() < 24 * 3600);
        ask_everything(&repository, &changeset.id);
    }
}

/// A link that leads out of the tree is its text, a submodule's address is not ours to run.
#[test]
fn links_and_addresses_are_only_text() {
    let work = Work::new(Kind::Git);
    work.symlink(b"out", "../../../../etc/passwd");
    work.write(
        b".gitmodules",
        b"[submodule \"x\"]\n\tpath = sub\n\turl = --upload-pack=touch /tmp/evil\n",
    );
    work.commit("One");
    work.run(
        "git",
        &[
            "update-index",
            "--add",
            "--cacheinfo",
            &format!("160000,{},sub", "1".repeat(40)),
        ],
    );
    work.run("git", &["commit", "-q", "-m", "Two"]);
    let id = work.head();
    let repository = work.open();
    let link = repository.file(&id, &path(b"out")).unwrap();
    assert!(link.symlink && link.data == b"../../../../etc/passwd");
    let through = repository.file(&id, &path(b"out/passwd"));
    assert!(matches!(through, Err(NodeError::NotFound { .. })));
    let NodeKind::Submodule { url, .. } = repository.node(&id, &path(b"sub")).unwrap().kind else {
        panic!("no submodule");
    };
    assert_eq!(url.as_deref(), Some("--upload-pack=touch /tmp/evil"));
    ask_everything(&repository, &id);
}

#[test]
fn broken_mercurial_stores_are_told() {
    let Story { work, ids } = story(Kind::Hg);
    let store = work.path().join(".hg/store");
    let break_it = |name: &str, by: &dyn Fn(&mut Vec<u8>)| {
        let file = store.join(name);
        let whole = std::fs::read(&file).unwrap();
        let mut broken = whole.clone();
        by(&mut broken);
        std::fs::write(&file, broken).unwrap();
        if let Ok(repository) = Repository::open(work.path(), Kind::Hg) {
            ask_everything(&repository, &ids[5]);
        }
        std::fs::write(&file, whole).unwrap();
    };
    for name in ["00changelog.i", "00manifest.i", "data/run.sh.i"] {
        break_it(name, &|bytes| bytes.truncate(bytes.len() * 2 / 3));
        break_it(name, &|bytes| {
            bytes
                .iter_mut()
                .skip(20)
                .step_by(11)
                .for_each(|byte| *byte ^= 0x55)
        });
    }
    std::fs::remove_file(store.join("data/run.sh.i")).unwrap();
    let repository = work.open();
    let found = repository.file(&ids[5], &path(b"run.sh"));
    assert!(matches!(found, Err(NodeError::Read(_))), "{found:?}");
    ask_everything(&repository, &ids[5]);
    assert!(matches!(
        Repository::open(Path::new("/nonexistent/x"), Kind::Hg),
        Err(OpenError::Missing { .. })
    ));
}
