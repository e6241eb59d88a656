//! Gives the crate the edition of what it draws, see `edition.rs`.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

/// Where the code lies that pages are made by.
const ROOTS: [&str; 4] = ["pages", "view", "../render", "../vcs"];

fn main() -> io::Result<()> {
    let mut files = Vec::new();
    for root in ROOTS {
        find(Path::new(root), &mut files)?;
    }
    files.sort();
    let mut hash = DefaultHasher::new();
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        file.hash(&mut hash);
        fs::read(file)?.hash(&mut hash);
    }
    println!("cargo::rustc-env=EDITION={}", hash.finish() >> 32);
    Ok(())
}

/// Code below a folder; tests and examples draw nothing that is kept.
fn find(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let aside = ["tests", "examples", "benches"].map(Some);
        if path.is_dir() {
            if !aside.contains(&path.file_name().and_then(|name| name.to_str())) {
                find(&path, files)?;
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
