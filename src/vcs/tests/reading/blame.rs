//! Who wrote which line, and the history of files, line by line and step by step as the programs tell it.

use std::collections::HashSet;

use vcs::{BlameOptions, ChangesetId, Kind, LogQuery, NodeError, RepoPath, Repository};

use crate::recipe::{Story, Work, path, story, tangle};
use crate::rich::{Dice, rich};

/// For each line: changeset, name and number there.
type Lines = Vec<(ChangesetId, String, u32)>;

fn ours(
    repository: &Repository,
    id: &ChangesetId,
    path: &RepoPath,
    options: &BlameOptions,
) -> Lines {
    let blame = repository.blame(id, path, options).unwrap();
    // The lines are the whole file, in order.
    let mut at = 0;
    for line in &blame.lines {
        assert_eq!(line.text.start, at);
        at = line.text.end;
    }
    assert_eq!(at, blame.content.len());
    let lines = blame.lines.iter();
    lines
        .map(|line| (line.id, line.path.to_string(), line.number))
        .collect()
}

fn git_blame(work: &Work, id: &ChangesetId, path: &str, more: &[&str]) -> Lines {
    let id = id.to_string();
    let mut args = vec!["blame", "--line-porcelain"];
    args.extend_from_slice(more);
    args.extend_from_slice(&[&id, "--", path]);
    let text = String::from_utf8_lossy(&work.run("git", &args)).into_owned();
    let (mut lines, mut head) = (Vec::new(), None);
    for line in text.lines() {
        if line.starts_with('\t') {
            head = None;
        } else if let Some(name) = line.strip_prefix("filename ") {
            let (id, number) = head.take().expect("a head");
            lines.push((id, name.to_owned(), number));
        } else if head.is_none() {
            let mut words = line.split(' ');
            let id = words.next().and_then(|word| word.parse().ok());
            let number = words.next().and_then(|word| word.parse().ok());
            if let (Some(id), Some(number)) = (id, number) {
                head = Some((id, number));
            }
        }
    }
    lines
}

fn all(repository: &Repository) -> Vec<ChangesetId> {
    let everything = LogQuery {
        limit: usize::MAX,
        ..LogQuery::default()
    };
    let page = repository.log(&everything).unwrap();
    page.changesets.iter().map(|one| one.id).collect()
}

#[test]
fn git_blames_the_same_across_renames_and_merges() {
    let (mut compared, mut renamed, mut differing) = (0, 0, 0);
    for (seed, merges) in [(1, false), (2, true), (3, true), (12, true)] {
        let work = rich(seed, 60, merges);
        let repository = work.open();
        for id in all(&repository).iter().step_by(7) {
            for name in repository.file_names(id, &RepoPath::root()).unwrap().paths {
                let text = name.to_string();
                let theirs = git_blame(&work, id, &text, &[]);
                let mine = ours(&repository, id, &name, &BlameOptions::default());
                assert_eq!(mine.len(), theirs.len());
                compared += theirs.len();
                renamed += theirs.iter().filter(|(_, name, _)| *name != text).count();
                let blame = repository
                    .blame(id, &name, &BlameOptions::default())
                    .unwrap();
                let line = |at: usize| &blame.content[blame.lines[at].text.clone()];
                for at in (0..mine.len()).filter(|&at| mine[at] != theirs[at]) {
                    // Where a line occurs again and again there are several shortest differences, and not always the same
                    // one is found.
                    let elsewhere = (0..mine.len()).filter(|&other| line(other) == line(at));
                    assert!(
                        elsewhere.count() > 1,
                        "seed {seed}: {id} {text} line {}",
                        at + 1
                    );
                    differing += 1;
                }
            }
        }
    }
    assert!(
        compared > 5000 && renamed > 500,
        "{compared} lines, {renamed} renamed"
    );
    assert!(
        differing * 1000 < compared,
        "{differing} of {compared} lines differ"
    );
}

#[test]
fn git_blames_the_same_in_the_other_recipes() {
    for work in [story(Kind::Git).work, tangle()] {
        let repository = work.open();
        for id in all(&repository).iter().step_by(23) {
            for name in repository.file_names(id, &RepoPath::root()).unwrap().paths {
                let Ok(text) = std::str::from_utf8(name.as_bytes()) else {
                    continue;
                };
                if !text.is_ascii() || text.contains('"') {
                    continue;
                }
                let theirs = git_blame(&work, id, text, &[]);
                let mine = ours(&repository, id, &name, &BlameOptions::default());
                assert_eq!(mine, theirs, "{id} {text}");
            }
        }
    }
}

/// A changeset that only changes the form of lines.
#[test]
fn changesets_that_do_not_count_are_looked_through() {
    let work = Work::new(Kind::Git);
    let text = |indent: &str| -> Vec<u8> {
        let lines = (0..20).map(|n| format!("{indent}statement({n});\n"));
        lines.collect::<String>().into_bytes()
    };
    work.write(b"code.c", &text(""));
    let first = work.commit("Write");
    let mut changed = text("");
    changed.extend_from_slice(b"more();\n");
    work.write(b"code.c", &changed);
    let second = work.commit("Write more");
    let mut reformatted = text("    ");
    reformatted.extend_from_slice(b"    more();\nand_new();\n");
    work.write(b"code.c", &reformatted);
    let third = work.commit("Indent");
    let list = format!("# only form\n{third} # indent\nnot an id\n");
    let ignore = Repository::ignored_changesets(list.as_bytes());
    assert_eq!(ignore, HashSet::from([third]));
    let options = BlameOptions {
        ignore,
        ..BlameOptions::default()
    };
    let repository = work.open();
    let mine = ours(&repository, &third, &path(b"code.c"), &options);
    let theirs = git_blame(
        &work,
        &third,
        "code.c",
        &["--ignore-rev", &third.to_string()],
    );
    let ids = |lines: &Lines| lines.iter().map(|(id, ..)| *id).collect::<Vec<_>>();
    // The line that came with the indentation: Git leaves it where it is; we hold that it took the place of the line above.
    assert_eq!(ids(&mine)[..21], ids(&theirs)[..21]);
    assert_eq!(ids(&mine)[..20], [first; 20]);
    assert_eq!(ids(&mine)[20], second);
}

#[test]
fn hg_annotates_the_same() {
    // Random edits of one file that is renamed and merged now and then.
    let work = Work::new(Kind::Hg);
    let mut dice = Dice::new(5);
    let mut lines: Vec<String> = (0..30).map(|n| format!("line {}", n % 12)).collect();
    // All changesets as patches that replace the whole text, to be told in one go.
    let mut patches = String::new();
    let mut before: Vec<String> = Vec::new();
    for n in 0..24 {
        for _ in 0..1 + dice.below(3) {
            let at = dice.below(lines.len());
            match dice.below(4) {
                0 => lines.insert(at, format!("new {n}")),
                1 => drop(lines.remove(at)),
                2 => lines[at] = format!("  {}", lines[at]),
                _ => lines.insert(at, lines[(at + 7) % lines.len()].clone()),
            }
        }
        let (old, new) = match n {
            0..10 => ("file", "file"),
            10 => ("file", "other"),
            _ => ("other", "other"),
        };
        patches += &format!(
            "# HG changeset patch\n# User A\n# Date {} 0\n{n}\n\n",
            n * 60
        );
        patches += &match n {
            0 => "diff --git a/file b/file\nnew file mode 100644\n--- /dev/null\n+++ b/file\n"
                .to_owned(),
            _ => {
                let rename = match old == new {
                    true => String::new(),
                    false => format!("rename from {old}\nrename to {new}\n"),
                };
                format!("diff --git a/{old} b/{new}\n{rename}--- a/{old}\n+++ b/{new}\n")
            }
        };
        let start = usize::from(n > 0);
        patches += &format!("@@ -{start},{} +1,{} @@\n", before.len(), lines.len());
        for (sign, text) in [('-', &before), ('+', &lines)] {
            text.iter()
                .for_each(|line| patches += &format!("{sign}{line}\n"));
        }
        before.clone_from(&lines);
    }
    work.feed("hg", &["import", "-q", "--bypass", "-"], patches.as_bytes());
    let repository = work.open();
    let newest = all(&repository);
    let number = |id: &ChangesetId| repository.number_of(id).unwrap().unwrap();
    for (skip, at) in [
        (vec![], 0),
        (vec![], 12),
        (vec![3, 9, 20], 0),
        (vec![23, 22, 21, 5, 1], 0),
    ] {
        let id = newest[at];
        let name = if newest.len() - 1 - at < 10 {
            "file"
        } else {
            "other"
        };
        let rev = number(&id).to_string();
        let skipped: Vec<String> = skip.iter().map(u32::to_string).collect();
        let mut args = vec![
            "annotate",
            "-r",
            &rev,
            "-T",
            "{lines % '{rev} {lineno} {path}\\n'}",
        ];
        for rev in &skipped {
            args.extend_from_slice(&["--skip", rev]);
        }
        args.push(name);
        let theirs: Vec<(u32, u32, String)> = work
            .hg(&args)
            .lines()
            .map(|line| {
                let mut words = line.split(' ');
                let mut next = || words.next().expect("three words");
                let (rev, number) = (next().parse().unwrap(), next().parse().unwrap());
                (rev, number, next().to_owned())
            })
            .collect();
        let ignore = newest
            .iter()
            .copied()
            .filter(|id| skip.contains(&number(id)));
        let options = BlameOptions {
            ignore: ignore.collect(),
            ..BlameOptions::default()
        };
        let mine: Vec<(u32, u32, String)> =
            ours(&repository, &id, &path(name.as_bytes()), &options)
                .into_iter()
                .map(|(id, name, line)| (number(&id), line, name))
                .collect();
        assert_eq!(mine, theirs, "{skip:?} {rev}");
    }
}

#[test]
fn histories_of_files_follow_renames() {
    let work = rich(4, 80, false);
    let repository = work.open();
    let mut steps = 0;
    for id in all(&repository).iter().step_by(9) {
        for name in repository.file_names(id, &RepoPath::root()).unwrap().paths {
            let text = name.to_string();
            let theirs = work.git(&[
                "log",
                "--format=%H",
                "--follow",
                &id.to_string(),
                "--",
                &text,
            ]);
            let found = repository.file_history(id, &name, 0, usize::MAX).unwrap();
            let mine: Vec<String> = found.steps.iter().map(|step| step.id.to_string()).collect();
            assert_eq!(mine, theirs.lines().collect::<Vec<_>>(), "{id} {text}");
            assert!(!found.more);
            steps += mine.len();
            if mine.len() > 3 {
                let part = repository.file_history(id, &name, 1, 2).unwrap();
                assert_eq!(part.steps, found.steps[1..3]);
                assert!(part.more);
            }
            // Each step has the file under the name it tells.
            for step in &found.steps {
                assert!(
                    repository
                        .node(&step.id, &step.path)
                        .unwrap()
                        .kind
                        .is_file()
                );
            }
        }
    }
    assert!(steps > 200, "{steps}");
}

#[test]
fn hg_follows_renames_too() {
    let Story { work, ids } = story(Kind::Hg);
    let repository = work.open();
    for name in ["src/the main.rs", "READ.ME", "run.sh", "empty"] {
        let theirs = work.hg(&[
            "log",
            "--follow",
            "-r",
            "reverse(::.)",
            "-T",
            "{node}\n",
            name,
        ]);
        let found = repository
            .file_history(&ids[5], &path(name.as_bytes()), 0, 100)
            .unwrap();
        let mine: Vec<String> = found.steps.iter().map(|step| step.id.to_string()).collect();
        assert_eq!(mine, theirs.lines().collect::<Vec<_>>(), "{name}");
    }
    let directory = repository.file_history(&ids[5], &path(b"src"), 0, 100);
    assert!(matches!(directory, Err(NodeError::NotAFile { .. })));
}

#[test]
fn authors_of_a_file_by_their_share() {
    let work = rich(4, 40, false);
    let repository = work.open();
    let tip = repository.resolve("main").unwrap();
    for name in repository
        .file_names(&tip, &RepoPath::root())
        .unwrap()
        .paths
    {
        let history = repository.file_history(&tip, &name, 0, usize::MAX).unwrap();
        let authors = repository.authors(&tip, &name).unwrap();
        let sum: usize = authors.iter().map(|author| author.changesets).sum();
        assert_eq!(sum, history.steps.len());
        // All three share an address, so they are one.
        assert_eq!(authors.len(), 1);
        assert!(authors[0].person.name.starts_with('A'));
    }
}

#[test]
fn what_is_too_large_or_no_file_is_not_blamed() {
    for kind in [Kind::Git, Kind::Hg] {
        let Story { work, ids } = story(kind);
        let repository = work.open();
        let small = BlameOptions {
            most_bytes: 10,
            ..BlameOptions::default()
        };
        let found = repository.blame(&ids[1], &path(b"src/main.rs"), &small);
        assert!(
            matches!(found, Err(NodeError::TooLarge { most: 10, .. })),
            "{found:?}"
        );
        for (name, at) in [(&b"src"[..], 1), (b"nothing", 1)] {
            let found = repository.blame(&ids[at], &path(name), &BlameOptions::default());
            assert!(matches!(
                found,
                Err(NodeError::NotAFile { .. } | NodeError::NotFound { .. })
            ));
        }
        let empty = repository.blame(&ids[2], &path(b"empty"), &BlameOptions::default());
        assert_eq!(empty.unwrap().lines, []);
    }
}
