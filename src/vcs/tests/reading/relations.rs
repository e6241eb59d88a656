//! Who descends from whom, compared with both programs over a tangled history.

use vcs::{ChangesetId, Kind, LogQuery, RefName, Repository};

use crate::recipe::{Work, tangle};

fn ids(text: &str) -> Vec<ChangesetId> {
    text.split_whitespace()
        .map(|word| word.parse().expect("an id"))
        .collect()
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
fn git_agrees_about_ancestors() {
    let work = tangle();
    let repository = work.open();
    let all = all(&repository);
    // Far and near pairs of all parts of the history.
    for (a, b) in (0..60).map(|n| (all[n * 37 % all.len()], all[(n * 53 + 11) % all.len()])) {
        let (left, right) = (a.to_string(), b.to_string());
        let git = |args: &[&str]| {
            // `merge-base` fails when there is none; an or makes that no answer.
            let quoted = args.join(" ");
            ids(&String::from_utf8(work.run("sh", &["-c", &format!("git {quoted} || :")])).unwrap())
        };
        let mut bases = git(&["merge-base", "--all", &left, &right]);
        let mut ours = repository.common_ancestors(&a, &b).unwrap();
        assert_eq!(
            repository.common_ancestor(&a, &b).unwrap(),
            ours.first().copied()
        );
        bases.sort();
        ours.sort();
        assert_eq!(ours, bases, "{left} {right}");
        assert_eq!(repository.is_ancestor(&a, &b).unwrap(), bases == [a]);

        let mut only = git(&["rev-list", &left, &format!("^{right}")]);
        let mut ours = repository.only(&[a], &[b]).unwrap();
        let rank = |id: &ChangesetId| all.iter().position(|other| other == id);
        assert!(ours.is_sorted_by_key(rank));
        only.sort();
        ours.sort();
        assert_eq!(ours, only, "{left} {right}");
    }
}

#[test]
fn hg_agrees_about_ancestors() {
    let work = Work::new(Kind::Hg);
    // Branches (`/`), merges and runs: see `hg help debugbuilddag`.
    work.run(
        "hg",
        &[
            "debugbuilddag",
            "+9:a +5 <a +7:b +3 /a :c <b +4 /c +2 <c *b +6 @side +3 $ +5 <a /b +4",
        ],
    );
    let repository = work.open();
    let all = all(&repository);
    let partners = [0, 9, 14, 22, 30, 41];
    let columns: Vec<String> = partners
        .iter()
        .map(|partner| {
            format!(
                "{{revset('ancestor(%d, {partner})', rev) % '{{node}} '}};{{revset('heads(::%d and ::{partner})', rev) % '{{node}} '}};\
                 {{revset('reverse(only(%d, {partner}))', rev) % '{{node}} '}};{{revset('%d::{partner}', rev) % '{{node}} '}}"
            )
        })
        .collect();
    let template = format!("{{node}}|{}\\n", columns.join("|"));
    let table = work.hg(&["log", "-r", "all()", "-T", &template]);
    let node = |rev: usize| all[all.len() - 1 - rev];
    let mut rows = 0;
    for row in table.lines() {
        let mut cells = row.split('|');
        let a: ChangesetId = cells.next().unwrap().parse().unwrap();
        for (partner, cell) in partners.iter().zip(cells) {
            let b = node(*partner);
            let [ancestor, heads, only, path] = cell
                .split(';')
                .map(ids)
                .collect::<Vec<_>>()
                .try_into()
                .unwrap();
            assert_eq!(
                repository.common_ancestor(&a, &b).unwrap(),
                ancestor.first().copied()
            );
            let mut ours = repository.common_ancestors(&a, &b).unwrap();
            let mut theirs = heads;
            ours.sort();
            theirs.sort();
            assert_eq!(ours, theirs);
            assert_eq!(repository.only(&[a], &[b]).unwrap(), only);
            assert_eq!(repository.is_ancestor(&a, &b).unwrap(), !path.is_empty());
        }
        rows += 1;
    }
    assert_eq!(rows, all.len());
    assert!(rows > 45, "the recipe made {rows} changesets");
}

#[test]
fn neighbours_and_ranges_follow_the_log() {
    for work in [tangle(), {
        let work = Work::new(Kind::Hg);
        work.run("hg", &["debugbuilddag", "+9:a +5 @x +3 <a @y +7"]);
        work
    }] {
        let repository = work.open();
        let all = all(&repository);
        for (at, id) in all.iter().enumerate() {
            let newer = at.checked_sub(1).map(|at| all[at]);
            assert_eq!(repository.next(id, None).unwrap(), newer);
            assert_eq!(
                repository.previous(id, None).unwrap(),
                all.get(at + 1).copied()
            );
        }
        let mut part = all[3..=12].to_vec();
        part.reverse();
        assert_eq!(repository.range(&all[12], &all[3]).unwrap(), part);
        assert_eq!(repository.range(&all[3], &all[12]).unwrap(), []);
        assert_eq!(repository.range(&all[5], &all[5]).unwrap(), [all[5]]);

        let refs = repository.refs().unwrap();
        for branch in &refs.branches {
            let page = repository.log(&LogQuery {
                branch: Some(branch.name.clone()),
                limit: 50,
                ..LogQuery::default()
            });
            let own: Vec<_> = page.unwrap().changesets.iter().map(|one| one.id).collect();
            for pair in own.windows(2) {
                let name = Some(&branch.name);
                assert_eq!(repository.next(&pair[1], name).unwrap(), Some(pair[0]));
                assert_eq!(repository.previous(&pair[0], name).unwrap(), Some(pair[1]));
            }
        }
        let nowhere = RefName::new("no such branch");
        assert_eq!(repository.next(&all[5], Some(&nowhere)).unwrap(), None);
        assert!(repository.next(&ChangesetId::NULL, None).is_err());
    }
}
