//! What a repository demands of its readers: the names in its `requires` files.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::Error;

/// The demands of one repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Requirements(BTreeSet<String>);

/// Demands this reader meets, either because it knows what they change or because they change nothing for a reader.
const KNOWN: &[&str] = &[
    "bookmarksinstore",
    "delta-info-revlog",
    "dirstate-tracked-key-v1",
    "dirstate-v2",
    "dotencode",
    "exp-archived-phase",
    "exp-compression-none",
    "exp-compression-zstd",
    "exp-sparse",
    "exp-very-fragile-and-unsafe-plain-store-encoding",
    "fileindex-v1",
    "fncache",
    "generaldelta",
    "internal-phase",
    "internal-phase-2",
    "largefiles",
    "lfs",
    "persistent-nodemap",
    "relshared",
    "revlog-compression-zstd",
    "revlogv1",
    "share-safe",
    "shared",
    "sparserevlog",
    "store",
    "treemanifest",
];

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
            .filter(|name| !KNOWN.contains(&name.as_str()))
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
            "repository /srv/r needs features this program does not know: aaa-new, zzz-new"
        );
        assert!(
            parse("store\nrevlogv1\n")
                .unwrap()
                .check(Path::new("/srv/r"))
                .is_ok()
        );
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
