//! Compares all that we read of a repository with what Mercurial tells of it, revision by revision.
//!
//! The extension `fixtures/tell_all.py` tells it. Bytes come as Latin-1 characters.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hg::{
    ChangeKind, FileKind, FileStorage, HgPath, HgPathBuf, Node, Phase, Repository, Rev, RevSet,
    Snapshot, StoredLog,
};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::Hg;

/// The setting that loads the extension.
pub fn extension() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tell_all.py");
    format!("[extensions]\ntell_all={}\n", file.display())
}

/// Compares everything. Gives the number of changesets and file revisions, so that a test can tell that there were any.
pub fn compare(hg: &mut Hg, name: &str) -> (usize, usize) {
    let told = hg.run(name, &["tellall"]);
    let told: Value = serde_json::from_slice(&told).unwrap_or_else(|error| {
        panic!(
            "{name}: {error}: {}",
            String::from_utf8_lossy(&told[..told.len().min(300)])
        )
    });
    let repository = Repository::open(&hg.path(name)).unwrap();
    let snapshot = repository.snapshot().unwrap();
    changesets(name, &snapshot, &told);
    manifests(name, &snapshot, &told);
    let files = files(name, &snapshot, &told["files"]);
    for fact in told["status"].as_array().unwrap() {
        status(name, &snapshot, fact);
    }
    for fact in told["annotate"].as_array().unwrap() {
        annotate(name, &snapshot, fact);
    }
    references(name, &snapshot, &told);
    rewrites(name, &snapshot, &told);
    (snapshot.len(), files)
}

pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

fn bytes(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect()
}

fn sha1(text: &[u8]) -> String {
    Node::new(Sha1::digest(text).into()).to_string()
}

fn rev(value: &Value) -> Rev {
    Rev::new(value.as_u64().unwrap().try_into().unwrap())
}

fn numbers(revs: impl IntoIterator<Item = Rev>) -> Value {
    revs.into_iter().map(Rev::number).collect::<Vec<_>>().into()
}

fn set(revs: &RevSet) -> Value {
    numbers(revs.iter())
}

fn changesets(name: &str, snapshot: &Snapshot, told: &Value) {
    let all = told["changesets"].as_array().unwrap();
    assert_eq!(snapshot.len(), all.len(), "{name}");
    for fact in all {
        let rev = rev(&fact["rev"]);
        let changeset = snapshot.changeset(rev).unwrap();
        let mut extras = changeset.extras.clone();
        extras.remove(&b"branch"[..]);
        let extras: BTreeMap<String, String> = extras
            .iter()
            .map(|(key, value)| (latin1(key), latin1(value)))
            .collect();
        let all_children = (rev.index() + 1..snapshot.len())
            .map(|child| Rev::new(child as u32))
            .filter(|child| snapshot.parents(*child).contains(&Some(rev)));
        let got = json!({
            "rev": rev.number(),
            "node": changeset.node.to_string(),
            "parents": numbers(changeset.parents.into_iter().flatten()),
            "branch": latin1(changeset.branch.as_bytes()),
            "date": [changeset.time.seconds, changeset.time.offset_west],
            "user": latin1(changeset.user.as_bytes()),
            "description": latin1(changeset.description.as_bytes()),
            "files": changeset.files.iter().map(|path| latin1(path.as_bytes())).collect::<Vec<_>>(),
            "extras": extras,
            "phase": match snapshot.phase(rev) { Phase::Public => 0, Phase::Draft => 1, Phase::Secret => 2 },
            "manifest": changeset.manifest.to_string(),
            "stored": sha1(&snapshot.stored_text(StoredLog::Changelog, rev).unwrap()),
            "children": numbers(all_children),
        });
        assert_eq!(got, *fact, "{name}");
        assert_eq!(snapshot.rev(&changeset.node), Some(rev));
        assert_eq!(
            latin1(snapshot.branch_name(rev).unwrap()),
            fact["branch"].as_str().unwrap()
        );
        assert_eq!(
            set(&snapshot.ancestors(&[rev])),
            told["ancestors"][rev.index()],
            "{name}"
        );
        if snapshot.is_served(rev) {
            let digits = changeset.node.to_string();
            assert_eq!(snapshot.lookup(&digits).unwrap(), rev);
            assert_eq!(snapshot.lookup(&digits[..20]).unwrap(), rev);
            assert_eq!(snapshot.lookup(&rev.to_string()).unwrap(), rev);
        } else {
            assert!(snapshot.lookup(&changeset.node.to_string()).is_err());
        }
    }
}

fn manifests(name: &str, snapshot: &Snapshot, told: &Value) {
    let mut seen = BTreeSet::new();
    for fact in told["changesets"].as_array().unwrap() {
        let node = fact["manifest"].as_str().unwrap();
        if !seen.insert(node) {
            continue;
        }
        let manifest = snapshot.manifest(rev(&fact["rev"])).unwrap();
        let mut got = Vec::new();
        for (path, entry) in manifest.iter().unwrap() {
            let flag = match entry.kind {
                FileKind::Regular => "",
                FileKind::Executable => "x",
                FileKind::Symlink => "l",
            };
            got.push(json!([
                latin1(path.as_bytes()),
                entry.node.to_string(),
                flag
            ]));
            assert_eq!(manifest.get(path).unwrap(), Some(entry), "{name} {path}");
        }
        assert_eq!(Value::Array(got), told["manifests"][node], "{name}");
    }
    let root = StoredLog::Manifest(HgPath::ROOT);
    let stored: Vec<String> = (0..snapshot.stored_nodes(root).unwrap().len())
        .map(|rev| sha1(&snapshot.stored_text(root, Rev::new(rev as u32)).unwrap()))
        .collect();
    assert_eq!(json!(stored), told["stored_manifests"], "{name}");
}

fn files(name: &str, snapshot: &Snapshot, told: &Value) -> usize {
    let told = told.as_object().unwrap();
    for (key, fact) in told {
        let (path, node) = key.split_once('\0').unwrap();
        let path = HgPathBuf::from(bytes(path));
        let (path, node) = (path.as_path(), node.parse().unwrap());
        let file = snapshot.file(path, &node).unwrap();
        let log = StoredLog::File(path);
        let number = snapshot
            .stored_nodes(log)
            .unwrap()
            .iter()
            .position(|other| *other == node);
        let stored = snapshot
            .stored_text(log, Rev::new(number.unwrap() as u32))
            .unwrap();
        let source = file
            .copied_from
            .map(|source| json!([latin1(source.path.as_bytes()), source.node.to_string()]));
        let content = (file.storage != FileStorage::Censored).then(|| sha1(&file.data));
        let got =
            json!({"content": content, "stored": sha1(&stored), "rev": number, "source": source});
        assert_eq!(got, *fact, "{name}: {path}");
    }
    told.len()
}

fn status(name: &str, snapshot: &Snapshot, told: &Value) {
    let changes = snapshot
        .status(Some(rev(&told["old"])), rev(&told["new"]))
        .unwrap();
    let of_kind = |kind| changes.iter().filter(move |change| change.kind == kind);
    let paths = |kind| {
        of_kind(kind)
            .map(|change| latin1(change.path.as_bytes()))
            .collect::<Vec<_>>()
    };
    let added = of_kind(ChangeKind::Added).map(|change| {
        let source = change
            .copied_from
            .as_ref()
            .map(|path| latin1(path.as_bytes()));
        json!([latin1(change.path.as_bytes()), source])
    });
    let got = json!({
        "old": told["old"],
        "new": told["new"],
        "modified": paths(ChangeKind::Modified),
        "removed": paths(ChangeKind::Removed),
        "added": added.collect::<Vec<_>>(),
    });
    assert_eq!(got, *told, "{name}");
}

fn annotate(name: &str, snapshot: &Snapshot, told: &Value) {
    let at = rev(&told["rev"]);
    let path = HgPathBuf::from(bytes(told["path"].as_str().unwrap()));
    let path = path.as_path();
    let lines = snapshot.annotate(at, path).unwrap().unwrap();
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| json!([line.rev.number(), line.line, latin1(line.path.as_bytes())]))
        .collect();
    let mut steps: Vec<u32> = snapshot
        .file_history(at, path)
        .unwrap()
        .unwrap()
        .map(|step| step.unwrap().rev.number())
        .collect();
    // A merge of a file with one that was copied from it is one changeset, but may be two steps.
    steps.dedup();
    let got = json!({"rev": told["rev"], "path": told["path"], "lines": lines, "history": steps});
    assert_eq!(got, *told, "{name}");
}

fn references(name: &str, snapshot: &Snapshot, told: &Value) {
    assert_eq!(set(snapshot.served()), told["served"], "{name}");
    assert_eq!(set(&snapshot.visible()), told["visible"], "{name}");
    assert_eq!(numbers(snapshot.heads()), told["heads"], "{name}");
    let branches = snapshot.branches().unwrap().iter().map(|branch| {
        let open = branch
            .heads
            .iter()
            .filter(|head| !branch.closed_heads.contains(head));
        let fact = json!({
            "heads": numbers(branch.heads.iter().copied()),
            "open": numbers(open.copied()),
            "tip": branch.tip.number(),
            "closed": branch.closed,
        });
        (latin1(branch.name.as_bytes()), fact)
    });
    assert_eq!(
        Value::Object(branches.collect()),
        told["branches"],
        "{name}"
    );
    let tags = snapshot.tags().unwrap().iter();
    let tags = tags.map(|tag| (latin1(tag.name.as_bytes()), tag.rev.number().into()));
    assert_eq!(Value::Object(tags.collect()), told["tags"], "{name}");
    let bookmarks = snapshot.bookmarks().iter();
    let bookmarks = bookmarks.map(|one| (latin1(one.name.as_bytes()), one.rev.number().into()));
    assert_eq!(
        Value::Object(bookmarks.collect()),
        told["bookmarks"],
        "{name}"
    );
}

fn rewrites(name: &str, snapshot: &Snapshot, told: &Value) {
    let all = |test: &dyn Fn(Rev) -> bool| {
        numbers(
            (0..snapshot.len() as u32)
                .map(Rev::new)
                .filter(|rev| test(*rev)),
        )
    };
    let found = snapshot.instabilities().unwrap();
    let got = json!({
        "hidden": all(&|rev| snapshot.is_hidden(rev)),
        "obsolete": all(&|rev| snapshot.is_obsolete(rev)),
        "orphan": set(&found.orphan),
        "suspended": set(&found.suspended),
        "extinct": set(&found.extinct),
        "phasedivergent": set(&found.phase_divergent),
        "contentdivergent": set(&found.content_divergent),
    });
    assert_eq!(got, told["sets"], "{name}");
    for (node, fact) in told["rewrites"].as_object().unwrap() {
        let node: Node = node.parse().unwrap();
        let words = |nodes: &Vec<Node>| nodes.iter().map(Node::to_string).collect::<Vec<_>>();
        let mut sets: Vec<Vec<String>> = snapshot
            .successor_sets(&node)
            .unwrap()
            .iter()
            .map(words)
            .collect();
        sets.iter_mut().for_each(|group| group.sort());
        sets.sort();
        let mut successors: Vec<Vec<String>> = snapshot
            .successors(&node)
            .unwrap()
            .iter()
            .map(words)
            .collect();
        successors.sort();
        let mut want = fact["successors"].as_array().unwrap().clone();
        want.dedup();
        successors.dedup();
        assert_eq!(json!(sets), fact["sets"], "{name} {node}");
        assert_eq!(json!(successors), Value::Array(want), "{name} {node}");
        assert_eq!(
            json!(words(&snapshot.predecessors(&node).unwrap())),
            fact["predecessors"],
            "{name} {node}"
        );
    }
}
