use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

type Files = BTreeMap<Vec<u8>, u8>;

fn text(files: &Files) -> Vec<u8> {
    let mut text = Vec::new();
    for (path, n) in files {
        text.extend_from_slice(path);
        text.push(0);
        text.extend(format!("{n:040x}").into_bytes());
        text.extend_from_slice(match n % 3 {
            0 => b"",
            1 => b"x",
            _ => b"l",
        });
        text.push(b'\n');
    }
    text
}

fn flat(files: &Files) -> Manifest {
    Manifest {
        text: text(files).into(),
        tree: None,
    }
}

fn files() -> impl Strategy<Value = Files> {
    let name = "[a-c.0/-]{1,6}".prop_filter("a name", |name| HgPath::new(name).is_safe());
    proptest::collection::btree_map(name.prop_map(String::into_bytes), 0u8..4, 0..20)
}

proptest! {
    #[test]
    fn every_file_is_found_and_no_other(files in files(), other in "[a-c.0/-]{0,6}") {
        let manifest = flat(&files);
        for (path, n) in &files {
            let entry = manifest.get(HgPath::new(path)).unwrap().unwrap();
            prop_assert_eq!(entry.node.to_string(), format!("{n:040x}"));
        }
        prop_assert_eq!(manifest.get(HgPath::new(&other)).unwrap().is_some(), files.contains_key(other.as_bytes()));
        prop_assert_eq!(manifest.iter().unwrap().map(|(path, _)| path.as_bytes().to_vec()).collect::<Vec<_>>(), files.keys().cloned().collect::<Vec<_>>());
    }

    #[test]
    fn a_listing_has_each_child_once(files in files(), directory in "[a-c]{0,2}") {
        let manifest = flat(&files);
        let mut want = BTreeSet::new();
        for path in files.keys() {
            if let Some(rest) = HgPath::new(path).strip_dir(HgPath::new(&directory)) {
                let mut parts = rest.as_bytes().splitn(2, |byte| *byte == b'/');
                want.insert((parts.next().unwrap().to_vec(), parts.next().is_none()));
            }
        }
        let listing = manifest.list_dir(HgPath::new(&directory)).unwrap();
        prop_assert_eq!(manifest.has_dir(HgPath::new(&directory)).unwrap(), listing.is_some());
        let exists = directory.is_empty() || files.keys().any(|path| path.starts_with(format!("{directory}/").as_bytes()));
        prop_assert_eq!(listing.is_some(), exists);
        if let Some(listing) = listing {
            prop_assert!(listing.is_sorted_by(|a, b| a.name <= b.name));
            let got: BTreeSet<_> = listing.iter().map(|child| (child.name.as_bytes().to_vec(), child.file.is_some())).collect();
            prop_assert_eq!(got.len(), listing.len());
            prop_assert_eq!(got, want);
        }
    }

    #[test]
    fn differences_are_those_of_the_maps(old in files(), changes in proptest::collection::vec((any::<prop::sample::Index>(), 0u8..4), 0..4), added in files(), unrelated in any::<bool>()) {
        let mut new = if unrelated { Files::new() } else { old.clone() };
        for (index, n) in changes {
            if let Some(path) = new.keys().nth(index.index(new.len().max(1))).cloned() {
                if n == 3 { new.remove(&path); } else { new.insert(path, n); }
            }
        }
        new.extend(added.into_iter().take(3));
        let mut got = Vec::new();
        Manifest::differences(&flat(&old), &flat(&new), &mut |path, a, b| got.push((path.as_bytes().to_vec(), a.is_some(), b.is_some()))).unwrap();
        let all: BTreeSet<&Vec<u8>> = old.keys().chain(new.keys()).collect();
        let want: Vec<_> = all
            .into_iter()
            .filter(|path| old.get(*path) != new.get(*path))
            .map(|path| (path.clone(), old.contains_key(path), new.contains_key(path)))
            .collect();
        prop_assert_eq!(got, want);
    }

    #[test]
    fn any_bytes_are_walked_without_panic(text in proptest::collection::vec(prop_oneof![Just(0u8), Just(b'\n'), Just(b'/'), Just(b'a')], 0..200), old in proptest::collection::vec(prop_oneof![Just(0u8), Just(b'\n'), Just(b'a')], 0..200)) {
        let text = Manifest { text: text.into(), tree: None };
        let old = Manifest { text: old.into(), tree: None };
        for path in ["", "a", "a/a", "\n"] {
            let _ = text.get(HgPath::new(path));
            let _ = text.list_dir(HgPath::new(path));
        }
        text.iter().unwrap().count();
        Manifest::differences(&old, &text, &mut |_, _, _| ()).unwrap();
    }
}

proptest! {
    #[test]
    fn texts_longer_than_a_block_are_compared_to_the_byte(len in 0usize..700, place in any::<prop::sample::Index>(), added in 0usize..3) {
        let names: Files = (0..len / 10).map(|n| (format!("file-{n:04}").into_bytes(), 0)).collect();
        let mut changed = names.clone();
        if let Some(name) = names.keys().nth(place.index(names.len().max(1))) {
            changed.insert(name.clone(), 1);
        }
        for n in 0..added {
            changed.insert(format!("file-{n:04}x").into_bytes(), 0);
        }
        let want = changed.iter().filter(|(name, n)| names.get(*name) != Some(n)).count();
        for (old, new) in [(&names, &changed), (&changed, &names)] {
            let mut got = 0;
            Manifest::differences(&flat(old), &flat(new), &mut |_, _, _| got += 1).unwrap();
            prop_assert_eq!(got, want);
        }
    }
}
