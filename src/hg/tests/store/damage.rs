//! Repositories with random damage are read or refused, but never bring the reader down.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Hg, noise};
use hg::{Error, HgPath, Limits, Repository, Rev};

/// Asks for everything there is.
fn read_everything(root: &Path) -> Result<(), Error> {
    let snapshot = Repository::open_with(root, Limits { max_text: 1 << 24 })?.snapshot()?;
    let mut errors = Vec::new();
    let mut note = |result: Result<(), Error>| errors.extend(result.err());
    note(snapshot.branches().map(drop));
    note(snapshot.instabilities().map(drop));
    note(snapshot.topics().map(drop));
    note(snapshot.tags().map(drop));
    let _ = snapshot.lookup("tip");
    let _ = snapshot.lookup("a");
    for rev in (0..snapshot.len()).map(|rev| Rev::new(rev as u32)) {
        note(snapshot.changeset(rev).map(drop));
        note(snapshot.list(rev, HgPath::ROOT).map(drop));
        note(snapshot.list(rev, HgPath::new("dir")).map(drop));
        for parent in snapshot.parents(rev) {
            note(snapshot.status(parent, rev).map(drop));
        }
        note(
            snapshot
                .last_changes(rev, HgPath::ROOT, usize::MAX)
                .map(drop),
        );
        let files = snapshot.manifest(rev).and_then(|manifest| {
            manifest.list_dir(HgPath::new("dir"))?;
            Ok(manifest
                .iter()?
                .map(|(path, entry)| (path.to_buf(), entry.node))
                .collect::<Vec<_>>())
        });
        for (path, node) in files.unwrap_or_default() {
            note(snapshot.file(path.as_path(), &node).map(drop));
            note(snapshot.file_size(path.as_path(), &node).map(drop));
            note(snapshot.annotate(rev, path.as_path()).map(drop));
            note(snapshot.file_history(rev, path.as_path()).map(|steps| {
                steps.into_iter().flatten().for_each(drop);
            }));
        }
    }
    errors.into_iter().next().map_or(Ok(()), Err)
}

/// All files below a directory.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path))
        } else if path.is_file() {
            files.push(path)
        }
    }
    files.sort();
    files
}

/// Makes a small repository that has some of everything, and damages each of its files so many times.
fn damage(settings: &[&str], rounds: usize, seed: usize) {
    let mut hg = Hg::new("[experimental]\nevolution=all\n");
    hg.init("whole", settings);
    for n in 0..4 {
        hg.write("whole", "dir/f", format!("{n}\n").repeat(n + 1));
        hg.write("whole", "big", &noise(3000)[n * 100..]);
        hg.commit("whole", &format!("c{n}"), "0 0", "t");
    }
    hg.run("whole", &["mv", "-q", "dir/f", "dir/g"]);
    hg.commit("whole", "moved", "1 0", "t");
    hg.run("whole", &["tag", "t1"]);
    hg.run("whole", &["bookmark", "b1"]);
    hg.run("whole", &["commit", "-q", "--amend", "-m", "amended"]);
    // Mercurial 7.2 crashes when it is to update its caches of tree manifests.
    if !settings.contains(&"experimental.treemanifest=1") {
        hg.run("whole", &["debugupdatecaches"]);
    }
    let root = hg.path("whole");
    read_everything(&root).unwrap();

    let files: Vec<PathBuf> = files_below(&root.join(".hg"))
        .into_iter()
        .filter(|path| {
            !path.to_string_lossy().contains("undo") && !path.to_string_lossy().contains("wcache")
        })
        .collect();
    let random = noise(8192 + seed % 1000 * 4);
    let mut random = random
        .chunks_exact(4)
        .map(|four| u32::from_be_bytes(four.try_into().unwrap()) as usize)
        .cycle()
        .skip(seed % 1000);
    let (mut refused, mut longest) = (0, std::time::Duration::ZERO);
    for file in &files {
        let whole = fs::read(file).unwrap();
        if whole.is_empty() {
            continue;
        }
        for round in 0..rounds {
            let mut damaged = whole.clone();
            let (place, value) = (random.next().unwrap() % whole.len(), random.next().unwrap());
            match round % 9 {
                // Index entries and headers stand at the beginning; that is where lies do most.
                0..4 => damaged[place % 256 % whole.len()] ^= 1 << (value % 8),
                4..6 => damaged[place] = value as u8,
                6 => damaged.truncate(place),
                7 => {
                    // A number as large, or as negative, as can be.
                    let number = [i32::MAX, i32::MIN, -1, 0][value % 4].to_be_bytes();
                    let place = place / 4 * 4;
                    let end = (place + 4).min(damaged.len());
                    damaged[place..end].copy_from_slice(&number[..end - place]);
                }
                _ => damaged.extend(noise(value % 300)),
            }
            fs::write(file, damaged).unwrap();
            let start = std::time::Instant::now();
            refused += usize::from(read_everything(&root).is_err());
            longest = longest.max(start.elapsed());
        }
        fs::write(file, whole).unwrap();
    }
    read_everything(&root).unwrap();
    assert!(
        refused > files.len(),
        "only {refused} of the damages were noticed"
    );
    assert!(longest.as_secs() < 20, "reading took {longest:?}");
}

#[test]
fn random_damage_never_brings_the_reader_down() {
    damage(&["format.use-persistent-nodemap=1"], 9, 0);
}

#[test]
fn nor_does_damage_of_tree_manifests() {
    damage(&["experimental.treemanifest=1"], 9, 1);
}

#[test]
#[ignore = "minutes long: make test-all"]
fn nor_does_much_more_damage() {
    let seed = std::process::id() as usize;
    println!("seed {seed}");
    for settings in [
        &["format.use-delta-info-flags=1"][..],
        &[
            "experimental.treemanifest=1",
            "format.revlog-compression=zlib",
        ],
        &["format.usestore=0", "format.usegeneraldelta=0"],
        &["format.use-fileindex-v1=1"],
    ] {
        damage(settings, 90, seed);
    }
}
