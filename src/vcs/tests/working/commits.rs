//! Changesets made on the web are what the programs themselves would have made, and nobody's work is lost.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use proptest::prelude::*;
use vcs::wire::git::GitProgram;
use vcs::wire::hg::HgProgram;
use vcs::{
    ChangesetId, CommitError, CommitRequest, Committed, FileChange, Kind, Person, Programs,
    RefName, RepoPath, Repository, Timestamp,
};

use crate::recipe::{Story, Work, path, story};

pub fn programs() -> Programs {
    let hg = std::env::var_os("KALLITHEA_TEST_HG").unwrap_or_else(|| "hg".into());
    Programs {
        git: GitProgram {
            path: "git".into(),
            config: Vec::new(),
            environment: Vec::new(),
        },
        hg: HgProgram {
            path: hg.into(),
            config: Vec::new(),
            environment: Vec::new(),
        },
    }
}

pub fn request(parent: Option<ChangesetId>, changes: Vec<FileChange>) -> CommitRequest {
    CommitRequest {
        branch: RefName::new("main"),
        new_branch: false,
        parent,
        author: Person {
            name: "Carol".into(),
            email: "carol@example.com".into(),
            raw: String::new(),
        },
        date: Timestamp {
            seconds: 1_700_009_999,
            offset_east: 5400,
        },
        message: "From the web".into(),
        changes,
    }
}

pub fn create(name: &str, content: &[u8]) -> FileChange {
    FileChange::Create {
        path: path(name.as_bytes()),
        content: content.to_vec(),
        executable: false,
    }
}

pub fn edit(name: &str, content: &[u8]) -> FileChange {
    FileChange::Edit {
        path: path(name.as_bytes()),
        content: content.to_vec(),
    }
}

pub fn rename(from: &str, to: &str) -> FileChange {
    FileChange::Rename {
        from: path(from.as_bytes()),
        to: path(to.as_bytes()),
        content: None,
    }
}

pub fn delete(name: &str) -> FileChange {
    FileChange::Delete {
        path: path(name.as_bytes()),
    }
}

/// A bare clone with `main` where the story ends.
pub fn bare(story: &Story) -> Work {
    let work = Work::new(Kind::Git);
    let last = story.ids.last().unwrap().to_string();
    std::fs::remove_dir_all(work.path().join(".git")).unwrap();
    let from = story.work.path().to_str().unwrap();
    work.run("git", &["clone", "-q", "--bare", "--", from, "."]);
    work.run("git", &["update-ref", "refs/heads/main", &last]);
    work
}

fn hook(work: &Work, name: &str, script: &str) {
    let file = work.path().join("hooks").join(name);
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// All files of a changeset with their content; a mark tells the executable ones.
fn files(repository: &Repository, id: &ChangesetId) -> BTreeMap<String, (bool, Vec<u8>)> {
    let names = repository.file_names(id, &RepoPath::root()).unwrap();
    names
        .paths
        .into_iter()
        .map(|name| {
            let file = repository.file(id, &name).unwrap();
            (name.to_string(), (file.executable, file.data))
        })
        .collect()
}

#[test]
fn git_commits_are_sound_and_say_what_was_asked() {
    let story = story(Kind::Git);
    let work = bare(&story);
    let repository = Repository::open(work.path(), Kind::Git).unwrap();
    let parent = *story.ids.last().unwrap();
    let changes = vec![
        create("new/deep/file.txt", b"new\n"),
        edit("run.sh", b"#!/bin/sh\necho other\n"),
        FileChange::SetExecutable {
            path: path(b"run.sh"),
            executable: true,
        },
        rename("src/the main.rs", "main.rs"),
        delete("no newline"),
        // A folder makes way for a file, a file for a folder.
        delete("src/deep/er/mod.rs"),
        create("src", b"now a file"),
        delete("empty"),
        create("empty/inside", b""),
        create("-rf", b"a name like an option\n"),
    ];
    let Committed { id, journal, said } = repository
        .commit(&programs(), &request(Some(parent), changes))
        .unwrap();
    assert_eq!((journal, said.as_str()), (vec![id.to_string()], ""));
    assert_eq!(work.git(&["rev-parse", "main"]).trim(), id.to_string());
    work.run("git", &["fsck", "--strict", "--no-dangling"]);
    let raw = work.git(&["cat-file", "commit", "main"]);
    let head = raw.split_once("\nauthor").unwrap().1;
    assert_eq!(
        head,
        " Carol <carol@example.com> 1700009999 +0130\ncommitter Carol <carol@example.com> 1700009999 +0130\n\nFrom the web\n"
    );
    let told = work.git(&[
        "diff-tree",
        "-r",
        "-M",
        "--name-status",
        "--no-commit-id",
        "main",
    ]);
    let mut told: Vec<_> = told.lines().collect();
    told.sort_unstable();
    let wanted = [
        "A\t-rf",
        "A\tempty/inside",
        "A\tnew/deep/file.txt",
        "A\tsrc",
        "D\tempty",
        "D\tno newline",
        "D\tsrc/deep/er/mod.rs",
        "M\trun.sh",
        "R100\tsrc/the main.rs\tmain.rs",
    ];
    let rest: Vec<_> = told.iter().filter(|line| !wanted.contains(line)).collect();
    // Of three empty files Git may call any two the same.
    assert!(
        rest.iter()
            .all(|line| line.contains("empty") || line.contains("er/mod.rs")),
        "{told:?}"
    );
    assert_eq!(
        files(&repository, &id)["run.sh"],
        (true, b"#!/bin/sh\necho other\n".to_vec())
    );
}

/// The same request makes the same files in both systems, and Mercurial finds its repository whole.
#[test]
fn hg_commits_are_sound_and_nobody_is_overwritten() {
    let Story { work, ids } = story(Kind::Hg);
    let repository = work.open();
    let changes = vec![
        create("new/deep/file.txt", b"new\n"),
        edit("run.sh", b"other\n"),
        FileChange::SetExecutable {
            path: path(b"run.sh"),
            executable: true,
        },
        rename("src/the main.rs", "main.rs"),
        delete("no newline"),
    ];
    let mut wanted = request(Some(ids[5]), changes);
    wanted.branch = RefName::new("default");
    let made = repository.commit(&programs(), &wanted).unwrap();
    assert_eq!(made.journal, [made.id.to_string()]);
    let told = work.hg(&[
        "log", "-r", "tip", "-T", "{node} {p1node} {branch} {author} {date|hgdate} {desc}\n{file_adds}\n{file_mods}\n{file_dels}\n{file_copies}",
    ]);
    assert_eq!(
        told,
        format!(
            "{} {} default Carol <carol@example.com> 1700009999 -5400 From the web\nmain.rs new/deep/file.txt\nrun.sh\nno newline src/the main.rs\nmain.rs (src/the main.rs)",
            made.id, ids[5]
        )
    );
    assert_eq!(
        files(&repository, &made.id)["run.sh"],
        (true, b"other\n".to_vec())
    );
    work.run("hg", &["verify", "-q"]);
    let again = repository.commit(&programs(), &wanted);
    assert!(matches!(again, Err(CommitError::Moved { .. })), "{again:?}");
    std::fs::write(
        work.path().join(".hg/hgrc"),
        "[hooks]\npretxnchangegroup.no = echo not today; exit 1\n",
    )
    .unwrap();
    wanted.parent = Some(made.id);
    wanted.changes = vec![create("x", b"")];
    let refused = repository.commit(&programs(), &wanted);
    assert!(
        matches!(&refused, Err(CommitError::Refused { said, .. }) if said.contains("not today")),
        "{refused:?}"
    );
    assert_eq!(repository.resolve("tip").unwrap(), made.id);
}

#[test]
fn first_commits_make_the_branch() {
    let work = Work::new(Kind::Git);
    std::fs::remove_dir_all(work.path().join(".git")).unwrap();
    work.run("git", &["init", "-q", "--bare", "-b", "master"]);
    let repository = Repository::open(work.path(), Kind::Git).unwrap();
    let first = repository
        .commit(
            &programs(),
            &request(None, vec![create("README", b"hello\n")]),
        )
        .unwrap();
    assert_eq!(repository.resolve("tip").unwrap(), first.id);
    assert_eq!(
        work.git(&["symbolic-ref", "HEAD"]).trim(),
        "refs/heads/main"
    );
    let mut branch = request(Some(first.id), vec![edit("README", b"bye\n")]);
    branch.branch = RefName::new("feature/x");
    let found = repository.commit(&programs(), &branch);
    assert!(
        matches!(found, Err(CommitError::Moved { found: None, .. })),
        "{found:?}"
    );
    branch.new_branch = true;
    repository.commit(&programs(), &branch).unwrap();
    let again = repository.commit(&programs(), &branch);
    assert!(
        matches!(again, Err(CommitError::Moved { found: Some(_), .. })),
        "{again:?}"
    );
    for name in [
        "-x", "a..b", "a b", "HEAD", "x.lock", "", "a\nb", "/a", "a~1",
    ] {
        branch.branch = RefName::new(name);
        let refused = repository.commit(&programs(), &branch);
        assert!(
            matches!(refused, Err(CommitError::BadBranch { .. })),
            "{name:?}: {refused:?}"
        );
    }
}

#[test]
fn changes_that_make_no_sense_are_told_apart() {
    for kind in [Kind::Git, Kind::Hg] {
        let Story { work, ids } = story(kind);
        let repository = work.open();
        let fails = |changes: Vec<FileChange>| {
            repository
                .commit(&programs(), &request(Some(ids[2]), changes))
                .expect_err("it makes no sense")
        };
        let is = |error: CommitError, wanted: &str| {
            assert!(
                format!("{error:?}").starts_with(wanted),
                "{kind}: {error:?} is not {wanted}"
            );
        };
        is(fails(vec![]), "Unchanged");
        is(fails(vec![edit("empty", b"")]), "Unchanged");
        is(fails(vec![create("x", b""), delete("x")]), "Unchanged");
        is(
            fails(vec![rename("empty", "x"), rename("x", "empty")]),
            "Unchanged",
        );
        is(fails(vec![create("empty", b"x")]), "Exists");
        is(fails(vec![create("src", b"x")]), "Exists");
        is(fails(vec![create("empty/x", b"x")]), "Exists");
        is(fails(vec![create("x", b""), create("x/y", b"")]), "Exists");
        is(fails(vec![create("x/y", b""), create("x", b"")]), "Exists");
        is(fails(vec![rename("empty", "src")]), "Exists");
        is(fails(vec![edit("nothing", b"x")]), "NotFound");
        is(fails(vec![delete("nothing")]), "NotFound");
        is(
            fails(vec![delete("empty"), edit("empty", b"x")]),
            "NotFound",
        );
        is(fails(vec![rename("nothing", "x")]), "NotFound");
        is(fails(vec![delete("src")]), "NotAFile");
        is(fails(vec![edit("link", b"/etc/passwd")]), "NotAFile");
        is(fails(vec![create(".git/hooks/x", b"")]), "BadPath");
        is(fails(vec![create("a/.Hg/hgrc", b"")]), "BadPath");
        is(fails(vec![rename("empty", ".git")]), "BadPath");
        let mut silent = request(Some(ids[2]), vec![create("x", b"")]);
        silent.message = " \n".into();
        is(
            repository.commit(&programs(), &silent).unwrap_err(),
            "NoMessage",
        );
        let unknown = request(
            Some(ChangesetId::from_bytes([7; 20])),
            vec![create("x", b"")],
        );
        is(
            repository.commit(&programs(), &unknown).unwrap_err(),
            "Read",
        );
    }
}

#[test]
fn hooks_run_and_may_refuse() {
    let story = story(Kind::Git);
    let work = bare(&story);
    let repository = Repository::open(work.path(), Kind::Git).unwrap();
    let parent = *story.ids.last().unwrap();
    hook(
        &work,
        "pre-receive",
        "echo 'no files called bad, please'; while read old new name; do git ls-tree -r --name-only $new | grep -q '^bad$' && exit 1; done; exit 0",
    );
    hook(&work, "post-receive", "echo \"$WHO\" >> said; cat >> said");
    let refused = repository.commit(
        &programs(),
        &request(Some(parent), vec![create("bad", b"")]),
    );
    match refused {
        Err(CommitError::Refused { reason, said }) => {
            assert_eq!(reason, "pre-receive hook declined");
            assert_eq!(said, "no files called bad, please");
        }
        other => panic!("{other:?}"),
    }
    let mut programs = programs();
    programs
        .git
        .environment
        .push(("WHO".into(), "carol".into()));
    let made = repository
        .commit(&programs, &request(Some(parent), vec![create("good", b"")]))
        .unwrap();
    assert_eq!(made.said, "no files called bad, please");
    let said = std::fs::read_to_string(work.path().join("said")).unwrap();
    assert_eq!(
        said,
        format!("carol\n{parent} {} refs/heads/main\n", made.id)
    );
    // The story's other branch is not in the clone.
    work.run("git", &["prune", "--expire=now"]);
    let refused = repository.commit(
        &programs,
        &request(Some(made.id), vec![create("bad", b"x")]),
    );
    assert!(
        matches!(refused, Err(CommitError::Refused { .. })),
        "{refused:?}"
    );
    let left = work.git(&["fsck", "--unreachable"]);
    assert_eq!(left, "", "nothing of the refused one is left");
}

/// Several people press the button at once: one gets through, the others are told.
#[test]
fn of_many_at_once_one_wins() {
    let story = story(Kind::Git);
    let work = bare(&story);
    let repository = Repository::open(work.path(), Kind::Git).unwrap();
    let parent = *story.ids.last().unwrap();
    let results: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..6)
            .map(|number| {
                let repository = &repository;
                scope.spawn(move || {
                    let change = create(&format!("file {number}"), b"");
                    repository.commit(&programs(), &request(Some(parent), vec![change]))
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let (made, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1, "{lost:?}");
    let winner = made.into_iter().next().unwrap().unwrap().id;
    assert_eq!(repository.resolve("main").unwrap(), winner);
    for error in lost {
        match error {
            Err(CommitError::Moved {
                found, expected, ..
            }) => {
                assert_eq!((found, expected), (Some(winner), Some(parent)));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Any change at all: the tree is the one `git add` makes of a folder changed in the same way.
/// To start `hg` takes seconds on a busy machine: those who come too late are told without.
#[test]
fn losers_are_told_before_hg_starts() {
    let Story { work, .. } = story(Kind::Hg);
    let parent = work.open().resolve("tip").unwrap();
    let branch = work.open().changeset(&parent).unwrap().branch.unwrap();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut programs = programs();
    let (counted, starts) = (folder.path().join("hg"), folder.path().join("starts"));
    let script = format!(
        "#!/bin/sh\necho >> '{}'\nexec '{}' \"$@\"\n",
        starts.display(),
        programs.hg.path.display()
    );
    std::fs::write(&counted, script).unwrap();
    std::fs::set_permissions(&counted, std::fs::Permissions::from_mode(0o755)).unwrap();
    programs.hg.path = counted;
    // Each as another process would have it.
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|number| {
                let (work, programs, branch) = (&work, &programs, branch.clone());
                scope.spawn(move || {
                    let name = format!("by-{number}");
                    let mut request = request(Some(parent), vec![create(&name, b"x")]);
                    request.branch = branch;
                    work.open().commit(programs, &request)
                })
            })
            .collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1, "{lost:?}");
    for error in lost.into_iter().filter_map(Result::err) {
        assert!(matches!(error, CommitError::Moved { .. }), "{error}");
    }
    assert_eq!(std::fs::read_to_string(&starts).unwrap().lines().count(), 1);
}

fn any_changes() -> impl Strategy<Value = Vec<FileChange>> {
    let name = prop::sample::select(vec![
        "a", "a/b", "a/b/c", "a.b", "a-b", "a0", "b", "b/a", "dir/x", "dir/y",
    ]);
    let content = prop::collection::vec(any::<u8>(), 0..6);
    let change = (name.clone(), name, content, 0..5u8, any::<bool>()).prop_map(
        |(one, other, content, kind, executable)| match kind {
            0 | 1 => FileChange::Create {
                path: path(one.as_bytes()),
                content,
                executable,
            },
            2 => edit(one, &content),
            3 => rename(one, other),
            _ => delete(one),
        },
    );
    prop::collection::vec(change, 1..8)
}

/// Makes the change in a folder; false where that is impossible.
fn apply(folder: &Path, change: &FileChange) -> bool {
    let at = |path: &RepoPath| folder.join(path.to_string());
    let free = |path: &RepoPath| {
        !at(path).exists()
            && !path.components().enumerate().any(|(number, _)| {
                let above: Vec<_> = path.components().take(number).collect();
                folder
                    .join(String::from_utf8(above.join(&b'/')).unwrap())
                    .is_file()
            })
    };
    let tidy = |path: &RepoPath| {
        let mut above = path.parent();
        while let Some(path) = above.filter(|path| !path.is_root()) {
            if std::fs::remove_dir(at(&path)).is_err() {
                break;
            }
            above = path.parent();
        }
    };
    let put = |path: &RepoPath, content: &[u8], mode: u32| {
        std::fs::create_dir_all(at(path).parent().unwrap()).unwrap();
        std::fs::write(at(path), content).unwrap();
        std::fs::set_permissions(at(path), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let file = |path: &RepoPath| {
        let meta = std::fs::metadata(at(path))
            .ok()
            .filter(std::fs::Metadata::is_file)?;
        Some((
            std::fs::read(at(path)).unwrap(),
            meta.permissions().mode() & 0o777,
        ))
    };
    match change {
        FileChange::Create {
            path,
            content,
            executable,
        } => {
            let possible = free(path);
            if possible {
                put(path, content, if *executable { 0o755 } else { 0o644 });
            }
            possible
        }
        FileChange::Edit { path, content } => match file(path) {
            Some((_, mode)) => {
                put(path, content, mode);
                true
            }
            None => false,
        },
        FileChange::Rename { from, to, .. } => {
            let Some((content, mode)) = file(from) else {
                return false;
            };
            std::fs::remove_file(at(from)).unwrap();
            tidy(from);
            let possible = free(to);
            let place = if possible { to } else { from };
            put(place, &content, mode);
            possible
        }
        FileChange::Delete { path } => {
            let possible = file(path).is_some();
            if possible {
                std::fs::remove_file(at(path)).unwrap();
                tidy(path);
            }
            possible
        }
        FileChange::SetExecutable { .. } => false,
    }
}

#[test]
fn any_changes_make_the_tree_that_git_would() {
    let work = Work::new(Kind::Git);
    work.write(b"a/b/old", b"old");
    work.write(b"b", b"b");
    work.write(b"dir/x", b"x");
    let first = work.commit("First");
    work.run("git", &["config", "receive.denyCurrentBranch", "ignore"]);
    let repository = work.open();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let number = std::cell::Cell::new(0);
    runner
        .run(&any_changes(), |changes| {
            work.run("git", &["reset", "-q", "--hard", &first.to_string()]);
            work.run("git", &["clean", "-qfd"]);
            let possible: Vec<FileChange> = changes
                .iter()
                .filter(|change| apply(work.path(), change))
                .cloned()
                .collect();
            work.run("git", &["add", "-A"]);
            let wanted = work.git(&["write-tree"]);
            number.set(number.get() + 1);
            let mut request = request(Some(first), possible);
            request.branch = RefName::new(format!("try-{}", number.get()));
            request.new_branch = true;
            match repository.commit(&programs(), &request) {
                Ok(made) => {
                    let tree = work.git(&["rev-parse", &format!("{}^{{tree}}", made.id)]);
                    prop_assert_eq!(tree, wanted);
                }
                Err(CommitError::Unchanged) => {
                    let tree = work.git(&["rev-parse", &format!("{first}^{{tree}}")]);
                    prop_assert_eq!(tree, wanted);
                }
                Err(error) => prop_assert!(false, "{error}: {:?}", request.changes),
            }
            Ok(())
        })
        .unwrap();
}
