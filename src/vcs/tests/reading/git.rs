//! Git repositories: every answer is compared with that of the `git` program.

use std::collections::{BTreeMap, HashMap};

use vcs::{
    ChangesetId, Kind, LogQuery, NodeError, NodeKind, OpenError, RefName, RepoPath, Repository,
    RevisionError,
};

use crate::recipe::{NAMES, Story, Work, path, story, tangle};

fn ids(text: &str) -> Vec<ChangesetId> {
    text.lines()
        .map(|line| line.parse().expect("an id"))
        .collect()
}

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

#[test]
fn only_what_the_chosen_refs_reach_is_listed() {
    let work = Work::new(Kind::Git);
    work.write(b"a", b"1\n");
    let one = work.commit("One");
    work.git(&["checkout", "-q", "-b", "topic"]);
    work.write(b"a", b"2\n");
    let two = work.commit("Two");
    work.git(&["checkout", "-q", "--detach"]);
    work.write(b"a", b"3\n");
    let three = work.commit("Three");
    work.git(&["tag", "v1"]);
    work.git(&["checkout", "-q", "main"]);
    for (filter, wanted) in [
        ("", vec![three, two, one]),
        ("--all", vec![three, two, one]),
        ("--branches", vec![two, one]),
        ("--branches=mai*", vec![one]),
        ("--tags --branches", vec![three, two, one]),
        ("--branches=none*", vec![]),
    ] {
        let repository = work.open().with_ref_filter(filter.parse().unwrap());
        let page = repository.log(&LogQuery::default()).unwrap();
        let found: Vec<_> = page.changesets.iter().map(|one| one.id).collect();
        assert_eq!(
            (found, page.total),
            (wanted.clone(), wanted.len()),
            "{filter}"
        );
        assert_eq!(repository.is_empty().unwrap(), wanted.is_empty());
        if wanted.is_empty() {
            continue;
        }
        let by_id = repository.resolve(&three.to_string());
        assert_eq!(by_id.is_ok(), wanted.contains(&three), "{filter}");
        assert_eq!(repository.resolve("v1").unwrap(), three, "a name is a name");
    }
}

#[test]
fn the_log_is_ordered_like_gits() {
    let work = tangle();
    let repository = work.open();
    let theirs = ids(&work.git(&["rev-list", "--date-order", "--branches", "--tags"]));
    assert_eq!(log(&repository, LogQuery::default()), theirs);
    for (rank, id) in theirs.iter().enumerate() {
        let number = (theirs.len() - 1 - rank) as u32;
        assert_eq!(repository.number_of(id).unwrap(), Some(number));
    }

    let page = repository
        .log(&LogQuery {
            skip: 20,
            limit: 10,
            ..LogQuery::default()
        })
        .unwrap();
    let page_ids: Vec<_> = page
        .changesets
        .iter()
        .map(|changeset| changeset.id)
        .collect();
    assert_eq!((&page_ids[..], page.total), (&theirs[20..30], theirs.len()));

    let b2 = ids(&work.git(&["rev-list", "--date-order", "b2"]));
    let branch = Some(RefName::new("b2"));
    let mut ours = log(
        &repository,
        LogQuery {
            branch: branch.clone(),
            ..LogQuery::default()
        },
    );
    assert_eq!(ours.len(), b2.len());
    ours.sort();
    let mut sorted = b2.clone();
    sorted.sort();
    assert_eq!(ours, sorted);
    let from = repository.resolve("b1").unwrap();
    let both = log(
        &repository,
        LogQuery {
            from: Some(from),
            branch,
            ..LogQuery::default()
        },
    );
    let b1 = ids(&work.git(&["rev-list", "b1"]));
    assert_eq!(both.len(), b2.iter().filter(|id| b1.contains(id)).count());
    let none = LogQuery {
        branch: Some(RefName::new("nowhere")),
        ..LogQuery::default()
    };
    assert_eq!(log(&repository, none), []);

    // The same with a commit-graph file.
    work.run("git", &["commit-graph", "write", "--reachable"]);
    assert_eq!(log(&work.open(), LogQuery::default()), theirs);
}

#[test]
fn parents_and_children_are_gits() {
    let work = tangle();
    let repository = work.open();
    for line in work
        .git(&[
            "rev-list",
            "--date-order",
            "--children",
            "--branches",
            "--tags",
        ])
        .lines()
    {
        let mut family = line.split(' ').map(|id| id.parse::<ChangesetId>().unwrap());
        let id = family.next().unwrap();
        let mut theirs: Vec<_> = family.collect();
        let mut ours = repository.children(&id).unwrap();
        for child in &ours {
            assert!(repository.parents(child).unwrap().contains(&id));
        }
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "children of {id}");
    }
}

#[test]
fn histories_of_paths_are_gits() {
    let work = tangle();
    let repository = work.open();
    let tip = repository.resolve("tip").unwrap();
    for file in ["d0/f0", "d1/f4", "d2", "d0", "nothing/here"] {
        let of = |from| LogQuery {
            from,
            path: Some(path(file.as_bytes())),
            ..LogQuery::default()
        };
        let theirs = ids(&work.git(&[
            "log",
            "--date-order",
            "--format=%H",
            &tip.to_string(),
            "--",
            file,
        ]));
        let mut ours = log(&repository, of(Some(tip)));
        assert_eq!(ours.len(), theirs.len(), "{file}");
        ours.sort();
        let mut sorted = theirs.clone();
        sorted.sort();
        assert_eq!(ours, sorted, "{file}");
        let everywhere =
            ids(&work.git(&["log", "--format=%H", "--branches", "--tags", "--", file]));
        assert_eq!(
            log(&repository, of(None)).len(),
            everywhere.len(),
            "{file} everywhere"
        );
    }
}

#[test]
fn last_changes_are_gits() {
    let work = tangle();
    let repository = work.open();
    let order = log(&repository, LogQuery::default());
    for id in [order[0], order[40], order[150]] {
        for directory in ["", "d0", "d1", "d2"] {
            let ours = repository
                .last_changes(&id, &path(directory.as_bytes()))
                .unwrap();
            for entry in repository
                .directory(&id, &path(directory.as_bytes()))
                .unwrap()
            {
                let name = entry.path.to_string();
                let theirs = ids(&work.git(&[
                    "log",
                    "-1",
                    "--date-order",
                    "--format=%H",
                    &id.to_string(),
                    "--",
                    &name,
                ]));
                assert_eq!(ours.get(&entry.name), theirs.first(), "{name} at {id}");
            }
        }
    }
}

#[test]
fn directories_and_files_are_gits() {
    let Story { work, ids } = story(Kind::Git);
    let repository = work.open();
    for id in &ids {
        let mut theirs = BTreeMap::new();
        for record in work
            .run("git", &["ls-tree", "-r", "-t", "-l", "-z", &id.to_string()])
            .split(|&byte| byte == 0)
        {
            let Some(tab) = record.iter().position(|&byte| byte == b'\t') else {
                continue;
            };
            let words: Vec<_> = std::str::from_utf8(&record[..tab])
                .unwrap()
                .split_ascii_whitespace()
                .collect();
            theirs.insert(
                record[tab + 1..].to_vec(),
                (words[0].to_owned(), words[3].parse::<u64>().ok()),
            );
        }
        let mut ours = BTreeMap::new();
        let mut todo = vec![RepoPath::root()];
        while let Some(directory) = todo.pop() {
            for entry in repository.directory(id, &directory).unwrap() {
                assert_eq!(entry.path.file_name(), Some(&entry.name[..]));
                assert_eq!(entry.path.parent(), Some(directory.clone()));
                ours.insert(
                    entry.path.as_bytes().to_vec(),
                    (format!("{:06o}", entry.mode), entry.size),
                );
                let node = repository.node(id, &entry.path).unwrap();
                assert_eq!((&node.kind, node.size), (&entry.kind, entry.size));
                if entry.kind == NodeKind::Directory {
                    todo.push(entry.path);
                }
            }
        }
        assert_eq!(ours, theirs);

        let names = repository.file_names(id, &RepoPath::root()).unwrap().paths;
        let files = theirs
            .iter()
            .filter(|(_, (mode, _))| mode != "040000")
            .map(|(name, _)| &name[..]);
        assert!(names.iter().map(RepoPath::as_bytes).eq(files));
    }
}

#[test]
fn contents_come_as_they_are() {
    let Story { work, ids } = story(Kind::Git);
    let repository = work.open();
    let id = ids[0];
    for name in NAMES {
        let file = repository.file(&id, &path(name)).unwrap();
        let listed = work.run(
            "git",
            &[
                "ls-tree",
                "-z",
                &id.to_string(),
                "--",
                &String::from_utf8_lossy(name),
            ],
        );
        if let Some(blob) = listed.split(|&byte| byte == b' ' || byte == b'\t').nth(2) {
            let blob = String::from_utf8(blob.to_vec()).unwrap();
            assert_eq!(file.data, work.run("git", &["cat-file", "blob", &blob]));
        } else {
            assert_eq!(file.data, b"This is latin\xe9.txt\n");
        }
        assert_eq!(file.executable, name == b"run.sh");
        assert_eq!(file.symlink, name == b"link");
        assert_eq!(file.is_binary(), name == b"binary.bin");
    }
    let missing = repository.file(&id, &path(b"src/none")).unwrap_err();
    assert!(matches!(missing, NodeError::NotFound { .. }), "{missing}");
    let directory = repository.file(&id, &path(b"src")).unwrap_err();
    assert!(
        matches!(directory, NodeError::NotAFile { .. }),
        "{directory}"
    );
    let file = repository.directory(&id, &path(b"run.sh")).unwrap_err();
    assert!(matches!(file, NodeError::NotADirectory { .. }), "{file}");
    assert!(matches!(
        repository.node(&id, &path(b"run.sh/x")),
        Err(NodeError::NotFound { .. })
    ));
}

#[test]
fn a_changeset_says_what_was_committed() {
    let Story { work, ids } = story(Kind::Git);
    let repository = work.open();
    let first = repository.changeset(&ids[0]).unwrap();
    assert_eq!(first.message, "Begin\n\nWith something of everything.\n");
    assert_eq!(first.summary(), "Begin");
    assert_eq!(first.author.raw, "Alice <alice@example.com>");
    assert_eq!(
        first.committer.as_ref().map(|person| person.name.as_str()),
        Some("Bob")
    );
    assert_eq!(
        (first.date.seconds, first.date.offset_east),
        (1_700_000_060, 5400)
    );
    assert_eq!(first.parents, []);
    let merge = repository.changeset(&ids[5]).unwrap();
    assert_eq!(merge.parents, [ids[4], ids[3]]);
    assert!(repository.changeset(&ChangesetId::NULL).is_err());
}

#[test]
fn words_mean_what_they_should() {
    let Story { work, ids } = story(Kind::Git);
    work.run(
        "git",
        &["checkout", "-q", "-B", "main", &ids[5].to_string()],
    );
    work.run("git", &["branch", "feature/x", &ids[1].to_string()]);
    work.run("git", &["tag", "light", &ids[0].to_string()]);
    work.run(
        "git",
        &["tag", "-a", "-m", "heavy", "heavy", &ids[2].to_string()],
    );
    work.run("git", &["tag", "-a", "-m", "twice", "twice", "heavy"]);
    work.run("git", &["tag", "a-file", "HEAD:empty"]);
    let repository = work.open();
    for (text, wanted) in [
        ("", 5),
        ("tip", 5),
        ("HEAD", 5),
        ("head", 5),
        ("main", 5),
        ("heads/main", 5),
        ("refs/heads/main", 5),
        ("refs/tags/heavy", 2),
        ("feature/x", 1),
        ("light", 0),
        ("heavy", 2),
        ("twice", 2),
        ("0", 0),
        ("5", 5),
        (&ids[3].to_string()[..], 3),
        (&ids[3].to_string()[..7], 3),
        (&ids[3].to_string()[..12].to_uppercase(), 3),
    ] {
        assert_eq!(repository.resolve(text).unwrap(), ids[wanted], "{text:?}");
    }
    for text in [
        &ids[3].to_string()[..6],
        "6",
        "-1",
        "a-file",
        "nothing",
        "main~1",
        "heads/nothing",
        "refs/other/main",
        "..",
        "é",
    ] {
        let found = repository.resolve(text);
        assert!(
            matches!(found, Err(RevisionError::Unknown { .. })),
            "{text:?}: {found:?}"
        );
    }

    let refs = repository.refs().unwrap();
    let tags: Vec<_> = refs
        .tags
        .iter()
        .map(|tag| (tag.name.as_str(), tag.id, tag.annotated))
        .collect();
    assert_eq!(
        tags,
        [
            ("heavy", ids[2], true),
            ("light", ids[0], false),
            ("twice", ids[2], true)
        ]
    );
    let branches: Vec<_> = refs
        .branches
        .iter()
        .map(|branch| (branch.name.as_str(), branch.id))
        .collect();
    assert_eq!(branches, [("feature/x", ids[1]), ("main", ids[5])]);
    assert_eq!(refs.default_branch, Some(RefName::new("main")));
    assert_eq!(
        refs.labels(&ids[2]).tags,
        [RefName::new("heavy"), RefName::new("twice")]
    );

    let tip = repository.summary_cache().unwrap().unwrap();
    assert_eq!((tip.id, tip.number), (ids[5], 5));
    assert!(repository.size_on_disk().unwrap() > 10_000);
}

/// What was force-pushed away must not be readable by whoever still knows its id.
#[test]
fn an_unreachable_commit_has_no_name() {
    let Story { work, ids } = story(Kind::Git);
    work.run(
        "git",
        &["checkout", "-q", "-B", "main", &ids[5].to_string()],
    );
    let repository = work.open();
    assert_eq!(repository.resolve(&ids[3].to_string()).unwrap(), ids[3]);
    work.run("git", &["reset", "-q", "--hard", &ids[2].to_string()]);
    for text in [ids[3].to_string(), ids[3].short()] {
        assert!(matches!(
            repository.resolve(&text),
            Err(RevisionError::Unknown { .. })
        ));
    }
    assert_eq!(log(&repository, LogQuery::default()).len(), 3);
    assert_eq!(repository.number_of(&ids[3]).unwrap(), None);
}

#[test]
fn an_empty_repository_has_nothing() {
    let work = Work::new(Kind::Git);
    let repository = work.open();
    assert!(repository.is_empty().unwrap());
    assert!(matches!(
        repository.resolve("tip"),
        Err(RevisionError::Empty)
    ));
    assert!(matches!(
        repository.resolve("main"),
        Err(RevisionError::Empty)
    ));
    assert_eq!(log(&repository, LogQuery::default()), []);
    assert_eq!(repository.summary_cache().unwrap(), None);
    assert_eq!(repository.refs().unwrap().default_branch, None);
    // The first push shows at once.
    work.write(b"a", b"a\n");
    let id = work.commit("First");
    assert_eq!(repository.resolve("tip").unwrap(), id);
}

#[test]
fn head_may_be_detached_or_lead_nowhere() {
    let Story { work, ids } = story(Kind::Git);
    work.run(
        "git",
        &["checkout", "-q", "-B", "main", &ids[3].to_string()],
    );
    work.run("git", &["checkout", "-q", "--detach", &ids[1].to_string()]);
    let repository = work.open();
    assert_eq!(repository.head().unwrap(), Some(ids[1]));
    assert_eq!(repository.resolve("tip").unwrap(), ids[3]);
    work.write(b"lost", b"lost\n");
    let lost = work.commit("On no branch");
    assert_eq!(repository.head().unwrap(), Some(ids[3]));
    assert!(repository.resolve(&lost.to_string()).is_err());
    work.run("git", &["symbolic-ref", "HEAD", "refs/heads/unborn"]);
    assert_eq!(repository.head().unwrap(), Some(ids[3]));
    assert_eq!(
        repository.refs().unwrap().default_branch,
        Some(RefName::new("main"))
    );
}

/// HEAD says which branch is the default one; the newest changeset may be on another.
#[test]
fn the_tip_is_the_first_of_the_log_whatever_head_and_the_clocks_say() {
    let Story { work, ids } = story(Kind::Git);
    work.run(
        "git",
        &["checkout", "-q", "-B", "main", &ids[5].to_string()],
    );
    work.run("git", &["checkout", "-q", "-b", "slow"]);
    work.run(
        "env",
        &[
            "GIT_COMMITTER_DATE=1000000000 +0000",
            "git",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "From a machine whose clock is wrong",
        ],
    );
    let slow = work.head();
    work.run("git", &["checkout", "-q", "main"]);
    let repository = work.open();
    assert_eq!(repository.head().unwrap(), Some(ids[5]));
    for word in ["tip", "HEAD", "head", ""] {
        assert_eq!(repository.resolve(word).unwrap(), slow, "{word}");
    }
    assert_eq!(log(&repository, LogQuery::default())[0], slow);
    assert_eq!(repository.summary_cache().unwrap().unwrap().id, slow);
    // Zeros are the first place of the log, as in links of the original.
    for zeros in ["0", "000000000000", &"0".repeat(40)] {
        assert_eq!(repository.resolve(zeros).unwrap(), ids[0], "{zeros}");
    }
}

#[test]
fn what_git_does_behind_our_back_shows() {
    let Story { work, mut ids } = story(Kind::Git);
    work.run(
        "git",
        &["checkout", "-q", "-B", "main", &ids[5].to_string()],
    );
    let repository = work.open();
    let everything = |ids: &[ChangesetId]| {
        assert_eq!(repository.resolve("main").unwrap(), *ids.last().unwrap());
        assert_eq!(log(&repository, LogQuery::default()).len(), ids.len());
        for id in ids {
            assert!(
                repository
                    .file_names(id, &RepoPath::root())
                    .unwrap()
                    .paths
                    .len()
                    > 5
            );
        }
    };
    everything(&ids);
    work.run("git", &["pack-refs", "--all"]);
    everything(&ids);
    for round in 0..3 {
        work.write(b"more", format!("{round}\n").as_bytes());
        ids.push(work.commit("More"));
        everything(&ids);
        work.run("git", &["repack", "-q", "-a", "-d"]);
        everything(&ids);
        work.run("git", &["tag", &format!("round-{round}")]);
        assert_eq!(repository.refs().unwrap().tags.len(), round + 1);
    }
    work.run("git", &["gc", "-q", "--prune=now"]);
    everything(&ids);
    work.run("git", &["tag", "-d", "round-0"]);
    assert_eq!(repository.refs().unwrap().tags.len(), 2);
}

#[test]
fn a_submodule_is_named_with_its_origin() {
    let work = Work::new(Kind::Git);
    work.write(
        b".gitmodules",
        b"[submodule \"lib\"]\n\tpath = vendor/lib\n\turl = https://example.com/lib.git\n",
    );
    let commit = "1234567890123456789012345678901234567890";
    work.run("git", &["add", "-A"]);
    work.run(
        "git",
        &[
            "update-index",
            "--add",
            "--cacheinfo",
            &format!("160000,{commit},vendor/lib"),
        ],
    );
    work.run("git", &["commit", "-q", "-m", "Use lib"]);
    let repository = work.open();
    let tip = repository.resolve("tip").unwrap();
    let wanted = NodeKind::Submodule {
        url: Some("https://example.com/lib.git".into()),
        commit: commit.into(),
    };
    let entries = repository.directory(&tip, &path(b"vendor")).unwrap();
    assert_eq!(entries[0].kind, wanted);
    assert_eq!(
        repository.node(&tip, &path(b"vendor/lib")).unwrap().kind,
        wanted
    );
    assert!(matches!(
        repository.file(&tip, &path(b"vendor/lib")),
        Err(NodeError::NotAFile { .. })
    ));
    assert!(matches!(
        repository.node(&tip, &path(b"vendor/lib/x")),
        Err(NodeError::NotFound { .. })
    ));
    let diff = repository.diff(None, &tip, &Default::default()).unwrap();
    let module = diff
        .files
        .iter()
        .find(|file| file.new_mode == Some(0o160000))
        .unwrap();
    assert_eq!(
        module.hunks[0].lines[0].text,
        format!("Subproject commit {commit}").into_bytes()
    );
}

#[test]
fn bare_clones_and_foreign_directories() {
    let Story { work, ids } = story(Kind::Git);
    work.run(
        "git",
        &["checkout", "-q", "-B", "main", &ids[5].to_string()],
    );
    let away = tempfile::tempdir().unwrap();
    let bare = away.path().join("bare.git");
    work.run(
        "git",
        &["clone", "-q", "--bare", ".", bare.to_str().unwrap()],
    );
    let repository = Repository::open(&bare, Kind::Git).unwrap();
    assert_eq!(log(&repository, LogQuery::default()).len(), 6);

    let shallow = away.path().join("shallow.git");
    let origin = format!("file://{}", work.path().display());
    work.run(
        "git",
        &[
            "clone",
            "-q",
            "--bare",
            "--depth=1",
            &origin,
            shallow.to_str().unwrap(),
        ],
    );
    let repository = Repository::open(&shallow, Kind::Git).unwrap();
    assert_eq!(log(&repository, LogQuery::default()), [ids[5]]);
    assert!(
        repository
            .last_changes(&ids[5], &RepoPath::root())
            .unwrap()
            .values()
            .all(|id| *id == ids[5])
    );

    let missing = Repository::open(&away.path().join("none"), Kind::Git);
    assert!(matches!(missing, Err(OpenError::Missing { .. })));
    let foreign = Repository::open(away.path(), Kind::Git);
    assert!(matches!(foreign, Err(OpenError::NotARepository { .. })));
    let below = work.path().join("src");
    assert!(matches!(
        Repository::open(&below, Kind::Git),
        Err(OpenError::NotARepository { .. })
    ));
    let new = away.path().join("sha256");
    work.run(
        "git",
        &[
            "init",
            "-q",
            "--object-format=sha256",
            new.to_str().unwrap(),
        ],
    );
    let refused = Repository::open(&new, Kind::Git);
    assert!(
        matches!(refused, Err(OpenError::Unsupported { .. })),
        "{refused:?}"
    );
    let new = away.path().join("reftable");
    work.run(
        "git",
        &["init", "-q", "--ref-format=reftable", new.to_str().unwrap()],
    );
    let refused = Repository::open(&new, Kind::Git);
    assert!(
        matches!(refused, Err(OpenError::Unsupported { .. })),
        "{refused:?}"
    );
}

/// Whoever may write files into a repository directory, or push attributes, could otherwise run programs as the server.
#[test]
fn configuration_of_the_repository_runs_nothing() {
    let Story { work, ids } = story(Kind::Git);
    work.run(
        "git",
        &["checkout", "-q", "-B", "main", &ids[5].to_string()],
    );
    let witness = work.path().join("witness");
    let run = format!("touch {}; cat", witness.display());
    work.write(b".gitattributes", b"* diff=evil filter=evil\n");
    let last = work.commit("Attributes");
    for key in [
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.alternateRefsCommand",
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "uploadpack.packObjectsHook",
        "core.hooksPath",
    ] {
        work.run("git", &["config", key, &run]);
    }
    work.run("git", &["config", "filter.evil.required", "true"]);
    let repository = work.open();
    log(
        &repository,
        LogQuery {
            path: Some(path(b"src")),
            ..LogQuery::default()
        },
    );
    repository.last_changes(&last, &RepoPath::root()).unwrap();
    repository.file(&last, &path(b"run.sh")).unwrap();
    for pair in ids.windows(2) {
        repository
            .diff(Some(&pair[0]), &pair[1], &Default::default())
            .unwrap();
    }
    assert!(!witness.exists());
}

/// One broken ref must not hide the others.
#[test]
fn broken_refs_are_passed_over() {
    let Story { work, ids } = story(Kind::Git);
    work.run(
        "git",
        &["checkout", "-q", "-B", "main", &ids[5].to_string()],
    );
    std::fs::write(work.path().join(".git/refs/heads/garbage"), b"no id\n").unwrap();
    std::fs::write(work.path().join(".git/refs/heads/dangling"), [b'1'; 40]).unwrap();
    std::fs::write(
        work.path().join(".git/refs/heads/circle"),
        b"ref: refs/heads/circle\n",
    )
    .unwrap();
    std::fs::write(
        work.path().join(".git/refs/heads/alias"),
        b"ref: refs/heads/main\n",
    )
    .unwrap();
    let repository = work.open();
    let refs = repository.refs().unwrap();
    let names: HashMap<_, _> = refs
        .branches
        .iter()
        .map(|branch| (branch.name.as_str(), branch.id))
        .collect();
    assert_eq!(names, HashMap::from([("main", ids[5]), ("alias", ids[5])]));
}
