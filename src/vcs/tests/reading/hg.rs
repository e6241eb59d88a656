//! Mercurial repositories: every answer is compared with that of the `hg` program.
//!
//! What the reader itself does is tested with it; here it is seen through the common face.

use std::collections::BTreeMap;

use vcs::{
    ChangesetId, Kind, LogQuery, NodeError, NodeKind, OpenError, Phase, RefName, RepoPath,
    Repository, RevisionError,
};

use crate::recipe::{NAMES, Story, Work, path, story};

fn log(repository: &Repository, query: LogQuery) -> Vec<ChangesetId> {
    let page = repository
        .log(&LogQuery {
            limit: usize::MAX,
            ..query
        })
        .unwrap();
    assert_eq!(page.total, page.changesets.len());
    page.changesets
        .into_iter()
        .map(|changeset| changeset.id)
        .collect()
}

fn ids(text: &str) -> Vec<ChangesetId> {
    text.lines()
        .map(|line| line.parse().expect("an id"))
        .collect()
}

/// The answers `hg log` gives to these arguments.
fn hg_log(work: &Work, args: &[&str]) -> Vec<ChangesetId> {
    ids(&work.hg(&[&["log", "-T", "{node}\n"], args].concat()))
}

#[test]
fn the_log_is_hgs() {
    let Story { work, ids } = story(Kind::Hg);
    work.run("hg", &["branch", "-q", "stable"]);
    work.write(b"README.txt", b"back again\n");
    let stable = work.commit("On another branch");
    let repository = work.open();
    assert_eq!(log(&repository, LogQuery::default()), hg_log(&work, &[]));
    for name in ["default", "stable"] {
        let branch = Some(RefName::new(name));
        assert_eq!(
            log(
                &repository,
                LogQuery {
                    branch,
                    ..LogQuery::default()
                }
            ),
            hg_log(&work, &["-b", name])
        );
    }
    let of = |from: Option<ChangesetId>, name: &str| LogQuery {
        from,
        path: Some(path(name.as_bytes())),
        ..LogQuery::default()
    };
    for name in ["README.txt", "src", "src/deep/er/mod.rs", "link", "nothing"] {
        let pattern = format!("path:{name}");
        // Twice: the second answer is a remembered one.
        for _ in 0..2 {
            assert_eq!(
                log(&repository, of(None, name)),
                hg_log(&work, &["--removed", &pattern]),
                "{name}"
            );
        }
        let up_to = format!("reverse(::{})", ids[3]);
        assert_eq!(
            log(&repository, of(Some(ids[3]), name)),
            hg_log(&work, &["--removed", "-r", &up_to, &pattern]),
            "{name}"
        );
    }
    let page = repository
        .log(&LogQuery {
            skip: 2,
            limit: 3,
            ..LogQuery::default()
        })
        .unwrap();
    let found: Vec<_> = page
        .changesets
        .iter()
        .map(|changeset| changeset.id)
        .collect();
    assert_eq!((&found[..], page.total), (&hg_log(&work, &[])[2..5], 7));
    assert_eq!(
        repository
            .log(&LogQuery {
                skip: 9,
                ..LogQuery::default()
            })
            .unwrap()
            .changesets,
        []
    );
    assert_eq!(repository.number_of(&stable).unwrap(), Some(6));
    assert_eq!(repository.parents(&ids[5]).unwrap(), [ids[4], ids[3]]);
    assert_eq!(repository.children(&ids[2]).unwrap(), [ids[4], ids[3]]);
}

#[test]
fn directories_and_files_are_hgs() {
    let Story { work, ids } = story(Kind::Hg);
    let repository = work.open();
    for id in [&ids[0], &ids[2], &ids[5]] {
        let listed = work.run(
            "hg",
            &[
                "files",
                "-r",
                &id.to_string(),
                "-T",
                "{path}\\0{flags}\\0{size}\\0",
            ],
        );
        let mut fields = listed.split(|&byte| byte == 0);
        let mut theirs = BTreeMap::new();
        while let (Some(name), Some(flags), Some(size)) =
            (fields.next(), fields.next(), fields.next())
        {
            let mode = match flags {
                b"x" => 0o100755,
                b"l" => 0o120000,
                _ => 0o100644,
            };
            theirs.insert(
                name.to_vec(),
                (mode, std::str::from_utf8(size).unwrap().parse::<u64>().ok()),
            );
        }
        let mut ours = BTreeMap::new();
        let mut todo = vec![RepoPath::root()];
        while let Some(directory) = todo.pop() {
            let last = repository.last_changes(id, &directory).unwrap();
            for entry in repository.directory(id, &directory).unwrap() {
                let node = repository.node(id, &entry.path).unwrap();
                assert_eq!((&node.kind, node.size), (&entry.kind, entry.size));
                assert!(last.contains_key(&entry.name), "{entry:?} in {id}");
                if entry.kind == NodeKind::Directory {
                    todo.push(entry.path);
                } else {
                    ours.insert(entry.path.as_bytes().to_vec(), (entry.mode, entry.size));
                }
            }
        }
        assert_eq!(ours, theirs, "{id}");
        let names = repository.file_names(id, &RepoPath::root()).unwrap();
        assert!(
            names
                .paths
                .iter()
                .map(RepoPath::as_bytes)
                .eq(theirs.keys().map(|name| &name[..]))
        );
    }

    let mut contents = Vec::new();
    for name in NAMES {
        let file = repository.file(&ids[0], &path(name)).unwrap();
        assert_eq!(file.executable, name == b"run.sh");
        assert_eq!(file.symlink, name == b"link");
        assert_eq!(file.is_binary(), name == b"binary.bin");
        contents.extend(file.data);
    }
    assert_eq!(
        contents,
        work.run("hg", &["cat", "-r", &ids[0].to_string(), "."])
    );
    let missing = repository.file(&ids[0], &path(b"src/none")).unwrap_err();
    assert!(matches!(missing, NodeError::NotFound { .. }), "{missing}");
    let directory = repository.file(&ids[0], &path(b"src")).unwrap_err();
    assert!(
        matches!(directory, NodeError::NotAFile { .. }),
        "{directory}"
    );
    let file = repository.directory(&ids[0], &path(b"run.sh")).unwrap_err();
    assert!(matches!(file, NodeError::NotADirectory { .. }), "{file}");
}

#[test]
fn last_changes_are_the_newest_ancestors() {
    let Story { work, ids } = story(Kind::Hg);
    let repository = work.open();
    for id in [ids[5]] {
        for (name, found) in repository.last_changes(&id, &RepoPath::root()).unwrap() {
            let Ok(name) = String::from_utf8(name) else {
                continue;
            };
            let newest = format!("last(::{id} and file('path:{name}'))");
            assert_eq!(
                [found],
                hg_log(&work, &["-r", &newest])[..],
                "{name} at {id}"
            );
        }
    }
}

#[test]
fn a_changeset_says_what_was_committed() {
    let Story { work, ids } = story(Kind::Hg);
    let repository = work.open();
    let first = repository.changeset(&ids[0]).unwrap();
    assert_eq!(first.message, "Begin\n\nWith something of everything.");
    assert_eq!(
        (first.author.name.as_str(), first.author.email.as_str()),
        ("Alice", "alice@example.com")
    );
    assert_eq!(
        (first.date.seconds, first.date.offset_east),
        (1_700_000_060, 5400)
    );
    assert_eq!(
        (first.number, first.phase, first.obsolete),
        (Some(0), Phase::Draft, false)
    );
    assert_eq!(first.branch, Some(RefName::new("default")));
    assert!(!first.closes_branch && first.extras.is_empty() && first.parents.is_empty());
    let merge = repository.changeset(&ids[5]).unwrap();
    assert!(merge.is_merge());
    assert!(repository.changeset(&ChangesetId::NULL).is_err());

    work.go_back(&ids[2]);
    work.run("hg", &["graft", "-q", "-r", &ids[3].to_string()]);
    work.run("hg", &["phase", "-p", &ids[0].to_string()]);
    let graft = repository.changeset(&work.head()).unwrap();
    assert_eq!(
        graft.extras.get("source"),
        Some(&ids[3].to_string().into_bytes())
    );
    assert_eq!(repository.changeset(&ids[0]).unwrap().phase, Phase::Public);
}

#[test]
fn what_rewriting_has_made_of_changesets_is_told_as_hg_does() {
    let work = Work::new(Kind::Hg);
    work.write(
        b".hg/hgrc",
        b"[experimental]\nevolution = all\nevolution.allowdivergence = yes\n[extensions]\nrebase =\n",
    );
    work.write(b"base", b"base\n");
    let base = work.commit("Base");
    work.write(b"a", b"1\n");
    let first = work.commit("First");
    work.write(b"b", b"1\n");
    let child = work.commit("Child");
    // The first is amended, which leaves its child behind; once more from the old form, which makes two that compete.
    work.go_back(&first);
    work.write(b"a", b"2\n");
    work.run(
        "hg",
        &[
            "commit",
            "-q",
            "--amend",
            "-d",
            "1700100000 0",
            "-m",
            "Amended",
        ],
    );
    let amended = work.head();
    work.run(
        "hg",
        &["update", "-q", "--hidden", "-C", &first.to_string()],
    );
    work.write(b"a", b"3\n");
    work.run(
        "hg",
        &[
            "commit",
            "-q",
            "--amend",
            "-d",
            "1700200000 0",
            "-m",
            "Otherwise",
        ],
    );
    let other = work.head();
    // Another is published after all, once it had been rewritten; a third was rewritten twice.
    work.go_back(&base);
    work.write(b"c", b"1\n");
    let published = work.commit("Published");
    work.write(b"c", b"2\n");
    work.run(
        "hg",
        &[
            "commit",
            "-q",
            "--amend",
            "-d",
            "1700300000 0",
            "-m",
            "Too late",
        ],
    );
    let late = work.head();
    work.run("hg", &["phase", "--hidden", "-p", &published.to_string()]);
    work.go_back(&base);
    work.write(b"d", b"1\n");
    work.commit("Once");
    for (n, date) in ["1700400000 0", "1700500000 0"].into_iter().enumerate() {
        work.write(b"d", format!("{n}\n").as_bytes());
        work.run(
            "hg",
            &["commit", "-q", "--amend", "-d", date, "-m", "Again"],
        );
    }
    let again = work.head();
    work.go_back(&base);
    let template =
        "{node}|{instabilities % '{instability} '}|{predecessors % '{node} '}|{successorssets}\n";
    let theirs = work.hg(&["log", "-T", template, "--debug"]);
    let repository = work.open();
    let mut seen = 0;
    for line in theirs.lines() {
        let [node, states, predecessors, successors] =
            line.split('|').collect::<Vec<_>>().try_into().unwrap();
        let id: ChangesetId = node.parse().unwrap();
        let ours = repository.changeset(&id).unwrap();
        let evolution = &ours.evolution;
        let told = [
            (evolution.orphan, "orphan"),
            (evolution.content_divergent, "content-divergent"),
            (evolution.phase_divergent, "phase-divergent"),
        ];
        for (is, name) in told {
            assert_eq!(is, states.contains(name), "{name} in {line}");
            seen += usize::from(is);
        }
        let mut wanted: Vec<&str> = predecessors.split_whitespace().collect();
        wanted.sort_unstable();
        let found: Vec<_> = evolution
            .predecessors
            .iter()
            .map(|id| id.to_string())
            .collect();
        assert_eq!(found, wanted, "predecessors in {line}");
        let found: Vec<_> = evolution.successors.concat();
        assert_eq!(found.len(), successors.split_whitespace().count(), "{line}");
        for successor in found {
            assert!(successors.contains(&successor.to_string()), "{line}");
        }
        assert_eq!(ours.obsolete, id == first, "{line}");
    }
    assert!(seen >= 4, "{theirs}");
    let evolution = |id: &ChangesetId| repository.changeset(id).unwrap().evolution;
    assert!(evolution(&child).orphan);
    assert!(evolution(&amended).content_divergent && evolution(&other).content_divergent);
    assert_eq!(evolution(&amended).predecessors, [first]);
    assert_eq!(evolution(&first).successors.len(), 2);
    assert!(evolution(&late).phase_divergent);
    assert!(evolution(&again).predecessors.is_empty(), "they are hidden");
}

#[test]
fn words_mean_what_they_should() {
    let Story { work, ids } = story(Kind::Hg);
    work.run("hg", &["bookmark", "-r", &ids[1].to_string(), "feature/x"]);
    work.run(
        "hg",
        &["tag", "-r", &ids[0].to_string(), "-d", "1700001000 0", "v1"],
    );
    work.run("hg", &["branch", "-q", "old"]);
    let old = work.commit("Open it");
    work.run(
        "hg",
        &[
            "commit",
            "-q",
            "--close-branch",
            "-d",
            "1700002000 0",
            "-m",
            "Close it",
        ],
    );
    let closed = work.head();
    let repository = work.open();
    for (text, wanted) in [
        ("", closed),
        ("tip", closed),
        ("-1", closed),
        ("0", ids[0]),
        ("v1", ids[0]),
        ("feature/x", ids[1]),
        ("old", closed),
        (&ids[3].to_string()[..], ids[3]),
        (&ids[3].to_string()[..6], ids[3]),
    ] {
        assert_eq!(repository.resolve(text).unwrap(), wanted, "{text:?}");
    }
    for text in ["nothing", "99", "tip^", "reverse(all())", "..", "é"] {
        let found = repository.resolve(text);
        assert!(
            matches!(found, Err(RevisionError::Unknown { .. })),
            "{text:?}: {found:?}"
        );
    }
    let refs = repository.refs().unwrap();
    let branches: Vec<_> = refs
        .branches
        .iter()
        .map(|branch| (branch.name.as_str(), branch.closed))
        .collect();
    assert_eq!(branches, [("default", false), ("old", true)]);
    assert_eq!(refs.branch("old").map(|branch| branch.id), Some(closed));
    assert_eq!(refs.tag("tip").map(|tag| tag.id), Some(closed));
    assert_eq!(refs.labels(&ids[0]).tags, [RefName::new("v1")]);
    assert_eq!(refs.labels(&ids[1]).bookmarks, [RefName::new("feature/x")]);
    assert_eq!(refs.default_branch, Some(RefName::new("default")));
    assert!(repository.changeset(&closed).unwrap().closes_branch);
    assert!(!repository.changeset(&old).unwrap().closes_branch);
    let tip = repository.summary_cache().unwrap().unwrap();
    assert_eq!(
        (tip.id, tip.number, tip.author.as_str()),
        (closed, 8, "Alice <alice@example.com>")
    );
}

/// Whoever may read the repository must not read what its owner keeps back.
#[test]
fn secret_and_hidden_changesets_do_not_exist() {
    let Story { work, ids } = story(Kind::Hg);
    work.write(b"plan", b"secret\n");
    work.run("hg", &["commit", "-q", "-A", "-s", "-m", "A secret"]);
    let secret = work.head();
    work.run("hg", &["bookmark", "-r", ".", "hush"]);
    work.go_back(&ids[2]);
    work.write(b"draft", b"one\n");
    let hidden = work.commit("To be rewritten");
    let evolve = ["--config", "experimental.evolution=all"];
    work.run(
        "hg",
        &[&["commit", "-q", "--amend", "-m", "Rewritten"], &evolve[..]].concat(),
    );
    let repository = work.open();
    for id in [secret, hidden] {
        let found = repository.resolve(&id.to_string());
        assert!(
            matches!(found, Err(RevisionError::Unknown { .. })),
            "{found:?}"
        );
        assert!(repository.changeset(&id).is_err());
        assert!(repository.file(&id, &path(b"READ.ME")).is_err());
        assert!(
            repository
                .diff(Some(&ids[2]), &id, &Default::default())
                .is_err()
        );
        assert!(
            repository
                .log(&LogQuery {
                    from: Some(id),
                    ..LogQuery::default()
                })
                .is_err()
        );
    }
    assert_eq!(log(&repository, LogQuery::default()).len(), 7);
    assert!(repository.resolve("hush").is_err());
    assert_eq!(repository.children(&ids[5]).unwrap(), []);
    assert_eq!(repository.refs().unwrap().bookmarks, []);
}

#[test]
fn an_empty_repository_has_nothing() {
    let work = Work::new(Kind::Hg);
    let repository = work.open();
    assert!(repository.is_empty().unwrap());
    assert!(matches!(
        repository.resolve("tip"),
        Err(RevisionError::Empty)
    ));
    assert_eq!(log(&repository, LogQuery::default()), []);
    assert_eq!(repository.summary_cache().unwrap(), None);
    assert_eq!(repository.refs().unwrap(), vcs::Refs::default());
    work.write(b"a", b"a\n");
    let id = work.commit("First");
    assert_eq!(repository.resolve("tip").unwrap(), id);
    work.run(
        "hg",
        &[
            "debugstrip",
            "-q",
            "--no-backup",
            "tip",
            "--config",
            "extensions.strip=",
        ],
    );
    assert!(repository.is_empty().unwrap());

    let away = tempfile::tempdir().unwrap();
    let missing = Repository::open(&away.path().join("none"), Kind::Hg);
    assert!(matches!(missing, Err(OpenError::Missing { .. })));
    let foreign = Repository::open(away.path(), Kind::Hg);
    assert!(
        matches!(foreign, Err(OpenError::NotARepository { .. })),
        "{foreign:?}"
    );
    std::fs::write(work.path().join(".hg/requires"), "store\nfuture-format\n").unwrap();
    let refused = Repository::open(work.path(), Kind::Hg);
    assert!(
        matches!(refused, Err(OpenError::Unsupported { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_subrepository_is_named_with_its_origin() {
    let work = Work::new(Kind::Hg);
    let commit = "1234567890123456789012345678901234567890";
    work.write(b".hgsub", b"vendor/lib = https://example.com/lib\n");
    work.write(b".hgsubstate", format!("{commit} vendor/lib\n").as_bytes());
    work.write(b"vendor/README", b"read\n");
    // Without the sub-repository at hand `hg commit` refuses; a bare import does not look for it.
    work.run("hg", &["add", "-q", "vendor/README"]);
    let patch = format!(
        "diff --git a/.hgsub b/.hgsub\nnew file mode 100644\n--- /dev/null\n+++ b/.hgsub\n@@ -0,0 +1,1 @@\n+vendor/lib = https://example.com/lib\n\
         diff --git a/.hgsubstate b/.hgsubstate\nnew file mode 100644\n--- /dev/null\n+++ b/.hgsubstate\n@@ -0,0 +1,1 @@\n+{commit} vendor/lib\n\
         diff --git a/vendor/README b/vendor/README\nnew file mode 100644\n--- /dev/null\n+++ b/vendor/README\n@@ -0,0 +1,1 @@\n+read\n"
    );
    work.feed(
        "hg",
        &["import", "-q", "--bypass", "-m", "Use lib", "-"],
        patch.as_bytes(),
    );
    let repository = work.open();
    let tip = repository.resolve("tip").unwrap();
    let wanted = NodeKind::Submodule {
        url: Some("https://example.com/lib".into()),
        commit: commit.into(),
    };
    let entries = repository.directory(&tip, &path(b"vendor")).unwrap();
    let kinds: Vec<_> = entries
        .iter()
        .map(|entry| (&entry.name[..], &entry.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            (&b"lib"[..], &wanted),
            (b"README", &NodeKind::File { executable: false })
        ]
    );
    assert_eq!(
        repository.node(&tip, &path(b"vendor/lib")).unwrap().kind,
        wanted
    );
    assert!(matches!(
        repository.file(&tip, &path(b"vendor/lib")),
        Err(NodeError::NotAFile { .. })
    ));
}
