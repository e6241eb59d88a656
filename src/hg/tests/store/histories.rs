//! File histories and annotate, against what `hg` tells.

use crate::common::{Hg, records};
use hg::{HgPath, Repository, Rev, Snapshot};

fn history(snapshot: &Snapshot, rev: u32, path: &str) -> Vec<(u32, String)> {
    let steps = snapshot
        .file_history(Rev::new(rev), HgPath::new(path))
        .unwrap()
        .unwrap();
    steps
        .map(|step| step.unwrap())
        .map(|step| (step.rev.number(), step.path.to_string()))
        .collect()
}

fn annotate(snapshot: &Snapshot, rev: u32, path: &str) -> Vec<(u32, u32, String)> {
    let lines = snapshot
        .annotate(Rev::new(rev), HgPath::new(path))
        .unwrap()
        .unwrap();
    lines
        .into_iter()
        .map(|line| (line.rev.number(), line.line, line.path.to_string()))
        .collect()
}

fn annotate_by_hg(hg: &mut Hg, name: &str, rev: u32, path: &str) -> Vec<(u32, u32, String)> {
    let template = "{lines % '{rev}\\0{lineno}\\0{path}\\0'}";
    let output = hg.run(
        name,
        &[
            "annotate",
            "-r",
            &rev.to_string(),
            "-T",
            template,
            &format!("path:{path}"),
        ],
    );
    records(&output, 3)
        .into_iter()
        .map(|r| (r[0].parse().unwrap(), r[1].parse().unwrap(), r[2].clone()))
        .collect()
}

/// The same content is committed on two branches; the stored link names only the first.
#[test]
fn a_shared_file_revision_belongs_to_the_changeset_one_looks_from() {
    let mut hg = Hg::new("");
    let r = "link";
    hg.init(r, &[]);
    hg.write(r, "f", "1\n");
    hg.commit(r, "0", "0 0", "t");
    hg.write(r, "f", "1\n2\n");
    hg.commit(r, "1", "1 0", "t");
    hg.run(r, &["up", "-q", "0"]);
    hg.write(r, "x", "x\n");
    hg.commit(r, "2", "2 0", "t");
    hg.write(r, "f", "1\n2\n");
    hg.commit(r, "3", "3 0", "t");
    hg.run(r, &["mv", "-q", "f", "g"]);
    hg.commit(r, "4", "4 0", "t");
    hg.write(r, "g", "1\n2\n3\n");
    hg.commit(r, "5", "5 0", "t");

    let snapshot = Repository::open(&hg.path(r)).unwrap().snapshot().unwrap();
    let f = |revs: &[u32]| {
        revs.iter()
            .map(|rev| (*rev, "f".to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(history(&snapshot, 1, "f"), f(&[1, 0]));
    assert_eq!(history(&snapshot, 3, "f"), f(&[3, 0]));
    assert_eq!(history(&snapshot, 2, "f"), f(&[0]));
    let g = [(5, "g".to_owned()), (4, "g".to_owned())];
    assert_eq!(history(&snapshot, 5, "g"), [&g[..], &f(&[3, 0])].concat());
    assert!(
        snapshot
            .file_history(Rev::new(5), HgPath::new("f"))
            .unwrap()
            .is_none()
    );

    let revs =
        |lines: Vec<(u32, u32, String)>| lines.into_iter().map(|line| line.0).collect::<Vec<_>>();
    assert_eq!(revs(annotate(&snapshot, 5, "g")), [0, 3, 5]);
    assert_eq!(revs(annotate(&snapshot, 3, "f")), [0, 3]);
    assert_eq!(revs(annotate(&snapshot, 1, "f")), [0, 1]);
    for (rev, path) in [(5, "g"), (3, "f"), (1, "f")] {
        assert_eq!(
            annotate(&snapshot, rev, path),
            annotate_by_hg(&mut hg, r, rev, path),
            "{path} at {rev}"
        );
    }

    let last = snapshot
        .last_changes(Rev::new(5), HgPath::ROOT, usize::MAX)
        .unwrap();
    let last: Vec<_> = last
        .into_iter()
        .map(|(name, rev)| (name.to_string(), rev.number()))
        .collect();
    assert_eq!(last, [("g".to_owned(), 5), ("x".to_owned(), 2)]);
    assert!(
        snapshot
            .last_changes(Rev::new(5), HgPath::new("none"), 9)
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        snapshot
            .last_changes(Rev::new(5), HgPath::ROOT, 1)
            .unwrap()
            .len(),
        1
    );
}

/// A small random generator, so that the same history is made each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end
    }
}

/// Changes a text as people do: lines of few different kinds come, go and are copied.
fn edit(lines: &mut Vec<String>, dice: &mut Dice) {
    let words = ["", "", "}", "{", "return;", "x", "y", "begin", "end"];
    for _ in 0..1 + dice.below(4) {
        let at = dice.below(lines.len() + 1);
        match dice.below(4) {
            0 => lines.insert(at, words[dice.below(words.len())].to_owned()),
            1 => lines.insert(at, format!("line {}", dice.below(40))),
            2 if !lines.is_empty() => {
                let end = (at + dice.below(4)).min(lines.len());
                lines.drain(at..end);
            }
            _ => {
                let end = (at + dice.below(6)).min(lines.len());
                let copied: Vec<String> = lines[at..end].to_vec();
                let target = dice.below(lines.len() + 1);
                lines.splice(target..target, copied);
            }
        }
    }
}

/// Line for line the same as `hg annotate`, on texts full of repeated and empty lines, across a rename and a merge.
#[test]
fn annotate_matches_lines_as_mercurial_does() {
    let mut hg = Hg::new("[ui]\nmerge=internal:union\n");
    let r = "lines";
    hg.init(r, &[]);
    let mut dice = Dice(7);
    let files = 12;
    let mut texts: Vec<Vec<String>> = vec![Vec::new(); files];
    let write_all = |hg: &Hg, texts: &[Vec<String>], dir: &str| {
        for (n, lines) in texts.iter().enumerate() {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            hg.write(r, &format!("{dir}/{n}"), text.trim_end_matches('!'));
        }
    };
    for rev in 0..14 {
        for lines in &mut texts {
            for _ in 0..if rev == 0 { 12 } else { 1 } {
                edit(lines, &mut dice);
            }
        }
        write_all(&hg, &texts, "old");
        hg.commit(r, &format!("c{rev}"), &format!("{rev} 0"), "t");
    }
    hg.run(r, &["mv", "-q", "old", "new"]);
    hg.commit(r, "moved", "20 0", "t");
    let side = texts.clone();
    for lines in &mut texts {
        edit(lines, &mut dice);
    }
    write_all(&hg, &texts, "new");
    hg.commit(r, "here", "21 0", "t");
    hg.run(r, &["up", "-q", "14"]);
    let mut texts = side;
    for lines in &mut texts {
        edit(lines, &mut dice);
    }
    write_all(&hg, &texts, "new");
    hg.commit(r, "there", "22 0", "t");
    hg.run(r, &["merge", "-q"]);
    hg.commit(r, "merge", "23 0", "t");

    let snapshot = Repository::open(&hg.path(r)).unwrap().snapshot().unwrap();
    let tip = snapshot.tip().unwrap().number();
    for n in 0..files {
        for (rev, dir) in [(13, "old"), (tip, "new")] {
            let path = format!("{dir}/{n}");
            assert_eq!(
                annotate(&snapshot, rev, &path),
                annotate_by_hg(&mut hg, r, rev, &path),
                "{path} at {rev}"
            );
        }
    }
    // The history that follows renames is that of hg, too.
    for n in [0, 5] {
        let template = "{rev}\\0";
        let want = records(
            &hg.run(
                r,
                &[
                    "log",
                    "-T",
                    template,
                    "-r",
                    &format!("reverse(follow('path:new/{n}', {tip}))"),
                ],
            ),
            1,
        );
        let got: Vec<Vec<String>> = history(&snapshot, tip, &format!("new/{n}"))
            .into_iter()
            .map(|step| vec![step.0.to_string()])
            .collect();
        assert_eq!(got, want, "new/{n}");
    }
    // And so are the questions about ancestors.
    let revs = |hg: &mut Hg, revset: &str| -> Vec<u32> {
        hg.text(r, &["log", "-r", revset, "-T", "{rev} "])
            .split_whitespace()
            .map(|rev| rev.parse().unwrap())
            .collect()
    };
    let (a, b) = (Rev::new(15), Rev::new(16));
    let list = |set: hg::RevSet| set.iter().map(Rev::number).collect::<Vec<_>>();
    assert_eq!(list(snapshot.ancestors(&[a])), revs(&mut hg, "::15"));
    assert_eq!(list(snapshot.descendants(&[a])), revs(&mut hg, "15::"));
    assert_eq!(
        list(snapshot.only(&[b], &[a])),
        revs(&mut hg, "only(16, 15)")
    );
    assert_eq!(
        snapshot.ancestor(a, b).map(Rev::number),
        revs(&mut hg, "ancestor(15, 16)").first().copied()
    );
    assert_eq!(snapshot.children(Rev::new(14)), [a, b]);
    assert!(snapshot.is_ancestor(Rev::new(0), Rev::new(tip)) && !snapshot.is_ancestor(a, b));
}
