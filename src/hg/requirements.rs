//! What a repository demands of its readers: the names in its `requires` files.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::Error;

/// The demands of one repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Requirements(BTreeSet<String>);

/// What this reader does about a demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Treatment {
    /// It changes what is on disk, and the reader knows how.
    Read,
    /// It changes nothing for a reader of history.
    Ignored,
    /// The reader would not see all of history, or see it wrongly.
    Refused,
}

use Treatment::{Ignored, Read, Refused};

/// Every demand that was ever written, what is done about it, and what it means.
const KNOWN: &[(&str, Treatment, &str)] = &[
    ("bookmarksinstore", Read, "bookmarks are in the store"),
    (
        "delta-info-revlog",
        Read,
        "revlogs have two more header and six more revision flags",
    ),
    (
        "dirstate-tracked-key-v1",
        Ignored,
        "concerns the working directory",
    ),
    (
        "dirstate-v2",
        Read,
        "another form of the working directory's parents",
    ),
    (
        "dotencode",
        Read,
        "leading dots and spaces in names are escaped",
    ),
    ("exp-archived-phase", Read, "there is a phase 32"),
    (
        "exp-changelog-v2",
        Refused,
        "an unstable form of the changelog",
    ),
    ("exp-compression-none", Read, "chunks are not compressed"),
    (
        "exp-compression-zstd",
        Read,
        "chunks are compressed by zstd",
    ),
    (
        "exp-copies-sidedata-changeset",
        Refused,
        "copies are in side data",
    ),
    (
        "exp-dirstate-v2",
        Read,
        "another form of the working directory's parents",
    ),
    (
        "exp-remotefilelog-repo-req-1",
        Refused,
        "contents of files are elsewhere",
    ),
    ("exp-revlogv2.0", Refused, "an unstable form of all revlogs"),
    ("exp-revlogv2.1", Refused, "an unstable form of all revlogs"),
    ("exp-revlogv2.2", Refused, "an unstable form of all revlogs"),
    (
        "exp-sidedata-flag",
        Refused,
        "texts are followed by side data",
    ),
    ("exp-sparse", Ignored, "concerns the working directory"),
    (
        "exp-very-fragile-and-unsafe-plain-store-encoding",
        Read,
        "names are hardly escaped",
    ),
    (
        "fileindex-v1",
        Read,
        "names are escaped as with dotencode; another list of files",
    ),
    ("fncache", Read, "long and reserved names are escaped"),
    ("generaldelta", Ignored, "each revlog's header tells"),
    ("git", Refused, "history is in a Git repository"),
    ("internal-phase", Read, "there is a phase 96"),
    ("internal-phase-2", Read, "there is a phase 96"),
    ("largefiles", Read, "large files are kept beside the store"),
    ("lfs", Read, "large files are kept beside the store"),
    (
        "manifestv2",
        Refused,
        "a form of manifests that was given up",
    ),
    (
        "narrowhg",
        Refused,
        "a narrow clone lacks a part of history",
    ),
    (
        "narrowhg-experimental",
        Refused,
        "a narrow clone lacks a part of history",
    ),
    (
        "parentdelta",
        Refused,
        "a form of revlogs that was given up",
    ),
    (
        "persistent-nodemap",
        Read,
        "a table of hashes lies beside the changelog",
    ),
    (
        "relshared",
        Read,
        "the store is another repository's, by relative path",
    ),
    ("remotefilelog", Refused, "contents of files are elsewhere"),
    (
        "revlog-compression-zstd",
        Read,
        "chunks are compressed by zstd",
    ),
    ("revlogv1", Read, "revlogs of version 1"),
    ("share-safe", Read, "the store has demands of its own"),
    ("shared", Read, "the store is another repository's"),
    (
        "sparserevlog",
        Ignored,
        "deltas may have any base, which readers allow anyway",
    ),
    ("store", Read, "revlogs are in a directory of their own"),
    ("treemanifest", Read, "each directory has a manifest"),
];

/// What is done about a demand in a repository's `requires` file, and what the demand means; `None` for one that this program
/// does not know, which is refused, too.
pub fn requirement(name: &str) -> Option<(Treatment, &'static str)> {
    let place = KNOWN
        .binary_search_by(|(known, ..)| (*known).cmp(name))
        .ok()?;
    let (_, treatment, meaning) = KNOWN[place];
    Some((treatment, meaning))
}

/// Demands that stand in the way, for people.
pub(crate) fn explain(names: &[String]) -> String {
    let explain = |name: &String| match requirement(name) {
        Some((_, meaning)) => format!("{name} ({meaning})"),
        None => name.clone(),
    };
    names.iter().map(explain).collect::<Vec<_>>().join(", ")
}

impl Requirements {
    /// Reads the content of a `requires` file, one name per line.
    pub fn parse(file: &Path, content: &[u8]) -> Result<Requirements, Error> {
        let mut names = BTreeSet::new();
        for line in content.split_inclusive(|&byte| byte == b'\n') {
            let name = line.strip_suffix(b"\n").unwrap_or(line);
            if !name.first().is_some_and(u8::is_ascii_alphanumeric) {
                return Err(Error::damaged(
                    file,
                    "a line does not begin with a letter or digit",
                ));
            }
            names.insert(String::from_utf8_lossy(name).into_owned());
        }
        Ok(Requirements(names))
    }

    /// Whether this name is demanded.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// All demands, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The demands of both files of a share-safe repository.
    pub fn merge(mut self, other: Requirements) -> Requirements {
        self.0.extend(other.0);
        self
    }

    /// Refuses a repository with demands that this reader does not meet, and names them.
    pub fn check(&self, repository: &Path) -> Result<(), Error> {
        let requirements: Vec<String> = self
            .0
            .iter()
            .filter(|name| requirement(name).is_none_or(|(treatment, _)| treatment == Refused))
            .cloned()
            .collect();
        if requirements.is_empty() {
            return Ok(());
        }
        Err(Error::Unsupported {
            path: repository.to_owned(),
            requirements,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(content: &str) -> Result<Requirements, Error> {
        Requirements::parse(Path::new("requires"), content.as_bytes())
    }

    #[test]
    fn unknown_names_are_told_in_order() {
        let requirements = parse("store\nzzz-new\nfncache\naaa-new\n").unwrap();
        let error = requirements.check(Path::new("/srv/r")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "repository /srv/r needs features this program does not have: aaa-new, zzz-new"
        );
        let error = parse("git\n")
            .unwrap()
            .check(Path::new("/srv/r"))
            .unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with(": git (history is in a Git repository)"),
            "{error}"
        );
        assert!(
            parse("store\nrevlogv1\n")
                .unwrap()
                .check(Path::new("/srv/r"))
                .is_ok()
        );
    }

    #[test]
    fn the_list_is_in_order_so_that_names_are_found() {
        assert!(KNOWN.is_sorted_by(|a, b| a.0 < b.0));
        for (name, treatment, meaning) in KNOWN {
            assert_eq!(requirement(name), Some((*treatment, *meaning)));
        }
    }

    #[test]
    fn a_broken_file_is_damage_not_a_new_feature() {
        for content in ["store\n\nfncache\n", "\0\0\0\n", " store\n"] {
            assert!(
                matches!(parse(content), Err(Error::Damaged { .. })),
                "{content:?}"
            );
        }
        assert_eq!(parse("").unwrap(), Requirements::default());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(content in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(requirements) = Requirements::parse(Path::new("requires"), &content) {
                let _ = requirements.check(Path::new("/"));
            }
        }
    }
}
