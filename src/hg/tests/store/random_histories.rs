//! Random histories, and everything `hg` has to say about them.

use std::path::Path;

use crate::common::Hg;
use hg::{ChangeKind, HgPath, Repository, Rev, Snapshot};
use serde_json::{Value, json};

fn rev(value: &Value) -> Rev {
    Rev::new(value.as_u64().unwrap().try_into().unwrap())
}

fn numbers(revs: impl IntoIterator<Item = Rev>) -> Value {
    revs.into_iter().map(Rev::number).collect::<Vec<_>>().into()
}

#[test]
fn everything_is_as_mercurial_tells() {
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/judge.py");
    let mut hg = Hg::new(&format!(
        "{}judge={}\n[experimental]\nevolution=all\n",
        crate::common::every::extension(),
        judge.display()
    ));
    hg.init("random", &[]);
    for seed in ["1", "2"] {
        hg.run("random", &["makehistory", seed, "120"]);
        compare(&mut hg, seed);
        hg.run("random", &["makehidden", seed, "15"]);
        compare(&mut hg, seed);
    }
    crate::common::every::compare(&mut hg, "random");
}

fn compare(hg: &mut Hg, seed: &str) {
    let told: Value = serde_json::from_slice(&hg.run("random", &["tell", seed, "60"])).unwrap();
    let snapshot = Repository::open(&hg.path("random"))
        .unwrap()
        .snapshot()
        .unwrap();
    visibility_is_equal(&snapshot, &told);
    branches_are_equal(&snapshot, &told["branches"]);
    let facts = |kind: &str| told[kind].as_array().unwrap().clone();
    for fact in facts("status") {
        status_is_equal(&snapshot, &fact);
    }
    for fact in facts("files") {
        file_is_equal(&snapshot, &fact);
    }
    for fact in facts("relations") {
        relation_is_equal(&snapshot, &fact);
    }
}

fn visibility_is_equal(snapshot: &Snapshot, told: &Value) {
    let all = |test: &dyn Fn(Rev) -> bool| {
        numbers(
            (0..snapshot.len() as u32)
                .map(Rev::new)
                .filter(|rev| test(*rev)),
        )
    };
    assert_eq!(all(&|rev| snapshot.is_hidden(rev)), told["hidden"]);
    assert_eq!(all(&|rev| snapshot.is_obsolete(rev)), told["obsolete"]);
    assert_eq!(all(&|rev| snapshot.is_served(rev)), told["served"]);
    assert_eq!(numbers(snapshot.served().iter()), told["served"]);
    assert_eq!(numbers(snapshot.heads()), told["heads"]);
}

fn branches_are_equal(snapshot: &Snapshot, told: &Value) {
    let branches = snapshot.branches().unwrap().iter().map(|branch| {
        let heads = numbers(branch.heads.iter().copied());
        (
            branch.name.to_string(),
            json!({"heads": heads, "tip": branch.tip.number(), "closed": branch.closed}),
        )
    });
    assert_eq!(Value::Object(branches.collect()), *told);
}

fn status_is_equal(snapshot: &Snapshot, told: &Value) {
    let changes = snapshot
        .status(Some(rev(&told["old"])), rev(&told["new"]))
        .unwrap();
    let of_kind = |kind| changes.iter().filter(move |change| change.kind == kind);
    let paths = |kind| {
        of_kind(kind)
            .map(|change| change.path.to_string())
            .collect::<Vec<_>>()
    };
    let added = of_kind(ChangeKind::Added).map(|change| {
        json!([
            change.path.to_string(),
            change.copied_from.as_ref().map(ToString::to_string)
        ])
    });
    let got = json!({
        "old": told["old"],
        "new": told["new"],
        "modified": paths(ChangeKind::Modified),
        "removed": paths(ChangeKind::Removed),
        "added": added.collect::<Vec<_>>(),
    });
    assert_eq!(got, *told);
}

fn file_is_equal(snapshot: &Snapshot, told: &Value) {
    let (at, path) = (
        rev(&told["rev"]),
        HgPath::new(told["path"].as_str().unwrap()),
    );
    let lines = snapshot.annotate(at, path).unwrap().unwrap();
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| json!([line.rev.number(), line.line, line.path.to_string()]))
        .collect();
    let mut steps: Vec<u32> = snapshot
        .file_history(at, path)
        .unwrap()
        .unwrap()
        .map(|step| step.unwrap().rev.number())
        .collect();
    // A merge of a file with one that was copied from it is one changeset, but may be two steps.
    steps.dedup();
    let got =
        json!({"rev": told["rev"], "path": told["path"], "annotate": lines, "history": steps});
    assert_eq!(got, *told);
}

fn relation_is_equal(snapshot: &Snapshot, told: &Value) {
    let (a, b) = (rev(&told["a"]), rev(&told["b"]));
    let got = json!({
        "a": told["a"],
        "b": told["b"],
        "ancestor": snapshot.ancestor(a, b).map_or(-1, |rev| i64::from(rev.number())),
        "common": numbers(snapshot.common_ancestor_heads(&[a, b])),
        "only": numbers(snapshot.only(&[a], &[b]).iter()),
    });
    assert_eq!(got, *told);
    assert_eq!(
        snapshot.is_ancestor(a, b),
        told["common"] == json!([a.number()])
    );
}
