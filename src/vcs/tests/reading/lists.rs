//! Filtered lists and drawings of history.

use vcs::{ChangesetId, GraphParent, Kind, LogQuery, RefName, Repository};

use crate::recipe::{Work, path, tangle};

fn ids(text: &str) -> Vec<ChangesetId> {
    text.split_whitespace()
        .map(|word| word.parse().expect("an id"))
        .collect()
}

fn list(repository: &Repository, query: LogQuery) -> Vec<ChangesetId> {
    let query = LogQuery {
        limit: usize::MAX,
        ..query
    };
    let page = repository.log(&query).unwrap();
    let found: Vec<_> = page.changesets.iter().map(|one| one.id).collect();
    assert_eq!(page.total, found.len());
    assert_eq!(repository.count(&query).unwrap(), found.len());
    found
}

/// Changesets of several people over some days, in either system.
fn people(kind: Kind) -> Work {
    let work = Work::new(kind);
    let people = [
        "Alice <alice@example.com>",
        "Bob O'Hara <BOB@example.com>",
        "jos\u{e9} <jose@example.com>",
        "nobody",
    ];
    match kind {
        Kind::Git => {
            let mut script = String::new();
            for n in 0..40 {
                let (author, date) = (people[n % 4], 1_700_000_000 + n * 3600);
                let author = if author == "nobody" {
                    "nobody <>"
                } else {
                    author
                };
                script += &format!(
                    "commit refs/heads/main\nauthor {author} {date} +0200\ncommitter C <c@example.com> {date} -0100\ndata 1\n{}\n",
                    n % 10
                );
                script += &format!("M 100644 inline f{}\ndata 2\n{:02}\n\n", n % 3, n);
            }
            work.feed("git", &["fast-import", "--quiet"], script.as_bytes());
        }
        Kind::Hg => {
            let mut patch = String::new();
            for n in 0..40 {
                let (author, date) = (people[n % 4], 1_700_000_000 + n * 3600);
                patch +=
                    &format!("# HG changeset patch\n# User {author}\n# Date {date} 3600\n{n}\n\n");
                let (old, new) = if n < 3 { (None, n) } else { (Some(n - 3), n) };
                let name = format!("f{}", n % 3);
                match old {
                    None => {
                        patch += &format!(
                            "diff --git a/{name} b/{name}\nnew file mode 100644\n--- /dev/null\n+++ b/{name}\n@@ -0,0 +1,1 @@\n+{new:02}\n"
                        )
                    }
                    Some(old) => {
                        patch += &format!(
                            "diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n@@ -1,1 +1,1 @@\n-{old:02}\n+{new:02}\n"
                        )
                    }
                }
            }
            work.feed("hg", &["import", "-q", "--bypass", "-"], patch.as_bytes());
        }
    }
    work
}

#[test]
fn git_lists_the_same_by_person_and_time() {
    let work = people(Kind::Git);
    let repository = work.open();
    for text in [
        "alice",
        "BOB@",
        "o'hara",
        "jos\u{e9}",
        "nobody",
        "example",
        "none",
    ] {
        let theirs = work.git(&[
            "log",
            "--format=%H",
            "-i",
            "-F",
            &format!("--author={text}"),
        ]);
        let author = Some(text.to_owned());
        let query = LogQuery {
            author,
            ..LogQuery::default()
        };
        assert_eq!(list(&repository, query.clone()), ids(&theirs), "{text}");
        let of_file = work.git(&[
            "log",
            "--format=%H",
            "-i",
            "-F",
            &format!("--author={text}"),
            "--",
            "f1",
        ]);
        let path = Some(path(b"f1"));
        assert_eq!(list(&repository, LogQuery { path, ..query }), ids(&of_file));
    }
    let (since, until) = (1_700_000_000 + 5 * 3600, 1_700_000_000 + 20 * 3600 + 7);
    let theirs = work.git(&[
        "log",
        "--format=%H",
        &format!("--since-as-filter=@{since}"),
        &format!("--until=@{until}"),
        "main",
    ]);
    let query = LogQuery {
        since: Some(since),
        until: Some(until),
        branch: Some(RefName::new("main")),
        ..LogQuery::default()
    };
    assert_eq!(list(&repository, query), ids(&theirs));
    assert_eq!(ids(&theirs).len(), 16);
}

#[test]
fn hg_lists_the_same_by_person_and_time() {
    let work = people(Kind::Hg);
    let repository = work.open();
    let all = list(&repository, LogQuery::default());
    // One call: for each changeset the sets it is in.
    let words = ["alice", "BOB@", "hara", "jos\u{e9}", "nobody", "none"];
    let sets: Vec<String> = words.iter().map(|w| format!("user(\"{w}\")")).collect();
    let date = "date(\"1700018000 0 to 1700072007 0\")";
    let cells: String = sets
        .iter()
        .map(String::as_str)
        .chain([date, "file(\"path:f1\") and user(\"alice\")"])
        .map(|set| format!("{{if(revset('%d and ({set})', rev), '1', '0')}}"))
        .collect();
    let table = work.hg(&["log", "-T", &format!("{{node}} {cells}\n")]);
    let column = |at: usize| -> Vec<ChangesetId> {
        let rows = table.lines().map(|row| row.split_once(' ').unwrap());
        rows.filter(|(_, cells)| cells.as_bytes()[at] == b'1')
            .map(|(id, _)| id.parse().unwrap())
            .collect()
    };
    let by = |author: &str| LogQuery {
        author: Some(author.to_owned()),
        ..LogQuery::default()
    };
    for (at, word) in words.iter().enumerate() {
        assert_eq!(list(&repository, by(word)), column(at), "{word}");
    }
    let time = LogQuery {
        since: Some(1_700_018_000),
        until: Some(1_700_072_007),
        ..LogQuery::default()
    };
    assert_eq!(list(&repository, time), column(words.len()));
    let path = Some(path(b"f1"));
    assert_eq!(
        list(
            &repository,
            LogQuery {
                path,
                ..by("alice")
            }
        ),
        column(words.len() + 1)
    );
    assert_eq!(all.len(), 40);
}

#[test]
fn a_part_of_the_list() {
    for work in [tangle(), people(Kind::Hg)] {
        let repository = work.open();
        let all = list(&repository, LogQuery::default());
        let part = LogQuery {
            newest: Some(all[4]),
            oldest: Some(all[15]),
            ..LogQuery::default()
        };
        assert_eq!(list(&repository, part.clone()), all[4..=15]);
        let page = repository.log(&LogQuery {
            skip: 3,
            limit: 2,
            ..part
        });
        let page = page.unwrap();
        let ids: Vec<_> = page.changesets.iter().map(|one| one.id).collect();
        assert_eq!((ids, page.total), (all[7..9].to_vec(), 12));
    }
}

/// Where a page's lines must lead, worked out the slow way.
#[test]
fn lines_lead_to_the_nearest_ancestors_of_the_page() {
    let hg = Work::new(Kind::Hg);
    hg.run(
        "hg",
        &[
            "debugbuilddag",
            "+9:a +5 <a +7:b +3 /a <b +4 @side +3 <a /b +4",
        ],
    );
    for work in [tangle(), hg] {
        let repository = work.open();
        let all = list(&repository, LogQuery::default());
        let number = |id: &ChangesetId| repository.number_of(id).unwrap().unwrap();
        // A whole page from the middle, and a page with holes.
        let holes: Vec<ChangesetId> = all.iter().copied().step_by(3).collect();
        for page in [&all[10..30], &holes[..]] {
            let lowest = page.iter().map(number).min().unwrap();
            for node in repository.graph(page).unwrap() {
                assert_eq!(node.number, number(&node.id));
                let mut wanted = Vec::new();
                for parent in repository.parents(&node.id).unwrap() {
                    let (mut todo, mut nearest) = (vec![parent], Vec::new());
                    while let Some(id) = todo.pop() {
                        if page.contains(&id) {
                            nearest.push(number(&id));
                        } else if number(&id) >= lowest {
                            todo.extend(repository.parents(&id).unwrap());
                        }
                    }
                    if nearest.is_empty() {
                        wanted.push(GraphParent::Hidden(number(&parent)));
                    }
                    wanted.extend(nearest.into_iter().map(GraphParent::Shown));
                }
                let sorted = |mut lines: Vec<GraphParent>| {
                    lines.sort_by_key(|line| format!("{line:?}"));
                    lines.dedup();
                    lines
                };
                assert_eq!(sorted(node.parents.clone()), sorted(wanted), "{}", node.id);
            }
        }
    }
}
